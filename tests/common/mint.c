/* SPDX-License-Identifier: Apache-2.0 */
#include "mint.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cmocka.h>

enum { SIG_BYTES = 1024 };

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    ERR_print_errors_fp(stderr);
    fail_msg("mint: %s", what);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

static EVP_PKEY *new_key(enum mint_kind kind)
{
    static EVP_PKEY *rsa[2]; /* slow to make: one of each for the whole program */
    switch (kind) {
    case MINT_P256:
        return EVP_EC_gen("P-256");
    case MINT_P384:
        return EVP_EC_gen("P-384");
    case MINT_P521:
        return EVP_EC_gen("P-521");
    case MINT_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    default:
        break;
    }
    EVP_PKEY **k = &rsa[kind == MINT_RSA_PSS];
    if (!*k) {
        EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, kind == MINT_RSA ? "RSA" : "RSA-PSS", NULL);
        must(c && EVP_PKEY_keygen_init(c) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(c, 2048) == 1 &&
                 EVP_PKEY_keygen(c, k) == 1,
             "RSA key");
        EVP_PKEY_CTX_free(c);
    }
    EVP_PKEY_up_ref(*k);
    return *k;
}

/* The digest a key of this kind signs certificates with. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED25519"))
        return NULL;
    int bits = EVP_PKEY_get_bits(key);
    return bits == 384 ? EVP_sha384() : bits == 521 ? EVP_sha512() : EVP_sha256();
}

/* ---- certificates -------------------------------------------------------------------------------------- */

static void add_ext(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
    if (!value)
        return;
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    must(e && X509_add_ext(x, e, -1) == 1, value);
    X509_EXTENSION_free(e);
}

static void add_exts(X509 *x, X509 *issuer, const struct mint *how)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    add_ext(x, &ctx, NID_basic_constraints, how->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    const char *ku = how->ku ? how->ku : how->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
    add_ext(x, &ctx, NID_key_usage, ku);
    add_ext(x, &ctx, NID_ext_key_usage, how->eku);
    add_ext(x, &ctx, NID_subject_alt_name, how->san);
    add_ext(x, &ctx, NID_tlsfeature, how->feature);
    add_ext(x, &ctx, NID_subject_key_identifier, "hash");
    if (issuer != x)
        add_ext(x, &ctx, NID_authority_key_identifier, "keyid");
}

struct minted mint(const struct mint *how)
{
    static long   serial = 1000;
    struct minted m      = {.key = new_key(how->kind), .cert = X509_new()};
    X509         *x = m.cert, *issuer = how->issuer ? how->issuer->cert : x;
    long          from = how->from_days, to = how->to_days;
    must(m.key && x, "memory");
    if (from == 0 && to == 0)
        from = -30, to = 335;
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(x), MINT_NOW_MS / 1000 + from * MINT_DAY);
    ASN1_TIME_set(X509_getm_notAfter(x), MINT_NOW_MS / 1000 + to * MINT_DAY);
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)"Test", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)how->cn, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer));
    X509_set_pubkey(x, m.key);
    add_exts(x, issuer, how);
    EVP_PKEY *signer = how->issuer ? how->issuer->key : m.key;
    must(X509_sign(x, signer, digest_for(signer)) > 0, "signature");
    m.der_n = (size_t)i2d_X509(x, &m.der);
    return m;
}

void mint_free(struct minted *m)
{
    EVP_PKEY_free(m->key);
    X509_free(m->cert);
    OPENSSL_free(m->der);
    *m = (struct minted){0};
}

static char *text_of(BIO *b)
{
    char *p, *out;
    long  n = BIO_get_mem_data(b, &p);
    out     = calloc(1, (size_t)n + 1);
    assert_non_null(out);
    memcpy(out, p, (size_t)n);
    BIO_free(b);
    return out;
}

char *mint_pem(const struct minted *const *certs)
{
    BIO *b = BIO_new(BIO_s_mem());
    for (; *certs; certs++)
        must(PEM_write_bio_X509(b, (*certs)->cert) == 1, "PEM");
    return text_of(b);
}

char *mint_key_pem(const struct minted *m)
{
    BIO *b = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PKCS8PrivateKey(b, m->key, NULL, NULL, 0, NULL, NULL) == 1, "key PEM");
    return text_of(b);
}

static void add_revoked(X509_CRL *crl, const struct minted *revoked)
{
    X509_REVOKED *r    = X509_REVOKED_new();
    ASN1_TIME    *when = ASN1_TIME_set(NULL, MINT_NOW_MS / 1000 - MINT_DAY);
    X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(revoked->cert));
    X509_REVOKED_set_revocationDate(r, when);
    must(X509_CRL_add0_revoked(crl, r) == 1, "CRL entry");
    ASN1_TIME_free(when);
}

char *mint_crl(const struct minted *ca, const struct minted *revoked)
{
    X509_CRL     *crl    = X509_CRL_new();
    ASN1_TIME    *last   = ASN1_TIME_set(NULL, MINT_NOW_MS / 1000 - MINT_DAY);
    ASN1_TIME    *next   = ASN1_TIME_set(NULL, MINT_NOW_MS / 1000 + MINT_DAY);
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    BIO          *b      = BIO_new(BIO_s_mem());
    X509V3_CTX    ctx;
    must(crl && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1, "CRL");
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert));
    X509_CRL_set1_lastUpdate(crl, last);
    X509_CRL_set1_nextUpdate(crl, next);
    if (revoked)
        add_revoked(crl, revoked);
    X509V3_set_ctx(&ctx, ca->cert, NULL, NULL, crl, 0);
    ASN1_INTEGER_set(number, 1);
    X509_EXTENSION *aki = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid");
    must(aki && X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1 && X509_CRL_add_ext(crl, aki, -1) == 1,
         "CRL extensions");
    must(X509_CRL_sign(crl, ca->key, digest_for(ca->key)) > 0 && PEM_write_bio_X509_CRL(b, crl) == 1, "CRL signature");
    ASN1_INTEGER_free(number);
    X509_EXTENSION_free(aki);
    ASN1_TIME_free(last);
    ASN1_TIME_free(next);
    X509_CRL_free(crl);
    return text_of(b);
}

/* ---- signatures ---------------------------------------------------------------------------------------- */

static const EVP_MD *scheme_digest(uint16_t scheme)
{
    switch (scheme) {
    case 0x0807:
    case 0x0808:
        return NULL;
    case 0x0503:
    case 0x0805:
    case 0x080a:
    case 0x0501:
        return EVP_sha384();
    case 0x0603:
    case 0x0806:
    case 0x080b:
    case 0x0601:
        return EVP_sha512();
    case 0x0201:
    case 0x0203:
        return EVP_sha1();
    default:
        return EVP_sha256();
    }
}

static void scheme_params(EVP_PKEY_CTX *c, uint16_t scheme)
{
    bool pss = scheme >= 0x0804 && scheme <= 0x080b && scheme != 0x0807 && scheme != 0x0808;
    if (pss)
        must(EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1,
             "PSS");
}

size_t mint_sign(const struct minted *m, uint16_t scheme, const void *tbs, size_t n, uint8_t *sig)
{
    EVP_MD_CTX   *c = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pc;
    size_t        out = SIG_BYTES;
    must(EVP_DigestSignInit(c, &pc, scheme_digest(scheme), NULL, m->key) == 1, "sign");
    scheme_params(pc, scheme);
    must(EVP_DigestSign(c, sig, &out, tbs, n) == 1, "sign");
    EVP_MD_CTX_free(c);
    return out;
}

bool mint_verify(hf_view cert, uint16_t scheme, const void *tbs, size_t n, hf_view sig)
{
    const uint8_t *p = cert.p;
    X509          *x = d2i_X509(NULL, &p, (long)cert.n);
    EVP_MD_CTX    *c = EVP_MD_CTX_new();
    EVP_PKEY_CTX  *pc;
    must(x != NULL, "certificate");
    must(EVP_DigestVerifyInit(c, &pc, scheme_digest(scheme), NULL, X509_get0_pubkey(x)) == 1, "verify");
    scheme_params(pc, scheme);
    bool ok = EVP_DigestVerify(c, sig.p, sig.n, tbs, n) == 1;
    EVP_MD_CTX_free(c);
    X509_free(x);
    return ok;
}

/* ---- a whole PKI --------------------------------------------------------------------------------------- */

struct minted_pki mint_pki(enum mint_kind leaves)
{
    struct minted_pki p = {.root = mint(&(struct mint){.cn = "Test root", .ca = true})};
    p.ca                = mint(&(struct mint){.cn = "Test intermediate", .ca = true, .issuer = &p.root});
    p.server            = mint(&(struct mint){
                   .cn = "server", .kind = leaves, .issuer = &p.ca, .eku = "serverAuth", .san = "DNS:" MINT_HOST ",IP:127.0.0.1"});
    p.client            = mint(&(struct mint){
                   .cn = "alice", .kind = leaves, .issuer = &p.ca, .eku = "clientAuth", .san = "email:alice@client.test"});
    p.root_pem          = mint_pem((const struct minted *[]){&p.root, NULL});
    p.server_pem        = mint_pem((const struct minted *[]){&p.server, &p.ca, NULL});
    p.client_pem        = mint_pem((const struct minted *[]){&p.client, &p.ca, NULL});
    p.server_key        = mint_key_pem(&p.server);
    p.client_key        = mint_key_pem(&p.client);
    return p;
}

void mint_pki_free(struct minted_pki *p)
{
    mint_free(&p->root);
    mint_free(&p->ca);
    mint_free(&p->server);
    mint_free(&p->client);
    free(p->root_pem);
    free(p->server_pem);
    free(p->server_key);
    free(p->client_pem);
    free(p->client_key);
    *p = (struct minted_pki){0};
}

/* ---- OCSP ---------------------------------------------------------------------------------------------- */

uint8_t *mint_ocsp(const struct minted *cert, const struct minted *issuer, const struct minted *signer, int status,
                   long from, long to, size_t *n)
{
    ASN1_TIME      *t    = ASN1_TIME_set(NULL, MINT_NOW_MS / 1000 + from);
    ASN1_TIME      *end  = ASN1_TIME_set(NULL, MINT_NOW_MS / 1000 + to);
    OCSP_BASICRESP *b    = OCSP_BASICRESP_new();
    OCSP_CERTID    *id   = OCSP_cert_to_id(EVP_sha1(), cert->cert, issuer->cert);
    ASN1_TIME      *gone = status == V_OCSP_CERTSTATUS_REVOKED ? t : NULL;
    uint8_t        *der  = NULL;
    must(OCSP_basic_add1_status(b, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, gone, t, end) != NULL, "OCSP status");
    must(OCSP_basic_sign(b, signer->cert, signer->key, EVP_sha256(), NULL, 0) == 1, "OCSP signature");
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
    *n               = (size_t)i2d_OCSP_RESPONSE(r, &der);
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(b);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(t);
    ASN1_TIME_free(end);
    return der;
}

/* ---- files --------------------------------------------------------------------------------------------- */

static char folder[64];

static void drop_folder(void)
{
    DIR *d = opendir(folder);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(folder);
}

const char *mint_file(const char *text)
{
    enum { KEPT = 64 };
    static char     name[KEPT][96];
    static unsigned n;
    if (n == 0) {
        snprintf(folder, sizeof folder, "%s/handfast-test.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
        must(mkdtemp(folder) != NULL, folder);
        atexit(drop_folder);
    }
    char *out = name[n % KEPT];
    snprintf(out, sizeof name[0], "%s/%u.pem", folder, n++);
    FILE *f = fopen(out, "w");
    must(f && fputs(text, f) >= 0 && fclose(f) == 0, out);
    return out;
}

hf_trust *mint_trust(const struct minted_pki *p)
{
    hf_trust *t = hf_trust_new();
    assert_non_null(t);
    assert_true(hf_trust_anchor_bytes(t, p->root_pem, strlen(p->root_pem), "root.pem"));
    return t;
}

hf_cred *mint_cred(const char *chain_pem, const char *key_pem)
{
    return hf_cred_files(mint_file(chain_pem), mint_file(key_pem), NULL, NULL);
}
