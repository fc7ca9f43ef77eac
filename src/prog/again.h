/* SPDX-License-Identifier: Apache-2.0
 *
 * again.h - open connections are judged again: what let them in may hold no longer. Each worker does it for its own.
 *
 *   the configuration or the rules have changed   all of them, in slices, within seconds
 *   a peer's certificate expires                   that one, at that second
 *   always                                         all of them once a minute: what else runs out with time (a CA above,
 *                                                  a revocation list, a rule's hours), and clocks that were set
 *
 * Invariants:
 *   1. They are judged by the very functions that judge newcomers: hf_conn_judge, and the rules.
 *   2. A connection that began under an older configuration is judged again when it opens.
 *   3. One slice takes a few milliseconds at most, however many connections there are.
 */
#ifndef HF_PROG_AGAIN_H
#define HF_PROG_AGAIN_H
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct worker;
struct proxy;

struct again {
    uv_timer_t    tick, expiry;
    struct proxy *next;    /* whose turn it is; NULL: no round is on */
    unsigned      changes; /* of the configuration that this worker has seen */
    int64_t       soonest; /* of expiries that the timer waits for; 0: none */
};

void again_init(struct worker *w);
void again_stop(struct worker *w);
/* Looks whether the configuration is another one. */
void again_changed(struct worker *w);
/* A connection is open; false: it may not stay, and has been turned out. */
bool again_opened(struct proxy *p);
void again_gone(struct proxy *p);

#endif
