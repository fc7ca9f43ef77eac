/* SPDX-License-Identifier: Apache-2.0
 *
 * told.h - what a dissector told (base/field.h), kept so that a test can look at it, and the rules that hold for any
 * bytes: offsets within them, children within their parents and in order, every byte in some field, text printable.
 */
#ifndef HF_TEST_TOLD_H
#define HF_TEST_TOLD_H
#include "base/field.h"

struct told_field {
    struct field f;
    char         value[FIELD_TEXT];
};
struct told {
    struct told_field *v;
    size_t             n, cap;
    size_t             wrong; /* how many say that something is missing or too much */
};

/* Dissects and checks the rules; the running test fails when one is broken. */
void told_message(struct told *t, hf_view msg, uint16_t version);
/* The same at every length, and with every byte changed; nothing is kept. A shorter message must be told as such. */
void told_hostile(hf_view msg, uint16_t version);
/* The k-th field of this name (from 0), which must be there. */
const struct told_field *told_find(const struct told *t, const char *name, size_t k);
/* It says this. */
void told_says(const struct told *t, const char *name, size_t k, const char *value);
void told_free(struct told *t);

#endif
