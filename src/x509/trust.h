/* SPDX-License-Identifier: Apache-2.0
 *
 * trust.h - who may vouch: anchors (with an index by name and by key identifier), pinned leaves, and the
 * CA names we announce. Mutable until the config is sealed, then read by many threads.
 */
#ifndef HF_X509_TRUST_H
#define HF_X509_TRUST_H
#include "x509/cert.h"

struct anchor {
    struct cert cert;
    const char *file;   /* where it came from, as it was called */
    unsigned    index;  /* of the certificate in that file, 0 = first */
    size_t      number; /* among the anchors: trust_anchor(t, number) is this one */
};

/* The n-th anchor in the order given; NULL behind the last. */
const struct anchor *trust_anchor(const hf_trust *t, size_t i);

/* Look-ups that cost the same with one anchor and with 10,000. An iterator starts from zero; who knows the
 * fold of the name (dn_hash) already may set key and started. */
struct trust_iter {
    uint64_t key;
    size_t   at;
    bool     started;
};
/* The next anchor whose subject equals name (RFC 5280 7.1), in the order given; NULL at the end. */
const struct anchor *trust_by_name(const hf_trust *t, hf_view name, struct trust_iter *it);
/* The next anchor with this subjectKeyIdentifier. */
const struct anchor *trust_by_key_id(const hf_trust *t, hf_view key_id, struct trust_iter *it);
/* The anchor that is this very certificate, or NULL. */
const struct anchor *trust_same(const hf_trust *t, const struct cert *c);
/* This very certificate is pinned. */
bool   trust_pinned(const hf_trust *t, hf_view der);
size_t trust_pins(const hf_trust *t);

struct key_pins;
const struct key_pins *trust_keys(const hf_trust *t); /* raw public keys; may be empty */
/* They were given before any certificate, and so are preferred. */
bool trust_keys_first(const hf_trust *t);

/* Adds one certificate as an anchor whatever it is: for test corpora whose rule that is. The DER is copied.
 * False: it does not parse (hf_trust_why is left alone), or memory is out. */
bool trust_anchor_anything(hf_trust *t, hf_view der);

/* Pins a raw public key of which no more is known than its digest: for test corpora that say no more. */
bool trust_pin_key_digest(hf_trust *t, const uint8_t sha256[32]);

struct crl_set;
const struct crl_set *trust_crls(const hf_trust *t); /* may be empty */
/* Verifies the CRLs of the anchors now, so that no connection has to wait for it. */
void trust_prove_crls(const hf_trust *t);

enum hf_hints trust_hint_mode(const hf_trust *t);
/* The i-th CA name to announce, under the mode in force, each name once; false behind the last. */
bool trust_hint(const hf_trust *t, size_t i, hf_view *name);

#endif
