/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <stdarg.h>

#include "base/limits.h"
#include "base/text.h"

enum { HEX_SHOWN = 32 };

static void tell(struct fields *o, const char *name, hf_view bytes, const char *value, const char *means, bool wrong)
{
    struct field f = {.depth = o->depth, .name = name, .value = value, .means = means ? means : "", .wrong = wrong};
    if (o->told >= LIMIT_FIELDS)
        return;
    if (++o->told == LIMIT_FIELDS) {
        f.name  = "more";
        f.value = "the rest is left out here: too many fields";
        f.means = "";
        f.wrong = true;
    }
    f.at = bytes.p ? (size_t)(bytes.p - o->base) : 0;
    f.n  = bytes.n;
    o->take(o->ctx, &f);
}

void field_put(struct fields *o, const char *name, hf_view bytes, const char *value, const char *means)
{
    tell(o, name, bytes, value, means, false);
}

size_t field_hex_text(hf_view v, char *out, size_t room)
{
    size_t shown = v.n > HEX_SHOWN ? HEX_SHOWN : v.n, n;
    if (room == 0)
        return 0;
    n = text_hex(out, room, v.p, shown, 0);
    return shown < v.n ? text_add(out, room, n, "... (%zu bytes)", v.n) : n;
}

void field_hex(struct fields *o, const char *name, hf_view bytes, hf_view shown, const char *means)
{
    char text[FIELD_TEXT];
    if (field_hex_text(shown, text, sizeof text) == 0)
        text_add(text, sizeof text, 0, "empty");
    tell(o, name, bytes, text, means, false);
}

void field_wrong(struct fields *o, const char *name, hf_view bytes, const char *fmt, ...)
{
    char    text[FIELD_TEXT];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tell(o, name, bytes, text, "", true);
}
