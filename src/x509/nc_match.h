/* SPDX-License-Identifier: Apache-2.0
 *
 * nc_match.h - one name and one subtree (RFC 5280 4.2.1.10): the comparison, form by form.
 */
#ifndef HF_X509_NC_MATCH_H
#define HF_X509_NC_MATCH_H
#include "x509/cert.h"
#include "x509/der.h"

/* A mail address beyond ASCII, an otherName (RFC 9598); constraints on rfc822Name hold for it. */
bool nc_is_smtp_utf8(const struct gen_name *name);
/* A constraint of this form speaks of this name. */
bool nc_same_form(const struct gen_name *name, const struct gen_name *bound);
bool nc_comparable(enum name_kind kind);
/* The name, the bound can be understood. */
bool nc_name_sound(const struct gen_name *name);
bool nc_bound_sound(const struct gen_name *bound);
/* Both sound. Everything that the name stands for lies in the subtree. */
bool nc_within(const struct gen_name *name, const struct gen_name *bound);
/* Something that the name stands for (a wildcard stands for many) lies in the subtree. */
bool nc_touches(const struct gen_name *name, const struct gen_name *bound);

#endif
