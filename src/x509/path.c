/* SPDX-License-Identifier: Apache-2.0
 *
 * path.c - the search: depth first from the leaf, with backtracking, constraints judged while the path grows.
 *
 *        leaf ── intermediate ── ... ── anchor
 *          └─ every candidate of the right name, the likeliest first; the first path that holds is taken
 *
 *   1. What an issuer demands (dates, usage, path length, names) depends on itself and on the path below it,
 *      so it is judged when the path grows to it: a bad candidate is never built upon. Policies depend on the
 *      whole path and are judged at the anchor.
 *   2. Candidates of one name, in order: the child's authorityKeyIdentifier is its key identifier; one of the two
 *      has none; they differ (the identifier is a hint, not a rule). Within each: anchors first, then the presented
 *      ones in their order.
 *   3. An anchor ends a path, self-signed or not, and a presented CA that is an anchor is a path by itself.
 *   4. No name and key twice in a path: what such a path could prove, the one without the loop proves too.
 *   5. Work is bounded: LIMIT_PATH_STEPS candidates, LIMIT_PATH_SIGNATURES signatures, LIMIT_PATH_COMPARISONS of
 *      names; running out is a check of its own and ends the search. No signature is verified twice.
 */
#include "walk.h"

#include "base/limits.h"
#include "base/text.h"
#include "policy.h"
#include "proven.h"

static const struct cert *top(const struct walk *w)
{
    return &w->certs[w->order[w->n_order - 1]];
}

static bool spend(struct walk *w, bool ok, enum check id, int64_t max, int64_t used)
{
    struct trial t = {.cert = -1};
    if (!judge(&t, ok, id, 0, max, used) && !w->spent.check)
        w->spent = t.fault;
    return ok;
}

/* ---- signatures ---------------------------------------------------------------------------------------- */

static const struct seal *seen(const struct walk *w, int child, int issuer, const struct anchor *a)
{
    for (unsigned i = 0; i < w->n_seals; i++) {
        const struct seal *s = &w->seals[i];
        if (s->child == child && s->issuer == issuer && (!a || s->anchor == a->number))
            return s;
    }
    return NULL;
}

/* A verification with a key of 8192 bits and a large exponent takes ten times as long as one with a usual key:
 * squarings grow with the square of the modulus, and their number is the exponent's length. */
static unsigned work_of(const struct pubkey *k)
{
    enum { UNIT = 16 * 16 * 24 }; /* 4096 bits with an exponent of 24 bits: one more */
    bool     rsa   = k->kind == KEY_RSA || k->kind == KEY_RSA_PSS;
    unsigned parts = k->bits / 256;
    return rsa ? 1 + parts * parts * (unsigned)k->e.n * 8 / UNIT : 1;
}

/* Answers from memory when it was asked before; false, and w->spent, when the budget or memory is out. */
static bool is_signed(struct walk *w, int child, int issuer, const struct anchor *a)
{
    const struct cert *x    = &w->certs[child];
    const struct cert *c    = a ? &a->cert : &w->certs[issuer];
    const struct seal *s    = seen(w, child, issuer, a);
    bool               good = false;
    if (s)
        return s->good;
    unsigned work = w->work + work_of(&c->key);
    if (!spend(w, w->n_seals < SEALS_MAX && work <= w->max_work, PATH_SIGNATURES_SPENT, w->max_work, work))
        return false;
    w->work            = work;
    enum sig_verdict v = proven_judge(w->how->proven, &x->sig, &c->key, x->tbs, x->sig_bits);
    if (!spend(w, v != SIG_NO_MEMORY, PATH_NO_MEMORY, 0, 0))
        return false;
    good                   = v == SIG_RIGHT;
    w->seals[w->n_seals++] = (struct seal){(int16_t)child, (int16_t)issuer, a ? (uint32_t)a->number : 0, good};
    return good;
}

static uint32_t offset_of(const struct cert *c, hf_view part)
{
    return (uint32_t)(part.p - c->der.p);
}

/* Can the child's signature be verified at all, and is its digest good enough. */
static bool judge_how_signed(const struct cert *x, struct trial *t)
{
    const struct sig_how *s     = &x->sig;
    size_t                at    = offset_of(x, x->sig_alg);
    bool                  known = s->kind != SIG_NONE && s->kind != SIG_OTHER;
    bool                  weak  = s->hash == HASH_MD5 || s->hash == HASH_SHA1;
    return judge(t, known, CERT_SIGNATURE_UNSUPPORTED, at, 0, 0) && judge(t, !weak, CERT_DIGEST_WEAK, at, 256, 0);
}

enum likelihood { KEY_ID_FITS, KEY_ID_UNKNOWN, KEY_ID_DIFFERS, LIKELIHOODS };

static enum likelihood likely(const struct cert *child, const struct cert *c)
{
    if (!child->aki.n || !c->ski.n)
        return KEY_ID_UNKNOWN;
    return view_equal(child->aki, c->ski) ? KEY_ID_FITS : KEY_ID_DIFFERS;
}

/* The name was right and the signature is not. The key identifiers say which of the two it is: the same key (then the
 * certificate is damaged or forged), or another one (then the CA was given a new key under its old name). */
static bool judge_signed(struct walk *w, int issuer, const struct anchor *a, struct trial *t)
{
    int                child    = w->order[w->n_order - 1];
    const struct cert *x        = &w->certs[child];
    const struct cert *c        = a ? &a->cert : &w->certs[issuer];
    bool               good     = is_signed(w, child, issuer, a);
    bool               same_key = x->aki.n && view_equal(x->aki, c->ski);
    size_t             at       = offset_of(x, x->sig_bits);
    if (good && t->tell && !t->unreached && likely(x, c) == KEY_ID_DIFFERS) {
        t->tell->cert = (int8_t)child;
        note(t->tell, AKI_MISMATCH, HF_SKIPPED, offset_of(x, x->aki_ext), 0, 0);
    }
    if (judge(t, good || !same_key, CERT_SIGNATURE_INVALID, at, 0, 0) &&
        judge(t, good || same_key, ISSUER_KEY_CHANGED, at, 0, 0))
        return true;
    t->fault.about = ABOUT_ISSUER;
    return false;
}

bool path_judge_signed(struct walk *w, int issuer, const struct anchor *a, struct trial *t)
{
    return judge_how_signed(top(w), t) && judge_signed(w, issuer, a, t);
}

/* ---- candidates ---------------------------------------------------------------------------------------- */

/* The candidate's name and key are in the path already; *looped: further down than its end, which names itself. */
static bool loops(const struct walk *w, const struct cert *c, bool *looped)
{
    for (size_t i = 0; i < w->n_order; i++) {
        const struct cert *o = &w->certs[w->order[i]];
        if (o == c || (view_equal(o->spki, c->spki) && dn_equal(o->subject, c->subject))) {
            *looped |= i + 1 < w->n_order;
            return true;
        }
    }
    return false;
}

static void turned_down(struct walk *w, int issuer, const struct anchor *a, const struct fault *f)
{
    struct valid_try  *e;
    const struct seal *s = seen(w, w->order[w->n_order - 1], issuer, a);
    if (w->tries->n == TRIES_MAX)
        return;
    e  = &w->tries->at[w->tries->n++];
    *e = (struct valid_try){.fault   = *f,
                            .child   = w->order[w->n_order - 1],
                            .issuer  = issuer,
                            .anchor  = a,
                            .proven  = !s        ? 0
                                       : s->good ? 1
                                                 : -1,
                            .n_order = w->n_order};
    for (size_t i = 0; i < w->n_order; i++)
        e->order[i] = w->order[i];
}

/* May this candidate stand above the path; when not, that is remembered. */
static bool fits(struct walk *w, int issuer, const struct anchor *a)
{
    const struct cert *c     = a ? &a->cert : &w->certs[issuer];
    size_t             after = w->n_order + (a ? 1 : 2), max = w->how->max_path;
    struct trial       self = {.cert = issuer, .anchor = a}, child = {.cert = w->order[w->n_order - 1]};
    max = max && max < PATH_MAX_CERTS ? max : PATH_MAX_CERTS;
    if (!judge(&self, after <= max, PATH_TOO_LONG, 0, (int64_t)max, (int64_t)after) || !judge_issuer(w, c, &self)) {
        turned_down(w, issuer, a, &self.fault);
        return false;
    }
    if (!path_judge_signed(w, issuer, a, &child)) {
        turned_down(w, issuer, a, &child.fault);
        return false;
    }
    return true;
}

/* Comparing long names costs more than one step. */
static bool step(struct walk *w)
{
    enum { BYTES_OF_ONE = 256 };
    w->steps += 1 + (unsigned)(top(w)->issuer.n / BYTES_OF_ONE);
    return spend(w, w->steps <= LIMIT_PATH_STEPS, PATH_STEPS_SPENT, LIMIT_PATH_STEPS, w->steps);
}

/* The path has reached an anchor: what can only be judged of a whole path. */
static bool arrive(struct walk *w, const struct anchor *a)
{
    struct trial self = {.cert = CERT_ANCHOR, .anchor = a}, path = {.cert = -1};
    bool         root = view_equal(a->cert.issuer, a->cert.subject);
    if (!judge(&self, root || !w->how->only_roots, ANCHOR_NOT_ROOT, 0, 0, 0) || !policy_judge(w, a, &path) ||
        !status_judge(w, a, &path)) {
        turned_down(w, CERT_ANCHOR, a, self.fault.check ? &self.fault : &path.fault);
        return false;
    }
    w->anchor = a;
    return true;
}

/* Anchors of the child's issuer name. *found: there was some candidate. */
static bool try_anchors(struct walk *w, uint64_t name, enum likelihood pass, bool *found, bool *looped)
{
    const struct cert   *x  = top(w);
    struct trust_iter    it = {.key = name, .started = true};
    const struct anchor *a;
    while ((a = trust_by_name(w->how->trust, x->issuer, &it)) && !w->spent.check) {
        if (likely(x, &a->cert) != pass || loops(w, &a->cert, looped))
            continue;
        *found = true;
        if (step(w) && fits(w, CERT_ANCHOR, a) && arrive(w, a))
            return true;
    }
    return false;
}

/* The same certificate was presented before: looking at it again shows nothing new. */
static bool is_copy(const struct walk *w, size_t cert)
{
    for (size_t i = 1; i < cert; i++)
        if (w->subjects[i] == w->subjects[cert] && view_equal(w->certs[i].der, w->certs[cert].der))
            return true;
    return false;
}

static bool try_presented(struct walk *w, uint64_t name, enum likelihood pass, bool *found, bool *looped)
{
    const struct cert *x = top(w);
    for (size_t i = 1; i < w->n_certs && !w->spent.check; i++) {
        const struct cert *c = &w->certs[i];
        if (!c->version || w->subjects[i] != name || likely(x, c) != pass || !dn_equal(c->subject, x->issuer) ||
            is_copy(w, i) || loops(w, c, looped))
            continue;
        *found = true;
        if (!step(w) || !fits(w, (int)i, NULL))
            continue;
        w->order[w->n_order++] = (uint8_t)i;
        if (path_climb(w))
            return true;
        w->n_order--;
    }
    return false;
}

/* A CA that is an anchor presents itself: nobody has to vouch for it. A leaf among the anchors is not meant: it was
 * put there by mistake (trust.c refuses it), or it is to be pinned. */
static bool is_anchor_itself(struct walk *w)
{
    const struct anchor *a = w->n_order == 1 && top(w)->is_ca ? trust_same(w->how->trust, top(w)) : NULL;
    return a && arrive(w, a);
}

bool path_climb(struct walk *w)
{
    uint64_t name  = dn_hash(top(w)->issuer);
    bool     found = false, looped = false;
    if (is_anchor_itself(w))
        return true;
    for (enum likelihood pass = KEY_ID_FITS; pass < LIKELIHOODS; pass++)
        if (try_anchors(w, name, pass, &found, &looped) || try_presented(w, name, pass, &found, &looped))
            return true;
    if (!found && !w->spent.check)
        turned_down(w, -1, NULL, &(struct fault){.cert = w->order[w->n_order - 1], .circle = looped});
    return false;
}
