/* SPDX-License-Identifier: Apache-2.0
 *
 * crl_signer.c - a CRL that is not signed with the key of the certificate's issuer, but under the same name: a CA
 * that was given a new key, or that keeps a key for CRLs alone (RFC 5280 6.3.3 (f)).
 *
 *   certificate ◀─signed by─ issuer ◀──── above ──▶ signer ─signed─▶ CRL        a second key, certified by the same CA
 *                               └─────────────────▶ signer                      ... or by the first key (self-issued)
 *   or an anchor of the issuer's name
 *
 *   1. The signer's certificate is one that was presented, or an anchor. It is proven before the CRL's signature is
 *      looked at: a stranger's key is not worth hashing a long list.
 *   2. It may sign CRLs, is valid now, has no critical extension that we do not know, and no CRL that counts by its
 *      issuer's own key lists it.
 *   3. Key identifiers, where both are there, must be equal; at most TRIES candidates are looked at.
 */
#include "base/text.h"
#include "crl_set.h"

enum { TRIES = 4 };

bool crl_may_sign(const struct cert *c)
{
    return !(c->has & EXT_KU) || c->ku & KU_CRL_SIGN;
}

static bool fits(const struct crl *crl, const struct cert *c, const struct cert *issuer, int64_t now)
{
    bool other_key = crl->aki.n && c->ski.n && !view_equal(crl->aki, c->ski);
    return !other_key && dn_equal(c->subject, issuer->subject) && !view_equal(c->spki, issuer->spki) &&
           crl_may_sign(c) && now >= c->not_before && now <= c->not_after && !(c->critical & EXT_UNKNOWN_CRIT);
}

/* Who of the two has issued c, by name. */
static const struct cert *issuer_of(const struct cert *c, const struct cert *issuer, const struct cert *above)
{
    if (dn_equal(c->issuer, issuer->subject))
        return issuer;
    return above && dn_equal(c->issuer, above->subject) ? above : NULL;
}

static bool proven(const struct crl_how *how, const struct cert *c, const struct cert *by)
{
    struct crl_how plain = {.set = how->set, .now = how->now};
    bool           weak  = c->sig.hash == HASH_MD5 || c->sig.hash == HASH_SHA1;
    return !weak && proven_verify(how->proven, &c->sig, &by->key, c->tbs, c->sig_bits) && !crl_revokes(&plain, c, by);
}

static bool presented_signer(const struct crl_how *how, struct crl *crl, const struct cert *issuer)
{
    unsigned tries = 0;
    for (size_t i = 1; i < how->n_presented && tries < TRIES; i++) {
        const struct cert *c  = &how->presented[i];
        const struct cert *by = c->version && fits(crl, c, issuer, how->now) ? issuer_of(c, issuer, how->above) : NULL;
        if (!by)
            continue;
        tries++;
        if (proven(how, c, by) && crl_signed_by(crl, c) == SIG_RIGHT)
            return true;
    }
    return false;
}

bool crl_signer_find(const struct crl_how *how, struct crl *crl, const struct cert *issuer)
{
    struct trust_iter    it = {0};
    const struct anchor *a;
    unsigned             tries = 0;
    while (how->trust && tries < TRIES && (a = trust_by_name(how->trust, issuer->subject, &it)))
        if (fits(crl, &a->cert, issuer, how->now)) {
            tries++;
            if (crl_signed_by(crl, &a->cert) == SIG_RIGHT)
                return true;
        }
    return presented_signer(how, crl, issuer);
}
