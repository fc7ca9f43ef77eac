/* SPDX-License-Identifier: Apache-2.0
 *
 * kx_mlkem.c - ML-KEM-768 (FIPS 203), where libcrypto has it (OpenSSL 3.5). Called only when
 * fetched.mlkem says so. The names of parameters are OpenSSL 3.5's, written out because older headers
 * lack them. An encapsulation key with coefficients out of range is refused at its import (FIPS 203 7.2).
 */
#include "crypto/inside.h"

#include <openssl/core_names.h>

#include "base/ct.h"

static const char name[] = "ML-KEM-768";

enum { SEED_LEN = 64, IKME_LEN = 32 };

EVP_PKEY *mlkem_make(const struct rnd *rnd, uint8_t *ek)
{
    uint8_t       seed[SEED_LEN];
    EVP_PKEY     *pkey     = NULL;
    EVP_PKEY_CTX *ctx      = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    size_t        n        = MLKEM_EK_LEN;
    OSSL_PARAM    params[] = {OSSL_PARAM_construct_octet_string("seed", seed, sizeof seed), OSSL_PARAM_construct_end()};
    rnd->fill(rnd->ctx, seed, sizeof seed);
    if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
        EVP_PKEY_generate(ctx, &pkey) != 1 || EVP_PKEY_get_raw_public_key(pkey, ek, &n) != 1 || n != MLKEM_EK_LEN) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    ct_wipe(seed, sizeof seed);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

bool mlkem_open(EVP_PKEY *own, const uint8_t *ct, uint8_t *secret)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    size_t        n   = MLKEM_SS_LEN;
    bool          ok  = ctx && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
              EVP_PKEY_decapsulate(ctx, secret, &n, ct, MLKEM_CT_LEN) == 1 && n == MLKEM_SS_LEN;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

bool mlkem_seal(const uint8_t *ek, const struct rnd *rnd, uint8_t *ct, uint8_t *secret)
{
    uint8_t    ikme[IKME_LEN];
    size_t     ct_n = MLKEM_CT_LEN, n = MLKEM_SS_LEN;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string("ikme", ikme, sizeof ikme), OSSL_PARAM_construct_end()};
    rnd->fill(rnd->ctx, ikme, sizeof ikme);
    EVP_PKEY     *peer = EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, ek, MLKEM_EK_LEN);
    EVP_PKEY_CTX *ctx  = peer ? EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL) : NULL;
    bool          ok   = ctx && EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
              EVP_PKEY_encapsulate(ctx, ct, &ct_n, secret, &n) == 1 && ct_n == MLKEM_CT_LEN && n == MLKEM_SS_LEN;
    ct_wipe(ikme, sizeof ikme);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    return ok;
}
