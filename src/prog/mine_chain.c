/* SPDX-License-Identifier: Apache-2.0
 *
 * mine_chain.c - our own chain, judged as the server will judge it.
 *
 * Whom the server trusts is its own affair; but where the CA files given lead to our certificate, they tell all that
 * a server with the same CA will find. Where they do not, the chain is judged up to its own topmost CA, which finds
 * all that is wrong with the certificates themselves.
 */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/mine.h"
#include "x509/key_pins.h"

enum { SOON_S = 14 * 86400 };

/* Where no keys are pinned nobody has said whose a raw public key is to be: then it is judged by itself. NULL: this is
 * not such a case. */
static hf_trust *itself_pinned(const struct mine *o, const hf_view *chain, size_t n)
{
    bool      unsaid = n == 1 && spki_alone(chain[0]) && !trust_keys(o->trust)->n;
    hf_trust *t      = unsaid ? hf_trust_new() : NULL;
    if (t)
        hf_trust_pin_key_bytes(t, chain[0].p, chain[0].n, "");
    return t;
}

void mine_run(const struct mine *o, struct check_run *r, enum check_as as, const hf_view *chain, size_t n,
              const char *name)
{
    hf_trust        *itself = itself_pinned(o, chain, n);
    struct valid_how how    = {.trust   = itself ? itself : o->trust,
                               .purpose = as == AS_SERVER ? FOR_SERVER_AUTH : FOR_CLIENT_AUTH,
                               .name    = name,
                               .now     = o->now,
                               .tries   = &r->tries};
    *r                      = (struct check_run){.as = as, .now = o->now, .name = name};
    report_init(&r->rep);
    report_keep(&r->rep, &r->mem);
    r->accepted = valid_shown(&how, chain, n, &r->mem, &r->path, &r->rep);
    hf_trust_free(itself);
}

const struct anchor *mine_link(const struct mine *o, const struct cert *child)
{
    struct trust_iter    it = {0};
    const struct anchor *a  = trust_by_name(o->trust, child->issuer, &it);
    return a && !cert_self_issued(&a->cert) ? a : NULL;
}

/* The causes that speak of the end of the path, not of a certificate in it. */
static bool is_end(const char *reason)
{
    static const char *const ends[] = {"issuer-unknown",  "intermediate-missing", "self-signed",
                                       "leaf-not-anchor", "issuer-key-changed",   "path-budget"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(reason, ends[i]) == 0)
            return true;
    return false;
}

/* ---- notes --------------------------------------------------------------------------------------------- */

static const struct cert *cert_at(const struct own_cred *c, int at)
{
    const struct anchor *a = c->judged.path.anchor;
    return at >= 0 && (size_t)at < c->cred->n ? &c->cred->cert[at] : at == HF_CERT_ANCHOR && a ? &a->cert : NULL;
}

/* "CN=x (certificate 1 of alice.pem)". */
static size_t put_cert(const struct own_cred *c, int at, char *out, size_t room)
{
    char               name[200];
    const struct cert *x = cert_at(c, at);
    if (!x)
        return text_add(out, room, 0, "the chain in %s", c->cert);
    dn_text(x->subject, name, sizeof name);
    return text_add(out, room, 0, "%s (certificate %d of %s)", name[0] ? name : "a certificate without a name",
                    at >= 0 ? at + 1 : 1, c->cert);
}

static void put_values(struct file_note *n, size_t at, const hf_check_info *info, int64_t want, int64_t got)
{
    char a[24], b[24], span[32];
    if (strcmp(info->unit, "time") == 0)
        text_add(n->text, sizeof n->text, at, ": %s, now is %s, %s %s", when_text(want, a), when_text(got, b),
                 when_span(got > want ? got - want : want - got, span), got > want ? "later" : "earlier");
    else if (strcmp(info->unit, "bits") == 0)
        text_add(n->text, sizeof n->text, at, ": wanted %lld bits, it has %lld", (long long)want, (long long)got);
    else if (strcmp(info->unit, "count") == 0)
        text_add(n->text, sizeof n->text, at, ": allowed are %lld, there are %lld", (long long)want, (long long)got);
}

static void note_check(struct mine *o, unsigned i, uint16_t check, int cert, int64_t want, int64_t got,
                       const char *about)
{
    const hf_check_info *info = hf_check_info_of(check);
    char                 subject[NOTE_SUBJECT];
    if (cert >= 0)
        snprintf(subject, sizeof subject, "client-cert[%d]", cert);
    else
        snprintf(subject, sizeof subject, "%s", cert == HF_CERT_ANCHOR ? "trust-file" : "client-cert");
    struct file_note *n  = mine_note(o, WEIGHT_FAULT, info->reason, (int)i, subject, o->creds[i].cert);
    size_t            at = put_cert(&o->creds[i], cert, n->text, sizeof n->text);
    at                   = text_add(n->text, sizeof n->text, at, ": %s", info->title);
    n->fix               = info->hint;
    put_values(n, at, info, want, got);
    if (*about && !strstr(n->text, about))
        text_add(n->text, sizeof n->text, strlen(n->text), " (%s)", about);
}

static void note_findings(struct mine *o, unsigned i, const struct check_run *r)
{
    for (size_t k = 0; k < r->rep.n_findings; k++) {
        const hf_finding *f = &r->rep.findings[k];
        if (f->state == HF_FAIL && f->cert >= 0 && !is_end(hf_check_info_of(f->check)->reason) &&
            f->check != r->rep.why.check)
            note_check(o, i, f->check, f->cert, f->want, f->got, "");
    }
}

static void note_soon(struct mine *o, unsigned i)
{
    const struct own_cred *c    = &o->creds[i];
    int64_t                left = c->cred->cert[0].not_after - o->now;
    char                   when[24], span[32];
    if (left < 0 || left > SOON_S)
        return;
    struct file_note *n  = mine_note(o, WEIGHT_REMARK, "expiring-soon", (int)i, "client-cert[0]", c->cert);
    size_t            at = put_cert(c, 0, n->text, sizeof n->text);
    n->fix               = "Renew the certificate before then.";
    text_add(n->text, sizeof n->text, at, " is valid until %s, which is in %s",
             when_text(c->cred->cert[0].not_after, when), when_span(left, span));
}

static void note_is_ca(struct mine *o, unsigned i)
{
    const struct own_cred *c = &o->creds[i];
    if (!c->cred->cert[0].is_ca)
        return;
    struct file_note *n  = mine_note(o, WEIGHT_FAULT, "cert-is-ca", (int)i, "client-cert[0]", c->cert);
    size_t            at = put_cert(c, 0, n->text, sizeof n->text);
    n->fix               = "Have a certificate of its own issued for the client, without CA:TRUE and with clientAuth.";
    text_add(n->text, sizeof n->text, at, ": a CA certificate is used as that of a client");
}

/* ---- judging ------------------------------------------------------------------------------------------- */

/* The lists of revocations say about our chain what they say, whoever its CA is. */
static void add_crls(const struct mine *o, hf_trust *t)
{
    for (unsigned i = 0; i < o->crls->n; i++)
        hf_trust_crl_file(t, o->crls->v[i]);
    if (o->crls->n)
        hf_trust_crl_policy(t, (hf_view){0}, HF_CRL_WHEN_PRESENT);
}

/* The same chain under its own topmost CA. */
static void judge_inside(struct mine *o, unsigned i, const hf_view *chain, size_t n)
{
    struct mine      top = {.trust = hf_trust_new(), .now = o->now};
    struct check_run r;
    if (!top.trust)
        return;
    for (size_t k = 1; k < n; k++)
        if (k + 1 == n || cert_self_issued(&o->creds[i].cred->cert[k]))
            trust_anchor_anything(top.trust, chain[k]);
    add_crls(o, top.trust);
    mine_run(&top, &r, AS_CLIENT, chain, n, NULL);
    const hf_why *w = &r.rep.why;
    if (!r.accepted && w->check && !is_end(hf_check_info_of(w->check)->reason))
        note_check(o, i, w->check, w->cert == HF_CERT_ANCHOR ? (int)n - 1 : w->cert, w->want, w->got, w->text);
    note_findings(o, i, &r);
    check_run_drop(&r);
    hf_trust_free(top.trust);
}

void mine_judge(struct mine *o, unsigned i)
{
    struct own_cred *c = &o->creds[i];
    hf_view          chain[LIMIT_CHAIN];
    size_t           n = cred_chain(c->cred, chain);
    note_is_ca(o, i); /* before what follows from it: no digitalSignature, for one */
    mine_run(o, &c->judged, AS_CLIENT, chain, n, NULL);
    const hf_why *w   = &c->judged.rep.why;
    const char   *why = hf_check_info_of(w->check)->reason;
    c->fits           = c->judged.accepted || !is_end(why);
    if (c->judged.accepted)
        ;
    else if (c->fits) {
        note_check(o, i, w->check, w->cert, w->want, w->got, w->text);
        note_findings(o, i, &c->judged);
    } else
        judge_inside(o, i, chain, n);
    note_soon(o, i);
}
