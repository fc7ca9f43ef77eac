/* SPDX-License-Identifier: Apache-2.0
 *
 * nc_match.c - is this name within that subtree (RFC 5280 4.2.1.10, 7.2 to 7.5; RFC 9549; RFC 9598 6).
 *
 *   DNS   host.example is within example and within host.example, not within ost.example. A subtree with a leading
 *         dot (common, though not RFC 5280's syntax) holds the hosts below it and not itself. *.example lies
 *         within a subtree when all it can match does; it touches one when anything it can match does.
 *   mail  a subtree is one mailbox (with @), all mailboxes of one host, or (leading dot) of all hosts below a domain.
 *         The local part is compared exactly, a quoted one without its quotes; the host without case. An
 *         internationalised mailbox (otherName) may have a host in Unicode: its A-labels are compared.
 *   URI   the host of the authority: equal, or (leading dot) below. No authority, or an address as the host: not
 *         to be compared, hence not sound.
 *   IP    address and mask of the same family; the mask has no holes.
 *   DN    an RDN sequence that the name starts with, compared by RFC 5280 7.1.
 *
 * An empty DNS, mail or URI subtree holds every name of its form.
 */
#include "nc_match.h"

#include <string.h>

#include "base/text.h"
#include "idna.h"
#include "oid.h"

enum { LABEL_MAX = 63, LOCAL_MAX = 64 };

static hf_view behind(hf_view v, size_t n)
{
    return (hf_view){v.p + n, v.n - n};
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

static bool is_host_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels of 1 to 63 letters, digits, hyphens and underscores (common in internal names), with dots in between. */
static bool host_sound(hf_view v)
{
    size_t label = 0;
    if (v.n == 0 || v.n > HOST_MAX)
        return false;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] != '.' && !is_host_char(v.p[i]))
            return false;
        label = v.p[i] == '.' ? 0 : label + 1;
        if (label > LABEL_MAX || (v.p[i] == '.' && (i == 0 || v.p[i - 1] == '.')))
            return false;
    }
    return label > 0;
}

static bool is_wildcard(hf_view v)
{
    return v.n > 2 && v.p[0] == '*' && v.p[1] == '.';
}

/* A subtree of hosts: empty, a host, or a dot and a host. */
static bool domain_sound(hf_view v)
{
    return v.n == 0 || host_sound(v.p[0] == '.' ? behind(v, 1) : v);
}

static bool below(hf_view host, hf_view domain)
{
    size_t at = host.n - domain.n;
    return host.n > domain.n && host.p[at - 1] == '.' && text_same(host.p + at, domain.p, domain.n);
}

static bool same_host(hf_view a, hf_view b)
{
    return a.n == b.n && text_same(a.p, b.p, a.n);
}

/* deep: a host in the subtree brings those below it, as for DNS; else only a leading dot does. */
static bool host_within(hf_view host, hf_view tree, bool deep)
{
    if (tree.n == 0)
        return true;
    if (tree.p[0] == '.')
        return below(host, behind(tree, 1));
    return same_host(host, tree) || (deep && below(host, tree));
}

static bool dns_within(hf_view name, hf_view tree)
{
    if (!is_wildcard(name))
        return host_within(name, tree, true);
    if (tree.n && tree.p[0] == '.') /* all that *.x matches is below x */
        tree = behind(tree, 1);
    return host_within(behind(name, 2), tree, true);
}

/* *.example touches what it lies within, what lies one label below example, and nothing deeper. */
static bool dns_touches(hf_view name, hf_view tree)
{
    const uint8_t *dot;
    if (dns_within(name, tree))
        return true;
    if (!is_wildcard(name) || tree.p[0] == '.')
        return false;
    dot = memchr(tree.p, '.', tree.n);
    return dot && same_host(behind(tree, (size_t)(dot + 1 - tree.p)), behind(name, 2));
}

/* ---- mail ---------------------------------------------------------------------------------------------- */

struct mailbox {
    uint8_t local[LOCAL_MAX]; /* without quotes */
    size_t  n;
    hf_view host;
    uint8_t ascii[HOST_MAX]; /* what host looks at when it was written in Unicode */
};

static bool is_atom_char(uint8_t c, bool utf8)
{
    if (c >= 0x80)
        return utf8;
    return is_host_char(c) || (c > ' ' && c < 0x7f && strchr("!#$%&'*+/=?^`{|}~", c) != NULL);
}

static bool put_local(struct mailbox *m, uint8_t c)
{
    if (m->n == LOCAL_MAX)
        return false;
    m->local[m->n++] = c;
    return true;
}

/* "..." of RFC 5321 4.1.2; *at: behind the closing quote. */
static bool read_quoted(hf_view v, size_t *at, bool utf8, struct mailbox *m)
{
    size_t i = 1;
    for (; i < v.n && v.p[i] != '"'; i++) {
        if (v.p[i] == '\\')
            i++;
        if (i == v.n || v.p[i] < ' ' || v.p[i] == 0x7f || (v.p[i] >= 0x80 && !utf8) || !put_local(m, v.p[i]))
            return false;
    }
    *at = i + 1;
    return i < v.n;
}

static bool read_atoms(hf_view v, size_t *at, bool utf8, struct mailbox *m)
{
    size_t i = 0;
    for (; i < v.n && v.p[i] != '@'; i++) {
        bool dot = v.p[i] == '.';
        if ((!dot && !is_atom_char(v.p[i], utf8)) || (dot && (i == 0 || v.p[i - 1] == '.')) || !put_local(m, v.p[i]))
            return false;
    }
    *at = i;
    return i > 0 && v.p[i - 1] != '.';
}

static bool read_mailbox(hf_view v, bool utf8, struct mailbox *m)
{
    size_t at = 0;
    m->n      = 0;
    if (v.n == 0 || !(v.p[0] == '"' ? read_quoted(v, &at, utf8, m) : read_atoms(v, &at, utf8, m)))
        return false;
    if (at >= v.n || v.p[at] != '@')
        return false;
    m->host = behind(v, at + 1);
    if (utf8)
        m->host = (hf_view){m->ascii, idna_to_ascii(m->host, m->ascii)};
    return host_sound(m->host);
}

/* The address inside an otherName: type, then [0] with one UTF8String. */
static hf_view smtp_utf8(hf_view other)
{
    struct der_item type, wrapped, text;
    if (der_cut(&other, &type) && oid_of(type.body) == OID_ON_SMTP_UTF8 && der_cut(&other, &wrapped) &&
        der_cut(&wrapped.body, &text) && text.tag == DER_UTF8)
        return text.body;
    return (hf_view){0};
}

static bool name_mailbox(const struct gen_name *name, struct mailbox *m)
{
    bool utf8 = name->kind == NAME_OTHER;
    return read_mailbox(utf8 ? smtp_utf8(name->value) : name->value, utf8, m);
}

static bool mail_bound_sound(hf_view v)
{
    struct mailbox m;
    return memchr(v.p, '@', v.n) ? read_mailbox(v, false, &m) : domain_sound(v);
}

static bool mail_within(const struct gen_name *name, hf_view tree)
{
    struct mailbox m, b;
    if (!name_mailbox(name, &m))
        return false;
    if (!tree.n || !memchr(tree.p, '@', tree.n))
        return host_within(m.host, tree, false);
    return read_mailbox(tree, false, &b) && m.n == b.n && memcmp(m.local, b.local, m.n) == 0 &&
           same_host(m.host, b.host);
}

/* ---- URI ----------------------------------------------------------------------------------------------- */

static bool is_dotted_quad(hf_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] != '.' && (v.p[i] < '0' || v.p[i] > '9'))
            return false;
    return true;
}

/* scheme://[user@]host[:port][/...]: the host; empty when there is none that is a name. */
static hf_view uri_host(hf_view v)
{
    const uint8_t *colon = memchr(v.p, ':', v.n), *at;
    hf_view        host;
    size_t         n = 0;
    if (!colon || colon == v.p || (size_t)(v.p + v.n - colon) < 3 || colon[1] != '/' || colon[2] != '/')
        return (hf_view){0};
    host = behind(v, (size_t)(colon + 3 - v.p));
    while (n < host.n && host.p[n] != '/' && host.p[n] != '?' && host.p[n] != '#')
        n++;
    host.n = n;
    at     = memrchr(host.p, '@', host.n);
    if (at)
        host = behind(host, (size_t)(at + 1 - host.p));
    colon = memchr(host.p, ':', host.n);
    if (colon)
        host.n = (size_t)(colon - host.p);
    return host_sound(host) && !is_dotted_quad(host) ? host : (hf_view){0};
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static bool mask_sound(const uint8_t *mask, size_t n)
{
    bool ended = false;
    for (size_t bit = 0; bit < n * 8; bit++) {
        bool one = mask[bit / 8] & (0x80 >> bit % 8);
        if (one && ended)
            return false;
        ended = !one;
    }
    return true;
}

static bool ip_within(hf_view ip, hf_view tree)
{
    if (tree.n != 2 * ip.n)
        return false;
    for (size_t i = 0; i < ip.n; i++)
        if ((ip.p[i] ^ tree.p[i]) & tree.p[ip.n + i])
            return false;
    return true;
}

/* ---- all forms ----------------------------------------------------------------------------------------- */

bool nc_is_smtp_utf8(const struct gen_name *name)
{
    return name->kind == NAME_OTHER && smtp_utf8(name->value).p != NULL;
}

/* Other names are as many forms as there are types. */
bool nc_same_form(const struct gen_name *name, const struct gen_name *bound)
{
    hf_view         a = name->value, b = bound->value;
    struct der_item x, y;
    if (name->kind == NAME_OTHER && bound->kind == NAME_MAIL)
        return nc_is_smtp_utf8(name);
    if (name->kind != bound->kind)
        return false;
    return name->kind != NAME_OTHER || (der_cut(&a, &x) && der_cut(&b, &y) && view_equal(x.body, y.body));
}

bool nc_comparable(enum name_kind kind)
{
    return kind == NAME_MAIL || kind == NAME_DNS || kind == NAME_DN || kind == NAME_URI || kind == NAME_IP;
}

bool nc_name_sound(const struct gen_name *name)
{
    struct mailbox m;
    switch (name->kind) {
    case NAME_OTHER:
    case NAME_MAIL:
        return name_mailbox(name, &m);
    case NAME_DNS:
        return host_sound(is_wildcard(name->value) ? behind(name->value, 2) : name->value);
    case NAME_URI:
        return uri_host(name->value).p != NULL;
    case NAME_IP:
        return name->value.n == 4 || name->value.n == 16;
    default:
        return true;
    }
}

bool nc_bound_sound(const struct gen_name *bound)
{
    hf_view v = bound->value;
    switch (bound->kind) {
    case NAME_MAIL:
        return mail_bound_sound(v);
    case NAME_DNS:
    case NAME_URI:
        return domain_sound(v);
    case NAME_IP:
        return (v.n == 8 || v.n == 32) && mask_sound(v.p + v.n / 2, v.n / 2);
    default:
        return true;
    }
}

bool nc_within(const struct gen_name *name, const struct gen_name *bound)
{
    switch (bound->kind) {
    case NAME_MAIL:
        return mail_within(name, bound->value);
    case NAME_DNS:
        return dns_within(name->value, bound->value);
    case NAME_URI:
        return host_within(uri_host(name->value), bound->value, false);
    case NAME_IP:
        return ip_within(name->value, bound->value);
    case NAME_DN:
        return dn_within(name->value, bound->value);
    default:
        return false;
    }
}

bool nc_touches(const struct gen_name *name, const struct gen_name *bound)
{
    return bound->kind == NAME_DNS ? dns_touches(name->value, bound->value) : nc_within(name, bound);
}
