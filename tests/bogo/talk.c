/* SPDX-License-Identifier: Apache-2.0
 *
 * talk.c - bytes in and out of one connection, and what it waits for: input, output, a signature, a verdict.
 * With -async the bytes come one at a time, the signature and the verdict from outside.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alert.h"
#include "crypto/crypto.h"
#include "shim.h"
#include "tls/conn.h"

int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return session_clock((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* The shim always dials, also as the TLS server, and says which test it is. */
bool talk_dial(struct talk *t)
{
    int                 one = 1;
    uint8_t             id[8];
    struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)t->plan->port), .sin6_addr = in6addr_loopback};
    struct sockaddr_in four = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)t->plan->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    t->fd = socket(t->plan->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (t->fd < 0 || (t->plan->ipv6 ? connect(t->fd, (struct sockaddr *)&six, sizeof six)
                                    : connect(t->fd, (struct sockaddr *)&four, sizeof four)) != 0)
        return bad("connect: %s", strerror(errno));
    setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (unsigned i = 0; i < 8; i++)
        id[i] = (uint8_t)((uint64_t)t->plan->shim_id >> 8 * i);
    return send(t->fd, id, sizeof id, MSG_NOSIGNAL) == sizeof id || bad("send: %s", strerror(errno));
}

static bool write_out(struct talk *t)
{
    for (hf_view v; (v = hf_conn_out(t->conn)).n;) {
        ssize_t n = send(t->fd, v.p, v.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        hf_conn_out_done(t->conn, (size_t)n);
    }
    return true;
}

static void read_in(struct talk *t)
{
    size_t   room;
    uint8_t *in = hf_conn_in(t->conn, &room);
    if (!in)
        return;
    ssize_t n = recv(t->fd, in, t->plan->async && room ? 1 : room, 0);
    hf_conn_in_done(t->conn, n > 0 ? (size_t)n : 0);
    if (n <= 0)
        hf_conn_in_end(t->conn);
}

static void sign(struct talk *t)
{
    uint16_t       scheme;
    hf_view        tbs;
    const hf_cred *who;
    uint8_t        sig[SIG_MAX];
    size_t         n = 0;
    if (!hf_conn_to_sign(t->conn, &scheme, &tbs, &who))
        return;
    for (size_t i = 0; i < CREDS_MAX && !t->plan->fail_cert_callback && !t->plan->fail_ocsp_callback; i++)
        if (t->setup->cred[i] == who && !key_sign(t->setup->key[i], &scheme_of(scheme)->how, tbs, sig, &n))
            n = 0;
    hf_conn_signed(t->conn, sig, n);
}

static void deny(struct talk *t, uint8_t alert, const char *text)
{
    hf_conn_verdict(t->conn, false, 0, text);
    t->conn->rep.why.alert = alert;
}

/* The client has credentials, was asked, and none fits: the runner's client then gives up. */
static bool none_fits(const struct talk *t)
{
    const hf_finding *offers;
    size_t            n = hf_conn_offers(t->conn, &offers);
    for (size_t i = 0; i < n; i++)
        if (offers[i].check == HF_CHK_OFFER_CHOSEN)
            return false;
    return n > 0 && !t->plan->server;
}

/* Which alert an application's denial sends is for the application to say; the runner knows two ways to deny and
 * has an alert for each. */
static void verdict(struct talk *t)
{
    const struct plan *p = t->plan;
    bool again = !hf_conn_resumed(t->conn) || p->reverify_on_resume; /* the runner's default is not to look again */
    if (p->fail_cert_callback && !p->server)
        deny(t, INTERNAL_ERROR, "fail-cert-callback");
    else if (p->fail_ocsp_callback && !p->server)
        deny(t, BAD_CERTIFICATE_STATUS_RESPONSE, "fail-ocsp-callback");
    else if (again && p->verify_fail && (p->verify_peer || p->require_any_client_certificate))
        deny(t, p->use_custom_verify_callback ? CERTIFICATE_UNKNOWN : HANDSHAKE_FAILURE, "verify-fail");
    else if (none_fits(t))
        deny(t, HANDSHAKE_FAILURE, "no credential fits");
    else
        hf_conn_verdict(t->conn, true, 0, NULL);
}

unsigned talk_until(struct talk *t, unsigned stop)
{
    for (;;) {
        unsigned want = hf_conn_step(t->conn, wall_ms());
        if ((want & HF_WANT_OUTPUT) && !write_out(t) && !(want & HF_WANT_INPUT))
            return HF_FAILED;
        if (want & (stop | HF_FAILED | HF_CLOSED) || hf_conn_data(t->conn).n)
            return want;
        if (want & HF_WANT_SIGNATURE)
            sign(t);
        else if (want & HF_WANT_VERDICT)
            verdict(t);
        else if (want & HF_WANT_INPUT)
            read_in(t);
    }
}

void talk_alert(struct talk *t, uint8_t alert)
{
    t->conn->rep.why = (hf_why){.check = VERDICT_DENIED, .origin = HF_BY_US, .alert = alert};
    talk_until(t, 0);
}

bool talk_send(struct talk *t, const void *p, size_t n)
{
    const uint8_t *from = p;
    while (n > 0) {
        size_t taken = hf_conn_send(t->conn, from, n);
        if (!write_out(t) || taken == 0)
            return bad("send: the connection takes no data");
        from += taken;
        n -= taken;
    }
    return true;
}
