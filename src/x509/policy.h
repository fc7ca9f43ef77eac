/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.h - certificate policies of a whole path (RFC 5280 6.1 as RFC 9618 has it).
 */
#ifndef HF_X509_POLICY_H
#define HF_X509_POLICY_H
#include "x509/walk.h"

/* The path in w->order under the anchor a. */
bool policy_judge(struct walk *w, const struct anchor *a, struct trial *t);

#endif
