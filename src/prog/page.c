/* SPDX-License-Identifier: Apache-2.0
 *
 * page.c - the frame of the page, the verdict on top, and what else a tale has: files, request, other attempts.
 */
#include "prog/page.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "page_css.h"

enum { LINE = 1200, NAMES_SHOWN = 40 };

/* ---- writing ------------------------------------------------------------------------------------------- */

void page_raw(struct html *p, const char *markup)
{
    fputs(markup, p->to);
}

void page_text(struct html *p, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", p->to);
            break;
        case '<':
            fputs("&lt;", p->to);
            break;
        case '>':
            fputs("&gt;", p->to);
            break;
        case '"':
            fputs("&quot;", p->to);
            break;
        case '\'':
            fputs("&#39;", p->to);
            break;
        default:
            fputc(*c, p->to);
        }
    }
}

void page_say(struct html *p, const char *fmt, ...)
{
    char    text[LINE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    page_text(p, text);
}

void page_element(struct html *p, const char *name, const char *class, const char *text)
{
    fprintf(p->to, class ? "<%s class=\"%s\">" : "<%s>", name, class);
    page_text(p, text);
    fprintf(p->to, "</%s>\n", name);
}

const char *tale_get(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

bool tale_yes(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

long long tale_number(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

static void heading(struct html *p, const char *text)
{
    page_element(p, "h2", NULL, text);
}

/* ---- the verdict --------------------------------------------------------------------------------------- */

static const char *mood(const char *reason)
{
    return strcmp(reason, "ok") == 0 ? "good" : strcmp(reason, "not-visible") == 0 ? "unsure" : "bad";
}

static void labelled(struct html *p, const char *label, const char *text)
{
    if (!*text)
        return;
    page_raw(p, "<p class=\"todo\"><b>");
    page_text(p, label);
    page_raw(p, "</b> ");
    page_text(p, text);
    page_raw(p, "</p>\n");
}

static void verdict_lists(struct html *p, const json_t *v)
{
    size_t  i;
    json_t *e;
    page_raw(p, "<ul>\n");
    json_array_foreach(json_object_get(v, "evidence"), i, e) page_element(p, "li", NULL, json_string_value(e));
    page_raw(p, "</ul>\n");
    labelled(p, "To do:", tale_get(v, "fix"));
    labelled(p, "You:", tale_get(v, "reader"));
    json_array_foreach(json_object_get(v, "others"), i, e)
    {
        page_raw(p, "<p class=\"soft\">");
        page_say(p, "%s %s; to tell them apart look at: %s", i ? "or" : "It could also be", tale_get(e, "reason"),
                 tale_get(e, "look_at"));
        page_raw(p, "</p>\n");
    }
    if (!json_array_size(json_object_get(v, "commands")))
        return;
    page_raw(p, "<details><summary>Commands and configuration</summary>\n");
    json_array_foreach(json_object_get(v, "commands"), i, e)
    {
        page_element(p, "h3", NULL, tale_get(e, "for"));
        page_element(p, "pre", NULL, tale_get(e, "line"));
    }
    page_raw(p, "</details>\n");
}

static void verdict(struct html *p, const json_t *v)
{
    const char *m = mood(tale_get(v, "reason"));
    fprintf(p->to, "<section class=\"card verdict %s\">\n<p class=\"head\"><span class=\"badge\">", m);
    page_text(p, strcmp(m, "good") == 0 ? "\342\234\223 " : strcmp(m, "bad") == 0 ? "\342\234\227 " : "? ");
    page_text(p, tale_get(v, "reason"));
    page_raw(p, "</span><span class=\"soft\">");
    page_say(p, "%s%s%s", tale_get(v, "certainty"),
             strcmp(tale_get(v, "at_fault"), "nobody") == 0 ? "" : "; to be changed by: ",
             strcmp(tale_get(v, "at_fault"), "nobody") == 0 ? "" : tale_get(v, "at_fault"));
    if (*tale_get(v, "subject"))
        page_say(p, "; about %s", tale_get(v, "subject"));
    page_raw(p, "</span></p>\n");
    page_element(p, "p", "says", tale_get(v, "says"));
    verdict_lists(p, v);
    page_raw(p, "</section>\n");
}

/* ---- files, request, attempts -------------------------------------------------------------------------- */

static void notes(struct html *p, const json_t *list)
{
    size_t  i;
    json_t *n;
    json_array_foreach(list, i, n)
    {
        bool remark = strcmp(tale_get(n, "weight"), "remark") == 0;
        page_raw(p, remark ? "<p><span class=\"badge wait\">note: " : "<p><span class=\"badge bad\">\342\234\227 ");
        page_text(p, tale_get(n, "reason"));
        page_raw(p, "</span> ");
        page_text(p, tale_get(n, "text"));
        page_raw(p, "</p>\n");
    }
}

static void files(struct html *p, const json_t *f)
{
    size_t  i;
    json_t *c;
    if (!json_is_object(f))
        return;
    heading(p, "Our files");
    page_raw(p, "<div class=\"card\">\n");
    json_array_foreach(json_object_get(f, "credentials"), i, c)
    {
        page_element(p, "p", NULL, tale_get(c, "file"));
        notes(p, json_object_get(c, "notes"));
    }
    if (!json_array_size(json_object_get(f, "credentials")))
        page_element(p, "p", NULL, "no certificate of ours");
    page_raw(p, "<p class=\"soft\">");
    page_say(p, "the server is judged under %s", tale_get(f, "trust"));
    page_raw(p, "</p>\n");
    notes(p, json_object_get(f, "notes"));
    page_raw(p, "</div>\n");
}

static void items(struct html *p, const char *title, const json_t *list)
{
    size_t  i;
    json_t *s;
    if (!json_array_size(list))
        return;
    page_element(p, "dt", NULL, title);
    page_raw(p, "<dd>");
    json_array_foreach(list, i, s) if (i < NAMES_SHOWN)
        page_say(p, "%s%s", i ? " \302\267 " : "", json_string_value(s));
    if (json_array_size(list) > NAMES_SHOWN)
        page_say(p, " and %zu more", json_array_size(list) - NAMES_SHOWN);
    page_raw(p, "</dd>\n");
}

static void request(struct html *p, const json_t *r)
{
    if (!tale_yes(r, "asked"))
        return;
    heading(p, "What the server asks of the client");
    page_raw(p, "<div class=\"card\"><dl>\n<dt>a certificate</dt><dd>");
    page_text(p, strcmp(tale_get(r, "demand"), "unknown") == 0 ? "required or not, that is not known"
                                                               : tale_get(r, "demand"));
    page_raw(p, "</dd>\n");
    items(p, "of one of these CAs", json_object_get(r, "ca_names"));
    items(p, "signed with", json_object_get(r, "signatures"));
    items(p, "kinds of keys", json_object_get(r, "types"));
    page_raw(p, "</dl></div>\n");
}

static void attempts(struct html *p, const json_t *probes)
{
    size_t  i;
    json_t *o;
    if (!json_array_size(probes))
        return;
    heading(p, "Other attempts");
    page_raw(p, "<ul class=\"card\">\n");
    json_array_foreach(probes, i, o)
    {
        const json_t *alert = json_object_get(o, "alert"), *answer = json_object_get(o, "answer");
        page_raw(p, "<li>");
        page_say(p, "%s: %s%s%s", tale_get(o, "text"), tale_get(o, "version"), *tale_get(o, "version") ? ", " : "",
                 json_is_object(alert) ? "refused by the alert " : "");
        page_text(p, json_is_object(alert)    ? tale_get(alert, "name")
                     : json_is_object(answer) ? tale_get(answer, "line")
                                              : tale_get(o, "end"));
        page_raw(p, "</li>\n");
    }
    page_raw(p, "</ul>\n");
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

void page_tale(struct html *p, const json_t *tale)
{
    const json_t *c = json_object_get(tale, "connection");
    page_raw(p, "<article>\n<header>\n");
    page_element(p, "h1", NULL, tale_get(tale, "target"));
    page_raw(p, "<p class=\"soft\">");
    page_text(p, tale_get(tale, "time"));
    if (*tale_get(c, "version"))
        page_say(p, " \302\267 %s", tale_get(c, "version"));
    if (*tale_get(c, "suite"))
        page_say(p, " \302\267 %s", tale_get(c, "suite"));
    if (*tale_get(c, "group"))
        page_say(p, " \302\267 %s", tale_get(c, "group"));
    page_raw(p, "</p>\n</header>\n");
    verdict(p, json_object_get(tale, "verdict"));
    page_sequence(p, c);
    page_chain(p, "The server's chain", json_object_get(tale, "server"));
    request(p, json_object_get(tale, "request"));
    page_chain(p, "The client's chain", json_object_get(tale, "client"));
    page_proofs(p, json_object_get(c, "proofs"));
    files(p, json_object_get(tale, "files"));
    attempts(p, json_object_get(tale, "probes"));
    page_raw(p, "</article>\n");
}

static void begin(struct html *p)
{
    page_raw(p,
             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n<title>handfast explain</title>\n<style>\n");
    for (size_t k = 0; k < sizeof page_css / sizeof page_css[0]; k++)
        page_raw(p, page_css[k]);
    page_raw(p, "</style>\n</head>\n<body>\n<main>\n");
}

bool page_open(struct html *p, const char *file, struct report *rep)
{
    p->to = strcmp(file, "-") == 0 ? stdout : fopen(file, "w");
    if (!p->to)
        return fail_text(rep, PAGE_UNWRITABLE, 0, 0, errno, file);
    begin(p);
    return true;
}

bool page_close(struct html *p, const char *file, struct report *rep)
{
    page_raw(p, "</main>\n</body>\n</html>\n");
    bool wrong = ferror(p->to);
    wrong      = (p->to == stdout ? fflush(p->to) : fclose(p->to)) || wrong;
    return !wrong || fail_text(rep, PAGE_CUT, 0, 0, errno, file);
}
