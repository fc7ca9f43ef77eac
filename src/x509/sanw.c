/* SPDX-License-Identifier: Apache-2.0
 *
 * sanw.c - alternative names from their text, each checked for the form that RFC 5280 4.2.1.6 asks for: what
 * a peer could never match, or would refuse to parse, is refused here with the name.
 */
#include <string.h>

#include "base/text.h"
#include "derw.h"
#include "make.h"

enum { DNS_MAX = 253, LABEL_MAX = 63 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One label: letters, digits and hyphens, none at either end. */
static bool label(const char *p, size_t n)
{
    if (n == 0 || n > LABEL_MAX || p[0] == '-' || p[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_letter(p[i]) && !is_digit(p[i]) && p[i] != '-')
            return false;
    return true;
}

/* n bytes are a host name. A last label of digits only would be read as an address. */
static bool host(const char *p, size_t n)
{
    const char *end = p + n, *last = p;
    if (n > DNS_MAX)
        return false;
    for (bool more = true; more; p++) {
        const char *stop = memchr(p, '.', (size_t)(end - p));
        more             = stop != NULL;
        stop             = stop ? stop : end;
        if (!label(p, (size_t)(stop - p)))
            return false;
        last = p;
        p    = stop;
    }
    while (last < end && is_digit(*last))
        last++;
    return last < end;
}

bool dns_well_formed(const char *text)
{
    if (strncmp(text, "*.", 2) == 0)
        text += 2;
    return host(text, strlen(text));
}

/* One byte out of 0x21 to 0x7e each. */
static bool visible_ascii(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text == 0x7f || *text & 0x80)
            return false;
    return true;
}

/* RFC 3986 3: an absolute URI has a scheme; RFC 5280: what has an authority has a host in it. */
static bool uri_well_formed(const char *text)
{
    const char *p = text;
    while (is_letter(*p) || (p > text && (is_digit(*p) || *p == '+' || *p == '-' || *p == '.')))
        p++;
    if (p == text || *p != ':' || !p[1] || !visible_ascii(p))
        return false;
    return strncmp(p, "://", 3) != 0 || (p[3] && p[3] != '/');
}

/* RFC 5280 4.2.1.6: Local-part "@" Domain, nothing around it. */
static bool mail_well_formed(const char *text)
{
    const char *at = strrchr(text, '@');
    return at && at > text && visible_ascii(text) && !strpbrk(text, "<>()\",;:\\") &&
           memchr(text, '@', (size_t)(at - text)) == NULL && host(at + 1, strlen(at + 1));
}

static void write_text(struct wr *w, enum name_kind kind, const char *text)
{
    derw_bytes(w, (uint8_t)DER_CONTEXT(kind), (hf_view){(const uint8_t *)text, strlen(text)});
}

static bool write_name(struct wr *w, const struct alt_name *a, struct report *rep)
{
    uint8_t ip[16];
    size_t  n;
    switch (a->kind) {
    case NAME_DNS:
        if (!dns_well_formed(a->text))
            return fail_text(rep, SAN_TEXT_DNS, 0, 0, 0, a->text);
        break;
    case NAME_URI:
        if (!uri_well_formed(a->text))
            return fail_text(rep, SAN_TEXT_URI, 0, 0, 0, a->text);
        break;
    case NAME_MAIL:
        if (!mail_well_formed(a->text))
            return fail_text(rep, SAN_TEXT_MAIL, 0, 0, 0, a->text);
        break;
    default:
        if (!name_is_ip(a->text, ip, &n))
            return fail_text(rep, SAN_TEXT_IP, 0, 0, 0, a->text);
        derw_bytes(w, (uint8_t)DER_CONTEXT(NAME_IP), (hf_view){ip, n});
        return true;
    }
    write_text(w, a->kind, a->text);
    return true;
}

bool san_write(struct wr *w, const struct alt_name *names, size_t n, struct report *rep)
{
    size_t mark = derw_open(w, DER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        if (!write_name(w, &names[i], rep))
            return false;
    derw_close(w, mark);
    return true;
}
