/* SPDX-License-Identifier: Apache-2.0
 *
 * crl.h - one certificate revocation list (RFC 5280 5) as views into its DER, with an index over its serial
 * numbers. What a set of them says about a certificate is in crl_set.h.
 *
 * crl.c reads the list and its extensions, crl_index.c its entries, crl_scope.c which certificates it covers.
 */
#ifndef HF_X509_CRL_H
#define HF_X509_CRL_H
#include "x509/cert.h"

/* Sets of revocation reasons: bit n of ReasonFlags (4.2.1.13) is 1 << n. Bit 0 is unused. */
enum { REASONS_ALL = 0x1fe };

/* CRLReason (5.3.1). */
enum crl_reason { REASON_UNSPECIFIED = 0, REASON_CERTIFICATE_HOLD = 6, REASON_REMOVE_FROM_CRL = 8, REASON_MAX = 10 };
/* "keyCompromise"; "unspecified" for what has no name; static. */
const char *crl_reason_name(int reason);

/* A DistributionPointName: empty, GeneralNames, or what to append to the issuer's name. */
struct point_name {
    hf_view full;     /* [0], header included, for san_next */
    hf_view relative; /* contents of [1], a RelativeDistinguishedName */
};

/* The issuingDistributionPoint (5.2.5), or what its absence means. */
struct crl_scope {
    bool              there;
    bool              only_users, only_cas, only_attributes;
    unsigned          reasons; /* REASONS_ALL unless onlySomeReasons says otherwise */
    struct point_name point;
    hf_view           whole; /* the extension's value */
};

/* That the signature does (or does not) verify with a key, remembered: hashing a list of a million entries takes
 * tens of milliseconds. Filled by whichever thread comes first, never changed after. */
enum crl_proof_state { PROOF_FREE, PROOF_BUSY, PROOF_GOOD, PROOF_BAD };
struct crl_proof {
    _Atomic unsigned state; /* enum crl_proof_state */
    uint8_t          spki_sha256[32];
};
enum { CRL_PROOFS = 4 };

struct crl_entry {
    hf_view  serial; /* INTEGER contents */
    int64_t  revoked_at;
    int      reason; /* enum crl_reason */
    uint32_t at;     /* offset of the entry in the CRL */
};

struct crl {
    hf_view          der, tbs;
    hf_view          issuer; /* DER of the Name */
    int64_t          this_update, next_update;
    uint32_t         this_update_at, next_update_at;
    struct sig_how   sig;
    hf_view          sig_alg, sig_bits;
    hf_view          number;       /* cRLNumber, without leading zeros; empty: none */
    enum check       number_fault; /* what is wrong with it */
    hf_view          aki;          /* keyIdentifier, may be empty */
    struct crl_scope scope;
    hf_view          entries; /* contents of revokedCertificates */
    size_t           n_entries;
    uint8_t          sha256[32]; /* of der */
    uint32_t        *slots;      /* crl_index.c */
    size_t           n_slots;
    const char      *file;  /* what it was read from, as it was called */
    unsigned         index; /* in that file, 0 = first */
    struct crl_proof proofs[CRL_PROOFS];
};

/* Reads all but the entries. rep: which check, at which byte of der. c starts from zero. */
bool crl_parse(struct crl *c, hf_view der, struct report *rep);
/* Reads every entry of a parsed CRL and makes the index (mem_free(m, c->slots) gives it back). */
bool crl_index(struct crl *c, struct mem *m, struct report *rep);
/* The entry with this serial number; false: there is none. */
bool crl_find(const struct crl *c, hf_view serial, struct crl_entry *out);
/* For which reasons this CRL tells whether x, issued under the CRL's name, is revoked: a part of REASONS_ALL. */
unsigned crl_covers(const struct crl *c, const struct cert *x);
/* a has the same issuer key and scope as b, and replaces it. */
bool crl_newer(const struct crl *a, const struct crl *b);
/* Is it signed with the issuer's key: verified once per key. */
enum sig_verdict crl_signed_by(struct crl *c, const struct cert *issuer);

#endif
