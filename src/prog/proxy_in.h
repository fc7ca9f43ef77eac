/* SPDX-License-Identifier: Apache-2.0
 * proxy_in.h - the insides of a proxied connection, shared by proxy.c and pass_bytes.c. */
#ifndef HF_PROG_PROXY_IN_H
#define HF_PROG_PROXY_IN_H
#include <netinet/in.h>

#include "prog/admission.h"
#include "prog/http_in.h"
#include "prog/loop.h"
#include "prog/side.h"

enum stage { REACHING, HANDSHAKE, OPEN, PARTING, OVER };

struct proxy {
    struct worker   *worker;
    struct proxy    *next, *prev;
    struct side      tls, plain;
    uv_timer_t       timer;
    hf_conn         *conn;
    enum stage       stage;
    struct admission admission;
    struct seat      seat;
    unsigned         changes;                 /* of the gate's configuration, when its own was taken */
    int64_t          expires_ms;              /* the peer's certificate, once open; INT64_MAX: it has none */
    unsigned         closing;                 /* handles whose close callback has not come */
    unsigned         dial_at;                 /* which of the target's addresses */
    bool             dial_again;              /* the next one, when the handle of the last one is closed */
    bool             asking;                  /* the answer comes before the question has returned */
    bool             opened, told;            /* the handshake was completed; the line was written */
    bool             close_sent, peer_closed; /* close_notify, ours and theirs */
    struct wr        first;                   /* for the plain side, before what the engine holds */
    size_t           first_at;                /* of it, what has gone */
    struct http_in  *http;                    /* NULL: bytes pass as they are */
    struct mem       mem;                     /* of first */
    uint8_t         *left;                    /* plain bytes that the engine did not take yet */
    size_t           left_at, left_n;
    uint64_t         bytes_in, bytes_out;
    uint64_t         passed; /* of both, when it was last looked whether the connection is quiet */
    size_t           drained;
    int64_t          began_ms;
    uint64_t         began_ns; /* of the clock that never jumps */
    struct {
        union {
            struct sockaddr     sa;
            struct sockaddr_in6 v6;
        } at;
        socklen_t len;
    } from;
};

static inline const struct gate *gate_of(const struct proxy *p)
{
    return p->worker->gate;
}

/* ---- proxy.c ---- */
/* What was waited for has come: everything that can be done now is done. */
void proxy_go_on(struct proxy *p);

/* ---- greet.c: what the service is told before the client speaks ---- */
bool greet(struct proxy *p); /* false: memory is out */
/* Nothing waits for the plain side, neither here nor in the engine. */
bool pass_all_told(const struct proxy *p);

/* ---- pass_bytes.c: each returns whether anything moved, or may move on ---- */
bool pass_flush(struct proxy *p);      /* engine -> TLS socket */
bool pass_deliver(struct proxy *p);    /* engine -> plain socket */
bool pass_left(struct proxy *p);       /* plain bytes that had to wait -> engine */
bool pass_read_tls(struct proxy *p);   /* one read; false: enough for this event */
bool pass_read_plain(struct proxy *p); /* one read; false: enough for this event */
/* Reads and forgets, after a failure; how many bytes. */
size_t pass_drain(struct proxy *p);
/* New lines for the key log, if one is kept. */
void pass_keylog(struct proxy *p);

#endif
