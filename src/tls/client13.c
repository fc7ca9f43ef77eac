/* SPDX-License-Identifier: Apache-2.0
 *
 * client13.c - the client's side of TLS 1.3 (RFC 9846 4, appendix A.1).
 */
#include <string.h>

#include "base/ct.h"
#include "base/text.h"
#include "tls/conn.h"

/* ---- ClientHello --------------------------------------------------------------------------------------- */

/* A share for the most preferred group; beside a hybrid one also its classical next, so that a server which
 * lacks the hybrid needs no second round. After a retry: only the group that was asked for. */
static bool make_shares(hf_conn *c)
{
    struct hs *h      = c->hs;
    hf_view    groups = codes_view(&c->cfg->groups);
    size_t     n      = 1;
    if (!h->retried) {
        h->share_group[0] = codes_at(groups, 0);
        if (h->share_group[0] == KX_X25519MLKEM768 && codes_n(groups) > 1)
            h->share_group[n++] = codes_at(groups, 1);
    }
    for (size_t i = 0; i < n; i++) {
        if (h->kx[i])
            continue;
        h->kx[i] = kx_new(h->share_group[i], &c->cfg->rnd);
        if (!h->kx[i])
            return fail(&c->rep, SHARE_NOT_MADE, 0, 0, h->share_group[i]);
    }
    return true;
}

static const char *name_to_send(const hf_conn *c)
{
    uint8_t ip[16];
    size_t  n;
    return c->server_name && !name_is_ip(c->server_name, ip, &n) ? c->server_name : NULL;
}

static void psk_list(const hf_conn *c, struct client_hello_out *m)
{
    struct psk_offer offers[PSKS_OFFERED];
    m->n_psk = m->versions.n ? psk_offers(c, offers) : 0;
    for (size_t i = 0; i < m->n_psk; i++) {
        m->psk[i].identity = offers[i].identity;
        m->psk[i].age      = offers[i].age;
        m->psk[i].binder_n = hash_len(offers[i].hash);
    }
}

static void write_hello(hf_conn *c)
{
    static const uint8_t versions[] = {3, 4, 3, 3};
    bool                 both       = c->cfg->version_min < TLS13;
    struct hs           *h          = c->hs;
    /* The certificate schemes stand in signature_algorithms too: many servers look only there. PKCS#1 in a
     * CertificateVerify is refused all the same (4.3.3). */
    struct client_hello_out m = {.random        = h->client_random,
                                 .session_id    = {h->session_id, h->session_id_n},
                                 .suites        = codes_view(&c->cfg->suites),
                                 .groups        = codes_view(&c->cfg->groups),
                                 .sig_algs      = codes_view(&c->cfg->schemes_cert),
                                 .sig_algs_cert = codes_view(&c->cfg->schemes_cert),
                                 .alpn          = {c->cfg->alpn, c->cfg->alpn_n},
                                 .versions      = {versions, c->cfg->version_max < TLS13 ? 0u
                                                             : both                      ? 4u
                                                                                         : 2u},
                                 .cookie        = {h->cookie, h->cookie_n},
                                 .server_name   = name_to_send(c),
                                 .tls12         = both,
                                 .tickets       = c->cfg->sessions || h->offers,
                                 .status        = c->cfg->staples != HF_DONT_ASK,
                                 .record_size   = c->cfg->record_limit < LIMIT_RECORD_PLAINTEXT ? limit_ours(c) : 0,
                                 .ca_names      = {c->cfg->names, c->cfg->names_n},
                                 .zips          = codes_view(&c->cfg->zips)};
    types_offer(c, &m);
    if (h->offers && h->session.version == TLS12)
        m.ticket = h->session.ticket;
    psk_list(c, &m);
    for (size_t i = 0; i < 2; i++)
        if (h->kx[i]) {
            m.shares[m.n_shares].group   = h->share_group[i];
            m.shares[m.n_shares++].share = kx_share(h->kx[i]);
        }
    size_t mark = h->flight.n;
    h->offered  = client_hello_write(&h->flight, &m);
    if (m.n_psk && !h->flight.full)
        psk_binders(c, h->flight.p + mark, h->flight.n - mark);
}

enum turn do_client_hello(hf_conn *c)
{
    struct hs *h = c->hs;
    if (!h->retried) {
        h->offers    = session_offered(c);
        c->proven_ms = c->now_ms;
        c->cfg->rnd.fill(c->cfg->rnd.ctx, h->client_random, RANDOM_BYTES);
        if (c->cfg->version_max >= TLS13 || h->offers) { /* RFC 5246 7.4.1.2: empty without a session to resume */
            c->cfg->rnd.fill(c->cfg->rnd.ctx, h->session_id, SESSION_ID_MAX);
            h->session_id_n = SESSION_ID_MAX;
        }
        if (h->offers && h->session.session_id.n) { /* the server knows the session by it */
            memcpy(h->session_id, h->session.session_id.p, h->session.session_id.n);
            h->session_id_n = (uint8_t)h->session.session_id.n;
        }
    }
    if (!make_shares(c))
        return FAILED;
    size_t mark = h->flight.n;
    write_hello(c);
    message_sent(c, mark);
    return flight_flush(c) ? NEXT : FAILED;
}

/* ---- ServerHello ---------------------------------------------------------------------------------------- */

/* What ServerHello and HelloRetryRequest have in common (4.2.3). */
static bool hello_ok(hf_conn *c, const struct server_hello *m)
{
    struct report *rep = &c->rep;
    struct hs     *h   = c->hs;
    if (m->x.version != TLS13)
        return fail(rep, SH_VERSION, m->x.version_at, TLS13, m->x.version);
    if (m->legacy_version != TLS12)
        return fail(rep, SH_LEGACY_VERSION, MSG_HEADER, TLS12, m->legacy_version);
    if (!view_equal(m->session_id, (hf_view){h->session_id, h->session_id_n}))
        return fail(rep, SH_SESSION_ID, MSG_HEADER + 2 + RANDOM_BYTES, h->session_id_n, (int64_t)m->session_id.n);
    if (m->compression != 0)
        return fail(rep, SH_COMPRESSION, m->suite_at + 2, 0, m->compression);
    const struct suite *s = suite_of(m->suite);
    if (!s || s->auth != AUTH_13 || !codes_have(codes_view(&c->cfg->suites), m->suite))
        return fail(rep, SH_SUITE, m->suite_at, 0, m->suite);
    if (h->suite && s != h->suite)
        return fail(rep, SH_SUITE_CHANGED, m->suite_at, h->suite->code, m->suite);
    h->suite = s;
    return true;
}

static struct kx *share_of(const struct hs *h, uint16_t group)
{
    for (size_t i = 0; i < 2; i++)
        if (h->kx[i] && h->share_group[i] == group)
            return h->kx[i];
    return NULL;
}

static void drop_shares(struct hs *h)
{
    for (size_t i = 0; i < 2; i++) {
        kx_free(h->kx[i]);
        h->kx[i] = NULL;
    }
}

/* The server wants another group, or its cookie back (4.2.4). */
static bool retry(hf_conn *c, const struct server_hello *m)
{
    struct hs *h = c->hs;
    if (h->retried)
        return fail(&c->rep, HRR_TWICE, 0, 1, 2);
    if (!(m->x.seen & (X_KEY_SHARE | X_COOKIE)))
        return fail(&c->rep, HRR_CHANGES_NOTHING, 0, 1, 0);
    if (m->x.seen & X_KEY_SHARE) {
        if (!codes_have(codes_view(&c->cfg->groups), m->x.share_group))
            return fail(&c->rep, HRR_GROUP_NOT_OFFERED, m->x.group_at, 0, m->x.share_group);
        if (share_of(h, m->x.share_group))
            return fail(&c->rep, HRR_GROUP_ALREADY_SHARED, m->x.group_at, 0, m->x.share_group);
        drop_shares(h);
        h->share_group[0] = m->x.share_group;
    }
    h->cookie   = mem_copy(&c->mem, m->x.cookie.p, m->x.cookie.n);
    h->cookie_n = m->x.cookie.n;
    h->retried  = true;
    return h->cookie || fail(&c->rep, HRR_NO_MEMORY, 0, 0, 0);
}

/* Compatibility mode (appendix E.4): a dummy ChangeCipherSpec before our second flight. */
static bool dummy_ccs(hf_conn *c)
{
    if (c->hs->ccs_sent || c->hs->session_id_n == 0)
        return true;
    c->hs->ccs_sent = true;
    return record_write(c, CT_CHANGE_CIPHER_SPEC, (hf_view){(const uint8_t[]){1}, 1});
}

static bool derive(hf_conn *c, const struct server_hello *m)
{
    uint8_t    secret[KX_SECRET_MAX];
    size_t     n;
    struct kx *k = share_of(c->hs, m->x.share_group);
    if (!(m->x.seen & X_KEY_SHARE))
        return fail(&c->rep, SH_NO_KEY_SHARE, 0, 1, 0);
    if (!k)
        return fail(&c->rep, SH_GROUP_NOT_SHARED, m->x.group_at, c->hs->share_group[0], m->x.share_group);
    if (!kx_derive(k, m->x.share, secret, &n)) {
        kx_memory_first(c);
        return fail(&c->rep, SH_SHARE_INVALID, exts_at(&m->x, m->x.share), 0, m->x.share_group);
    }
    c->group  = m->x.share_group;
    bool done = psk_answered(c, m) && handshake_keys(c, (hf_view){secret, n});
    ct_wipe(secret, sizeof secret);
    drop_shares(c->hs);
    return done;
}

enum turn on_server_hello(hf_conn *c, hf_view msg)
{
    struct server_hello m;
    struct hs          *h = c->hs;
    if (!server_hello_read(&m, msg, h->offered, &c->rep))
        return FAILED;
    if (!(m.x.seen & X_VERSIONS) && !m.retry)
        return server_hello12(c, &m, msg);
    if (!hello_ok(c, &m))
        return FAILED;
    c->version = TLS13;
    if (!h->retried)
        transcript_start(c, wr_done(&h->hello), m.retry);
    transcript_add(c, msg);
    if (!m.retry) {
        memcpy(h->server_random, m.random.p, RANDOM_BYTES);
        return dummy_ccs(c) && derive(c, &m) ? NEXT : FAILED;
    }
    return retry(c, &m) && dummy_ccs(c) ? OTHER : FAILED;
}

/* ---- EncryptedExtensions, CertificateRequest -------------------------------------------------------------- */

bool alpn_chosen(hf_conn *c, const struct exts *x)
{
    hf_view item, ours = {c->cfg->alpn, c->cfg->alpn_n}, name = {x->alpn.p + 1, x->alpn.n - 1};
    for (size_t at = 0; list_next(ours, 1, &at, &item);)
        if (view_equal(item, name)) {
            c->alpn = mem_alloc(&c->mem, name.n + 1);
            if (c->alpn)
                memcpy(c->alpn, name.p, name.n);
            return c->alpn || fail(&c->rep, ALPN_NO_MEMORY, 0, 0, 0);
        }
    return fail(&c->rep, ALPN_NOT_OFFERED, exts_at(x, name), 0, 0);
}

enum turn on_enc_exts(hf_conn *c, hf_view msg)
{
    struct exts x;
    if (!enc_exts_read(&x, msg, c->hs->offered, &c->rep))
        return FAILED;
    transcript_add(c, msg);
    if ((x.seen & X_ALPN) && !alpn_chosen(c, &x))
        return FAILED;
    if (!limit_theirs(c, &x) || !types_answered(c, &x))
        return FAILED;
    return c->hs->psk.n ? OTHER : NEXT;
}

enum turn on_cert_request(hf_conn *c, hf_view msg)
{
    struct cert_request m;
    if (!cert_request_read(&m, msg, &c->rep))
        return FAILED;
    if (m.context.n)
        return fail(&c->rep, CR_CONTEXT_NOT_EMPTY, MSG_HEADER, 0, (int64_t)m.context.n), FAILED;
    if (!(m.x.seen & X_SIG_ALGS))
        return fail(&c->rep, CR_NO_SIGNATURE_ALGORITHMS, MSG_HEADER, 1, 0), FAILED;
    transcript_add(c, msg);
    c->asked = c->hs->asked = true;
    c->hs->status_wanted    = m.x.status_asked;
    zips_keep(c, m.x.zips);
    select_client(c, &m, (hf_view){0});
    return NEXT;
}

/* ---- our second flight ------------------------------------------------------------------------------------ */

enum turn do_client_flight(hf_conn *c)
{
    struct hs *h = c->hs;
    if (!h->asked)
        return OTHER;
    present13(c);
    if (h->cred)
        session_gave(c, h->cred);
    return h->cred ? NEXT : OTHER;
}
