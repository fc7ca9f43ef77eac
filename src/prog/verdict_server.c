/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict_server.c - the server's own chain, as a client would judge it, and the server that asks for no certificate.
 */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/verdict.h"
#include "tls/codes.h"

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Nobody here vouches for it, which says nothing while no CA was named. */
static bool is_untrusted(const char *reason)
{
    return is(reason, "issuer-unknown") || is(reason, "self-signed") || is(reason, "intermediate-missing") ||
           is(reason, "issuer-key-changed");
}

static void tell_server_cert(const struct facts *f, struct verdict *v, int at)
{
    const struct check_run *r = f->server;
    char                    name[200], line[LINE_MAX_];
    if (at >= 0 && (size_t)at < r->path.n_certs && r->path.certs[at].version) {
        const struct cert *c     = &r->path.certs[at];
        bool               above = is_untrusted(hf_check_info_of(r->rep.why.check)->reason);
        dn_text(above ? c->issuer : c->subject, name, sizeof name);
        text_add(v->about, sizeof v->about, 0, "%s", name);
    }
    hf_why_text(&r->rep.why, line, sizeof line);
    verdict_evidence(v, "%s", line);
    verdict_evidence(v, "judged under %s", f->own->against);
}

/* The trust file holds the server's own certificate, or something else that is no CA. */
static bool trust_holds_leaf(const struct facts *f, struct verdict *v)
{
    const struct file_note *n = mine_worst(f->own, -1, WEIGHT_FAULT);
    if (!n || !is(n->reason, "leaf-not-anchor"))
        return false;
    verdict_is(v, "leaf-not-anchor", PROVEN, FAULT_CLIENT, "trust-file");
    verdict_says(v, "%s", n->text);
    verdict_fix(v, "%s", n->fix);
    return true;
}

static bool intercepted(const struct facts *f, struct verdict *v)
{
    if (f->o->asked || (f->cred < 0 && !f->expect_mutual) || !f->own->trust_given)
        return false;
    verdict_is(v, "interception-suspected", INFERRED, FAULT_NETWORK, "server-cert[0]");
    verdict_says(v, "somebody between us and the service seems to end TLS: the certificate comes from a CA that is not "
                    "the expected one, and no client certificate is asked for");
    return true;
}

/* By the server's own clock, its certificate is valid: then it is ours that is wrong. */
static bool by_our_clock(const struct facts *f, struct verdict *v)
{
    const hf_why *w      = &f->server->rep.why;
    const char   *reason = hf_check_info_of(w->check)->reason;
    int64_t       gap;
    char          span[32];
    bool          late = is(reason, "expired") || is(reason, "issuer-expired") || is(reason, "root-expired"),
         early         = is(reason, "not-yet-valid");
    if (!(late || early) || !server_clock(f, &gap) || (late ? w->got + gap > w->want : w->got + gap < w->want))
        return false;
    verdict_is(v, "clock-skew-local", INFERRED, FAULT_CLIENT, "clock");
    verdict_evidence(v, "the server's Date header is %s %s our clock, and by it the certificate is valid",
                     when_span(gap < 0 ? -gap : gap, span), gap < 0 ? "behind" : "ahead of");
    return true;
}

bool verdict_by_chain(const struct facts *f, struct verdict *v)
{
    const struct check_run *r = f->server;
    if (!r || r->accepted || !r->rep.why.check)
        return false;
    const hf_check_info *info = hf_check_info_of(r->rep.why.check);
    char                 subject[NOTE_SUBJECT];
    if (is_untrusted(info->reason) && !f->own->trust_given)
        return false;
    if (by_our_clock(f, v))
        return true;
    snprintf(subject, sizeof subject, r->rep.why.cert >= 0 ? "server-cert[%d]" : "server-cert", r->rep.why.cert);
    if (is_untrusted(info->reason) && (trust_holds_leaf(f, v) || intercepted(f, v)))
        return tell_server_cert(f, v, r->rep.why.cert), true;
    verdict_is(v, info->reason, is(info->reason, "intermediate-missing") ? INFERRED : PROVEN,
               fault_of(info->reason, HF_SERVER), subject);
    v->own = false;
    verdict_says(v, "the server's chain is refused: %s", info->title);
    if (!is(info->reason, "intermediate-missing") && !is(info->reason, "issuer-unknown"))
        verdict_fix(v, "%s", info->hint);
    tell_server_cert(f, v, r->rep.why.cert);
    return true;
}

/* All else is well; but without a CA of the caller's, nobody vouches for the server. */
bool verdict_by_store(const struct facts *f, struct verdict *v)
{
    const struct check_run *r = f->server;
    if (!r || r->accepted || !r->rep.why.check || f->own->trust_given)
        return false;
    const hf_check_info *info = hf_check_info_of(r->rep.why.check);
    verdict_is(v, info->reason, PROVEN, FAULT_CLIENT, "server-cert");
    verdict_says(v, "%s%s does not vouch for the server, and no CA was given: %s",
                 f->o->sent_cert ? "the server lets us in, but " : "", f->own->against, info->title);
    verdict_fix(v, "Give the CA certificate of the server with --cacert FILE, as its clients have to.");
    tell_server_cert(f, v, r->rep.why.cert);
    return true;
}

/* ---- it asks for nothing ------------------------------------------------------------------------------- */

/* Some resources only: by renegotiation, or after the handshake, or by somebody behind this server. */
static bool asks_later(const struct facts *f, struct verdict *v)
{
    const struct outcome *o      = f->o;
    const struct probed  *old    = &f->probe[PROBE_TLS12];
    bool                  apache = strcasestr(o->answer.server, "apache") != NULL;
    bool                  speaks =
        o->answer.status >= 400 && o->answer.page >= PAGE_NO_CERTIFICATE && o->answer.page <= PAGE_CERTIFICATE;
    if (o->hello_request) {
        verdict_evidence(v, "HelloRequest came after our request for %s", f->set->path);
        return verdict_is(v, "renegotiation-required", PROVEN, FAULT_SERVER, "certificate-request");
    }
    if (o->post_request || (old->made && old->out.hello_request)) {
        verdict_evidence(v, o->post_request ? "CertificateRequest came after the handshake"
                                            : "in TLS 1.2 the server asks to renegotiate for this request");
        return verdict_is(v, "pha-required", PROVEN, FAULT_SERVER, "certificate-request");
    }
    if (!speaks && !(o->answer.status == 403 && apache))
        return false;
    verdict_evidence(v, "the page: %s", o->answer.words);
    if (apache || strcasestr(o->answer.words, "post-handshake"))
        return verdict_is(v, "pha-required", INFERRED, FAULT_SERVER, "certificate-request");
    verdict_is(v, "terminated-upstream", INFERRED, FAULT_SERVER, "certificate-request");
    return true;
}

static bool asks_by_name(const struct facts *f, struct verdict *v)
{
    const struct outcome *with = &f->probe[PROBE_SNI].out;
    if (f->sni_sent || !f->probe[PROBE_SNI].made || !with->asked)
        return false;
    verdict_is(v, "sni-missing", PROVEN, FAULT_CLIENT, "client-hello");
    verdict_says(
        v, "without a server name (SNI) another host's policy applies: with it the server asks for a certificate");
    verdict_evidence(v, "with the server name %s a CertificateRequest comes, without it none",
                     f->name ? f->name : f->host);
    return true;
}

static bool no_request(const struct facts *f, struct verdict *v)
{
    const struct outcome *other = &f->probe[PROBE_NO_SNI].out;
    if (f->cred < 0 && !f->expect_mutual)
        return false;
    verdict_is(v, "cert-not-requested", PROVEN, FAULT_SERVER, "certificate-request");
    verdict_says(v, "the server never asks for a client certificate: it sent no CertificateRequest");
    verdict_evidence(v, "the handshake is complete in %s, and no CertificateRequest was in it",
                     hf_code_name('v', f->o->version));
    if (f->probe[PROBE_NO_SNI].made && other->asked)
        verdict_evidence(v, "without the server name %s it does ask: the policy depends on the name", f->name);
    return true;
}

bool verdict_by_silence(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    if (!o->open)
        return false;
    if (o->answer.status == 421) {
        verdict_evidence(v, "the answer to our request: %s", o->answer.line);
        return verdict_is(v, "sni-host-mismatch", PROVEN, FAULT_CLIENT, "client-hello");
    }
    return !o->asked && o->end != END_ALERT && (asks_later(f, v) || asks_by_name(f, v) || no_request(f, v));
}
