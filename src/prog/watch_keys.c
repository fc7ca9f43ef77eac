/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/watch_in.h"

#include <string.h>

#include "tls/codes.h"

/* Puts a direction under the logged secret, if there is one that fits the suite's hash. */
static void key13(struct eye *e, struct half *h, enum key_label label)
{
    const struct key_line *l = keyfile_find(e->keys, label, e->w->client_random);
    rec_drop(&h->rec);
    if (!l || !e->suite || e->suite->auth != AUTH_13 || l->n != hash_len(e->suite->hash))
        return;
    h->traffic = l->secret;
    rec_key(&h->rec, e->suite, &h->traffic, false);
}

void eye_handshake_keys(struct eye *e)
{
    struct half *c = &e->h[EYE_CLIENT];
    key13(e, &e->h[EYE_SERVER], KEY_SERVER_HANDSHAKE);
    c->early = e->early_offered && keyfile_find(e->keys, KEY_CLIENT_EARLY, e->w->client_random);
    key13(e, c, c->early ? KEY_CLIENT_EARLY : KEY_CLIENT_HANDSHAKE);
}

void eye_early_ends(struct eye *e, struct half *h)
{
    h->early = false;
    key13(e, h, KEY_CLIENT_HANDSHAKE);
}

void eye_traffic_keys(struct eye *e, struct half *h)
{
    key13(e, h, h->by_client ? KEY_CLIENT_TRAFFIC : KEY_SERVER_TRAFFIC);
}

void eye_next_keys(struct eye *e, struct half *h)
{
    if (!h->rec.aead)
        return;
    secret_update(e->suite->hash, &h->traffic);
    rec_key(&h->rec, e->suite, &h->traffic, false);
}

/* RFC 5246 6.3: client key, server key, client IV, server IV. */
void eye_keys12(struct eye *e, struct half *h)
{
    const struct key_line *l = keyfile_find(e->keys, KEY_MASTER, e->w->client_random);
    const struct suite    *s = e->suite;
    rec_drop(&h->rec);
    if (!l || l->n != MASTER_BYTES || !s || s->auth == AUTH_13)
        return;
    size_t k = aead_key_len(s->aead), iv = rec_iv_len12(s);
    prf12(s->hash, (hf_view){l->secret.b, MASTER_BYTES}, "key expansion", (hf_view){e->w->server_random, RANDOM_BYTES},
          (hf_view){e->w->client_random, RANDOM_BYTES}, e->key_block, 2 * k + 2 * iv);
    const uint8_t *block = e->key_block;
    rec_key12(&h->rec, s, block + (h->by_client ? 0 : k), block + 2 * k + (h->by_client ? 0 : iv), false);
}

enum sealed_why eye_sealed_why(const struct eye *e)
{
    if (!e->keys)
        return SEALED_NO_KEYFILE;
    if (e->w->suite && !e->suite)
        return SEALED_SUITE;
    for (unsigned l = 0; l < N_KEY_LABELS; l++)
        if (keyfile_find(e->keys, (enum key_label)l, e->w->client_random))
            return SEALED_MISFIT;
    return SEALED_NOT_LOGGED;
}
