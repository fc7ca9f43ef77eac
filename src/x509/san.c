/* SPDX-License-Identifier: Apache-2.0
 *
 * san.c - GeneralNames (RFC 5280 4.2.1.6): nine kinds, each with its structure checked when it is parsed,
 * so that san_next can walk without a report.
 *
 *   otherName [0] SEQUENCE { type OID, [0] value }     rfc822Name [1], dNSName [2], URI [6]: IA5, not empty
 *   x400Address [3], ediPartyName [5]: left closed     directoryName [4] EXPLICIT Name
 *   iPAddress [7]: 4 or 16 bytes (subtree: 8 or 32)    registeredID [8]: OID
 *
 * What a DNS name, mail address or URI is made of is not judged here: match.c and the name constraints know
 * which names they can compare.
 */
#include "san.h"

#include "base/ip.h"
#include "base/limits.h"
#include "base/text.h"
#include "x509/dn.h"
#include "x509/fold.h"
#include "x509/oid.h"

enum { CONTEXT = 0x80, CONSTRUCTED = 0x20, NUMBER = 0x1f };

/* ---- reading ---- */

static void read_other(struct rd r)
{
    struct rd value;
    der_oid(der_open(&r, DER_OID, NAME_OTHER_NO_TYPE));
    value = der_open(&r, DER_CONTEXTC(0), NAME_OTHER_NO_VALUE);
    der_any(&value, NAME_OTHER_EMPTY);
    rd_end(&value, NAME_OTHER_VALUE_TRAILING);
    rd_end(&r, NAME_OTHER_TRAILING);
}

static hf_view read_ia5(struct rd r, enum name_use use)
{
    hf_view v   = rd_rest(&r);
    uint8_t all = 0;
    for (size_t i = 0; i < v.n; i++)
        all |= v.p[i];
    rd_need(&r, all < 0x80, NAME_NOT_IA5, 0, 0);
    rd_need(&r, v.n > 0 || use == NAME_OF_SUBTREE, NAME_EMPTY, 1, 0);
    return v;
}

static hf_view read_ip(struct rd r, enum name_use use)
{
    hf_view v    = rd_rest(&r);
    size_t  part = use == NAME_OF_SUBTREE ? 2 : 1;
    rd_need(&r, v.n == 4 * part || v.n == 16 * part, NAME_IP_LENGTH, (int64_t)(4 * part), (int64_t)v.n);
    return v;
}

static hf_view read_dn(struct rd r)
{
    hf_view v = dn_read(&r, NAME_DN_FORM);
    rd_end(&r, NAME_DN_TRAILING);
    return v;
}

struct gen_name gen_name_read(struct rd *r, enum name_use use)
{
    static const uint8_t tags[] = {0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, 0x87, 0x88}; /* by enum name_kind */
    uint8_t              tag    = r->p < r->end ? *r->p : 0;
    unsigned             kind   = tag & NUMBER;
    struct gen_name      n      = {.at = (uint32_t)rd_at(r)};
    struct rd            body;
    if (!rd_need(r, kind < sizeof tags && tag == tags[kind], NAME_KIND, 0, tag)) {
        r->p = r->end;
        return n;
    }
    if (!der_maybe(r, tag, &body))
        return n;
    n.kind  = (enum name_kind)kind;
    n.value = rd_rest(&body);
    switch (n.kind) {
    case NAME_OTHER:
        read_other(body);
        break;
    case NAME_MAIL:
    case NAME_DNS:
    case NAME_URI:
        read_ia5(body, use);
        break;
    case NAME_DN:
        n.value = read_dn(body);
        break;
    case NAME_IP:
        read_ip(body, use);
        break;
    case NAME_RID:
        der_oid(body);
        break;
    case NAME_X400:
    case NAME_EDI:
        break;
    }
    return n;
}

void gen_names_read(struct rd *r)
{
    unsigned n = 0;
    rd_need(r, rd_left(r) > 0, NAMES_NONE, 1, 0);
    while (der_more(r) && der_count_one(r, &n, LIMIT_SAN_NAMES, NAMES_TOO_MANY))
        gen_name_read(r, NAME_OF_SUBJECT);
}

/* ---- walking ---- */

bool san_next(hf_view names, size_t *at, struct gen_name *out)
{
    hf_view         rest = names, start = names;
    struct der_item e;
    if (*at == 0) { /* into the SEQUENCE (or the implicit tag in its place) */
        if (!der_cut(&start, &e))
            return false;
        *at = (size_t)(e.body.p - names.p);
    }
    if (*at >= names.n)
        return false;
    rest.p += *at;
    rest.n -= *at;
    if (!der_cut(&rest, &e) || (e.tag & NUMBER) > NAME_RID)
        return false;
    *out = (struct gen_name){(enum name_kind)(e.tag & NUMBER), e.body, (uint32_t)*at};
    *at  = (size_t)(rest.p - names.p);
    return true;
}

/* ---- printing ---- */

/* An address, or one with its mask. */
static size_t address_text(hf_view v, char *out, size_t room)
{
    char   ip[IP_TEXT], mask[IP_TEXT];
    size_t half = v.n / 2;
    if (v.n == 4 || v.n == 16)
        return text_add(out, room, 0, "%s", ip_text(v, ip));
    if (v.n == 8 || v.n == 32)
        return text_add(out, room, 0, "%s/%s", ip_text((hf_view){v.p, half}, ip),
                        ip_text((hf_view){v.p + half, half}, mask));
    return text_hex(out, room, v.p, v.n, 0);
}

/* "1.3.6.1.4.1.311.20.2.3;alice@example.com": the type, and the value when it is one string. */
static size_t other_text(hf_view v, char *out, size_t room)
{
    struct der_item type, wrapped, value;
    size_t          n;
    if (!der_cut(&v, &type) || !der_cut(&v, &wrapped) || !der_cut(&wrapped.body, &value))
        return 0;
    n = oid_text(type.body, out, room);
    n = text_add(out, room, n, ";");
    if (fold_is_text(value.tag) && value.tag != DER_BMP && value.tag != DER_UNIVERSAL)
        return n + text_printable(out + n, room - n, value.body.p, value.body.n);
    n = text_add(out, room, n, "#");
    return n + text_hex(out + n, room - n, value.whole.p, value.whole.n, 0);
}

size_t gen_name_text(const struct gen_name *g, char *out, size_t room)
{
    static const char *const labels[] = {"other:", "mail:", "DNS:", "X400:", "DN:", "EDI:", "URI:", "IP:", "RID:"};
    size_t                   n;
    if (room == 0)
        return 0;
    out[0] = '\0';
    n      = text_add(out, room, 0, "%s", labels[g->kind]);
    out += n;
    room -= n;
    switch (g->kind) {
    case NAME_OTHER:
        return n + other_text(g->value, out, room);
    case NAME_DN:
        return n + dn_text(g->value, out, room);
    case NAME_IP:
        return n + address_text(g->value, out, room);
    case NAME_RID:
        return n + oid_dotted(g->value, out, room);
    case NAME_X400:
    case NAME_EDI:
        return n + text_hex(out, room, g->value.p, g->value.n, 0);
    case NAME_MAIL:
    case NAME_DNS:
    case NAME_URI:
        break;
    }
    return n + text_printable(out, room, g->value.p, g->value.n);
}

size_t cert_best_name(const struct cert *c, char *out, size_t room)
{
    static const uint8_t rank[] = {[NAME_URI] = 4, [NAME_DNS] = 3, [NAME_MAIL] = 2, [NAME_IP] = 1, [NAME_RID] = 0};
    struct gen_name      g, best = {0};
    unsigned             best_rank = 0;
    size_t               at        = 0;
    while (c->san.n && san_next(c->san, &at, &g))
        if (rank[g.kind] > best_rank) {
            best_rank = rank[g.kind];
            best      = g;
        }
    if (best_rank == 0)
        return dn_text(c->subject, out, room);
    return gen_name_text(&best, out, room);
}
