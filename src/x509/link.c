/* SPDX-License-Identifier: Apache-2.0
 * link.c - see link.h. */
#include "link.h"

#include <ctype.h>
#include <string.h>

#include "der.h"
#include "oid.h"

hf_view link_above(const struct cert *x)
{
    hf_view         ext = x->aki_ext;
    struct der_item seq, field;
    struct gen_name name;
    if (!der_cut(&ext, &seq))
        return (hf_view){0};
    while (der_cut(&seq.body, &field)) {
        size_t at = 0;
        while (field.tag == DER_CONTEXTC(1) && san_next(field.whole, &at, &name))
            if (name.kind == NAME_DN)
                return name.value;
    }
    return (hf_view){0};
}

/* One of the words stands in the text, in any case, as a whole word. */
static bool has_word(const char *text, const char *const *words)
{
    for (; *words; words++)
        for (const char *p = text; (p = strcasestr(p, *words)); p++)
            if ((p == text || !isalnum((unsigned char)p[-1])) && !isalpha((unsigned char)p[strlen(*words)]))
                return true;
    return false;
}

static bool name_says(hf_view name, const char *const *words)
{
    char cn[128];
    return dn_attribute_text(name, oid_bytes(OID_AT_CN), cn, sizeof cn) && has_word(cn, words);
}

bool link_named_middle(hf_view name)
{
    static const char *const middle[] = {"intermediate", "inter",       "int", "issuing", "issuer", "sub",
                                         "subca",        "subordinate", "ica", "signing", NULL};
    return name_says(name, middle);
}

bool link_named_root(hf_view name)
{
    static const char *const roots[] = {"root", NULL};
    return name_says(name, roots);
}

bool link_same_organisation(hf_view a, hf_view b)
{
    char x[128], y[128];
    return dn_attribute_text(a, oid_bytes(OID_AT_O), x, sizeof x) &&
           dn_attribute_text(b, oid_bytes(OID_AT_O), y, sizeof y) && strcasecmp(x, y) == 0;
}
