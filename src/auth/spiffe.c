/* SPDX-License-Identifier: Apache-2.0
 *
 * spiffe.c - is the SPIFFE ID of a certificate one that may be believed.
 *
 *   SPIFFE ID 2    spiffe://TRUST-DOMAIN/PATH: lower-case letters, digits, ".", "-", "_" in the domain; letters, digits,
 *                  ".", "-", "_" in the segments of the path, none of them empty, "." or ".."; at most 2048 bytes
 *   X.509-SVID 2   "An X.509 SVID MUST contain exactly one URI SAN"
 *   X.509-SVID 5.2 a leaf: not a CA, keyUsage without keyCertSign and cRLSign, an ID with a path
 */
#include <string.h>

#include "ident.h"

static const char   scheme[] = "spiffe:";
static const size_t scheme_n = sizeof scheme - 1;
enum { SPIFFE_MAX = 2048, DOMAIN_MAX = 255 };

static bool is_spiffe(const struct ident_name *n)
{
    return n->field == ID_URI && n->value.n >= scheme_n && memcmp(n->value.p, scheme, scheme_n) == 0;
}

static bool plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static bool segment_ok(const uint8_t *p, size_t n)
{
    if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!plain(p[i]) && !(p[i] >= 'A' && p[i] <= 'Z'))
            return false;
    return true;
}

static bool id_ok(hf_view v)
{
    size_t at = scheme_n + 2, n = 0;
    if (v.n > SPIFFE_MAX || v.n <= at || memcmp(v.p + scheme_n, "//", 2) != 0)
        return false;
    while (at + n < v.n && plain(v.p[at + n]))
        n++;
    if (n == 0 || n > DOMAIN_MAX || at + n == v.n || v.p[at + n] != '/')
        return false;
    for (at += n; at < v.n; at += n) {
        const uint8_t *next = memchr(v.p + at + 1, '/', v.n - at - 1);
        n                   = next ? (size_t)(next - v.p) - at : v.n - at;
        if (!segment_ok(v.p + at + 1, n - 1))
            return false;
    }
    return true;
}

bool spiffe_ok(const struct ident *id, struct report *rep)
{
    const struct ident_name *found = NULL;
    size_t                   uris  = 0;
    char                     text[160];
    for (size_t i = 0; i < id->n; i++) {
        uris += id->names[i].field == ID_URI;
        if (is_spiffe(&id->names[i]))
            found = &id->names[i];
    }
    if (!found)
        return true;
    ident_text(ID_URI, found->value, text, sizeof text);
    if (uris != 1)
        return fail_text(rep, SPIFFE_NOT_ALONE, 0, 1, (int64_t)uris, text);
    if (!id_ok(found->value))
        return fail_text(rep, SPIFFE_MALFORMED, 0, 0, 0, text);
    bool signs = id->leaf.is_ca || (id->leaf.has & EXT_KU && id->leaf.ku & (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
    return !signs || fail_text(rep, SPIFFE_NOT_LEAF, 0, 0, 0, text);
}
