/* SPDX-License-Identifier: Apache-2.0
 *
 * crl_check.c - the status of one certificate (RFC 5280 6.3.3), given its issuer's certificate.
 *
 *   1. A CRL counts when it is the issuer's (name), covers the certificate (crl_scope.c), is current, and is signed
 *      with the issuer's key, or another one of the same CA (crl_signer.c), which may sign CRLs. Each of these is a check; of several CRLs that do not count, the
 *      one that came nearest explains why nothing is known.
 *   2. Revoked in one CRL that counts is revoked. Not revoked needs CRLs that count for all reasons together.
 *   3. Of two CRLs that count and have the same key and scope, the one with the greater cRLNumber speaks
 *      (5.2.3): a certificate whose hold was ended is no longer on hold.
 *   4. Both dates are inclusive, as those of a certificate are. thisUpdate may lie CRL_TOLERANCE ahead: the newest CRL
 *      is not to be turned away by a clock that is a little slow. nextUpdate has no such grace.
 *   5. Required: nothing known is a refusal. When present: nothing known is fine while there is no CRL of that
 *      issuer that covers the certificate. Off: nobody asks.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "crl_set.h"

/* How far a CRL came; the farthest is told. */
enum doubt {
    NO_CRL,
    OTHER_SCOPE,
    WRONG_SIGNATURE,
    WRONG_KEY,
    DIGEST_WEAK,
    ALGORITHM_UNKNOWN,
    MAY_NOT_SIGN,
    NUMBER_FAULT,
    NOT_YET_VALID,
    EXPIRED,
    OUT_OF_MEMORY,
    NO_DOUBT
};

/* One check in progress. */
struct asking {
    const struct crl_how *how;
    const struct cert    *cert, *issuer;
    enum doubt            best;    /* of the CRLs that did not count */
    const struct crl     *about;   /* the CRL that best is about */
    unsigned              reasons; /* covered by CRLs that count */
};

/* ---- signatures ---------------------------------------------------------------------------------------- */

static unsigned recall(const struct crl *c, const uint8_t spki[32])
{
    for (unsigned i = 0; i < CRL_PROOFS; i++) {
        unsigned state = atomic_load_explicit(&c->proofs[i].state, memory_order_acquire);
        if (state >= PROOF_GOOD && memcmp(c->proofs[i].spki_sha256, spki, 32) == 0)
            return state;
    }
    return PROOF_FREE;
}

static void remember(struct crl *c, const uint8_t spki[32], unsigned state)
{
    for (unsigned i = 0; i < CRL_PROOFS; i++) {
        unsigned none = PROOF_FREE;
        if (!atomic_compare_exchange_strong(&c->proofs[i].state, &none, PROOF_BUSY))
            continue;
        memcpy(c->proofs[i].spki_sha256, spki, 32);
        atomic_store_explicit(&c->proofs[i].state, state, memory_order_release);
        return;
    }
}

enum sig_verdict crl_signed_by(struct crl *c, const struct cert *issuer)
{
    uint8_t spki[32];
    cert_spki_sha256(issuer, spki);
    unsigned state = recall(c, spki);
    if (state != PROOF_FREE)
        return state == PROOF_GOOD ? SIG_RIGHT : SIG_WRONG;
    enum sig_verdict v = sig_judge(&c->sig, &issuer->key, c->tbs, c->sig_bits);
    if (v != SIG_NO_MEMORY) /* which is not a fact about the list */
        remember(c, spki, v == SIG_RIGHT ? PROOF_GOOD : PROOF_BAD);
    return v;
}

/* ---- one CRL ------------------------------------------------------------------------------------------- */

static enum doubt examine(const struct asking *a, struct crl *c)
{
    const struct cert *issuer = a->issuer;
    if (!crl_covers(c, a->cert))
        return OTHER_SCOPE;
    if (a->how->now > c->next_update)
        return EXPIRED;
    if (a->how->now < c->this_update - CRL_TOLERANCE)
        return NOT_YET_VALID;
    if (a->how->strict && c->number_fault)
        return NUMBER_FAULT;
    if (c->sig.kind == SIG_OTHER || c->sig.kind == SIG_NONE)
        return ALGORITHM_UNKNOWN;
    if (c->sig.hash == HASH_MD5 || c->sig.hash == HASH_SHA1)
        return DIGEST_WEAK;
    enum sig_verdict v = crl_may_sign(issuer) ? crl_signed_by(c, issuer) : SIG_WRONG;
    if (v == SIG_NO_MEMORY)
        return OUT_OF_MEMORY;
    if (v == SIG_RIGHT || crl_signer_find(a->how, c, issuer))
        return NO_DOUBT;
    if (!crl_may_sign(issuer))
        return MAY_NOT_SIGN;
    return c->aki.n && issuer->ski.n && !view_equal(c->aki, issuer->ski) ? WRONG_KEY : WRONG_SIGNATURE;
}

static bool greater(hf_view a, hf_view b)
{
    return a.n != b.n ? a.n > b.n : memcmp(a.p, b.p, a.n) > 0;
}

bool crl_newer(const struct crl *a, const struct crl *b)
{
    return view_equal(a->aki, b->aki) && view_equal(a->scope.whole, b->scope.whole) && b->number.n &&
           greater(a->number, b->number);
}

/* The next CRL under the issuer's name: *at starts at 0. */
static struct crl *next_of(const struct asking *a, uint64_t name, size_t *at)
{
    uint32_t i;
    while (map_next(&a->how->set->by_issuer, name, at, &i))
        if (dn_equal(a->how->set->all[i]->issuer, a->cert->issuer))
            return a->how->set->all[i];
    return NULL;
}

static bool replaced(const struct asking *a, uint64_t name, const struct crl *c)
{
    size_t      at = 0;
    struct crl *other;
    while ((other = next_of(a, name, &at)))
        if (crl_newer(other, c) && examine(a, other) == NO_DOUBT)
            return true;
    return false;
}

/* ---- what is told -------------------------------------------------------------------------------------- */

/* "CN=Example CA, /etc/crl/example.crl". */
static void name_crl(const struct crl *c, char out[static 160])
{
    char issuer[96];
    dn_text(c->issuer, issuer, sizeof issuer);
    text_add(out, 160, 0, "%s, %s", issuer, c->file);
}

/* The one check of them all, with its state. */
static bool status(struct report *rep, enum hf_state state, size_t at, int64_t since, int64_t now, const char *text)
{
    const enum check id = REVOKED;
    if (state == HF_FAIL)
        return fail_text(rep, id, at, since, now, text);
    note(rep, id, state, 0, 0, now);
    return true;
}

static bool revoked(const struct asking *a, const struct crl *c, const struct crl_entry *e, struct report *rep)
{
    char text[160], serial[48], ca[64];
    text_hex(serial, sizeof serial, a->cert->serial.p, a->cert->serial.n, 0);
    dn_text(c->issuer, ca, sizeof ca);
    text_add(text, sizeof text, 0, "%s, serial %s, CRL of %s", crl_reason_name(e->reason), serial, ca);
    return status(rep, HF_FAIL, e->at, e->revoked_at, a->how->now, text);
}

static bool nothing_known(const struct asking *a, struct report *rep)
{
    const struct crl *c = a->about;
    char              text[160];
    if (c)
        name_crl(c, text);
    else
        dn_text(a->cert->issuer, text, sizeof text);
    switch (a->best) {
    case OTHER_SCOPE:
        return fail_text(rep, CRL_OTHER_SCOPE, 0, 0, 0, text);
    case WRONG_SIGNATURE:
        return fail_text(rep, CRL_SIGNATURE_WRONG, (size_t)(c->sig_bits.p - c->der.p), 0, 0, text);
    case WRONG_KEY:
        return fail_text(rep, CRL_OTHER_KEY, (size_t)(c->sig_bits.p - c->der.p), 0, 0, text);
    case DIGEST_WEAK:
        return fail_text(rep, CRL_DIGEST_WEAK, (size_t)(c->sig_alg.p - c->der.p), 0, 0, text);
    case ALGORITHM_UNKNOWN:
        return fail_text(rep, CRL_SIGNATURE_UNSUPPORTED, (size_t)(c->sig_alg.p - c->der.p), 0, 0, text);
    case MAY_NOT_SIGN:
        return fail_text(rep, CRL_ISSUER_NO_CRLSIGN, 0, KU_CRL_SIGN, a->issuer->ku, text);
    case NUMBER_FAULT:
        return fail_text(rep, c->number_fault, 0, 0, 0, text);
    case NOT_YET_VALID:
        return fail_text(rep, CRL_NOT_YET_VALID, c->this_update_at, c->this_update, a->how->now, text);
    case EXPIRED:
        return fail_text(rep, CRL_EXPIRED, c->next_update_at, c->next_update, a->how->now, text);
    case OUT_OF_MEMORY:
        return fail_text(rep, CRL_NO_MEMORY, 0, 0, 0, text);
    case NO_CRL:
    case NO_DOUBT:
        break;
    }
    if (a->reasons)
        return fail_text(rep, CRL_REASONS_PARTIAL, 0, REASONS_ALL, a->reasons, text);
    return fail_text(rep, CRL_MISSING, 0, 0, 0, text);
}

/* ---- the check ----------------------------------------------------------------------------------------- */

/* All CRLs under the issuer's name; false: revoked. */
static bool ask_all(struct asking *a, struct report *rep)
{
    uint64_t         name = dn_hash(a->cert->issuer);
    size_t           at   = 0;
    struct crl_entry e;
    struct crl      *c;
    while ((c = next_of(a, name, &at))) {
        enum doubt d = examine(a, c);
        if (d != NO_DOUBT && d > a->best) {
            a->best  = d;
            a->about = c;
        }
        if (d != NO_DOUBT || replaced(a, name, c))
            continue;
        if (c->number_fault)
            note(rep, c->number_fault, HF_SKIPPED, 0, 0, 0);
        if (crl_find(c, a->cert->serial, &e))
            return revoked(a, c, &e, rep);
        a->reasons |= crl_covers(c, a->cert);
    }
    return true;
}

bool crl_check(const struct crl_how *how, const struct cert *c, const struct cert *issuer, struct report *rep)
{
    enum hf_crl_policy policy = crl_set_policy_of(how->set, c->issuer);
    struct asking      a      = {.how = how, .cert = c, .issuer = issuer};
    if (policy == HF_CRL_OFF)
        return status(rep, HF_SKIPPED, 0, 0, how->now, NULL);
    if (!ask_all(&a, rep))
        return false;
    if (a.reasons == REASONS_ALL)
        return status(rep, HF_PASS, 0, 0, how->now, NULL);
    if (how->known || (policy == HF_CRL_WHEN_PRESENT && a.best <= OTHER_SCOPE && !a.reasons))
        return status(rep, HF_SKIPPED, 0, 0, how->now, NULL);
    return nothing_known(&a, rep);
}

bool crl_revokes(const struct crl_how *how, const struct cert *c, const struct cert *issuer)
{
    struct report own;
    report_init(&own);
    return !crl_check(how, c, issuer, &own) && own.why.check == REVOKED;
}
