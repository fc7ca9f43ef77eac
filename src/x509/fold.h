/* SPDX-License-Identifier: Apache-2.0
 *
 * fold.h - an attribute value or other text as a run of code points prepared for comparison (RFC 4518).
 */
#ifndef HF_X509_FOLD_H
#define HF_X509_FOLD_H
#include "x509/der.h"

struct fold {
    const uint8_t *p, *end;
    uint8_t        tag;
    bool           begun, gap; /* a character was given; white space was seen since */
    uint32_t       held;       /* read, but a space is to be given first; 0 = none */
    uint32_t       second;     /* the other half of a character that folds to two; 0 = none */
};

/* The tag is one of the string types that are text. */
bool        fold_is_text(uint8_t tag);
struct fold fold_start(uint8_t tag, hf_view value);
/* The next code point: lower case, runs of white space as one space, none at the ends; 0 at the end. */
uint32_t fold_next(struct fold *f);
/* The next code point as it stands, for printing; false at the end. *broken: these bytes are no character. */
bool text_next(struct fold *f, uint32_t *cp, bool *broken);

#endif
