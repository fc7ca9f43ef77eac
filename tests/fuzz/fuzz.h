/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz.h - what the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput; libFuzzer's main or the
 * plain one of main.c calls it. What must always hold is said with `always`, which stops the program in both.
 */
#ifndef HF_FUZZ_H
#define HF_FUZZ_H
#include <stdio.h>
#include <stdlib.h>

#include "base/why.h"
#include "x509/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The time of all targets; the certificates of pki/ are valid then. */
#define FUZZ_NOW    1800000000LL
#define FUZZ_NOW_MS (FUZZ_NOW * 1000)

#define always(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: this must hold: %s\n", __FILE__, __LINE__, #condition);                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The last lines of every reader's target: a refusal has a name, and its text can be written. */
void fuzz_judge(const struct report *rep, bool accepted);
/* A file of tests/fuzz/pki; lives as long as the program. */
const char *fuzz_file(const char *name);
/* The client of pki/ and the CA that issued it; once in a program. */
void fuzz_client(struct cert *leaf, struct cert *ca);

#endif
