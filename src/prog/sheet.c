/* SPDX-License-Identifier: Apache-2.0
 * sheet.c - see sheet.h. */
#include "sheet.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

enum { TEXT_ROOM = 2048, TOOL_COLUMN = 12, NARROW = 40 };

static const char *const escapes[] = {"", "\033[1m", "\033[2m", "\033[1;31m", "\033[32m", "\033[33m", "\033[34m"};

static void put_coloured(struct sheet *p, enum colour c, const char *text)
{
    bool on = p->colour && c != COLOUR_NONE;
    fprintf(p->to, "%s%s%s", on ? escapes[c] : "", text, on ? "\033[0m" : "");
}

/* Columns that a text takes: characters, not bytes. */
static size_t columns(const char *s, size_t n)
{
    size_t c = 0;
    for (size_t i = 0; i < n; i++)
        c += ((unsigned char)s[i] & 0xc0) != 0x80;
    return c;
}

/* Words from column `at` on, further lines from column `indent`; a word is never cut. */
static void put_wrapped(struct sheet *p, size_t at, size_t indent, const char *text)
{
    bool first = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        size_t w = columns(text, n);
        if (!first && at + 1 + w > p->width) {
            fprintf(p->to, "\n%*s", (int)indent, "");
            at    = indent;
            first = true;
        }
        at += (size_t)fprintf(p->to, "%s%.*s", first ? "" : " ", (int)n, text) - (n - w);
        first = false;
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', p->to);
}

#define FORMAT(out, fmt)                                                                                               \
    char    out[TEXT_ROOM];                                                                                            \
    va_list ap;                                                                                                        \
    va_start(ap, fmt);                                                                                                 \
    vsnprintf(out, sizeof out, fmt, ap);                                                                               \
    va_end(ap)

void sheet_title(struct sheet *p, const char *fmt, ...)
{
    FORMAT(text, fmt);
    put_coloured(p, COLOUR_BOLD, text);
    fputc('\n', p->to);
}

void sheet_head(struct sheet *p, const char *fmt, ...)
{
    FORMAT(text, fmt);
    fputc('\n', p->to);
    put_coloured(p, COLOUR_BOLD, text);
    fputc('\n', p->to);
}

void sheet_line(struct sheet *p, unsigned indent, const char *fmt, ...)
{
    FORMAT(text, fmt);
    fprintf(p->to, "%*s", (int)indent, "");
    put_wrapped(p, indent, indent + 2, text);
}

void sheet_dim(struct sheet *p, unsigned indent, const char *fmt, ...)
{
    FORMAT(text, fmt);
    fprintf(p->to, "%*s%s", (int)indent, "", p->colour ? escapes[COLOUR_DIM] : "");
    put_wrapped(p, indent, indent + 2, text);
    fputs(p->colour ? "\033[0m" : "", p->to);
}

void sheet_item(struct sheet *p, unsigned indent, const char *word, enum colour c, const char *fmt, ...)
{
    FORMAT(text, fmt);
    size_t at = indent + strlen(word) + 1;
    fprintf(p->to, "%*s", (int)indent, "");
    put_coloured(p, c, word);
    fputc(' ', p->to);
    put_wrapped(p, at, at > NARROW ? indent + 4 : at, text);
}

void sheet_columns(struct sheet *p, const char *head, enum colour c, const char *text)
{
    size_t at = strlen(head);
    put_coloured(p, c, head);
    if (p->width < at + NARROW && *text) { /* no room beside it */
        fprintf(p->to, "\n%*s", 15, "");
        put_wrapped(p, 15, 15, text);
        return;
    }
    fprintf(p->to, "  ");
    put_wrapped(p, at + 2, at + 2, text);
}

void sheet_command(struct sheet *p, unsigned indent, const char *tool, const char *line)
{
    fprintf(p->to, "%*s", (int)indent, "");
    put_coloured(p, COLOUR_DIM, tool);
    fprintf(p->to, "%*s%s\n", strlen(tool) < TOOL_COLUMN ? (int)(TOOL_COLUMN - strlen(tool)) : 1, "", line);
}

void sheet_hex(struct sheet *p, unsigned indent, const char *digits, size_t max)
{
    size_t n = strlen(digits), row = (p->width - indent) / 3 >= 32 ? 64 : 32;
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i += row) {
        fprintf(p->to, "%*s", (int)indent, "");
        for (size_t k = i; k < n && k < i + row; k += 2)
            fprintf(p->to, "%.2s%s", digits + k, k + 2 < n && k + 2 < i + row ? " " : "");
        fputc('\n', p->to);
    }
}
