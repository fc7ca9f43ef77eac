/* SPDX-License-Identifier: Apache-2.0
 * foe_msg.c - the messages of the test peer (RFC 9846 4). */
#include "foe_inside.h"

enum { ECDSA_P256 = 0x0403 };

const uint8_t retry_random[32]      = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                       0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                       0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
const uint8_t test_cookie[COOKIE_N] = {0, 4, 'b', 'a', 'k', 'e'};

/* ---- messages ------------------------------------------------------------------------------------------ */

static void out(struct foe *p, const struct bytes *m)
{
    bytes_add(&p->flight, m->p, m->n);
    if (!p->one_record)
        foe_flush(p);
}

void send_message(struct foe *p, struct bytes *m)
{
    if (p->on_send)
        p->on_send(p, m->p[0], m);
    if (m->n == 0)
        return;
    if (p->transcript.alg != HASH_NONE)
        hash_update(&p->transcript, m->p, m->n);
    if (p->v12)
        bytes_add(&p->all, m->p, m->n);
    bytes_add(&p->flight, m->p, m->n);
    bytes_add(&p->flight, p->tail.p, p->tail.n);
    p->tail.n = 0;
    if (!p->one_record)
        foe_flush(p);
}

struct bytes foe_new_message(uint8_t type, const void *body, size_t n)
{
    struct bytes m = {0};
    bytes_u8(&m, type);
    bytes_u24(&m, (unsigned)n);
    bytes_add(&m, body, n);
    return m;
}

void foe_stray(struct foe *p, uint8_t type, const void *body, size_t n)
{
    struct bytes m = foe_new_message(type, body, n);
    out(p, &m);
    bytes_free(&m);
}

void foe_message(struct foe *p, uint8_t type, const void *body, size_t n)
{
    struct bytes m = foe_new_message(type, body, n);
    if (p->transcript.alg != HASH_NONE)
        hash_update(&p->transcript, m.p, m.n);
    out(p, &m);
    bytes_free(&m);
}

void start_transcript(struct foe *p)
{
    hash_init(&p->transcript, HASH_SHA256);
    hash_update(&p->transcript, p->hello.p, p->hello.n);
}

/* 4.5.2: with a retry the first hello stands in the transcript as its hash. */
void retry_transcript(struct foe *p)
{
    uint8_t m[4 + HASH] = {MSG_MESSAGE_HASH, 0, 0, HASH};
    hash_once(HASH_SHA256, bytes_view(&p->hello), m + 4);
    hash_init(&p->transcript, HASH_SHA256);
    hash_update(&p->transcript, m, sizeof m);
}

void ext(struct bytes *m, unsigned type, unsigned prefix, const void *p, size_t n)
{
    bytes_u16(m, type);
    size_t outer = bytes_open(m, 2), inner = prefix ? bytes_open(m, prefix) : 0;
    bytes_add(m, p, n);
    if (prefix)
        bytes_close(m, inner, prefix);
    bytes_close(m, outer, 2);
}

void new_share(struct foe *p, uint16_t group)
{
    kx_free(p->kx);
    p->group = group;
    p->kx    = kx_new(group, &rnd_libcrypto);
    assert_non_null(p->kx);
}

static void ext_share(struct foe *p, struct bytes *m, bool list)
{
    struct bytes share = {0};
    if (p->kx) {
        bytes_u16(&share, p->group);
        bytes_u16(&share, (unsigned)kx_share(p->kx).n);
        bytes_add(&share, kx_share(p->kx).p, kx_share(p->kx).n);
    }
    ext(m, 51, list ? 2 : 0, share.p, share.n);
    bytes_free(&share);
}

void ext_name(struct bytes *m)
{
    struct bytes name = {0};
    bytes_u8(&name, 0);
    bytes_u16(&name, sizeof MINT_HOST - 1);
    bytes_add(&name, MINT_HOST, sizeof MINT_HOST - 1);
    ext(m, X_NAME, 2, name.p, name.n);
    bytes_free(&name);
}

const uint8_t sig_algs[SIG_ALGS_N] = {4, 3, 8, 7, 5, 3, 6, 3, 8, 4, 8, 9, 4, 1};

void ext_raw(const struct foe *p, struct bytes *m)
{
    if (p->raw)
        ext(m, p->server ? 20 : 19, p->server ? 0 : 1, (uint8_t[]){2}, 1);
}

void put_raw_key(const struct minted *leaf, struct bytes *m)
{
    uint8_t *der = NULL;
    int      n   = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf->cert), &der);
    assert_true(n > 0);
    bytes_u24(m, (unsigned)n);
    bytes_add(m, der, (size_t)n);
    OPENSSL_free(der);
}

void send_client_hello(struct foe *p, bool second)
{
    struct bytes         m          = foe_new_message(MSG_CLIENT_HELLO, NULL, 0);
    static const uint8_t random[32] = "the random bytes of a test peer";
    bytes_u16(&m, 0x0303);
    bytes_add(&m, random, 32);
    bytes_u8(&m, (unsigned)p->session_id_n);
    bytes_add(&m, p->session_id, p->session_id_n);
    bytes_add(&m, (uint8_t[]){0, 2, SUITE >> 8, SUITE & 0xff}, 4);
    bytes_add(&m, (uint8_t[]){1, 0}, 2);
    size_t exts = bytes_open(&m, 2);
    ext_name(&m);
    ext(&m, 10, 2, (uint8_t[]){0, 0x1d, 0, 0x17}, 4);
    ext(&m, 13, 2, sig_algs, sizeof sig_algs);
    ext(&m, 43, 1, (uint8_t[]){3, 4}, 2);
    ext_raw(p, &m);
    ext_share(p, &m, true);
    ext_psk(p, &m);
    bytes_close(&m, exts, 2);
    msg_mend(&m);
    fill_binder(p, &m);
    send_message(p, &m);
    if (!second) {
        p->hello.n = 0;
        bytes_add(&p->hello, m.p, m.n);
    }
    bytes_free(&m);
}

void send_server_hello(struct foe *p, bool retry)
{
    struct bytes         m          = foe_new_message(MSG_SERVER_HELLO, NULL, 0);
    static const uint8_t random[32] = "the random bytes of a test serv";
    bytes_u16(&m, 0x0303);
    bytes_add(&m, retry ? retry_random : random, 32);
    bytes_u8(&m, (unsigned)p->session_id_n);
    bytes_add(&m, p->session_id, p->session_id_n);
    bytes_u16(&m, SUITE);
    bytes_u8(&m, 0);
    size_t exts = bytes_open(&m, 2);
    ext(&m, 43, 0, (uint8_t[]){3, 4}, 2);
    if (retry) {
        ext(&m, 51, 0, (uint8_t[]){0, 0x17}, 2);
        ext(&m, X_COOKIE, 0, test_cookie, COOKIE_N);
    } else {
        ext_share(p, &m, false);
        ext_psk_chosen(p, &m);
    }
    bytes_close(&m, exts, 2);
    msg_mend(&m);
    send_message(p, &m);
    bytes_free(&m);
}

void send_enc_exts(struct foe *p)
{
    struct bytes m    = foe_new_message(MSG_ENCRYPTED_EXTENSIONS, NULL, 0);
    size_t       exts = bytes_open(&m, 2);
    ext(&m, X_NAME, 0, NULL, 0);
    ext_raw(p, &m);
    bytes_close(&m, exts, 2);
    msg_mend(&m);
    send_message(p, &m);
    bytes_free(&m);
}

void send_cert_request(struct foe *p)
{
    struct bytes m    = foe_new_message(MSG_CERTIFICATE_REQUEST, "", 1);
    size_t       exts = bytes_open(&m, 2);
    ext(&m, 13, 2, sig_algs, sizeof sig_algs);
    bytes_close(&m, exts, 2);
    msg_mend(&m);
    send_message(p, &m);
    bytes_free(&m);
}

const struct minted *own_leaf(const struct foe *p)
{
    return p->leaf ? p->leaf : p->server ? &p->pki->server : &p->pki->client;
}

void send_certificate(struct foe *p)
{
    struct bytes         m       = foe_new_message(MSG_CERTIFICATE, "", 1);
    size_t               list    = bytes_open(&m, 3);
    const struct minted *chain[] = {own_leaf(p), &p->pki->ca};
    for (int i = 0; i < (p->raw ? 1 : 2) && !(p->no_cert && !p->server); i++) {
        if (p->raw) {
            put_raw_key(chain[i], &m);
        } else {
            bytes_u24(&m, (unsigned)chain[i]->der_n);
            bytes_add(&m, chain[i]->der, chain[i]->der_n);
        }
        bytes_u16(&m, 0);
    }
    bytes_close(&m, list, 3);
    msg_mend(&m);
    send_message(p, &m);
    bytes_free(&m);
}

size_t signed_bytes(const struct foe *p, bool by_server, uint8_t tbs[130])
{
    memset(tbs, ' ', 64);
    memcpy(tbs + 64, by_server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify", 34);
    foe_transcript_hash(p, tbs + 98);
    return 130;
}

void send_cert_verify(struct foe *p)
{
    struct bytes m      = foe_new_message(MSG_CERTIFICATE_VERIFY, NULL, 0);
    uint16_t     scheme = p->scheme ? p->scheme : ECDSA_P256;
    uint8_t      tbs[130], sig[1024];
    size_t       n = mint_sign(own_leaf(p), scheme, tbs, signed_bytes(p, p->server, tbs), sig);
    bytes_u16(&m, scheme);
    bytes_u16(&m, (unsigned)n);
    bytes_add(&m, sig, n);
    msg_mend(&m);
    send_message(p, &m);
    bytes_free(&m);
}

void send_finished(struct foe *p)
{
    uint8_t mac[HASH];
    foe_finished_mac(p, p->server ? p->server_hs : p->client_hs, mac);
    struct bytes m = foe_new_message(MSG_FINISHED, mac, HASH);
    memcpy(p->finished, m.p, sizeof p->finished);
    send_message(p, &m);
    bytes_free(&m);
}
