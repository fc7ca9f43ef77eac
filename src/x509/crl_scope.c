/* SPDX-License-Identifier: Apache-2.0
 *
 * crl_scope.c - which certificates a CRL covers (RFC 5280 6.3.3 (b)(2), (c), (d)): its issuingDistributionPoint
 * against the certificate's basicConstraints and cRLDistributionPoints.
 *
 *   1. Every CRL here is issued by the certificate's own issuer. A distribution point whose cRLIssuer is somebody
 *      else names an indirect CRL, which is not processed: it is passed over.
 *   2. A CRL whose scope has no distribution point name covers whatever its issuer has issued, whether the
 *      certificate names a distribution point or not (6.3.3, last paragraph).
 *   3. A CRL whose scope has one covers only the certificates that name it: in the distribution point, or, when
 *      there is none that names it, as the issuer's own name.
 *   4. Names are equal as their kind is: directory names by 7.1, all others byte by byte.
 */
#include <string.h>

#include "base/text.h"
#include "crl.h"
#include "x509/crl_read.h"

enum { COMPOSED_MAX = 2048 };

/* A DistributionPoint (4.2.1.13). */
struct point {
    struct point_name name;
    unsigned          reasons;
    hf_view           issuer; /* cRLIssuer, header included; empty: the certificate's */
};

static unsigned reason_bits(hf_view bits)
{
    struct report rep;
    report_init(&rep);
    return crl_reason_bits(der_reader(bits, &rep));
}

/* The next of a certificate's distribution points; its form was checked when it was parsed. */
static bool next_point(hf_view *rest, struct point *p)
{
    struct der_item point, field, name;
    if (!der_cut(rest, &point))
        return false;
    *p = (struct point){.reasons = REASONS_ALL};
    while (der_cut(&point.body, &field)) {
        if (field.tag == DER_CONTEXTC(0) && der_cut(&field.body, &name)) {
            if (name.tag == DER_CONTEXTC(0))
                p->name.full = name.whole;
            else
                p->name.relative = name.body;
        }
        if (field.tag == DER_CONTEXT(1))
            p->reasons = reason_bits(field.body);
        if (field.tag == DER_CONTEXTC(2))
            p->issuer = field.whole;
    }
    return true;
}

/* A header with a minimal length; returns its length. */
static size_t header(uint8_t *out, uint8_t tag, size_t len)
{
    out[0] = tag;
    out[1] = len < 0x80 ? (uint8_t)len : len < 0x100 ? 0x81 : 0x82;
    if (len >= 0x100)
        out[2] = (uint8_t)(len >> 8);
    if (len >= 0x80)
        out[len >= 0x100 ? 3 : 2] = (uint8_t)len;
    return len < 0x80 ? 2 : len < 0x100 ? 3 : 4;
}

/* The issuer's Name with one RelativeDistinguishedName appended; empty when it is too long to be a name. */
static hf_view compose(hf_view issuer, hf_view relative, uint8_t out[static COMPOSED_MAX])
{
    struct der_item name;
    uint8_t         set[4];
    size_t          set_n = header(set, DER_SET, relative.n), n;
    if (!der_cut(&issuer, &name) || name.body.n + set_n + relative.n + 4 > COMPOSED_MAX)
        return (hf_view){0};
    n = header(out, DER_SEQUENCE, name.body.n + set_n + relative.n);
    memcpy(out + n, name.body.p, name.body.n);
    n += name.body.n;
    memcpy(out + n, set, set_n);
    n += set_n;
    memcpy(out + n, relative.p, relative.n);
    return (hf_view){out, n + relative.n};
}

static bool same_name(const struct gen_name *a, const struct gen_name *b)
{
    return a->kind == b->kind && (a->kind == NAME_DN ? dn_equal(a->value, b->value) : view_equal(a->value, b->value));
}

/* One of the names is this one. */
static bool holds(hf_view names, const struct gen_name *wanted)
{
    struct gen_name g;
    size_t          at = 0;
    while (names.n && san_next(names, &at, &g))
        if (same_name(&g, wanted))
            return true;
    return false;
}

static bool holds_dn(hf_view names, hf_view dn)
{
    struct gen_name wanted = {.kind = NAME_DN, .value = dn};
    return dn.n && holds(names, &wanted);
}

static bool meet(const struct point_name *a, const struct point_name *b, hf_view issuer)
{
    uint8_t         x[COMPOSED_MAX], y[COMPOSED_MAX];
    struct gen_name g;
    size_t          at = 0;
    if (a->relative.n && b->relative.n) {
        hf_view p = compose(issuer, a->relative, x), q = compose(issuer, b->relative, y);
        return p.n && q.n && dn_equal(p, q);
    }
    if (a->relative.n)
        return holds_dn(b->full, compose(issuer, a->relative, x));
    if (b->relative.n)
        return holds_dn(a->full, compose(issuer, b->relative, x));
    while (a->full.n && san_next(a->full, &at, &g))
        if (holds(b->full, &g))
            return true;
    return false;
}

unsigned crl_covers(const struct crl *c, const struct cert *x)
{
    const struct crl_scope *s    = &c->scope;
    hf_view                 rest = x->crldp;
    struct der_item         points;
    struct point            p;
    unsigned                reasons = 0;
    if (s->only_attributes || (s->only_users && x->is_ca) || (s->only_cas && !x->is_ca))
        return 0;
    if (!s->point.full.n && !s->point.relative.n)
        return s->reasons;
    if (holds_dn(s->point.full, x->issuer))
        return s->reasons;
    if (!(x->has & EXT_CRLDP) || !der_cut(&rest, &points))
        return 0;
    while (next_point(&points.body, &p))
        if ((!p.issuer.n || holds_dn(p.issuer, x->issuer)) && meet(&s->point, &p.name, x->issuer))
            reasons |= s->reasons & p.reasons;
    return reasons;
}
