/* SPDX-License-Identifier: Apache-2.0
 *
 * live.h - one connection made to be looked at: reached, greeted as its protocol wants it, handshake, a request, and
 * what came of it. explain makes one in full, and some short ones (probes) that differ from it in one thing.
 *
 * In TLS 1.3 our handshake is over before the server has judged our certificate. So the connection goes on: first it
 * listens for a refusal, then it asks for something, then it says goodbye and listens again.
 */
#ifndef HF_PROG_LIVE_H
#define HF_PROG_LIVE_H
#include "prog/addr.h"
#include "prog/http_answer.h"

enum starttls { STARTTLS_NONE, STARTTLS_SMTP, STARTTLS_IMAP, STARTTLS_POSTGRES, STARTTLS_LDAP };

struct live_how {
    const struct addr *target;
    hf_config         *cfg;
    const char        *server_name; /* to send; NULL: none */
    bool               proxy;       /* a PROXY header (version 1) first */
    unsigned           starttls;    /* enum starttls */
    int64_t            timeout_ms;
    int64_t            listen_ms;   /* for a refusal, before anything is asked; 0: some 100 ms */
    hf_view            session;     /* to go on from; empty: none */
    bool               ask;         /* a request follows the handshake */
    const char        *path, *host; /* of that request */
};

/* How it ended. */
enum live_end {
    END_FINE,      /* by close_notify, by us, or the server just says nothing more */
    END_DIAL,      /* never reached */
    END_PRELUDE,   /* the greeting before TLS went wrong */
    END_NOT_TLS,   /* the first bytes are another protocol */
    END_OUR_CHECK, /* a check of ours refused what came */
    END_ALERT,     /* the peer's alert */
    END_CLOSED,    /* the peer's end of TCP, without alert and close_notify */
    END_RESET,
    END_TIMEOUT /* in the handshake */
};

enum { FIRST_BYTES = 256, SAID_TEXT = 160 };

/* What became of it, in plain values: nothing here points into the connection. */
struct outcome {
    enum live_end end;
    hf_why        why;           /* the check, the alert or the system's word; check 0: none */
    bool          open;          /* our side of the handshake is complete */
    bool          answered;      /* after that the server said something of its own: data, a ticket, close_notify */
    bool          asked_data;    /* our request was sent before the end */
    bool          asked;         /* CertificateRequest came */
    bool          sent_cert;     /* a Certificate that was not empty was sent */
    bool          heard;         /* at least one byte came */
    bool          hung_up;       /* it said goodbye after the handshake, before we had asked for anything */
    bool          hello_request; /* the server wanted to renegotiate (TLS 1.2) */
    bool          post_request;  /* CertificateRequest came after the handshake */
    bool          ticket;
    bool          resumed; /* it went on from a session */
    uint16_t      version;
    uint8_t       last, awaited; /* handshake types: the last that came whole, the one to come; HF_NO_MESSAGE: none */
    size_t        n_ca_names, ca_names_bytes;
    int64_t       dial_ms, handshake_ms, done_ms; /* since the start */
    size_t        n_first;
    uint8_t       first[FIRST_BYTES]; /* what came first on the wire */
    char          said[SAID_TEXT];    /* the last line of a greeting (END_PRELUDE) */
    struct answer answer;
};

struct live {
    struct live_how how;
    hf_conn        *conn;
    int             fd;
    char            address[ADDR_TEXT];
    int64_t         began_ms, open_ms;
    struct outcome  out;
    bool            ended;   /* of TCP, from the peer */
    uint8_t        *session; /* the newest that the server's tickets make; as secret as a key */
    size_t          session_n;
};

/* Runs it to its end; l->conn keeps the trace and what was claimed until live_free. */
void live_run(struct live *l, const struct live_how *how);
void live_free(struct live *l);
/* The first steps and the last one alone, for other bytes than TLS. */
bool live_dial(struct live *l, const struct live_how *how);
void live_hang_up(struct live *l);

/* ---- prelude.c: what is said in clear text before TLS ---- */
bool prelude_speak(struct live *l);
/* Raw I/O within the time: all of it, or false. */
bool live_send_all(struct live *l, const void *p, size_t n);
/* One read, within the time; 0: the end, -1: nothing in time or broken. */
long live_read_some(struct live *l, void *p, size_t room);

#endif
