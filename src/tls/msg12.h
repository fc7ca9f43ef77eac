/* SPDX-License-Identifier: Apache-2.0
 * msg12.h - the handshake messages that TLS 1.2 has of its own or in another form (RFC 5246 7.4, RFC 8422 5).
 * The same rules as in msg.h. */
#ifndef HF_TLS_MSG12_H
#define HF_TLS_MSG12_H
#include "tls/msg.h"

struct server_hello12_out {
    const uint8_t *random;
    hf_view        session_id; /* the client's: it is resumed; empty: it is not */
    uint16_t       suite;
    bool           server_name, point_formats, status, ticket; /* ticket: a NewSessionTicket will come */
    hf_view        alpn;
    uint16_t       record_size;                /* 0: not announced */
    hf_view        client_types, server_types; /* certificate types, one each or none */
};
void server_hello12_write(struct wr *w, const struct server_hello12_out *m);

bool certificate12_read(struct certificate *m, hf_view msg, struct report *rep);
void certificate12_write(struct wr *w, const hf_view *chain, size_t n);

/* Certificate with a raw public key (RFC 7250 3); m->n is 0 when there is none. */
bool raw_key12_read(struct certificate *m, hf_view msg, struct report *rep);
void raw_key12_write(struct wr *w, hf_view spki);

/* A Certificate of either kind, for telling: in TLS 1.2 the one with a raw public key is known by its form. */
bool certificate_any_read(struct certificate *m, hf_view msg, bool tls12, struct report *rep);

/* CertificateStatus (RFC 6066 8). */
bool cert_status_read(hf_view *response, hf_view msg, struct report *rep);
void cert_status_write(struct wr *w, hf_view response);

/* ServerKeyExchange (RFC 8422 5.4): params is what is signed behind the two randoms. */
struct server_kx {
    uint8_t  curve_type;
    uint16_t group, scheme;
    hf_view  point, params, signature;
};
bool server_kx_read(struct server_kx *m, hf_view msg, struct report *rep);
void server_kx_params(struct wr *w, uint16_t group, hf_view point);
void server_kx_write(struct wr *w, hf_view params, uint16_t scheme, hf_view signature);

/* CertificateRequest (RFC 5246 7.4.4): into the struct of TLS 1.3, and the certificate types. */
enum { TYPE_RSA_SIGN = 1, TYPE_ECDSA_SIGN = 64 };
bool cert_request12_read(struct cert_request *m, hf_view *types, hf_view msg, struct report *rep);
void cert_request12_write(struct wr *w, hf_view sig_algs, hf_view names);

/* NewSessionTicket (RFC 5077 3.3); an empty ticket is none. */
bool ticket12_read(struct new_ticket *m, hf_view msg, struct report *rep);
void ticket12_write(struct wr *w, uint32_t lifetime_s, hf_view ticket);

bool server_done_read(hf_view msg, struct report *rep);
void server_done_write(struct wr *w);
bool client_kx_read(hf_view *point, hf_view msg, struct report *rep);
void client_kx_write(struct wr *w, hf_view point);

#endif
