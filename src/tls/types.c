/* SPDX-License-Identifier: Apache-2.0
 *
 * types.c - which kind of credential goes in which direction: X.509 certificates or raw public keys (RFC 7250).
 *
 *   direction    offered by the client in    chosen by the server from               answered in
 *   server's     server_certificate_type     its credentials, in their order         EncryptedExtensions,
 *   client's     client_certificate_type     what its trust takes, in that order     TLS 1.2: ServerHello
 *
 *   1. Nothing is set for it: a trust with pinned keys takes raw keys, one with CAs or pinned certificates takes
 *      certificates, and which was given first is preferred; a credential is what it is.
 *   2. A client whose credentials and trust know certificates alone says nothing, as 4.1 demands.
 *   3. A server reads the lists whatever it has: "it does not have any certificate type in common with the client. Then,
 *      the server terminates the session with a fatal alert of type "unsupported_certificate"" (4.2). Where a client's
 *      certificate is optional the client is not asked instead.
 */
#include "tls/conn.h"

static const uint8_t type_bytes[] = {TYPE_X509, 1, TYPE_RAW_KEY};

static hf_view type_view(uint8_t type)
{
    return (hf_view){&type_bytes[type], 1};
}

static hf_view types_view(const struct cert_types *t)
{
    return (hf_view){t->b, t->n};
}

/* ---- client --------------------------------------------------------------------------------------------- */

/* "If the client has no remaining certificate types to send in the client hello, other than the default X.509 type, it
 * MUST omit the ... extension" (4.1) */
static hf_view worth_saying(const struct cert_types *t)
{
    return types_have(types_view(t), TYPE_RAW_KEY) ? types_view(t) : (hf_view){0};
}

void types_offer(const hf_conn *c, struct client_hello_out *m)
{
    m->client_types = worth_saying(&c->cfg->shows);
    m->server_types = worth_saying(&c->cfg->takes);
}

/* In a resumed handshake no certificate follows: the peer is the one of the session. */
bool types_answered(hf_conn *c, const struct exts *x)
{
    struct report *rep   = &c->rep;
    hf_view        takes = types_view(&c->cfg->takes), shows = types_view(&c->cfg->shows);
    uint8_t        theirs = x->server_types.n ? x->server_types.p[0] : TYPE_X509;
    uint8_t        ours   = x->client_types.n ? x->client_types.p[0] : TYPE_X509;
    if (x->server_types.n && !types_have(takes, theirs))
        return fail(rep, SERVER_TYPE_NOT_OFFERED, exts_at(x, x->server_types), 0, theirs);
    if (x->client_types.n && !types_have(shows, ours))
        return fail(rep, CLIENT_TYPE_NOT_OFFERED, exts_at(x, x->client_types), 0, ours);
    if (c->hs->psk.n || c->resumed)
        return true;
    if (takes.n && !types_have(takes, theirs))
        return fail(rep, SERVER_TYPE_UNSAID, 0, 0, 0);
    c->peer_raw = theirs == TYPE_RAW_KEY;
    c->own_raw  = ours == TYPE_RAW_KEY;
    return true;
}

/* ---- server --------------------------------------------------------------------------------------------- */

static hf_view list_or_default(const struct client_hello *m, uint32_t bit, hf_view list)
{
    return m->x.seen & bit ? list : type_view(TYPE_X509);
}

bool type_taken(const struct client_hello *m, const hf_cred *k)
{
    return types_have(list_or_default(m, X_SERVER_CERT_TYPE, m->x.server_types), cred_type(k));
}

static const hf_cred *first_taken(const hf_conn *c, const struct client_hello *m)
{
    const hf_cred *k = c->cfg->creds;
    while (k && !type_taken(m, k))
        k = k->next;
    return k;
}

void types_own(hf_conn *c, const struct client_hello *m, const hf_cred *k)
{
    c->own_raw         = k->raw;
    c->hs->says_server = m->x.seen & X_SERVER_CERT_TYPE ? type_view(cred_type(k)) : (hf_view){0};
}

void types_resumed(hf_conn *c, const struct client_hello *m)
{
    const hf_cred *k   = first_taken(c, m);
    c->hs->says_client = (hf_view){0};
    if (k)
        types_own(c, m, k);
}

static bool choose_own(hf_conn *c, const struct client_hello *m)
{
    if (first_taken(c, m) || !c->cfg->creds)
        return true;
    if (m->x.seen & X_SERVER_CERT_TYPE)
        return fail(&c->rep, CH_NO_COMMON_SERVER_TYPE, exts_at(&m->x, m->x.server_types), c->cfg->shows.b[0],
                    m->x.server_types.p[0]);
    return fail(&c->rep, CH_SERVER_TYPE_UNSAID, 0, 0, 0);
}

/* Nothing in common: who demands a certificate cannot go on; who does not, does not ask for one. */
static bool choose_none(hf_conn *c, const struct client_hello *m)
{
    c->hs->unasked = c->cfg->demand != HF_REQUIRE;
    if (c->hs->unasked) {
        note(&c->rep, CLIENT_TYPE_NOT_ASKED, HF_SKIPPED, 0, 0, 0);
        trace_note(&c->trace, CLIENT_TYPE_NOT_ASKED, 0, 0);
        return true;
    }
    if (m->x.seen & X_CLIENT_CERT_TYPE)
        return fail(&c->rep, CH_NO_COMMON_CLIENT_TYPE, exts_at(&m->x, m->x.client_types), c->cfg->takes.b[0],
                    m->x.client_types.p[0]);
    return fail(&c->rep, CH_CLIENT_TYPE_UNSAID, 0, 0, 0);
}

static bool choose_theirs(hf_conn *c, const struct client_hello *m)
{
    hf_view takes = types_view(&c->cfg->takes), list = list_or_default(m, X_CLIENT_CERT_TYPE, m->x.client_types);
    for (size_t i = 0; i < takes.n; i++) {
        if (!types_have(list, takes.p[i]))
            continue;
        c->peer_raw        = takes.p[i] == TYPE_RAW_KEY;
        c->hs->says_client = m->x.seen & X_CLIENT_CERT_TYPE ? type_view(takes.p[i]) : (hf_view){0};
        return true;
    }
    return choose_none(c, m);
}

bool types_choose(hf_conn *c, const struct client_hello *m)
{
    return choose_own(c, m) && (c->cfg->demand == HF_DONT_ASK || choose_theirs(c, m));
}
