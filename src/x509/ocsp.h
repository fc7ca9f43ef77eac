/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp.h - OCSP responses (RFC 6960), as they come stapled to a handshake. Nothing here asks a responder.
 * ocsp.c reads a response, ocsp_check.c judges it.
 */
#ifndef HF_X509_OCSP_H
#define HF_X509_OCSP_H
#include "x509/crl_set.h"
#include "x509/der.h"
#include "x509/proven.h"

enum ocsp_answer { ANSWER_GOOD, ANSWER_REVOKED, ANSWER_UNKNOWN };

/* A SingleResponse (4.2.1). */
struct ocsp_single {
    enum hash_alg    hash; /* of the CertID; HASH_NONE: one we do not know */
    hf_view          name_hash, key_hash, serial;
    enum ocsp_answer answer;
    int64_t          revoked_at;
    int              reason; /* enum crl_reason */
    int64_t          this_update;
    int64_t          next_update; /* INT64_MAX: not said */
    uint32_t         at;          /* offset in the response */
};

/* A successful response of type id-pkix-ocsp-basic; views into its DER. */
struct ocsp {
    hf_view        der, tbs;
    hf_view        by_name, by_key; /* the responder: DER of a Name, or SHA-1 of its key; one is empty */
    int64_t        produced_at;
    hf_view        singles; /* contents of responses */
    hf_view        nonce;   /* value, empty: none */
    struct sig_how sig;
    hf_view        sig_alg, sig_bits;
    hf_view        certs; /* contents of certs */
};

/* Strict; every part is read. rep: which check, at which byte. */
bool ocsp_parse(struct ocsp *o, hf_view der, struct report *rep);
/* The next SingleResponse of r. */
struct ocsp_single ocsp_single_read(struct rd *r);

struct ocsp_how {
    const struct cert    *cert, *issuer; /* whose status it is to be, and who issued it: proven */
    const struct crl_set *crls;          /* for the certificate of a delegated responder; NULL: none */
    struct proven        *proven;        /* signatures verified before; NULL: none are remembered */
    hf_view               nonce;         /* that was asked for; empty: none was */
    int64_t               now;
};

enum {
    OCSP_TOLERANCE = 300,  /* seconds that the responder's clock may be ahead or behind */
    OCSP_MAX_AGE   = 86400 /* seconds that a response without nextUpdate is believed */
};

/* True: the response says that the certificate is good. False: rep says which check
 * failed, at which byte of the response. rep->cert is the caller's. */
bool ocsp_check(const struct ocsp_how *how, hf_view response, struct report *rep);

/* When what the response says about this serial number holds, Unix seconds, both inclusive: nothing else is judged.
 * False: it says nothing about it, or cannot be read. */
bool ocsp_window(const struct cert *cert, hf_view response, int64_t *from, int64_t *until);

#endif
