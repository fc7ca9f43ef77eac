/* SPDX-License-Identifier: Apache-2.0
 * rules_set.c - see rules_set.h. */
#include "prog/rules_set.h"

#include "base/text.h"

static const char *const fields[RULE_OPTS] = {"cn", "ou", "dns", "uri", "mail", "spki", "issuer"};

bool rules_any(const struct rules_set *s)
{
    bool any = s->file || s->all;
    for (int i = 0; i < RULE_OPTS; i++)
        any |= s->allow[i].n > 0;
    return any;
}

static bool add_option(hf_rules *r, const char *prefix, const char *field, const char *value, struct report *rep)
{
    char where[200], text[160];
    text_add(where, sizeof where, 0, "%s%s %s", prefix, field, value);
    if (!hf_rules_begin(r, true, where, NULL))
        return true; /* the seal says why */
    const char *bad = hf_rules_when(r, field, value);
    if (!bad)
        return true;
    text_add(text, sizeof text, 0, "%s%s %.40s: %s", prefix, field, value, bad);
    return fail_text(rep, RULES_FLAG_VALUE, 0, 0, 0, text);
}

static bool add_options(hf_rules *r, const struct rules_set *s, const char *prefix, struct report *rep)
{
    for (int i = 0; i < RULE_OPTS; i++)
        for (unsigned k = 0; k < s->allow[i].n; k++)
            if (!add_option(r, prefix, fields[i], s->allow[i].v[k], rep))
                return false;
    return true;
}

static void add_all(hf_rules *r, const struct rules_set *s)
{
    if (s->all)
        hf_rules_begin(r, true, "--allow-all", NULL);
    if (s->all && s->nobody_too && hf_rules_begin(r, true, "--allow-all", NULL))
        hf_rules_when(r, "certificate", "none");
}

hf_rules *rules_load(const struct rules_set *s, const char *prefix, hf_why *why)
{
    struct report rep;
    hf_rules     *r = hf_rules_new();
    report_init(&rep);
    if (!r)
        fail(&rep, RULES_NOT_BEGUN, 0, 0, 0);
    if (r && (!s->file || rules_file(r, s->file, &rep)) && add_options(r, s, prefix, &rep)) {
        add_all(r, s);
        if (hf_rules_seal(r, why))
            return r;
        rep.why = *why;
    }
    *why = rep.why;
    hf_rules_free(r);
    return NULL;
}
