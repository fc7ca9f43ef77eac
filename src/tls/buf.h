/* SPDX-License-Identifier: Apache-2.0
 *
 * buf.h - byte windows of a connection, and the blocks behind them.
 *
 * A window is [start, end) of a block. A block comes from the pool of the config and goes back as soon as
 * the window is empty, so that an idle connection holds none and a busy one allocates none per record.
 * A flight larger than a block (a 64 KiB chain) gets memory of the connection instead.
 */
#ifndef HF_TLS_BUF_H
#define HF_TLS_BUF_H
#include <stdatomic.h>

#include "base/mem.h"

enum { BLOCK_BYTES = 36 * 1024, POOL_BLOCKS = 64 };

struct pool {
    _Atomic(uint8_t *) block[POOL_BLOCKS];
};
void pool_free(struct pool *p);

struct buf {
    uint8_t *p;
    size_t   start, end, cap;
    bool     pooled;
};

static inline size_t buf_used(const struct buf *b)
{
    return b->end - b->start;
}
/* Makes room for n more bytes behind end (moving what is there to the front if that is enough). */
bool buf_room(struct buf *b, struct pool *pool, struct mem *m, size_t n);
/* n bytes at the start are done with; an empty window gives its block back. */
void buf_take(struct buf *b, struct pool *pool, struct mem *m, size_t n);
void buf_free(struct buf *b, struct pool *pool, struct mem *m);

#endif
