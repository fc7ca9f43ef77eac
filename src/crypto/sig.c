/* SPDX-License-Identifier: Apache-2.0
 *
 * sig.c - is this public key valid, does this signature verify: ECDSA (FIPS 186-5 6.4.2, DER of RFC 3279
 * 2.2.3), EdDSA (RFC 8032), RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017 8.2.2, 8.1.2).
 *
 * Invariants:
 *   1. The key decides what may be verified with it: an RSASSA-PSS key takes no PKCS#1 v1.5 signature, and
 *      its parameters, where it has them, bind hash, mask hash and the shortest salt (RFC 4055 1.2).
 *   2. ECDSA_verify encodes again what it has decoded and compares, so one signature has one encoding; it
 *      refuses r and s outside [1, n-1]. RSA_verify compares with the one DigestInfo there is, so a missing
 *      NULL is refused. The tests hold libcrypto to both.
 *   3. A PSS salt has exactly the length that the scheme says; nothing is recovered from the signature.
 *   4. Nobody is told of a wrong signature because memory is out, which libcrypto mostly does not say: a
 *      verification that fails is believed only when memory is to be had at that moment.
 *
 * A P-256 point goes into a key object that is used again: 0.8 us, where a decoder takes 90.
 */
#include "crypto/inside.h"

#include <limits.h>
#include <openssl/ecdsa.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "base/ct.h"

enum { RSA_BITS_MIN = 512, RSA_BITS_MAX = 16384 };
/* FIPS 186-5 A.1.1: e < 2^256. Larger ones exist only to make a verifier work. */
enum { RSA_E_BYTES_MAX = 32 };

/* ---- elliptic curves ---- */

struct scratch {
    EC_KEY *key;
    BN_CTX *ctx;
};
static struct pool pools[N_CURVES];

static void drop(struct scratch *s)
{
    if (!s)
        return;
    EC_KEY_free(s->key);
    BN_CTX_free(s->ctx);
    own_free(s);
}

static struct scratch *take(enum curve c)
{
    struct scratch *s = pool_take(&pools[c]);
    if (s)
        return s;
    s = own_alloc(sizeof *s);
    if (!s)
        return NULL;
    s->key = EC_KEY_new_by_curve_name(curve_info[c].nid);
    s->ctx = BN_CTX_new();
    if (s->key && s->ctx)
        return s;
    drop(s);
    return NULL;
}

static void give(enum curve c, struct scratch *s)
{
    if (s && !pool_give(&pools[c], s))
        drop(s);
}

bool curve_of_key(enum key_kind kind, enum curve *c)
{
    *c = kind == KEY_EC_P256 ? CURVE_P256 : kind == KEY_EC_P384 ? CURVE_P384 : CURVE_P521;
    return kind == KEY_EC_P256 || kind == KEY_EC_P384 || kind == KEY_EC_P521;
}

/* Uncompressed, or compressed as RFC 5480 2.2 permits in certificates; libcrypto looks whether it is on the
 * curve. The hybrid form and the point at infinity are no public keys. */
static bool import_point(struct scratch *s, enum curve c, hf_view point)
{
    if (!point.n)
        return false;
    bool whole = point.p[0] == POINT_CONVERSION_UNCOMPRESSED && point.n == curve_point_len(c);
    bool half  = (point.p[0] & 0xfe) == POINT_CONVERSION_COMPRESSED && point.n == 1 + curve_info[c].bytes;
    return (whole || half) && EC_KEY_oct2key(s->key, point.p, point.n, s->ctx) == 1;
}

static bool point_valid(enum curve c, hf_view point)
{
    struct scratch *s  = take(c);
    bool            ok = s && import_point(s, c, point);
    give(c, s);
    return ok;
}

static bool verify_ecdsa(enum curve c, hf_view point, hf_view digest, hf_view sig)
{
    struct scratch *s = take(c);
    bool            ok =
        s && import_point(s, c, point) && ECDSA_verify(0, digest.p, (int)digest.n, sig.p, (int)sig.n, s->key) == 1;
    give(c, s);
    return ok;
}

/* ---- EdDSA ---- */

static size_t eddsa_len(enum key_kind kind)
{
    return kind == KEY_ED25519 ? 32 : 57;
}

static bool verify_eddsa(const struct pubkey *k, hf_view tbs, hf_view sig)
{
    const char *name = k->kind == KEY_ED25519 ? "ED25519" : "ED448";
    if (k->raw.n != eddsa_len(k->kind) || sig.n != 2 * k->raw.n)
        return false;
    EVP_PKEY   *key = EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, k->raw.p, k->raw.n);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool        ok  = key && ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
              EVP_DigestVerify(ctx, sig.p, sig.n, tbs.p, tbs.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

/* ---- RSA ---- */

static unsigned bits_of(hf_view n)
{
    unsigned bits = 0;
    for (unsigned top = n.n ? n.p[0] : 0; top; top >>= 1)
        bits++;
    return bits ? bits + 8 * (unsigned)(n.n - 1) : 0;
}

/* Odd modulus, odd exponent from 3 on; views without leading zeros, so that lengths are sizes. */
static bool rsa_valid(const struct pubkey *k)
{
    if (!k->n.n || !k->e.n || k->n.n > RSA_BITS_MAX / 8 || k->e.n > RSA_E_BYTES_MAX || !k->n.p[0] || !k->e.p[0])
        return false;
    unsigned bits = bits_of(k->n);
    bool     one  = k->e.n == 1 && k->e.p[0] == 1;
    return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && (k->n.p[k->n.n - 1] & 1) && (k->e.p[k->e.n - 1] & 1) && !one;
}

static RSA *import_rsa(const struct pubkey *k)
{
    RSA    *rsa = RSA_new();
    BIGNUM *n   = BN_bin2bn(k->n.p, (int)k->n.n, NULL);
    BIGNUM *e   = BN_bin2bn(k->e.p, (int)k->e.n, NULL);
    if (rsa && n && e && RSA_set0_key(rsa, n, e, NULL) == 1)
        return rsa;
    RSA_free(rsa);
    BN_free(n);
    BN_free(e);
    return NULL;
}

int hash_nid(enum hash_alg alg)
{
    static const int nids[] = {
        [HASH_SHA1] = NID_sha1, [HASH_SHA256] = NID_sha256, [HASH_SHA384] = NID_sha384, [HASH_SHA512] = NID_sha512};
    return nids[alg];
}

static bool verify_pss(RSA *rsa, const struct sig_how *how, const uint8_t *digest, hf_view sig)
{
    uint8_t em[RSA_BITS_MAX / 8];
    if (sig.n != (size_t)RSA_size(rsa) || how->salt_len > sig.n)
        return false;
    return RSA_public_decrypt((int)sig.n, sig.p, em, rsa, RSA_NO_PADDING) == (int)sig.n &&
           RSA_verify_PKCS1_PSS_mgf1(rsa, digest, fetched.md[how->hash], fetched.md[how->mgf_hash], em,
                                     (int)how->salt_len) == 1;
}

static bool verify_rsa(const struct sig_how *how, const struct pubkey *k, hf_view digest, hf_view sig)
{
    if (!rsa_valid(k))
        return false;
    RSA *rsa = import_rsa(k);
    bool ok  = false;
    if (rsa && how->kind == SIG_RSA_PSS)
        ok = verify_pss(rsa, how, digest.p, sig);
    else if (rsa)
        ok = RSA_verify(hash_nid(how->hash), digest.p, (unsigned)digest.n, sig.p, (unsigned)sig.n, rsa) == 1;
    RSA_free(rsa);
    return ok;
}

/* ---- both ---- */

static bool can_run(enum hash_alg alg)
{
    return alg >= HASH_SHA1 && alg <= HASH_SHA512;
}

bool sig_fits(const struct sig_how *how, const struct pubkey *k)
{
    enum curve c;
    switch (how->kind) {
    case SIG_RSA_PKCS1:
        return k->kind == KEY_RSA && can_run(how->hash);
    case SIG_RSA_PSS:
        if ((k->kind != KEY_RSA && k->kind != KEY_RSA_PSS) || !can_run(how->hash) || !can_run(how->mgf_hash))
            return false;
        return !k->pss_only ||
               (how->hash == k->pss_hash && how->mgf_hash == k->pss_mgf_hash && how->salt_len >= k->pss_salt_min);
    case SIG_ECDSA:
        return curve_of_key(k->kind, &c) && can_run(how->hash);
    case SIG_ED25519:
        return k->kind == KEY_ED25519;
    case SIG_ED448:
        return k->kind == KEY_ED448;
    case SIG_NONE:
    case SIG_OTHER:
        break;
    }
    return false;
}

bool pubkey_valid(const struct pubkey *k)
{
    enum curve c;
    quiet_begin();
    bool ok = false;
    if (curve_of_key(k->kind, &c))
        ok = point_valid(c, k->raw);
    else if (k->kind == KEY_ED25519 || k->kind == KEY_ED448)
        ok = k->raw.n == eddsa_len(k->kind);
    else if (k->kind == KEY_RSA || k->kind == KEY_RSA_PSS)
        ok = rsa_valid(k);
    return quiet_end(ok);
}

static bool verify(const struct sig_how *how, const struct pubkey *k, hf_view tbs, hf_view sig)
{
    enum curve c;
    uint8_t    digest[HASH_MAX];
    if (how->kind == SIG_ED25519 || how->kind == SIG_ED448)
        return verify_eddsa(k, tbs, sig);
    hash_once(how->hash, tbs, digest);
    hf_view d = {digest, hash_len(how->hash)};
    if (how->kind == SIG_ECDSA)
        return curve_of_key(k->kind, &c) && verify_ecdsa(c, k->raw, d, sig);
    return verify_rsa(how, k, d, sig);
}

enum sig_verdict sig_judge(const struct sig_how *how, const struct pubkey *k, hf_view tbs, hf_view sig)
{
    if (!sig_fits(how, k) || sig.n > INT_MAX)
        return SIG_WRONG;
    quiet_begin();
    enum sig_verdict v = verify(how, k, tbs, sig) ? SIG_RIGHT : SIG_WRONG;
    quiet_end(true);
    return v == SIG_WRONG && memory_is_out() ? SIG_NO_MEMORY : v;
}
