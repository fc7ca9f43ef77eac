/* SPDX-License-Identifier: Apache-2.0
 *
 * alg.h - AlgorithmIdentifiers: what kind of key a SubjectPublicKeyInfo holds and how something is signed
 * (certificates, CRLs, OCSP responses, requests). An algorithm we do not know is no error here: it has a
 * name (KEY_OTHER, SIG_OTHER) and the validator refuses it where it matters.
 */
#ifndef HF_X509_ALG_H
#define HF_X509_ALG_H
#include "crypto/crypto.h"
#include "x509/der.h"
#include "x509/oid.h"

struct alg {
    enum oid  oid;
    hf_view   whole; /* DER, header included */
    hf_view   type;  /* the OID's contents */
    struct rd params;
};

/* The next element, an AlgorithmIdentifier (id: it is none). */
struct alg alg_read(struct rd *r, enum check id);
/* Of a signature: how it is made. */
struct sig_how sig_how_read(const struct alg *a);

struct spki {
    struct pubkey key;
    hf_view       whole, alg; /* DER, headers included */
};
/* The next element, a SubjectPublicKeyInfo (RFC 5280 4.1.2.7; id: it is none). */
struct spki spki_read(struct rd *r, enum check id);

#endif
