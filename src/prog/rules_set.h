/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_set.h - the rules of a command, from its rules file and its options: the file is asked first, then each option
 * is one rule that lets in whom it names. What nobody lets in stays out.
 */
#ifndef HF_PROG_RULES_SET_H
#define HF_PROG_RULES_SET_H
#include "base/why.h"
#include "prog/opt.h"

enum { RULE_OPTS = 7 };
struct rules_set {
    const char     *file;
    struct opt_list allow[RULE_OPTS]; /* by the fields below */
    bool            all;              /* whoever has a valid certificate */
    bool            nobody_too;       /* and who has none */
};

bool rules_any(const struct rules_set *s);
/* Sealed; NULL: why says what is wrong. prefix: how the options begin, "--allow-". */
hf_rules *rules_load(const struct rules_set *s, const char *prefix, hf_why *why);

/* Adds the rules of a YAML file; false: rep names file, line and column. */
bool rules_file(hf_rules *r, const char *file, struct report *rep);

/* Rows for tables of options: at is the offset of the struct rules_set. */
#define RULES_OPT_AT(at, i) ((at) + offsetof(struct rules_set, allow) + (i) * sizeof(struct opt_list))
#define OPT_ROWS_RULES(prefix, at, who)                                                                                \
    {prefix "cn", OPT_MANY, RULES_OPT_AT(at, 0), "NAME", who " with this common name", NULL, NULL},                    \
        {prefix "ou", OPT_MANY, RULES_OPT_AT(at, 1), "NAME", "... this organizational unit", NULL, NULL},              \
        {prefix "dns", OPT_MANY, RULES_OPT_AT(at, 2), "NAME", "... this DNS name", NULL, NULL},                        \
        {prefix "uri", OPT_MANY, RULES_OPT_AT(at, 3), "URI", "... this URI, such as a SPIFFE ID", NULL, NULL},         \
        {prefix "mail", OPT_MANY, RULES_OPT_AT(at, 4), "ADDRESS", "... this mail address", NULL, NULL},                \
        {prefix "spki", OPT_MANY, RULES_OPT_AT(at, 5), "SHA256", "... the key with this digest", NULL, NULL},          \
    {                                                                                                                  \
        prefix "issuer", OPT_MANY, RULES_OPT_AT(at, 6), "DN", "... a certificate of this issuer", NULL, NULL           \
    }

#endif
