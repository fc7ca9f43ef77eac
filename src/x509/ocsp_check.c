/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp_check.c - may an OCSP response be believed, and what does it say (RFC 6960 3.2, 4.2.2; RFC 5019 4).
 *
 *   1. It must answer for this very certificate: the CertID's hashes of the issuer's name and key, and the serial
 *      number.
 *   2. The signer is the certificate's issuer, or a responder whose certificate that issuer has issued directly,
 *      with id-kp-OCSPSigning (4.2.2.2); anyExtendedKeyUsage does not do. A responder without id-pkix-ocsp-nocheck
 *      must not stand on a CRL that we have.
 *   3. Freshness: thisUpdate <= now <= nextUpdate, with OCSP_TOLERANCE on both sides for clocks that differ. A
 *      response without nextUpdate is believed for OCSP_MAX_AGE.
 *   4. A nonce that was asked for must come back (RFC 8954 2.1); one that was not is not looked at.
 *   5. Digests and keys: as for certificates.
 */
#include <string.h>

#include "base/text.h"
#include "ocsp.h"

enum { CERTS_LOOKED_AT = 8, RSA_MIN_BITS = 2048 };

/* ---- which certificate it is about --------------------------------------------------------------------- */

/* The bits of the public key, without the count of unused ones: what is hashed for key identifiers. */
static hf_view key_bits(const struct cert *c)
{
    hf_view         v = c->spki;
    struct der_item spki, alg, bits;
    if (!der_cut(&v, &spki) || !der_cut(&spki.body, &alg) || !der_cut(&spki.body, &bits) || bits.body.n == 0)
        return (hf_view){0};
    return (hf_view){bits.body.p + 1, bits.body.n - 1};
}

static bool hashes_to(enum hash_alg alg, hf_view v, hf_view digest)
{
    uint8_t own[HASH_MAX];
    if (alg == HASH_NONE || digest.n != hash_len(alg))
        return false;
    hash_once(alg, v, own);
    return memcmp(own, digest.p, digest.n) == 0;
}

static bool answers(const struct ocsp_single *s, const struct ocsp_how *how)
{
    return view_equal(s->serial, how->cert->serial) && hashes_to(s->hash, how->cert->issuer, s->name_hash) &&
           hashes_to(s->hash, key_bits(how->issuer), s->key_hash);
}

/* The parser has read all of them without a failure. */
static bool find(const struct ocsp *o, const struct ocsp_how *how, struct ocsp_single *out, struct report *rep)
{
    struct report scratch;
    struct rd     r;
    report_init(&scratch);
    r = der_reader(o->der, &scratch);
    for (r = der_inside(&r, o->singles); der_more(&r);) {
        *out = ocsp_single_read(&r);
        if (answers(out, how))
            return true;
    }
    fail(rep, OCSP_OTHER_CERTIFICATE, (size_t)(o->singles.p - o->der.p), 0, 0);
    return false;
}

/* ---- who signed it ------------------------------------------------------------------------------------- */

static bool is_responder(const struct ocsp *o, const struct cert *c)
{
    return o->by_name.n ? dn_equal(o->by_name, c->subject) : hashes_to(HASH_SHA1, key_bits(c), o->by_key);
}

static bool strong(const struct sig_how *s)
{
    return s->kind != SIG_NONE && s->kind != SIG_OTHER && s->hash != HASH_MD5 && s->hash != HASH_SHA1;
}

static bool key_is_good(const struct pubkey *k)
{
    bool rsa = k->kind == KEY_RSA || k->kind == KEY_RSA_PSS;
    return k->kind != KEY_NONE && k->kind != KEY_OTHER && (!rsa || k->bits >= RSA_MIN_BITS);
}

static bool is_revoked(const struct ocsp_how *how, const struct cert *c)
{
    struct crl_how ask = {.set = how->crls, .now = how->now};
    return how->crls && !(c->has & EXT_OCSP_NOCHECK) && crl_revokes(&ask, c, how->issuer);
}

/* May c answer for the issuer; text: its name. */
static bool may_respond(const struct ocsp_how *how, const struct cert *c, const char *text, struct report *rep)
{
    bool ours = dn_equal(c->issuer, how->issuer->subject) && strong(&c->sig) &&
                proven_verify(how->proven, &c->sig, &how->issuer->key, c->tbs, c->sig_bits);
    bool current = how->now >= c->not_before && how->now <= c->not_after;
    if (!ours)
        return fail_text(rep, OCSP_RESPONDER_ISSUER, 0, 0, 0, text);
    if (!(c->has & EXT_EKU) || !(c->eku & EKU_OCSP_SIGN))
        return fail_text(rep, OCSP_RESPONDER_EKU, 0, EKU_OCSP_SIGN, c->eku, text);
    if (c->has & EXT_KU && !(c->ku & KU_DIGITAL_SIGNATURE))
        return fail_text(rep, OCSP_RESPONDER_KU, 0, KU_DIGITAL_SIGNATURE, c->ku, text);
    if (!current)
        return fail_text(rep, OCSP_RESPONDER_DATES, 0, how->now < c->not_before ? c->not_before : c->not_after,
                         how->now, text);
    if ((c->critical & EXT_UNKNOWN_CRIT) || !key_is_good(&c->key))
        return fail_text(rep, OCSP_RESPONDER_UNSUPPORTED, 0, 0, 0, text);
    if (is_revoked(how, c))
        return fail_text(rep, OCSP_RESPONDER_REVOKED, 0, 0, 0, text);
    return true;
}

/* A certificate in the response that is the responder's, other than the issuer's own; false: there is none. */
static bool responder_in(const struct ocsp *o, const struct cert *issuer, struct cert *c)
{
    hf_view         rest = o->certs;
    struct der_item e;
    struct report   own;
    for (int i = 0; i < CERTS_LOOKED_AT && der_cut(&rest, &e); i++) {
        report_init(&own);
        if (cert_parse(c, e.whole, &own) && is_responder(o, c) && !view_equal(c->spki, issuer->spki))
            return true;
    }
    return false;
}

static bool signed_with(const struct ocsp *o, const struct ocsp_how *how, const struct pubkey *key, struct report *rep)
{
    enum sig_verdict v = proven_judge(how->proven, &o->sig, key, o->tbs, o->sig_bits);
    if (v == SIG_NO_MEMORY)
        fail(rep, OCSP_NO_MEMORY, 0, 0, 0);
    return v == SIG_RIGHT;
}

static bool check_signer(const struct ocsp *o, const struct ocsp_how *how, struct report *rep)
{
    struct cert        delegate;
    const struct cert *signer = NULL;
    char               text[160];
    if (!strong(&o->sig))
        return fail(rep, OCSP_SIGNATURE_UNSUPPORTED, (size_t)(o->sig_alg.p - o->der.p), 0, 0);
    if (is_responder(o, how->issuer) && signed_with(o, how, &how->issuer->key, rep))
        return true;
    if (responder_in(o, how->issuer, &delegate))
        signer = &delegate;
    else if (is_responder(o, how->issuer))
        signer = how->issuer;
    if (!signer)
        return fail(rep, OCSP_RESPONDER_UNKNOWN, (size_t)(o->tbs.p - o->der.p), 0, 0);
    dn_text(signer->subject, text, sizeof text);
    if (signer == &delegate && !may_respond(how, signer, text, rep))
        return false;
    if (signer == &delegate && signed_with(o, how, &signer->key, rep))
        return true;
    return fail_text(rep, OCSP_SIGNATURE_WRONG, (size_t)(o->sig_bits.p - o->der.p), 0, 0, text);
}

/* ---- when, and what ------------------------------------------------------------------------------------ */

static int64_t good_until(const struct ocsp_single *s)
{
    return s->next_update == INT64_MAX ? s->this_update + OCSP_MAX_AGE : s->next_update;
}

static bool check_dates(const struct ocsp_single *s, const struct ocsp_how *how, struct report *rep)
{
    int64_t next = good_until(s);
    if (how->now < s->this_update - OCSP_TOLERANCE)
        return fail(rep, OCSP_NOT_YET_VALID, s->at, s->this_update, how->now);
    if (how->now > next + OCSP_TOLERANCE)
        return fail(rep, OCSP_EXPIRED, s->at, next, how->now);
    return true;
}

static bool check_nonce(const struct ocsp *o, const struct ocsp_how *how, struct report *rep)
{
    size_t at = o->nonce.n ? (size_t)(o->nonce.p - o->der.p) : 0;
    if (how->nonce.n == 0 || view_equal(how->nonce, o->nonce))
        return true;
    return fail(rep, OCSP_NONCE, at, (int64_t)how->nonce.n, (int64_t)o->nonce.n);
}

static bool check_answer(const struct ocsp_single *s, const struct ocsp_how *how, struct report *rep)
{
    char text[160], serial[48];
    text_hex(serial, sizeof serial, s->serial.p, s->serial.n, 0);
    text_add(text, sizeof text, 0, "%s, serial %s, OCSP response", crl_reason_name(s->reason), serial);
    if (s->answer == ANSWER_REVOKED)
        return fail_text(rep, OCSP_REVOKED, s->at, s->revoked_at, how->now, text);
    return need(rep, s->answer == ANSWER_GOOD, OCSP_UNKNOWN, s->at, 0, 0);
}

/* Checks of the floor below speak of certificates: those are told as OCSP_BROKEN, with their title. */
static bool parse(struct ocsp *o, hf_view response, struct report *rep)
{
    struct report part;
    report_init(&part);
    part.cert    = rep->cert;
    part.message = rep->message;
    if (ocsp_parse(o, response, &part))
        return true;
    if (part.why.check / 100 == REVOCATION_CHECKS / 100)
        return fail_as(rep, &part.why);
    return fail_text(rep, OCSP_BROKEN, part.why.offset, 0, part.why.check, hf_check_info_of(part.why.check)->title);
}

bool ocsp_check(const struct ocsp_how *how, hf_view response, struct report *rep)
{
    struct ocsp        o;
    struct ocsp_single s = {0};
    return parse(&o, response, rep) && find(&o, how, &s, rep) && check_dates(&s, how, rep) &&
           check_signer(&o, how, rep) && check_nonce(&o, how, rep) && check_answer(&s, how, rep);
}

bool ocsp_window(const struct cert *cert, hf_view response, int64_t *from, int64_t *until)
{
    struct ocsp   o;
    struct report scratch;
    report_init(&scratch);
    if (!ocsp_parse(&o, response, &scratch))
        return false;
    struct rd all = der_reader(o.der, &scratch);
    for (struct rd r = der_inside(&all, o.singles); der_more(&r);) {
        struct ocsp_single s = ocsp_single_read(&r);
        *from                = s.this_update;
        *until               = good_until(&s);
        if (view_equal(s.serial, cert->serial))
            return true;
    }
    return false;
}
