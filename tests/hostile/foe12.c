/* SPDX-License-Identifier: Apache-2.0
 * foe12.c - the test peer in TLS 1.2 (RFC 5246 7, RFC 8422, RFC 7627, RFC 5746): ECDHE_ECDSA, X25519. */
#include "foe_inside.h"

enum { ECDSA_P256 = 0x0403, ECDHE_ECDSA_AES128 = 0xc02b, VERIFY_DATA = 12, LEAF_AT = 7, RANDOM = 32 };

static const uint8_t client_random[RANDOM] = "the random bytes of a test peer",
                     server_random[RANDOM] = "the random of an older test peer";

/* ---- keys (RFC 5246 5, 6.3, 8.1) ----------------------------------------------------------------------- */

static void prf(hf_view secret, const char *label, hf_view a, hf_view b, uint8_t *out, size_t n)
{
    struct bytes seed = {0}, in = {0};
    uint8_t      chain[HASH], part[HASH];
    bytes_add(&seed, label, strlen(label));
    bytes_add(&seed, a.p, a.n);
    bytes_add(&seed, b.p, b.n);
    hmac(HASH_SHA256, secret, bytes_view(&seed), chain);
    for (size_t at = 0; at < n; at += HASH) {
        in.n = 0;
        bytes_add(&in, chain, HASH);
        bytes_add(&in, seed.p, seed.n);
        hmac(HASH_SHA256, secret, bytes_view(&in), part);
        memcpy(out + at, part, n - at < HASH ? n - at : HASH);
        hmac(HASH_SHA256, secret, view(chain, HASH), part);
        memcpy(chain, part, HASH);
    }
    bytes_free(&seed);
    bytes_free(&in);
}

static void prepare(struct half *h, const uint8_t *key, const uint8_t *salt, bool sealing)
{
    memcpy(h->iv, salt, 4);
    h->aead = aead_new(AEAD_AES_128_GCM, key, sealing);
    assert_non_null(h->aead);
}

/* The randoms stand in the hellos as they were sent. */
static void keys(struct foe *p, hf_view secret, const uint8_t *from_client, const uint8_t *from_server)
{
    uint8_t session[HASH], block[40];
    foe_transcript_hash(p, session);
    prf(secret, "extended master secret", view(session, HASH), view("", 0), p->master, sizeof p->master);
    prf(view(p->master, sizeof p->master), "key expansion", view(from_server, RANDOM), view(from_client, RANDOM), block,
        sizeof block);
    struct half *client = p->server ? &p->in : &p->out, *server = p->server ? &p->out : &p->in;
    prepare(client, block, block + 32, !p->server);
    prepare(server, block + 16, block + 36, p->server);
}

static void verify_data(struct foe *p, bool by_client, uint8_t out[VERIFY_DATA])
{
    uint8_t th[HASH];
    foe_transcript_hash(p, th);
    prf(view(p->master, sizeof p->master), by_client ? "client finished" : "server finished", view(th, HASH),
        view("", 0), out, VERIFY_DATA);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void start(struct foe *p, bool server)
{
    p->alert  = -1;
    p->v12    = true;
    p->server = server;
    hash_init(&p->transcript, HASH_SHA256);
    hf_conn_step(p->engine, MINT_NOW_MS);
}

static void finish_message(struct foe *p, struct bytes *m)
{
    msg_mend(m);
    send_message(p, m);
    bytes_free(m);
}

static void send_hello12(struct foe *p)
{
    struct bytes m = foe_new_message(MSG_CLIENT_HELLO, NULL, 0);
    bytes_u16(&m, 0x0303);
    bytes_add(&m, client_random, RANDOM);
    bytes_u8(&m, 0);
    bytes_add(&m, (uint8_t[]){0, 2, ECDHE_ECDSA_AES128 >> 8, ECDHE_ECDSA_AES128 & 0xff, 1, 0}, 6);
    size_t exts = bytes_open(&m, 2);
    ext_name(&m);
    ext(&m, 10, 2, (uint8_t[]){0, 0x1d, 0, 0x17}, 4);
    ext(&m, 11, 1, "", 1);
    ext(&m, 13, 2, sig_algs, SIG_ALGS_N);
    ext(&m, 23, 0, NULL, 0);
    ext(&m, 0xff01, 1, NULL, 0);
    ext_raw(p, &m);
    bytes_close(&m, exts, 2);
    msg_mend(&m);
    send_message(p, &m);
    p->hello.n = 0;
    bytes_add(&p->hello, m.p, m.n);
    bytes_free(&m);
}

static void send_server_hello12(struct foe *p)
{
    struct bytes m     = foe_new_message(MSG_SERVER_HELLO, NULL, 0);
    uint16_t     suite = p->suite12 ? p->suite12 : ECDHE_ECDSA_AES128;
    bytes_u16(&m, 0x0303);
    bytes_add(&m, server_random, RANDOM);
    if (p->both)
        memcpy(m.p + 4 + 2 + RANDOM - 8, "DOWNGRD\1", 8);
    bytes_u8(&m, 0);
    bytes_u16(&m, suite);
    bytes_u8(&m, 0);
    size_t exts = bytes_open(&m, 2);
    ext(&m, 23, 0, NULL, 0);
    ext(&m, 0xff01, 1, NULL, 0);
    ext(&m, 11, 1, "", 1);
    ext_raw(p, &m);
    bytes_close(&m, exts, 2);
    msg_mend(&m);
    send_message(p, &m);
    p->tail.n = 0;
    bytes_free(&m);
}

static void send_certificate12(struct foe *p)
{
    struct bytes m = foe_new_message(MSG_CERTIFICATE, NULL, 0);
    if (p->raw && !(p->no_cert && !p->server)) { /* RFC 7250 3: no list */
        put_raw_key(own_leaf(p), &m);
        finish_message(p, &m);
        return;
    }
    size_t               list    = bytes_open(&m, 3);
    const struct minted *chain[] = {own_leaf(p), &p->pki->ca};
    for (int i = 0; i < 2 && !(p->no_cert && !p->server); i++) {
        bytes_u24(&m, (unsigned)chain[i]->der_n);
        bytes_add(&m, chain[i]->der, chain[i]->der_n);
    }
    bytes_close(&m, list, 3);
    finish_message(p, &m);
}

static void put_signature(struct foe *p, struct bytes *m, hf_view tbs)
{
    uint8_t  sig[1024];
    uint16_t scheme = p->scheme ? p->scheme : ECDSA_P256;
    size_t   n      = mint_sign(own_leaf(p), scheme, tbs.p, tbs.n, sig);
    bytes_u16(m, scheme);
    bytes_u16(m, (unsigned)n);
    bytes_add(m, sig, n);
}

/* Signed: both randoms as they were sent, and the parameters. */
static void send_server_kx(struct foe *p)
{
    struct bytes m = foe_new_message(MSG_SERVER_KEY_EXCHANGE, NULL, 0), tbs = {0};
    hf_view      share = kx_share(p->kx);
    bytes_u8(&m, 3);
    bytes_u16(&m, p->group);
    bytes_u8(&m, (unsigned)share.n);
    bytes_add(&m, share.p, share.n);
    bytes_add(&tbs, p->hello.p + 6, RANDOM);
    bytes_add(&tbs, p->all.p + p->hello.n + 6, RANDOM);
    bytes_add(&tbs, m.p + 4, m.n - 4);
    put_signature(p, &m, bytes_view(&tbs));
    finish_message(p, &m);
    bytes_free(&tbs);
}

static void send_cert_request12(struct foe *p)
{
    struct bytes m = foe_new_message(MSG_CERTIFICATE_REQUEST, "\2\100\1", 3);
    bytes_u16(&m, SIG_ALGS_N);
    bytes_add(&m, sig_algs, SIG_ALGS_N);
    bytes_u16(&m, 0);
    finish_message(p, &m);
}

static void send_server_done(struct foe *p)
{
    struct bytes m = foe_new_message(MSG_SERVER_HELLO_DONE, NULL, 0);
    finish_message(p, &m);
}

static void send_client_kx(struct foe *p)
{
    struct bytes m     = foe_new_message(MSG_CLIENT_KEY_EXCHANGE, NULL, 0);
    hf_view      share = kx_share(p->kx);
    bytes_u8(&m, (unsigned)share.n);
    bytes_add(&m, share.p, share.n);
    finish_message(p, &m);
}

static void send_cert_verify12(struct foe *p)
{
    struct bytes m = foe_new_message(MSG_CERTIFICATE_VERIFY, NULL, 0);
    put_signature(p, &m, bytes_view(&p->all));
    finish_message(p, &m);
}

/* ChangeCipherSpec and Finished. */
static void send_end(struct foe *p)
{
    uint8_t mac[VERIFY_DATA];
    foe_flush(p);
    ccs(p);
    p->out.on = true;
    verify_data(p, !p->server, mac);
    struct bytes m = foe_new_message(MSG_FINISHED, mac, VERIFY_DATA);
    finish_message(p, &m);
    foe_flush(p);
}

static bool expect_end(struct foe *p)
{
    uint8_t mac[VERIFY_DATA];
    verify_data(p, p->server, mac);
    if (!expect(p, MSG_FINISHED))
        return false;
    bool good = p->in.on && p->msg.n == 4 + VERIFY_DATA && memcmp(p->msg.p + 4, mac, VERIFY_DATA) == 0;
    return foe_expects(p, good, "another Finished");
}

/* ---- the client ---------------------------------------------------------------------------------------- */

/* ServerKeyExchange: its point, when the signature is good. */
static bool expect_server_kx(struct foe *p, struct bytes *point)
{
    struct bytes tbs = {0};
    if (!expect(p, MSG_SERVER_KEY_EXCHANGE))
        return false;
    const struct bytes *m = &p->msg;
    assert_true(m->n > 8 && m->p[4] == 3);
    size_t params = 4 + (size_t)m->p[7], at = 4 + params;
    assert_true(at + 4 < m->n && at + 4 + (size_t)(m->p[at + 2] << 8 | m->p[at + 3]) == m->n);
    bytes_add(&tbs, p->hello.p + 6, RANDOM);
    bytes_add(&tbs, p->all.p + p->hello.n + 6, RANDOM);
    bytes_add(&tbs, m->p + 4, params);
    bool good = mint_verify(bytes_view(&p->cert), (uint16_t)(m->p[at] << 8 | m->p[at + 1]), tbs.p, tbs.n,
                            view(m->p + at + 4, m->n - at - 4));
    bytes_add(point, m->p + 8, m->p[7]);
    new_share(p, (uint16_t)(m->p[5] << 8 | m->p[6]));
    bytes_free(&tbs);
    return foe_expects(p, good, "a signature that verifies");
}

static bool expect_flight(struct foe *p, struct bytes *point)
{
    if (!expect(p, MSG_SERVER_HELLO) || !expect(p, MSG_CERTIFICATE))
        return false;
    keep_leaf(p, LEAF_AT);
    if (!expect_server_kx(p, point) || !next_message(p))
        return false;
    p->asked = p->msg.p[0] == MSG_CERTIFICATE_REQUEST;
    hash_update(&p->transcript, p->msg.p, p->msg.n);
    bytes_add(&p->all, p->msg.p, p->msg.n);
    return !p->asked || expect(p, MSG_SERVER_HELLO_DONE);
}

static bool agree12(struct foe *p, hf_view point)
{
    uint8_t secret[KX_SECRET_MAX];
    size_t  n;
    if (!foe_expects(p, kx_derive(p->kx, point, secret, &n), "a share of its group"))
        return false;
    keys(p, view(secret, n), p->hello.p + 6, p->all.p + p->hello.n + 6);
    return true;
}

void foe12_client(struct foe *p)
{
    struct bytes point = {0};
    start(p, false);
    send_hello12(p);
    foe_flush(p);
    if (expect_flight(p, &point)) {
        if (p->asked)
            send_certificate12(p);
        send_client_kx(p);
        if (agree12(p, bytes_view(&point))) {
            if (p->asked && !p->no_cert)
                send_cert_verify12(p);
            send_end(p);
            p->done = expect_end(p) && p->alert < 0 && (hf_conn_step(p->engine, MINT_NOW_MS) & HF_OPEN);
        }
    }
    foe_read(p);
    bytes_free(&point);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

static bool expect_answer(struct foe *p)
{
    bool empty = p->no_cert;
    if (!p->no_cert) {
        if (!expect(p, MSG_CERTIFICATE))
            return false;
        empty = p->msg.n < 11;
        if (!empty)
            keep_leaf(p, LEAF_AT);
    }
    if (!expect(p, MSG_CLIENT_KEY_EXCHANGE) || !agree12(p, view(p->msg.p + 5, p->msg.n - 5)))
        return false;
    size_t signed_n = p->all.n;
    if (empty)
        return true;
    if (!expect(p, MSG_CERTIFICATE_VERIFY))
        return false;
    const struct bytes *m = &p->msg;
    assert_true(m->n > 8);
    return foe_expects(p,
                       mint_verify(bytes_view(&p->cert), (uint16_t)(m->p[4] << 8 | m->p[5]), p->all.p, signed_n,
                                   view(m->p + 8, m->n - 8)),
                       "a signature that verifies");
}

void foe12_server(struct foe *p)
{
    start(p, true);
    collect(p);
    if (!expect(p, MSG_CLIENT_HELLO))
        return;
    bytes_add(&p->hello, p->msg.p, p->msg.n);
    new_share(p, KX_X25519);
    send_server_hello12(p);
    send_certificate12(p);
    send_server_kx(p);
    if (!p->no_cert)
        send_cert_request12(p);
    send_server_done(p);
    foe_flush(p);
    if (expect_answer(p) && expect_end(p)) {
        send_end(p);
        p->done = p->alert < 0 && (hf_conn_step(p->engine, MINT_NOW_MS) & HF_OPEN);
    }
    foe_read(p);
}
