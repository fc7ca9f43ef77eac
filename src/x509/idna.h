/* SPDX-License-Identifier: Apache-2.0
 * idna.h - a host name in Unicode as the ASCII form that certificates compare (RFC 5890 2.3.2.1, RFC 3492). */
#ifndef HF_X509_IDNA_H
#define HF_X509_IDNA_H
#include "handfast.h"

enum { HOST_MAX = 253 };

/* Writes the A-labels of a host name whose labels are ASCII or U-labels in UTF-8; returns the length, 0 when it is
 * broken UTF-8 or too long. U-labels are taken as they are: whoever issues a certificate normalises them. */
size_t idna_to_ascii(hf_view host, uint8_t out[HOST_MAX]);

#endif
