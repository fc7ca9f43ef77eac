/* SPDX-License-Identifier: Apache-2.0
 *
 * fd.c - blocking helpers over a file descriptor: for programs without an event loop, examples and tests.
 * The only file of the library that touches a socket or a clock.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tls/conn.h"

enum { DRAIN_MS = 2000, DRAIN_BYTES = 1 << 20 };

static int64_t clock_ms(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool system_failed(hf_conn *c, enum check id, int code)
{
    fail_text(&c->rep, id, 0, 0, code, strerror(code));
    c->rep.why.origin = HF_BY_SYSTEM;
    hf_conn_step(c, clock_ms(CLOCK_REALTIME));
    return false;
}

/* Waits until fd is ready; false: the time is up, or the descriptor is broken. */
static bool ready(hf_conn *c, int fd, short events, int64_t until)
{
    for (;;) {
        int64_t       left = until - clock_ms(CLOCK_MONOTONIC);
        struct pollfd p    = {.fd = fd, .events = events};
        int           n    = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (n > 0)
            return true;
        if (n == 0)
            return system_failed(c, FD_TIMEOUT, ETIMEDOUT);
        if (errno != EINTR)
            return system_failed(c, FD_POLL, errno);
    }
}

static bool write_out(hf_conn *c, int fd, int64_t until)
{
    for (hf_view v; (v = hf_conn_out(c)).n;) {
        ssize_t n = send(fd, v.p, v.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            hf_conn_out_done(c, (size_t)n);
        else if (errno != EAGAIN && errno != EINTR)
            return system_failed(c, FD_WRITE, errno);
        else if (!ready(c, fd, POLLOUT, until))
            return false;
    }
    return true;
}

static bool read_in(hf_conn *c, int fd, int64_t until)
{
    size_t room;
    if (!ready(c, fd, POLLIN, until))
        return false;
    uint8_t *in = hf_conn_in(c, &room);
    if (!in)
        return true; /* the next step says why */
    ssize_t n = recv(fd, in, room, MSG_DONTWAIT);
    hf_conn_in_done(c, n > 0 ? (size_t)n : 0);
    if (n == 0)
        hf_conn_in_end(c);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return system_failed(c, FD_READ, errno);
    return true;
}

/* Turns the wheel until one of `stop` is wanted, or it fails. */
static unsigned run(hf_conn *c, int fd, unsigned stop, int64_t until)
{
    for (;;) {
        unsigned want = hf_conn_step(c, clock_ms(CLOCK_REALTIME));
        if ((want & HF_WANT_OUTPUT) && !write_out(c, fd, until))
            return HF_FAILED;
        if (want & (stop | HF_FAILED | HF_CLOSED | HF_WANT_SIGNATURE | HF_WANT_VERDICT))
            return want;
        if (hf_conn_data(c).n)
            return want;
        if ((want & HF_WANT_INPUT) && !read_in(c, fd, until))
            return HF_FAILED;
    }
}

bool hf_fd_handshake(hf_conn *c, int fd, int timeout_ms)
{
    return run(c, fd, HF_OPEN, clock_ms(CLOCK_MONOTONIC) + timeout_ms) & HF_OPEN;
}

bool hf_fd_send(hf_conn *c, int fd, const void *p, size_t n, int timeout_ms)
{
    int64_t        until = clock_ms(CLOCK_MONOTONIC) + timeout_ms;
    const uint8_t *from  = p;
    while (n > 0) {
        size_t taken = hf_conn_send(c, from, n);
        if (!write_out(c, fd, until) || taken == 0)
            return false;
        from += taken;
        n -= taken;
    }
    return true;
}

long hf_fd_recv(hf_conn *c, int fd, void *p, size_t n, int timeout_ms)
{
    unsigned want = 0;
    if (!hf_conn_data(c).n)
        want = run(c, fd, 0, clock_ms(CLOCK_MONOTONIC) + timeout_ms);
    hf_view d = hf_conn_data(c);
    if (d.n) {
        n = n < d.n ? n : d.n;
        memcpy(p, d.p, n);
        hf_conn_data_done(c, n);
        return (long)n;
    }
    return want & HF_CLOSED ? 0 : -1;
}

/* An alert is lost when a socket with unread input is closed: send it, end the writing side, drain, close. */
void hf_fd_close(hf_conn *c, int fd)
{
    char    sink[4096];
    int64_t until = clock_ms(CLOCK_MONOTONIC) + DRAIN_MS;
    hf_conn_close(c);
    write_out(c, fd, until);
    shutdown(fd, SHUT_WR);
    for (size_t drained = 0; drained < DRAIN_BYTES;) {
        struct pollfd w    = {.fd = fd, .events = POLLIN};
        int64_t       left = until - clock_ms(CLOCK_MONOTONIC);
        if (left <= 0 || poll(&w, 1, (int)left) <= 0)
            break;
        ssize_t n = recv(fd, sink, sizeof sink, MSG_DONTWAIT);
        if (n <= 0)
            break;
        drained += (size_t)n;
    }
    close(fd);
}
