/* SPDX-License-Identifier: Apache-2.0
 * place_set.c - see place_set.h. */
#include "prog/place_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { PREFIX4 = 24, PREFIX6 = 64, LIMIT_DIGITS = 4 };

/* A number of at most four digits that ends the text, or stands before `end`; -1: none. */
static int number(const char **at, char end)
{
    int v = 0, n = 0;
    for (; **at >= '0' && **at <= '9' && n < LIMIT_DIGITS; ++*at, n++)
        v = v * 10 + (**at - '0');
    return n > 0 && **at == end ? v : -1;
}

static const char *read_mode(const char *text, struct place_rule *out)
{
    if (strcmp(text, "observe") == 0)
        out->mode = PLACE_OBSERVE;
    else if (strcmp(text, "replace") == 0)
        out->mode = PLACE_REPLACE;
    else if (strcmp(text, "refuse") == 0) {
        out->mode  = PLACE_LIMIT;
        out->limit = 1;
    } else if (strncmp(text, "limit=", 6) == 0) {
        const char *at = text + 6;
        int         n  = number(&at, '\0');
        if (n < 1)
            return "one-place limit=N: N is a number from 1 to 9999";
        out->mode  = PLACE_LIMIT;
        out->limit = (unsigned)n;
    } else
        return "one-place is observe, limit=N, replace or refuse";
    return NULL;
}

static const char *read_place(const char *text, struct place_rule *out)
{
    out->bits4 = PREFIX4;
    out->bits6 = PREFIX6;
    if (!text || strcmp(text, "address") == 0)
        out->kind = PLACE_ADDRESS;
    else if (strcmp(text, "connection") == 0)
        out->kind = PLACE_CONNECTION;
    else if (strcmp(text, "prefix") == 0)
        out->kind = PLACE_PREFIX;
    else if (strncmp(text, "prefix=", 7) == 0) {
        const char *at    = text + 7;
        int         bits4 = number(&at, '/');
        int         bits6 = bits4 < 0 ? -1 : (at++, number(&at, '\0'));
        if (bits4 < 1 || bits4 > 32 || bits6 < 1 || bits6 > 128)
            return "place prefix=N/N: the bits of an IPv4 address (1 to 32) and of an IPv6 address (1 to 128)";
        out->kind  = PLACE_PREFIX;
        out->bits4 = (uint8_t)bits4;
        out->bits6 = (uint8_t)bits6;
    } else
        return "place is connection, address, prefix or prefix=24/64";
    return NULL;
}

const char *place_set_rule(const struct place_set *s, struct place_rule *out)
{
    *out = (struct place_rule){0};
    if (!s->one_place)
        return s->place || s->same_by || s->grace_ms >= 0
                   ? "--place, --same-by and --place-grace say how --one-place counts: give --one-place too"
                   : NULL;
    const char *bad = read_mode(s->one_place, out);
    return bad ? bad : read_place(s->place, out);
}

void place_note(const char *one_place, const char *place, char out[static PLACE_NOTE])
{
    text_add(out, PLACE_NOTE, 0, "%.20s %.20s", one_place, place);
}

const char *place_note_read(const char *note, struct place_rule *out)
{
    char        mode[PLACE_NOTE];
    const char *gap = strchr(note, ' ');
    *out            = (struct place_rule){0};
    if (!gap)
        return "one-place is missing";
    text_add(mode, sizeof mode, 0, "%.*s", (int)(gap - note), note);
    const char *bad = read_mode(mode, out);
    return bad ? bad : read_place(gap + 1, out);
}

const char *place_mode_text(const struct place_rule *r)
{
    return r->mode == PLACE_OBSERVE   ? "observe"
           : r->mode == PLACE_REPLACE ? "replace"
           : r->limit == 1            ? "refuse"
                                      : "limit";
}
