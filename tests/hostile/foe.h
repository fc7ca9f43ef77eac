/* SPDX-License-Identifier: Apache-2.0
 *
 * foe.h - a peer of the tests' own, of TLS 1.3 and TLS 1.2: client or server, straight down the page, AES-128-GCM and
 * SHA-256 with X25519 or P-256. It shares nothing with src/tls: its messages, key schedule and records are written from
 * RFC 9846 and RFC 5246 alone, over the hashes and the key exchange of src/crypto and the signatures of libcrypto. Where it
 * behaves it is a second opinion on the engine; where a test wants it to, it deviates.
 *
 * Every message it sends passes through `on_send` first, which may change it, drop it (m->n = 0) or send
 * something before it. The peer's own transcript follows what was really sent, so that a deviation is refused
 * for what it is and not for a Finished that no longer fits.
 */
#ifndef HF_TEST_FOE_H
#define HF_TEST_FOE_H
#include "bytes.h"
#include "common/mint.h"
#include "crypto/crypto.h"

enum {
    MSG_CLIENT_HELLO         = 1,
    MSG_SERVER_HELLO         = 2,
    MSG_HELLO_REQUEST        = 0,
    MSG_SESSION_TICKET       = 4,
    MSG_END_OF_EARLY_DATA    = 5,
    MSG_ENCRYPTED_EXTENSIONS = 8,
    MSG_CERTIFICATE          = 11,
    MSG_SERVER_KEY_EXCHANGE  = 12,
    MSG_CERTIFICATE_REQUEST  = 13,
    MSG_SERVER_HELLO_DONE    = 14,
    MSG_CERTIFICATE_VERIFY   = 15,
    MSG_CLIENT_KEY_EXCHANGE  = 16,
    MSG_FINISHED             = 20,
    MSG_KEY_UPDATE           = 24,
    MSG_MESSAGE_HASH         = 254,

    REC_CCS       = 20,
    REC_ALERT     = 21,
    REC_HANDSHAKE = 22,
    REC_DATA      = 23
};

/* One direction under one key. */
struct half {
    bool         on; /* TLS 1.2: with ChangeCipherSpec */
    uint8_t      secret[32], iv[12];
    struct aead *aead;
    uint64_t     seq;
};

/* What a connection leaves to a later one. */
struct foe_session {
    struct bytes ticket;
    uint32_t     age_add;
    uint8_t      psk[32];
};

struct foe {
    /* set before it runs */
    hf_conn                 *engine;
    const struct minted_pki *pki;
    const struct minted     *leaf;       /* what it presents; NULL: the pki's own */
    uint16_t                 scheme;     /* of its CertificateVerify; 0: ecdsa_secp256r1_sha256 */
    bool                     raw;        /* it shows its leaf's key alone (RFC 7250), and says so */
    bool                     no_cert;    /* client: an empty Certificate; server: no CertificateRequest */
    bool                     retry;      /* client: no share at first; server: asks for P-256 with a cookie */
    bool                     one_record; /* a flight goes out in as few records as possible */
    size_t                   fragment;   /* bytes of handshake in one record at most; 0: a message a record */
    size_t                   wire_step;  /* bytes of the wire delivered to the engine at a time; 0: all */
    struct foe_session *session; /* TLS 1.3: it would take a ticket, and offers or takes up the one that is in it */
    void (*on_send)(struct foe *p, uint8_t type, struct bytes *m);
    void *ctx; /* of on_send */

    bool lenient; /* what it said may have led the two apart: it stops then (`lost`) and does not fail the test */

    bool     both;    /* foe12_server: its random says that it could do more */
    uint16_t suite12; /* TLS 1.2: 0: ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 */

    /* while it runs */
    bool         v12;
    uint8_t      master[48];
    struct bytes all; /* TLS 1.2: all handshake messages */
    bool         server, ended;
    struct half  in, out;
    struct hash  transcript;
    struct kx   *kx;
    uint16_t     group;
    uint8_t      session_id[32], stage[32], client_hs[32], server_hs[32], client_ap[32], server_ap[32], exporter[32],
        resumption[32];
    size_t       session_id_n;
    struct bytes wire;   /* from the engine, not looked at yet */
    struct bytes got;    /* handshake bytes of the engine */
    struct bytes flight; /* handshake bytes that wait for one record */
    struct bytes tail;   /* what on_send wants behind its message in the same record, outside the transcript */
    struct bytes hello;  /* the engine's (as server) or own (as client) first ClientHello */
    struct bytes msg;    /* the message that was read last */
    struct bytes cert;   /* the engine's leaf, DER */
    struct bytes data;   /* application data received */
    unsigned     records;
    bool         resumed;
    bool         asked;        /* client: the engine sent CertificateRequest */
    uint8_t      finished[36]; /* its own Finished, as sent */

    /* what came of it */
    bool lost;         /* lenient only: the engine's answer does not fit, or cannot be opened */
    bool done;         /* both Finished went through and were good */
    int  alert, level; /* the last alert of the engine, -1: none */
};

/* The whole handshake; afterwards p->done or p->alert. Fails the running test only when the engine misbehaves:
 * a wrong Finished, signature, or unreadable record. */
void foe_client(struct foe *p);
void foe_server(struct foe *p);
/* The same in TLS 1.2; p->retry does not exist there. */
void foe12_client(struct foe *p);
void foe12_server(struct foe *p);
void foe_free(struct foe *p);
/* The engine must have done this; a lenient peer stops when it has not. Returns ok. */
bool foe_expects(struct foe *p, bool ok, const char *what);

/* After a handshake of TLS 1.3: the client takes the next ticket of the engine (false: there is none), the server gives one. */
bool foe_take_ticket(struct foe *p, struct foe_session *s);
void foe_give_ticket(struct foe *p, struct foe_session *s);
void foe_session_free(struct foe_session *s);

/* ---- pieces, for deviations ---- */
/* Bytes to the engine, then its answer is collected. */
void foe_raw(struct foe *p, const void *bytes, size_t n);
/* One record, protected when keys are in use. */
void foe_record(struct foe *p, uint8_t type, const void *body, size_t n);
/* The same with everything in the hand: inner type, padding, outer type and version. */
void foe_record_as(struct foe *p, uint8_t outer, unsigned version, uint8_t inner, const void *body, size_t n,
                   size_t pad);
/* A record in plaintext, whatever keys there are. */
void foe_plain(struct foe *p, uint8_t type, const void *body, size_t n);
/* A message with this body: into the transcript and out. */
void foe_message(struct foe *p, uint8_t type, const void *body, size_t n);
/* A message that does not count for the transcript. */
void foe_stray(struct foe *p, uint8_t type, const void *body, size_t n);
void foe_flush(struct foe *p);
/* The SubjectPublicKeyInfo of a leaf behind a length of three bytes. */
void put_raw_key(const struct minted *leaf, struct bytes *m);
/* Collects records: alerts, data. */
void foe_read(struct foe *p);
/* The next generation of its sending or receiving keys. */
void foe_update(struct half *h, bool sealing);
/* The transport ends. */
void foe_hang_up(struct foe *p);
/* The exporter of RFC 9846 7.5 by the peer's own schedule. */
void foe_export(const struct foe *p, const char *label, hf_view context, uint8_t *out, size_t n);
void foe_transcript_hash(const struct foe *p, uint8_t out[32]);

#endif
