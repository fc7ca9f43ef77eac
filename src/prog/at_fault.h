/* SPDX-License-Identifier: Apache-2.0
 * at_fault.h - who must change something, for each reason of doc/reasons.md: not who noticed. */
#ifndef HF_PROG_AT_FAULT_H
#define HF_PROG_AT_FAULT_H
#include "handfast.h"

enum at_fault { FAULT_NOBODY, FAULT_CLIENT, FAULT_SERVER, FAULT_NETWORK, FAULT_CA };

/* presenter: who presented the certificate, or sent the message, that it is about. */
enum at_fault fault_of(const char *reason, enum hf_role presenter);
const char   *fault_name(enum at_fault f); /* "client", ... */

#endif
