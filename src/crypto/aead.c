/* SPDX-License-Identifier: Apache-2.0
 *
 * aead.c - record protection (RFC 5116, RFC 8439). A context is keyed once per direction; a record sets the
 * nonce and nothing else.
 *
 * libcrypto's context is more than a kilobyte, and an idle connection holds two. aead_rest gives it back and
 * keeps the key; the next record makes a context again, for a quarter of a microsecond.
 */
#include "crypto/inside.h"

#include <limits.h>
#include <string.h>

#include "base/ct.h"

struct aead {
    EVP_CIPHER_CTX *ctx; /* NULL: resting */
    uint8_t         alg; /* enum aead_alg */
    bool            sealing;
    uint8_t         key[AEAD_KEY_MAX];
};

size_t aead_key_len(enum aead_alg alg)
{
    return alg == AEAD_AES_128_GCM ? 16 : 32;
}

static bool wake(struct aead *a)
{
    if (a->ctx)
        return true;
    a->ctx = EVP_CIPHER_CTX_new();
    if (a->ctx && EVP_CipherInit_ex(a->ctx, fetched.aead[a->alg], NULL, a->key, NULL, a->sealing) == 1)
        return true;
    aead_rest(a);
    return false;
}

void aead_rest(struct aead *a)
{
    if (!a)
        return;
    EVP_CIPHER_CTX_free(a->ctx);
    a->ctx = NULL;
}

struct aead *aead_new(enum aead_alg alg, const uint8_t *key, bool sealing)
{
    struct aead *a = own_alloc(sizeof *a);
    if (!a)
        return NULL;
    a->alg     = (uint8_t)alg;
    a->sealing = sealing;
    memcpy(a->key, key, aead_key_len(alg));
    if (wake(a))
        return a;
    aead_free(a);
    return NULL;
}

void aead_free(struct aead *a)
{
    aead_rest(a);
    own_free(a);
}

/* Nonce and associated data; then the text, in one piece. */
static bool run(struct aead *a, const uint8_t *nonce, hf_view ad, const uint8_t *in, size_t n, uint8_t *out)
{
    int done;
    if (n > INT_MAX || ad.n > INT_MAX || !wake(a))
        return false;
    return EVP_CipherInit_ex(a->ctx, NULL, NULL, NULL, nonce, -1) == 1 &&
           (!ad.n || EVP_CipherUpdate(a->ctx, NULL, &done, ad.p, (int)ad.n) == 1) &&
           (!n || EVP_CipherUpdate(a->ctx, out, &done, in, (int)n) == 1);
}

bool aead_seal(struct aead *a, const uint8_t nonce[AEAD_NONCE], hf_view ad, hf_view in, uint8_t *out)
{
    int done;
    return run(a, nonce, ad, in.p, in.n, out) && EVP_CipherFinal_ex(a->ctx, out + in.n, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, out + in.n) == 1;
}

bool aead_open(struct aead *a, const uint8_t nonce[AEAD_NONCE], hf_view ad, hf_view in, uint8_t *out)
{
    int     done;
    uint8_t tag[AEAD_TAG], none[1];
    if (in.n < AEAD_TAG)
        return false;
    size_t n = in.n - AEAD_TAG;
    memcpy(tag, in.p + n, AEAD_TAG);
    quiet_begin();
    bool ok = run(a, nonce, ad, in.p, n, out) &&
              EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, tag) == 1 &&
              EVP_CipherFinal_ex(a->ctx, none, &done) == 1;
    if (!ok)
        ct_wipe(out, n);
    return quiet_end(ok);
}
