/* SPDX-License-Identifier: Apache-2.0
 * at_fault.h - who must change something, for each reason of doc/reasons.md: not who noticed. */
#ifndef HF_PROG_AT_FAULT_H
#define HF_PROG_AT_FAULT_H
#include "handfast.h"

/* presenter: who presented the certificate, or sent the message, that it is about.
 * "client", "server", "ca", "network". */
const char *at_fault(const char *reason, enum hf_role presenter);

#endif
