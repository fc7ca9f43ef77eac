/* SPDX-License-Identifier: Apache-2.0
 * suite.h - cipher suites and signature schemes: what a code point stands for. */
#ifndef HF_TLS_SUITE_H
#define HF_TLS_SUITE_H
#include "crypto/crypto.h"

/* In TLS 1.2 a suite also names the kind of signature (EdDSA counts as ECDSA, RFC 8422 5.10). */
enum suite_auth { AUTH_13, AUTH_ECDSA, AUTH_RSA };
struct suite {
    uint16_t        code;
    enum aead_alg   aead;
    enum hash_alg   hash;
    enum suite_auth auth; /* AUTH_13: a suite of TLS 1.3 */
};
/* NULL: not a suite that we have. */
const struct suite *suite_of(uint16_t code);
/* The kind of TLS 1.2 suite that goes with a key. */
enum suite_auth suite_auth_of(enum key_kind key);
/* The group whose curve an ECDSA key is on; 0: it is no such key. */
uint16_t curve_of(enum key_kind key);

struct scheme {
    uint16_t       code;
    enum key_kind  key; /* the only kind of key that may sign with it */
    struct sig_how how;
    bool           in_handshake; /* may stand in CertificateVerify (RFC 9846 4.3.3: PKCS#1 may not) */
};
const struct scheme *scheme_of(uint16_t code);
/* The scheme under which a certificate with this signature was signed by a key of this kind; NULL: no scheme. */
const struct scheme *scheme_of_signature(const struct sig_how *how, enum key_kind signer);

/* May a key of this kind sign with the scheme in this version? In TLS 1.2 an ECDSA scheme does not bind the
 * curve and PKCS#1 is allowed (RFC 9846 4.3.3). */
bool scheme_fits(const struct scheme *s, enum key_kind key, uint16_t version);

/* Lists of code points as they stand on the wire: two bytes each, big-endian. */
static inline size_t codes_n(hf_view list)
{
    return list.n / 2;
}
static inline uint16_t codes_at(hf_view list, size_t i)
{
    return (uint16_t)(list.p[2 * i] << 8 | list.p[2 * i + 1]);
}
bool codes_have(hf_view list, uint16_t code);

#endif
