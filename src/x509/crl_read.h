/* SPDX-License-Identifier: Apache-2.0
 * crl_read.h - what the readers of a CRL share: the two checks of its form. */
#ifndef HF_X509_CRL_READ_H
#define HF_X509_CRL_READ_H
#include "x509/der.h"

/* The next element, which must have this tag. */
struct rd crl_part(struct rd *r, uint8_t tag);
/* Nothing may be left. */
bool crl_end(const struct rd *r);
/* What is left in r, ReasonFlags (RFC 5280 4.2.1.13): a part of REASONS_ALL. */
unsigned crl_reason_bits(struct rd bits);

#endif
