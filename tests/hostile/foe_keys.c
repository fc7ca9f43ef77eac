/* SPDX-License-Identifier: Apache-2.0
 * foe_keys.c - the test peer's key schedule (RFC 9846 7). */
#include "foe_inside.h"

enum { KEY = 16 };

/* ---- key schedule (RFC 9846 7.1) ----------------------------------------------------------------------- */

void foe_expand(const uint8_t secret[HASH], const char *label, hf_view context, uint8_t *out, size_t n)
{
    struct bytes info = {0};
    bytes_u16(&info, (unsigned)n);
    bytes_u8(&info, (unsigned)(6 + strlen(label)));
    bytes_add(&info, "tls13 ", 6);
    bytes_add(&info, label, strlen(label));
    bytes_u8(&info, (unsigned)context.n);
    bytes_add(&info, context.p, context.n);
    hkdf_expand(HASH_SHA256, view(secret, HASH), bytes_view(&info), out, n);
    bytes_free(&info);
}

static void next_stage(uint8_t stage[HASH], hf_view ikm)
{
    uint8_t empty[HASH], salt[HASH];
    hash_once(HASH_SHA256, view("", 0), empty);
    foe_expand(stage, "derived", view(empty, HASH), salt, HASH);
    hkdf_extract(HASH_SHA256, view(salt, HASH), ikm, stage);
}

void foe_transcript_hash(const struct foe *p, uint8_t out[32])
{
    hash_final(&p->transcript, out);
}

static void derive(const struct foe *p, const char *label, uint8_t out[HASH])
{
    uint8_t th[HASH];
    foe_transcript_hash(p, th);
    foe_expand(p->stage, label, view(th, HASH), out, HASH);
}

void half_key(struct half *h, const uint8_t secret[HASH], bool sealing)
{
    uint8_t key[KEY];
    memmove(h->secret, secret, HASH);
    foe_expand(secret, "key", view("", 0), key, KEY);
    foe_expand(secret, "iv", view("", 0), h->iv, sizeof h->iv);
    aead_free(h->aead);
    h->aead = aead_new(AEAD_AES_128_GCM, key, sealing);
    assert_non_null(h->aead);
    h->on  = true;
    h->seq = 0;
}

void foe_update(struct half *h, bool sealing)
{
    uint8_t next[HASH];
    foe_expand(h->secret, "traffic upd", view("", 0), next, HASH);
    half_key(h, next, sealing);
}

void handshake_secrets(struct foe *p, hf_view shared)
{
    static const uint8_t zeros[HASH];
    hkdf_extract(HASH_SHA256, view(zeros, HASH), view(p->resumed ? p->session->psk : zeros, HASH), p->stage);
    next_stage(p->stage, shared);
    derive(p, "c hs traffic", p->client_hs);
    derive(p, "s hs traffic", p->server_hs);
    next_stage(p->stage, view(zeros, HASH));
}

void application_secrets(struct foe *p)
{
    derive(p, "c ap traffic", p->client_ap);
    derive(p, "s ap traffic", p->server_ap);
    derive(p, "exp master", p->exporter);
}

void resumption_secret_of(struct foe *p)
{
    derive(p, "res master", p->resumption);
}

void foe_finished_mac(const struct foe *p, const uint8_t traffic[HASH], uint8_t out[HASH])
{
    uint8_t key[HASH], th[HASH];
    foe_expand(traffic, "finished", view("", 0), key, HASH);
    foe_transcript_hash(p, th);
    hmac(HASH_SHA256, view(key, HASH), view(th, HASH), out);
}

void foe_export(const struct foe *p, const char *label, hf_view context, uint8_t *out, size_t n)
{
    uint8_t digest[HASH], secret[HASH];
    hash_once(HASH_SHA256, view("", 0), digest);
    foe_expand(p->exporter, label, view(digest, HASH), secret, HASH);
    hash_once(HASH_SHA256, context, digest);
    foe_expand(secret, "exporter", view(digest, HASH), out, n);
}
