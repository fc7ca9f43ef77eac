/* SPDX-License-Identifier: Apache-2.0
 *
 * page.h - tales as one page of HTML: nothing is loaded from anywhere, nothing runs, and every word of a stranger is
 * escaped. What can be unfolded is details and summary: keyboard and screen reader know them.
 */
#ifndef HF_PROG_PAGE_H
#define HF_PROG_PAGE_H
#include "prog/explain.h"

/* Writes tales (an array of them) to a file, "-": standard output. */
bool page_write(const char *file, const json_t *tales, struct report *rep);

/* ---- for the files that write it ---- */
struct html {
    FILE *to;
};
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
