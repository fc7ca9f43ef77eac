/* SPDX-License-Identifier: Apache-2.0
 *
 * diary.h - the traces of refused connections that `handfast server --explain FILE` keeps: one tale (doc/explain.md)
 * a line, the last N of them, for `handfast explain --trace FILE`.
 *
 * Invariants:
 *   1. A line is written whole; the file never holds more than twice N of them.
 *   2. At most DIARY_A_SECOND tales are made in a second: who is refused often cannot make us write for ever.
 */
#ifndef HF_PROG_DIARY_H
#define HF_PROG_DIARY_H
#include "base/why.h"
#include "prog/refused.h"
#include "prog/story.h"

enum { DIARY_KEEP = 100, DIARY_A_SECOND = 20 };

/* Before the first connection. "-": standard output, where nothing is ever removed. */
bool diary_open(const char *file, unsigned keep, struct report *rep);
/* A connection that was refused; does nothing when no diary is open. */
void diary_keep(const struct story *s, const hf_conn *c, const hf_why *why, const struct refused *r);

#endif
