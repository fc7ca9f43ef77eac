/* SPDX-License-Identifier: Apache-2.0
 * reload.h - the files of a running proxy (certificates, keys, CAs, revocation lists) are looked at again. */
#ifndef HF_PROG_RELOAD_H
#define HF_PROG_RELOAD_H
#include "prog/loop.h"

struct reload {
    struct gate *gate;
    uv_timer_t   timer;
    uv_signal_t  hup;
    uint8_t      seen[32]; /* what the files looked like when they were read */
};

/* Starts to look, in the main thread's loop: every RELOAD_MS and at SIGHUP. */
void reload_start(struct reload *r, struct gate *g, uv_loop_t *loop);
void reload_stop(struct reload *r);

#endif
