/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot.h - who is connected now, asked from the workers: each fills its part in its own thread, when its loop comes
 * round, and the last one wakes the thread that asked. No connection is looked at by another thread than its own.
 */
#ifndef HF_PROG_SNAPSHOT_H
#define HF_PROG_SNAPSHOT_H
#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

enum { SNAPSHOT_CONNECTIONS = 500 }; /* shown of one worker */

struct worker;

/* One worker's part; json: {"connections": [...], "refusals": [...], "sightings": [...]}, the receiver's. */
struct snapshot_part {
    json_t *json;
    size_t  open;           /* connections, in whatever stage */
    int64_t soonest_expiry; /* of the certificates of those who are in; 0: nobody */
};

struct snapshot {
    struct worker        *workers;
    unsigned              n;
    struct snapshot_part *part; /* n of them */
    atomic_uint           left; /* parts that are not filled yet */
    uv_async_t           *ready;
    bool                  asked;
};

/* Asks all workers. ready is sent when all parts are filled. */
void snapshot_ask(struct snapshot *s);
/* In a worker that was woken: fills its part if it was asked. */
void snapshot_answer(struct worker *w);
/* Takes the question back from those who have not begun. False: somebody has, and ready will be sent. */
bool snapshot_withdraw(struct snapshot *s);
/* Done with the parts: a new question may be put. */
void snapshot_drop(struct snapshot *s);

#endif
