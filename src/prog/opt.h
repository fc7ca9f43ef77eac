/* SPDX-License-Identifier: Apache-2.0
 *
 * opt.h - the command line of one command, described by one table that parses it and prints its help.
 *
 * A row that has no name is a heading. A value goes to the byte offset `at` of the caller's struct, in the
 * type that its kind says. Both `--name value` and `--name=value` are understood; nothing is abbreviated, an
 * option that is not OPT_MANY may be given once, and every complaint says what to do.
 */
#ifndef HF_PROG_OPT_H
#define HF_PROG_OPT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opt_kind {
    OPT_HEADING, /* help: the heading's text */
    OPT_FLAG,    /* bool: no value */
    OPT_TEXT,    /* const char * */
    OPT_MANY,    /* struct opt_list: may be given again */
    OPT_CHOICE,  /* unsigned: 1 for the first of arg's "a|b|c", 0 = not given */
    OPT_MS,      /* int64_t: "500ms", "30s", "5m", "1h"; a bare number is seconds */
    OPT_COUNT,   /* unsigned: 1 to 1024 */
    OPT_CALL,    /* call(into, value) -> NULL, or what is wrong with it */
    OPT_UNKNOWN  /* known elsewhere, not here: help says what to do instead; not printed by --help */
};

enum { OPT_LIST_MAX = 64 };
struct opt_list {
    const char *v[OPT_LIST_MAX];
    unsigned    n;
};

struct opt {
    const char   *name;
    enum opt_kind kind;
    size_t        at;
    const char   *arg;  /* what the help calls the value; OPT_CHOICE: the choices */
    const char   *help; /* lines separated by \n */
    const char *(*call)(void *into, const char *value);
    const char *also; /* another spelling that is understood */
};

struct command {
    const char       *name;     /* "server" */
    const char       *brief;    /* one line: what it does */
    const char       *usage;    /* behind the name */
    const char       *about;    /* a paragraph */
    const struct opt *opts;     /* ends with a row of zeros */
    const char       *examples; /* may be NULL */
    unsigned          max_args; /* values that belong to no option */
};

enum opt_result { OPT_RUN, OPT_HELPED, OPT_WRONG };
/* argv[0] is the command's name. into: filled, defaults must be in it already. args: the values that belong to no
 * option, at most max_args. OPT_HELPED: help was asked for and printed; OPT_WRONG: the complaint is on stderr. */
enum opt_result opt_parse(const struct command *c, int argc, char **argv, void *into, struct opt_list *args);
void            opt_help(const struct command *c);
/* "handfast NAME: ..." and where help is found, on stderr; always false. */
bool opt_complain(const struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "1500ms", "30s", "5m", "2h" or plain seconds; -1 when it is none of them. */
int64_t opt_duration_ms(const char *text);

#endif
