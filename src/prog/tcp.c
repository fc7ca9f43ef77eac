/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/tcp.h"

#include <string.h>

#include "base/limits.h"

enum { CHUNKS_MAX = 16384, WORTH_BYTES = 16384, BEFORE_MAX = 65536 };

void tcp_open(struct tcp_table *t, bool (*worth)(const struct tcp_conn *c))
{
    *t         = (struct tcp_table){.worth = worth};
    t->mem.max = LIMIT_CAPTURE_BYTES;
}

static void side_drop(struct tcp_table *t, struct tcp_side *s)
{
    for (size_t i = 0; i < s->n; i++)
        mem_free(&t->mem, s->chunk[i].p);
    mem_free(&t->mem, s->chunk);
    s->chunk = NULL;
    s->n = s->cap = s->bytes = 0;
}

void tcp_close(struct tcp_table *t)
{
    for (size_t i = 0; i < t->n; i++) {
        side_drop(t, &t->conn[i]->side[0]);
        side_drop(t, &t->conn[i]->side[1]);
        mem_free(&t->mem, t->conn[i]);
    }
    mem_free(&t->mem, t->conn);
    map_free(&t->map, &t->mem);
    *t = (struct tcp_table){0};
}

/* ---- connections --------------------------------------------------------------------------------------- */

static bool same_end(const struct tcp_end *a, const struct tcp_end *b)
{
    return a->port == b->port && a->ip_n == b->ip_n && memcmp(a->ip, b->ip, a->ip_n) == 0;
}

static uint64_t end_hash(const struct tcp_end *e)
{
    uint64_t h = e->port;
    for (size_t i = 0; i < e->ip_n; i++)
        h = (h ^ e->ip[i]) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 31;
}

/* Both directions have the same one. */
static uint64_t key_of(const struct tcp_segment *s)
{
    return end_hash(&s->from) + end_hash(&s->to);
}

static int side_of(const struct tcp_conn *c, const struct tcp_segment *s)
{
    for (int i = 0; i < 2; i++)
        if (same_end(&c->side[i].end, &s->from) && same_end(&c->side[1 - i].end, &s->to))
            return i;
    return -1;
}

/* A SYN with another sequence number under the same addresses: a new connection, the old one is over. */
static bool begins_anew(const struct tcp_conn *c, int side, const struct tcp_segment *s)
{
    const struct tcp_side *of = &c->side[side];
    return (s->flags & TCP_SYN) && !(s->flags & TCP_ACK) && of->syn && s->seq + 1 - of->base != (uint32_t)of->start;
}

static struct tcp_conn *find(const struct tcp_table *t, const struct tcp_segment *s, int *side)
{
    struct tcp_conn *last = NULL;
    uint32_t         i;
    for (size_t at = 0; map_next(&t->map, key_of(s), &at, &i);) {
        int k = side_of(t->conn[i], s);
        if (k >= 0) { /* the last one put there is the one that lives */
            last  = t->conn[i];
            *side = k;
        }
    }
    return last && begins_anew(last, *side, s) ? NULL : last;
}

static struct tcp_conn *new_conn(struct tcp_table *t, const struct tcp_segment *s, int *side)
{
    if (t->n == t->cap) {
        size_t            cap  = t->cap ? 2 * t->cap : 64;
        struct tcp_conn **more = mem_realloc(&t->mem, t->conn, cap * sizeof *more);
        if (!more)
            return NULL;
        t->conn = more;
        t->cap  = cap;
    }
    struct tcp_conn *c = mem_alloc(&t->mem, sizeof *c);
    if (!c || !map_put(&t->map, &t->mem, key_of(s), (uint32_t)t->n)) {
        mem_free(&t->mem, c);
        return NULL;
    }
    *side                  = (s->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK); /* the answer to a SYN */
    c->side[*side].end     = s->from;
    c->side[1 - *side].end = s->to;
    c->first_us            = s->at_us;
    t->conn[t->n++]        = c;
    return c;
}

/* ---- chunks -------------------------------------------------------------------------------------------- */

/* The first chunk that ends behind off. */
static size_t chunk_at(const struct tcp_side *s, int64_t off)
{
    size_t from = 0, to = s->n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (s->chunk[mid].off + (int64_t)s->chunk[mid].n > off)
            to = mid;
        else
            from = mid + 1;
    }
    return from;
}

static bool insert(struct tcp_table *t, struct tcp_side *s, size_t at, int64_t off, hf_view v, int64_t at_us)
{
    if (s->n == s->cap) {
        size_t            cap  = s->cap ? 2 * s->cap : 8;
        struct tcp_chunk *more = mem_realloc(&t->mem, s->chunk, cap * sizeof *more);
        if (!more)
            return false;
        s->chunk = more;
        s->cap   = cap;
    }
    uint8_t *copy = mem_copy(&t->mem, v.p, v.n);
    if (!copy)
        return false;
    memmove(s->chunk + at + 1, s->chunk + at, (s->n - at) * sizeof *s->chunk);
    s->chunk[at] = (struct tcp_chunk){.off = off, .n = v.n, .p = copy, .at_us = at_us, .order = t->order};
    s->n++;
    s->bytes += v.n;
    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What of v is new goes between the chunks that are there. */
static void put(struct tcp_table *t, struct tcp_side *s, int64_t off, hf_view v, int64_t at_us)
{
    bool fresh = false;
    while (v.n) {
        size_t                  i    = chunk_at(s, off), k;
        const struct tcp_chunk *next = i < s->n ? &s->chunk[i] : NULL;
        if (next && next->off <= off) {
            k = least((size_t)(next->off + (int64_t)next->n - off), v.n); /* it is there already */
        } else {
            k     = next ? least((size_t)(next->off - off), v.n) : v.n;
            fresh = true;
            if (s->bytes + k > LIMIT_STREAM_BYTES || s->n >= CHUNKS_MAX ||
                !insert(t, s, i, off, (hf_view){v.p, k}, at_us)) {
                s->more = true;
                return;
            }
        }
        off += (int64_t)k;
        v.p += k;
        v.n -= k;
    }
    s->n_again += !fresh;
}

/* ---- segments ------------------------------------------------------------------------------------------ */

static void side_ends(struct tcp_side *s, const struct tcp_segment *seg, int64_t off, uint64_t order)
{
    if ((seg->flags & (TCP_FIN | TCP_RST)) && !s->fin && !s->rst) {
        s->end_us    = seg->at_us;
        s->end_order = order;
    }
    s->fin = s->fin || (seg->flags & TCP_FIN);
    s->rst = s->rst || (seg->flags & TCP_RST);
    if (!(seg->flags & TCP_RST) && off + seg->len > s->reach)
        s->reach = off + seg->len;
}

static void side_add(struct tcp_table *t, struct tcp_side *s, const struct tcp_segment *seg)
{
    uint32_t first = seg->seq + !!(seg->flags & TCP_SYN);
    if (!s->seen)
        s->base = first;
    int64_t off = (int32_t)(first - s->base); /* half of the sequence space in either direction */
    s->seen     = true;
    if (seg->flags & TCP_SYN) {
        s->syn   = true;
        s->start = off;
    }
    side_ends(s, seg, off, t->order);
    if (seg->data.n == 0 || (seg->flags & TCP_RST))
        return;
    if (off > LIMIT_STREAM_BYTES)
        s->more = true;
    else if (off < (s->syn ? s->start : -BEFORE_MAX)) /* a keep-alive repeats the byte before */
        s->n_again++;
    else {
        s->n_early += s->n && off > s->chunk[s->n - 1].off + (int64_t)s->chunk[s->n - 1].n;
        put(t, s, off, seg->data, seg->at_us);
    }
}

/* Asked when one side has WORTH_BYTES: the answer holds for the whole connection. */
static void weigh(struct tcp_table *t, struct tcp_conn *c, size_t before, size_t after)
{
    if (before >= WORTH_BYTES || after < WORTH_BYTES || !t->worth || t->worth(c))
        return;
    c->dull = true;
    side_drop(t, &c->side[0]);
    side_drop(t, &c->side[1]);
}

void tcp_add(struct tcp_table *t, const struct tcp_segment *seg)
{
    int              side = 0;
    struct tcp_conn *c    = find(t, seg, &side);
    t->order++;
    if (!c && !(seg->flags & TCP_RST) && t->n < LIMIT_CAPTURE_CONNS) /* a RST alone says nothing */
        c = new_conn(t, seg, &side);
    if (!c) {
        t->n_left_out++;
        return;
    }
    c->last_us    = seg->at_us;
    size_t before = c->side[side].bytes;
    if (c->dull)
        return;
    side_add(t, &c->side[side], seg);
    weigh(t, c, before, c->side[side].bytes);
}

/* ---- streams ------------------------------------------------------------------------------------------- */

/* Where the stream begins: behind the SYN, or with the first byte that was seen. */
static int64_t begin(const struct tcp_side *s)
{
    return s->syn ? s->start : s->n ? s->chunk[0].off : 0;
}

size_t tcp_stream(const struct tcp_side *s, uint8_t *out, size_t room)
{
    int64_t at = begin(s);
    size_t  n  = 0;
    for (size_t i = 0; i < s->n && s->chunk[i].off <= at; i++) {
        size_t skip = (size_t)(at - s->chunk[i].off); /* before a SYN that came late */
        if (skip >= s->chunk[i].n)
            continue;
        size_t k = s->chunk[i].n - skip < room - n ? s->chunk[i].n - skip : room - n;
        memcpy(out + n, s->chunk[i].p + skip, k);
        n += k;
        at += (int64_t)k;
    }
    return n;
}

void tcp_when(const struct tcp_side *s, size_t place, struct tcp_moment *m)
{
    int64_t at = begin(s) + (int64_t)place;
    for (; m->next < s->n && s->chunk[m->next].off <= at; m->next++)
        if (s->chunk[m->next].order > m->order) {
            m->at_us = s->chunk[m->next].at_us;
            m->order = s->chunk[m->next].order;
        }
}

size_t tcp_hole(const struct tcp_side *s)
{
    int64_t at = begin(s);
    for (size_t i = 0; i < s->n; i++) {
        if (s->chunk[i].off > at)
            return (size_t)(s->chunk[i].off - at);
        if (s->chunk[i].off + (int64_t)s->chunk[i].n > at)
            at = s->chunk[i].off + (int64_t)s->chunk[i].n;
    }
    return s->reach > at ? (size_t)(s->reach - at) : 0;
}
