/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.c - hf_rules: built rule by rule, then sealed, then shared by threads. Sealing makes the index.
 *
 * The index. Of each rule one field of the certificate is taken whose values all can be looked up: by the whole value,
://example.org/web/" of
 * "spiffe://example.org/web/" followed by a star, ".example.org" of a star followed by that). A certificate is looked up by the same keys.
 * Rules without such a field are always looked at.
 */
#include "auth/rules.h"

#include <string.h>

#include "auth/glob.h"
#include "base/text.h"

hf_rules *hf_rules_new(void)
{
    struct mem m = {0};
    hf_rules  *r = mem_alloc(&m, sizeof *r);
    if (!r)
        return NULL;
    r->mem = m;
    atomic_init(&r->refs, 1);
    report_init(&r->rep);
    return r;
}

hf_rules *hf_rules_ref(hf_rules *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void hf_rules_free(hf_rules *r)
{
    if (!r || atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    for (size_t i = 0; i < r->n_wants; i++) {
        mem_free(&r->mem, (void *)(uintptr_t)r->wants[i].bytes.p);
        mem_free(&r->mem, r->wants[i].text);
    }
    for (size_t i = 0; i < r->n; i++) {
        mem_free(&r->mem, r->rules[i].where);
        mem_free(&r->mem, r->rules[i].reason);
        mem_free(&r->mem, r->rules[i].note);
    }
    mem_free(&r->mem, r->wants);
    mem_free(&r->mem, r->rules);
    map_free(&r->index, &r->mem);
    struct mem m = r->mem;
    mem_free(&m, r);
}

/* ---- building ------------------------------------------------------------------------------------------- */

/* Room for one more of n, in steps that double. */
static void *grown(struct mem *m, void *p, size_t n, size_t size)
{
    return n & (n - 1) ? p : mem_realloc(m, p, (n ? 2 * n : 1) * size);
}

static bool no_room(hf_rules *r)
{
    return fail(&r->rep, RULES_NO_MEMORY, 0, 0, 0);
}

bool hf_rules_begin(hf_rules *r, bool allow, const char *where, const char *reason)
{
    if (r->n == LIMIT_RULES)
        return fail_text(&r->rep, RULES_TOO_MANY, 0, LIMIT_RULES, LIMIT_RULES + 1, where);
    struct rule *more = grown(&r->mem, r->rules, r->n, sizeof *more);
    r->rules          = more ? more : r->rules;
    struct rule rule  = {.allow  = allow,
                         .first  = (uint32_t)r->n_wants,
                         .where  = mem_text(&r->mem, where),
                         .reason = mem_text(&r->mem, reason ? reason : "")};
    if (more && rule.where && rule.reason) {
        r->rules[r->n++] = rule;
        return true;
    }
    mem_free(&r->mem, rule.where);
    mem_free(&r->mem, rule.reason);
    return no_room(r);
}

bool hf_rules_note(hf_rules *r, const char *note)
{
    char *mine = r->n && !r->rules[r->n - 1].note ? mem_text(&r->mem, note) : NULL;
    if (!mine)
        return no_room(r);
    r->rules[r->n - 1].note = mine;
    return true;
}

static const char *wants_room(hf_rules *r)
{
    if (r->n_wants == LIMIT_RULE_VALUES)
        return "there are more values in these rules than handfast holds";
    struct want *more = grown(&r->mem, r->wants, r->n_wants, sizeof *more);
    r->wants          = more ? more : r->wants;
    return more ? NULL : "memory is out";
}

const char *hf_rules_when(hf_rules *r, const char *field, const char *value)
{
    struct rule *rule = r->n ? &r->rules[r->n - 1] : NULL;
    enum field   f    = field_of(field, strlen(field));
    if (f == N_FIELDS || !rule)
        return "there is no such field; doc/rules.md lists them";
    if (rule->fields & 1u << f && r->wants[r->n_wants - 1].field != f)
        return "the field stands twice in this rule; write its values as one list";
    const char *bad = wants_room(r);
    if (bad)
        return bad;
    bad = want_read(&r->wants[r->n_wants++], f, value, &r->mem);
    rule->n++;
    rule->fields |= 1u << f;
    r->fields |= 1u << f;
    return bad;
}

/* ---- the index ------------------------------------------------------------------------------------------ */

uint64_t rule_key(enum key_kind_of kind, enum field f, hf_view v)
{
    uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)kind << 32 ^ f;
    for (size_t i = 0; i < v.n; i++) /* tails from their end, so that longer ones go on from shorter ones */
        h = (h ^ v.p[kind == KEY_OF_TAIL ? v.n - 1 - i : i]) * 0x100000001b3u;
    return h;
}

static bool key_of(const struct want *w, uint64_t *key)
{
    if (w->how == HOW_SAME) {
        *key = rule_key(KEY_OF_WHOLE, w->field, w->bytes);
        return true;
    }
    if (w->how != HOW_GLOB || w->field == ID_SUBJECT || w->field == ID_ISSUER)
        return false;
    hf_view head = glob_head(w->bytes, field_sep(w->field)), tail = glob_tail(w->bytes, field_sep(w->field));
    *key = head.n >= tail.n ? rule_key(KEY_OF_HEAD, w->field, head) : rule_key(KEY_OF_TAIL, w->field, tail);
    return head.n || tail.n;
}

static bool field_has_keys(const hf_rules *r, const struct rule *rule, enum field f)
{
    uint64_t key;
    bool     found = false;
    for (uint32_t i = 0; i < rule->n; i++) {
        const struct want *w = &r->wants[rule->first + i];
        if (w->field == f && !key_of(w, &key))
            return false;
        found |= w->field == f;
    }
    return found;
}

/* The field that says most about who it is. */
static enum field key_field(const hf_rules *r, const struct rule *rule)
{
    static const enum field order[] = {ID_SHA256, ID_SPKI, ID_SERIAL, ID_URI, ID_MAIL, ID_CN, ID_DNS, ID_OU};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (field_has_keys(r, rule, order[i]))
            return order[i];
    return N_FIELDS;
}

static bool index_rule(hf_rules *r, uint32_t number)
{
    const struct rule *rule = &r->rules[number];
    enum field         f    = key_field(r, rule);
    uint64_t           key;
    bool               ok = true;
    if (f == N_FIELDS)
        r->always[number / 64] |= (uint64_t)1 << number % 64;
    for (uint32_t i = 0; ok && f != N_FIELDS && i < rule->n; i++)
        if (r->wants[rule->first + i].field == f && key_of(&r->wants[rule->first + i], &key))
            ok = map_put(&r->index, &r->mem, key, number);
    return ok;
}

bool hf_rules_seal(hf_rules *r, hf_why *why)
{
    for (uint32_t i = 0; !report_bad(&r->rep) && i < r->n; i++)
        if (!index_rule(r, i))
            fail(&r->rep, RULES_INDEX_NO_MEMORY, 0, 0, (int64_t)r->n);
    *why = r->rep.why;
    return !report_bad(&r->rep);
}

size_t hf_rules_count(const hf_rules *r)
{
    return r->n;
}

/* ---- asking --------------------------------------------------------------------------------------------- */

/* IPv4 that came in over an IPv6 socket (RFC 4291 2.5.5.2) is IPv4. */
static hf_view unmapped(hf_view ip)
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return ip.n == 16 && memcmp(ip.p, prefix, sizeof prefix) == 0 ? (hf_view){ip.p + 12, 4} : ip;
}

bool asker_of(struct asker *a, struct ident *id, hf_view leaf, const hf_asker *who, struct mem *m, struct report *rep)
{
    *id = (struct ident){0};
    *a  = (struct asker){.certificate = leaf.n > 0,
                         .from        = unmapped(who->from),
                         .sni         = who->server_name,
                         .listener    = who->listener,
                         .now         = who->now_ms / 1000};
    if (leaf.n && !ident_of(id, leaf, m, rep))
        return false;
    a->id = leaf.n ? id : NULL;
    return true;
}

void rules_ask(const hf_rules *r, hf_view leaf, const hf_asker *who, hf_ruling *out)
{
    struct mem    m = {0};
    struct report rep;
    struct ident  id;
    struct asker  a;
    bool          looks = r->fields & ((1u << N_ID_FIELDS) - 1);
    report_init(&rep);
    *out = (hf_ruling){.where = "", .reason = "", .note = "", .rule = -1};
    if (!asker_of(&a, &id, looks ? leaf : (hf_view){0}, who, &m, &rep)) {
        out->check = rep.why.check;
        return;
    }
    a.certificate = leaf.n > 0;
    rules_judge(r, &a, out);
    ident_free(&id, &m);
}

/* What the peer showed: a certificate, or a raw public key. */
static hf_view shown(const hf_peer *p)
{
    hf_view leaf = p ? hf_peer_leaf(p) : (hf_view){0};
    return p && !leaf.n ? hf_peer_spki(p) : leaf;
}

void hf_rules_judge(const hf_rules *r, const hf_asker *who, hf_ruling *out)
{
    rules_ask(r, shown(who->peer), who, out);
}
