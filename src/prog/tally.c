/* SPDX-License-Identifier: Apache-2.0
 * tally.c - see tally.h. */
#include "prog/tally.h"

const uint64_t span_short_us[SPAN_BOUNDS] = {100,   250,   500,    1000,   2500,   5000,    10000,
                                             25000, 50000, 100000, 250000, 500000, 1000000, 5000000};
const uint64_t span_long_us[SPAN_BOUNDS]  = {10000,      50000,       100000,      500000,     1000000,
                                             5000000,    15000000,    60000000,    300000000,  900000000,
                                             3600000000, 14400000000, 43200000000, 86400000000};

void tally_span(struct span *s, const uint64_t *bounds_us, uint64_t us)
{
    unsigned i = 0;
    while (i < SPAN_BOUNDS && us > bounds_us[i])
        i++;
    tally_add(&s->n[i], 1);
    tally_add(&s->sum_us, us);
}

/* The count goes first: who sees the key sees the count. */
static void count_kind(struct kind *kinds, unsigned n, uint64_t key)
{
    unsigned i = 0;
    while (i < n - 1 && tally_get(&kinds[i].key) && tally_get(&kinds[i].key) != key)
        i++;
    tally_add(&kinds[i].n, 1);
    if (i < n - 1)
        atomic_store_explicit(&kinds[i].key, key, memory_order_release);
}

void tally_handshake(struct tally *t, const hf_conn *c, uint64_t us)
{
    uint64_t key = (uint64_t)hf_conn_version(c) << 48 | (uint64_t)hf_conn_group(c) << 32 |
                   (uint64_t)hf_conn_peer_scheme(c) << 16 | (hf_conn_resumed(c) ? 2 : 0) | 1;
    count_kind(t->handshakes, HANDSHAKE_KINDS, key);
    tally_span(&t->handshake, span_short_us, us);
}

void tally_end(struct tally *t, enum ended how, const hf_why *why, uint64_t us)
{
    tally_add(&t->ended[how], 1);
    tally_span(&t->lasted, span_long_us, us);
    if (!why || !why->check)
        return;
    bool by_peer = why->origin == HF_BY_PEER && why->alert != HF_NO_ALERT;
    count_kind(t->failures, FAILURE_KINDS,
               (uint64_t)why->check << 32 | (uint64_t)(by_peer ? why->alert : HF_NO_ALERT) << 16 | (uint64_t)how << 8 |
                   (by_peer ? 2 : 0) | 1);
}

struct handshake_kind handshake_kind(uint64_t key)
{
    return (struct handshake_kind){(uint16_t)(key >> 48), (uint16_t)(key >> 32), (uint16_t)(key >> 16), (key & 2) != 0};
}

struct failure_kind failure_kind(uint64_t key)
{
    return (struct failure_kind){(uint16_t)(key >> 32), (uint8_t)(key >> 16), (enum ended)(key >> 8 & 0xff),
                                 (key & 2) != 0};
}

struct refusal *recent_refusal(struct recent *r)
{
    return &r->refusal[r->n_refusals++ % RECENT_MAX];
}

struct sighting *recent_sighting(struct recent *r)
{
    return &r->sighting[r->n_sightings++ % RECENT_MAX];
}
