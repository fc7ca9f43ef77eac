/* SPDX-License-Identifier: Apache-2.0
 *
 * eyes.c - from what was seen to the facts of a live attempt: the outcome, the two chains, the request.
 */
#include "prog/eyes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/pem.h"
#include "base/text.h"
#include "prog/cause.h"
#include "tls/msg12.h"

enum { EMPTY_12 = 7, EMPTY_13 = 8, PEM_ROOM = 128 * 1024 };

/* ---- events -------------------------------------------------------------------------------------------- */

static void add_event(struct eyes *e, const struct seen *s)
{
    if (e->n_ev == e->cap_ev) {
        size_t    cap  = e->cap_ev ? 2 * e->cap_ev : 32;
        hf_event *more = mem_realloc(&e->w.mem, e->ev, cap * sizeof *more);
        if (!more)
            return;
        e->ev     = more;
        e->cap_ev = cap;
    }
    bool alert = s->kind == SEEN_ALERT, ccs = s->kind == SEEN_CHANGE;
    e->ev[e->n_ev++] = (hf_event){.at_ms   = s->at_us / 1000,
                                  .kind    = alert ? HF_EV_ALERT : HF_EV_MESSAGE,
                                  .sent    = s->by_client,
                                  .sealed  = s->sealed,
                                  .message = alert ? s->bytes.p[1]
                                             : ccs ? HT_CHANGE_CIPHER_SPEC
                                                   : s->type,
                                  .a       = (int64_t)s->n,
                                  .bytes   = alert || ccs ? (hf_view){0} : s->bytes,
                                  .text    = ""};
}

bool eyes_is_event(const struct seen *s)
{
    return s->kind == SEEN_MESSAGE || s->kind == SEEN_CHANGE || (s->kind == SEEN_ALERT && s->bytes.n == 2);
}

const struct seen *eyes_message(const struct eyes *e, bool by_client, uint8_t type)
{
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (s->kind == SEEN_MESSAGE && !s->partial && s->by_client == by_client && s->type == type)
            return s;
    }
    return NULL;
}

static bool has(const struct eyes *e, enum seen_kind kind, bool by_client)
{
    for (size_t i = 0; i < e->w.n; i++)
        if (e->w.seen[i].kind == kind && e->w.seen[i].by_client == by_client)
            return true;
    return false;
}

/* The Certificate message of a side, unpacked where it came compressed; empty: none. */
static hf_view certificate_of(const struct eyes *e, bool by_client)
{
    const struct seen *s = eyes_message(e, by_client, HT_CERTIFICATE);
    const struct seen *z = s ? NULL : eyes_message(e, by_client, HT_COMPRESSED_CERTIFICATE);
    return s ? s->bytes : z ? z->plain : (hf_view){0};
}

/* ---- who ----------------------------------------------------------------------------------------------- */

static void end_text(const struct tcp_end *end, char out[static EYES_ADDRESS])
{
    char ip[IP_TEXT];
    snprintf(out, EYES_ADDRESS, end->ip_n == 16 ? "[%s]:%u" : "%s:%u", ip_text((hf_view){end->ip, end->ip_n}, ip),
             end->port);
}

static void read_hellos(struct eyes *e)
{
    const struct seen  *c = eyes_message(e, true, HT_CLIENT_HELLO), *s = NULL;
    struct client_hello ch;
    struct server_hello sh;
    struct server_kx    kx;
    struct report       rep;
    report_init(&rep);
    if (c && (client_hello_read(&ch, c->bytes, &rep), ch.x.server_name.n))
        text_printable(e->sni, sizeof e->sni, ch.x.server_name.p, ch.x.server_name.n);
    for (size_t i = 0; i < e->w.n; i++) /* the last one: a retry comes before */
        if (e->w.seen[i].kind == SEEN_MESSAGE && e->w.seen[i].type == HT_SERVER_HELLO && !e->w.seen[i].partial)
            s = &e->w.seen[i];
    report_init(&rep);
    if (s && server_hello_read(&sh, s->bytes, UINT32_MAX, &rep))
        e->group = sh.x.share_group;
    report_init(&rep);
    if ((s = eyes_message(e, false, HT_SERVER_KEY_EXCHANGE)) && server_kx_read(&kx, s->bytes, &rep)) {
        e->group  = kx.group;
        e->scheme = kx.scheme;
    }
}

/* Application data of one side; in TLS 1.2 the record says so even when it cannot be opened. */
static bool spoke(const struct eyes *e, bool by_client)
{
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s      = &e->w.seen[i];
        bool               sealed = s->kind == SEEN_SEALED && s->type == CT_APPLICATION_DATA && e->w.version == TLS12;
        if (s->by_client == by_client && (s->kind == SEEN_DATA || sealed))
            return true;
    }
    return false;
}

/* ---- how it ended -------------------------------------------------------------------------------------- */

/* TLS 1.2 without keys: what comes behind both ChangeCipherSpecs is sealed, and a handshake record is Finished. */
bool eyes_finished(const struct eyes *e, bool by_client)
{
    bool changed = false;
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (s->by_client != by_client)
            continue;
        changed = changed || s->kind == SEEN_CHANGE;
        if (s->kind == SEEN_MESSAGE && s->type == HT_FINISHED)
            return true;
        if (changed && e->w.version == TLS12 && s->kind == SEEN_SEALED && s->type == CT_HANDSHAKE)
            return true;
    }
    return false;
}

static void read_alerts(struct eyes *e, struct outcome *o)
{
    e->alert_by_client = HF_NO_ALERT;
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (s->kind != SEEN_ALERT || s->bytes.n != 2 || s->bytes.p[1] == CLOSE_NOTIFY || s->bytes.p[1] == USER_CANCELED)
            continue;
        if (s->by_client && e->alert_by_client == HF_NO_ALERT)
            e->alert_by_client = s->bytes.p[1];
        if (!s->by_client && o->end != END_ALERT) {
            o->end        = END_ALERT;
            o->why.alert  = s->bytes.p[1];
            o->why.origin = HF_BY_PEER;
        }
    }
}

static bool closed_in_order(const struct eyes *e)
{
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (!s->by_client && s->kind == SEEN_ALERT && s->bytes.n == 2 && s->bytes.p[1] == CLOSE_NOTIFY)
            return true;
    }
    return false;
}

/* The first bytes of a server that answers a ClientHello with something else. */
static bool other_protocol(struct eyes *e, struct outcome *o)
{
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (s->by_client || s->kind != SEEN_CLEAR || e->w.version || has(e, SEEN_ALERT, false))
            continue;
        o->n_first = s->bytes.n < FIRST_BYTES ? s->bytes.n : FIRST_BYTES;
        memcpy(o->first, s->bytes.p, o->n_first);
        return true;
    }
    return false;
}

static void how_it_ended(struct eyes *e, struct outcome *o)
{
    struct report          rep;
    const struct tcp_side *client = &e->w.conn->side[e->w.swapped], *server = &e->w.conn->side[!e->w.swapped];
    report_init(&rep);
    o->heard = server->bytes > 0;
    o->end   = END_FINE;
    read_alerts(e, o);
    if (o->end == END_ALERT)
        return;
    if (!o->heard && client->syn && client->bytes == 0) {
        cause_dial(&rep, e->server, server->rst ? ECONNREFUSED : ETIMEDOUT);
        o->end = END_DIAL;
        o->why = rep.why;
    } else if (other_protocol(e, o))
        o->end = END_NOT_TLS;
    else if (closed_in_order(e) || (o->open && spoke(e, false)))
        o->end = END_FINE;
    else if (server->rst)
        o->end = END_RESET;
    else if (server->fin && !(o->open && o->asked_data))
        o->end = END_CLOSED;
    else if (!o->open)
        o->end = END_TIMEOUT;
}

/* The last message of the server that came whole, and what should have followed. */
static void last_and_awaited(const struct eyes *e, struct outcome *o)
{
    bool client_done = has(e, SEEN_CHANGE, true) && e->w.version == TLS12;
    o->last = o->awaited = HF_NO_MESSAGE;
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (!s->by_client && !s->partial &&
            (s->kind == SEEN_MESSAGE || (s->kind == SEEN_CHANGE && e->w.version == TLS12)))
            o->last = s->kind == SEEN_CHANGE ? HT_CHANGE_CIPHER_SPEC : s->type;
    }
    if (o->open)
        return;
    if (o->last == HF_NO_MESSAGE)
        o->awaited = HT_SERVER_HELLO;
    else if (client_done && !has(e, SEEN_CHANGE, false))
        o->awaited = HT_CHANGE_CIPHER_SPEC;
    else if (e->w.version == TLS13 && !eyes_message(e, false, HT_FINISHED))
        o->awaited = HT_FINISHED;
}

/* What the server said, in the first of its data; or in clear text, where nobody speaks TLS. */
static void read_answer(const struct eyes *e, struct outcome *o)
{
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (!s->by_client && (s->kind == SEEN_DATA || (s->kind == SEEN_CLEAR && !e->w.tls)))
            answer_add(&o->answer, s->bytes);
    }
    if (o->answer.n)
        answer_read(&o->answer);
}

/* A CertificateRequest behind the server's own Finished belongs to no handshake: it asks later (RFC 9846 4.7.2). */
static void read_requests(const struct eyes *e, struct outcome *o)
{
    bool done = false;
    for (size_t i = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (s->kind != SEEN_MESSAGE || s->by_client) /* the order within one direction is sure */
            continue;
        done = done || s->type == HT_FINISHED;
        if (s->type == HT_CERTIFICATE_REQUEST)
            *(done ? &o->post_request : &o->asked) = true;
    }
}

static void outcome(struct eyes *e)
{
    struct outcome *o    = &e->x.live.out;
    hf_view         cert = certificate_of(e, true);
    o->why               = (hf_why){.alert = HF_NO_ALERT, .message = HF_NO_MESSAGE, .cert = -1};
    o->version           = e->w.version;
    read_requests(e, o);
    o->sent_cert     = cert.n > (e->w.version == TLS12 ? EMPTY_12 : EMPTY_13);
    o->ticket        = eyes_message(e, false, HT_NEW_SESSION_TICKET);
    o->hello_request = eyes_message(e, false, HT_HELLO_REQUEST);
    o->open          = eyes_finished(e, true) && (e->w.version == TLS13 || eyes_finished(e, false));
    o->asked_data    = spoke(e, true);
    read_answer(e, o);
    o->answered = spoke(e, false) || o->ticket || closed_in_order(e);
    how_it_ended(e, o);
    last_and_awaited(e, o);
}

/* ---- the chains ---------------------------------------------------------------------------------------- */

static size_t chain_of(const struct eyes *e, bool client, hf_view out[LIMIT_CHAIN])
{
    hf_view            msg = certificate_of(e, client);
    struct certificate m;
    struct report      rep;
    report_init(&rep);
    if (!msg.n || !certificate_any_read(&m, msg, e->w.version == TLS12, &rep))
        return 0;
    memcpy(out, m.chain, m.n * sizeof *out);
    return m.n;
}

/* The client's chain as a credential, which the questions about refusals look at. */
static void client_credential(struct eyes *e, const hf_view *chain, size_t n)
{
    struct mine     *o   = &e->x.own;
    struct own_cred *c   = &o->creds[0];
    char            *pem = malloc(PEM_ROOM);
    size_t           at  = 0;
    bool             raw = n == 1 && spki_alone(chain[0]); /* a raw public key is only judged */
    for (size_t i = 0; pem && i < n; i++)
        at += pem_write(pem + at, PEM_ROOM - at, "CERTIFICATE", chain[i]);
    *c         = (struct own_cred){.cert = "client.pem", .usable = true};
    c->cred    = pem && !raw ? hf_cred_external(pem, at, c->cert) : NULL;
    o->n_creds = 1;
    free(pem);
    if (c->cred && !hf_cred_why(c->cred)->check && c->cred->n)
        mine_judge(o, 0);
    else { /* something in it cannot be read: it is judged all the same, and no credential */
        hf_cred_free(c->cred);
        *c         = (struct own_cred){0};
        o->n_creds = 0;
        mine_run(o, &e->client_chain, AS_CLIENT, chain, n, NULL);
    }
}

static void judge_chains(struct eyes *e)
{
    hf_view chain[LIMIT_CHAIN];
    size_t  n = chain_of(e, false, chain);
    if (n)
        mine_run(&e->x.own, &e->x.server, AS_SERVER, chain, n, e->x.name);
    n = chain_of(e, true, chain);
    if (n)
        client_credential(e, chain, n);
}

static void facts(struct eyes *e)
{
    const struct seen *request = eyes_message(e, false, HT_CERTIFICATE_REQUEST);
    explain_facts(&e->x);
    e->x.facts.name     = e->x.name;
    e->x.facts.sni_sent = e->sni[0];
    explain_request(&e->x, request ? request->bytes : (hf_view){0});
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static void split_server(struct eyes *e)
{
    struct addr *a = &e->x.target;
    if (addr_split(a, e->server) != NULL)
        *a = (struct addr){0};
    e->x.set.target = e->server;
    e->x.set.path   = "/";
}

void eyes_open(struct eyes *e, const struct tcp_conn *c, const struct keyfile *keys)
{
    watch(&e->w, c, keys);
    end_text(&c->side[e->w.swapped].end, e->client);
    end_text(&c->side[!e->w.swapped].end, e->server);
    split_server(e);
    for (size_t i = 0; i < e->w.n; i++)
        if (eyes_is_event(&e->w.seen[i]))
            add_event(e, &e->w.seen[i]);
    read_hellos(e);
    outcome(e);
    e->blind = e->w.version == TLS13 && e->w.sealed != SEALED_NOT && !(e->w.opened[0] && e->w.opened[1]);
    if (!e->x.name && !e->x.no_sni && e->sni[0])
        e->x.name = e->sni;
    mine_load(&e->x.own, &e->x.set, c->first_us / 1000000);
    judge_chains(e);
    facts(e);
    eyes_verdict(e);
}

void eyes_close(struct eyes *e)
{
    check_run_drop(&e->x.server);
    check_run_drop(&e->client_chain);
    mine_free(&e->x.own);
    mem_free(&e->w.mem, e->ev);
    watch_free(&e->w);
}

bool eyes_tells(const struct eyes *e)
{
    return e->w.tls || e->x.live.out.answer.page == PAGE_PLAIN_HTTP;
}
