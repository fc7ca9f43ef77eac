/* SPDX-License-Identifier: Apache-2.0
 *
 * flow.c - the state machine of the handshake, as two tables (RFC 9846 appendix A).
 *
 *   client                                            server
 *   C_START --(ClientHello)-->                        S_WAIT_CLIENT_HELLO <-- ClientHello [-> SECOND_HELLO]
 *   C_WAIT_SERVER_HELLO <-- ServerHello [retry]       S_FLIGHT --(ServerHello .. Certificate)-->
 *   C_WAIT_ENC_EXTS <-- EncryptedExtensions           S_SIGN   (waits for the signer, if outside)
 *   C_WAIT_REQUEST_OR_CERT <-- CertificateRequest     S_FINISH --(CertificateVerify, Finished)-->
 *   C_WAIT_CERT <-- Certificate                       S_WAIT_CERT <-- Certificate [empty]
 *   C_WAIT_CERT_VERIFY <-- CertificateVerify          S_WAIT_CERT_VERIFY <-- CertificateVerify
 *   C_WAIT_FINISHED <-- Finished                      S_WAIT_FINISHED <-- Finished
 *   C_VERDICT (waits for the caller, if asked)        S_VERDICT (waits for the caller, if asked)
 *   C_FLIGHT, C_SIGN, C_FINISH --(.. Finished)-->     S_OPEN
 *   C_OPEN
 */
#include <string.h>

#include "base/limits.h"
#include "tls/conn.h"

/* state, message -> handler -> next; `other` where the handler may say so. */
static const struct edge {
    enum state state;
    uint8_t    message;
    enum turn (*on)(hf_conn *c, hf_view msg);
    enum state next, other, older, short_, short_ticket;
} edges[] = {
    {C_WAIT_SERVER_HELLO, HT_SERVER_HELLO, on_server_hello, C_WAIT_ENC_EXTS, C_START, C12_WAIT_CERT,
     C12_SHORT_WAIT_CHANGE, C12_SHORT_WAIT_TICKET},
    {C_WAIT_ENC_EXTS, HT_ENCRYPTED_EXTENSIONS, on_enc_exts, C_WAIT_REQUEST_OR_CERT, C_WAIT_FINISHED},
    {C_WAIT_REQUEST_OR_CERT, HT_CERTIFICATE, on_certificate, C_WAIT_CERT_VERIFY},
    {C_WAIT_REQUEST_OR_CERT, HT_CERTIFICATE_REQUEST, on_cert_request, C_WAIT_CERT},
    {C_WAIT_CERT, HT_CERTIFICATE, on_certificate, C_WAIT_CERT_VERIFY},
    {C_WAIT_REQUEST_OR_CERT, HT_COMPRESSED_CERTIFICATE, on_packed_certificate, C_WAIT_CERT_VERIFY},
    {C_WAIT_CERT, HT_COMPRESSED_CERTIFICATE, on_packed_certificate, C_WAIT_CERT_VERIFY},
    {C_WAIT_CERT_VERIFY, HT_CERTIFICATE_VERIFY, on_cert_verify, C_WAIT_FINISHED},
    {C_WAIT_FINISHED, HT_FINISHED, on_finished, C_VERDICT},
    {S_WAIT_CLIENT_HELLO, HT_CLIENT_HELLO, on_client_hello, S_FLIGHT, S_WAIT_SECOND_HELLO, S12_FLIGHT},
    {S_WAIT_SECOND_HELLO, HT_CLIENT_HELLO, on_client_hello, S_FLIGHT},
    {S_WAIT_CERT, HT_CERTIFICATE, on_certificate, S_WAIT_CERT_VERIFY, S_WAIT_FINISHED},
    {S_WAIT_CERT, HT_COMPRESSED_CERTIFICATE, on_packed_certificate, S_WAIT_CERT_VERIFY, S_WAIT_FINISHED},
    {S_WAIT_CERT_VERIFY, HT_CERTIFICATE_VERIFY, on_cert_verify, S_WAIT_FINISHED},
    {S_WAIT_FINISHED, HT_FINISHED, on_finished, S_VERDICT},
    {C_OPEN, HT_NEW_SESSION_TICKET, on_session_ticket, C_OPEN},
    {C_OPEN, HT_KEY_UPDATE, on_key_update, C_OPEN},
    {S_OPEN, HT_KEY_UPDATE, on_key_update, S_OPEN},
    /* TLS 1.2 */
    {C12_WAIT_CERT, HT_CERTIFICATE, on_certificate, C12_WAIT_SERVER_KX, C12_WAIT_STATUS},
    {C12_WAIT_STATUS, HT_CERTIFICATE_STATUS, on_cert_status, C12_WAIT_SERVER_KX},
    {C12_WAIT_STATUS, HT_SERVER_KEY_EXCHANGE, on_server_kx_unstapled, C12_WAIT_REQUEST_OR_DONE},
    {C12_WAIT_SERVER_KX, HT_SERVER_KEY_EXCHANGE, on_server_kx, C12_WAIT_REQUEST_OR_DONE},
    {C12_WAIT_REQUEST_OR_DONE, HT_CERTIFICATE_REQUEST, on_cert_request12, C12_WAIT_DONE},
    {C12_WAIT_REQUEST_OR_DONE, HT_SERVER_HELLO_DONE, on_server_done, C12_VERDICT},
    {C12_WAIT_DONE, HT_SERVER_HELLO_DONE, on_server_done, C12_VERDICT},
    {C12_WAIT_TICKET, HT_NEW_SESSION_TICKET, on_ticket12, C12_WAIT_CHANGE},
    {C12_WAIT_CHANGE, HT_CHANGE_CIPHER_SPEC, on_change_cipher, C12_WAIT_FINISHED},
    {C12_WAIT_FINISHED, HT_FINISHED, on_finished12, C12_OPEN},
    {C12_SHORT_WAIT_TICKET, HT_NEW_SESSION_TICKET, on_ticket12, C12_SHORT_WAIT_CHANGE},
    {C12_SHORT_WAIT_CHANGE, HT_CHANGE_CIPHER_SPEC, on_change_cipher, C12_SHORT_WAIT_FINISHED},
    {C12_SHORT_WAIT_FINISHED, HT_FINISHED, on_finished12, C12_SHORT_VERDICT},
    {S12_WAIT_CERT, HT_CERTIFICATE, on_certificate, S12_WAIT_CLIENT_KX, S12_WAIT_CLIENT_KX},
    {S12_WAIT_CLIENT_KX, HT_CLIENT_KEY_EXCHANGE, on_client_kx, S12_WAIT_CERT_VERIFY, S12_WAIT_CHANGE},
    {S12_WAIT_CERT_VERIFY, HT_CERTIFICATE_VERIFY, on_cert_verify, S12_WAIT_CHANGE},
    {S12_WAIT_CHANGE, HT_CHANGE_CIPHER_SPEC, on_change_cipher, S12_WAIT_FINISHED},
    {S12_WAIT_FINISHED, HT_FINISHED, on_finished12, S12_VERDICT},
    {S12_SHORT_WAIT_CHANGE, HT_CHANGE_CIPHER_SPEC, on_change_cipher, S12_SHORT_WAIT_FINISHED},
    {S12_SHORT_WAIT_FINISHED, HT_FINISHED, on_finished12, S12_SHORT_VERDICT},
    {C12_OPEN, HT_HELLO_REQUEST, on_renegotiation, C12_OPEN},
    {S12_OPEN, HT_CLIENT_HELLO, on_renegotiation, S12_OPEN},
};

/* state -> what is done in it without a message -> next. */
static const struct act {
    enum state state;
    enum turn (*run)(hf_conn *c);
    enum state next, other;
} acts[] = {
    {C_START, do_client_hello, C_WAIT_SERVER_HELLO},
    {C_VERDICT, do_verdict, C_FLIGHT},
    {C_FLIGHT, do_client_flight, C_SIGN, C_FINISH},
    {C_SIGN, do_sign, C_FINISH},
    {C_FINISH, do_finish, C_OPEN},
    {S_FLIGHT, do_server_flight, S_SIGN, S_FINISH},
    {S_SIGN, do_sign, S_FINISH},
    {S_FINISH, do_finish, S_WAIT_CERT, S_WAIT_FINISHED},
    {S_VERDICT, do_verdict, S_TICKETS},
    {S_TICKETS, do_tickets, S_OPEN},
    {C12_VERDICT, do_verdict, C12_FLIGHT},
    {C12_FLIGHT, do_client_flight12, C12_SIGN, C12_FINISH},
    {C12_SIGN, do_sign, C12_FINISH},
    {C12_FINISH, do_finish12, C12_WAIT_CHANGE, C12_WAIT_TICKET},
    {C12_SHORT_VERDICT, do_verdict, C12_SHORT_FINISH},
    {C12_SHORT_FINISH, do_finish12, C12_OPEN, C12_OPEN},
    {S12_FLIGHT, do_server_flight12, S12_SIGN, S12_SHORT_FINISH},
    {S12_SHORT_FINISH, do_finish12, S12_SHORT_WAIT_CHANGE},
    {S12_SHORT_VERDICT, do_verdict, S12_OPEN},
    {S12_SIGN, do_sign, S12_DONE},
    {S12_DONE, do_server_done12, S12_WAIT_CERT, S12_WAIT_CLIENT_KX},
    {S12_VERDICT, do_verdict, S12_FINISH},
    {S12_FINISH, do_finish12, S12_OPEN},
};

static const char *const state_names[] = {
    [C_START]                  = "client sends ClientHello",
    [C_WAIT_SERVER_HELLO]      = "client waits for ServerHello",
    [C_WAIT_ENC_EXTS]          = "client waits for EncryptedExtensions",
    [C_WAIT_REQUEST_OR_CERT]   = "client waits for CertificateRequest or Certificate",
    [C_WAIT_CERT]              = "client waits for Certificate",
    [C_WAIT_CERT_VERIFY]       = "client waits for CertificateVerify",
    [C_WAIT_FINISHED]          = "client waits for Finished",
    [C_VERDICT]                = "client waits for the verdict on the server",
    [C_FLIGHT]                 = "client sends its Certificate",
    [C_SIGN]                   = "client signs",
    [C_FINISH]                 = "client sends Finished",
    [S_WAIT_CLIENT_HELLO]      = "server waits for ClientHello",
    [S_WAIT_SECOND_HELLO]      = "server waits for the second ClientHello",
    [S_FLIGHT]                 = "server sends ServerHello to Certificate",
    [S_SIGN]                   = "server signs",
    [S_FINISH]                 = "server sends Finished",
    [S_WAIT_CERT]              = "server waits for Certificate",
    [S_WAIT_CERT_VERIFY]       = "server waits for CertificateVerify",
    [S_WAIT_FINISHED]          = "server waits for Finished",
    [S_VERDICT]                = "server waits for the verdict on the client",
    [C_OPEN]                   = "client is open",
    [S_OPEN]                   = "server is open",
    [C12_WAIT_CERT]            = "client waits for Certificate (TLS 1.2)",
    [C12_WAIT_STATUS]          = "client waits for CertificateStatus or ServerKeyExchange",
    [C12_WAIT_SERVER_KX]       = "client waits for ServerKeyExchange",
    [C12_WAIT_REQUEST_OR_DONE] = "client waits for CertificateRequest or ServerHelloDone",
    [C12_WAIT_DONE]            = "client waits for ServerHelloDone",
    [C12_VERDICT]              = "client waits for the verdict on the server",
    [C12_FLIGHT]               = "client sends Certificate and ClientKeyExchange",
    [C12_SIGN]                 = "client signs",
    [C12_FINISH]               = "client sends ChangeCipherSpec and Finished",
    [C12_WAIT_CHANGE]          = "client waits for ChangeCipherSpec",
    [C12_WAIT_FINISHED]        = "client waits for Finished",
    [S12_FLIGHT]               = "server sends ServerHello and Certificate (TLS 1.2)",
    [S12_SIGN]                 = "server signs its key exchange",
    [S12_DONE]                 = "server sends CertificateRequest and ServerHelloDone",
    [S12_WAIT_CERT]            = "server waits for Certificate",
    [S12_WAIT_CLIENT_KX]       = "server waits for ClientKeyExchange",
    [S12_WAIT_CERT_VERIFY]     = "server waits for CertificateVerify",
    [S12_WAIT_CHANGE]          = "server waits for ChangeCipherSpec",
    [S12_WAIT_FINISHED]        = "server waits for Finished",
    [S12_VERDICT]              = "server waits for the verdict on the client",
    [S12_FINISH]               = "server sends ChangeCipherSpec and Finished",
    [C12_OPEN]                 = "client is open",
    [S12_OPEN]                 = "server is open",
    [S_TICKETS]                = "server gives tickets",
    [C12_WAIT_TICKET]          = "client waits for NewSessionTicket",
    [C12_SHORT_WAIT_TICKET]    = "client waits for NewSessionTicket",
    [C12_SHORT_WAIT_CHANGE]    = "client waits for ChangeCipherSpec",
    [C12_SHORT_WAIT_FINISHED]  = "client waits for Finished",
    [C12_SHORT_VERDICT]        = "client waits for the verdict on the server",
    [C12_SHORT_FINISH]         = "client sends ChangeCipherSpec and Finished",
    [S12_SHORT_FINISH]         = "server sends ChangeCipherSpec and Finished",
    [S12_SHORT_WAIT_CHANGE]    = "server waits for ChangeCipherSpec",
    [S12_SHORT_WAIT_FINISHED]  = "server waits for Finished",
    [S12_SHORT_VERDICT]        = "server waits for the verdict on the client",
};

static void enter(hf_conn *c, enum state next)
{
    c->state = next;
    trace_state(&c->trace, state_names[next]);
    if (next != C_OPEN && next != S_OPEN && next != C12_OPEN && next != S12_OPEN)
        return;
    if (!c->open) {
        hs_free(c);
        c->n_empty = 0; /* it counted the ChangeCipherSpecs of the handshake */
    }
    c->open = true;
}

static const struct edge *edge_of(enum state state, uint8_t message)
{
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        if (edges[i].state == state && edges[i].message == message)
            return &edges[i];
    return NULL;
}

uint8_t flow_awaited(const hf_conn *c)
{
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        if (edges[i].state == c->state && !c->open)
            return edges[i].message;
    return HF_NO_MESSAGE;
}

bool flow_act(hf_conn *c)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (acts[i].state != c->state)
            continue;
        c->rep.message = HF_NO_MESSAGE;
        enum turn turn = acts[i].run(c);
        if (turn == NEXT || turn == OTHER)
            enter(c, turn == NEXT ? acts[i].next : acts[i].other);
        return turn == NEXT || turn == OTHER;
    }
    return false;
}

static bool acts_in(enum state state)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (acts[i].state == state)
            return true;
    return false;
}

/* Keys change between messages, and a change of keys is a change of records (RFC 9846 5.1). When it is our turn
 * the peer has nothing more to say: what follows in the record was sent before our answer was known. */
static bool boundary_ok(hf_conn *c, size_t left)
{
    bool turned = c->turned;
    c->turned   = false;
    return !turned || left == 0 || fail(&c->rep, MSG_ACROSS_KEYS, 0, 0, (int64_t)left);
}

/* The edge that leads on from here; NULL: nobody awaits this type now. A ChangeCipherSpec is a record: a
 * handshake message that carries our number for it is not one. */
static const struct edge *awaited(hf_conn *c, uint8_t type, bool is_record)
{
    const struct edge *e = is_record == (type == HT_CHANGE_CIPHER_SPEC) ? edge_of(c->state, type) : NULL;
    if (type == HT_COMPRESSED_CERTIFICATE && !c->cfg->zips.n) /* nobody was told that we take it */
        e = NULL;
    if (!e)
        fail(&c->rep, MSG_UNEXPECTED, 0, flow_awaited(c), type);
    return e;
}

static enum state where_to(const struct edge *e, enum turn turn)
{
    switch (turn) {
    case OTHER:
        return e->other;
    case OLDER:
        return e->older;
    case SHORT:
        return e->short_;
    case SHORT_TICKET:
        return e->short_ticket;
    default:
        return e->next;
    }
}

/* left: how many bytes of the record follow. */
static bool message(hf_conn *c, hf_view msg, size_t left, bool is_record)
{
    c->rep.message = msg.p[0];
    c->rep.cert    = -1;
    trace_message(&c->trace, false, c->rec_in.aead != NULL, msg.p[0], msg);
    const struct edge *e = awaited(c, msg.p[0], is_record);
    if (!e)
        return false;
    enum turn turn = e->on(c, msg);
    if (turn == FAILED)
        return false;
    enter(c, where_to(e, turn));
    c->turned |= acts_in(c->state);
    if (!boundary_ok(c, left))
        return false;
    while (flow_act(c))
        ;
    c->rep.message = HF_NO_MESSAGE;
    return !report_bad(&c->rep);
}

const uint8_t change_cipher_event[MSG_HEADER + 1] = {HT_CHANGE_CIPHER_SPEC, 0, 0, 1, 1};

bool flow_change_cipher(hf_conn *c)
{
    return message(c, (hf_view){change_cipher_event, sizeof change_cipher_event}, 0, true);
}

/* ---- reassembly --------------------------------------------------------------------------------------- */

static size_t size_limit(uint8_t type)
{
    switch (type) {
    case HT_CLIENT_HELLO:
    case HT_SERVER_HELLO:
    case HT_ENCRYPTED_EXTENSIONS:
    case HT_NEW_SESSION_TICKET:
        return LIMIT_MSG_HELLO * 2 + 512;
    case HT_CERTIFICATE:
    case HT_COMPRESSED_CERTIFICATE:
        return LIMIT_MSG_CERTIFICATE;
    case HT_CERTIFICATE_REQUEST:
        return LIMIT_MSG_CERTREQUEST;
    case HT_CERTIFICATE_STATUS:
        return LIMIT_OCSP_BYTES + LIMIT_MSG_OTHER;
    default:
        return LIMIT_MSG_OTHER;
    }
}

/* The size of the message at the start of v, header included; 0: not all of the header is there. */
static size_t size_of(hf_view v)
{
    return v.n < MSG_HEADER ? 0 : MSG_HEADER + ((size_t)v.p[1] << 16 | (size_t)v.p[2] << 8 | v.p[3]);
}

static bool header_ok(hf_conn *c, hf_view v)
{
    size_t n = size_of(v), max = size_limit(v.p[0]);
    c->rep.message = v.p[0];
    if (n > max)
        return fail(&c->rep, MSG_TOO_LARGE, 1, (int64_t)max, (int64_t)n);
    return true;
}

/* Takes whole messages from v; *used says how much. */
static bool take_whole(hf_conn *c, hf_view v, size_t *used)
{
    for (*used = 0;;) {
        hf_view rest = {v.p + *used, v.n - *used};
        size_t  n    = size_of(rest);
        if (n && !header_ok(c, rest))
            return false;
        if (n > rest.n) /* of a type that nobody awaits, the rest is not waited for either */
            return awaited(c, rest.p[0], false);
        if (n == 0)
            return true;
        *used += n;
        if (!message(c, (hf_view){rest.p, n}, v.n - *used, false))
            return false;
    }
}

bool flow_feed(hf_conn *c, hf_view bytes)
{
    size_t used;
    if (c->pending.n == 0) { /* the usual case: whole messages, handled where they lie */
        if (!take_whole(c, bytes, &used))
            return false;
        bytes = (hf_view){bytes.p + used, bytes.n - used};
        if (bytes.n == 0)
            return true;
    }
    if (!c->pending.mem)
        c->pending = wr_grow(&c->mem, LIMIT_MSG_CERTIFICATE + LIMIT_RECORD_PLAINTEXT);
    wr_view(&c->pending, bytes);
    if (c->pending.full)
        return fail(&c->rep, MSG_NO_MEMORY, 0, 0, (int64_t)bytes.n);
    if (!take_whole(c, wr_done(&c->pending), &used))
        return false;
    if (used == c->pending.n) {
        wr_free(&c->pending);
    } else {
        c->pending.n -= used;
        memmove(c->pending.p, c->pending.p + used, c->pending.n);
    }
    return true;
}
