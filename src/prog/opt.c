/* SPDX-License-Identifier: Apache-2.0
 *
 * opt.c - see opt.h.
 *
 * Invariants:
 *   1. Nothing is guessed: an unknown, repeated, incomplete or superfluous option ends the parse.
 *   2. The help is printed from the rows that parse, so the two cannot differ.
 */
#include "opt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 34, ROWS_MAX = 64 };

struct parse {
    const struct command *cmd;
    uint8_t              *into;
    struct opt_list      *args;
    bool                  seen[ROWS_MAX];
};

bool opt_complain(const struct command *c, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "handfast %s: ", c->name);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n`handfast %s --help` lists the options.\n", c->name);
    return false;
}

static bool same(const char *a, const char *b, size_t n)
{
    return a && strlen(a) == n && memcmp(a, b, n) == 0;
}

static const struct opt *find(const struct command *c, const char *name, size_t n)
{
    for (const struct opt *o = c->opts; o->help; o++)
        if (same(o->name, name, n) || same(o->also, name, n))
            return o;
    return NULL;
}

/* Edit distance, for names of at most 31 characters. */
static unsigned distance(const char *a, size_t na, const char *b)
{
    size_t   nb = strlen(b);
    unsigned row[32];
    if (na > 31 || nb > 31)
        return 99;
    for (size_t j = 0; j <= nb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned diagonal = row[0];
        row[0]            = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal      = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[nb];
}

static bool unknown(const struct parse *p, const char *name, size_t n)
{
    const char *nearest = NULL;
    unsigned    least   = 3; /* further away is no typing mistake */
    for (const struct opt *o = p->cmd->opts; o->help; o++) {
        unsigned d = o->name && o->kind != OPT_UNKNOWN ? distance(name, n, o->name) : 99;
        if (d < least) {
            least   = d;
            nearest = o->name;
        }
    }
    if (nearest)
        return opt_complain(p->cmd, "--%.*s is not an option of this command; --%s is.", (int)n, name, nearest);
    return opt_complain(p->cmd, "--%.*s is not an option of this command.", (int)n, name);
}

int64_t opt_duration_ms(const char *text)
{
    static const struct {
        const char *unit;
        int64_t     ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long long n = strtoll(text, &end, 10);
    if (n > 10000000)
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0)
            return n * units[i].ms;
    return -1;
}

/* The number of value in "a|b|c", counted from 1; 0 when it is none of them. */
static unsigned choice(const char *choices, const char *value)
{
    unsigned i = 1;
    for (const char *c = choices;; c++, i++) {
        size_t n = strcspn(c, "|");
        if (same(value, c, n))
            return i;
        c += n;
        if (!*c)
            return 0;
    }
}

static bool store_choice(const struct parse *p, const struct opt *o, const char *value)
{
    unsigned k = choice(o->arg, value);
    if (k == 0)
        return opt_complain(p->cmd, "--%s is one of %s, not \"%s\".", o->name, o->arg, value);
    memcpy(p->into + o->at, &k, sizeof k);
    return true;
}

static bool store_ms(const struct parse *p, const struct opt *o, const char *value)
{
    int64_t ms = opt_duration_ms(value);
    if (ms <= 0)
        return opt_complain(p->cmd, "--%s takes a time such as 500ms, 30s, 5m or 1h, not \"%s\".", o->name, value);
    memcpy(p->into + o->at, &ms, sizeof ms);
    return true;
}

static bool store_count(const struct parse *p, const struct opt *o, const char *value)
{
    char         *end;
    unsigned long n = strtoul(value, &end, 10);
    unsigned      k = (unsigned)n;
    if (*value < '0' || *value > '9' || *end || n < 1 || n > 1024)
        return opt_complain(p->cmd, "--%s takes a number from 1 to 1024, not \"%s\".", o->name, value);
    memcpy(p->into + o->at, &k, sizeof k);
    return true;
}

static bool store_many(const struct parse *p, const struct opt *o, const char *value)
{
    struct opt_list *list = (struct opt_list *)(void *)(p->into + o->at);
    if (list->n == OPT_LIST_MAX)
        return opt_complain(p->cmd, "--%s is given more than %d times.", o->name, OPT_LIST_MAX);
    list->v[list->n++] = value;
    return true;
}

static bool store(const struct parse *p, const struct opt *o, const char *value)
{
    const bool  yes = true;
    const char *bad;
    switch (o->kind) {
    case OPT_FLAG:
        memcpy(p->into + o->at, &yes, sizeof yes);
        return true;
    case OPT_TEXT:
        memcpy(p->into + o->at, &value, sizeof value);
        return true;
    case OPT_MANY:
        return store_many(p, o, value);
    case OPT_CHOICE:
        return store_choice(p, o, value);
    case OPT_MS:
        return store_ms(p, o, value);
    case OPT_COUNT:
        return store_count(p, o, value);
    case OPT_CALL:
        bad = o->call(p->into, value);
        return bad ? opt_complain(p->cmd, "--%s %s: %s", o->name, value, bad) : true;
    case OPT_UNKNOWN:
    case OPT_HEADING:
        break;
    }
    return opt_complain(p->cmd, "--%s: %s", o->name, o->help);
}

/* One option at argv[*i]; moves *i when the value is the next word. */
static bool option(struct parse *p, int argc, char **argv, int *i)
{
    const char       *name = argv[*i] + 2;
    size_t            n    = strcspn(name, "=");
    const char       *tied = name[n] ? name + n + 1 : NULL;
    const struct opt *o    = find(p->cmd, name, n);
    if (!o)
        return unknown(p, name, n);
    size_t row = (size_t)(o - p->cmd->opts);
    if (p->seen[row] && o->kind != OPT_MANY && o->kind != OPT_CALL)
        return opt_complain(p->cmd, "--%s is given twice; give it once.", o->name);
    p->seen[row] = true;
    if (o->kind == OPT_FLAG && tied)
        return opt_complain(p->cmd, "--%s takes no value.", o->name);
    if (o->kind == OPT_FLAG || o->kind == OPT_UNKNOWN || tied)
        return store(p, o, tied);
    if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
        return opt_complain(p->cmd, "--%s needs a value: --%s %s.", o->name, o->name, o->arg);
    return store(p, o, argv[++*i]);
}

static bool argument(struct parse *p, const char *value)
{
    if (p->args && p->args->n < p->cmd->max_args) {
        p->args->v[p->args->n++] = value;
        return true;
    }
    return opt_complain(p->cmd, "\"%s\" belongs to no option.", value);
}

enum opt_result opt_parse(const struct command *c, int argc, char **argv, void *into, struct opt_list *args)
{
    struct parse p       = {.cmd = c, .into = into, .args = args};
    bool         options = true;
    for (int i = 1; i < argc; i++) {
        if (options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            opt_help(c);
            return OPT_HELPED;
        }
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-') {
            opt_complain(c, "%s: options have long names here, such as --help.", argv[i]);
            return OPT_WRONG;
        } else if (options && argv[i][0] == '-' && argv[i][1] ? !option(&p, argc, argv, &i) : !argument(&p, argv[i]))
            return OPT_WRONG;
    }
    return OPT_RUN;
}

static void help_row(const struct opt *o)
{
    int at = printf("  --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    for (const char *line = o->help; line;) {
        const char *end = strchr(line, '\n');
        if (at >= HELP_COLUMN)
            at = printf("\n") - 1;
        printf("%*s%.*s\n", HELP_COLUMN - at, "", end ? (int)(end - line) : (int)strlen(line), line);
        at   = 0;
        line = end ? end + 1 : NULL;
    }
}

void opt_help(const struct command *c)
{
    printf("handfast %s - %s\n\nUsage: handfast %s %s\n\n%s\n", c->name, c->brief, c->name, c->usage, c->about);
    for (const struct opt *o = c->opts; o->help; o++) {
        if (o->kind == OPT_HEADING)
            printf("\n%s\n", o->help);
        else if (o->kind != OPT_UNKNOWN)
            help_row(o);
    }
    if (c->examples)
        printf("\nExamples\n%s", c->examples);
}
