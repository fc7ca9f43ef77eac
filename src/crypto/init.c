/* SPDX-License-Identifier: Apache-2.0
 *
 * init.c - everything that libcrypto looks up by name, looked up once; the pool of scratch objects.
 */
#include "crypto/inside.h"

#include <openssl/crypto.h>
#include <pthread.h>

struct fetched fetched;

const struct curve_info curve_info[N_CURVES] = {
    [CURVE_P256] = {NID_X9_62_prime256v1, 32, 256},
    [CURVE_P384] = {NID_secp384r1, 48, 384},
    [CURVE_P521] = {NID_secp521r1, 66, 521},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool           ready;

static void fetch_all(void)
{
    static const char *const aeads[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
    static const char *const mds[]   = {[HASH_SHA1] = "SHA1", "SHA256", "SHA384", "SHA512"};
    ready                            = true;
    quiet_begin();
    for (size_t i = 0; i < 3; i++)
        ready &= (fetched.aead[i] = EVP_CIPHER_fetch(NULL, aeads[i], NULL)) != NULL;
    for (size_t i = HASH_SHA1; i <= HASH_SHA512; i++)
        ready &= (fetched.md[i] = EVP_MD_fetch(NULL, mds[i], NULL)) != NULL;
    for (size_t i = 0; i < N_CURVES; i++)
        ready &= (fetched.group[i] = EC_GROUP_new_by_curve_name(curve_info[i].nid)) != NULL;
    EVP_KEM *kem  = EVP_KEM_fetch(NULL, "ML-KEM-768", NULL);
    fetched.mlkem = kem != NULL;
    EVP_KEM_free(kem);
    quiet_end(ready);
}

bool crypto_init(void)
{
    pthread_once(&once, fetch_all);
    return ready;
}

const char *crypto_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

/* Threads begin their search at different slots, so that they seldom meet. */
static unsigned first_slot(void)
{
    static atomic_uint            n_threads;
    static _Thread_local unsigned mine; /* 1 + slot; 0: not yet known */
    if (!mine)
        mine = 1 + atomic_fetch_add_explicit(&n_threads, 1, memory_order_relaxed) % POOL_SLOTS;
    return mine - 1;
}

void *pool_take(struct pool *p)
{
    unsigned first = first_slot();
    for (unsigned i = 0; i < POOL_SLOTS; i++) {
        _Atomic(void *) *slot = &p->slot[(first + i) % POOL_SLOTS];
        if (!atomic_load_explicit(slot, memory_order_relaxed))
            continue;
        void *object = atomic_exchange_explicit(slot, NULL, memory_order_acquire);
        if (object)
            return object;
    }
    return NULL;
}

bool pool_give(struct pool *p, void *object)
{
    unsigned first = first_slot();
    for (unsigned i = 0; i < POOL_SLOTS; i++) {
        void *none = NULL;
        if (atomic_compare_exchange_strong_explicit(&p->slot[(first + i) % POOL_SLOTS], &none, object,
                                                    memory_order_release, memory_order_relaxed))
            return true;
    }
    return false;
}

/* struct mem counts what one owner holds; these objects have no owner with a ceiling, so the count is dropped. */
void *own_alloc(size_t n)
{
    struct mem none = {0};
    return mem_alloc(&none, n);
}

void own_free(void *p)
{
    struct mem none = {0};
    mem_free(&none, p);
}

bool memory_is_out(void)
{
    enum { PROBE_BYTES = 1024 };
    void *own = own_alloc(PROBE_BYTES), *theirs = OPENSSL_malloc(PROBE_BYTES);
    bool  out = !own || !theirs;
    own_free(own);
    OPENSSL_free(theirs);
    return out;
}
