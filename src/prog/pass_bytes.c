/* SPDX-License-Identifier: Apache-2.0
 *
 * pass_bytes.c - bytes from one side of a proxied connection to the other, straight between the sockets and the
 * engine's windows. Nothing here decides anything: what broke or ended stands in the sides, proxy.c judges it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "prog/proxy_in.h"

bool pass_flush(struct proxy *p)
{
    bool    moved = false;
    hf_view v;
    size_t  n;
    while ((v = hf_conn_out(p->conn)).n && (n = side_write(&p->tls, v.p, v.n))) {
        hf_conn_out_done(p->conn, n);
        moved = true;
    }
    return moved;
}

/* What goes before the engine's data; false: some of it still waits. */
static bool deliver_first(struct proxy *p, bool *moved)
{
    while (p->first_at < p->first.n) {
        size_t left = p->first.n - p->first_at;
        size_t n    = p->plain.deaf ? left : side_write(&p->plain, p->first.p + p->first_at, left);
        if (n == 0)
            return false;
        p->first_at += n;
        *moved = true;
    }
    wr_free(&p->first);
    p->first_at = 0;
    return true;
}

/* Through the reader of requests: what it lets pass waits in first. */
static size_t deliver_http(struct proxy *p, hf_view v)
{
    size_t n     = http_in_feed(p->http, v);
    p->first     = p->http->out; /* its memory stays that of http */
    p->http->out = wr_grow(&p->http->mem, LIMIT_HTTP_OUT);
    return n;
}

bool pass_deliver(struct proxy *p)
{
    bool    moved = false;
    hf_view v;
    while (p->stage == OPEN && deliver_first(p, &moved) && (v = hf_conn_data(p->conn)).n) {
        size_t n = p->plain.deaf ? v.n : p->http ? deliver_http(p, v) : side_write(&p->plain, v.p, v.n);
        if (n == 0)
            break;
        hf_conn_data_done(p->conn, n);
        p->bytes_in += n;
        tally_add(&p->worker->tally.bytes_in, n);
        moved = true;
    }
    return moved;
}

bool pass_all_told(const struct proxy *p)
{
    return p->first_at == p->first.n && hf_conn_data(p->conn).n == 0;
}

/* Gives plain bytes to the engine as long as the socket takes what comes out; returns how many. */
static size_t offer(struct proxy *p, const uint8_t *from, size_t n)
{
    size_t at = 0;
    while (at < n) {
        size_t took = hf_conn_send(p->conn, from + at, n - at);
        at += took;
        if (!pass_flush(p) && took == 0)
            break;
    }
    p->bytes_out += at;
    tally_add(&p->worker->tally.bytes_out, at);
    return at;
}

bool pass_left(struct proxy *p)
{
    size_t n = p->left ? offer(p, p->left + p->left_at, p->left_n - p->left_at) : 0;
    p->left_at += n;
    if (p->left && p->left_at == p->left_n) {
        free(p->left);
        p->left = NULL;
    }
    return n > 0;
}

/* What the engine does not take at once waits; until it is gone nothing more is read. */
static void keep(struct proxy *p, const uint8_t *from, size_t n)
{
    p->left = malloc(n);
    if (!p->left) {
        p->plain.error = ENOMEM;
        return;
    }
    memcpy(p->left, from, n);
    p->left_at = 0;
    p->left_n  = n;
}

void pass_keylog(struct proxy *p)
{
    const char *line;
    char        text[320];
    int         fd = gate_of(p)->keylog_fd;
    while (fd >= 0 && (line = hf_conn_keylog_line(p->conn))) {
        int n = snprintf(text, sizeof text, "%s\n", line);
        if (write(fd, text, (size_t)n) != n)
            return; /* a debugging aid: serving goes on */
    }
}

size_t pass_drain(struct proxy *p)
{
    size_t n = side_read(&p->tls, p->worker->scratch, SCRATCH_BYTES);
    p->drained += n;
    return n;
}

/* One read into the engine's window; false: enough for this event. */
bool pass_read_tls(struct proxy *p)
{
    size_t   room, n;
    uint8_t *to = hf_conn_in(p->conn, &room);
    if (room == 0)
        return false;
    n = side_read(&p->tls, to, room);
    hf_conn_in_done(p->conn, n);
    if (p->tls.ended)
        hf_conn_in_end(p->conn);
    return n == room;
}

/* One read of plain bytes, straight into records; false: enough for this event. */
bool pass_read_plain(struct proxy *p)
{
    if (p->left || hf_conn_out(p->conn).n > 0 || p->plain.ended)
        return false; /* it was only an error that woke us: it is still there when its turn comes */
    size_t n    = side_read(&p->plain, p->worker->scratch, SCRATCH_BYTES);
    size_t took = n ? offer(p, p->worker->scratch, n) : 0;
    if (took < n)
        keep(p, p->worker->scratch + took, n - took);
    return n == SCRATCH_BYTES;
}
