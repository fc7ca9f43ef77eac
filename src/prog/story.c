/* SPDX-License-Identifier: Apache-2.0
 *
 * story.c - see story.h. A certificate that was not proven is only ever told as a claim ("unproven").
 */
#include "story.h"

#include <string.h>

#include "base/alert.h"
#include "base/text.h"
#include "base/when.h"
#include "base/why.h"
#include "prog/diary.h"
#include "prog/refused.h"

enum { CLAIMS_TOLD = 8, NAME_ROOM = 320 };

/* ---- alerts -------------------------------------------------------------------------------------------- */

const char *story_alert(enum hf_role role, uint8_t alert)
{
    switch (alert) {
    case CERTIFICATE_REQUIRED:
        return "it demands a certificate and got none from us";
    case UNKNOWN_CA:
        return "it found no CA that it trusts behind our certificate: the CA is missing in its trust, or an "
               "intermediate in our chain file";
    case CERTIFICATE_EXPIRED:
        return "it holds our certificate, or one above it, for expired or not yet valid: look at the dates, then at "
               "its clock";
    case CERTIFICATE_REVOKED:
        return "it says that our certificate is revoked";
    case BAD_CERTIFICATE:
        return "it found our certificate broken or unfit: look at its names, its dates and its signature";
    case UNSUPPORTED_CERTIFICATE:
        return role == HF_CLIENT
                   ? "our certificate is not made for this use: look at extended key usage (clientAuth) and "
                     "key usage (digitalSignature)"
                   : "our certificate is not made for this use: look at extended key usage (serverAuth) and "
                     "key usage (digitalSignature)";
    case CERTIFICATE_UNKNOWN:
        return "it does not accept our certificate and does not say why: its own log knows";
    case ACCESS_DENIED:
        return "our certificate is valid, and its rules do not let this identity in";
    case DECRYPT_ERROR:
        return "our signature did not verify: the key may not belong to the certificate";
    case HANDSHAKE_FAILURE:
        return "it found no common ground: no suite, group or signature algorithm fits, or (TLS 1.2) it wanted a "
               "certificate";
    case PROTOCOL_VERSION:
        return "it speaks no TLS version that we offer";
    case NO_APPLICATION_PROTOCOL:
        return "it speaks none of our application protocols (ALPN)";
    case UNRECOGNIZED_NAME:
        return "it does not serve the server name that we asked for";
    default:
        return "its own log knows why";
    }
}

/* ---- fields -------------------------------------------------------------------------------------------- */

static void tell_peer(struct log_line *l, const hf_peer *p)
{
    uint8_t digest[32];
    char    hex[72], when[24];
    hf_view serial = hf_peer_serial(p);
    if (!hf_peer_leaf(p).n) { /* a raw public key has nothing else */
        hf_peer_spki_sha256(p, digest);
        text_hex(hex, sizeof hex, digest, sizeof digest, 0);
        log_text(l, "spki_sha256", hex);
        return;
    }
    log_text(l, "subject", hf_peer_subject(p));
    log_text(l, "issuer", hf_peer_issuer(p));
    text_hex(hex, sizeof hex, serial.p, serial.n, 0);
    log_text(l, "serial", hex);
    hf_peer_sha256(p, digest);
    text_hex(hex, sizeof hex, digest, sizeof digest, 0);
    log_text(l, "sha256", hex);
    log_text(l, "not_after", when_text(hf_peer_not_after(p), when));
}

static void tell_code(struct log_line *l, const char *name, char kind, uint16_t code)
{
    if (code)
        log_text(l, name, hf_code_name(kind, code));
}

static void tell_raw(struct log_line *l, const char *name, const char *raw)
{
    char safe[NAME_ROOM];
    if (!raw)
        return;
    text_printable(safe, sizeof safe, raw, strlen(raw));
    log_text(l, name, safe);
}

static void tell_conn(struct log_line *l, const hf_conn *c)
{
    tell_code(l, "version", 'v', hf_conn_version(c));
    tell_code(l, "suite", 's', hf_conn_suite(c));
    tell_code(l, "group", 'g', hf_conn_group(c));
    tell_code(l, "peer_scheme", 'a', hf_conn_peer_scheme(c));
    if (hf_conn_version(c))
        log_text(l, "resumed", hf_conn_resumed(c) ? "yes" : "no");
    tell_raw(l, "alpn", hf_conn_alpn(c));
    tell_raw(l, "server_name", hf_conn_server_name(c));
}

static void tell_claims(struct log_line *l, const hf_conn *c)
{
    hf_view certs[CLAIMS_TOLD];
    size_t  n = c ? hf_conn_claimed(c, certs, CLAIMS_TOLD) : 0;
    for (size_t i = 0; i < n && i < CLAIMS_TOLD; i++) {
        char text[NAME_ROOM];
        hf_cert_describe(certs[i], text, sizeof text);
        log_more(l, "unproven", text);
    }
}

static void tell_verdict(struct log_line *l, const struct refused *r)
{
    log_text(l, "reason", r->reason);
    log_text(l, "certainty", r->certainty);
    log_text(l, "or_else", r->or_else);
    log_text(l, "at_fault", r->at_fault);
    log_text(l, "about", r->about);
    log_said(l, true);
    log_text(l, "evidence", r->evidence);
    log_text(l, "fix", r->fix);
    log_said(l, false);
}

static void tell_why(struct log_line *l, const struct story *s, const hf_why *w)
{
    const hf_check_info *info = hf_check_info_of(w->check);
    bool                 told = w->origin == HF_BY_PEER && w->alert != HF_NO_ALERT;
    log_text(l, "check", info->name);
    if (w->message != HF_NO_MESSAGE)
        log_text(l, "stage", hf_message_name(w->message));
    if (w->alert != HF_NO_ALERT)
        log_text(l, told ? "alert_received" : "alert_sent", hf_alert_name(w->alert));
    log_said(l, true);
    if (told)
        log_text(l, "alert_means", story_alert(s->role, w->alert));
    if (w->cert >= 0)
        log_num(l, "certificate", w->cert);
    if (w->offset)
        log_num(l, "offset", w->offset);
    if (info->unit[0]) {
        log_num(l, "wanted", w->want);
        log_num(l, "got", w->got);
        log_text(l, "unit", info->unit);
    }
    log_text(l, "detail", w->text);
    log_text(l, "title", info->title);
    log_text(l, "hint", info->hint);
    log_said(l, false);
}

/* Which rule decided; when they refused, what stands against the nearest ones. */
static void tell_rules(struct log_line *l, const struct story *s)
{
    char text[HF_NEAR_TEXT + NAME_ROOM];
    log_text(l, "rule", s->rule);
    tell_raw(l, "rule_reason", s->rule_reason);
    for (unsigned i = 0; s->ruling && i < s->ruling->n_near; i++) {
        text_add(text, sizeof text, 0, "%s %s", s->ruling->near[i].where, s->ruling->near[i].text);
        log_more(l, "rule_near", text);
    }
}

/* ---- the sentence -------------------------------------------------------------------------------------- */

static const char *who(const struct story *s, const hf_conn *c)
{
    if (c && hf_conn_peer(c))
        return hf_peer_name(hf_conn_peer(c));
    return s->role == HF_SERVER ? "a client without certificate" : "a server";
}

static void say_served(struct log_line *l, const struct story *s, const hf_conn *c)
{
    if (s->role == HF_SERVER)
        log_say(l, "%s from %s was served", who(s, c), s->from);
    else
        log_say(l, "%s reached %s at %s", s->from, who(s, c), s->target);
}

/* What our own chain says together with what the peer did. */
static void say_concluded(struct log_line *l, const struct refused *r)
{
    if (r->evidence[0])
        log_say(l, ". By what we know (%s) it is %s (%s): %s", r->evidence, r->reason, r->certainty, r->fix);
}

/* Who refused whom, or how it broke. The cause follows. */
static void say_failed(struct log_line *l, const struct story *s, const hf_conn *c, const hf_why *w,
                       const struct refused *r)
{
    bool        by_peer = w->origin == HF_BY_PEER && w->alert != HF_NO_ALERT;
    const char *where   = s->role == HF_SERVER ? s->from : s->target;
    const char *kind    = s->role == HF_SERVER ? "the client" : "the server";
    char        text[1024];
    if (by_peer) {
        log_say(l, "%s %s refused us: %s, %s", kind, where, hf_alert_name(w->alert), story_alert(s->role, w->alert));
        say_concluded(l, r);
        return;
    }
    if (s->open)
        log_say(l, "%s at %s was cut off: ", who(s, c), where);
    else if (w->origin == HF_BY_US && w->alert != HF_NO_ALERT)
        log_say(l, "refused %s %s: ", kind, where);
    else
        log_say(l, "no connection with %s %s: ", kind, where);
    why_sentence(w, text, sizeof text);
    log_say(l, "%s", text);
    say_concluded(l, r);
}

void story_tell(const struct story *s, const hf_conn *c, const hf_why *why)
{
    bool            failed = why && why->check;
    struct log_line l;
    struct refused  r;
    bool            quiet = !failed && s->role == HF_SERVER && c && s->bytes_in == 0 && refused_quietly(&r, c);
    log_begin(&l, failed || quiet ? "warn" : "info", "connection");
    if (failed)
        refused_judge(&r, s->role, c, why);
    if (failed)
        say_failed(&l, s, c, why, &r);
    else
        say_served(&l, s, c);
    if (quiet)
        say_concluded(&l, &r);
    log_text(&l, "outcome", !failed ? "served" : s->open ? "cut" : "refused");
    log_text(&l, "role", s->role == HF_SERVER ? "server" : "client");
    log_text(&l, "from", s->from);
    log_text(&l, "target", s->target);
    if (c && hf_conn_peer(c))
        log_text(&l, "peer", hf_peer_name(hf_conn_peer(c)));
    log_num(&l, "duration_ms", s->duration_ms);
    log_num(&l, "bytes_in", (int64_t)s->bytes_in);
    log_num(&l, "bytes_out", (int64_t)s->bytes_out);
    if (failed || quiet)
        tell_verdict(&l, &r);
    if (failed)
        tell_why(&l, s, why);
    tell_rules(&l, s);
    if (c)
        tell_conn(&l, c);
    if (c && hf_conn_peer(c))
        tell_peer(&l, hf_conn_peer(c));
    else if (failed)
        tell_claims(&l, c);
    log_end(&l);
    if (failed && !s->open && s->role == HF_SERVER)
        diary_keep(s, c, why, &r);
}
