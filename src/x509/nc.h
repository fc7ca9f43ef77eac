/* SPDX-License-Identifier: Apache-2.0
 *
 * nc.h - name constraints (RFC 5280 4.2.1.10).
 */
#ifndef HF_X509_NC_H
#define HF_X509_NC_H
#include "x509/walk.h"

/* Do all names of the path below c meet c's name constraints. */
bool nc_judge(struct walk *w, const struct cert *c, struct trial *t);

#endif
