/* SPDX-License-Identifier: Apache-2.0
 *
 * match.c - is this certificate for the server we meant (RFC 9525 6)?
 *
 *   1. The reference is an IP address or a host name, never both: an address is compared with iPAddress
 *      entries only, a name with dNSName entries only. The subject's CN is not looked at (RFC 9525 2).
 *   2. Names are compared label by label, ASCII case folded; one trailing dot of the reference is dropped. A
 *      presented name with a trailing dot, an empty label, a label of more than 63 bytes or a character that
 *      host names do not have matches nothing, nor does one whose last label is a number. Underscores are taken: internal names have them.
 *   3. Internationalised names are A-labels on both sides; a U-label matches nothing.
 *   4. A wildcard is the whole left-most label, stands for exactly one label, and has two labels or more
 *      behind it: "*.com" and "*" would vouch for other people's names.
 */
#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "x509/cert.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63, LABELS_BEHIND_WILDCARD = 2 };

bool name_is_ip(const char *name, uint8_t ip[16], size_t *n)
{
    *n = ip_parse(name, ip);
    return *n > 0;
}

static bool host_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels of host characters with dots between them, the last one not a number (it would be a misspelt address).
 * Returns how many; 0 when it is something else. */
static unsigned count_labels(hf_view v)
{
    unsigned labels = 0, len = 0;
    bool     number = true; /* the label being read, in the end the last one */
    if (v.n > NAME_MAX_BYTES)
        return 0;
    for (size_t i = 0; i <= v.n; i++) {
        bool dot = i == v.n || v.p[i] == '.';
        if (dot ? len == 0 || len > LABEL_MAX_BYTES : !host_char(v.p[i]))
            return 0;
        if (!dot)
            number = (number || len == 0) && v.p[i] >= '0' && v.p[i] <= '9';
        labels += dot;
        len = dot ? 0 : len + 1;
    }
    return number ? 0 : labels;
}

static hf_view behind_first_label(hf_view v)
{
    const uint8_t *dot = v.n ? memchr(v.p, '.', v.n) : NULL;
    return dot ? (hf_view){dot + 1, (size_t)(v.p + v.n - dot - 1)} : (hf_view){v.p, 0};
}

static bool same_name(hf_view a, hf_view b)
{
    return a.n > 0 && a.n == b.n && text_same(a.p, b.p, a.n);
}

/* ref has been found to be a host name. */
static bool match_dns(hf_view presented, hf_view ref)
{
    hf_view parent;
    if (presented.n < 2 || presented.p[0] != '*')
        return same_name(presented, ref);
    if (presented.p[1] != '.')
        return false;
    parent = (hf_view){presented.p + 2, presented.n - 2};
    return count_labels(parent) >= LABELS_BEHIND_WILDCARD && same_name(parent, behind_first_label(ref));
}

bool match_host(const struct cert *c, const char *name)
{
    uint8_t         ip[16];
    size_t          ip_len, at = 0;
    struct gen_name g;
    bool            is_ip = name_is_ip(name, ip, &ip_len);
    hf_view         ref   = {(const uint8_t *)name, strlen(name)};
    if (ref.n > 1 && name[ref.n - 1] == '.')
        ref.n--;
    if (!is_ip && count_labels(ref) == 0)
        return false;
    while (c->san.n && san_next(c->san, &at, &g)) {
        if (is_ip && g.kind == NAME_IP && view_equal(g.value, (hf_view){ip, ip_len}))
            return true;
        if (!is_ip && g.kind == NAME_DNS && match_dns(g.value, ref))
            return true;
    }
    return false;
}
