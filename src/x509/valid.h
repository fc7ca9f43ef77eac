/* SPDX-License-Identifier: Apache-2.0
 *
 * valid.h - path building and validation (RFC 5280 6): from the certificates a peer presented to an anchor.
 */
#ifndef HF_X509_VALID_H
#define HF_X509_VALID_H
#include "x509/trust.h"

enum purpose { FOR_CLIENT_AUTH = 1, FOR_SERVER_AUTH = 2 }; /* what the leaf is to be used for */
enum profile { PROFILE_PRIVATE, PROFILE_WEB };

struct valid_how {
    const hf_trust *trust;
    enum purpose    purpose;
    enum profile    profile;
    const char     *name;        /* FOR_SERVER_AUTH: host or IP the leaf must be for; NULL: not checked */
    int64_t         now;         /* Unix seconds */
    bool            require_eku; /* a leaf without EKU is refused too */
};

enum { PATH_MAX_CERTS = 32 };
/* The accepted path, leaf first, anchor last; views into the presented bytes and the trust. */
struct valid_path {
    struct cert         *certs; /* the presented ones, parsed: certs[0] is the leaf; owned by m given to valid_chain */
    size_t               n_certs;
    const struct anchor *anchor;                /* NULL: the leaf was pinned */
    uint8_t              order[PATH_MAX_CERTS]; /* indexes into certs, leaf first */
    size_t               n_order;
};

/* chain: DER certificates as presented, leaf first. True: path holds the accepted path. False: rep names the
 * check, the certificate (its index in chain) and the byte; path->certs still holds what could be parsed.
 * Findings go to rep when it keeps them. Memory comes from m (valid_path_free). */
bool valid_chain(const struct valid_how *how, const hf_view *chain, size_t n, struct mem *m, struct valid_path *path,
                 struct report *rep);
void valid_path_free(struct valid_path *path, struct mem *m);

#endif
