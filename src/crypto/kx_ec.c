/* SPDX-License-Identifier: Apache-2.0
 *
 * kx_ec.c - ECDH on the NIST curves (SP 800-56A 5.7.1.2; RFC 9846 4.3.8.2, 7.4.2), on bare points.
 *
 * Invariants:
 *   1. A scalar is uniform in [1, n-1]: drawn by rejection, never reduced.
 *   2. A peer's point is uncompressed, has coordinates below p and lies on the curve (libcrypto's
 *      EC_POINT_oct2point looks); the cofactor of these curves is 1, so that suffices.
 *   3. Scalars and shared points are cleared when they are freed, also those in libcrypto's temporaries:
 *      its own BN_CTX is made and cleared in each call.
 */
#include "crypto/inside.h"

#include <string.h>

#include "base/ct.h"

/* A draw is out of range once in 2^32 times at most; so many in a row mean that the source is broken. */
enum { DRAWS_MAX = 16 };

static bool draw(enum curve c, const struct rnd *rnd, uint8_t *priv, BIGNUM *k)
{
    size_t        n     = curve_info[c].bytes;
    const BIGNUM *order = EC_GROUP_get0_order(fetched.group[c]);
    for (int i = 0; i < DRAWS_MAX; i++) {
        rnd->fill(rnd->ctx, priv, n);
        priv[0] &= (uint8_t)(0xff >> (8 * n - (size_t)curve_info[c].bits));
        if (!BN_bin2bn(priv, (int)n, k))
            return false;
        if (!BN_is_zero(k) && BN_cmp(k, order) < 0)
            return true;
    }
    return false;
}

bool ecdh_make(enum curve c, const struct rnd *rnd, uint8_t *priv, uint8_t *point)
{
    size_t          len = curve_point_len(c);
    const EC_GROUP *g   = fetched.group[c];
    BIGNUM         *k   = BN_new();
    EC_POINT       *p   = EC_POINT_new(g);
    bool            ok  = false;
    if (!k || !p)
        goto out;
    BN_set_flags(k, BN_FLG_CONSTTIME);
    ok = draw(c, rnd, priv, k) && EC_POINT_mul(g, p, k, NULL, NULL, NULL) == 1 &&
         EC_POINT_point2oct(g, p, POINT_CONVERSION_UNCOMPRESSED, point, len, NULL) == len;
out:
    BN_clear_free(k);
    EC_POINT_free(p);
    return ok;
}

static bool multiply(enum curve c, const BIGNUM *k, hf_view peer, EC_POINT *p, EC_POINT *s, BIGNUM *x, uint8_t *secret)
{
    const EC_GROUP *g = fetched.group[c];
    int             n = (int)curve_info[c].bytes;
    return EC_POINT_oct2point(g, p, peer.p, peer.n, NULL) == 1 && EC_POINT_mul(g, s, NULL, p, k, NULL) == 1 &&
           !EC_POINT_is_at_infinity(g, s) && EC_POINT_get_affine_coordinates(g, s, x, NULL, NULL) == 1 &&
           BN_bn2binpad(x, secret, n) == n;
}

bool ecdh_derive(enum curve c, const uint8_t *priv, hf_view peer, uint8_t *secret)
{
    const EC_GROUP *g = fetched.group[c];
    if (peer.n != curve_point_len(c) || peer.p[0] != POINT_CONVERSION_UNCOMPRESSED)
        return false;
    BIGNUM   *k = BN_bin2bn(priv, (int)curve_info[c].bytes, NULL), *x = BN_new();
    EC_POINT *p = EC_POINT_new(g), *s = EC_POINT_new(g);
    bool      ok = false;
    if (k && x && p && s) {
        BN_set_flags(k, BN_FLG_CONSTTIME);
        ok = multiply(c, k, peer, p, s, x, secret);
    }
    BN_clear_free(k);
    BN_clear_free(x);
    EC_POINT_free(p);
    EC_POINT_clear_free(s);
    return ok;
}
