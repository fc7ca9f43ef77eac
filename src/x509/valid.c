/* SPDX-License-Identifier: Apache-2.0
 *
 * valid.c - is this chain good for that purpose, and if not, why not.
 *
 *      parse ─▶ leaf by itself ─▶ pinned? ──▶ search for a path (path.c) ─▶ name ─▶ path
 *                                   └──────────────── yes ──────────────────┘
 *
 *   1. The leaf must parse; another presented certificate that does not is left out, and named only when it
 *      may be the one that is missing.
 *   2. A pinned leaf needs nobody to vouch for it: dates, usage and name are judged, nothing else.
 *   3. When nobody keeps findings, the first failure ends everything. When somebody does, the search goes on
 *      behind a bad leaf so that all that is wrong is said; the leaf's fault stays the cause.
 *   4. One block of memory: the parsed certificates and the folds of their subjects.
 */
#include "valid.h"

#include "base/limits.h"
#include "base/text.h"
#include "key_pins.h"
#include "walk.h"

/* Records a fault as the failure, with its certificate and the names that belong to it. */
static bool report(const struct walk *w, const struct fault *f, struct report *rep)
{
    char text[160];
    rep->cert = (int8_t)f->cert;
    blame_text(w, f, text);
    return fail_text(rep, f->check, f->offset, f->want, f->got, text);
}

static bool parse_leaf(struct valid_path *path, hf_view der, struct report *rep)
{
    rep->cert = 0;
    return cert_parse(&path->certs[0], der, rep);
}

static void parse_others(struct walk *w, struct valid_path *path, const hf_view *chain, struct report *rep)
{
    for (size_t i = 1; i < path->n_certs; i++) {
        struct report own;
        report_init(&own);
        own.cert = (int8_t)i;
        if (cert_parse(&path->certs[i], chain[i], &own)) {
            w->subjects[i] = dn_hash(path->certs[i].subject);
            continue;
        }
        path->certs[i] = (struct cert){.der = chain[i]};
        rep->cert      = (int8_t)i;
        note(rep, (enum check)own.why.check, HF_SKIPPED, own.why.offset, own.why.want, own.why.got);
    }
}

/* Says of every check of one link, from w->order's last to its issuer, that it holds. Behind one that does not hold
 * nothing is reached; that one itself is said by whoever reports. */
static void tell_link(struct walk *w, int issuer, const struct anchor *a, struct report *rep)
{
    struct trial self  = {.cert = issuer, .anchor = a, .tell = rep};
    struct trial child = {.cert = w->order[w->n_order - 1], .tell = rep};
    child.unreached    = !judge_issuer(w, a ? &a->cert : &w->certs[issuer], &self);
    path_judge_signed(w, issuer, a, &child);
}

/* The same of all links between the certificates of the path. */
static void tell_links(struct walk *w, struct report *rep)
{
    size_t n = w->n_order;
    for (w->n_order = 1; w->n_order < n; w->n_order++)
        tell_link(w, w->order[w->n_order], NULL, rep);
}

static void tell_success(struct walk *w, struct report *rep)
{
    struct trial t = {.cert = -1, .tell = rep};
    tell_links(w, rep);
    if (w->n_order > 1 || !view_equal(w->anchor->cert.der, w->certs[0].der)) /* a CA that is an anchor has no issuer */
        tell_link(w, CERT_ANCHOR, w->anchor, rep);
    status_judge(w, w->anchor, &t);
}

static void tell_failure(struct walk *w, const struct valid_try *best, struct report *rep)
{
    struct trial name = {.cert = 0, .tell = rep, .unreached = true};
    for (size_t i = 0; i < w->tries->n; i++) {
        const struct fault *f = &w->tries->at[i].fault;
        rep->cert             = (int8_t)f->cert;
        if (&w->tries->at[i] != best)
            note(rep, f->check, HF_FAIL, f->offset, f->want, f->got);
    }
    if (best) {
        w->n_order = best->n_order;
        for (size_t i = 0; i < best->n_order; i++)
            w->order[i] = best->order[i];
        tell_links(w, rep);
        if (best->issuer != -1)
            tell_link(w, best->issuer, best->anchor, rep);
    }
    judge_name(w->how, &w->certs[0], &name);
}

static bool search(struct walk *w, struct report *rep)
{
    const struct valid_try *best = NULL;
    struct fault            f;
    w->order[0] = 0;
    w->n_order  = 1;
    if (path_climb(w)) {
        if (rep->mem)
            tell_success(w, rep);
        return true;
    }
    f = blame(w, &best);
    if (rep->mem)
        tell_failure(w, best, rep);
    return report(w, &f, rep);
}

/* From parsed certificates to a verdict. */
static bool decide(struct walk *w, struct valid_path *path, struct report *rep)
{
    const struct cert *leaf = &path->certs[0];
    struct trial       t    = {.cert = 0, .tell = rep->mem ? rep : NULL};
    bool               ok   = judge_leaf(w->how, leaf, &t);
    if (!ok && (report(w, &t.fault, rep), !rep->mem))
        return false;
    path->n_order = 1;
    if (!trust_pinned(w->how->trust, leaf->der)) {
        if (!search(w, rep))
            return false;
        path->anchor  = w->anchor;
        path->n_order = w->n_order;
        for (size_t i = 0; i < w->n_order; i++)
            path->order[i] = w->order[i];
    }
    t.fault = (struct fault){0};
    if (!judge_name(w->how, leaf, &t))
        return report(w, &t.fault, rep);
    return ok;
}

/* Only what has to start somewhere: the rest is written before it is read. */
static void walk_init(struct walk *w, const struct valid_how *how, const struct valid_path *path,
                      struct valid_tries *tries)
{
    w->how         = how;
    w->certs       = path->certs;
    w->n_certs     = path->n_certs;
    w->subjects    = (uint64_t *)(path->certs + path->n_certs);
    w->anchor      = NULL;
    w->n_order     = 0;
    w->n_seals     = 0;
    w->work        = 0;
    w->max_work    = LIMIT_PATH_SIGNATURES;
    w->steps       = 0;
    w->comparisons = 0;
    w->spent.check = CHECK_NONE;
    w->tries       = tries;
    w->n_texts     = 0;
    tries->n       = 0;
}

bool valid_chain(const struct valid_how *how, const hf_view *chain, size_t n, struct mem *m, struct valid_path *path,
                 struct report *rep)
{
    struct valid_tries tries;
    struct walk        w;
    struct trial       t    = {.cert = -1};
    int8_t             cert = rep->cert;
    size_t             each = sizeof *path->certs + sizeof *w.subjects;
    bool               ok;

    *path = (struct valid_path){0};
    if (!judge(&t, n > 0, CHAIN_EMPTY, 0, 1, 0) ||
        !judge(&t, n <= POOL_MAX_CERTS, CHAIN_TOO_LONG, 0, POOL_MAX_CERTS, (int64_t)n))
        return fail(rep, t.fault.check, 0, t.fault.want, t.fault.got);
    path->certs = mem_alloc(m, n * each);
    if (!path->certs)
        return no_memory(rep, n * each);
    path->n_certs = n;
    walk_init(&w, how, path, how->tries ? how->tries : &tries);
    ok = parse_leaf(path, chain[0], rep);
    if (ok) {
        parse_others(&w, path, chain, rep);
        ok = decide(&w, path, rep);
    }
    rep->cert = cert;
    return ok;
}

/* RFC 7250 4.3: "supported only through authentication of the received ... SubjectPublicKeyInfo via an out-of-band
 * method". What is asked of a certificate beyond its key has nothing here that it could be asked of. */
static bool decide_key(const struct valid_how *how, const struct cert *key, struct report *rep)
{
    char         name[SPKI_NAME_ROOM];
    struct trial t = {.cert = 0, .tell = rep->mem ? rep : NULL};
    if (!judge_key(key, &t))
        return fail(rep, t.fault.check, t.fault.offset, t.fault.want, t.fault.got);
    if (!need(rep, key_pinned(trust_keys(how->trust), key->spki), RAW_KEY_NOT_PINNED, 0, 0, 0)) {
        why_add_text(rep, RAW_KEY_NOT_PINNED, spki_name(key->spki, name));
        return false;
    }
    note(rep, RAW_KEY_NO_DATES, HF_SKIPPED, 0, 0, 0);
    note(rep, RAW_KEY_NO_NAMES, HF_SKIPPED, 0, 0, 0);
    note(rep, RAW_KEY_NO_REVOCATION, HF_SKIPPED, 0, 0, 0);
    return true;
}

bool valid_key(const struct valid_how *how, hf_view spki, struct mem *m, struct valid_path *path, struct report *rep)
{
    int8_t cert = rep->cert;
    *path       = (struct valid_path){.certs = mem_alloc(m, sizeof *path->certs)};
    if (!path->certs)
        return no_memory(rep, sizeof *path->certs);
    path->n_certs = path->n_order = 1;
    rep->cert                     = 0;
    bool ok                       = cert_bare(&path->certs[0], spki, rep) && decide_key(how, &path->certs[0], rep);
    rep->cert                     = cert;
    return ok;
}

bool valid_shown(const struct valid_how *how, const hf_view *chain, size_t n, struct mem *m, struct valid_path *path,
                 struct report *rep)
{
    bool raw = n == 1 && spki_alone(chain[0]);
    return raw ? valid_key(how, chain[0], m, path, rep) : valid_chain(how, chain, n, m, path, rep);
}

void valid_path_free(struct valid_path *path, struct mem *m)
{
    mem_free(m, path->certs);
    *path = (struct valid_path){0};
}
