/* SPDX-License-Identifier: Apache-2.0
 *
 * derw.c - see derw.h. An element is opened with room for the shortest length; when its contents turn out
 * longer, they are moved by the bytes that the length needs more. A certificate is small and nests seldom
 * deeper than eight, so that this costs less than measuring everything first.
 */
#include "derw.h"

#include <string.h>

#include "base/when.h"

size_t derw_open(struct wr *w, uint8_t tag)
{
    wr_u8(w, tag);
    wr_u8(w, 0);
    return w->n;
}

void derw_close(struct wr *w, size_t mark)
{
    size_t n = w->n - mark, more = 0;
    for (size_t rest = n; n >= 0x80 && rest; rest >>= 8)
        more++;
    if (w->full || (more && !wr_room(w, more)))
        return;
    memmove(w->p + mark + more, w->p + mark, n);
    w->p[mark - 1] = (uint8_t)(more ? 0x80 | more : n);
    for (size_t i = 0; i < more; i++)
        w->p[mark + more - 1 - i] = (uint8_t)(n >> (8 * i));
}

void derw_bytes(struct wr *w, uint8_t tag, hf_view contents)
{
    size_t mark = derw_open(w, tag);
    wr_view(w, contents);
    derw_close(w, mark);
}

void derw_oid(struct wr *w, enum oid o)
{
    derw_bytes(w, DER_OID, oid_bytes(o));
}

void derw_true(struct wr *w)
{
    derw_bytes(w, DER_BOOLEAN, (hf_view){(const uint8_t *)"\xff", 1});
}

void derw_unsigned(struct wr *w, hf_view big_endian)
{
    size_t mark = derw_open(w, DER_INTEGER);
    while (big_endian.n > 1 && big_endian.p[0] == 0) {
        big_endian.p++;
        big_endian.n--;
    }
    if (big_endian.n == 0 || big_endian.p[0] & 0x80) /* the sign bit is a bit of its own */
        wr_u8(w, 0);
    wr_view(w, big_endian);
    derw_close(w, mark);
}

void derw_number(struct wr *w, uint32_t v)
{
    uint8_t be[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    derw_unsigned(w, (hf_view){be, sizeof be});
}

void derw_bits(struct wr *w, hf_view bytes)
{
    size_t mark = derw_open(w, DER_BIT_STRING);
    wr_u8(w, 0);
    wr_view(w, bytes);
    derw_close(w, mark);
}

void derw_flags(struct wr *w, unsigned flags)
{
    size_t   mark = derw_open(w, DER_BIT_STRING);
    unsigned n    = 0;
    while (n < 32 && flags >> n)
        n++;
    wr_u8(w, (8 - n % 8) % 8);
    for (unsigned at = 0; at < n; at += 8) {
        unsigned byte = 0;
        for (unsigned i = 0; i < 8; i++)
            byte |= (flags >> (at + i) & 1) << (7 - i); /* bit 0 stands first */
        wr_u8(w, byte);
    }
    derw_close(w, mark);
}

void derw_time(struct wr *w, int64_t seconds)
{
    struct when t = when_of_unix(seconds);
    char        text[80];
    int         n =
        snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    bool    utc = t.year >= 1950 && t.year < 2050;
    hf_view v   = {(const uint8_t *)text, (size_t)n};
    if (utc) { /* two digits of the year */
        v.p += 2;
        v.n -= 2;
    }
    derw_bytes(w, utc ? DER_UTC_TIME : DER_GENERAL_TIME, v);
}
