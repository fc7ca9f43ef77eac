/* SPDX-License-Identifier: Apache-2.0
 * tell.c - see tell.h. */
#include "tell.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/story.h"
#include "tls/msg.h"
#include "x509/cert.h"

enum { NAMES_TOLD = 24, CLAIMS_MAX = 32, NAME_ROOM = 320, COLUMNS = 100 };
enum { PATH_CHECKS = 1000, PATH_CHECKS_END = 2000 }; /* numbers of checks on certificates and paths */

void tell_line(const char *name, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "  %-12s ", name);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void tell_handshake(const hf_conn *c, int64_t took_ms)
{
    char alpn[NAME_ROOM];
    text_printable(alpn, sizeof alpn, hf_conn_alpn(c), strlen(hf_conn_alpn(c)));
    fprintf(stderr, "Handshake complete on our side after %lld ms\n", (long long)took_ms);
    tell_line("version", "%s", hf_code_name('v', hf_conn_version(c)));
    tell_line("suite", "%s", hf_code_name('s', hf_conn_suite(c)));
    tell_line("group", "%s", hf_code_name('g', hf_conn_group(c)));
    tell_line("signed by", "%s", hf_code_name('a', hf_conn_peer_scheme(c)));
    if (*alpn)
        tell_line("alpn", "%s", alpn);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

static void tell_proven(const hf_peer *p)
{
    uint8_t digest[32];
    char    hex[72], when[24], span[32];
    int64_t left   = hf_peer_not_after(p) - log_now_ms() / 1000;
    hf_view serial = hf_peer_serial(p);
    fprintf(stderr, "Server, proven\n");
    tell_line("name", "%s", hf_peer_name(p));
    if (!hf_peer_leaf(p).n) {
        tell_line("raw public key", "%s", "no certificate: it holds as long as it is pinned (--pin-key)");
        return;
    }
    tell_line("subject", "%s", hf_peer_subject(p));
    tell_line("issuer", "%s", hf_peer_issuer(p));
    text_hex(hex, sizeof hex, serial.p, serial.n, 0);
    tell_line("serial", "%s", hex);
    hf_peer_sha256(p, digest);
    text_hex(hex, sizeof hex, digest, sizeof digest, 0);
    tell_line("sha256", "%s", hex);
    tell_line("valid until", "%s (%s left)", when_text(hf_peer_not_after(p), when), when_span(left, span));
}

void tell_server(const hf_conn *c)
{
    hf_view certs[CLAIMS_MAX];
    char    text[NAME_ROOM];
    if (hf_conn_peer(c)) {
        tell_proven(hf_conn_peer(c));
        return;
    }
    size_t n = hf_conn_claimed(c, certs, CLAIMS_MAX);
    if (n)
        fprintf(stderr, "Server, as it claims (unproven)\n");
    for (size_t i = 0; i < n; i++) {
        hf_cert_describe(certs[i], text, sizeof text);
        fprintf(stderr, "  [%zu] %s\n", i, text);
    }
}

/* ---- our certificate ----------------------------------------------------------------------------------- */

static hf_view message_received(const hf_conn *c, uint8_t type)
{
    const hf_event *ev;
    size_t          n = hf_conn_trace(c, &ev);
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && !ev[i].sent && ev[i].message == type)
            return ev[i].bytes;
    return (hf_view){0};
}

static void tell_ca_names(const hf_conn *c)
{
    struct cert_request m;
    struct report       rep;
    hf_view             msg = message_received(c, HT_CERTIFICATE_REQUEST), name;
    char                text[NAME_ROOM];
    size_t              told = 0;
    report_init(&rep);
    if (msg.n == 0 || !cert_request_read(&m, msg, &rep))
        return;
    if (m.x.n_ca_names == 0)
        fprintf(stderr, "  The server asks for a certificate and names no CA: any may fit\n");
    else
        fprintf(stderr, "  The server asks for a certificate and names %zu CA%s\n", m.x.n_ca_names,
                m.x.n_ca_names == 1 ? "" : "s");
    for (size_t at = 0; told < NAMES_TOLD && list_next(m.x.ca_names, 2, &at, &name); told++) {
        dn_text(name, text, sizeof text);
        fprintf(stderr, "    %s\n", text);
    }
    if (told < m.x.n_ca_names)
        fprintf(stderr, "    and %zu more\n", m.x.n_ca_names - told);
}

void tell_request(const hf_conn *c, const struct settings *s)
{
    const hf_finding *offers;
    size_t            n = hf_conn_offers(c, &offers);
    fprintf(stderr, "Our certificate\n");
    if (!hf_conn_asked(c)) {
        fprintf(stderr, "  The server asks for none\n");
        return;
    }
    tell_ca_names(c);
    if (s->n_creds == 0)
        fprintf(stderr, "  We have none (--cert, --key): an empty Certificate was sent\n");
    for (size_t i = 0; i < n && i < s->n_creds; i++) {
        const hf_check_info *info = hf_check_info_of(offers[i].check);
        fprintf(stderr, "  %s: %s", s->creds[i].chain, info->title);
        if (offers[i].check == HF_CHK_OFFER_CHOSEN)
            fprintf(stderr, " (%s)\n", hf_code_name('a', (uint16_t)offers[i].got));
        else
            fprintf(stderr, "%s%s\n", *info->hint ? ". " : "", info->hint);
    }
}

/* ---- verdicts ------------------------------------------------------------------------------------------ */

static const char *state_name(uint8_t state)
{
    static const char *const names[] = {"", "pass", "FAIL", "skipped", "not reached"};
    return state < sizeof names / sizeof names[0] ? names[state] : "";
}

/* What a finding is about: a certificate that was sent, one of our trust, or the handshake. */
static const char *about(const hf_finding *f, char out[static 24])
{
    bool path = f->check >= PATH_CHECKS && f->check < PATH_CHECKS_END;
    if (f->cert >= 0)
        snprintf(out, 24, "certificate %d", f->cert);
    else
        snprintf(out, 24, "%s", path ? "trusted CA" : "handshake");
    return out;
}

static bool same_group(const hf_finding *a, const hf_finding *b)
{
    char x[24], y[24];
    return a->state == b->state && strcmp(about(a, x), about(b, y)) == 0;
}

/* The head of a group of findings with the same outcome about the same thing; the column it ends in. */
static int tell_group(const hf_finding *f)
{
    char text[24];
    return fprintf(stderr, "  %-11s %-14s", state_name(f->state), about(f, text));
}

static int next_line(void)
{
    fputc('\n', stderr);
    return fprintf(stderr, "  %-11s %-14s", "", "");
}

void tell_findings(const hf_conn *c)
{
    const hf_finding *f;
    size_t            n  = hf_conn_findings(c, &f);
    int               at = 0;
    if (n)
        fprintf(stderr, "Verdicts, by what each check would have reported\n");
    for (size_t i = 0; i < n; i++) {
        const char *name = hf_check_info_of(f[i].check)->name;
        if (i == 0 || !same_group(&f[i - 1], &f[i])) {
            if (i > 0)
                fputc('\n', stderr);
            at = tell_group(&f[i]);
        } else if (at + 1 + (int)strlen(name) > COLUMNS)
            at = next_line();
        at += fprintf(stderr, " %s", name);
    }
    if (n)
        fputc('\n', stderr);
}

void tell_failure(const hf_why *w, bool later)
{
    if (w->origin == HF_BY_PEER && w->alert != HF_NO_ALERT) {
        fprintf(stderr, "The server refused us%s: alert %s, %s\n", later ? " when it had judged our last messages" : "",
                hf_alert_name(w->alert), story_alert(HF_CLIENT, w->alert));
        return;
    }
    fprintf(stderr, "%s: ", later ? "The connection failed" : "No connection");
    hf_why_print(w, stderr);
}
