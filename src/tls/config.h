/* SPDX-License-Identifier: Apache-2.0
 *
 * config.h - the sealed policy, and the credentials in it (insides of hf_config and hf_cred).
 *
 * Invariant: after hf_config_seal nothing here changes but the reference count, the pool of blocks and the
 * remembered signatures; those three may be used by many threads at once.
 */
#ifndef HF_TLS_CONFIG_H
#define HF_TLS_CONFIG_H
#include <stdatomic.h>
#include <string.h>

#include "base/limits.h"
#include "tls/buf.h"
#include "tls/codes.h"
#include "tls/psk.h"
#include "tls/suite.h"
#include "tls/tickets.h"
#include "tls/zip.h"
#include "x509/proven.h"
#include "x509/valid.h"

/* A list of code points in wire form. */
struct codes {
    uint8_t b[2 * 32];
    size_t  n; /* bytes */
};
static inline hf_view codes_view(const struct codes *c)
{
    return (hf_view){c->b, c->n};
}

/* Certificate types (RFC 7250), each once, the preferred one first. */
struct cert_types {
    uint8_t b[2];
    size_t  n;
};
static inline bool types_have(hf_view list, uint8_t type)
{
    return list.n && memchr(list.p, type, list.n);
}

enum match { MATCH_BY_ROLE, MATCH_MUST, MATCH_NEED_NOT };

struct hf_cred {
    hf_cred      *next;
    struct mem    mem;
    struct report rep;
    char         *name;  /* file of the chain */
    uint8_t      *bytes; /* the DER certificates, one after the other */
    struct cert   cert[LIMIT_CHAIN];
    size_t        n;
    struct key   *key; /* NULL: the signer is outside */
    bool          external;
    bool          raw;    /* a raw public key: cert[0] is bare, and bytes hold its SubjectPublicKeyInfo */
    struct codes  only;   /* the schemes it may sign with, in our order; none: all that fit, in the peer's order */
    enum match    match;  /* the CA names of the peer */
    bool          insist; /* presented whatever its dates, usage and order: to hear what the other side says */
    uint8_t      *msg;    /* its Certificate message with an empty context and no staple, made at the seal */
    size_t        msg_n;
    struct packed {
        uint16_t code;
        uint8_t *p; /* CompressedCertificate; the same without staple */
        size_t   n; /* 0: none */
    } packed[ZIPS_MAX];
    uint8_t *staple; /* OCSPResponse, NULL: none */
    size_t   staple_n;
    char    *staple_name;               /* its file */
    int64_t  staple_from, staple_until; /* Unix seconds; known after the seal */
};

/* What it is as a certificate type. */
static inline uint8_t cred_type(const hf_cred *c)
{
    return c->raw ? TYPE_RAW_KEY : TYPE_X509;
}
/* The certificates of the chain as views, for messages, or the raw public key; out has LIMIT_CHAIN. */
size_t cred_chain(const hf_cred *c, hf_view *out);
/* What is wrong with it as a credential of this role at this time: files, key, dates, order. */
bool cred_check(hf_cred *c, enum purpose purpose, int64_t now, struct report *rep);
/* The scheme its key signs with in this version: the first of the peer's (wire list; empty: all we know), or where
 * the credential has a list, the first of that which the peer has; else cfg must allow it (NULL: any). 0: none. */
uint16_t cred_scheme(const hf_cred *c, hf_view peer, const hf_config *cfg, uint16_t version);

/* ---- packed.c ---- */
/* Makes the packed forms of its message; frees them. */
void cred_pack(hf_cred *k);
void cred_unpack(hf_cred *k);
/* The message in a form that the peer can unpack; empty: there is none. */
hf_view cred_packed(const hf_cred *k, hf_view theirs);

/* ---- staple.c ---- */
/* The OCSP response to send with it now; empty: none, or none that is current. */
hf_view cred_staple(const hf_cred *c, int64_t now);
/* Whether it belongs to this chain and says good; dates are looked at when it is sent. */
bool cred_staple_check(hf_cred *c, struct report *rep);

struct hf_config {
    atomic_uint       refs;
    enum hf_role      role;
    enum hf_demand    demand, staples; /* staples: of the peer */
    unsigned          strict;          /* enum hf_strict */
    bool              sealed, ask_verdict, name_by_verdict, trace, keylog, unverified;
    struct mem        mem;
    struct report     rep; /* the first mistake of a setter */
    hf_trust         *trust;
    hf_cred          *creds; /* in order of preference */
    size_t            n_creds;
    struct cert_types takes, shows; /* of the peer; of our credentials; made at the seal */
    struct codes      groups, suites, schemes, schemes_cert, zips;
    uint16_t          version_min, version_max;
    uint8_t          *alpn; /* ProtocolName vectors */
    size_t            alpn_n;
    unsigned          pad, record_limit;
    uint8_t          *filters; /* OIDFilter entries that we ask for */
    size_t            filters_n;
    bool              announce_names; /* client: the names in ClientHello */
    size_t            ceiling;
    struct rnd        rnd;
    uint8_t          *names; /* DistinguishedName vectors that we announce */
    size_t            names_n, n_names, n_names_cut;
    size_t            n_remembered; /* signatures */
    struct proven    *proven;       /* NULL: none are remembered */
    struct psk        psks[PSKS_MAX];
    size_t            n_psks;
    hf_tickets       *tickets;   /* server; NULL: none are given or taken */
    unsigned          n_tickets; /* after a handshake of TLS 1.3 */
    uint32_t          ticket_life_s;
    uint64_t          epoch;    /* of the trust, where there are tickets */
    bool              sessions; /* client: tickets are asked for */
    struct pool       pool;
};

#endif
