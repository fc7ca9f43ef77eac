/* SPDX-License-Identifier: Apache-2.0
 *
 * key_inside.h - what the files about private keys share: where a key comes from, and how it is made.
 */
#ifndef HF_CRYPTO_KEY_INSIDE_H
#define HF_CRYPTO_KEY_INSIDE_H
#include "crypto/inside.h"
#include "crypto/what.h"

/* A file's bytes, how the file is called, whom to ask for its passphrase, and where to complain. */
struct source {
    hf_view        bytes;
    const char    *called;
    hf_passphrase  ask;
    void          *ctx;
    struct report *rep;
};

enum { PASS_MAX = 1024 };
/* Asks; false: nobody to ask, or no answer, and the report says so. The caller wipes pass. */
bool source_passphrase(struct source *s, char pass[PASS_MAX]);
/* The passphrase did not open it, or (offered false) nothing would: this libcrypto lacks the algorithm. */
void *source_not_opened(struct source *s, bool offered);

/* NULL: the report of s says why. */
struct key *key_of(EVP_PKEY *take, struct source *s);
/* A key of a kind that is of no use here; always false. */
bool key_algorithm_unknown(struct source *s, const char *name);

/* Fails with the check for it. */
void *what_fail(struct source *s, enum what what);

#endif
