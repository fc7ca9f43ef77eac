/* SPDX-License-Identifier: Apache-2.0
 *
 * story.h - how one connection is told: who came, or which check refused whom. The log line of the proxies
 * and the text of `handfast connect` are made here from what the engine recorded, never from a guess.
 */
#ifndef HF_PROG_STORY_H
#define HF_PROG_STORY_H
#include "prog/log.h"

struct story {
    enum hf_role     role;
    const char      *from;   /* the address that connected to us */
    const char      *target; /* as configured */
    int64_t          duration_ms;
    uint64_t         bytes_in, bytes_out; /* application data from the TLS peer, and to it */
    bool             open;                /* the handshake was completed */
    const char      *rule, *rule_reason;  /* which rule decided, NULL: none was asked, "": none held */
    const hf_ruling *ruling;              /* when the rules refused */
};

/* Writes the one line of a connection that is over. c: NULL when it never got that far. why: NULL or check 0
 * when nothing failed. */
void story_tell(const struct story *s, const hf_conn *c, const hf_why *why);
/* What an alert from the peer says about us, one sentence; never NULL. role: ours. */
const char *story_alert(enum hf_role role, uint8_t alert);

#endif
