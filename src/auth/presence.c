/* SPDX-License-Identifier: Apache-2.0
 *
 * presence.c - see presence.h. A hash table in shards, each under a lock of its own that is held for the few steps of one
 * entry or exit:
 *
 *   shard -> bucket -> person (a certificate) -> place -> stay (a connection; memory of the caller)
 *
 * Invariants:
 *   1. A person has at least one place and a place at least one stay: what is empty goes back to the shard's store.
 *   2. A stay is at a place, or queued at its home as ousted, or neither; its shard never changes once it is set, so that
 *      its home can lock the shard and then look which it is.
 *   3. Locks are taken in the order shard, home. Nothing is called with a lock held but the home's wake.
 *   4. Memory is bounded: so many persons a shard, so many places a person; the buckets are made at the start, so that
 *      no entry ever pays for the growth of the table.
 */
#include "presence.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/when.h"

enum { SHARDS = 1024, SHARD_MIN = 64, BLOCK_RECORDS = 32, RECORD_BYTES = 64, PLACE_BYTES = 17 };

struct place {
    struct place *next, *prev;
    struct stay  *stays, *oldest; /* the newest first */
    unsigned      n_stays;
    uint8_t       at[PLACE_BYTES];
};

struct person {
    struct person *next;            /* in the bucket */
    struct place  *places, *oldest; /* the newest first */
    unsigned       n_places, n_stays;
    uint8_t        key[PRESENCE_KEY];
};

/* Each lies in one cache line, so that looking at it costs one miss. */
_Static_assert(sizeof(struct person) <= RECORD_BYTES && sizeof(struct place) <= RECORD_BYTES, "a record is a line");

struct presence_shard {
    _Alignas(64) pthread_mutex_t lock;
    struct person **buckets;
    struct mem      mem;
    void          **free;      /* records; those that came back are used first */
    void           *blocks;    /* that records are cut from */
    size_t          n_buckets; /* a power of two */
    size_t          max_persons;

    struct presence_numbers n;
};

struct presence {
    size_t                n_shards; /* a power of two */
    struct presence_shard shards[];
};

/* ---- the store of records -------------------------------------------------------------------------------- */

static bool store_fill(struct presence_shard *sh)
{
    void **block = mem_alloc(&sh->mem, sizeof(void *) + (BLOCK_RECORDS + 1) * RECORD_BYTES);
    if (!block)
        return false;
    char *first = (char *)(block + 1);
    first += -(uintptr_t)first % RECORD_BYTES;
    block[0]   = sh->blocks;
    sh->blocks = block;
    for (unsigned i = 0; i < BLOCK_RECORDS; i++) {
        void **record = (void **)(void *)(first + i * RECORD_BYTES);
        *record       = sh->free;
        sh->free      = record;
    }
    return true;
}

static void *record_take(struct presence_shard *sh)
{
    if (!sh->free && !store_fill(sh))
        return NULL;
    void **record = sh->free;
    sh->free      = *record;
    memset(record, 0, RECORD_BYTES);
    return record;
}

static void record_give(struct presence_shard *sh, void *record)
{
    *(void **)record = sh->free;
    sh->free         = record;
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static void shard_init(struct presence_shard *sh, size_t persons)
{
    *sh = (struct presence_shard){.max_persons = persons, .n_buckets = 1};
    while (sh->n_buckets < persons)
        sh->n_buckets *= 2;
    pthread_mutex_init(&sh->lock, NULL);
    sh->buckets = calloc(sh->n_buckets, sizeof(struct person *)); /* untouched pages cost nothing */
}

struct presence *presence_new(size_t certificates)
{
    struct presence *p;
    size_t           n = 1;
    while (n < SHARDS && certificates / (n * 2) >= SHARD_MIN)
        n *= 2;
    p = aligned_alloc(_Alignof(struct presence), sizeof *p + n * sizeof p->shards[0]);
    if (!p)
        return NULL;
    p->n_shards = n;
    bool ok     = true;
    for (size_t i = 0; i < n; i++) {
        shard_init(&p->shards[i], certificates / n);
        ok &= p->shards[i].buckets != NULL;
    }
    if (ok)
        return p;
    presence_free(p);
    return NULL;
}

void presence_free(struct presence *p)
{
    for (size_t i = 0; p && i < p->n_shards; i++) {
        struct presence_shard *sh = &p->shards[i];
        for (void **b = sh->blocks, **next; b; b = next) {
            next = *b;
            mem_free(&sh->mem, b);
        }
        free(sh->buckets);
        pthread_mutex_destroy(&sh->lock);
    }
    free(p);
}

static struct presence_shard *shard_of(struct presence *p, const uint8_t key[PRESENCE_KEY])
{
    uint32_t i;
    memcpy(&i, key, sizeof i);
    return &p->shards[i & (p->n_shards - 1)];
}

static struct person **bucket_of(const struct presence_shard *sh, const uint8_t key[PRESENCE_KEY])
{
    uint32_t i;
    memcpy(&i, key + sizeof i, sizeof i);
    return &sh->buckets[i & (sh->n_buckets - 1)];
}

static struct person *person_find(const struct presence_shard *sh, const uint8_t key[PRESENCE_KEY])
{
    for (struct person *at = *bucket_of(sh, key); at; at = at->next)
        if (memcmp(at->key, key, PRESENCE_KEY) == 0)
            return at;
    return NULL;
}

static struct place *place_find(const struct person *who, const uint8_t at[PLACE_BYTES])
{
    struct place *pl = who ? who->places : NULL;
    while (pl && memcmp(pl->at, at, PLACE_BYTES) != 0)
        pl = pl->next;
    return pl;
}

static void person_drop(struct presence_shard *sh, struct person *who)
{
    struct person **at = bucket_of(sh, who->key);
    while (*at != who)
        at = &(*at)->next;
    *at = who->next;
    sh->n.certificates--;
    record_give(sh, who);
}

static void place_drop(struct presence_shard *sh, struct person *who, struct place *pl)
{
    *(pl->prev ? &pl->prev->next : &who->places) = pl->next;
    *(pl->next ? &pl->next->prev : &who->oldest) = pl->prev;
    who->n_places--;
    sh->n.places--;
    record_give(sh, pl);
    if (who->n_places == 0)
        person_drop(sh, who);
}

static void place_add(struct presence_shard *sh, struct person *who, struct place *pl)
{
    pl->next                                     = who->places;
    *(pl->next ? &pl->next->prev : &who->oldest) = pl;
    who->places                                  = pl;
    who->n_places++;
    sh->n.places++;
}

/* The stay is at no place any more; its place, and its person, go when they are empty. */
static void stay_unlink(struct stay *s)
{
    struct presence_shard *sh                       = s->shard;
    *(s->prev ? &s->prev->next : &s->place->stays)  = s->next;
    *(s->next ? &s->next->prev : &s->place->oldest) = s->prev;
    s->person->n_stays--;
    sh->n.stays--;
    if (--s->place->n_stays == 0)
        place_drop(sh, s->person, s->place);
    s->next = s->prev = NULL;
    s->person         = NULL;
    s->place          = NULL;
}

static void stay_link(struct stay *s, struct person *who, struct place *pl)
{
    s->person                                 = who;
    s->place                                  = pl;
    s->next                                   = pl->stays;
    *(s->next ? &s->next->prev : &pl->oldest) = s;
    pl->stays                                 = s;
    pl->n_stays++;
    who->n_stays++;
    s->shard->n.stays++;
}

/* ---- the decision ---------------------------------------------------------------------------------------- */

/* The oldest stay at the oldest place other than mine; under PLACE_CONNECTION of all. NULL: there is none. */
static const struct stay *holder(const struct person *who, const struct place *mine, bool connections)
{
    const struct place *pl = who->oldest;
    if (pl && pl == mine && !connections)
        pl = pl->prev;
    return pl ? pl->oldest : NULL;
}

static void look(const struct person *who, const struct place *mine, bool connections, struct presence_found *f)
{
    *f = (struct presence_found){.new_place = connections || !mine};
    if (!who)
        return;
    f->others            = connections ? who->n_stays : who->n_places - (mine ? 1 : 0);
    const struct stay *h = holder(who, mine, connections);
    if (!h)
        return;
    whence_text(&h->from, f->holder);
    f->holder_since_ms = h->since_ms;
}

bool presence_in_use(const struct presence_found *f, unsigned limit, struct report *rep)
{
    char text[160], when[24];
    text_add(text, sizeof text, 0, "in use from %s since %s", f->holder, when_text(f->holder_since_ms / 1000, when));
    return fail_text(rep, IDENTITY_IN_USE, 0, limit, f->others + 1, text);
}

static struct person *person_add(struct presence_shard *sh, const uint8_t key[PRESENCE_KEY])
{
    struct person *who = sh->n.certificates < sh->max_persons ? record_take(sh) : NULL;
    if (!who)
        return NULL;
    struct person **bucket = bucket_of(sh, key);
    memcpy(who->key, key, PRESENCE_KEY);
    who->next = *bucket;
    *bucket   = who;
    sh->n.certificates++;
    return who;
}

/* A record for the newcomer's place, and one for its certificate when it is not here yet. */
static bool make_room(struct presence_shard *sh, const uint8_t key[PRESENCE_KEY], const uint8_t at[PLACE_BYTES],
                      struct person **who, struct place **mine)
{
    if (*mine)
        return true;
    struct place *pl = *who && (*who)->n_places >= LIMIT_PLACES ? NULL : record_take(sh);
    if (pl && !*who)
        *who = person_add(sh, key);
    if (!pl || !*who) {
        if (pl)
            record_give(sh, pl);
        return false;
    }
    memcpy(pl->at, at, PLACE_BYTES);
    place_add(sh, *who, pl);
    *mine = pl;
    return true;
}

static void oust(struct stay *s, const struct whence *by)
{
    struct presence_home *h = s->home;
    s->by                   = *by;
    s->queued               = true;
    stay_unlink(s);
    pthread_mutex_lock(&h->lock);
    s->next_ousted = h->ousted;
    h->ousted      = s;
    pthread_mutex_unlock(&h->lock);
    h->wake(h->ctx);
}

/* All stays of the newcomer's certificate but itself, or but those at its place. */
static unsigned oust_others(struct stay *newcomer, bool connections)
{
    const struct place *mine = newcomer->place;
    unsigned            n    = 0;
    for (struct place *pl = newcomer->person->places, *next; pl; pl = next) {
        next = pl->next;
        if (pl == mine && !connections)
            continue;
        for (struct stay *s = pl->stays, *after; s; s = after) { /* the place goes with its last stay */
            after = s->next;
            if (s != newcomer) {
                oust(s, &newcomer->from);
                n++;
            }
        }
    }
    return n;
}

static bool enter(struct presence_shard *sh, const struct place_rule *rule, const uint8_t key[PRESENCE_KEY],
                  struct stay *s, struct presence_found *found, struct report *rep)
{
    uint8_t at[PLACE_BYTES];
    bool    connections = rule->kind == PLACE_CONNECTION;
    place_of(rule, &s->from, at);
    struct person *who  = person_find(sh, key);
    struct place  *mine = place_find(who, at);
    look(who, mine, connections, found);
    if (rule->mode == PLACE_LIMIT && found->new_place && found->others >= rule->limit)
        return presence_in_use(found, rule->limit, rep);
    if (!make_room(sh, key, at, &who, &mine))
        return fail(rep, PRESENCE_FULL, 0, (int64_t)sh->max_persons, (int64_t)sh->n.certificates);
    stay_link(s, who, mine);
    if (rule->mode == PLACE_REPLACE && found->others > 0)
        found->ousted = oust_others(s, connections);
    return true;
}

bool presence_enter(struct presence *p, const struct place_rule *rule, const uint8_t key[PRESENCE_KEY], struct stay *s,
                    struct presence_home *home, const struct whence *from, int64_t now_ms, struct presence_found *found,
                    struct report *rep)
{
    struct presence_shard *sh = shard_of(p, key);

    *s = (struct stay){.home = home, .from = *from, .since_ms = now_ms, .shard = sh};
    pthread_mutex_lock(&sh->lock);
    bool in = enter(sh, rule, key, s, found, rep);
    pthread_mutex_unlock(&sh->lock);
    return in;
}

/* ---- leaving --------------------------------------------------------------------------------------------- */

static void unqueue(struct stay *s)
{
    struct stay **at = &s->home->ousted;
    pthread_mutex_lock(&s->home->lock);
    while (*at && *at != s)
        at = &(*at)->next_ousted;
    if (*at)
        *at = s->next_ousted;
    pthread_mutex_unlock(&s->home->lock);
}

void presence_leave(struct stay *s)
{
    if (!s->shard)
        return;
    pthread_mutex_lock(&s->shard->lock);
    if (s->person)
        stay_unlink(s);
    bool queued = s->queued;
    pthread_mutex_unlock(&s->shard->lock);
    if (queued)
        unqueue(s);
    *s = (struct stay){0};
}

void presence_home_init(struct presence_home *h, void (*wake)(void *ctx), void *ctx)
{
    *h = (struct presence_home){.wake = wake, .ctx = ctx};
    pthread_mutex_init(&h->lock, NULL);
}

struct stay *presence_ousted(struct presence_home *h)
{
    pthread_mutex_lock(&h->lock);
    struct stay *s = h->ousted;
    if (s)
        h->ousted = s->next_ousted;
    pthread_mutex_unlock(&h->lock);
    return s;
}

void presence_count(struct presence *p, struct presence_numbers *out)
{
    *out = (struct presence_numbers){.bytes = sizeof *p};
    for (size_t i = 0; i < p->n_shards; i++) {
        struct presence_shard *sh = &p->shards[i];
        pthread_mutex_lock(&sh->lock);
        out->certificates += sh->n.certificates;
        out->places += sh->n.places;
        out->stays += sh->n.stays;
        out->bytes += sizeof *sh + sh->mem.used + sh->n_buckets * sizeof(struct person *);
        pthread_mutex_unlock(&sh->lock);
    }
}

/* ---- places ---------------------------------------------------------------------------------------------- */

void place_of(const struct place_rule *rule, const struct whence *from, uint8_t out[static PLACE_BYTES])
{
    memset(out, 0, PLACE_BYTES);
    if (rule->kind == PLACE_CONNECTION)
        return;
    size_t   n    = from->family == 4 ? 4 : from->family == 6 ? 16 : 0;
    unsigned bits = rule->kind == PLACE_ADDRESS ? 128 : from->family == 4 ? rule->bits4 : rule->bits6;
    out[0]        = from->family;
    for (size_t i = 0; i < n && i * 8 < bits; i++) {
        unsigned keep = bits - (unsigned)i * 8;
        out[1 + i]    = from->ip[i] & (keep >= 8 ? 0xff : (uint8_t)(0xff << (8 - keep)));
    }
}

char *whence_text(const struct whence *w, char out[static WHENCE_TEXT])
{
    char ip[IP_TEXT];
    if (w->family == 0) {
        text_add(out, WHENCE_TEXT, 0, "a local socket");
        return out;
    }
    ip_text((hf_view){w->ip, w->family == 4 ? 4 : 16}, ip);
    text_add(out, WHENCE_TEXT, 0, w->family == 4 ? "%s:%u" : "[%s]:%u", ip, w->port);
    return out;
}
