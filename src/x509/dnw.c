/* SPDX-License-Identifier: Apache-2.0
 *
 * dnw.c - a Name from its text (RFC 4514). The text has the last RDN first: it is cut at its commas from the
 * left and written from the right.
 *
 *     name = rdn *("," rdn)     rdn = pair *("+" pair)     pair = type "=" value
 *
 * Within a value a backslash takes the next character, or the byte of two hex digits, as it is. The form
 * "#hex" of a value is not taken: nobody types DER.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "derw.h"
#include "make.h"

enum { RDNS_MAX = 32, PAIRS_MAX = 4, VALUE_MAX = 1024 }; /* VALUE_MAX: bytes of 256 characters */

/* Attribute types, their string type and upper bound in characters (RFC 5280 appendix A.1; RFC 4519). */
static const struct attribute {
    const char *name;
    enum oid    oid;
    uint8_t     tag;
    unsigned    min, max;
} attributes[] = {
    {"CN", OID_AT_CN, DER_UTF8, 1, 64},
    {"O", OID_AT_O, DER_UTF8, 1, 64},
    {"OU", OID_AT_OU, DER_UTF8, 1, 64},
    {"C", OID_AT_C, DER_PRINTABLE, 2, 2},
    {"ST", OID_AT_ST, DER_UTF8, 1, 128},
    {"L", OID_AT_L, DER_UTF8, 1, 128},
    {"STREET", OID_AT_STREET, DER_UTF8, 1, 128},
    {"DC", OID_AT_DC, DER_IA5, 1, 63},
    {"UID", OID_AT_UID, DER_UTF8, 1, 256},
    {"serialNumber", OID_AT_SERIAL_NUMBER, DER_PRINTABLE, 1, 64},
    {"emailAddress", OID_AT_EMAIL, DER_IA5, 1, 255},
    {"title", OID_AT_TITLE, DER_UTF8, 1, 64},
    {"givenName", OID_AT_GIVEN_NAME, DER_UTF8, 1, 64},
    {"SN", OID_AT_SURNAME, DER_UTF8, 1, 64},
};
enum { N_ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

struct dnw {
    const char    *text;
    struct wr     *w;
    struct report *rep;
};

static bool broken(struct dnw *d, const char *at)
{
    return fail_text(d->rep, DN_TEXT_BROKEN, (size_t)(at - d->text), 0, 0, d->text);
}

/* The end of what begins at p: the next c that no backslash precedes, or end. */
static const char *cut(const char *p, const char *end, char c)
{
    for (; p < end && *p != c; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p;
}

static const struct attribute *find(const char *name, size_t n)
{
    for (size_t i = 0; i < N_ATTRIBUTES; i++)
        if (strlen(attributes[i].name) == n && text_same(attributes[i].name, name, n))
            return &attributes[i];
    return NULL;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* What follows a backslash at p: one byte to *c. Returns how many characters it took, 0 when it is no escape. */
static size_t unescape(const char *p, const char *end, char *c)
{
    if (p == end)
        return 0;
    if (p + 1 < end && nibble(p[0]) >= 0 && nibble(p[1]) >= 0) {
        *c = (char)(nibble(p[0]) << 4 | nibble(p[1]));
        return 2;
    }
    *c = *p;
    return strchr(" \"#+,;<=>\\", *p) ? 1 : 0;
}

/* The value between p and end without its escapes; its length, 0 (and a failure) when it is broken or empty. */
static size_t value_of(struct dnw *d, const char *p, const char *end, char out[static VALUE_MAX])
{
    size_t n = 0, took = *p != '#';
    while (took && p < end && n < VALUE_MAX) {
        bool escape = *p == '\\';
        out[n]      = *p;
        took        = escape ? unescape(p + 1, end, &out[n]) : !strchr("\";<>", *p);
        n += took > 0;
        p += took ? escape + took : 0;
    }
    if (took && n && p == end)
        return n;
    broken(d, p);
    return 0;
}

/* UTF-8 in which nothing is hidden or moves a cursor. */
static bool is_text(const char *v, size_t n)
{
    const uint8_t *p = (const uint8_t *)v;
    for (size_t i = 0, len; i < n; i += len) {
        uint32_t cp = 0;
        len         = text_utf8(p + i, n - i, &cp);
        if (len == 0 || (text_steers(cp) && cp != '\\'))
            return false;
    }
    return true;
}

/* RFC 5280 appendix A: PrintableString has letters, digits and few signs; IA5String is ASCII. */
static bool may_hold(uint8_t tag, const char *v, size_t n)
{
    if (!is_text(v, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool letter = (v[i] >= 'a' && v[i] <= 'z') || (v[i] >= 'A' && v[i] <= 'Z') || (v[i] >= '0' && v[i] <= '9');
        if (tag == DER_IA5 && v[i] & 0x80)
            return false;
        if (tag == DER_PRINTABLE && !letter && !strchr(" '()+,-./:=?", v[i]))
            return false;
    }
    return true;
}

static size_t characters(const char *v, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += (v[i] & 0xc0) != 0x80;
    return count;
}

static bool write_pair(struct dnw *d, struct wr *w, const struct attribute *a, const char *v, size_t n)
{
    size_t count = characters(v, n), mark;
    if (!may_hold(a->tag, v, n))
        return fail_text(d->rep, DN_TEXT_CHARACTERS, 0, 0, 0, a->name);
    if (count < a->min || count > a->max)
        return fail_text(d->rep, DN_TEXT_LENGTH, 0, a->max, (int64_t)count, a->name);
    mark = derw_open(w, DER_SEQUENCE);
    derw_oid(w, a->oid);
    derw_bytes(w, a->tag, (hf_view){(const uint8_t *)v, n});
    derw_close(w, mark);
    return true;
}

/* Leaves the spaces around a text out; one that a backslash precedes belongs to it. */
static void trim(const char **p, const char **end)
{
    while (*p < *end && **p == ' ')
        ++*p;
    while (*end > *p && (*end)[-1] == ' ' && !(*end - 1 > *p && (*end)[-2] == '\\'))
        --*end;
}

static bool pair(struct dnw *d, struct wr *w, const char *p, const char *end)
{
    char                    value[VALUE_MAX];
    const char             *eq = cut(p, end, '='), *type_end = eq, *v = eq + 1;
    const struct attribute *a;
    size_t                  n;
    if (eq == end)
        return broken(d, p);
    trim(&p, &type_end);
    trim(&v, &end);
    a = find(p, (size_t)(type_end - p));
    if (!a)
        return fail_text(d->rep, DN_TEXT_TYPE, (size_t)(p - d->text), 0, 0, d->text);
    n = value_of(d, v, end, value);
    return n && write_pair(d, w, a, value, n);
}

struct encoded {
    size_t  n;
    uint8_t p[VALUE_MAX + 32];
};

/* No encoding is the beginning of another: each says its own length. */
static int by_encoding(const void *a, const void *b)
{
    const struct encoded *x = a, *y = b;
    return memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
}

/* X.690 11.6: the elements of a SET OF stand in ascending order of their encodings. */
static bool rdn(struct dnw *d, const char *p, const char *end)
{
    struct encoded e[PAIRS_MAX];
    size_t         n = 0, mark;
    for (bool more = true; more; p++) {
        const char *stop = cut(p, end, '+');
        more             = stop < end;
        if (n == PAIRS_MAX)
            return broken(d, p);
        struct wr w = wr_fixed(e[n].p, sizeof e[n].p);
        if (!pair(d, &w, p, stop))
            return false;
        e[n++].n = w.n;
        p        = stop;
    }
    qsort(e, n, sizeof e[0], by_encoding);
    mark = derw_open(d->w, DER_SET);
    for (size_t i = 0; i < n; i++)
        wr_bytes(d->w, e[i].p, e[i].n);
    derw_close(d->w, mark);
    return true;
}

static bool rdns(struct dnw *d, const char *p, const char *end)
{
    struct {
        const char *p, *end;
    } part[RDNS_MAX];
    size_t n = 0;
    for (bool more = true; more; p = part[n++].end + 1) {
        if (n == RDNS_MAX)
            return broken(d, p);
        part[n].p   = p;
        part[n].end = cut(p, end, ',');
        more        = part[n].end < end;
    }
    while (n-- > 0)
        if (!rdn(d, part[n].p, part[n].end))
            return false;
    return true;
}

static bool common_name(struct dnw *d)
{
    size_t set = derw_open(d->w, DER_SET);
    bool   ok  = write_pair(d, d->w, &attributes[0], d->text, strlen(d->text));
    derw_close(d->w, set);
    return ok;
}

bool dn_write(struct wr *w, const char *text, struct report *rep)
{
    struct dnw d    = {.text = text, .w = w, .rep = rep};
    size_t     name = derw_open(w, DER_SEQUENCE);
    bool       ok   = strchr(text, '=') ? rdns(&d, text, text + strlen(text)) : common_name(&d);
    derw_close(w, name);
    return ok;
}
