/* SPDX-License-Identifier: Apache-2.0
 * store_set.h - the options about a presence store that several processes share, and what they come to. */
#ifndef HF_PROG_STORE_SET_H
#define HF_PROG_STORE_SET_H
#include "prog/addr.h"
#include "prog/opt.h"

enum when_away { AWAY_UNSET, AWAY_FAIL_OPEN, AWAY_FAIL_CLOSED };
enum { STORE_URL = 512, STORE_TTL_MS = 15000, STORE_TTL_LEAST_MS = 500 };

struct store_set {
    const char *presence;  /* a URL, or where it is found; NULL: not given */
    unsigned    when_away; /* enum when_away */
    int64_t     ttl_ms;    /* -1: not given */
};

/* Where the store is. user and pass are secrets: text says all that may be told. */
struct store_at {
    struct addr at;
    char        text[ADDR_TEXT + 16];
    char        url[STORE_URL]; /* taken apart in place */
    const char *user, *pass;    /* NULL: none */
    unsigned    db;
};

/* Takes the options apart without looking anything up; NULL, or what is wrong (static). Not given: at.text is empty. */
const char *store_set_at(const struct store_set *s, struct store_at *out);

/* Rows for tables of options: at is the offset of the struct store_set. */
#define OPT_ROWS_STORE(at)                                                                                             \
    {"presence",                                                                                                       \
     OPT_TEXT,                                                                                                         \
     (at) + offsetof(struct store_set, presence),                                                                      \
     "URL",                                                                                                            \
     "processes that use one Redis or Valkey count together:\nredis://[[USER]:PASSWORD@]HOST:PORT[/DB]; file:F or "    \
     "env:VAR\nhides it from those who can list processes",                                                            \
     NULL,                                                                                                             \
     NULL},                                                                                                            \
        {"presence-ttl",                                                                                               \
         OPT_MS,                                                                                                       \
         (at) + offsetof(struct store_set, ttl_ms),                                                                    \
         "TIME",                                                                                                       \
         "life of a lease there: how long two places may overlap\nat worst, and a dead process holds on (15s)",        \
         NULL,                                                                                                         \
         NULL},                                                                                                        \
    {                                                                                                                  \
        "presence-when-away", OPT_CHOICE, (at) + offsetof(struct store_set, when_away), "fail-open|fail-closed",       \
            "while the store does not answer: each process counts\nfor itself, or nobody new comes in "                \
            "(fail-closed)",                                                                                           \
            NULL, NULL                                                                                                 \
    }

#endif
