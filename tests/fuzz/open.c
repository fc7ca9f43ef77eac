/* SPDX-License-Identifier: Apache-2.0
 *
 * open.c - no cryptography: what the linker puts in place of the primitives in the fuzz programs of this folder,
 * so that a fuzzer, which can neither sign nor encrypt, gets past the first key and past Finished.
 *
 *   records        the text as it is, and a tag of zeros that nobody looks at
 *   key exchange   any share of the right length gives the same secret
 *   signatures     every one of at least SIGNATURE_MIN bytes is right, where key and scheme fit each other
 *   MACs           Finished and all that the PRF of TLS 1.2 makes are zeros; they are compared as ever
 *
 * Nothing in src/ knows of it. The linker's --wrap, written down in tests/fuzz/meson.build alone, replaces the
 * references to these functions in the programs that are linked there; the library itself has no second form.
 */
#include "crypto/inside.h"
#include "tls/keys12.h"
#include "tls/keys13.h"

#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_MIN = 8, OUR_SIGNATURE = 64 };

bool             __wrap_aead_seal(struct aead *a, const uint8_t *nonce, hf_view ad, hf_view in, uint8_t *out);
bool             __wrap_aead_open(struct aead *a, const uint8_t *nonce, hf_view ad, hf_view in, uint8_t *out);
enum sig_verdict __wrap_sig_judge(const struct sig_how *how, const struct pubkey *k, hf_view tbs, hf_view sig);
bool             __wrap_key_sign(struct key *k, const struct sig_how *how, hf_view tbs, uint8_t *sig, size_t *n);
void             __wrap_finished_mac(enum hash_alg alg, const struct secret *traffic, const uint8_t *th, uint8_t *out);
void __wrap_prf12(enum hash_alg alg, hf_view secret, const char *label, hf_view a, hf_view b, uint8_t *out, size_t n);
struct kx *__wrap_kx_new(uint16_t group, const struct rnd *rnd);
hf_view    __wrap_kx_share(const struct kx *k);
void       __wrap_kx_free(struct kx *k);
bool       __wrap_kx_derive(struct kx *k, hf_view peer, uint8_t *secret, size_t *n);
bool       __wrap_kx_respond(uint16_t group, hf_view peer, const struct rnd *rnd, uint8_t *share, size_t *share_n,
                             uint8_t *secret, size_t *n);

/* ---- records, signatures, MACs ------------------------------------------------------------------------- */

bool __wrap_aead_seal(struct aead *a, const uint8_t *nonce, hf_view ad, hf_view in, uint8_t *out)
{
    if (in.n)
        memmove(out, in.p, in.n);
    memset(out + in.n, 0, AEAD_TAG);
    return true;
}

bool __wrap_aead_open(struct aead *a, const uint8_t *nonce, hf_view ad, hf_view in, uint8_t *out)
{
    if (in.n < AEAD_TAG)
        return false;
    memmove(out, in.p, in.n - AEAD_TAG);
    return true;
}

enum sig_verdict __wrap_sig_judge(const struct sig_how *how, const struct pubkey *k, hf_view tbs, hf_view sig)
{
    return sig_fits(how, k) && sig.n >= SIGNATURE_MIN ? SIG_RIGHT : SIG_WRONG;
}

bool __wrap_key_sign(struct key *k, const struct sig_how *how, hf_view tbs, uint8_t *sig, size_t *n)
{
    memset(sig, 0x5a, OUR_SIGNATURE);
    *n = OUR_SIGNATURE;
    return true;
}

void __wrap_finished_mac(enum hash_alg alg, const struct secret *traffic, const uint8_t *th, uint8_t *out)
{
    memset(out, 0, hash_len(alg));
}

void __wrap_prf12(enum hash_alg alg, hf_view secret, const char *label, hf_view a, hf_view b, uint8_t *out, size_t n)
{
    memset(out, 0, n);
}

/* ---- key exchange -------------------------------------------------------------------------------------- */

struct kx {
    uint16_t group;
    size_t   n;
    uint8_t  share[KX_SHARE_MAX];
};

static size_t share_len(uint16_t group, bool responder)
{
    switch (group) {
    case KX_P256:
        return 65;
    case KX_P384:
        return 97;
    case KX_P521:
        return 133;
    case KX_X25519MLKEM768:
        return (responder ? MLKEM_CT_LEN : MLKEM_EK_LEN) + X25519_LEN;
    default:
        return X25519_LEN;
    }
}

static size_t make_share(uint16_t group, bool responder, uint8_t *share)
{
    size_t n = share_len(group, responder);
    memset(share, 0x6b, n);
    return n;
}

static bool secret_of(bool fits, uint8_t *secret, size_t *n)
{
    memset(secret, 0x7c, 32);
    *n = 32;
    return fits;
}

struct kx *__wrap_kx_new(uint16_t group, const struct rnd *rnd)
{
    struct kx *k = kx_known(group) ? own_alloc(sizeof *k) : NULL;
    if (k) {
        k->group = group;
        k->n     = make_share(group, false, k->share);
    }
    return k;
}

hf_view __wrap_kx_share(const struct kx *k)
{
    return (hf_view){k->share, k->n};
}

void __wrap_kx_free(struct kx *k)
{
    own_free(k);
}

bool __wrap_kx_derive(struct kx *k, hf_view peer, uint8_t *secret, size_t *n)
{
    return secret_of(peer.n == share_len(k->group, true), secret, n);
}

bool __wrap_kx_respond(uint16_t group, hf_view peer, const struct rnd *rnd, uint8_t *share, size_t *share_n,
                       uint8_t *secret, size_t *n)
{
    *share_n = make_share(group, true, share);
    return secret_of(kx_known(group) && peer.n == share_len(group, false), secret, n);
}
