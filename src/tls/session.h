/* SPDX-License-Identifier: Apache-2.0
 *
 * session.h - what a later connection needs in order to go on from an earlier one: the secret, and who the peer
 * was. One form serves both ends and both versions: a server seals it into the ticket (tickets.c), a client keeps
 * it, with the ticket, as the bytes of hf_conn_session.
 *
 * It holds the peer's whole Certificate message, so that a resumed connection has the same hf_peer and can be
 * judged as strictly as the first one. It holds no verdict.
 */
#ifndef HF_TLS_SESSION_H
#define HF_TLS_SESSION_H
#include "base/rd.h"
#include "base/wr.h"
#include "tls/msg.h"

enum { SESSION_SECRET_MAX = 48, OWN_DIGEST = 32 };

struct session {
    uint16_t version, suite, group, peer_scheme;
    uint32_t age_add;     /* TLS 1.3: hides the age of the ticket on the wire */
    uint32_t lifetime_s;  /* of the ticket, from made_ms on */
    int64_t  made_ms;     /* the ticket: made (server), received (client) */
    int64_t  proven_ms;   /* the full handshake, in which the peer proved its key */
    uint64_t epoch;       /* server: of the trust that the peer was judged by then */
    hf_view  secret;      /* the PSK, or the master secret of TLS 1.2 */
    hf_view  server_name; /* sent (client) or asked for (server) */
    hf_view  certificate; /* the peer's Certificate message; empty: it gave none */
    bool     raw;         /* there is a raw public key in it */
    hf_view  own;         /* client: digest of the Certificate message it gave; empty: none */
    hf_view  ticket;      /* client: the server's; empty: it remembers the session under session_id (TLS 1.2) */
    hf_view  session_id;  /* client */
};

void session_write(struct wr *w, const struct session *s);
/* Views go into bytes. False (SESSION_BROKEN): these are not what session_write wrote. */
bool session_read(struct session *s, hf_view bytes, struct report *rep);

#endif
