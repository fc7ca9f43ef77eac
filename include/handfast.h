/* SPDX-License-Identifier: Apache-2.0
 *
 * handfast.h - mutual TLS: handshake, record, path validation, identity.
 *
 * One header, opaque types. Five nouns: trust (who may vouch), cred (what I present), config (sealed
 * policy), conn (one connection, no I/O), peer (proven identity). One record: why (the first check that
 * failed). One list: findings (every check: pass, fail, skipped, not reached).
 *
 * Nothing here does I/O on a network except the hf_fd_* helpers; only the *_file functions read files;
 * nothing reads a clock: time is Unix time in milliseconds and always a parameter.
 *
 * Threads: a sealed hf_config may be shared by any number of threads; an hf_conn belongs to one thread at
 * a time; everything else belongs to one thread until it is given to a config.
 */
#ifndef HANDFAST_H
#define HANDFAST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HF_VERSION "0.1.0"

typedef struct hf_trust   hf_trust;   /* who may vouch for the peer */
typedef struct hf_cred    hf_cred;    /* a chain and the key (or signer) for its leaf */
typedef struct hf_config  hf_config;  /* sealed before use, shared, reference counted */
typedef struct hf_tickets hf_tickets; /* the keys that seal session tickets */
typedef struct hf_conn    hf_conn;    /* one connection; one thread at a time */
typedef struct hf_peer    hf_peer;    /* exists only after chain AND key were proven */

/* Borrowed bytes. Every function that returns one says until when they live. */
typedef struct hf_view {
    const uint8_t *p;
    size_t         n;
} hf_view;

enum hf_role { HF_CLIENT = 1, HF_SERVER = 2 };
enum hf_demand { HF_DONT_ASK, HF_ASK, HF_REQUIRE };
enum hf_hints { HF_HINTS_FROM_TRUST, HF_HINTS_EMPTY, HF_HINTS_LISTED };
enum hf_state { HF_PASS = 1, HF_FAIL, HF_SKIPPED, HF_NOT_REACHED };
enum hf_crl_policy { HF_CRL_REQUIRED, HF_CRL_WHEN_PRESENT, HF_CRL_OFF };
/* What is demanded of the peer's chain beyond RFC 5280; a set. */
enum hf_strict {
    HF_STRICT_WEB   = 1, /* the duties of public CAs too (doc/trust.md) */
    HF_STRICT_EKU   = 2, /* a leaf without extended key usage is refused */
    HF_STRICT_ROOTS = 4  /* a path ends only at a self-signed anchor */
};
enum hf_origin { HF_BY_US = 1, HF_BY_PEER, HF_BY_SYSTEM, HF_BY_CALLER };

/* What the connection needs next. A set: input and output may both be wanted. */
enum hf_want {
    HF_WANT_INPUT     = 1,
    HF_WANT_OUTPUT    = 2,
    HF_WANT_SIGNATURE = 4,
    HF_WANT_VERDICT   = 8,
    HF_OPEN           = 16, /* the handshake is complete: data may be sent, and is received */
    HF_CLOSED         = 32, /* the peer's close_notify (or a clean end) was seen */
    HF_FAILED         = 64  /* hf_conn_why says which check; an alert may still wait for output */
};

#define HF_NO_ALERT    255
#define HF_NO_MESSAGE  255
#define HF_CERT_ANCHOR (-2) /* the certificate is not a presented one but a trusted CA's: the text names it */

/* The first check that failed, complete enough to act on without a debugger. */
typedef struct hf_why {
    uint16_t check;     /* HF_CHK_*: stable number, one per place in the code; 0 = none */
    uint8_t  alert;     /* alert sent or received, HF_NO_ALERT = none */
    uint8_t  origin;    /* enum hf_origin: who noticed */
    uint8_t  message;   /* handshake type it was found in, HF_NO_MESSAGE = none */
    int8_t   cert;      /* index in the presented chain, 0 = leaf, -1 = none, HF_CERT_ANCHOR */
    uint32_t offset;    /* byte offset in that certificate, or with cert -1 in that message */
    int64_t  want, got; /* the two values compared; the unit is in hf_check_info */
    char     text[160]; /* names, files: the detail that numbers cannot carry; may be empty */
} hf_why;

/* One check that was made (or was not reached), in order. */
typedef struct hf_finding {
    uint16_t check;
    uint8_t  state; /* enum hf_state */
    int8_t   cert;
    uint32_t offset;
    int64_t  want, got;
} hf_finding;

/* What a check is, for people. All strings are static. */
typedef struct hf_check_info {
    const char *name;   /* the constant's name, e.g. "CERT_EXPIRED" */
    const char *reason; /* the public reason code, e.g. "expired" */
    const char *title;  /* one sentence: what is wrong */
    const char *hint;   /* one imperative sentence: what to do next */
    const char *rfc;    /* the section that demands it, may be "" */
    const char *unit;   /* of want and got: see the head of checks.def; "time" is Unix seconds */
    uint8_t     alert;  /* the alert this check sends, HF_NO_ALERT = none */
} hf_check_info;

/* A CRL that was loaded. */
typedef struct hf_crl {
    const char *file;                     /* as it was called */
    hf_view     issuer;                   /* DER of the Name */
    hf_view     number;                   /* cRLNumber, big-endian */
    int64_t     this_update, next_update; /* Unix seconds */
    size_t      entries;
    size_t      bytes, index_bytes; /* memory: of the list itself, and of the index over its entries */
} hf_crl;

/* One step of a connection's story, kept when hf_config_trace asked for it. */
enum hf_event_kind { HF_EV_MESSAGE = 1, HF_EV_ALERT, HF_EV_NOTE, HF_EV_STATE };
typedef struct hf_event {
    int64_t     at_ms;   /* as given to hf_conn_step */
    uint8_t     kind;    /* enum hf_event_kind */
    uint8_t     sent;    /* 1: by us, 0: by the peer */
    uint8_t     sealed;  /* 1: under record protection */
    uint8_t     message; /* handshake type or alert description */
    uint16_t    check;   /* for notes: the check or remark */
    int64_t     a, b;    /* for notes: its values */
    hf_view     bytes;   /* for messages: header included; lives as long as the connection */
    const char *text;    /* for notes and states; may be "" */
} hf_event;

/* ---- trust: who may vouch for the peer. Anchors, pins and hints are three separate things. ---------- */

hf_trust *hf_trust_new(void);
void      hf_trust_free(hf_trust *t);
/* Adds every CA certificate of a PEM or DER file: each vouches for others. A certificate that is no CA, an
 * empty or unreadable file is an error that hf_config_seal reports; false says so at once. */
bool hf_trust_anchor_file(hf_trust *t, const char *file);
bool hf_trust_anchor_bytes(hf_trust *t, const void *pem_or_der, size_t n, const char *called);
/* Adds every certificate of a file as a pinned leaf: it is itself the peer, nobody needs to vouch. */
bool hf_trust_pin_file(hf_trust *t, const char *file);
/* Adds the public keys of a PEM file (BEGIN PUBLIC KEY) or the one of a DER file (SubjectPublicKeyInfo) as pinned raw
 * keys: a peer that shows one of them without any certificate and proves it is taken. There is nothing else to judge: no
 * dates, names or revocation; a certificate is never taken for its key. Raw public keys are negotiated where some are
 * pinned; pinned before any certificate was added they are preferred to certificates. TRUST_KEY*. RFC 7250. */
bool hf_trust_pin_key_file(hf_trust *t, const char *file);
bool hf_trust_pin_key_bytes(hf_trust *t, const void *pem_or_der, size_t n, const char *called);
/* CA names to announce (CertificateRequest, RFC 9846 4.3.4). names: DER Names, used only by HF_HINTS_LISTED;
 * copied. The default is HF_HINTS_FROM_TRUST: the subjects of the anchors. */
bool hf_trust_hints(hf_trust *t, enum hf_hints mode, const hf_view *names, size_t n);
/* Adds the CRLs of a PEM or DER file, or of every file in a folder. From the first one on, every certificate below the
 * anchor needs a CRL of its issuer that is current, unless hf_trust_crl_policy says otherwise. To replace CRLs,
 * make a new trust and config: nothing that threads share changes under them. */
bool hf_trust_crl_file(hf_trust *t, const char *file_or_folder);
bool hf_trust_crl_bytes(hf_trust *t, const void *pem_or_der, size_t n, const char *called);
/* What to ask of the certificates of one issuer (its DER Name; copied), or, when that is empty, of all that have no
 * policy of their own. Without CRLs and policies: HF_CRL_OFF. */
bool hf_trust_crl_policy(hf_trust *t, hf_view issuer, enum hf_crl_policy p);
/* The i-th CRL in the order given; false behind the last. Views and text live as long as the trust. */
bool hf_trust_crl(const hf_trust *t, size_t i, hf_crl *out);
/* A number that is another one when anchors, pins, CRLs or policies are: what was judged under one epoch (tickets,
 * remembered chains) does not hold under another. The same files in the same order have the same epoch. */
uint64_t hf_trust_epoch(const hf_trust *t);
/* The first thing wrong with what was added so far; never NULL. Lives as long as the trust. */
const hf_why *hf_trust_why(const hf_trust *t);
size_t        hf_trust_anchors(const hf_trust *t);

/* ---- cred: a chain, leaf first, and the key for its leaf --------------------------------------------- */

/* Asks for the passphrase of a file: writes it (NUL-terminated) to out and returns true, or returns false.
 * Called only while files are loaded, never during a handshake. */
typedef bool (*hf_passphrase)(void *ctx, const char *file, char *out, size_t room);

/* chain: PEM certificates or PKCS#12; key: PEM or DER, NULL when the chain file holds it too. Never NULL
 * unless memory is out; what is wrong is in hf_cred_why and is reported again by hf_config_seal. */
hf_cred *hf_cred_files(const char *chain, const char *key, hf_passphrase ask, void *ctx);
/* A chain whose key is elsewhere (PKCS#11, KMS): the connection then waits in HF_WANT_SIGNATURE. */
hf_cred *hf_cred_external(const void *pem, size_t n, const char *called);
/* A raw public key in place of a certificate (RFC 7250), for peers that take and pin it: the private key in a file, or the
 * public key (PEM or DER SubjectPublicKeyInfo) of a signer outside. Such credentials and certificates may stand in one
 * config: what the peer takes decides, and where it takes both, the order. */
hf_cred *hf_cred_raw_key(const char *key, hf_passphrase ask, void *ctx);
hf_cred *hf_cred_raw_external(const void *pem_or_der, size_t n, const char *called);
/* The schemes this key may sign with, in order of preference, where that is fewer than its kind allows (a signer
 * outside may know only some). PKCS#1 is for TLS 1.2. The default: all, in the peer's order. */
void hf_cred_sigalgs(hf_cred *c, const uint16_t *schemes, size_t n);
/* Whether it may be presented only to a peer that names one of its issuers, when the peer names any (RFC 9846
 * 4.3.4, RFC 5246 7.4.4). The default: a client's may, a server's is preferred there but presented all the same. */
void hf_cred_must_match(hf_cred *c, bool on);
/* The OCSP response (DER) to send with it to peers that want one; the last one given counts. One that is out of date
 * is not sent. hf_config_seal refuses one about another certificate (CRED_STAPLE_NOT_OURS), and, when the chain holds
 * the issuer, one that peers would refuse (CRED_STAPLE_UNFIT). To replace it, make a new config. RFC 6066 8. */
bool          hf_cred_staple_file(hf_cred *c, const char *file);
bool          hf_cred_staple_bytes(hf_cred *c, const void *der, size_t n, const char *called);
void          hf_cred_free(hf_cred *c);
const hf_why *hf_cred_why(const hf_cred *c);
const char   *hf_cred_name(const hf_cred *c); /* file name as given */

/* ---- tickets: the keys of a server's session tickets ------------------------------------------------------ */

/* Keys that seal and open tickets, shared by any number of configs and threads. keys: n / 32 keys of 32 bytes, at most
 * eight: the first seals, all of them open; every process that is given the same takes the others' tickets. NULL: a
 * random key, renewed by itself while it is used. NULL only when memory is out; wrong bytes are an error that
 * hf_config_seal reports (TICKET_KEYS_SIZE). */
hf_tickets *hf_tickets_new(const void *keys, size_t n);
void        hf_tickets_free(hf_tickets *t); /* configs hold references of their own */
/* Takes each ticket once: this many used ones are remembered (16 bytes each). When they are more, the oldest tickets
 * are not taken any more. 0, the default: tickets may be used again. Call it before the first connection. */
bool hf_tickets_single_use(hf_tickets *t, size_t remembered);

/* ---- config ------------------------------------------------------------------------------------------ */

hf_config *hf_config_new(enum hf_role role);
hf_config *hf_config_ref(hf_config *c);
void       hf_config_free(hf_config *c); /* drops one reference */
void       hf_config_trust(hf_config *c, hf_trust *take, enum hf_demand d);
void       hf_config_cred(hf_config *c, hf_cred *take);
void       hf_config_cred_files(hf_config *c, const char *chain, const char *key);
/* Demands more of the peer's chain: a set of enum hf_strict; 0, the default: RFC 5280 for private CAs. Raises
 * EKU_REQUIRED_CLIENT, EKU_REQUIRED_SERVER, ANCHOR_NOT_ROOT and the LINT checks. */
void hf_config_strict(hf_config *c, unsigned set);
/* Protocols in order of preference. A server with a list refuses a client that offers none of it. */
void hf_config_alpn(hf_config *c, const char *const *names, size_t n);
void hf_config_versions(hf_config *c, uint16_t min, uint16_t max); /* 0x0303, 0x0304 */
/* Named groups, suites and signature schemes by their code points, in order of preference; an unknown one
 * is an error at the seal. */
void hf_config_groups(hf_config *c, const uint16_t *groups, size_t n);
void hf_config_suites(hf_config *c, const uint16_t *suites, size_t n);
/* Schemes: of the peer's signatures, and of our own where the credential has no list (hf_cred_sigalgs). */
void hf_config_sigalgs(hf_config *c, const uint16_t *schemes, size_t n);
/* Every record is padded to a multiple of this many bytes (RFC 9846 5.4); 0 or 1 = no padding, <= 4096. */
void hf_config_padding(hf_config *c, unsigned multiple_bytes);
/* The longest plaintext of one record that we take, 64 to 16384 bytes (CONFIG_RECORD_LIMIT), the default. A client
 * with less announces it; a server answers clients that announce theirs, and both are kept to. RFC 8449. */
void hf_config_record_limit(hf_config *c, unsigned bytes);
/* Server: asks for client certificates that have this extension (the contents of its OID) with these values (DER, as the
 * extension holds them; empty: any). Clients match key usage and extended key usage; it is a hint, as the CA names are:
 * whoever comes is judged by the trust. TLS 1.3. CONFIG_FILTERS. RFC 9846 4.3.5. */
void hf_config_oid_filter(hf_config *c, hf_view oid, hf_view value);
/* Client: tells the server in ClientHello which CAs we take, by the hints of our trust (up to 8 KiB of names), so that
 * it can choose among its certificates. Everybody on the way reads it. Off by default. RFC 9846 4.3.4. */
void hf_config_announce_cas(hf_config *c, bool on);
/* Certificates are compressed, and taken compressed, where the peer can (TLS 1.3): with the algorithms whose libraries
 * handfast was built with, of brotli, zstd and zlib. Off by default: the bytes of strangers then reach those libraries
 * before they are proven. RFC 8879. */
void hf_config_compression(hf_config *c, bool on);
/* Whether the peer is asked for an OCSP response with its certificate: HF_ASK, the default, judges one that comes and
 * refuses a certificate that demands one (RFC 7633) without it; HF_REQUIRE refuses everybody without one
 * (OCSP_STAPLE_REQUIRED); pinned certificates and raw public keys need none. Clients of TLS 1.2 have no way to send one. */
void hf_config_staple(hf_config *c, enum hf_demand d);
/* The connection stops in HF_WANT_VERDICT when the peer is proven, until hf_conn_verdict. */
void hf_config_ask_verdict(hf_config *c, bool on);
/* Client: the server's name is asked for (SNI) and not looked for in its certificate: whoever gives the verdict knows who
 * it is by something else, such as its SPIFFE ID. Without hf_config_ask_verdict an error at the seal. */
void hf_config_name_by_verdict(hf_config *c, bool on);
void hf_config_trace(hf_config *c, bool on);
/* The secrets are kept for hf_conn_keylog_line: for debugging with test data only. */
void hf_config_insecure_keylog(hf_config *c, bool on);
/* Client: completes the handshake whoever the server is, to look at it: the server's chain is only a claim
 * (hf_conn_claimed), hf_conn_peer stays NULL. Never for data that matters. */
void hf_config_insecure_unverified(hf_config *c, bool on);
/* Bytes that one connection may hold at most; 0 = the default (1 MiB). */
void hf_config_ceiling(hf_config *c, size_t bytes);
/* Certificate signatures that are remembered once verified, so that a returning peer costs less; everything else
 * about its chain is judged again each time. The default is 8192 (32 bytes each); 0 remembers none. */
void hf_config_remember(hf_config *c, size_t signatures);
/* Server: gives tickets after each handshake, and resumes by them (RFC 9846 4.7.1, RFC 5077). A resumed client is judged
 * again in full, by its chain as it was given, under this config and at this time; HF_WANT_VERDICT is asked again. It is
 * asked for a new proof of its key seven days after the last one. count: tickets after a TLS 1.3 handshake, at most 8
 * (0: only takes them); lifetime_s: 1 to 604800. t is shared, not taken; NULL, the default: no tickets. */
void hf_config_tickets(hf_config *c, hf_tickets *t, unsigned count, uint32_t lifetime_s);
/* An external pre-shared key, by importers (RFC 9258), TLS 1.3 only, at most four. identity: 1 to 1024 bytes that both
 * know, and that travel in clear; context: up to 1024 more, which both use alike, e.g. the roles (RFC 9257 4.1); key: 16
 * bytes or more of full strength, never a password; hash_bits: 256 or 384, the hash the key goes with. All are copied.
 * Who proves the key gives no certificate: hf_conn_peer is NULL, hf_conn_psk has the identity, and no ticket is given.
 * So a config with HF_REQUIRE is refused at the seal (CONFIG_PSK_DEMAND): with HF_ASK the key or a certificate will do,
 * with HF_DONT_ASK a client takes the key alone, and a server without credential too. */
void hf_config_psk(hf_config *c, hf_view identity, hf_view context, hf_view key, unsigned hash_bits);
/* Client: asks for tickets and keeps the newest for hf_conn_session. The default is no. */
void hf_config_sessions(hf_config *c, bool on);
/* Randomness for replaying handshakes in tests; the default is libcrypto's. */
void hf_config_insecure_random(hf_config *c, void (*fill)(void *ctx, uint8_t *p, size_t n), void *ctx);
/* Checks everything that was set, once, together: files, keys, dates, orders. After it the config is
 * immutable. now_ms: Unix time for judging our own certificates. */
bool hf_config_seal(hf_config *c, int64_t now_ms, hf_why *why);

/* ---- connection: four windows, no callbacks ---------------------------------------------------------- */

/* server_name: client only: the name to send and to require of the server (host name or IP address); NULL
 * sends none, and then the server's name is NOT checked. NULL only when memory is out. */
hf_conn *hf_conn_new(const hf_config *sealed, const char *server_name);
void     hf_conn_free(hf_conn *c);
unsigned hf_conn_step(hf_conn *c, int64_t now_ms); /* -> set of enum hf_want */
uint8_t *hf_conn_in(hf_conn *c, size_t *room);     /* read() into it ... */
void     hf_conn_in_done(hf_conn *c, size_t n);    /* ... then say how much */
void     hf_conn_in_end(hf_conn *c);               /* the transport ended (read() gave 0) */
hf_view  hf_conn_out(hf_conn *c);                  /* write() from it ... */
void     hf_conn_out_done(hf_conn *c, size_t n);
hf_view  hf_conn_data(hf_conn *c); /* plaintext received, until data_done or step */
void     hf_conn_data_done(hf_conn *c, size_t n);
size_t   hf_conn_send(hf_conn *c, const void *p, size_t n); /* -> how much was taken: 0 = flush first */
void     hf_conn_close(hf_conn *c);                         /* sends close_notify; receiving goes on */
bool     hf_conn_key_update(hf_conn *c, bool ask_peer);     /* RFC 9846 4.7.3 */
/* Nothing is expected for a while: gives back what the next record can make again (more than half of what an idle
 * connection holds). Everything goes on working. */
void hf_conn_rest(hf_conn *c);
/* Client, before the first hf_conn_step: offers to go on from a session (bytes of hf_conn_session; copied). It is offered
 * only where it fits: the same server name, a version and suite of this config, a credential of this config that it
 * was made with, the ticket still alive, and the server's chain still good under this trust now. False: these are not the
 * bytes of a session, or memory is out; the connection can go on without. */
bool hf_conn_resume(hf_conn *c, hf_view session);
/* Client: the session that the server's newest ticket makes, for a later connection; empty when none came since the last
 * call. In TLS 1.3 tickets come with or after the first data. The bytes are as secret as a key, and should be used
 * once. They live until the next hf_conn_step. */
hf_view hf_conn_session(hf_conn *c);
/* In HF_WANT_SIGNATURE: what to sign, under which scheme, with whose key. Views live until hf_conn_signed. */
bool hf_conn_to_sign(const hf_conn *c, uint16_t *scheme, hf_view *tbs, const hf_cred **who);
void hf_conn_signed(hf_conn *c, const void *sig, size_t n); /* n = 0: the signer refused */
/* In HF_WANT_VERDICT; or with admit false on an open connection whose peer may not stay: it fails, with the alert of the
 * check. check: why not, 0 = HF_CHK_VERDICT_DENIED; text is copied. */
void hf_conn_verdict(hf_conn *c, bool admit, uint16_t check, const char *text);

/* Judges the proven peer of an open connection again: its chain, as it was given, under the trust and the demand of
 * `under`, a sealed config of the same role (a newer one with other anchors, pins or CRLs, or the connection's own),
 * at now_ms, Unix time: dates, revocation, anchors, pins, purpose, and on a client the server's name. False: why
 * (may be NULL) says which check fails now: those of path validation, or JUDGE_NO_PEER. The connection itself is
 * left as it is. */
bool hf_conn_judge(hf_conn *c, const hf_config *under, int64_t now_ms, hf_why *why);

/* ---- what happened ----------------------------------------------------------------------------------- */

const hf_why  *hf_conn_why(const hf_conn *c);  /* never NULL */
const hf_peer *hf_conn_peer(const hf_conn *c); /* NULL until proven, and when no certificate was given */
size_t         hf_conn_findings(const hf_conn *c, const hf_finding **out);
/* Presented, unproven: the certificates, or one SubjectPublicKeyInfo. */
size_t hf_conn_claimed(const hf_conn *c, hf_view *certs, size_t max);
/* The OCSP response that came with the peer's certificate, a claim as long as hf_conn_peer is NULL; empty: none.
 * Lives as long as the connection. */
hf_view hf_conn_staple(const hf_conn *c);
/* Client: our credentials in order, each with the remark that chose it or turned it down. */
size_t hf_conn_offers(const hf_conn *c, const hf_finding **out);
size_t hf_conn_trace(const hf_conn *c, const hf_event **out);

/* What was negotiated; 0, "" or NULL while unknown. Strings and views live as long as the connection. */
uint16_t    hf_conn_version(const hf_conn *c);
uint16_t    hf_conn_suite(const hf_conn *c);
uint16_t    hf_conn_group(const hf_conn *c);
uint16_t    hf_conn_peer_scheme(const hf_conn *c); /* of the peer's CertificateVerify */
const char *hf_conn_alpn(const hf_conn *c);
const char *hf_conn_server_name(const hf_conn *c); /* sent (client) or asked for (server) */
bool        hf_conn_asked(const hf_conn *c);       /* client: the server sent CertificateRequest */
hf_view     hf_conn_psk(const hf_conn *c);         /* the identity of the external key; empty: none was used */
bool        hf_conn_resumed(const hf_conn *c);     /* it goes on from a session: no certificate was sent anew */
/* Keying material (RFC 9846 7.5). false before HF_OPEN. */
bool hf_conn_export(hf_conn *c, const char *label, hf_view context, uint8_t *out, size_t n);
/* Channel bindings, for an application's own authentication inside (SCRAM-PLUS, tokens). tls-exporter (RFC 9266): 32
 * bytes that only this connection has; false before HF_OPEN. tls-server-end-point (RFC 5929 4.1): the digest of the
 * server's certificate, returns its length; 0 where there is none (not open, unverified, a raw public key, or
 * signed without a hash, as Ed25519 is). */
bool   hf_conn_binding_exporter(hf_conn *c, uint8_t out[32]);
size_t hf_conn_binding_end_point(const hf_conn *c, uint8_t out[64]);
/* The next line for SSLKEYLOGFILE (without end of line), or NULL; lives until the next call. */
const char *hf_conn_keylog_line(hf_conn *c);

const hf_check_info *hf_check_info_of(uint16_t check); /* never NULL */
/* One line: what failed, where, wanted and got, and what to do. Returns as snprintf does. */
int         hf_why_text(const hf_why *w, char *out, size_t room);
void        hf_why_print(const hf_why *w, FILE *f);
const char *hf_alert_name(uint8_t alert);
const char *hf_message_name(uint8_t handshake_type);
const char *hf_code_name(char kind, uint16_t code); /* 's'uite, 'g'roup, si'a'lg, 'v'ersion, e'x'tension; never NULL */

/* The peer, proven. All results live as long as the connection. A peer that showed a raw public key has no certificate:
 * its leaf, serial, subject and issuer are empty, and its name is "key sha256:" with the digest of its key. */
const char *hf_peer_name(const hf_peer *p);    /* best name: URI, DNS, mail, IP, then DN */
const char *hf_peer_subject(const hf_peer *p); /* RFC 4514 */
const char *hf_peer_issuer(const hf_peer *p);
hf_view     hf_peer_leaf(const hf_peer *p); /* DER; empty: a raw public key */
hf_view     hf_peer_spki(const hf_peer *p); /* DER SubjectPublicKeyInfo */
hf_view     hf_peer_serial(const hf_peer *p);
void        hf_peer_sha256(const hf_peer *p, uint8_t out[32]);      /* of the certificate; without one, of its key */
void        hf_peer_spki_sha256(const hf_peer *p, uint8_t out[32]); /* of its key (SubjectPublicKeyInfo) */
int64_t     hf_peer_not_after(const hf_peer *p);                    /* Unix seconds; 0: a raw public key has no end */
/* The i-th name of a kind, printable and without its kind: from the subjectAltName, or the subject (CN: the last one
 * alone). Returns its length, 0 behind the last. */
enum hf_name_kind { HF_NAME_URI = 1, HF_NAME_DNS, HF_NAME_MAIL, HF_NAME_IP, HF_NAME_CN, HF_NAME_OU };
size_t hf_peer_names(const hf_peer *p, enum hf_name_kind kind, size_t i, char *out, size_t room);

/* A certificate, or a raw public key, as a claim, for logs: its names as text without any proof. Returns as snprintf
 * does. */
int hf_cert_describe(hf_view der, char *out, size_t room);

/* ---- rules: who of the proven may come in (doc/rules.md) ---------------------------------------------- */

typedef struct hf_rules hf_rules; /* built, sealed, then shared by threads; reference counted */

/* Who asks to come in, and how he came. */
typedef struct hf_asker {
    const hf_peer *peer;                   /* NULL: no certificate was presented */
    hf_view        from;                   /* source address, 4 or 16 bytes; empty: a Unix socket */
    const char    *server_name, *listener; /* asked for (SNI); where it came in, as configured; NULL: none */
    int64_t        now_ms;
} hf_asker;

enum { HF_NEAR_MAX = 3, HF_NEAR_TEXT = 240 };

/* What the rules say. where and reason live as long as the rules. */
typedef struct hf_ruling {
    bool        admit;
    uint16_t    check;          /* why not, 0 = admitted */
    int         rule;           /* which one decided, from 0; -1: none did, and so nobody comes in */
    const char *where, *reason; /* of that rule, as given to hf_rules_begin; "" */
    const char *note;           /* as given to hf_rules_note; "" */
    char        text[160];      /* detail for hf_conn_verdict */
    unsigned    n_near;         /* the allowing rules that came nearest to it, with what stands against each */
    struct {
        const char *where;
        char        text[HF_NEAR_TEXT];
    } near[HF_NEAR_MAX];
} hf_ruling;

hf_rules *hf_rules_new(void); /* without a rule: nobody comes in */
hf_rules *hf_rules_ref(hf_rules *r);
void      hf_rules_free(hf_rules *r); /* drops one reference */
/* Adds a rule behind the others; what hf_rules_when says next is about it. Without any condition it is about everybody
 * who has a certificate or a raw public key. where: how the rule is called in answers ("rules.yaml:12"), reason: a text for them, may be
 * NULL; copied. False: there are too many, or memory is out; the seal says so again. */
bool hf_rules_begin(hf_rules *r, bool allow, const char *where, const char *reason);
/* The last rule demands this of a field: uri, dns, mail, ip, cn, ou, subject, issuer, serial, sha256, spki, certificate,
 * from, sni, listener, after, before, days, hours. Several values of one field are alternatives and follow each other;
 * several fields must all hold. doc/rules.md has the forms. NULL, or what is wrong with it (static text). */
const char *hf_rules_when(hf_rules *r, const char *field, const char *value);
/* A text of the caller's own about the last rule, which comes back in hf_ruling when that rule decides; copied. False:
 * memory is out; the seal says so again. */
bool hf_rules_note(hf_rules *r, const char *note);
/* Makes the rules immutable and quick. False: why says what is wrong, and they are not to be used. */
bool   hf_rules_seal(hf_rules *r, hf_why *why);
size_t hf_rules_count(const hf_rules *r);
/* The first rule in order that holds decides. Raises RULE_* and SPIFFE_* in out->check. */
void hf_rules_judge(const hf_rules *r, const hf_asker *who, hf_ruling *out);

/* ---- blocking helpers over a file descriptor --------------------------------------------------------- */

bool hf_fd_handshake(hf_conn *c, int fd, int timeout_ms);
bool hf_fd_send(hf_conn *c, int fd, const void *p, size_t n, int timeout_ms);
long hf_fd_recv(hf_conn *c, int fd, void *p, size_t n, int timeout_ms); /* 0 = end, -1 = hf_conn_why */
/* Delivers what is pending (an alert too), shuts the write side, drains within a bound, closes fd. */
void hf_fd_close(hf_conn *c, int fd);

/* ---- check numbers ----------------------------------------------------------------------------------- */
/* HF_CHK_<NAME> for every row of src/base/checks.def, generated into handfast_checks.h at build time. */
#include "handfast_checks.h"

#ifdef __cplusplus
}
#endif
#endif
