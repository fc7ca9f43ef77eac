/* SPDX-License-Identifier: Apache-2.0
 * ident.c - see ident.h. */
#include "ident.h"

#include <string.h>

#include "base/ip.h"
#include "base/mem.h"
#include "base/text.h"
#include "x509/oid.h"

enum { TEXT_ROOM = 512, OUS_MAX = 32 };

static const char *const names[N_FIELDS] = {"uri",      "dns",    "mail",   "ip",   "cn",          "ou",   "subject",
                                            "issuer",   "serial", "sha256", "spki", "certificate", "from", "sni",
                                            "listener", "after",  "before", "days", "hours"};

enum field field_of(const char *name, size_t n)
{
    for (int f = 0; f < N_FIELDS; f++)
        if (strlen(names[f]) == n && memcmp(names[f], name, n) == 0)
            return (enum field)f;
    return N_FIELDS;
}

const char *field_name(enum field f)
{
    return names[f];
}

/* ---- forms ---------------------------------------------------------------------------------------------- */

void fold_dns(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] |= 32;
}

void fold_mail(uint8_t *p, size_t n)
{
    const uint8_t *at = memchr(p, '@', n);
    if (at)
        fold_dns(p + (at - p), n - (size_t)(at - p));
}

/* RFC 3986 6.2.2.1: "the scheme and host are case-insensitive". */
void fold_uri(uint8_t *p, size_t n)
{
    size_t         i    = 0;
    const uint8_t *mark = memmem(p, n, "://", 3);
    if (!mark)
        return;
    for (i = (size_t)(mark - p) + 3; i < n && p[i] != '/' && p[i] != '?' && p[i] != '#'; i++)
        ;
    fold_dns(p, i);
}

/* ---- gathering ------------------------------------------------------------------------------------------ */

static bool field_of_kind(enum name_kind k, enum field *f)
{
    *f = k == NAME_URI ? ID_URI : k == NAME_DNS ? ID_DNS : k == NAME_MAIL ? ID_MAIL : ID_IP;
    return k == NAME_URI || k == NAME_DNS || k == NAME_MAIL || k == NAME_IP;
}

static bool add(struct ident *id, enum field f, const void *p, size_t n, struct mem *m)
{
    uint8_t *copy = mem_copy(m, p, n ? n : 1);
    if (!copy)
        return false;
    if (f == ID_URI)
        fold_uri(copy, n);
    if (f == ID_DNS)
        fold_dns(copy, n);
    if (f == ID_MAIL)
        fold_mail(copy, n);
    id->names[id->n++] = (struct ident_name){f, {copy, n}};
    return true;
}

static size_t count_alt_names(const struct cert *c)
{
    struct gen_name g;
    size_t          n = 0;
    for (size_t at = 0; c->san.n && san_next(c->san, &at, &g);)
        n++;
    return n;
}

static bool add_alt_names(struct ident *id, struct mem *m)
{
    struct gen_name g;
    enum field      f;
    bool            ok = true;
    for (size_t at = 0; ok && id->leaf.san.n && san_next(id->leaf.san, &at, &g);)
        if (field_of_kind(g.kind, &f))
            ok = add(id, f, g.value.p, g.value.n, m);
    return ok;
}

static bool add_attributes(struct ident *id, struct mem *m)
{
    char   text[TEXT_ROOM];
    size_t n  = dn_attribute_text(id->leaf.subject, oid_bytes(OID_AT_CN), text, sizeof text);
    bool   ok = n == 0 || add(id, ID_CN, text, n, m);
    for (size_t i = 0;
         ok && i < OUS_MAX && (n = dn_attribute_nth(id->leaf.subject, oid_bytes(OID_AT_OU), i, text, sizeof text)); i++)
        ok = add(id, ID_OU, text, n, m);
    return ok;
}

static char *name_text(hf_view name, struct mem *m)
{
    char text[TEXT_ROOM * 2] = "";
    if (name.n)
        dn_text(name, text, sizeof text);
    return mem_text(m, text);
}

static bool gather(struct ident *id, struct mem *m)
{
    id->names   = mem_alloc(m, (count_alt_names(&id->leaf) + 1 + OUS_MAX) * sizeof *id->names);
    id->subject = name_text(id->leaf.subject, m);
    id->issuer  = name_text(id->leaf.issuer, m);
    if (!id->names || !id->subject || !id->issuer)
        return false;
    return cert_is_bare(&id->leaf) || (add_alt_names(id, m) && add_attributes(id, m));
}

bool ident_of(struct ident *id, hf_view der, struct mem *m, struct report *rep)
{
    *id = (struct ident){0};
    if (spki_alone(der) ? !cert_bare(&id->leaf, der, rep) : !cert_parse(&id->leaf, der, rep))
        return false;
    id->serial = id->leaf.serial;
    while (id->serial.n && id->serial.p[0] == 0)
        id->serial = (hf_view){id->serial.p + 1, id->serial.n - 1};
    if (!cert_is_bare(&id->leaf))
        cert_sha256(&id->leaf, id->sha256);
    cert_spki_sha256(&id->leaf, id->spki);
    if (gather(id, m))
        return true;
    ident_free(id, m);
    return fail(rep, IDENT_NO_MEMORY, 0, 0, 0);
}

void ident_free(struct ident *id, struct mem *m)
{
    for (size_t i = 0; i < id->n; i++)
        mem_free(m, (void *)(uintptr_t)id->names[i].value.p);
    mem_free(m, id->names);
    mem_free(m, id->subject);
    mem_free(m, id->issuer);
    *id = (struct ident){0};
}

char *ident_text(enum field f, hf_view value, char *out, size_t room)
{
    char ip[IP_TEXT];
    if (f == ID_IP || f == ASK_FROM)
        text_add(out, room, 0, "%s", ip_text(value, ip));
    else if (f == ID_SERIAL || f == ID_SHA256 || f == ID_SPKI)
        text_hex(out, room, value.p, value.n, 0);
    else
        text_printable(out, room, value.p, value.n);
    return out;
}
