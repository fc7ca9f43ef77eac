/* SPDX-License-Identifier: Apache-2.0
 *
 * server13.c - the server's side of TLS 1.3 (RFC 9846 4, appendix A.2).
 */
#include <string.h>

#include "base/ct.h"
#include "base/text.h"
#include "tls/conn.h"

/* ---- ClientHello --------------------------------------------------------------------------------------- */

/* What TLS 1.3 demands of a ClientHello (9.2). */
static bool hello_ok(hf_conn *c, const struct client_hello *m)
{
    struct report *rep  = &c->rep;
    uint32_t       seen = m->x.seen;
    if (m->compression.n != 1)
        return fail(rep, CH_COMPRESSION_13, exts_at(&m->x, m->compression), 1, (int64_t)m->compression.n);
    if ((seen & X_PSK) && !(seen & X_PSK_MODES))
        return fail(rep, CH_PSK_WITHOUT_MODES, 0, XT_PSK_KEY_EXCHANGE_MODES, 0);
    if (!(seen & X_GROUPS))
        return fail(rep, CH_NO_GROUPS, 0, XT_SUPPORTED_GROUPS, 0);
    return (seen & X_KEY_SHARE) || fail(rep, CH_NO_KEY_SHARE, 0, XT_KEY_SHARE, 0);
}

enum { FALLBACK_SCSV = 0x5600 };

/* The highest that both have; without supported_versions the client is older than TLS 1.3 (4.3.1). A client that
 * says it fell back is told so before anything else about versions (RFC 7507 3). RFC 9846 4.2.2: "A server which
 * receives a legacy_version value not equal to 0x0303 MUST abort". */
static bool pick_version(hf_conn *c, const struct client_hello *m)
{
    const hf_config *cfg     = c->cfg;
    bool             listed  = m->x.seen & X_VERSIONS;
    bool             has12   = listed ? codes_have(m->x.versions, TLS12) : m->legacy_version >= TLS12;
    uint16_t         highest = listed ? codes_at(m->x.versions, 0) : m->legacy_version;
    c->version               = 0;
    if (listed && codes_have(m->x.versions, TLS13) && cfg->version_max >= TLS13)
        c->version = TLS13;
    else if (has12 && cfg->version_min <= TLS12 && !c->hs->retried)
        c->version = TLS12;
    uint16_t reached = c->version ? c->version : highest;
    if (reached < cfg->version_max && codes_have(m->suites, FALLBACK_SCSV))
        return fail(&c->rep, CH12_FALLBACK, MSG_HEADER, cfg->version_max, reached);
    if (c->version == TLS13 && m->legacy_version != TLS12)
        return fail(&c->rep, CH_LEGACY_VERSION, MSG_HEADER, TLS12, m->legacy_version);
    return c->version ||
           fail(&c->rep, CH_VERSIONS, listed ? exts_at(&m->x, m->x.versions) : MSG_HEADER, cfg->version_min, highest);
}

enum { TLS_CHACHA20_POLY1305_SHA256 = 0x1303 };

/* A client that puts ChaCha20 first has no AES in hardware: then its wish comes before our order. */
static uint16_t wished_suite(const hf_conn *c, const struct client_hello *m)
{
    uint16_t first = codes_at(m->suites, 0);
    return first == TLS_CHACHA20_POLY1305_SHA256 && codes_have(codes_view(&c->cfg->suites), first) ? first : 0;
}

static bool pick_suite(hf_conn *c, const struct client_hello *m)
{
    hf_view  ours = codes_view(&c->cfg->suites);
    uint16_t wish = wished_suite(c, m);
    for (size_t i = 0; i < codes_n(ours); i++)
        if (suite_of(codes_at(ours, i))->auth == AUTH_13 && codes_have(m->suites, codes_at(ours, i)) &&
            (!wish || wish == codes_at(ours, i))) {
            const struct suite *s = suite_of(codes_at(ours, i));
            if (c->hs->suite && c->hs->suite != s)
                return fail(&c->rep, CH_SUITES_CHANGED, exts_at(&m->x, m->suites), c->hs->suite->code, s->code);
            c->hs->suite = s;
            return true;
        }
    return fail(&c->rep, CH_NO_COMMON_SUITE, exts_at(&m->x, m->suites), codes_at(ours, 0), codes_at(m->suites, 0));
}

/* The first group of ours for which a share came; else the first in common, to be asked for. */
static bool pick_group(hf_conn *c, const struct client_hello *m, hf_view *share)
{
    hf_view ours = codes_view(&c->cfg->groups);
    *share       = (hf_view){0};
    c->group     = 0;
    for (size_t i = 0; i < codes_n(ours); i++) {
        uint16_t g = codes_at(ours, i);
        if (!codes_have(m->x.groups, g))
            continue;
        if (shares_find(m->x.shares, g, share)) {
            c->group = g;
            return true;
        }
        if (!c->group)
            c->group = g;
    }
    return c->group ||
           fail(&c->rep, CH_NO_COMMON_GROUP, exts_at(&m->x, m->x.groups), codes_at(ours, 0), codes_at(m->x.groups, 0));
}

bool pick_alpn(hf_conn *c, const struct client_hello *m)
{
    hf_view ours = {c->cfg->alpn, c->cfg->alpn_n}, mine, theirs;
    if (!(m->x.seen & X_ALPN) || ours.n == 0 || c->alpn)
        return true;
    for (size_t i = 0; list_next(ours, 1, &i, &mine);)
        for (size_t k = 0; list_next(m->x.alpn, 1, &k, &theirs);)
            if (view_equal(mine, theirs)) {
                c->alpn = mem_alloc(&c->mem, mine.n + 1);
                if (!c->alpn)
                    return fail(&c->rep, CH_ALPN_NO_MEMORY, 0, 0, 0);
                memcpy(c->alpn, mine.p, mine.n);
                return true;
            }
    return fail(&c->rep, CH_NO_COMMON_ALPN, exts_at(&m->x, m->x.alpn), 0, 0);
}

static bool keep_hello(hf_conn *c, const struct client_hello *m)
{
    struct hs *h = c->hs;
    memcpy(h->client_random, m->random.p, RANDOM_BYTES);
    memcpy(h->session_id, m->session_id.p, m->session_id.n);
    h->session_id_n  = (uint8_t)m->session_id.n;
    c->proven_ms     = c->now_ms;
    h->status_wanted = m->x.status_asked;
    zips_keep(c, m->x.zips);
    if (!limit_theirs(c, &m->x))
        return false;
    if (!m->x.server_name.n || c->server_name)
        return true;
    c->server_name = mem_alloc(&c->mem, m->x.server_name.n + 1);
    if (!c->server_name)
        return fail(&c->rep, CH_NAME_NO_MEMORY, 0, 0, (int64_t)m->x.server_name.n);
    memcpy(c->server_name, m->x.server_name.p, m->x.server_name.n);
    return true;
}

/* 4.2.2: after a retry the hello is the same but for the share (and what else the retry asked for). */
static bool second_ok(hf_conn *c, const struct client_hello *m, hf_view msg, hf_view share)
{
    struct hs *h = c->hs;
    if (!second_hello_same(c, m, msg))
        return false;
    if (!share.n || m->x.shares.n != 4 + share.n || c->group != h->share_group[0])
        return fail(&c->rep, CH_SECOND_SHARE, exts_at(&m->x, m->x.shares), h->share_group[0], share.n ? c->group : 0);
    return true;
}

static bool ask_again(hf_conn *c, hf_view msg)
{
    struct hs              *h = c->hs;
    struct server_hello_out m = {
        .session_id = {h->session_id, h->session_id_n}, .suite = h->suite->code, .group = c->group};
    transcript_start(c, msg, true);
    wr_view(&h->hello, msg);
    h->retried        = true;
    h->share_group[0] = c->group;
    size_t mark       = h->flight.n;
    server_hello_write(&h->flight, &m);
    message_sent(c, mark);
    trace_note(&c->trace, HRR_SENT, c->group, 0);
    return flight_flush(c);
}

/* Answers the share and derives the handshake secrets; ServerHello itself stands first in the flight. */
static bool answer(hf_conn *c, const struct client_hello *m, hf_view share)
{
    struct hs *h = c->hs;
    uint8_t    secret[KX_SECRET_MAX];
    size_t     n;
    c->cfg->rnd.fill(c->cfg->rnd.ctx, h->server_random, RANDOM_BYTES);
    if (!kx_respond(c->group, share, &c->cfg->rnd, h->share, &h->share_n, secret, &n)) {
        kx_memory_first(c);
        return fail(&c->rep, CH_SHARE_INVALID, exts_at(&m->x, share), 0, c->group);
    }
    struct server_hello_out out  = {.random       = h->server_random,
                                    .session_id   = {h->session_id, h->session_id_n},
                                    .suite        = h->suite->code,
                                    .group        = c->group,
                                    .share        = {h->share, h->share_n},
                                    .psk          = h->psk.n > 0,
                                    .psk_selected = h->psk_selected};
    size_t                  mark = h->flight.n;
    server_hello_write(&h->flight, &out);
    message_sent(c, mark);
    bool ok = flight_flush(c);
    if (ok && h->session_id_n && !h->ccs_sent)
        ok = record_write(c, CT_CHANGE_CIPHER_SPEC, (hf_view){(const uint8_t[]){1}, 1});
    ok = ok && handshake_keys(c, (hf_view){secret, n});
    ct_wipe(secret, sizeof secret);
    return ok;
}

/* Early data is never agreed to: its records are skipped (4.3.10). */
enum { EARLY_DATA_SKIPPED = 16 * 1024 }; /* bytes of records, headers not counted */

/* 4.3.3: "If a server is authenticating via a certificate and the client has not sent a "signature_algorithms"
 * extension, then the server MUST abort the handshake" */
static bool pick_certificate(hf_conn *c, const struct client_hello *m)
{
    if (!(m->x.seen & X_SIG_ALGS))
        return fail(&c->rep, CH_NO_SIG_ALGS, 0, XT_SIGNATURE_ALGORITHMS, 0);
    return types_choose(c, m) && select_server(c, m, NULL);
}

enum turn on_client_hello(hf_conn *c, hf_view msg)
{
    struct client_hello m;
    hf_view             share;
    struct hs          *h      = c->hs;
    bool                second = h->retried;
    if (!client_hello_read(&m, msg, &c->rep) || !pick_version(c, &m) || (!second && !keep_hello(c, &m)))
        return FAILED;
    c->hello_exts = m.x.seen;
    if (c->version == TLS12)
        return client_hello12(c, &m, msg);
    if (!hello_ok(c, &m) || !pick_suite(c, &m) || !pick_group(c, &m, &share) ||
        (second && !second_ok(c, &m, msg, share)))
        return FAILED;
    if (second)
        c->skip_early = 0; /* 4.2.2: no early data follows a second ClientHello: what comes must open */
    else if (m.x.seen & X_EARLY_DATA)
        c->skip_early = EARLY_DATA_SKIPPED;
    if (!pick_alpn(c, &m) || !psk_select(c, &m, msg, share.n > 0))
        return FAILED;
    if (!h->psk.n && !h->psk_fits && !pick_certificate(c, &m))
        return FAILED;
    if (c->resumed)
        types_resumed(c, &m);
    if (!share.n) {
        c->turned = true;
        if (!ask_again(c, msg))
            return FAILED;
        if (h->session_id_n)
            h->ccs_sent = record_write(c, CT_CHANGE_CIPHER_SPEC, (hf_view){(const uint8_t[]){1}, 1});
        return OTHER;
    }
    if (!second)
        transcript_start(c, msg, false);
    else
        transcript_add(c, msg);
    return answer(c, &m, share) ? NEXT : FAILED;
}

/* ---- our flight: EncryptedExtensions, CertificateRequest, Certificate --------------------------------------- */

static void request(hf_conn *c)
{
    const hf_config *cfg  = c->cfg;
    size_t           mark = c->hs->flight.n;
    cert_request_write(&c->hs->flight, &(struct cert_request_out){.sig_algs      = codes_view(&cfg->schemes_cert),
                                                                  .sig_algs_cert = codes_view(&cfg->schemes_cert),
                                                                  .names         = {cfg->names, cfg->names_n},
                                                                  .status        = cfg->staples != HF_DONT_ASK,
                                                                  .zips          = codes_view(&cfg->zips),
                                                                  .filters       = {cfg->filters, cfg->filters_n}});
    message_sent(c, mark);
    c->hs->offered = cfg->staples != HF_DONT_ASK ? X_STATUS_REQUEST : 0; /* what may stand beside a certificate */
    c->asked       = true;
    names_cut_note(c);
}

/* The CA list that did not fit as a whole. */
void names_cut_note(hf_conn *c)
{
    const hf_config *cfg = c->cfg;
    if (!cfg->n_names_cut)
        return;
    note(&c->rep, CA_LIST_CUT, HF_SKIPPED, 0, (int64_t)(cfg->n_names + cfg->n_names_cut), (int64_t)cfg->n_names);
    trace_note(&c->trace, CA_LIST_CUT, (int64_t)(cfg->n_names + cfg->n_names_cut), (int64_t)cfg->n_names);
}

enum turn do_server_flight(hf_conn *c)
{
    struct hs *h    = c->hs;
    hf_view    alpn = {(const uint8_t *)c->alpn, c->alpn ? strlen(c->alpn) : 0};
    size_t     mark = h->flight.n;
    enc_exts_write(&h->flight, &(struct enc_exts_out){.server_name  = h->name_used,
                                                      .alpn         = alpn,
                                                      .record_size  = c->peer_limit ? limit_ours(c) : 0,
                                                      .client_types = h->says_client,
                                                      .server_types = h->says_server});
    message_sent(c, mark);
    if (h->psk.n)
        return OTHER;
    if (c->cfg->demand != HF_DONT_ASK && !h->unasked)
        request(c);
    present13(c);
    return NEXT;
}
