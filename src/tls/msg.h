/* SPDX-License-Identifier: Apache-2.0
 *
 * msg.h - the handshake messages of TLS 1.3: structs of views, readers and writers (RFC 9846 4).
 *
 * Readers take the whole message, its 4-byte header included, so that offsets count from its first byte;
 * they parse and check what the message alone can tell, and have no side effects.
 * Writers append a whole message, header included.
 */
#ifndef HF_TLS_MSG_H
#define HF_TLS_MSG_H
#include "base/limits.h"
#include "tls/ext.h"
#include "tls/psk.h"
#include "tls/suite.h"

enum { MSG_HEADER = 4, RANDOM_BYTES = 32, SESSION_ID_MAX = 32 };

/* A reader behind the header of a message; malformed: raised when the message ends too early. */
struct rd msg_body(hf_view msg, struct report *rep, enum check malformed);
size_t    msg_open(struct wr *w, uint8_t type);
void      msg_close(struct wr *w, size_t mark);

/* ---- ClientHello (4.2.2) ---- */
struct client_hello {
    uint16_t    legacy_version;
    hf_view     random, session_id, suites, compression;
    struct exts x;
};
bool client_hello_read(struct client_hello *m, hf_view msg, struct report *rep);

struct client_hello_out {
    const uint8_t *random;
    hf_view        session_id, suites, groups, sig_algs, sig_algs_cert, alpn, versions, cookie;
    bool           tickets; /* they are asked for; with TLS 1.2 by sending ticket, empty or not */
    hf_view        ticket;  /* to resume by in TLS 1.2 */
    struct {
        hf_view  identity;
        uint32_t age;      /* obfuscated */
        size_t   binder_n; /* bytes; the binders are left zero: the last bytes of the message */
    } psk[PSKS_OFFERED];
    size_t      n_psk;
    const char *server_name;                /* NULL: none */
    bool        tls12;                      /* TLS 1.2 is offered too (versions empty: it alone) */
    bool        status;                     /* an OCSP response is asked for */
    uint16_t    record_size;                /* 0: not announced */
    hf_view     ca_names;                   /* DistinguishedName vectors; empty: none */
    hf_view     zips;                       /* compress_certificate; empty: none */
    hf_view     client_types, server_types; /* certificate types; empty: not announced */
    struct {
        uint16_t group;
        hf_view  share;
    } shares[2];
    size_t n_shares;
};
uint32_t client_hello_write(struct wr *w, const struct client_hello_out *m); /* -> what it offered (enum ext_known) */

/* ---- ServerHello and HelloRetryRequest (4.2.3, 4.2.4) ---- */
struct server_hello {
    bool        retry;
    uint16_t    legacy_version, suite;
    uint8_t     compression;
    uint32_t    suite_at; /* offset in the message; compression stands behind it */
    hf_view     random, session_id;
    struct exts x;
};
bool hello_is_retry(hf_view random); /* the random of a ServerHello says that it is a HelloRetryRequest */
bool server_hello_read(struct server_hello *m, hf_view msg, uint32_t offered, struct report *rep);

struct server_hello_out {
    const uint8_t *random; /* NULL: a HelloRetryRequest */
    hf_view        session_id;
    uint16_t       suite, group;
    hf_view        share;
    bool           psk; /* pre_shared_key is answered */
    uint16_t       psk_selected;
};
void server_hello_write(struct wr *w, const struct server_hello_out *m);

/* ---- EncryptedExtensions (4.4.1) ---- */
bool enc_exts_read(struct exts *x, hf_view msg, uint32_t offered, struct report *rep);
struct enc_exts_out {
    bool     server_name;
    hf_view  alpn;
    uint16_t record_size;                /* 0: not announced */
    hf_view  client_types, server_types; /* one each, or none */
};
void enc_exts_write(struct wr *w, const struct enc_exts_out *m);
/* client_certificate_type and server_certificate_type of an answer; empty: nothing. */
void cert_types_write(struct wr *w, hf_view client, hf_view server);
/* record_size_limit; 0: nothing. */
void record_size_write(struct wr *w, uint16_t limit);

/* ---- CertificateRequest (4.4.2) ---- */
struct cert_request {
    hf_view     context;
    struct exts x;
};
bool cert_request_read(struct cert_request *m, hf_view msg, struct report *rep);
struct cert_request_out {
    hf_view context, sig_algs, sig_algs_cert;
    hf_view names;   /* DistinguishedName vectors, may be empty */
    bool    status;  /* an OCSP response is asked for */
    hf_view zips;    /* compress_certificate; empty: none */
    hf_view filters; /* OIDFilter entries; empty: none */
};
void cert_request_write(struct wr *w, const struct cert_request_out *m);

/* ---- Certificate (4.5.1) ---- */
struct certificate {
    hf_view context;
    hf_view chain[LIMIT_CHAIN]; /* DER, leaf first; or one raw public key */
    size_t  n;
    hf_view staple; /* the OCSPResponse for the leaf; empty: none */
};
bool certificate_read(struct certificate *m, hf_view msg, uint32_t offered, struct report *rep);
void certificate_write(struct wr *w, const struct certificate *m);

/* A CompressedCertificate (RFC 8879) as the Certificate message it stands for, owned by mem; empty: it cannot be. */
hf_view packed_open(hf_view msg, struct mem *mem);

/* ---- CertificateVerify (4.5.2) ---- */
struct cert_verify {
    uint16_t scheme;
    hf_view  signature;
};
bool cert_verify_read(struct cert_verify *m, hf_view msg, struct report *rep);
void cert_verify_write(struct wr *w, uint16_t scheme, hf_view signature);
/* What is signed: 64 spaces, the context string, a zero byte, the transcript hash. Returns its length. */
enum { TBS_MAX = 2 * RANDOM_BYTES + 4 + 255 }; /* TLS 1.2: two randoms, the parameters; in TLS 1.3 it is less */
size_t cert_verify_tbs(bool by_server, const uint8_t *transcript, size_t hash_n, uint8_t out[TBS_MAX]);

/* ---- Finished (4.5.3), KeyUpdate (4.7.3), NewSessionTicket (4.7.1) ---- */
bool finished_read(hf_view *verify_data, hf_view msg, size_t hash_n, struct report *rep);
void finished_write(struct wr *w, const uint8_t *verify_data, size_t n);
bool key_update_read(bool *requested, hf_view msg, struct report *rep);
void key_update_write(struct wr *w, bool request);
struct new_ticket {
    uint32_t lifetime_s, age_add;
    hf_view  nonce, ticket;
};
bool session_ticket_read(struct new_ticket *m, hf_view msg, struct report *rep);
void session_ticket_write(struct wr *w, const struct new_ticket *m);

#endif
