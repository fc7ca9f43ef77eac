/* SPDX-License-Identifier: Apache-2.0
 *
 * ca_issuer.h - the intermediate of a CA, loaded for issuing, and the request that it may be asked to sign.
 */
#ifndef HF_PROG_CA_ISSUER_H
#define HF_PROG_CA_ISSUER_H
#include "base/limits.h"
#include "ca.h"
#include "x509/csr.h"

struct ca_issuer {
    uint8_t    *der;
    struct cert cert;
    struct key *key;
    char        pem[2 * LIMIT_CERT]; /* what is sent along with each certificate */
    size_t      pem_n;
};
/* DIR/intermediate.pem and its key; they belong together and the certificate has not ended. */
bool ca_issuer_load(struct ca_issuer *i, const char *dir, struct mem *m, struct report *rep);
void ca_issuer_free(struct ca_issuer *i, struct mem *m);

/* A request, PEM or DER: read, its proof of possession verified. *der, owned by m, holds what csr points to. */
bool ca_request_load(struct csr *csr, uint8_t **der, const char *file, struct mem *m, struct report *rep);

#endif
