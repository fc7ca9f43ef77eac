/* SPDX-License-Identifier: Apache-2.0
 *
 * extval.c - what is inside extnValue, one reader for each kind of extension, in the order of RFC 5280 4.2.
 *
 *   1. The structure of every extension we know is checked, whether or not anything here uses it: what does not
 *      parse cannot be judged by anybody.
 *   2. Rules for issuers that do not change what an extension means are not checked here: which ones must be
 *      critical, pathLenConstraint without cA, an authorityCertIssuer without its serial number.
 *   3. Two deviations from DER are accepted because they are common and change no meaning: cA FALSE written out,
 *      and zero bits at the end of keyUsage.
 */
#include "extval.h"

#include "base/limits.h"
#include "base/text.h"
#include "x509/dn.h"
#include "x509/oid.h"
#include "x509/san.h"

void extval_basic(struct cert *c, struct rd *r) /* 4.2.1.9 */
{
    struct rd seq = der_open(r, DER_SEQUENCE, BASIC_FORM), field;
    if (der_maybe(&seq, DER_BOOLEAN, &field))
        c->is_ca = der_boolean(field);
    if (der_maybe(&seq, DER_INTEGER, &field))
        c->path_len = der_count(field);
    rd_end(&seq, BASIC_TRAILING);
}

void extval_ku(struct cert *c, struct rd *r) /* 4.2.1.3 */
{
    unsigned unused;
    hf_view  bits = der_bits(der_open(r, DER_BIT_STRING, KU_FORM), &unused);
    for (unsigned i = 0; i < 9 && i / 8 < bits.n; i++)
        if (bits.p[i / 8] & (0x80u >> i % 8))
            c->ku |= 1u << i;
}

void extval_eku(struct cert *c, struct rd *r) /* 4.2.1.12 */
{
    static const struct {
        enum oid oid;
        unsigned bit;
    } known[]     = {{OID_KP_SERVER_AUTH, EKU_SERVER_AUTH},
                     {OID_KP_CLIENT_AUTH, EKU_CLIENT_AUTH},
                     {OID_KP_CODE_SIGN, EKU_CODE_SIGN},
                     {OID_KP_EMAIL, EKU_EMAIL},
                     {OID_KP_TIMESTAMP, EKU_TIMESTAMP},
                     {OID_KP_OCSP_SIGN, EKU_OCSP_SIGN},
                     {OID_KP_ANY, EKU_ANY}};
    struct rd seq = der_open(r, DER_SEQUENCE, EKU_FORM);
    rd_need(&seq, rd_left(&seq) > 0, EKU_NONE, 1, 0);
    while (der_more(&seq)) {
        enum oid o   = oid_of(der_oid(der_open(&seq, DER_OID, EKU_NOT_OID)));
        unsigned bit = EKU_OTHER;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (known[i].oid == o)
                bit = known[i].bit;
        c->eku |= bit;
    }
}

void extval_ski(struct cert *c, struct rd *r) /* 4.2.1.2 */
{
    struct rd id = der_open(r, DER_OCTET_STRING, SKI_FORM);
    c->ski       = rd_rest(&id);
}

void extval_aki(struct cert *c, struct rd *r) /* 4.2.1.1 */
{
    struct rd seq = der_open(r, DER_SEQUENCE, AKI_FORM), field;
    if (der_maybe(&seq, DER_CONTEXT(0), &field))
        c->aki = rd_rest(&field);
    if (der_maybe(&seq, DER_CONTEXTC(1), &field))
        gen_names_read(&field);
    if (der_maybe(&seq, DER_CONTEXT(2), &field))
        der_integer(field);
    rd_end(&seq, AKI_TRAILING);
}

void extval_san(struct cert *c, struct rd *r) /* 4.2.1.6 */
{
    struct rd names = der_open(r, DER_SEQUENCE, SAN_FORM);
    gen_names_read(&names);
}

void extval_ian(struct cert *c, struct rd *r) /* 4.2.1.7 */
{
    struct rd names = der_open(r, DER_SEQUENCE, IAN_FORM);
    gen_names_read(&names);
}

static void read_subtrees(struct rd *r)
{
    struct rd field;
    rd_need(r, rd_left(r) > 0, NC_NO_SUBTREE, 1, 0);
    while (der_more(r)) {
        struct rd tree = der_open(r, DER_SEQUENCE, NC_SUBTREE_FORM);
        gen_name_read(&tree, NAME_OF_SUBTREE);
        if (der_maybe(&tree, DER_CONTEXT(0), &field)) /* "minimum MUST be zero, and maximum MUST be absent" */
            rd_need(&field, der_count(field) == 0, NC_MINIMUM, 0, der_count(field));
        rd_end(&tree, NC_SUBTREE_TRAILING);
    }
}

void extval_name_cons(struct cert *c, struct rd *r) /* 4.2.1.10 */
{
    struct rd seq = der_open(r, DER_SEQUENCE, NC_FORM), trees;
    rd_need(&seq, rd_left(&seq) > 0, NC_EMPTY, 1, 0);
    if (der_maybe(&seq, DER_CONTEXTC(0), &trees))
        read_subtrees(&trees);
    if (der_maybe(&seq, DER_CONTEXTC(1), &trees))
        read_subtrees(&trees);
    rd_end(&seq, NC_TRAILING);
}

static void read_qualifiers(struct rd *r)
{
    rd_need(r, rd_left(r) > 0, POLICY_NO_QUALIFIER, 1, 0);
    while (der_more(r)) {
        struct rd q = der_open(r, DER_SEQUENCE, POLICY_QUALIFIER_FORM);
        der_oid(der_open(&q, DER_OID, POLICY_QUALIFIER_NO_TYPE));
        der_any(&q, POLICY_QUALIFIER_NO_VALUE);
        rd_end(&q, POLICY_QUALIFIER_TRAILING);
    }
}

void extval_policies(struct cert *c, struct rd *r) /* 4.2.1.4 */
{
    struct rd seq = der_open(r, DER_SEQUENCE, POLICIES_FORM), qualifiers;
    hf_view   seen[LIMIT_POLICIES];
    unsigned  n = 0;
    rd_need(&seq, rd_left(&seq) > 0, POLICIES_NONE, 1, 0);
    while (der_more(&seq)) {
        struct rd info = der_open(&seq, DER_SEQUENCE, POLICY_FORM);
        hf_view   id   = der_oid(der_open(&info, DER_OID, POLICY_NO_ID));
        if (!rd_need(&info, n < LIMIT_POLICIES, POLICIES_TOO_MANY, LIMIT_POLICIES, n + 1))
            return;
        for (unsigned i = 0; i < n; i++)
            rd_need(&info, !view_equal(seen[i], id), POLICY_TWICE, 0, 0);
        seen[n++] = id;
        if (der_maybe(&info, DER_SEQUENCE, &qualifiers))
            read_qualifiers(&qualifiers);
        rd_end(&info, POLICY_TRAILING);
    }
}

void extval_policy_map(struct cert *c, struct rd *r) /* 4.2.1.5 */
{
    struct rd seq = der_open(r, DER_SEQUENCE, POLICY_MAP_FORM);
    unsigned  n   = 0;
    rd_need(&seq, rd_left(&seq) > 0, POLICY_MAP_NONE, 1, 0);
    while (der_more(&seq) && der_count_one(&seq, &n, LIMIT_POLICIES, POLICY_MAP_TOO_MANY)) {
        struct rd pair = der_open(&seq, DER_SEQUENCE, POLICY_MAP_PAIR);
        der_oid(der_open(&pair, DER_OID, POLICY_MAP_NO_ISSUER));
        der_oid(der_open(&pair, DER_OID, POLICY_MAP_NO_SUBJECT));
        rd_end(&pair, POLICY_MAP_TRAILING);
    }
}

void extval_policy_cons(struct cert *c, struct rd *r) /* 4.2.1.11 */
{
    struct rd seq = der_open(r, DER_SEQUENCE, POLICY_CONS_FORM), field;
    rd_need(&seq, rd_left(&seq) > 0, POLICY_CONS_EMPTY, 1, 0);
    if (der_maybe(&seq, DER_CONTEXT(0), &field))
        der_count(field);
    if (der_maybe(&seq, DER_CONTEXT(1), &field))
        der_count(field);
    rd_end(&seq, POLICY_CONS_TRAILING);
}

void extval_inhibit_any(struct cert *c, struct rd *r) /* 4.2.1.14 */
{
    der_count(der_open(r, DER_INTEGER, INHIBIT_ANY_FORM));
}

/* DistributionPointName: fullName [0] or nameRelativeToCRLIssuer [1]. */
static void read_point_name(struct rd *r)
{
    struct rd name;
    if (der_maybe(r, DER_CONTEXTC(0), &name)) {
        gen_names_read(&name);
    } else {
        name = der_open(r, DER_CONTEXTC(1), CRLDP_NAME_FORM);
        dn_read_rdn(&name);
    }
    rd_end(r, CRLDP_NAME_TRAILING);
}

/* CRLDistributionPoints, and FreshestCRL in the same syntax (4.2.1.13, 4.2.1.15). */
static void read_points(struct rd *seq)
{
    struct rd field;
    unsigned  unused;
    rd_need(seq, rd_left(seq) > 0, CRLDP_NONE, 1, 0);
    while (der_more(seq)) {
        struct rd point = der_open(seq, DER_SEQUENCE, CRLDP_POINT_FORM);
        if (der_maybe(&point, DER_CONTEXTC(0), &field))
            read_point_name(&field);
        if (der_maybe(&point, DER_CONTEXT(1), &field))
            der_bits(field, &unused);
        if (der_maybe(&point, DER_CONTEXTC(2), &field))
            gen_names_read(&field);
        rd_end(&point, CRLDP_TRAILING);
    }
}

void extval_crldp(struct cert *c, struct rd *r)
{
    struct rd seq = der_open(r, DER_SEQUENCE, CRLDP_FORM);
    read_points(&seq);
}

void extval_freshest(struct cert *c, struct rd *r)
{
    struct rd seq = der_open(r, DER_SEQUENCE, FRESHEST_FORM);
    read_points(&seq);
}

/* AuthorityInfoAccess and SubjectInfoAccess (4.2.2.1, 4.2.2.2). */
static void read_access(struct rd *seq)
{
    rd_need(seq, rd_left(seq) > 0, ACCESS_NONE, 1, 0);
    while (der_more(seq)) {
        struct rd d = der_open(seq, DER_SEQUENCE, ACCESS_FORM);
        der_oid(der_open(&d, DER_OID, ACCESS_NO_METHOD));
        gen_name_read(&d, NAME_OF_SUBJECT);
        rd_end(&d, ACCESS_TRAILING);
    }
}

void extval_aia(struct cert *c, struct rd *r)
{
    struct rd seq = der_open(r, DER_SEQUENCE, AIA_FORM);
    read_access(&seq);
}

void extval_sia(struct cert *c, struct rd *r)
{
    struct rd seq = der_open(r, DER_SEQUENCE, SIA_FORM);
    read_access(&seq);
}

void extval_subject_dir(struct cert *c, struct rd *r) /* 4.2.1.8 */
{
    struct rd seq = der_open(r, DER_SEQUENCE, SUBJECT_DIR_FORM);
    rd_need(&seq, rd_left(&seq) > 0, SUBJECT_DIR_NONE, 1, 0);
    while (der_more(&seq)) {
        struct rd attribute = der_open(&seq, DER_SEQUENCE, SUBJECT_DIR_ATTRIBUTE), values;
        der_oid(der_open(&attribute, DER_OID, SUBJECT_DIR_NO_TYPE));
        values = der_open(&attribute, DER_SET, SUBJECT_DIR_NO_VALUES);
        do
            der_any(&values, SUBJECT_DIR_NO_VALUE);
        while (der_more(&values));
        rd_end(&attribute, SUBJECT_DIR_TRAILING);
    }
}

void extval_tls_feature(struct cert *c, struct rd *r) /* RFC 7633 4.1 */
{
    enum { STATUS_REQUEST = 5 };
    struct rd seq = der_open(r, DER_SEQUENCE, TLS_FEATURE_FORM);
    while (der_more(&seq))
        if (der_count(der_open(&seq, DER_INTEGER, TLS_FEATURE_NOT_INTEGER)) == STATUS_REQUEST)
            c->features |= 1;
}

void extval_ocsp_nocheck(struct cert *c, struct rd *r) /* RFC 6960 4.2.2.2.1 */
{
    der_null(der_open(r, DER_NULL, OCSP_NOCHECK_FORM));
}

/* SignedCertificateTimestampList (RFC 6962 3.3): TLS vectors in an OCTET STRING. */
void extval_sct(struct cert *c, struct rd *r)
{
    struct rd octets = der_open(r, DER_OCTET_STRING, SCT_FORM), list;
    if (!rd_ok(r))
        return;
    list = rd_vec(&octets, 2, SCT_LIST_LENGTH);
    rd_end(&octets, SCT_LIST_TRAILING);
    rd_need(&list, rd_left(&list) > 0, SCT_NONE, 1, 0);
    while (der_more(&list))
        rd_vec(&list, 2, SCT_LENGTH);
}
