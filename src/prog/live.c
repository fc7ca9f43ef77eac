/* SPDX-License-Identifier: Apache-2.0
 *
 * live.c - see live.h.
 *
 *      dial -> prelude -> handshake -> listen -> ask -> goodbye
 *                                        |         |       '- the last words are waited for, for a moment
 *                                        |         '- until the answer is whole
 *                                        '- a refusal comes within a moment; who speaks first is not asked
 */
#include "live.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ct.h"
#include "prog/cause.h"
#include "prog/log.h"
#include "tls/codes.h"
#include "tls/conn.h"

enum { LISTEN_MS = 250, JUDGED_MS = 600, ASK_MS = 4000, MORE_MS = 400, BYE_MS = 600 };
enum phase { HANDSHAKE, LISTEN, ASK, BYE, DONE };

struct talk {
    struct live *l;
    enum phase   phase;
    int64_t      until_ms;
    int          deaf; /* errno of a send: the socket takes nothing more, what it holds may still be read */
    bool         shut;
};

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- reaching it --------------------------------------------------------------------------------------- */

/* 0, or the errno of the attempt. */
static int dial_one(struct live *l, unsigned i)
{
    l->fd = addr_dial(l->how.target, i);
    if (l->fd < 0)
        return errno;
    struct pollfd p = {.fd = l->fd, .events = POLLOUT};
    int           e = poll(&p, 1, (int)l->how.timeout_ms) > 0 ? addr_dialled(l->fd) : ETIMEDOUT;
    if (e) {
        close(l->fd);
        l->fd = -1;
    }
    return e;
}

static bool dial(struct live *l)
{
    struct report rep;
    int           e = ENOENT;
    for (unsigned i = 0; i < l->how.target->n; i++)
        if ((e = dial_one(l, i)) == 0) {
            addr_text_peer(l->fd, l->address);
            addr_tune(l->fd);
            return true;
        }
    cause_dial(&rep, l->how.target->text, e);
    l->out.why = rep.why;
    l->out.end = END_DIAL;
    return false;
}

/* ---- plain bytes, before TLS --------------------------------------------------------------------------- */

static bool ready(struct live *l, short events)
{
    int64_t       left = l->began_ms + l->how.timeout_ms - log_now_ms();
    struct pollfd p    = {.fd = l->fd, .events = events};
    return left > 0 && poll(&p, 1, (int)left) > 0;
}

bool live_send_all(struct live *l, const void *p, size_t n)
{
    for (const uint8_t *at = p; n > 0;) {
        ssize_t k = ready(l, POLLOUT) ? send(l->fd, at, n, MSG_NOSIGNAL) : -1;
        if (k < 0)
            return false;
        at += k;
        n -= (size_t)k;
    }
    return true;
}

static void keep_first(struct live *l, const void *p, size_t n)
{
    size_t room = sizeof l->out.first - l->out.n_first;
    n           = n < room ? n : room;
    memcpy(l->out.first + l->out.n_first, p, n);
    l->out.n_first += n;
}

long live_read_some(struct live *l, void *p, size_t room)
{
    ssize_t n = ready(l, POLLIN) ? read(l->fd, p, room) : -1;
    if (n > 0)
        keep_first(l, p, (size_t)n);
    return n;
}

/* ---- TLS bytes ----------------------------------------------------------------------------------------- */

static void flush(struct talk *t)
{
    hf_view v;
    while (!t->deaf && (v = hf_conn_out(t->l->conn)).n) {
        ssize_t n = send(t->l->fd, v.p, v.n, MSG_NOSIGNAL);
        if (n < 0) {
            t->deaf = errno == EAGAIN || errno == EINTR ? 0 : errno;
            return;
        }
        hf_conn_out_done(t->l->conn, (size_t)n);
    }
    if (t->phase == BYE && !t->shut)
        t->shut = shutdown(t->l->fd, SHUT_WR) == 0;
}

/* One read; 0, or an errno that says that nothing more will come. */
static int hear(struct live *l)
{
    size_t   room;
    uint8_t *to = hf_conn_in(l->conn, &room);
    if (!room)
        return 0;
    ssize_t n = read(l->fd, to, room);
    int     e = n < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
    if (n > 0) {
        if (!l->out.heard)
            l->out.n_first = 0; /* what stood before was the prelude */
        l->out.heard = true;
        if (!l->out.open)
            keep_first(l, to, (size_t)n);
    }
    hf_conn_in_done(l->conn, n > 0 ? (size_t)n : 0);
    if (n == 0) {
        l->ended = true;
        hf_conn_in_end(l->conn);
    }
    return e;
}

/* ---- phases -------------------------------------------------------------------------------------------- */

static void enter(struct talk *t, enum phase next, int64_t for_ms)
{
    t->phase    = next;
    t->until_ms = log_now_ms() + for_ms;
    if (next == BYE)
        hf_conn_close(t->l->conn);
}

static void ask(struct talk *t)
{
    char   text[1024];
    size_t n             = http_request(text, sizeof text, t->l->how.path, t->l->how.host);
    t->l->out.asked_data = hf_conn_send(t->l->conn, text, n) == n;
    enter(t, ASK, min_ms(ASK_MS, t->l->how.timeout_ms));
}

/* The time of a phase is over. */
static void next_phase(struct talk *t)
{
    if (t->phase == LISTEN && t->l->how.ask && !t->l->out.answer.n)
        ask(t);
    else if (t->phase == LISTEN || t->phase == ASK)
        enter(t, BYE, BYE_MS);
    else {
        t->l->out.end = t->phase == HANDSHAKE ? END_TIMEOUT : END_FINE;
        t->phase      = DONE;
    }
}

static void drop_session(struct live *l)
{
    if (l->session)
        ct_wipe(l->session, l->session_n);
    free(l->session);
    l->session = NULL;
}

/* What the newest ticket makes, as soon as it comes: a connection that fails has none. */
static void keep_session(struct live *l)
{
    hf_view s = hf_conn_session(l->conn);
    if (!s.n)
        return;
    drop_session(l);
    l->session   = malloc(s.n);
    l->session_n = l->session ? s.n : 0;
    if (l->session)
        memcpy(l->session, s.p, s.n);
}

static void take_data(struct talk *t)
{
    struct live *l      = t->l;
    size_t       before = l->out.answer.n;
    hf_view      v;
    while ((v = hf_conn_data(l->conn)).n) {
        answer_add(&l->out.answer, v);
        hf_conn_data_done(l->conn, v.n);
        hf_conn_step(l->conn, log_now_ms());
        keep_session(l);
    }
    if (l->out.answer.n == before || (t->phase != LISTEN && t->phase != ASK))
        return;
    if (answer_enough(&l->out.answer))
        enter(t, BYE, BYE_MS);
    else
        enter(t, ASK, min_ms(MORE_MS, t->until_ms - log_now_ms()));
}

static void opened(struct talk *t)
{
    struct live *l = t->l;
    l->out.open    = true;
    l->open_ms     = log_now_ms();
    /* Whoever has asked for a certificate judges it now, and may be slow. */
    bool    judges = hf_conn_asked(l->conn) && hf_conn_version(l->conn) == TLS13;
    int64_t listen = l->how.listen_ms ? l->how.listen_ms : judges ? JUDGED_MS : LISTEN_MS;
    enter(t, LISTEN, listen + 2 * l->out.dial_ms);
}

static void failed(struct talk *t)
{
    struct outcome *o       = &t->l->out;
    o->why                  = *hf_conn_why(t->l->conn);
    bool           by_alert = o->why.origin == HF_BY_PEER && o->why.alert != HF_NO_ALERT;
    const unsigned c        = o->why.check;
    bool           end      = c == HF_CHK_END_IN_HANDSHAKE || c == HF_CHK_END_WITHOUT_CLOSE_NOTIFY;
    o->end                  = by_alert                                  ? END_ALERT
                              : end && (o->answer.n || t->phase == BYE) ? END_FINE
                              : end                                     ? END_CLOSED
                              : c == HF_CHK_NOT_TLS                     ? END_NOT_TLS
                                                                        : END_OUR_CHECK;
    if (o->end == END_FINE)
        o->why.check = HF_CHK_CHECK_NONE;
    t->phase = DONE;
}

static void broke(struct talk *t, int error)
{
    struct report rep;
    cause_tls_reset(&rep, error);
    t->l->out.end = t->l->out.answer.n || t->phase == BYE ? END_FINE : END_RESET;
    if (t->l->out.end == END_RESET)
        t->l->out.why = rep.why;
    t->phase = DONE;
}

/* Waits for the socket; false: the time of this phase is over. */
static bool wait_for(struct talk *t, unsigned want)
{
    bool          out  = hf_conn_out(t->l->conn).n > 0 && !t->deaf;
    bool          in   = (want & HF_WANT_INPUT) && !t->l->ended;
    int64_t       left = t->until_ms - log_now_ms();
    struct pollfd p    = {.fd = t->l->fd, .events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0))};
    return left > 0 && poll(&p, 1, (int)left) > 0;
}

static void turn(struct talk *t)
{
    struct live *l    = t->l;
    unsigned     want = hf_conn_step(l->conn, log_now_ms());
    keep_session(l);
    if (!l->out.open && (want & HF_OPEN))
        opened(t);
    take_data(t);
    flush(t);
    if (want & HF_FAILED) {
        failed(t);
        return;
    }
    if (want & HF_CLOSED) {
        l->out.answered = true;
        l->out.hung_up  = t->phase == LISTEN && !l->out.answer.n;
        l->out.end      = END_FINE;
        t->phase        = DONE;
        return;
    }
    if (!wait_for(t, want)) {
        next_phase(t);
        return;
    }
    int e = hear(l);
    if (e)
        broke(t, t->deaf ? t->deaf : e);
}

/* ---- what came of it ----------------------------------------------------------------------------------- */

static void note_message(struct outcome *o, const hf_event *e, bool after)
{
    if (e->sent) {
        o->sent_cert |= e->message == HT_CERTIFICATE && e->a > 8;
        return;
    }
    o->last = e->message;
    o->ticket |= e->message == HT_NEW_SESSION_TICKET;
    o->hello_request |= e->message == HT_HELLO_REQUEST;
    o->post_request |= after && e->message == HT_CERTIFICATE_REQUEST;
}

static void read_trace(struct live *l)
{
    const hf_event *ev;
    bool            after = false;
    size_t          n     = hf_conn_trace(l->conn, &ev);
    for (size_t i = 0; i < n; i++) {
        if (ev[i].kind == HF_EV_MESSAGE)
            note_message(&l->out, &ev[i], after);
        if (ev[i].kind == HF_EV_NOTE && ev[i].check == HF_CHK_CA_LIST_RECEIVED) {
            l->out.n_ca_names     = (size_t)ev[i].a;
            l->out.ca_names_bytes = (size_t)ev[i].b;
        }
        after |= ev[i].kind == HF_EV_MESSAGE && ev[i].sent && ev[i].message == HT_FINISHED;
    }
}

static void conclude(struct live *l)
{
    struct outcome *o = &l->out;
    read_trace(l);
    o->resumed = hf_conn_resumed(l->conn);
    o->asked   = hf_conn_asked(l->conn);
    o->version = hf_conn_version(l->conn);
    o->awaited = o->open ? HF_NO_MESSAGE : flow_awaited(l->conn);
    o->answered |= o->answer.n || o->ticket;
    o->handshake_ms = l->open_ms ? l->open_ms - l->began_ms : 0;
    o->done_ms      = log_now_ms() - l->began_ms;
    answer_read(&o->answer);
}

/* A socket that is closed with unread input resets the connection, and with it what we said last. */
void live_hang_up(struct live *l)
{
    char          sink[4096];
    int64_t       until = log_now_ms() + 200;
    struct pollfd p     = {.fd = l->fd, .events = POLLIN};
    shutdown(l->fd, SHUT_WR);
    while (log_now_ms() < until && poll(&p, 1, (int)(until - log_now_ms())) > 0 && read(l->fd, sink, sizeof sink) > 0)
        ;
    close(l->fd);
    l->fd = -1;
}

bool live_dial(struct live *l, const struct live_how *how)
{
    *l          = (struct live){.how = *how, .fd = -1, .began_ms = log_now_ms()};
    l->out.last = l->out.awaited = HF_NO_MESSAGE;
    l->out.why.alert             = HF_NO_ALERT;
    if (!dial(l))
        return false;
    l->out.dial_ms = log_now_ms() - l->began_ms;
    l->out.end     = END_PRELUDE;
    return true;
}

void live_run(struct live *l, const struct live_how *how)
{
    if (!live_dial(l, how))
        return;
    l->conn = prelude_speak(l) ? hf_conn_new(how->cfg, how->server_name) : NULL;
    if (l->conn && how->session.n)
        hf_conn_resume(l->conn, how->session);
    if (l->conn) {
        struct talk t = {.l = l, .until_ms = log_now_ms() + how->timeout_ms};
        while (t.phase != DONE)
            turn(&t);
        conclude(l);
    }
    live_hang_up(l);
}

void live_free(struct live *l)
{
    hf_conn_free(l->conn);
    l->conn = NULL;
    drop_session(l);
}
