/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_proven.c - remembered signatures: what was proven is taken from memory, and nothing else is.
 */
#include "x509/proven.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "unit.h"

enum { TBS_BYTES = 40 };

static const struct sig_how ecdsa = {.kind = SIG_ECDSA, .hash = HASH_SHA256};

struct signed_bytes {
    struct key *key;
    uint8_t     tbs[TBS_BYTES], sig[SIG_MAX];
    size_t      sig_n;
};

static struct signed_bytes make(uint8_t seed)
{
    struct signed_bytes s = {.key = key_generate(KEY_EC_P256, 256)};
    memset(s.tbs, seed, sizeof s.tbs);
    assert_true(key_sign(s.key, &ecdsa, (hf_view){s.tbs, sizeof s.tbs}, s.sig, &s.sig_n));
    return s;
}

static bool verify(struct proven *p, const struct sig_how *how, const struct signed_bytes *s)
{
    return proven_verify(p, how, key_public(s->key), (hf_view){s->tbs, sizeof s->tbs}, (hf_view){s->sig, s->sig_n});
}

static void proven_stays_proven(void **state)
{
    struct proven      *p = proven_new(16);
    struct signed_bytes s = make(1);
    for (int i = 0; i < 3; i++)
        assert_true(verify(p, &ecdsa, &s));
    assert_true(verify(NULL, &ecdsa, &s));
    proven_free(p);
    key_free(s.key);
}

static void every_changed_byte_is_looked_at(void **state)
{
    struct proven      *p = proven_new(16);
    struct signed_bytes s = make(2);
    assert_true(verify(p, &ecdsa, &s));
    for (size_t i = 0; i < sizeof s.tbs; i++) {
        s.tbs[i] ^= 1;
        assert_false(verify(p, &ecdsa, &s));
        s.tbs[i] ^= 1;
    }
    for (size_t i = 0; i < s.sig_n; i++) {
        s.sig[i] ^= 1;
        assert_false(verify(p, &ecdsa, &s));
        s.sig[i] ^= 1;
    }
    assert_true(verify(p, &ecdsa, &s));
    proven_free(p);
    key_free(s.key);
}

static void another_key_or_algorithm_is_another_fact(void **state)
{
    struct proven      *p = proven_new(16);
    struct signed_bytes s = make(3), t = make(3);
    struct sig_how      sha3 = {.kind = SIG_ECDSA, .hash = HASH_SHA384};
    struct key         *own  = s.key;
    assert_true(verify(p, &ecdsa, &s));
    assert_false(verify(p, &sha3, &s));
    s.key = t.key;
    assert_false(verify(p, &ecdsa, &s));
    s.key = own;
    assert_true(verify(p, &ecdsa, &s));
    proven_free(p);
    key_free(s.key);
    key_free(t.key);
}

static void a_full_table_still_tells_the_truth(void **state)
{
    enum { FACTS = 64 };
    struct proven      *p = proven_new(4); /* one bucket */
    struct signed_bytes s[FACTS];
    for (size_t i = 0; i < FACTS; i++)
        s[i] = make((uint8_t)i);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < FACTS; i++) {
            assert_true(verify(p, &ecdsa, &s[i]));
            s[i].tbs[0] ^= 0x80;
            assert_false(verify(p, &ecdsa, &s[i]));
            s[i].tbs[0] ^= 0x80;
        }
    for (size_t i = 0; i < FACTS; i++)
        key_free(s[i].key);
    proven_free(p);
}

/* ---- threads ---- */

struct shared {
    struct proven      *p;
    struct signed_bytes s[8];
    atomic_uint         wrong;
};

static void *hammer(void *arg)
{
    struct shared *all = arg;
    for (int round = 0; round < 200; round++)
        for (size_t i = 0; i < 8; i++) {
            struct signed_bytes forged = all->s[i];
            forged.tbs[1] ^= 1;
            if (!verify(all->p, &ecdsa, &all->s[i]) || (round % 50 == 0 && verify(all->p, &ecdsa, &forged)))
                atomic_fetch_add(&all->wrong, 1);
        }
    return NULL;
}

static void threads_share_it(void **state)
{
    static struct shared all;
    pthread_t            t[4];
    all.p = proven_new(4);
    for (uint8_t i = 0; i < 8; i++)
        all.s[i] = make(i);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, hammer, &all), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(atomic_load(&all.wrong), 0);
    for (int i = 0; i < 8; i++)
        key_free(all.s[i].key);
    proven_free(all.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proven_stays_proven),
        cmocka_unit_test(every_changed_byte_is_looked_at),
        cmocka_unit_test(another_key_or_algorithm_is_another_fact),
        cmocka_unit_test(a_full_table_still_tells_the_truth),
        cmocka_unit_test(threads_share_it),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}
