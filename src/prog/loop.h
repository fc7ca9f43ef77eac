/* SPDX-License-Identifier: Apache-2.0
 *
 * loop.h - the threads of a proxy: each one runs an event loop of its own, listens on the same address and keeps
 * the connections that it accepted. Nothing but the sealed configuration is shared.
 */
#ifndef HF_PROG_LOOP_H
#define HF_PROG_LOOP_H
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "prog/addr.h"
#include "prog/again.h"
#include "prog/places.h"
#include "prog/sessions.h"
#include "prog/settings.h"
#include "prog/snapshot.h"
#include "prog/tally.h"

/* What all connections of a command share; but for cfg and rules not changed after the start. */
struct gate {
    const struct settings *set;
    hf_config             *cfg;   /* in force; gate_config and gate_change */
    hf_rules              *rules; /* likewise */
    pthread_mutex_t        change;
    atomic_uint            changes; /* how often they were replaced */
    struct worker         *workers; /* who is told of it */
    unsigned               n_workers;
    struct addr            listen, target;
    struct places          places;
    struct status         *status;      /* NULL: none */
    const char            *server_name; /* client: whom the server's certificate must name */
    int                    keylog_fd;   /* -1: no key log */
};

enum order { ORDER_SERVE, ORDER_FINISH, ORDER_CUT };
enum { SCRATCH_BYTES = 64 * 1024 };

struct proxy;
struct main_loop;

struct listener {
    uv_poll_t      poll;
    int            fd;
    struct worker *worker;
};

struct worker {
    struct main_loop          *main;
    struct gate               *gate;
    uv_loop_t                  loop;
    pthread_t                  thread;
    uv_async_t                 wake;
    uv_timer_t                 timer; /* serving: listeners rest; finishing: the end */
    struct again               again;
    struct sessions            sessions; /* client */
    atomic_int                 order;    /* enum order */
    bool                       finishing, starving;
    bool                       deaf; /* under gate->change: wake is closed */
    unsigned                   n_listeners;
    struct listener            listeners[ADDR_MAX];
    struct proxy              *first; /* connections */
    struct places_here         places;
    size_t                     n_proxies;
    struct tally               tally;
    _Atomic(struct snapshot *) snapshot;               /* asked of it */
    uint8_t                    scratch[SCRATCH_BYTES]; /* for what passes through within one event */
};

/* Runs a whole command: 0 after an orderly stop, EXIT_WRONG when it could not start (said on stderr). */
int gate_main(struct settings *s, const struct command *c);
/* The configuration in force, with a reference for the caller (hf_config_free). */
hf_config *gate_config(struct gate *g);
/* The rules in force, with a reference for the caller (hf_rules_free). */
hf_rules *gate_rules(struct gate *g);
/* Puts others in force; both belong to the gate from then on. */
void gate_change(struct gate *g, hf_config *take, hf_rules *take_rules);
/* The worker looks up from what it does: an order, or another configuration. From any thread. */
void worker_wake(struct worker *w);
/* A connection of this worker is gone. */
void worker_less(struct worker *w);

#endif
