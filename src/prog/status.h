/* SPDX-License-Identifier: Apache-2.0
 *
 * status.h - the page and the numbers (--status ADDR): an HTTP server of GNU libmicrohttpd on the main thread's loop.
 *
 *   /          a page for people; shows /status and asks again
 *   /status    JSON: who is connected, the last refusals, sightings at two places
 *   /metrics   for Prometheus
 *
 * Invariants:
 *   1. It only tells. Nothing can be changed through it, and no request costs a worker more than one snapshot at a time.
 *   2. It listens on loopback unless another host is named, and there it answers only those who call it by a name of
 *      loopback: a page from elsewhere that points a name of its own at 127.0.0.1 reads nothing.
 */
#ifndef HF_PROG_STATUS_H
#define HF_PROG_STATUS_H
#include "prog/loop.h"

struct status;

/* Listens, and answers nothing yet. NULL: rep says why not. */
struct status *status_new(const char *text, struct report *rep);
/* Answers on this loop, from now on. */
void status_start(struct status *s, struct gate *g, uv_loop_t *loop);
/* No more answers; to be called before the workers are told to end. Freed when the loop has closed its handles. */
void status_stop(struct status *s);
/* For one that was never started. */
void status_free(struct status *s);
/* NULL, or what is wrong with the address. */
const char *status_check(const char *text);

#endif
