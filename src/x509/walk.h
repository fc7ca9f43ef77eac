/* SPDX-License-Identifier: Apache-2.0
 *
 * walk.h - the search for a path, shared by the files that make it: path.c walks, judge.c judges one
 * certificate, nc.c and policy.c what a certificate demands of those below it, blame.c chooses the explanation.
 */
#ifndef HF_X509_WALK_H
#define HF_X509_WALK_H
#include "x509/valid.h"

/* A certificate being judged. A check that does not hold goes to fault (the first one stays); one that holds
 * is noted when somebody listens. */
struct trial {
    struct fault         fault;
    int                  cert;
    const struct anchor *anchor;    /* the certificate, when it is one */
    struct report       *tell;      /* gets the findings; NULL while searching */
    bool                 unreached; /* nothing is judged: every check is noted as not reached */
};

/* A signature that was checked: no pair is checked twice. */
struct seal {
    int16_t  child;
    int16_t  issuer; /* presented index, or CERT_ANCHOR */
    uint32_t anchor; /* its number */
    bool     good;
};

enum { SEALS_MAX = 128, STATUS_TEXTS = 4 };

struct walk {
    const struct valid_how *how;
    const struct cert      *certs;
    size_t                  n_certs;
    uint64_t               *subjects; /* dn_hash of each subject */
    uint8_t                 order[PATH_MAX_CERTS];
    size_t                  n_order;
    const struct anchor    *anchor;
    struct seal             seals[SEALS_MAX];
    unsigned                n_seals, work, max_work; /* of signatures: what a usual one costs is 1 */
    unsigned                steps;                   /* candidates looked at */
    unsigned                comparisons;             /* of names with constraints */
    struct fault            spent;                   /* a budget ran out: the search is over */
    struct valid_tries     *tries;
    char                    status_text[STATUS_TEXTS][160]; /* of the first paths that were not */
    unsigned                n_texts;
};

/* ---- judge.c ---- */
bool judge(struct trial *t, bool ok, enum check id, size_t offset, int64_t want, int64_t got);
/* The leaf by itself: extensions, key, dates, usage. */
bool judge_leaf(const struct valid_how *how, const struct cert *leaf, struct trial *t);
/* Its key: of a kind and size that we take. */
bool judge_key(const struct cert *c, struct trial *t);
/* May c stand above the path w->order: everything but the signature. */
bool judge_issuer(struct walk *w, const struct cert *c, struct trial *t);
/* The name the leaf must be for. */
bool judge_name(const struct valid_how *how, const struct cert *leaf, struct trial *t);

/* ---- lint.c ---- */
/* judge() under the web profile; under the private one a remark. */
bool lint(const struct valid_how *how, struct trial *t, bool ok, enum check id, size_t offset, int64_t want,
          int64_t got);
bool lint_leaf(const struct valid_how *how, const struct cert *c, struct trial *t);
bool lint_issuer(const struct valid_how *how, const struct cert *c, struct trial *t);

/* ---- path.c ---- */
/* From the leaf (w->order holds it) to an anchor; false: w->tries and w->spent say why not. */
bool path_climb(struct walk *w);
/* Is the top of the path signed by this candidate, in a way that we accept. */
bool path_judge_signed(struct walk *w, int issuer, const struct anchor *a, struct trial *t);

/* ---- status.c ---- */
/* Is no certificate of the path below the anchor revoked, as far as it must be known. */
bool status_judge(struct walk *w, const struct anchor *a, struct trial *t);

/* ---- blame.c ---- */
/* The best explanation of a search that found nothing: the one fault to report, and the path it belongs to
 * (NULL: none). */
struct fault blame(struct walk *w, const struct valid_try **best);
/* ---- blame_text.c ---- */
/* The names that belong to a fault, for hf_why.text. */
void blame_text(const struct walk *w, const struct fault *f, char out[static 160]);

#endif
