/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict_refused.c - the server asked for a certificate, and refused us: by an alert, by ending the connection, or by
 * a page. What is wrong with the certificate that was sent is read from one's own files first; the alert says which of
 * their faults it can have been (doc/reasons.md, reverse table).
 *
 *      nothing was sent ......... why not: none was given, its algorithm does not fit
 *      a fault of our own ....... that one, if the alert can mean it
 *      the alert alone says it .. revoked, access_denied
 *      no way to a CA ........... verdict_path.c
 *      nothing of all that ...... its clock, its lists: told as possible, best first
 */
#include <stdlib.h>
#include <string.h>

#include "base/alert.h"
#include "base/text.h"
#include "base/when.h"
#include "prog/log.h"
#include "prog/verdict.h"
#include "tls/codes.h"

enum { CLOCK_OFF_S = 300, FRESH_S = 2 * 86400 };

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ---- what was seen ------------------------------------------------------------------------------------- */

static void tell_refusal(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    const char *when        = o->open ? "after our side of the handshake was complete" : "when it had our certificate";
    if (o->end == END_ALERT)
        verdict_evidence(v, "the server sent the alert %s (%d) %s", hf_alert_name(o->why.alert), o->why.alert, when);
    else if (o->answer.status >= 400)
        verdict_evidence(v, "the server answered %s: %s", o->answer.line, o->answer.words);
    else if (o->hung_up)
        verdict_evidence(v, "the server ended the connection in order %s, before we had asked for anything", when);
    else if (o->end == END_RESET)
        verdict_evidence(v, "the server reset the connection %s; an alert may have been lost with it", when);
    else if (o->end == END_CLOSED)
        verdict_evidence(v, "the server closed the connection %s, without an alert", when);
}

/* The alert; HF_NO_ALERT: it ended without one, or said it by a page. */
static uint8_t alert_of(const struct facts *f)
{
    return f->o->end == END_ALERT ? f->o->why.alert : HF_NO_ALERT;
}

/* ---- nothing was sent ---------------------------------------------------------------------------------- */

static bool nothing_sent(const struct facts *f, struct verdict *v)
{
    bool refused = outcome_refused(f->o);
    if (f->o->sent_cert || (!refused && f->cred < 0 && !f->expect_mutual))
        return false;
    if (refused)
        tell_refusal(f, v);
    if (f->cred < 0) {
        verdict_is(v, "no-credential", PROVEN, FAULT_CLIENT, "client-cert");
        verdict_says(v, refused ? "the server demands a client certificate, and we have none"
                                : "the server asks for a client certificate, and we have none");
        return true;
    }
    const struct own_cred *c = &f->own->creds[f->cred];
    verdict_is(v, "cert-withheld-sigalg", PROVEN, FAULT_SERVER, "client-cert[0]");
    verdict_says(v, "we have a certificate, and cannot sign with it: the server takes no signature of its kind of key "
                    "(sigalg-mismatch-client)");
    verdict_evidence(v, "%s was not sent: %s", c->cert, hf_check_info_of(f->remark)->title);
    return true;
}

/* ---- our own faults ------------------------------------------------------------------------------------ */

/* Which reasons an alert can stand for; NULL: any. */
static const char *const *reasons_of(uint8_t alert)
{
    static const char *const unsupported[] = {"eku-missing-client",
                                              "issuer-eku",
                                              "ku-no-signature",
                                              "cert-is-ca",
                                              "issuer-not-ca",
                                              "issuer-no-certsign",
                                              "critical-extension-unknown",
                                              "key-too-small",
                                              "digest-too-weak",
                                              "algorithm-unsupported",
                                              NULL};
    static const char *const expired[]     = {"expired",       "issuer-expired", "root-expired",
                                              "not-yet-valid", "crl-expired",    NULL};
    static const char *const revoked[]     = {"revoked", NULL};
    static const char *const unknown[]     = {
            "issuer-not-ca", "issuer-no-certsign", "pathlen-exceeded", "chain-too-long", "aki-mismatch",
            "cert-is-ca",    "root-expired",       "crl-missing",      "issuer-expired", NULL};
    static const char *const decrypt[] = {"signature-invalid", "crl-bad-signature", NULL};
    switch (alert) {
    case UNSUPPORTED_CERTIFICATE:
        return unsupported;
    case CERTIFICATE_EXPIRED:
        return expired;
    case CERTIFICATE_REVOKED:
        return revoked;
    case UNKNOWN_CA:
        return unknown;
    case DECRYPT_ERROR:
        return decrypt;
    default:
        return NULL;
    }
}

static bool can_mean(uint8_t alert, const char *reason)
{
    const char *const *r = reasons_of(alert);
    while (r && *r)
        if (is(*r++, reason))
            return true;
    return !r;
}

static bool by_note(const struct facts *f, struct verdict *v, const struct file_note *n, enum certainty c)
{
    verdict_is(v, n->reason, c, fault_of(n->reason, HF_CLIENT), n->subject);
    verdict_says(v, "the server refuses our certificate: %s", n->text);
    verdict_fix(v, "%s", n->fix);
    tell_refusal(f, v);
    verdict_evidence(v, "%s", n->text);
    return true;
}

/* sure: only faults that the alert names by itself. */
static bool own_fault(const struct facts *f, struct verdict *v, bool sure)
{
    uint8_t alert = alert_of(f);
    for (unsigned i = 0; i < f->own->n_notes; i++) {
        const struct file_note *n   = &f->own->notes[i];
        bool                    crl = n->cred == -1 && is(n->reason, "crl-expired") && alert == CERTIFICATE_EXPIRED;
        if ((n->cred != f->cred || n->weight != WEIGHT_FAULT) && !crl)
            continue;
        if (can_mean(alert, n->reason) || !sure)
            return by_note(f, v, n, can_mean(alert, n->reason) && !crl ? PROVEN : INFERRED);
    }
    return false;
}

/* ---- the alert alone ----------------------------------------------------------------------------------- */

static bool by_clock(const struct facts *f, struct verdict *v, bool dates)
{
    int64_t gap   = 0;
    bool    known = server_clock(f, &gap);
    char    span[32];
    if (!dates || !known || llabs(gap) < CLOCK_OFF_S)
        return false;
    verdict_is(v, "clock-skew-peer", PROVEN, FAULT_SERVER, "clock");
    verdict_says(v, "the server's clock is wrong: it holds certificates for out of date that are valid");
    tell_refusal(f, v);
    verdict_evidence(v, "its Date header is %s %s ours", when_span(llabs(gap), span), gap < 0 ? "behind" : "ahead of");
    return true;
}

static bool by_expired(const struct facts *f, struct verdict *v)
{
    if (by_clock(f, v, true))
        return true;
    if (f->kind == PEER_GO) { /* reads no revocation lists by itself */
        verdict_is(v, "clock-skew-peer", POSSIBLE, FAULT_SERVER, "clock");
        tell_refusal(f, v);
        verdict_evidence(v, "our certificate and its issuers that we know are valid now");
        verdict_or(v, "root-expired", "the CA certificate in the server's trust file");
        return true;
    }
    verdict_is(v, "crl-expired", server_clock(f, NULL) ? INFERRED : POSSIBLE, FAULT_SERVER, "crl");
    verdict_says(v, "the server calls something expired, and nothing of ours is: its revocation list (CRL) is most "
                    "likely out of date");
    tell_refusal(f, v);
    verdict_evidence(v, "our certificate and its issuers that we know are valid now");
    if (server_clock(f, NULL))
        verdict_evidence(v, "the server's clock is right, by its Date header");
    else
        verdict_or(v, "clock-skew-peer", "the date on the server's machine");
    verdict_or(v, "root-expired", "the CA certificate in the server's trust file");
    return true;
}

static bool by_denial(const struct facts *f, struct verdict *v, enum certainty c)
{
    verdict_is(v, "identity-denied", c, FAULT_SERVER, "client-cert[0]");
    verdict_says(v, "our certificate is valid for the server, and its rules do not let this identity in");
    tell_refusal(f, v);
    return true;
}

static bool by_decrypt(const struct facts *f, struct verdict *v)
{
    verdict_is(v, "issuer-key-changed", POSSIBLE, FAULT_SERVER, "trust-file");
    verdict_says(v, "a signature does not verify at the server, and ours does with our own key: the server knows our "
                    "CA by name, with another key");
    tell_refusal(f, v);
    verdict_evidence(v, "our private key belongs to our certificate: that was checked");
    verdict_or(v, "crl-bad-signature", "the server's revocation lists: whether the CA's present key signed them");
    verdict_or(v, "proof-invalid", "a middlebox that changes the handshake");
    return true;
}

/* An alert that means much, and nothing of ours is wrong: its rules, or its clock. */
static bool by_bad_certificate(const struct facts *f, struct verdict *v)
{
    const struct cert *leaf  = &f->own->creds[f->cred].cred->cert[0];
    bool               fresh = f->own->now - leaf->not_before < FRESH_S;
    if (by_clock(f, v, fresh))
        return true;
    bool rules = f->kind == PEER_GO || f->kind == PEER_BORINGSSL; /* theirs speak by this alert; OpenSSL has none */
    if (fresh && !rules) {
        verdict_is(v, "clock-skew-peer", POSSIBLE, FAULT_SERVER, "clock");
        tell_refusal(f, v);
        verdict_evidence(
            v, "our certificate is sound, and valid since a short time only: the server's clock may be behind");
        verdict_or(v, "identity-denied", "the server's rules for identities");
    } else {
        by_denial(f, v, POSSIBLE);
        verdict_evidence(v, "nothing is wrong with our certificate itself");
        verdict_or(v, "clock-skew-peer", "the server's clock");
    }
    verdict_or(v, "crl-missing", "the server's revocation lists: each CA of the path needs a current one");
    return true;
}

/* No alert, or the one of a check that the server's own program makes (OpenSSL: application verification). */
static bool by_program(const struct facts *f, struct verdict *v)
{
    size_t n = f->own->creds[f->cred].cred->n;
    if (n >= LONG_CHAIN && alert_of(f) == INTERNAL_ERROR) {
        verdict_is(v, "chain-too-long", POSSIBLE, FAULT_SERVER, "client-cert");
        tell_refusal(f, v);
        verdict_or(v, "identity-denied", "the server's rules for identities");
        return true;
    }
    by_denial(f, v, POSSIBLE);
    verdict_evidence(v, "our certificate is sound, and its CA is one that the server names");
    if (f->o->hung_up)
        verdict_or(v, "peer-closed-early", "whether the service behind the server runs");
    verdict_or(v, "revoked", "the CA's revocation list: give it with --crl");
    verdict_or(v, "crl-missing", "the server's revocation lists: each CA of the path needs a current one");
    return true;
}

/* What the server's lists can have said. OpenSSL has an alert for each of these but the last word of Apache. */
static const char *list_fault(const struct facts *f)
{
    bool openssl = f->kind == PEER_OPENSSL;
    if (probe_worked(f, PROBE_OTHER) || alert_of(f) == HF_NO_ALERT)
        return "revoked";
    return openssl && alert_of(f) == CERTIFICATE_UNKNOWN ? "crl-expired" : "crl-missing";
}

static bool by_revocation(const struct facts *f, struct verdict *v)
{
    const char *reason  = list_fault(f);
    bool        revoked = is(reason, "revoked");
    verdict_is(v, reason, POSSIBLE, revoked ? FAULT_CLIENT : FAULT_SERVER, revoked ? "client-cert[0]" : "crl");
    tell_refusal(f, v);
    verdict_evidence(v, "our certificate is sound, and its CA is one that the server names");
    if (probe_worked(f, PROBE_OTHER))
        verdict_evidence(v, "another certificate that was given is let in");
    verdict_or(v, "revoked", "the CA's revocation list: give it with --crl");
    verdict_or(v, "crl-missing", "the server's revocation lists: each CA of the path needs one");
    verdict_or(v, "crl-expired", "nextUpdate of the server's revocation lists");
    verdict_or(v, "issuer-key-changed", "whether the server has our CA with its present key");
    return true;
}

/* The issuer is one that the server names, and no way leads there. */
static bool by_known_issuer(const struct facts *f, struct verdict *v)
{
    if (f->kind != PEER_GO)
        return by_revocation(f, v);
    verdict_is(v, "issuer-key-changed", INFERRED, FAULT_SERVER, "trust-file");
    tell_refusal(f, v);
    verdict_evidence(v, "the server names our CA, its library (Go) reads no revocation lists, and our chain is sound");
    return true;
}

static bool by_alert(const struct facts *f, struct verdict *v)
{
    switch (alert_of(f)) {
    case CERTIFICATE_REVOKED:
        tell_refusal(f, v);
        return verdict_is(v, "revoked", PROVEN, FAULT_CLIENT, "client-cert[0]");
    case CERTIFICATE_EXPIRED:
        return by_expired(f, v);
    case DECRYPT_ERROR:
        return by_decrypt(f, v);
    case ACCESS_DENIED:
        return verdict_by_path(f, v) || by_denial(f, v, INFERRED);
    case UNKNOWN_CA:
        return verdict_by_path(f, v) || own_fault(f, v, false) || by_known_issuer(f, v);
    case BAD_CERTIFICATE:
        return verdict_by_path(f, v) || by_bad_certificate(f, v);
    case INTERNAL_ERROR:
        return own_fault(f, v, false) || by_program(f, v);
    case HF_NO_ALERT:
        return verdict_by_path(f, v) || own_fault(f, v, false) || by_clock(f, v, true) ||
               (f->o->answer.status ? by_revocation(f, v) : by_program(f, v));
    default:
        return verdict_by_path(f, v) || own_fault(f, v, false) || by_clock(f, v, true) || by_revocation(f, v);
    }
}

/* ---- accepted by TLS, and then ------------------------------------------------------------------------- */

static bool by_status(const struct facts *f, struct verdict *v)
{
    const struct answer *a = &f->o->answer;
    if (a->status == 413) {
        tell_refusal(f, v);
        return verdict_is(v, "reneg-body-too-large", INFERRED, FAULT_SERVER, "request");
    }
    if (!f->o->asked || (a->status != 401 && a->status != 403))
        return false;
    if (f->o->sent_cert)
        return own_fault(f, v, false) || (f->remark == HF_CHK_OFFER_CA_NAMES && verdict_by_path(f, v)) ||
               (a->status == 403 && by_denial(f, v, INFERRED));
    verdict_is(v, "no-credential", INFERRED, FAULT_CLIENT, "client-cert");
    verdict_says(v,
                 "the server asks for a client certificate, lets the handshake pass without, and refuses the request");
    tell_refusal(f, v);
    return true;
}

/* Accepted, although a client that goes by the list would not have sent it. */
static bool by_list(const struct facts *f, struct verdict *v)
{
    if (f->remark != HF_CHK_OFFER_CA_NAMES || !outcome_let_in(f->o))
        return false;
    verdict_is(v, "ca-list-incomplete", PROVEN, FAULT_SERVER, "certificate-request");
    verdict_says(v, "the server takes our certificate, and does not name its CA in CertificateRequest: clients that go "
                    "by the list (Go, Java, browsers, handfast) send nothing");
    verdict_evidence(
        v, "none of the %zu CA names in CertificateRequest issued our chain; sent all the same, it was let in",
        f->n_ca_names);
    return true;
}

bool verdict_by_refusal(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    if (o->asked && nothing_sent(f, v))
        return true;
    if (!outcome_refused(o))
        return by_status(f, v) || by_list(f, v);
    if (o->sent_cert && f->cred >= 0)
        return own_fault(f, v, true) || by_alert(f, v);
    verdict_is(v,
               o->end == END_ALERT   ? "peer-rejected"
               : o->end == END_RESET ? "peer-reset"
                                     : "peer-closed-early",
               PROVEN, FAULT_SERVER, "connection");
    tell_refusal(f, v);
    return true;
}
