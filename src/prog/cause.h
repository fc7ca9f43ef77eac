/* SPDX-License-Identifier: Apache-2.0
 * cause.h - what the system says of a connection, as checks: each one is raised here and nowhere else. */
#ifndef HF_PROG_CAUSE_H
#define HF_PROG_CAUSE_H
#include "base/why.h"

/* Each fills an initialised report; error is an errno. */
void cause_dial(struct report *rep, const char *target, int error);
void cause_tls_reset(struct report *rep, int error);
void cause_plain_reset(struct report *rep, int error);
void cause_timeout(struct report *rep, int64_t after_ms);
void cause_stopped(struct report *rep);
/* by: the place of the newcomer. */
void cause_superseded(struct report *rep, const char *by);
/* The presence store does not answer: a newcomer is refused; what was held there has run out. */
void cause_store_away(struct report *rep, const char *store);
void cause_lease_over(struct report *rep, const char *store);
void cause_no_memory(struct report *rep);

#endif
