/* SPDX-License-Identifier: Apache-2.0
 *
 * check_rules.c - what a server's rules make of a certificate: which rule decides, and of each one before it what stood
 * against it. The rules behind the one that decides are never asked and only counted.
 */
#include <jansson.h>
#include <string.h>

#include "auth/rules.h"
#include "base/ip.h"
#include "prog/check.h"

enum { SHOWN_MAX = 200, AGAINST_ROOM = 400 };

static hf_asker asker(const struct check_run *r, uint8_t ip[static 16])
{
    return (hf_asker){.from        = {ip, r->from ? ip_parse(r->from, ip) : 0},
                      .server_name = r->sni,
                      .listener    = r->listener,
                      .now_ms      = r->now * 1000};
}

bool check_rules_ask(struct check_run *r, hf_view leaf)
{
    uint8_t ip[16];
    hf_why  why;
    r->asked = rules_load(&r->rules, "--allow-", &why);
    if (!r->asked) {
        hf_why_print(&why, stderr);
        return false;
    }
    hf_asker who = asker(r, ip);
    rules_ask(r->asked, leaf, &who, &r->ruling);
    return true;
}

/* ---- every rule that was asked --------------------------------------------------------------------------- */

struct telling {
    const struct check_run *r;
    struct asker            a;
    json_t                 *into; /* NULL: standard output */
};

static json_t *against_json(const struct telling *t, const struct rule *rule, uint32_t against)
{
    json_t *list = json_array();
    char    text[AGAINST_ROOM];
    for (int f = 0; f < N_FIELDS; f++)
        if (against & 1u << f)
            json_array_append_new(
                list, json_pack("{s:s, s:s}", "field", field_name((enum field)f), "why",
                                rule_against_text(t->r->asked, rule, &t->a, (enum field)f, text, sizeof text)));
    return list;
}

static void print_rule(const struct telling *t, const struct rule *rule, uint32_t against)
{
    char        text[AGAINST_ROOM];
    const char *ends = against                 ? ": does not hold"
                       : t->r->ruling.rule < 0 ? ": holds, and is not asked"
                                               : "  <- decides";
    printf("  %s %s%s\n", rule->where, rule->allow ? "allow" : "deny", ends);
    for (int f = 0; f < N_FIELDS; f++)
        if (against & 1u << f)
            printf("    %s\n", rule_against_text(t->r->asked, rule, &t->a, (enum field)f, text, sizeof text));
}

static void tell_rule(const struct telling *t, size_t i)
{
    const struct rule *rule    = &t->r->asked->rules[i];
    uint32_t           against = rule_against(t->r->asked, rule, &t->a);
    if (t->into)
        json_array_append_new(t->into, json_pack("{s:s, s:b, s:b, s:s, s:o}", "rule", rule->where, "allow", rule->allow,
                                                 "holds", against == 0, "reason", rule->reason, "against",
                                                 against_json(t, rule, against)));
    else if (i < SHOWN_MAX || !against)
        print_rule(t, rule, against);
    else if (i == SHOWN_MAX)
        printf("  ... (--json tells of all)\n");
}

static void tell_rules(const struct check_run *r, hf_view leaf, json_t *into)
{
    struct telling t = {.r = r, .into = into};
    struct mem     m = {0};
    struct ident   id;
    struct report  rep;
    uint8_t        ip[16];
    hf_asker       who = asker(r, ip);
    size_t         end = r->ruling.rule < 0 ? r->asked->n : (size_t)r->ruling.rule + 1;
    report_init(&rep);
    if (!asker_of(&t.a, &id, leaf, &who, &m, &rep))
        return;
    for (size_t i = 0; i < end; i++)
        tell_rule(&t, i);
    ident_free(&id, &m);
}

/* ---- the verdict ---------------------------------------------------------------------------------------- */

static size_t behind(const struct check_run *r)
{
    return r->ruling.rule < 0 ? 0 : r->asked->n - (size_t)r->ruling.rule - 1;
}

void check_rules_print(const struct check_run *r, hf_view leaf)
{
    const hf_ruling     *x = &r->ruling;
    const hf_check_info *i = hf_check_info_of(x->check);
    printf("\nRules%s\n", r->accepted ? "" : ", were it valid");
    tell_rules(r, leaf, NULL);
    if (behind(r))
        printf("  %zu more behind it, not asked\n", behind(r));
    if (x->admit)
        printf("let in by %s%s%s\n", x->where, x->reason[0] ? ": " : "", x->reason);
    else
        printf("not let in: %s%s%s (%s)\n  %s\n", i->title, x->text[0] ? ": " : "", x->text, i->reason, i->hint);
}

json_t *check_rules_json(const struct check_run *r, hf_view leaf)
{
    const hf_ruling     *x    = &r->ruling;
    const hf_check_info *i    = hf_check_info_of(x->check);
    json_t              *each = json_array();
    tell_rules(r, leaf, each);
    return json_pack("{s:b, s:s?, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "admitted", x->admit, "rule",
                     x->rule < 0 ? NULL : x->where, "rule_reason", x->reason, "check", i->name, "reason", i->reason,
                     "about", x->text, "fix", x->admit ? "" : i->hint, "asked", each, "not_asked",
                     (json_int_t)behind(r));
}
