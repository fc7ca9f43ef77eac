/* SPDX-License-Identifier: Apache-2.0
 *
 * link.h - is the issuer that nobody has an intermediate that should have been sent, or a root that is not trusted?
 * What names and key identifiers say about it.
 */
#ifndef HF_X509_LINK_H
#define HF_X509_LINK_H
#include "x509/cert.h"

/* AuthorityKeyIdentifier's authorityCertIssuer, a directoryName: the name of the issuer's issuer; empty: none. */
hf_view link_above(const struct cert *x);
/* The common name says that it is an intermediate, or a root. */
bool link_named_middle(hf_view name);
bool link_named_root(hf_view name);
/* Both names have an organisation, and it is the same. */
bool link_same_organisation(hf_view a, hf_view b);

#endif
