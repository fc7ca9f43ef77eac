/* SPDX-License-Identifier: Apache-2.0
 *
 * p12.c - PKCS#12 bundles (RFC 7292): a key and its chain in one file.
 *
 * Invariants:
 *   1. The MAC decides about the passphrase: when it agrees and the contents still cannot be opened, the
 *      passphrase is right and the algorithms are not to be had (RC2-40, which most old bundles use).
 *      Without a MAC the contents must tell.
 *   2. Bundles without a passphrase exist in two forms (no password, and an empty one); both are tried
 *      before anybody is asked.
 *   3. Certificates come out as a chain: the leaf is the one of the key, each next one is named as the
 *      issuer of the one before; what is left over follows. Bundles keep no order.
 */
#include "crypto/key_inside.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/ct.h"

struct bundle {
    PKCS12   *p12;
    EVP_PKEY *pkey;
    X509     *leaf;
    STACK_OF(X509) * rest;
};

/* SEQUENCE { INTEGER 3, SEQUENCE ...: nothing else that one may be given begins so. */
bool p12_looks_like(hf_view v)
{
    static const uint8_t version3[] = {0x02, 0x01, 0x03, 0x30};
    if (v.n < 2 || v.p[0] != 0x30)
        return false;
    size_t head = 2 + (v.p[1] > 0x80 ? v.p[1] & 0x7fu : 0);
    return v.n >= head + sizeof version3 && !memcmp(v.p + head, version3, sizeof version3);
}

static bool mac_offered(const PKCS12 *p12)
{
    const X509_ALGOR  *alg = NULL;
    const ASN1_OBJECT *oid = NULL;
    PKCS12_get0_mac(NULL, &alg, NULL, NULL, p12);
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    int nid = OBJ_obj2nid(oid);
    if (nid == NID_pbmac1)
        return OpenSSL_version_num() >= 0x30400000L;
    return EVP_get_digestbynid(nid) != NULL;
}

static bool mac_agrees(PKCS12 *p12, const char *pass, int n)
{
    return PKCS12_mac_present(p12) && PKCS12_verify_mac(p12, pass, n) == 1;
}

static bool parse(struct bundle *b, const char *pass)
{
    return PKCS12_parse(b->p12, pass, &b->pkey, &b->leaf, &b->rest) == 1;
}

/* Finds the passphrase that the MAC agrees with. *given: NULL when it wants none at all, else pass. */
static bool unlock(struct source *s, PKCS12 *p12, char pass[PASS_MAX], const char **given)
{
    pass[0] = 0;
    *given  = mac_agrees(p12, NULL, 0) ? NULL : pass;
    if (!*given || mac_agrees(p12, "", 0))
        return true;
    return source_passphrase(s, pass) && (mac_agrees(p12, pass, -1) || source_not_opened(s, mac_offered(p12)) != NULL);
}

static bool open_with_mac(struct source *s, struct bundle *b, char pass[PASS_MAX])
{
    const char *given = NULL;
    return unlock(s, b->p12, pass, &given) && (parse(b, given) || fail_text(s->rep, P12_LEGACY, 0, 0, 0, s->called));
}

/* OpenSSL 3.0 parses no bundle without a MAC, so this one gets one, by the passphrase that is to be tried. */
static bool parse_without_mac(struct bundle *b, const char *pass)
{
    return PKCS12_set_mac(b->p12, pass, -1, NULL, 0, 1, EVP_sha256()) == 1 && parse(b, pass);
}

/* Then the contents themselves must say whether the passphrase is right. */
static bool open_without_mac(struct source *s, struct bundle *b, char pass[PASS_MAX])
{
    return parse_without_mac(b, NULL) ||
           (source_passphrase(s, pass) && (parse_without_mac(b, pass) || source_not_opened(s, true) != NULL));
}

static bool open_bundle(struct source *s, struct bundle *b)
{
    char                 pass[PASS_MAX];
    const unsigned char *p = s->bytes.p;
    if (s->bytes.n <= INT_MAX)
        b->p12 = d2i_PKCS12(NULL, &p, (long)s->bytes.n);
    if (!b->p12)
        return fail_text(s->rep, P12_BROKEN, 0, 0, 0, s->called);
    bool ok = PKCS12_mac_present(b->p12) ? open_with_mac(s, b, pass) : open_without_mac(s, b, pass);
    ct_wipe(pass, sizeof pass);
    return ok;
}

static void close_bundle(struct bundle *b)
{
    X509_free(b->leaf);
    sk_X509_pop_free(b->rest, X509_free);
    EVP_PKEY_free(b->pkey);
    PKCS12_free(b->p12);
}

/* Takes the next certificate out of the rest: the issuer of `after`, or the first one left. */
static X509 *next_cert(struct bundle *b, const X509 *after)
{
    for (int i = 0; after && i < sk_X509_num(b->rest); i++)
        if (!X509_NAME_cmp(X509_get_issuer_name(after), X509_get_subject_name(sk_X509_value(b->rest, i))))
            return sk_X509_delete(b->rest, i);
    return sk_X509_shift(b->rest);
}

static bool append(X509 *cert, uint8_t **certs, size_t *n, struct mem *m)
{
    unsigned char *der  = NULL;
    int            len  = i2d_X509(cert, &der);
    uint8_t       *more = len > 0 ? mem_realloc(m, *certs, *n + (size_t)len) : NULL;
    if (more) {
        memcpy(more + *n, der, (size_t)len);
        *certs = more;
        *n += (size_t)len;
    }
    OPENSSL_free(der);
    return more != NULL;
}

static bool take_certs(struct bundle *b, uint8_t **certs, size_t *n, struct mem *m)
{
    bool  ok   = true;
    X509 *last = b->leaf;
    if (last)
        ok = append(last, certs, n, m);
    b->leaf = NULL;
    while (ok && sk_X509_num(b->rest) > 0) {
        X509 *next = next_cert(b, last);
        X509_free(last);
        last = next;
        ok   = append(last, certs, n, m);
    }
    X509_free(last);
    return ok;
}

bool p12_load(hf_view bytes, const char *called, hf_passphrase ask, void *ctx, struct key **key, uint8_t **certs,
              size_t *certs_n, struct mem *m, struct report *rep)
{
    struct source s = {bytes, called, ask, ctx, rep};
    struct bundle b = {0};
    *key            = NULL;
    *certs          = NULL;
    *certs_n        = 0;
    quiet_begin();
    bool ok = open_bundle(&s, &b);
    if (ok && !take_certs(&b, certs, certs_n, m))
        ok = no_memory(rep, *certs_n);
    if (ok && b.pkey) {
        *key   = key_of(b.pkey, &s);
        b.pkey = NULL;
        ok     = *key != NULL;
    }
    if (!ok) {
        mem_free(m, *certs);
        *certs   = NULL;
        *certs_n = 0;
    }
    close_bundle(&b);
    return quiet_end(ok);
}
