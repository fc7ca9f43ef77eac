/* SPDX-License-Identifier: Apache-2.0
 *
 * proxy.c - one connection that passes through.
 *
 *   server   accept -> HANDSHAKE -> (proven) REACHING the target -> OPEN -> gone
 *   client   accept -> REACHING the server -> HANDSHAKE -> OPEN -> gone
 *   failure  PARTING: what is pending leaves (the alert), our end is shut, input is drained within a bound, gone
 *
 *   TLS socket -> hf_conn_in .. hf_conn_data -> plain socket
 *   TLS socket <- hf_conn_out .. hf_conn_send <- plain socket
 *
 * Invariants:
 *   1. Nothing is read from one side while anything waits for the other: a connection holds at most the engine's
 *      two windows and one scratch of plain bytes that the engine did not take yet; an idle one holds none.
 *   2. The target of a server hears nothing before the client is proven.
 *   3. Each connection is told exactly once (story_tell), when its fate is known.
 *   4. An orderly end is passed on as an orderly end and only as that: a plain end becomes close_notify, close_notify
 *      becomes a plain end, each way on its own; a broken TLS side resets the plain one, and a broken plain side ends
 *      the TLS one without close_notify.
 */
#include "proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/why.h"
#include "prog/cause.h"
#include "prog/log.h"
#include "prog/proxy_in.h"
#include "prog/refused.h"
#include "prog/story.h"

enum {
    READ_BURST    = 16,              /* reads for one event, so that no connection starves the others */
    PARTING_MS    = 2000,            /* for the alert to leave and the peer to notice */
    PARTING_BYTES = 4 * 1024 * 1024, /* drained at most */
    LAST_READS    = 64,
    QUIET_MS      = 1000 /* without a byte: what can be made again is given back */
};

static void on_tls(uv_poll_t *h, int status, int events);
static void on_plain(uv_poll_t *h, int status, int events);
static void reach(struct proxy *p);
static void act(struct proxy *p);

static bool is_server(const struct proxy *p)
{
    return gate_of(p)->set->role == HF_SERVER;
}

struct proxy *proxy_next(const struct proxy *p)
{
    return p->next;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

char *proxy_from(const struct proxy *p, char out[static ADDR_TEXT])
{
    union sock_addr at = {0};
    memcpy(&at, &p->from.at, sizeof p->from.at);
    return addr_text(&at, p->from.len, out);
}

/* What is wrong; what to do stands beside it. */
static void why_without_hint(const hf_why *why, char *text, size_t room)
{
    const char *hint = hf_check_info_of(why->check)->hint;
    size_t      n = why_sentence(why, text, room), h = strlen(hint);
    if (h && n > h && strcmp(text + n - h, hint) == 0)
        text[n - h - 1] = '\0';
}

/* For the status page; where there is none, only counted. */
static void remember(const struct proxy *p, const struct story *s, const hf_why *why, enum ended how)
{
    struct refused  r;
    struct refusal *f = recent_refusal(&p->worker->tally.recent);
    char            text[RECENT_TEXT];
    refused_judge(&r, s->role, p->conn, why);
    *f = (struct refusal){.at_ms   = log_now_ms(),
                          .reason  = r.reason,
                          .check   = hf_check_info_of(why->check)->name,
                          .outcome = how == ENDED_CUT ? "cut" : "refused"};
    why_without_hint(why, text, sizeof text);
    text_add(f->from, sizeof f->from, 0, "%s", s->from);
    text_add(f->who, sizeof f->who, 0, "%s%s",
             p->conn && hf_conn_peer(p->conn) ? hf_peer_name(hf_conn_peer(p->conn)) : "",
             p->conn && hf_conn_peer(p->conn) ? "" : r.about);
    text_add(f->why, sizeof f->why, 0, "%s", text);
    text_add(f->fix, sizeof f->fix, 0, "%s", r.fix);
}

static void count_end(const struct proxy *p, const struct story *s, const hf_why *why)
{
    bool       failed = why && why->check;
    enum ended how    = !failed ? ENDED_SERVED : s->open ? ENDED_CUT : ENDED_REFUSED;
    tally_end(&p->worker->tally, how, why, (uint64_t)s->duration_ms * 1000);
    if (failed && gate_of(p)->set->status)
        remember(p, s, why, how);
}

static void tell(struct proxy *p, const hf_why *why)
{
    char from[ADDR_TEXT];
    bool verdict = why && !is_server(p) && why->origin == HF_BY_PEER && why->alert != HF_NO_ALERT;
    if (p->told)
        return;
    p->told = true;
    /* A server that speaks TLS 1.3 judges us after our handshake is complete: its first word may be a refusal. */
    struct story s = {.role        = gate_of(p)->set->role,
                      .from        = proxy_from(p, from),
                      .target      = gate_of(p)->target.text,
                      .duration_ms = log_now_ms() - p->began_ms,
                      .bytes_in    = p->bytes_in,
                      .bytes_out   = p->bytes_out,
                      .open        = p->opened && !(verdict && p->bytes_in == 0),
                      .rule        = p->admission.rule,
                      .rule_reason = p->admission.reason,
                      .ruling      = p->admission.refusal};
    story_tell(&s, p->conn, why);
    count_end(p, &s, why);
}

static void on_closed(uv_handle_t *h)
{
    struct proxy *p = h->data;
    p->closing--;
    if (p->stage == OVER && p->closing == 0) {
        worker_less(p->worker);
        free(p);
    } else if (p->stage != OVER && p->dial_again) {
        p->dial_again = false;
        reach(p);
    }
}

static void unlink_from_worker(struct proxy *p)
{
    if (p->prev)
        p->prev->next = p->next;
    else
        p->worker->first = p->next;
    if (p->next)
        p->next->prev = p->prev;
}

/* Nothing of it is left but handles that the loop still closes. */
static void finish(struct proxy *p, const hf_why *why, bool reset_plain)
{
    tell(p, why);
    p->stage = OVER;
    admission_leave(p);
    again_gone(p);
    unlink_from_worker(p);
    p->closing += side_close(&p->tls, false, on_closed);
    p->closing += side_close(&p->plain, reset_plain, on_closed);
    p->closing++;
    uv_close((uv_handle_t *)&p->timer, on_closed);
    hf_conn_free(p->conn);
    free(p->left);
    wr_free(&p->first);
    http_in_free(p->http);
    p->http = NULL;
    p->conn = NULL;
    p->left = NULL;
}

static void on_parted(uv_timer_t *t)
{
    finish(t->data, NULL, false);
}

/* It failed: the plain side is reset, the TLS side gets what is pending (an alert) and the time to read it. */
static void part(struct proxy *p, const hf_why *why)
{
    tell(p, why);
    places_leave(p);
    p->dial_again = false;
    p->closing += side_close(&p->plain, true, on_closed);
    if (p->tls.fd < 0 || !p->conn) {
        finish(p, why, true);
        return;
    }
    p->stage = PARTING;
    uv_timer_start(&p->timer, on_parted, PARTING_MS, 0);
}

static void plain_reset(struct proxy *p)
{
    struct report rep;
    cause_plain_reset(&rep, p->plain.error);
    part(p, &rep.why);
}

/* The TLS socket is broken: nobody is there to be told anything. */
static void tls_reset(struct proxy *p)
{
    struct report rep;
    cause_tls_reset(&rep, p->tls.error ? p->tls.error : p->tls.deaf);
    finish(p, &rep.why, true);
}

void proxy_cut(struct proxy *p)
{
    struct report rep;
    cause_stopped(&rep);
    finish(p, &rep.why, true);
}

void proxy_turn_out(struct proxy *p, const hf_why *why)
{
    tell(p, why);
    hf_conn_verdict(p->conn, false, why->check, why->text);
    hf_conn_step(p->conn, log_now_ms());
    part(p, why);
    if (p->stage != OVER)
        act(p);
}

void proxy_see_out(struct proxy *p, const hf_why *why)
{
    hf_conn_close(p->conn);
    part(p, why);
    if (p->stage != OVER)
        act(p);
}

static void on_handshake_timeout(uv_timer_t *t)
{
    struct proxy *p = t->data;
    struct report rep;
    cause_timeout(&rep, gate_of(p)->set->handshake_ms);
    finish(p, &rep.why, true);
}

/* ---- what follows from it ------------------------------------------------------------------------------ */

/* The TLS socket takes no more bytes: what the peer said before it closed explains why. */
static void last_words(struct proxy *p)
{
    size_t room, n = 1;
    int    error = p->tls.error;
    if (p->peer_closed && p->close_sent) { /* it went away by its own will: only our goodbye is lost */
        finish(p, NULL, false);
        return;
    }
    p->tls.error = 0;
    for (int i = 0; i < LAST_READS && n; i++) {
        hf_conn_data_done(p->conn, hf_conn_data(p->conn).n);
        if (hf_conn_step(p->conn, log_now_ms()) & HF_FAILED) {
            part(p, hf_conn_why(p->conn));
            return;
        }
        uint8_t *to = hf_conn_in(p->conn, &room);
        n           = room ? side_read(&p->tls, to, room) : 0;
        hf_conn_in_done(p->conn, n);
    }
    if (hf_conn_step(p->conn, log_now_ms()) & HF_FAILED)
        part(p, hf_conn_why(p->conn));
    else {
        p->tls.error = p->tls.error ? p->tls.error : error;
        tls_reset(p);
    }
}

static void opened(struct proxy *p)
{
    p->opened = true;
    tally_handshake(&p->worker->tally, p->conn, (uv_hrtime() - p->began_ns) / 1000);
    uv_timer_stop(&p->timer);
    p->stage = OPEN;
    if (!again_opened(p)) /* the configuration has changed meanwhile, and it has been turned out */
        return;
    if (is_server(p)) {
        p->stage = REACHING;
        reach(p);
    }
}

static void pass_ends(struct proxy *p, unsigned want)
{
    p->peer_closed |= (want & HF_CLOSED) != 0;
    if (p->peer_closed && pass_all_told(p))
        side_shut(&p->plain);
    if (p->plain.ended && !p->left && !p->close_sent) {
        p->close_sent = true;
        hf_conn_close(p->conn);
        pass_flush(p);
    }
    if (p->close_sent && hf_conn_out(p->conn).n == 0)
        side_shut(&p->tls);
    if (p->tls.shut && p->plain.shut)
        finish(p, NULL, false);
    else if (p->tls.shut && p->plain.deaf)
        part(p, NULL); /* the target has closed both ways: the client may still be sending */
}

static void failed(struct proxy *p)
{
    const hf_why *why = hf_conn_why(p->conn);
    /* It had our close_notify and answers with the end of TCP alone, as many do: nothing of ours was lost. */
    if (p->close_sent && p->tls.shut && why->check == HF_CHK_END_WITHOUT_CLOSE_NOTIFY)
        why = NULL;
    part(p, why);
}

/* A request that does not pass: the first one is answered, for nothing is on its way that the answer could be taken for. */
static void refuse_request(struct proxy *p)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (p->http->requests <= 1)
        hf_conn_send(p->conn, answer, sizeof answer - 1);
    hf_conn_close(p->conn);
    hf_conn_data_done(p->conn, hf_conn_data(p->conn).n);
    part(p, &p->http->rep.why);
}

static void judge(struct proxy *p, unsigned want)
{
    if (want & HF_FAILED)
        failed(p);
    else if (p->http && p->http->bad)
        refuse_request(p);
    else if (p->tls.error || p->tls.deaf)
        last_words(p);
    else if (p->plain.error)
        plain_reset(p);
    else if (p->stage == HANDSHAKE && (want & HF_OPEN))
        opened(p);
    else if (p->stage == OPEN)
        pass_ends(p, want);
}

static void parting(struct proxy *p)
{
    if (hf_conn_out(p->conn).n == 0)
        side_shut(&p->tls);
    if (p->tls.error || p->tls.deaf || (p->tls.shut && p->tls.ended) || p->drained > PARTING_BYTES)
        finish(p, NULL, false);
}

static void watch(struct proxy *p)
{
    bool out   = p->conn && hf_conn_out(p->conn).n > 0;
    bool data  = p->stage == OPEN && !pass_all_told(p);
    bool asked = p->admission.state == ADMISSION_ASKED; /* what it says meanwhile may wait */
    bool hear =
        (p->stage == HANDSHAKE && !asked) || p->stage == PARTING || (p->stage == OPEN && !data && !p->peer_closed);
    int tls   = (hear && !p->tls.ended ? UV_READABLE : 0) | (out ? UV_WRITABLE : 0);
    int plain = (p->stage == OPEN && !p->plain.ended && !p->left && !out ? UV_READABLE : 0) | (data ? UV_WRITABLE : 0);
    if (p->stage == REACHING) /* the side that is being connected */
        *(is_server(p) ? &plain : &tls) = UV_WRITABLE;
    side_watch(&p->tls, tls, on_tls);
    side_watch(&p->plain, plain, on_plain);
}

/* Nothing passed for a while: the connection keeps only what it cannot make again. */
static void on_quiet(uv_timer_t *t)
{
    struct proxy *p = t->data;
    if (p->passed == p->bytes_in + p->bytes_out) {
        hf_conn_rest(p->conn);
        uv_timer_stop(t);
    }
    p->passed = p->bytes_in + p->bytes_out;
}

static void watch_quiet(struct proxy *p)
{
    if (p->stage == OPEN && !uv_is_active((uv_handle_t *)&p->timer))
        uv_timer_start(&p->timer, on_quiet, QUIET_MS, QUIET_MS);
}

/* Everything that can be done now is done, then the loop is told what to wait for. */
static void act(struct proxy *p)
{
    unsigned   want  = 0;
    enum stage stage = p->stage;
    if (p->conn && p->stage < PARTING) {
        bool moved;
        do {
            want = hf_conn_step(p->conn, log_now_ms());
            pass_keylog(p);
            if (!is_server(p))
                sessions_keep(&p->worker->sessions, p->conn);
            moved = pass_flush(p);
            moved |= pass_deliver(p);
            moved |= pass_left(p);
            moved |= (want & HF_WANT_VERDICT) && admission_ask(p);
        } while (moved);
        judge(p, want);
    }
    if (p->stage == PARTING) {
        pass_flush(p);
        parting(p);
    }
    if (p->stage == OPEN && stage == HANDSHAKE)
        act(p); /* what came together with the last message of the handshake */
    else if (p->stage != OVER) {
        watch(p);
        watch_quiet(p);
    }
}

void proxy_go_on(struct proxy *p)
{
    if (!p->asking)
        act(p);
}

/* ---- reaching the target ------------------------------------------------------------------------------- */

static void unreachable(struct proxy *p, int error)
{
    struct report rep;
    cause_dial(&rep, gate_of(p)->target.text, error);
    part(p, &rep.why);
    if (p->stage != OVER)
        act(p);
}

static void on_dial_timeout(uv_timer_t *t)
{
    unreachable(t->data, ETIMEDOUT);
}

static struct side *far_side(struct proxy *p)
{
    return is_server(p) ? &p->plain : &p->tls;
}

/* Tries the target's addresses, from dial_at on. */
static void reach(struct proxy *p)
{
    const struct addr *target = &gate_of(p)->target;
    int                error  = ENOENT;
    for (; p->dial_at < target->n; p->dial_at++) {
        int fd = addr_dial(target, p->dial_at);
        if (fd < 0) {
            error = errno;
            continue;
        }
        side_open(far_side(p), &p->worker->loop, fd, p);
        if (!uv_is_active((uv_handle_t *)&p->timer))
            uv_timer_start(&p->timer, on_dial_timeout, (uint64_t)gate_of(p)->set->connect_ms, 0);
        watch(p);
        return;
    }
    unreachable(p, error);
}

static void without_memory(struct proxy *p)
{
    struct report rep;
    cause_no_memory(&rep);
    finish(p, &rep.why, true);
}

static void handshake_start(struct proxy *p)
{
    p->stage       = HANDSHAKE;
    p->changes     = atomic_load(&p->worker->gate->changes);
    hf_config *cfg = gate_config(p->worker->gate);
    p->conn        = hf_conn_new(cfg, is_server(p) ? NULL : gate_of(p)->server_name);
    hf_config_free(cfg);
    if (p->conn && !is_server(p))
        sessions_use(&p->worker->sessions, p->conn);
    uv_timer_start(&p->timer, on_handshake_timeout, (uint64_t)gate_of(p)->set->handshake_ms, 0);
    if (p->conn)
        act(p);
    else
        without_memory(p);
}

static void on_reached(struct proxy *p)
{
    struct side *far   = far_side(p);
    int          error = addr_dialled(far->fd);
    if (error && p->dial_at + 1 < gate_of(p)->target.n) {
        p->dial_at++;
        p->dial_again = true;
        p->closing += side_close(far, false, on_closed);
        return;
    }
    uv_timer_stop(&p->timer);
    if (error) {
        unreachable(p, error);
        return;
    }
    addr_tune(far->fd);
    if (!is_server(p)) {
        handshake_start(p);
        return;
    }
    p->stage = OPEN;
    if (greet(p))
        act(p);
    else
        without_memory(p);
}

/* ---- events -------------------------------------------------------------------------------------------- */

static void on_tls(uv_poll_t *h, int status, int events)
{
    struct proxy *p = h->data;
    if (status < 0)
        p->tls.watched = 0; /* the loop has stopped watching: a read or write says why */
    if (p->stage == REACHING && !is_server(p)) {
        on_reached(p);
        return;
    }
    if (places_over(p))
        return;
    bool more = status < 0 || (events & UV_READABLE);
    if (!more)
        act(p);
    for (int i = 0; more && i < READ_BURST; i++) {
        if (p->stage == PARTING)
            more = pass_drain(p) > 0;
        else
            more = pass_read_tls(p);
        act(p);
        more = more && (p->tls.watched & UV_READABLE) && p->stage != OVER;
    }
}

static void on_plain(uv_poll_t *h, int status, int events)
{
    struct proxy *p = h->data;
    if (status < 0)
        p->plain.watched = 0;
    if (p->stage == REACHING && is_server(p)) {
        on_reached(p);
        return;
    }
    if (places_over(p))
        return;
    bool more = status < 0 || (events & UV_READABLE);
    if (!more)
        act(p);
    for (int i = 0; more && i < READ_BURST; i++) {
        more = pass_read_plain(p);
        act(p);
        more = more && p->stage == OPEN && (p->plain.watched & UV_READABLE);
    }
}

/* ---- the beginning ------------------------------------------------------------------------------------- */

void proxy_new(struct worker *w, int take_fd, const union sock_addr *from, socklen_t len)
{
    struct proxy *p = calloc(1, sizeof *p);
    if (!p) {
        log_note("error", "accept", "a connection was closed: memory is out");
        close(take_fd);
        return;
    }
    addr_tune(take_fd);
    p->worker   = w;
    p->began_ms = log_now_ms();
    p->began_ns = uv_hrtime();
    tally_add(&w->tally.accepted, 1);
    p->tls.fd = p->plain.fd = -1;
    p->expires_ms           = INT64_MAX;
    p->from.len             = len < sizeof p->from.at ? len : sizeof p->from.at;
    memcpy(&p->from.at, from, p->from.len);
    uv_timer_init(&w->loop, &p->timer);
    p->timer.data = p;
    p->next       = w->first;
    if (w->first)
        w->first->prev = p;
    w->first = p;
    w->n_proxies++;
    side_open(is_server(p) ? &p->tls : &p->plain, &w->loop, take_fd, p);
    if (is_server(p))
        handshake_start(p);
    else
        reach(p);
}
