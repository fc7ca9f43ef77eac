/* SPDX-License-Identifier: Apache-2.0
 *
 * make.h - making certificates (RFC 5280 4): names from text, alternative names, and the certificate
 * itself, signed by an issuer or by its own key. Time and randomness are parameters.
 *
 * Invariants:
 *   1. What is made is read back by cert_parse and its signature verified before it is given out.
 *   2. Nothing is made that valid.h would refuse for its form: an issuer that may not sign, a key that is not
 *      the issuer's, a server without a name, a certificate that outlives its issuer.
 */
#ifndef HF_X509_MAKE_H
#define HF_X509_MAKE_H
#include "base/wr.h"
#include "x509/cert.h"

/* ---- names (dnw.c, sanw.c) ---- */

/* Appends a Name written as RFC 4514 says, "CN=alice,O=Example"; spaces around separators do not count. A text
 * without "=" is one common name, taken as it stands. Raises DN_TEXT_* with the text and the offset in it. */
bool dn_write(struct wr *w, const char *text, struct report *rep);

struct alt_name {
    enum name_kind kind; /* NAME_DNS, NAME_IP, NAME_URI, NAME_MAIL */
    const char    *text; /* "example.com", "2001:db8::1", "spiffe://example/alice", "alice@example.com" */
};
/* A host name as a certificate may hold it: letters, digits and hyphens (RFC 1123 2.1), "*" as a whole first label. */
bool dns_well_formed(const char *text);
/* Appends GeneralNames. Raises SAN_TEXT_* with the name that is not well formed. */
bool san_write(struct wr *w, const struct alt_name *names, size_t n, struct report *rep);

/* ---- certificates (make.c) ---- */

enum cert_use { USE_ROOT, USE_INTERMEDIATE, USE_SERVER, USE_CLIENT, USE_PEER };

struct cert_spec {
    hf_view                subject; /* DER Name */
    const struct alt_name *names;
    size_t                 n_names;
    int64_t                not_before, not_after; /* Unix seconds, both inclusive */
    bool                   is_ca;
    int                    path_len; /* -1: none */
    unsigned               ku, eku;  /* enum key_usage, enum ext_key_usage; 0: no such extension */
};
/* What mutual TLS needs of a certificate for this use; subject, names and dates are the caller's. */
struct cert_spec cert_spec_for(enum cert_use use);

struct issuer {
    const struct cert *cert; /* NULL: the new certificate is signed by its own key */
    struct key        *key;
};
/* How this key signs certificates: ECDSA with the hash of the curve's size, Ed25519, RSA PKCS#1 with SHA-256. */
struct sig_how cert_sig_how(const struct key *k);
/* The certificate for the key in spki (DER SubjectPublicKeyInfo), owned by m; NULL: rep says why (MAKE_*,
 * SAN_TEXT_*). The serial number is 16 bytes from rnd. */
uint8_t *cert_make(const struct cert_spec *s, hf_view spki, const struct issuer *by, const struct rnd *rnd,
                   struct mem *m, size_t *n, struct report *rep);

#endif
