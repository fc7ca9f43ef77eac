/* SPDX-License-Identifier: Apache-2.0
 * foe.c - the two straight lines of the test peer: a client's and a server's handshake (RFC 9846 2). */
#include "foe_inside.h"

bool next_message(struct foe *p)
{
    for (;;) {
        size_t n = p->got.n < 4 ? 0 : 4 + ((size_t)p->got.p[1] << 16 | (size_t)p->got.p[2] << 8 | p->got.p[3]);
        if (n && p->got.n >= n) {
            p->msg.n = 0;
            bytes_add(&p->msg, p->got.p, n);
            bytes_cut(&p->got, 0, n);
            return true;
        }
        size_t before = p->got.n, wire = p->wire.n;
        foe_read(p);
        if (p->got.n == before && p->wire.n == wire)
            return false;
    }
}

bool expect(struct foe *p, uint8_t type)
{
    if (p->ended || !next_message(p)) {
        p->ended = true;
        return false;
    }
    if (!foe_expects(p, p->msg.p[0] == type, "another message"))
        return false;
    if (p->transcript.alg != HASH_NONE)
        hash_update(&p->transcript, p->msg.p, p->msg.n);
    if (p->v12)
        bytes_add(&p->all, p->msg.p, p->msg.n);
    return true;
}

enum { LEAF_AT = 8 };

/* ---- reading the engine's messages --------------------------------------------------------------------- */

hf_view ext_of(const struct bytes *m, uint16_t type)
{
    size_t len, at = msg_ext(m, type, &len);
    return at ? view(m->p + at + 4, len) : (hf_view){0};
}

void keep_leaf(struct foe *p, size_t at)
{
    const struct bytes *m = &p->msg;
    assert_true(m->n > at + 3);
    size_t n = (size_t)m->p[at] << 16 | (size_t)m->p[at + 1] << 8 | m->p[at + 2];
    assert_true(at + 3 + n <= m->n);
    p->cert.n = 0;
    bytes_add(&p->cert, m->p + at + 3, n);
}

/* Judged before the message is in the transcript. */
static bool expect_cert_verify(struct foe *p)
{
    uint8_t tbs[130];
    size_t  n = signed_bytes(p, !p->server, tbs);
    if (!expect(p, MSG_CERTIFICATE_VERIFY))
        return false;
    const struct bytes *m = &p->msg;
    assert_true(m->n > 8);
    size_t sig_n = (size_t)(m->p[6] << 8 | m->p[7]);
    assert_int_equal(8 + sig_n, m->n);
    uint16_t scheme = (uint16_t)(m->p[4] << 8 | m->p[5]);
    bool     good   = mint_verify(bytes_view(&p->cert), scheme, tbs, n, view(m->p + 8, sig_n));
    return foe_expects(p, good, "a signature that verifies");
}

static bool expect_finished(struct foe *p)
{
    uint8_t mac[HASH];
    foe_finished_mac(p, p->server ? p->client_hs : p->server_hs, mac);
    if (!expect(p, MSG_FINISHED))
        return false;
    assert_int_equal(p->msg.n, 4 + HASH);
    return foe_expects(p, memcmp(p->msg.p + 4, mac, HASH) == 0, "another Finished");
}

void ccs(struct foe *p)
{
    foe_plain(p, REC_CCS, "\1", 1);
}

/* The shared secret, from the engine's share. */
static bool agree(struct foe *p, hf_view share)
{
    uint8_t secret[KX_SECRET_MAX];
    size_t  n;
    bool    fits = share.n > 4 && (share.p[0] << 8 | share.p[1]) == p->group;
    if (!foe_expects(p, fits && kx_derive(p->kx, view(share.p + 4, share.n - 4), secret, &n), "a share of its group"))
        return false;
    handshake_secrets(p, view(secret, n));
    return true;
}

/* ---- the client ---------------------------------------------------------------------------------------- */

static bool is_retry(const struct bytes *m)
{
    return memcmp(m->p + 6, retry_random, 32) == 0;
}

/* To the ServerHello that counts, and the handshake keys. */
static bool client_hellos(struct foe *p)
{
    p->session_id_n = 32;
    memset(p->session_id, 0x77, 32);
    if (!p->retry)
        new_share(p, KX_X25519);
    send_client_hello(p, false);
    foe_flush(p);
    if (!expect(p, MSG_SERVER_HELLO))
        return false;
    if (p->retry) {
        hf_view group = ext_of(&p->msg, 51);
        if (!foe_expects(p, is_retry(&p->msg) && group.n == 2, "a retry"))
            return false;
        retry_transcript(p);
        hash_update(&p->transcript, p->msg.p, p->msg.n);
        new_share(p, (uint16_t)(group.p[0] << 8 | group.p[1]));
        ccs(p);
        send_client_hello(p, true);
        foe_flush(p);
        if (!expect(p, MSG_SERVER_HELLO))
            return false;
    } else {
        start_transcript(p);
        hash_update(&p->transcript, p->msg.p, p->msg.n);
    }
    p->resumed = session_taken_up(p);
    if (!agree(p, ext_of(&p->msg, 51)))
        return false;
    half_key(&p->in, p->server_hs, false);
    return true;
}

static bool server_flight(struct foe *p)
{
    if (!expect(p, MSG_ENCRYPTED_EXTENSIONS))
        return false;
    if (p->resumed)
        return expect_finished(p);
    if (!next_message(p))
        return false;
    p->asked = p->msg.p[0] == MSG_CERTIFICATE_REQUEST;
    hash_update(&p->transcript, p->msg.p, p->msg.n);
    if (p->asked && !expect(p, MSG_CERTIFICATE))
        return false;
    if (!foe_expects(p, p->msg.p[0] == MSG_CERTIFICATE, "Certificate"))
        return false;
    keep_leaf(p, LEAF_AT);
    return expect_cert_verify(p) && expect_finished(p);
}

void foe_client(struct foe *p)
{
    p->alert  = -1;
    p->server = false;
    hf_conn_step(p->engine, MINT_NOW_MS);
    if (!client_hellos(p) || !server_flight(p))
        return;
    application_secrets(p);
    half_key(&p->in, p->server_ap, false);
    if (!p->retry)
        ccs(p);
    half_key(&p->out, p->client_hs, true);
    if (p->asked)
        send_certificate(p);
    if (p->asked && !p->no_cert)
        send_cert_verify(p);
    send_finished(p);
    foe_flush(p);
    resumption_secret_of(p);
    half_key(&p->out, p->client_ap, true);
    foe_read(p);
    p->done = p->alert < 0 && (hf_conn_step(p->engine, MINT_NOW_MS) & HF_OPEN);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

static hf_view share_in(const struct bytes *hello, uint16_t group)
{
    hf_view all = ext_of(hello, 51);
    for (size_t at = 2; at + 4 <= all.n;) {
        size_t n = (size_t)(all.p[at + 2] << 8 | all.p[at + 3]);
        if ((all.p[at] << 8 | all.p[at + 1]) == group)
            return view(all.p + at, 4 + n);
        at += 4 + n;
    }
    return (hf_view){0};
}

/* A plaintext alert is among the records that came and were not read. */
static bool alert_waits(const struct foe *p)
{
    for (size_t at = 0; at + 5 <= p->wire.n; at += 5 + (size_t)(p->wire.p[at + 3] << 8 | p->wire.p[at + 4]))
        if (p->wire.p[at] == REC_ALERT)
            return true;
    return false;
}

static bool server_hellos(struct foe *p)
{
    uint16_t group = p->retry ? KX_P256 : KX_X25519;
    if (!expect(p, MSG_CLIENT_HELLO))
        return false;
    bytes_add(&p->hello, p->msg.p, p->msg.n);
    p->session_id_n = p->msg.p[38];
    memcpy(p->session_id, p->msg.p + 39, p->session_id_n);
    if (p->retry) {
        retry_transcript(p);
        send_server_hello(p, true);
        foe_flush(p);
        ccs(p);
        if (!expect(p, MSG_CLIENT_HELLO))
            return false;
        hf_view back = ext_of(&p->msg, X_COOKIE);
        if (!foe_expects(p, back.n == COOKIE_N && memcmp(back.p, test_cookie, COOKIE_N) == 0, "its cookie"))
            return false;
    } else {
        start_transcript(p);
    }
    hf_view share = share_in(&p->msg, group);
    p->resumed    = session_taken_up(p);
    new_share(p, group);
    send_server_hello(p, false);
    foe_flush(p);
    if (alert_waits(p)) /* refused: the client has no keys yet, and neither must we */
        return false;
    if (!agree(p, share))
        return false;
    if (!p->retry)
        ccs(p);
    half_key(&p->out, p->server_hs, true);
    half_key(&p->in, p->client_hs, false);
    return true;
}

void foe_server(struct foe *p)
{
    p->alert  = -1;
    p->server = true;
    hf_conn_step(p->engine, MINT_NOW_MS);
    collect(p);
    if (!server_hellos(p)) {
        foe_read(p);
        return;
    }
    bool asks = !p->no_cert && !p->resumed;
    send_enc_exts(p);
    if (asks)
        send_cert_request(p);
    if (!p->resumed) {
        send_certificate(p);
        send_cert_verify(p);
    }
    send_finished(p);
    foe_flush(p);
    application_secrets(p);
    half_key(&p->out, p->server_ap, true);
    if (asks) {
        if (!expect(p, MSG_CERTIFICATE))
            return;
        bool empty = p->msg.n < 12;
        if (!empty)
            keep_leaf(p, LEAF_AT);
        if (!empty && !expect_cert_verify(p))
            return;
    }
    if (!expect_finished(p))
        return;
    resumption_secret_of(p);
    half_key(&p->in, p->client_ap, false);
    foe_read(p);
    p->done = p->alert < 0;
}

void foe_free(struct foe *p)
{
    aead_free(p->in.aead);
    aead_free(p->out.aead);
    kx_free(p->kx);
    struct bytes *all[] = {&p->wire, &p->got, &p->flight, &p->tail, &p->hello, &p->msg, &p->cert, &p->data, &p->all};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        bytes_free(all[i]);
}
