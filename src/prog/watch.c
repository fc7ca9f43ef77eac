/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.c - the records of both directions, taken in the order in which they were whole on the wire. A capture can hold
 * packets of the two directions in another order than they were sent: a record that needs keys waits for the hello
 * that makes them.
 */
#include "prog/watch.h"

#include <string.h>

#include "base/ct.h"
#include "base/limits.h"
#include "base/wr.h"
#include "prog/watch_in.h"
#include "tls/codes.h"

enum { CLEAR_MAX = 4096, DATA_KEPT = 2048, CLEAR_KEPT = 512 };

/* ---- the story ----------------------------------------------------------------------------------------- */

static struct seen *add(struct eye *e, const struct half *h, enum seen_kind kind, int64_t at_us)
{
    struct watched *w = e->w;
    if (w->n == w->cap) {
        size_t       cap  = w->cap ? 2 * w->cap : 32;
        struct seen *more = mem_realloc(&w->mem, w->seen, cap * sizeof *more);
        if (!more) {
            w->cut = true;
            return NULL;
        }
        w->seen = more;
        w->cap  = cap;
    }
    w->seen[w->n] = (struct seen){.kind = kind, .by_client = h->by_client, .at_us = at_us};
    return &w->seen[w->n++];
}

static void keep(struct eye *e, struct seen *s, hf_view v)
{
    uint8_t *copy = s ? mem_copy(&e->w->mem, v.p, v.n) : NULL;
    if (copy)
        s->bytes = (hf_view){copy, v.n};
    else if (v.n)
        e->w->cut = true;
}

/* Several records of one kind in a row are one line of the story. */
static struct seen *join(struct eye *e, const struct half *h, enum seen_kind kind, uint8_t type, size_t n)
{
    struct seen *last = e->w->n ? &e->w->seen[e->w->n - 1] : NULL;
    bool         same = last && last->kind == kind && last->by_client == h->by_client && last->type == type;
    struct seen *s    = same ? last : add(e, h, kind, h->moment.at_us);
    if (!s)
        return NULL;
    s->type = type;
    s->n += n;
    s->records++;
    return same ? NULL : s;
}

static void sealed(struct eye *e, const struct half *h, uint8_t type, size_t n)
{
    struct seen *s = join(e, h, SEEN_SEALED, type, n);
    if (s) {
        s->sealed = true;
        s->first  = n;
    }
    if (e->w->sealed == SEALED_NOT)
        e->w->sealed = eye_sealed_why(e);
}

static void data(struct eye *e, const struct half *h, const struct record *r)
{
    struct seen *s = join(e, h, SEEN_DATA, CT_APPLICATION_DATA, r->body.n);
    if (s) {
        s->sealed = r->sealed;
        keep(e, s, (hf_view){r->body.p, r->body.n < DATA_KEPT ? r->body.n : DATA_KEPT});
    }
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void client_hello(struct eye *e, hf_view msg)
{
    struct client_hello m;
    struct report       rep;
    report_init(&rep);
    e->hello = true;
    client_hello_read(&m, msg, &rep); /* what we would refuse is watched all the same */
    if (m.random.n != RANDOM_BYTES)
        return;
    memcpy(e->w->client_random, m.random.p, RANDOM_BYTES);
    e->early_offered = m.x.seen & X_EARLY_DATA;
}

static void server_hello(struct eye *e, hf_view msg)
{
    struct server_hello m;
    struct report       rep;
    report_init(&rep);
    if (!server_hello_read(&m, msg, UINT32_MAX, &rep) && m.random.n != RANDOM_BYTES)
        return;
    if (m.retry) {
        e->w->retried = true;
        return;
    }
    e->w->version = m.x.seen & X_VERSIONS ? m.x.version : m.legacy_version;
    e->w->suite   = m.suite;
    e->w->resumed = m.x.seen & X_PSK;
    e->suite      = suite_of(m.suite);
    memcpy(e->w->server_random, m.random.p, RANDOM_BYTES);
    if (e->w->version == TLS13)
        eye_handshake_keys(e);
}

static void act(struct eye *e, struct half *h, hf_view msg)
{
    bool v13 = e->w->version == TLS13;
    switch (msg.p[0]) {
    case HT_CLIENT_HELLO:
        if (h->by_client)
            client_hello(e, msg);
        return;
    case HT_SERVER_HELLO:
        if (!h->by_client)
            server_hello(e, msg);
        return;
    case HT_CERTIFICATE:
    case HT_COMPRESSED_CERTIFICATE:
        e->certificate = e->certificate || !h->by_client;
        return;
    case HT_END_OF_EARLY_DATA:
        if (v13 && h->early)
            eye_early_ends(e, h);
        return;
    case HT_FINISHED:
        if (v13)
            eye_traffic_keys(e, h);
        return;
    case HT_KEY_UPDATE:
        if (v13)
            eye_next_keys(e, h);
        return;
    default:
        return;
    }
}

static void message(struct eye *e, struct half *h, hf_view msg, bool is_sealed, bool partial)
{
    struct seen *s = add(e, h, SEEN_MESSAGE, h->moment.at_us);
    if (s) {
        s->type    = msg.p[0];
        s->sealed  = is_sealed;
        s->partial = partial;
        s->n       = msg.n;
    }
    keep(e, s, msg);
    if (s && !partial && s->type == HT_COMPRESSED_CERTIFICATE)
        s->plain = packed_open(s->bytes, &e->w->mem);
    if (!partial)
        act(e, h, msg);
}

static void handshake(struct eye *e, struct half *h, const struct record *r)
{
    size_t from = 0;
    if (r->body.n == 0)
        return;
    wr_view(&h->pending, r->body);
    for (hf_view v = wr_done(&h->pending); v.n - from >= MSG_HEADER;) {
        const uint8_t *p = v.p + from;
        size_t         n = MSG_HEADER + ((size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
        if (n > v.n - from)
            break;
        message(e, h, (hf_view){p, n}, r->sealed, false);
        from += n;
    }
    if (from)
        memmove(h->pending.p, h->pending.p + from, h->pending.n - from);
    h->pending.n -= from;
}

static void change(struct eye *e, struct half *h)
{
    if (!h->turned || e->w->version == TLS12)
        add(e, h, SEEN_CHANGE, h->moment.at_us);
    h->turned = true;
    if (e->w->version == TLS13 || e->w->version == 0)
        return;
    if (!h->by_client && !e->certificate)
        e->w->resumed = true;
    eye_keys12(e, h);
}

/* ---- records ------------------------------------------------------------------------------------------- */

static void opened(struct eye *e, struct half *h, const struct record *r)
{
    h->spoke = h->spoke || r->sealed;
    e->w->opened[h->by_client ? EYE_CLIENT : EYE_SERVER] |= r->sealed;
    struct seen *s;
    switch (r->type) {
    case CT_HANDSHAKE:
        handshake(e, h, r);
        return;
    case CT_ALERT:
        s = add(e, h, SEEN_ALERT, h->moment.at_us);
        if (s)
            s->sealed = r->sealed;
        keep(e, s, r->body);
        return;
    case CT_CHANGE_CIPHER_SPEC:
        change(e, h);
        return;
    case CT_APPLICATION_DATA:
        data(e, h, r);
        return;
    default:
        sealed(e, h, r->type, r->whole);
    }
}

/* It is under protection, and there is no key for it. */
static bool needs_key(const struct eye *e, const struct half *h, uint8_t type)
{
    return !h->rec.aead && (type == CT_APPLICATION_DATA || (h->turned && e->w->version && e->w->version <= TLS12));
}

/* Its header is none, whatever the key. */
static bool no_record(const struct report *rep)
{
    return rep->why.check == RECORD_TYPE || rep->why.check == RECORD_VERSION || rep->why.check == RECORD_TOO_LONG;
}

/* Opens the record of n bytes at hand. False: nothing behind it can be read. */
static bool one_record(struct eye *e, struct half *h, size_t n)
{
    struct report rep;
    struct record r   = {0};
    uint64_t      seq = h->rec.seq;
    report_init(&rep);
    memcpy(e->wire, h->p + h->at, n < sizeof e->wire ? n : sizeof e->wire);
    if (needs_key(e, h, e->wire[0])) {
        sealed(e, h, e->wire[0], n);
        return true;
    }
    if (rec_open(&h->rec, e->wire, n, false, &r, &rep) == REC_WHOLE) {
        opened(e, h, &r);
        return true;
    }
    if (h->early && h->rec.aead) {
        eye_early_ends(e, h);
        return one_record(e, h, n);
    }
    if (!h->rec.aead || no_record(&rep)) {
        struct seen *s = add(e, h, SEEN_BROKEN, h->moment.at_us);
        if (s)
            s->why = (enum check)rep.why.check;
        return false;
    }
    if (h->by_client && e->early_offered && !h->spoke)
        h->rec.seq = seq; /* early data that was not accepted */
    else
        rec_drop(&h->rec);
    sealed(e, h, h->p[h->at], n);
    return true;
}

/* ---- what comes next ----------------------------------------------------------------------------------- */

enum next { NEXT_NOTHING, NEXT_RECORD, NEXT_END };

/* The length of the record at h->at; 0: it is not whole. Nonsense counts as whole, so that it is told. */
static size_t record_len(const struct half *h)
{
    const uint8_t *p    = h->p + h->at;
    size_t         left = h->n - h->at;
    if (left < REC_HEADER)
        return 0;
    size_t n = REC_HEADER + (size_t)(p[3] << 8 | p[4]);
    if (p[1] != 3 || n > REC_SEALED_MAX)
        return left < REC_SEALED_MAX ? left : REC_SEALED_MAX;
    return n <= left ? n : 0;
}

static enum next look(struct half *h, size_t *n, uint64_t *order)
{
    *n = h->stopped ? 0 : record_len(h);
    if (*n) {
        tcp_when(h->side, h->at + *n - 1, &h->moment);
        *order = h->moment.order;
        return NEXT_RECORD;
    }
    *order = h->side->fin || h->side->rst ? h->side->end_order : UINT64_MAX;
    return h->ended ? NEXT_NOTHING : NEXT_END;
}

static void end_of(struct eye *e, struct half *h)
{
    struct seen *s;
    h->ended = true;
    if (h->pending.n >= MSG_HEADER)
        message(e, h, wr_done(&h->pending), h->rec.aead != NULL, true);
    size_t hole = tcp_hole(h->side);
    if (!h->stopped && (hole || h->at < h->n) && (s = add(e, h, SEEN_HOLE, h->moment.at_us))) {
        s->n       = hole;
        s->records = h->n - h->at;
    }
    if (h->side->fin || h->side->rst)
        add(e, h, h->side->fin ? SEEN_FIN : SEEN_RST, h->side->end_us);
    if (h->side->fin && h->side->rst)
        add(e, h, SEEN_RST, h->side->end_us);
}

/* The client's protected records need the server's hello, which the capture may hold behind them. */
static bool waits(const struct eye *e, const struct half *c, enum next server)
{
    uint8_t type = c->p[c->at];
    return e->hello && !e->w->version && server == NEXT_RECORD &&
           (type == CT_APPLICATION_DATA || (type == CT_CHANGE_CIPHER_SPEC && !e->w->retried));
}

static bool step(struct eye *e)
{
    size_t    n[2];
    uint64_t  order[2];
    enum next what[2];
    for (int i = 0; i < 2; i++)
        what[i] = look(&e->h[i], &n[i], &order[i]);
    if (what[0] == NEXT_NOTHING && what[1] == NEXT_NOTHING)
        return false;
    int i = what[0] == NEXT_NOTHING || (what[1] != NEXT_NOTHING && order[1] < order[0]) ? EYE_SERVER : EYE_CLIENT;
    if (i == EYE_CLIENT && what[0] == NEXT_RECORD && waits(e, &e->h[0], what[1]))
        i = EYE_SERVER;
    if (i == EYE_SERVER && !e->hello && what[0] == NEXT_RECORD)
        i = EYE_CLIENT;
    struct half *h = &e->h[i];
    if (what[i] == NEXT_END) {
        end_of(e, h);
        return true;
    }
    h->stopped = !one_record(e, h, n[i]);
    h->at += n[i];
    return true;
}

/* ---- where TLS begins ---------------------------------------------------------------------------------- */

/* A record of this type whose content begins with this byte; the first one within the first bytes. n: there is none. */
static size_t find_hello(const uint8_t *p, size_t n, uint8_t message_type)
{
    for (size_t i = 0; i + REC_HEADER < n && i < CLEAR_MAX; i++)
        if (p[i] == CT_HANDSHAKE && p[i + 1] == 3 && p[i + 2] <= 4 && p[i + REC_HEADER] == message_type)
            return i;
    return n;
}

static size_t find_server(const uint8_t *p, size_t n)
{
    size_t at = find_hello(p, n, HT_SERVER_HELLO);
    for (size_t i = 0; i + REC_HEADER < n && i < CLEAR_MAX && i < at; i++)
        if (p[i] == CT_ALERT && p[i + 1] == 3 && p[i + 3] == 0 && p[i + 4] == 2 && p[i + 5] <= 2)
            return i;
    return at;
}

/* What stands before TLS, or all of it where there is none. */
static void clear(struct eye *e, struct half *h, size_t n)
{
    if (n) {
        struct seen *s = add(e, h, SEEN_CLEAR, h->moment.at_us);
        if (s)
            s->n = n;
        keep(e, s, (hf_view){h->p, n < CLEAR_KEPT ? n : CLEAR_KEPT});
    }
    h->at = n;
}

static bool streams(struct eye *e, const struct tcp_conn *c)
{
    struct mem *m = &e->w->mem;
    for (int i = 0; i < 2; i++) {
        struct half *h = &e->h[i];
        h->side        = &c->side[i];
        h->pending     = wr_grow(m, LIMIT_STREAM_BYTES);
        h->p           = mem_alloc(m, h->side->bytes + 1);
        if (!h->p)
            return false;
        h->n = tcp_stream(h->side, h->p, h->side->bytes);
    }
    return true;
}

/* The one who says ClientHello is the client, whoever was seen first. */
static void begin(struct eye *e)
{
    struct half *a = &e->h[0], *b = &e->h[1];
    bool         first = find_hello(a->p, a->n, HT_CLIENT_HELLO) < a->n;
    if (!first && (find_hello(b->p, b->n, HT_CLIENT_HELLO) < b->n || find_hello(a->p, a->n, HT_SERVER_HELLO) < a->n)) {
        struct half swap = *a;
        *a               = *b;
        *b               = swap;
        e->w->swapped    = true;
    }
    a->by_client = true;
    size_t hello = find_hello(a->p, a->n, HT_CLIENT_HELLO), answer = find_server(b->p, b->n);
    e->w->tls = hello < a->n || answer < b->n;
    tcp_when(a->side, 0, &a->moment);
    tcp_when(b->side, 0, &b->moment);
    bool server_first = b->moment.order < a->moment.order; /* a greeting */
    clear(e, server_first ? b : a, server_first ? answer : hello);
    clear(e, server_first ? a : b, server_first ? hello : answer);
}

void watch(struct watched *w, const struct tcp_conn *c, const struct keyfile *keys)
{
    *w            = (struct watched){.conn = c};
    w->mem.max    = LIMIT_WATCH_BYTES;
    struct eye *e = mem_alloc(&w->mem, sizeof *e);
    if (!e || (e->w = w, e->keys = keys, !streams(e, c))) {
        w->cut = true;
        mem_free(&w->mem, e);
        return;
    }
    begin(e);
    while (step(e))
        ;
    for (int i = 0; i < 2; i++) {
        rec_drop(&e->h[i].rec);
        wr_free(&e->h[i].pending);
        mem_free(&w->mem, e->h[i].p);
    }
    mem_free(&w->mem, e); /* wipes the secrets */
}

static void seen_drop(struct watched *w, const struct seen *s)
{
    mem_free(&w->mem, (void *)(uintptr_t)s->bytes.p);
    mem_free(&w->mem, (void *)(uintptr_t)s->plain.p);
}

void watch_free(struct watched *w)
{
    for (size_t i = 0; i < w->n; i++)
        seen_drop(w, &w->seen[i]);
    mem_free(&w->mem, w->seen);
    *w = (struct watched){0};
}

bool watch_worth(const struct tcp_conn *c)
{
    uint8_t start[CLEAR_MAX + 8];
    for (int i = 0; i < 2; i++) {
        size_t n = tcp_stream(&c->side[i], start, sizeof start);
        if (find_hello(start, n, HT_CLIENT_HELLO) < n || find_server(start, n) < n)
            return true;
    }
    return false;
}
