/* SPDX-License-Identifier: Apache-2.0
 * check.h - what `handfast check` found out, shared by the file that finds out and those that print. */
#ifndef HF_PROG_CHECK_H
#define HF_PROG_CHECK_H
#include <jansson.h>

#include "prog/opt.h"
#include "prog/rules_set.h"
#include "tls/select.h"
#include "x509/valid.h"

enum check_as { AS_UNSET, AS_CLIENT, AS_SERVER };

struct check_run {
    /* asked */
    const char      *cert, *raw_key, *name, *time_text, *staple;
    struct opt_list  cacerts, pins, pin_keys, crls;
    unsigned         as, profile;
    bool             json, require_eku, only_roots;
    int64_t          now;
    struct rules_set rules; /* the server's */
    const char      *from, *sni, *listener;
    /* found */
    hf_trust          *trust;
    hf_cred           *cred;
    hf_view            response; /* of --staple */
    struct mem         mem;
    struct report      rep;
    struct valid_path  path;
    struct valid_tries tries;
    bool               accepted;
    struct wr          names; /* the CA list that a server with this trust announces */
    size_t             n_names, n_names_cut;
    hf_rules          *asked; /* NULL: none were given */
    hf_ruling          ruling;
    hf_why             remark; /* on this certificate, when it is a client's: chosen or why not */
};

/* "client-cert[1]", "anchor": how a certificate is called in what is printed. */
const char *check_role(const struct check_run *r, int cert, char out[static 32]);
void        check_print_tree(const struct check_run *r);
void        check_print_json(const struct check_run *r);
/* The chain alone: accepted, as, time, presented, anchor, considered, cause. */
json_t *check_chain_json(const struct check_run *r);
/* Gives back what judging took; the trust and the credential stay. */
void check_run_drop(struct check_run *r);

/* The certificate, or the raw public key, itself; empty when it cannot be read. */
hf_view check_leaf(const struct check_run *r);

/* ---- check_rules.c ---- */
/* Loads the rules and asks them; false: the complaint is on stderr. */
bool    check_rules_ask(struct check_run *r, hf_view leaf);
void    check_rules_print(const struct check_run *r, hf_view leaf);
json_t *check_rules_json(const struct check_run *r, hf_view leaf);

#endif
