/* SPDX-License-Identifier: Apache-2.0
 *
 * crypto_wycheproof.c - src/crypto against the Wycheproof vectors, every file of what handfast offers.
 * A row marked acceptable is judged by what handfast promises: see the functions for each kind. Each file's
 * line says how many rows ran and how many are about something not offered (another nonce length, say).
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro named fail. */
#include "crypto/crypto.h"

#include <cmocka.h>

enum verdict { REFUSED, TAKEN, NOT_OFFERED };

/* ---- reading vectors ---- */

struct bytes {
    uint8_t *p;
    size_t   n;
};
/* Decoded fields of the row at hand, released after it. */
static struct bytes held[16];
static size_t       n_held;

static void let_go(void)
{
    while (n_held)
        free(held[--n_held].p);
}

static const char *text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : "";
}

/* Exactly as long as the field, so that the address sanitizer sees a read past its end. */
static hf_view hex(const json_t *o, const char *name)
{
    const char  *s = text(o, name);
    struct bytes b = {.n = strlen(s) / 2};
    b.p            = malloc(b.n ? b.n : 1);
    assert_non_null(b.p);
    for (size_t i = 0; i < b.n; i++) {
        unsigned v;
        assert_int_equal(sscanf(s + 2 * i, "%2x", &v), 1);
        b.p[i] = (uint8_t)v;
    }
    assert_true(n_held < sizeof held / sizeof held[0]);
    held[n_held++] = b;
    return (hf_view){b.p, b.n};
}

static bool same(hf_view a, const void *p, size_t n)
{
    return a.n == n && (!n || !memcmp(a.p, p, n));
}

static bool flagged(const json_t *row, const char *flag)
{
    size_t  i;
    json_t *f;
    json_array_foreach(json_object_get(row, "flags"), i, f)
    {
        if (!strcmp(json_string_value(f), flag))
            return true;
    }
    return false;
}

typedef enum verdict (*judge)(const json_t *group, const json_t *row);
/* What a row marked acceptable must give. */
typedef bool (*promise)(const json_t *row);

static bool never(const json_t *row)
{
    return false;
}

static json_t *load(const char *file)
{
    char        path[512];
    const char *shared = getenv("HF_SHARED");
    snprintf(path, sizeof path, "%s/wycheproof/%s", shared ? shared : HF_SOURCE_ROOT "/../shared", file);
    json_t *j = json_load_file(path, 0, NULL);
    if (!j) {
        print_message("skipped: no vectors at %s (set HF_SHARED)\n", path);
        skip();
    }
    return j;
}

static void run(const char *file, judge judge_row, promise acceptable)
{
    size_t  g, i, ran = 0, not_offered = 0, wrong = 0;
    json_t *all = load(file), *group, *row;
    json_array_foreach(json_object_get(all, "testGroups"), g, group)
    {
        json_array_foreach(json_object_get(group, "tests"), i, row)
        {
            const char  *result = text(row, "result");
            bool         want   = strcmp(result, "acceptable") ? !strcmp(result, "valid") : acceptable(row);
            enum verdict got    = judge_row(group, row);
            let_go();
            if (got == NOT_OFFERED) {
                not_offered++;
                continue;
            }
            ran++;
            if ((got == TAKEN) == want)
                continue;
            wrong++;
            print_message("%s: row %d (%s: %s): %s\n", file, (int)json_integer_value(json_object_get(row, "tcId")),
                          result, text(row, "comment"), got == TAKEN ? "taken" : "refused");
        }
    }
    print_message("%-44s %4zu ran, %3zu not offered, %zu wrong\n", file, ran, not_offered, wrong);
    assert_int_equal(ran + not_offered, json_integer_value(json_object_get(all, "numberOfTests")));
    json_decref(all);
    assert_int_equal(wrong, 0);
}

/* ---- AEAD ---- */

static enum verdict aead_row(const json_t *group, const json_t *row, enum aead_alg alg)
{
    hf_view key = hex(row, "key"), iv = hex(row, "iv"), ad = hex(row, "aad"), msg = hex(row, "msg"),
            ct = hex(row, "ct"), tag = hex(row, "tag");
    if (iv.n != AEAD_NONCE || tag.n != AEAD_TAG || key.n != aead_key_len(alg))
        return NOT_OFFERED;
    uint8_t     *in = malloc(ct.n + AEAD_TAG), *out = malloc(msg.n + AEAD_TAG);
    struct aead *seal = aead_new(alg, key.p, true), *open = aead_new(alg, key.p, false);
    bool         valid = !strcmp(text(row, "result"), "valid");
    assert_true(in && out && seal && open);
    memcpy(in, ct.p, ct.n);
    memcpy(in + ct.n, tag.p, tag.n);
    aead_rest(open); /* a rested context gives the same answers */
    bool opened = aead_open(open, iv.p, ad, (hf_view){in, ct.n + AEAD_TAG}, in);
    if (opened)
        assert_true(same(msg, in, ct.n));
    else
        for (size_t i = 0; i < ct.n; i++)
            assert_int_equal(in[i], 0);
    if (valid) {
        memcpy(out, msg.p, msg.n);
        assert_true(aead_seal(seal, iv.p, ad, (hf_view){out, msg.n}, out));
        assert_true(same(ct, out, msg.n) && same(tag, out + msg.n, AEAD_TAG));
    }
    aead_free(seal);
    aead_free(open);
    free(in);
    free(out);
    return opened ? TAKEN : REFUSED;
}

static enum verdict gcm_row(const json_t *group, const json_t *row)
{
    size_t n = strlen(text(row, "key")) / 2;
    return aead_row(group, row, n == 16 ? AEAD_AES_128_GCM : AEAD_AES_256_GCM);
}

static enum verdict chacha_row(const json_t *group, const json_t *row)
{
    return aead_row(group, row, AEAD_CHACHA20_POLY1305);
}

static void aes_gcm(void **s)
{
    run("aes_gcm_test.json", gcm_row, never);
}

static void chacha20_poly1305(void **s)
{
    run("chacha20_poly1305_test.json", chacha_row, never);
}

/* ---- HMAC, HKDF ---- */

/* Truncated tags are the front of ours. */
static enum verdict hmac_row_of(enum hash_alg alg, const json_t *group, const json_t *row)
{
    hf_view key = hex(row, "key"), msg = hex(row, "msg"), tag = hex(row, "tag");
    size_t  size = (size_t)json_integer_value(json_object_get(group, "tagSize")) / 8;
    uint8_t out[HASH_MAX];
    hmac(alg, key, msg, out);
    return same(tag, out, size) ? TAKEN : REFUSED;
}

static enum verdict hmac256_row(const json_t *group, const json_t *row)
{
    return hmac_row_of(HASH_SHA256, group, row);
}

static enum verdict hmac384_row(const json_t *group, const json_t *row)
{
    return hmac_row_of(HASH_SHA384, group, row);
}

static enum verdict hkdf_row_of(enum hash_alg alg, const json_t *row)
{
    hf_view ikm = hex(row, "ikm"), salt = hex(row, "salt"), info = hex(row, "info"), okm = hex(row, "okm");
    size_t  size = (size_t)json_integer_value(json_object_get(row, "size"));
    uint8_t prk[HASH_MAX], out[255 * HASH_MAX];
    if (size > 255 * hash_len(alg))
        return REFUSED; /* the callers' part: hkdf_expand asserts it */
    hkdf_extract(alg, salt, ikm, prk);
    hkdf_expand(alg, (hf_view){prk, hash_len(alg)}, info, out, size);
    return same(okm, out, size) ? TAKEN : REFUSED;
}

static enum verdict hkdf256_row(const json_t *group, const json_t *row)
{
    return hkdf_row_of(HASH_SHA256, row);
}

static enum verdict hkdf384_row(const json_t *group, const json_t *row)
{
    return hkdf_row_of(HASH_SHA384, row);
}

static void hmac_hkdf(void **s)
{
    run("hmac_sha256_test.json", hmac256_row, never);
    run("hmac_sha384_test.json", hmac384_row, never);
    run("hkdf_sha256_test.json", hkdf256_row, never);
    run("hkdf_sha384_test.json", hkdf384_row, never);
}

/* ---- key exchange ---- */

/* "Randomness" that gives the bytes of the vector, then fives. */
static void fill_given(void *ctx, uint8_t *p, size_t n)
{
    hf_view *left = ctx;
    size_t   part = left->n < n ? left->n : n;
    memset(p, 5, n);
    if (part)
        memcpy(p, left->p, part);
    left->p += part;
    left->n -= part;
}

static enum verdict exchange(uint16_t group, hf_view private, hf_view peer, hf_view shared)
{
    struct rnd rnd = {fill_given, &private};
    uint8_t    secret[KX_SECRET_MAX];
    size_t     n;
    struct kx *k = kx_new(group, &rnd);
    assert_non_null(k);
    bool ok = kx_derive(k, peer, secret, &n);
    kx_free(k);
    return ok && same(shared, secret, n) ? TAKEN : REFUSED;
}

static bool nonzero(const json_t *row)
{
    return !flagged(row, "ZeroSharedSecret"); /* RFC 9846 7.4.2 */
}

static enum verdict x25519_row(const json_t *group, const json_t *row)
{
    return exchange(KX_X25519, hex(row, "private"), hex(row, "public"), hex(row, "shared"));
}

/* The keys as SubjectPublicKeyInfo and PKCS#8: both have one form, of which the key is the end. */
static enum verdict x25519_asn_row(const json_t *group, const json_t *row)
{
    static const uint8_t spki[]  = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00};
    static const uint8_t pkcs8[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                    0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20};
    hf_view private = hex(row, "private"), peer = hex(row, "public");
    if (private.n != sizeof pkcs8 + 32 || memcmp(private.p, pkcs8, sizeof pkcs8))
        return REFUSED;
    if (peer.n != sizeof spki + 32 || memcmp(peer.p, spki, sizeof spki))
        return REFUSED;
    return exchange(KX_X25519, (hf_view){private.p + sizeof pkcs8, 32}, (hf_view){peer.p + sizeof spki, 32},
                    hex(row, "shared"));
}

/* The vectors' scalars are integers of any length. */
static enum verdict ecdh_row(uint16_t group, size_t n, const json_t *row)
{
    hf_view private    = hex(row, "private");
    uint8_t scalar[66] = {0};
    while (private.n > n && !*private.p)
    private = (hf_view){private.p + 1, private.n - 1};
    assert_true(private.n <= n);
    memcpy(scalar + n - private.n, private.p, private.n);
    return exchange(group, (hf_view){scalar, n}, hex(row, "public"), hex(row, "shared"));
}

static enum verdict p256_row(const json_t *group, const json_t *row)
{
    return ecdh_row(KX_P256, 32, row);
}

static enum verdict p384_row(const json_t *group, const json_t *row)
{
    return ecdh_row(KX_P384, 48, row);
}

static enum verdict p521_row(const json_t *group, const json_t *row)
{
    return ecdh_row(KX_P521, 66, row);
}

/* Acceptable rows hold compressed points: TLS 1.3 knows uncompressed ones only (RFC 9846 4.3.8.2). */
static void ecdh(void **s)
{
    run("ecdh_secp256r1_ecpoint_test.json", p256_row, never);
    run("ecdh_secp384r1_ecpoint_test.json", p384_row, never);
    run("ecdh_secp521r1_ecpoint_test.json", p521_row, never);
}

static void x25519(void **s)
{
    run("x25519_test.json", x25519_row, nonzero);
    run("x25519_asn_test.json", x25519_asn_row, nonzero);
}

/* ML-KEM through the hybrid group: the X25519 half is fixed, the ML-KEM half is the row's. */
static enum verdict mlkem_row(const json_t *group, const json_t *row)
{
    enum { SEED = 64, EK = 1184, CT = 1088 };
    hf_view    seed = hex(row, "seed"), ek = hex(row, "ek"), c = hex(row, "c"), key = hex(row, "K");
    struct rnd rnd = {fill_given, &seed};
    uint8_t    peer[CT + 32], secret[KX_SECRET_MAX];
    size_t     n;
    if (seed.n != SEED)
        return REFUSED;
    struct kx *k = kx_new(KX_X25519MLKEM768, &rnd);
    assert_non_null(k);
    bool ok = same(ek, kx_share(k).p, EK) && c.n == CT;
    if (ok) {
        memcpy(peer, c.p, CT);
        memset(peer + CT, 9, 32);
        ok = kx_derive(k, (hf_view){peer, sizeof peer}, secret, &n) && n == 64 && same(key, secret, 32);
    } else if (c.n != CT) {
        assert_false(kx_derive(k, c, secret, &n));
    }
    kx_free(k);
    return ok ? TAKEN : REFUSED;
}

static void mlkem(void **s)
{
    if (!kx_known(KX_X25519MLKEM768)) {
        print_message("skipped: %s has no ML-KEM\n", crypto_version());
        skip();
    }
    run("mlkem_768_test.json", mlkem_row, never);
}

/* ---- signatures ---- */

static enum hash_alg hash_named(const char *name)
{
    static const struct {
        const char   *name;
        enum hash_alg alg;
    } known[] = {{"SHA-1", HASH_SHA1}, {"SHA-256", HASH_SHA256}, {"SHA-384", HASH_SHA384}, {"SHA-512", HASH_SHA512}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(name, known[i].name))
            return known[i].alg;
    return HASH_NONE;
}

static enum verdict verify(const struct sig_how *how, const struct pubkey *k, const json_t *row)
{
    assert_true(pubkey_valid(k));
    return sig_verify(how, k, hex(row, "msg"), hex(row, "sig")) ? TAKEN : REFUSED;
}

static enum verdict ecdsa_row(const json_t *group, const json_t *row)
{
    const json_t  *key   = json_object_get(group, "publicKey");
    const char    *curve = text(key, "curve");
    struct sig_how how   = {.kind = SIG_ECDSA, .hash = hash_named(text(group, "sha"))};
    struct pubkey  k     = {.raw = hex(key, "uncompressed")};
    k.kind               = !strcmp(curve, "secp256r1")   ? KEY_EC_P256
                           : !strcmp(curve, "secp384r1") ? KEY_EC_P384
                           : !strcmp(curve, "secp521r1") ? KEY_EC_P521
                                                         : KEY_OTHER;
    return verify(&how, &k, row);
}

static enum verdict eddsa_row(const json_t *group, const json_t *row)
{
    const json_t  *key = json_object_get(group, "publicKey");
    bool           big = !strcmp(text(key, "curve"), "edwards448");
    struct sig_how how = {.kind = big ? SIG_ED448 : SIG_ED25519};
    struct pubkey  k   = {.kind = big ? KEY_ED448 : KEY_ED25519, .raw = hex(key, "pk")};
    return verify(&how, &k, row);
}

static hf_view number(const json_t *o, const char *name)
{
    hf_view v = hex(o, name);
    while (v.n && !*v.p)
        v = (hf_view){v.p + 1, v.n - 1};
    return v;
}

static struct pubkey rsa_key(const json_t *group)
{
    const json_t *key = json_object_get(group, "publicKey");
    return (struct pubkey){.kind = KEY_RSA, .n = number(key, "modulus"), .e = number(key, "publicExponent")};
}

static enum verdict pkcs1_row(const json_t *group, const json_t *row)
{
    struct sig_how how = {.kind = SIG_RSA_PKCS1, .hash = hash_named(text(group, "sha"))};
    struct pubkey  k   = rsa_key(group);
    return verify(&how, &k, row);
}

static struct sig_how pss_how(const json_t *group)
{
    return (struct sig_how){.kind     = SIG_RSA_PSS,
                            .hash     = hash_named(text(group, "sha")),
                            .mgf_hash = hash_named(text(group, "mgfSha")),
                            .salt_len = (unsigned)json_integer_value(json_object_get(group, "sLen"))};
}

static enum verdict pss_row(const json_t *group, const json_t *row)
{
    struct sig_how how = pss_how(group);
    struct pubkey  k   = rsa_key(group);
    if (!how.hash || !how.mgf_hash)
        return NOT_OFFERED; /* SHA-224, SHA-512/256, SHA-3, SHAKE */
    return verify(&how, &k, row);
}

/* The parameters of the key bind the signature: one step off is refused, whatever the signature says. */
static enum verdict pss_params_row(const json_t *group, const json_t *row)
{
    struct sig_how how = pss_how(group);
    struct pubkey  k   = rsa_key(group);
    if (!how.hash || !how.mgf_hash)
        return NOT_OFFERED;
    k.kind         = KEY_RSA_PSS;
    k.pss_only     = true;
    k.pss_hash     = how.hash;
    k.pss_mgf_hash = how.mgf_hash;
    k.pss_salt_min = how.salt_len + 1;
    assert_int_equal(verify(&how, &k, row), REFUSED);
    k.pss_salt_min = how.salt_len;
    k.pss_hash     = how.hash == HASH_SHA256 ? HASH_SHA384 : HASH_SHA256;
    assert_int_equal(verify(&how, &k, row), REFUSED);
    k.pss_hash     = how.hash;
    k.pss_mgf_hash = how.mgf_hash == HASH_SHA256 ? HASH_SHA384 : HASH_SHA256;
    assert_int_equal(verify(&how, &k, row), REFUSED);
    k.pss_mgf_hash = how.mgf_hash;
    return verify(&how, &k, row);
}

static void ecdsa(void **s)
{
    run("ecdsa_secp256r1_sha256_test.json", ecdsa_row, never);
    run("ecdsa_secp256r1_sha512_test.json", ecdsa_row, never);
    run("ecdsa_secp384r1_sha256_test.json", ecdsa_row, never);
    run("ecdsa_secp384r1_sha384_test.json", ecdsa_row, never);
    run("ecdsa_secp384r1_sha512_test.json", ecdsa_row, never);
    run("ecdsa_secp521r1_sha512_test.json", ecdsa_row, never);
}

static void eddsa(void **s)
{
    run("ed25519_test.json", eddsa_row, never);
    run("ed448_test.json", eddsa_row, never);
}

/* Acceptable rows are those without the NULL of AlgorithmIdentifier (RFC 8017 A.2.4 wants it). */
static void rsa_pkcs1(void **s)
{
    run("rsa_signature_2048_sha256_test.json", pkcs1_row, never);
    run("rsa_signature_2048_sha384_test.json", pkcs1_row, never);
    run("rsa_signature_2048_sha512_test.json", pkcs1_row, never);
    run("rsa_signature_3072_sha256_test.json", pkcs1_row, never);
    run("rsa_signature_3072_sha384_test.json", pkcs1_row, never);
    run("rsa_signature_3072_sha512_test.json", pkcs1_row, never);
    run("rsa_signature_4096_sha256_test.json", pkcs1_row, never);
    run("rsa_signature_4096_sha384_test.json", pkcs1_row, never);
    run("rsa_signature_4096_sha512_test.json", pkcs1_row, never);
    run("rsa_signature_8192_sha256_test.json", pkcs1_row, never);
}

static void rsa_pss(void **s)
{
    run("rsa_pss_2048_sha256_mgf1_32_test.json", pss_row, never);
    run("rsa_pss_2048_sha384_mgf1_48_test.json", pss_row, never);
    run("rsa_pss_3072_sha256_mgf1_32_test.json", pss_row, never);
    run("rsa_pss_4096_sha256_mgf1_32_test.json", pss_row, never);
    run("rsa_pss_4096_sha384_mgf1_48_test.json", pss_row, never);
    run("rsa_pss_4096_sha512_mgf1_64_test.json", pss_row, never);
    run("rsa_pss_misc_test.json", pss_row, never);
    run("rsa_pss_2048_sha1_mgf1_20_params_test.json", pss_params_row, never);
    run("rsa_pss_2048_sha256_mgf1_0_params_test.json", pss_params_row, never);
    run("rsa_pss_2048_sha256_mgf1_32_params_test.json", pss_params_row, never);
    run("rsa_pss_2048_sha512_mgf1sha256_32_params_test.json", pss_params_row, never);
    run("rsa_pss_3072_sha256_mgf1_32_params_test.json", pss_params_row, never);
    run("rsa_pss_4096_sha512_mgf1_64_params_test.json", pss_params_row, never);
    run("rsa_pss_misc_params_test.json", pss_params_row, never);
}

static int setup(void **s)
{
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_gcm),   cmocka_unit_test(chacha20_poly1305),
        cmocka_unit_test(hmac_hkdf), cmocka_unit_test(x25519),
        cmocka_unit_test(ecdh),      cmocka_unit_test(mlkem),
        cmocka_unit_test(ecdsa),     cmocka_unit_test(eddsa),
        cmocka_unit_test(rsa_pkcs1), cmocka_unit_test(rsa_pss),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
