/* SPDX-License-Identifier: Apache-2.0
 *
 * forge_crl.h - CRLs as no decent CA would make them, and seals on other lists, for tests of revocation. Zero means "as
 * usual": signed by `by` with ECDSA and SHA-256, current around NOW, numbered 1, with the key identifier of `by`.
 */
#ifndef HF_TESTS_FORGE_CRL_H
#define HF_TESTS_FORGE_CRL_H
#include "forge.h"
#include "x509_notation.h"

struct listed {
    const struct forged *cert;
    int                  reason; /* 0: none */
    int64_t              since;  /* relative to NOW */
};

struct crl_spec {
    const struct forged *by;
    const char          *issuer;   /* RFC 4514, in place of by's subject */
    int64_t              from, to; /* relative to NOW; both 0: an hour before, a day after */
    unsigned             number;   /* 0: 1 */
    bool                 no_number, no_aki, critical_number;
    const char          *scope; /* notation: fields of issuingDistributionPoint; NULL: none */
    struct listed        listed[LIST];
    const uint8_t       *sig_alg;
    bool                 break_signature;
};

static inline void put_notation(struct wr *w, const char *text)
{
    struct notation d = notation(text);
    wr_view(w, notation_view(&d));
    free(d.p);
}

/* tbs is signed, and out becomes SEQUENCE { tbs, algorithm, signature, more }. */
static inline void seal(struct wr *out, hf_view tbs, struct key *key, const uint8_t *alg_p, bool broken, hf_view more)
{
    hf_view        alg = {alg_p, (size_t)alg_p[1] + 2};
    struct sig_how how = {.kind = SIG_ECDSA, .hash = HASH_SHA256};
    uint8_t        sig[SIG_MAX];
    size_t         n, whole = derw_open(out, DER_SEQUENCE);
    assert_true(key_sign(key, &how, tbs, sig, &n));
    sig[n - 1] ^= broken;
    wr_view(out, tbs);
    wr_view(out, alg);
    derw_bits(out, (hf_view){sig, n});
    wr_view(out, more);
    derw_close(out, whole);
}

static inline void put_listed(struct wr *w, const struct listed *l)
{
    size_t  entry  = derw_open(w, DER_SEQUENCE), exts, octets, ext;
    uint8_t reason = (uint8_t)l->reason;
    derw_bytes(w, DER_INTEGER, l->cert->cert.serial);
    derw_time(w, NOW + l->since);
    if (l->reason) {
        exts = derw_open(w, DER_SEQUENCE);
        ext  = open_ext(w, oid_bytes(OID_CE_CRL_REASON), false, &octets);
        derw_bytes(w, DER_ENUMERATED, (hf_view){&reason, 1});
        close_ext(w, ext, octets);
        derw_close(w, exts);
    }
    derw_close(w, entry);
}

static inline void put_crl_extensions(struct wr *w, const struct crl_spec *s)
{
    size_t field = derw_open(w, DER_CONTEXTC(0)), seq = derw_open(w, DER_SEQUENCE), ext, octets, inner;
    if (!s->no_number) {
        ext = open_ext(w, oid_bytes(OID_CE_CRL_NUMBER), s->critical_number, &octets);
        derw_number(w, s->number ? s->number : 1);
        close_ext(w, ext, octets);
    }
    if (!s->no_aki) {
        ext   = open_ext(w, oid_bytes(OID_CE_AKI), false, &octets);
        inner = derw_open(w, DER_SEQUENCE);
        derw_bytes(w, DER_CONTEXT(0), s->by->cert.ski);
        derw_close(w, inner);
        close_ext(w, ext, octets);
    }
    if (s->scope) {
        ext   = open_ext(w, oid_bytes(OID_CE_CRL_IDP), true, &octets);
        inner = derw_open(w, DER_SEQUENCE);
        put_notation(w, s->scope);
        derw_close(w, inner);
        close_ext(w, ext, octets);
    }
    derw_close(w, seq);
    derw_close(w, field);
}

/* The CRL, DER, in a writer that wr_free releases. */
static inline struct wr forge_crl(const struct crl_spec *s)
{
    struct wr      w = wr_grow(&forge_mem, 1 << 20), t = wr_grow(&forge_mem, 1 << 20);
    const uint8_t *alg   = s->sig_alg ? s->sig_alg : ALG_SHA256;
    size_t         tbs   = derw_open(&t, DER_SEQUENCE), list;
    bool           dated = s->from || s->to;
    derw_number(&t, 1);
    wr_bytes(&t, alg, (size_t)alg[1] + 2);
    if (s->issuer)
        put_dn(&t, s->issuer);
    else
        wr_view(&t, s->by->cert.subject);
    derw_time(&t, NOW + (dated ? s->from : -3600));
    derw_time(&t, NOW + (dated ? s->to : DAY));
    if (s->listed[0].cert) {
        list = derw_open(&t, DER_SEQUENCE);
        for (const struct listed *l = s->listed; l->cert; l++)
            put_listed(&t, l);
        derw_close(&t, list);
    }
    put_crl_extensions(&t, s);
    derw_close(&t, tbs);
    seal(&w, wr_done(&t), s->by->key, alg, s->break_signature, (hf_view){0});
    wr_free(&t);
    assert_false(w.full);
    return w;
}

/* Adds it to a trust, which must take it. */
static inline void add_crl(hf_trust *t, struct crl_spec s, const char *called)
{
    struct wr w = forge_crl(&s);
    if (!hf_trust_crl_bytes(t, w.p, w.n, called))
        fail_msg("%s: %s", called, hf_check_info_of(hf_trust_why(t)->check)->title);
    wr_free(&w);
}

#endif
