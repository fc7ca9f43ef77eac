/* SPDX-License-Identifier: Apache-2.0
 *
 * client12.c - the client's side of TLS 1.2 (RFC 5246 7, RFC 8422), from ServerHello on.
 */
#include <string.h>

#include "base/ct.h"
#include "base/text.h"
#include "tls/conn.h"
#include "tls/keys12.h"
#include "tls/msg12.h"

/* The last bytes of a server that speaks TLS 1.3 and was made to choose less (RFC 9846 4.2.3). */
static bool downgraded(const hf_conn *c, hf_view random)
{
    static const uint8_t sentinel[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
    const uint8_t       *tail       = random.p + RANDOM_BYTES - 8;
    return c->cfg->version_max >= TLS13 && memcmp(tail, sentinel, sizeof sentinel) == 0 && tail[7] <= 1;
}

static bool offers12(const hf_conn *c)
{
    return c->hs->offers && c->hs->session.version == TLS12 && c->hs->session.secret.n == MASTER_BYTES;
}

static bool hello12_ok(hf_conn *c, const struct server_hello *m)
{
    struct report      *rep = &c->rep;
    const struct suite *s   = suite_of(m->suite);
    if (m->legacy_version != TLS12 || c->cfg->version_min > TLS12)
        return fail(rep, SH_OLD_VERSION, MSG_HEADER, c->cfg->version_min, m->legacy_version);
    if (downgraded(c, m->random))
        return fail(rep, SH_DOWNGRADED, MSG_HEADER + 2 + RANDOM_BYTES - 8, TLS13, TLS12);
    if (!s || s->auth == AUTH_13 || !codes_have(codes_view(&c->cfg->suites), m->suite))
        return fail(rep, SH12_SUITE, m->suite_at, 0, m->suite);
    if (m->compression != 0)
        return fail(rep, SH12_COMPRESSION, m->suite_at + 2, 0, m->compression);
    bool echoed = m->session_id.n && view_equal(m->session_id, (hf_view){c->hs->session_id, c->hs->session_id_n});
    if (echoed && !offers12(c))
        return fail(rep, SH12_RESUMES, MSG_HEADER + 2 + RANDOM_BYTES, 0, (int64_t)m->session_id.n);
    if (echoed && c->hs->session.suite != m->suite)
        return fail(rep, SH12_RESUME_SUITE, m->suite_at, c->hs->session.suite, m->suite);
    if (!(m->x.seen & X_EXTENDED_MASTER))
        return fail(rep, SH12_NO_EXTENDED_MASTER, 0, XT_EXTENDED_MASTER_SECRET, 0);
    if (!(m->x.seen & X_RENEGOTIATION) || m->x.renegotiated.n)
        return fail(rep, SH12_RENEGOTIATION_INFO, exts_at(&m->x, m->x.renegotiated), 0, (int64_t)m->x.renegotiated.n);
    return !(m->x.seen & X_POINT_FORMATS) || memchr(m->x.point_formats.p, 0, m->x.point_formats.n) ||
           fail(rep, SH12_POINT_FORMATS, exts_at(&m->x, m->x.point_formats), 0, m->x.point_formats.p[0]);
}

static enum turn resume(hf_conn *c, const struct server_hello *m)
{
    memcpy(c->exporter.b, c->hs->session.secret.p, MASTER_BYTES);
    key_block12(c);
    c->group = c->hs->session.group;
    session_resume(c);
    if (!types_answered(c, &m->x))
        return FAILED;
    return c->hs->ticket_due ? SHORT_TICKET : SHORT;
}

enum turn server_hello12(hf_conn *c, const struct server_hello *m, hf_view msg)
{
    struct hs *h = c->hs;
    if (h->retried)
        return fail(&c->rep, SH12_AFTER_RETRY, MSG_HEADER, TLS13, TLS12), FAILED;
    if (!hello12_ok(c, m))
        return FAILED;
    h->suite         = suite_of(m->suite);
    c->version       = TLS12;
    h->status_coming = m->x.seen & X_STATUS_REQUEST;
    if (!limit_theirs(c, &m->x))
        return FAILED;
    memcpy(h->server_random, m->random.p, RANDOM_BYTES);
    transcript_start(c, wr_done(&h->hello), false);
    h->keep_all = true;
    transcript_add(c, msg);
    h->ticket_due = m->x.seen & X_TICKET;
    if (m->x.seen & X_ALPN && !alpn_chosen(c, &m->x))
        return FAILED;
    if (m->session_id.n && view_equal(m->session_id, (hf_view){h->session_id, h->session_id_n}))
        return resume(c, m);
    if (h->offers)
        session_decline(c);
    if (!types_answered(c, &m->x))
        return FAILED;
    memcpy(h->session_id, m->session_id.p, m->session_id.n);
    h->session_id_n = (uint8_t)m->session_id.n;
    return OLDER;
}

/* ---- ServerKeyExchange ----------------------------------------------------------------------------------- */

/* Signed: both randoms and the parameters (RFC 8422 5.4). */
static bool params_signed(hf_conn *c, const struct server_kx *m, const struct scheme *s)
{
    struct wr w = wr_fixed(c->hs->tbs, sizeof c->hs->tbs);
    wr_bytes(&w, c->hs->client_random, RANDOM_BYTES);
    wr_bytes(&w, c->hs->server_random, RANDOM_BYTES);
    wr_view(&w, m->params);
    return proof_right(c, &s->how, wr_done(&w), m->signature);
}

static bool server_kx_ok(hf_conn *c, const struct server_kx *m)
{
    struct report       *rep = &c->rep;
    const struct scheme *s   = scheme_of(m->scheme);
    size_t               at  = MSG_HEADER + m->params.n; /* of the scheme */
    enum key_kind        key = c->hs->leaf->key.kind;
    if (!codes_have(codes_view(&c->cfg->groups), m->group) || m->group == KX_X25519MLKEM768)
        return fail(rep, SKE_GROUP, MSG_HEADER + 1, 0, m->group);
    if (suite_auth_of(key) != c->hs->suite->auth)
        return fail(rep, SKE_KEY_NOT_FOR_SUITE, 0, c->hs->suite->code, key);
    if (curve_of(key) && !codes_have(codes_view(&c->cfg->groups), curve_of(key)))
        return fail(rep, SKE_KEY_CURVE, 0, 0, curve_of(key));
    if (!s || !codes_have(codes_view(&c->cfg->schemes_cert), m->scheme))
        return fail(rep, SKE_SCHEME_NOT_OFFERED, at, 0, m->scheme);
    if (!scheme_fits(s, key, TLS12))
        return fail(rep, SKE_SCHEME_NOT_FOR_KEY, at, 0, m->scheme);
    bool right = params_signed(c, m, s);
    return !report_bad(rep) && need(rep, right, SKE_SIGNATURE, at + 4, 0, m->scheme);
}

enum turn on_server_kx(hf_conn *c, hf_view msg)
{
    struct server_kx m;
    struct hs       *h = c->hs;
    if (!server_kx_read(&m, msg, &c->rep) || !server_kx_ok(c, &m))
        return FAILED;
    c->group = m.group;
    if (!kx_respond(m.group, m.point, &c->cfg->rnd, h->share, &h->share_n, h->pre_master, &h->pre_master_n)) {
        kx_memory_first(c);
        return fail(&c->rep, SKE_POINT_INVALID, MSG_HEADER + 4, 0, m.group), FAILED;
    }
    c->peer_scheme = m.scheme;
    transcript_add(c, msg);
    return c->cfg->unverified || peer_new(c, h->leaf) ? NEXT : (fail(&c->rep, SKE_NO_MEMORY, 0, 0, 0), FAILED);
}

/* RFC 6066 8: the server "MAY" leave CertificateStatus out although it has announced it. */
enum turn on_server_kx_unstapled(hf_conn *c, hf_view msg)
{
    return chain_judge(c) == NEXT ? on_server_kx(c, msg) : FAILED;
}

/* ---- CertificateRequest, ServerHelloDone ------------------------------------------------------------------ */

enum turn on_cert_request12(hf_conn *c, hf_view msg)
{
    struct cert_request m;
    hf_view             types;
    if (!cert_request12_read(&m, &types, msg, &c->rep))
        return FAILED;
    transcript_add(c, msg);
    c->asked = c->hs->asked = true;
    select_client(c, &m, types);
    return NEXT;
}

enum turn on_server_done(hf_conn *c, hf_view msg)
{
    if (!server_done_read(msg, &c->rep))
        return FAILED;
    transcript_add(c, msg);
    return NEXT;
}

/* Certificate if asked, ClientKeyExchange, and the keys; CertificateVerify follows where there is a credential. */
enum turn do_client_flight12(hf_conn *c)
{
    struct hs *h = c->hs;
    if (h->asked)
        present12(c);
    if (h->asked && h->cred)
        session_gave(c, h->cred);
    size_t mark = h->flight.n;
    client_kx_write(&h->flight, (hf_view){h->share, h->share_n});
    message_sent(c, mark);
    if (h->flight.full || h->hello.full)
        return fail(&c->rep, FLIGHT12_NO_MEMORY, 0, 0, (int64_t)h->flight.n), FAILED;
    master12(c, (hf_view){h->pre_master, h->pre_master_n});
    h->to_sign = wr_done(&h->hello);
    return h->asked && h->cred ? NEXT : OTHER;
}
