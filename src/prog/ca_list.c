/* SPDX-License-Identifier: Apache-2.0
 *
 * ca_list.c - `handfast ca list`: the register as a table for people, or as JSON.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "ca.h"
#include "ca_register.h"
#include "commands.h"

struct list {
    const char *dir;
    bool        json;
    unsigned    expiring;
};

static const char *list_expiring(void *into, const char *value)
{
    ((struct list *)into)->expiring = ca_days(value);
    return ((struct list *)into)->expiring ? NULL : "give a number of days, 1 to 36500.";
}

static const struct opt opts[] = {
    {"dir", OPT_TEXT, offsetof(struct list, dir), "DIR", "directory of the CA", NULL, NULL},
    {"expiring", OPT_CALL, 0, "DAYS", "only what is valid now and ends within so many days", list_expiring, NULL},
    {"json", OPT_FLAG, offsetof(struct list, json), NULL, "an array of objects instead of a table", NULL, NULL},
    {0}};

static const struct command command = {
    .name     = "ca list",
    .brief    = "shows what was issued and until when it is valid",
    .usage    = "--dir DIR [options]",
    .about    = "Root and intermediate are listed as well: they end too.",
    .opts     = opts,
    .examples = "  handfast ca list --dir ca --expiring 30\n",
};

enum { CELL_MAX = 48 }; /* characters; what is longer is cut in the table, never in JSON */

struct rows {
    json_t *json;
    int64_t now;
    int     subject, names; /* widths of the columns, found by a first pass */
    size_t  n;
};

static const char *status_of(const struct ca_row *row, int64_t now)
{
    if (strcmp(row->status, "issued") != 0)
        return row->status;
    return now > row->not_after ? "expired" : now < row->not_before ? "not-yet-valid" : "valid";
}

/* ---- JSON ---- */

static json_t *names_json(const char *names)
{
    json_t *a = json_array();
    while (*names) {
        size_t n = strcspn(names, "\n");
        json_array_append_new(a, json_stringn(names, n));
        names += n + (names[n] == '\n');
    }
    return a;
}

static bool add_json(void *ctx, const struct ca_row *row)
{
    struct rows *r = ctx;
    char         before[24], after[24], issued[24];
    json_t      *o =
        json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s}", "serial", row->serial, "profile", row->profile,
                  "subject", row->subject, "names", names_json(row->names), "not_before",
                  when_text(row->not_before, before), "not_after", when_text(row->not_after, after), "issued_at",
                  when_text(row->issued_at, issued), "sha256", row->sha256, "status", status_of(row, r->now));
    return json_array_append_new(r->json, o) == 0;
}

static bool print_json(struct ca_register *reg, struct rows *r, int64_t from, int64_t until, struct report *rep)
{
    bool ok;
    r->json = json_array();
    ok      = r->json && ca_register_each(reg, from, until, add_json, r, rep);
    if (ok) {
        json_dumpf(r->json, stdout, JSON_INDENT(2));
        printf("\n");
    } else if (!report_bad(rep))
        no_memory(rep, 0);
    json_decref(r->json);
    return ok;
}

/* ---- table ---- */

/* Characters of UTF-8 text, at most CELL_MAX. */
static int width(const char *text)
{
    int n = 0;
    for (; *text && n < CELL_MAX; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

/* A cell of w characters: cut with "..." or filled up, and two spaces. */
static void cell(const char *text, int w)
{
    const char *p = text;
    int         n = 0;
    for (; *p && (n < w || (*p & 0xc0) == 0x80); p++)
        n += (*p & 0xc0) != 0x80;
    if (*p)
        for (int back = 0; back < 3; back += (*p & 0xc0) != 0x80)
            p--;
    printf("%.*s%s%*s  ", (int)(p - text), text, *p ? "..." : "", w - n, "");
}

/* The names on one line. */
static void one_line(const char *names, char *out, size_t room)
{
    size_t n = 0;
    for (; *names && n + 3 < room; names++) {
        if (*names == '\n')
            out[n++] = ',';
        out[n++] = *names == '\n' ? ' ' : *names;
    }
    out[n] = '\0';
}

static bool measure(void *ctx, const struct ca_row *row)
{
    struct rows *r = ctx;
    char         names[4 * CELL_MAX + 8];
    one_line(row->names, names, sizeof names);
    r->subject = width(row->subject) > r->subject ? width(row->subject) : r->subject;
    r->names   = width(names) > r->names ? width(names) : r->names;
    r->n++;
    return true;
}

static bool print_row(void *ctx, const struct ca_row *row)
{
    struct rows *r = ctx;
    char         names[4 * CELL_MAX + 8], ends[24], left[32];
    one_line(row->names, names, sizeof names);
    when_text(row->not_after, ends);
    ends[10] = '\0'; /* the day is enough here */
    cell(row->profile, 12);
    cell(status_of(row, r->now), 13);
    cell(ends, 10);
    cell(row->not_after > r->now ? when_span(row->not_after - r->now, left) : "-", 10);
    cell(row->subject, r->subject);
    cell(names, r->names);
    printf("%s\n", row->serial);
    return true;
}

static bool print_table(struct ca_register *reg, struct rows *r, int64_t from, int64_t until, struct report *rep)
{
    r->subject = 7;
    r->names   = 5;
    if (!ca_register_each(reg, from, until, measure, r, rep))
        return false;
    if (r->n == 0) {
        printf("Nothing ends within this time.\n");
        return true;
    }
    cell("PROFILE", 12);
    cell("STATUS", 13);
    cell("ENDS", 10);
    cell("IN", 10);
    cell("SUBJECT", r->subject);
    cell("NAMES", r->names);
    printf("SERIAL\n");
    return ca_register_each(reg, from, until, print_row, r, rep);
}

int ca_list(int argc, char **argv)
{
    struct list         o = {0};
    struct rows         r = {.now = ca_now()};
    struct report       rep;
    struct ca_register *reg;
    char                file[PATH_MAX];
    int64_t             from, until;
    enum opt_result     parsed = opt_parse(&command, argc, argv, &o, NULL);
    if (parsed != OPT_RUN)
        return parsed == OPT_HELPED ? EXIT_OK : EXIT_WRONG;
    if (!o.dir)
        return opt_complain(&command, "--dir is missing: which CA?"), EXIT_WRONG;
    report_init(&rep);
    from  = o.expiring ? r.now : INT64_MIN;
    until = o.expiring ? r.now + (int64_t)o.expiring * CA_DAY : INT64_MAX;
    reg   = ca_path(file, o.dir, "register.db", &rep) ? ca_register_open(file, &rep) : NULL;
    if (reg && o.json)
        print_json(reg, &r, from, until, &rep);
    else if (reg)
        print_table(reg, &r, from, until, &rep);
    ca_register_close(reg);
    return report_bad(&rep) ? ca_failed(&command, &rep) : EXIT_OK;
}
