/* SPDX-License-Identifier: Apache-2.0
 *
 * ext.h - reading Extensions (RFC 5280 4.1, 4.2). An Extension looks the same in certificates, CRLs, OCSP and
 * requests: cert_ext_read. What those of a certificate mean goes into struct cert: cert_exts_read.
 */
#ifndef HF_X509_EXT_H
#define HF_X509_EXT_H
#include "x509/cert.h"
#include "x509/der.h"

struct ext_item {
    hf_view   oid; /* contents */
    uint32_t  at;  /* offset of the Extension */
    bool      critical;
    struct rd value; /* the DER inside the OCTET STRING */
};
/* The next element, an Extension. */
struct ext_item cert_ext_read(struct rd *r);
/* What is left in r, the contents of a certificate's Extensions, into c. */
void cert_exts_read(struct cert *c, struct rd r);

#endif
