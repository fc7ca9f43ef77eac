/* SPDX-License-Identifier: Apache-2.0
 *
 * connect.c - `handfast connect`: one connection by hand. What it learns goes to stderr, data to stdout.
 *
 * In TLS 1.3 our handshake is over before the server has judged our certificate. So nothing is called admitted
 * before the server has said something of its own: data, a ticket or an orderly end.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prog/addr.h"
#include "prog/cause.h"
#include "prog/commands.h"
#include "prog/log.h"
#include "prog/settings.h"
#include "prog/tell.h"
#include "tls/codes.h"

static const struct opt options[] = {
    {NULL, OPT_HEADING, 0, NULL, "Who we are", NULL, NULL},
    OPT_ROW_CERT,
    OPT_ROW_KEY,
    OPT_ROW_KEYSTORE,
    OPT_ROW_RAW_KEY,
    OPT_ROW_PASS,
    OPT_ROW_STAPLE,
    {NULL, OPT_HEADING, 0, NULL, "Who the server must be", NULL, NULL},
    {"cacert", OPT_MANY, SETTINGS_AT(cacerts), "FILE", "CA certificates that may vouch for it; may be given again",
     NULL, NULL},
    {"pin", OPT_MANY, SETTINGS_AT(pins), "FILE", "or this very certificate, whoever issued it; may be\ngiven again",
     NULL, NULL},
    {"pin-key", OPT_MANY, SETTINGS_AT(pin_keys), "FILE",
     "or one of these raw public keys (PEM) in place of a\ncertificate; may be given again", NULL, NULL},
    OPT_ROW_CRL,
    OPT_ROW_REQUIRE_STAPLE,
    OPT_ROWS_STRICT,
    {"server-name", OPT_TEXT, SETTINGS_AT(server_name), "NAME",
     "the name to ask for and to find in its certificate\n(HOST)", NULL, "override-server-name"},
    {NULL, OPT_HEADING, 0, NULL, "TLS", NULL, NULL},
    {"alpn", OPT_TEXT, SETTINGS_AT(alpn), "LIST", "application protocols, best first: h2,http/1.1", NULL, NULL},
    OPT_ROW_COMPRESS,
    OPT_ROW_TLS_MIN,
    OPT_ROW_TLS_MAX,
    OPT_ROW_KEYLOG,
    {NULL, OPT_HEADING, 0, NULL, "What to do", NULL, NULL},
    {"send-nothing", OPT_FLAG, SETTINGS_AT(send_nothing), NULL,
     "do not read standard input: say goodbye after the\nhandshake and hear what the server says", NULL, NULL},
    {"timeout", OPT_MS, SETTINGS_AT(handshake_ms), "TIME",
     "for reaching the server, for the handshake, and for its\nlast words when we have said all (10s)", NULL, NULL},
    OPT_ROW_STOREPASS,
    {0},
};

static const struct command command = {
    .name  = "connect",
    .brief = "one connection by hand: who is there, and what it says about us",
    .usage = "HOST:PORT --cacert FILE [--cert FILE --key FILE] [options]",
    .about =
        "Prints the identity of the server, what was negotiated, whether a certificate was asked for, which of ours\n"
        "was chosen and why, and every verdict; then copies standard input to the server and the server to standard\n"
        "output. Exit status: 0, 1 when one side refused the other, 2 when nobody was reached or for wrong use.",
    .opts = options,
    .examples =
        "  handfast connect service.example:8443 --cacert ca.pem --cert alice.pem --key alice.key\n"
        "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | handfast connect 127.0.0.1:8443 --cacert ca.pem --keystore alice.p12\n"
        "  handfast connect 127.0.0.1:8443 --cacert ca.pem --send-nothing\n",
    .max_args = 1,
};

struct session {
    const struct settings *set;
    struct addr            target;
    int                    fd, keylog_fd;
    hf_conn               *conn;
    int64_t                began_ms, deadline_ms;
    bool                   open, said_all, answered, fd_ended, shut;
    size_t                 bytes_in;
};

/* ---- reaching it --------------------------------------------------------------------------------------- */

/* 0, or the errno of the attempt. */
static int dial_one(struct session *s, unsigned i)
{
    s->fd = addr_dial(&s->target, i);
    if (s->fd < 0)
        return errno;
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    int           e = poll(&p, 1, (int)s->set->handshake_ms) > 0 ? addr_dialled(s->fd) : ETIMEDOUT;
    if (e) {
        close(s->fd);
        s->fd = -1;
    }
    return e;
}

static bool dial(struct session *s, struct report *rep)
{
    int e = ENOENT;
    for (unsigned i = 0; i < s->target.n; i++) {
        char text[ADDR_TEXT];
        if ((e = dial_one(s, i)) == 0) {
            fprintf(stderr, "Connected to %s\n", addr_text_peer(s->fd, text));
            addr_tune(s->fd);
            return true;
        }
    }
    cause_dial(rep, s->target.text, e);
    return false;
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

static bool write_all(int fd, const void *p, size_t n)
{
    for (const char *at = p; n > 0;) {
        ssize_t k = write(fd, at, n);
        if (k < 0 && errno != EINTR)
            return false;
        at += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
    return true;
}

static void write_keylog(const struct session *s)
{
    const char *line;
    while (s->keylog_fd >= 0 && (line = hf_conn_keylog_line(s->conn)))
        dprintf(s->keylog_fd, "%s\n", line);
}

/* Sends what waits; false: the socket is broken (errno). */
static bool flush(struct session *s)
{
    hf_view v;
    while ((v = hf_conn_out(s->conn)).n) {
        ssize_t n = send(s->fd, v.p, v.n, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        hf_conn_out_done(s->conn, (size_t)n);
    }
    if (s->said_all && !s->shut)
        s->shut = shutdown(s->fd, SHUT_WR) == 0;
    return true;
}

/* One read from the server; 0, or an errno. */
static int hear(struct session *s)
{
    size_t   room;
    uint8_t *to = hf_conn_in(s->conn, &room);
    if (room == 0)
        return 0;
    ssize_t n = read(s->fd, to, room);
    int     e = n < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
    hf_conn_in_done(s->conn, n > 0 ? (size_t)n : 0);
    if (n == 0) {
        s->fd_ended = true;
        hf_conn_in_end(s->conn);
    }
    return e;
}

static void say_all(struct session *s)
{
    s->said_all = true;
    hf_conn_close(s->conn);
}

static void speak(struct session *s)
{
    uint8_t buf[16384];
    ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
    if (n <= 0) {
        say_all(s);
        return;
    }
    for (size_t at = 0, took; at < (size_t)n && (took = hf_conn_send(s->conn, buf + at, (size_t)n - at)); at += took)
        ; /* the engine's window was empty: it holds more than buf */
}

/* ---- what follows -------------------------------------------------------------------------------------- */

static bool ticket_came(const hf_conn *c)
{
    const hf_event *ev;
    size_t          n = hf_conn_trace(c, &ev);
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && !ev[i].sent && ev[i].message == HT_NEW_SESSION_TICKET)
            return true;
    return false;
}

static void note_answer(struct session *s, unsigned want)
{
    bool judged = hf_conn_version(s->conn) != TLS13; /* before its Finished, which we have seen */
    if (s->answered || !s->open || !(judged || s->bytes_in || (want & HF_CLOSED) || ticket_came(s->conn)))
        return;
    s->answered = true;
    if (hf_conn_asked(s->conn))
        fprintf(stderr, "The server has answered: it lets us in\n");
}

static void opened(struct session *s)
{
    s->open = true;
    tell_handshake(s->conn, log_now_ms() - s->began_ms);
    tell_server(s->conn);
    tell_request(s->conn, s->set);
    tell_findings(s->conn);
    if (hf_conn_asked(s->conn) && hf_conn_version(s->conn) == TLS13)
        fprintf(stderr, "The server's own verdict is still to come\n");
    if (s->set->send_nothing)
        say_all(s);
}

/* Data to stdout; the set of what the engine wants then. */
static unsigned take(struct session *s)
{
    for (;;) {
        unsigned want = hf_conn_step(s->conn, log_now_ms());
        write_keylog(s);
        if (!s->open && (want & HF_OPEN))
            opened(s);
        hf_view v = hf_conn_data(s->conn);
        s->bytes_in += v.n;
        note_answer(s, want);
        if (v.n == 0)
            return want;
        if (!write_all(STDOUT_FILENO, v.p, v.n))
            say_all(s);
        hf_conn_data_done(s->conn, v.n);
    }
}

static int refused(struct session *s, const hf_why *w)
{
    /* An end of TCP alone, after all was said: many servers know no other. */
    if (s->open && w->check == HF_CHK_END_WITHOUT_CLOSE_NOTIFY && s->bytes_in) {
        fprintf(stderr, "The server ended the connection without close_notify\n");
        return EXIT_OK;
    }
    if (!s->open) {
        tell_server(s->conn);
        if (hf_conn_asked(s->conn))
            tell_request(s->conn, s->set);
        tell_findings(s->conn);
    }
    tell_failure(w, s->open);
    if (s->open && !s->answered && hf_conn_asked(s->conn) && (w->origin != HF_BY_PEER || w->alert == HF_NO_ALERT))
        fprintf(stderr, "  It may have refused our certificate: its alert can be lost with the connection.\n");
    return EXIT_REFUSED;
}

static int silent(struct session *s)
{
    struct report rep;
    if (s->open) {
        fprintf(stderr, "The server says nothing more\n");
        return EXIT_OK;
    }
    cause_timeout(&rep, s->set->handshake_ms);
    tell_failure(&rep.why, false);
    return EXIT_WRONG;
}

static int broke(struct session *s, int error)
{
    struct report rep;
    cause_tls_reset(&rep, error);
    return refused(s, &rep.why);
}

/* Waits until something can be done; revents of socket and stdin. false: the time is over. */
static bool wait_for(struct session *s, unsigned want, short *sock, short *in)
{
    bool          out    = hf_conn_out(s->conn).n > 0;
    bool          hears  = (want & HF_WANT_INPUT) && !s->fd_ended;
    bool          speaks = s->open && !s->said_all && !out;
    struct pollfd p[2]   = {{.fd = s->fd, .events = (short)((hears ? POLLIN : 0) | (out ? POLLOUT : 0))},
                            {.fd = speaks ? STDIN_FILENO : -1, .events = POLLIN}};
    int64_t       left   = s->open && !s->said_all ? -1 : s->deadline_ms - log_now_ms();
    if (left < 0 && !(s->open && !s->said_all))
        left = 0;
    int n = poll(p, 2, (int)left);
    *sock = p[0].revents;
    *in   = p[1].revents;
    return n != 0;
}

static int talk(struct session *s)
{
    short sock = 0, in = 0;
    for (;;) {
        unsigned want = take(s);
        if (want & HF_FAILED) {
            flush(s);
            return refused(s, hf_conn_why(s->conn));
        }
        if (want & HF_CLOSED) {
            say_all(s);
            flush(s);
            return EXIT_OK;
        }
        bool sent = flush(s);
        int  e    = sent ? 0 : errno;
        if (!sent || (sock & (POLLIN | POLLHUP | POLLERR))) {
            sock  = 0;
            int h = hear(s); /* a broken socket may still hold an alert */
            if (h || (!sent && s->fd_ended && !(hf_conn_step(s->conn, log_now_ms()) & HF_FAILED)))
                return broke(s, h ? h : e);
            continue;
        }
        if (!wait_for(s, want, &sock, &in))
            return silent(s);
        if (in)
            speak(s);
        s->deadline_ms = s->open ? log_now_ms() + s->set->handshake_ms : s->deadline_ms;
    }
}

/* ---- start --------------------------------------------------------------------------------------------- */

static bool prepare(struct session *s, hf_config **cfg, struct report *rep)
{
    hf_why why;
    *cfg = settings_config(s->set, true, &why);
    if (!*cfg)
        return fail_as(rep, &why);
    s->keylog_fd = settings_keylog(s->set, rep);
    return !report_bad(rep) && addr_resolve(&s->target, false, rep) && dial(s, rep);
}

static int run(struct session *s)
{
    struct report rep;
    hf_config    *cfg = NULL;
    int           status;
    report_init(&rep);
    if (!prepare(s, &cfg, &rep)) {
        fprintf(stderr, "handfast connect: ");
        hf_why_print(&rep.why, stderr);
        hf_config_free(cfg);
        return EXIT_WRONG;
    }
    s->conn        = hf_conn_new(cfg, settings_server_name(s->set, s->target.host));
    s->began_ms    = log_now_ms();
    s->deadline_ms = s->began_ms + s->set->handshake_ms;
    status         = s->conn ? talk(s) : EXIT_WRONG;
    hf_conn_free(s->conn);
    hf_config_free(cfg);
    close(s->fd);
    return status;
}

int connect_main(int argc, char **argv)
{
    struct settings set  = {.role = HF_CLIENT, .handshake_ms = 10000};
    struct opt_list args = {0};
    struct session  s    = {.set = &set, .fd = -1, .keylog_fd = -1};
    switch (opt_parse(&command, argc, argv, &set, &args)) {
    case OPT_HELPED:
        return EXIT_OK;
    case OPT_WRONG:
        return EXIT_WRONG;
    case OPT_RUN:
        break;
    }
    if (args.n == 0) {
        opt_complain(&command, "whom to connect to? Write `handfast connect HOST:PORT`.");
        return EXIT_WRONG;
    }
    set.target      = args.v[0];
    const char *bad = addr_split(&s.target, set.target);
    if (!bad && !s.target.is_unix && !s.target.host[0])
        bad = "name a host";
    if (bad)
        opt_complain(&command, "%s: %s.", set.target, bad);
    if (bad || !settings_check(&set, &command))
        return EXIT_WRONG;
    return run(&s);
}
