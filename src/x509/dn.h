/* SPDX-License-Identifier: Apache-2.0
 *
 * dn.h - reading a Name, for the parsers of this floor; what names mean is in cert.h (dn_*).
 */
#ifndef HF_X509_DN_H
#define HF_X509_DN_H
#include "x509/der.h"

/* The next element, a Name (id: it is none), with its structure checked: DER, header included. */
hf_view dn_read(struct rd *r, enum check id);
/* What is left in r, a RelativeDistinguishedName's contents. */
void dn_read_rdn(struct rd *r);

#endif
