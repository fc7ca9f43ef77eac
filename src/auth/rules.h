/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.h - the insides of hf_rules, shared by the files of this floor.
 *
 *   rules.c    building, sealing (the index), the public functions
 *   want.c     one value of a condition: read from text, compared
 *   judge.c    which rule decides, and why the nearest ones did not
 *
 * A rule is a list of wants. Wants of one field stand together and are alternatives; different fields must all hold.
 *
 * Invariants:
 *   1. After hf_rules_seal nothing changes but the reference count.
 *   2. The first rule in order that holds decides; none: nobody comes in.
 *   3. The index only leaves out rules that cannot hold: judging by it and judging every rule in turn give the same.
 */
#ifndef HF_AUTH_RULES_H
#define HF_AUTH_RULES_H
#include <stdatomic.h>

#include "auth/ident.h"
#include "base/limits.h"
#include "base/map.h"

enum { RULE_WORDS = LIMIT_RULES / 64 };

enum how { HOW_SAME, HOW_GLOB, HOW_NAME, HOW_NET, HOW_SPAN, HOW_DAYS, HOW_MOMENT };

struct want {
    enum field field;
    enum how   how;
    hf_view    bytes;    /* in the form of ident.h; HOW_NAME: a DER Name; HOW_NET: the address */
    unsigned   bits;     /* HOW_NET: of the prefix; HOW_DAYS: bit 0 = Sunday */
    int64_t    from, to; /* HOW_SPAN: seconds of the day, to excluded; HOW_MOMENT: from */
    char      *text;     /* as written */
};

struct rule {
    bool     allow;
    uint32_t first, n; /* wants */
    uint32_t fields;   /* a bit for each field */
    char    *where, *reason;
    char    *note; /* NULL: none */
};

struct hf_rules {
    atomic_uint   refs;
    struct mem    mem;
    struct report rep;
    struct rule  *rules;
    struct want  *wants;
    size_t        n, n_wants;
    uint32_t      fields; /* of all rules */
    struct map    index;
    uint64_t      always[RULE_WORDS]; /* rules that no index leads to */
};

/* Who asks, as rules see it. */
struct asker {
    bool                certificate; /* there is one */
    const struct ident *id;          /* its names; NULL: none, or no rule looks at them */
    hf_view             from;        /* IPv4 in 4 bytes, never mapped into IPv6 */
    const char         *sni, *listener;
    int64_t             now; /* Unix seconds */
};

/* ---- want.c ---- */
/* Reads one value of a field; NULL, or what is wrong with it (static). */
const char *want_read(struct want *w, enum field f, const char *text, struct mem *m);
bool        want_holds(const struct want *w, const struct asker *a);
uint8_t     field_sep(enum field f);

/* ---- rules.c: keys of the index ---- */
enum key_kind_of { KEY_OF_WHOLE = 1, KEY_OF_HEAD, KEY_OF_TAIL };
uint64_t rule_key(enum key_kind_of kind, enum field f, hf_view v);

/* ---- judge.c ---- */
/* Which rule decides; -1: none. */
int rules_find(const hf_rules *r, const struct asker *a);
/* The fields, a bit for each, in which the rule does not hold; 0: it holds. */
uint32_t rule_against(const hf_rules *r, const struct rule *rule, const struct asker *a);
/* What stands against it in one of these fields: "wants cn alice, found bob". Returns out. */
char *rule_against_text(const hf_rules *r, const struct rule *rule, const struct asker *a, enum field f, char *out,
                        size_t room);
void  rules_judge(const hf_rules *r, const struct asker *a, hf_ruling *out);
/* hf_rules_judge for a certificate (or a raw public key) that may not be proven: for answers to "what if". */
void rules_ask(const hf_rules *r, hf_view leaf, const hf_asker *who, hf_ruling *out);
/* The form in which it is asked; id belongs to the caller, with m. False: rep says why. */
bool asker_of(struct asker *a, struct ident *id, hf_view leaf, const hf_asker *who, struct mem *m, struct report *rep);

#endif
