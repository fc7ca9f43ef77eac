/* SPDX-License-Identifier: Apache-2.0
 *
 * valid.h - path building and validation (RFC 5280 6): from the certificates a peer presented to an anchor.
 */
#ifndef HF_X509_VALID_H
#define HF_X509_VALID_H
#include "x509/trust.h"

enum purpose { FOR_CLIENT_AUTH = 1, FOR_SERVER_AUTH = 2 }; /* what the leaf is to be used for */
enum profile { PROFILE_PRIVATE, PROFILE_WEB };

struct proven;
struct valid_tries;

/* Zero is a valid state but for trust, purpose and now. */
struct valid_how {
    const hf_trust     *trust;
    enum purpose        purpose;
    enum profile        profile;
    const char         *name;        /* FOR_SERVER_AUTH: host or IP the leaf must be for; NULL: not checked */
    int64_t             now;         /* Unix seconds */
    bool                require_eku; /* a leaf without EKU is refused too */
    bool                only_roots;  /* a path may end only in a self-signed anchor */
    unsigned            max_path;    /* certificates of a path, leaf and anchor included; 0: PATH_MAX_CERTS */
    const hf_view      *policies;    /* acceptable certificate policies (OID contents); none: any */
    size_t              n_policies;
    bool                explicit_policy; /* the path must be valid for one of them (RFC 5280 6.1.1 (e)) */
    struct proven      *proven;          /* signatures verified before; NULL: none are remembered */
    hf_view             staple;          /* the leaf's OCSP response, as the peer stapled it; empty: none */
    bool                staple_asked;    /* we offered or asked for status_request: a staple could have been sent */
    bool                staple_needed;   /* a leaf without staple is refused */
    struct valid_tries *tries;           /* filled with every candidate that was turned down; NULL: not wanted */
};

enum {
    PATH_MAX_CERTS = 32,
    POOL_MAX_CERTS = 128,           /* presented certificates that are looked at */
    CERT_ANCHOR    = HF_CERT_ANCHOR /* in place of an index: the certificate is an anchor */
};

/* The accepted path, leaf first, anchor last; views into the presented bytes and the trust. */
struct valid_path {
    struct cert *certs; /* the presented ones, parsed: certs[0] is the leaf; one that does not parse has version 0;
                           owned by the m given to valid_chain */
    size_t       n_certs;
    const struct anchor *anchor;                /* NULL: the leaf was pinned; it may be the leaf itself, a CA */
    uint8_t              order[PATH_MAX_CERTS]; /* indexes into certs, leaf first */
    size_t               n_order;
};

/* Which names belong to a fault beside its certificate's: blame_text.c makes hf_why.text of them. */
enum about {
    ABOUT_SUBJECT,
    ABOUT_ISSUER,
    ABOUT_CONSTRAINT,
    ABOUT_BOUND,
    ABOUT_OID,
    ABOUT_NAME,
    ABOUT_VALUE,
    ABOUT_STATUS
};

/* One check that did not hold, while others may still be tried: the values for hf_why, and what its text is made of. */
struct fault {
    enum check           check; /* CHECK_NONE: none */
    int                  cert;  /* presented index, -1 or CERT_ANCHOR */
    const struct anchor *anchor;
    uint32_t             offset;
    int64_t              want, got;
    bool                 circle; /* the issuers found stand in the path already */
    enum about           about;
    struct gen_name      name, bound; /* ABOUT_CONSTRAINT: a name, and the constraint it meets; ABOUT_BOUND: bound */
    hf_view              value;       /* ABOUT_OID: an OID's contents; ABOUT_CONSTRAINT, ABOUT_VALUE: a Name;
                                     ABOUT_STATUS: text */
};

/* A candidate issuer that was turned down, or the end of a path that reached no anchor. */
struct valid_try {
    struct fault         fault;
    int                  child;  /* whose issuer was looked for */
    int                  issuer; /* presented index of the candidate, CERT_ANCHOR, or -1: there was none */
    const struct anchor *anchor; /* the candidate when it is an anchor */
    int                  proven; /* 1: its key did sign the child; -1: it did not; 0: not looked at */
    uint8_t              order[PATH_MAX_CERTS];
    size_t               n_order; /* the path so far, child last */
};
enum { TRIES_MAX = 32 };
struct valid_tries {
    size_t           n;
    struct valid_try at[TRIES_MAX];
};

/* chain: DER certificates as presented, leaf first. True: path holds the accepted path. False: rep names the
 * check, the certificate (its index in chain) and the byte; path->certs still holds what could be parsed.
 * Findings go to rep when it keeps them. Memory comes from m (valid_path_free). */
bool valid_chain(const struct valid_how *how, const hf_view *chain, size_t n, struct mem *m, struct valid_path *path,
                 struct report *rep);
/* The same of a raw public key (RFC 7250): it is pinned, or nobody knows whose it is. path->certs[0] has it, bare. */
bool valid_key(const struct valid_how *how, hf_view spki, struct mem *m, struct valid_path *path, struct report *rep);
/* Either, by what the bytes are. */
bool valid_shown(const struct valid_how *how, const hf_view *chain, size_t n, struct mem *m, struct valid_path *path,
                 struct report *rep);
void valid_path_free(struct valid_path *path, struct mem *m);

#endif
