/* SPDX-License-Identifier: Apache-2.0
 *
 * pem.c - textual encodings (RFC 7468), as lax about the surroundings as real files need and strict about
 * the base64 itself.
 *
 *   1. Text before, between and after blocks is skipped; lines end in LF, CRLF or CR, the last one in nothing.
 *   2. Header lines of old key files ("Proc-Type: 4,ENCRYPTED", RFC 1421) are skipped up to an empty line;
 *      der then holds what stands in the block, encrypted as it is.
 *   3. base64: white space is skipped; anything else outside the alphabet, a wrong count of "=", bits set
 *      behind the last byte and an empty block are errors.
 *   4. BEGIN without its END, or with the END of another label, is an error: a file cut in two is not half used.
 */
#include "pem.h"

#include <string.h>

#include "text.h"

static const char BEGIN[] = "-----BEGIN ", END[] = "-----END ", DASHES[] = "-----";

static hf_view from(hf_view v, size_t at)
{
    return (hf_view){v.p + at, v.n - at};
}

/* Where s starts in v at or behind `at`; v.n when it does not. */
static size_t find(hf_view v, size_t at, const char *s, size_t n)
{
    const uint8_t *hit = at < v.n ? memmem(v.p + at, v.n - at, s, n) : NULL;
    return hit ? (size_t)(hit - v.p) : v.n;
}

static bool starts(hf_view v, const char *s, size_t n)
{
    return v.n >= n && memcmp(v.p, s, n) == 0;
}

/* The end of the line that holds `at`: the offset of its CR or LF, or the end of the text. */
static size_t line_end(hf_view v, size_t at)
{
    while (at < v.n && v.p[at] != '\n' && v.p[at] != '\r')
        at++;
    return at;
}

static size_t next_line(hf_view v, size_t at)
{
    at = line_end(v, at);
    if (at < v.n && v.p[at] == '\r')
        at++;
    if (at < v.n && v.p[at] == '\n')
        at++;
    return at;
}

/* Behind the header lines, if the block starts with some: a line with a colon is no base64. */
static size_t skip_headers(hf_view body, size_t at)
{
    size_t end = line_end(body, at);
    if (!memchr(body.p + at, ':', end - at))
        return at;
    while (at < body.n && line_end(body, at) > at)
        at = next_line(body, at);
    return at;
}

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Decodes into out (3/4 of b.n and 3 more bytes are enough). False: *at is where it goes wrong. */
static bool base64(hf_view b, size_t *at, uint8_t *out, size_t *n)
{
    uint32_t bits = 0;
    unsigned have = 0, pads = 0; /* characters and "=" in the quantum being read */
    for (*n = 0; *at < b.n; ++*at) {
        int v = value_of(b.p[*at]);
        if (is_space(b.p[*at]))
            continue;
        if (b.p[*at] == '=' && have >= 2 && have + pads < 4)
            pads++;
        else if (v < 0 || pads)
            return false;
        else
            bits = bits << 6 | (uint32_t)v, have++;
        if (have == 4) {
            out[(*n)++] = (uint8_t)(bits >> 16);
            out[(*n)++] = (uint8_t)(bits >> 8);
            out[(*n)++] = (uint8_t)bits;
            have        = 0;
        }
    }
    if (have == 0)
        return *n > 0;
    bits <<= 6 * (4 - have);
    if (have + pads != 4 || (bits & (have == 2 ? 0xffffu : 0xffu)))
        return false;
    out[(*n)++] = (uint8_t)(bits >> 16);
    if (have == 3)
        out[(*n)++] = (uint8_t)(bits >> 8);
    return true;
}

/* The extents of a block: its label, what stands between the lines, and where it ends. */
struct extent {
    size_t  begin, body, body_end, end;
    hf_view label;
};

/* False: *wrong is the offset of what is missing or does not fit. */
static bool find_extent(hf_view text, size_t begin, struct extent *x, size_t *wrong)
{
    size_t at    = begin + sizeof BEGIN - 1;
    size_t eol   = line_end(text, at);
    size_t close = find(text, at, DASHES, sizeof DASHES - 1);
    *wrong       = begin;
    if (close >= eol)
        return false;
    x->begin    = begin;
    x->label    = (hf_view){text.p + at, close - at};
    x->body     = next_line(text, close);
    x->body_end = find(text, x->body, END, sizeof END - 1);
    if (x->body_end == text.n)
        return false;
    *wrong = x->body_end;
    at     = x->body_end + sizeof END - 1;
    if (!starts(from(text, at), (const char *)x->label.p, x->label.n) ||
        !starts(from(text, at + x->label.n), DASHES, sizeof DASHES - 1))
        return false;
    x->end = at + x->label.n + sizeof DASHES - 1;
    return true;
}

static bool decode(hf_view text, const struct extent *x, struct pem_block *b, size_t *wrong)
{
    hf_view until = {text.p, x->body_end};
    *wrong        = skip_headers(until, x->body);
    return base64(until, wrong, b->der, &b->n);
}

bool pem_next(hf_view text, size_t *at, struct pem_block *b, struct mem *m, struct report *rep)
{
    struct extent x;
    size_t        begin = find(text, *at, BEGIN, sizeof BEGIN - 1), wrong, room;
    memset(b, 0, sizeof *b);
    *at = begin;
    if (begin == text.n)
        return false;
    bool ok = find_extent(text, begin, &x, &wrong);
    if (ok) {
        room     = (x.body_end - x.body) / 4 * 3 + 3;
        b->label = x.label;
        b->whole = (hf_view){text.p + begin, x.end - begin};
        b->der   = mem_alloc(m, room);
        if (!b->der)
            return no_memory(rep, room);
        ok = decode(text, &x, b, &wrong);
    }
    if (!ok) {
        pem_free(b, m);
        return fail(rep, PEM_BROKEN, wrong, 0, 0);
    }
    *at = x.end;
    return true;
}

void pem_free(struct pem_block *b, struct mem *m)
{
    mem_free(m, b->der);
    b->der = NULL;
    b->n   = 0;
}

bool pem_looks_like(hf_view bytes)
{
    return find(bytes, 0, BEGIN, sizeof BEGIN - 1) < bytes.n;
}

static char *encode3(char *out, const uint8_t *p, size_t n)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t          bits       = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
    *out++                       = alphabet[bits >> 18];
    *out++                       = alphabet[bits >> 12 & 63];
    *out++                       = n > 1 ? alphabet[bits >> 6 & 63] : '=';
    *out++                       = n > 2 ? alphabet[bits & 63] : '=';
    return out;
}

size_t pem_write(char *out, size_t room, const char *label, hf_view der)
{
    enum { LINE = 48 }; /* bytes in 64 characters */
    size_t lines = (der.n + LINE - 1) / LINE;
    size_t need_ =
        sizeof BEGIN - 1 + sizeof END - 1 + 2 * (strlen(label) + sizeof DASHES) + (der.n + 2) / 3 * 4 + lines;
    if (room <= need_)
        return 0;
    char *p = out + text_add(out, room, 0, "%s%s%s\n", BEGIN, label, DASHES);
    for (size_t i = 0; i < der.n; i += 3) {
        p = encode3(p, der.p + i, der.n - i);
        if ((i + 3) % LINE == 0 || i + 3 >= der.n)
            *p++ = '\n';
    }
    return text_add(out, room, (size_t)(p - out), "%s%s%s\n", END, label, DASHES);
}
