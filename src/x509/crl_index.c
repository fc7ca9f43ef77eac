/* SPDX-License-Identifier: Apache-2.0
 *
 * crl_index.c - the entries of a CRL (RFC 5280 5.1.2.6, 5.3) and how one is found among a million.
 *
 * A hash table with open addressing over the serial numbers' bytes, 6 bytes of memory per entry. A slot is one
 * 32-bit number: the low 28 bits are the offset of the entry in the DER (0: the slot is free; no entry starts
 * there), the high 4 bits come from the hash, so that most wrong slots are passed without touching the DER. What
 * an entry says is read again from the DER when it is found.
 *
 *   1. Every entry is read and judged when the CRL is loaded: look-ups meet no surprise.
 *   2. The hash is keyed with the digest of the whole CRL: serial numbers that collide cannot be chosen, because
 *      choosing them changes the key; and the same file gives the same table every time.
 *   3. A serial number that is listed twice is in the table once, as its first entry: both say revoked.
 *   4. removeFromCRL belongs into delta CRLs (5.3.1); here it refuses the list.
 */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crl.h"
#include "x509/crl_read.h"
#include "x509/ext.h"
#include "x509/oid.h"

enum { OFFSET_BITS = 28, OFFSET_MASK = (1 << OFFSET_BITS) - 1 };
_Static_assert(LIMIT_CRL_BYTES <= 1 << OFFSET_BITS, "an offset fits a slot");

__extension__ typedef unsigned __int128 wide;

/* ---- one entry ----------------------------------------------------------------------------------------- */

static void read_reason(struct crl_entry *e, struct ext_item *x) /* 5.3.1 */
{
    struct rd body = crl_part(&x->value, DER_ENUMERATED);
    hf_view   v    = der_integer(body);
    e->reason      = v.n == 1 ? v.p[0] : -1;
    rd_need(&body, e->reason >= 0 && e->reason <= REASON_MAX && e->reason != 7, CRL_REASON_UNKNOWN, REASON_MAX,
            e->reason);
    rd_need(&body, e->reason != REASON_REMOVE_FROM_CRL, CRL_REASON_REMOVE, 0, e->reason);
}

static void read_entry_extension(struct crl_entry *e, struct ext_item *x)
{
    char oid[96];
    switch (oid_of(x->oid)) {
    case OID_CE_CRL_REASON:
        read_reason(e, x);
        break;
    case OID_CE_INVALIDITY_DATE: /* 5.3.2: for people; when it was revoked is what counts */
        der_general_time(&x->value, CRL_INVALIDITY_DATE);
        break;
    case OID_CE_CERT_ISSUER:
        fail(x->value.rep, CRL_ENTRY_INDIRECT, x->at, 0, 0);
        return;
    default:
        oid_text(x->oid, oid, sizeof oid);
        if (x->critical)
            fail_text(x->value.rep, CRL_ENTRY_CRITICAL, x->at, 0, 0, oid);
        return;
    }
    crl_end(&x->value);
}

static void read_entry_extensions(struct crl_entry *e, struct rd *r)
{
    struct rd exts;
    unsigned  n = 0;
    if (!der_maybe(r, DER_SEQUENCE, &exts))
        return;
    while (der_more(&exts) && der_count_one(&exts, &n, LIMIT_CERT_EXTENSIONS, CRL_ENTRY_EXTENSIONS_MANY)) {
        struct ext_item x = cert_ext_read(&exts);
        if (rd_ok(&exts))
            read_entry_extension(e, &x);
    }
}

static struct crl_entry read_entry(struct rd *list)
{
    struct crl_entry e = {.at = (uint32_t)rd_at(list)};
    struct rd        r = crl_part(list, DER_SEQUENCE);
    e.serial           = der_integer(crl_part(&r, DER_INTEGER));
    rd_need(&r, e.serial.n <= LIMIT_SERIAL, CRL_SERIAL_LONG, LIMIT_SERIAL, (int64_t)e.serial.n);
    e.revoked_at = der_time(&r, CRL_NO_REVOCATION_DATE);
    read_entry_extensions(&e, &r);
    crl_end(&r);
    return e;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

struct place {
    size_t   slot;
    uint32_t tag; /* in its place in a slot */
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    wide p = (wide)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static struct place place_of(const struct crl *c, hf_view serial)
{
    uint64_t key[4], h, word;
    memcpy(key, c->sha256, sizeof key);
    h = key[0] ^ serial.n;
    for (size_t at = 0; at < serial.n; at += sizeof word) {
        size_t n = serial.n - at;
        word     = 0;
        memcpy(&word, serial.p + at, n < sizeof word ? n : sizeof word);
        h = mix(h ^ word ^ key[1], key[2] | 1) + key[3];
    }
    h = mix(h, key[1] | 1);
    return (struct place){(size_t)((wide)h * c->n_slots >> 64), (uint32_t)h << OFFSET_BITS};
}

/* The serial number of the entry that starts at an offset which the table holds. */
static hf_view serial_at(const struct crl *c, uint32_t at)
{
    hf_view         rest = {c->der.p + at, c->der.n - at};
    struct der_item entry, serial;
    if (!der_cut(&rest, &entry) || !der_cut(&entry.body, &serial))
        return (hf_view){0};
    return serial.body;
}

/* The slot that holds this serial number, or the free one where it would go. */
static uint32_t *slot_of(const struct crl *c, hf_view serial)
{
    struct place p = place_of(c, serial);
    for (size_t i = p.slot;; i = i + 1 < c->n_slots ? i + 1 : 0) {
        uint32_t s = c->slots[i];
        if (s == 0 || ((s & ~(uint32_t)OFFSET_MASK) == p.tag && view_equal(serial_at(c, s & OFFSET_MASK), serial)))
            return &c->slots[i];
    }
}

static void put(struct crl *c, const struct crl_entry *e)
{
    uint32_t *slot = slot_of(c, e->serial);
    if (*slot == 0)
        *slot = place_of(c, e->serial).tag | e->at;
}

static size_t count(hf_view rest)
{
    struct der_item e;
    size_t          n = 0;
    while (der_cut(&rest, &e))
        n++;
    return n;
}

bool crl_index(struct crl *c, struct mem *m, struct report *rep)
{
    struct rd r = der_reader(c->der, rep);
    hash_once(HASH_SHA256, c->der, c->sha256);
    c->n_entries = count(c->entries);
    c->n_slots   = c->n_entries + c->n_entries / 2 + 1;
    c->slots     = mem_alloc(m, c->n_slots * sizeof *c->slots);
    if (!c->slots)
        return no_memory(rep, c->n_slots * sizeof *c->slots);
    for (r = der_inside(&r, c->entries); der_more(&r);) {
        struct crl_entry e = read_entry(&r);
        if (rd_ok(&r))
            put(c, &e);
    }
    if (rd_ok(&r))
        return true;
    mem_free(m, c->slots);
    c->slots = NULL;
    return false;
}

bool crl_find(const struct crl *c, hf_view serial, struct crl_entry *out)
{
    uint32_t      s = *slot_of(c, serial);
    struct report rep;
    struct rd     r;
    if (s == 0)
        return false;
    report_init(&rep);
    r = der_reader(c->der, &rep);
    r.p += s & OFFSET_MASK;
    *out = read_entry(&r);
    return true;
}
