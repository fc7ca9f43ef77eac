/* SPDX-License-Identifier: Apache-2.0
 * log.c - see log.h. */
#include "log.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/when.h"

enum { LINE_MAX_BYTES = 32 * 1024 };

static enum log_format format     = LOG_TEXT;
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;

void log_open(enum log_format f)
{
    format = f;
}

int64_t log_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* RFC 3339 with milliseconds. */
static void stamp(char out[static 40])
{
    int64_t now = log_now_ms();
    char    s[24];
    when_text(now / 1000, s);
    text_add(out, 40, 0, "%.19s.%03dZ", s, (int)(now % 1000));
}

void log_begin(struct log_line *l, const char *level, const char *event)
{
    l->level   = level;
    l->event   = event;
    l->says[0] = '\0';
    l->said    = false;
    l->n       = 0;
    l->used    = 0;
}

void log_say(struct log_line *l, const char *fmt, ...)
{
    va_list ap;
    size_t  at = strlen(l->says);
    va_start(ap, fmt);
    vsnprintf(l->says + at, sizeof l->says - at, fmt, ap);
    va_end(ap);
}

static void add(struct log_line *l, const char *name, const char *text, int64_t number, bool many)
{
    struct log_field *f = &l->field[l->n];
    if (l->n == LOG_FIELDS)
        return;
    *f = (struct log_field){.name = name, .number = number, .many = many, .said = l->said};
    if (text) {
        size_t n = strlen(text) + 1;
        if (n > sizeof l->pool - l->used)
            return;
        f->text = memcpy(l->pool + l->used, text, n);
        l->used += n;
    }
    l->n++;
}

void log_text(struct log_line *l, const char *name, const char *text)
{
    if (text && *text)
        add(l, name, text, 0, false);
}

void log_more(struct log_line *l, const char *name, const char *text)
{
    if (text && *text)
        add(l, name, text, 0, true);
}

void log_num(struct log_line *l, const char *name, int64_t number)
{
    add(l, name, NULL, number, false);
}

void log_said(struct log_line *l, bool said)
{
    l->said = said;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* Control characters as \xHH and quotes as \"; backslashes stay, for what is printable already holds escapes. */
static size_t add_quoted(char *out, size_t room, size_t at, const char *s)
{
    bool plain =
        *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@[],+*") == strlen(s);
    if (plain)
        return text_add(out, room, at, "%s", s);
    at = text_add(out, room, at, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        at              = text_add(out, room, at, c == '"' ? "\\%c" : c < 0x20 || c == 0x7f ? "\\x%02x" : "%c", c);
    }
    return text_add(out, room, at, "\"");
}

static size_t render_text(const struct log_line *l, char *out, size_t room)
{
    char        time[40];
    const char *gap = " | ";
    stamp(time);
    size_t at = text_add(out, room, 0, "%s %-5s %s", time, l->level, l->says);
    for (unsigned i = 0; i < l->n; i++) {
        const struct log_field *f = &l->field[i];
        if (f->said)
            continue;
        at  = text_add(out, room, at, "%s%s=", gap, f->name);
        gap = " ";
        at  = f->text ? add_quoted(out, room, at, f->text) : text_add(out, room, at, "%lld", (long long)f->number);
    }
    return at;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

/* jansson refuses broken UTF-8, which is in file names, or where a sentence was cut: that is shown escaped. */
json_t *log_json_text(const char *text)
{
    char    safe[4 * LOG_SENTENCE];
    json_t *v = json_string(text);
    if (v)
        return v;
    text_printable(safe, sizeof safe, text, strlen(text));
    return json_string(safe);
}

static void put_field(json_t *o, const struct log_field *f)
{
    json_t *v = f->text ? log_json_text(f->text) : json_integer(f->number);
    if (!f->many) {
        json_object_set_new(o, f->name, v);
        return;
    }
    json_t *list = json_object_get(o, f->name);
    if (!list) {
        list = json_array();
        json_object_set_new(o, f->name, list);
    }
    json_array_append_new(list, v);
}

static size_t render_json(const struct log_line *l, char *out, size_t room)
{
    char    time[40];
    json_t *o = json_object();
    stamp(time);
    json_object_set_new(o, "time", json_string(time));
    json_object_set_new(o, "level", json_string(l->level));
    json_object_set_new(o, "event", json_string(l->event));
    json_object_set_new(o, "message", log_json_text(l->says));
    for (unsigned i = 0; i < l->n; i++)
        put_field(o, &l->field[i]);
    size_t n = json_dumpb(o, out, room, JSON_COMPACT);
    json_decref(o);
    return n < room ? n : 0;
}

/* ---- out ----------------------------------------------------------------------------------------------- */

static void put(const char *p, size_t n)
{
    pthread_mutex_lock(&write_lock);
    while (n > 0) {
        ssize_t k = write(STDOUT_FILENO, p, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            break; /* nobody reads the log any more: serving goes on */
        p += k;
        n -= (size_t)k;
    }
    pthread_mutex_unlock(&write_lock);
}

void log_end(struct log_line *l)
{
    char   out[LINE_MAX_BYTES];
    size_t n = format == LOG_JSON ? render_json(l, out, sizeof out - 1) : render_text(l, out, sizeof out - 1);
    out[n++] = '\n';
    put(out, n);
}

void log_note(const char *level, const char *event, const char *fmt, ...)
{
    struct log_line l;
    va_list         ap;
    log_begin(&l, level, event);
    va_start(ap, fmt);
    vsnprintf(l.says, sizeof l.says, fmt, ap);
    va_end(ap);
    log_end(&l);
}
