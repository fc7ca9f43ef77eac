/* SPDX-License-Identifier: Apache-2.0
 *
 * store.h - one worker's connection to the presence store, on the worker's loop: two connections in truth, for a
 * connection that hears messages may not ask questions.
 *
 *   AWAY --store_tick--> connecting: AUTH, SELECT, SCRIPT LOAD twice; SUBSCRIBE --all answered--> UP
 *     ^------- closed, refused, or a question without answer for STORE_PATIENCE ---------------'
 *
 * Every question is answered exactly once, with NULL when the store went away before.
 */
#ifndef HF_PROG_STORE_H
#define HF_PROG_STORE_H
#include <hiredis/async.h>
#include <uv.h>

#include "prog/store_set.h"

enum store_script { STORE_ENTER, STORE_LEAVE, STORE_SCRIPTS };
enum {
    STORE_ARGS         = 12,
    STORE_PATIENCE_MS  = 1000,
    STORE_PING_MS      = 500,
    STORE_RETRY_MS     = 100,
    STORE_RETRY_MAX_MS = 1000
};

/* What happens to it; called on the loop. */
struct store_events {
    void (*up)(void *ctx);
    void (*away)(void *ctx, const char *why);
    void (*heard)(void *ctx, const char *message);
};

struct store {
    uv_loop_t                 *loop;
    const struct store_at     *at;
    const struct store_events *events;
    void                      *ctx;
    char                       channel[64];
    redisAsyncContext         *ask, *hear; /* NULL: none */
    char                       sha[STORE_SCRIPTS][44];
    unsigned                   steps; /* answers to come until it is up */
    bool                       up, stopped;
    unsigned                   unanswered;
    int64_t                    since_ms; /* unanswered > 0: since when there was no answer; else of the last one */
    int64_t                    next_ms, retry_ms;
    char                       why[128]; /* the last reason to be away */
};

void store_init(struct store *s, uv_loop_t *loop, const struct store_at *at, const struct store_events *events,
                void *ctx, const char *channel);
/* Connects, or gives up a store that does not answer. now_ms never jumps. */
void store_tick(struct store *s, int64_t now_ms);
/* Runs a script over one key. False: the store is away, and answer is not called. */
bool store_ask(struct store *s, enum store_script script, redisCallbackFn *answer, void *arg, int n,
               const char *const *args);
/* An answer came. NULL, or one that makes no sense of it: the store is given up, and false. */
bool store_answered(struct store *s, const redisReply *r);
/* No more questions; those that are open are still answered, as long as the ticks go on. */
void store_stop(struct store *s);
/* Milliseconds of a clock that never jumps and goes on while the machine sleeps. */
int64_t store_now_ms(void);

#endif
