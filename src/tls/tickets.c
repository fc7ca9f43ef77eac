/* SPDX-License-Identifier: Apache-2.0
 *
 * tickets.c - see tickets.h.
 *
 *   1. The first key seals, every key opens.
 *   2. Keys that were given stay as they are: other processes have the same. Keys of our own are renewed when half
 *      a ticket's lifetime has passed, and forgotten when nothing that they sealed can still be alive.
 *   3. Used tickets are remembered in buckets. The oldest gives way to a new one and leaves a mark: tickets of that
 *      bucket that were made then or before count as used. So a full memory makes full handshakes, never a second use.
 */
#include "tickets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/ct.h"

enum { LIVES_KEPT = 2, WAYS = 8 };

struct ticket_key {
    uint8_t name[TICKET_NAME], secret[TICKET_KEY];
    int64_t since_ms; /* it seals; 0: since before the first ticket */
};

/* Tickets that were used; made_ms 0: a free place. */
struct bucket {
    uint64_t id[WAYS];
    int64_t  made_ms[WAYS], forgotten_ms;
};

struct hf_tickets {
    atomic_uint       refs;
    pthread_mutex_t   lock;
    struct report     rep;
    bool              given; /* the keys are the caller's */
    struct ticket_key key[TICKET_KEYS_MAX];
    size_t            n;
    struct bucket    *used;
    size_t            n_buckets; /* 0: tickets may be used again */
};

static void key_set(struct ticket_key *k, const uint8_t secret[TICKET_KEY], int64_t now_ms)
{
    static const char label[] = "handfast ticket name";
    memcpy(k->secret, secret, TICKET_KEY);
    k->since_ms = now_ms;
    hkdf_expand(HASH_SHA256, (hf_view){k->secret, TICKET_KEY}, (hf_view){(const uint8_t *)label, sizeof label - 1},
                k->name, TICKET_NAME);
}

static void key_new(struct ticket_key *k, const struct rnd *rnd, int64_t now_ms)
{
    uint8_t secret[TICKET_KEY];
    rnd->fill(rnd->ctx, secret, sizeof secret);
    key_set(k, secret, now_ms);
    ct_wipe(secret, sizeof secret);
}

/* ---- life ---------------------------------------------------------------------------------------------- */

hf_tickets *hf_tickets_new(const void *keys, size_t n)
{
    hf_tickets *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    atomic_init(&t->refs, 1);
    pthread_mutex_init(&t->lock, NULL);
    report_init(&t->rep);
    t->given = keys != NULL;
    if (!crypto_init())
        return t; /* the seal of a config says so */
    if (!keys)
        key_new(&t->key[t->n++], &rnd_libcrypto, 0);
    else if (n == 0 || n % TICKET_KEY != 0 || n > TICKET_KEY * TICKET_KEYS_MAX)
        fail(&t->rep, TICKET_KEYS_SIZE, 0, TICKET_KEY, (int64_t)n);
    for (size_t at = 0; keys && !report_bad(&t->rep) && at < n; at += TICKET_KEY)
        key_set(&t->key[t->n++], (const uint8_t *)keys + at, 0);
    return t;
}

hf_tickets *tickets_ref(hf_tickets *t)
{
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void hf_tickets_free(hf_tickets *t)
{
    if (!t || atomic_fetch_sub(&t->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t->used);
    ct_wipe(t, sizeof *t);
    free(t);
}

const hf_why *tickets_why(const hf_tickets *t)
{
    return &t->rep.why;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* Makes the sealing key new when it is time, and forgets the ones that have nothing left to open. */
static void renew(hf_tickets *t, const struct rnd *rnd, int64_t now_ms, int64_t lifetime_ms)
{
    if (t->key[0].since_ms == 0)
        t->key[0].since_ms = now_ms;
    if (t->given || now_ms - t->key[0].since_ms < lifetime_ms / 2)
        return;
    while (t->n > 1 && (t->n == TICKET_KEYS_MAX || now_ms - t->key[t->n - 1].since_ms > LIVES_KEPT * lifetime_ms))
        ct_wipe(&t->key[--t->n], sizeof t->key[0]);
    memmove(t->key + 1, t->key, t->n * sizeof t->key[0]);
    key_new(&t->key[0], rnd, now_ms);
    t->n++;
}

static bool key_named(hf_tickets *t, const uint8_t *name, struct ticket_key *out, bool *newest)
{
    bool found = false;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->n && !found; i++) {
        found   = memcmp(t->key[i].name, name, TICKET_NAME) == 0; /* names are public */
        *newest = i == 0;
        if (found)
            *out = t->key[i];
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

/* The AEAD of one ticket: key and nonce from our secret and the salt. */
static struct aead *aead_of(const struct ticket_key *k, const uint8_t *salt, bool sealing, uint8_t nonce[AEAD_NONCE])
{
    static const char label[] = "handfast ticket 1";
    uint8_t           info[sizeof label - 1 + TICKET_SALT], out[AEAD_KEY_MAX + AEAD_NONCE];
    memcpy(info, label, sizeof label - 1);
    memcpy(info + sizeof label - 1, salt, TICKET_SALT);
    hkdf_expand(HASH_SHA256, (hf_view){k->secret, TICKET_KEY}, (hf_view){info, sizeof info}, out, sizeof out);
    memcpy(nonce, out + AEAD_KEY_MAX, AEAD_NONCE);
    struct aead *a = aead_new(AEAD_AES_256_GCM, out, sealing);
    ct_wipe(out, sizeof out);
    return a;
}

/* ---- tickets ------------------------------------------------------------------------------------------- */

bool ticket_seal(hf_tickets *t, const struct rnd *rnd, int64_t now_ms, uint32_t lifetime_s, hf_view session,
                 struct wr *w)
{
    struct ticket_key k;
    uint8_t           nonce[AEAD_NONCE];
    uint8_t          *to = wr_room(w, TICKET_MORE + session.n);
    if (!to)
        return false;
    pthread_mutex_lock(&t->lock);
    renew(t, rnd, now_ms, (int64_t)lifetime_s * 1000);
    k = t->key[0];
    pthread_mutex_unlock(&t->lock);
    memcpy(to, k.name, TICKET_NAME);
    rnd->fill(rnd->ctx, to + TICKET_NAME, TICKET_SALT);
    struct aead *a  = aead_of(&k, to + TICKET_NAME, true, nonce);
    bool         ok = a && aead_seal(a, nonce, (hf_view){to, TICKET_HEAD}, session, to + TICKET_HEAD);
    aead_free(a);
    ct_wipe(&k, sizeof k);
    return ok;
}

bool ticket_open(hf_tickets *t, hf_view ticket, uint8_t *out, bool *newest)
{
    struct ticket_key k;
    uint8_t           nonce[AEAD_NONCE];
    if (ticket.n <= TICKET_MORE || !key_named(t, ticket.p, &k, newest))
        return false;
    struct aead *a    = aead_of(&k, ticket.p + TICKET_NAME, false, nonce);
    hf_view      head = {ticket.p, TICKET_HEAD}, in = {ticket.p + TICKET_HEAD, ticket.n - TICKET_HEAD};
    bool         ok = a && aead_open(a, nonce, head, in, out);
    aead_free(a);
    ct_wipe(&k, sizeof k);
    return ok;
}

/* ---- single use ---------------------------------------------------------------------------------------- */

bool hf_tickets_single_use(hf_tickets *t, size_t remembered)
{
    free(t->used);
    t->n_buckets = (remembered + WAYS - 1) / WAYS;
    t->used      = remembered ? calloc(t->n_buckets, sizeof *t->used) : NULL;
    if (remembered && !t->used)
        fail(&t->rep, TICKET_USED_MEMORY, 0, (int64_t)remembered, 0);
    return t->used || !remembered;
}

/* The place of the oldest; -1: this one is in it, or may have been. */
static int place_for(const struct bucket *b, uint64_t id, int64_t made_ms)
{
    int oldest = 0;
    if (made_ms <= b->forgotten_ms)
        return -1;
    for (int i = 0; i < WAYS; i++) {
        if (b->made_ms[i] && b->id[i] == id)
            return -1;
        if (b->made_ms[i] < b->made_ms[oldest])
            oldest = i;
    }
    return oldest;
}

bool ticket_use(hf_tickets *t, hf_view ticket, int64_t made_ms)
{
    uint64_t id[2]; /* the salt: one half says where, the other what */
    if (!t->used)
        return true;
    memcpy(id, ticket.p + TICKET_NAME, sizeof id);
    pthread_mutex_lock(&t->lock);
    struct bucket *b  = &t->used[id[0] % t->n_buckets];
    int            at = place_for(b, id[1], made_ms);
    if (at >= 0) {
        if (b->made_ms[at] > b->forgotten_ms)
            b->forgotten_ms = b->made_ms[at];
        b->id[at]      = id[1];
        b->made_ms[at] = made_ms;
    }
    pthread_mutex_unlock(&t->lock);
    return at >= 0;
}
