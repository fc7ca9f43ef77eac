/* SPDX-License-Identifier: Apache-2.0
 *
 * mine.h - one's own files, before any packet: what they are, whether they belong together, and what whoever judges
 * them will find.
 *
 * Invariants:
 *   1. A file is recognised by its content, and a wrong one is told by what it is.
 *   2. A certificate is judged by the library's own path validation, as the server would: under the CA files given,
 *      where they fit, and by itself where they do not.
 */
#ifndef HF_PROG_MINE_H
#define HF_PROG_MINE_H
#include "prog/check.h"
#include "prog/settings.h"

enum weight {
    WEIGHT_BLOCKS, /* it cannot be used at all */
    WEIGHT_FAULT,  /* most peers refuse it */
    WEIGHT_REMARK  /* it works with most peers */
};

enum { NOTES_MAX = 64, NOTE_TEXT = 400, NOTE_SUBJECT = 32 };
struct file_note {
    enum weight weight;
    const char *reason;
    const char *file;
    char        subject[NOTE_SUBJECT]; /* "client-cert[0]", "key-file", "trust-file", "crl" */
    char        text[NOTE_TEXT];       /* one sentence: what is wrong with which certificate */
    const char *fix;
    int         cred; /* index of the credential; -1: of the trust files */
};

struct own_cred {
    const char      *cert, *key;
    hf_cred         *cred;   /* owned by the configuration that is made of it; here: to look at */
    bool             usable; /* it can be presented, whatever else is wrong with it */
    struct check_run judged; /* as the server would judge it */
    bool             fits; /* the CA files given lead to it: judged says what the server will find, if it trusts them */
};

struct mine {
    struct own_cred        creds[CREDS_MAX];
    unsigned               n_creds;
    hf_trust              *trust;   /* CA files given, or the system's store */
    const char            *against; /* its name for people */
    bool                   trust_given;
    const struct opt_list *crls; /* files that were given, and are loaded in trust */
    int64_t                now;
    struct file_note       notes[NOTES_MAX];
    unsigned               n_notes;
};

/* Reads and judges all files of the settings. False: memory is out. */
bool mine_load(struct mine *o, const struct settings *s, int64_t now);
void mine_free(struct mine *o);
/* A fresh copy of the i-th credential, to be given to a configuration: presented when it fits the server's request,
 * and when none does, all the same. */
hf_cred *mine_cred_again(const struct settings *s, unsigned i);
/* The same with what is missing behind it, as far as the trust holds it; NULL: nothing is missing, or not known. */
hf_cred *mine_cred_completed(const struct mine *o, unsigned i);
/* The worst note about a credential (-1: about the trust files) that weighs at least as much; NULL: none. */
const struct file_note *mine_worst(const struct mine *o, int cred, enum weight at_least);

struct file_note *mine_note(struct mine *o, enum weight w, const char *reason, int cred, const char *subject,
                            const char *file);

/* ---- mine_trust.c ---- */
void mine_load_trust(struct mine *o, const struct settings *s);
/* ---- mine_chain.c ---- */
void mine_judge(struct mine *o, unsigned i);
/* Judges a chain under o->trust into r: as client or server certificate; name may be NULL. */
void mine_run(const struct mine *o, struct check_run *r, enum check_as as, const hf_view *chain, size_t n,
              const char *name);
/* The CA certificate in the trust that issued this one and is no root: what should have been sent. NULL: none. */
const struct anchor *mine_link(const struct mine *o, const struct cert *child);

#endif
