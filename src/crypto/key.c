/* SPDX-License-Identifier: Apache-2.0
 *
 * key.c - a private key in memory: its public half, signing, making new ones, writing them down.
 *
 * Invariants:
 *   1. A struct key never changes after key_of: threads share it without a lock of ours.
 *   2. A key that exists can sign: key_of lets it sign once and verifies that with its public half, so a
 *      file whose halves do not belong together is found when it is loaded, not in a handshake.
 */
#include "crypto/key_inside.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/ct.h"
#include "base/text.h"

enum { E_BYTES_MAX = 32, RSA_BITS_MIN = 512, RSA_BITS_MAX = 8 * SIG_MAX };
/* PBKDF2 rounds when a key is written: what OWASP asks of HMAC-SHA256. Costs an attacker, and us 0.1 s. */
enum { PBKDF2_ROUNDS = 600000 };

struct key {
    atomic_uint   refs;
    struct pubkey pub;
    EVP_PKEY     *pkey; /* always; signs EdDSA */
    EC_KEY       *ec;   /* the low-level objects sign without the provider layer */
    RSA          *rsa;
    uint8_t       numbers[SIG_MAX + E_BYTES_MAX]; /* what pub's views show */
};

struct key *key_ref(struct key *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void key_free(struct key *k)
{
    if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) > 1)
        return;
    EC_KEY_free(k->ec);
    RSA_free(k->rsa);
    EVP_PKEY_free(k->pkey);
    own_free(k);
}

const struct pubkey *key_public(const struct key *k)
{
    return &k->pub;
}

/* ---- from libcrypto's object to ours ---- */

bool key_algorithm_unknown(struct source *s, const char *name)
{
    char text[160];
    text_add(text, sizeof text, 0, "%s: %s", s->called, name ? name : "?");
    return fail_text(s->rep, KEY_ALGORITHM, 0, 0, 0, text);
}

static bool fill_ec(struct key *k, struct source *s)
{
    k->ec = EVP_PKEY_get1_EC_KEY(k->pkey);
    if (!k->ec)
        return key_algorithm_unknown(s, "EC");
    const EC_GROUP *g   = EC_KEY_get0_group(k->ec);
    int             nid = EC_GROUP_get_curve_name(g);
    for (enum curve c = CURVE_P256; c < N_CURVES; c++) {
        if (curve_info[c].nid != nid)
            continue;
        k->pub.kind = c == CURVE_P256 ? KEY_EC_P256 : c == CURVE_P384 ? KEY_EC_P384 : KEY_EC_P521;
        k->pub.bits = (unsigned)curve_info[c].bits;
        k->pub.raw  = (hf_view){k->numbers, curve_point_len(c)};
        return EC_POINT_point2oct(g, EC_KEY_get0_public_key(k->ec), POINT_CONVERSION_UNCOMPRESSED, k->numbers,
                                  curve_point_len(c), NULL) == curve_point_len(c) ||
               no_memory(s->rep, 0);
    }
    return key_algorithm_unknown(s, nid ? OBJ_nid2sn(nid) : "EC, curve not named");
}

static enum hash_alg hash_called(const char *name)
{
    for (enum hash_alg i = HASH_SHA1; i <= HASH_SHA512; i++)
        if (EVP_MD_is_a(fetched.md[i], name))
            return i;
    return HASH_NONE;
}

static enum hash_alg pss_hash(const EVP_PKEY *pkey, const char *param)
{
    char   name[64];
    size_t n;
    return EVP_PKEY_get_utf8_string_param(pkey, param, name, sizeof name, &n) == 1 ? hash_called(name) : HASH_SHA1;
}

/* RFC 4055 3.1: parameters restrict the key; absent fields mean SHA-1 and 20. libcrypto gives at least the
 * salt length when there are parameters. */
static void fill_pss(struct key *k)
{
    int salt;
    k->pub.kind = KEY_RSA_PSS;
    if (EVP_PKEY_get_int_param(k->pkey, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &salt) != 1)
        return;
    k->pub.pss_only     = true;
    k->pub.pss_salt_min = (unsigned)salt;
    k->pub.pss_hash     = pss_hash(k->pkey, OSSL_PKEY_PARAM_RSA_DIGEST);
    k->pub.pss_mgf_hash = pss_hash(k->pkey, OSSL_PKEY_PARAM_RSA_MGF1_DIGEST);
}

static bool fill_rsa(struct key *k, struct source *s)
{
    const BIGNUM *n = NULL, *e = NULL;
    k->rsa = EVP_PKEY_get1_RSA(k->pkey);
    if (!k->rsa)
        return key_algorithm_unknown(s, "RSA");
    RSA_get0_key(k->rsa, &n, &e, NULL);
    k->pub.bits = (unsigned)BN_num_bits(n);
    if (k->pub.bits < RSA_BITS_MIN || k->pub.bits > RSA_BITS_MAX)
        return fail_text(s->rep, KEY_RSA_SIZE, 0, RSA_BITS_MAX, k->pub.bits, s->called);
    if (BN_num_bytes(e) > E_BYTES_MAX)
        return key_algorithm_unknown(s, "RSA with an exponent of more than 256 bits");
    k->pub.kind = KEY_RSA;
    k->pub.n    = (hf_view){k->numbers, (size_t)BN_bn2bin(n, k->numbers)};
    k->pub.e    = (hf_view){k->numbers + SIG_MAX, (size_t)BN_bn2bin(e, k->numbers + SIG_MAX)};
    if (EVP_PKEY_base_id(k->pkey) == EVP_PKEY_RSA_PSS)
        fill_pss(k);
    return true;
}

static bool fill_eddsa(struct key *k, enum key_kind kind, struct source *s)
{
    size_t n    = sizeof k->numbers;
    k->pub.kind = kind;
    k->pub.bits = kind == KEY_ED25519 ? 255 : 448;
    if (EVP_PKEY_get_raw_public_key(k->pkey, k->numbers, &n) != 1)
        return no_memory(s->rep, 0);
    k->pub.raw = (hf_view){k->numbers, n};
    return true;
}

static bool fill(struct key *k, struct source *s)
{
    switch (EVP_PKEY_base_id(k->pkey)) {
    case EVP_PKEY_EC:
        return fill_ec(k, s);
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return fill_rsa(k, s);
    case EVP_PKEY_ED25519:
        return fill_eddsa(k, KEY_ED25519, s);
    case EVP_PKEY_ED448:
        return fill_eddsa(k, KEY_ED448, s);
    default:
        return key_algorithm_unknown(s, EVP_PKEY_get0_type_name(k->pkey));
    }
}

/* A scheme that fits the key, for the trial. */
static struct sig_how some_how(const struct pubkey *p)
{
    switch (p->kind) {
    case KEY_RSA:
        return (struct sig_how){.kind = SIG_RSA_PKCS1, .hash = HASH_SHA256};
    case KEY_RSA_PSS:
        if (p->pss_only)
            return (struct sig_how){SIG_RSA_PSS, p->pss_hash, p->pss_mgf_hash, p->pss_salt_min};
        return (struct sig_how){SIG_RSA_PSS, HASH_SHA256, HASH_SHA256, 20};
    case KEY_ED25519:
        return (struct sig_how){.kind = SIG_ED25519};
    case KEY_ED448:
        return (struct sig_how){.kind = SIG_ED448};
    default:
        return (struct sig_how){.kind = SIG_ECDSA, .hash = HASH_SHA256};
    }
}

static bool works(struct key *k)
{
    uint8_t        sig[SIG_MAX];
    size_t         n;
    struct sig_how how = some_how(&k->pub);
    hf_view        tbs = {(const uint8_t *)"handfast", 8};
    return pubkey_valid(&k->pub) && key_sign(k, &how, tbs, sig, &n) &&
           sig_verify(&how, &k->pub, tbs, (hf_view){sig, n});
}

struct key *key_of(EVP_PKEY *take, struct source *s)
{
    struct key *k = own_alloc(sizeof *k);
    if (!k) {
        EVP_PKEY_free(take);
        no_memory(s->rep, sizeof *k);
        return NULL;
    }
    atomic_init(&k->refs, 1);
    k->pkey = take;
    if (fill(k, s) && (works(k) || fail_text(s->rep, KEY_HALVES, 0, 0, 0, s->called)))
        return k;
    key_free(k);
    return NULL;
}

/* ---- signing ---- */

static bool sign_pss(RSA *rsa, const struct sig_how *how, const uint8_t *digest, uint8_t *sig, size_t *n)
{
    uint8_t em[SIG_MAX];
    int     size = RSA_size(rsa);
    *n           = (size_t)size;
    return how->salt_len <= SIG_MAX &&
           RSA_padding_add_PKCS1_PSS_mgf1(rsa, em, digest, fetched.md[how->hash], fetched.md[how->mgf_hash],
                                          (int)how->salt_len) == 1 &&
           RSA_private_encrypt(size, em, sig, rsa, RSA_NO_PADDING) == size;
}

static bool sign_eddsa(EVP_PKEY *pkey, hf_view tbs, uint8_t *sig, size_t *n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    *n              = SIG_MAX;
    bool ok =
        ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 && EVP_DigestSign(ctx, sig, n, tbs.p, tbs.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static bool sign(struct key *k, const struct sig_how *how, hf_view tbs, uint8_t *sig, size_t *n)
{
    uint8_t  digest[HASH_MAX];
    unsigned len = SIG_MAX;
    bool     ok;
    if (how->kind == SIG_ED25519 || how->kind == SIG_ED448)
        return sign_eddsa(k->pkey, tbs, sig, n);
    hash_once(how->hash, tbs, digest);
    if (how->kind == SIG_RSA_PSS)
        return sign_pss(k->rsa, how, digest, sig, n);
    if (how->kind == SIG_RSA_PKCS1)
        ok = RSA_sign(hash_nid(how->hash), digest, (unsigned)hash_len(how->hash), sig, &len, k->rsa) == 1;
    else
        ok = ECDSA_sign(0, digest, (int)hash_len(how->hash), sig, &len, k->ec) == 1;
    *n = len;
    return ok;
}

bool key_sign(struct key *k, const struct sig_how *how, hf_view tbs, uint8_t *sig, size_t *n)
{
    *n = 0;
    if (!sig_fits(how, &k->pub))
        return false;
    quiet_begin();
    return quiet_end(sign(k, how, tbs, sig, n));
}

/* ---- making and writing ---- */

static EVP_PKEY *generate(enum key_kind kind, unsigned bits)
{
    enum curve    c;
    bool          ec   = curve_of_key(kind, &c);
    EVP_PKEY     *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(ec ? EVP_PKEY_EC : kind == KEY_RSA ? EVP_PKEY_RSA : EVP_PKEY_ED25519, NULL);
    bool          ok  = ctx && EVP_PKEY_keygen_init(ctx) == 1;
    if (ok && ec)
        ok = EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, curve_info[c].nid) == 1;
    else if (ok && kind == KEY_RSA)
        ok = EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1;
    if (ok && EVP_PKEY_keygen(ctx, &pkey) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

struct key *key_generate(enum key_kind kind, unsigned bits)
{
    enum curve    c;
    struct report rep;
    struct source s = {.called = "new key", .rep = &rep};
    if (kind == KEY_RSA ? bits < 2048 || bits > RSA_BITS_MAX : !curve_of_key(kind, &c) && kind != KEY_ED25519)
        return NULL;
    report_init(&rep);
    quiet_begin();
    EVP_PKEY   *pkey = generate(kind, bits);
    struct key *k    = pkey ? key_of(pkey, &s) : NULL;
    quiet_end(k != NULL);
    return k;
}

static bool write_pem(BIO *bio, const EVP_PKEY *pkey, const char *pass)
{
    PKCS8_PRIV_KEY_INFO *info   = EVP_PKEY2PKCS8(pkey);
    X509_SIG            *sealed = NULL;
    bool                 ok     = false;
    if (info && pass) {
        sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), pass, (int)strlen(pass), NULL, 0, PBKDF2_ROUNDS, info);
        ok     = sealed && PEM_write_bio_PKCS8(bio, sealed) == 1;
    } else if (info) {
        ok = PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1;
    }
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return ok;
}

char *key_to_pem(const struct key *k, const char *pass, struct mem *m, size_t *n)
{
    char *text = NULL, *pem;
    quiet_begin();
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio && write_pem(bio, k->pkey, pass)) {
        *n   = (size_t)BIO_get_mem_data(bio, &pem);
        text = mem_alloc(m, *n + 1);
        if (text)
            memcpy(text, pem, *n);
    }
    BIO_free(bio); /* clears what it held */
    quiet_end(text != NULL);
    return text;
}

uint8_t *key_spki(const struct key *k, struct mem *m, size_t *n)
{
    uint8_t *copy = NULL;
    quiet_begin();
    unsigned char *der = NULL;
    int            len = i2d_PUBKEY(k->pkey, &der);
    if (len > 0) {
        *n   = (size_t)len;
        copy = mem_copy(m, der, *n);
    }
    OPENSSL_free(der);
    quiet_end(copy != NULL);
    return copy;
}
