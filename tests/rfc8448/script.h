/* SPDX-License-Identifier: Apache-2.0
 *
 * script.h - a trace of RFC 8448 as data: steps in order, each with its named values
 * (tests/data/rfc8448, made by tools/rfc8448-data).
 */
#ifndef HF_TEST_SCRIPT_H
#define HF_TEST_SCRIPT_H
#include "handfast.h"

enum who { CLIENT, SERVER };
enum { STEP_VALUES = 8 };

struct step {
    enum who    who;
    bool        same; /* the other side has done it before, with the same result */
    const char *what; /* "derive secret "tls13 c hs traffic"" */
    size_t      n;
    struct {
        const char *name;
        hf_view     v;
    } value[STEP_VALUES];
};

struct script {
    struct step *step;
    size_t       n;
    char        *text;
    uint8_t     *bytes;
};

/* Fails the running test when the file cannot be read or is not a script. */
struct script *script_read(const char *name);
void           script_free(struct script *s);
/* A value that must be there. */
hf_view step_value(const struct step *s, const char *name);
bool    step_has(const struct step *s, const char *name);
bool    step_is(const struct step *s, const char *start); /* what begins with start */
/* The k-th step (from 0) of this kind with values. */
const struct step *script_find(const struct script *s, enum who who, const char *start, size_t k);

#endif
