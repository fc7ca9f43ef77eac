/* SPDX-License-Identifier: Apache-2.0
 *
 * what.c - what is this file, if it is no private key, or no certificate? People name the wrong file, or the right
 * one of another program; "not a key" would send them searching, so the file is told by its label, its first
 * bytes, or by decoding it as each thing that it could be. Only people's own files come here.
 */
#include "crypto/key_inside.h"

#include <openssl/asn1t.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum what what_label(hf_view label)
{
    static const struct {
        const char *label;
        enum what   what;
    } known[] = {
        {"PRIVATE KEY", IS_KEY},
        {"ENCRYPTED PRIVATE KEY", IS_KEY},
        {"RSA PRIVATE KEY", IS_KEY},
        {"EC PRIVATE KEY", IS_KEY},
        {"DSA PRIVATE KEY", IS_KEY},
        {"CERTIFICATE", IS_CERTIFICATE},
        {"X509 CERTIFICATE", IS_CERTIFICATE},
        {"TRUSTED CERTIFICATE", IS_CERTIFICATE},
        {"CERTIFICATE REQUEST", IS_REQUEST},
        {"NEW CERTIFICATE REQUEST", IS_REQUEST},
        {"X509 CRL", IS_CRL},
        {"PUBLIC KEY", IS_PUBLIC_KEY},
        {"RSA PUBLIC KEY", IS_PUBLIC_KEY},
        {"PKCS7", IS_P7},
        {"CMS", IS_P7},
        {"EC PARAMETERS", IS_PARAMETERS},
        {"DH PARAMETERS", IS_PARAMETERS},
        {"OPENSSH PRIVATE KEY", IS_OPENSSH},
        {"PGP PRIVATE KEY BLOCK", IS_PGP},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].label) == label.n && !memcmp(known[i].label, label.p, label.n))
            return known[i].what;
    return IS_NOTHING_KNOWN;
}

static bool starts(hf_view v, const char *s, size_t n)
{
    return v.n >= n && !memcmp(v.p, s, n);
}

/* It decodes as one `item`, with nothing behind it. */
static bool decodes(hf_view v, const ASN1_ITEM *item)
{
    const unsigned char *p = v.p;
    ASN1_VALUE          *x = ASN1_item_d2i(NULL, &p, (long)v.n, item);
    ASN1_item_free(x, item);
    return x && p == v.p + v.n;
}

static bool is_sec1(hf_view v)
{
    const unsigned char *p  = v.p;
    EC_KEY              *ec = d2i_ECPrivateKey(NULL, &p, (long)v.n);
    EC_KEY_free(ec);
    return ec && p == v.p + v.n;
}

static enum what what_der(hf_view v)
{
    if (decodes(v, ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO)) || decodes(v, ASN1_ITEM_rptr(X509_SIG)) ||
        decodes(v, ASN1_ITEM_rptr(RSAPrivateKey)) || is_sec1(v))
        return IS_KEY;
    if (decodes(v, ASN1_ITEM_rptr(X509)))
        return IS_CERTIFICATE;
    if (decodes(v, ASN1_ITEM_rptr(X509_REQ)))
        return IS_REQUEST;
    if (decodes(v, ASN1_ITEM_rptr(X509_CRL)))
        return IS_CRL;
    if (decodes(v, ASN1_ITEM_rptr(X509_PUBKEY)) || decodes(v, ASN1_ITEM_rptr(RSAPublicKey)))
        return IS_PUBLIC_KEY;
    if (decodes(v, ASN1_ITEM_rptr(PKCS7)))
        return IS_P7;
    return IS_NOTHING_KNOWN;
}

/* The first line of a public key that ssh-keygen wrote: its kind, then base64. */
static bool is_ssh_public(hf_view v)
{
    static const char *const kinds[] = {"ssh-rsa ", "ssh-ed25519 ", "ssh-dss ", "ecdsa-sha2-", "sk-"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (starts(v, kinds[i], strlen(kinds[i])))
            return true;
    return false;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Text of another kind than PEM. DER of any size worth having begins with "MI" in base64. */
static enum what what_text(hf_view v)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (starts(v, mark, sizeof mark - 1))
        v = (hf_view){v.p + sizeof mark - 1, v.n - (sizeof mark - 1)};
    while (v.n && is_space(v.p[0]))
        v = (hf_view){v.p + 1, v.n - 1};
    if (starts(v, "<", 1))
        return IS_HTML;
    if (starts(v, "MI", 2))
        return IS_BARE_BASE64;
    return is_ssh_public(v) ? IS_PUBLIC_KEY : IS_NOTHING_KNOWN;
}

/* A definite length that runs past the end of the bytes. */
static bool cut_off(hf_view v)
{
    const unsigned char *p = v.p;
    long                 n = 0;
    int                  tag, class;
    int                  got = ASN1_get_object(&p, &n, &tag, &class, (long)v.n);
    return v.n < 4 || ((got & 0x80) && n > (long)(v.n - (size_t)(p - v.p)));
}

enum what what_bytes(hf_view v)
{
    static const char putty[] = "PuTTY-User-Key-File", jks[] = "\xfe\xed\xfe\xed", jceks[] = "\xce\xce\xce\xce";
    static const char le[] = "\xff\xfe", be[] = "\xfe\xff";
    if (!v.n)
        return IS_EMPTY;
    if (starts(v, putty, sizeof putty - 1))
        return IS_PUTTY;
    if (starts(v, jks, sizeof jks - 1) || starts(v, jceks, sizeof jceks - 1))
        return IS_JKS;
    if (starts(v, le, sizeof le - 1) || starts(v, be, sizeof be - 1))
        return IS_UTF16;
    if (v.p[0] != 0x30)
        return what_text(v);
    quiet_begin();
    enum what what = p12_looks_like(v) ? IS_P12 : cut_off(v) ? IS_CUT_OFF : what_der(v);
    quiet_end(true);
    return what;
}

void *what_fail(struct source *s, enum what what)
{
    static const enum check ids[] = {
        [IS_NOTHING_KNOWN] = KEY_NOT_FOUND,
        [IS_KEY]           = KEY_BROKEN,
        [IS_EMPTY]         = KEY_IS_EMPTY,
        [IS_CUT_OFF]       = KEY_IS_CUT_OFF,
        [IS_CERTIFICATE]   = KEY_IS_CERTIFICATE,
        [IS_REQUEST]       = KEY_IS_REQUEST,
        [IS_CRL]           = KEY_IS_CRL,
        [IS_PUBLIC_KEY]    = KEY_IS_PUBLIC,
        [IS_P12]           = KEY_IS_P12,
        [IS_P7]            = KEY_IS_P7,
        [IS_PARAMETERS]    = KEY_IS_PARAMETERS,
        [IS_OPENSSH]       = KEY_IS_OPENSSH,
        [IS_PUTTY]         = KEY_IS_PUTTY,
        [IS_PGP]           = KEY_IS_PGP,
        [IS_JKS]           = KEY_IS_JKS,
        [IS_UTF16]         = KEY_IS_UTF16,
        [IS_HTML]          = KEY_IS_HTML,
        [IS_BARE_BASE64]   = KEY_IS_BARE_BASE64,
    };
    fail_text(s->rep, ids[what], 0, 0, 0, s->called);
    return NULL;
}

bool what_no_certificate(struct report *rep, enum what what, const char *called)
{
    static const enum check ids[N_WHAT] = {
        [IS_KEY]         = CERT_FILE_IS_KEY,
        [IS_CUT_OFF]     = CERT_FILE_IS_CUT_OFF,
        [IS_REQUEST]     = CERT_FILE_IS_REQUEST,
        [IS_CRL]         = CERT_FILE_IS_CRL,
        [IS_PUBLIC_KEY]  = CERT_FILE_IS_PUBLIC,
        [IS_P12]         = CERT_FILE_IS_P12,
        [IS_P7]          = CERT_FILE_IS_P7,
        [IS_OPENSSH]     = CERT_FILE_IS_FOREIGN,
        [IS_JKS]         = CERT_FILE_IS_JKS,
        [IS_UTF16]       = CERT_FILE_IS_UTF16,
        [IS_HTML]        = CERT_FILE_IS_HTML,
        [IS_BARE_BASE64] = CERT_FILE_IS_BARE_BASE64,
    };
    bool       foreign = what == IS_PUTTY || what == IS_PGP;
    enum check id      = ids[foreign ? IS_OPENSSH : what];
    if (id)
        fail_text(rep, id, 0, 0, 0, called);
    return id != CHECK_NONE;
}
