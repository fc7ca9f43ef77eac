/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "tls/fields.h"

#include <cmocka.h>

static void take(void *ctx, const struct field *f)
{
    struct told *t = ctx;
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 256;
        t->v   = realloc(t->v, t->cap * sizeof *t->v);
        assert_non_null(t->v);
    }
    struct told_field *k = &t->v[t->n++];
    k->f                 = *f;
    assert_true(strlen(f->value) < FIELD_TEXT);
    strcpy(k->value, f->value);
    t->wrong += f->wrong;
}

static void printable(const char *s)
{
    uint32_t cp;
    size_t   n;
    for (const uint8_t *p = (const uint8_t *)s; *p; p += n) {
        n = text_utf8(p, strlen((const char *)p), &cp);
        assert_true(n > 0);
        assert_false(text_steers(cp));
    }
}

/* Each field within the last one that is less deep, and behind what was told beside it. */
static void nested(const struct told *t, size_t len)
{
    enum { DEPTHS = 64 };
    size_t start[DEPTHS] = {0}, end[DEPTHS] = {0}, last[DEPTHS] = {0}; /* of the open field at each depth */
    for (size_t i = 0; i < t->n; i++) {
        const struct field *f = &t->v[i].f;
        unsigned            d = f->depth;
        assert_in_range(d, 0, DEPTHS - 1);
        assert_true(f->at <= len && f->n <= len - f->at);
        if (d > 0) {
            assert_true(i > 0);
            assert_true(d <= t->v[i - 1].f.depth + 1);
            if (!f->wrong)
                assert_true(f->at >= start[d - 1] && f->at + f->n <= end[d - 1]);
        }
        if (d == t->v[i ? i - 1 : 0].f.depth + (i ? 1 : 0))
            last[d] = f->at;
        if (f->at < last[d])
            fail_msg("%s (%s) at %zu stands before %zu", f->name, t->v[i].value, f->at, last[d]);
        start[d] = f->at;
        end[d] = last[d] = f->at + f->n;
    }
}

/* The fields at depth 0 lie side by side and cover everything. */
static void covering(const struct told *t, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].f.depth == 0) {
            assert_int_equal(t->v[i].f.at, at);
            at += t->v[i].f.n;
        }
    assert_int_equal(at, len);
}

void told_message(struct told *t, hf_view msg, uint16_t version)
{
    *t              = (struct told){0};
    struct fields o = {.take = take, .ctx = t};
    fields_message(&o, msg, version);
    assert_int_equal(o.depth, 0);
    assert_true(t->n <= LIMIT_FIELDS);
    for (size_t i = 0; i < t->n; i++) {
        assert_true(t->v[i].f.name[0] != '\0');
        printable(t->v[i].value);
        printable(t->v[i].f.means);
    }
    nested(t, msg.n);
    if (t->n < LIMIT_FIELDS)
        covering(t, msg.n);
}

/* In a block of its own size, so that the sanitizer sees a read past the end. */
static size_t once(const uint8_t *p, size_t n, uint16_t version, size_t change, uint8_t by)
{
    struct told t;
    uint8_t    *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, p, n);
    if (by)
        copy[change] ^= by;
    told_message(&t, (hf_view){copy, n}, version);
    size_t wrong = t.wrong;
    told_free(&t);
    free(copy);
    return wrong;
}

void told_hostile(hf_view msg, uint16_t version)
{
    static const uint8_t by[] = {1, 0x80, 0xff};
    for (size_t n = 0; n < msg.n; n++)
        if (once(msg.p, n, version, 0, 0) == 0)
            fail_msg("message %u cut to %zu of %zu bytes is told as whole", msg.p[0], n, msg.n);
    for (size_t i = 0; i < msg.n; i++)
        for (size_t b = 0; b < sizeof by; b++)
            once(msg.p, msg.n, version, i, by[b]);
}

const struct told_field *told_find(const struct told *t, const char *name, size_t k)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->v[i].f.name, name) == 0 && k-- == 0)
            return &t->v[i];
    fail_msg("no field %s", name);
    return NULL;
}

void told_says(const struct told *t, const char *name, size_t k, const char *value)
{
    const struct told_field *f = told_find(t, name, k);
    if (strcmp(f->value, value) != 0)
        fail_msg("%s says \"%s\" instead of \"%s\"", name, f->value, value);
}

void told_free(struct told *t)
{
    free(t->v);
    *t = (struct told){0};
}
