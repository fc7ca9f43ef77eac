/* SPDX-License-Identifier: Apache-2.0
 *
 * kx_x25519.c - X25519 (RFC 7748), through libcrypto's key objects, which are the only public way.
 *
 * What can be used again is: the context that imports numbers, and the object that holds the peer's key
 * (its number is replaced in place). That leaves two objects to make per pair.
 */
#include "crypto/inside.h"

#include <openssl/core_names.h>

#include "base/ct.h"

struct scratch {
    EVP_PKEY_CTX *import;
    EVP_PKEY     *peer;
};
static struct pool pool;

static void drop(struct scratch *s)
{
    if (!s)
        return;
    EVP_PKEY_CTX_free(s->import);
    EVP_PKEY_free(s->peer);
    own_free(s);
}

static struct scratch *take(void)
{
    struct scratch *s = pool_take(&pool);
    if (s)
        return s;
    static const uint8_t some[X25519_LEN] = {9};
    s                                     = own_alloc(sizeof *s);
    if (!s)
        return NULL;
    s->import = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
    s->peer   = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, some, sizeof some);
    if (s->import && s->peer && EVP_PKEY_fromdata_init(s->import) == 1)
        return s;
    drop(s);
    return NULL;
}

static void give(struct scratch *s)
{
    if (s && !pool_give(&pool, s))
        drop(s);
}

EVP_PKEY *x25519_make(const struct rnd *rnd, uint8_t *share)
{
    struct scratch *s = take();
    if (!s)
        return NULL;
    uint8_t priv[X25519_LEN];
    rnd->fill(rnd->ctx, priv, sizeof priv);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, priv, sizeof priv),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY  *x        = NULL;
    size_t     n        = X25519_LEN;
    if (EVP_PKEY_fromdata(s->import, &x, EVP_PKEY_KEYPAIR, params) != 1 ||
        EVP_PKEY_get_raw_public_key(x, share, &n) != 1 || n != X25519_LEN) {
        EVP_PKEY_free(x);
        x = NULL;
    }
    ct_wipe(priv, sizeof priv);
    give(s);
    return x;
}

/* RFC 9846 7.4.2: an all-zero result is an error. libcrypto says so itself; it is looked at again because a
 * secret that the peer chose would be no failure one could see. */
bool x25519_derive(EVP_PKEY *own, const uint8_t *peer, uint8_t *secret)
{
    static const uint8_t zeros[X25519_LEN];
    struct scratch      *s   = take();
    EVP_PKEY_CTX        *ctx = s ? EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL) : NULL;
    size_t               n   = X25519_LEN;
    bool                 ok  = ctx && EVP_PKEY_set1_encoded_public_key(s->peer, peer, X25519_LEN) == 1 &&
              EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, s->peer, 0) == 1 &&
              EVP_PKEY_derive(ctx, secret, &n) == 1 && n == X25519_LEN && !ct_equal(secret, zeros, n);
    EVP_PKEY_CTX_free(ctx);
    give(s);
    return ok;
}
