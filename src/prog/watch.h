/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.h - TLS as it can be seen from outside: the two byte streams of a connection, and secrets of a key log where
 * there are any, become the story of the connection in the order it happened.
 *
 * Invariants:
 *   1. Records are opened by the record layer's own code (rec.h), each direction under the key that is due.
 *   2. What cannot be opened is told as sealed, with its size; nothing is guessed about what it holds.
 *   3. Views live as long as the struct watched.
 */
#ifndef HF_PROG_WATCH_H
#define HF_PROG_WATCH_H
#include "prog/keyfile.h"
#include "prog/tcp.h"

enum seen_kind {
    SEEN_CLEAR,   /* bytes before TLS: a greeting, a PROXY header, another protocol */
    SEEN_MESSAGE, /* a handshake message; bytes: whole */
    SEEN_CHANGE,  /* change_cipher_spec */
    SEEN_ALERT,   /* bytes: level and description */
    SEEN_DATA,    /* application data, opened; bytes: the first of it */
    SEEN_SEALED,  /* records that cannot be opened here */
    SEEN_BROKEN,  /* no record: why says so; nothing behind it can be read */
    SEEN_HOLE,    /* bytes are missing in the capture; nothing behind it can be read */
    SEEN_FIN,
    SEEN_RST
};

struct seen {
    enum seen_kind kind;
    bool           by_client;
    bool           sealed;  /* it came under record protection */
    bool           partial; /* a message that did not come to its end */
    uint8_t        type;    /* MESSAGE: handshake type; SEALED: the record's outer type */
    int64_t        at_us;
    hf_view        bytes;
    hf_view        plain;      /* of a CompressedCertificate: the Certificate in it; empty: it could not be unpacked */
    size_t         n, records; /* bytes on the wire (DATA: of content) and records, of all that was put together here */
    size_t         first;      /* SEALED: bytes of the first of them */
    enum check     why;
};

/* Why what is sealed stays so. */
enum sealed_why {
    SEALED_NOT,
    SEALED_NO_KEYFILE,
    SEALED_NOT_LOGGED, /* this connection is not in the key log */
    SEALED_SUITE,      /* a suite that we do not have */
    SEALED_MISFIT      /* the logged keys do not open it */
};

struct watched {
    struct mem             mem;
    struct seen           *seen;
    size_t                 n, cap;
    bool                   tls;     /* a hello of either side was found */
    bool                   swapped; /* the connection's side[1] is the client */
    bool                   cut;     /* memory was out: the end is missing */
    const struct tcp_conn *conn;
    uint8_t                client_random[RANDOM_BYTES], server_random[RANDOM_BYTES];
    uint16_t               version, suite;              /* 0: unknown */
    bool                   retried, resumed, opened[2]; /* opened: something of this side was, by the key log */
    enum sealed_why        sealed;
};

/* keys: NULL: there is no key log. */
void watch(struct watched *w, const struct tcp_conn *c, const struct keyfile *keys);
void watch_free(struct watched *w);
/* For tcp_open: the connection may hold TLS. */
bool watch_worth(const struct tcp_conn *c);

#endif
