/* SPDX-License-Identifier: Apache-2.0
 *
 * page_seq.c - the handshake as a sequence diagram: two lifelines, an arrow for each message, and behind the arrow its
 * fields, the bytes of each beside what they mean.
 */
#include <string.h>

#include "prog/page.h"

enum { BYTES_SHOWN = 48 };

/* The hex digits of one field, in pairs; a long one is cut. */
static void field_bytes(struct html *p, const char *hex, size_t at, size_t n)
{
    size_t digits = strlen(hex), shown = n < BYTES_SHOWN ? n : BYTES_SHOWN;
    page_raw(p, "<span class=\"hex\"><i>");
    page_say(p, "%zu, %zu byte%s", at, n, n == 1 ? "" : "s");
    page_raw(p, "</i>");
    for (size_t i = 0; i < shown && 2 * (at + i) + 1 < digits; i++)
        fprintf(p->to, "%s%.2s", i ? " " : "", hex + 2 * (at + i));
    if (*hex && shown < n)
        page_text(p, " ...");
    page_raw(p, "</span>");
}

/* The value is the bytes themselves, which stand beside it. */
static bool only_bytes(const char *value)
{
    return strspn(value, "0123456789abcdef") >= 16;
}

/* What holds other fields shows only its place: its bytes stand with them. */
static bool has_inside(const json_t *fields, size_t i)
{
    const json_t *next = json_array_get(fields, i + 1);
    return next && tale_number(next, "depth") > tale_number(json_array_get(fields, i), "depth");
}

static void one_field(struct html *p, const json_t *fields, size_t i, const char *hex)
{
    const json_t *f = json_array_get(fields, i);
    size_t        n = (size_t)tale_number(f, "n"), at = (size_t)tale_number(f, "at");
    fprintf(p->to, "<li%s style=\"--d:%lld\">", tale_yes(f, "wrong") ? " class=\"wrong\"" : "",
            tale_number(f, "depth"));
    field_bytes(p, has_inside(fields, i) ? "" : hex, at, n);
    page_raw(p, "<span class=\"what\"><b>");
    page_text(p, tale_get(f, "name"));
    page_raw(p, "</b> ");
    if (!only_bytes(tale_get(f, "value")))
        page_text(p, tale_get(f, "value"));
    if (*tale_get(f, "means")) {
        page_raw(p, "<span class=\"means\">");
        page_text(p, tale_get(f, "means"));
        page_raw(p, "</span>");
    }
    page_raw(p, "</span></li>\n");
}

static void fields(struct html *p, const json_t *m)
{
    const json_t *list = json_object_get(m, "fields");
    page_raw(p, "<ul class=\"fields\">\n");
    for (size_t i = 0; i < json_array_size(list); i++)
        one_field(p, list, i, tale_get(m, "hex"));
    page_raw(p, "</ul>\n");
}

static bool is(const json_t *m, const char *key, const char *value)
{
    return strcmp(tale_get(m, key), value) == 0;
}

/* An alert that ends what was wanted; close_notify and user_canceled end in order. */
static bool refuses(const json_t *m)
{
    return is(m, "kind", "alert") && !is(m, "name", "close_notify") && !is(m, "name", "user_canceled");
}

static void small_print(struct html *p, const json_t *m)
{
    long long n = tale_number(m, "bytes");
    page_raw(p, "<span class=\"small\">");
    if (!is(m, "kind", "end"))
        page_say(p, "%lld byte%s \302\267 %s \302\267 ", n, n == 1 ? "" : "s",
                 tale_yes(m, "encrypted") ? "encrypted" : "in the clear");
    page_say(p, "%lld ms", tale_number(m, "at_ms"));
    page_raw(p, "</span>");
}

static void label(struct html *p, const json_t *m)
{
    page_raw(p, "<span class=\"name\">");
    if (tale_number(m, "step")) {
        page_raw(p, "<span class=\"step\"><span class=\"gone\">step </span>");
        page_say(p, "%lld", tale_number(m, "step"));
        page_raw(p, "</span> ");
    }
    page_raw(p, "<b>");
    page_say(p, "%s%s", is(m, "kind", "alert") ? "alert " : "", tale_get(m, "name"));
    page_raw(p, "</b><span class=\"gone\">");
    page_text(p, is(m, "from", "client") ? " from the client, " : " from the server, ");
    page_raw(p, "</span>");
    small_print(p, m);
    page_raw(p, "</span><span class=\"arrow\" aria-hidden=\"true\"></span>");
    if (*tale_get(m, "says"))
        page_element(p, "span", "note", tale_get(m, "says"));
}

static void message(struct html *p, const json_t *m)
{
    bool folds = json_array_size(json_object_get(m, "fields")) > 0;
    fprintf(p->to, "<li class=\"%s%s%s\">\n", is(m, "from", "client") ? "client" : "server",
            tale_yes(m, "encrypted") ? " sealed" : "", refuses(m) ? " alert" : "");
    page_raw(p, folds ? "<details><summary>" : "<div class=\"flat\">");
    label(p, m);
    if (folds) {
        page_raw(p, "</summary>\n<div class=\"open\">\n");
        fields(p, m);
    }
    page_raw(p, folds ? "</div></details></li>\n" : "</div></li>\n");
}

void page_sequence(struct html *p, const json_t *connection)
{
    const json_t *messages = json_object_get(connection, "messages");
    size_t        i;
    json_t       *m;
    if (!json_array_size(messages))
        return;
    page_element(p, "h2", NULL, "The handshake");
    page_element(p, "p", "soft",
                 "Each arrow unfolds into the fields of its message, the bytes beside what they mean. A double line is "
                 "encrypted.");
    page_raw(p, "<div class=\"ends\" aria-hidden=\"true\"><span class=\"client\">client</span><span "
                "class=\"server\">server</span></div>\n<ol class=\"seq\">\n");
    json_array_foreach(messages, i, m) message(p, m);
    page_raw(p, "</ol>\n");
}
