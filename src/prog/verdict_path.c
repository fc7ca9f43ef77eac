/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict_path.c - the server found no way from our certificate to a CA that it trusts. "unknown CA" has many causes;
 * what tells them apart is the list of CA names in its CertificateRequest, our own chain, and one more attempt.
 *
 *      our certificate names itself as its issuer ............... self-signed
 *      the list names our certificate, not its issuer ........... leaf-not-anchor
 *      with the missing link added it works ..................... intermediate-missing   proven
 *      the list does not name any issuer of our chain:
 *          we hold the link between it and a listed CA .......... intermediate-missing   proven
 *          the issuer's name, or its issuer's, speaks of a link . intermediate-missing   inferred
 *          else ................................................. issuer-unknown
 *      the list names one:
 *          the same text in other bytes ......................... name-encoding-mismatch
 *          the CA file given has that name with another key ..... issuer-key-changed
 *          it is an intermediate, and no root is listed ......... anchor-not-root
 *          the chain is long .................................... chain-too-long
 *      no list: what the CA files given say
 */
#include <ctype.h>
#include <string.h>

#include "base/alert.h"
#include "base/text.h"
#include "prog/verdict.h"
#include "tls/ext.h"
#include "x509/link.h"

/* ---- the list ------------------------------------------------------------------------------------------ */

/* The listed name that equals this one; empty: none. */
static hf_view listed(const struct facts *f, hf_view name)
{
    hf_view item;
    for (size_t at = 0; f->n_ca_names && list_next(f->ca_names, 2, &at, &item);)
        if (dn_equal(item, name))
            return item;
    return (hf_view){0};
}

/* The first certificate of our chain whose issuer, or itself as a CA, is listed; its name as it stands there. */
static const struct cert *first_listed(const struct facts *f, const hf_cred *c, hf_view *ours, hf_view *theirs)
{
    for (size_t i = 0; i < c->n; i++) {
        *ours = c->cert[i].issuer;
        if (i > 0 && !dn_equal(c->cert[i - 1].issuer, c->cert[i].subject))
            return NULL; /* it does not belong to the path */
        if ((*theirs = listed(f, *ours)).n)
            return &c->cert[i];
    }
    return NULL;
}

/* The last certificate of the path that we present. */
static const struct cert *top_of(const hf_cred *c)
{
    size_t i = 0;
    while (i + 1 < c->n && dn_equal(c->cert[i].issuer, c->cert[i + 1].subject))
        i++;
    return &c->cert[i];
}

static void tell_names(const struct facts *f, struct verdict *v)
{
    hf_view item;
    char    name[200];
    size_t  at = 0;
    for (int i = 0; i < 2 && f->n_ca_names && list_next(f->ca_names, 2, &at, &item); i++) {
        dn_text(item, name, sizeof name);
        verdict_evidence(v, "the server names the CA %s%s", name, i == 1 && f->n_ca_names > 2 ? ", and others" : "");
    }
    if (!f->n_ca_names)
        verdict_evidence(v, "the server names no CA in its CertificateRequest");
}

static void tell_end(const struct facts *f, struct verdict *v, const struct cert *top)
{
    char name[200], issuer[200];
    dn_text(top->subject, name, sizeof name);
    dn_text(top->issuer, issuer, sizeof issuer);
    text_add(v->about, sizeof v->about, 0, "%s", issuer);
    verdict_evidence(v, "what we present ends at %s, issued by %s", name, issuer);
    tell_names(f, v);
}

static void tell_alert(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    if (o->end == END_ALERT)
        verdict_evidence(v, "the server sent the alert %s (%d)", hf_alert_name(o->why.alert), o->why.alert);
    else if (o->answer.status)
        verdict_evidence(v, "the server answered %s: %s", o->answer.line, o->answer.words);
    else
        verdict_evidence(v, "the server ended the connection without an alert");
}

/* ---- the missing link ---------------------------------------------------------------------------------- */

static bool link_missing(const struct facts *f, struct verdict *v, enum certainty c, const struct cert *top)
{
    char issuer[200];
    dn_text(top->issuer, issuer, sizeof issuer);
    verdict_is(v, "intermediate-missing", c, FAULT_CLIENT, "client-cert");
    verdict_says(
        v,
        "an intermediate certificate was not sent: the server knows its CA, and not %s, which issued what we present",
        issuer);
    tell_alert(f, v);
    tell_end(f, v, top);
    return true;
}

/* A certificate of our file is listed, and does not belong to the path: the root was sent in place of the link. */
static bool root_in_place(const struct facts *f, const hf_cred *c)
{
    for (size_t i = 1; i < c->n; i++)
        if (cert_self_issued(&c->cert[i]) && listed(f, c->cert[i].subject).n &&
            !dn_equal(c->cert[i - 1].issuer, c->cert[i].subject))
            return true;
    return false;
}

static bool by_words(const struct facts *f, struct verdict *v, const struct cert *top)
{
    hf_view item, above = link_above(top);
    if (above.n && listed(f, above).n)
        return link_missing(f, v, INFERRED, top);
    if (link_named_middle(top->issuer))
        return link_missing(f, v, INFERRED, top);
    for (size_t at = 0; f->n_ca_names && !link_named_root(top->issuer) && list_next(f->ca_names, 2, &at, &item);)
        if (link_named_root(item) && link_same_organisation(item, top->issuer))
            return link_missing(f, v, POSSIBLE, top) &&
                   (verdict_or(v, "issuer-unknown", "whether %s is a CA below one that the server names", v->about),
                    true);
    return false;
}

static bool issuer_unknown(const struct facts *f, struct verdict *v, const struct cert *top, enum certainty c)
{
    char issuer[200];
    dn_text(top->issuer, issuer, sizeof issuer);
    verdict_is(v, "issuer-unknown", c, FAULT_SERVER, "client-cert[0]");
    verdict_says(v, "the server does not trust the CA that issued our certificate: %s", issuer);
    tell_alert(f, v);
    tell_end(f, v, top);
    return true;
}

/* ---- by cases ------------------------------------------------------------------------------------------ */

static bool by_leaf(const struct facts *f, struct verdict *v, const hf_cred *c)
{
    const struct cert *leaf = &c->cert[0];
    char               name[200];
    bool               self = cert_self_issued(leaf), seen = listed(f, leaf->subject).n > 0;
    dn_text(leaf->subject, name, sizeof name);
    if (seen && !leaf->is_ca && (self || !listed(f, leaf->issuer).n)) {
        verdict_is(v, "leaf-not-anchor", INFERRED, FAULT_SERVER, "trust-file");
        verdict_says(v, "the server's trust file holds our own certificate (%s): it is no CA and vouches for nobody",
                     name);
        tell_alert(f, v);
        return verdict_evidence(v, "the server names %s itself as a CA, not its issuer", name), true;
    }
    if (!self)
        return false;
    verdict_is(v, "self-signed", PROVEN, FAULT_CLIENT, "client-cert[0]");
    verdict_says(v, "our certificate (%s) is self-signed, and the server does not know it", name);
    tell_alert(f, v);
    return verdict_evidence(v, "issuer and subject of %s are the same", name), true;
}

static bool unlisted(const struct facts *f, struct verdict *v, const hf_cred *c)
{
    const struct cert   *top  = top_of(c);
    const struct anchor *link = mine_link(f->own, top);
    if (link && (listed(f, link->cert.issuer).n || listed(f, link->cert.subject).n))
        return link_missing(f, v, PROVEN, top) &&
               (verdict_evidence(v, "%s holds it, certificate %u", link->file, link->index + 1), true);
    if (root_in_place(f, c))
        return link_missing(f, v, INFERRED, top) &&
               (verdict_evidence(v, "our file holds the root in place of the intermediate"), true);
    return by_words(f, v, top) || issuer_unknown(f, v, top, alert_is_path(f->o) ? PROVEN : INFERRED);
}

/* The CA file given has the issuer's name with another key. */
static bool other_key(const struct facts *f, struct verdict *v)
{
    const struct check_run *r      = &f->own->creds[f->cred].judged;
    const char             *reason = hf_check_info_of(r->rep.why.check)->reason;
    char                    line[LINE_MAX_];
    if (strcmp(reason, "issuer-key-changed") != 0 && strcmp(reason, "aki-mismatch") != 0)
        return false;
    verdict_is(v, reason, INFERRED, FAULT_SERVER, "trust-file");
    tell_alert(f, v);
    hf_why_text(&r->rep.why, line, sizeof line);
    return verdict_evidence(v, "%s", line), true;
}

/* A CA that is listed, and known to us as no root: is any root listed? */
static bool is_link(const struct facts *f, const struct cert *child, const hf_cred *c)
{
    size_t at = (size_t)(child - c->cert);
    if (at + 1 < c->n)
        return !cert_self_issued(&c->cert[at + 1]) && !listed(f, c->cert[at + 1].issuer).n;
    const struct anchor *link = mine_link(f->own, child);
    return link && !listed(f, link->cert.issuer).n;
}

static bool is_listed(const struct facts *f, struct verdict *v, const hf_cred *c, const struct cert *child,
                      hf_view ours, hf_view theirs)
{
    char name[200];
    dn_text(theirs, name, sizeof name);
    if (!view_equal(ours, theirs)) {
        verdict_is(v, "name-encoding-mismatch", INFERRED, FAULT_CA, "client-cert[0]");
        tell_alert(f, v);
        return verdict_evidence(
                   v, "the server names the CA %s, our certificate names the same text in other bytes (string types)",
                   name),
               true;
    }
    if (other_key(f, v))
        return true;
    if (is_link(f, child, c)) {
        verdict_is(v, "anchor-not-root", INFERRED, FAULT_SERVER, "trust-file");
        verdict_says(v,
                     "the server trusts the intermediate %s without the root above it, and its TLS library ends paths "
                     "only at roots",
                     name);
        tell_alert(f, v);
        return verdict_evidence(v, "the server names %s, which is not self-signed, and not its issuer", name), true;
    }
    if (c->n < LONG_CHAIN)
        return false;
    verdict_is(v, "chain-too-long", INFERRED, FAULT_SERVER, "client-cert");
    verdict_says(v,
                 "our chain has %zu certificates, more than the server allows: nginx and Apache allow one intermediate "
                 "unless told otherwise",
                 c->n);
    tell_alert(f, v);
    return verdict_evidence(v, "the chain leads to %s, which the server names", name), true;
}

/* The server names nobody. */
static bool no_list(const struct facts *f, struct verdict *v, const hf_cred *c)
{
    const struct own_cred *o   = &f->own->creds[f->cred];
    const struct cert     *top = top_of(c);
    const char            *why = hf_check_info_of(o->judged.rep.why.check)->reason;
    if (mine_link(f->own, top))
        return link_missing(f, v, INFERRED, top);
    if (other_key(f, v))
        return true;
    if (f->own->trust_given && o->judged.accepted)
        return alert_is_path(f->o) && issuer_unknown(f, v, top, POSSIBLE) &&
               (verdict_or(v, "anchor-not-root",
                           "whether the server's trust file holds the root, or an intermediate only"),
                true);
    if (f->own->trust_given && strcmp(why, "intermediate-missing") == 0)
        return link_missing(f, v, INFERRED, top);
    return by_words(f, v, top) || issuer_unknown(f, v, top, alert_is_path(f->o) ? INFERRED : POSSIBLE);
}

bool alert_is_path(const struct outcome *o)
{
    return o->end == END_ALERT && o->why.alert == UNKNOWN_CA;
}

bool verdict_by_path(const struct facts *f, struct verdict *v)
{
    const hf_cred     *c    = f->own->creds[f->cred].cred;
    hf_view            ours = {0}, theirs = {0};
    const struct cert *child = first_listed(f, c, &ours, &theirs);
    if (by_leaf(f, v, c))
        return true;
    if (probe_worked(f, PROBE_COMPLETE))
        return link_missing(f, v, PROVEN, top_of(c)) &&
               (verdict_evidence(v, "with the intermediate added from %s, the server lets us in", f->own->against),
                true);
    if (child)
        return is_listed(f, v, c, child, ours, theirs);
    return f->n_ca_names ? unlisted(f, v, c) : no_list(f, v, c);
}
