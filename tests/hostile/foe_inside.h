/* SPDX-License-Identifier: Apache-2.0
 * foe_inside.h - what the files of the test peer share. */
#ifndef HF_TEST_FOE_INSIDE_H
#define HF_TEST_FOE_INSIDE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "foe.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

enum { HASH = 32, SUITE = 0x1301, COOKIE_N = 6, X_NAME = 0, X_COOKIE = 44 };
extern const uint8_t retry_random[32], test_cookie[COOKIE_N];

static inline hf_view view(const void *p, size_t n)
{
    return (hf_view){p, n};
}

/* ---- foe.c ---- */
/* The next message of the engine, in p->msg; false: none came (the engine has failed, or waits). */
bool next_message(struct foe *p);
/* The next message must be this one; it is added to the transcript. */
bool    expect(struct foe *p, uint8_t type);
hf_view ext_of(const struct bytes *m, uint16_t type);
void    keep_leaf(struct foe *p, size_t at); /* at: where its length stands in p->msg */
void    ccs(struct foe *p);

/* ---- foe_keys.c ---- */
void half_key(struct half *h, const uint8_t secret[HASH], bool sealing);
void handshake_secrets(struct foe *p, hf_view shared);
void application_secrets(struct foe *p);
void foe_expand(const uint8_t secret[HASH], const char *label, hf_view context, uint8_t *out, size_t n);
void resumption_secret_of(struct foe *p); /* after the client's Finished */
void foe_finished_mac(const struct foe *p, const uint8_t traffic[HASH], uint8_t out[HASH]);

/* ---- foe_psk.c ---- */
void ext_psk(const struct foe *p,
             struct bytes     *m); /* the last of a ClientHello; its binder comes when the rest stands */
void fill_binder(const struct foe *p, struct bytes *m);
void ext_psk_chosen(const struct foe *p, struct bytes *m);
/* The message at hand, a hello of the engine, goes on from our session. */
bool session_taken_up(const struct foe *p);

/* ---- foe_rec.c ---- */
/* All that the engine has to say is collected at once, as a socket would do it. */
void collect(struct foe *p);

/* ---- foe_msg.c ---- */
void                 send_message(struct foe *p, struct bytes *m);
struct bytes         foe_new_message(uint8_t type, const void *body, size_t n);
void                 ext(struct bytes *m, unsigned type, unsigned prefix, const void *p, size_t n);
void                 ext_name(struct bytes *m);
void                 ext_raw(const struct foe *p, struct bytes *m); /* where it shows a raw key */
const struct minted *own_leaf(const struct foe *p);
enum { SIG_ALGS_N = 14 };
extern const uint8_t sig_algs[SIG_ALGS_N];
void                 start_transcript(struct foe *p);
void                 retry_transcript(struct foe *p);
void                 new_share(struct foe *p, uint16_t group);
size_t               signed_bytes(const struct foe *p, bool by_server, uint8_t tbs[130]);
void                 send_client_hello(struct foe *p, bool second);
void                 send_server_hello(struct foe *p, bool retry);
void                 send_enc_exts(struct foe *p);
void                 send_cert_request(struct foe *p);
void                 send_certificate(struct foe *p);
void                 send_cert_verify(struct foe *p);
void                 send_finished(struct foe *p);

#endif
