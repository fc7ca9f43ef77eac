/* SPDX-License-Identifier: Apache-2.0
 * codes.h - code points of the TLS registries, by the RFC's names (RFC 9846 appendix B). */
#ifndef HF_TLS_CODES_H
#define HF_TLS_CODES_H

enum version { TLS10 = 0x0301, TLS12 = 0x0303, TLS13 = 0x0304 };

enum content_type { CT_CHANGE_CIPHER_SPEC = 20, CT_ALERT = 21, CT_HANDSHAKE = 22, CT_APPLICATION_DATA = 23 };

enum handshake_type {
    HT_HELLO_REQUEST          = 0,
    HT_CLIENT_HELLO           = 1,
    HT_SERVER_HELLO           = 2,
    HT_NEW_SESSION_TICKET     = 4,
    HT_END_OF_EARLY_DATA      = 5,
    HT_ENCRYPTED_EXTENSIONS   = 8,
    HT_CERTIFICATE            = 11,
    HT_SERVER_KEY_EXCHANGE    = 12,
    HT_CERTIFICATE_REQUEST    = 13,
    HT_SERVER_HELLO_DONE      = 14,
    HT_CERTIFICATE_VERIFY     = 15,
    HT_CLIENT_KEY_EXCHANGE    = 16,
    HT_FINISHED               = 20,
    HT_CERTIFICATE_STATUS     = 22,
    HT_KEY_UPDATE             = 24,
    HT_COMPRESSED_CERTIFICATE = 25,
    HT_CHANGE_CIPHER_SPEC     = 253, /* ours: the record, as an event of the TLS 1.2 state table */
    HT_MESSAGE_HASH           = 254
};

enum extension_type {
    XT_SERVER_NAME               = 0,
    XT_MAX_FRAGMENT_LENGTH       = 1,
    XT_STATUS_REQUEST            = 5,
    XT_SUPPORTED_GROUPS          = 10,
    XT_EC_POINT_FORMATS          = 11,
    XT_SIGNATURE_ALGORITHMS      = 13,
    XT_USE_SRTP                  = 14,
    XT_HEARTBEAT                 = 15,
    XT_ALPN                      = 16,
    XT_SCT                       = 18,
    XT_CLIENT_CERTIFICATE_TYPE   = 19,
    XT_SERVER_CERTIFICATE_TYPE   = 20,
    XT_PADDING                   = 21,
    XT_EXTENDED_MASTER_SECRET    = 23,
    XT_COMPRESS_CERTIFICATE      = 27,
    XT_RECORD_SIZE_LIMIT         = 28,
    XT_SESSION_TICKET            = 35,
    XT_PRE_SHARED_KEY            = 41,
    XT_EARLY_DATA                = 42,
    XT_SUPPORTED_VERSIONS        = 43,
    XT_COOKIE                    = 44,
    XT_PSK_KEY_EXCHANGE_MODES    = 45,
    XT_CERTIFICATE_AUTHORITIES   = 47,
    XT_OID_FILTERS               = 48,
    XT_POST_HANDSHAKE_AUTH       = 49,
    XT_SIGNATURE_ALGORITHMS_CERT = 50,
    XT_KEY_SHARE                 = 51,
    XT_RENEGOTIATION_INFO        = 0xff01
};

/* CertificateType (RFC 7250 7) */
enum certificate_type { TYPE_X509 = 0, TYPE_RAW_KEY = 2 };

enum psk_mode { PSK_DHE_KE = 1 };

#endif
