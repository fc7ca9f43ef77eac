/* SPDX-License-Identifier: Apache-2.0 */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/ct.h"

static uint8_t *block_get(struct pool *pool)
{
    for (size_t i = 0; i < POOL_BLOCKS; i++) {
        if (!atomic_load_explicit(&pool->block[i], memory_order_relaxed))
            continue;
        uint8_t *p = atomic_exchange(&pool->block[i], NULL);
        if (p)
            return p;
    }
    return malloc(BLOCK_BYTES);
}

static void block_put(struct pool *pool, uint8_t *p, size_t used)
{
    ct_wipe(p, used);
    for (size_t i = 0; i < POOL_BLOCKS; i++) {
        uint8_t *none = NULL;
        if (!atomic_load_explicit(&pool->block[i], memory_order_relaxed) &&
            atomic_compare_exchange_strong(&pool->block[i], &none, p))
            return;
    }
    free(p);
}

void pool_free(struct pool *p)
{
    for (size_t i = 0; i < POOL_BLOCKS; i++)
        free(atomic_exchange(&p->block[i], NULL));
}

/* A block of the pool counts against the ceiling like any other memory. */
static bool take_block(struct buf *b, struct pool *pool, struct mem *m)
{
    if (!mem_charge(m, BLOCK_BYTES))
        return false;
    uint8_t *p = block_get(pool);
    if (!p) {
        mem_credit(m, BLOCK_BYTES);
        return false;
    }
    *b = (struct buf){.p = p, .cap = BLOCK_BYTES, .pooled = true};
    return true;
}

static bool outgrow(struct buf *b, struct pool *pool, struct mem *m, size_t cap)
{
    uint8_t *p = mem_alloc(m, cap);
    if (!p)
        return false;
    struct buf old = *b;
    memcpy(p, old.p + old.start, buf_used(&old));
    *b = (struct buf){.p = p, .end = buf_used(&old), .cap = cap};
    buf_free(&old, pool, m);
    return true;
}

bool buf_room(struct buf *b, struct pool *pool, struct mem *m, size_t n)
{
    if (!b->p && !take_block(b, pool, m))
        return false;
    if (n <= b->cap - b->end)
        return true;
    size_t used = buf_used(b);
    if (n > b->cap - used)
        return outgrow(b, pool, m, used + n + used / 2);
    memmove(b->p, b->p + b->start, used);
    b->start = 0;
    b->end   = used;
    return true;
}

void buf_take(struct buf *b, struct pool *pool, struct mem *m, size_t n)
{
    b->start += n;
    if (b->start == b->end)
        buf_free(b, pool, m);
}

void buf_free(struct buf *b, struct pool *pool, struct mem *m)
{
    if (b->pooled) {
        block_put(pool, b->p, b->end);
        mem_credit(m, BLOCK_BYTES);
    } else {
        mem_free(m, b->p);
    }
    *b = (struct buf){0};
}
