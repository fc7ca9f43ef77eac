/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdarg.h>
#include <string.h>

size_t text_utf8(const uint8_t *p, size_t n, uint32_t *cp)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t                len     = p[0] < 0x80             ? 1
                                    : (p[0] & 0xe0) == 0xc0 ? 2
                                    : (p[0] & 0xf0) == 0xe0 ? 3
                                    : (p[0] & 0xf8) == 0xf0 ? 4
                                                            : 0;
    if (len == 0 || len > n)
        return 0;
    *cp = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *cp = *cp << 6 | (p[i] & 0x3fu);
    }
    return *cp >= least[len] && *cp <= 0x10ffff && (*cp < 0xd800 || *cp > 0xdfff) ? len : 0;
}

size_t text_put(char out[static 4], uint32_t cp)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t               n      = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3f));
    out[0] = (char)(lead[n] | cp);
    return n;
}

bool text_steers(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c || (cp >= 0x200b && cp <= 0x200f) ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
           (cp >= 0xfff0 && cp <= 0xffff) || (cp & 0xfffe) == 0xfffe || cp >= 0xe0000;
}

/* One character as it may be shown: itself, or its first byte escaped. Sets *used to the bytes consumed. */
static size_t show(const uint8_t *s, size_t n, char out[static 8], size_t *used)
{
    uint32_t cp  = 0;
    size_t   len = text_utf8(s, n, &cp);
    if (len && !text_steers(cp) && cp != '\\') {
        memcpy(out, s, len);
        *used = len;
        return len;
    }
    *used = 1;
    return (size_t)snprintf(out, 8, "\\x%02x", s[0]);
}

size_t text_printable(char *out, size_t room, const void *p, size_t n)
{
    const uint8_t *s  = p;
    size_t         at = 0, keep = 0; /* keep: the last length that leaves room for "..." */
    if (room == 0)
        return 0;
    for (size_t i = 0, used; i < n; i += used) {
        char   c[8];
        size_t k = show(s + i, n - i, c, &used);
        if (at + k >= room) {
            at = keep + text_add(out + keep, room - keep, 0, "...");
            break;
        }
        memcpy(out + at, c, k);
        at += k;
        if (at + 3 < room)
            keep = at;
    }
    out[at] = '\0';
    return at;
}

size_t text_hex(char *out, size_t room, const uint8_t *p, size_t n, char sep)
{
    static const char digits[] = "0123456789abcdef";
    size_t            at       = 0;
    if (room == 0)
        return 0;
    for (size_t i = 0; i < n && at + 3 < room; i++) {
        if (sep && i)
            out[at++] = sep;
        if (at + 3 > room)
            break;
        out[at++] = digits[p[i] >> 4];
        out[at++] = digits[p[i] & 15];
    }
    out[at] = '\0';
    return at;
}

size_t text_add(char *out, size_t room, size_t at, const char *fmt, ...)
{
    va_list ap;
    if (at + 1 >= room)
        return at;
    va_start(ap, fmt);
    int n = vsnprintf(out + at, room - at, fmt, ap);
    va_end(ap);
    if (n < 0)
        return at;
    return (size_t)n < room - at ? at + (size_t)n : room - 1;
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool text_same(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (lower(x[i]) != lower(y[i]))
            return false;
    return true;
}

bool view_equal(hf_view a, hf_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
