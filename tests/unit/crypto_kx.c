/* SPDX-License-Identifier: Apache-2.0
 *
 * crypto_kx.c - what the vectors do not show: both ends of a key exchange meet, replay and refuse; a hash can
 * be forked; an AEAD rests and wakes; numbers and points that are no keys; nothing is left in libcrypto's
 * error queue; threads do not disturb each other; memory may run out anywhere.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro named fail. */
#include "crypto/crypto.h"

#include <cmocka.h>
#include <openssl/err.h>

static const uint16_t groups[] = {KX_X25519, KX_P256, KX_P384, KX_P521, KX_X25519MLKEM768};
enum { N_GROUPS = sizeof groups / sizeof groups[0] };

/* Counts up from a seed. */
static void fill_counting(void *ctx, uint8_t *p, size_t n)
{
    uint8_t *next = ctx;
    for (size_t i = 0; i < n; i++)
        p[i] = (*next)++;
}

static void fill_same(void *ctx, uint8_t *p, size_t n)
{
    memset(p, *(uint8_t *)ctx, n);
}

static bool meet(uint16_t group, const struct rnd *a, const struct rnd *b, uint8_t out[KX_SECRET_MAX], size_t *n)
{
    uint8_t    share[KX_SHARE_MAX], other[KX_SECRET_MAX];
    size_t     share_n, other_n;
    struct kx *k  = kx_new(group, a);
    bool       ok = k && kx_respond(group, kx_share(k), b, share, &share_n, out, n) &&
              kx_derive(k, (hf_view){share, share_n}, other, &other_n);
    if (ok)
        assert_true(*n == other_n && !memcmp(out, other, *n));
    kx_free(k);
    return ok;
}

static void both_ends_meet(void **s)
{
    uint8_t secret[KX_SECRET_MAX];
    size_t  n, want[] = {32, 32, 48, 66, 64};
    for (size_t i = 0; i < N_GROUPS; i++) {
        if (!kx_known(groups[i]))
            continue;
        assert_true(meet(groups[i], &rnd_libcrypto, &rnd_libcrypto, secret, &n));
        assert_int_equal(n, want[i]);
    }
    assert_false(kx_known(0x0100));
    assert_null(kx_new(0x0100, &rnd_libcrypto));
}

static void the_same_randomness_gives_the_same_exchange(void **s)
{
    for (size_t i = 0; i < N_GROUPS; i++) {
        uint8_t one[KX_SECRET_MAX], two[KX_SECRET_MAX];
        size_t  n;
        if (!kx_known(groups[i]))
            continue;
        for (int round = 0; round < 2; round++) {
            uint8_t    a = 1, b = 77;
            struct rnd ra = {fill_counting, &a}, rb = {fill_counting, &b};
            assert_true(meet(groups[i], &ra, &rb, round ? two : one, &n));
        }
        assert_memory_equal(one, two, n);
    }
}

/* A source that always draws a scalar of zero, or one above the order, ends instead of turning for ever. */
static void broken_randomness_is_refused(void **s)
{
    uint8_t    zero = 0, ones = 0xff;
    struct rnd rz = {fill_same, &zero}, ro = {fill_same, &ones};
    for (size_t i = 1; i < 4; i++) {
        assert_null(kx_new(groups[i], &rz));
        assert_null(kx_new(groups[i], &ro));
    }
}

static void shares_that_are_none(void **s)
{
    uint8_t secret[KX_SECRET_MAX], share[KX_SHARE_MAX], bad[KX_SHARE_MAX + 1] = {0};
    size_t  n, share_n;
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 42); /* the application's own */
    for (size_t i = 0; i < N_GROUPS; i++) {
        if (!kx_known(groups[i]))
            continue;
        struct kx *k = kx_new(groups[i], &rnd_libcrypto);
        assert_non_null(k);
        hf_view own = kx_share(k);
        memcpy(bad, own.p, own.n);
        size_t lengths[] = {0, 1, own.n - 1, own.n + 1};
        for (size_t j = 0; j < 4; j++) {
            assert_false(
                kx_respond(groups[i], (hf_view){bad, lengths[j]}, &rnd_libcrypto, share, &share_n, secret, &n));
            assert_false(kx_derive(k, (hf_view){bad, lengths[j]}, secret, &n));
        }
        memset(bad, 0, sizeof bad); /* X25519: the point of order 1; else no point; ML-KEM: all coefficients 0 */
        assert_false(kx_respond(groups[i], (hf_view){bad, own.n}, &rnd_libcrypto, share, &share_n, secret, &n));
        kx_free(k);
    }
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), 42);
    ERR_get_error();
    assert_int_equal(ERR_peek_error(), 0);
}

/* A coefficient of the encapsulation key above 3328 (FIPS 203 7.2). */
static void mlkem_key_out_of_range(void **s)
{
    uint8_t secret[KX_SECRET_MAX], share[KX_SHARE_MAX], bad[KX_SHARE_MAX];
    size_t  n, share_n;
    if (!kx_known(KX_X25519MLKEM768)) {
        print_message("skipped: %s has no ML-KEM\n", crypto_version());
        skip();
    }
    struct kx *k = kx_new(KX_X25519MLKEM768, &rnd_libcrypto);
    assert_non_null(k);
    memcpy(bad, kx_share(k).p, kx_share(k).n);
    bad[0] = 0xff;
    bad[1] |= 0x0f;
    assert_false(
        kx_respond(KX_X25519MLKEM768, (hf_view){bad, kx_share(k).n}, &rnd_libcrypto, share, &share_n, secret, &n));
    kx_free(k);
}

static void a_hash_can_be_forked(void **s)
{
    static const uint8_t abc256[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    static const uint8_t abc384[] = {0xcb, 0x00, 0x75, 0x3f, 0x45, 0xa3, 0x5e, 0x8b};
    static const uint8_t abc512[] = {0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba};
    static const uint8_t abc1[]   = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a};
    const uint8_t *const want[]   = {[HASH_SHA1] = abc1, abc256, abc384, abc512};
    for (enum hash_alg a = HASH_SHA1; a <= HASH_SHA512; a++) {
        uint8_t     out[HASH_MAX], again[HASH_MAX];
        struct hash h, fork;
        hash_init(&h, a);
        hash_update(&h, "ab", 2);
        fork = h;
        hash_update(&fork, "x", 1);
        hash_update(&h, NULL, 0);
        hash_update(&h, "c", 1);
        hash_final(&h, out);
        assert_memory_equal(out, want[a], 8);
        hash_final(&h, again); /* h is as it was */
        assert_memory_equal(out, again, hash_len(a));
        hash_final(&fork, again);
        assert_memory_not_equal(out, again, hash_len(a));
        hash_once(a, (hf_view){(const uint8_t *)"abc", 3}, again);
        assert_memory_equal(out, again, hash_len(a));
    }
}

static void an_aead_rests_and_refuses(void **s)
{
    uint8_t key[AEAD_KEY_MAX] = {1}, nonce[AEAD_NONCE] = {2}, a[64 + AEAD_TAG] = {0}, b[64 + AEAD_TAG];
    for (enum aead_alg alg = AEAD_AES_128_GCM; alg <= AEAD_CHACHA20_POLY1305; alg++) {
        struct aead *seal = aead_new(alg, key, true), *open = aead_new(alg, key, false);
        hf_view      ad = {key, 5};
        assert_true(aead_seal(seal, nonce, ad, (hf_view){a, 64}, b));
        aead_rest(seal);
        aead_rest(seal);
        assert_true(aead_seal(seal, nonce, ad, (hf_view){a, 64}, a));
        assert_memory_equal(a, b, sizeof a);
        aead_rest(open);
        for (size_t i = 0; i < sizeof a; i += 7) {
            memcpy(b, a, sizeof a);
            b[i] ^= 0x80;
            assert_false(aead_open(open, nonce, ad, (hf_view){b, sizeof b}, b));
            assert_int_equal(b[0], 0);
        }
        assert_false(aead_open(open, nonce, ad, (hf_view){a, AEAD_TAG - 1}, b));
        assert_false(aead_open(open, nonce, (hf_view){key, 4}, (hf_view){a, sizeof a}, b));
        assert_true(aead_open(open, nonce, ad, (hf_view){a, sizeof a}, a));
        for (size_t i = 0; i < 64; i++)
            assert_int_equal(a[i], 0);
        aead_free(seal);
        aead_free(open);
    }
    aead_rest(NULL);
    aead_free(NULL);
    assert_int_equal(ERR_peek_error(), 0);
}

/* ---- public keys ---- */

static void numbers_that_are_no_rsa_key(void **s)
{
    uint8_t       n[2049], e[33] = {1};
    struct pubkey k = {.kind = KEY_RSA, .n = {n, 256}, .e = {(const uint8_t *)"\3", 1}};
    memset(n, 0xff, sizeof n);
    assert_true(pubkey_valid(&k));
    k.n.n = 2048;
    assert_true(pubkey_valid(&k)); /* 16384 bits */
    k.n.n = 2049;
    assert_false(pubkey_valid(&k));
    k.n.n = 64;
    assert_true(pubkey_valid(&k)); /* 512 bits */
    n[0] = 0x7f;
    assert_false(pubkey_valid(&k));
    n[0]  = 0xff;
    n[63] = 0xfe;
    assert_false(pubkey_valid(&k));
    n[63] = 0xff;
    k.e   = (hf_view){e, 1};
    assert_false(pubkey_valid(&k)); /* 1 */
    k.e = (hf_view){(const uint8_t *)"\4", 1};
    assert_false(pubkey_valid(&k));
    k.e = (hf_view){NULL, 0};
    assert_false(pubkey_valid(&k));
    e[32] = 1;
    k.e   = (hf_view){e, 33};
    assert_false(pubkey_valid(&k));
}

static void points_that_are_none(void **s)
{
    uint8_t       raw[133];
    struct key   *one = key_generate(KEY_EC_P256, 0);
    struct pubkey k   = *key_public(one);
    assert_true(pubkey_valid(&k));
    memcpy(raw, k.raw.p, k.raw.n);
    k.raw.p = raw;
    for (size_t n = 0; n < 65; n++) {
        k.raw.n = n;
        assert_false(pubkey_valid(&k));
    }
    raw[0]  = (uint8_t)(2 + (raw[64] & 1)); /* compressed */
    k.raw.n = 33;
    assert_true(pubkey_valid(&k));
    raw[0]  = (uint8_t)(6 + (raw[64] & 1)); /* hybrid */
    k.raw.n = 65;
    assert_false(pubkey_valid(&k));
    raw[0] = 4;
    raw[64] ^= 1; /* beside the curve */
    assert_false(pubkey_valid(&k));
    raw[64] ^= 1;
    k.kind = KEY_EC_P384;
    assert_false(pubkey_valid(&k));
    k.kind = KEY_OTHER;
    assert_false(pubkey_valid(&k));
    raw[0] = 0;
    k      = (struct pubkey){.kind = KEY_EC_P256, .raw = {raw, 1}}; /* infinity */
    assert_false(pubkey_valid(&k));
    assert_int_equal(ERR_peek_error(), 0);
    key_free(one);
}

static void *one_thread(void *failed)
{
    uint8_t        secret[KX_SECRET_MAX], sig[SIG_MAX];
    size_t         n;
    hf_view        tbs = {(const uint8_t *)"message", 7};
    struct sig_how how = {.kind = SIG_ECDSA, .hash = HASH_SHA256};
    for (int i = 0; i < 40; i++) {
        struct key *k = key_generate(i % 2 ? KEY_EC_P256 : KEY_EC_P384, 0);
        if (!k || !meet(groups[i % 4], &rnd_libcrypto, &rnd_libcrypto, secret, &n) ||
            !key_sign(k, &how, tbs, sig, &n) || !sig_verify(&how, key_public(k), tbs, (hf_view){sig, n}))
            *(bool *)failed = true;
        key_free(k);
    }
    return NULL;
}

static void threads_do_not_meet(void **s)
{
    pthread_t t[8];
    bool      failed[8] = {0};
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&t[i], NULL, one_thread, &failed[i]), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], NULL);
        assert_false(failed[i]);
    }
}

static void memory_runs_out(void **s)
{
    uint8_t key[AEAD_KEY_MAX] = {0};
    mem_fail_after(1);
    assert_null(aead_new(AEAD_AES_128_GCM, key, true));
    for (size_t i = 0; i < N_GROUPS; i++)
        assert_null(kx_new(groups[i], &rnd_libcrypto));
    assert_null(key_generate(KEY_EC_P256, 0));
    mem_fail_after(0);
}

static int setup(void **s)
{
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_meet),
        cmocka_unit_test(the_same_randomness_gives_the_same_exchange),
        cmocka_unit_test(broken_randomness_is_refused),
        cmocka_unit_test(shares_that_are_none),
        cmocka_unit_test(mlkem_key_out_of_range),
        cmocka_unit_test(a_hash_can_be_forked),
        cmocka_unit_test(an_aead_rests_and_refuses),
        cmocka_unit_test(numbers_that_are_no_rsa_key),
        cmocka_unit_test(points_that_are_none),
        cmocka_unit_test(threads_do_not_meet),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
