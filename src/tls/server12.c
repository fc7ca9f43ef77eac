/* SPDX-License-Identifier: Apache-2.0
 *
 * server12.c - the server's side of TLS 1.2 (RFC 5246 7, RFC 8422), from ClientHello on.
 */
#include <assert.h>
#include <string.h>

#include "base/ct.h"
#include "tls/conn.h"
#include "tls/keys12.h"
#include "tls/msg12.h"

enum { EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff };

static bool hello12_ok(hf_conn *c, const struct client_hello *m)
{
    struct report *rep  = &c->rep;
    uint32_t       seen = m->x.seen;
    if (!(seen & X_EXTENDED_MASTER))
        return fail(rep, CH12_NO_EXTENDED_MASTER, 0, XT_EXTENDED_MASTER_SECRET, 0);
    if (seen & X_RENEGOTIATION ? m->x.renegotiated.n > 0 : !codes_have(m->suites, EMPTY_RENEGOTIATION_INFO_SCSV))
        return fail(rep, CH12_RENEGOTIATION_INFO, exts_at(&m->x, m->x.renegotiated), 0, (int64_t)m->x.renegotiated.n);
    if ((seen & X_POINT_FORMATS) && !memchr(m->x.point_formats.p, 0, m->x.point_formats.n))
        return fail(rep, CH12_POINT_FORMATS, exts_at(&m->x, m->x.point_formats), 0, m->x.point_formats.p[0]);
    return (seen & X_SIG_ALGS) || fail(rep, CH12_NO_SIG_ALGS, 0, XT_SIGNATURE_ALGORITHMS, 0);
}

/* RFC 8422 5.1: the client's groups are the curves of the certificates that it takes as well. */
static bool curve_listed(const struct client_hello *m, enum key_kind key)
{
    uint16_t curve = curve_of(key);
    return !curve || !(m->x.seen & X_GROUPS) || codes_have(m->x.groups, curve);
}

/* The first suite of ours that the client has and that goes with this key. */
static const struct suite *suite_for(const hf_conn *c, const struct client_hello *m, enum key_kind key)
{
    hf_view ours = codes_view(&c->cfg->suites);
    for (size_t i = 0; curve_listed(m, key) && i < codes_n(ours); i++) {
        const struct suite *s = suite_of(codes_at(ours, i));
        if (s->auth == suite_auth_of(key) && codes_have(m->suites, s->code))
            return s;
    }
    return NULL;
}

/* The client has a suite for one of our keys, whatever else may be missing for it. */
static bool have_suite(hf_conn *c, const struct client_hello *m)
{
    hf_view ours = codes_view(&c->cfg->suites);
    for (const hf_cred *k = c->cfg->creds; k; k = k->next)
        for (size_t i = 0; i < codes_n(ours); i++) {
            const struct suite *s = suite_of(codes_at(ours, i));
            if (type_taken(m, k) && s->auth == suite_auth_of(k->cert[0].key.kind) && codes_have(m->suites, s->code))
                return true;
        }
    return fail(&c->rep, CH12_NO_COMMON_SUITE, exts_at(&m->x, m->suites), codes_at(ours, 0), codes_at(m->suites, 0));
}

/* ... and knows the curve of one of those keys. */
static bool have_curve(hf_conn *c, const struct client_hello *m)
{
    const hf_cred *first = c->cfg->creds;
    assert(first); /* the seal demands one of a server */
    for (const hf_cred *k = first; k; k = k->next)
        if (type_taken(m, k) && suite_for(c, m, k->cert[0].key.kind))
            return true;
    return fail(&c->rep, CH12_CURVE_NOT_LISTED, exts_at(&m->x, m->x.groups), curve_of(first->cert[0].key.kind),
                codes_at(m->x.groups, 0));
}

/* A client without supported_groups leaves the choice to us (RFC 8422 4), but then nobody knows what it can do: it is
 * refused. */
static bool pick_group12(hf_conn *c, const struct client_hello *m)
{
    hf_view ours = codes_view(&c->cfg->groups);
    if (!(m->x.seen & X_GROUPS))
        return fail(&c->rep, CH12_NO_GROUPS, 0, XT_SUPPORTED_GROUPS, 0);
    for (size_t i = 0; i < codes_n(ours); i++) {
        c->group = codes_at(ours, i);
        if (c->group != KX_X25519MLKEM768 && codes_have(m->x.groups, c->group))
            return true;
    }
    c->group = 0;
    return fail(&c->rep, CH12_NO_COMMON_GROUP, exts_at(&m->x, m->x.groups), codes_at(ours, 0),
                codes_at(m->x.groups, 0));
}

/* A server that could do TLS 1.3 says so in its random: the client then knows when somebody cut its offer. */
static void make_random(hf_conn *c)
{
    c->cfg->rnd.fill(c->cfg->rnd.ctx, c->hs->server_random, RANDOM_BYTES);
    if (c->cfg->version_max >= TLS13)
        memcpy(c->hs->server_random + RANDOM_BYTES - 8, "DOWNGRD\1", 8);
}

/* What a full handshake is made with. */
static bool pick_all12(hf_conn *c, const struct client_hello *m)
{
    if (!types_choose(c, m) || !have_suite(c, m) || !have_curve(c, m) || !pick_group12(c, m) ||
        !select_server(c, m, suite_for))
        return false;
    c->hs->suite = suite_for(c, m, c->hs->cred->cert[0].key.kind);
    return true;
}

enum turn client_hello12(hf_conn *c, const struct client_hello *m, hf_view msg)
{
    struct hs *h = c->hs;
    c->version   = TLS12;
    if (!hello12_ok(c, m) || !pick_alpn(c, m))
        return FAILED;
    resume12(c, m);
    if (!c->resumed && !pick_all12(c, m))
        return FAILED;
    if (c->resumed)
        types_resumed(c, m);
    make_random(c);
    h->point_formats = m->x.seen & X_POINT_FORMATS;
    transcript_start(c, msg, false);
    h->keep_all = true;
    wr_view(&h->hello, msg);
    return OLDER;
}

/* The short handshake: the keys follow from the session and the randoms (RFC 5246 7.3). */
static enum turn resumed12(hf_conn *c)
{
    memcpy(c->exporter.b, c->hs->session.secret.p, MASTER_BYTES);
    key_block12(c);
    return OTHER;
}

/* ServerHello, Certificate, and what ServerKeyExchange will sign. */
enum turn do_server_flight12(hf_conn *c)
{
    struct hs                *h    = c->hs;
    struct server_hello12_out m    = {.random        = h->server_random,
                                      .suite         = h->suite->code,
                                      .session_id    = {h->session_id, c->resumed ? h->session_id_n : 0u},
                                      .server_name   = h->name_used,
                                      .ticket        = h->ticket_due,
                                      .point_formats = h->point_formats,
                                      .status        = staple_due(c),
                                      .record_size   = c->peer_limit ? limit_ours(c) : 0,
                                      .client_types  = h->says_client,
                                      .server_types  = h->says_server,
                                      .alpn          = {(const uint8_t *)c->alpn, c->alpn ? strlen(c->alpn) : 0}};
    size_t                    mark = h->flight.n;
    server_hello12_write(&h->flight, &m);
    message_sent(c, mark);
    if (c->resumed)
        return resumed12(c);
    present12(c);
    h->kx[0] = kx_new(c->group, &c->cfg->rnd);
    if (!h->kx[0])
        return fail(&c->rep, SHARE12_NOT_MADE, 0, 0, c->group), FAILED;
    struct wr w = wr_fixed(h->tbs, sizeof h->tbs);
    wr_bytes(&w, h->client_random, RANDOM_BYTES);
    wr_bytes(&w, h->server_random, RANDOM_BYTES);
    server_kx_params(&w, c->group, kx_share(h->kx[0]));
    h->to_sign = wr_done(&w);
    return NEXT;
}

/* ServerKeyExchange with the signature that is there now, CertificateRequest, ServerHelloDone. */
enum turn do_server_done12(hf_conn *c)
{
    struct hs *h = c->hs;
    if (c->cfg->demand != HF_DONT_ASK && !h->unasked) {
        size_t mark = h->flight.n;
        cert_request12_write(&h->flight, codes_view(&c->cfg->schemes_cert), (hf_view){c->cfg->names, c->cfg->names_n});
        message_sent(c, mark);
        c->asked = true;
        names_cut_note(c);
    }
    size_t mark = h->flight.n;
    server_done_write(&h->flight);
    message_sent(c, mark);
    h->to_sign = (hf_view){0};
    return !flight_flush(c) ? FAILED : c->asked ? NEXT : OTHER;
}

enum turn on_client_kx(hf_conn *c, hf_view msg)
{
    struct hs *h = c->hs;
    hf_view    point;
    if (!client_kx_read(&point, msg, &c->rep))
        return FAILED;
    if (!kx_derive(h->kx[0], point, h->pre_master, &h->pre_master_n)) {
        kx_memory_first(c);
        return fail(&c->rep, CKE_POINT_INVALID, MSG_HEADER + 1, 0, c->group), FAILED;
    }
    transcript_add(c, msg);
    if (h->hello.full)
        return fail(&c->rep, CKE_NO_MEMORY, 0, 0, 0), FAILED;
    master12(c, (hf_view){h->pre_master, h->pre_master_n});
    return h->leaf ? NEXT : OTHER;
}
