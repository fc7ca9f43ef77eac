/* SPDX-License-Identifier: Apache-2.0
 *
 * crl.c - CertificateList and its extensions (RFC 5280 5.1, 5.2).
 *
 *   1. A CRL that says something which is not understood says nothing (5.2: "MUST NOT use that CRL to determine
 *      the status of certificates"): an unknown critical extension refuses the whole list, here or in an entry.
 *   2. A nextUpdate must be there (5.1.2.5): a list that does not say when it ends would be believed for ever.
 *   3. Full CRLs of the certificate's own issuer only. Indirect ones (5.2.5 indirectCRL, 5.3.3 certificateIssuer)
 *      and deltas (5.2.4) are refused, each by its own check.
 *   4. Accepted although no CA should write it, because it changes no meaning: an empty revokedCertificates, FALSE
 *      written out, an issuingDistributionPoint that is not critical or says nothing, no authorityKeyIdentifier,
 *      version 1 where there are no extensions. What is wrong with cRLNumber (5.2.3) is recorded, not refused: it is
 *      a duty of CAs, and the validator's profile decides.
 *   5. What is not where it belongs is CRL_FORM, with the tags; what is behind the end of a structure is
 *      CRL_TRAILING. The offset says where.
 */
#include "crl.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/alg.h"
#include "x509/crl_read.h"
#include "x509/dn.h"
#include "x509/ext.h"
#include "x509/san.h"

enum { VERSION_2 = 1, NUMBER_MAX_BYTES = 20 };

/* What stood in the extensions. */
enum { HAS_NUMBER = 1, HAS_AKI = 2, HAS_SCOPE = 4 };

struct rd crl_part(struct rd *r, uint8_t tag)
{
    return der_open(r, tag, CRL_FORM);
}

bool crl_end(const struct rd *r)
{
    return rd_end(r, CRL_TRAILING);
}

const char *crl_reason_name(int reason)
{
    static const char *const names[REASON_MAX + 1] = {
        "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
        "superseded",    "cessationOfOperation", "certificateHold", NULL,
        "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};
    return reason >= 0 && reason <= REASON_MAX && names[reason] ? names[reason] : names[0];
}

/* ---- extensions (5.2) ---------------------------------------------------------------------------------- */

static void read_number(struct crl *c, struct ext_item *x) /* 5.2.3 */
{
    struct rd number = crl_part(&x->value, DER_INTEGER);
    c->number        = der_unsigned(number);
    c->number_fault  = x->critical ? CRL_NUMBER_CRITICAL : CHECK_NONE;
    rd_need(&number, c->number.n <= NUMBER_MAX_BYTES, CRL_NUMBER_LONG, NUMBER_MAX_BYTES, (int64_t)c->number.n);
}

static void read_aki(struct crl *c, struct ext_item *x) /* 5.2.1 */
{
    struct rd seq = crl_part(&x->value, DER_SEQUENCE), field;
    if (der_maybe(&seq, DER_CONTEXT(0), &field))
        c->aki = rd_rest(&field);
    if (der_maybe(&seq, DER_CONTEXTC(1), &field))
        gen_names_read(&field);
    if (der_maybe(&seq, DER_CONTEXT(2), &field))
        der_integer(field);
    crl_end(&seq);
}

/* DistributionPointName: fullName [0] or nameRelativeToCRLIssuer [1]. */
static void read_point(struct point_name *p, struct rd r)
{
    const uint8_t *start = r.p;
    struct rd      name;
    if (der_maybe(&r, DER_CONTEXTC(0), &name)) {
        p->full = (hf_view){start, (size_t)(r.p - start)};
        gen_names_read(&name);
    } else {
        name        = crl_part(&r, DER_CONTEXTC(1));
        p->relative = rd_rest(&name);
        dn_read_rdn(&name);
    }
    crl_end(&r);
}

static bool flag(struct rd *r, uint8_t number)
{
    struct rd field;
    return der_maybe(r, DER_CONTEXT(number), &field) && der_boolean(field);
}

unsigned crl_reason_bits(struct rd bits)
{
    unsigned unused, reasons = 0;
    hf_view  v = der_bits(bits, &unused);
    for (unsigned i = 0; i < 9 && i / 8 < v.n; i++)
        if (v.p[i / 8] & (0x80u >> i % 8))
            reasons |= 1u << i;
    return reasons & REASONS_ALL;
}

static void read_scope(struct crl *c, struct ext_item *x) /* 5.2.5 */
{
    struct crl_scope *s = &c->scope;
    struct rd         seq, field;
    bool              indirect;
    s->there = true;
    s->whole = rd_rest(&x->value);
    seq      = crl_part(&x->value, DER_SEQUENCE);
    if (der_maybe(&seq, DER_CONTEXTC(0), &field))
        read_point(&s->point, field);
    s->only_users = flag(&seq, 1);
    s->only_cas   = flag(&seq, 2);
    if (der_maybe(&seq, DER_CONTEXT(3), &field))
        s->reasons = crl_reason_bits(field);
    indirect           = flag(&seq, 4);
    s->only_attributes = flag(&seq, 5);
    crl_end(&seq);
    rd_need(&seq, !indirect, CRL_INDIRECT, 0, 1);
    rd_need(&seq, s->only_users + s->only_cas + s->only_attributes <= 1, CRL_SCOPE_CONTRADICTS, 1,
            s->only_users + s->only_cas + s->only_attributes);
}

static void once(struct rd *r, unsigned *has, unsigned bit, uint32_t at)
{
    if (rd_ok(r) && (*has & bit))
        fail(r->rep, CRL_EXTENSION_TWICE, at, 1, 2);
    *has |= bit;
}

static void read_extension(struct crl *c, struct ext_item *x, struct rd *r, unsigned *has)
{
    char oid[96];
    switch (oid_of(x->oid)) {
    case OID_CE_CRL_NUMBER:
        once(r, has, HAS_NUMBER, x->at);
        read_number(c, x);
        break;
    case OID_CE_AKI:
        once(r, has, HAS_AKI, x->at);
        read_aki(c, x);
        break;
    case OID_CE_CRL_IDP:
        once(r, has, HAS_SCOPE, x->at);
        read_scope(c, x);
        break;
    case OID_CE_DELTA_CRL:
        fail(r->rep, CRL_DELTA, x->at, 0, 0);
        return;
    default:
        oid_text(x->oid, oid, sizeof oid);
        if (x->critical)
            fail_text(r->rep, CRL_CRITICAL_UNKNOWN, x->at, 0, 0, oid);
        return;
    }
    crl_end(&x->value);
}

static void read_extensions(struct crl *c, int version, struct rd *tbs)
{
    struct rd field, exts;
    unsigned  has = 0, n = 0;
    c->number_fault = CRL_NUMBER_MISSING;
    if (der_maybe(tbs, DER_CONTEXTC(0), &field)) {
        rd_need(&field, version > 1, CRL_EXTENSIONS_OLD, 2, version);
        exts = crl_part(&field, DER_SEQUENCE);
        crl_end(&field);
        while (der_more(&exts) && der_count_one(&exts, &n, LIMIT_CERT_EXTENSIONS, CRL_EXTENSIONS_MANY)) {
            struct ext_item x = cert_ext_read(&exts);
            if (rd_ok(&exts))
                read_extension(c, &x, &exts, &has);
        }
    }
}

/* ---- the list (5.1) ------------------------------------------------------------------------------------ */

/* Absent: version 1. */
static int read_version(struct rd *tbs)
{
    struct rd field;
    int64_t   number;
    if (!der_maybe(tbs, DER_INTEGER, &field))
        return 1;
    number = der_count(field);
    rd_need(tbs, number == VERSION_2, CRL_VERSION_UNKNOWN, 2, number + 1);
    return 2;
}

static void read_issuer(struct crl *c, struct rd *tbs)
{
    size_t at = rd_at(tbs);
    c->issuer = dn_read(tbs, CRL_NO_ISSUER);
    if (rd_ok(tbs) && dn_empty(c->issuer))
        fail(tbs->rep, CRL_ISSUER_EMPTY, at, 0, 0);
}

static bool read_tbs(struct crl *c, struct rd tbs, struct alg *inner)
{
    struct rd entries;
    int       version = read_version(&tbs);
    *inner            = alg_read(&tbs, CRL_NO_INNER_ALGORITHM);
    read_issuer(c, &tbs);
    c->this_update_at = (uint32_t)rd_at(&tbs);
    c->this_update    = der_time(&tbs, CRL_NO_THIS_UPDATE);
    c->next_update_at = (uint32_t)rd_at(&tbs);
    c->next_update    = der_time(&tbs, CRL_NO_NEXT_UPDATE);
    if (der_maybe(&tbs, DER_SEQUENCE, &entries))
        c->entries = rd_rest(&entries);
    read_extensions(c, version, &tbs);
    return crl_end(&tbs);
}

bool crl_parse(struct crl *c, hf_view der, struct report *rep)
{
    struct rd  all = der_reader(der, rep), r, tbs;
    struct alg outer, inner;
    c->der           = der;
    c->scope.reasons = REASONS_ALL;
    rd_need(&all, der.n <= LIMIT_CRL_BYTES, CRL_TOO_LARGE, LIMIT_CRL_BYTES, (int64_t)der.n);
    r           = crl_part(&all, DER_SEQUENCE);
    c->tbs.p    = r.p;
    tbs         = crl_part(&r, DER_SEQUENCE);
    c->tbs.n    = (size_t)(r.p - c->tbs.p);
    outer       = alg_read(&r, CRL_NO_ALGORITHM);
    c->sig_alg  = outer.whole;
    c->sig_bits = der_bits(crl_part(&r, DER_BIT_STRING), NULL);
    crl_end(&r);
    crl_end(&all);
    if (!rd_ok(&all) || !read_tbs(c, tbs, &inner))
        return false;
    if (!view_equal(outer.whole, inner.whole)) /* 5.1.1.2 */
        return fail(rep, CRL_ALGORITHM_DIFFERS, (size_t)(outer.whole.p - der.p), 0, 0);
    c->sig = sig_how_read(&outer);
    return rd_ok(&all);
}
