/* SPDX-License-Identifier: Apache-2.0
 *
 * eyes_verdict.c - the verdict on what others did. Where the handshake is visible, the questions of a live attempt find it
 * (verdict.h), and their answers are put into the third person. Where TLS 1.3 hides it, sizes and ends are what is
 * left:
 *
 *   the client's first encrypted record   as long as a Finished: it was asked for no certificate
 *                                         as long as an empty Certificate: it was asked, and had none
 *                                         longer: it sent one
 *   the server's record behind it         one alone, as long as an alert, and then the end: it refused
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "prog/eyes.h"
#include "tls/codes.h"
#include "tls/rec.h"

/* ---- the third person ---------------------------------------------------------------------------------- */

static bool boundary(char c)
{
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_');
}

/* "we sent none" by one who looks on: "the client sent none". */
static void third_person(char *text, size_t room)
{
    static const char *const words[][2] = {
        {"we are", "the client is"}, {"we have", "the client has"}, {"we present", "the client presents"},
        {"we know", "are known"},    {"we", "the client"},          {"our own", "the client's own"},
        {"our", "the client's"},     {"ours", "the client's"},      {"us", "the client"}};
    char   out[2 * LINE_MAX_];
    size_t n = 0;
    for (const char *p = text; *p;) {
        size_t i = 0, len = 0;
        bool   starts = p == text || boundary(p[-1]);
        for (; starts && i < sizeof words / sizeof words[0]; i++) {
            len = strlen(words[i][0]);
            if (strncmp(p, words[i][0], len) == 0 && boundary(p[len]))
                break;
        }
        bool hit = starts && i < sizeof words / sizeof words[0];
        n        = text_add(out, sizeof out, n, "%.*s", hit ? 64 : 1, hit ? words[i][1] : p);
        p += hit ? len : 1;
    }
    out[n] = '\0';
    text_add(text, room, 0, "%s", out);
}

static void about_others(struct verdict *v)
{
    third_person(v->says, sizeof v->says);
    third_person(v->fix, sizeof v->fix);
    third_person(v->stage, sizeof v->stage);
    for (unsigned i = 0; i < v->n_evidence; i++)
        third_person(v->evidence[i], sizeof v->evidence[i]);
    for (unsigned i = 0; i < v->n_others; i++)
        third_person(v->others[i].tells, sizeof v->others[i].tells);
}

/* ---- what is hidden ------------------------------------------------------------------------------------ */

enum { EMPTY_CERTIFICATE = REC_HEADER + 8 + 1 + AEAD_TAG, ALERT_RECORD = REC_HEADER + 2 + 1 + AEAD_TAG };

struct hidden {
    const struct seen *client;                                     /* its first run of sealed records */
    size_t             server_records, server_bytes, server_first; /* behind that */
    bool               ended, reset;                               /* by the server */
};

static struct hidden look(const struct eyes *e)
{
    struct hidden h = {0};
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (s->kind == SEEN_SEALED && s->by_client && !h.client)
            h.client = s;
        else if (s->kind == SEEN_SEALED && !s->by_client && h.client) {
            h.server_first = h.server_records ? h.server_first : s->first;
            h.server_records += s->records;
            h.server_bytes += s->n;
        } else if ((s->kind == SEEN_FIN || s->kind == SEEN_RST) && !s->by_client) {
            h.ended = true;
            h.reset = s->kind == SEEN_RST;
        }
    }
    return h;
}

static size_t finished_record(const struct eyes *e)
{
    const struct suite *s = suite_of(e->w.suite);
    return REC_HEADER + MSG_HEADER + hash_len(s ? s->hash : HASH_SHA256) + 1 + AEAD_TAG;
}

enum gave { GAVE_UNKNOWN, GAVE_NOT_ASKED, GAVE_NOTHING, GAVE_ONE };

static enum gave what_client_gave(const struct eyes *e, const struct hidden *h, struct verdict *v)
{
    size_t fin = finished_record(e), n = h->client ? h->client->first : 0;
    if (!n) {
        verdict_evidence(v, "the client sent nothing under protection");
        return GAVE_UNKNOWN;
    }
    if (n == fin) {
        verdict_evidence(v,
                         "the client's first encrypted record has %zu bytes, as a Finished has: it was asked for no "
                         "certificate, or answered so in another record",
                         n);
        return GAVE_NOT_ASKED;
    }
    if (n == EMPTY_CERTIFICATE || n == EMPTY_CERTIFICATE + MSG_HEADER + fin - REC_HEADER - MSG_HEADER - 1 - AEAD_TAG) {
        verdict_evidence(v,
                         "the client's first encrypted record has %zu bytes, as an empty Certificate has: it was "
                         "asked for a certificate and gave none",
                         n);
        return GAVE_NOTHING;
    }
    verdict_evidence(v,
                     "the client's first encrypted record has %zu bytes, and a Finished would have %zu: it was asked "
                     "for a certificate and sent one",
                     n, fin);
    return GAVE_ONE;
}

static bool server_refused(const struct hidden *h, struct verdict *v)
{
    bool alone = h->server_records == 1 && h->server_bytes == ALERT_RECORD;
    if (alone)
        verdict_evidence(v, "after that the server sent one record of %d bytes, the size of an alert%s", ALERT_RECORD,
                         h->ended ? ", and ended the connection" : "");
    else if (h->server_records)
        verdict_evidence(v, "after that the server sent %zu record%s, %zu bytes in all: more than an alert",
                         h->server_records, h->server_records == 1 ? "" : "s", h->server_bytes);
    else if (h->client && h->ended)
        verdict_evidence(v, "after that the server %s the connection and said nothing", h->reset ? "reset" : "closed");
    return alone || (h->client && h->ended && !h->server_records);
}

/* Why it is hidden, and what would show it. */
static void why_hidden(const struct eyes *e, struct verdict *v)
{
    static const char *const why[] = {
        [SEALED_NO_KEYFILE] =
            "in TLS 1.3 everything behind ServerHello is encrypted, the certificates and nearly every "
            "alert too; no key log was given",
        [SEALED_NOT_LOGGED] = "in TLS 1.3 everything behind ServerHello is encrypted; the key log does not have this "
                              "connection",
        [SEALED_SUITE]      = "it is encrypted with a cipher suite that is not known here",
        [SEALED_MISFIT]     = "the key log names this connection, and its secrets do not open its records"};
    verdict_evidence(v, "%s", why[e->w.sealed]);
    verdict_fix(v,
                "Have one end write its secrets (SSLKEYLOGFILE for curl, browsers, Python and Node, --keylog for "
                "handfast, -keylogfile for openssl), capture again, and give both files: --pcap FILE --keylog FILE.");
}

static void tell_resumed(const struct eyes *e, struct verdict *v)
{
    verdict_evidence(v, e->w.version == TLS13
                            ? "the server goes on from an earlier session (pre_shared_key in ServerHello)"
                            : "the server goes on from an earlier session: it sends no certificate");
}

/* Nobody shows a certificate again; what was proven then holds as far as the server's ticket says so. */
static bool by_resumption(const struct eyes *e, struct verdict *v)
{
    if (!e->w.resumed || e->x.live.out.post_request || !e->x.live.out.open)
        return false;
    verdict_is(v, "ok", PROVEN, FAULT_NOBODY, NULL);
    verdict_says(v,
                 "a resumed session: who the two are was proven in an earlier handshake, and no certificate is shown "
                 "again; only the server knows whom its ticket stands for");
    tell_resumed(e, v);
    text_add(v->stage, sizeof v->stage, 0, "the handshake was complete");
    return true;
}

static void by_size(const struct eyes *e, struct verdict *v)
{
    struct hidden h = look(e);
    if (e->w.resumed)
        tell_resumed(e, v);
    verdict_is(v, "not-visible", INFERRED, FAULT_NOBODY, NULL);
    enum gave gave    = what_client_gave(e, &h, v);
    bool      refused = server_refused(&h, v);
    if (refused && gave == GAVE_NOTHING) {
        verdict_is(v, "cert-required", INFERRED, FAULT_CLIENT, "client-cert");
        verdict_says(v,
                     "by the sizes of the records: the server asked for a certificate, the client gave none, and the "
                     "server refused it");
    } else if (refused && gave == GAVE_ONE) {
        verdict_is(v, "peer-rejected", INFERRED, FAULT_CLIENT, "client-cert[0]");
        verdict_says(v, "by the sizes of the records: the client sent a certificate and the server refused it; why "
                        "cannot be known without the keys");
    } else if (gave == GAVE_ONE && h.server_records)
        verdict_says(v, "who proved what to whom cannot be seen; by the sizes of the records the client sent a "
                        "certificate and the server went on");
    else
        verdict_says(v, "who proved what to whom cannot be seen: TLS 1.3 encrypts it, and there are no keys");
    why_hidden(e, v);
    text_add(v->stage, sizeof v->stage, 0, "seen up to ServerHello");
}

/* Bytes are missing that would have told how it went on: of the handshake, or of the server's answer to it. */
static bool hides(const struct eyes *e, const struct seen *s)
{
    return s->kind == SEEN_HOLE && (!eyes_finished(e, s->by_client) || (!s->by_client && !e->x.live.out.answered));
}

static bool hidden_by_hole(const struct eyes *e, struct verdict *v)
{
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s   = &e->w.seen[i];
        const char        *who = s->by_client ? "client" : "server";
        if (!hides(e, s))
            continue;
        verdict_is(v, "not-visible", PROVEN, FAULT_NOBODY, NULL);
        verdict_says(v, "the capture is not whole: what the %s said is missing in it", who);
        if (s->n)
            verdict_evidence(v, "%zu bytes of the %s's stream are missing", s->n, who);
        else
            verdict_evidence(v, "the %s's stream ends within a message", who);
        verdict_fix(v,
                    "Capture again, on the machine of one end, with a larger buffer: tcpdump -i any -s 0 -B 16384 -w "
                    "FILE 'tcp port %s'.",
                    e->x.target.port);
        text_add(v->stage, sizeof v->stage, 0, "seen up to the gap");
        return true;
    }
    return false;
}

/* ---- a header before TLS that the server does not take ------------------------------------------------- */

static bool by_proxy_header(const struct eyes *e, struct verdict *v)
{
    static const char   v2[]   = "\r\n\r\n\0\r\nQUIT\n";
    const struct seen  *s      = e->w.n ? &e->w.seen[0] : NULL;
    const enum live_end end    = e->x.live.out.end;
    bool                header = s && s->kind == SEEN_CLEAR && s->by_client &&
                  ((s->bytes.n > 6 && memcmp(s->bytes.p, "PROXY ", 6) == 0) ||
                   (s->bytes.n > 12 && memcmp(s->bytes.p, v2, 12) == 0));
    if (!header || e->w.version || end == END_TIMEOUT || end == END_FINE)
        return false;
    verdict_is(v, "proxy-header-unexpected", INFERRED, FAULT_NETWORK, "proxy-header");
    verdict_evidence(
        v, "a PROXY header of %zu bytes comes before the ClientHello, and the server answers with no hello", s->n);
    text_add(v->stage, sizeof v->stage, 0, "no TLS message came from the server");
    return true;
}

/* ---- the client refused -------------------------------------------------------------------------------- */

static bool by_client_alert(struct eyes *e, struct verdict *v)
{
    if (e->alert_by_client == HF_NO_ALERT || e->x.live.out.end == END_ALERT)
        return false;
    const char *name = hf_alert_name((uint8_t)e->alert_by_client);
    if (!verdict_by_chain(&e->x.facts, v)) {
        verdict_is(v, "peer-rejected", POSSIBLE, FAULT_SERVER, "server-cert[0]");
        verdict_says(v, "the client refused the server with the alert %s", name);
        verdict_fix(v,
                    "Look into the client's own log; give its CA file with --cacert to have the server's chain judged "
                    "as the client does.");
        if (e->alert_by_client == UNKNOWN_CA || e->alert_by_client == BAD_CERTIFICATE) {
            verdict_or(v, "issuer-unknown", "the CA files of the client");
            verdict_or(v, "intermediate-missing", "the chain above: does each certificate's issuer follow it?");
        }
        if (e->alert_by_client == BAD_CERTIFICATE || e->alert_by_client == CERTIFICATE_UNKNOWN)
            verdict_or(v, "name-mismatch", "the names in the server's certificate, and the name the client asked for");
    }
    verdict_evidence(v, "the client sent the alert %s (%d)", name, e->alert_by_client);
    text_add(v->stage, sizeof v->stage, 0, "the client had seen the server's flight");
    return true;
}

/* The handshake went well, and what the server then said is hidden: it may have refused in HTTP. */
static void doubt(const struct eyes *e, struct verdict *v)
{
    if (!v->reason || strcmp(v->reason, "ok") != 0 || e->w.sealed == SEALED_NOT || !e->x.live.out.asked)
        return;
    v->certainty = INFERRED;
    verdict_evidence(
        v, "the server's answer is encrypted and no key opens it: it may have refused there, as nginx does with "
           "HTTP 400");
}

void eyes_verdict(struct eyes *e)
{
    struct verdict *v = &e->x.verdict;
    bool told = e->x.live.out.end == END_ALERT || e->x.live.out.end == END_NOT_TLS || e->x.live.out.end == END_DIAL;
    *v        = (struct verdict){0};
    if (!e->w.tls && e->x.live.out.answer.page == PAGE_PLAIN_HTTP) {
        verdict_is(v, "not-tls", PROVEN, FAULT_CLIENT, "client");
        verdict_says(v, "the client speaks plain HTTP to a port that wants TLS");
        verdict_fix(v, "Use https:// in the client's address.");
        text_add(v->stage, sizeof v->stage, 0, "no TLS was spoken");
    } else if (by_proxy_header(e, v) || (!told && hidden_by_hole(e, v)) || by_client_alert(e, v))
        ;
    else if (!told && e->blind) {
        by_size(e, v);
    } else if (!told && by_resumption(e, v)) {
    } else {
        verdict_find(&e->x.facts, v);
        doubt(e, v);
        about_others(v);
        return;
    }
    cure_sentences(&e->x.facts, v);
    about_others(v);
}
