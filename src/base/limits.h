/* SPDX-License-Identifier: Apache-2.0
 *
 * limits.h - every ceiling in one table. Exceeding one is a named check, never a crash and never silence.
 */
#ifndef HF_BASE_LIMITS_H
#define HF_BASE_LIMITS_H

enum limit {
    LIMIT_RECORD_PLAINTEXT  = 16384,           /* bytes; RFC 9846 5.1 */
    LIMIT_RECORD_EXPANSION  = 256,             /* bytes; RFC 9846 5.2 */
    LIMIT_MSG_HELLO         = 65536,           /* bytes of a ClientHello, ServerHello, EncryptedExtensions */
    LIMIT_MSG_CERTIFICATE   = 256 * 1024,      /* bytes of a Certificate message */
    LIMIT_ZIP_BLOCK         = 512 * 1024,      /* bytes that unpacking a certificate asks for at a time */
    LIMIT_MSG_CERTREQUEST   = 144 * 1024,      /* bytes: two full vectors of 64 KiB and what surrounds them */
    LIMIT_MSG_OTHER         = 4096,            /* bytes of any other handshake message */
    LIMIT_CHAIN             = 64,              /* certificates in one Certificate message */
    LIMIT_CERT              = 64 * 1024,       /* bytes of one certificate */
    LIMIT_CERT_EXTENSIONS   = 64,              /* extensions in one certificate */
    LIMIT_SAN_NAMES         = 2048,            /* names in one subjectAltName */
    LIMIT_RDN_VALUES        = 16,              /* attributes in one RDN of a name */
    LIMIT_POLICIES          = 256,             /* policies or mappings in one certificate */
    LIMIT_SERIAL            = 64,              /* bytes of a serial number; RFC 5280 4.1.2.2 asks CAs for 20 */
    LIMIT_CA_NAMES          = 4096,            /* names in one certificate_authorities that are looked at */
    LIMIT_CA_NAMES_BYTES    = 65532,           /* bytes of names that we announce */
    LIMIT_HELLO_NAMES_BYTES = 8192,            /* the same in a ClientHello */
    RECORD_LIMIT_MIN        = 64,              /* bytes; RFC 8449 4 */
    LIMIT_LIST              = 128,             /* entries of a list of groups, suites or schemes that are kept */
    LIMIT_ALPN              = 32,              /* protocols we can be configured with */
    LIMIT_EMPTY_RECORDS     = 32,              /* records without content in a row */
    LIMIT_WARNING_ALERTS    = 4,               /* warnings in a row */
    LIMIT_KEY_UPDATES       = 32,              /* KeyUpdates without data in between */
    LIMIT_TICKETS           = 16,              /* NewSessionTicket messages without data in between */
    LIMIT_TICKETS_GIVEN     = 8,               /* tickets that we give in one connection */
    LIMIT_TICKET_LIFE_S     = 7 * 24 * 3600,   /* of a ticket, and of all that follow one proof; RFC 9846 4.7.1 */
    LIMIT_TICKET_BYTES      = 16 * 1024,       /* of a ticket that we give: the peer's chain is in it */
    LIMIT_PSKS              = 8,               /* tickets of one ClientHello that are looked at */
    LIMIT_POST_HANDSHAKE    = 64,              /* messages after the handshake without data in between */
    LIMIT_PATH_STEPS        = 1000,            /* candidate issuers looked at for one chain */
    LIMIT_PATH_SIGNATURES   = 100,             /* signatures verified for one chain */
    LIMIT_PATH_COMPARISONS  = 250000,          /* names with constraints, policies with policies, for one chain */
    LIMIT_CONN_BYTES        = 1024 * 1024,     /* held by one connection, default */
    LIMIT_CRLS              = 16384,           /* CRLs of one trust */
    LIMIT_CRL_BYTES         = 1 << 28,         /* of one CRL: a million entries with reasons have 55 MB */
    LIMIT_CRL_FILE          = 384 << 20,       /* bytes of a file of CRLs: as PEM they are a third larger */
    LIMIT_OCSP_BYTES        = 64 * 1024,       /* of one OCSP response */
    LIMIT_OCSP_ANSWERS      = 64,              /* certificates that one OCSP response is about */
    LIMIT_PRESENT           = 2 << 20,         /* certificates that are present at once */
    LIMIT_PLACES            = 1024,            /* places of one certificate that are told apart */
    LIMIT_TRACE_BYTES       = 512 * 1024,      /* message bytes kept by one trace */
    LIMIT_STREAM_BYTES      = 1 << 20,         /* of one direction of a connection in a capture */
    LIMIT_CAPTURE_CONNS     = 65536,           /* connections of one capture that are looked at */
    LIMIT_CAPTURE_BYTES     = 256 << 20,       /* memory for the streams of one capture */
    LIMIT_WATCH_BYTES       = 16 << 20,        /* for the story of one of them */
    LIMIT_FIELDS            = 16384,           /* fields told of one message that is taken apart */
    LIMIT_RULES             = 16384,           /* rules of one server */
    LIMIT_RULES_FILE        = 8 << 20,         /* bytes of a rules file */
    LIMIT_HTTP_HEAD         = 32 * 1024,       /* bytes of the head of one request */
    LIMIT_HTTP_LINES        = 384 * 1024,      /* of header lines that say who the client is: a chain in base64 */
    LIMIT_HTTP_OUT          = 512 * 1024,      /* of what passes on of it at a time */
    LIMIT_RULE_VALUES       = 1 << 20,         /* values in all their conditions */
    LIMIT_FILE_BYTES        = 64 * 1024 * 1024 /* of one file we are given */
};

#endif
