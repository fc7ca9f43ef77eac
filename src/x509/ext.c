/* SPDX-License-Identifier: Apache-2.0
 *
 * ext.c - the extensions of a certificate: one table says which bit an OID is, where its value is kept and who
 * reads it.
 *
 *   1. Each may be there once (RFC 5280 4.2: "A certificate MUST NOT include more than one instance of a
 *      particular extension"), those we do not know too.
 *   2. An unknown critical extension is recorded, not refused: the validator refuses it and names it.
 *   3. critical FALSE, a DEFAULT, is accepted when it is written out: it is common and says nothing else.
 */
#include "ext.h"

#include <stddef.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/extval.h"
#include "x509/oid.h"

struct kind {
    enum ext_bit bit;
    uint16_t     value_at; /* where in struct cert the value's view is; 0: it is not kept */
    void (*read)(struct cert *c, struct rd *r);
};

#define KEPT(member) offsetof(struct cert, member)
static const struct kind kinds[N_OIDS] = {
    [OID_CE_AKI]         = {EXT_AKI, KEPT(aki_ext), extval_aki},
    [OID_CE_SKI]         = {EXT_SKI, 0, extval_ski},
    [OID_CE_KU]          = {EXT_KU, 0, extval_ku},
    [OID_CE_POLICIES]    = {EXT_POLICIES, KEPT(policies), extval_policies},
    [OID_CE_POLICY_MAP]  = {EXT_POLICY_MAP, KEPT(policy_map), extval_policy_map},
    [OID_CE_SAN]         = {EXT_SAN, KEPT(san), extval_san},
    [OID_CE_IAN]         = {EXT_IAN, KEPT(ian), extval_ian},
    [OID_CE_SUBJECT_DIR] = {EXT_SUBJECT_DIR, 0, extval_subject_dir},
    [OID_CE_BASIC]       = {EXT_BASIC, 0, extval_basic},
    [OID_CE_NAME_CONS]   = {EXT_NAME_CONS, KEPT(name_cons), extval_name_cons},
    [OID_CE_POLICY_CONS] = {EXT_POLICY_CONS, KEPT(policy_cons), extval_policy_cons},
    [OID_CE_EKU]         = {EXT_EKU, KEPT(eku_ext), extval_eku},
    [OID_CE_CRLDP]       = {EXT_CRLDP, KEPT(crldp), extval_crldp},
    [OID_CE_INHIBIT_ANY] = {EXT_INHIBIT_ANY, KEPT(inhibit_any), extval_inhibit_any},
    [OID_CE_FRESHEST]    = {EXT_FRESHEST, KEPT(freshest), extval_freshest},
    [OID_PE_AIA]         = {EXT_AIA, KEPT(aia), extval_aia},
    [OID_PE_SIA]         = {EXT_SIA, 0, extval_sia},
    [OID_PE_TLS_FEATURE] = {EXT_TLS_FEATURE, 0, extval_tls_feature},
    [OID_OCSP_NOCHECK]   = {EXT_OCSP_NOCHECK, 0, extval_ocsp_nocheck},
    [OID_CT_SCT]         = {EXT_SCT, 0, extval_sct},
};

struct ext_item cert_ext_read(struct rd *r)
{
    struct ext_item x   = {.at = (uint32_t)rd_at(r)};
    struct rd       ext = der_open(r, DER_SEQUENCE, CERT_EXT_NOT_SEQUENCE), field;
    x.oid               = der_oid(der_open(&ext, DER_OID, CERT_EXT_NO_OID));
    if (der_maybe(&ext, DER_BOOLEAN, &field))
        x.critical = der_boolean(field);
    x.value = der_open(&ext, DER_OCTET_STRING, CERT_EXT_NO_VALUE);
    rd_end(&ext, CERT_EXT_TRAILING);
    return x;
}

/* The extensions seen whose OIDs have no bit to remember them by. */
struct others {
    hf_view  oids[LIMIT_CERT_EXTENSIONS];
    unsigned n;
};

static bool seen_before(const struct cert *c, const struct kind *k, const struct others *o, hf_view oid)
{
    if (k->bit)
        return c->has & k->bit;
    for (unsigned i = 0; i < o->n; i++)
        if (view_equal(o->oids[i], oid))
            return true;
    return false;
}

static void read_unknown(struct cert *c, struct others *o, const struct ext_item *x)
{
    o->oids[o->n++] = x->oid;
    if (!x->critical || (c->has & EXT_UNKNOWN_CRIT))
        return;
    c->has |= EXT_UNKNOWN_CRIT;
    c->critical |= EXT_UNKNOWN_CRIT;
    c->unknown_oid = x->oid;
    c->unknown_at  = x->at;
}

static void read_known(struct cert *c, const struct kind *k, struct ext_item *x)
{
    c->has |= k->bit;
    if (x->critical)
        c->critical |= k->bit;
    if (k->value_at)
        *(hf_view *)((char *)c + k->value_at) = rd_rest(&x->value);
    k->read(c, &x->value);
    rd_end(&x->value, CERT_EXT_VALUE_TRAILING);
}

void cert_exts_read(struct cert *c, struct rd r)
{
    struct others others;
    unsigned      n = 0;
    others.n        = 0;
    c->exts         = rd_rest(&r);
    rd_need(&r, rd_left(&r) > 0, CERT_EXTS_NONE, 1, 0);
    while (der_more(&r) && der_count_one(&r, &n, LIMIT_CERT_EXTENSIONS, CERT_EXTS_TOO_MANY)) {
        struct ext_item    x = cert_ext_read(&r);
        const struct kind *k = &kinds[rd_ok(&r) ? oid_of(x.oid) : OID_UNKNOWN];
        if (!rd_ok(&r))
            return;
        if (seen_before(c, k, &others, x.oid)) {
            fail(r.rep, CERT_EXT_TWICE, x.at, 1, 2);
            return;
        }
        if (k->bit)
            read_known(c, k, &x);
        else
            read_unknown(c, &others, &x);
    }
}

bool ext_next(const struct cert *c, struct ext_walk *w)
{
    struct der_item ext, oid, e;
    if (w->next >= c->exts.n)
        return false;
    hf_view rest = {c->exts.p + w->next, c->exts.n - w->next};
    if (!der_cut(&rest, &ext) || !der_cut(&ext.body, &oid) || !der_cut(&ext.body, &e))
        return false;
    w->critical = e.tag == DER_BOOLEAN && e.body.p[0] != 0;
    if (e.tag == DER_BOOLEAN && !der_cut(&ext.body, &e))
        return false;
    w->oid   = oid.body;
    w->value = e.body;
    w->bit   = kinds[oid_of(oid.body)].bit;
    w->at    = (uint32_t)(ext.whole.p - c->der.p);
    w->next  = (size_t)(rest.p - c->exts.p);
    return true;
}
