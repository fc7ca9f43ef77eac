/* SPDX-License-Identifier: Apache-2.0
 *
 * wr.h - the writer: appends to a buffer that grows within a ceiling. Sticky: when room or memory is out
 * it stops writing and says so once, at the end (wr.full). Lengths of vectors are patched on close.
 */
#ifndef HF_BASE_WR_H
#define HF_BASE_WR_H
#include "mem.h"

struct wr {
    uint8_t    *p;
    size_t      n, cap, max; /* cap: bytes at p; max: it may grow to */
    struct mem *mem;         /* NULL: p is fixed, the caller's */
    bool        full;
};

/* Into the caller's room. */
struct wr wr_fixed(void *p, size_t room);
/* Into memory of m, up to max bytes; wr_free releases it. */
struct wr wr_grow(struct mem *m, size_t max);
void      wr_free(struct wr *w);

void wr_u8(struct wr *w, unsigned v);
void wr_u16(struct wr *w, unsigned v);
void wr_u24(struct wr *w, uint32_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_bytes(struct wr *w, const void *p, size_t n);
void wr_view(struct wr *w, hf_view v);
/* n bytes to be filled in by the caller; NULL when full. Valid until the next write. */
uint8_t *wr_room(struct wr *w, size_t n);
/* Opens a vector with a length prefix of 1 to 3 bytes; the mark goes to wr_close, which patches it. */
size_t wr_open(struct wr *w, unsigned prefix);
void   wr_close(struct wr *w, size_t mark, unsigned prefix);
/* A whole vector. */
void wr_vec(struct wr *w, unsigned prefix, hf_view v);

static inline hf_view wr_done(const struct wr *w)
{
    return (hf_view){w->p, w->full ? 0 : w->n};
}

#endif
