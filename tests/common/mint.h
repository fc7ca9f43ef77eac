/* SPDX-License-Identifier: Apache-2.0
 *
 * mint.h - certificates and keys for tests, made at start by libcrypto alone: nothing of handfast takes part,
 * so that a test of handfast does not rest on handfast. Dates are relative to MINT_NOW, the time that tests
 * give to the engine: a test means the same in any year.
 */
#ifndef HF_TEST_MINT_H
#define HF_TEST_MINT_H
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "handfast.h"

#define MINT_NOW_MS 1790000000000LL /* 2026-09-21 */
#define MINT_DAY    86400LL
#define MINT_HOST   "server.test"

enum mint_kind { MINT_P256, MINT_P384, MINT_P521, MINT_ED25519, MINT_RSA, MINT_RSA_PSS };

struct minted {
    EVP_PKEY *key;
    X509     *cert;
    uint8_t  *der;
    size_t    der_n;
};

struct mint {
    const char          *cn;
    enum mint_kind       kind;
    const struct minted *issuer; /* NULL: self-signed */
    bool                 ca;
    long                 from_days, to_days; /* relative to MINT_NOW; both 0: a year around it */
    const char          *eku, *san, *ku;     /* as in openssl.cnf; NULL: no such extension */
    const char          *feature;            /* TLS feature (RFC 7633): "status_request" */
};

/* Fails the running test when libcrypto cannot. */
struct minted mint(const struct mint *how);
void          mint_free(struct minted *m);
/* PEM, NUL-terminated, to be freed with free(); certs: leaf first, ended by NULL. */
char *mint_pem(const struct minted *const *certs);
char *mint_key_pem(const struct minted *m);
/* A current CRL of this CA as PEM, to be freed with free(); revoked: the one certificate in it, NULL: none. */
char *mint_crl(const struct minted *ca, const struct minted *revoked);
/* Signs as scheme (a SignatureScheme code) says; sig has 1024 bytes. */
size_t mint_sign(const struct minted *m, uint16_t scheme, const void *tbs, size_t n, uint8_t *sig);
/* Verifies with the key of a DER certificate. */
bool mint_verify(hf_view cert, uint16_t scheme, const void *tbs, size_t n, hf_view sig);

/* What most tests need: a CA, an intermediate, a server leaf for MINT_HOST, a client leaf. */
struct minted_pki {
    struct minted root, ca, server, client;
    char         *root_pem, *server_pem, *server_key, *client_pem, *client_key;
};
struct minted_pki mint_pki(enum mint_kind leaves);
void              mint_pki_free(struct minted_pki *p);
enum { MINT_GOOD, MINT_REVOKED, MINT_UNKNOWN };
/* An OCSP response for the certificate: MINT_GOOD and so on, from and to in seconds relative to MINT_NOW. DER,
 * to be freed with OPENSSL_free. */
uint8_t *mint_ocsp(const struct minted *cert, const struct minted *issuer, const struct minted *signer, int status,
                   long from, long to, size_t *n);
/* Configs over it. The credential comes from files in a folder that lives as long as the program. */
hf_trust *mint_trust(const struct minted_pki *p);
hf_cred  *mint_cred(const char *chain_pem, const char *key_pem);
/* Writes text to a new file there; the name lives as long as the program. */
const char *mint_file(const char *text);

#endif
