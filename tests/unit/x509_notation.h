/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_notation.h - DER written by hand, for tests: hex digits, 'text', and {...} for "its length, then this".
 *
 *     30{ 06{551d13} 04{ 30{0101ff} } }      an extension
 *
 * '!' marks a place: the offset that a report is expected to name. Spaces are for the eye.
 */
#ifndef HF_TESTS_X509_NOTATION_H
#define HF_TESTS_X509_NOTATION_H
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "handfast.h"

enum { NOTATION_ROOM = 80 * 1024 };

struct notation {
    uint8_t *p;
    size_t   n;
    long     mark; /* -1: none */
};

static inline int nibble(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c);
    return c && at ? (int)(at - digits) : -1;
}

static inline size_t length_header(uint8_t *out, size_t n)
{
    size_t bytes = n < 128 ? 0 : n < 256 ? 1 : n < 65536 ? 2 : 3;
    if (bytes == 0) {
        out[0] = (uint8_t)n;
        return 1;
    }
    out[0] = (uint8_t)(0x80 | bytes);
    for (size_t i = 0; i < bytes; i++)
        out[1 + i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
    return 1 + bytes;
}

/* Reads up to a closing brace or the end; appends to d. */
static inline const char *notation_read(const char *s, struct notation *d)
{
    while (*s && *s != '}') {
        if (*s == ' ') {
            s++;
        } else if (*s == '!') {
            d->mark = (long)d->n;
            s++;
        } else if (*s == '\'') {
            for (s++; *s != '\''; s++)
                d->p[d->n++] = (uint8_t)*s;
            s++;
        } else if (*s == '{') {
            struct notation in = {malloc(NOTATION_ROOM), 0, -1};
            assert_non_null(in.p);
            s = notation_read(s + 1, &in);
            assert_int_equal(*s, '}');
            s++;
            d->n += length_header(d->p + d->n, in.n);
            assert_true(d->n + in.n < NOTATION_ROOM);
            if (in.mark >= 0)
                d->mark = (long)d->n + in.mark;
            memcpy(d->p + d->n, in.p, in.n);
            d->n += in.n;
            free(in.p);
        } else {
            int high = nibble(s[0]), low = high < 0 ? -1 : nibble(s[1]);
            if (low < 0)
                fail_msg("notation: %s", s);
            d->p[d->n++] = (uint8_t)(high << 4 | low);
            s += 2;
        }
    }
    return s;
}

/* The bytes, in a block of exactly their length, so that the address sanitizer sees a read past it. free(p). */
static inline struct notation notation(const char *s)
{
    struct notation d = {malloc(NOTATION_ROOM), 0, -1};
    assert_non_null(d.p);
    s = notation_read(s, &d);
    assert_int_equal(*s, 0);
    uint8_t *exact = malloc(d.n ? d.n : 1);
    assert_non_null(exact);
    memcpy(exact, d.p, d.n);
    free(d.p);
    d.p = exact;
    return d;
}

static inline hf_view notation_view(const struct notation *d)
{
    return (hf_view){d->p, d->n};
}

#endif
