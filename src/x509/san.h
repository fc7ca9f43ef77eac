/* SPDX-License-Identifier: Apache-2.0
 *
 * san.h - reading GeneralNames (RFC 5280 4.2.1.6), for the parsers of this floor: alternative names, name
 * constraints, distribution points, access locations. Walking and printing them is in cert.h.
 */
#ifndef HF_X509_SAN_H
#define HF_X509_SAN_H
#include "x509/cert.h"
#include "x509/der.h"

/* Where a name stands: a subtree's base may be empty and has an address with a mask (4.2.1.10). */
enum name_use { NAME_OF_SUBJECT, NAME_OF_SUBTREE };

/* The next element, a GeneralName, with its structure checked. out->at: its offset from r's base. */
struct gen_name gen_name_read(struct rd *r, enum name_use use);
/* What is left in r: the contents of GeneralNames, 1 to LIMIT_SAN_NAMES of them. */
void gen_names_read(struct rd *r);

#endif
