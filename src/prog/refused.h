/* SPDX-License-Identifier: Apache-2.0
 *
 * refused.h - why a connection was refused, in a person's terms: the verdict that goes with a check. What we found
 * ourselves is proven, and only whose turn it is has to be said. What the peer found in us it said in one byte, the
 * alert; that is evidence, and becomes a verdict together with what is known of our own certificate.
 */
#ifndef HF_PROG_REFUSED_H
#define HF_PROG_REFUSED_H
#include "handfast.h"

enum { REFUSED_NAME = 320, REFUSED_TEXT = 640 };

struct refused {
    const char *reason;                 /* doc/reasons.md */
    const char *certainty;              /* "proven", "inferred", "possible" */
    const char *at_fault;               /* "client", "server", "ca", "network": who must change something */
    const char *or_else;                /* with "possible": the next best reason; "" */
    char        about[REFUSED_NAME];    /* "client-cert[0] CN=alice", "client-hello" */
    char        evidence[REFUSED_TEXT]; /* the facts it was concluded from; "" when the check says it all */
    char        fix[REFUSED_TEXT];      /* one imperative sentence to the party at fault */
};

/* c: may be NULL. w->check is not 0. role: ours. */
void refused_judge(struct refused *r, enum hf_role role, const hf_conn *c, const hf_why *w);
/* For a server's connection that ended in order without a byte of data from the client. True: it may have refused us. */
bool refused_quietly(struct refused *r, const hf_conn *c);

#endif
