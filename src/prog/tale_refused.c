/* SPDX-License-Identifier: Apache-2.0
 *
 * tale_refused.c - the tale of a connection that our server refused, or whose client refused us: its messages as we saw
 * them, the client's chain judged once more with every candidate issuer that was looked at, and the verdict of the
 * log. The fields of messages are left out: who shows the tale makes them again from the bytes.
 */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/explain.h"
#include "prog/log.h"
#include "prog/refused.h"
#include "prog/story.h"
#include "tls/conn.h"

enum { SAYS = 1024 };

static json_t *text_or_null(const char *s)
{
    char safe[SAYS];
    if (!s || !*s)
        return json_null();
    text_printable(safe, sizeof safe, s, strlen(s));
    return json_string(safe);
}

static json_t *code(char kind, uint16_t c)
{
    return c ? json_string(hf_code_name(kind, c)) : json_null();
}

static hf_view request_of(const hf_event *ev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && ev[i].sent && ev[i].message == HT_CERTIFICATE_REQUEST)
            return ev[i].bytes;
    return (hf_view){0};
}

static json_t *why_json(const hf_why *w)
{
    const hf_check_info *i = hf_check_info_of(w->check);
    char                 line[SAYS];
    hf_why_text(w, line, sizeof line);
    return json_pack("{s:s, s:s, s:s}", "check", i->name, "reason", i->reason, "text", line);
}

static json_t *messages(const hf_event *ev, size_t n)
{
    json_t *all = tale_messages(ev, n, n ? ev[0].at_ms : 0, true), *m;
    size_t  i;
    json_array_foreach(all, i, m) json_object_del(m, "fields");
    return all;
}

static json_t *connection(const struct story *s, const hf_conn *c, const hf_why *w)
{
    const hf_event *ev;
    size_t          n     = hf_conn_trace(c, &ev);
    bool            alert = w->origin == HF_BY_PEER && w->alert != HF_NO_ALERT;
    return json_pack("{s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "end",
                     alert ? "alert" : "we-refused", "open", 0, "refused", 1, "asked", request_of(ev, n).n > 0,
                     "version", code('v', hf_conn_version(c)), "suite", code('s', hf_conn_suite(c)), "group",
                     code('g', hf_conn_group(c)), "alert",
                     alert ? json_pack("{s:s, s:i}", "name", hf_alert_name(w->alert), "number", (int)w->alert)
                           : json_null(),
                     "address", s->from, "alpn", text_or_null(hf_conn_alpn(c)), "server_name",
                     text_or_null(hf_conn_server_name(c)), "answer", json_null(), "why", why_json(w), "messages",
                     messages(ev, n), "proofs", tale_proofs(ev, n, hf_conn_suite(c), true));
}

/* The handshake may have stopped at the first failure; here every candidate is looked at again. */
static json_t *client_json(const hf_conn *c, int64_t now)
{
    hf_view          chain[LIMIT_CHAIN];
    struct check_run r;
    size_t           n = hf_conn_claimed(c, chain, LIMIT_CHAIN);
    struct mine      m = {.trust = c->cfg->trust, .now = now};
    if (!n || !m.trust)
        return json_null();
    mine_run(&m, &r, AS_CLIENT, chain, n, NULL);
    json_t *o = check_chain_json(&r);
    json_object_set_new(o, "under", json_string("the CAs of this server"));
    json_object_set_new(o, "name", json_null());
    check_run_drop(&r);
    return o;
}

/* Commands for who must change something. What only a client knows of itself has the names of the examples. */
static json_t *commands(const hf_conn *c, const struct refused *r)
{
    struct settings set  = {.path = "/"};
    const char     *host = hf_conn_server_name(c);
    struct facts    f    = {.set = &set, .host = host && *host ? host : "server.example", .port = "443", .cred = -1};
    struct verdict  v    = {.reason = r->reason, .own = strncmp(r->about, "server", 6) != 0};
    json_t         *a    = json_array();
    const char     *tool;
    char            line[SAYS];
    for (size_t i = 0; cure_commands(&f, &v, i, &tool, line, sizeof line); i++)
        json_array_append_new(a, json_pack("{s:s, s:o}", "for", tool, "line", text_or_null(line)));
    return a;
}

static json_t *verdict(const hf_conn *c, const hf_why *w, const struct refused *r)
{
    char    says[SAYS];
    json_t *evidence = json_array(), *others = json_array();
    why_sentence(w, says, sizeof says);
    if (r->evidence[0])
        json_array_append_new(evidence, text_or_null(r->evidence));
    if (r->or_else[0])
        json_array_append_new(others, json_pack("{s:s, s:s}", "reason", r->or_else, "look_at", "the client's own log"));
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:n, s:o, s:o}", "reason", r->reason, "certainty",
                     r->certainty, "at_fault", r->at_fault, "subject", text_or_null(r->about), "says",
                     text_or_null(says), "stage", "told by the server", "evidence", evidence, "fix",
                     text_or_null(r->fix), "reader", "commands", commands(c, r), "others", others);
}

json_t *tale_refused(const struct story *s, const hf_conn *c, const hf_why *why, const struct refused *r)
{
    const hf_event *ev;
    size_t          n   = hf_conn_trace(c, &ev);
    int64_t         now = log_now_ms() / 1000;
    char            when[24];
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:n, s:o, s:o, s:n, s:o, s:[], s:o}", "format", 1, "by",
                     "handfast " HF_VERSION, "view", "server", "target", s->from, "time", when_text(now, when), "files",
                     "connection", connection(s, c, why), "request",
                     tale_request_of(request_of(ev, n), hf_conn_version(c) == TLS12, "unknown"), "server", "client",
                     client_json(c, now), "probes", "verdict", verdict(c, why, r));
}
