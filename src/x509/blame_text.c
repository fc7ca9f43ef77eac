/* SPDX-License-Identifier: Apache-2.0
 *
 * blame_text.c - the names that belong to a fault, as one short line: which certificate, from whom, and what it
 * met. Numbers stay in want and got; sentences are made at the edge.
 */
#include "walk.h"

#include <string.h>

#include "base/text.h"
#include "oid.h"

enum { ROOM = 160 };

static size_t put_dn(char *out, size_t at, hf_view name)
{
    char text[100];
    dn_text(name, text, sizeof text);
    return text_add(out, ROOM, at, "%s", text[0] ? text : "(no name)");
}

static size_t put_name(char *out, size_t at, const struct gen_name *name)
{
    char text[80];
    gen_name_text(name, text, sizeof text);
    return text_add(out, ROOM, at, "%s", text);
}

/* "anchor CN=..., certificate 2 of ca.pem", or the subject alone when the peer sent it. */
static size_t put_subject(const struct walk *w, const struct fault *f, char *out, size_t at)
{
    if (f->anchor) {
        at = text_add(out, ROOM, at, "anchor ");
        at = put_dn(out, at, f->anchor->cert.subject);
        return f->anchor->file[0]
                   ? text_add(out, ROOM, at, ", certificate %u of %s", f->anchor->index + 1, f->anchor->file)
                   : at;
    }
    return f->cert >= 0 ? put_dn(out, at, w->certs[f->cert].subject) : at;
}

static size_t put_constraint(const struct fault *f, char *out, size_t at)
{
    at = put_name(out, at, &f->name);
    if (f->bound.value.p) {
        at = text_add(out, ROOM, at, " against ");
        at = put_name(out, at, &f->bound);
    }
    at = text_add(out, ROOM, at, " of ");
    return put_dn(out, at, f->value);
}

static size_t put_san(const struct walk *w, char *out, size_t at)
{
    const struct cert *leaf = &w->certs[0];
    struct gen_name    name;
    size_t             i   = 0;
    const char        *sep = "; it is for ";
    at                     = text_add(out, ROOM, at, "wanted %s", w->how->name);
    while (at < ROOM - 40 && leaf->san.n && san_next(leaf->san, &i, &name)) {
        at  = text_add(out, ROOM, at, "%s", sep);
        at  = put_name(out, at, &name);
        sep = ", ";
    }
    return at;
}

void blame_text(const struct walk *w, const struct fault *f, char out[static 160])
{
    char   oid[64];
    size_t at = 0;
    out[0]    = '\0';
    switch (f->about) {
    case ABOUT_ISSUER:
        at = text_add(out, ROOM, at, "issuer ");
        at = put_dn(out, at, w->certs[f->cert].issuer);
        at = text_add(out, ROOM, at, " of ");
        break;
    case ABOUT_CONSTRAINT:
        put_constraint(f, out, at);
        return;
    case ABOUT_BOUND:
        at = put_name(out, at, &f->bound);
        at = text_add(out, ROOM, at, " in ");
        break;
    case ABOUT_OID:
        oid_text(f->value, oid, sizeof oid);
        at = text_add(out, ROOM, at, "%s in ", oid);
        break;
    case ABOUT_NAME:
        put_san(w, out, at);
        return;
    case ABOUT_VALUE:
        put_dn(out, at, f->value);
        return;
    case ABOUT_STATUS:
        text_add(out, ROOM, at, "%.*s", (int)f->value.n, (const char *)f->value.p);
        return;
    case ABOUT_SUBJECT:
        break;
    }
    put_subject(w, f, out, at);
}
