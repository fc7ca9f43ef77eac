/* SPDX-License-Identifier: Apache-2.0
 * watch_in.h - what watch.c and watch_keys.c share. */
#ifndef HF_PROG_WATCH_IN_H
#define HF_PROG_WATCH_IN_H
#include "prog/watch.h"
#include "tls/keys12.h"
#include "tls/rec.h"

enum { EYE_CLIENT = 0, EYE_SERVER = 1, KEY_BLOCK_MAX = 2 * AEAD_KEY_MAX + 2 * AEAD_NONCE };

/* One direction. */
struct half {
    bool                   by_client;
    const struct tcp_side *side;
    uint8_t               *p; /* its stream */
    size_t                 n, at;
    struct tcp_moment      moment;
    struct rec_dir         rec;
    struct secret          traffic;               /* TLS 1.3: of rec */
    struct wr              pending;               /* a handshake message that is not whole yet */
    bool                   turned;                /* TLS 1.2: change_cipher_spec was seen */
    bool                   early;                 /* TLS 1.3: rec opens early data */
    bool                   ended, stopped, spoke; /* spoke: something under protection was opened */
};

struct eye {
    struct watched       *w;
    const struct keyfile *keys;
    struct half           h[2];
    const struct suite   *suite;
    bool                  hello, early_offered, certificate; /* certificate: the server has sent one */
    uint8_t               key_block[KEY_BLOCK_MAX];
    uint8_t               wire[REC_SEALED_MAX]; /* the record at hand, opened in place */
};

/* ---- watch_keys.c ---- */
/* After ServerHello of TLS 1.3: both directions. */
void eye_handshake_keys(struct eye *e);
/* After its Finished; after its KeyUpdate; after change_cipher_spec in TLS 1.2. */
void eye_traffic_keys(struct eye *e, struct half *h);
void eye_next_keys(struct eye *e, struct half *h);
void eye_keys12(struct eye *e, struct half *h);
/* Early data is over, or was never accepted. */
void eye_early_ends(struct eye *e, struct half *h);
/* Why h's records cannot be opened. */
enum sealed_why eye_sealed_why(const struct eye *e);

#endif
