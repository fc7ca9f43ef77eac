/* SPDX-License-Identifier: Apache-2.0
 *
 * filters.c - oid_filters (RFC 9846 4.3.5): what a server wants to find in the extensions of a client's certificate,
 * beside the CAs. The two extensions whose matching the RFC defines are looked at; the others are ignored, as it says.
 */
#include <string.h>

#include "base/text.h"
#include "tls/select.h"
#include "x509/der.h"

static bool is(hf_view oid, const char *contents)
{
    return oid.n == strlen(contents) && memcmp(oid.p, contents, oid.n) == 0;
}

/* "a certificate matches if all key usage bits asserted in the filter are also asserted" in it. */
static bool key_usage_met(const struct cert *leaf, hf_view value)
{
    struct der_item bits;
    unsigned        want = 0;
    if (!der_cut(&value, &bits) || bits.body.n < 2)
        return false;
    for (unsigned i = 0; i < 9 && 1 + i / 8 < bits.body.n; i++)
        if (bits.body.p[1 + i / 8] & (0x80u >> i % 8))
            want |= 1u << i;
    return (leaf->has & EXT_KU) && (leaf->ku & want) == want;
}

static bool has_purpose(const struct cert *leaf, hf_view oid)
{
    hf_view         all = leaf->eku_ext;
    struct der_item list, own;
    if (!der_cut(&all, &list))
        return false;
    while (der_cut(&list.body, &own))
        if (view_equal(own.body, oid))
            return true;
    return false;
}

/* "... if all key purpose OIDs present in the filter are also found" in it. */
static bool purposes_met(const struct cert *leaf, hf_view value)
{
    struct der_item list, wanted;
    if (!der_cut(&value, &list))
        return false;
    while (der_cut(&list.body, &wanted))
        if (!has_purpose(leaf, wanted.body))
            return false;
    return true;
}

bool filters_met(const struct cert *leaf, hf_view filters)
{
    hf_view oid, value;
    for (size_t at = 0; list_next(filters, 1, &at, &oid) && list_next(filters, 2, &at, &value);) {
        if (is(oid, "\x55\x1d\x0f") && value.n && !key_usage_met(leaf, value))
            return false;
        if (is(oid, "\x55\x1d\x25") && value.n && !purposes_met(leaf, value))
            return false;
    }
    return true;
}
