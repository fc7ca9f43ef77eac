/* SPDX-License-Identifier: Apache-2.0
 *
 * nc.c - name constraints: what one CA demands of every name below it (RFC 5280 4.2.1.10, RFC 9549, RFC 9598 6).
 *
 *   1. Judged CA by CA while the path grows. A name must lie in the permitted subtrees of each CA above it and in
 *      no excluded one: that is the same as RFC 5280's intersection and union, without keeping them.
 *   2. Names judged: of every certificate below the CA, except self-issued ones that are not the leaf: the
 *      subject (unless empty), all alternative names, and emailAddress attributes of the subject when there is no
 *      mail address among the alternative names. A common name is never a host name.
 *   3. Constraints count whether critical or not, in anchors too; in a leaf they constrain nobody.
 *   4. A form that we cannot compare (x400Address, ediPartyName, registeredID, other names) is a violation as soon
 *      as a constraint and a name of it meet. A name that cannot be understood violates any constraint of its form.
 *   5. Each pair of a name and a subtree costs one of LIMIT_PATH_COMPARISONS, long ones more.
 */
#include "nc.h"

#include "base/limits.h"
#include "nc_match.h"
#include "oid.h"

/* The subtrees of one CA. */
struct subtrees {
    hf_view permitted, excluded; /* contents of the lists */
};

/* Where a violation is reported: the certificate that has the name, and who forbids it. */
struct judged {
    struct walk       *w;
    struct trial      *t;
    const struct cert *ca;
    struct subtrees    trees;
    int                cert;
};

static struct subtrees read_subtrees(const struct cert *c)
{
    struct subtrees s    = {0};
    hf_view         rest = c->name_cons;
    struct der_item seq, list;
    if (!der_cut(&rest, &seq))
        return s;
    while (der_cut(&seq.body, &list))
        *(list.tag == DER_CONTEXTC(0) ? &s.permitted : &s.excluded) = list.body;
    return s;
}

static bool next_subtree(hf_view *list, struct gen_name *bound)
{
    struct der_item tree, base;
    if (!der_cut(list, &tree) || !der_cut(&tree.body, &base))
        return false;
    *bound = (struct gen_name){.kind = (enum name_kind)(base.tag & 0x1f), .value = base.body};
    return true;
}

static bool violated(struct judged *j, bool ok, enum check id, const struct gen_name *name,
                     const struct gen_name *bound)
{
    const struct cert *c = &j->w->certs[j->cert];
    if (judge(j->t, ok, id, ok ? 0 : (size_t)(name->value.p - c->der.p), 0, 0))
        return false;
    j->t->fault.about  = ABOUT_CONSTRAINT;
    j->t->fault.cert   = j->cert;
    j->t->fault.anchor = NULL;
    j->t->fault.name   = *name;
    j->t->fault.bound  = bound ? *bound : (struct gen_name){0};
    j->t->fault.value  = j->ca->subject;
    return true;
}

/* Long names cost more than one comparison. */
static bool affordable(struct judged *j, size_t bytes)
{
    enum { BYTES_OF_ONE = 64 };
    struct trial t    = {.cert = -1};
    unsigned     used = j->w->comparisons += 1 + (unsigned)(bytes / BYTES_OF_ONE);
    if (judge(&t, used <= LIMIT_PATH_COMPARISONS, PATH_COMPARISONS_SPENT, 0, LIMIT_PATH_COMPARISONS, used))
        return true;
    j->t->fault = t.fault;
    if (!j->w->spent.check)
        j->w->spent = t.fault;
    return false;
}

/* One name against one list. *met: some bound was of its form; *in: it lies within one. False: a fault was found. */
static bool compare(struct judged *j, const struct gen_name *name, hf_view list, bool excluding, bool *met, bool *in,
                    struct gen_name *hit)
{
    struct gen_name bound;
    while (next_subtree(&list, &bound)) {
        bool same = nc_same_form(name, &bound);
        if (!affordable(j, same ? name->value.n + bound.value.n : 0))
            return false;
        if (!same)
            continue;
        if (violated(j, nc_comparable(bound.kind), NC_FORM_UNSUPPORTED, name, &bound) ||
            (!*met && violated(j, nc_name_sound(name), NC_NAME_UNSOUND, name, &bound)))
            return false;
        *met = true;
        if (excluding ? nc_touches(name, &bound) : nc_within(name, &bound)) {
            *in  = true;
            *hit = bound;
            return true;
        }
        *hit = bound;
    }
    return true;
}

static bool judge_one(struct judged *j, const struct gen_name *name)
{
    struct gen_name hit = {0};
    bool            met = false, in = false;
    if (!compare(j, name, j->trees.excluded, true, &met, &in, &hit) || violated(j, !in, NC_EXCLUDED, name, &hit))
        return false;
    met = in = false;
    if (!compare(j, name, j->trees.permitted, false, &met, &in, &hit) ||
        violated(j, in || !met, NC_NOT_PERMITTED, name, &hit))
        return false;
    return true;
}

/* The emailAddress attributes of a subject, as mail addresses. */
static bool judge_subject_mail(struct judged *j, hf_view subject)
{
    struct der_item seq, set, pair, type, value;
    if (!der_cut(&subject, &seq))
        return true;
    while (der_cut(&seq.body, &set))
        while (der_cut(&set.body, &pair))
            if (der_cut(&pair.body, &type) && der_cut(&pair.body, &value) && oid_of(type.body) == OID_AT_EMAIL) {
                struct gen_name mail = {.kind = NAME_MAIL, .value = value.body};
                if (!judge_one(j, &mail))
                    return false;
            }
    return true;
}

static bool judge_names(struct judged *j, const struct cert *c)
{
    struct gen_name name = {.kind = NAME_DN, .value = c->subject};
    size_t          at   = 0;
    bool            mail = false;
    if (!dn_empty(c->subject) && !judge_one(j, &name))
        return false;
    while (c->san.n && san_next(c->san, &at, &name)) {
        mail |= name.kind == NAME_MAIL || nc_is_smtp_utf8(&name);
        if (!judge_one(j, &name))
            return false;
    }
    return mail || judge_subject_mail(j, c->subject);
}

/* A subtree that means nothing (a wildcard, a mask with holes, two @) cannot be met. */
static bool judge_bounds(struct judged *j, hf_view list)
{
    struct gen_name bound;
    while (next_subtree(&list, &bound)) {
        if (!affordable(j, bound.value.n))
            return false;
        if (!judge(j->t, nc_bound_sound(&bound), NC_BOUND_UNSOUND, (size_t)(bound.value.p - j->ca->der.p), 0, 0)) {
            j->t->fault.about = ABOUT_BOUND;
            j->t->fault.bound = bound;
            return false;
        }
    }
    return true;
}

bool nc_judge(struct walk *w, const struct cert *c, struct trial *t)
{
    struct judged j = {.w = w, .t = t, .ca = c};
    if (!(c->has & EXT_NAME_CONS))
        return true;
    j.trees = read_subtrees(c);
    if (!judge_bounds(&j, j.trees.permitted) || !judge_bounds(&j, j.trees.excluded))
        return false;
    for (size_t i = 0; i < w->n_order; i++) {
        const struct cert *below = &w->certs[w->order[i]];
        j.cert                   = w->order[i];
        if ((i == 0 || !cert_self_issued(below)) && !judge_names(&j, below))
            return false;
    }
    return true;
}
