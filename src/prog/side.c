/* SPDX-License-Identifier: Apache-2.0
 * side.c - see side.h. */
#include "side.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

void side_open(struct side *s, uv_loop_t *loop, int take_fd, void *data)
{
    *s = (struct side){.fd = take_fd};
    uv_poll_init(loop, &s->poll, take_fd);
    s->poll.data = data;
}

void side_watch(struct side *s, int events, uv_poll_cb cb)
{
    if (s->fd < 0 || s->watched == events)
        return;
    s->watched = events;
    if (events)
        uv_poll_start(&s->poll, events, cb);
    else
        uv_poll_stop(&s->poll);
}

unsigned side_close(struct side *s, bool reset, uv_close_cb cb)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (s->fd < 0)
        return 0;
    uv_close((uv_handle_t *)&s->poll, cb);
    if (reset)
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(s->fd);
    s->fd = -1;
    return 1;
}

void side_shut(struct side *s)
{
    if (s->fd >= 0 && !s->shut)
        shutdown(s->fd, SHUT_WR);
    s->shut = true;
}

static bool not_now(int e)
{
    return e == EAGAIN || e == EWOULDBLOCK || e == EINTR;
}

size_t side_read(struct side *s, void *p, size_t room)
{
    ssize_t n = read(s->fd, p, room);
    if (n < 0 && !not_now(errno))
        s->error = errno;
    if (n == 0 && s->deaf == ECONNRESET)
        s->error = s->deaf; /* the write has taken the error away from the read: this is no orderly end */
    else
        s->ended |= n == 0;
    return n > 0 ? (size_t)n : 0;
}

size_t side_write(struct side *s, const void *p, size_t n)
{
    ssize_t k = s->deaf || s->error ? 0 : send(s->fd, p, n, MSG_NOSIGNAL);
    if (k < 0 && !not_now(errno))
        s->deaf = errno;
    return k > 0 ? (size_t)k : 0;
}
