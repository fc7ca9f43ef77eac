/* SPDX-License-Identifier: Apache-2.0
 *
 * crl_set.c - loading CRLs: a file or a folder of files, PEM or DER, one or more in each.
 *
 *   1. What is named must be there: a file without a CRL, an empty folder and a CRL that cannot be used are errors
 *      with the file's name. What a folder holds is read in the order of names; files that begin with a dot are not.
 *   2. A CRL owns its DER. The bytes of a PEM block, or of a DER file that is one CRL, are taken over, not copied.
 *   3. The same CRL twice is one.
 *   4. The set does not judge dates or signatures: a CRL may be loaded before it is valid, and its issuer may be
 *      an intermediate that only a peer will present.
 */
#include "crl_set.h"

#include <string.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/limits.h"
#include "base/pem.h"
#include "base/text.h"
#include "x509/der.h"

/* What is being read. */
struct source {
    struct crl_set *set;
    struct mem     *mem;
    struct report  *rep;
    const char     *called;
    unsigned        n; /* CRLs so far */
};

/* Room for one more element of an array. */
static bool more_room(void *array, size_t n, size_t *room, size_t size, struct mem *m, struct report *rep)
{
    void **p = array, *more;
    if (n < *room)
        return true;
    more = mem_realloc(m, *p, (*room ? *room * 2 : 8) * size);
    if (!more)
        return no_memory(rep, n * size);
    *p    = more;
    *room = *room ? *room * 2 : 8;
    return true;
}

/* ---- one CRL ------------------------------------------------------------------------------------------- */

static void drop(struct crl *c, struct mem *m)
{
    if (!c)
        return;
    mem_free(m, c->slots);
    mem_free(m, (void *)c->der.p);
    mem_free(m, c);
}

static bool of_revocation(const struct report *rep)
{
    return rep->why.check == NO_MEMORY || rep->why.check / 100 == REVOCATION_CHECKS / 100;
}

/* The first failure of a CRL becomes that of the whole, with its number (people count from one) and file. Checks of
 * the floor below speak of certificates: those are told as CRL_BROKEN, with their title. */
static bool refuse(const struct source *s, struct report *part)
{
    char text[sizeof part->why.text], *detail = part->why.text;
    if (of_revocation(part)) {
        text_add(text, sizeof text, 0, "CRL %u of %s%s%s", s->n + 1, s->called, *detail ? ": " : "", detail);
        part->why.text[0] = '\0';
        why_add_text(part, (enum check)part->why.check, text);
        return fail_as(s->rep, &part->why);
    }
    text_add(text, sizeof text, 0, "CRL %u of %s: %s", s->n + 1, s->called, hf_check_info_of(part->why.check)->title);
    return fail_text(s->rep, CRL_BROKEN, part->why.offset, 0, part->why.check, text);
}

static bool known(const struct crl_set *s, const struct crl *c)
{
    size_t   at = 0;
    uint32_t i;
    while (map_next(&s->by_issuer, dn_hash(c->issuer), &at, &i))
        if (memcmp(s->all[i]->sha256, c->sha256, sizeof c->sha256) == 0)
            return true;
    return false;
}

static bool keep(struct source *s, struct crl *c)
{
    struct crl_set *set = s->set;
    if (set->n >= LIMIT_CRLS)
        return fail_text(s->rep, CRL_TOO_MANY, 0, LIMIT_CRLS, (int64_t)set->n + 1, s->called);
    if (!more_room(&set->all, set->n, &set->room, sizeof(struct crl *), s->mem, s->rep))
        return false;
    if (!map_put(&set->by_issuer, s->mem, dn_hash(c->issuer), (uint32_t)set->n))
        return no_memory(s->rep, sizeof *c);
    set->all[set->n++] = c;
    return true;
}

/* Takes der, a block of s->mem. */
static bool add(struct source *s, uint8_t *take, size_t n)
{
    struct report part;
    struct crl   *c    = take ? mem_alloc(s->mem, sizeof *c) : NULL;
    bool          kept = false, ok = true;
    report_init(&part);
    if (!c) {
        mem_free(s->mem, take);
        return no_memory(s->rep, take ? sizeof *c : n);
    }
    c->file  = s->called;
    c->index = s->n;
    if (!crl_parse(c, (hf_view){take, n}, &part) || !crl_index(c, s->mem, &part))
        ok = refuse(s, &part);
    else if (!known(s->set, c))
        ok = kept = keep(s, c);
    if (!kept)
        drop(c, s->mem);
    s->n++;
    return ok;
}

/* ---- files --------------------------------------------------------------------------------------------- */

static bool is_crl(hf_view label)
{
    static const char x509[] = "X509 CRL", plain[] = "CRL";
    return (label.n == sizeof x509 - 1 && memcmp(label.p, x509, label.n) == 0) ||
           (label.n == sizeof plain - 1 && memcmp(label.p, plain, label.n) == 0);
}

static bool add_pem(struct source *s, hf_view text)
{
    struct report    part;
    struct pem_block b;
    size_t           at = 0;
    bool             ok = true;
    report_init(&part);
    while (pem_next(text, &at, &b, s->mem, &part)) {
        if (is_crl(b.label)) {
            ok &= add(s, b.der, b.n);
            b.der = NULL;
        }
        pem_free(&b, s->mem);
    }
    if (!report_bad(&part))
        return ok;
    why_add_text(&part, (enum check)part.why.check, s->called);
    return fail_as(s->rep, &part.why);
}

/* One CRL or a run of them. take: the block that holds v, or NULL when it is the caller's. */
static bool add_der(struct source *s, hf_view v, uint8_t *take)
{
    bool ok = true;
    if (take && der_whole(v) == v.n)
        return add(s, take, v.n);
    while (v.n) {
        size_t n = der_whole(v);
        n        = n ? n : v.n;
        ok &= add(s, mem_copy(s->mem, v.p, n), n);
        v = (hf_view){v.p + n, v.n - n};
    }
    mem_free(s->mem, take);
    return ok;
}

/* The set's own copy of a name; "" when memory is out. */
static const char *remember(struct crl_set *s, const char *called, struct mem *m, struct report *rep)
{
    if (!more_room(&s->files, s->n_files, &s->room_files, sizeof(char *), m, rep))
        return "";
    s->files[s->n_files] = mem_text(m, called);
    return s->files[s->n_files] ? s->files[s->n_files++] : "";
}

/* Text may begin with a 0 as well: a CRL is either longer than 127 bytes, or whole. */
static bool is_der(hf_view v)
{
    return v.n > 1 && v.p[0] == DER_SEQUENCE && (v.p[1] >= 0x80 || der_whole(v) == v.n);
}

/* take: see add_der. */
static bool add_bytes(struct crl_set *set, hf_view v, uint8_t *take, const char *called, struct mem *m,
                      struct report *rep)
{
    struct source s  = {set, m, rep, remember(set, called, m, rep), 0};
    bool          ok = true;
    if (is_der(v)) {
        ok = add_der(&s, v, take);
    } else {
        ok = add_pem(&s, v);
        mem_free(m, take);
    }
    if (ok && s.n == 0)
        return fail_text(rep, CRL_FILE_NONE, 0, 1, 0, called);
    return ok;
}

bool crl_set_bytes(struct crl_set *s, hf_view v, const char *called, struct mem *m, struct report *rep)
{
    return add_bytes(s, v, NULL, called, m, rep);
}

static bool add_file(struct crl_set *s, const char *file, struct mem *m, struct report *rep)
{
    size_t   n;
    uint8_t *bytes = file_read_within(file, LIMIT_CRL_FILE, &n, m, rep);
    return bytes && add_bytes(s, (hf_view){bytes, n}, bytes, file, m, rep);
}

static bool add_folder(struct crl_set *s, const char *folder, struct mem *m, struct report *rep)
{
    size_t n;
    char **files = folder_files(folder, &n, m, rep);
    bool   ok    = files != NULL;
    if (ok && n == 0)
        ok = fail_text(rep, CRL_FOLDER_EMPTY, 0, 1, 0, folder);
    for (size_t i = 0; files && i < n; i++)
        ok &= add_file(s, files[i], m, rep);
    mem_free(m, files);
    return ok;
}

bool crl_set_file(struct crl_set *s, const char *path, struct mem *m, struct report *rep)
{
    return is_folder(path) ? add_folder(s, path, m, rep) : add_file(s, path, m, rep);
}

/* ---- policies ------------------------------------------------------------------------------------------ */

static struct crl_rule *rule_of(const struct crl_set *s, hf_view issuer)
{
    for (size_t i = 0; i < s->n_rules; i++)
        if (dn_equal(s->rules[i].issuer, issuer))
            return &s->rules[i];
    return NULL;
}

bool crl_set_policy(struct crl_set *s, hf_view issuer, enum hf_crl_policy p, struct mem *m, struct report *rep)
{
    struct crl_rule *rule = rule_of(s, issuer);
    uint8_t         *own;
    if (issuer.n == 0) {
        s->has_rest = true;
        s->rest     = p;
        return true;
    }
    if (issuer.p[0] != DER_SEQUENCE || der_whole(issuer) != issuer.n)
        return fail(rep, CRL_POLICY_NOT_NAME, 0, DER_SEQUENCE, issuer.p[0]);
    if (rule) {
        rule->policy = p;
        return true;
    }
    if (!more_room(&s->rules, s->n_rules, &s->room_rules, sizeof *s->rules, m, rep))
        return false;
    own = mem_copy(m, issuer.p, issuer.n);
    if (!own)
        return no_memory(rep, issuer.n);
    s->rules[s->n_rules++] = (struct crl_rule){{own, issuer.n}, p};
    return true;
}

enum hf_crl_policy crl_set_policy_of(const struct crl_set *s, hf_view issuer)
{
    const struct crl_rule *rule = rule_of(s, issuer);
    if (rule)
        return rule->policy;
    if (s->has_rest)
        return s->rest;
    return s->n ? HF_CRL_REQUIRED : HF_CRL_OFF;
}

void crl_set_digest(const struct crl_set *s, struct hash *h)
{
    uint8_t rest[2] = {s->has_rest, (uint8_t)s->rest};
    hash_update(h, rest, sizeof rest);
    for (size_t i = 0; i < s->n; i++)
        hash_update(h, s->all[i]->sha256, sizeof s->all[i]->sha256);
    for (size_t i = 0; i < s->n_rules; i++) {
        uint8_t policy = (uint8_t)s->rules[i].policy;
        hash_update(h, s->rules[i].issuer.p, s->rules[i].issuer.n);
        hash_update(h, &policy, 1);
    }
}

void crl_set_free(struct crl_set *s, struct mem *m)
{
    for (size_t i = 0; i < s->n; i++)
        drop(s->all[i], m);
    for (size_t i = 0; i < s->n_files; i++)
        mem_free(m, s->files[i]);
    for (size_t i = 0; i < s->n_rules; i++)
        mem_free(m, (void *)s->rules[i].issuer.p);
    mem_free(m, s->all);
    mem_free(m, s->files);
    mem_free(m, s->rules);
    map_free(&s->by_issuer, m);
    memset(s, 0, sizeof *s);
}
