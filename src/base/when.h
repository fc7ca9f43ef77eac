/* SPDX-License-Identifier: Apache-2.0
 * when.h - dates as Unix seconds, without the C library's time zones (proleptic Gregorian, UTC). */
#ifndef HF_BASE_WHEN_H
#define HF_BASE_WHEN_H
#include "handfast.h"

struct when {
    int year, month, day, hour, minute, second;
};

/* False when no such moment exists (30 February, 24:00). Years 0 to 9999. */
bool        when_to_unix(const struct when *w, int64_t *seconds);
struct when when_of_unix(int64_t seconds);
/* RFC 3339 5.6, "2026-11-24T08:15:00Z" or with "+01:00"; no fractions of seconds. False: it is none. */
bool when_parse(const char *text, int64_t *seconds);
/* "2026-11-24T08:15:00Z"; out has at least 21 bytes. Returns out. */
char *when_text(int64_t seconds, char out[static 24]);
/* "3 days", "2 hours", "41 minutes", "5 seconds": for messages. Returns out. */
char *when_span(int64_t seconds, char out[static 32]);

#endif
