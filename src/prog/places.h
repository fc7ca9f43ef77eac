/* SPDX-License-Identifier: Apache-2.0
 *
 * places.h - one certificate, one place, as the server asks it: behind the rules, for each proven client
 * (admission.c), with the table of auth/presence.h that all workers share.
 *
 *   NONE --places_ask--> (refused, and there is a grace) WAITING --asked again--> HERE --places_leave--> NONE
 *
 * The grace: a newcomer that would be refused waits for it, in the handshake, and the connections that are open are
 * probed so often that one whose network is broken is given up within that time. So a client that comes back over
 * another network gets in, and a second one beside a living first does not.
 *
 * Invariants:
 *   1. A connection is counted from its admission to its end, whatever ends it (admission_leave).
 *   2. The client's own thread closes a connection that lost its place: the table queues it and wakes the worker.
 */
#ifndef HF_PROG_PLACES_H
#define HF_PROG_PLACES_H
#include <uv.h>

#include "prog/lease.h"
#include "prog/place_set.h"

struct proxy;
struct worker;

enum { PLACES_ASK_AGAIN_MS = 100 };

/* What all workers share; made at the start, then only the table changes. */
struct places {
    struct place_rule rule; /* of --one-place */
    bool              given, by_identity;
    int64_t           grace_ms;
    struct presence  *table;

    struct lease_shared store; /* at.text empty: none */
};

/* The part of a worker. */
struct places_here {
    struct presence_home home;
    uv_timer_t           again; /* runs while somebody waits */
    struct proxy        *waiting;
    struct leases        leases;
};

/* The part of a connection. */
struct seat {
    uint8_t           key[PRESENCE_KEY];
    struct place_rule rule; /* in force for it */
    struct stay       stay;
    struct tenant     tenant;
    int64_t           until_ms;   /* how long it may wait */
    struct proxy     *next, **at; /* in the list of those who wait; at NULL: it does not */
    bool              asked;
};

/* Options were checked (place_set_rule, store_set_at). False: rep says why. */
/* rules: there is a file of rules, which may say something of places. */
bool places_init(struct places *pl, const struct place_set *s, const struct store_set *store, bool rules,
                 struct report *rep);
void places_free(struct places *pl);
void places_start(struct worker *w);
void places_stop(struct worker *w);

/* The rules let it in: answers with admission_answer, now or later. */
void places_ask(struct proxy *p);
void places_leave(struct proxy *p);
/* The rules have changed, and still let it in: it asks for its place anew where they say something else of places. False:
 * why it may not stay. */
bool places_again(struct proxy *p, hf_why *why);
/* The store has answered (lease.h). f: who is elsewhere. */
void places_leased(struct proxy *p, enum lease_answer a, const struct presence_found *f);
/* An event came for a connection whose lease has run out, before its timer: it is closed, and true. */
bool places_over(struct proxy *p);
/* The worker was woken: its connections that lost their place are closed. */
void places_turn_out(struct worker *w);

#endif
