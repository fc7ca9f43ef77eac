/* SPDX-License-Identifier: Apache-2.0
 *
 * conn.c - one connection: the four byte windows, records in and out, alerts, the end.
 *
 *   hf_conn_in -> [in] -> rec_open -> handshake: flow_feed | alert | data: hf_conn_data
 *   hf_conn_send, handlers -> rec_seal -> [out] -> hf_conn_out
 *
 * Invariants:
 *   1. Nothing waits in a callback: step does what can be done, then says what is wanted.
 *   2. After the first failure no byte of the peer is looked at; the alert is the last thing written.
 *   3. Data is handed out record by record, in place; the record stays in the window until it was taken.
 */
#include "conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/ct.h"
#include "base/limits.h"

enum {
    ALERT_WARNING  = 1,
    ALERT_FATAL    = 2,
    OUT_SOFT_LIMIT = BLOCK_BYTES - REC_SEALED_MAX, /* data is taken while this much or less waits */
    REKEY_RECORDS  = 1 << 23                       /* below the limits of RFC 9846 5.5 for AES-GCM */
};

/* ---- life ---------------------------------------------------------------------------------------------- */

hf_conn *hf_conn_new(const hf_config *sealed, const char *server_name)
{
    if (!sealed->sealed)
        return NULL;
    struct mem m = {.max = sealed->ceiling};
    hf_conn   *c = mem_alloc(&m, sizeof *c);
    if (!c)
        return NULL;
    c->mem   = m;
    c->cfg   = hf_config_ref((hf_config *)(uintptr_t)sealed);
    c->state = sealed->role == HF_CLIENT ? C_START : S_WAIT_CLIENT_HELLO;
    report_init(&c->rep);
    report_keep(&c->rep, &c->mem);
    c->trace.mem = sealed->trace ? &c->trace_mem : NULL;
    c->hs        = mem_alloc(&c->mem, sizeof *c->hs);
    if (server_name && sealed->role == HF_CLIENT)
        c->server_name = mem_text(&c->mem, server_name);
    if (!c->hs || (server_name && sealed->role == HF_CLIENT && !c->server_name)) {
        hf_conn_free(c);
        return NULL;
    }
    c->hs->flight = wr_grow(&c->mem, LIMIT_MSG_CERTIFICATE * 2);
    c->hs->hello  = wr_grow(&c->mem, LIMIT_CONN_BYTES);
    return c;
}

void hs_free(hf_conn *c)
{
    struct hs *h = c->hs;
    if (!h)
        return;
    c->suite = h->suite;
    kx_free(h->kx[0]);
    kx_free(h->kx[1]);
    wr_free(&h->flight);
    wr_free(&h->hello);
    mem_free(&c->mem, h->cookie);
    mem_free(&c->mem, h->session_bytes);
    valid_path_free(&h->path, &c->mem);
    mem_free(&c->mem, h);
    c->hs = NULL;
    if (!c->trace.mem && !report_bad(&c->rep))
        report_drop(&c->rep);
}

void hf_conn_free(hf_conn *c)
{
    if (!c)
        return;
    hs_free(c);
    peer_free(c);
    rec_drop(&c->rec_in);
    rec_drop(&c->rec_out);
    buf_free(&c->in, &c->cfg->pool, &c->mem);
    buf_free(&c->out, &c->cfg->pool, &c->mem);
    wr_free(&c->pending);
    report_drop(&c->rep);
    trace_free(&c->trace);
    mem_free(&c->mem, c->server_name);
    mem_free(&c->mem, c->alpn);
    mem_free(&c->mem, c->claimed);
    mem_free(&c->mem, c->offers);
    mem_free(&c->mem, c->session);
    mem_free(&c->mem, c->keylog);
    hf_config *cfg = c->cfg;
    struct mem m   = c->mem;
    mem_free(&m, c);
    hf_config_free(cfg);
}

/* ---- records out --------------------------------------------------------------------------------------- */

bool record_write(hf_conn *c, uint8_t type, hf_view content)
{
    uint16_t version = c->hs && c->state == C_START && !c->hs->retried ? TLS10 : TLS12; /* 5.1 */
    unsigned pad     = type == CT_APPLICATION_DATA || c->rec_out.aead ? limit_pad(c, content.n) : 0;
    size_t   n       = rec_wire_len(&c->rec_out, content.n, pad);
    if (!buf_room(&c->out, &c->cfg->pool, &c->mem, n))
        return fail(&c->rep, OUT_NO_MEMORY, 0, (int64_t)n, 0);
    if (!rec_seal(&c->rec_out, type, version, content, pad, c->out.p + c->out.end))
        return fail(&c->rep, OUT_NOT_SEALED, 0, 0, (int64_t)c->rec_out.seq);
    c->out.end += n;
    return true;
}

void message_sent(hf_conn *c, size_t mark)
{
    struct hs *h   = c->hs;
    hf_view    msg = {h->flight.p + mark, h->flight.n - mark};
    if (h->flight.full)
        return; /* flight_flush says so */
    trace_message(&c->trace, true, c->rec_out.aead != NULL, msg.p[0], msg);
    if (h->transcript.alg != HASH_NONE)
        transcript_add(c, msg);
    else
        wr_view(&h->hello, msg);
}

bool flight_flush(hf_conn *c)
{
    struct wr *f = &c->hs->flight;
    if (f->full || c->hs->hello.full)
        return fail(&c->rep, FLIGHT_NO_MEMORY, 0, 0, (int64_t)f->n);
    for (size_t at = 0; at < f->n;) {
        size_t n = f->n - at < limit_room(c) ? f->n - at : limit_room(c);
        if (!record_write(c, CT_HANDSHAKE, (hf_view){f->p + at, n}))
            return false;
        at += n;
    }
    f->n = 0;
    return true;
}

static const struct suite *suite_now(const hf_conn *c)
{
    return c->hs ? c->hs->suite : c->suite;
}

bool key_in(hf_conn *c, const struct secret *s)
{
    c->turned = true;
    return rec_key(&c->rec_in, suite_now(c), s, false) || fail(&c->rep, KEY_IN_NO_MEMORY, 0, 0, 0);
}

bool key_out(hf_conn *c, const struct secret *s)
{
    return rec_key(&c->rec_out, suite_now(c), s, true) || fail(&c->rep, KEY_OUT_NO_MEMORY, 0, 0, 0);
}

static void alert_write(hf_conn *c, uint8_t level, uint8_t description)
{
    trace_alert(&c->trace, true, c->rec_out.aead != NULL, description);
    record_write(c, CT_ALERT, (hf_view){(const uint8_t[]){level, description}, 2});
}

/* The first failure: say so to the peer, let go of what only the handshake needs. */
static void give_up(hf_conn *c)
{
    if (c->failed)
        return;
    c->failed = true;
    if (c->rep.why.origin == HF_BY_US && c->rep.why.alert != NO_ALERT && !c->closed)
        alert_write(c, ALERT_FATAL, c->rep.why.alert);
    c->closed = true;
    c->data   = (hf_view){0};
    buf_free(&c->in, &c->cfg->pool, &c->mem);
    hs_free(c);
}

/* ---- records in ---------------------------------------------------------------------------------------- */

static bool on_alert(hf_conn *c, const struct record *r)
{
    if (r->body.n == 0)
        return fail(&c->rep, ALERT_EMPTY, 0, 2, 0);
    if (r->body.n != 2)
        return fail(&c->rep, ALERT_MALFORMED, 0, 2, (int64_t)r->body.n);
    uint8_t description = r->body.p[1];
    trace_alert(&c->trace, false, r->sealed, description);
    if (description == CLOSE_NOTIFY && c->open) {
        c->peer_closed = true;
        return true;
    }
    bool older   = c->version == TLS12 || (c->version == 0 && c->cfg->version_min <= TLS12);
    bool warning = r->body.p[0] == ALERT_WARNING && (description == USER_CANCELED || older);
    if (r->body.p[0] != ALERT_WARNING && r->body.p[0] != ALERT_FATAL)
        return fail(&c->rep, ALERT_LEVEL, 0, ALERT_FATAL, r->body.p[0]);
    if (warning && description != CLOSE_NOTIFY) /* 6.1: close_notify follows */
        return ++c->n_warnings <= LIMIT_WARNING_ALERTS ||
               fail(&c->rep, ALERT_TOO_MANY_WARNINGS, 0, LIMIT_WARNING_ALERTS, c->n_warnings);
    uint8_t awaited = flow_awaited(c);
    fail_text(&c->rep, ALERT_RECEIVED, 0, 0, description, hf_alert_name(description));
    c->rep.why.origin  = HF_BY_PEER;
    c->rep.why.alert   = description;
    c->rep.why.message = awaited;
    return false;
}

/* 5: "An implementation which receives any other change_cipher_spec value or which receives a protected
 * change_cipher_spec record MUST abort the handshake with an "unexpected_message" alert." */
static bool on_ccs(hf_conn *c, const struct record *r)
{
    if (c->version == TLS12 && r->body.n == 1 && r->body.p[0] == 1 && c->pending.n == 0)
        return flow_change_cipher(c);
    bool in_time = !c->open && c->state != S_WAIT_CLIENT_HELLO && c->version != TLS12;
    bool ok      = !r->sealed && r->body.n == 1 && r->body.p[0] == 1 && in_time && c->pending.n == 0;
    if (!ok)
        return fail(&c->rep, CCS_UNEXPECTED, 0, 1, (int64_t)r->body.n);
    return ++c->n_empty <= LIMIT_EMPTY_RECORDS || fail(&c->rep, CCS_TOO_MANY, 0, LIMIT_EMPTY_RECORDS, c->n_empty);
}

static bool on_data(hf_conn *c, const struct record *r)
{
    if (!c->open)
        return fail(&c->rep, DATA_TOO_EARLY, 0, flow_awaited(c), CT_APPLICATION_DATA);
    if (r->body.n == 0)
        return ++c->n_empty <= LIMIT_EMPTY_RECORDS ||
               fail(&c->rep, DATA_EMPTY_TOO_OFTEN, 0, LIMIT_EMPTY_RECORDS, c->n_empty);
    c->n_empty = c->n_warnings = c->n_key_updates = c->n_tickets = 0;
    c->data                                                      = r->body;
    return true;
}

static bool on_handshake(hf_conn *c, const struct record *r)
{
    if (r->body.n == 0)
        return fail(&c->rep, RECORD_EMPTY_HANDSHAKE, 0, 1, 0);
    return flow_feed(c, r->body);
}

/* What is not application_data on the outside while keys are in use: a ChangeCipherSpec, or the alert of a
 * peer that failed before it had keys. */
static bool plaintext_allowed(hf_conn *c, const struct record *r)
{
    if (!c->rec_in.aead || r->sealed || r->type == CT_CHANGE_CIPHER_SPEC)
        return true;
    if (r->type == CT_ALERT && !c->unsealed_one && !c->open)
        return true;
    return fail(&c->rep, RECORD_NOT_PROTECTED, 0, CT_APPLICATION_DATA, r->type);
}

static bool on_record(hf_conn *c, const struct record *r)
{
    uint16_t version = (uint16_t)(c->in.p[c->in.start + 1] << 8 | c->in.p[c->in.start + 2]);
    if (c->version == TLS12 && version != TLS12) /* RFC 5246 6.2.1; TLS 1.3 ignores the field */
        return fail(&c->rep, RECORD12_VERSION, 1, TLS12, version);
    c->unsealed_one |= r->sealed;
    if (!plaintext_allowed(c, r) || !limit_kept(c, r))
        return false;
    if (c->pending.n && r->type != CT_HANDSHAKE && r->type != CT_CHANGE_CIPHER_SPEC)
        return fail(&c->rep, RECORD_INTERLEAVED, 0, CT_HANDSHAKE, r->type);
    switch (r->type) {
    case CT_HANDSHAKE:
        return on_handshake(c, r);
    case CT_ALERT:
        return on_alert(c, r);
    case CT_CHANGE_CIPHER_SPEC:
        return on_ccs(c, r);
    case CT_APPLICATION_DATA:
        return on_data(c, r);
    default:
        return fail(&c->rep, RECORD_INNER_TYPE, 0, CT_APPLICATION_DATA, r->type);
    }
}

/* Early data that we never agreed to take: its records do not open, and are dropped within a bound. */
static bool skip_early_data(hf_conn *c)
{
    const uint8_t *p    = c->in.p + c->in.start;
    size_t         used = buf_used(&c->in), body = used < REC_HEADER ? 0 : (size_t)(p[3] << 8 | p[4]);
    if (body == 0 || p[0] != CT_APPLICATION_DATA || REC_HEADER + body > used || body > c->skip_early)
        return false;
    c->skip_early -= body;
    buf_take(&c->in, &c->cfg->pool, &c->mem, REC_HEADER + body);
    return true;
}

static bool waits_for_verdict(const hf_conn *c)
{
    return c->state == C_VERDICT || c->state == S_VERDICT || c->state == C12_VERDICT || c->state == S12_VERDICT ||
           c->state == C12_SHORT_VERDICT || c->state == S12_SHORT_VERDICT;
}

static bool waits_for_signature(const hf_conn *c)
{
    return c->state == C_SIGN || c->state == S_SIGN || c->state == C12_SIGN || c->state == S12_SIGN;
}

static bool waits(const hf_conn *c)
{
    return waits_for_verdict(c) || waits_for_signature(c);
}

/* Opens the record at the start of the window. While early data may come, a record that does not open is
 * skipped, and the sequence number does not count it. */
static enum rec_got open_record(hf_conn *c, struct record *r)
{
    uint8_t *wire  = c->in.p + c->in.start;
    bool     early = c->skip_early && !c->unsealed_one;
    if (!early)
        return rec_open(&c->rec_in, wire, buf_used(&c->in), !c->heard, r, &c->rep);
    struct report trial;
    uint64_t      seq = c->rec_in.seq;
    report_init(&trial);
    enum rec_got got = rec_open(&c->rec_in, wire, buf_used(&c->in), !c->heard, r, &trial);
    if (got == REC_WHOLE && !r->sealed && r->type == CT_APPLICATION_DATA)
        got = skip_early_data(c) ? REC_SKIPPED : REC_WHOLE;
    else if (got == REC_BAD)
        got = skip_early_data(c) ? REC_SKIPPED : (fail_as(&c->rep, &trial.why), REC_BAD);
    if (got == REC_SKIPPED)
        c->rec_in.seq = seq;
    return got;
}

/* Takes one record from the window; false: nothing to do now, or failed. */
static bool take_record(hf_conn *c)
{
    struct record r;
    if (c->peer_closed || c->data.n || waits(c) || buf_used(&c->in) == 0)
        return false;
    enum rec_got got = open_record(c, &r);
    if (got != REC_WHOLE)
        return got == REC_SKIPPED;
    c->heard = true;
    if (!on_record(c, &r))
        return false;
    if (c->data.n)
        c->data_wire = r.whole;
    else
        buf_take(&c->in, &c->cfg->pool, &c->mem, r.whole);
    return true;
}

/* The transport ended: with close_notify that is all there is to say; without it something may be missing. */
static void on_end(hf_conn *c)
{
    if (c->peer_closed || c->data.n || waits(c))
        return;
    if (c->open)
        fail(&c->rep, END_WITHOUT_CLOSE_NOTIFY, 0, 0, 0);
    else
        fail(&c->rep, END_IN_HANDSHAKE, 0, flow_awaited(c), c->heard);
    c->rep.why.origin  = HF_BY_PEER;
    c->rep.why.message = flow_awaited(c);
}

/* ---- the public windows -------------------------------------------------------------------------------- */

static unsigned wanted(const hf_conn *c)
{
    unsigned want = buf_used(&c->out) ? HF_WANT_OUTPUT : 0;
    if (c->failed)
        return want | HF_FAILED;
    if (waits_for_signature(c))
        return want | HF_WANT_SIGNATURE;
    if (waits_for_verdict(c))
        return want | HF_WANT_VERDICT;
    want |= c->open ? HF_OPEN : 0;
    want |= c->peer_closed ? HF_CLOSED : 0;
    return c->peer_closed || c->data.n ? want : want | HF_WANT_INPUT;
}

unsigned hf_conn_step(hf_conn *c, int64_t now_ms)
{
    c->now_ms = c->trace.now_ms = now_ms;
    session_taken(c);
    while (!report_bad(&c->rep) && (flow_act(c) || take_record(c)))
        ;
    if (c->ended && !report_bad(&c->rep))
        on_end(c);
    if (report_bad(&c->rep))
        give_up(c);
    return wanted(c);
}

uint8_t *hf_conn_in(hf_conn *c, size_t *room)
{
    *room = 0;
    if (c->failed || c->peer_closed)
        return NULL;
    size_t used = buf_used(&c->in), need_n = used < REC_SEALED_MAX ? REC_SEALED_MAX - used : 0;
    if (!c->data.n && !buf_room(&c->in, &c->cfg->pool, &c->mem, need_n)) {
        fail(&c->rep, IN_NO_MEMORY, 0, REC_SEALED_MAX, 0);
        return NULL;
    }
    *room = c->in.cap - c->in.end;
    return c->in.p ? c->in.p + c->in.end : NULL;
}

void hf_conn_in_done(hf_conn *c, size_t n)
{
    c->in.end += n;
    if (n == 0 && buf_used(&c->in) == 0)
        buf_free(&c->in, &c->cfg->pool, &c->mem);
}

void hf_conn_in_end(hf_conn *c)
{
    c->ended = true;
}

hf_view hf_conn_out(hf_conn *c)
{
    size_t n = buf_used(&c->out);
    return n ? (hf_view){c->out.p + c->out.start, n} : (hf_view){0};
}

void hf_conn_out_done(hf_conn *c, size_t n)
{
    buf_take(&c->out, &c->cfg->pool, &c->mem, n);
    if (buf_used(&c->out) == 0)
        c->update_pending = false;
}

hf_view hf_conn_data(hf_conn *c)
{
    return c->data;
}

void hf_conn_data_done(hf_conn *c, size_t n)
{
    c->data.p += n;
    c->data.n -= n;
    if (c->data.n)
        return;
    buf_take(&c->in, &c->cfg->pool, &c->mem, c->data_wire);
    c->data_wire = 0;
}

size_t hf_conn_send(hf_conn *c, const void *p, size_t n)
{
    const uint8_t *from  = p;
    size_t         taken = 0;
    if (!c->open || c->closed || c->failed)
        return 0;
    /* 4.7.3: "the receiver MUST send a KeyUpdate of its own with request_update set to "update_not_requested" prior
     * to sending its next Application Data record": one answer for any number of requests in between */
    if (n && c->update_owed && !hf_conn_key_update(c, false))
        return 0;
    while (taken < n && buf_used(&c->out) <= OUT_SOFT_LIMIT) {
        size_t part = n - taken < limit_room(c) ? n - taken : limit_room(c);
        if (c->version == TLS13 && c->rec_out.seq >= REKEY_RECORDS && !hf_conn_key_update(c, false))
            break;
        if (!record_write(c, CT_APPLICATION_DATA, (hf_view){from + taken, part}))
            break;
        taken += part;
    }
    return taken;
}

void hf_conn_close(hf_conn *c)
{
    if (c->closed || c->failed)
        return;
    c->closed = true;
    if (!c->open)
        alert_write(c, ALERT_WARNING, USER_CANCELED);
    alert_write(c, ALERT_WARNING, CLOSE_NOTIFY);
}

/* One update of ours is enough for any number of requests that arrive before it has left. */
bool hf_conn_key_update(hf_conn *c, bool ask_peer)
{
    uint8_t   m[MSG_HEADER + 1];
    struct wr w = wr_fixed(m, sizeof m);
    if (!c->open || c->closed || c->failed || c->version != TLS13)
        return c->open && c->version == TLS13;
    if (c->update_pending && !ask_peer)
        return true;
    key_update_write(&w, ask_peer);
    trace_message(&c->trace, true, true, HT_KEY_UPDATE, wr_done(&w));
    if (!record_write(c, CT_HANDSHAKE, wr_done(&w)))
        return false;
    c->update_pending = true;
    c->update_owed    = false;
    secret_update(c->suite->hash, &c->secret_out);
    return key_out(c, &c->secret_out);
}

void hf_conn_rest(hf_conn *c)
{
    aead_rest(c->rec_in.aead);
    aead_rest(c->rec_out.aead);
}

/* ---- waiting states ------------------------------------------------------------------------------------ */

bool hf_conn_to_sign(const hf_conn *c, uint16_t *scheme, hf_view *tbs, const hf_cred **who)
{
    if (!c->hs || c->hs->signed_ || !waits_for_signature(c))
        return false;
    *scheme = c->hs->scheme;
    *tbs    = c->hs->to_sign;
    *who    = c->hs->cred;
    return true;
}

void hf_conn_signed(hf_conn *c, const void *sig, size_t n)
{
    if (!c->hs || !waits_for_signature(c) || c->hs->signed_)
        return;
    c->hs->signed_        = true;
    c->hs->denied_to_sign = n == 0 || n > SIG_MAX;
    c->hs->sig_n          = c->hs->denied_to_sign ? 0 : n;
    if (c->hs->sig_n)
        memcpy(c->hs->sig, sig, n);
}

void hf_conn_verdict(hf_conn *c, bool admit, uint16_t check, const char *text)
{
    bool asked = c->verdict == VERDICT_NONE && waits_for_verdict(c);
    if (!asked && (admit || !c->open)) /* on an open connection a no still counts */
        return;
    c->verdict = admit ? VERDICT_ADMIT : VERDICT_DENY;
    if (!admit)
        fail_text(&c->rep, check ? (enum check)check : VERDICT_DENIED, 0, 0, 0, text ? text : "");
}
