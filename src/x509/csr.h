/* SPDX-License-Identifier: Apache-2.0
 *
 * csr.h - certificate requests (PKCS #10, RFC 2986) as views into their DER; nothing is copied.
 *
 * A request is a proof of possession and a public key. The names in it are wishes of whoever wrote it: the
 * issuer reads them, and decides.
 */
#ifndef HF_X509_CSR_H
#define HF_X509_CSR_H
#include "x509/cert.h"

struct csr {
    hf_view        der, info; /* info: as signed, header included */
    hf_view        subject;   /* DER Name; may be that of no attributes */
    hf_view        spki;      /* DER, header included */
    struct pubkey  key;
    struct sig_how sig;
    hf_view        sig_bits;
    hf_view        san; /* DER of the GeneralNames asked for (san_next walks it); may be empty */
};

/* True: the request is well formed, its key is one that we issue for, and its signature proves possession of
 * the private key. False: rep names the CSR_* check and the byte. */
bool csr_read(struct csr *c, hf_view der, struct report *rep);

#endif
