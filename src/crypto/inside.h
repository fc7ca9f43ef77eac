/* SPDX-License-Identifier: Apache-2.0
 *
 * inside.h - what the files of src/crypto share: the algorithms fetched once, scratch objects that are
 * used again, and quiet around libcrypto's error queue. Nobody outside src/crypto includes it.
 * It comes before all other headers, because it says how libcrypto's are read.
 *
 * Invariants:
 *   1. struct fetched is written by crypto_init alone, before any other thread can see it.
 *   2. A scratch object belongs to whoever took it; nobody else sees it until it is given back.
 *   3. A refused key or signature leaves nothing in the thread's error queue: what the application put
 *      there stays, what we put there goes.
 */
#ifndef HF_CRYPTO_INSIDE_H
#define HF_CRYPTO_INSIDE_H
/* The low-level calls skip the provider layer, which costs more than a point import; they exist in all of
 * OpenSSL 3 and 4, and in AWS-LC. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>

#include "crypto/crypto.h"

struct fetched {
    EVP_CIPHER *aead[3];             /* by enum aead_alg */
    EVP_MD     *md[HASH_SHA512 + 1]; /* by enum hash_alg; for RSA-PSS only */
    EC_GROUP   *group[3];            /* by enum curve; immutable, so threads may share them */
    bool        mlkem;               /* ML-KEM-768 is there: OpenSSL 3.5 */
};
extern struct fetched fetched;

/* Objects that are expensive to make, kept for the next caller. Take gives NULL when none is at hand (make a
 * new one); give returns false when the pool is full (free it). */
enum { POOL_SLOTS = 16 };
struct pool {
    _Atomic(void *) slot[POOL_SLOTS];
};
void *pool_take(struct pool *p);
bool  pool_give(struct pool *p, void *object);

/* The three curves, in one order everywhere. */
enum curve { CURVE_P256, CURVE_P384, CURVE_P521, N_CURVES };
struct curve_info {
    int    nid;
    size_t bytes; /* of a coordinate and of a scalar */
    int    bits;
};
extern const struct curve_info curve_info[N_CURVES];
static inline size_t           curve_point_len(enum curve c)
{
    return 1 + 2 * curve_info[c].bytes;
}

/* hash.c: ends h itself and wipes it, which spares a copy. */
void hash_end(struct hash *h, uint8_t *out);

/* kx_ec.c: ECDH. priv holds a scalar, point an uncompressed point. */
bool ecdh_make(enum curve c, const struct rnd *rnd, uint8_t *priv, uint8_t *point);
bool ecdh_derive(enum curve c, const uint8_t *priv, hf_view peer, uint8_t *secret);
/* kx_x25519.c; NULL and false also when memory is out. */
enum { X25519_LEN = 32 };
EVP_PKEY *x25519_make(const struct rnd *rnd, uint8_t *share);
bool      x25519_derive(EVP_PKEY *own, const uint8_t *peer, uint8_t *secret);
/* kx_mlkem.c: ML-KEM-768. */
enum { MLKEM_EK_LEN = 1184, MLKEM_CT_LEN = 1088, MLKEM_SS_LEN = 32 };
EVP_PKEY *mlkem_make(const struct rnd *rnd, uint8_t *ek);
bool      mlkem_open(EVP_PKEY *own, const uint8_t *ct, uint8_t *secret);
bool      mlkem_seal(const uint8_t *ek, const struct rnd *rnd, uint8_t *ct, uint8_t *secret);

/* sig.c */
bool curve_of_key(enum key_kind kind, enum curve *c);
bool sig_fits(const struct sig_how *how, const struct pubkey *k); /* may this key make or verify such a signature */
int  hash_nid(enum hash_alg alg);

/* Memory of objects that outlive every struct mem; own_free wipes. */
void *own_alloc(size_t n);
void  own_free(void *p);

/* Around calls that may fail because of what a peer sent. */
static inline void quiet_begin(void)
{
    ERR_set_mark();
}
static inline bool quiet_end(bool ok)
{
    ERR_pop_to_mark();
    return ok;
}

#endif
