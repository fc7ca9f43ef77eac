/* SPDX-License-Identifier: Apache-2.0
 * sheet.h - text for people in a terminal: wrapped at its width, coloured where that is wanted. */
#ifndef HF_PROG_SHEET_H
#define HF_PROG_SHEET_H
#include "prog/explain.h"

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_DIM, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BLUE };

struct sheet {
    FILE    *to;
    unsigned width; /* columns */
    bool     colour;
    bool     all; /* what passed is told too, not only how much */
};

void sheet_title(struct sheet *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sheet_head(struct sheet *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sheet_line(struct sheet *p, unsigned indent, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void sheet_dim(struct sheet *p, unsigned indent, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A coloured word, then text that is wrapped under itself. */
void sheet_item(struct sheet *p, unsigned indent, const char *word, enum colour c, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* A head of fixed width, then text beside it. */
void sheet_columns(struct sheet *p, const char *head, enum colour c, const char *text);
/* A command that can be copied: never wrapped. */
void sheet_command(struct sheet *p, unsigned indent, const char *tool, const char *line);
/* Hex digits in rows, at most max of them. */
void sheet_hex(struct sheet *p, unsigned indent, const char *digits, size_t max);

#endif
