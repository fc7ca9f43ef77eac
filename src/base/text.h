/* SPDX-License-Identifier: Apache-2.0
 * text.h - bytes from strangers made safe for a terminal and a log; small helpers for names and hex. */
#ifndef HF_BASE_TEXT_H
#define HF_BASE_TEXT_H
#include "handfast.h"

/* Copies n bytes as UTF-8 text, always NUL-terminated when room > 0: control characters, broken UTF-8 and
 * what could steer a terminal (bidi controls too) become \xHH; what does not fit ends in "...". Returns the
 * length written. */
size_t text_printable(char *out, size_t room, const void *p, size_t n);
/* The length of the UTF-8 character at p (n >= 1 bytes are there) and its code point; 0 when it is broken. */
size_t text_utf8(const uint8_t *p, size_t n, uint32_t *cp);
/* Writes a code point as UTF-8 and returns its length, 1 to 4. */
size_t text_put(char out[static 4], uint32_t cp);
/* What moves a cursor, hides or reverses text, or is no character at all. */
bool text_steers(uint32_t cp);
/* Lower-case hex; sep 0 or a character between bytes. Always terminated; returns the length written. */
size_t text_hex(char *out, size_t room, const uint8_t *p, size_t n, char sep);
/* Appends printf-style within room; at is the length so far; returns the new length (< room). */
size_t text_add(char *out, size_t room, size_t at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* ASCII case folded comparison. */
bool text_same(const void *a, const void *b, size_t n);
bool view_equal(hf_view a, hf_view b);

#endif
