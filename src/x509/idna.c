/* SPDX-License-Identifier: Apache-2.0
 *
 * idna.c - Punycode (RFC 3492 6.3), one label at a time: the ASCII characters, a hyphen, then for each other code
 * point in ascending order how far the decoder has to move, as a number of variable length.
 */
#include "idna.h"

#include <string.h>

#include "x509/fold.h"

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_POINT = 0x80, LABEL_MAX = 63 };

/* Where a label is written; n > LABEL_MAX: it did not fit. */
struct label {
    uint8_t p[LABEL_MAX];
    size_t  n;
};

static void put(struct label *l, unsigned c)
{
    if (l->n < LABEL_MAX)
        l->p[l->n] = (uint8_t)c;
    l->n++;
}

static void put_digit(struct label *l, uint32_t d)
{
    put(l, d < 26 ? 'a' + d : '0' + d - 26);
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta      = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static void put_number(struct label *l, uint32_t q, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if (q < t)
            break;
        put_digit(l, t + (q - t) % (BASE - t));
        q = (q - t) / (BASE - t);
    }
    put_digit(l, q);
}

/* The smallest code point that is at least n. */
static uint32_t next_point(const uint32_t *cp, size_t count, uint32_t n)
{
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < count; i++)
        if (cp[i] >= n && cp[i] < least)
            least = cp[i];
    return least;
}

/* A label has at most LABEL_MAX code points below 0x110000: delta stays far below 2^32. */
static void punycode(const uint32_t *cp, size_t count, struct label *out)
{
    uint32_t n = FIRST_POINT, delta = 0, bias = FIRST_BIAS, done = 0, ascii;
    memcpy(out->p, "xn--", 4);
    out->n = 4;
    for (size_t i = 0; i < count; i++)
        if (cp[i] < FIRST_POINT && ++done)
            put(out, cp[i]);
    ascii = done;
    if (ascii)
        put(out, '-');
    while (done < count) {
        uint32_t m = next_point(cp, count, n);
        delta += (m - n) * (done + 1);
        n = m;
        for (size_t i = 0; i < count; i++) {
            delta += cp[i] < n;
            if (cp[i] != n)
                continue;
            put_number(out, delta, bias);
            bias  = adapt(delta, done + 1, done == ascii);
            delta = 0;
            done++;
        }
        delta++;
        n++;
    }
}

/* One label of UTF-8; false: broken or too long. */
static bool convert(hf_view v, struct label *out)
{
    struct fold f = fold_start(DER_UTF8, v);
    uint32_t    cp[LABEL_MAX], c;
    size_t      n      = 0;
    bool        broken = false, plain = true;
    while (text_next(&f, &c, &broken)) {
        if (broken || n == LABEL_MAX)
            return false;
        plain &= c < FIRST_POINT;
        cp[n++] = c;
    }
    out->n = 0;
    if (!plain)
        punycode(cp, n, out);
    else
        for (size_t i = 0; i < n; i++)
            put(out, cp[i]);
    return out->n <= LABEL_MAX;
}

size_t idna_to_ascii(hf_view host, uint8_t out[HOST_MAX])
{
    size_t n = 0;
    for (size_t at = 0; at <= host.n;) {
        const uint8_t *dot = memchr(host.p + at, '.', host.n - at);
        size_t         end = dot ? (size_t)(dot - host.p) : host.n;
        struct label   label;
        if (!convert((hf_view){host.p + at, end - at}, &label) || n + label.n + (at > 0) > HOST_MAX)
            return 0;
        if (at > 0)
            out[n++] = '.';
        memcpy(out + n, label.p, label.n);
        n += label.n;
        at = end + 1;
    }
    return n;
}
