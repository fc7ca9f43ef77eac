/* SPDX-License-Identifier: Apache-2.0
 *
 * keys13.h - the TLS 1.3 key schedule (RFC 9846 7.1 to 7.5).
 *
 *   0 -> extract(psk or 0) = early -> derive "derived" -> extract(shared secret) = handshake
 *     -> derive "c hs traffic", "s hs traffic" -> derive "derived" -> extract(0) = master
 *     -> derive "c ap traffic", "s ap traffic", "exp master", "res master"
 */
#ifndef HF_TLS_KEYS13_H
#define HF_TLS_KEYS13_H
#include "tls/suite.h"

enum { SECRET_MAX = 48 };
struct secret {
    uint8_t b[SECRET_MAX];
};

/* HKDF-Expand-Label (7.1): label without "tls13 ". */
void expand_label(enum hash_alg alg, const struct secret *s, const char *label, hf_view context, uint8_t *out,
                  size_t n);
/* Derive-Secret with a transcript hash already made. */
void derive_secret(enum hash_alg alg, const struct secret *s, const char *label, const uint8_t *transcript,
                   struct secret *out);
/* Early -> handshake -> master: s is replaced by the next stage, ikm empty = zeros. */
void schedule_start(enum hash_alg alg, hf_view psk, struct secret *s);
void schedule_next(enum hash_alg alg, hf_view ikm, struct secret *s);
/* Finished (4.5.3): verify_data under a traffic secret. */
void finished_mac(enum hash_alg alg, const struct secret *traffic, const uint8_t *transcript, uint8_t *out);
/* 7.2: the next generation of a traffic secret. */
void secret_update(enum hash_alg alg, struct secret *s);
/* 7.5: exporter. */
void export_keys(enum hash_alg alg, const struct secret *exporter, const char *label, hf_view context, uint8_t *out,
                 size_t n);

#endif
