/* SPDX-License-Identifier: Apache-2.0
 *
 * dn.c - distinguished names (RFC 5280 4.1.2.4): structure, comparison (7.1), hash, text (RFC 4514).
 *
 *   Name = SEQUENCE of RDN;  RDN = SET of { type OID, value }
 *
 *   1. Names come here checked (dn_read, by cert_parse) or straight from a peer (CA names in a handshake):
 *      what is not a Name is unequal to everything but its own bytes, and prints as "#" and hex.
 *   2. Two names with the same bytes are equal without being looked into.
 *   3. The order of RDNs counts, the order within an RDN does not.
 *   4. Values are compared as text when both are text (fold.h), else as bytes with their tag.
 */
#include "dn.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/cert.h"
#include "x509/fold.h"
#include "x509/oid.h"

/* ---- structure ---- */

void dn_read_rdn(struct rd *r)
{
    unsigned n = 0;
    rd_need(r, rd_left(r) > 0, DN_RDN_EMPTY, 1, 0);
    while (der_more(r)) {
        struct rd ava = der_open(r, DER_SEQUENCE, DN_NOT_SEQUENCE);
        der_count_one(&ava, &n, LIMIT_RDN_VALUES, DN_RDN_LARGE);
        der_oid(der_open(&ava, DER_OID, DN_NO_TYPE));
        der_any(&ava, DN_NO_VALUE);
        rd_end(&ava, DN_TRAILING);
    }
}

hf_view dn_read(struct rd *r, enum check id)
{
    const uint8_t *start = r->p;
    struct rd      name  = der_open(r, DER_SEQUENCE, id);
    while (der_more(&name)) {
        struct rd rdn = der_open(&name, DER_SET, DN_RDN_NOT_SET);
        dn_read_rdn(&rdn);
    }
    return (hf_view){start, (size_t)(r->p - start)};
}

/* ---- walking ---- */

struct ava {
    hf_view type;
    hf_view value; /* contents */
    hf_view whole; /* of the value, header included */
    uint8_t tag;
};

/* The contents of the one element with this tag that v is; false when v is something else. */
static bool only(hf_view v, uint8_t tag, hf_view *body)
{
    struct der_item e;
    if (!der_cut(&v, &e) || e.tag != tag || v.n != 0)
        return false;
    *body = e.body;
    return true;
}

static bool next_rdn(hf_view *rdns, hf_view *rdn)
{
    struct der_item e;
    if (!der_cut(rdns, &e) || e.tag != DER_SET)
        return false;
    *rdn = e.body;
    return true;
}

static bool next_ava(hf_view *rdn, struct ava *a)
{
    struct der_item e, type, value;
    if (!der_cut(rdn, &e) || e.tag != DER_SEQUENCE || !der_cut(&e.body, &type) || type.tag != DER_OID ||
        !der_cut(&e.body, &value) || e.body.n != 0)
        return false;
    *a = (struct ava){type.body, value.body, value.whole, value.tag};
    return true;
}

/* ---- comparison ---- */

static bool same_value(const struct ava *a, const struct ava *b)
{
    struct fold x, y;
    uint32_t    cp;
    if (view_equal(a->whole, b->whole))
        return true;
    if (!fold_is_text(a->tag) || !fold_is_text(b->tag))
        return false;
    x = fold_start(a->tag, a->value);
    y = fold_start(b->tag, b->value);
    do {
        cp = fold_next(&x);
        if (cp != fold_next(&y))
            return false;
    } while (cp);
    return true;
}

/* Each value of a has its own equal in b. At most LIMIT_RDN_VALUES each, so that this stays cheap. */
static bool same_rdn(hf_view a, hf_view b)
{
    struct ava in_b[LIMIT_RDN_VALUES], x;
    size_t     n = 0, i;
    while (b.n) {
        if (n == LIMIT_RDN_VALUES || !next_ava(&b, &in_b[n]))
            return false;
        n++;
    }
    while (a.n) {
        if (!next_ava(&a, &x))
            return false;
        for (i = 0; i < n; i++)
            if (view_equal(x.type, in_b[i].type) && same_value(&x, &in_b[i]))
                break;
        if (i == n)
            return false;
        in_b[i] = in_b[--n];
    }
    return n == 0;
}

/* The RDNs of base are the first ones of name; *rest: what name has behind them. */
static bool starts_with(hf_view name, hf_view base, hf_view *rest)
{
    hf_view x, y;
    if (!only(name, DER_SEQUENCE, &name) || !only(base, DER_SEQUENCE, &base))
        return false;
    while (base.n) {
        if (!next_rdn(&name, &x) || !next_rdn(&base, &y))
            return false;
        if (!view_equal(x, y) && !same_rdn(x, y))
            return false;
    }
    *rest = name;
    return true;
}

bool dn_equal(hf_view a, hf_view b)
{
    hf_view rest;
    return view_equal(a, b) || (starts_with(a, b, &rest) && rest.n == 0);
}

bool dn_within(hf_view name, hf_view base)
{
    hf_view rest;
    return starts_with(name, base, &rest);
}

bool dn_empty(hf_view name)
{
    hf_view body;
    return only(name, DER_SEQUENCE, &body) && body.n == 0;
}

/* ---- hash ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t hash_bytes(uint64_t h, hf_view v)
{
    for (size_t i = 0; i < v.n; i++)
        h = mix(h, v.p[i]);
    return h;
}

static uint64_t hash_ava(const struct ava *a)
{
    uint64_t    h = hash_bytes(1, a->type);
    struct fold f;
    if (!fold_is_text(a->tag))
        return hash_bytes(h, a->whole);
    f = fold_start(a->tag, a->value);
    for (uint32_t cp = fold_next(&f); cp; cp = fold_next(&f))
        h = mix(h, cp);
    return h;
}

uint64_t dn_hash(hf_view name)
{
    hf_view    rdns, rdn;
    struct ava a;
    uint64_t   h = 0, sum;
    if (!only(name, DER_SEQUENCE, &rdns))
        return hash_bytes(2, name);
    while (next_rdn(&rdns, &rdn)) {
        for (sum = 0; next_ava(&rdn, &a);)
            sum += hash_ava(&a);
        h = mix(h, sum);
    }
    return h;
}

/* ---- attributes ---- */

enum { LAST = -1 };

/* The one of this type that has nth before it; LAST: the last one. */
static bool find_ava(hf_view name, hf_view oid, size_t nth, struct ava *out)
{
    hf_view    rdns, rdn;
    struct ava a;
    bool       found = false;
    size_t     n     = 0;
    if (!only(name, DER_SEQUENCE, &rdns))
        return false;
    while (next_rdn(&rdns, &rdn))
        while (next_ava(&rdn, &a)) {
            if (!view_equal(a.type, oid))
                continue;
            if (nth == (size_t)LAST || n == nth) {
                *out  = a;
                found = true;
            }
            n++;
        }
    return found;
}

hf_view dn_attribute(hf_view name, hf_view oid)
{
    struct ava a;
    return find_ava(name, oid, (size_t)LAST, &a) ? a.value : (hf_view){NULL, 0};
}

/* ---- text (RFC 4514) ---- */

/* Text that is cut with "..." when room is out; keep is the last length that leaves room for that. */
struct out {
    char  *p;
    size_t room, n, keep;
    bool   full;
};

static void put(struct out *o, const char *s, size_t n)
{
    if (o->full)
        return;
    if (o->n + n >= o->room) {
        o->full = true;
        o->n    = o->keep;
        for (unsigned dots = 0; dots < 3 && o->n + 1 < o->room; dots++)
            o->p[o->n++] = '.';
        return;
    }
    memcpy(o->p + o->n, s, n);
    o->n += n;
    if (o->n + 3 < o->room)
        o->keep = o->n;
}

static void put_hex(struct out *o, const uint8_t *p, size_t n, char before)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n && !o->full; i++) {
        char h[3] = {before, digits[p[i] >> 4], digits[p[i] & 15]};
        put(o, before ? h : h + 1, before ? 3 : 2);
    }
}

/* One character of a value; ends: it is the first or the last one, where some more are special. */
static void put_char(struct out *o, uint32_t cp, bool broken, bool first, bool last)
{
    char   c[5] = {'\\'};
    size_t n    = 1;
    if (broken)
        c[1] = (char)cp;
    else
        n = text_put(c + 1, cp);
    if (broken || text_steers(cp))
        put_hex(o, (const uint8_t *)c + 1, n, '\\');
    else if (cp < 0x80 && (strchr("\"+,;<>\\", (int)cp) || (first && cp == '#') || ((first || last) && cp == ' ')))
        put(o, c, 2);
    else
        put(o, c + 1, n);
}

static void put_text(struct out *o, const struct ava *a)
{
    struct fold f     = fold_start(a->tag, a->value);
    bool        first = true, broken;
    for (uint32_t cp; text_next(&f, &cp, &broken); first = false)
        put_char(o, cp, broken, first, f.p == f.end);
}

/* The types that have a short name; RFC 4514 3's table, and emailAddress. */
static const char *short_name(hf_view type)
{
    enum oid o = oid_of(type);
    switch (o) {
    case OID_AT_CN:
    case OID_AT_L:
    case OID_AT_ST:
    case OID_AT_O:
    case OID_AT_OU:
    case OID_AT_C:
    case OID_AT_STREET:
    case OID_AT_DC:
    case OID_AT_UID:
    case OID_AT_EMAIL:
        return oid_name(o);
    default:
        return NULL;
    }
}

static void put_ava(struct out *o, const struct ava *a)
{
    const char *name = short_name(a->type);
    char        dotted[96];
    if (name) {
        put(o, name, strlen(name));
        put(o, "=", 1);
    } else {
        put(o, dotted, oid_dotted(a->type, dotted, sizeof dotted));
        put(o, "=", 1);
    }
    if (name && fold_is_text(a->tag)) {
        put_text(o, a);
        return;
    }
    put(o, "#", 1);
    put_hex(o, a->whole.p, a->whole.n, 0);
}

static void put_rdn(struct out *o, hf_view rdn)
{
    struct ava a;
    for (bool first = true; next_ava(&rdn, &a); first = false) {
        if (!first)
            put(o, "+", 1);
        put_ava(o, &a);
    }
}

/* RFC 4514 2.1: "starting with the last element of the sequence and moving backwards toward the first". The
 * starts of the last RDNs are kept in a ring; a name with more is printed up to "...". */
static void put_rdns(struct out *o, hf_view rdns)
{
    enum { RING = 32 };
    hf_view ring[RING], rdn;
    size_t  n = 0, i;
    while (next_rdn(&rdns, &rdn))
        ring[n++ % RING] = rdn;
    for (i = 0; i < n && i < RING; i++) {
        if (i)
            put(o, ",", 1);
        put_rdn(o, ring[(n - 1 - i) % RING]);
    }
    if (n > RING)
        put(o, ",...", 4);
}

static void put_printable(struct out *o, uint32_t cp)
{
    char c[4], shown[20];
    put(o, shown, text_printable(shown, sizeof shown, c, text_put(c, cp)));
}

size_t dn_text(hf_view name, char *out, size_t room)
{
    struct out o = {.p = out, .room = room};
    hf_view    rdns;
    if (room == 0)
        return 0;
    if (only(name, DER_SEQUENCE, &rdns)) {
        put_rdns(&o, rdns);
    } else {
        put(&o, "#", 1);
        put_hex(&o, name.p, name.n, 0);
    }
    out[o.n] = '\0';
    return o.n;
}

/* For comparing with what people write: UTF-8 as it is, and as \xHH what text_printable escapes too. */
size_t dn_attribute_nth(hf_view name, hf_view oid, size_t nth, char *out, size_t room)
{
    struct out  o = {.p = out, .room = room};
    struct ava  a = {0};
    struct fold f;
    bool        broken, found = find_ava(name, oid, nth, &a);
    char        c[8];
    if (room == 0)
        return 0;
    f = fold_start(a.tag, a.value);
    for (uint32_t cp; found && text_next(&f, &cp, &broken);) {
        uint8_t byte = (uint8_t)cp;
        if (broken)
            put(&o, c, text_printable(c, sizeof c, &byte, 1));
        else
            put_printable(&o, cp);
    }
    out[o.n] = '\0';
    return o.n;
}

size_t dn_attribute_text(hf_view name, hf_view oid, char *out, size_t room)
{
    return dn_attribute_nth(name, oid, (size_t)LAST, out, room);
}
