/* SPDX-License-Identifier: Apache-2.0
 *
 * shim.c - lets BoringSSL's test runner drive handfast: one process a test, one connection after the other.
 *
 *   dial -> handshake -> expectations -> what the plan writes -> echo (every byte XOR 0xff) -> close
 *
 * Exit codes: 0 all as planned; 1 not, the reason on stderr; 89 something is asked for that is not implemented.
 *
 * Invariants:
 *   1. On success nothing is written to stderr (the runner takes any output as a failure).
 *   2. Sessions of the first connection are offered, and taken, in the later ones.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "tls/conn.h"

bool bad(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

static bool bad_why(const hf_conn *c)
{
    const hf_why *w = hf_conn_why(c);
    char          text[1024];
    hf_why_text(w, text, sizeof text);
    return bad("%s: origin %d alert %s: %s", hf_check_info_of(w->check)->name, w->origin, hf_alert_name(w->alert),
               text);
}

static bool export_keys_to_peer(struct talk *t)
{
    const struct plan *p = t->plan;
    uint8_t            out[4096];
    size_t             n       = (size_t)p->export_keying_material;
    hf_view            context = {(const uint8_t *)p->export_context, strlen(p->export_context)};
    if (n > sizeof out)
        unimplemented();
    if (!hf_conn_export(t->conn, p->export_label, p->use_export_context ? context : (hf_view){0}, out, n))
        return bad("no keys are exported");
    return talk_send(t, out, n);
}

/* RFC 5929 3. There is no call for it: what it is, is in the trace. */
static bool send_unique(struct talk *t)
{
    hf_view first = first_finished(t->conn);
    return first.n ? talk_send(t, first.p, first.n) : bad("no tls-unique");
}

static bool send_secrets(struct talk *t)
{
    size_t  n      = hash_len(t->conn->suite->hash);
    uint8_t len[2] = {(uint8_t)n, 0};
    return talk_send(t, len, 2) && talk_send(t, t->conn->secret_in.b, n) && talk_send(t, t->conn->secret_out.b, n);
}

static bool send_sizes(struct talk *t)
{
    static const size_t sizes[] = {0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769};
    static uint8_t      bytes[32769];
    memset(bytes, 0x42, sizeof bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (!talk_send(t, bytes, sizes[i]))
            return false;
    return true;
}

static bool send_first(struct talk *t)
{
    const struct plan *p = t->plan;
    if (p->export_keying_material && !export_keys_to_peer(t))
        return false;
    if (p->export_traffic_secrets && !send_secrets(t))
        return false;
    if (p->tls_unique && !send_unique(t))
        return false;
    if (p->read_with_unfinished_write) /* it leaves with the first answer */
        return hf_conn_send(t->conn, p->shim_initial_write, strlen(p->shim_initial_write)) > 0;
    if (p->write_different_record_sizes)
        return send_sizes(t);
    for (int i = 0; p->shim_writes_first && i < p->repeat_shim_initial_write; i++)
        if (!talk_send(t, p->shim_initial_write, strlen(p->shim_initial_write)))
            return false;
    return true;
}

static bool echo_once(struct talk *t)
{
    uint8_t one, bytes[512];
    hf_view v    = hf_conn_data(t->conn);
    size_t  most = t->plan->read_size ? (size_t)t->plan->read_size : sizeof bytes;
    size_t  n    = v.n < most ? v.n : most < sizeof bytes ? most : sizeof bytes;
    for (size_t i = 0; i < n; i++)
        bytes[i] = v.p[i] ^ 0xff;
    hf_conn_data_done(t->conn, n);
    if (t->plan->use_exporter_between_reads && !hf_conn_export(t->conn, "", (hf_view){0}, &one, 1))
        return bad("no keys are exported");
    if (t->plan->key_update && !hf_conn_key_update(t->conn, false))
        return bad("no KeyUpdate is sent");
    return talk_send(t, bytes, n);
}

/* An end without close_notify counts only where the test looks at it. */
static bool ended(const struct talk *t, unsigned want)
{
    if (want & HF_CLOSED)
        return true;
    if (!t->plan->check_close_notify && hf_conn_why(t->conn)->check == HF_CHK_END_WITHOUT_CLOSE_NOTIFY)
        return true;
    return bad_why(t->conn);
}

static bool echo(struct talk *t)
{
    for (;;) {
        if (t->plan->key_update_before_read && !hf_conn_key_update(t->conn, false))
            return bad("no KeyUpdate is sent");
        unsigned want = talk_until(t, 0);
        if (!hf_conn_data(t->conn).n)
            return ended(t, want);
        if (!echo_once(t))
            return false;
    }
}

static bool shut_down(struct talk *t)
{
    hf_conn_close(t->conn);
    unsigned want = t->plan->check_close_notify ? talk_until(t, 0) : HF_CLOSED;
    if (hf_conn_data(t->conn).n)
        return bad("data came after our close_notify");
    return ended(t, want);
}

static bool run(struct talk *t)
{
    if (!talk_dial(t))
        return false;
    unsigned want = talk_until(t, HF_OPEN);
    if (!(want & HF_OPEN) || (want & HF_FAILED))
        return bad_why(t->conn);
    if (!expect_open(t) || !session_expect(t->conn, t->plan, t->later) || !send_first(t))
        return false;
    if (t->plan->send_alert) {
        talk_alert(t, 30 /* decompression_failure */);
        return bad("an alert was sent, as planned");
    }
    bool ok = t->plan->shim_shuts_down ? shut_down(t) : t->plan->write_different_record_sizes || echo(t);
    if (ok && t->plan->expect_total_renegotiations)
        return bad("handshakes after the first: wanted %d", t->plan->expect_total_renegotiations);
    return ok && session_take(t->conn, t->plan, t->later);
}

static bool connection(const struct plan *p, bool later)
{
    struct setup s;
    bool         ok = setup_make(&s, p);
    struct talk  t  = {.plan = p, .setup = &s, .later = later, .fd = -1};
    if (ok) {
        t.conn = hf_conn_new(s.cfg, p->host_name);
        if (t.conn)
            session_offer(t.conn, p);
        ok = t.conn && run(&t);
        if (t.fd >= 0)
            hf_fd_close(t.conn, t.fd);
    }
    hf_conn_free(t.conn);
    setup_free(&s);
    return ok;
}

int main(int argc, char **argv)
{
    static struct plan initial, resume;
    signal(SIGPIPE, SIG_IGN);
    plan_read(argc, argv, &initial, &resume);
    if (initial.is_handshaker_supported) {
        puts("No");
        return EXIT_GOOD;
    }
    bool ok = connection(&initial, false);
    for (int i = 0; ok && i < initial.resume_count; i++) {
        session_delay(&resume);
        ok = connection(&resume, true);
    }
    session_forget();
    return ok ? EXIT_GOOD : EXIT_BAD;
}
