/* SPDX-License-Identifier: Apache-2.0
 *
 * refused.c - see refused.h.
 *
 * An alert about our certificate is read together with our own verdict on it: the chain that we presented is judged
 * as the peer judges it, under our own trust, for the name that it asked for. What is wrong with it by itself is then
 * the cause; when nothing is, what is left is what only the peer can know: whom it trusts, what its clock says.
 *
 *   alert                        something is wrong with ours         nothing is
 *   certificate_expired (45)     that date                            clock-skew-peer (a server's: or crl-expired)
 *   unknown_ca (48)              the link that is missing             issuer-unknown
 *   decrypt_error (51)           -                                    issuer-key-changed
 *   certificate_revoked (44)     -                                    revoked
 *   access_denied (49)           -                                    identity-denied
 *   42, 43, 46: the words of     what is wrong                        issuer-unknown (Go, Java and browsers say them
 *   whoever has no better ones                                        for that too)
 */
#include "refused.h"

#include <string.h>

#include "base/alert.h"
#include "base/text.h"
#include "base/when.h"
#include "prog/at_fault.h"
#include "tls/conn.h"

enum { FRESH_S = 2 * 86400 };

static const char fix_name[] = "Let the client connect by a name that stands in our certificate's subjectAltName, or "
                               "have it issued again with the name that the client wants.";

/* Our own chain as the peer may judge it. */
struct ours {
    enum hf_role   role;
    const hf_conn *c;
    const hf_cred *cred;
    hf_why         end;   /* why the path does not end at an anchor of ours; check 0: it does */
    hf_why         fault; /* what is wrong with it by itself; check 0: nothing */
};

static const char *side(enum hf_role role)
{
    return role == HF_SERVER ? "server" : "client";
}

static enum hf_role other(enum hf_role role)
{
    return role == HF_SERVER ? HF_CLIENT : HF_SERVER;
}

/* ---- our own chain ------------------------------------------------------------------------------------- */

/* Causes that speak of whom we trust, not of the chain. */
static bool is_end(const char *reason)
{
    static const char *const ends[] = {"issuer-unknown", "intermediate-missing", "self-signed", "leaf-not-anchor",
                                       "path-budget"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(reason, ends[i]) == 0)
            return true;
    return false;
}

static hf_why judged_under(const struct ours *o, const hf_trust *t)
{
    struct mem        m = {0};
    struct report     rep;
    struct valid_path path;
    hf_view           chain[LIMIT_CHAIN];
    const char       *name = o->role == HF_SERVER && o->c->server_name ? o->c->server_name : NULL;
    struct valid_how  how  = {.trust   = t,
                              .purpose = o->role == HF_SERVER ? FOR_SERVER_AUTH : FOR_CLIENT_AUTH,
                              .name    = name,
                              .now     = o->c->now_ms / 1000};
    report_init(&rep);
    valid_chain(&how, chain, cred_chain(o->cred, chain), &m, &path, &rep);
    valid_path_free(&path, &m);
    return rep.why;
}

/* The same chain under its own topmost certificate. */
static hf_why judged_inside(const struct ours *o)
{
    hf_why    none = {0};
    hf_trust *t    = hf_trust_new();
    if (!t)
        return none;
    trust_anchor_anything(t, o->cred->cert[o->cred->n - 1].der);
    hf_why w = judged_under(o, t);
    hf_trust_free(t);
    return is_end(hf_check_info_of(w.check)->reason) ? none : w;
}

static void judge_ours(struct ours *o)
{
    hf_trust *none  = hf_trust_new(); /* nobody is trusted when clients are not asked */
    hf_trust *trust = o->c->cfg->trust ? o->c->cfg->trust : none;
    hf_why    w     = {0};
    if (trust)
        w = judged_under(o, trust);
    bool end = is_end(hf_check_info_of(w.check)->reason);
    if (end)
        o->end = w;
    o->fault = end ? judged_inside(o) : w;
    hf_trust_free(none);
}

/* ---- words --------------------------------------------------------------------------------------------- */

/* "client-cert[0] CN=alice,O=Acme serial 5f0c"; one that cannot be read has its place only. */
static void about_cert(struct refused *r, enum hf_role presenter, int at, hf_view der)
{
    struct report rep;
    struct cert   c;
    char          name[200], serial[48];
    report_init(&rep);
    size_t n = text_add(r->about, sizeof r->about, 0, "%s-cert[%d]", side(presenter), at);
    if (spki_alone(der)) {
        char key[SPKI_NAME_ROOM];
        text_add(r->about, sizeof r->about, n, " raw public %s", spki_name(der, key));
    }
    if (!cert_parse(&c, der, &rep))
        return;
    dn_text(c.subject, name, sizeof name);
    text_hex(serial, sizeof serial, c.serial.p, c.serial.n, 0);
    text_add(r->about, sizeof r->about, n, " %s serial %s", name[0] ? name : "(no subject)", serial);
}

static void about_ours(struct refused *r, const struct ours *o, int cert)
{
    int i = cert > 0 && (size_t)cert < o->cred->n ? cert : 0;
    about_cert(r, o->role, i, o->cred->cert[i].der);
}

static const char *topmost_issuer(const struct ours *o, char out[static 160])
{
    dn_text(o->cred->cert[o->cred->n - 1].issuer, out, 160);
    return out;
}

/* What we know of what we presented. */
static void evidence(struct refused *r, const struct ours *o, const hf_why *w)
{
    char        top[160], when[24];
    const char *name = o->c->server_name;
    size_t      at   = text_add(
               r->evidence, sizeof r->evidence, 0,
               "%s; our chain has %zu certificate%s, the last one issued by %s; it is valid until %s",
        w->alert == HF_NO_ALERT ? "it ended the connection when it had our certificate" : hf_alert_name(w->alert),
               o->cred->n, o->cred->n == 1 ? "" : "s", topmost_issuer(o, top), when_text(o->cred->cert[0].not_after, when));
    if (o->role == HF_SERVER)
        text_add(r->evidence, sizeof r->evidence, at,
                 name ? "; the client asked for %s" : "; the client asked for no name", name);
}

static void conclude(struct refused *r, const struct ours *o, const char *reason, const char *certainty)
{
    r->reason    = reason;
    r->certainty = certainty;
    r->at_fault  = fault_name(fault_of(reason, o->role));
    r->or_else   = "";
}

/* ---- conclusions --------------------------------------------------------------------------------------- */

/* A check of ours finds the fault that the peer found: it is there, so it is the cause. */
static void ours_is_wrong(struct refused *r, const struct ours *o, const hf_why *w)
{
    const hf_check_info *info = hf_check_info_of(w->check);
    char                 text[400];
    why_sentence(w, text, sizeof text);
    about_ours(r, o, w->cert);
    text_add(r->evidence, sizeof r->evidence, strlen(r->evidence), "; by our own check: %s", text);
    conclude(r, o, info->reason, "inferred");
    text_add(r->fix, sizeof r->fix, 0, "%s", info->hint);
}

static void nobody_trusts(struct refused *r, const struct ours *o)
{
    char top[160];
    topmost_issuer(o, top);
    conclude(r, o, "issuer-unknown", "inferred");
    if (o->role == HF_SERVER)
        text_add(
            r->fix, sizeof r->fix, 0,
            "Give the client the CA certificate of %s to trust (curl --cacert FILE, openssl -CAfile FILE, Node ca, Go "
            "RootCAs, Python load_verify_locations, a Java trust store), or give the server a certificate of a CA that "
            "the client knows.",
            top);
    else
        text_add(r->fix, sizeof r->fix, 0,
                 "Use a client certificate of a CA that the server trusts, or have the server trust %s.", top);
}

static void link_missing(struct refused *r, const struct ours *o)
{
    char top[160];
    conclude(r, o, "intermediate-missing", "inferred");
    text_add(r->fix, sizeof r->fix, 0, "Append the certificate of %s to the %s's certificate file, behind the leaf.",
             topmost_issuer(o, top), side(o->role));
}

static void is_self_signed(struct refused *r, const struct ours *o)
{
    conclude(r, o, "self-signed", "inferred");
    text_add(r->fix, sizeof r->fix, 0,
             "Have the certificate issued by a CA that the %s trusts, or have the %s pin this very certificate.",
             side(other(o->role)), side(other(o->role)));
}

/* The path does not lead from what we presented to anybody the peer trusts. */
static void no_path(struct refused *r, const struct ours *o)
{
    const char *why = hf_check_info_of(o->end.check)->reason;
    about_ours(r, o, (int)o->cred->n - 1);
    if (cert_self_issued(&o->cred->cert[0]))
        is_self_signed(r, o);
    else if (strcmp(why, "intermediate-missing") == 0)
        link_missing(r, o);
    else
        nobody_trusts(r, o);
}

/* 48: what is wrong with a chain in itself counts, unless it has an alert of its own. */
static void untrusted(struct refused *r, const struct ours *o)
{
    uint8_t own = hf_check_info_of(o->fault.check)->alert;
    if (o->fault.check &&
        (own == UNKNOWN_CA || strcmp(hf_check_info_of(o->fault.check)->reason, "pathlen-exceeded") == 0))
        ours_is_wrong(r, o, &o->fault);
    else
        no_path(r, o);
}

static bool about_dates(const hf_why *w)
{
    return strcmp(hf_check_info_of(w->check)->unit, "time") == 0;
}

/* 45: "A certificate has expired or is not currently valid" - by the peer's clock. */
static void out_of_date(struct refused *r, const struct ours *o)
{
    char from[24], until[24], now[24];
    if (about_dates(&o->fault)) {
        ours_is_wrong(r, o, &o->fault);
        return;
    }
    about_ours(r, o, 0);
    conclude(r, o, "clock-skew-peer", o->role == HF_SERVER ? "inferred" : "possible");
    r->or_else = o->role == HF_SERVER ? "" : "crl-expired";
    text_add(
        r->fix, sizeof r->fix, 0,
        "Set the %s's clock: our certificate is valid from %s to %s, and it is %s here; if its clock is right, look "
        "for an expired CA certificate%s in its trust.",
        side(other(o->role)), when_text(o->cred->cert[0].not_before, from),
        when_text(o->cred->cert[0].not_after, until), when_text(o->c->now_ms / 1000, now),
        o->role == HF_SERVER ? "" : " or revocation list");
}

static void of_another_key(struct refused *r, const struct ours *o)
{
    char top[160];
    if (o->fault.check) {
        ours_is_wrong(r, o, &o->fault);
        return;
    }
    about_ours(r, o, (int)o->cred->n - 1);
    conclude(r, o, "issuer-key-changed", "inferred");
    text_add(r->fix, sizeof r->fix, 0,
             "Give the %s the present certificate of %s: the one that it trusts has this name and another key.",
             side(other(o->role)), topmost_issuer(o, top));
}

static void is_revoked(struct refused *r, const struct ours *o)
{
    about_ours(r, o, 0);
    conclude(r, o, "revoked", "inferred");
    text_add(r->fix, sizeof r->fix, 0,
             "Have a new certificate issued for a new key; the CA knows why this one was revoked.");
}

static void is_denied(struct refused *r, const struct ours *o)
{
    about_ours(r, o, 0);
    conclude(r, o, "identity-denied", "inferred");
    text_add(r->fix, sizeof r->fix, 0, "Have the %s's rules let this identity in, or use another certificate.",
             side(other(o->role)));
}

/* To a clock that is a little behind, our certificate lies in the future. */
static bool is_fresh(const struct ours *o)
{
    return o->c->now_ms / 1000 - o->cred->cert[0].not_before < FRESH_S;
}

/* OpenSSL and its relatives ask for no OCSP response unless they are told to; they have an alert for an unknown CA. Go,
 * Java and GnuTLS ask for one, and say bad_certificate for whatever they find. */
static bool names_unknown_ca(const struct ours *o)
{
    return !(o->c->hello_exts & (X_STATUS_REQUEST | X_SCT | X_RECORD_SIZE));
}

/* 42 from such a peer, and the chain is in order: for it our certificate lies in the future, or has the wrong name. */
static void bad_for_openssl(struct refused *r, const struct ours *o)
{
    char   from[24];
    bool   fresh = is_fresh(o);
    size_t at    = strlen(r->evidence);
    about_ours(r, o, 0);
    text_add(r->evidence, sizeof r->evidence, at,
             "; the peer is of OpenSSL's kind, which says unknown_ca when that is meant");
    conclude(r, o, fresh ? "clock-skew-peer" : "name-mismatch", fresh ? "inferred" : "possible");
    r->or_else = fresh ? "" : "clock-skew-peer";
    if (fresh)
        text_add(r->fix, sizeof r->fix, 0,
                 "Set the %s's clock: our certificate is valid since %s only, and to it that is the future.",
                 side(other(o->role)), when_text(o->cred->cert[0].not_before, from));
    else
        text_add(r->fix, sizeof r->fix, 0, "%s", fix_name);
}

/* 42, 43, 46: by elimination. Without a name asked for, a name may be what it missed. */
static void unfit(struct refused *r, const struct ours *o, uint8_t alert)
{
    if (o->fault.check) {
        ours_is_wrong(r, o, &o->fault);
        return;
    }
    if (alert == BAD_CERTIFICATE && o->role == HF_SERVER && names_unknown_ca(o)) {
        bad_for_openssl(r, o);
        return;
    }
    no_path(r, o);
    bool named = o->role == HF_SERVER && o->c->server_name, fresh = is_fresh(o);
    if (o->end.check && named && strcmp(r->reason, "issuer-unknown") != 0)
        return; /* the chain is incomplete, whoever looks at it */
    if (named && !fresh)
        return;
    r->certainty = "possible";
    r->or_else   = o->role != HF_SERVER ? "revoked" : named ? "clock-skew-peer" : "name-mismatch";
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static bool is_about_certificate(uint8_t alert)
{
    return (alert >= BAD_CERTIFICATE && alert <= ACCESS_DENIED && alert != ILLEGAL_PARAMETER) || alert == DECRYPT_ERROR;
}

static void by_alert(struct refused *r, const struct ours *o, uint8_t alert)
{
    switch (alert) {
    case CERTIFICATE_EXPIRED:
        out_of_date(r, o);
        break;
    case UNKNOWN_CA:
        untrusted(r, o);
        break;
    case DECRYPT_ERROR:
        of_another_key(r, o);
        break;
    case CERTIFICATE_REVOKED:
        is_revoked(r, o);
        break;
    case ACCESS_DENIED:
        is_denied(r, o);
        break;
    default:
        unfit(r, o, alert);
    }
}

static void told_by_alert(struct refused *r, const char *reason, const char *fix, uint8_t alert)
{
    r->reason    = reason;
    r->certainty = "proven";
    r->at_fault  = fault_name(fault_of(reason, HF_CLIENT));
    r->or_else   = "";
    text_add(r->evidence, sizeof r->evidence, 0, "the server sent the alert %s", hf_alert_name(alert));
    text_add(r->fix, sizeof r->fix, 0, "%s", fix);
}

/* The server misses our certificate: why it was not sent stands with each credential. */
static void not_given(struct refused *r, const hf_conn *c, uint8_t alert)
{
    const hf_finding    *offers;
    size_t               n    = hf_conn_offers(c, &offers);
    const hf_check_info *info = hf_check_info_of(n ? offers[0].check : HF_CHK_OFFER_NONE);
    told_by_alert(r, info->reason, info->hint, alert);
    text_add(r->evidence, sizeof r->evidence, strlen(r->evidence), "; %s", info->title);
    text_add(r->about, sizeof r->about, 0, "client-cert");
}

/* To a client: the alerts that say by themselves what is missing. */
static bool by_itself(struct refused *r, const hf_conn *c, uint8_t alert)
{
    bool empty = c->asked && !c->presented;
    if (alert == CERTIFICATE_REQUIRED || (empty && c->version == TLS12 && alert == HANDSHAKE_FAILURE)) {
        not_given(r, c, alert);
        return true;
    }
    if (alert == PROTOCOL_VERSION)
        told_by_alert(r, "version-mismatch", "Allow the same version on both sides: --tls-min and --tls-max here.",
                      alert);
    else if (alert == UNRECOGNIZED_NAME)
        told_by_alert(r, "sni-unknown", "Ask for a name that the server serves (--server-name), or add this one to it.",
                      alert);
    else if (alert == NO_APPLICATION_PROTOCOL)
        told_by_alert(r, "alpn-mismatch", "Offer a protocol that the server speaks (--alpn).", alert);
    return r->reason;
}

/* Whoever presented the certificate, or sent the message, that a check of ours is about: the peer. */
static void by_check(struct refused *r, enum hf_role role, const hf_conn *c, const hf_why *w)
{
    const hf_check_info *info = hf_check_info_of(w->check);
    hf_view              certs[LIMIT_CHAIN];
    size_t               n = c ? hf_conn_claimed(c, certs, LIMIT_CHAIN) : 0;
    r->reason              = info->reason;
    r->certainty           = w->check == HF_CHK_ALERT_RECEIVED ? "possible" : "proven";
    r->at_fault            = fault_name(fault_of(info->reason, other(role)));
    r->or_else             = "";
    text_add(r->fix, sizeof r->fix, 0, "%s", info->hint);
    if (w->cert >= 0 && (size_t)w->cert < n)
        about_cert(r, other(role), w->cert, certs[w->cert]);
    else if (w->message != HF_NO_MESSAGE)
        text_add(r->about, sizeof r->about, 0, "%s", hf_message_name(w->message));
}

/* A raw public key: the peer pins it, or it does not. */
static void our_raw_key(struct refused *r, const struct ours *o, const hf_why *w)
{
    char key[SPKI_NAME_ROOM];
    spki_name(o->cred->cert[0].spki, key);
    about_cert(r, o->role, 0, o->cred->cert[0].spki);
    text_add(r->evidence, sizeof r->evidence, 0, "%s; we showed the raw public %s",
             w->alert == HF_NO_ALERT ? "it ended the connection when it had our key" : hf_alert_name(w->alert), key);
    conclude(r, o, w->alert == ACCESS_DENIED ? "identity-denied" : "raw-key-unknown", "inferred");
    text_add(r->fix, sizeof r->fix, 0, "Pin %s at the %s, or show a key that it pins.", key, side(other(o->role)));
}

/* It came in, asked for nothing, and our certificate is for another name than it asked for: curl compares names when
 * the handshake is over. */
bool refused_quietly(struct refused *r, const hf_conn *c)
{
    struct ours o = {.role = HF_SERVER, .c = c, .cred = c->presented};
    *r            = (struct refused){0};
    if (!o.cred || o.cred->raw || !c->server_name || match_host(&o.cred->cert[0], c->server_name))
        return false;
    judge_ours(&o);
    about_ours(r, &o, 0);
    conclude(r, &o, "name-mismatch", "possible");
    text_add(
        r->evidence, sizeof r->evidence, 0,
        "it asked for the name %s, which our certificate does not have, and left without a word when it was let in",
        c->server_name);
    r->or_else = "ok";
    text_add(r->fix, sizeof r->fix, 0, "%s", fix_name);
    return true;
}

/* Gone without a word when it had our certificate: Node does so when it does not like it. */
static bool is_silent(const struct ours *o, const hf_why *w)
{
    return o->role == HF_SERVER && w->check == HF_CHK_END_IN_HANDSHAKE && o->c->version == TLS13;
}

static void by_silence(struct refused *r, const struct ours *o)
{
    unfit(r, o, NO_ALERT);
    r->certainty = "possible";
    r->or_else   = "peer-closed-early";
}

void refused_judge(struct refused *r, enum hf_role role, const hf_conn *c, const hf_why *w)
{
    bool        theirs = w->origin == HF_BY_PEER && w->alert != HF_NO_ALERT;
    struct ours o      = {.role = role, .c = c, .cred = c ? c->presented : NULL};
    *r                 = (struct refused){0};
    bool silent        = o.cred && is_silent(&o, w);
    if (theirs && c && role == HF_CLIENT && by_itself(r, c, w->alert))
        return;
    if (!silent && (!theirs || !o.cred || !is_about_certificate(w->alert))) {
        by_check(r, role, c, w);
        return;
    }
    if (o.cred->raw) {
        our_raw_key(r, &o, w);
        return;
    }
    judge_ours(&o);
    evidence(r, &o, w);
    if (silent)
        by_silence(r, &o);
    else
        by_alert(r, &o, w->alert);
}
