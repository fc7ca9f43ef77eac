/* SPDX-License-Identifier: Apache-2.0
 *
 * conn.h - the insides of a connection, shared by the files of this floor.
 *
 * Who does what:
 *   conn.c     the public windows, records in and out, alerts, the end
 *   flow.c     the tables: state x message -> handler -> next; reassembly of messages
 *   client13.c, server13.c, auth13.c   the handlers of TLS 1.3; auth13.c what both ends do alike
 *   resume.c, psk13.c, resume13.c, resume12.c   sessions and pre-shared keys: tickets given and taken, and the peer in them judged again
 *   present.c  our own Certificate and what goes with it; staple.c OCSP responses, ours and the peer's
 *   types.c    certificates or raw public keys; select.c   which credential; peer.c the proven identity; secrets.c exporter and key log
 *
 * Invariants:
 *   1. Handlers return false only after a check was recorded in c->rep.
 *   2. c->hs exists from hf_conn_new to the end of the handshake and never after it.
 *   3. c->peer is made at one place (auth13.c) after the chain was accepted and CertificateVerify verified.
 */
#ifndef HF_TLS_CONN_H
#define HF_TLS_CONN_H
#include "base/trace.h"
#include "tls/config.h"
#include "tls/msg.h"
#include "tls/rec.h"
#include "tls/session.h"

enum state {
    C_START,
    C_WAIT_SERVER_HELLO,
    C_WAIT_ENC_EXTS,
    C_WAIT_REQUEST_OR_CERT,
    C_WAIT_CERT,
    C_WAIT_CERT_VERIFY,
    C_WAIT_FINISHED,
    C_VERDICT,
    C_FLIGHT,
    C_SIGN,
    C_FINISH,
    S_WAIT_CLIENT_HELLO,
    S_WAIT_SECOND_HELLO,
    S_FLIGHT,
    S_SIGN,
    S_FINISH,
    S_WAIT_CERT,
    S_WAIT_CERT_VERIFY,
    S_WAIT_FINISHED,
    S_VERDICT,
    C_OPEN,
    S_OPEN,
    C12_WAIT_CERT, /* TLS 1.2 */
    C12_WAIT_STATUS,
    C12_WAIT_SERVER_KX,
    C12_WAIT_REQUEST_OR_DONE,
    C12_WAIT_DONE,
    C12_VERDICT,
    C12_FLIGHT,
    C12_SIGN,
    C12_FINISH,
    C12_WAIT_CHANGE,
    C12_WAIT_FINISHED,
    S12_FLIGHT,
    S12_SIGN,
    S12_DONE,
    S12_WAIT_CERT,
    S12_WAIT_CLIENT_KX,
    S12_WAIT_CERT_VERIFY,
    S12_WAIT_CHANGE,
    S12_WAIT_FINISHED,
    S12_VERDICT,
    S12_FINISH,
    C12_OPEN,
    S12_OPEN,
    S_TICKETS,
    C12_WAIT_TICKET,
    C12_SHORT_WAIT_TICKET, /* TLS 1.2, resumed */
    C12_SHORT_WAIT_CHANGE,
    C12_SHORT_WAIT_FINISHED,
    C12_SHORT_VERDICT,
    C12_SHORT_FINISH,
    S12_SHORT_FINISH,
    S12_SHORT_WAIT_CHANGE,
    S12_SHORT_WAIT_FINISHED,
    S12_SHORT_VERDICT
};

/* What lives only while the handshake runs. */
struct hs {
    const struct suite *suite; /* NULL until ServerHello */
    struct hash         transcript;
    struct wr           hello;  /* the first ClientHello until the hash is known; TLS 1.2: all messages */
    struct wr           flight; /* our messages that are not in records yet */
    uint8_t             client_random[RANDOM_BYTES], server_random[RANDOM_BYTES], session_id[SESSION_ID_MAX];
    uint8_t             session_id_n;
    uint32_t            offered; /* extensions of our ClientHello (enum ext_known) */
    struct kx          *kx[2];   /* client: the shares it offers */
    uint16_t            share_group[2];
    bool                retried, ccs_sent, asked;
    uint8_t            *cookie;
    size_t              cookie_n;
    struct secret       stage; /* of the key schedule */
    struct secret       client_hs, server_hs, client_ap, server_ap;
    uint8_t             share[KX_SHARE_MAX]; /* server: ours */
    size_t              share_n;
    bool                name_used;                    /* server: a credential was chosen by server_name */
    struct codes        zips;                         /* what both can unpack */
    bool                status_wanted, status_coming; /* our staple by the peer; TLS 1.2: CertificateStatus may come */
    bool                unasked;                      /* server: the client has nothing that we would take */
    hf_view             says_client, says_server;     /* server: the certificate types of its answer */
    const hf_cred      *cred;
    uint16_t            scheme;
    uint8_t             tbs[TBS_MAX], sig[SIG_MAX];
    hf_view             to_sign; /* into tbs or hello */
    size_t              sig_n;
    bool    keep_all, point_formats; /* TLS 1.2: hello holds all messages so far; the client knows point formats */
    uint8_t pre_master[KX_SECRET_MAX], key_block[2 * AEAD_KEY_MAX + 2 * AEAD_NONCE];
    size_t  pre_master_n;
    bool    signed_, denied_to_sign;
    struct valid_path  path;
    struct cert        unverified_leaf;
    const struct cert *leaf;          /* the peer's, once its chain was accepted */
    struct session     session;       /* offered (client), or taken from the ticket (server) */
    uint8_t           *session_bytes; /* what it views */
    bool               offers;        /* client: it is offered */
    hf_view            psk;           /* TLS 1.3: the pre-shared key that is used; empty: none */
    uint16_t           psk_selected;  /* server: which of the client's */
    bool               psk_dhe;       /* server: the client can resume so */
    bool               psk_fits;      /* server: before a retry, one of the client's fitted */
    bool               ticket_due;    /* TLS 1.2: a NewSessionTicket was promised */
    hf_why refused; /* server: the ticket's client, judged again, would not be admitted now; check 0: none */
};

struct keylog {
    uint8_t client_random[RANDOM_BYTES];
    struct {
        const char   *label;
        struct secret s;
    } line[8];
    size_t n, read, secret_n;
    char   text[256];
};

struct hf_conn {
    hf_config          *cfg;
    struct mem          mem, trace_mem;
    struct report       rep;
    struct trace        trace;
    int64_t             now_ms;
    enum state          state;
    struct hs          *hs;
    struct buf          in, out;
    struct rec_dir      rec_in, rec_out;
    struct wr           pending;   /* an incoming handshake message that is not whole yet */
    hf_view             data;      /* plaintext of the record at the start of in */
    size_t              data_wire; /* bytes of in that go with it */
    const struct suite *suite;
    uint16_t            version, group, peer_scheme;
    struct secret       secret_in, secret_out, exporter; /* TLS 1.2: exporter is the master secret */
    struct secret       resumption;
    const struct psk   *psk;       /* the external one that is used, in cfg */
    int64_t             proven_ms; /* when the peer proved its key; resumed: in the first of the connections */
    uint8_t             own[OWN_DIGEST], own_n; /* client: of the Certificate message it gave */
    uint8_t            *session;                /* client: what the newest ticket makes, until it is taken */
    size_t              session_n;
    uint8_t             randoms[2 * RANDOM_BYTES]; /* TLS 1.2 */
    char               *server_name, *alpn;
    hf_peer            *peer;
    const hf_cred      *presented;  /* ours, chosen for this peer; belongs to cfg */
    uint16_t            scheme;     /* that we signed with, 0: we did not */
    uint32_t            hello_exts; /* server: extensions of the ClientHello (enum ext_known) */
    uint8_t            *claimed;    /* the peer's Certificate message, behind it CertificateStatus if there was one */
    size_t              claimed_n;  /* of Certificate */
    hf_view             staple;     /* TLS 1.2: the OCSP response in claimed; empty: none */
    hf_finding         *offers;
    size_t              n_offers;
    struct keylog      *keylog;
    size_t              skip_early; /* bytes of early data that may still be skipped */
    uint16_t            peer_limit; /* record_size_limit of the peer; 0: none was agreed on */
    uint8_t             n_empty, n_warnings, n_key_updates, n_tickets, verdict;
    bool                open, asked, failed, heard, unsealed_one, peer_closed, ended, closed, update_pending;
    bool                update_owed; /* the peer asked: before our next data */
    bool                resumed, session_taken;
    bool                peer_raw, own_raw; /* raw public keys in place of certificates (RFC 7250) */
    bool                turned;            /* the record of the message at hand must end with it */
};

enum { VERDICT_NONE, VERDICT_ADMIT, VERDICT_DENY };

/* ---- conn.c ---- */
/* Puts the bytes of hs->flight into records. */
bool flight_flush(hf_conn *c);
bool record_write(hf_conn *c, uint8_t type, hf_view content);
/* Adds the message at hs->flight[mark..] to the transcript and the trace. */
void message_sent(hf_conn *c, size_t mark);
bool key_in(hf_conn *c, const struct secret *s);
bool key_out(hf_conn *c, const struct secret *s);
void hs_free(hf_conn *c);

/* ---- flow.c ---- */
/* Handshake bytes of one record. */
bool flow_feed(hf_conn *c, hf_view bytes);
/* TLS 1.2: a ChangeCipherSpec came. The record is an event of the state table, and stands in the trace as one. */
bool                 flow_change_cipher(hf_conn *c);
extern const uint8_t change_cipher_event[MSG_HEADER + 1];
/* One step that needs no message; false: nothing to do now, or failed. */
bool flow_act(hf_conn *c);
/* The message type awaited, HF_NO_MESSAGE: none. */
uint8_t flow_awaited(const hf_conn *c);

/* What a handler or act says about the next state. */
enum turn { FAILED, NEXT, OTHER, OLDER, SHORT, SHORT_TICKET, WAIT }; /* OLDER: on to TLS 1.2; SHORT: resumed there */

/* ---- handlers: msg is the whole message ---- */
enum turn on_server_hello(hf_conn *c, hf_view msg);
enum turn on_enc_exts(hf_conn *c, hf_view msg);
enum turn on_cert_request(hf_conn *c, hf_view msg);
enum turn on_session_ticket(hf_conn *c, hf_view msg);
enum turn on_client_hello(hf_conn *c, hf_view msg);
enum turn on_certificate(hf_conn *c, hf_view msg);
enum turn on_packed_certificate(hf_conn *c, hf_view msg);
enum turn on_cert_verify(hf_conn *c, hf_view msg);
enum turn on_finished(hf_conn *c, hf_view msg);
enum turn on_key_update(hf_conn *c, hf_view msg);

enum turn on_cert_status(hf_conn *c, hf_view msg);
enum turn on_server_kx(hf_conn *c, hf_view msg);
enum turn on_server_kx_unstapled(hf_conn *c, hf_view msg);
enum turn on_cert_request12(hf_conn *c, hf_view msg);
enum turn on_server_done(hf_conn *c, hf_view msg);
enum turn on_client_kx(hf_conn *c, hf_view msg);
enum turn on_change_cipher(hf_conn *c, hf_view msg);
enum turn on_finished12(hf_conn *c, hf_view msg);
enum turn on_ticket12(hf_conn *c, hf_view msg);
enum turn on_renegotiation(hf_conn *c, hf_view msg);
/* The hellos, when the version turns out to be TLS 1.2. */
enum turn server_hello12(hf_conn *c, const struct server_hello *m, hf_view msg);
enum turn client_hello12(hf_conn *c, const struct client_hello *m, hf_view msg);

/* ---- acts: what is done without a message ---- */
enum turn do_client_hello(hf_conn *c);
enum turn do_server_flight(hf_conn *c);
enum turn do_client_flight(hf_conn *c);
enum turn do_sign(hf_conn *c);
enum turn do_finish(hf_conn *c);
enum turn do_verdict(hf_conn *c);
enum turn do_tickets(hf_conn *c);
enum turn do_server_flight12(hf_conn *c);
enum turn do_server_done12(hf_conn *c);
enum turn do_client_flight12(hf_conn *c);
enum turn do_finish12(hf_conn *c);

/* ---- auth13.c ---- */
void transcript_hash(const hf_conn *c, uint8_t out[HASH_MAX]);
/* Starts the transcript when the hash becomes known; with a retry the first hello is replaced (4.5.2). */
void transcript_start(hf_conn *c, hf_view first_hello, bool retry);
void transcript_add(hf_conn *c, hf_view msg);
/* The peer's signature with its leaf's key is right; false also when memory is out, which is a check of its own. */
bool proof_right(hf_conn *c, const struct sig_how *how, hf_view tbs, hf_view sig);
bool handshake_keys(hf_conn *c, hf_view shared);
/* Before a share is called invalid: when memory is out that is the failure, and the first one stays. */
void kx_memory_first(hf_conn *c);
/* The Certificate of the peer; wire: the message as it came, for the transcript. */
enum turn certificate_came(hf_conn *c, hf_view msg, hf_view wire);
/* TLS 1.2: the server's chain, once all that belongs to it is there; NEXT or FAILED. */
enum turn chain_judge(hf_conn *c);

/* ---- present.c ---- */
/* Our Certificate, into the flight: of hs->cred, or empty. */
void present13(hf_conn *c);
void present12(hf_conn *c);
bool staple_due(const hf_conn *c); /* one goes with it */

/* ---- packed.c ---- */
void zips_keep(hf_conn *c, hf_view theirs);

/* ---- limit.c ---- */
uint16_t limit_ours(const hf_conn *c);                   /* as it is announced */
bool     limit_theirs(hf_conn *c, const struct exts *x); /* takes what the peer announces, if it does */
size_t   limit_room(const hf_conn *c);                   /* content bytes of our next record at most */
unsigned limit_pad(const hf_conn *c, size_t n);          /* the padding to use for n bytes */
bool     limit_kept(hf_conn *c, const struct record *r); /* the peer keeps to ours */

/* ---- types.c ---- */
/* Client: what goes into the hello; what the server's answer says of it. */
void types_offer(const hf_conn *c, struct client_hello_out *m);
bool types_answered(hf_conn *c, const struct exts *x);
/* Server: the client takes such a credential. */
bool type_taken(const struct client_hello *m, const hf_cred *k);
/* Server: the types of a full handshake; what is said of them when it is not one. */
bool types_choose(hf_conn *c, const struct client_hello *m);
void types_resumed(hf_conn *c, const struct client_hello *m);
/* Server: this credential is presented. */
void types_own(hf_conn *c, const struct client_hello *m, const hf_cred *k);

/* ---- select.c ---- */
/* types: the certificate_types of TLS 1.2, empty in TLS 1.3. */
void select_client(hf_conn *c, const struct cert_request *m, hf_view types);
/* suite_for: TLS 1.2: whether a suite goes with a key; NULL in TLS 1.3. */
typedef const struct suite *suite_finder(const hf_conn *c, const struct client_hello *m, enum key_kind key);
bool                        select_server(hf_conn *c, const struct client_hello *m, suite_finder *suite_for);

/* ---- second_hello.c ---- */
/* The second ClientHello says what the first, kept in hs->hello, said, but for what may change. */
bool second_hello_same(hf_conn *c, const struct client_hello *m, hf_view msg);

/* ---- hellos, shared by the versions ---- */
bool alpn_chosen(hf_conn *c, const struct exts *x);
bool pick_alpn(hf_conn *c, const struct client_hello *m);
void names_cut_note(hf_conn *c);

/* ---- auth12.c ---- */
void master12(hf_conn *c, hf_view pre_master);
void key_block12(hf_conn *c); /* from the master secret and the randoms */

/* ---- resume.c ---- */
/* The session of a connection that is complete, around this secret: what a ticket holds, what a client keeps. */
struct session session_now(const hf_conn *c, hf_view secret);
/* Server: appends the ticket of s to w; the lifetime to announce is in s. False: there is none, and w is as it was. */
bool ticket_make(hf_conn *c, struct session *s, struct wr *w);
/* Client: lets go of a session that the caller has seen. */
void session_taken(hf_conn *c);
/* Client: keeps what the new ticket makes of s, for hf_conn_session. */
bool session_keep(hf_conn *c, struct session *s, const struct new_ticket *m);
/* Client: keeps s as it is. */
bool session_store(hf_conn *c, const struct session *s);
/* Server: the ticket opens, and its session fits this handshake: hs->session is set. */
bool ticket_fits(hf_conn *c, hf_view ticket);
/* Judges the peer of hs->session as if its Certificate had come now: hs->leaf is set; else hs->refused, and nothing
 * is left of it. */
bool session_judge(hf_conn *c);
/* Client: the session is to be offered: it fits the config, and its peer would be accepted now. */
bool session_offered(hf_conn *c);
/* What session_judge found is forgotten: the peer did not resume. */
void session_decline(hf_conn *c);
/* Server: the ticket was not used before, where that counts; else what session_judge found is forgotten. */
bool session_first_use(hf_conn *c, hf_view ticket);
/* Both ends go on from hs->session. */
void session_resume(hf_conn *c);
/* A Finished has verified: if it was under the secret of a session, the peer of that is proven now. */
bool session_prove(hf_conn *c);
/* Client: this credential is presented, and belongs to the session. */
void session_gave(hf_conn *c, const hf_cred *cred);

/* ---- psk13.c ---- */
struct psk_offer {
    hf_view           identity, key;
    uint32_t          age; /* obfuscated */
    enum hash_alg     hash;
    const struct psk *external; /* NULL: a session */
};
/* What a client offers in its next hello, or has offered in the last one; how many. */
size_t psk_offers(const hf_conn *c, struct psk_offer out[PSKS_OFFERED]);
/* The binder of a PSK (RFC 9846 4.3.11.2): truncated is this hello up to its binders. */
void psk_binder(const hf_conn *c, const struct psk_offer *o, hf_view truncated, uint8_t out[HASH_MAX]);
/* Puts the binders into our hello, whose last bytes have room for them. */
void psk_binders(const hf_conn *c, uint8_t *msg, size_t n);
/* Client: what ServerHello says of our offers; hs->psk is set where one was taken. */
bool psk_answered(hf_conn *c, const struct server_hello *m);
/* Server: hs->psk is set where the hello has one that is taken. False: something is wrong with the hello.
 * last: it is answered by ServerHello. */
bool psk_select(hf_conn *c, const struct client_hello *m, hf_view msg, bool last);

/* ---- resume13.c ---- */
/* The secret that tickets are made from, over the whole handshake. */
void resumption_secret(hf_conn *c);

/* ---- resume12.c ---- */
/* Server: c->resumed where the hello has a ticket that is taken. */
void resume12(hf_conn *c, const struct client_hello *m);
/* Server: the ticket that was promised. */
void ticket12_send(hf_conn *c);
/* Client, at Finished: the session that can be gone on from without a new ticket, if there is one. */
bool session12_keep(hf_conn *c);

/* ---- again.c ---- */
/* Whether the chain leads to an anchor of this config now; path as valid_chain leaves it. */
bool chain_ok(hf_conn *c, const hf_config *under, int64_t now_ms, const struct certificate *m, struct valid_path *path,
              struct report *rep);
/* Reads what is in c->claimed, by its certificate type. */
bool claim_read(const hf_conn *c, uint16_t version, uint32_t offered, struct certificate *m, struct report *rep);
/* The chain as the peer sent it, in a Certificate message of this version; m->n is 0 when there is none. */
void chain_kept(const hf_conn *c, uint16_t version, struct certificate *m, struct report *rep);

/* ---- peer.c ---- */
bool               peer_new(hf_conn *c, const struct cert *leaf);
void               peer_free(hf_conn *c);
const struct cert *peer_cert(const hf_peer *p);

/* ---- secrets.c ---- */
void keylog_add(hf_conn *c, const char *label, const struct secret *s);

#endif
