/* SPDX-License-Identifier: Apache-2.0
 *
 * crypto.h - the primitives, and the whole of what the floors above know of libcrypto: nothing.
 * Only files in src/crypto include libcrypto's headers.
 *
 * Invariants:
 *   1. Everything that libcrypto looks up by name is looked up once, in crypto_init.
 *   2. Nothing here parses a certificate: public keys come in as the numbers that src/x509 has already
 *      cut out of the SubjectPublicKeyInfo.
 *   3. Randomness comes from a struct rnd given by the caller, so that a handshake can be replayed.
 *      (Signing is the exception: libcrypto draws ECDSA nonces and PSS salts itself.)
 *   4. No function here knows checks: it returns false or NULL, the caller knows which check that is.
 *      key.c, which reads people's files, is the exception.
 */
#ifndef HF_CRYPTO_CRYPTO_H
#define HF_CRYPTO_CRYPTO_H
#include "base/mem.h"
#include "base/why.h"

/* Comes before all else here. Thread-safe, idempotent; false: this libcrypto lacks something that handfast cannot
 * do without. */
bool crypto_init(void);
/* Neither we nor libcrypto get any: what libcrypto has just refused may have been refused for that. */
bool        memory_is_out(void);
const char *crypto_version(void); /* "OpenSSL 3.0.19 ..." */

/* ---- randomness --------------------------------------------------------------------------------------- */
struct rnd {
    void (*fill)(void *ctx, uint8_t *p, size_t n);
    void *ctx;
};
extern const struct rnd rnd_libcrypto; /* the default; aborts the process when no randomness is to be had */

/* ---- hash --------------------------------------------------------------------------------------------- */
enum hash_alg { HASH_NONE, HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
enum { HASH_MAX = 64 };
/* A running hash; may be copied by assignment (a transcript is forked that way). No memory to free.
 * MD5 has no running hash: it exists only to be named when it is refused. */
struct hash {
    enum hash_alg alg;
    _Alignas(8) uint8_t state[224];
};
size_t hash_len(enum hash_alg alg);
void   hash_init(struct hash *h, enum hash_alg alg); /* SHA1, SHA256, SHA384, SHA512 */
void   hash_update(struct hash *h, const void *p, size_t n);
void   hash_final(const struct hash *h, uint8_t *out); /* leaves h as it was */
void   hash_once(enum hash_alg alg, hf_view v, uint8_t *out);

/* ---- HMAC, HKDF (RFC 2104, RFC 5869), SHA-256 and SHA-384 --------------------------------------------- */
void hmac(enum hash_alg alg, hf_view key, hf_view data, uint8_t *out);
void hkdf_extract(enum hash_alg alg, hf_view salt, hf_view ikm, uint8_t *prk);
void hkdf_expand(enum hash_alg alg, hf_view prk, hf_view info, uint8_t *out, size_t n); /* n <= 255 * hash_len */

/* ---- AEAD --------------------------------------------------------------------------------------------- */
enum aead_alg { AEAD_AES_128_GCM, AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305 };
enum { AEAD_TAG = 16, AEAD_NONCE = 12, AEAD_KEY_MAX = 32 };
struct aead; /* one direction, one key */
size_t       aead_key_len(enum aead_alg alg);
struct aead *aead_new(enum aead_alg alg, const uint8_t *key, bool sealing);
void         aead_free(struct aead *a);
/* For a connection that falls idle: gives back all but the key (1.2 KB become 64 bytes). The next record wakes
 * it, for about 0.3 us; only then, without memory, can aead_seal fail. */
void aead_rest(struct aead *a);
/* out has in.n + AEAD_TAG bytes; out may be in.p (in place). */
bool aead_seal(struct aead *a, const uint8_t nonce[AEAD_NONCE], hf_view ad, hf_view in, uint8_t *out);
/* in ends in the tag; out has in.n - AEAD_TAG bytes and may be in.p. false: not authentic (out is wiped). */
bool aead_open(struct aead *a, const uint8_t nonce[AEAD_NONCE], hf_view ad, hf_view in, uint8_t *out);

/* ---- key exchange; code points of the TLS registry ------------------------------------------------------ */
enum kx_group { KX_P256 = 0x0017, KX_P384 = 0x0018, KX_P521 = 0x0019, KX_X25519 = 0x001d, KX_X25519MLKEM768 = 0x11ec };
enum { KX_SHARE_MAX = 1216, KX_SECRET_MAX = 66 };
bool kx_known(uint16_t group); /* this libcrypto has it */
struct kx;                     /* a key pair waiting for the peer's share */
/* The initiator's pair; NULL: no memory. share lives as long as the pair. */
struct kx *kx_new(uint16_t group, const struct rnd *rnd);
hf_view    kx_share(const struct kx *k);
void       kx_free(struct kx *k);
/* The shared secret (its length to *n); false: the share is not a valid one (length, point, all-zero result). */
bool kx_derive(struct kx *k, hf_view peer, uint8_t secret[KX_SECRET_MAX], size_t *n);
/* The responder in one step: its share (at most KX_SHARE_MAX bytes) and the secret. */
bool kx_respond(uint16_t group, hf_view peer, const struct rnd *rnd, uint8_t *share, size_t *share_n,
                uint8_t secret[KX_SECRET_MAX], size_t *n);

/* ---- public keys and signatures ------------------------------------------------------------------------ */
enum key_kind {
    KEY_NONE,
    KEY_RSA,
    KEY_RSA_PSS,
    KEY_EC_P256,
    KEY_EC_P384,
    KEY_EC_P521,
    KEY_ED25519,
    KEY_ED448,
    KEY_OTHER
};
/* The numbers of a SubjectPublicKeyInfo, borrowed. */
struct pubkey {
    enum key_kind kind;
    hf_view       raw;      /* EC: the encoded point; EdDSA: the key */
    hf_view       n, e;     /* RSA: unsigned big-endian, no leading zeros */
    unsigned      bits;     /* of the modulus or the curve */
    bool          pss_only; /* KEY_RSA_PSS with parameters: hash, mgf_hash, salt_min restrict its use */
    enum hash_alg pss_hash, pss_mgf_hash;
    unsigned      pss_salt_min;
};
enum sig_kind { SIG_NONE, SIG_RSA_PKCS1, SIG_RSA_PSS, SIG_ECDSA, SIG_ED25519, SIG_ED448, SIG_OTHER };
struct sig_how {
    enum sig_kind kind;
    enum hash_alg hash, mgf_hash;
    unsigned      salt_len; /* bytes; PSS only */
};
enum { SIG_MAX = 1024 }; /* bytes of the longest signature: RSA-8192 */
/* A valid point or modulus (RSA: 512 to 16384 bits, odd, e odd and >= 3). */
bool pubkey_valid(const struct pubkey *k);
/* Does the signature over tbs verify? Wrong also when key and scheme do not fit. Strict DER for ECDSA. */
enum sig_verdict { SIG_WRONG, SIG_RIGHT, SIG_NO_MEMORY };
enum sig_verdict   sig_judge(const struct sig_how *how, const struct pubkey *k, hf_view tbs, hf_view sig);
static inline bool sig_verify(const struct sig_how *how, const struct pubkey *k, hf_view tbs, hf_view sig)
{
    return sig_judge(how, k, tbs, sig) == SIG_RIGHT;
}

/* ---- private keys -------------------------------------------------------------------------------------- */
struct key; /* reference counted, immutable, usable from many threads */
struct key *key_ref(struct key *k);
void        key_free(struct key *k);
/* The public half; its views live as long as the key. */
const struct pubkey *key_public(const struct key *k);
/* Signs tbs; sig has SIG_MAX bytes. */
bool key_sign(struct key *k, const struct sig_how *how, hf_view tbs, uint8_t *sig, size_t *n);
/* A new key: KEY_RSA (bits 2048 to 8192), KEY_EC_P256, KEY_EC_P384, KEY_EC_P521, KEY_ED25519. */
struct key *key_generate(enum key_kind kind, unsigned bits);
/* PKCS#8 PEM, unencrypted, or encrypted (PBES2, AES-256-CBC) when pass is not NULL; owned by m; n without the NUL. */
char *key_to_pem(const struct key *k, const char *pass, struct mem *m, size_t *n);
/* DER SubjectPublicKeyInfo, owned by m. */
uint8_t *key_spki(const struct key *k, struct mem *m, size_t *n);

/* From PEM or DER: PKCS#8 (encrypted too), SEC1, PKCS#1. called: the file's name, for ask and for messages.
 * NULL: rep says why (KEY_* checks: no key in it and what it is instead, encrypted, wrong passphrase, kind). */
struct key *key_load(hf_view bytes, const char *called, hf_passphrase ask, void *ctx, struct report *rep);
/* PKCS#12: the key (NULL when there is none) and the certificates, leaf first, as one
 * run of DER certificates owned by m. */
bool p12_looks_like(hf_view bytes);
bool p12_load(hf_view bytes, const char *called, hf_passphrase ask, void *ctx, struct key **key, uint8_t **certs,
              size_t *certs_n, struct mem *m, struct report *rep);

#endif
