/* SPDX-License-Identifier: Apache-2.0
 *
 * ext.h - extensions: one table (ext.c) says for each one in which messages it may appear, how it is read and
 * which check its malformation is (RFC 9846 4.3). Unknown ones are ignored in requests and refused in answers.
 */
#ifndef HF_TLS_EXT_H
#define HF_TLS_EXT_H
#include "base/rd.h"
#include "base/wr.h"
#include "tls/codes.h"

/* The messages that carry extensions; a bit each. */
enum ext_where {
    IN_CLIENT_HELLO         = 1,
    IN_SERVER_HELLO         = 2,
    IN_HELLO_RETRY          = 4,
    IN_ENCRYPTED_EXTENSIONS = 8,
    IN_CERTIFICATE          = 16,
    IN_CERTIFICATE_REQUEST  = 32,
    IN_SESSION_TICKET       = 64,
    IN_SERVER_HELLO_12      = 128,
    IN_ANSWERS = IN_SERVER_HELLO | IN_HELLO_RETRY | IN_ENCRYPTED_EXTENSIONS | IN_CERTIFICATE | IN_SERVER_HELLO_12
};

/* A bit per extension we know, for `seen` and `offered`. */
enum ext_known {
    X_SERVER_NAME      = 1 << 0,
    X_STATUS_REQUEST   = 1 << 1,
    X_GROUPS           = 1 << 2,
    X_SIG_ALGS         = 1 << 3,
    X_ALPN             = 1 << 4,
    X_SCT              = 1 << 5,
    X_KEY_SHARE        = 1 << 6,
    X_PSK              = 1 << 7,
    X_PSK_MODES        = 1 << 8,
    X_EARLY_DATA       = 1 << 9,
    X_COOKIE           = 1 << 10,
    X_VERSIONS         = 1 << 11,
    X_CA_NAMES         = 1 << 12,
    X_OID_FILTERS      = 1 << 13,
    X_POST_AUTH        = 1 << 14,
    X_SIG_ALGS_CERT    = 1 << 15,
    X_PADDING          = 1 << 16,
    X_MAX_FRAGMENT     = 1 << 17,
    X_RECORD_SIZE      = 1 << 18,
    X_CLIENT_CERT_TYPE = 1 << 19,
    X_SERVER_CERT_TYPE = 1 << 20,
    X_COMPRESS         = 1 << 21,
    X_POINT_FORMATS    = 1 << 23,
    X_EXTENDED_MASTER  = 1 << 24,
    X_TICKET           = 1 << 25,
    X_RENEGOTIATION    = 1 << 26,
    X_OTHER_RFC        = 1 << 22 /* registered for one message only, of no use to us: use_srtp, heartbeat */
};

enum { STATUS_OCSP = 1 }; /* CertificateStatusType */

/* What one extensions block said. Views into the message. */
struct exts {
    const uint8_t *base;        /* of the message, for exts_at */
    uint32_t       seen;        /* enum ext_known */
    hf_view        server_name; /* the host_name, empty in answers */
    hf_view        groups;      /* code points */
    hf_view        sig_algs, sig_algs_cert;
    hf_view        alpn;                 /* ProtocolName vectors, checked */
    hf_view        versions;             /* ClientHello: code points */
    uint16_t       version;              /* ServerHello: selected_version */
    uint32_t       version_at, group_at; /* offsets of version and share_group in the message */
    hf_view        shares;               /* ClientHello: KeyShareEntry vectors, checked */
    uint16_t       share_group;          /* ServerHello and HelloRetryRequest */
    hf_view        share;                /* ServerHello */
    hf_view        cookie;
    hf_view        ca_names; /* DistinguishedName vectors, checked; offset in the message: ca_names_at */
    uint32_t       ca_names_at;
    size_t         n_ca_names;
    hf_view        oid_filters;
    hf_view        point_formats;
    hf_view        psk_identities; /* ClientHello: PskIdentity vectors, checked; as many as there are psk_binders */
    hf_view        psk_binders;    /* their list with its length stands at the end of the message */
    uint16_t       psk_selected;   /* ServerHello */
    bool           psk_dhe;        /* psk_key_exchange_modes has psk_dhe_ke */
    hf_view        ticket;         /* session_ticket of TLS 1.2 */
    hf_view        renegotiated;   /* renegotiated_connection: empty in a first handshake */
    uint16_t       record_size;    /* record_size_limit */
    hf_view        zips;           /* compress_certificate: code points */
    hf_view        client_types, server_types; /* certificate types: a list, in answers the one chosen */
    bool           status_asked;               /* status_request for OCSP; CertificateRequest: of any kind */
    hf_view        staple;                     /* Certificate: the OCSPResponse in it */
};

/* Reads a whole extensions vector (the length included). offered: in answers, what was asked for. */
bool exts_read(struct rd *r, enum ext_where where, uint32_t offered, struct exts *out);
/* A CertificateStatus (RFC 6066 8): the OCSPResponse in it. */
hf_view cert_status_body(struct rd *r);
/* Where a part of the message begins, for reports; 0: it is not there. */
static inline size_t exts_at(const struct exts *x, hf_view part)
{
    return part.p ? (size_t)(part.p - x->base) : 0;
}
/* Does the vector hold this extension? Without any check; for telling a TLS 1.3 ServerHello from an older one. */
bool exts_have(struct rd r, uint16_t type);
/* The share of one group in a ClientHello's key_share. */
bool shares_find(hf_view shares, uint16_t group, hf_view *share);
/* The i-th PskIdentity and its binder; false: there are fewer. */
bool psk_at(const struct exts *x, size_t i, hf_view *identity, uint32_t *age, hf_view *binder);
/* Walks vectors with a length prefix of `prefix` bytes that were checked when they were read. */
bool list_next(hf_view list, unsigned prefix, size_t *at, hf_view *item);

#endif
