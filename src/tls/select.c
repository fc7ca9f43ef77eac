/* SPDX-License-Identifier: Apache-2.0
 *
 * select.c - which of our credentials is presented (RFC 9846 4.5.1.2), and why not the others.
 *
 * The client goes by hints (CA names), signature algorithms, key usage, purpose and validity, and leaves a
 * remark for each credential (hf_conn_offers). The server goes by server_name, CA names and signature algorithms.
 * A chain whose own signatures use algorithms that the peer did not list is taken only when no other fits:
 * "the endpoint SHOULD continue the handshake by sending a certificate chain of its choice".
 */
#include <string.h>

#include "tls/conn.h"
#include "tls/msg12.h"
#include "tls/select.h"

/* All signatures in the chain are by schemes in the list (a self-signed one at the end is not looked at). */
static bool chain_listed(const hf_cred *k, hf_view list)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct cert *c = &k->cert[i];
        if (cert_self_issued(c))
            continue;
        bool                 last   = i + 1 == k->n;
        enum key_kind        signer = last ? KEY_NONE : k->cert[i + 1].key.kind;
        const struct scheme *s      = scheme_of_signature(&c->sig, signer);
        if (!last && (!s || !codes_have(list, s->code)))
            return false;
    }
    return true;
}

static hf_view cert_algs(const struct exts *x)
{
    return x->seen & X_SIG_ALGS_CERT ? x->sig_algs_cert : x->sig_algs;
}

/* A certificate of the chain is issued by, or is, one of the named CAs; no names: any will do. */
static bool named(const hf_cred *k, const struct exts *x)
{
    hf_view name;
    if (!(x->seen & X_CA_NAMES))
        return true;
    for (size_t at = 0, seen = 0; seen < LIMIT_CA_NAMES && list_next(x->ca_names, 2, &at, &name); seen++)
        for (size_t i = 0; i < k->n; i++)
            if (dn_equal(k->cert[i].issuer, name) || dn_equal(k->cert[i].subject, name))
                return true;
    return false;
}

/* ---- client --------------------------------------------------------------------------------------------- */

/* TLS 1.2: the kind of key is among the certificate_types. */
static bool type_listed(hf_view types, enum key_kind key)
{
    uint8_t want = suite_auth_of(key) == AUTH_RSA ? TYPE_RSA_SIGN : TYPE_ECDSA_SIGN;
    return types.n == 0 || memchr(types.p, want, types.n);
}

/* A raw public key: the other demands are made on certificates. */
static enum check raw_remark(const hf_cred *k, const struct asked *a, int64_t *want, int64_t *got)
{
    enum key_kind key = k->cert[0].key.kind;
    if (!cred_scheme(k, a->x->sig_algs, a->cfg, a->version) || !type_listed(a->types, key))
        return *want = codes_at(a->x->sig_algs, 0), *got = key, OFFER_SIGALG;
    return OFFER_FITS;
}

enum check cred_remark(const hf_cred *k, const struct asked *a, int64_t *want, int64_t *got)
{
    const struct cert *leaf = &k->cert[0];
    *want = *got = 0;
    if (k->raw != a->raw)
        return *want = a->raw ? TYPE_RAW_KEY : TYPE_X509, *got = cred_type(k), OFFER_TYPE;
    if (k->raw)
        return raw_remark(k, a, want, got);
    if (a->now > leaf->not_after)
        return *want = leaf->not_after, *got = a->now, OFFER_EXPIRED;
    if (a->now < leaf->not_before)
        return *want = leaf->not_before, *got = a->now, OFFER_NOT_YET_VALID;
    if ((leaf->has & EXT_KU) && !(leaf->ku & KU_DIGITAL_SIGNATURE))
        return *want = KU_DIGITAL_SIGNATURE, *got = leaf->ku, OFFER_KEY_USAGE;
    if ((leaf->has & EXT_EKU) && !(leaf->eku & (EKU_CLIENT_AUTH | EKU_ANY)))
        return *want = EKU_CLIENT_AUTH, *got = leaf->eku, OFFER_PURPOSE;
    if (!cred_scheme(k, a->x->sig_algs, a->cfg, a->version) || !type_listed(a->types, leaf->key.kind))
        return *want = codes_at(a->x->sig_algs, 0), *got = leaf->key.kind, OFFER_SIGALG;
    if (!filters_met(leaf, a->x->oid_filters))
        return *want = (int64_t)a->x->oid_filters.n, OFFER_FILTERS;
    if (k->match != MATCH_NEED_NOT && !named(k, a->x))
        return *want = (int64_t)a->x->n_ca_names, OFFER_CA_NAMES;
    return chain_listed(k, cert_algs(a->x)) ? OFFER_FITS : OFFER_CHAIN_SIGALG;
}

static void choose(hf_conn *c, const hf_cred *k, hf_finding *offer, const struct exts *x)
{
    c->presented  = k;
    c->hs->cred   = k;
    c->hs->scheme = cred_scheme(k, x->sig_algs, c->cfg, c->version);
    offer->check  = OFFER_CHOSEN;
    offer->state  = HF_PASS;
    offer->got    = c->hs->scheme;
}

/* The first that fits is chosen; the rest that fit are not needed. */
static void choose_first(hf_conn *c, enum check as, const struct exts *x)
{
    size_t i = 0;
    for (const hf_cred *k = c->cfg->creds; k; k = k->next, i++)
        if (c->offers[i].check == as && !c->hs->cred)
            choose(c, k, &c->offers[i], x);
        else if (c->offers[i].check == OFFER_FITS)
            c->offers[i].check = OFFER_NOT_NEEDED, c->offers[i].state = HF_SKIPPED;
}

/* None fits: the first that insists and can sign. Its remark stays, for it says why others would keep silent. */
static void choose_insistent(hf_conn *c, const struct exts *x)
{
    for (const hf_cred *k = c->cfg->creds; k && !c->hs->cred; k = k->next)
        if (k->insist && k->raw == c->own_raw && cred_scheme(k, x->sig_algs, c->cfg, c->version)) {
            c->hs->cred   = k;
            c->hs->scheme = cred_scheme(k, x->sig_algs, c->cfg, c->version);
        }
}

void select_client(hf_conn *c, const struct cert_request *m, hf_view types)
{
    struct asked a = {
        .cfg = c->cfg, .version = c->version, .now = c->now_ms / 1000, .x = &m->x, .types = types, .raw = c->own_raw};
    size_t i = 0;
    trace_note(&c->trace, CA_LIST_RECEIVED, (int64_t)m->x.n_ca_names, (int64_t)m->x.ca_names.n);
    mem_free(&c->mem, c->offers);
    c->n_offers = 0;
    c->offers   = mem_alloc(&c->mem, (c->cfg->n_creds + 1) * sizeof *c->offers);
    if (!c->offers)
        return; /* no memory for remarks: none is chosen, an empty Certificate is sent */
    c->n_offers = c->cfg->n_creds;
    for (const hf_cred *k = c->cfg->creds; k; k = k->next, i++) {
        hf_finding *o = &c->offers[i];
        o->check      = (uint16_t)cred_remark(k, &a, &o->want, &o->got);
        o->state      = HF_FAIL;
        o->cert       = (int8_t)i;
    }
    choose_first(c, OFFER_FITS, &m->x);
    if (!c->hs->cred)
        choose_first(c, OFFER_CHAIN_SIGALG, &m->x);
    if (!c->hs->cred)
        choose_insistent(c, &m->x);
    for (i = 0; i < c->n_offers; i++)
        trace_note(&c->trace, (enum check)c->offers[i].check, c->offers[i].want, c->offers[i].got);
    if (!c->hs->cred)
        trace_note(&c->trace, OFFER_NONE, 0, (int64_t)c->n_offers);
}

/* ---- server --------------------------------------------------------------------------------------------- */

enum { FIT_KEY = 1, FIT_CHAIN = 2, FIT_ISSUER = 4, FIT_NAME = 8 };

/* 0: cannot be used; else the better the higher. The CA names "guide certificate selection" (4.3.4); whether they must
 * be met is asked by the caller. */
static unsigned fitness(const hf_conn *c, const hf_cred *k, const struct client_hello *m, suite_finder *suite_for)
{
    if (!cred_scheme(k, m->x.sig_algs, c->cfg, c->version) || (suite_for && !suite_for(c, m, k->cert[0].key.kind)) ||
        !type_taken(m, k))
        return 0;
    if (k->raw) /* it has nothing else */
        return FIT_KEY;
    bool name   = c->server_name && match_host(&k->cert[0], c->server_name);
    bool issuer = named(k, &m->x);
    return FIT_KEY + (chain_listed(k, cert_algs(&m->x)) ? FIT_CHAIN : 0u) + (issuer ? FIT_ISSUER : 0u) +
           (name ? FIT_NAME : 0u);
}

/* None can be used: because of the CA names, or before they counted. */
static bool none_fits(hf_conn *c, const struct client_hello *m, bool unnamed)
{
    if (unnamed)
        return fail(&c->rep, CH_CA_NAMES, m->x.ca_names_at, 0, (int64_t)m->x.n_ca_names);
    return fail(&c->rep, CH_NO_COMMON_SIGALG, exts_at(&m->x, m->x.sig_algs),
                cred_scheme(c->cfg->creds, (hf_view){0}, c->cfg, c->version), codes_at(m->x.sig_algs, 0));
}

/* The first that can be used decides on certificate or raw key; among certificates the best is taken. */
bool select_server(hf_conn *c, const struct client_hello *m, suite_finder *suite_for)
{
    unsigned   best    = 0;
    bool       unnamed = false;
    struct hs *h       = c->hs;
    for (const hf_cred *k = c->cfg->creds; k; k = k->next) {
        unsigned f = fitness(c, k, m, suite_for);
        if (f && !k->raw && k->match == MATCH_MUST && !(f & FIT_ISSUER)) {
            unnamed = true;
            continue;
        }
        if (f <= best || (best && k->raw != h->cred->raw))
            continue;
        best    = f;
        h->cred = k;
    }
    if (!c->cfg->creds)
        return fail(&c->rep, CH_NO_PSK, 0, XT_PRE_SHARED_KEY, 0);
    if (!best)
        return none_fits(c, m, unnamed);
    c->presented = h->cred;
    types_own(c, m, h->cred);
    h->name_used = best >= FIT_NAME;
    h->scheme    = cred_scheme(h->cred, m->x.sig_algs, c->cfg, c->version);
    return true;
}
