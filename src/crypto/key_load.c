/* SPDX-License-Identifier: Apache-2.0
 *
 * key_load.c - private keys from files: PKCS#8 (RFC 5958), encrypted PKCS#8, SEC1 (RFC 5915), PKCS#1 (RFC 8017
 * A.1.2), in DER or PEM; old encrypted PEM (RFC 1421) too.
 *
 * Invariants:
 *   1. In a PEM file the first private key counts; what else is in it (a chain, parameters) is skipped.
 *   2. Whether an algorithm is offered is asked of libcrypto by name before the passphrase is blamed, never
 *      guessed from its errors.
 *   3. Passphrases and decrypted keys are wiped.
 */
#include "crypto/key_inside.h"

#include <limits.h>
#include <openssl/asn1t.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/ct.h"
#include "base/pem.h"

/* ---- passphrases ---- */

bool source_passphrase(struct source *s, char pass[PASS_MAX])
{
    bool given         = s->ask && s->ask(s->ctx, s->called, pass, PASS_MAX);
    pass[PASS_MAX - 1] = 0;
    return given || fail_text(s->rep, KEY_ENCRYPTED, 0, 0, 0, s->called);
}

void *source_not_opened(struct source *s, bool offered)
{
    if (offered)
        fail_text(s->rep, KEY_PASSPHRASE_WRONG, 0, 0, 0, s->called);
    else
        fail_text(s->rep, KEY_CIPHER_UNKNOWN, 0, 0, 0, s->called);
    return NULL;
}

static bool cipher_offered(int nid)
{
    const char *name = OBJ_nid2sn(nid);
    EVP_CIPHER *c    = name ? EVP_CIPHER_fetch(NULL, name, NULL) : NULL;
    EVP_CIPHER_free(c);
    return c != NULL;
}

/* Password-based encryption, PBES2 (RFC 8018 6.2) or the older schemes with a fixed cipher each. */
static bool pbe_offered(const X509_ALGOR *alg)
{
    const ASN1_OBJECT *scheme;
    const void        *param;
    int                type, cipher;
    X509_ALGOR_get0(&scheme, &type, &param, alg);
    if (OBJ_obj2nid(scheme) != NID_pbes2)
        return EVP_PBE_find(EVP_PBE_TYPE_OUTER, OBJ_obj2nid(scheme), &cipher, NULL, NULL) && cipher_offered(cipher);
    PBE2PARAM *pbes2 =
        type == V_ASN1_SEQUENCE ? ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), alg->parameter) : NULL;
    bool ok = pbes2 && cipher_offered(OBJ_obj2nid(pbes2->encryption->algorithm));
    PBE2PARAM_free(pbes2);
    return ok;
}

/* ---- DER ---- */

/* A PKCS#8 key that libcrypto cannot make an object of: its algorithm may be the reason. */
static EVP_PKEY *not_made(struct source *s, const PKCS8_PRIV_KEY_INFO *info)
{
    static const int   known[] = {NID_rsaEncryption, NID_rsassaPss, NID_X9_62_id_ecPublicKey, NID_ED25519, NID_ED448};
    const ASN1_OBJECT *oid     = NULL;
    char               name[80];
    PKCS8_pkey_get0(&oid, NULL, NULL, NULL, info);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (OBJ_obj2nid(oid) == known[i])
            return what_fail(s, IS_KEY);
    OBJ_obj2txt(name, sizeof name, oid, 0);
    key_algorithm_unknown(s, name);
    return NULL;
}

static EVP_PKEY *from_info(struct source *s, PKCS8_PRIV_KEY_INFO *take)
{
    EVP_PKEY *pkey = EVP_PKCS82PKEY(take);
    if (!pkey)
        not_made(s, take);
    PKCS8_PRIV_KEY_INFO_free(take);
    return pkey;
}

static EVP_PKEY *from_encrypted(struct source *s, const X509_SIG *sealed)
{
    char              pass[PASS_MAX];
    const X509_ALGOR *alg;
    X509_SIG_get0(sealed, &alg, NULL);
    if (!source_passphrase(s, pass))
        return NULL;
    PKCS8_PRIV_KEY_INFO *info = PKCS8_decrypt(sealed, pass, (int)strlen(pass));
    ct_wipe(pass, sizeof pass);
    if (!info)
        return source_not_opened(s, pbe_offered(alg));
    return from_info(s, info);
}

/* A key in PKCS#1 or SEC1 form; NULL: it is neither. */
static EVP_PKEY *from_plain(hf_view der)
{
    const unsigned char *p = der.p, *q = der.p, *end = der.p + der.n;
    EVP_PKEY            *pkey = EVP_PKEY_new();
    RSA                 *rsa  = d2i_RSAPrivateKey(NULL, &p, (long)der.n);
    EC_KEY              *ec   = rsa ? NULL : d2i_ECPrivateKey(NULL, &q, (long)der.n);
    bool                 ok   = false;
    if (pkey && rsa && p == end)
        ok = EVP_PKEY_set1_RSA(pkey, rsa) == 1;
    else if (pkey && ec && q == end)
        ok = EVP_PKEY_set1_EC_KEY(pkey, ec) == 1;
    RSA_free(rsa);
    EC_KEY_free(ec);
    if (ok)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

static EVP_PKEY *from_der(struct source *s, hf_view der)
{
    const unsigned char *p = der.p, *q = der.p, *end = der.p + der.n;
    EVP_PKEY            *pkey   = NULL;
    X509_SIG            *sealed = d2i_X509_SIG(NULL, &p, (long)der.n);
    PKCS8_PRIV_KEY_INFO *info   = d2i_PKCS8_PRIV_KEY_INFO(NULL, &q, (long)der.n);
    if (sealed && p == end) {
        pkey = from_encrypted(s, sealed);
    } else if (info && q == end) {
        pkey = from_info(s, info);
        info = NULL;
    } else if (!(pkey = from_plain(der))) {
        what_fail(s, what_bytes(der));
    }
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

/* ---- PEM ---- */

static int give_passphrase(char *out, int room, int writing, void *u)
{
    int n = (int)strlen(u);
    if (n > room)
        return -1;
    memcpy(out, u, (size_t)n);
    return n;
}

/* The block says how it is encrypted in header lines, which only libcrypto reads. */
static EVP_PKEY *from_old_pem(struct source *s, hf_view block)
{
    char            pass[PASS_MAX] = "", *name = NULL, *header = NULL;
    unsigned char  *data = NULL;
    long            n    = 0;
    EVP_CIPHER_INFO cipher;
    EVP_PKEY       *pkey = NULL;
    BIO            *bio  = BIO_new_mem_buf(block.p, (int)block.n);
    if (!bio || PEM_read_bio(bio, &name, &header, &data, &n) != 1) {
        what_fail(s, IS_KEY);
        goto out;
    }
    bool known =
        PEM_get_EVP_CIPHER_INFO(header, &cipher) == 1 && cipher.cipher && cipher_offered(EVP_CIPHER_nid(cipher.cipher));
    if (!source_passphrase(s, pass))
        goto out;
    size_t room = (size_t)n;
    if (known && PEM_do_header(&cipher, data, &n, give_passphrase, pass) == 1)
        pkey = from_plain((hf_view){data, (size_t)n});
    ct_wipe(data, room);
    if (!pkey)
        source_not_opened(s, known);
out:
    ct_wipe(pass, sizeof pass);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(bio);
    return pkey;
}

static EVP_PKEY *from_block(struct source *s, const struct pem_block *b)
{
    static const char mark[] = "DEK-Info:", dsa[] = "DSA PRIVATE KEY";
    if (b->label.n == sizeof dsa - 1 && !memcmp(b->label.p, dsa, b->label.n))
        return key_algorithm_unknown(s, "DSA"), NULL;
    if (memmem(b->whole.p, b->whole.n, mark, sizeof mark - 1))
        return from_old_pem(s, b->whole);
    return from_der(s, (hf_view){b->der, b->n});
}

static EVP_PKEY *from_pem(struct source *s)
{
    struct mem       m     = {0};
    struct pem_block b     = {0};
    size_t           at    = 0;
    enum what        first = IS_NOTHING_KNOWN;
    while (pem_next(s->bytes, &at, &b, &m, s->rep)) {
        enum what what = what_label(b.label);
        EVP_PKEY *pkey = what == IS_KEY ? from_block(s, &b) : NULL;
        pem_free(&b, &m);
        if (what == IS_KEY)
            return pkey;
        if (first == IS_NOTHING_KNOWN || first == IS_PARAMETERS)
            first = what;
    }
    why_add_text(s->rep, PEM_BROKEN, s->called);
    return report_bad(s->rep) ? NULL : what_fail(s, first);
}

struct key *key_load(hf_view bytes, const char *called, hf_passphrase ask, void *ctx, struct report *rep)
{
    struct source s    = {bytes, called, ask, ctx, rep};
    EVP_PKEY     *pkey = NULL;
    quiet_begin();
    if (bytes.n > INT_MAX)
        what_fail(&s, IS_NOTHING_KNOWN);
    else
        pkey = pem_looks_like(bytes) ? from_pem(&s) : from_der(&s, bytes);
    struct key *k = pkey ? key_of(pkey, &s) : NULL;
    quiet_end(k != NULL);
    return k;
}
