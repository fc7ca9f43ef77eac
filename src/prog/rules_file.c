/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_file.c - a rules file (doc/rules.md). YAML is libyaml's business, which keeps line and column of every node, so
 * that every complaint can name them.
 *
 *     rules:
 *       - deny: {uri: spiffe://example.org/web/old}
 *         reason: replaced in October
 *       - allow:
 *           ou: [web, batch]
 *           from: 10.0.0.0/8
 *       - allow: all
 */
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "prog/place_set.h"
#include "prog/rules_set.h"

enum { WHERE_ROOM = 96 };

struct reading {
    hf_rules       *rules;
    const char     *file; /* its last part, for complaints */
    yaml_document_t doc;
    struct report  *rep;
};

static void where_of(const struct reading *f, yaml_mark_t at, bool column, char out[static WHERE_ROOM])
{
    size_t n = text_add(out, WHERE_ROOM, 0, "%.60s:%zu", f->file, at.line + 1);
    if (column)
        text_add(out, WHERE_ROOM, n, ":%zu", at.column + 1);
}

/* "rules.yaml:3:7: what is wrong" as the detail of a check; cut to its room. */
static const char *at_place(const struct reading *f, yaml_mark_t at, const char *what, char out[static 160])
{
    char where[WHERE_ROOM];
    where_of(f, at, true, where);
    text_add(out, 160, 0, "%s: %s", where, what);
    return out;
}

static bool bad_shape(struct reading *f, const yaml_node_t *n, const char *what)
{
    char text[160];
    return fail_text(f->rep, RULES_FILE_SHAPE, 0, 0, 0, at_place(f, n->start_mark, what, text));
}

static yaml_node_t *node(struct reading *f, int id)
{
    return yaml_document_get_node(&f->doc, id);
}

/* The text of a scalar; NULL: it is none, or holds a NUL. */
static const char *text_of(const yaml_node_t *n)
{
    const char *t = n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
    return t && strlen(t) == n->data.scalar.length ? t : NULL;
}

/* ---- one rule ------------------------------------------------------------------------------------------- */

static bool read_value(struct reading *f, const char *field, const yaml_node_t *n)
{
    char        text[160];
    const char *value = text_of(n);
    if (!value)
        return bad_shape(f, n, "a value is a text, or a list of texts");
    const char *bad = hf_rules_when(f->rules, field, value);
    return !bad || fail_text(f->rep, RULES_FILE_VALUE, 0, 0, 0, at_place(f, n->start_mark, bad, text));
}

static bool read_values(struct reading *f, const char *field, const yaml_node_t *n)
{
    if (n->type != YAML_SEQUENCE_NODE)
        return read_value(f, field, n);
    yaml_node_item_t *i = n->data.sequence.items.start;
    if (i == n->data.sequence.items.top)
        return bad_shape(f, n, "the list is empty");
    for (; i < n->data.sequence.items.top; i++)
        if (!read_value(f, field, node(f, *i)))
            return false;
    return true;
}

static bool read_condition(struct reading *f, const yaml_node_pair_t *first, const yaml_node_pair_t *p)
{
    const yaml_node_t *key  = node(f, p->key);
    const char        *name = text_of(key);
    if (!name)
        return bad_shape(f, key, "the name of a field is a text");
    for (const yaml_node_pair_t *q = first; q < p; q++)
        if (strcmp(name, text_of(node(f, q->key))) == 0)
            return bad_shape(f, key, "the field stands twice in this rule; write its values as one list");
    return read_values(f, name, node(f, p->value));
}

/* What stands behind allow or deny: conditions, or "all". */
static bool read_who(struct reading *f, const yaml_node_t *n)
{
    const char *text = text_of(n);
    if (text && strcmp(text, "all") == 0)
        return true;
    if (n->type != YAML_MAPPING_NODE)
        return bad_shape(f, n, "write conditions (field: value), or all");
    if (n->data.mapping.pairs.start == n->data.mapping.pairs.top)
        return bad_shape(f, n, "there is no condition; for everybody write all");
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++)
        if (!read_condition(f, n->data.mapping.pairs.start, p))
            return false;
    return true;
}

struct parts {
    const yaml_node_t *who, *reason, *one_place, *place;
    bool               allow;
};

/* A text under a key that may stand once: true when it was this key; what is wrong goes to the report. */
static bool take_text(struct reading *f, const yaml_node_pair_t *p, const char *key, const yaml_node_t **out)
{
    const yaml_node_t *k    = node(f, p->key);
    const char        *name = text_of(k);
    if (!name || strcmp(name, key) != 0)
        return false;
    if (*out)
        bad_shape(f, k, "this stands twice in the rule");
    *out = node(f, p->value);
    if (!text_of(*out))
        bad_shape(f, *out, "write a text here");
    return true;
}

static bool read_part(struct reading *f, const yaml_node_pair_t *p, struct parts *out)
{
    const yaml_node_t *key   = node(f, p->key);
    const char        *name  = text_of(key);
    bool               allow = name && strcmp(name, "allow") == 0;
    if (take_text(f, p, "reason", &out->reason) || take_text(f, p, "one-place", &out->one_place) ||
        take_text(f, p, "place", &out->place))
        return !report_bad(f->rep);
    if (!name || (!allow && strcmp(name, "deny") != 0))
        return bad_shape(f, key, "a rule has allow or deny, and perhaps reason, one-place and place");
    if (out->who)
        return bad_shape(f, key, "a rule has one allow or one deny; begin another rule with -");
    out->who   = node(f, p->value);
    out->allow = allow;
    return true;
}

/* How many places those have whom this rule lets in: a note for whoever asks the rules. */
static bool read_places(struct reading *f, const struct parts *parts)
{
    struct place_rule  rule;
    char               note[PLACE_NOTE], text[160];
    const yaml_node_t *at = parts->one_place ? parts->one_place : parts->place;
    if (!at)
        return true;
    if (!parts->allow || !parts->one_place)
        return bad_shape(f, at, "one-place, and place beside it, belong to a rule that allows");
    place_note(text_of(parts->one_place), parts->place ? text_of(parts->place) : "address", note);
    const char *bad = place_note_read(note, &rule);
    if (bad)
        return fail_text(f->rep, RULES_FILE_PLACE, 0, 0, 0, at_place(f, at->start_mark, bad, text));
    hf_rules_note(f->rules, note); /* the seal says why not */
    return true;
}

static bool read_rule(struct reading *f, const yaml_node_t *n)
{
    struct parts parts = {0};
    char         where[WHERE_ROOM];
    if (n->type != YAML_MAPPING_NODE)
        return bad_shape(f, n, "a rule begins with allow: or deny:");
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++)
        if (!read_part(f, p, &parts))
            return false;
    if (!parts.who)
        return bad_shape(f, n, "a rule needs allow: or deny:");
    where_of(f, n->start_mark, false, where);
    if (!hf_rules_begin(f->rules, parts.allow, where, parts.reason ? text_of(parts.reason) : NULL))
        return true; /* the seal says why */
    return read_places(f, &parts) && read_who(f, parts.who);
}

/* ---- the file ------------------------------------------------------------------------------------------- */

static bool read_rules(struct reading *f)
{
    static const char  shape[] = "the file holds one key, rules:, with a list of rules";
    const yaml_node_t *root    = yaml_document_get_root_node(&f->doc);
    char               text[160];
    if (!root) {
        yaml_mark_t start = {0};
        return fail_text(f->rep, RULES_FILE_EMPTY, 0, 0, 0, at_place(f, start, shape, text));
    }
    const yaml_node_pair_t *p = root->type == YAML_MAPPING_NODE ? root->data.mapping.pairs.start : NULL;
    if (!p || p + 1 != root->data.mapping.pairs.top)
        return bad_shape(f, root, shape);
    const yaml_node_t *key = node(f, p->key), *list = node(f, p->value);
    if (!text_of(key) || strcmp(text_of(key), "rules") != 0)
        return bad_shape(f, key, shape);
    if (list->type != YAML_SEQUENCE_NODE)
        return bad_shape(f, list, "rules: is a list; each rule begins with -");
    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++)
        if (!read_rule(f, node(f, *i)))
            return false;
    return true;
}

static bool bad_syntax(struct reading *f, const yaml_parser_t *y)
{
    char        text[160];
    yaml_mark_t at = y->problem_mark;
    return fail_text(f->rep, RULES_FILE_SYNTAX, 0, 0, 0, at_place(f, at, y->problem ? y->problem : "unreadable", text));
}

/* Nothing may follow the one document. */
static bool at_end(struct reading *f, yaml_parser_t *y)
{
    yaml_document_t more;
    if (!yaml_parser_load(y, &more))
        return bad_syntax(f, y);
    const yaml_node_t *root = yaml_document_get_root_node(&more);
    bool               ok   = !root || bad_shape(f, root, "a second document begins here; write one list of rules");
    yaml_document_delete(&more);
    return ok;
}

static bool parse(struct reading *f, const uint8_t *text, size_t n)
{
    yaml_parser_t y;
    if (!yaml_parser_initialize(&y))
        return fail(f->rep, RULES_FILE_NO_MEMORY, 0, 0, 0);
    yaml_parser_set_input_string(&y, text, n);
    bool ok = yaml_parser_load(&y, &f->doc) || bad_syntax(f, &y);
    if (ok) {
        ok = read_rules(f) && at_end(f, &y);
        yaml_document_delete(&f->doc);
    }
    yaml_parser_delete(&y);
    return ok;
}

bool rules_file(hf_rules *r, const char *file, struct report *rep)
{
    struct mem     m     = {0};
    size_t         n     = 0;
    const char    *slash = strrchr(file, '/');
    struct reading f     = {.rules = r, .file = slash ? slash + 1 : file, .rep = rep};
    uint8_t       *text  = file_read_within(file, LIMIT_RULES_FILE, &n, &m, rep);
    bool           ok    = text && parse(&f, text, n);
    mem_free(&m, text);
    return ok;
}
