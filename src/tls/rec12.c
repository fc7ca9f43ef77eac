/* SPDX-License-Identifier: Apache-2.0
 *
 * rec12.c - record protection of TLS 1.2 with AEAD suites (RFC 5246 6.2.3.3, RFC 5288 3, RFC 7905 2).
 *
 * AES-GCM: nonce = 4 bytes of salt, 8 bytes that go with the record (we send the sequence number).
 * ChaCha20-Poly1305: nonce = 12 bytes of IV XOR the sequence number, nothing goes with the record.
 */
#include <string.h>

#include "base/ct.h"
#include "rec.h"

enum { SALT_BYTES = 4, EXPLICIT_BYTES = 8, AD_BYTES = 13 };

size_t rec_iv_len12(const struct suite *suite)
{
    return suite->aead == AEAD_CHACHA20_POLY1305 ? AEAD_NONCE : SALT_BYTES;
}

bool rec_key12(struct rec_dir *d, const struct suite *suite, const uint8_t *key, const uint8_t *iv, bool sealing)
{
    rec_drop(d);
    memcpy(d->iv, iv, rec_iv_len12(suite));
    d->v12        = true;
    d->explicit_n = suite->aead == AEAD_CHACHA20_POLY1305 ? 0 : EXPLICIT_BYTES;
    d->aead       = aead_new(suite->aead, key, sealing);
    return d->aead != NULL;
}

static void seq_to(uint64_t seq, uint8_t out[8])
{
    for (unsigned i = 0; i < 8; i++)
        out[7 - i] = (uint8_t)(seq >> (8 * i));
}

static void nonce_of(const struct rec_dir *d, const uint8_t *explicit_nonce, uint8_t nonce[AEAD_NONCE])
{
    memcpy(nonce, d->iv, AEAD_NONCE);
    if (d->explicit_n) {
        memcpy(nonce + SALT_BYTES, explicit_nonce, EXPLICIT_BYTES);
        return;
    }
    for (unsigned i = 0; i < 8; i++)
        nonce[AEAD_NONCE - 1 - i] ^= (uint8_t)(d->seq >> (8 * i));
}

/* additional_data = seq_num + type + version + length of the plaintext */
static void ad_of(const struct rec_dir *d, const uint8_t *wire, size_t n, uint8_t ad[AD_BYTES])
{
    seq_to(d->seq, ad);
    memcpy(ad + 8, wire, 3);
    ad[11] = (uint8_t)(n >> 8);
    ad[12] = (uint8_t)n;
}

bool rec12_unseal(struct rec_dir *d, uint8_t *wire, size_t len, struct record *out, struct report *rep)
{
    uint8_t nonce[AEAD_NONCE], ad[AD_BYTES], *body = wire + REC_HEADER + d->explicit_n;
    size_t  least = d->explicit_n + (size_t)AEAD_TAG;
    if (len < least)
        return fail(rep, RECORD12_TOO_SHORT, 3, (int64_t)least, (int64_t)len);
    size_t n = len - least;
    nonce_of(d, wire + REC_HEADER, nonce);
    ad_of(d, wire, n, ad);
    d->seq++;
    if (!aead_open(d->aead, nonce, (hf_view){ad, AD_BYTES}, (hf_view){body, n + AEAD_TAG}, body))
        return fail(rep, RECORD12_MAC, 0, 0, (int64_t)d->seq - 1);
    if (n > LIMIT_RECORD_PLAINTEXT)
        return fail(rep, RECORD12_CONTENT_TOO_LONG, 0, LIMIT_RECORD_PLAINTEXT, (int64_t)n);
    *out = (struct record){.type = wire[0], .sealed = true, .body = {body, n}, .whole = out->whole};
    return true;
}

bool rec12_seal(struct rec_dir *d, uint8_t *wire, size_t n)
{
    uint8_t nonce[AEAD_NONCE], ad[AD_BYTES], *body = wire + REC_HEADER + d->explicit_n;
    if (d->explicit_n)
        seq_to(d->seq, wire + REC_HEADER);
    nonce_of(d, wire + REC_HEADER, nonce);
    ad_of(d, wire, n, ad);
    d->seq++;
    return aead_seal(d->aead, nonce, (hf_view){ad, AD_BYTES}, (hf_view){body, n}, body);
}
