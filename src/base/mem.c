/* SPDX-License-Identifier: Apache-2.0 */
#include "mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ct.h"

/* The size stands in front of each block; 16 bytes keep malloc's alignment. */
union head {
    size_t n;
    char   align[16];
};

static atomic_size_t n_allocs, fail_at;

void mem_fail_after(size_t n)
{
    atomic_store(&fail_at, n ? atomic_load(&n_allocs) + n : 0);
}

size_t mem_count(void)
{
    return atomic_load(&n_allocs);
}

static bool allowed(struct mem *m, size_t n)
{
    size_t count = atomic_fetch_add_explicit(&n_allocs, 1, memory_order_relaxed) + 1;
    size_t limit = atomic_load_explicit(&fail_at, memory_order_relaxed);
    if (limit && count >= limit)
        return false;
    return n <= SIZE_MAX / 2 && (!m->max || (m->used <= m->max && n <= m->max - m->used));
}

bool mem_charge(struct mem *m, size_t n)
{
    if (!allowed(m, n))
        return false;
    m->used += n;
    m->n_allocs++;
    if (m->used > m->peak)
        m->peak = m->used;
    return true;
}

void mem_credit(struct mem *m, size_t n)
{
    m->used -= n;
}

void *mem_alloc(struct mem *m, size_t n)
{
    if (!mem_charge(m, n))
        return NULL;
    union head *h = calloc(1, sizeof *h + n);
    if (!h) {
        mem_credit(m, n);
        return NULL;
    }
    h->n = n;
    return h + 1;
}

void *mem_realloc(struct mem *m, void *p, size_t n)
{
    void *more = mem_alloc(m, n);
    if (more && p) {
        size_t old = ((union head *)p - 1)->n;
        memcpy(more, p, old < n ? old : n);
        mem_free(m, p);
    }
    return more;
}

void mem_free(struct mem *m, void *p)
{
    if (!p)
        return;
    union head *h = (union head *)p - 1;
    m->used -= h->n;
    ct_wipe(p, h->n);
    free(h);
}

void *mem_copy(struct mem *m, const void *p, size_t n)
{
    void *q = mem_alloc(m, n ? n : 1);
    if (q && n)
        memcpy(q, p, n);
    return q;
}

char *mem_text(struct mem *m, const char *s)
{
    return mem_copy(m, s, strlen(s) + 1);
}
