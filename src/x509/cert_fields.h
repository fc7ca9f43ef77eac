/* SPDX-License-Identifier: Apache-2.0
 *
 * cert_fields.h - certificates and names taken apart field by field for people (RFC 5280 4.1, 4.2), as base/field.h
 * says. bytes: what the field takes (a length in front may belong to it); the other view: the DER itself.
 */
#ifndef HF_X509_CERT_FIELDS_H
#define HF_X509_CERT_FIELDS_H
#include "base/field.h"

void cert_fields(struct fields *o, const char *name, hf_view bytes, hf_view der);
/* A Name: as one line, and its attributes inside. */
void dn_fields(struct fields *o, const char *name, hf_view bytes, hf_view dn, const char *means);
/* An OBJECT IDENTIFIER, header included. */
void oid_fields(struct fields *o, const char *name, hf_view bytes, hf_view oid, const char *means);

#endif
