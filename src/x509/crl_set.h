/* SPDX-License-Identifier: Apache-2.0
 *
 * crl_set.h - the CRLs of a trust, found by issuer, and what they say about a certificate (RFC 5280 6.3).
 * Filled until the config is sealed, then read by many threads. crl_set.c loads, crl_check.c judges.
 */
#ifndef HF_X509_CRL_SET_H
#define HF_X509_CRL_SET_H
#include "base/map.h"
#include "crl.h"
#include "proven.h"
#include "trust.h"

enum { REVOCATION_CHECKS = 1900 }; /* 1900 to 1999: what a report may say of CRLs and OCSP responses itself */

struct crl_rule {
    hf_view            issuer; /* DER of the Name, owned */
    enum hf_crl_policy policy;
};

/* Zero is an empty set. All memory comes from the mem given to the calls that add. */
struct crl_set {
    struct crl       **all;
    size_t             n, room;
    struct map         by_issuer; /* dn_hash of the issuer */
    char             **files;
    size_t             n_files, room_files;
    struct crl_rule   *rules;
    size_t             n_rules, room_rules;
    bool               has_rest;
    enum hf_crl_policy rest; /* for issuers without a rule, when has_rest */
};

/* A file or every file of a folder: PEM or DER, one or more CRLs in each. False: rep says why, with the file. */
bool crl_set_file(struct crl_set *s, const char *path, struct mem *m, struct report *rep);
bool crl_set_bytes(struct crl_set *s, hf_view pem_or_der, const char *called, struct mem *m, struct report *rep);
/* For certificates of this issuer (a DER Name); empty: for all that have no rule of their own. */
bool crl_set_policy(struct crl_set *s, hf_view issuer, enum hf_crl_policy p, struct mem *m, struct report *rep);
void crl_set_free(struct crl_set *s, struct mem *m);
/* All that decides about a certificate: equal sets in equal order have equal digests. */
void crl_set_digest(const struct crl_set *s, struct hash *h);
/* The policy in force: OFF while there is neither a CRL nor a rule, REQUIRED from the first CRL on. */
enum hf_crl_policy crl_set_policy_of(const struct crl_set *s, hf_view issuer);

enum { CRL_TOLERANCE = 300 }; /* seconds that thisUpdate may lie ahead */

struct crl_how {
    const struct crl_set *set;
    int64_t               now;
    bool                  known;  /* an OCSP response has said that it is good: a CRL may be missing */
    bool                  strict; /* what only CAs must care for refuses a CRL too */

    /* Where another key of the issuer's name may be found (crl_signer.c); all may be absent. */
    const hf_trust    *trust;
    const struct cert *presented; /* the leaf first */
    size_t             n_presented;
    const struct cert *above;  /* the issuer's issuer in the path; NULL: the issuer is the anchor */
    struct proven     *proven; /* signatures verified before */
};

/* One certificate, whose issuer's certificate was proven, against the CRLs of that issuer. True: it is not revoked, as
 * far as the policy wants to know. False: rep says which
 * check, at which byte of the CRL. rep->cert is the caller's. */
bool crl_check(const struct crl_how *how, const struct cert *c, const struct cert *issuer, struct report *rep);
/* A CRL that counts lists it, whatever else is known. */
bool crl_revokes(const struct crl_how *how, const struct cert *c, const struct cert *issuer);

/* ---- crl_signer.c ---- */
/* Its keyUsage, if there, has cRLSign. */
bool crl_may_sign(const struct cert *c);
/* The CRL is signed with another key that the CA has under the issuer's name. */
bool crl_signer_find(const struct crl_how *how, struct crl *crl, const struct cert *issuer);

#endif
