/* SPDX-License-Identifier: Apache-2.0
 *
 * tale_proof.c - what each side signed, made again from the messages that both have seen.
 *
 *   TLS 1.3 (RFC 9846 4.5.2): 64 spaces, a text that names the side, a zero byte, the hash of all messages so far.
 *   TLS 1.2, the client (RFC 5246 7.4.8): all messages so far. The server signs its key exchange (RFC 8422 5.4): both
 *   randoms and the parameters.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "prog/explain.h"
#include "tls/msg12.h"

struct seen {
    struct mem    mem;
    struct wr     all; /* the messages so far, as they count for the hash */
    enum hash_alg hash;
    hf_view       client_random, server_random;
    char          key_of[2][200]; /* the subject of the leaf: of the server, of the client */
};

static const char *hash_name(enum hash_alg a)
{
    return a == HASH_SHA384 ? "SHA-384" : a == HASH_SHA512 ? "SHA-512" : "SHA-256";
}

json_t *tale_hex(hf_view v)
{
    size_t  room = 2 * v.n + 2;
    char   *text = malloc(room);
    json_t *j    = text && v.n ? (text_hex(text, room, v.p, v.n, 0), json_string(text)) : json_null();
    free(text);
    return j;
}

/* A HelloRetryRequest stands in front of the second hello: the first counts as its hash only. */
static void replace_first_hello(struct seen *s)
{
    uint8_t head[MSG_HEADER] = {HT_MESSAGE_HASH, 0, 0, (uint8_t)hash_len(s->hash)}, digest[HASH_MAX];
    hash_once(s->hash, wr_done(&s->all), digest);
    s->all.n = 0;
    wr_bytes(&s->all, head, sizeof head);
    wr_bytes(&s->all, digest, hash_len(s->hash));
}

static bool is_retry(hf_view msg)
{
    struct server_hello m;
    struct report       rep;
    report_init(&rep);
    return server_hello_read(&m, msg, ~0u, &rep) && m.retry;
}

/* Whose key a signature is made with: the leaf of the Certificate that came before it. */
static void note_leaf(struct seen *s, const hf_event *e, bool client, bool tls13)
{
    struct certificate m;
    struct cert        c;
    struct report      rep;
    report_init(&rep);
    bool read = certificate_any_read(&m, e->bytes, !tls13, &rep);
    if (read && m.n && spki_alone(m.chain[0]))
        spki_name(m.chain[0], s->key_of[client]);
    else if (read && m.n && cert_parse(&c, m.chain[0], &rep))
        dn_text(c.subject, s->key_of[client], sizeof s->key_of[client]);
}

static void add(struct seen *s, const hf_event *e)
{
    struct report rep;
    report_init(&rep);
    struct rd r     = msg_body(e->bytes, &rep, CHECK_NONE);
    bool      hello = e->message == HT_CLIENT_HELLO || e->message == HT_SERVER_HELLO;
    if (hello && rd_left(&r) >= 2 + RANDOM_BYTES) {
        rd_bytes(&r, 2);
        *(e->message == HT_CLIENT_HELLO ? &s->client_random : &s->server_random) = rd_bytes(&r, RANDOM_BYTES);
    }
    if (e->message == HT_SERVER_HELLO && is_retry(e->bytes))
        replace_first_hello(s);
    if (e->message != HT_CHANGE_CIPHER_SPEC && e->message != HT_HELLO_REQUEST)
        wr_view(&s->all, e->bytes);
}

static json_t *proof_json(bool client, const char *message, uint16_t scheme, hf_view signature, hf_view tbs)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:I, s:o}", "by", client ? "client" : "server", "message", message, "scheme",
                     hf_code_name('a', scheme), "signature", tale_hex(signature), "signed_bytes", (json_int_t)tbs.n,
                     "signed", tale_hex(tbs));
}

static json_t *proof13(struct seen *s, const hf_event *e, bool client)
{
    struct cert_verify m;
    struct report      rep;
    uint8_t            digest[HASH_MAX], tbs[TBS_MAX];
    report_init(&rep);
    if (!cert_verify_read(&m, e->bytes, &rep))
        return NULL;
    hash_once(s->hash, wr_done(&s->all), digest);
    size_t  n = cert_verify_tbs(!client, digest, hash_len(s->hash), tbs);
    json_t *o = proof_json(client, "CertificateVerify", m.scheme, m.signature, (hf_view){tbs, n});
    json_object_set_new(
        o, "context", json_string(client ? "TLS 1.3, client CertificateVerify" : "TLS 1.3, server CertificateVerify"));
    json_object_set_new(o, "transcript_hash", tale_hex((hf_view){digest, hash_len(s->hash)}));
    json_object_set_new(o, "transcript_bytes", json_integer((json_int_t)s->all.n));
    json_object_set_new(o, "hash", json_string(hash_name(s->hash)));
    return o;
}

static json_t *proof12(struct seen *s, const hf_event *e, bool client)
{
    struct cert_verify m;
    struct report      rep;
    report_init(&rep);
    return cert_verify_read(&m, e->bytes, &rep)
               ? proof_json(client, "CertificateVerify", m.scheme, m.signature, wr_done(&s->all))
               : NULL;
}

static json_t *proof_kx(struct seen *s, const hf_event *e)
{
    struct server_kx m;
    struct report    rep;
    uint8_t          tbs[TBS_MAX];
    struct wr        w = wr_fixed(tbs, sizeof tbs);
    report_init(&rep);
    if (!server_kx_read(&m, e->bytes, &rep))
        return NULL;
    wr_view(&w, s->client_random);
    wr_view(&w, s->server_random);
    wr_view(&w, m.params);
    return proof_json(false, "ServerKeyExchange", m.scheme, m.signature, wr_done(&w));
}

json_t *tale_proofs(const hf_event *ev, size_t n, uint16_t suite, bool by_server)
{
    struct seen         s     = {0};
    json_t             *all   = json_array(), *one;
    const struct suite *known = suite_of(suite);
    s.all                     = wr_grow(&s.mem, LIMIT_TRACE_BYTES);
    s.hash                    = known ? known->hash : HASH_SHA256;
    bool tls13                = known && known->auth == AUTH_13;
    for (size_t i = 0; known && i < n; i++) {
        if (ev[i].kind != HF_EV_MESSAGE || !ev[i].bytes.n)
            continue;
        bool verify = ev[i].message == HT_CERTIFICATE_VERIFY, client = ev[i].sent != by_server;
        one = verify && tls13                           ? proof13(&s, &ev[i], client)
              : verify                                  ? proof12(&s, &ev[i], client)
              : ev[i].message == HT_SERVER_KEY_EXCHANGE ? proof_kx(&s, &ev[i])
                                                        : NULL;
        if (one) {
            json_object_set_new(one, "key_of", json_string(s.key_of[client]));
            json_array_append_new(all, one);
        }
        if (ev[i].message == HT_CERTIFICATE)
            note_leaf(&s, &ev[i], client, tls13);
        add(&s, &ev[i]);
    }
    wr_free(&s.all);
    return all;
}
