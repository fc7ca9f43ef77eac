/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.c - certificate policies (RFC 5280 6.1.3 (d)-(f), 6.1.4 (a), (b), (h)-(j), 6.1.5, RFC 9618).
 *
 * RFC 5280's tree of policies grows exponentially when a hostile CA maps policies to each other; RFC 9618's graph
 * does not. Since nobody asks us for qualifiers, only the newest row of that graph has to be kept:
 *
 *   1. After each certificate, `expected` holds the policies under which the next one may be issued, each once,
 *      and `any` says that the row has an anyPolicy node. Both empty: the graph is NULL.
 *   2. `ours` of an entry: some way down to it starts at a policy that the caller accepts (how->policies). A node
 *      with several parents is ours when one of them is.
 *   3. A row has at most ROW_MAX entries; more is a check of its own. Comparisons count against
 *      LIMIT_PATH_COMPARISONS.
 *   4. Without any policyConstraints or policyMappings in the path, and with no demand by the caller, nothing here can
 *      refuse: then nothing is done.
 *   5. policyConstraints and inhibitAnyPolicy of the anchor count as if it stood in the path above the first
 *      certificate; its policies do not.
 */
#include "policy.h"

#include "base/limits.h"
#include "base/text.h"
#include "der.h"
#include "oid.h"

enum { ROW_MAX = 256 };

struct entry {
    hf_view policy;
    bool    ours;
};
struct row {
    struct entry e[ROW_MAX];
    size_t       n;
    bool         any;
    bool         full;
};

struct state {
    struct walk  *w;
    struct trial *t;
    struct row    expected;
    int           explicit_policy, policy_mapping, inhibit_any;
};

static bool is_any(hf_view policy)
{
    return oid_of(policy) == OID_ANY_POLICY;
}

static bool accepted(const struct valid_how *how, hf_view policy)
{
    for (size_t i = 0; i < how->n_policies; i++)
        if (view_equal(how->policies[i], policy))
            return true;
    return how->n_policies == 0;
}

static struct entry *find(struct state *s, struct row *r, hf_view policy)
{
    s->w->comparisons += (unsigned)r->n;
    for (size_t i = 0; i < r->n; i++)
        if (view_equal(r->e[i].policy, policy))
            return &r->e[i];
    return NULL;
}

static void add(struct state *s, struct row *r, hf_view policy, bool ours)
{
    struct entry *e = find(s, r, policy);
    if (e)
        e->ours |= ours;
    else if (r->n < ROW_MAX)
        r->e[r->n++] = (struct entry){policy, ours};
    else
        r->full = true;
}

/* The next element of a SEQUENCE of SEQUENCEs that start with an OID; second: of what stands behind it. */
static bool next_policy(hf_view *list, hf_view *first, hf_view *second)
{
    struct der_item seq, a, b;
    if (!der_cut(list, &seq) || !der_cut(&seq.body, &a))
        return false;
    *first = a.body;
    if (second)
        *second = der_cut(&seq.body, &b) ? b.body : (hf_view){0};
    return true;
}

static hf_view list_of(hf_view ext)
{
    struct der_item seq;
    return der_cut(&ext, &seq) ? seq.body : (hf_view){0};
}

/* 6.1.3 (d), (e): the row of this certificate from what the row above expects. may_any: anyPolicy in it counts. */
static void certify(struct state *s, const struct cert *c, bool may_any, struct row *out)
{
    hf_view list = list_of(c->policies), policy;
    bool    any  = false;
    out->n       = 0;
    out->full    = false;
    while (next_policy(&list, &policy, NULL)) {
        struct entry *e;
        if (is_any(policy))
            any = may_any;
        else if ((e = find(s, &s->expected, policy)))
            add(s, out, policy, e->ours);
        else if (s->expected.any)
            add(s, out, policy, accepted(s->w->how, policy));
    }
    out->any = any && s->expected.any;
    for (size_t i = 0; any && i < s->expected.n; i++)
        if (!find(s, out, s->expected.e[i].policy))
            add(s, out, s->expected.e[i].policy, s->expected.e[i].ours);
}

static bool has_mapping(struct state *s, const struct cert *c, hf_view policy)
{
    hf_view list = list_of(c->policy_map), from;
    while (next_policy(&list, &from, NULL)) {
        s->w->comparisons++;
        if (view_equal(from, policy))
            return true;
    }
    return false;
}

/* 6.1.4 (a), (b): what the row expects of the next certificate. */
static bool map(struct state *s, const struct cert *c, struct row *now)
{
    hf_view list = list_of(c->policy_map), from, to;
    s->expected  = (struct row){.any = now->any, .full = now->full};
    for (size_t i = 0; i < now->n; i++)
        if (!has_mapping(s, c, now->e[i].policy))
            add(s, &s->expected, now->e[i].policy, now->e[i].ours);
    while (next_policy(&list, &from, &to)) {
        struct entry *e = find(s, now, from);
        if (!judge(s->t, !is_any(from) && !is_any(to), POLICY_MAPS_ANY, (size_t)(c->policy_map.p - c->der.p), 0, 0))
            return false;
        if (s->policy_mapping > 0 && (e || now->any))
            add(s, &s->expected, to, e ? e->ours : accepted(s->w->how, from));
    }
    return true;
}

/* SkipCerts of policyConstraints: [0] requireExplicitPolicy, [1] inhibitPolicyMapping; -1: absent. */
static int skip_certs(hf_view ext, uint8_t tag)
{
    hf_view         list = list_of(ext);
    struct der_item e;
    while (der_cut(&list, &e))
        if (e.tag == tag)
            return e.body.n > 1 ? 255 : e.body.p[0]; /* longer than any path either way */
    return -1;
}

static void lower(int *value, int to)
{
    if (to >= 0 && to < *value)
        *value = to;
}

/* 6.1.4 (i), (j) */
static void constrain(struct state *s, const struct cert *c)
{
    struct der_item n;
    hf_view         ext = c->inhibit_any;
    if (c->has & EXT_POLICY_CONS) {
        lower(&s->explicit_policy, skip_certs(c->policy_cons, DER_CONTEXT(0)));
        lower(&s->policy_mapping, skip_certs(c->policy_cons, DER_CONTEXT(1)));
    }
    if (c->has & EXT_INHIBIT_ANY && der_cut(&ext, &n))
        lower(&s->inhibit_any, n.body.n > 1 ? 255 : n.body.p[0]);
}

/* 6.1.4 (h) */
static void count_down(struct state *s)
{
    s->explicit_policy -= s->explicit_policy > 0;
    s->policy_mapping -= s->policy_mapping > 0;
    s->inhibit_any -= s->inhibit_any > 0;
}

static bool is_null(const struct row *r)
{
    return r->n == 0 && !r->any;
}

static bool some_ours(const struct row *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->e[i].ours)
            return true;
    return r->any;
}

static bool affordable(struct state *s, const struct row *now)
{
    struct trial t    = {.cert = -1};
    unsigned     used = s->w->comparisons;
    if (judge(&t, !now->full && !s->expected.full, POLICY_ROW_FULL, 0, ROW_MAX, ROW_MAX + 1) &&
        judge(&t, used <= LIMIT_PATH_COMPARISONS, POLICY_COMPARISONS_SPENT, 0, LIMIT_PATH_COMPARISONS, used))
        return true;
    if (!s->w->spent.check)
        s->w->spent = t.fault;
    s->t->fault = t.fault;
    return false;
}

static bool judge_one(struct state *s, const struct cert *c, bool last)
{
    struct row now;
    bool       self = cert_self_issued(c);
    size_t     at   = c->policies.p ? (size_t)(c->policies.p - c->der.p) : 0;
    certify(s, c, s->inhibit_any > 0 || (!last && self), &now);
    if (!affordable(s, &now) || !judge(s->t, s->explicit_policy > 0 || !is_null(&now), POLICY_NONE_VALID, at, 1, 0))
        return false;
    if (!last) {
        if (!map(s, c, &now) || !affordable(s, &now))
            return false;
        if (!self)
            count_down(s);
        constrain(s, c);
        return true;
    }
    s->explicit_policy -= s->explicit_policy > 0; /* 6.1.5 (a), (b) */
    if (c->has & EXT_POLICY_CONS && skip_certs(c->policy_cons, DER_CONTEXT(0)) == 0)
        s->explicit_policy = 0;
    return judge(s->t, s->explicit_policy > 0 || some_ours(&now), POLICY_NOT_ACCEPTED, at, 1, 0);
}

static bool may_refuse(const struct walk *w, const struct anchor *a)
{
    uint32_t has = a->cert.has;
    for (size_t i = 0; i < w->n_order; i++)
        has |= w->certs[w->order[i]].has;
    return w->how->explicit_policy || has & (EXT_POLICY_CONS | EXT_POLICY_MAP);
}

bool policy_judge(struct walk *w, const struct anchor *a, struct trial *t)
{
    struct state s = {.w = w, .t = t};
    int          n = (int)w->n_order;
    if (!may_refuse(w, a))
        return true;
    s.expected.any    = true;
    s.explicit_policy = w->how->explicit_policy ? 0 : n + 1;
    s.policy_mapping  = n + 1;
    s.inhibit_any     = n + 1;
    constrain(&s, &a->cert);
    for (int i = n - 1; i >= 0; i--) {
        t->cert = w->order[i];
        if (!judge_one(&s, &w->certs[w->order[i]], i == 0))
            return false;
    }
    return true;
}
