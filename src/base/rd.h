/* SPDX-License-Identifier: Apache-2.0
 *
 * rd.h - the reader: the only code that touches bytes from strangers.
 *
 * Sticky: a read past the end records the reader's check once, with the offset, and yields zeros; the
 * caller looks once, at the end. Sub-readers share the report, so a failure anywhere is a failure
 * everywhere, and share the base, so that offsets always count from the start of the message.
 */
#ifndef HF_BASE_RD_H
#define HF_BASE_RD_H
#include "why.h"

struct rd {
    const uint8_t *p, *end;
    const uint8_t *base; /* offsets count from here */
    struct report *rep;
    enum check     short_; /* raised by a read past the end */
};

struct rd rd_new(hf_view v, struct report *rep, enum check short_);

uint8_t  rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u24(struct rd *r);
uint32_t rd_u32(struct rd *r);
/* The next n bytes, borrowed. */
hf_view rd_bytes(struct rd *r, size_t n);
/* A vector with a length prefix of `prefix` bytes (1 to 3), as a sub-reader; id: its length runs past the end. */
struct rd rd_vec(struct rd *r, unsigned prefix, enum check id);
/* The same, whole, when its contents need no reader; too long is the reader's own check. */
hf_view rd_opaque(struct rd *r, unsigned prefix);
/* Nothing may be left; false when something is or the reader has failed before. */
bool rd_end(const struct rd *r, enum check id);
/* What is left, without reading it. */
static inline size_t rd_left(const struct rd *r)
{
    return (size_t)(r->end - r->p);
}
static inline hf_view rd_rest(const struct rd *r)
{
    return (hf_view){r->p, (size_t)(r->end - r->p)};
}
static inline size_t rd_at(const struct rd *r)
{
    return (size_t)(r->p - r->base);
}
static inline bool rd_ok(const struct rd *r)
{
    return !report_bad(r->rep);
}
/* A check about what was just read: fails at the reader's offset. */
bool rd_need(struct rd *r, bool ok, enum check id, int64_t want, int64_t got);

#endif
