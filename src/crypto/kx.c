/* SPDX-License-Identifier: Apache-2.0
 *
 * kx.c - key exchange by code point: X25519 (RFC 7748), the NIST curves (RFC 8422, RFC 9846 4.3.8.2) and
 * X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem: the ML-KEM part comes first in share and secret).
 *
 *                 initiator's share     responder's share     secret
 *   X25519        32                    32                    32
 *   P-256 ...     1 + 2n                1 + 2n                n (the x coordinate)
 *   hybrid        1184 ek + 32          1088 ct + 32          32 + 32
 *
 * Invariants:
 *   1. All private values come from the rnd given, in a fixed order, so that a handshake replays.
 *   2. A share of the wrong length is refused before anything is computed.
 */
#include "crypto/inside.h"

#include <string.h>

#include "base/ct.h"

enum { SCALAR_MAX = 66 };

struct kx {
    uint16_t  group;
    EVP_PKEY *x, *pq; /* X25519 and ML-KEM halves */
    uint8_t   scalar[SCALAR_MAX];
    size_t    share_n;
    uint8_t   share[]; /* share_len(group) bytes */
};

static bool curve_of(uint16_t group, enum curve *c)
{
    *c = group == KX_P256 ? CURVE_P256 : group == KX_P384 ? CURVE_P384 : CURVE_P521;
    return group == KX_P256 || group == KX_P384 || group == KX_P521;
}

bool kx_known(uint16_t group)
{
    enum curve c;
    return group == KX_X25519 || curve_of(group, &c) || (group == KX_X25519MLKEM768 && fetched.mlkem);
}

static size_t share_len(uint16_t group, bool responder)
{
    enum curve c;
    if (curve_of(group, &c))
        return curve_point_len(c);
    if (group == KX_X25519MLKEM768)
        return (responder ? MLKEM_CT_LEN : MLKEM_EK_LEN) + X25519_LEN;
    return X25519_LEN;
}

static bool make(struct kx *k, const struct rnd *rnd)
{
    enum curve c;
    if (curve_of(k->group, &c))
        return ecdh_make(c, rnd, k->scalar, k->share);
    uint8_t *x = k->share;
    if (k->group == KX_X25519MLKEM768) {
        x += MLKEM_EK_LEN;
        k->pq = mlkem_make(rnd, k->share);
        if (!k->pq)
            return false;
    }
    k->x = x25519_make(rnd, x);
    return k->x != NULL;
}

struct kx *kx_new(uint16_t group, const struct rnd *rnd)
{
    if (!kx_known(group))
        return NULL;
    size_t     n = share_len(group, false);
    struct kx *k = own_alloc(sizeof *k + n);
    if (!k)
        return NULL;
    k->group   = group;
    k->share_n = n;
    quiet_begin();
    if (quiet_end(make(k, rnd)))
        return k;
    kx_free(k);
    return NULL;
}

hf_view kx_share(const struct kx *k)
{
    return (hf_view){k->share, k->share_n};
}

void kx_free(struct kx *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->x);
    EVP_PKEY_free(k->pq);
    own_free(k);
}

static bool derive(struct kx *k, hf_view peer, uint8_t *secret, size_t *n)
{
    enum curve c;
    if (curve_of(k->group, &c)) {
        *n = curve_info[c].bytes;
        return ecdh_derive(c, k->scalar, peer, secret);
    }
    *n = X25519_LEN;
    if (k->group == KX_X25519)
        return x25519_derive(k->x, peer.p, secret);
    *n += MLKEM_SS_LEN;
    return mlkem_open(k->pq, peer.p, secret) && x25519_derive(k->x, peer.p + MLKEM_CT_LEN, secret + MLKEM_SS_LEN);
}

bool kx_derive(struct kx *k, hf_view peer, uint8_t secret[KX_SECRET_MAX], size_t *n)
{
    if (peer.n != share_len(k->group, true))
        return false;
    quiet_begin();
    bool ok = quiet_end(derive(k, peer, secret, n));
    if (!ok)
        ct_wipe(secret, KX_SECRET_MAX);
    return ok;
}

/* The responder's half of the hybrid: a ciphertext for the peer's key, and a fresh X25519 pair. */
static bool respond_hybrid(hf_view peer, const struct rnd *rnd, uint8_t *share, uint8_t *secret)
{
    if (!mlkem_seal(peer.p, rnd, share, secret))
        return false;
    EVP_PKEY *x  = x25519_make(rnd, share + MLKEM_CT_LEN);
    bool      ok = x && x25519_derive(x, peer.p + MLKEM_EK_LEN, secret + MLKEM_SS_LEN);
    EVP_PKEY_free(x);
    return ok;
}

static bool respond(uint16_t group, hf_view peer, const struct rnd *rnd, uint8_t *share, uint8_t *secret, size_t *n)
{
    enum curve c;
    bool       ok;
    if (curve_of(group, &c)) {
        uint8_t scalar[SCALAR_MAX];
        *n = curve_info[c].bytes;
        ok = ecdh_make(c, rnd, scalar, share) && ecdh_derive(c, scalar, peer, secret);
        ct_wipe(scalar, sizeof scalar);
        return ok;
    }
    if (group == KX_X25519MLKEM768) {
        *n = MLKEM_SS_LEN + X25519_LEN;
        return respond_hybrid(peer, rnd, share, secret);
    }
    *n          = X25519_LEN;
    EVP_PKEY *x = x25519_make(rnd, share);
    ok          = x && x25519_derive(x, peer.p, secret);
    EVP_PKEY_free(x);
    return ok;
}

bool kx_respond(uint16_t group, hf_view peer, const struct rnd *rnd, uint8_t *share, size_t *share_n,
                uint8_t secret[KX_SECRET_MAX], size_t *n)
{
    if (!kx_known(group) || peer.n != share_len(group, false))
        return false;
    *share_n = share_len(group, true);
    quiet_begin();
    bool ok = quiet_end(respond(group, peer, rnd, share, secret, n));
    if (!ok)
        ct_wipe(secret, KX_SECRET_MAX);
    return ok;
}
