/* SPDX-License-Identifier: Apache-2.0
 *
 * kdf.c - HMAC (RFC 2104) and HKDF (RFC 5869), written over the bare hash: a key schedule makes some
 * fifty of these, and through libcrypto's MAC objects each costs five times as much.
 */
#include "crypto/inside.h"

#include <assert.h>
#include <string.h>

#include "base/ct.h"

enum { BLOCK_MAX = 128 };

/* A key made ready: the hash states behind the two pads. */
struct hmac_key {
    struct hash inner, outer;
};

static size_t block_len(enum hash_alg alg)
{
    return alg == HASH_SHA384 || alg == HASH_SHA512 ? 128 : 64;
}

static void hmac_prepare(struct hmac_key *k, enum hash_alg alg, hf_view key)
{
    uint8_t pad[BLOCK_MAX] = {0};
    size_t  block          = block_len(alg);
    if (key.n > block)
        hash_once(alg, key, pad);
    else if (key.n)
        memcpy(pad, key.p, key.n);
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36;
    hash_init(&k->inner, alg);
    hash_update(&k->inner, pad, block);
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    hash_init(&k->outer, alg);
    hash_update(&k->outer, pad, block);
    ct_wipe(pad, sizeof pad);
}

/* inner: a copy of k->inner that has taken the data in. */
static void hmac_finish(const struct hmac_key *k, const struct hash *inner, uint8_t *out)
{
    uint8_t     digest[HASH_MAX];
    struct hash outer = k->outer;
    hash_final(inner, digest);
    hash_update(&outer, digest, hash_len(inner->alg));
    hash_final(&outer, out);
    ct_wipe(digest, sizeof digest);
    ct_wipe(&outer, sizeof outer);
}

void hmac(enum hash_alg alg, hf_view key, hf_view data, uint8_t *out)
{
    struct hmac_key k;
    hmac_prepare(&k, alg, key);
    hash_update(&k.inner, data.p, data.n);
    hmac_finish(&k, &k.inner, out);
    ct_wipe(&k, sizeof k);
}

/* RFC 5869 2.2: no salt is a salt of zeros, which is what an empty HMAC key is. */
void hkdf_extract(enum hash_alg alg, hf_view salt, hf_view ikm, uint8_t *prk)
{
    hmac(alg, salt, ikm, prk);
}

/* RFC 5869 2.3: T(i) = HMAC(prk, T(i-1) | info | i). */
void hkdf_expand(enum hash_alg alg, hf_view prk, hf_view info, uint8_t *out, size_t n)
{
    struct hmac_key k;
    uint8_t         t[HASH_MAX];
    size_t          len = hash_len(alg);
    assert(n <= 255 * len); /* the callers' lengths are constants of the protocol */
    hmac_prepare(&k, alg, prk);
    for (uint8_t i = 1; n; i++) {
        struct hash inner = k.inner;
        size_t      part  = n < len ? n : len;
        if (i > 1)
            hash_update(&inner, t, len);
        hash_update(&inner, info.p, info.n);
        hash_update(&inner, &i, 1);
        hmac_finish(&k, &inner, t);
        ct_wipe(&inner, sizeof inner);
        memcpy(out, t, part);
        out += part;
        n -= part;
    }
    ct_wipe(t, sizeof t);
    ct_wipe(&k, sizeof k);
}
