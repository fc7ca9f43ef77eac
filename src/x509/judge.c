/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.c - one certificate by itself, as a leaf and as an issuer (RFC 5280 6.1.3, 6.1.4, 4.2.1; RFC 9846 4.4.2.2).
 *
 *   1. notBefore and notAfter are both inclusive, and are asked of anchors too.
 *   2. An EKU restricts, wherever it stands: in the leaf, in an issuer, in the anchor. None, or
 *      anyExtendedKeyUsage, allows everything (how->require_eku: the leaf must have one).
 *   3. Critical means "process or refuse": an extension counts as processed when this floor acts upon it.
 *   4. Key floor: RSA 2048 to 8192 bits, P-256, P-384, P-521, Ed25519, Ed448. Signatures: SHA-256 and better.
 *   5. Every check id of this file stands on one line; judge() only carries it.
 */
#include "walk.h"

#include "nc.h"

enum { RSA_MIN_BITS = 2048, RSA_MAX_BITS = 8192, ANCHORS_ASKED = 64 };

/* Critical extensions that nothing here acts upon. */
static const uint32_t NOT_PROCESSED =
    EXT_IAN | EXT_SUBJECT_DIR | EXT_FRESHEST | EXT_AIA | EXT_SIA | EXT_SCT | EXT_UNKNOWN_CRIT;

bool judge(struct trial *t, bool ok, enum check id, size_t offset, int64_t want, int64_t got)
{
    if (t->tell && (ok || t->unreached)) {
        t->tell->cert = (int8_t)t->cert;
        note(t->tell, id, t->unreached ? HF_NOT_REACHED : HF_PASS, offset, want, got);
    }
    if (t->unreached)
        return true;
    if (!ok && !t->fault.check)
        t->fault = (struct fault){
            .check = id, .cert = t->cert, .anchor = t->anchor, .offset = (uint32_t)offset, .want = want, .got = got};
    return ok;
}

static unsigned purpose_bit(const struct valid_how *how)
{
    return how->purpose == FOR_CLIENT_AUTH ? EKU_CLIENT_AUTH : EKU_SERVER_AUTH;
}

static uint32_t offset_in(const struct cert *c, hf_view part)
{
    return part.p && c->der.p ? (uint32_t)(part.p - c->der.p) : 0;
}

static bool judge_extensions(const struct cert *c, struct trial *t)
{
    struct ext_walk x = {0};
    if (judge(t, !(c->critical & NOT_PROCESSED), CRITICAL_EXTENSION_UNKNOWN, 0, 0, 0))
        return true;
    while (ext_next(c, &x) && !(x.critical && (!x.bit || x.bit & NOT_PROCESSED)))
        ;
    t->fault.about  = ABOUT_OID;
    t->fault.value  = x.oid;
    t->fault.offset = x.at;
    return false;
}

bool judge_key(const struct cert *c, struct trial *t)
{
    const struct pubkey *k   = &c->key;
    size_t               at  = offset_in(c, c->spki);
    bool                 rsa = k->kind == KEY_RSA || k->kind == KEY_RSA_PSS;
    return judge(t, k->kind != KEY_NONE && k->kind != KEY_OTHER, CERT_KEY_UNSUPPORTED, at, 0, 0) &&
           judge(t, !rsa || k->bits >= RSA_MIN_BITS, CERT_KEY_TOO_SMALL, at, RSA_MIN_BITS, k->bits) &&
           judge(t, !rsa || k->bits <= RSA_MAX_BITS, CERT_KEY_TOO_LARGE, at, RSA_MAX_BITS, k->bits);
}

/* ---- the leaf ------------------------------------------------------------------------------------------ */

/* No anchor has begun yet: our clock is behind, whatever is presented. */
static bool clock_is_behind(const struct valid_how *how)
{
    const struct anchor *a;
    size_t               n = 0;
    for (; n < ANCHORS_ASKED && (a = trust_anchor(how->trust, n)); n++)
        if (how->now >= a->cert.not_before)
            return false;
    return n > 0;
}

static bool judge_leaf_dates(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool begun = how->now >= c->not_before;
    return judge(t, begun || !clock_is_behind(how), CLOCK_IS_BEHIND, c->not_after_at, c->not_before, how->now) &&
           judge(t, begun, CERT_NOT_YET_VALID, c->not_after_at, c->not_before, how->now) &&
           judge(t, how->now <= c->not_after, CERT_EXPIRED, c->not_after_at, c->not_after, how->now);
}

static bool judge_leaf_eku(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    unsigned want   = purpose_bit(how);
    bool     fits   = !(c->has & EXT_EKU) || c->eku & (want | EKU_ANY);
    bool     needed = how->require_eku || how->profile == PROFILE_WEB, there = !needed || c->has & EXT_EKU;
    size_t   at = offset_in(c, c->eku_ext);
    if (how->purpose == FOR_CLIENT_AUTH)
        return judge(t, fits, EKU_MISSING_CLIENT, at, want, c->eku) && judge(t, there, EKU_REQUIRED_CLIENT, 0, want, 0);
    return judge(t, fits, EKU_MISSING_SERVER, at, want, c->eku) && judge(t, there, EKU_REQUIRED_SERVER, 0, want, 0);
}

static bool judge_leaf_usage(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool signs = !(c->has & EXT_KU) || c->ku & KU_DIGITAL_SIGNATURE;
    return judge_leaf_eku(how, c, t) && judge(t, signs, KU_NO_SIGNATURE, 0, KU_DIGITAL_SIGNATURE, c->ku);
}

bool judge_leaf(const struct valid_how *how, const struct cert *leaf, struct trial *t)
{
    return judge_extensions(leaf, t) && judge_key(leaf, t) && judge_leaf_dates(how, leaf, t) &&
           judge_leaf_usage(how, leaf, t) && lint_leaf(how, leaf, t);
}

bool judge_name(const struct valid_how *how, const struct cert *leaf, struct trial *t)
{
    if (!how->name || how->purpose != FOR_SERVER_AUTH)
        return true;
    if (judge(t, leaf->has & EXT_SAN, SAN_MISSING, 0, 0, 0) &&
        judge(t, match_host(leaf, how->name), NAME_MISMATCH, offset_in(leaf, leaf->san), 0, 0))
        return true;
    t->fault.about = ABOUT_NAME;
    return false;
}

/* ---- an issuer ----------------------------------------------------------------------------------------- */

static bool judge_issuer_dates(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool    begun  = how->now >= c->not_before;
    bool    alive  = how->now <= c->not_after;
    size_t  at     = c->not_after_at;
    int64_t before = c->not_before, after = c->not_after, now = how->now;
    if (t->anchor)
        return judge(t, begun, ANCHOR_NOT_YET_VALID, at, before, now) &&
               judge(t, alive, ANCHOR_EXPIRED, at, after, now);
    return judge(t, begun, ISSUER_NOT_YET_VALID, at, before, now) && judge(t, alive, ISSUER_EXPIRED, at, after, now);
}

static bool judge_issuer_rights(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    unsigned want = purpose_bit(how);
    bool     fits = !(c->has & EXT_EKU) || c->eku & (want | EKU_ANY);
    bool     sign = !(c->has & EXT_KU) || c->ku & KU_KEY_CERT_SIGN;
    return judge(t, c->is_ca, ISSUER_NOT_CA, 0, 1, 0) &&
           judge(t, sign, ISSUER_NO_CERTSIGN, 0, KU_KEY_CERT_SIGN, c->ku) &&
           judge(t, fits, ISSUER_EKU, offset_in(c, c->eku_ext), want, c->eku);
}

/* How many certificates of the path count against a pathLenConstraint: the intermediates that are not self-issued. */
static int path_len_used(const struct walk *w)
{
    int n = 0;
    for (size_t i = 1; i < w->n_order; i++)
        n += !cert_self_issued(&w->certs[w->order[i]]);
    return n;
}

bool judge_issuer(struct walk *w, const struct cert *c, struct trial *t)
{
    int used = c->path_len >= 0 ? path_len_used(w) : 0;
    return judge(t, !dn_empty(c->subject), ISSUER_NAME_EMPTY, offset_in(c, c->subject), 1, 0) &&
           judge_issuer_rights(w->how, c, t) && judge_issuer_dates(w->how, c, t) && judge_extensions(c, t) &&
           judge_key(c, t) &&
           judge(t, c->path_len < 0 || used <= c->path_len, PATHLEN_EXCEEDED, 0, c->path_len, used) &&
           nc_judge(w, c, t) && lint_issuer(w->how, c, t);
}
