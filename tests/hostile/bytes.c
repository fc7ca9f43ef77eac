/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, ENCRYPTED_EXTENSIONS = 8, CERTIFICATE_REQUEST = 13 };

void bytes_free(struct bytes *b)
{
    free(b->p);
    *b = (struct bytes){0};
}

void bytes_insert(struct bytes *b, size_t at, const void *p, size_t n)
{
    assert_true(at <= b->n);
    if (n == 0)
        return;
    if (b->n + n > b->cap) {
        b->cap = (b->n + n) * 2 + 64;
        b->p   = realloc(b->p, b->cap);
        assert_non_null(b->p);
    }
    memmove(b->p + at + n, b->p + at, b->n - at);
    if (p)
        memcpy(b->p + at, p, n);
    else
        memset(b->p + at, 0, n);
    b->n += n;
}

void bytes_add(struct bytes *b, const void *p, size_t n)
{
    bytes_insert(b, b->n, p, n);
}

void bytes_zeros(struct bytes *b, size_t n)
{
    bytes_insert(b, b->n, NULL, n);
}

void bytes_u8(struct bytes *b, unsigned v)
{
    bytes_add(b, (uint8_t[]){(uint8_t)v}, 1);
}

void bytes_u16(struct bytes *b, unsigned v)
{
    bytes_add(b, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

void bytes_u24(struct bytes *b, unsigned v)
{
    bytes_add(b, (uint8_t[]){(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 3);
}

void bytes_cut(struct bytes *b, size_t at, size_t n)
{
    assert_true(at + n <= b->n);
    if (n == 0)
        return;
    memmove(b->p + at, b->p + at + n, b->n - at - n);
    b->n -= n;
}

void bytes_put16(struct bytes *b, size_t at, unsigned v)
{
    assert_true(at + 2 <= b->n);
    b->p[at]     = (uint8_t)(v >> 8);
    b->p[at + 1] = (uint8_t)v;
}

void bytes_put24(struct bytes *b, size_t at, unsigned v)
{
    assert_true(at + 3 <= b->n);
    b->p[at] = (uint8_t)(v >> 16);
    bytes_put16(b, at + 1, v & 0xffff);
}

size_t bytes_open(struct bytes *b, unsigned prefix)
{
    bytes_zeros(b, prefix);
    return b->n;
}

void bytes_close(struct bytes *b, size_t mark, unsigned prefix)
{
    size_t n = b->n - mark;
    for (unsigned i = 1; i <= prefix; i++, n >>= 8)
        b->p[mark - i] = (uint8_t)n;
}

hf_view bytes_view(const struct bytes *b)
{
    return (hf_view){b->p, b->n};
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static unsigned u16_at(const struct bytes *m, size_t at)
{
    assert_true(at + 2 <= m->n);
    return (unsigned)(m->p[at] << 8 | m->p[at + 1]);
}

size_t msg_exts_at(const struct bytes *m)
{
    size_t at = 4;
    assert_true(m->n >= 6);
    switch (m->p[0]) {
    case CLIENT_HELLO:
        at += 2 + 32;
        at += 1 + m->p[at];
        at += 2 + u16_at(m, at);
        return at + 1 + m->p[at];
    case SERVER_HELLO:
        at += 2 + 32;
        return at + 1 + m->p[at] + 2 + 1;
    case ENCRYPTED_EXTENSIONS:
        return at;
    case CERTIFICATE_REQUEST:
        return at + 1 + m->p[at];
    default:
        fail_msg("message %d has no extensions block", m->p[0]);
        return 0;
    }
}

size_t msg_ext(const struct bytes *m, uint16_t type, size_t *len)
{
    for (size_t at = msg_exts_at(m) + 2; at + 4 <= m->n;) {
        *len = u16_at(m, at + 2);
        if (u16_at(m, at) == type)
            return at;
        at += 4 + *len;
    }
    return 0;
}

void msg_mend(struct bytes *m)
{
    bytes_put24(m, 1, (unsigned)(m->n - 4));
}

void msg_mend_exts(struct bytes *m)
{
    size_t at = msg_exts_at(m);
    bytes_put16(m, at, (unsigned)(m->n - at - 2));
    msg_mend(m);
}

void msg_ext_add(struct bytes *m, uint16_t type, const void *p, size_t n)
{
    bytes_u16(m, type);
    bytes_u16(m, (unsigned)n);
    bytes_add(m, p, n);
    msg_mend_exts(m);
}

void msg_ext_drop(struct bytes *m, uint16_t type)
{
    size_t len, at = msg_ext(m, type, &len);
    assert_true(at > 0);
    bytes_cut(m, at, 4 + len);
    msg_mend_exts(m);
}

void msg_ext_set(struct bytes *m, uint16_t type, const void *p, size_t n)
{
    size_t len, at = msg_ext(m, type, &len);
    assert_true(at > 0);
    bytes_cut(m, at + 4, len);
    bytes_put16(m, at + 2, (unsigned)n);
    bytes_insert(m, at + 4, p, n);
    msg_mend_exts(m);
}
