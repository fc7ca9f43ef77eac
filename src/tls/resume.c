/* SPDX-License-Identifier: Apache-2.0
 *
 * resume.c - sessions: what a connection leaves to later ones, and what a later one makes of it (RFC 9846 4.7.1,
 * 4.3.11; RFC 5077). The messages are in psk13.c, resume13.c and resume12.c.
 *
 *   1. A ticket carries no verdict. The peer's chain comes out of it as it was sent, and is judged by the config, the
 *      trust and the time of now, by the code that judges it when it comes in a Certificate (again.c).
 *   2. A server whose ticket does not open, does not fit, or is of a client that would be refused now makes a full
 *      handshake: a client with a new certificate gets in, and one without is refused for the ticket's cause
 *      (hs->refused), not for "no certificate".
 *   3. A client offers only what it would accept: it judges the server's kept chain before.
 *   4. hf_peer is made when a Finished under the session's secret has verified, never from a ticket alone: a ticket
 *      of TLS 1.2 is seen by everybody on the way.
 *   5. However often a session is renewed, seven days after the peer proved its key it must prove it again: no ticket
 *      lives longer than that (ticket_make).
 */
#include <string.h>

#include "base/ct.h"
#include "tls/conn.h"

enum { CLOCK_STEP_MS = 60 * 1000 }; /* how far clocks of servers that share keys may be apart */

/* ---- making -------------------------------------------------------------------------------------------- */

/* A remark: why there is no ticket, or why a session is not gone on from. */
static bool passed_over(hf_conn *c, enum check remark, int64_t want, int64_t got)
{
    note(&c->rep, remark, HF_SKIPPED, 0, want, got);
    trace_note(&c->trace, remark, want, got);
    return false;
}

void session_gave(hf_conn *c, const hf_cred *cred)
{
    if (!c->cfg->sessions)
        return;
    hash_once(HASH_SHA256, (hf_view){cred->msg, cred->msg_n}, c->own);
    c->own_n = OWN_DIGEST;
}

struct session session_now(const hf_conn *c, hf_view secret)
{
    const struct suite *s     = c->hs ? c->hs->suite : c->suite;
    bool                known = c->peer || c->resumed || c->cfg->unverified;
    return (struct session){
        .version     = c->version,
        .suite       = s->code,
        .group       = c->group,
        .peer_scheme = c->peer_scheme,
        .made_ms     = c->now_ms,
        .proven_ms   = c->proven_ms,
        .epoch       = c->cfg->epoch,
        .secret      = secret,
        .server_name = {(const uint8_t *)c->server_name, c->server_name ? strlen(c->server_name) : 0},
        .certificate = {c->claimed, known ? c->claimed_n : 0},
        .raw         = c->peer_raw,
        .own         = {c->own, c->own_n}};
}

bool ticket_make(hf_conn *c, struct session *s, struct wr *w)
{
    int64_t   left_s = LIMIT_TICKET_LIFE_S - (s->made_ms - s->proven_ms) / 1000;
    struct wr in     = wr_grow(&c->mem, LIMIT_TICKET_BYTES - TICKET_MORE);
    size_t    mark   = w->n;
    s->lifetime_s    = left_s < c->cfg->ticket_life_s ? (uint32_t)left_s : c->cfg->ticket_life_s;
    session_write(&in, s);
    bool made = left_s > 0 && !in.full &&
                ticket_seal(c->cfg->tickets, &c->cfg->rnd, c->now_ms, c->cfg->ticket_life_s, wr_done(&in), w);
    wr_free(&in);
    if (!made)
        w->n = mark;
    return made || passed_over(c, TICKET_NOT_MADE, LIMIT_TICKET_BYTES, (int64_t)s->certificate.n);
}

bool session_keep(hf_conn *c, struct session *s, const struct new_ticket *m)
{
    s->age_add    = m->age_add;
    s->lifetime_s = m->lifetime_s < LIMIT_TICKET_LIFE_S ? m->lifetime_s : LIMIT_TICKET_LIFE_S;
    s->ticket     = m->ticket;
    return session_store(c, s);
}

bool session_store(hf_conn *c, const struct session *s)
{
    struct wr w = wr_grow(&c->mem, LIMIT_CONN_BYTES);
    session_write(&w, s);
    if (w.full) {
        wr_free(&w);
        return fail(&c->rep, NST_NO_MEMORY, 0, 0, (int64_t)s->ticket.n);
    }
    mem_free(&c->mem, c->session);
    c->session       = w.p;
    c->session_n     = w.n;
    c->session_taken = false;
    return true;
}

hf_view hf_conn_session(hf_conn *c)
{
    if (!c->open || c->failed || !c->session)
        return (hf_view){0};
    c->session_taken = true;
    return (hf_view){c->session, c->session_n};
}

void session_taken(hf_conn *c)
{
    if (!c->session_taken)
        return;
    mem_free(&c->mem, c->session);
    c->session       = NULL;
    c->session_taken = false;
}

/* ---- taking up ----------------------------------------------------------------------------------------- */

static bool still_young(const struct session *s, int64_t now_ms)
{
    int64_t age = now_ms - s->made_ms;
    return age >= -CLOCK_STEP_MS && age <= (int64_t)s->lifetime_s * 1000;
}

static bool name_is(const hf_conn *c, hf_view name)
{
    size_t n = c->server_name ? strlen(c->server_name) : 0;
    return n == name.n && (n == 0 || memcmp(c->server_name, name.p, n) == 0);
}

/* Whether the ticket has a certificate where one is demanded, and none where nobody would judge it. */
static bool identity_fits(hf_conn *c, const struct session *s)
{
    enum hf_demand demand = c->cfg->demand;
    bool           has    = s->certificate.n > 0;
    return demand == HF_ASK || has == (demand == HF_REQUIRE) || passed_over(c, TICKET_NO_IDENTITY, demand, has);
}

bool ticket_fits(hf_conn *c, hf_view ticket)
{
    struct hs     *h = c->hs;
    struct session s;
    struct report  scratch;
    bool           newest;
    report_init(&scratch);
    mem_free(&c->mem, h->session_bytes);
    h->session       = (struct session){0};
    h->session_bytes = ticket.n > TICKET_MORE ? mem_alloc(&c->mem, ticket.n - TICKET_MORE) : NULL;
    if (!h->session_bytes || !ticket_open(c->cfg->tickets, ticket, h->session_bytes, &newest) ||
        !session_read(&s, (hf_view){h->session_bytes, ticket.n - TICKET_MORE}, &scratch))
        return passed_over(c, TICKET_NOT_OURS, 0, (int64_t)ticket.n);
    if (s.version != c->version || (h->suite && s.suite != h->suite->code) || !name_is(c, s.server_name))
        return passed_over(c, TICKET_DOES_NOT_FIT, c->version, s.version);
    if (!still_young(&s, c->now_ms))
        return passed_over(c, TICKET_TOO_OLD, s.made_ms / 1000 + s.lifetime_s, c->now_ms / 1000);
    if (!identity_fits(c, &s))
        return false;
    h->session = s;
    return true;
}

static bool judge_kept(hf_conn *c, struct report *rep)
{
    struct hs         *h = c->hs;
    struct certificate m;
    hf_view            msg = h->session.certificate;
    c->claimed             = mem_copy(&c->mem, msg.p, msg.n);
    c->claimed_n           = c->claimed ? msg.n : 0;
    if (!c->claimed)
        return fail(rep, SESSION_NO_MEMORY, 0, (int64_t)msg.n, 0);
    c->peer_raw = h->session.raw;
    chain_kept(c, h->session.version, &m, rep);
    if (report_bad(rep))
        return false;
    h->leaf = &h->unverified_leaf;
    if (c->cfg->role == HF_CLIENT && c->cfg->unverified)
        return (c->peer_raw ? cert_bare : cert_parse)(&h->unverified_leaf, m.chain[0], rep);
    if (!chain_ok(c, c->cfg, c->now_ms, &m, &h->path, rep))
        return false;
    h->leaf = &h->path.certs[0];
    return true;
}

bool session_judge(hf_conn *c)
{
    struct report rep;
    report_init(&rep);
    if (c->hs->session.certificate.n == 0 || judge_kept(c, &rep))
        return true;
    c->hs->refused = rep.why;
    session_decline(c);
    return passed_over(c, TICKET_PEER_REFUSED, 0, rep.why.check);
}

void session_decline(hf_conn *c)
{
    valid_path_free(&c->hs->path, &c->mem);
    mem_free(&c->mem, c->claimed);
    c->claimed   = NULL;
    c->claimed_n = 0;
    c->peer_raw  = false;
    c->hs->leaf  = NULL;
}

bool session_first_use(hf_conn *c, hf_view ticket)
{
    if (ticket_use(c->cfg->tickets, ticket, c->hs->session.made_ms))
        return true;
    session_decline(c);
    return passed_over(c, TICKET_USED, 0, 0);
}

void session_resume(hf_conn *c)
{
    const struct session *s   = &c->hs->session;
    int64_t               age = (c->now_ms - s->made_ms) / 1000;
    c->resumed                = true;
    c->hs->psk                = s->secret;
    c->proven_ms              = s->proven_ms;
    c->peer_scheme            = s->peer_scheme;
    c->own_n                  = (uint8_t)(s->own.n <= OWN_DIGEST ? s->own.n : 0);
    memcpy(c->own, s->own.p, c->own_n);
    note(&c->rep, SESSION_RESUMED, HF_PASS, 0, s->lifetime_s, age);
    trace_note(&c->trace, SESSION_RESUMED, s->lifetime_s, age);
    if (s->epoch != c->cfg->epoch)
        trace_note(&c->trace, SESSION_TRUST_CHANGED, 0, 0);
}

bool session_prove(hf_conn *c)
{
    bool known = c->resumed && c->hs->leaf && !c->cfg->unverified;
    return !known || peer_new(c, c->hs->leaf) || fail(&c->rep, RESUMED_NO_MEMORY, 0, 0, 0);
}

/* ---- the client's offer -------------------------------------------------------------------------------- */

bool hf_conn_resume(hf_conn *c, hf_view session)
{
    struct report scratch;
    report_init(&scratch);
    if (c->cfg->role != HF_CLIENT || c->state != C_START || !c->hs)
        return false;
    mem_free(&c->mem, c->hs->session_bytes);
    c->hs->session       = (struct session){0};
    c->hs->session_bytes = mem_copy(&c->mem, session.p, session.n);
    if (c->hs->session_bytes && session_read(&c->hs->session, (hf_view){c->hs->session_bytes, session.n}, &scratch))
        return true;
    c->hs->session = (struct session){0};
    return false;
}

/* The credential that the session was made with is still one of ours; else it would speak for somebody we are not. */
static bool still_ours(const hf_conn *c, const struct session *s)
{
    uint8_t digest[OWN_DIGEST];
    if (s->own.n == 0)
        return true;
    for (const hf_cred *k = c->cfg->creds; k; k = k->next) {
        hash_once(HASH_SHA256, (hf_view){k->msg, k->msg_n}, digest);
        if (s->own.n == OWN_DIGEST && memcmp(digest, s->own.p, OWN_DIGEST) == 0)
            return true;
    }
    return false;
}

bool session_offered(hf_conn *c)
{
    const struct session *s   = &c->hs->session;
    const hf_config      *cfg = c->cfg;
    if (s->ticket.n == 0 && s->session_id.n == 0)
        return false;
    if (s->version < cfg->version_min || s->version > cfg->version_max || !suite_of(s->suite) ||
        !codes_have(codes_view(&cfg->suites), s->suite) || !name_is(c, s->server_name) || !still_ours(c, s))
        return passed_over(c, TICKET_DOES_NOT_FIT, cfg->version_max, s->version);
    if (!still_young(s, c->now_ms))
        return passed_over(c, TICKET_TOO_OLD, s->made_ms / 1000 + s->lifetime_s, c->now_ms / 1000);
    return (s->certificate.n > 0 || cfg->unverified) && session_judge(c);
}
