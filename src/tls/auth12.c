/* SPDX-License-Identifier: Apache-2.0
 *
 * auth12.c - what both ends of TLS 1.2 do alike: the master secret and the keys (RFC 5246 6.3, 8.1; RFC 7627),
 * ChangeCipherSpec and Finished (7.1, 7.4.9).
 */
#include <string.h>

#include "base/ct.h"
#include "tls/conn.h"
#include "tls/keys12.h"

static hf_view master_of(const hf_conn *c)
{
    return (hf_view){c->exporter.b, MASTER_BYTES};
}

/* "master_secret = PRF(pre_master_secret, "extended master secret", session_hash)" (RFC 7627 4), where
 * session_hash covers all messages up to and including ClientKeyExchange. */
void master12(hf_conn *c, hf_view pre_master)
{
    struct hs    *h   = c->hs;
    enum hash_alg alg = h->suite->hash;
    uint8_t       session[HASH_MAX];
    transcript_hash(c, session);
    prf12(alg, pre_master, "extended master secret", (hf_view){session, hash_len(alg)}, (hf_view){0}, c->exporter.b,
          MASTER_BYTES);
    key_block12(c);
}

void key_block12(hf_conn *c)
{
    struct hs    *h   = c->hs;
    enum hash_alg alg = h->suite->hash;
    size_t        n   = 2 * aead_key_len(h->suite->aead) + 2 * rec_iv_len12(h->suite);
    memcpy(c->randoms, h->client_random, RANDOM_BYTES);
    memcpy(c->randoms + RANDOM_BYTES, h->server_random, RANDOM_BYTES);
    prf12(alg, master_of(c), "key expansion", (hf_view){h->server_random, RANDOM_BYTES},
          (hf_view){h->client_random, RANDOM_BYTES}, h->key_block, n);
    keylog_add(c, "CLIENT_RANDOM", &c->exporter);
}

/* key_block: client key, server key, client IV, server IV. */
static bool direction(hf_conn *c, struct rec_dir *d, bool client_writes, bool sealing)
{
    const struct suite *s = c->hs->suite;
    size_t              k = aead_key_len(s->aead), iv = rec_iv_len12(s);
    const uint8_t      *block = c->hs->key_block;
    return rec_key12(d, s, block + (client_writes ? 0 : k), block + 2 * k + (client_writes ? 0 : iv), sealing) ||
           fail(&c->rep, KEY12_NO_MEMORY, 0, 0, 0);
}

enum turn on_change_cipher(hf_conn *c, hf_view msg)
{
    c->turned = true;
    return direction(c, &c->rec_in, c->cfg->role == HF_SERVER, false) ? NEXT : FAILED;
}

static void verify_data(const hf_conn *c, bool by_client, uint8_t out[VERIFY_DATA_BYTES])
{
    uint8_t th[HASH_MAX];
    transcript_hash(c, th);
    prf12(c->hs->suite->hash, master_of(c), by_client ? "client finished" : "server finished",
          (hf_view){th, hash_len(c->hs->suite->hash)}, (hf_view){0}, out, VERIFY_DATA_BYTES);
}

enum turn on_finished12(hf_conn *c, hf_view msg)
{
    uint8_t mac[VERIFY_DATA_BYTES];
    hf_view got;
    if (!finished_read(&got, msg, VERIFY_DATA_BYTES, &c->rep))
        return FAILED;
    verify_data(c, c->cfg->role == HF_SERVER, mac);
    if (!need(&c->rep, ct_equal(mac, got.p, VERIFY_DATA_BYTES), FIN12_MISMATCH, MSG_HEADER, VERIFY_DATA_BYTES,
              (int64_t)got.n))
        return FAILED;
    transcript_add(c, msg);
    if (!session_prove(c))
        return FAILED;
    return c->cfg->role == HF_SERVER || session12_keep(c) ? NEXT : FAILED;
}

enum turn do_finish12(hf_conn *c)
{
    struct hs *h = c->hs;
    uint8_t    mac[VERIFY_DATA_BYTES];
    bool       client = c->cfg->role == HF_CLIENT;
    if (!client && h->ticket_due)
        ticket12_send(c);
    if (!flight_flush(c) || !record_write(c, CT_CHANGE_CIPHER_SPEC, (hf_view){(const uint8_t[]){1}, 1}))
        return FAILED;
    trace_message(&c->trace, true, false, HT_CHANGE_CIPHER_SPEC,
                  (hf_view){change_cipher_event, sizeof change_cipher_event});
    if (!direction(c, &c->rec_out, client, true))
        return FAILED;
    verify_data(c, client, mac);
    size_t mark = h->flight.n;
    finished_write(&h->flight, mac, VERIFY_DATA_BYTES);
    message_sent(c, mark);
    return !flight_flush(c) ? FAILED : client && h->ticket_due ? OTHER : NEXT;
}

/* Renegotiation, from either side, is refused. */
enum turn on_renegotiation(hf_conn *c, hf_view msg)
{
    return fail(&c->rep, RENEGOTIATION, 0, 0, msg.p[0]), FAILED;
}
