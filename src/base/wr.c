/* SPDX-License-Identifier: Apache-2.0 */
#include "wr.h"

#include <string.h>

enum { WR_FIRST = 512 };

struct wr wr_fixed(void *p, size_t room)
{
    return (struct wr){.p = p, .cap = room, .max = room};
}

struct wr wr_grow(struct mem *m, size_t max)
{
    return (struct wr){.max = max, .mem = m};
}

void wr_free(struct wr *w)
{
    if (w->mem)
        mem_free(w->mem, w->p);
    *w = (struct wr){0};
}

static bool grow(struct wr *w, size_t want)
{
    size_t cap = w->cap ? w->cap : WR_FIRST;
    if (!w->mem || want > w->max)
        return false;
    while (cap < want)
        cap *= 2;
    if (cap > w->max)
        cap = w->max;
    uint8_t *p = mem_realloc(w->mem, w->p, cap);
    if (!p)
        return false;
    w->p   = p;
    w->cap = cap;
    return true;
}

uint8_t *wr_room(struct wr *w, size_t n)
{
    if (w->full || n > w->max - w->n || (n > w->cap - w->n && !grow(w, w->n + n))) {
        w->full = true;
        return NULL;
    }
    uint8_t *at = w->p ? w->p + w->n : NULL; /* nothing, where there is nothing yet */
    w->n += n;
    return at;
}

static void uint_to(struct wr *w, uint64_t v, unsigned n)
{
    uint8_t *at = wr_room(w, n);
    if (!at)
        return;
    while (n--)
        *at++ = (uint8_t)(v >> (8 * n));
}

void wr_u8(struct wr *w, unsigned v)
{
    uint_to(w, v, 1);
}

void wr_u16(struct wr *w, unsigned v)
{
    uint_to(w, v, 2);
}

void wr_u24(struct wr *w, uint32_t v)
{
    uint_to(w, v, 3);
}

void wr_u32(struct wr *w, uint32_t v)
{
    uint_to(w, v, 4);
}

void wr_u64(struct wr *w, uint64_t v)
{
    uint_to(w, v, 8);
}

void wr_bytes(struct wr *w, const void *p, size_t n)
{
    uint8_t *at = wr_room(w, n);
    if (at && n)
        memcpy(at, p, n);
}

void wr_view(struct wr *w, hf_view v)
{
    wr_bytes(w, v.p, v.n);
}

size_t wr_open(struct wr *w, unsigned prefix)
{
    uint_to(w, 0, prefix);
    return w->n;
}

void wr_close(struct wr *w, size_t mark, unsigned prefix)
{
    size_t n = w->n - mark;
    if (w->full)
        return;
    if (n >> (8 * prefix)) {
        w->full = true;
        return;
    }
    for (unsigned i = 0; i < prefix; i++)
        w->p[mark - 1 - i] = (uint8_t)(n >> (8 * i));
}

void wr_vec(struct wr *w, unsigned prefix, hf_view v)
{
    size_t mark = wr_open(w, prefix);
    wr_view(w, v);
    wr_close(w, mark, prefix);
}
