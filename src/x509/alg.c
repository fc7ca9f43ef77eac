/* SPDX-License-Identifier: Apache-2.0
 *
 * alg.c - which parameters an algorithm must have, and what its key looks like.
 *
 *   rsaEncryption key         NULL, nothing else        RFC 4055 1.2 "the parameters field MUST contain NULL"
 *   *WithRSAEncryption        NULL or absent            RFC 4055 5   "MUST accept the parameters being absent as
 *                                                                     well as present"
 *   id-RSASSA-PSS             key: absent or params; signature: params. Defaults may be written out (3.1:
 *                             "MUST recognize both"); MGF1 only; trailer 1 only; hash parameters NULL or absent (2.1)
 *   ecdsa-with-*              absent                    RFC 5758 3.2
 *   id-ecPublicKey            namedCurve; explicit parameters and other curves are KEY_OTHER (RFC 5480 2.1.1)
 *   Ed25519, Ed448            absent                    RFC 8410 3
 */
#include "alg.h"

enum { PSS_SALT_DEFAULT = 20 }; /* bytes, RFC 4055 3.1 */

struct alg alg_read(struct rd *r, enum check id)
{
    struct alg     a;
    const uint8_t *start = r->p;
    a.params             = der_open(r, DER_SEQUENCE, id);
    a.whole              = (hf_view){start, (size_t)(r->p - start)};
    a.type               = der_oid(der_open(&a.params, DER_OID, ALG_NO_OID));
    a.oid                = rd_ok(r) ? oid_of(a.type) : OID_UNKNOWN;
    return a;
}

static bool params_null(const struct alg *a, enum check id)
{
    struct rd r = a->params;
    der_null(der_open(&r, DER_NULL, id));
    return rd_end(&r, ALG_NULL_TRAILING);
}

static enum hash_alg hash_of(enum oid o)
{
    switch (o) {
    case OID_MD5:
    case OID_MD5_RSA:
        return HASH_MD5;
    case OID_SHA1:
    case OID_SHA1_RSA:
    case OID_ECDSA_SHA1:
        return HASH_SHA1;
    case OID_SHA256:
    case OID_SHA256_RSA:
    case OID_ECDSA_SHA256:
        return HASH_SHA256;
    case OID_SHA384:
    case OID_SHA384_RSA:
    case OID_ECDSA_SHA384:
        return HASH_SHA384;
    case OID_SHA512:
    case OID_SHA512_RSA:
    case OID_ECDSA_SHA512:
        return HASH_SHA512;
    default:
        return HASH_NONE;
    }
}

/* ---- RSASSA-PSS parameters (RFC 4055 3.1) ---- */

/* A HashAlgorithm: NULL and absent parameters are the same. HASH_NONE: one we do not know. */
static enum hash_alg pss_hash(struct rd r)
{
    struct alg a = alg_read(&r, PSS_NO_HASH);
    rd_end(&r, PSS_HASH_TRAILING);
    if (der_more(&a.params))
        params_null(&a, PSS_HASH_PARAMS);
    return hash_of(a.oid);
}

static enum hash_alg pss_mgf(struct rd r)
{
    struct alg a = alg_read(&r, PSS_NO_MGF);
    rd_end(&r, PSS_MGF_TRAILING);
    rd_need(&r, a.oid == OID_MGF1, PSS_NOT_MGF1, 0, 0);
    return pss_hash(a.params);
}

/* Fills the four fields. False: malformed. how->kind is SIG_OTHER when a hash is not one of ours. */
static bool pss_params(const struct alg *a, struct sig_how *how)
{
    struct rd all = a->params, r = der_open(&all, DER_SEQUENCE, PSS_NO_PARAMS), field, inner;
    *how = (struct sig_how){SIG_RSA_PSS, HASH_SHA1, HASH_SHA1, PSS_SALT_DEFAULT};
    rd_end(&all, PSS_PARAMS_TRAILING);
    if (der_maybe(&r, DER_CONTEXTC(0), &field))
        how->hash = pss_hash(field);
    if (der_maybe(&r, DER_CONTEXTC(1), &field))
        how->mgf_hash = pss_mgf(field);
    if (der_maybe(&r, DER_CONTEXTC(2), &field)) {
        inner         = der_open(&field, DER_INTEGER, PSS_SALT_FORM);
        how->salt_len = (unsigned)der_count(inner);
        rd_end(&field, PSS_SALT_TRAILING);
    }
    if (der_maybe(&r, DER_CONTEXTC(3), &field)) {
        inner = der_open(&field, DER_INTEGER, PSS_TRAILER_FORM);
        rd_need(&inner, der_count(inner) == 1, PSS_TRAILER_NOT_1, 1, der_count(inner));
        rd_end(&field, PSS_TRAILER_TRAILING);
    }
    if (how->hash == HASH_NONE || how->mgf_hash == HASH_NONE)
        how->kind = SIG_OTHER;
    return rd_end(&r, PSS_TRAILING);
}

/* ---- signatures ---- */

static bool params_absent(const struct alg *a, enum check id)
{
    return rd_end(&a->params, id);
}

struct sig_how sig_how_read(const struct alg *a)
{
    struct sig_how how = {SIG_OTHER, hash_of(a->oid), HASH_NONE, 0};
    switch (a->oid) {
    case OID_MD5_RSA:
    case OID_SHA1_RSA:
    case OID_SHA256_RSA:
    case OID_SHA384_RSA:
    case OID_SHA512_RSA:
        how.kind = SIG_RSA_PKCS1;
        if (der_more(&a->params))
            params_null(a, SIG_RSA_PARAMS);
        break;
    case OID_RSA_PSS:
        pss_params(a, &how);
        break;
    case OID_ECDSA_SHA1:
    case OID_ECDSA_SHA256:
    case OID_ECDSA_SHA384:
    case OID_ECDSA_SHA512:
        how.kind = SIG_ECDSA;
        params_absent(a, SIG_ECDSA_PARAMS);
        break;
    case OID_ED25519:
    case OID_ED448:
        how.kind = a->oid == OID_ED25519 ? SIG_ED25519 : SIG_ED448;
        params_absent(a, SIG_EDDSA_PARAMS);
        break;
    default:
        break;
    }
    return how;
}

/* ---- keys ---- */

static unsigned bit_length(hf_view v)
{
    unsigned bits = (unsigned)v.n * 8;
    for (uint8_t top = v.n ? v.p[0] : 0xff; bits && !(top & 0x80); top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

/* RSAPublicKey, RFC 8017 A.1.1. */
static void rsa_key(struct pubkey *k, struct rd bits)
{
    struct rd r = der_open(&bits, DER_SEQUENCE, RSA_KEY_FORM);
    rd_end(&bits, RSA_KEY_TRAILING);
    k->n    = der_unsigned(der_open(&r, DER_INTEGER, RSA_NO_MODULUS));
    k->e    = der_unsigned(der_open(&r, DER_INTEGER, RSA_NO_EXPONENT));
    k->bits = k->n.n && k->n.p[0] ? bit_length(k->n) : 0;
    rd_end(&r, RSA_TRAILING);
}

static void rsa_pss_key(struct pubkey *k, const struct alg *a, struct rd bits)
{
    struct sig_how how;
    k->kind = KEY_RSA_PSS;
    rsa_key(k, bits);
    if (!der_more(&a->params))
        return;
    pss_params(a, &how);
    k->pss_only     = true;
    k->pss_hash     = how.hash;
    k->pss_mgf_hash = how.mgf_hash;
    k->pss_salt_min = how.salt_len;
    if (how.kind == SIG_OTHER)
        k->kind = KEY_OTHER;
}

static void ec_key(struct pubkey *k, const struct alg *a, struct rd bits)
{
    struct rd r = a->params, curve;
    k->kind     = KEY_OTHER;
    k->raw      = rd_rest(&bits);
    if (!der_maybe(&r, DER_OID, &curve)) { /* specifiedCurve or implicitCurve: an algorithm we do not know */
        rd_need(&r, der_is(&r, DER_SEQUENCE) || der_is(&r, DER_NULL), EC_NO_CURVE, DER_OID, r.p < r.end ? *r.p : -1);
        return;
    }
    switch (oid_of(der_oid(curve))) {
    case OID_P256:
        k->kind = KEY_EC_P256, k->bits = 256;
        break;
    case OID_P384:
        k->kind = KEY_EC_P384, k->bits = 384;
        break;
    case OID_P521:
        k->kind = KEY_EC_P521, k->bits = 521;
        break;
    default:
        break;
    }
    rd_end(&r, EC_CURVE_TRAILING);
}

static void eddsa_key(struct pubkey *k, const struct alg *a, struct rd bits)
{
    bool   small = a->oid == OID_ED25519;
    size_t len   = small ? 32 : 57;
    params_absent(a, EDDSA_PARAMS);
    k->kind = small ? KEY_ED25519 : KEY_ED448;
    k->raw  = rd_rest(&bits);
    k->bits = small ? 256 : 456;
    rd_need(&bits, k->raw.n == len, EDDSA_KEY_LENGTH, (int64_t)len, (int64_t)k->raw.n);
}

static void key_read(struct pubkey *k, const struct alg *a, struct rd bits)
{
    switch (a->oid) {
    case OID_RSA:
        k->kind = KEY_RSA;
        params_null(a, RSA_PARAMS);
        rsa_key(k, bits);
        break;
    case OID_RSA_PSS:
        rsa_pss_key(k, a, bits);
        break;
    case OID_EC_KEY:
        ec_key(k, a, bits);
        break;
    case OID_ED25519:
    case OID_ED448:
        eddsa_key(k, a, bits);
        break;
    default:
        k->kind = KEY_OTHER;
        k->raw  = rd_rest(&bits);
    }
}

struct spki spki_read(struct rd *r, enum check id)
{
    struct spki    s     = {0};
    const uint8_t *start = r->p;
    struct rd      body  = der_open(r, DER_SEQUENCE, id);
    struct alg     a     = alg_read(&body, SPKI_NO_ALG);
    struct rd      bits  = der_open(&body, DER_BIT_STRING, SPKI_NO_KEY);
    rd_end(&body, SPKI_TRAILING);
    s.whole = (hf_view){start, (size_t)(r->p - start)};
    s.alg   = a.whole;
    bits    = der_inside(&bits, der_bits(bits, NULL));
    if (rd_ok(r))
        key_read(&s.key, &a, bits);
    return s;
}
