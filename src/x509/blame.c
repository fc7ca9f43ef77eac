/* SPDX-License-Identifier: Apache-2.0
 *
 * blame.c - why no path was found: of all candidates that were turned down, the one explanation to report.
 *
 * The order of explanations, best first:
 *
 *   1. A budget that ran out: what the rest would have shown is not known.
 *   2. A true issuer (its key did sign the child) that was refused, or a whole path that was refused at its anchor.
 *      Before one is named, its signature is checked: a namesake is no issuer.
 *   3. Of the rest, the path that came furthest; at equal length: an anchor of the right name with another key, a
 *      presented issuer with the right key identifier and a wrong signature, the end of a path (nobody has the
 *      issuer's name), a namesake with another key.
 *   So an issuer that is there under its right name and was refused is never reported as missing.
 *
 * The end of a path, at a certificate X whose issuer nobody has (I: its name):
 *
 *   X is the leaf, no CA, and is itself among the anchors ........ LEAF_IS_ANCHOR       proven
 *   X's issuer stands in the path already, below X ............... ISSUERS_IN_CIRCLE    proven
 *   X is the leaf and names itself as issuer ..................... LEAF_SELF_SIGNED     proven
 *   X is not the leaf and names itself: an untrusted root ........ ISSUER_UNKNOWN       proven
 *   a presented certificate with the name I does not parse ....... its own check        proven
 *   X's authorityCertIssuer is an anchor: I stands between ....... INTERMEDIATE_MISSING proven
 *   a presented CA, not in the path, is under an anchor: a gap ... INTERMEDIATE_MISSING inferred
 *   I is on the list of CA names we were given to announce ....... INTERMEDIATE_MISSING inferred
 *   I's common name says that it is an intermediate .............. INTERMEDIATE_MISSING inferred
 *   I's common name says that it is a root ....................... ISSUER_UNKNOWN       inferred
 *   an anchor of I's organisation says that it is a root ......... INTERMEDIATE_MISSING inferred
 *   web profile, X is the leaf: roots do not issue leaves there .. INTERMEDIATE_MISSING inferred
 *   else ......................................................... ISSUER_UNKNOWN       possible
 */
#include "walk.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "der.h"
#include "link.h"

enum { ANCHORS_COMPARED = 256 }; /* that are asked for their organisation */

/* ---- the end of a path --------------------------------------------------------------------------------- */

static bool has_anchor(const struct walk *w, hf_view name)
{
    struct trust_iter it = {0};
    return trust_by_name(w->how->trust, name, &it) != NULL;
}

static bool in_order(const struct walk *w, const struct valid_try *e, size_t cert)
{
    for (size_t i = 0; i < e->n_order; i++)
        if (e->order[i] == cert)
            return true;
    return false;
}

/* A presented CA beside the path whose issuer is an anchor: the chain reaches the anchor, with a link left out. */
static bool has_gap(const struct walk *w, const struct valid_try *e)
{
    for (size_t i = 1; i < w->n_certs; i++) {
        const struct cert *c = &w->certs[i];
        if (c->version && c->is_ca && !in_order(w, e, i) && !cert_self_issued(c) && has_anchor(w, c->issuer))
            return true;
    }
    return false;
}

static bool is_announced(const struct walk *w, hf_view name)
{
    hf_view hint;
    for (size_t i = 0; trust_hint_mode(w->how->trust) == HF_HINTS_LISTED && trust_hint(w->how->trust, i, &hint); i++)
        if (dn_equal(hint, name))
            return true;
    return false;
}

static bool shares_organisation(const struct walk *w, hf_view name)
{
    const struct anchor *a;
    for (size_t i = 0; i < ANCHORS_COMPARED && (a = trust_anchor(w->how->trust, i)); i++)
        if (link_named_root(a->cert.subject) && link_same_organisation(a->cert.subject, name))
            return true;
    return false;
}

static bool link_is_missing(const struct walk *w, const struct valid_try *e)
{
    const struct cert *x     = &w->certs[e->child];
    hf_view            above = link_above(x);
    if (above.n && !dn_equal(above, x->issuer) && has_anchor(w, above))
        return true;
    if (has_gap(w, e) || is_announced(w, x->issuer) || link_named_middle(x->issuer))
        return true;
    if (link_named_root(x->issuer))
        return false;
    return shares_organisation(w, x->issuer) || (w->how->profile == PROFILE_WEB && e->child == 0);
}

/* The subject of a certificate that does not parse, as far as its outermost form lets it be found. */
static hf_view rough_subject(hf_view der)
{
    enum { BEFORE_SUBJECT = 4 }; /* serial number, signature, issuer, validity */
    struct der_item cert, tbs, e;
    if (!der_cut(&der, &cert) || !der_cut(&cert.body, &tbs) || !der_cut(&tbs.body, &e))
        return (hf_view){0};
    for (int i = e.tag == DER_CONTEXTC(0) ? 0 : 1; i <= BEFORE_SUBJECT; i++)
        if (!der_cut(&tbs.body, &e))
            return (hf_view){0};
    return e.tag == DER_SEQUENCE ? e.whole : (hf_view){0};
}

/* A presented certificate with the issuer's name that does not parse: what is wrong with it. */
static bool is_unparsed(const struct walk *w, const struct cert *x, struct fault *f)
{
    struct report rep;
    struct cert   c;
    for (size_t i = 1; i < w->n_certs; i++) {
        hf_view subject = w->certs[i].version ? (hf_view){0} : rough_subject(w->certs[i].der);
        if (!subject.n || !view_equal(subject, x->issuer))
            continue;
        report_init(&rep);
        cert_parse(&c, w->certs[i].der, &rep);
        *f = (struct fault){.check  = (enum check)rep.why.check,
                            .cert   = (int)i,
                            .offset = rep.why.offset,
                            .want   = rep.why.want,
                            .got    = rep.why.got,
                            .about  = ABOUT_VALUE,
                            .value  = subject};
        return true;
    }
    return false;
}

/* The search has recorded only that it ended here. */
static struct fault name_end(const struct walk *w, const struct valid_try *e)
{
    const struct cert *x    = &w->certs[e->child];
    bool               self = cert_self_issued(x), leaf = e->child == 0;
    bool               ours = leaf && trust_same(w->how->trust, x), circle = e->fault.circle;
    struct trial       t  = {.cert = e->child};
    size_t             at = (size_t)(x->issuer.p - x->der.p);
    if (is_unparsed(w, x, &t.fault))
        return t.fault;
    if (judge(&t, !ours, LEAF_IS_ANCHOR, 0, 0, 0) && judge(&t, circle || !leaf || !self, LEAF_SELF_SIGNED, at, 0, 0) &&
        judge(&t, !circle, ISSUERS_IN_CIRCLE, at, 0, 0) &&
        judge(&t, self || !link_is_missing(w, e), INTERMEDIATE_MISSING, at, 0, 0))
        judge(&t, false, ISSUER_UNKNOWN, at, 0, 0);
    t.fault.about = ours ? ABOUT_SUBJECT : ABOUT_ISSUER;
    return t.fault;
}

/* ---- the best explanation ------------------------------------------------------------------------------ */

/* Was the child really signed by the candidate that was turned down before its signature was looked at. */
static void prove(struct walk *w, struct valid_try *e)
{
    struct trial t = {.cert = e->child};
    if (e->proven)
        return;
    w->n_order = e->n_order;
    memcpy(w->order, e->order, sizeof w->order);
    if (path_judge_signed(w, e->issuer, e->anchor, &t)) {
        e->proven = 1;
    } else if (!w->spent.check) {
        e->proven = -1;
        e->fault  = t.fault;
    }
}

static int score(const struct walk *w, const struct valid_try *e)
{
    const struct cert *x = &w->certs[e->child];
    const struct cert *c = e->anchor ? &e->anchor->cert : e->issuer >= 0 ? &w->certs[e->issuer] : NULL;
    bool               known, same;
    int                furthest = (int)e->n_order * 10;
    if (!c)
        return furthest + 4;
    if (e->proven == 1)
        return 1000 + furthest + (e->anchor ? 5 : 0);
    known = x->aki.n && c->ski.n;
    same  = known && view_equal(x->aki, c->ski);
    return furthest + (e->anchor ? 6 : same ? 5 : known ? 1 : 2);
}

struct fault blame(struct walk *w, const struct valid_try **best)
{
    int top = -1;
    *best   = NULL;
    if (w->spent.check)
        return w->spent;
    w->max_work = SEALS_MAX;
    for (size_t i = 0; i < w->tries->n; i++) {
        struct valid_try *e = &w->tries->at[i];
        if (e->issuer == -1)
            e->fault = name_end(w, e);
        else
            prove(w, e);
        if (score(w, e) > top) {
            top   = score(w, e);
            *best = e;
        }
    }
    w->spent.check = CHECK_NONE;
    assert(*best); /* the climb began at the leaf and left a try there at least */
    return (*best)->fault;
}
