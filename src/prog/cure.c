/* SPDX-License-Identifier: Apache-2.0
 *
 * cure.c - cures.def as tables, with the names of this case put in.
 */
#include <string.h>

#include "base/text.h"
#include "prog/verdict.h"

struct cure {
    const char *reason, *says, *fix, *reader;
};
struct line {
    const char *reason, *tool, *text;
};

static const struct cure cures[] = {
#define CURE(reason, says, fix, reader) {reason, says, fix, reader},
#define LINE(reason, tool, text)
#include "cures.def"
#undef CURE
#undef LINE
};
static const struct line lines[] = {
#define CURE(reason, says, fix, reader)
#define LINE(reason, tool, text) {reason, tool, text},
#include "cures.def"
#undef CURE
#undef LINE
};
enum { N_CURES = sizeof cures / sizeof cures[0], N_LINES = sizeof lines / sizeof lines[0] };

/* ---- names of this case -------------------------------------------------------------------------------- */

/* The issuer that the verdict speaks of, or that the server names, or that of our leaf. */
static void issuer_of(const struct facts *f, const struct verdict *v, char *out, size_t room)
{
    hf_view name;
    size_t  at    = 0;
    bool    named = f->n_ca_names && list_next(f->ca_names, 2, &at, &name);
    if (strcmp(v->reason, "no-credential") == 0 && named)
        dn_text(name, out, room);
    else if (v->about[0])
        text_add(out, room, 0, "%s", v->about);
    else if (f->cred >= 0 && f->own->creds[f->cred].cred && f->own->creds[f->cred].cred->n)
        dn_text(f->own->creds[f->cred].cred->cert[0].issuer, out, room);
    else
        text_add(out, room, 0, "a CA that the server trusts");
}

static const char *value_of(const struct facts *f, const char *word, size_t n, const char *issuer)
{
    const struct own_cred *c = f->cred >= 0 ? &f->own->creds[f->cred] : NULL;
    const struct {
        const char *word, *value;
    } words[] = {{"{host}", f->host},
                 {"{port}", f->port},
                 {"{name}", f->name ? f->name : f->host},
                 {"{path}", f->set->path},
                 {"{issuer}", issuer},
                 {"{cert}", c ? c->cert : "client.pem"},
                 {"{key}", c && c->key ? c->key : "client.key"},
                 {"{cacert}", f->set->cacerts.n ? f->set->cacerts.v[0] : "ca.pem"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].word) == n && memcmp(words[i].word, word, n) == 0)
            return words[i].value;
    return NULL;
}

static void fill(const struct facts *f, const struct verdict *v, const char *from, char *out, size_t room)
{
    char   issuer[200] = "";
    size_t at          = 0;
    issuer_of(f, v, issuer, sizeof issuer);
    out[0] = '\0';
    while (*from && at + 1 < room) {
        const char *end   = *from == '{' ? strchr(from, '}') : NULL;
        const char *value = end ? value_of(f, from, (size_t)(end - from) + 1, issuer) : NULL;
        at                = text_add(out, room, at, "%.*s", value ? 0 : 1, from);
        at                = text_add(out, room, at, "%s", value ? value : "");
        from              = value ? end + 1 : from + 1;
    }
}

/* ---- the tables ---------------------------------------------------------------------------------------- */

/* A cure of the server's own chain is another one than that of ours. */
static bool is_for(const char *reason, const struct verdict *v)
{
    bool server = strncmp(reason, "server:", 7) == 0;
    return server == !v->own && strcmp(server ? reason + 7 : reason, v->reason) == 0;
}

static const struct cure *cure_of(const struct verdict *v)
{
    const struct cure *found = NULL;
    for (size_t i = 0; i < N_CURES; i++)
        if (is_for(cures[i].reason, v) || (!found && strcmp(cures[i].reason, v->reason) == 0))
            found = &cures[i];
    return found;
}

void cure_sentences(const struct facts *f, struct verdict *v)
{
    const struct cure *c = cure_of(v);
    if (!c)
        return;
    if (!v->says[0])
        fill(f, v, c->says, v->says, sizeof v->says);
    if (!v->fix[0])
        fill(f, v, c->fix, v->fix, sizeof v->fix);
    if (v->fault != FAULT_CLIENT && !v->reader[0])
        fill(f, v, c->reader, v->reader, sizeof v->reader);
}

/* The server at hand may be this program, by what it says of itself or by its library. */
static bool is_likely(const struct facts *f, const struct verdict *v, const char *tool)
{
    return v->fault == FAULT_SERVER && (peer_kind_has(f->kind, tool) || strcasestr(f->o->answer.server, tool));
}

/* Those of the server at hand come first. */
bool cure_commands(const struct facts *f, const struct verdict *v, size_t i, const char **tool, char *line, size_t room)
{
    size_t n = 0;
    for (int likely = 1; likely >= 0; likely--)
        for (size_t k = 0; k < N_LINES; k++) {
            if (!is_for(lines[k].reason, v) || is_likely(f, v, lines[k].tool) != likely || n++ != i)
                continue;
            *tool = lines[k].tool;
            fill(f, v, lines[k].text, line, room);
            return true;
        }
    return false;
}
