/* SPDX-License-Identifier: Apache-2.0 */
#include "keys13.h"

#include <string.h>

#include "base/ct.h"
#include "base/wr.h"

enum { LABEL_MAX = 255, INFO_MAX = 2 + 1 + LABEL_MAX + 1 + 255 };

static hf_view secret_view(enum hash_alg alg, const struct secret *s)
{
    return (hf_view){s->b, hash_len(alg)};
}

void expand_label(enum hash_alg alg, const struct secret *s, const char *label, hf_view context, uint8_t *out, size_t n)
{
    uint8_t   info[INFO_MAX];
    struct wr w = wr_fixed(info, sizeof info);
    wr_u16(&w, (unsigned)n);
    size_t mark = wr_open(&w, 1);
    wr_bytes(&w, "tls13 ", 6);
    wr_bytes(&w, label, strlen(label));
    wr_close(&w, mark, 1);
    wr_vec(&w, 1, context);
    hkdf_expand(alg, secret_view(alg, s), wr_done(&w), out, n);
}

void derive_secret(enum hash_alg alg, const struct secret *s, const char *label, const uint8_t *transcript,
                   struct secret *out)
{
    struct secret from = *s; /* out may be s */
    expand_label(alg, &from, label, (hf_view){transcript, hash_len(alg)}, out->b, hash_len(alg));
    ct_wipe(&from, sizeof from);
}

static const uint8_t zeros[SECRET_MAX];

void schedule_start(enum hash_alg alg, hf_view psk, struct secret *s)
{
    hf_view none = {zeros, hash_len(alg)};
    hkdf_extract(alg, none, psk.n ? psk : none, s->b);
}

void schedule_next(enum hash_alg alg, hf_view ikm, struct secret *s)
{
    uint8_t       empty[HASH_MAX];
    struct secret salt;
    hash_once(alg, (hf_view){zeros, 0}, empty);
    derive_secret(alg, s, "derived", empty, &salt);
    hkdf_extract(alg, secret_view(alg, &salt), ikm.n ? ikm : (hf_view){zeros, hash_len(alg)}, s->b);
    ct_wipe(&salt, sizeof salt);
}

void finished_mac(enum hash_alg alg, const struct secret *traffic, const uint8_t *transcript, uint8_t *out)
{
    struct secret key;
    expand_label(alg, traffic, "finished", (hf_view){zeros, 0}, key.b, hash_len(alg));
    hmac(alg, secret_view(alg, &key), (hf_view){transcript, hash_len(alg)}, out);
    ct_wipe(&key, sizeof key);
}

void secret_update(enum hash_alg alg, struct secret *s)
{
    struct secret from = *s;
    expand_label(alg, &from, "traffic upd", (hf_view){zeros, 0}, s->b, hash_len(alg));
    ct_wipe(&from, sizeof from);
}

void export_keys(enum hash_alg alg, const struct secret *exporter, const char *label, hf_view context, uint8_t *out,
                 size_t n)
{
    uint8_t       digest[HASH_MAX];
    struct secret s;
    hash_once(alg, (hf_view){zeros, 0}, digest);
    derive_secret(alg, exporter, label, digest, &s);
    hash_once(alg, context, digest);
    expand_label(alg, &s, "exporter", (hf_view){digest, hash_len(alg)}, out, n);
    ct_wipe(&s, sizeof s);
}
