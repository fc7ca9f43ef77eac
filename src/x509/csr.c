/* SPDX-License-Identifier: Apache-2.0
 *
 * csr.c - reading a certificate request (RFC 2986 4).
 *
 *     CertificationRequest ::= SEQUENCE { info, signatureAlgorithm, signature BIT STRING }
 *     info ::= SEQUENCE { version 0, subject Name, spki, [0] attributes }
 *
 * Of the attributes only extensionRequest (RFC 2985 5.4.2) is looked at, and of the extensions in it only
 * subjectAltName.
 */
#include "csr.h"

#include "x509/alg.h"
#include "x509/dn.h"
#include "x509/san.h"

enum { RSA_BITS_MIN = 2048 };

static void extension(struct csr *c, struct rd *exts)
{
    struct rd one = der_open(exts, DER_SEQUENCE, CSR_EXTENSION), flag, value;
    enum oid  o   = oid_of(der_oid(der_open(&one, DER_OID, CSR_EXTENSION_ID)));
    if (der_maybe(&one, DER_BOOLEAN, &flag))
        der_boolean(flag);
    value = der_open(&one, DER_OCTET_STRING, CSR_EXTENSION_VALUE);
    rd_end(&one, CSR_EXTENSION_TRAILING);
    if (o != OID_CE_SAN || !rd_ok(exts))
        return;
    c->san          = rd_rest(&value);
    struct rd names = der_open(&value, DER_SEQUENCE, CSR_SAN);
    gen_names_read(&names);
    rd_end(&value, CSR_SAN_TRAILING);
}

static void attribute(struct csr *c, struct rd *attributes)
{
    struct rd one    = der_open(attributes, DER_SEQUENCE, CSR_ATTRIBUTE);
    enum oid  o      = oid_of(der_oid(der_open(&one, DER_OID, CSR_ATTRIBUTE_ID)));
    struct rd values = der_open(&one, DER_SET, CSR_ATTRIBUTE_VALUES);
    rd_end(&one, CSR_ATTRIBUTE_TRAILING);
    if (o != OID_AT_EXTENSION_REQUEST || !rd_ok(attributes))
        return;
    struct rd exts = der_open(&values, DER_SEQUENCE, CSR_EXTENSIONS);
    while (der_more(&exts))
        extension(c, &exts);
    rd_end(&values, CSR_EXTENSIONS_TRAILING);
}

static void info(struct csr *c, struct rd r)
{
    struct rd   attributes;
    struct spki key;
    int         version = der_count(der_open(&r, DER_INTEGER, CSR_NO_VERSION));
    rd_need(&r, version == 0, CSR_VERSION, 0, version);
    c->subject = dn_read(&r, CSR_SUBJECT);
    key        = spki_read(&r, CSR_SPKI);
    c->spki    = key.whole;
    c->key     = key.key;
    if (der_maybe(&r, (uint8_t)DER_CONTEXTC(0), &attributes)) /* RFC 2986 demands it, some writers leave it out */
        while (der_more(&attributes))
            attribute(c, &attributes);
    rd_end(&r, CSR_INFO_TRAILING);
}

static bool key_fits(const struct csr *c, struct report *rep)
{
    size_t at = (size_t)(c->spki.p - c->der.p);
    switch (c->key.kind) {
    case KEY_RSA:
        if (c->key.bits < RSA_BITS_MIN)
            return fail(rep, CSR_KEY_SMALL, at, RSA_BITS_MIN, c->key.bits);
        break;
    case KEY_EC_P256:
    case KEY_EC_P384:
    case KEY_EC_P521:
    case KEY_ED25519:
        break;
    default:
        return fail(rep, CSR_KEY_KIND, at, 0, 0);
    }
    return need(rep, pubkey_valid(&c->key), CSR_KEY_INVALID, at, 0, 0);
}

bool csr_read(struct csr *c, hf_view der, struct report *rep)
{
    struct rd   r     = der_reader(der, rep), all, body;
    const void *start = NULL;
    struct alg  alg;
    *c      = (struct csr){.der = der};
    all     = der_open(&r, DER_SEQUENCE, CSR_NOT_SEQUENCE);
    start   = all.p;
    body    = der_open(&all, DER_SEQUENCE, CSR_INFO);
    c->info = (hf_view){start, (size_t)(all.p - (const uint8_t *)start)};
    info(c, body);
    alg         = alg_read(&all, CSR_SIG_ALG);
    c->sig      = sig_how_read(&alg);
    c->sig_bits = der_bits(der_open(&all, DER_BIT_STRING, CSR_SIGNATURE), NULL);
    rd_end(&all, CSR_TRAILING);
    rd_end(&r, CSR_FILE_TRAILING);
    return rd_ok(&r) && key_fits(c, rep) &&
           need(rep, sig_verify(&c->sig, &c->key, c->info, c->sig_bits), CSR_PROOF, 0, 0, 0);
}
