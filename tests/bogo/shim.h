/* SPDX-License-Identifier: Apache-2.0
 *
 * shim.h - the parts of the conformance shim.
 *
 *   plan.c    the command line           setup.c   from the plan to a sealed config
 *   talk.c    bytes in and out, waiting  expect.c  what the open connection must have come to
 *   psk.c     pre-shared keys         rawkey.c  raw public keys
 *   staple.c  OCSP responses          stand_in.c what the linker puts in place of the library's own
 *   session.c what one connection leaves to the next
 *   shim.c    main: one connection after the other
 */
#ifndef HF_TESTS_BOGO_SHIM_H
#define HF_TESTS_BOGO_SHIM_H
#include "plan.h"

struct key;

/* Says what went wrong, for the runner's report; always false. */
bool bad(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- setup.c ---- */
struct setup {
    hf_config  *cfg;
    hf_cred    *cred[CREDS_MAX]; /* owned by cfg */
    struct key *key[CREDS_MAX];  /* where the shim signs itself (-async) */
};
bool setup_make(struct setup *s, const struct plan *p);
void setup_free(struct setup *s);
/* The whole file; NULL: it cannot be read. Freed by the caller. */
char *slurp(const char *file, size_t *n);

/* ---- staple.c ---- */
struct talk;
uint8_t *unbase64(const char *text, size_t *n); /* freed by the caller */
void     staple_config(hf_config *cfg, const struct plan *p);
/* After the seal, which would refuse them. */
void staple_give(struct setup *s, const struct plan *p);
bool staple_expected(const struct talk *t);

/* ---- rawkey.c ---- */
/* The trust, where the plan says which certificate types are taken; false: it does not. */
bool     rawkey_trust(hf_trust *t, const struct plan *p, void (*certificates)(hf_trust *t, const struct plan *p));
hf_cred *rawkey_credential(struct setup *s, size_t i, const struct plan *p);
/* Gives the credentials to the config, where the plan says which types are offered. */
void rawkey_credentials(struct setup *s, const struct plan *p);
bool rawkey_expected(const struct talk *t);

/* ---- stand_in.c ---- */
void stand_in(hf_config *cfg, const struct plan *p);
void stand_in_sealed(struct setup *s);

/* ---- talk.c ---- */
struct talk {
    const struct plan  *plan;
    const struct setup *setup;
    bool                later; /* not the first connection */
    hf_conn            *conn;
    int                 fd;
};
int64_t wall_ms(void);
bool    talk_dial(struct talk *t);
/* Steps until one of `stop` is wanted, data has come, or it is over; -> what is wanted. */
unsigned talk_until(struct talk *t, unsigned stop);
bool     talk_send(struct talk *t, const void *p, size_t n);
/* Ends the open connection with this alert. */
void talk_alert(struct talk *t, uint8_t alert);

/* ---- expect.c ---- */
bool expect_open(const struct talk *t);
/* The first Finished of the handshake; empty: none. */
hf_view first_finished(const hf_conn *c);

/* ---- psk.c ---- */
bool psk_planned(const struct plan *p);
void psk_config(hf_config *cfg, const struct cred_plan *k);
int  psk_used(const hf_conn *c, const struct plan *p); /* which credential, or CRED_NONE */

/* ---- session.c: later: this connection is not the first of the test ---- */
void session_config(hf_config *cfg, const struct plan *p);
void session_offer(hf_conn *c, const struct plan *p);
bool session_take(hf_conn *c, const struct plan *p, bool later);
bool session_expect(const hf_conn *c, const struct plan *p, bool later);
/* Moves the clock on before the next connection. */
void    session_delay(const struct plan *p);
int64_t session_clock(int64_t wall);
void    session_forget(void);

#endif
