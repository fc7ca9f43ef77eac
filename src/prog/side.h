/* SPDX-License-Identifier: Apache-2.0
 *
 * side.h - one of the two sockets of a proxied connection, watched by the loop for what is wanted and no more.
 */
#ifndef HF_PROG_SIDE_H
#define HF_PROG_SIDE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct side {
    uv_poll_t poll;
    int       fd;      /* -1: none */
    int       watched; /* UV_READABLE | UV_WRITABLE as told to the loop */
    bool      ended;   /* its end of stream was read */
    bool      shut;    /* ours was sent */
    int       error;   /* errno of a read: nothing more comes; 0 = none */
    int       deaf;    /* errno of a write: it takes nothing more, what it sent before may still be read; 0 = none */
};

void side_open(struct side *s, uv_loop_t *loop, int take_fd, void *data);
void side_watch(struct side *s, int events, uv_poll_cb cb);
/* Closes the socket and its handle; returns how many close callbacks will come (0 or 1). reset: the peer must not
 * take it for an orderly end. */
unsigned side_close(struct side *s, bool reset, uv_close_cb cb);
/* Sends our end of stream. */
void side_shut(struct side *s);
/* Bytes read, 0 when there is nothing now, ended or broken (see the fields). */
size_t side_read(struct side *s, void *p, size_t room);
/* Bytes written, 0 when it is full or broken. */
size_t side_write(struct side *s, const void *p, size_t n);

#endif
