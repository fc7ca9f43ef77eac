/* SPDX-License-Identifier: Apache-2.0
 * place_set.h - the options about one certificate in one place, and what they come to. */
#ifndef HF_PROG_PLACE_SET_H
#define HF_PROG_PLACE_SET_H
#include "auth/presence.h"
#include "prog/opt.h"

enum same_by { SAME_BY_UNSET, SAME_BY_SPKI, SAME_BY_IDENTITY };

struct place_set {
    const char *one_place, *place; /* as given; NULL: not given */
    unsigned    same_by;           /* enum same_by */
    int64_t     grace_ms;          /* -1: not given */
};

/* The rule of these options; NULL: it is in out, else what is wrong with which of them (static). */
const char *place_set_rule(const struct place_set *s, struct place_rule *out);
/* The same in one text, which rules carry: "refuse prefix=24/64". */
enum { PLACE_NOTE = 48 };
void        place_note(const char *one_place, const char *place, char out[static PLACE_NOTE]);
const char *place_note_read(const char *note, struct place_rule *out);
/* "observe", "limit", "replace", "refuse" (a limit of 1): for logs. */
const char *place_mode_text(const struct place_rule *r);

/* Rows for tables of options: at is the offset of the struct place_set. */
#define OPT_ROWS_PLACE(at)                                                                                             \
    {"one-place",                                                                                                      \
     OPT_TEXT,                                                                                                         \
     (at) + offsetof(struct place_set, one_place),                                                                     \
     "observe|limit=N|replace|refuse",                                                                                 \
     "what happens when a certificate comes from a second\nplace: it is told; at most N places come in; "              \
     "the\nnewcomer "                                                                                                  \
     "wins and the old connections are closed; the\nnewcomer is refused (not looked at)",                              \
     NULL,                                                                                                             \
     NULL},                                                                                                            \
        {"place",                                                                                                      \
         OPT_TEXT,                                                                                                     \
         (at) + offsetof(struct place_set, place),                                                                     \
         "connection|address|prefix[=N/N]",                                                                            \
         "what a place is: every connection, a source address, or\na prefix of addresses, of IPv4 and of IPv6 "        \
         "(address;\nprefix is 24/64)",                                                                                \
         NULL,                                                                                                         \
         NULL},                                                                                                        \
        {"same-by",                                                                                                    \
         OPT_CHOICE,                                                                                                   \
         (at) + offsetof(struct place_set, same_by),                                                                   \
         "spki|identity",                                                                                              \
         "which certificates are the same: with one key, or with\none name, so that a renewed one is the same (spki)", \
         NULL,                                                                                                         \
         NULL},                                                                                                        \
    {                                                                                                                  \
        "place-grace", OPT_MS, (at) + offsetof(struct place_set, grace_ms), "TIME",                                    \
            "how long a newcomer that would be refused waits for a\nholder whose network is broken to be noticed (0)", \
            NULL, NULL                                                                                                 \
    }

#endif
