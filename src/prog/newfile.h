/* SPDX-License-Identifier: Apache-2.0
 *
 * newfile.h - new files that appear together or not at all, and never in place of others.
 *
 * Each is written and flushed under a temporary name beside its own, then linked under its own name, which
 * fails when that name is taken (unlike rename). Until newfiles_keep, newfiles_drop takes everything back.
 */
#ifndef HF_PROG_NEWFILE_H
#define HF_PROG_NEWFILE_H
#include <limits.h>

#include "base/why.h"

enum { NEWFILES_MAX = 4 };
struct newfiles {
    struct {
        char name[PATH_MAX], temp[PATH_MAX];
        bool placed;
    } f[NEWFILES_MAX];
    unsigned n;
};

/* Writes one more under its temporary name. mode: 0600 for keys. */
bool newfiles_add(struct newfiles *s, const char *name, const void *p, size_t n, unsigned mode, struct report *rep);
/* Puts all in place. On failure those that were placed stay until newfiles_drop. */
bool newfiles_place(struct newfiles *s, struct report *rep);
/* They stay. */
void newfiles_keep(struct newfiles *s);
/* Nothing stays. Does nothing after newfiles_keep. */
void newfiles_drop(struct newfiles *s);

#endif
