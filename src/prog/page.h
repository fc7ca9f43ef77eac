/* SPDX-License-Identifier: Apache-2.0
 *
 * page.h - tales as one page of HTML: nothing is loaded from anywhere, nothing runs, and every word of a stranger is
 * escaped. What can be unfolded is details and summary: keyboard and screen reader know them.
 */
#ifndef HF_PROG_PAGE_H
#define HF_PROG_PAGE_H
#include "prog/explain.h"

struct html {
    FILE *to;
};
/* A file, or "-": standard output; then tales, one after the other; then its end, when it is known to be written. */
bool page_open(struct html *p, const char *file, struct report *rep);
void page_tale(struct html *p, const json_t *tale);
bool page_close(struct html *p, const char *file, struct report *rep);

/* ---- for the files that write it ---- */
/* Markup of our own, as it is. */
void page_raw(struct html *p, const char *markup);
/* Anything else: escaped. */
void page_text(struct html *p, const char *text);
/* printf-style, escaped as a whole. */
void page_say(struct html *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An element with text; class may be NULL. */
void page_element(struct html *p, const char *name, const char *class, const char *text);
/* Strings, truths and numbers of a tale; "" and 0 when they are not there. */
const char *tale_get(const json_t *o, const char *key);
bool        tale_yes(const json_t *o, const char *key);
long long   tale_number(const json_t *o, const char *key);

/* ---- page_seq.c: the sequence diagram ---- */
void page_sequence(struct html *p, const json_t *connection);
/* ---- page_chain.c: the chains as trees, and what was signed ---- */
void page_chain(struct html *p, const char *title, const json_t *chain);
void page_proofs(struct html *p, const json_t *proofs);

#endif
