/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict_early.c - what ends a connection before the server has shown its certificate: nobody there, another
 * protocol, something that is expected before TLS, and hellos that have nothing in common.
 */
#include <string.h>

#include "base/alert.h"
#include "base/text.h"
#include "prog/verdict.h"
#include "tls/codes.h"

/* ---- another protocol ---------------------------------------------------------------------------------- */

struct greeting {
    const char *starts, *is, *fix;
};

static const struct greeting greetings[] = {
    {"HTTP/", "plain HTTP", "Ask the plain-text port with http://, or switch TLS on for this port at the server."},
    {"<", "plain HTTP (a page without headers)",
     "Ask the plain-text port with http://, or switch TLS on for this port at the server."},
    {"SSH-", "SSH", "Name the port of the TLS service; this one is SSH."},
    {"220 ", "SMTP or FTP, which speaks in clear text first",
     "Add --starttls smtp, or name the port that speaks TLS at once."},
    {"220-", "SMTP or FTP, which speaks in clear text first",
     "Add --starttls smtp, or name the port that speaks TLS at once."},
    {"554 ", "SMTP, which speaks in clear text first",
     "Add --starttls smtp, or name the port that speaks TLS at once."},
    {"* OK", "IMAP, which speaks in clear text first",
     "Add --starttls imap, or name the port that speaks TLS at once (993)."},
    {"+OK", "POP3, which speaks in clear text first", "Name the port that speaks TLS at once (995)."},
    {"-ERR", "Redis or POP3 without TLS", "Switch TLS on for this port at the server, or name its TLS port."},
    {"ERROR", "memcached or another text protocol without TLS", "Name the port of the service that speaks TLS."},
    {"RFB ", "VNC", "Name the port of the TLS service; this one is VNC."},
    {"AMQP", "AMQP without TLS", "Name the port of the service that speaks TLS (5671)."},
    {"\x16\x03", "our own ClientHello, sent back: an echo service", "Name the port of the TLS service."},
};

static const struct greeting mysql = {
    "", "MySQL or MariaDB, which speaks first and has its own request for TLS",
    "Ask with its own client (mysql --ssl-mode=REQUIRED), or name a port that speaks TLS at once."};

static const struct greeting *greeting_of(const struct outcome *o)
{
    enum { SEQUENCE = 3, VERSION = 4, PROTOCOL_10 = 10 }; /* of the first packet; behind three bytes of length */
    if (o->n_first > VERSION && o->first[1] == 0 && o->first[SEQUENCE] == 0 && o->first[VERSION] == PROTOCOL_10)
        return &mysql;
    for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
        size_t n = strlen(greetings[i].starts);
        if (o->n_first >= n && memcmp(o->first, greetings[i].starts, n) == 0)
            return &greetings[i];
    }
    return NULL;
}

static bool another_protocol(const struct outcome *o, struct verdict *v)
{
    const struct greeting *g = greeting_of(o);
    char                   text[120];
    text_printable(text, sizeof text, o->first, o->n_first < 60 ? o->n_first : 60);
    verdict_is(v, "not-tls", PROVEN, FAULT_CLIENT, "first bytes");
    verdict_says(v, "the server does not speak TLS on this port%s%s", g ? ": this is " : "", g ? g->is : "");
    verdict_fix(v, "%s", g ? g->fix : "Name a port of the server that speaks TLS, or switch TLS on for this one.");
    verdict_evidence(v, "its first bytes are \"%s\"", text);
    return true;
}

/* A ClientHello in answer to ours. */
static bool is_echo(const struct outcome *o)
{
    return o->n_first > 5 && o->first[0] == CT_HANDSHAKE && o->first[5] == HT_CLIENT_HELLO;
}

/* ---- reached, and not a word of TLS -------------------------------------------------------------------- */

static const char *how_it_ended(const struct outcome *o)
{
    return o->end == END_CLOSED  ? "the server closed the connection"
           : o->end == END_RESET ? "the server reset the connection"
                                 : "the server did not answer";
}

/* A protocol that has its own request for TLS, and was recognised by its answer to that. */
static bool asks_first(struct verdict *v, const char *what, const char *option, bool agrees)
{
    verdict_is(v, "not-tls", PROVEN, FAULT_CLIENT, "first bytes");
    verdict_says(v, "this is %s, which wants its own request before TLS begins", what);
    verdict_fix(v, "Add --starttls %s%s.", option,
                agrees ? "" : ", and switch TLS on at the server: it answers that it has none");
    verdict_evidence(v, "it answers the request for TLS of %s", what);
    return true;
}

static bool by_probe(const struct facts *f, struct verdict *v)
{
    const struct probed *p = f->probe;
    if (p[PROBE_PROXY].made && p[PROBE_PROXY].out.open) {
        verdict_evidence(v, "with a PROXY header in front, the same handshake completes");
        return verdict_is(v, "proxy-header-missing", PROVEN, FAULT_CLIENT, "first bytes");
    }
    if (p[PROBE_NO_PROXY].made && p[PROBE_NO_PROXY].out.open) {
        verdict_evidence(v, "without the PROXY header, the same handshake completes");
        return verdict_is(v, "proxy-header-unexpected", PROVEN, FAULT_CLIENT, "first bytes");
    }
    if (p[PROBE_PLAIN].made && p[PROBE_PLAIN].out.answer.status)
        return another_protocol(&p[PROBE_PLAIN].out, v);
    if (p[PROBE_POSTGRES].hello || (p[PROBE_POSTGRES].out.n_first && p[PROBE_POSTGRES].out.first[0] == 'N'))
        return asks_first(v, "PostgreSQL", "postgres", p[PROBE_POSTGRES].hello);
    if (p[PROBE_LDAP].hello)
        return asks_first(v, "LDAP", "ldap", true);
    return false;
}

static bool no_word(const struct facts *f, struct verdict *v)
{
    const struct outcome *o   = f->o;
    const char           *why = o->end == END_CLOSED  ? "peer-closed-early"
                                : o->end == END_RESET ? "peer-reset"
                                                      : "handshake-timeout";
    if (by_probe(f, v))
        return verdict_evidence(v, "%s after our ClientHello", how_it_ended(o)), true;
    verdict_is(v, why, PROVEN, o->end == END_TIMEOUT ? FAULT_SERVER : FAULT_NETWORK, "connection");
    verdict_says(v, "%s after our first message, and no TLS came from it", how_it_ended(o));
    verdict_or(v, "not-tls", "the port speaks another protocol, or one that begins with STARTTLS: try --starttls");
    verdict_or(v, "proxy-header-missing", "a proxy in front is expected: try --proxy-protocol");
    return true;
}

static bool no_greeting(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    if (o->n_first && greeting_of(o) && !strstr(greeting_of(o)->is, "clear text"))
        return another_protocol(o, v);
    verdict_is(v, "not-tls", PROVEN, FAULT_CLIENT, "first bytes");
    verdict_says(v, "the server did not change to TLS as --starttls asked%s%s", o->said[0] ? "; it said: " : "",
                 o->said);
    verdict_fix(v, "Leave --starttls out if the port speaks TLS at once, or switch STARTTLS on at the server.");
    verdict_evidence(v, "the words before TLS ended without its consent");
    return true;
}

bool verdict_by_start(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    switch (o->end) {
    case END_DIAL:
        verdict_is(v, hf_check_info_of(o->why.check)->reason, PROVEN, FAULT_NETWORK, "address");
        verdict_says(v, "%s (%s)", hf_check_info_of(o->why.check)->title, o->why.text);
        verdict_fix(v, "%s", hf_check_info_of(o->why.check)->hint);
        return true;
    case END_PRELUDE:
        return no_greeting(f, v);
    case END_NOT_TLS:
        return (f->probe[PROBE_NO_PROXY].made && by_probe(f, v)) || another_protocol(o, v);
    case END_CLOSED:
    case END_RESET:
    case END_TIMEOUT:
        return !o->open && o->last == HF_NO_MESSAGE && no_word(f, v);
    default:
        return !o->open && (is_echo(o) ? another_protocol(o, v) : f->probe[PROBE_NO_PROXY].out.open && by_probe(f, v));
    }
}

/* ---- hellos -------------------------------------------------------------------------------------------- */

static const char *range(const struct facts *f)
{
    bool no12 = f->set->tls_min == TLS_1_3, no13 = f->set->tls_max == TLS_1_2;
    return no12 ? "TLS 1.3 only" : no13 ? "TLS 1.2 only" : "TLS 1.2 and 1.3";
}

/* Our range is narrow and the other version works, or the server speaks only what is too old for us. */
static bool by_version(const struct facts *f, struct verdict *v, bool said)
{
    enum probe           other = f->set->tls_min == TLS_1_3 ? PROBE_TLS12 : PROBE_TLS13;
    const struct probed *old   = &f->probe[PROBE_OLD];
    if (f->probe[other].made && f->probe[other].out.version) {
        verdict_is(v, "version-mismatch", PROVEN, FAULT_CLIENT, "client-hello");
        verdict_says(v, "no TLS version in common: we offered %s, the server speaks %s", range(f),
                     hf_code_name('v', f->probe[other].out.version));
        verdict_evidence(v, "offered %s, the server answers", hf_code_name('v', f->probe[other].out.version));
        return true;
    }
    if (old->made && old->hello) {
        verdict_is(v, "version-mismatch", PROVEN, FAULT_SERVER, "server-hello");
        verdict_says(v, "no TLS version in common: we offered %s, the server speaks %s at most, which is obsolete",
                     range(f), hf_code_name('v', old->got));
        verdict_evidence(v, "a hello that offers TLS 1.0 and 1.1 too is answered with %s", hf_code_name('v', old->got));
        return true;
    }
    if (!said)
        return false;
    verdict_is(v, "version-mismatch", PROVEN, f->set->tls_min || f->set->tls_max ? FAULT_CLIENT : FAULT_SERVER,
               "client-hello");
    verdict_says(v, "no TLS version in common: we offered %s, and the server speaks none of it", range(f));
    return true;
}

static bool by_name(const struct facts *f, struct verdict *v, bool said)
{
    if (f->sni_sent && (said || (f->probe[PROBE_NO_SNI].made && f->probe[PROBE_NO_SNI].out.version))) {
        verdict_is(v, "sni-unknown", said ? PROVEN : INFERRED, FAULT_CLIENT, "client-hello");
        verdict_says(v, "the server does not serve the name %s that the ClientHello asks for", f->name);
        if (f->probe[PROBE_NO_SNI].made && f->probe[PROBE_NO_SNI].out.version)
            verdict_evidence(v, "without a server name it answers");
        return true;
    }
    if (!f->sni_sent && (said || (f->probe[PROBE_SNI].made && f->probe[PROBE_SNI].out.version))) {
        verdict_is(v, "sni-missing", f->probe[PROBE_SNI].made && f->probe[PROBE_SNI].out.version ? PROVEN : INFERRED,
                   FAULT_CLIENT, "client-hello");
        verdict_says(v, "the server wants to know the name of the host (server_name, SNI), and we sent none");
        if (f->probe[PROBE_SNI].made && f->probe[PROBE_SNI].out.version)
            verdict_evidence(v, "with the server name %s it answers", f->name);
        return true;
    }
    return false;
}

static bool by_lists(const struct facts *f, struct verdict *v)
{
    static const struct {
        enum probe  p;
        const char *reason;
        char        kind;
        const char *what;
    } lists[] = {{PROBE_SUITES, "cipher-mismatch", 's', "cipher suite"},
                 {PROBE_GROUPS, "group-mismatch", 'g', "key-exchange group"},
                 {PROBE_SIGALGS, "sigalg-mismatch-server", 'a', "signature algorithm"}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct probed *p = &f->probe[lists[i].p];
        if (!p->made || !p->hello)
            continue;
        verdict_is(v, lists[i].reason, PROVEN, FAULT_SERVER, "client-hello");
        verdict_says(v, "client and server have no %s in common", lists[i].what);
        if (lists[i].p == PROBE_SIGALGS)
            verdict_evidence(v, "offered more signature algorithms, the server answers");
        else
            verdict_evidence(v, "offered more, the server chooses %s (0x%04x)", hf_code_name(lists[i].kind, p->got),
                             p->got);
        return true;
    }
    return false;
}

/* RFC 7250 4.2: nothing else is answered so at this moment. */
static bool by_types(const struct facts *f, struct verdict *v, bool said)
{
    const struct probed *p     = &f->probe[PROBE_RAW_KEYS];
    bool                 helps = p->made && p->hello;
    if (!said && !helps)
        return false;
    verdict_is(v, "cert-type-mismatch", helps ? PROVEN : INFERRED, FAULT_CLIENT, "client-hello");
    verdict_says(
        v,
        "the server shows, or takes, raw public keys in place of certificates (RFC 7250), and we did not offer that");
    if (helps)
        verdict_evidence(v, "offered raw public keys too, it answers");
    return true;
}

static bool by_alert(const struct facts *f, struct verdict *v, uint8_t alert)
{
    verdict_evidence(v, "the server answered our ClientHello with the alert %s (%d)", hf_alert_name(alert), alert);
    switch (alert) {
    case PROTOCOL_VERSION:
        return by_version(f, v, true);
    case UNRECOGNIZED_NAME:
    case MISSING_EXTENSION:
        return by_name(f, v, true);
    case NO_APPLICATION_PROTOCOL:
        verdict_is(v, "alpn-mismatch", PROVEN, FAULT_CLIENT, "client-hello");
        verdict_says(v, "no application protocol in common: we offered %s", f->set->alpn ? f->set->alpn : "none");
        return true;
    case UNSUPPORTED_CERTIFICATE:
        return by_types(f, v, true);
    case INAPPROPRIATE_FALLBACK:
        return verdict_is(v, "downgrade-detected", PROVEN, FAULT_CLIENT, "client-hello");
    default:
        break;
    }
    if (by_version(f, v, false) || by_lists(f, v) || by_types(f, v, false) || by_name(f, v, false))
        return true;
    verdict_is(v, alert == HANDSHAKE_FAILURE ? "cipher-mismatch" : "peer-rejected", POSSIBLE, FAULT_SERVER,
               "client-hello");
    verdict_or(v, "group-mismatch", "the server's list of groups (ssl_ecdh_curve, ecdhe)");
    verdict_or(v, "sigalg-mismatch-server", "the kind of key in the server's certificate");
    verdict_or(v, "sni-unknown", "another server name");
    return true;
}

/* The server failed when CertificateRequest was due. */
static bool at_request(const struct facts *f, struct verdict *v)
{
    const struct outcome *o   = f->o;
    bool                  due = o->last == HT_ENCRYPTED_EXTENSIONS ||
               (o->version == TLS12 && (o->last == HT_SERVER_KEY_EXCHANGE || o->last == HT_CERTIFICATE));
    bool large = o->end == END_OUR_CHECK && o->why.message == HT_CERTIFICATE_REQUEST;
    bool fails = o->end == END_ALERT &&
                 (o->why.alert == INTERNAL_ERROR || o->why.alert == HANDSHAKE_FAILURE || o->why.alert == DECODE_ERROR);
    if (o->open || !(large || (due && (fails || o->end == END_CLOSED || o->end == END_RESET))))
        return false;
    verdict_is(v, "ca-list-too-large", large ? PROVEN : INFERRED, FAULT_SERVER, "certificate-request");
    verdict_says(v, "the server fails where its CertificateRequest is due: its list of CA names does not fit into the "
                    "message (65,535 bytes)");
    if (o->end == END_ALERT)
        verdict_evidence(v, "after %s came the alert %s (%d) in place of CertificateRequest or Certificate",
                         hf_message_name(o->last), hf_alert_name(o->why.alert), o->why.alert);
    else
        verdict_evidence(v, "after %s it %s", hf_message_name(o->last),
                         large ? "sent a CertificateRequest that cannot be read" : "ended the connection");
    (void)f;
    return true;
}

/* A check of ours refused what came. */
static bool by_our_check(const struct facts *f, struct verdict *v)
{
    const hf_why        *w    = &f->o->why;
    const hf_check_info *info = hf_check_info_of(w->check);
    char                 text[LINE_MAX_];
    if (strcmp(info->reason, "version-mismatch") == 0 && by_version(f, v, true))
        return true;
    if (strcmp(info->reason, "renegotiation-refused") == 0) {
        verdict_evidence(v, "HelloRequest came after our request for %s", f->set->path);
        return verdict_is(v, "renegotiation-required", PROVEN, FAULT_SERVER, "certificate-request");
    }
    verdict_is(v, info->reason, PROVEN, FAULT_SERVER, w->message == HF_NO_MESSAGE ? "record" : "server message");
    verdict_says(v, "%s", info->title);
    verdict_fix(v, "%s", info->hint);
    hf_why_text(w, text, sizeof text);
    verdict_evidence(v, "%s", text);
    return true;
}

bool verdict_by_hello(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    if (at_request(f, v))
        return true;
    if (o->end == END_OUR_CHECK)
        return by_our_check(f, v);
    if (o->open || outcome_refused(o))
        return false;
    if (o->end == END_ALERT)
        return by_alert(f, v, o->why.alert);
    if (o->end != END_CLOSED && o->end != END_RESET && o->end != END_TIMEOUT)
        return false;
    verdict_is(v,
               o->end == END_CLOSED  ? "peer-closed-early"
               : o->end == END_RESET ? "peer-reset"
                                     : "handshake-timeout",
               PROVEN, FAULT_SERVER, "connection");
    verdict_says(v, "%s in the middle of the handshake, without an alert", how_it_ended(o));
    return true;
}
