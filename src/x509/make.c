/* SPDX-License-Identifier: Apache-2.0
 *
 * make.c - certificates for mutual TLS (RFC 5280 4.1, 4.2).
 *
 *     use           basicConstraints   keyUsage                 extendedKeyUsage          subjectAltName
 *     root          CA                 keyCertSign, cRLSign     -                         -
 *     intermediate  CA, pathLen 0      keyCertSign, cRLSign     -                         -
 *     server        -                  digitalSignature         serverAuth                required (RFC 9525)
 *     client        -                  digitalSignature         clientAuth                as given
 *     peer          -                  digitalSignature         serverAuth, clientAuth    required
 *
 * keyEncipherment is left out on purpose: no key exchange that we speak needs it. Every certificate has a
 * subjectKeyIdentifier, every one with an issuer an authorityKeyIdentifier: the first 20 bytes of the SHA-256
 * of the key's BIT STRING (RFC 7093 2, method 1).
 */
#include "make.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "derw.h"

enum { SERIAL_BYTES = 16, KEY_ID_BYTES = 20, YEAR_1950 = -631152000 };
static const int64_t YEAR_9999_END = INT64_C(253402300799);

struct cert_spec cert_spec_for(enum cert_use use)
{
    bool     is_ca = use == USE_ROOT || use == USE_INTERMEDIATE;
    unsigned eku   = 0;
    if (use == USE_SERVER || use == USE_PEER)
        eku |= EKU_SERVER_AUTH;
    if (use == USE_CLIENT || use == USE_PEER)
        eku |= EKU_CLIENT_AUTH;
    return (struct cert_spec){.is_ca    = is_ca,
                              .path_len = use == USE_INTERMEDIATE ? 0 : -1,
                              .ku       = is_ca ? KU_KEY_CERT_SIGN | KU_CRL_SIGN : KU_DIGITAL_SIGNATURE,
                              .eku      = eku};
}

struct sig_how cert_sig_how(const struct key *k)
{
    switch (key_public(k)->kind) {
    case KEY_EC_P256:
        return (struct sig_how){.kind = SIG_ECDSA, .hash = HASH_SHA256};
    case KEY_EC_P384:
        return (struct sig_how){.kind = SIG_ECDSA, .hash = HASH_SHA384};
    case KEY_EC_P521:
        return (struct sig_how){.kind = SIG_ECDSA, .hash = HASH_SHA512};
    case KEY_ED25519:
        return (struct sig_how){.kind = SIG_ED25519};
    case KEY_RSA:
        return (struct sig_how){.kind = SIG_RSA_PKCS1, .hash = HASH_SHA256};
    default:
        return (struct sig_how){.kind = SIG_NONE};
    }
}

static void write_sig_alg(struct wr *w, const struct sig_how *how)
{
    size_t   mark = derw_open(w, DER_SEQUENCE);
    enum oid o    = OID_ED25519;
    if (how->kind == SIG_RSA_PKCS1)
        o = OID_SHA256_RSA;
    else if (how->kind == SIG_ECDSA)
        o = how->hash == HASH_SHA256   ? OID_ECDSA_SHA256
            : how->hash == HASH_SHA384 ? OID_ECDSA_SHA384
                                       : OID_ECDSA_SHA512;
    derw_oid(w, o);
    if (o == OID_SHA256_RSA) /* RFC 4055 5: "the parameters MUST be NULL" */
        derw_bytes(w, DER_NULL, (hf_view){NULL, 0});
    derw_close(w, mark);
}

/* The key identifier of a SubjectPublicKeyInfo that was written by us or accepted by a parser. */
static void key_id(hf_view spki, uint8_t out[KEY_ID_BYTES])
{
    struct der_item all, alg, bits;
    uint8_t         digest[HASH_MAX];
    bool ok = der_cut(&spki, &all) && der_cut(&all.body, &alg) && der_cut(&all.body, &bits) && bits.body.n > 1;
    assert(ok); /* no SubjectPublicKeyInfo otherwise */
    hash_once(HASH_SHA256, (hf_view){bits.body.p + 1, bits.body.n - 1}, digest);
    memcpy(out, digest, KEY_ID_BYTES);
}

/* ---- extensions ---- */

struct ext_mark {
    size_t ext, value;
};

static struct ext_mark ext_open(struct wr *w, enum oid o, bool critical)
{
    struct ext_mark m = {.ext = derw_open(w, DER_SEQUENCE)};
    derw_oid(w, o);
    if (critical)
        derw_true(w);
    m.value = derw_open(w, DER_OCTET_STRING);
    return m;
}

static void ext_close(struct wr *w, struct ext_mark m)
{
    derw_close(w, m.value);
    derw_close(w, m.ext);
}

static void write_basic(struct wr *w, const struct cert_spec *s)
{
    struct ext_mark m   = ext_open(w, OID_CE_BASIC, true);
    size_t          seq = derw_open(w, DER_SEQUENCE);
    derw_true(w);
    if (s->path_len >= 0)
        derw_number(w, (uint32_t)s->path_len);
    derw_close(w, seq);
    ext_close(w, m);
}

static void write_eku(struct wr *w, unsigned eku)
{
    struct ext_mark m   = ext_open(w, OID_CE_EKU, false);
    size_t          seq = derw_open(w, DER_SEQUENCE);
    if (eku & EKU_SERVER_AUTH)
        derw_oid(w, OID_KP_SERVER_AUTH);
    if (eku & EKU_CLIENT_AUTH)
        derw_oid(w, OID_KP_CLIENT_AUTH);
    derw_close(w, seq);
    ext_close(w, m);
}

static void write_key_ids(struct wr *w, hf_view spki, const struct issuer *by)
{
    uint8_t         id[KEY_ID_BYTES];
    struct ext_mark m = ext_open(w, OID_CE_SKI, false);
    key_id(spki, id);
    derw_bytes(w, DER_OCTET_STRING, (hf_view){id, sizeof id});
    ext_close(w, m);
    if (!by->cert) /* RFC 5280 4.2.1.1: a self-signed one may omit it */
        return;
    m          = ext_open(w, OID_CE_AKI, false);
    size_t seq = derw_open(w, DER_SEQUENCE);
    key_id(by->cert->spki, id);
    derw_bytes(w, (uint8_t)DER_CONTEXT(0), by->cert->has & EXT_SKI ? by->cert->ski : (hf_view){id, sizeof id});
    derw_close(w, seq);
    ext_close(w, m);
}

static bool write_exts(struct wr *w, const struct cert_spec *s, hf_view spki, const struct issuer *by,
                       struct report *rep)
{
    struct ext_mark m;
    bool            ok    = true;
    size_t          outer = derw_open(w, (uint8_t)DER_CONTEXTC(3)), seq = derw_open(w, DER_SEQUENCE);
    if (s->is_ca)
        write_basic(w, s);
    if (s->ku) {
        m = ext_open(w, OID_CE_KU, true);
        derw_flags(w, s->ku);
        ext_close(w, m);
    }
    if (s->eku)
        write_eku(w, s->eku);
    write_key_ids(w, spki, by);
    if (s->n_names) {
        m  = ext_open(w, OID_CE_SAN, false);
        ok = san_write(w, s->names, s->n_names, rep);
        ext_close(w, m);
    }
    derw_close(w, seq);
    derw_close(w, outer);
    return ok;
}

/* ---- the certificate ---- */

static void write_serial(struct wr *w, const struct rnd *rnd)
{
    uint8_t serial[SERIAL_BYTES];
    rnd->fill(rnd->ctx, serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and of the same length always */
    derw_unsigned(w, (hf_view){serial, sizeof serial});
}

static bool write_tbs(struct wr *w, const struct cert_spec *s, hf_view spki, const struct issuer *by,
                      const struct rnd *rnd, struct report *rep)
{
    struct sig_how how = cert_sig_how(by->key);
    size_t         tbs = derw_open(w, DER_SEQUENCE), part = derw_open(w, (uint8_t)DER_CONTEXTC(0));
    derw_number(w, 2); /* version 3 */
    derw_close(w, part);
    write_serial(w, rnd);
    write_sig_alg(w, &how);
    wr_view(w, by->cert ? by->cert->subject : s->subject);
    part = derw_open(w, DER_SEQUENCE);
    derw_time(w, s->not_before);
    derw_time(w, s->not_after);
    derw_close(w, part);
    wr_view(w, s->subject);
    wr_view(w, spki);
    bool ok = write_exts(w, s, spki, by, rep);
    derw_close(w, tbs);
    return ok;
}

static bool sign_into(struct wr *w, hf_view tbs, const struct issuer *by, struct report *rep)
{
    struct sig_how how = cert_sig_how(by->key);
    uint8_t        sig[SIG_MAX];
    size_t         n, mark;
    if (!key_sign(by->key, &how, tbs, sig, &n) || !sig_verify(&how, key_public(by->key), tbs, (hf_view){sig, n}))
        return fail(rep, MAKE_SIGNATURE, 0, 0, 0);
    mark = derw_open(w, DER_SEQUENCE);
    wr_view(w, tbs);
    write_sig_alg(w, &how);
    derw_bits(w, (hf_view){sig, n});
    derw_close(w, mark);
    return true;
}

static bool same_key(const struct pubkey *a, const struct pubkey *b)
{
    return a->kind == b->kind && view_equal(a->raw, b->raw) && view_equal(a->n, b->n) && view_equal(a->e, b->e);
}

/* The issuer may sign this one (RFC 5280 6.1.4 k to n). */
static bool issuer_fits(const struct cert_spec *s, const struct issuer *by, struct report *rep)
{
    const struct cert *ca = by->cert;
    if (!ca->is_ca || (ca->has & EXT_KU && !(ca->ku & KU_KEY_CERT_SIGN)))
        return fail(rep, MAKE_ISSUER_NOT_CA, 0, 0, 0);
    if (!same_key(&ca->key, key_public(by->key)))
        return fail(rep, MAKE_ISSUER_KEY, 0, 0, 0);
    if (s->is_ca && ca->path_len == 0)
        return fail(rep, MAKE_PATH_LEN, 0, 0, 0);
    return need(rep, s->not_after <= ca->not_after, MAKE_OUTLIVES_ISSUER, 0, ca->not_after, s->not_after);
}

static bool spec_fits(const struct cert_spec *s, const struct issuer *by, struct report *rep)
{
    if (s->not_after < s->not_before || s->not_before < YEAR_1950 || s->not_after > YEAR_9999_END)
        return fail(rep, MAKE_DATES, 0, s->not_before, s->not_after);
    if (s->eku & EKU_SERVER_AUTH && s->n_names == 0)
        return fail(rep, MAKE_SERVER_NAME, 0, 0, 0);
    if (cert_sig_how(by->key).kind == SIG_NONE)
        return fail(rep, MAKE_KEY_KIND, 0, 0, 0);
    return !by->cert || issuer_fits(s, by, rep);
}

uint8_t *cert_make(const struct cert_spec *s, hf_view spki, const struct issuer *by, const struct rnd *rnd,
                   struct mem *m, size_t *n, struct report *rep)
{
    struct wr   tbs = wr_grow(m, LIMIT_CERT), w = wr_grow(m, LIMIT_CERT);
    struct cert made;
    if (!spec_fits(s, by, rep) || !write_tbs(&tbs, s, spki, by, rnd, rep))
        goto out;
    if (tbs.full || (sign_into(&w, wr_done(&tbs), by, rep) && w.full))
        no_memory(rep, LIMIT_CERT);
out:
    wr_free(&tbs);
    if (report_bad(rep) || !cert_parse(&made, wr_done(&w), rep)) {
        wr_free(&w);
        return NULL;
    }
    *n = w.n;
    return w.p;
}
