/* SPDX-License-Identifier: Apache-2.0
 *
 * field.h - bytes taken apart for people: one struct field after the other, given to whoever shows them (terminal,
 * JSON, page). A field is told before the ones inside it, in the order of the bytes; nothing is kept, so that no
 * message can make the teller hold memory.
 *
 * Invariants:
 *   1. at and n lie within the bytes that were given to the dissector.
 *   2. value and means are printable UTF-8 without control characters, whatever the bytes were.
 *   3. At most LIMIT_FIELDS fields are told, the last one says that there would be more.
 */
#ifndef HF_BASE_FIELD_H
#define HF_BASE_FIELD_H
#include "handfast.h"

enum { FIELD_TEXT = 512 };

struct field {
    unsigned    depth;
    const char *name;  /* the RFC's word; static */
    size_t      at, n; /* where it stands, its own length bytes included */
    const char *value; /* what it says, "" when that is in the fields inside it; lives for the call */
    const char *means; /* in plain words, or ""; static */
    bool        wrong; /* bytes are missing or too many here: value says how */
};

struct fields {
    void (*take)(void *ctx, const struct field *f);
    void          *ctx;
    const uint8_t *base;  /* offsets count from here */
    unsigned       depth; /* of the next field */
    size_t         told;
};

/* The next field; what does not fit into FIELD_TEXT ends in "...". */
void field_put(struct fields *o, const char *name, hf_view bytes, const char *value, const char *means);
/* The same with the bytes as hex, or cut to the first 32 with their number. */
void field_hex(struct fields *o, const char *name, hf_view bytes, hf_view shown, const char *means);
/* Something is wrong at these bytes: printf-style what. */
void field_wrong(struct fields *o, const char *name, hf_view bytes, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Bytes as hex; more than 32 of them: the first 32 and how many there are. Returns the length. */
size_t field_hex_text(hf_view v, char *out, size_t room);

#endif
