/* SPDX-License-Identifier: Apache-2.0
 *
 * status.c - is a certificate of the path revoked (RFC 5280 6.1.3 (a)(3), 6.3; RFC 6960; RFC 7633).
 *
 *      leaf ── intermediate ── ... ── anchor
 *       │ staple    │ CRL                └ not asked: it is trusted because we say so
 *       └ CRL
 *
 *   1. Asked when a path has reached an anchor: only then is every issuer's key proven. A path that fails here is
 *      turned down, and the search goes on: another path may lead around a revoked intermediate.
 *   2. The leaf's staple, when there is one, must be good. It may then do without a CRL where one is required, but
 *      a CRL that lists it still refuses it.
 *   3. A leaf that demands a staple (TLS feature, RFC 7633 4.2.3.1) is refused without one, where one could have
 *      been sent; so is any leaf where the caller needs a staple of everybody.
 *   4. From the anchor down: what a revoked CA says about those below it is worth nothing, so it is the cause.
 */
#include <string.h>

#include "base/text.h"
#include "ocsp.h"
#include "walk.h"

enum { FEATURE_STATUS_REQUEST = 1 };

static bool check_staple(const struct walk *w, const struct cert *leaf, const struct cert *issuer, struct report *rep)
{
    const struct valid_how *how = w->how;
    struct ocsp_how         ask = {
                .cert = leaf, .issuer = issuer, .crls = trust_crls(how->trust), .proven = how->proven, .now = how->now};
    bool due = how->staple_asked && leaf->features & FEATURE_STATUS_REQUEST;
    if (how->staple.n)
        return ocsp_check(&ask, how->staple, rep);
    if (due)
        return need(rep, false, OCSP_STAPLE_MISSING, 0, 0, 0);
    return !how->staple_needed || need(rep, false, OCSP_STAPLE_REQUIRED, 0, 0, 0);
}

/* Who issued the certificate at place i of the path; NULL: it is the anchor. */
static const struct cert *issuer_at(const struct walk *w, size_t i, const struct anchor *a)
{
    if (i >= w->n_order)
        return NULL;
    return i + 1 < w->n_order ? &w->certs[w->order[i + 1]] : &a->cert;
}

/* The certificate at place i of the path. */
static bool check_one(const struct walk *w, size_t i, const struct anchor *a, struct report *rep)
{
    const struct cert *c      = &w->certs[w->order[i]];
    const struct cert *issuer = issuer_at(w, i, a);
    struct crl_how     how    = {.set         = trust_crls(w->how->trust),
                                 .now         = w->how->now,
                                 .known       = i == 0 && w->how->staple.n,
                                 .strict      = w->how->profile == PROFILE_WEB,
                                 .trust       = w->how->trust,
                                 .presented   = w->certs,
                                 .n_presented = w->n_certs,
                                 .above       = issuer_at(w, i + 1, a),
                                 .proven      = w->how->proven};
    rep->cert                 = (int8_t)w->order[i];
    return (i > 0 || check_staple(w, c, issuer, rep)) && crl_check(&how, c, issuer, rep);
}

static void keep_fault(struct walk *w, const hf_why *why, struct trial *t)
{
    char *text = w->n_texts < STATUS_TEXTS ? w->status_text[w->n_texts++] : NULL;
    t->fault   = (struct fault){
          .check = (enum check)why->check, .cert = why->cert, .offset = why->offset, .want = why->want, .got = why->got};
    if (!text)
        return;
    text_add(text, sizeof w->status_text[0], 0, "%s", why->text);
    t->fault.about = ABOUT_STATUS;
    t->fault.value = (hf_view){(const uint8_t *)text, strlen(text)};
}

bool status_judge(struct walk *w, const struct anchor *a, struct trial *t)
{
    struct report own, *rep = t->tell ? t->tell : &own;
    report_init(&own);
    if (w->n_order == 1 && view_equal(a->cert.der, w->certs[0].der)) /* a CA that is itself an anchor */
        return true;
    for (size_t i = w->n_order; i > 0; i--)
        if (!check_one(w, i - 1, a, rep)) {
            keep_fault(w, &rep->why, t);
            return false;
        }
    return true;
}
