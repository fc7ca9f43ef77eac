/* SPDX-License-Identifier: Apache-2.0
 *
 * tale.c - the document: all that was given, seen, tried and concluded. doc/explain.md describes its fields.
 */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/explain.h"
#include "prog/log.h"

enum { NAME_ROOM = 400, HEX_ROOM = 2 * 64 + 1 };

static json_t *text_or_null(const char *s)
{
    return s && *s ? json_string(s) : json_null();
}

static json_t *code(char kind, uint16_t c)
{
    return c ? json_string(hf_code_name(kind, c)) : json_null();
}

/* ---- files --------------------------------------------------------------------------------------------- */

static json_t *note_json(const struct file_note *n)
{
    static const char *const weights[] = {"blocks", "fault", "remark"};
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "reason", n->reason, "weight", weights[n->weight], "file",
                     n->file, "subject", n->subject, "text", n->text, "fix", n->fix);
}

static json_t *notes_json(const struct mine *o, int cred)
{
    json_t *a = json_array();
    for (unsigned i = 0; i < o->n_notes; i++)
        if (o->notes[i].cred == cred)
            json_array_append_new(a, note_json(&o->notes[i]));
    return a;
}

static json_t *cred_json(const struct explain *x, unsigned i)
{
    const struct own_cred *c      = &x->own.creds[i];
    bool                   judged = c->judged.path.n_certs > 0;
    int64_t                want, got;
    uint16_t               remark = explain_remark(x, i, &want, &got);
    const hf_check_info   *info   = hf_check_info_of(remark);
    bool                   sent   = x->live.out.sent_cert && x->facts.cred == (int)i;
    return json_pack("{s:s, s:o, s:b, s:o, s:b, s:o, s:o, s:o}", "file", c->cert, "key", text_or_null(c->key), "usable",
                     c->usable, "chain", judged ? check_chain_json(&c->judged) : json_null(), "sent", sent, "fits",
                     remark ? json_pack("{s:b, s:s, s:s, s:s, s:s}", "yes",
                                        remark == HF_CHK_OFFER_FITS || remark == HF_CHK_OFFER_CHAIN_SIGALG, "check",
                                        info->name, "reason", info->reason, "text", info->title, "hint", info->hint)
                            : json_null(),
                     "notes", notes_json(&x->own, (int)i), "under", judged ? json_string(x->own.against) : json_null());
}

static json_t *files_json(const struct explain *x)
{
    json_t *creds = json_array(), *cas = json_array(), *crls = json_array();
    for (unsigned i = 0; i < x->own.n_creds; i++)
        json_array_append_new(creds, cred_json(x, i));
    for (unsigned i = 0; i < x->set.cacerts.n; i++)
        json_array_append_new(cas, json_string(x->set.cacerts.v[i]));
    for (unsigned i = 0; i < x->set.crls.n; i++)
        json_array_append_new(crls, json_string(x->set.crls.v[i]));
    return json_pack("{s:o, s:o, s:o, s:s, s:I, s:o}", "credentials", creds, "cacert", cas, "crl", crls, "trust",
                     x->own.against, "anchors", (json_int_t)hf_trust_anchors(x->own.trust), "notes",
                     notes_json(&x->own, -1));
}

/* ---- one connection ------------------------------------------------------------------------------------ */

static const char *const ends[] = {
    [END_FINE] = "fine",       [END_DIAL] = "not-reached",     [END_PRELUDE] = "before-tls",
    [END_NOT_TLS] = "not-tls", [END_OUR_CHECK] = "we-refused", [END_ALERT] = "alert",
    [END_CLOSED] = "closed",   [END_RESET] = "reset",          [END_TIMEOUT] = "timeout"};

static json_t *alert_json(const struct outcome *o)
{
    return o->end == END_ALERT
               ? json_pack("{s:s, s:i}", "name", hf_alert_name(o->why.alert), "number", (int)o->why.alert)
               : json_null();
}

static json_t *answer_json(const struct answer *a)
{
    static const char *const pages[] = {"other",       "no-certificate", "bad-certificate",
                                        "certificate", "plain-http",     "wrong-host"};
    char                     when[24];
    if (!a->n)
        return json_null();
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:I}", "http_status", a->status, "line", a->line, "words",
                     a->words, "about", pages[a->page], "server", text_or_null(a->server), "date",
                     a->date ? json_string(when_text(a->date, when)) : json_null(), "bytes", (json_int_t)a->total);
}

json_t *tale_outcome(const struct outcome *o)
{
    return json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "end", ends[o->end], "open",
                     o->open, "let_in", outcome_let_in(o), "refused", outcome_refused(o), "asked", o->asked,
                     "certificate_sent", o->sent_cert, "resumed", o->resumed, "ticket", o->ticket, "version",
                     code('v', o->version), "alert", alert_json(o), "answer", answer_json(&o->answer), "last",
                     o->last == HF_NO_MESSAGE ? json_null() : json_string(hf_message_name(o->last)), "awaited",
                     o->awaited == HF_NO_MESSAGE ? json_null() : json_string(hf_message_name(o->awaited)));
}

static json_t *why_json(const struct outcome *o)
{
    const hf_check_info *i = hf_check_info_of(o->why.check);
    char                 line[1024];
    if (!o->why.check)
        return json_null();
    hf_why_text(&o->why, line, sizeof line);
    return json_pack("{s:s, s:s, s:s}", "check", i->name, "reason", i->reason, "text", line);
}

static json_t *connection_json(const struct explain *x)
{
    const hf_event *ev = NULL;
    hf_conn        *c  = x->live.conn;
    size_t          n  = c ? hf_conn_trace(c, &ev) : 0;
    char            alpn[NAME_ROOM], first[NAME_ROOM];
    const char     *chosen = c ? hf_conn_alpn(c) : NULL;
    text_printable(alpn, sizeof alpn, chosen ? chosen : "", chosen ? strlen(chosen) : 0);
    text_printable(first, sizeof first, x->live.out.first, x->live.out.n_first < 64 ? x->live.out.n_first : 64);
    json_t *o = tale_outcome(&x->live.out);
    json_object_set_new(o, "address", text_or_null(x->live.address));
    json_object_set_new(o, "connect_ms", json_integer(x->live.out.dial_ms));
    json_object_set_new(o, "handshake_ms", json_integer(x->live.out.handshake_ms));
    json_object_set_new(o, "suite", code('s', c ? hf_conn_suite(c) : 0));
    json_object_set_new(o, "group", code('g', c ? hf_conn_group(c) : 0));
    json_object_set_new(o, "server_scheme", code('a', c ? hf_conn_peer_scheme(c) : 0));
    json_object_set_new(o, "alpn", text_or_null(alpn));
    json_object_set_new(o, "server_name", explain_sends_sni(x) ? json_string(explain_sni(x)) : json_null());
    json_object_set_new(o, "why", why_json(&x->live.out));
    json_object_set_new(o, "first_bytes", x->live.out.end == END_NOT_TLS ? json_string(first) : json_null());
    json_object_set_new(o, "messages", tale_messages(ev, n, x->live.began_ms, false));
    json_object_set_new(o, "proofs", tale_proofs(ev, n, c ? hf_conn_suite(c) : 0, false));
    return o;
}

json_t *tale_server(const struct explain *x)
{
    if (!x->server.path.n_certs)
        return json_null();
    json_t *o = check_chain_json(&x->server);
    json_object_set_new(o, "under", json_string(x->own.against));
    json_object_set_new(o, "name", text_or_null(x->server.name));
    return o;
}

static json_t *probes_json(const struct explain *x)
{
    json_t *a = json_array();
    for (enum probe p = 0; p < N_PROBES; p++) {
        if (!x->probe[p].made)
            continue;
        json_t *o = tale_outcome(&x->probe[p].out);
        json_object_set_new(o, "probe", json_string(probe_code(p)));
        json_object_set_new(o, "text", json_string(probe_name(p)));
        json_object_set_new(o, "hello", json_boolean(x->probe[p].hello));
        json_array_append_new(a, o);
    }
    return a;
}

/* ---- the verdict --------------------------------------------------------------------------------------- */

static json_t *commands_json(const struct explain *x)
{
    json_t     *a = json_array();
    const char *tool;
    char        line[NAME_ROOM];
    for (size_t i = 0; cure_commands(&x->facts, &x->verdict, i, &tool, line, sizeof line); i++)
        json_array_append_new(a, json_pack("{s:s, s:s}", "for", tool, "line", line));
    return a;
}

json_t *tale_verdict(const struct explain *x)
{
    const struct verdict *v        = &x->verdict;
    json_t               *evidence = json_array(), *others = json_array();
    for (unsigned i = 0; i < v->n_evidence; i++)
        json_array_append_new(evidence, json_string(v->evidence[i]));
    for (unsigned i = 0; i < v->n_others; i++)
        json_array_append_new(others,
                              json_pack("{s:s, s:s}", "reason", v->others[i].reason, "look_at", v->others[i].tells));
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "reason", v->reason, "certainty",
                     certainty_name(v->certainty), "at_fault", fault_name(v->fault), "subject",
                     text_or_null(v->subject), "says", v->says, "stage", v->stage, "evidence", evidence, "fix",
                     text_or_null(v->fix), "reader", text_or_null(v->reader), "commands", commands_json(x), "others",
                     others);
}

json_t *tale_of(const struct explain *x)
{
    char now[24];
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "format", 1, "by", "handfast " HF_VERSION,
                     "target", x->set.target, "time", when_text(log_now_ms() / 1000, now), "files", files_json(x),
                     "connection", connection_json(x), "request", tale_request(x), "server", tale_server(x), "probes",
                     probes_json(x), "verdict", tale_verdict(x));
}
