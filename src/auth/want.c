/* SPDX-License-Identifier: Apache-2.0
 *
 * want.c - one value of a condition: what people may write for each field, and whether it holds.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/glob.h"
#include "auth/rules.h"
#include "base/ip.h"
#include "base/text.h"
#include "base/when.h"
#include "x509/make.h"

enum { WANT_MAX = 2048, DAY_SECONDS = 86400, DAYS_A_WEEK = 7 };

uint8_t field_sep(enum field f)
{
    return f == ID_URI                         ? '/'
           : f == ID_DNS || f == ASK_SNI       ? '.'
           : f == ID_MAIL                      ? '@'
           : f == ID_SUBJECT || f == ID_ISSUER ? ','
                                               : 0;
}

static bool keep(struct want *w, const void *p, size_t n, struct mem *m)
{
    w->bytes = (hf_view){mem_copy(m, p, n), n};
    return w->bytes.p;
}

static const char *no_memory_left(void)
{
    return "memory is out";
}

/* ---- names ---------------------------------------------------------------------------------------------- */

static const char *name_form(enum field f, const char *text)
{
    if (strstr(text, "***"))
        return "three stars in a row mean nothing: * is one segment, ** any number of them";
    if (f == ID_URI && !strchr(text, ':') && !strchr(text, '*'))
        return "a URI begins with its scheme, as in spiffe://example.org/web";
    if (f == ID_MAIL && !strchr(text, '@') && !strchr(text, '*'))
        return "a mail address has an @; *@example.org stands for everybody there";
    if ((f == ID_DNS || f == ASK_SNI) &&
        text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*")])
        return "a host name has letters, digits, hyphens and dots (other scripts as xn--)";
    return NULL;
}

static const char *read_pattern(struct want *w, const char *text, struct mem *m)
{
    const char *bad = name_form(w->field, text);
    if (bad)
        return bad;
    if (!keep(w, text, strlen(text), m))
        return no_memory_left();
    uint8_t *p = (uint8_t *)(uintptr_t)w->bytes.p;
    if (w->field == ID_URI)
        fold_uri(p, w->bytes.n);
    if (w->field == ID_DNS || w->field == ASK_SNI)
        fold_dns(p, w->bytes.n);
    if (w->field == ID_MAIL)
        fold_mail(p, w->bytes.n);
    w->how = glob_is(w->bytes) ? HOW_GLOB : HOW_SAME;
    return NULL;
}

static const char *read_name(struct want *w, const char *text, struct mem *m)
{
    struct report rep;
    struct wr     name;
    if (strchr(text, '*'))
        return read_pattern(w, text, m);
    report_init(&rep);
    name    = wr_grow(m, WANT_MAX * 2);
    w->how  = HOW_NAME;
    bool ok = dn_write(&name, text, &rep) && !name.full;
    ok      = ok && keep(w, name.p, name.n, m);
    wr_free(&name);
    return ok ? NULL : "this is no distinguished name such as CN=alice,O=Example";
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Hex digits, colons between them or not; how many bytes, 0: something else, or more than room. */
static size_t hex_bytes(const char *text, uint8_t *out, size_t room)
{
    size_t digits = 0;
    if (strlen(text) - strspn(text, ":") == 0 || strspn(text, "0123456789abcdefABCDEF:") != strlen(text))
        return 0;
    for (const char *p = text; *p; p++)
        digits += *p != ':';
    if ((digits + 1) / 2 > room)
        return 0;
    memset(out, 0, room);
    size_t at = digits % 2; /* an odd number: the first digit stands alone */
    for (const char *p = text; *p; p++)
        if (*p != ':') {
            out[at / 2] |= (uint8_t)((unsigned)hex_value(*p) << (at % 2 ? 0 : 4));
            at++;
        }
    return at / 2;
}

static const char *read_serial(struct want *w, const char *text, struct mem *m)
{
    uint8_t b[LIMIT_SERIAL];
    size_t  n = hex_bytes(strncmp(text, "0x", 2) == 0 ? text + 2 : text, b, sizeof b), zeros = 0;
    if (n == 0)
        return "a serial number is written in hex, as the log does";
    while (zeros < n && b[zeros] == 0)
        zeros++;
    return keep(w, b + zeros, n - zeros, m) ? NULL : no_memory_left();
}

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char       *at       = c ? strchr(digits, c == '-' ? '+' : c == '_' ? '/' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* 32 bytes in base64 or base64url: 43 digits, perhaps an "=". */
static bool base64_32(const char *text, uint8_t out[32])
{
    uint32_t bits = 0;
    size_t   n    = 0;
    if (strlen(text) != 43 && (strlen(text) != 44 || text[43] != '='))
        return false;
    for (int i = 0; i < 43; i++) {
        int v = base64_value(text[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 == 0)
            continue;
        out[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
        bits &= (1u << (6 - i % 4 * 2)) - 1;
    }
    return bits == 0;
}

static const char *read_digest(struct want *w, const char *text, struct mem *m)
{
    uint8_t b[32];
    if (strncasecmp(text, "sha256", 6) == 0 && (text[6] == ':' || text[6] == '/'))
        text += 7;
    if (hex_bytes(text, b, sizeof b) != sizeof b && !base64_32(text, b))
        return "a SHA-256 is 64 hex digits or 43 of base64, as the log and `handfast check` show it";
    return keep(w, b, sizeof b, m) ? NULL : no_memory_left();
}

/* ---- addresses ------------------------------------------------------------------------------------------ */

static bool bits_clear(const uint8_t *p, size_t n, unsigned from)
{
    for (size_t i = from; i < n * 8; i++)
        if (p[i / 8] & (0x80 >> i % 8))
            return false;
    return true;
}

static const char *read_net(struct want *w, const char *text, struct mem *m)
{
    char        host[IP_TEXT + 8];
    uint8_t     ip[16];
    const char *slash = strchr(text, '/');
    size_t      len   = slash ? (size_t)(slash - text) : strlen(text);
    if (w->field == ASK_FROM && strcmp(text, "unix") == 0) {
        w->how = HOW_NET;
        return NULL;
    }
    text_add(host, sizeof host, 0, "%.*s", len < sizeof host ? (int)len : 0, text);
    size_t n    = ip_parse(host, ip);
    char  *end  = NULL;
    long   bits = slash && slash[1] >= '0' && slash[1] <= '9' ? strtol(slash + 1, &end, 10) : slash ? -1 : (long)n * 8;
    if (n == 0 || bits < 0 || bits > (long)n * 8 || (end && *end))
        return "this is no address or range such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32";
    if (!bits_clear(ip, n, (unsigned)bits))
        return "the address has bits behind the prefix; write the first address of the range";
    w->how  = HOW_NET;
    w->bits = (unsigned)bits;
    return keep(w, ip, n, m) ? NULL : no_memory_left();
}

/* ---- times ---------------------------------------------------------------------------------------------- */

static const char *read_moment(struct want *w, const char *text)
{
    char day[32];
    text_add(day, sizeof day, 0, "%sT00:00:00Z", text);
    w->how = HOW_MOMENT;
    return when_parse(text, &w->from) || when_parse(day, &w->from)
               ? NULL
               : "this is no time; write 2026-11-24 or 2026-11-24T08:15:00Z";
}

static int day_of(const char *text, size_t n)
{
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    for (int i = 0; i < DAYS_A_WEEK; i++)
        if (n == 3 && text_same(text, days[i], 3))
            return i;
    return -1;
}

static const char *read_days(struct want *w, const char *text)
{
    const char *dash = strchr(text, '-');
    int         from = day_of(text, dash ? (size_t)(dash - text) : strlen(text));
    int         to   = dash ? day_of(dash + 1, strlen(dash + 1)) : from;
    if (from < 0 || to < 0)
        return "days are mon, tue, wed, thu, fri, sat, sun, or a span of them such as mon-fri";
    w->how = HOW_DAYS;
    for (int d = from;; d = (d + 1) % DAYS_A_WEEK) {
        w->bits |= 1u << d;
        if (d == to)
            return NULL;
    }
}

/* "08:30" at *p, which is moved behind it, as seconds of the day; -1: it is none. */
static int64_t clock_of(const char **p)
{
    const char *s = *p;
    for (int i = 0; i < 5; i++)
        if (i == 2 ? s[i] != ':' : s[i] < '0' || s[i] > '9')
            return -1;
    int hour = (s[0] - '0') * 10 + (s[1] - '0'), minute = (s[3] - '0') * 10 + (s[4] - '0');
    *p += 5;
    return hour > 24 || minute > 59 || (hour == 24 && minute) ? -1 : (hour * 60 + minute) * 60;
}

static const char *read_hours(struct want *w, const char *text)
{
    w->how  = HOW_SPAN;
    w->from = clock_of(&text);
    w->to   = w->from >= 0 && *text++ == '-' ? clock_of(&text) : -1;
    return w->from < 0 || w->to < 0 || *text || w->from == w->to ? "hours are a span such as 08:00-18:00, in UTC"
                                                                 : NULL;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static const char *read_value(struct want *w, const char *text, struct mem *m)
{
    switch (w->field) {
    case ID_SUBJECT:
    case ID_ISSUER:
        return read_name(w, text, m);
    case ID_SERIAL:
        return read_serial(w, text, m);
    case ID_SHA256:
    case ID_SPKI:
        return read_digest(w, text, m);
    case ID_IP:
    case ASK_FROM:
        return read_net(w, text, m);
    case ASK_AFTER:
    case ASK_BEFORE:
        return read_moment(w, text);
    case ASK_DAYS:
        return read_days(w, text);
    case ASK_HOURS:
        return read_hours(w, text);
    case ASK_CERTIFICATE:
        return strcmp(text, "none") == 0 ? NULL : "the only value is none: a client without certificate";
    default:
        return read_pattern(w, text, m);
    }
}

const char *want_read(struct want *w, enum field f, const char *text, struct mem *m)
{
    *w = (struct want){.field = f};
    if (!text[0])
        return "a value is missing";
    if (strlen(text) > WANT_MAX)
        return "the value is longer than 2048 characters";
    w->text = mem_text(m, text);
    return w->text ? read_value(w, text, m) : no_memory_left();
}

/* ---- comparing ------------------------------------------------------------------------------------------ */

static bool in_net(const struct want *w, hf_view ip)
{
    if (w->bytes.n != ip.n)
        return false;
    for (unsigned i = 0; i < w->bits; i += 8) {
        uint8_t mask = w->bits - i >= 8 ? 0xff : (uint8_t)(0xff00 >> (w->bits - i));
        if ((w->bytes.p[i / 8] ^ ip.p[i / 8]) & mask)
            return false;
    }
    return true;
}

static bool compare(const struct want *w, hf_view v)
{
    return w->how == HOW_NET    ? in_net(w, v)
           : w->how == HOW_GLOB ? glob_match(w->bytes, field_sep(w->field), v)
                                : view_equal(w->bytes, v);
}

static hf_view view_of(const char *text)
{
    return (hf_view){(const uint8_t *)text, text ? strlen(text) : 0};
}

static bool any_name(const struct want *w, const struct ident *id)
{
    for (size_t i = 0; i < id->n; i++)
        if (id->names[i].field == w->field && compare(w, id->names[i].value))
            return true;
    return false;
}

static bool whole_name(const struct want *w, hf_view der, const char *text)
{
    return w->how == HOW_NAME ? dn_equal(w->bytes, der) : compare(w, view_of(text));
}

static bool sni_holds(const struct want *w, const char *sni)
{
    char   name[256];
    size_t n = sni ? strlen(sni) : 0;
    if (n == 0 || n >= sizeof name)
        return n == 0 && strcmp(w->text, "none") == 0;
    text_add(name, sizeof name, 0, "%s", sni);
    fold_dns((uint8_t *)name, n);
    return compare(w, view_of(name));
}

static bool of_certificate(const struct want *w, const struct ident *id)
{
    switch (w->field) {
    case ID_SUBJECT:
        return whole_name(w, id->leaf.subject, id->subject);
    case ID_ISSUER:
        return whole_name(w, id->leaf.issuer, id->issuer);
    case ID_SERIAL:
        return view_equal(w->bytes, id->serial);
    case ID_SHA256:
        return memcmp(w->bytes.p, id->sha256, sizeof id->sha256) == 0;
    case ID_SPKI:
        return memcmp(w->bytes.p, id->spki, sizeof id->spki) == 0;
    default:
        return any_name(w, id);
    }
}

static int64_t second_of_day(int64_t now)
{
    return ((now % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
}

static bool of_clock(const struct want *w, int64_t now)
{
    int64_t s   = second_of_day(now);
    int64_t day = (now - s) / DAY_SECONDS + 4; /* 1 January 1970 was a Thursday */
    switch (w->field) {
    case ASK_AFTER:
        return now >= w->from;
    case ASK_BEFORE:
        return now < w->from;
    case ASK_DAYS:
        return w->bits & 1u << ((day % DAYS_A_WEEK + DAYS_A_WEEK) % DAYS_A_WEEK);
    default:
        return w->from < w->to ? s >= w->from && s < w->to : s >= w->from || s < w->to;
    }
}

bool want_holds(const struct want *w, const struct asker *a)
{
    if (w->field < N_ID_FIELDS)
        return a->id && (w->field == ID_SPKI || !cert_is_bare(&a->id->leaf)) && of_certificate(w, a->id);
    switch (w->field) {
    case ASK_CERTIFICATE:
        return !a->certificate;
    case ASK_FROM:
        return in_net(w, a->from);
    case ASK_SNI:
        return sni_holds(w, a->sni);
    case ASK_LISTENER:
        return compare(w, view_of(a->listener));
    default:
        return of_clock(w, a->now);
    }
}
