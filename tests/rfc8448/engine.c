/* SPDX-License-Identifier: Apache-2.0
 *
 * engine.c - replays the traces of RFC 8448 through whole connections: the client engine gets the records of
 * the trace's server and must answer with the trace's client, byte for byte, and the other way round. The
 * signatures are the trace's own, handed in as an external signer would.
 *
 * What our engine says in other words than the trace's, it is made to have said here, from outside: its
 * ClientHello (other extensions), its HelloRetryRequest (no cookie), its EncryptedExtensions and
 * CertificateRequest (other lists). All else is its own: shares, ServerHello, keys, Certificate of the client,
 * CertificateVerify, Finished, every sealed record, and the judgement of all that comes in.
 *
 * The engine draws randomness in this order: the client its random, a session id, and the private key of each
 * share when it is made; the server, once it knows the group, its random and the private key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pem.h"
#include "base/text.h"
#include "script.h"
#include "tls/conn.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const int64_t now_ms = 1577836800000; /* 2020: the certificates of the RFC end in 2026 */

struct replay {
    struct script *script;
    enum who       us;
    hf_config     *cfg;
    hf_conn       *conn;
    hf_view        draws[4]; /* what the randomness yields, in order */
    size_t         n_draws, drawn;
    bool           retry;
    char           pin[64]; /* file with the client's certificate */
};

static hf_view message_of(const struct replay *r, enum who who, const char *what, size_t k)
{
    return script_find(r->script, who, what, k)->value[0].v;
}

static hf_view private_key(const struct replay *r, enum who who, size_t k)
{
    return step_value(script_find(r->script, who, "create an ephemeral", k), "private key");
}

static void fill(void *ctx, uint8_t *p, size_t n)
{
    struct replay *r = ctx;
    assert_true(r->drawn < r->n_draws);
    hf_view v = r->draws[r->drawn++];
    assert_int_equal(v.n, n);
    memcpy(p, v.p, n);
}

/* ---- settings ------------------------------------------------------------------------------------------ */

static hf_view random_of(hf_view hello)
{
    return (hf_view){hello.p + 6, 32};
}

/* The leaf of a Certificate message. */
static hf_view leaf_of(hf_view msg)
{
    struct report             rep;
    static struct certificate m;
    report_init(&rep);
    assert_true(certificate_read(&m, msg, ~0u, &rep));
    return m.chain[0];
}

static void give_leaf(struct replay *r)
{
    hf_view leaf = leaf_of(message_of(r, r->us, "construct a Certificate handshake", 0));
    hf_config_cred(r->cfg, hf_cred_external(leaf.p, leaf.n, "RFC 8448"));
}

/* The RFC's client certificate is self-signed: it is pinned. */
static void pin_client(struct replay *r)
{
    static char pem[4096];
    hf_trust   *t = hf_trust_new();
    size_t      n =
        pem_write(pem, sizeof pem, "CERTIFICATE", leaf_of(message_of(r, CLIENT, "construct a Certificate h", 0)));
    strcpy(r->pin, "/tmp/handfast-rfc8448.XXXXXX");
    int fd = mkstemp(r->pin);
    assert_int_equal(write(fd, pem, n), n);
    close(fd);
    assert_true(hf_trust_pin_file(t, r->pin));
    hf_config_trust(r->cfg, t, HF_REQUIRE);
}

static void set_client(struct replay *r, bool authenticates)
{
    static const uint8_t session_id[32];
    hf_view              hello = message_of(r, CLIENT, "construct a ClientHello", 0);
    hf_config_insecure_unverified(r->cfg, true);
    if (authenticates)
        give_leaf(r);
    r->draws[r->n_draws++] = random_of(hello);
    r->draws[r->n_draws++] = (hf_view){session_id, 32};
    r->draws[r->n_draws++] = private_key(r, CLIENT, 0);
    if (r->retry)
        r->draws[r->n_draws++] = private_key(r, CLIENT, 1);
}

static void set_server(struct replay *r, bool authenticates)
{
    give_leaf(r);
    if (authenticates)
        pin_client(r);
    r->draws[r->n_draws++] = random_of(message_of(r, SERVER, "construct a ServerHello", r->retry));
    r->draws[r->n_draws++] = private_key(r, SERVER, 0);
}

static struct replay replay_new(const char *name, enum who us)
{
    static const uint16_t suite = 0x1301, groups[] = {KX_X25519, KX_P256};
    struct replay         r = {.script = script_read(name), .us = us, .retry = strcmp(name, "retry") == 0};
    hf_why                why;
    bool                  server = us == SERVER, authenticates = strcmp(name, "client-auth") == 0;
    r.cfg = hf_config_new(server ? HF_SERVER : HF_CLIENT);
    hf_config_versions(r.cfg, TLS13, TLS13);
    hf_config_suites(r.cfg, &suite, 1);
    hf_config_groups(r.cfg, server && r.retry ? groups + 1 : groups, server && r.retry ? 1 : 2);
    (server ? set_server : set_client)(&r, authenticates);
    if (!hf_config_seal(r.cfg, now_ms, &why)) {
        hf_why_print(&why, stderr);
        fail_msg("the config is not sealed");
    }
    r.conn = hf_conn_new(r.cfg, NULL);
    return r;
}

/* The config draws from the replay that has found its place in memory. */
static void replay_start(struct replay *r)
{
    r->cfg->rnd = (struct rnd){fill, r};
    hf_conn_step(r->conn, now_ms);
}

static void replay_free(struct replay *r)
{
    assert_int_equal(r->drawn, r->n_draws);
    hf_conn_free(r->conn);
    hf_config_free(r->cfg);
    script_free(r->script);
    if (r->pin[0])
        unlink(r->pin);
}

/* ---- bytes in, bytes out -------------------------------------------------------------------------------- */

static unsigned step(struct replay *r)
{
    unsigned want = hf_conn_step(r->conn, now_ms);
    if (want & HF_FAILED) {
        hf_why_print(hf_conn_why(r->conn), stderr);
        fail_msg("the engine refuses the trace");
    }
    return want;
}

static void feed(struct replay *r, hf_view wire)
{
    size_t   room;
    uint8_t *in = hf_conn_in(r->conn, &room);
    assert_true(in && room >= wire.n);
    memcpy(in, wire.p, wire.n);
    hf_conn_in_done(r->conn, wire.n);
    step(r);
}

static void forget_output(struct replay *r)
{
    hf_conn_out_done(r->conn, hf_conn_out(r->conn).n);
}

static void same_output(struct replay *r, hf_view wire, const char *what)
{
    char    a[1500], b[1500];
    hf_view out = hf_conn_out(r->conn);
    if (out.n >= wire.n && memcmp(out.p, wire.p, wire.n) == 0) {
        hf_conn_out_done(r->conn, wire.n);
        return;
    }
    text_hex(a, sizeof a, out.p, out.n, 0);
    text_hex(b, sizeof b, wire.p, wire.n, 0);
    fail_msg("%s:\n  ours %s\n  RFC  %s", what, a, b);
}

/* ---- the words of the trace in the engine's mouth -------------------------------------------------------- */

static void transcript_of_retry(struct replay *r)
{
    struct hs *h                        = r->conn->hs;
    uint8_t    m[MSG_HEADER + HASH_MAX] = {HT_MESSAGE_HASH, 0, 0, 32};
    hash_once(HASH_SHA256, message_of(r, CLIENT, "construct a ClientHello", 0), m + MSG_HEADER);
    hash_init(&h->transcript, HASH_SHA256);
    hash_update(&h->transcript, m, MSG_HEADER + 32);
    transcript_add(r->conn, message_of(r, SERVER, "construct a ServerHello", 0));
}

static void said_hello(struct replay *r)
{
    struct hs *h     = r->conn->hs;
    hf_view    hello = message_of(r, CLIENT, "construct a ClientHello", 0);
    h->hello.n       = 0;
    wr_view(&h->hello, hello);
    h->session_id_n = hello.p[38];
    memcpy(h->session_id, hello.p + 39, h->session_id_n);
    h->offered = ~0u;
    forget_output(r);
}

static void said_second_hello(struct replay *r)
{
    transcript_of_retry(r);
    transcript_add(r->conn, message_of(r, CLIENT, "construct a ClientHello", 1));
    r->conn->hs->offered = ~0u;
    forget_output(r);
}

/* The server waits for its signature: its flight so far becomes the trace's, and what is to be signed with it. */
static void said_flight(struct replay *r)
{
    static const char *const parts[] = {"construct an EncryptedExtensions", "construct a CertificateRequest",
                                        "construct a Certificate handshake"};
    struct hs               *h       = r->conn->hs;
    size_t                   hellos  = r->retry;
    if (r->retry)
        transcript_of_retry(r);
    else
        hash_init(&h->transcript, HASH_SHA256);
    transcript_add(r->conn, message_of(r, CLIENT, "construct a ClientHello", hellos));
    transcript_add(r->conn, message_of(r, SERVER, "construct a ServerHello", hellos));
    h->flight.n = 0;
    for (size_t i = 0; i < 3; i++) {
        if (i == 1 && r->cfg->demand == HF_DONT_ASK)
            continue;
        hf_view part = message_of(r, SERVER, parts[i], 0);
        transcript_add(r->conn, part);
        wr_view(&h->flight, part);
    }
    h->to_sign.n = 0;
    step(r);
}

/* The trace's signature must fit what the engine wants signed, under the scheme it chose. */
static void sign(struct replay *r)
{
    hf_view              cv = message_of(r, r->us, "construct a CertificateVerify", 0), tbs;
    struct cert_verify   m;
    struct report        rep;
    const hf_cred       *who;
    uint16_t             scheme;
    const struct scheme *s;
    report_init(&rep);
    assert_true(cert_verify_read(&m, cv, &rep));
    assert_true(hf_conn_to_sign(r->conn, &scheme, &tbs, &who));
    assert_int_equal(scheme, m.scheme);
    s = scheme_of(scheme);
    assert_true(sig_verify(&s->how, &who->cert[0].key, tbs, m.signature));
    hf_conn_signed(r->conn, m.signature.p, m.signature.n);
    step(r);
}

/* ---- the replay ----------------------------------------------------------------------------------------- */

/* What makes the engine send what the trace sends next. */
static void provoke(struct replay *r, const struct step *s)
{
    hf_view payload = step_value(s, "payload");
    if (hf_conn_step(r->conn, now_ms) & HF_WANT_SIGNATURE) {
        if (r->us == SERVER)
            said_flight(r);
        sign(r);
    }
    if (strstr(s->what, "application_data"))
        assert_int_equal(hf_conn_send(r->conn, payload.p, payload.n), payload.n);
    else if (strstr(s->what, "alert"))
        hf_conn_close(r->conn);
    else if (payload.p[0] == HT_NEW_SESSION_TICKET) /* we give none; its record counts */
        assert_true(record_write(r->conn, CT_HANDSHAKE, payload));
}

static void we_send(struct replay *r, const struct step *s, size_t *n)
{
    hf_view record = step_value(s, "complete record");
    bool    hello  = record.p[0] == CT_HANDSHAKE;
    *n += hello;
    if (r->us == CLIENT && hello) {
        (*n == 1 ? said_hello : said_second_hello)(r);
        return;
    }
    if (hello && r->retry && *n == 1) { /* our HelloRetryRequest: without the cookie that the second hello brings */
        struct wr *kept = &r->conn->hs->hello;
        forget_output(r);
        transcript_of_retry(r);
        kept->n = 0;
        wr_view(kept, message_of(r, CLIENT, "construct a ClientHello", 1));
        return;
    }
    if (!(r->us == SERVER && (hello || record.p[0] == CT_CHANGE_CIPHER_SPEC)))
        provoke(r, s);
    same_output(r, record, s->what);
}

/* The client of section 6 has an RSA key of 1024 bits, which path validation refuses (refuses_small_key). Past
 * that verdict the engine goes on with the rest of the flight: the leaf is put where validation would have put it. */
static void admit_small_key(struct replay *r, hf_view wire)
{
    hf_conn                  *c = r->conn;
    static uint8_t            copy[REC_SEALED_MAX];
    static struct certificate m;
    struct record             rec;
    memcpy(copy, wire.p, wire.n);
    assert_int_equal(rec_open(&c->rec_in, copy, wire.n, false, &rec, &c->rep), REC_WHOLE);
    hf_view cert = message_of(r, CLIENT, "construct a Certificate handshake", 0);
    assert_memory_equal(rec.body.p, cert.p, cert.n);
    assert_true(certificate_read(&m, cert, 0, &c->rep));
    assert_true(cert_parse(&c->hs->unverified_leaf, m.chain[0], &c->rep));
    c->hs->leaf = &c->hs->unverified_leaf;
    transcript_add(c, cert);
    c->state = S_WAIT_CERT_VERIFY;
    assert_true(flow_feed(c, (hf_view){rec.body.p + cert.n, rec.body.n - cert.n}));
    step(r);
}

static void they_send(struct replay *r, const struct step *s)
{
    if (r->conn->state == S_WAIT_CERT) {
        admit_small_key(r, step_value(s, "complete record"));
        return;
    }
    feed(r, step_value(s, "complete record"));
    if (!strstr(s->what, "application_data"))
        return;
    hf_view data = hf_conn_data(r->conn);
    assert_true(view_equal(data, step_value(s, "payload")));
    hf_conn_data_done(r->conn, data.n);
    step(r);
}

static void replay(const char *name, enum who us)
{
    struct replay r = replay_new(name, us);
    size_t        n = 0;
    replay_start(&r);
    for (size_t i = 0; i < r.script->n; i++) {
        const struct step *s = &r.script->step[i];
        if (s->same || !step_is(s, "send"))
            continue;
        if (s->who == us)
            we_send(&r, s, &n);
        else
            they_send(&r, s);
    }
    assert_int_equal(hf_conn_out(r.conn).n, 0);
    assert_true(hf_conn_step(r.conn, now_ms) & HF_CLOSED);
    if (us == SERVER && strcmp(name, "client-auth") == 0)
        assert_non_null(hf_conn_peer(r.conn));
    replay_free(&r);
}

static void as_client(void **state)
{
    replay(*state, CLIENT);
}

static void as_server(void **state)
{
    replay(*state, SERVER);
}

/* Section 6 as it is: our policy wants 2048 bits. */
static void refuses_small_key(void **state)
{
    struct replay r = replay_new("client-auth", SERVER);
    size_t        n = 0;
    replay_start(&r);
    for (size_t i = 0; r.conn->state != S_WAIT_CERT; i++) {
        const struct step *s = &r.script->step[i];
        if (!s->same && step_is(s, "send"))
            s->who == SERVER ? we_send(&r, s, &n) : they_send(&r, s);
    }
    hf_view  flight = step_value(script_find(r.script, CLIENT, "send handshake", 1), "complete record");
    size_t   room;
    uint8_t *in = hf_conn_in(r.conn, &room);
    memcpy(in, flight.p, flight.n);
    hf_conn_in_done(r.conn, flight.n);
    assert_true(hf_conn_step(r.conn, now_ms) & HF_FAILED);
    const hf_why *why = hf_conn_why(r.conn);
    assert_int_equal(why->check, CERT_KEY_TOO_SMALL);
    assert_int_equal(why->got, 1024);
    assert_null(hf_conn_peer(r.conn));
    replay_free(&r);
}

/* ---- section 4: the PSK ---------------------------------------------------------------------------------- */

/* The trace takes early data, which we never do: its hellos alone go through our readers, binder and writers. */
static void psk_of_resumed(void **state)
{
    struct script *script = script_read("resumed");
    hf_view        psk    = step_value(script_find(script, CLIENT, "extract secret \"early\"", 0), "IKM");
    hf_view        hello  = step_value(script_find(script, CLIENT, "send handshake", 0), "payload");
    hf_view        answer = script_find(script, SERVER, "construct a ServerHello", 0)->value[0].v;
    hf_view        ticket, binder;
    uint32_t       age;
    struct hs      hs = {0};
    hf_conn        c  = {.hs = &hs};
    uint8_t        mac[HASH_MAX], again[256];
    struct wr      w = wr_fixed(again, sizeof again);

    struct client_hello ch;
    struct server_hello sh;
    struct report       rep;
    report_init(&rep);
    assert_true(client_hello_read(&ch, hello, &rep));
    assert_true(ch.x.psk_dhe && (ch.x.seen & X_PSK) && psk_at(&ch.x, 0, &ticket, &age, &binder));
    assert_int_equal(ticket.n, 178);
    assert_false(psk_at(&ch.x, 1, &ticket, &age, &binder));
    assert_true(psk_at(&ch.x, 0, &ticket, &age, &binder));
    struct psk_offer o = {.identity = ticket, .key = psk, .age = age, .hash = HASH_SHA256};
    psk_binder(&c, &o, (hf_view){hello.p, (size_t)(ch.x.psk_binders.p - 2 - hello.p)}, mac);
    assert_int_equal(binder.n, 32);
    assert_memory_equal(mac, binder.p, 32);

    assert_true(server_hello_read(&sh, answer, ~0u, &rep));
    assert_true((sh.x.seen & X_PSK) && sh.x.psk_selected == 0);
    struct server_hello_out out = {.random     = sh.random.p,
                                   .session_id = sh.session_id,
                                   .suite      = sh.suite,
                                   .group      = sh.x.share_group,
                                   .share      = sh.x.share,
                                   .psk        = true};
    server_hello_write(&w, &out);
    assert_int_equal(w.n, answer.n);
    assert_memory_equal(again, answer.p, answer.n);
    script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"section 3, we are the client", as_client, NULL, NULL, (void *)"simple"},
        {"section 3, we are the server", as_server, NULL, NULL, (void *)"simple"},
        {"section 5, we are the client", as_client, NULL, NULL, (void *)"retry"},
        {"section 5, we are the server", as_server, NULL, NULL, (void *)"retry"},
        {"section 6, we are the client", as_client, NULL, NULL, (void *)"client-auth"},
        {"section 6, we are the server", as_server, NULL, NULL, (void *)"client-auth"},
        {"section 6, an RSA key of 1024 bits is refused", refuses_small_key, NULL, NULL, NULL},
        {"section 7, we are the client", as_client, NULL, NULL, (void *)"compat"},
        {"section 7, we are the server", as_server, NULL, NULL, (void *)"compat"},
        {"section 4: the PSK and its binder", psk_of_resumed, NULL, NULL, NULL},
    };
    assert_true(crypto_init());
    return cmocka_run_group_tests_name("RFC 8448: whole connections", tests, NULL, NULL);
}
