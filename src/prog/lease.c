/* SPDX-License-Identifier: Apache-2.0
 * lease.c - see lease.h. */
#include "prog/lease.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "prog/cause.h"
#include "prog/log.h"
#include "prog/proxy.h"
#include "prog/proxy_in.h"

enum {
    PLACE_BYTES = 17,
    TICK_MAX_MS = 250,
    KEY_TEXT    = 96,
    PLACE_TEXT  = 2 * PLACE_BYTES + 4,
    HEX_TEXT    = 2 * PRESENCE_KEY + 4
};

struct lease {
    struct lease     *next;
    struct leases    *all;
    struct place_rule rule; /* of the connection that asked first */
    uint8_t           key[PRESENCE_KEY], place[PLACE_BYTES];
    struct proxy     *waiting, *in;
    struct whence     from; /* of the connection that asked first */
    int64_t           since_ms;
    uint64_t          gen, fence; /* gen 0: not held */
    int64_t           sent_ms, until_ms;
    uint64_t          sent_ns;
    bool              asking;  /* a question is open */
    bool              unknown; /* one was lost: the store may hold what we do not know of */
    unsigned          busy;    /* somebody walks over it: it is not freed */
};

static const struct lease_shared *shared_of(const struct lease *l)
{
    return l->all->shared;
}

/* While the store is away. Who only observes never refuses. */
static bool fails_open(const struct lease *l)
{
    return shared_of(l)->fail_open || l->rule.mode == PLACE_OBSERVE;
}

/* ---- lists ----------------------------------------------------------------------------------------------- */

static void list_add(struct proxy **list, struct proxy *p, bool in)
{
    struct tenant *t = &p->seat.tenant;
    t->in            = in;
    t->next          = *list;
    t->at            = list;
    if (t->next)
        t->next->seat.tenant.at = &t->next;
    *list = p;
}

static void list_remove(struct proxy *p)
{
    struct tenant *t = &p->seat.tenant;
    *t->at           = t->next;
    if (t->next)
        t->next->seat.tenant.at = t->at;
    t->at   = NULL;
    t->next = NULL;
}

static struct lease **bucket_of(struct leases *ls, const uint8_t key[PRESENCE_KEY])
{
    uint16_t i;
    memcpy(&i, key, sizeof i);
    return &ls->bucket[i % LEASE_BUCKETS];
}

static void place_make(struct leases *ls, const struct place_rule *rule, const struct whence *from,
                       uint8_t out[PLACE_BYTES])
{
    place_of(rule, from, out);
    if (rule->kind != PLACE_CONNECTION)
        return;
    out[0] = 1; /* no family: a place that no other connection has, here or elsewhere */
    memcpy(out + 1, ls->node, 8);
    memcpy(out + 9, &ls->connections, 8);
    ls->connections++;
}

static struct lease *lease_get(struct leases *ls, const struct seat *seat, const struct whence *from)
{
    const uint8_t *key   = seat->key;
    struct lease **first = bucket_of(ls, key), *l;
    uint8_t        place[PLACE_BYTES];
    place_make(ls, &seat->rule, from, place);
    for (l = *first; l; l = l->next)
        if (memcmp(l->key, key, PRESENCE_KEY) == 0 && memcmp(l->place, place, PLACE_BYTES) == 0)
            return l;
    l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->all      = ls;
    l->rule     = seat->rule;
    l->from     = *from;
    l->since_ms = log_now_ms();
    memcpy(l->key, key, PRESENCE_KEY);
    memcpy(l->place, place, PLACE_BYTES);
    l->next = *first;
    *first  = l;
    return l;
}

/* ---- questions ------------------------------------------------------------------------------------------- */

static void on_enter(redisAsyncContext *ac, void *reply, void *lease);
static void on_leave(redisAsyncContext *ac, void *reply, void *leases);

static void names(const struct lease *l, char key[KEY_TEXT], char place[PLACE_TEXT])
{
    char hex[HEX_TEXT];
    text_hex(hex, sizeof hex, l->key, sizeof l->key, 0);
    text_add(key, KEY_TEXT, 0, "handfast:{%s}", hex);
    text_hex(place, PLACE_TEXT, l->place, sizeof l->place, 0);
}

static bool send_enter(struct lease *l)
{
    const struct lease_shared *sh = shared_of(l);
    char key[KEY_TEXT], place[PLACE_TEXT], from[WHENCE_TEXT], ttl[24], limit[16], held[24], since[24];
    /* What a place that lived without a lease asks is no newcomer's question: it replaces nobody. */
    uint64_t gen = l->gen ? l->gen : l->in != NULL;
    names(l, key, place);
    text_add(ttl, sizeof ttl, 0, "%" PRId64, sh->ttl_ms);
    text_add(limit, sizeof limit, 0, "%u", l->rule.limit);
    text_add(held, sizeof held, 0, "%" PRIu64, gen);
    text_add(since, sizeof since, 0, "%" PRId64, l->since_ms);
    const char *mode   = l->rule.mode == PLACE_LIMIT ? "l" : l->rule.mode == PLACE_REPLACE ? "r" : "o";
    const char *args[] = {key, place, l->all->node, ttl, mode, limit, held, since, whence_text(&l->from, from)};
    l->sent_ms         = store_now_ms();
    l->sent_ns         = uv_hrtime();
    l->asking          = store_ask(&l->all->store, STORE_ENTER, on_enter, l, 9, args);
    return l->asking;
}

/* What the store may hold of this lease is given back; while it is away, later. */
static void send_leave(struct lease *l)
{
    char key[KEY_TEXT], place[PLACE_TEXT], field[PLACE_TEXT + LEASE_NODE + 1], held[24];
    names(l, key, place);
    text_add(field, sizeof field, 0, "%s@%s", place, l->all->node);
    text_add(held, sizeof held, 0, "%" PRIu64, l->unknown ? 0 : l->gen);
    const char *args[] = {key, field, held};
    l->unknown         = !store_ask(&l->all->store, STORE_LEAVE, on_leave, l->all, 3, args);
    l->gen             = 0;
}

/* Nobody uses it: given back, and freed when the store has nothing to say about it any more. */
static void lease_maybe_free(struct lease *l)
{
    if (l->waiting || l->in || l->asking || l->busy)
        return;
    if (l->gen || l->unknown)
        send_leave(l);
    if (l->unknown && !l->all->store.stopped)
        return; /* until the store is back */
    struct lease **at = bucket_of(l->all, l->key);
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    free(l);
}

/* ---- answers --------------------------------------------------------------------------------------------- */

static void answer_waiting(struct lease *l, enum lease_answer a, const struct presence_found *f)
{
    bool stays = a == LEASE_HELD || (a == LEASE_AWAY && fails_open(l));
    l->busy++;
    for (struct proxy *p; (p = l->waiting);) {
        list_remove(p);
        if (stays)
            list_add(&l->in, p, true);
        else
            p->seat.tenant.lease = NULL;
        places_leased(p, a, f);
    }
    l->busy--;
}

/* Those that are in under this lease may not stay. */
static void turn_out(struct lease *l, const hf_why *why)
{
    l->gen      = 0;
    l->until_ms = 0;
    l->busy++;
    for (struct proxy *p; (p = l->in);) {
        list_remove(p);
        p->seat.tenant.lease = NULL;
        proxy_see_out(p, why);
    }
    l->busy--;
}

static void superseded(struct lease *l, const char *by)
{
    struct report rep;
    cause_superseded(&rep, by);
    turn_out(l, &rep.why);
}

/* Text of the store's, which other processes wrote: made harmless. */
static void other_of(const redisReply *r, struct presence_found *f)
{
    *f                 = (struct presence_found){.others = (unsigned)r->element[2]->integer, .new_place = true};
    f->holder_since_ms = strtoll(r->element[3]->str, NULL, 10);
    text_printable(f->holder, sizeof f->holder, r->element[4]->str, r->element[4]->len);
}

static bool well_formed(const redisReply *r)
{
    return r->type == REDIS_REPLY_ARRAY && r->elements == 5 && r->element[0]->type == REDIS_REPLY_INTEGER &&
           r->element[1]->type == REDIS_REPLY_INTEGER && r->element[2]->type == REDIS_REPLY_INTEGER &&
           r->element[3]->type == REDIS_REPLY_STRING && r->element[4]->type == REDIS_REPLY_STRING;
}

static void held(struct lease *l, uint64_t gen, struct presence_found *f)
{
    int64_t ttl = shared_of(l)->ttl_ms;
    l->gen      = gen;
    l->until_ms = l->sent_ms + ttl - ttl / 8;
    if (gen <= l->fence) { /* it was replaced while the answer was on its way */
        text_add(f->holder, sizeof f->holder, 0, "another process");
        superseded(l, f->holder);
        answer_waiting(l, LEASE_REFUSED, f);
    } else if (store_now_ms() < l->until_ms)
        answer_waiting(l, LEASE_HELD, f);
    else if (l->waiting && !send_enter(l)) /* it came so late that it is worth nothing */
        answer_waiting(l, LEASE_AWAY, f);
}

static void on_enter(redisAsyncContext *ac, void *reply, void *lease)
{
    struct lease         *l = lease;
    const redisReply     *r = reply;
    struct presence_found f = {0};
    l->asking               = false;
    l->busy++;
    if (!store_answered(&l->all->store, r) || !well_formed(r)) {
        l->unknown = true;
        tally_add(&l->all->tally->store_failed, 1);
        answer_waiting(l, LEASE_AWAY, &f);
    } else {
        l->unknown = false;
        tally_span(&l->all->tally->store, span_short_us, (uv_hrtime() - l->sent_ns) / 1000);
        other_of(r, &f);
        if (r->element[0]->integer == 1)
            held(l, (uint64_t)r->element[1]->integer, &f);
        else {
            superseded(l, f.holder);
            answer_waiting(l, LEASE_REFUSED, &f);
        }
    }
    l->busy--;
    lease_maybe_free(l);
}

static void on_leave(redisAsyncContext *ac, void *reply, void *leases)
{
    struct leases *ls = leases;
    store_answered(&ls->store, reply);
}

/* ---- what a connection sees ------------------------------------------------------------------------------ */

void lease_ask(struct proxy *p, const struct whence *from)
{
    struct leases        *ls   = &p->worker->places.leases;
    struct lease         *l    = lease_get(ls, &p->seat, from);
    struct presence_found none = {0};
    if (!l) {
        places_leased(p, LEASE_AWAY, &none);
        return;
    }
    p->seat.tenant.lease = l;
    list_add(&l->waiting, p, false);
    l->busy++;
    if (l->gen && store_now_ms() < l->until_ms)
        answer_waiting(l, LEASE_HELD, &none);
    else if (!l->asking && !send_enter(l))
        answer_waiting(l, LEASE_AWAY, &none);
    l->busy--;
    lease_maybe_free(l);
}

void lease_leave(struct proxy *p)
{
    struct lease *l = p->seat.tenant.lease;
    if (!l)
        return;
    p->seat.tenant.lease = NULL;
    list_remove(p);
    lease_maybe_free(l);
}

bool lease_is_over(const struct proxy *p)
{
    const struct lease *l = p->seat.tenant.lease;
    return l && p->seat.tenant.in && !fails_open(l) && store_now_ms() >= l->until_ms;
}

/* ---- the loop -------------------------------------------------------------------------------------------- */

static void each(struct leases *ls, void (*what)(struct lease *l))
{
    for (unsigned i = 0; i < LEASE_BUCKETS; i++)
        for (struct lease *l = ls->bucket[i], *next; l; l = next) {
            l->busy++;
            what(l);
            l->busy--;
            next = l->next;
            lease_maybe_free(l);
        }
}

static void over(struct lease *l)
{
    struct report rep;
    l->gen      = 0;
    l->until_ms = 0;
    if (fails_open(l))
        return;
    cause_lease_over(&rep, shared_of(l)->at.text);
    turn_out(l, &rep.why);
}

static void tend(struct lease *l)
{
    int64_t now = store_now_ms();
    if (l->gen && now >= l->until_ms)
        over(l);
    l->unknown &= now < l->sent_ms + shared_of(l)->ttl_ms; /* then the store has forgotten it too */
    if (!l->asking && l->in && now >= l->sent_ms + shared_of(l)->ttl_ms / 3)
        send_enter(l);
}

static void ask_again(struct lease *l)
{
    if (!l->asking && l->in)
        send_enter(l);
}

static void on_tick(uv_timer_t *t)
{
    struct leases *ls = t->data;
    store_tick(&ls->store, store_now_ms());
    each(ls, tend);
    if (ls->store.stopped && !ls->store.ask)
        uv_close((uv_handle_t *)t, NULL);
}

static void tell_store(const struct leases *ls, bool up, int64_t away_ms, const char *why)
{
    const struct lease_shared *sh = ls->shared;
    struct log_line            l;
    log_begin(&l, up ? "info" : "warn", "store");
    if (!up)
        log_say(&l, "the presence store at %s is away (%s): %s", sh->at.text, why,
                sh->fail_open ? "each process counts for itself until it is back"
                              : "newcomers are refused until it is back, and who cannot renew is closed");
    else if (away_ms < 0)
        log_say(&l, "the presence store at %s counts for us", sh->at.text);
    else
        log_say(&l, "the presence store at %s is back after %" PRId64 " ms: all who are here ask again", sh->at.text,
                away_ms);
    log_text(&l, "store", sh->at.text);
    log_text(&l, "state", up ? "up" : "away");
    log_text(&l, "why", why);
    if (away_ms >= 0)
        log_num(&l, "away_ms", away_ms);
    log_end(&l);
}

static void on_up(void *ctx)
{
    struct leases       *ls    = ctx;
    struct lease_shared *sh    = ls->shared;
    bool                 first = !ls->was_up && atomic_fetch_add(&sh->n_up, 1) == 0;
    ls->was_up                 = true;
    if (ls->away && atomic_fetch_sub(&sh->n_away, 1) == 1)
        tell_store(ls, true, store_now_ms() - atomic_load(&sh->away_since_ms), NULL);
    else if (!ls->away && first)
        tell_store(ls, true, -1, NULL);
    ls->away = false;
    each(ls, ask_again);
}

static void on_away(void *ctx, const char *why)
{
    struct leases       *ls = ctx;
    struct lease_shared *sh = ls->shared;
    if (ls->away)
        return;
    ls->away = true;
    if (atomic_fetch_add(&sh->n_away, 1) > 0)
        return;
    atomic_store(&sh->away_since_ms, store_now_ms());
    tell_store(ls, false, -1, why);
}

static bool key_read(const char *hex, uint8_t out[PRESENCE_KEY])
{
    unsigned b;
    for (unsigned i = 0; i < PRESENCE_KEY; i++, out++) {
        if (sscanf(hex + 2 * i, "%2x", &b) != 1)
            return false;
        *out = (uint8_t)b;
    }
    return true;
}

/* It was announced that a newcomer at `place` has replaced all others of its certificate. */
static void fence(struct lease *l, const char *place, uint64_t gen, const char *by)
{
    char key[KEY_TEXT], here[PLACE_TEXT];
    names(l, key, here);
    if (strcmp(place, here) == 0)
        return;
    l->fence = gen > l->fence ? gen : l->fence;
    if (l->gen && l->gen < gen)
        superseded(l, by);
}

/* "handfast:{KEY} PLACE GENERATION FROM" */
static void on_heard(void *ctx, const char *message)
{
    struct leases *ls = ctx;
    char           hex[HEX_TEXT], place[PLACE_TEXT], by[WHENCE_TEXT];
    uint8_t        key[PRESENCE_KEY];
    uint64_t       gen;
    int            from = 0;
    if (sscanf(message, "handfast:{%64[0-9a-f]} %34[0-9a-f] %" SCNu64 " %n", hex, place, &gen, &from) != 3 || !from ||
        !key_read(hex, key))
        return;
    text_printable(by, sizeof by, message + from, strlen(message + from));
    for (struct lease *l = *bucket_of(ls, key), *next; l; l = next) {
        l->busy++;
        if (memcmp(l->key, key, PRESENCE_KEY) == 0)
            fence(l, place, gen, by);
        l->busy--;
        next = l->next;
        lease_maybe_free(l);
    }
}

void leases_init(struct leases *ls, struct lease_shared *shared, uv_loop_t *loop, struct tally *tally)
{
    static const struct store_events events = {on_up, on_away, on_heard};
    uint8_t                          id[8]  = {0};
    char                             channel[LEASE_NODE + 16];
    int64_t                          tick = shared->ttl_ms / 20 < TICK_MAX_MS ? shared->ttl_ms / 20 : TICK_MAX_MS;
    *ls                                   = (struct leases){.shared = shared, .tally = tally, .in_use = true};
    if (getrandom(id, sizeof id, 0) != sizeof id)
        memcpy(id, &ls, sizeof id); /* no such kernel is supported: unique in this process at least */
    text_hex(ls->node, sizeof ls->node, id, sizeof id, 0);
    text_add(channel, sizeof channel, 0, "handfast:%s", ls->node);
    store_init(&ls->store, loop, &shared->at, &events, ls, channel);
    uv_timer_init(loop, &ls->tick);
    ls->tick.data = ls;
    uv_timer_start(&ls->tick, on_tick, 0, (uint64_t)tick);
}

void leases_stop(struct leases *ls)
{
    if (ls->in_use)
        store_stop(&ls->store);
}
