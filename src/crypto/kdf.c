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

static size_t block_len(enum hash_alg alg)
{
    return alg == HASH_SHA384 || alg == HASH_SHA512 ? 128 : 64;
}

/* The key as one block (RFC 2104 2). */
static void hmac_key(enum hash_alg alg, hf_view key, uint8_t block[BLOCK_MAX])
{
    memset(block, 0, BLOCK_MAX);
    if (key.n > block_len(alg))
        hash_once(alg, key, block);
    else if (key.n)
        memcpy(block, key.p, key.n);
}

static void start(struct hash *h, enum hash_alg alg, const uint8_t block[BLOCK_MAX], uint8_t with)
{
    uint8_t padded[BLOCK_MAX];
    for (size_t i = 0; i < BLOCK_MAX; i++)
        padded[i] = block[i] ^ with;
    hash_init(h, alg);
    hash_update(h, padded, block_len(alg));
    ct_wipe(padded, sizeof padded);
}

/* HMAC over the parts in a row; out may be one of them. */
static void hmac_parts(enum hash_alg alg, const uint8_t block[BLOCK_MAX], const hf_view *parts, size_t n, uint8_t *out)
{
    struct hash h;
    uint8_t     digest[HASH_MAX];
    start(&h, alg, block, 0x36);
    for (size_t i = 0; i < n; i++)
        hash_update(&h, parts[i].p, parts[i].n);
    hash_end(&h, digest);
    start(&h, alg, block, 0x5c);
    hash_update(&h, digest, hash_len(alg));
    hash_end(&h, out);
    ct_wipe(digest, sizeof digest);
}

void hmac(enum hash_alg alg, hf_view key, hf_view data, uint8_t *out)
{
    uint8_t block[BLOCK_MAX];
    hmac_key(alg, key, block);
    hmac_parts(alg, block, &data, 1, out);
    ct_wipe(block, sizeof block);
}

/* RFC 5869 2.2: no salt is a salt of zeros, which is what an empty HMAC key is. */
void hkdf_extract(enum hash_alg alg, hf_view salt, hf_view ikm, uint8_t *prk)
{
    hmac(alg, salt, ikm, prk);
}

/* RFC 5869 2.3: T(i) = HMAC(prk, T(i-1) | info | i), T(0) empty. */
void hkdf_expand(enum hash_alg alg, hf_view prk, hf_view info, uint8_t *out, size_t n)
{
    uint8_t block[BLOCK_MAX], t[HASH_MAX], i = 1;
    size_t  len      = hash_len(alg), part;
    hf_view parts[3] = {{t, 0}, info, {&i, 1}};
    assert(n <= 255 * len); /* the callers' lengths are constants of the protocol */
    hmac_key(alg, prk, block);
    for (; n; n -= part, out += part, i++) {
        part = n < len ? n : len;
        hmac_parts(alg, block, parts, 3, t);
        parts[0].n = len;
        memcpy(out, t, part);
    }
    ct_wipe(t, sizeof t);
    ct_wipe(block, sizeof block);
}
