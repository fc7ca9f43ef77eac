/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.c - which rule decides, and when it is a no, why: the rule that denies, or what the rules that came nearest to
 * holding wanted and did not find. Looking for those goes through every rule; it is done for refusals only.
 */
#include <string.h>

#include "auth/rules.h"
#include "base/text.h"
#include "base/when.h"

/* ---- which one decides ---------------------------------------------------------------------------------- */

uint32_t rule_against(const hf_rules *r, const struct rule *rule, const struct asker *a)
{
    uint32_t against = 0;
    if (!a->certificate && !(rule->fields & 1u << ASK_CERTIFICATE)) /* nobody comes in without one by oversight */
        against = 1u << ASK_CERTIFICATE;
    for (uint32_t i = 0; i < rule->n;) {
        enum field f     = r->wants[rule->first + i].field;
        bool       holds = false;
        for (; i < rule->n && r->wants[rule->first + i].field == f; i++)
            holds = holds || want_holds(&r->wants[rule->first + i], a);
        against |= holds ? 0 : 1u << f;
    }
    return against;
}

static void mark(const hf_rules *r, uint64_t key, uint64_t *maybe)
{
    uint32_t number;
    for (size_t at = 0; map_next(&r->index, key, &at, &number);)
        maybe[number / 64] |= (uint64_t)1 << number % 64;
}

/* One value by all keys that a rule can have for it; the hash of rule_key, carried on from separator to separator. */
static void mark_name(const hf_rules *r, enum field f, hf_view v, uint64_t *maybe)
{
    uint8_t  sep  = field_sep(f);
    uint64_t head = rule_key(KEY_OF_HEAD, f, (hf_view){0}), tail = rule_key(KEY_OF_TAIL, f, (hf_view){0});
    mark(r, rule_key(KEY_OF_WHOLE, f, v), maybe);
    for (size_t i = 0; sep && i < v.n; i++) {
        head = (head ^ v.p[i]) * 0x100000001b3u;
        tail = (tail ^ v.p[v.n - 1 - i]) * 0x100000001b3u;
        if (v.p[i] == sep)
            mark(r, head, maybe);
        if (v.p[v.n - 1 - i] == sep)
            mark(r, tail, maybe);
    }
}

static void mark_all(const hf_rules *r, const struct ident *id, uint64_t *maybe)
{
    const struct ident_name numbers[] = {
        {ID_SERIAL, id->serial}, {ID_SHA256, {id->sha256, sizeof id->sha256}}, {ID_SPKI, {id->spki, sizeof id->spki}}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (r->fields & 1u << numbers[i].field)
            mark(r, rule_key(KEY_OF_WHOLE, numbers[i].field, numbers[i].value), maybe);
    for (size_t i = 0; i < id->n; i++)
        if (r->fields & 1u << id->names[i].field)
            mark_name(r, id->names[i].field, id->names[i].value, maybe);
}

int rules_find(const hf_rules *r, const struct asker *a)
{
    uint64_t maybe[RULE_WORDS];
    size_t   words = (r->n + 63) / 64;
    memcpy(maybe, r->always, words * sizeof *maybe);
    if (a->id)
        mark_all(r, a->id, maybe);
    for (size_t w = 0; w < words; w++)
        for (; maybe[w]; maybe[w] &= maybe[w] - 1) {
            size_t i = w * 64 + (size_t)__builtin_ctzll(maybe[w]);
            if (!rule_against(r, &r->rules[i], a))
                return (int)i;
        }
    return -1;
}

/* ---- why not -------------------------------------------------------------------------------------------- */

/* What the certificate or the connection has in this field, for people. */
static void has_text(const struct asker *a, enum field f, char *out, size_t room)
{
    char   one[160], date[24];
    size_t n = 0;
    out[0]   = '\0';
    for (size_t i = 0; a->id && i < a->id->n; i++)
        if (a->id->names[i].field == f)
            n = text_add(out, room, n, "%s%s", n ? ", " : "", ident_text(f, a->id->names[i].value, one, sizeof one));
    if (f < N_ID_FIELDS && f != ID_SPKI && a->id && cert_is_bare(&a->id->leaf))
        text_add(out, room, 0, "a raw public key");
    else if (f == ID_SUBJECT || f == ID_ISSUER)
        text_printable(out, room, f == ID_SUBJECT ? a->id->subject : a->id->issuer,
                       strlen(f == ID_SUBJECT ? a->id->subject : a->id->issuer));
    else if (f == ID_SERIAL)
        ident_text(f, a->id->serial, out, room);
    else if (f == ID_SHA256 || f == ID_SPKI)
        ident_text(f, (hf_view){f == ID_SPKI ? a->id->spki : a->id->sha256, 32}, out, room);
    else if (f == ASK_FROM)
        text_add(out, room, 0, "%s", a->from.n ? ident_text(f, a->from, one, sizeof one) : "unix");
    else if (f == ASK_SNI || f == ASK_LISTENER) {
        const char *t = f == ASK_SNI ? a->sni : a->listener;
        text_printable(out, room, t ? t : "none", t ? strlen(t) : 4);
    } else if (f >= ASK_AFTER)
        text_add(out, room, 0, "%s", when_text(a->now, date));
    if (!out[0])
        text_add(out, room, 0, "none");
}

static void wants_text(const hf_rules *r, const struct rule *rule, enum field f, char *out, size_t room)
{
    size_t n = 0;
    for (uint32_t i = 0; i < rule->n; i++) {
        const struct want *w = &r->wants[rule->first + i];
        if (w->field == f)
            n = text_add(out, room, n, "%s%s", n ? " or " : "", w->text);
    }
}

char *rule_against_text(const hf_rules *r, const struct rule *rule, const struct asker *a, enum field f, char *out,
                        size_t room)
{
    char want[HF_NEAR_TEXT] = "", has[HF_NEAR_TEXT];
    if (f == ASK_CERTIFICATE) {
        text_add(out, room, 0,
                 a->certificate ? "wants a client without certificate" : "wants a certificate, and there is none");
        return out;
    }
    if (!a->id && f < N_ID_FIELDS) {
        text_add(out, room, 0, "wants a %s, and there is no certificate", field_name(f));
        return out;
    }
    wants_text(r, rule, f, want, sizeof want);
    has_text(a, f, has, sizeof has);
    text_add(out, room, 0, "wants %s %s, found %s", field_name(f), want, has);
    return out;
}

/* The HF_NEAR_MAX that have the fewest fields against them, then the most of the certificate's fields for them, then
 * the earlier ones. */
struct nearest {
    unsigned n;
    struct near {
        int                distance;
        const struct rule *rule;
        uint32_t           against;
    } at[HF_NEAR_MAX];
};

static const uint32_t of_identity = (1u << N_ID_FIELDS) - 1;

static void nearest_add(struct nearest *x, const struct rule *rule, uint32_t against)
{
    int distance = __builtin_popcount(against) * N_FIELDS - __builtin_popcount(rule->fields & of_identity & ~against);
    unsigned at  = x->n;
    while (at > 0 && x->at[at - 1].distance > distance)
        at--;
    if (at == HF_NEAR_MAX)
        return;
    x->n += x->n < HF_NEAR_MAX;
    for (unsigned i = x->n - 1; i > at; i--)
        x->at[i] = x->at[i - 1];
    x->at[at] = (struct near){distance, rule, against};
}

/* Of the rules that would let somebody in; true: the issuer alone stands against one of them. */
static bool tell_nearest(const hf_rules *r, const struct asker *a, hf_ruling *out)
{
    struct nearest x      = {0};
    bool           issuer = false;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct rule *rule    = &r->rules[i];
        uint32_t           against = rule->allow ? rule_against(r, rule, a) : 0;
        if (!against)
            continue;
        nearest_add(&x, rule, against);
        issuer |= against == 1u << ID_ISSUER && rule->fields & of_identity & ~against;
    }
    for (unsigned i = 0; i < x.n; i++) {
        out->near[i].where = x.at[i].rule->where;
        rule_against_text(r, x.at[i].rule, a, (enum field)__builtin_ctz(x.at[i].against), out->near[i].text,
                          sizeof out->near[i].text);
    }
    out->n_near = x.n;
    return issuer;
}

static void none_holds(const hf_rules *r, const struct asker *a, hf_ruling *out, struct report *rep)
{
    bool issuer                     = tell_nearest(r, a, out);
    char near[sizeof rep->why.text] = "";
    if (out->n_near)
        text_add(near, sizeof near, 0, "%s %s", out->near[0].where, out->near[0].text);
    if (issuer)
        fail_text(rep, RULE_ISSUER_DIFFERS, 0, 0, 0, near);
    else
        fail_text(rep, RULE_NONE, 0, 0, (int64_t)r->n, near);
}

void rules_judge(const hf_rules *r, const struct asker *a, hf_ruling *out)
{
    struct report rep;
    char          text[sizeof rep.why.text];
    report_init(&rep);
    out->rule = -1;
    if (a->id && r->fields & 1u << ID_URI && !spiffe_ok(a->id, &rep)) {
        out->check = rep.why.check;
        text_add(out->text, sizeof out->text, 0, "%s", rep.why.text);
        return;
    }
    out->rule = rules_find(r, a);
    if (out->rule >= 0) {
        const struct rule *rule = &r->rules[out->rule];
        out->admit              = rule->allow;
        out->where              = rule->where;
        out->reason             = rule->reason;
        out->note               = rule->note ? rule->note : "";
        text_add(text, sizeof text, 0, "%s%s%s", rule->where, rule->reason[0] ? ": " : "", rule->reason);
        if (!rule->allow)
            fail_text(&rep, RULE_DENIES, 0, 0, 0, text);
    } else
        none_holds(r, a, out, &rep);
    out->check = rep.why.check;
    text_add(out->text, sizeof out->text, 0, "%s", rep.why.text);
}
