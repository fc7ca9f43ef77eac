/* SPDX-License-Identifier: Apache-2.0
 *
 * der.c - the header of an element is read in one function (`header`), for parsers (der_open, der_any) and
 * for walks over what was accepted before (der_cut). It is, beside rd.c, the only code that indexes bytes
 * from strangers; everything else sees views that lie within them.
 */
#include "der.h"

#include <limits.h>
#include <string.h>

#include "base/when.h"

enum { HIGH_TAG = 0x1f, LONG_FORM = 0x80, LENGTH_BYTES_MAX = 4 };

/* The header at p, of which n bytes are there: its length and that of the contents. CHECK_NONE: all is there. */
static enum check any_header(const uint8_t *p, size_t n, size_t *head, size_t *len)
{
    size_t more = n > 1 && p[1] > LONG_FORM ? p[1] & 0x7fu : 0;
    if (n > 0 && (p[0] & HIGH_TAG) == HIGH_TAG)
        return DER_TAG_HIGH;
    if (n > 1 && p[1] == LONG_FORM)
        return DER_LENGTH_INDEFINITE;
    if (more > LENGTH_BYTES_MAX)
        return DER_LENGTH_HUGE;
    if (n < 2 + more)
        return DER_HEADER_CUT;
    *head = 2 + more;
    *len  = more ? 0 : p[1];
    for (size_t i = 0; i < more; i++)
        *len = *len << 8 | p[2 + i];
    if (more && (*len < LONG_FORM || p[2] == 0))
        return DER_LENGTH_NOT_MINIMAL;
    return *len <= n - *head ? CHECK_NONE : DER_CONTENTS_CUT;
}

/* The same, quick for the short ones, which nearly all are. */
static inline enum check header(const uint8_t *p, size_t n, size_t *head, size_t *len)
{
    if (n < 2 || p[1] >= LONG_FORM || p[1] > n - 2 || (p[0] & HIGH_TAG) == HIGH_TAG)
        return any_header(p, n, head, len);
    *head = 2;
    *len  = p[1];
    return CHECK_NONE;
}

/* Records the failure and leaves r empty. */
static void stop(struct rd *r, enum check id, int64_t want, int64_t got)
{
    if (rd_ok(r))
        fail(r->rep, id, rd_at(r), want, got);
    r->p = r->end;
}

struct rd der_reader(hf_view v, struct report *rep)
{
    return rd_new(v, rep, DER_VALUE_SHORT);
}

struct rd der_inside(const struct rd *r, hf_view v)
{
    struct rd sub = *r;
    sub.p         = v.p ? v.p : r->end;
    sub.end       = sub.p + v.n;
    return sub;
}

/* Moves r behind its next element; r is empty when that is none. */
static inline struct rd enter(struct rd *r)
{
    struct rd  sub  = *r;
    size_t     head = 0, len = 0;
    enum check wrong = header(r->p, rd_left(r), &head, &len);
    if (wrong != CHECK_NONE) {
        stop(r, wrong, (int64_t)len, (int64_t)rd_left(r));
        sub.p = sub.end;
        return sub;
    }
    sub.p += head;
    sub.end = sub.p + len;
    r->p    = sub.end;
    return sub;
}

struct rd der_open(struct rd *r, uint8_t tag, enum check id)
{
    if (!der_is(r, tag))
        stop(r, id, tag, r->p < r->end ? *r->p : -1);
    if (!rd_ok(r)) {
        r->p = r->end;
        return *r;
    }
    return enter(r);
}

bool der_maybe(struct rd *r, uint8_t tag, struct rd *body)
{
    *body = *r;
    if (!der_is(r, tag) || !rd_ok(r))
        return false;
    *body = enter(r);
    return rd_ok(r);
}

struct der_item der_any(struct rd *r, enum check id)
{
    const uint8_t *start = r->p;
    if (r->p == r->end)
        stop(r, id, 0, -1);
    if (!rd_ok(r))
        return (struct der_item){.body = {r->end, 0}, .whole = {r->end, 0}};
    struct rd body = enter(r);
    return (struct der_item){.tag = *start, .whole = {start, (size_t)(r->p - start)}, .body = {body.p, rd_left(&body)}};
}

bool der_count_one(struct rd *r, unsigned *n, unsigned max, enum check id)
{
    ++*n;
    return rd_need(r, *n <= max, id, max, *n);
}

bool der_cut(hf_view *rest, struct der_item *out)
{
    size_t head, len;
    if (rest->n == 0 || header(rest->p, rest->n, &head, &len) != CHECK_NONE)
        return false;
    *out = (struct der_item){rest->p[0], {rest->p, head + len}, {rest->p + head, len}};
    rest->p += head + len;
    rest->n -= head + len;
    return true;
}

hf_view der_integer(struct rd r)
{
    hf_view v = rd_rest(&r);
    if (v.n == 0)
        stop(&r, DER_INTEGER_EMPTY, 1, 0);
    else if (v.n > 1 && (v.p[0] == 0 || v.p[0] == 0xff) && (v.p[0] & 0x80) == (v.p[1] & 0x80))
        stop(&r, DER_INTEGER_NOT_MINIMAL, (int64_t)v.n - 1, (int64_t)v.n);
    return v;
}

hf_view der_unsigned(struct rd r)
{
    hf_view v = der_integer(r);
    if (v.n && (v.p[0] & 0x80))
        stop(&r, DER_INTEGER_NEGATIVE, 0, -1);
    if (v.n > 1 && v.p[0] == 0)
        v.p++, v.n--;
    return v;
}

int der_count(struct rd r)
{
    hf_view v = der_unsigned(r);
    int64_t n = 0;
    for (size_t i = 0; i < v.n && n <= INT_MAX; i++)
        n = n << 8 | v.p[i];
    return n > INT_MAX ? INT_MAX : (int)n;
}

bool der_boolean(struct rd r)
{
    hf_view v = rd_rest(&r);
    if (v.n != 1 || (v.p[0] != 0 && v.p[0] != 0xff))
        stop(&r, DER_BOOLEAN_FORM, 1, v.n == 1 ? v.p[0] : (int64_t)v.n);
    return v.n == 1 && v.p[0] != 0;
}

hf_view der_bits(struct rd r, unsigned *unused)
{
    unsigned count = r.p < r.end ? *r.p++ : 8;
    hf_view  v     = rd_rest(&r);
    if (count > 7 || (count && v.n == 0)) {
        stop(&r, DER_BITS_UNUSED, 7, count);
        return rd_rest(&r);
    }
    if (count && !unused)
        stop(&r, DER_BITS_NOT_BYTES, 0, count);
    else if (count && (v.p[v.n - 1] & ((1u << count) - 1)))
        stop(&r, DER_BITS_NOT_ZERO, 0, v.p[v.n - 1]);
    if (unused)
        *unused = count;
    return v;
}

hf_view der_oid(struct rd r)
{
    hf_view v  = rd_rest(&r);
    bool    ok = v.n > 0 && !(v.p[v.n - 1] & 0x80);
    for (size_t i = 0; ok && i < v.n; i++) /* an arc does not start with padding */
        ok = v.p[i] != 0x80 || (i > 0 && (v.p[i - 1] & 0x80));
    if (!ok)
        stop(&r, DER_OID_FORM, 0, (int64_t)v.n);
    return v;
}

void der_null(struct rd r)
{
    if (r.p != r.end)
        stop(&r, DER_NULL_FORM, 0, (int64_t)rd_left(&r));
}

/* n decimal digits at *p, which is moved behind them; -1 when one is none. */
static int digits(const uint8_t **p, unsigned n)
{
    int v = 0, bad = 0;
    for (; n > 0; n--, ++*p) {
        unsigned d = (unsigned)**p - '0';
        bad |= d > 9;
        v = v * 10 + (int)d % 10;
    }
    return bad ? -1 : v;
}

/* "YYMMDDHHMMSSZ" or "YYYYMMDDHHMMSSZ": seconds are there, the zone is Z. */
static bool moment(struct rd *body, bool utc, int *year, int64_t *seconds)
{
    const uint8_t *p = body->p;
    struct when    w;
    *seconds = 0;
    if (rd_left(body) != (utc ? 13u : 15u) || body->end[-1] != 'Z') {
        stop(body, DER_TIME_FORM, utc ? 13 : 15, (int64_t)rd_left(body));
        return false;
    }
    w.year = digits(&p, utc ? 2 : 4);
    if (utc && w.year >= 0)
        w.year += w.year < 50 ? 2000 : 1900;
    w.month  = digits(&p, 2);
    w.day    = digits(&p, 2);
    w.hour   = digits(&p, 2);
    w.minute = digits(&p, 2);
    w.second = digits(&p, 2);
    *year    = w.year;
    if (when_to_unix(&w, seconds))
        return true;
    stop(body, DER_TIME_NO_SUCH, 0, 0);
    return false;
}

/* UTCTime for 1950 to 2049, GeneralizedTime for any other year. */
int64_t der_time(struct rd *r, enum check id)
{
    bool      utc  = der_is(r, DER_UTC_TIME);
    struct rd body = der_open(r, utc ? DER_UTC_TIME : DER_GENERAL_TIME, id);
    int64_t   seconds;
    int       year;
    if (!rd_ok(r) || !moment(&body, utc, &year, &seconds))
        return 0;
    if (!utc && year >= 1950 && year < 2050)
        stop(&body, DER_TIME_NOT_UTC, 2050, year);
    return seconds;
}

int64_t der_general_time(struct rd *r, enum check id)
{
    struct rd body = der_open(r, DER_GENERAL_TIME, id);
    int64_t   seconds;
    int       year;
    return rd_ok(r) && moment(&body, false, &year, &seconds) ? seconds : 0;
}
