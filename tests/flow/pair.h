/* SPDX-License-Identifier: Apache-2.0
 *
 * pair.h - two engines, a client and a server, joined in memory. What one writes the other reads, whole or in
 * pieces of a given size; where an engine waits (signature, verdict), the pair answers as the test has set it.
 */
#ifndef HF_TEST_PAIR_H
#define HF_TEST_PAIR_H
#include "bytes.h"
#include "common/mint.h"

enum side { CLIENT, SERVER };

struct pair;
struct pair_how {
    uint16_t             version; /* 0: TLS 1.3 */
    enum hf_demand       demand;  /* of the server */
    bool                 no_cert; /* the client has none */
    enum mint_kind       leaves;
    uint16_t             groups[2][4], suites[2][4]; /* ended by 0; none: the default */
    const char          *alpn[2][4];                 /* ended by NULL */
    unsigned             padding;                    /* of both */
    size_t               chunk;                      /* bytes carried at a time; 0: all there is */
    const char          *host;                       /* NULL: MINT_HOST */
    bool                 external[2];                /* the key of this side is outside */
    bool                 wont_sign[2];               /* ... and the signer says no */
    bool                 verdict[2];                 /* this side asks for a verdict */
    bool                 deny[2];                    /* ... and it is no */
    bool                 trace, keylog, cold;
    bool                 crl;        /* both want a CRL of every issuer, and have it */
    bool                 sessions;   /* tickets are given and kept */
    uint32_t             lifetime_s; /* of tickets; 0: two hours */
    unsigned             n_tickets;  /* 0: one */
    const struct minted *client;     /* the client's leaf; NULL: the PKI's */

    const struct minted_pki *pki; /* NULL: pair_pki(leaves) */
    /* More settings of one side, before the seal; cred: its credential, NULL: none. */
    void (*set)(const struct pair *p, enum side side, hf_config *c, hf_cred *cred);
    const void *ctx; /* of set */
};

struct pair {
    const struct pair_how   *how;
    const struct minted_pki *pki;
    hf_config               *cfg[2];
    hf_conn                 *conn[2];
    unsigned                 want[2];
    struct bytes             got[2];                     /* data that this side received */
    struct bytes             carried[2];                 /* all bytes this side has sent, when `keep` */
    size_t                   signatures[2], verdicts[2]; /* how often it waited */
    int64_t                  later_ms;                   /* than MINT_NOW_MS */
    hf_tickets              *tickets;
    struct bytes             session;      /* that the next connection is to go on from */
    bool                     keep, cut[2]; /* cut: nothing from this side is carried any more */
};

/* The PKI with leaves of this kind; made once, freed by pair_forget, the teardown of every test program here. */
const struct minted_pki *pair_pki(enum mint_kind leaves);
int                      pair_forget(void **state);
/* Sealed configs and two new connections. */
void pair_config(struct pair *p, const struct pair_how *how);
void pair_connect(struct pair *p);
/* Another config for one side, as p->how is now, with this trust. */
void pair_reconfigure(struct pair *p, enum side side, hf_trust *take);
/* Takes the client's session for the next connection; there must be one. */
void pair_keep_session(struct pair *p);
void pair_open(struct pair *p, const struct pair_how *how);
/* Carries and steps until nothing moves. True: both are open (or closed in order). */
bool pair_run(struct pair *p);
void pair_disconnect(struct pair *p);
void pair_close(struct pair *p);
/* Sends n bytes of a pattern from one side, however many rounds it takes; they must arrive. */
void pair_send(struct pair *p, enum side from, size_t n);
/* The handshake completed and both are what they should be to each other; fails the test when not. */
void pair_proven(struct pair *p);
/* This check at this side, and the other side told so by this alert (HF_NO_ALERT: not told). */
void pair_refused(struct pair *p, enum side by, uint16_t check, uint8_t alert);

#endif
