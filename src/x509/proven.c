/* SPDX-License-Identifier: Apache-2.0 */
#include "proven.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, ID_BYTES = 32 };

struct bucket {
    atomic_flag busy;
    uint8_t     next; /* the way that gives way */
    uint8_t     n;
    uint8_t     id[WAYS][ID_BYTES];
};

struct proven {
    size_t        n_buckets; /* a power of two */
    struct bucket bucket[];
};

struct proven *proven_new(size_t entries)
{
    size_t n = 1;
    while (n * WAYS < entries)
        n *= 2;
    struct proven *p = calloc(1, sizeof *p + n * sizeof p->bucket[0]);
    if (!p)
        return NULL;
    p->n_buckets = n;
    for (size_t i = 0; i < n; i++)
        atomic_flag_clear(&p->bucket[i].busy);
    return p;
}

void proven_free(struct proven *p)
{
    free(p);
}

static void add(struct hash *h, hf_view v)
{
    uint64_t n = v.n;
    hash_update(h, &n, sizeof n);
    if (v.n)
        hash_update(h, v.p, v.n);
}

/* Everything that decides the outcome of sig_verify, each part with its length. */
static void identify(const struct sig_how *how, const struct pubkey *k, hf_view tbs, hf_view sig, uint8_t id[ID_BYTES])
{
    struct hash    h;
    const uint32_t numbers[] = {how->kind,   how->hash,   how->mgf_hash,   how->salt_len,   k->kind,
                                k->pss_only, k->pss_hash, k->pss_mgf_hash, k->pss_salt_min, k->bits};
    hash_init(&h, HASH_SHA256);
    hash_update(&h, numbers, sizeof numbers);
    add(&h, k->raw);
    add(&h, k->n);
    add(&h, k->e);
    add(&h, sig);
    add(&h, tbs);
    hash_final(&h, id);
}

static struct bucket *enter(struct proven *p, const uint8_t id[ID_BYTES])
{
    size_t i;
    memcpy(&i, id, sizeof i);
    struct bucket *b = &p->bucket[i & (p->n_buckets - 1)];
    while (atomic_flag_test_and_set_explicit(&b->busy, memory_order_acquire))
        ;
    return b;
}

static void leave(struct bucket *b)
{
    atomic_flag_clear_explicit(&b->busy, memory_order_release);
}

static bool has(struct proven *p, const uint8_t id[ID_BYTES])
{
    struct bucket *b     = enter(p, id);
    bool           found = false;
    for (unsigned i = 0; i < b->n && !found; i++)
        found = memcmp(b->id[i], id, ID_BYTES) == 0;
    leave(b);
    return found;
}

static void keep(struct proven *p, const uint8_t id[ID_BYTES])
{
    struct bucket *b = enter(p, id);
    memcpy(b->id[b->next], id, ID_BYTES);
    b->next = (uint8_t)((b->next + 1) % WAYS);
    b->n    = b->n < WAYS ? (uint8_t)(b->n + 1) : WAYS;
    leave(b);
}

enum sig_verdict proven_judge(struct proven *p, const struct sig_how *how, const struct pubkey *k, hf_view tbs,
                              hf_view sig)
{
    uint8_t id[ID_BYTES];
    if (!p)
        return sig_judge(how, k, tbs, sig);
    identify(how, k, tbs, sig, id);
    if (has(p, id))
        return SIG_RIGHT;
    enum sig_verdict v = sig_judge(how, k, tbs, sig);
    if (v == SIG_RIGHT)
        keep(p, id);
    return v;
}
