/* SPDX-License-Identifier: Apache-2.0
 *
 * proven.h - certificate signatures that were verified before.
 *
 * What is remembered is one fact of arithmetic: under this key, with this algorithm, this signature over these
 * bytes verifies. It depends on nothing else, so it never has to be forgotten for being wrong: dates, revocation,
 * anchors, purposes, names and policies are judged afresh on every path, warm or cold (RFC 5280 6 as a whole).
 * Only successes are remembered: a stranger can fill the table but not make it lie.
 *
 * An entry is the SHA-256 of all that sig_verify looks at. The table is bounded; the oldest entry of a bucket
 * gives way. Many threads may use one table.
 */
#ifndef HF_X509_PROVEN_H
#define HF_X509_PROVEN_H
#include "crypto/crypto.h"

struct proven;

/* A table of at least `entries` (rounded up to a power of two, 32 bytes each); NULL: no memory. */
struct proven *proven_new(size_t entries);
void           proven_free(struct proven *p);
/* As sig_judge; p may be NULL: nothing is remembered. */
enum sig_verdict   proven_judge(struct proven *p, const struct sig_how *how, const struct pubkey *k, hf_view tbs,
                                hf_view sig);
static inline bool proven_verify(struct proven *p, const struct sig_how *how, const struct pubkey *k, hf_view tbs,
                                 hf_view sig)
{
    return proven_judge(p, how, k, tbs, sig) == SIG_RIGHT;
}

#endif
