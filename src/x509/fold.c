/* SPDX-License-Identifier: Apache-2.0
 *
 * fold.c - string preparation for comparing names (RFC 5280 7.1, RFC 4518 2), the part of it that names use:
 *
 *   transcode  UTF8String; PrintableString, IA5String, NumericString, VisibleString and TeletexString as
 *              Latin-1 (what issuers put into them); BMPString and UniversalString as big-endian
 *   map        control and format characters to nothing, all white space to SPACE (RFC 4518 2.2), upper to
 *              lower case by the simple rule of the scripts below (RFC 3454 B.2 for them)
 *   insignificant spaces   none at the ends, one for each run (RFC 4518 2.6.1)
 *
 * Left out, and so different names stay different: normalisation (KC), so that a letter with a combining
 * accent is not the precomposed one; letters of scripts not in the table; the prohibited characters of 2.4.
 * Leaving out can only make equal names unequal, and equal bytes are equal before any of this is asked.
 */
#include "fold.h"

#include "base/text.h"

enum { BROKEN = 0 }; /* in place of the tag */
enum { SHARP_S = 0xdf, FINAL_SIGMA = 0x3c2 };

bool fold_is_text(uint8_t tag)
{
    switch (tag) {
    case DER_UTF8:
    case DER_NUMERIC:
    case DER_PRINTABLE:
    case DER_TELETEX:
    case DER_IA5:
    case DER_VISIBLE:
    case DER_UNIVERSAL:
    case DER_BMP:
        return true;
    default:
        return false;
    }
}

struct fold fold_start(uint8_t tag, hf_view value)
{
    return (struct fold){.p = value.p, .end = value.n ? value.p + value.n : value.p, .tag = tag};
}

/* A character of `width` bytes, big-endian. */
static bool wide(struct fold *f, unsigned width, uint32_t *cp)
{
    uint32_t v = 0;
    if ((size_t)(f->end - f->p) < width)
        return false;
    for (unsigned i = 0; i < width; i++)
        v = v << 8 | f->p[i];
    if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return false;
    *cp = v;
    f->p += width;
    return true;
}

bool text_next(struct fold *f, uint32_t *cp, bool *broken)
{
    size_t n;
    *broken = false;
    if (f->p == f->end)
        return false;
    switch (f->tag) {
    case DER_UTF8:
        if (*f->p < 0x80) {
            *cp = *f->p++;
            return true;
        }
        n = text_utf8(f->p, (size_t)(f->end - f->p), cp);
        f->p += n;
        *broken = n == 0;
        break;
    case DER_BMP:
        *broken = !wide(f, 2, cp);
        break;
    case DER_UNIVERSAL:
        *broken = !wide(f, 4, cp);
        break;
    case BROKEN:
        *broken = true;
        break;
    default:
        *cp = *f->p++;
    }
    if (*broken) { /* its bytes one by one, above all code points: equal only to the same broken bytes */
        *cp = 0x110000u | *f->p++;
        if (f->tag != DER_UTF8) /* nobody knows where the next character of two or four bytes starts */
            f->tag = BROKEN;
    }
    return true;
}

/* Ranges of upper-case letters: add `by`; alternate: only every other one from the first (pairs Aa Bb Cc). */
static const struct {
    uint16_t first, last;
    int16_t  by;
    bool     alternate;
} upper[] = {
    {0x00c0, 0x00d6, 32, false},                              /* Latin-1 */
    {0x00d8, 0x00de, 32, false},   {0x0100, 0x012e, 1, true}, /* Latin Extended-A */
    {0x0132, 0x0136, 1, true},     {0x0139, 0x0147, 1, true},   {0x014a, 0x0176, 1, true},
    {0x0178, 0x0178, -121, false}, {0x0179, 0x017d, 1, true},   {0x01cd, 0x01db, 1, true}, /* carons */
    {0x01de, 0x01ee, 1, true},     {0x01f8, 0x021e, 1, true},   {0x0222, 0x0232, 1, true},
    {0x0386, 0x0386, 38, false}, /* Greek */
    {0x0388, 0x038a, 37, false},   {0x038c, 0x038c, 64, false}, {0x038e, 0x038f, 63, false},
    {0x0391, 0x03a1, 32, false},   {0x03a3, 0x03ab, 32, false}, {0x0400, 0x040f, 80, false}, /* Cyrillic */
    {0x0410, 0x042f, 32, false},   {0x0460, 0x0480, 1, true},   {0x048a, 0x04be, 1, true},
    {0x04c1, 0x04cd, 1, true},     {0x04d0, 0x052e, 1, true},   {0x0531, 0x0556, 48, false}, /* Armenian */
    {0x1e00, 0x1e94, 1, true},                                  /* Latin Extended Additional */
    {0x1ea0, 0x1efe, 1, true},     {0xff21, 0xff3a, 32, false}, /* full width */
};

static uint32_t lower_case(uint32_t cp)
{
    if (cp < 0x80)
        return cp - 'A' < 26 ? cp + 32 : cp;
    if (cp == FINAL_SIGMA)
        return cp + 1;
    for (size_t i = 0; i < sizeof upper / sizeof upper[0] && cp >= upper[i].first; i++)
        if (cp <= upper[i].last && (!upper[i].alternate || (cp - upper[i].first) % 2 == 0))
            return (uint32_t)((int32_t)cp + upper[i].by);
    return cp;
}

static bool is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= 0x09 && cp <= 0x0d) || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
           cp == 0x3000;
}

/* RFC 4518 2.2: "mapped to nothing". */
static bool is_nothing(uint32_t cp)
{
    static const uint32_t ranges[][2] = {
        {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},   {0x6dd, 0x6dd},
        {0x70f, 0x70f},     {0x1806, 0x1806},   {0x180b, 0x180e},   {0x200b, 0x200f}, {0x202a, 0x202e},
        {0x2060, 0x2063},   {0x206a, 0x206f},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff}, {0xfff9, 0xfffc},
        {0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0] && cp >= ranges[i][0]; i++)
        if (cp <= ranges[i][1])
            return true;
    return false;
}

/* The next character that is neither space nor nothing, as it stands; notes a gap in front of it. 0: the end. */
static uint32_t solid(struct fold *f)
{
    uint32_t cp;
    bool     broken;
    while (text_next(f, &cp, &broken)) {
        if (cp > 0x20 && cp < 0x7f)
            return cp;
        if (is_space(cp))
            f->gap = true;
        else if (!is_nothing(cp))
            return cp;
    }
    return 0;
}

uint32_t fold_next(struct fold *f)
{
    uint32_t cp = f->second;
    f->second   = 0;
    if (cp)
        return cp;
    cp      = f->held ? f->held : solid(f);
    f->held = 0;
    if (cp && f->gap && f->begun) {
        f->gap  = false;
        f->held = cp;
        return ' ';
    }
    f->begun = true;
    f->gap   = false;
    if (cp == SHARP_S)
        f->second = cp = 's';
    return lower_case(cp);
}
