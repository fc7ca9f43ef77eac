/* SPDX-License-Identifier: Apache-2.0
 *
 * names.c - numbers of the TLS registries by their registered names: alerts (RFC 9846 6), handshake
 * messages (4), versions, cipher suites, groups, signature schemes and extensions (appendix B; RFC 5289,
 * RFC 7905, RFC 8422). For people only: nothing is decided by a name. A code that a client only sends to
 * see whether it is ignored (RFC 8701) is called GREASE, one that is in no table "unknown".
 */
#include "handfast.h"

#include "alert.h"

struct name {
    uint16_t    code;
    const char *name;
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const char *find(const struct name *t, size_t n, uint16_t code)
{
    for (size_t i = 0; i < n; i++)
        if (t[i].code == code)
            return t[i].name;
    return "unknown";
}

static const struct name alerts[] = {
    {CLOSE_NOTIFY, "close_notify"},
    {UNEXPECTED_MESSAGE, "unexpected_message"},
    {BAD_RECORD_MAC, "bad_record_mac"},
    {21, "decryption_failed"},
    {RECORD_OVERFLOW, "record_overflow"},
    {30, "decompression_failure"},
    {HANDSHAKE_FAILURE, "handshake_failure"},
    {41, "no_certificate"},
    {BAD_CERTIFICATE, "bad_certificate"},
    {UNSUPPORTED_CERTIFICATE, "unsupported_certificate"},
    {CERTIFICATE_REVOKED, "certificate_revoked"},
    {CERTIFICATE_EXPIRED, "certificate_expired"},
    {CERTIFICATE_UNKNOWN, "certificate_unknown"},
    {ILLEGAL_PARAMETER, "illegal_parameter"},
    {UNKNOWN_CA, "unknown_ca"},
    {ACCESS_DENIED, "access_denied"},
    {DECODE_ERROR, "decode_error"},
    {DECRYPT_ERROR, "decrypt_error"},
    {60, "export_restriction"},
    {PROTOCOL_VERSION, "protocol_version"},
    {INSUFFICIENT_SECURITY, "insufficient_security"},
    {INTERNAL_ERROR, "internal_error"},
    {INAPPROPRIATE_FALLBACK, "inappropriate_fallback"},
    {USER_CANCELED, "user_canceled"},
    {NO_RENEGOTIATION, "no_renegotiation"},
    {MISSING_EXTENSION, "missing_extension"},
    {UNSUPPORTED_EXTENSION, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {UNRECOGNIZED_NAME, "unrecognized_name"},
    {BAD_CERTIFICATE_STATUS_RESPONSE, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {UNKNOWN_PSK_IDENTITY, "unknown_psk_identity"},
    {CERTIFICATE_REQUIRED, "certificate_required"},
    {GENERAL_ERROR, "general_error"},
    {NO_APPLICATION_PROTOCOL, "no_application_protocol"},
    {NO_ALERT, "none"},
};

static const struct name messages[] = {
    {0, "HelloRequest"},
    {1, "ClientHello"},
    {2, "ServerHello"},
    {4, "NewSessionTicket"},
    {5, "EndOfEarlyData"},
    {8, "EncryptedExtensions"},
    {11, "Certificate"},
    {12, "ServerKeyExchange"},
    {13, "CertificateRequest"},
    {14, "ServerHelloDone"},
    {15, "CertificateVerify"},
    {16, "ClientKeyExchange"},
    {20, "Finished"},
    {21, "CertificateURL"},
    {22, "CertificateStatus"},
    {24, "KeyUpdate"},
    {25, "CompressedCertificate"},
    {254, "message_hash"},
    {HF_NO_MESSAGE, "none"},
};

static const struct name versions[] = {
    {0x0002, "SSL 2.0"}, {0x0300, "SSL 3.0"},  {0x0301, "TLS 1.0"},  {0x0302, "TLS 1.1"},  {0x0303, "TLS 1.2"},
    {0x0304, "TLS 1.3"}, {0xfeff, "DTLS 1.0"}, {0xfefd, "DTLS 1.2"}, {0xfefc, "DTLS 1.3"},
};

static const struct name suites[] = {
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x1304, "TLS_AES_128_CCM_SHA256"},
    {0x1305, "TLS_AES_128_CCM_8_SHA256"},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcc13, "OLD_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcc14, "OLD_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
    {0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
    {0x5600, "TLS_FALLBACK_SCSV"},
};

static const struct name groups[] = {
    {0x0017, "secp256r1"},
    {0x0018, "secp384r1"},
    {0x0019, "secp521r1"},
    {0x001d, "x25519"},
    {0x001e, "x448"},
    {0x001a, "brainpoolP256r1"},
    {0x001b, "brainpoolP384r1"},
    {0x001c, "brainpoolP512r1"},
    {0x0100, "ffdhe2048"},
    {0x0101, "ffdhe3072"},
    {0x0102, "ffdhe4096"},
    {0x0103, "ffdhe6144"},
    {0x0104, "ffdhe8192"},
    {0x0200, "MLKEM512"},
    {0x0201, "MLKEM768"},
    {0x0202, "MLKEM1024"},
    {0x11eb, "SecP256r1MLKEM768"},
    {0x11ec, "X25519MLKEM768"},
    {0x11ed, "SecP384r1MLKEM1024"},
    {0x6399, "X25519Kyber768Draft00"},
};

static const struct name schemes[] = {
    {0x0201, "rsa_pkcs1_sha1"},
    {0x0203, "ecdsa_sha1"},
    {0x0401, "rsa_pkcs1_sha256"},
    {0x0501, "rsa_pkcs1_sha384"},
    {0x0601, "rsa_pkcs1_sha512"},
    {0x0403, "ecdsa_secp256r1_sha256"},
    {0x0503, "ecdsa_secp384r1_sha384"},
    {0x0603, "ecdsa_secp521r1_sha512"},
    {0x0804, "rsa_pss_rsae_sha256"},
    {0x0805, "rsa_pss_rsae_sha384"},
    {0x0806, "rsa_pss_rsae_sha512"},
    {0x0807, "ed25519"},
    {0x0808, "ed448"},
    {0x0809, "rsa_pss_pss_sha256"},
    {0x080a, "rsa_pss_pss_sha384"},
    {0x080b, "rsa_pss_pss_sha512"},
    {0x0904, "mldsa44"},
    {0x0905, "mldsa65"},
    {0x0906, "mldsa87"},
    {0x0301, "rsa_pkcs1_sha224"},
    {0x0303, "ecdsa_sha224"},
    {0x0202, "dsa_sha1"},
    {0x0402, "dsa_sha256"},
};

static const struct name extensions[] = {
    {0, "server_name"},
    {1, "max_fragment_length"},
    {5, "status_request"},
    {10, "supported_groups"},
    {11, "ec_point_formats"},
    {13, "signature_algorithms"},
    {14, "use_srtp"},
    {15, "heartbeat"},
    {16, "application_layer_protocol_negotiation"},
    {17, "status_request_v2"},
    {18, "signed_certificate_timestamp"},
    {19, "client_certificate_type"},
    {20, "server_certificate_type"},
    {21, "padding"},
    {22, "encrypt_then_mac"},
    {23, "extended_master_secret"},
    {27, "compress_certificate"},
    {28, "record_size_limit"},
    {34, "delegated_credential"},
    {35, "session_ticket"},
    {41, "pre_shared_key"},
    {42, "early_data"},
    {43, "supported_versions"},
    {44, "cookie"},
    {45, "psk_key_exchange_modes"},
    {47, "certificate_authorities"},
    {48, "oid_filters"},
    {49, "post_handshake_auth"},
    {50, "signature_algorithms_cert"},
    {51, "key_share"},
    {65037, "encrypted_client_hello"},
    {65281, "renegotiation_info"},
};

const char *hf_alert_name(uint8_t alert)
{
    return find(alerts, COUNT(alerts), alert);
}

const char *hf_message_name(uint8_t handshake_type)
{
    return find(messages, COUNT(messages), handshake_type);
}

/* RFC 8701 2: both bytes are equal and end in the digit A. */
static bool is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && code >> 8 == (code & 0xff);
}

const char *hf_code_name(char kind, uint16_t code)
{
    if (is_grease(code))
        return "GREASE";
    switch (kind) {
    case 's':
        return find(suites, COUNT(suites), code);
    case 'g':
        return find(groups, COUNT(groups), code);
    case 'a':
        return find(schemes, COUNT(schemes), code);
    case 'v':
        return find(versions, COUNT(versions), code);
    case 'x':
        return find(extensions, COUNT(extensions), code);
    default:
        return "unknown";
    }
}
