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
    const char *file;  /* where it came from, "" when from memory */
    unsigned    index; /* of the certificate in that file, 0 = first */
};

/* The n-th anchor in the order given. */
const struct anchor *trust_anchor(const hf_trust *t, size_t i);
/* Anchors whose subject equals name (7.1): starts with *i = 0; NULL at the end. Constant time in the number of anchors. */
const struct anchor *trust_by_name(const hf_trust *t, hf_view name, size_t *i);
const struct anchor *trust_by_key_id(const hf_trust *t, hf_view ski, size_t *i);
/* This very certificate is pinned. */
bool   trust_pinned(const hf_trust *t, hf_view der);
size_t trust_pins(const hf_trust *t);
/* The CA names to announce, as one run of DER Names, within max bytes (2 bytes of length each counted);
 * *cut: how many were left out. Lives as long as the trust. */
enum hf_hints trust_hint_mode(const hf_trust *t);
bool          trust_hint(const hf_trust *t, size_t i, hf_view *name); /* false behind the last */

#endif
