/* SPDX-License-Identifier: Apache-2.0 */
#include "rd.h"

struct rd rd_new(hf_view v, struct report *rep, enum check short_)
{
    static const uint8_t none[1];
    const uint8_t       *p = v.p ? v.p : none;
    return (struct rd){.p = p, .end = p + v.n, .base = p, .rep = rep, .short_ = short_};
}

/* Records the failure and leaves the reader empty, so that loops over it end. */
static void stop(struct rd *r, enum check id, size_t want)
{
    fail(r->rep, id, rd_at(r), (int64_t)want, (int64_t)rd_left(r));
    r->p = r->end;
}

static bool has(struct rd *r, size_t n)
{
    if (rd_left(r) >= n)
        return true;
    stop(r, r->short_, n);
    return false;
}

static uint32_t uint_of(struct rd *r, unsigned n)
{
    uint32_t v = 0;
    if (!has(r, n))
        return 0;
    while (n--)
        v = v << 8 | *r->p++;
    return v;
}

uint8_t rd_u8(struct rd *r)
{
    return (uint8_t)uint_of(r, 1);
}

uint16_t rd_u16(struct rd *r)
{
    return (uint16_t)uint_of(r, 2);
}

uint32_t rd_u24(struct rd *r)
{
    return uint_of(r, 3);
}

uint32_t rd_u32(struct rd *r)
{
    return uint_of(r, 4);
}

hf_view rd_bytes(struct rd *r, size_t n)
{
    if (!has(r, n))
        return (hf_view){r->end, 0};
    hf_view v = {r->p, n};
    r->p += n;
    return v;
}

struct rd rd_vec(struct rd *r, unsigned prefix, enum check id)
{
    struct rd sub = *r;
    size_t    n   = uint_of(r, prefix);
    if (n > rd_left(r))
        stop(r, id, n), n = 0;
    sub.p   = r->p;
    sub.end = r->p + n;
    r->p    = sub.end;
    return sub;
}

hf_view rd_opaque(struct rd *r, unsigned prefix)
{
    struct rd v = rd_vec(r, prefix, r->short_);
    return rd_rest(&v);
}

bool rd_end(const struct rd *r, enum check id)
{
    if (report_bad(r->rep))
        return false;
    if (r->p == r->end)
        return true;
    return fail(r->rep, id, rd_at(r), 0, (int64_t)rd_left(r));
}

bool rd_need(struct rd *r, bool ok, enum check id, int64_t want, int64_t got)
{
    if (report_bad(r->rep))
        return false;
    return ok || fail(r->rep, id, rd_at(r), want, got);
}
