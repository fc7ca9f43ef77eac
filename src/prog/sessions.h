/* SPDX-License-Identifier: Apache-2.0
 *
 * sessions.h - the sessions that a client proxy has from its server, newest last, a thread each its own. A session is
 * used once: what a connection goes on from is taken out.
 */
#ifndef HF_PROG_SESSIONS_H
#define HF_PROG_SESSIONS_H
#include "handfast.h"

enum { SESSIONS_MAX = 8 };

struct sessions {
    hf_view  at[SESSIONS_MAX]; /* owned */
    unsigned n;
};

/* Keeps what the connection's newest ticket makes, if one has come. */
void sessions_keep(struct sessions *s, hf_conn *c);
/* Before the first step of a connection: it goes on from the newest. */
void sessions_use(struct sessions *s, hf_conn *c);
void sessions_free(struct sessions *s);

#endif
