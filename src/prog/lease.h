/* SPDX-License-Identifier: Apache-2.0
 *
 * lease.h - presence among processes: a worker's leases in the store. One lease stands for one certificate at one place,
 * however many connections it has there; a worker is a node of its own.
 *
 *   asked -> held (renewed at a third of its life) -> released when the last connection goes
 *                 '-> refused, replaced, or not renewed in time: its connections are closed
 *
 * Invariants:
 *   1. A lease counts from before the question was sent, on a clock that never jumps, and ends here an eighth of its
 *      life before it can end in the store: whoever gets it next comes after us.
 *   2. Nobody is let in under a lease whose end has passed, or whose generation is not above every one that a newcomer
 *      elsewhere was announced with (the fence).
 *   3. While the store is away, a lease that is still good lets further connections of its place in; else fail-closed
 *      refuses newcomers and closes what it holds when the lease ends, and fail-open lets both be. When the store is
 *      back, every place that has connections asks again, and those that lose are closed.
 */
#ifndef HF_PROG_LEASE_H
#define HF_PROG_LEASE_H
#include <stdatomic.h>

#include "auth/presence.h"
#include "prog/store.h"
#include "prog/tally.h"

enum { LEASE_BUCKETS = 4096, LEASE_NODE = 20 };

struct proxy;
struct lease;

/* What all workers share. */
struct lease_shared {
    struct store_at at;
    int64_t         ttl_ms;
    bool            fail_open;
    atomic_uint     n_away, n_up; /* workers whose store is away; that were up once */
    atomic_llong    away_since_ms;
};

/* The part of a worker. */
struct leases {
    struct lease_shared *shared;
    struct tally        *tally;
    struct store         store;
    uv_timer_t           tick;
    char                 node[LEASE_NODE];
    struct lease        *bucket[LEASE_BUCKETS];
    uint64_t             connections; /* so far: the place of a connection that is a place of its own */
    bool                 in_use, away, was_up;
};

/* The part of a connection. */
struct tenant {
    struct lease *lease; /* NULL: none */
    struct proxy *next, **at;
    bool          in;
};

enum lease_answer { LEASE_HELD, LEASE_REFUSED, LEASE_AWAY };

void leases_init(struct leases *ls, struct lease_shared *shared, uv_loop_t *loop, struct tally *tally);
void leases_stop(struct leases *ls);
/* Asks for the place of p, whose key is known: places_leased is called, at once or later. */
void lease_ask(struct proxy *p, const struct whence *from);
void lease_leave(struct proxy *p);
/* The lease of an admitted connection has run out, and its timer did not come in time (the process stood still). */
bool lease_is_over(const struct proxy *p);

#endif
