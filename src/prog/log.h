/* SPDX-License-Identifier: Apache-2.0
 *
 * log.h - one event, one line, on standard output: a plain sentence with key=value behind it, or one JSON object.
 * The names of the fields are the same in both and stable; doc/logs.md describes them.
 *
 * Invariants:
 *   1. A line is written whole, by one write, whatever thread it comes from.
 *   2. Nothing that came from a peer reaches the line before it was made printable.
 *   3. A value that does not fit is cut, a field that does not fit is left out; the line is never broken.
 */
#ifndef HF_PROG_LOG_H
#define HF_PROG_LOG_H
#include "handfast.h"

enum log_format { LOG_TEXT = 1, LOG_JSON = 2 };
enum { LOG_FIELDS = 48, LOG_POOL = 8192, LOG_SENTENCE = 1536 };

struct log_line {
    const char *level; /* "info", "warn", "error" */
    const char *event;
    char        says[LOG_SENTENCE];
    bool        said;
    unsigned    n;
    struct log_field {
        const char *name;
        const char *text; /* NULL: a number */
        int64_t     number;
        bool        many; /* one of a list of that name */
        bool        said; /* the sentence holds it already: only JSON repeats it */
    } field[LOG_FIELDS];
    size_t used;
    char   pool[LOG_POOL];
};

void log_open(enum log_format format);
/* Starts a line. level and event are static. */
void log_begin(struct log_line *l, const char *level, const char *event);
/* Our own words, and names that were made printable; appends. */
void log_say(struct log_line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A field; text is copied, names are static. NULL or empty text adds nothing. */
void log_text(struct log_line *l, const char *name, const char *text);
void log_more(struct log_line *l, const char *name, const char *text); /* one more of a list */
void log_num(struct log_line *l, const char *name, int64_t number);
/* Fields that the sentence holds already follow, or no longer. */
void log_said(struct log_line *l, bool said);
void log_end(struct log_line *l);
/* All at once, without fields. */
void log_note(const char *level, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Text as a JSON string; what is not UTF-8 is shown escaped. */
struct json_t *log_json_text(const char *text);

/* Now, as Unix time in milliseconds. */
int64_t log_now_ms(void);

#endif
