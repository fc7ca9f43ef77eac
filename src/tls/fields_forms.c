/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_forms.c - messages and their parts as tables of forms, in the order and in the words of the RFCs (RFC 9846 4,
 * 5, 6; RFC 5246 7.4; RFC 7250 3; RFC 8422 5; RFC 5077 3.3; RFC 8879 4). Extensions are in fields_exts.c.
 */
#include "tls/codes.h"
#include "tls/ext.h"
#include "tls/form.h"

/* clang-format off */
#define END {0}

/* ---- records and alerts ---- */

static const struct word content_types[] = {
    {20, "change_cipher_spec", ""}, {21, "alert", ""}, {22, "handshake", ""},
    {23, "application_data", "in TLS 1.3 everything that is encrypted looks like this from outside"}, {24, "heartbeat", ""}, END};

const struct form form_record[] = {
    {FORM_NUMBER, 1, AS_WORD, "type", "", NULL, content_types},
    {FORM_NUMBER, 2, AS_VERSION, "legacy_record_version", "frozen: it says nothing about the version that is spoken"},
    {FORM_NUMBER, 2, AS_NUMBER, "length", "bytes of this record behind its header"},
    END};

static const struct word levels[] = {
    {1, "warning", "the sender goes on"}, {2, "fatal", "the sender has ended the connection"}, END};

const struct form form_alert[] = {
    {FORM_NUMBER, 1, AS_WORD, "level", "", NULL, levels},
    {FORM_NUMBER, 1, AS_ALERT, "description", ""},
    END};

static const struct word ccs_types[] = {
    {1, "change_cipher_spec", "TLS 1.2: all that follows is encrypted. TLS 1.3: means nothing, sent for old middleboxes"}, END};

const struct form form_ccs[] = {{FORM_NUMBER, 1, AS_WORD, "type", "", NULL, ccs_types}, END};

const struct form form_header[] = {
    {FORM_NUMBER, 1, AS_MESSAGE, "msg_type", ""},
    {FORM_NUMBER, 3, AS_NUMBER, "length", "bytes of the message behind these four"},
    END};

/* ---- hellos ---- */

static const struct form suite[] = {{FORM_NUMBER, 2, AS_SUITE, "CipherSuite", ""}, END};
static const struct word compressions[] = {{0, "null", "no compression, the only one allowed"}, {1, "DEFLATE", "insecure"}, END};
static const struct form compression[] = {{FORM_NUMBER, 1, AS_WORD, "compression_method", "", NULL, compressions}, END};

static const struct form client_hello[] = {
    {FORM_NUMBER, 2, AS_VERSION, "legacy_version", "at most TLS 1.2 here; newer versions stand in supported_versions"},
    {FORM_FIXED, 32, AS_HEX, "random", "the client's fresh randomness, part of everything that is signed and derived"},
    {FORM_VECTOR, 1, AS_HEX, "legacy_session_id", "TLS 1.3: meaningless, for old middleboxes. TLS 1.2: a session to resume"},
    {FORM_LIST, 2, AS_HEX, "cipher_suites", "what the client can encrypt with, best first", suite},
    {FORM_LIST, 1, AS_HEX, "legacy_compression_methods", "", compression},
    {FORM_EXTENSIONS, 2, AS_HEX, "extensions", ""},
    END};

static const struct form server_hello[] = {
    {FORM_NUMBER, 2, AS_VERSION, "legacy_version", "the version, unless supported_versions names another one"},
    {FORM_FIXED, 32, AS_RANDOM, "random", "the server's fresh randomness"},
    {FORM_VECTOR, 1, AS_HEX, "legacy_session_id_echo", "TLS 1.3: what the client sent. TLS 1.2: a name for this session"},
    {FORM_NUMBER, 2, AS_SUITE, "cipher_suite", "what the server chose"},
    {FORM_NUMBER, 1, AS_WORD, "legacy_compression_method", "", NULL, compressions},
    {FORM_EXTENSIONS, 2, AS_HEX, "extensions", ""},
    END};

static const struct form encrypted_extensions[] = {{FORM_EXTENSIONS, 2, AS_HEX, "extensions", ""}, END};

/* ---- authentication ---- */

static const struct form name[] = {
    {FORM_VECTOR, 2, AS_DN, "DistinguishedName", "a CA that is accepted above the client's certificate"}, END};
static const struct form scheme[] = {{FORM_NUMBER, 2, AS_SCHEME, "SignatureScheme", ""}, END};
static const struct word certificate_types[] = {
    {1, "rsa_sign", ""}, {2, "dss_sign", ""}, {3, "rsa_fixed_dh", ""}, {4, "dss_fixed_dh", ""}, {64, "ecdsa_sign", ""},
    {65, "rsa_fixed_ecdh", ""}, {66, "ecdsa_fixed_ecdh", ""}, END};
static const struct form certificate_type[] = {
    {FORM_NUMBER, 1, AS_WORD, "ClientCertificateType", "", NULL, certificate_types}, END};

static const struct form certificate_request[] = {
    {FORM_VECTOR, 1, AS_HEX, "certificate_request_context", "empty during the handshake"},
    {FORM_EXTENSIONS, 2, AS_HEX, "extensions", ""},
    END};
static const struct form certificate_request12[] = {
    {FORM_LIST, 1, AS_HEX, "certificate_types", "kinds of keys", certificate_type},
    {FORM_LIST, 2, AS_HEX, "supported_signature_algorithms", "what the client may sign with", scheme},
    {FORM_LIST, 2, AS_HEX, "certificate_authorities", "a hint for choosing; empty: any CA may be tried", name},
    END};

static const struct form entry[] = {
    {FORM_VECTOR, 3, AS_CERT, "cert_data", ""}, {FORM_EXTENSIONS, 2, AS_HEX, "extensions", ""}, END};
static const struct form entries[] = {{FORM_GROUP, 0, AS_HEX, "CertificateEntry", "", entry}, END};
static const struct form certificate[] = {
    {FORM_VECTOR, 1, AS_HEX, "certificate_request_context", "empty during the handshake"},
    {FORM_LIST, 3, AS_HEX, "certificate_list", "the leaf first; empty: no certificate is given", entries},
    END};
static const struct form entry12[] = {{FORM_VECTOR, 3, AS_CERT, "ASN.1Cert", ""}, END};
static const struct form certificate12[] = {
    {FORM_LIST, 3, AS_HEX, "certificate_list", "the leaf first; empty: no certificate is given", entry12}, END};

static const struct form raw_key12[] = {
    {FORM_VECTOR, 3, AS_CERT, "ASN.1_subjectPublicKeyInfo", ""}, END};
const struct form_message form_raw_key12 = {
    HT_CERTIFICATE, TLS12, 0, raw_key12, "A public key without a certificate: a claim, not yet a proof."};

static const struct word compressors[] = {{1, "zlib", ""}, {2, "brotli", ""}, {3, "zstd", ""}, END};
static const struct form compressed_certificate[] = {
    {FORM_NUMBER, 2, AS_WORD, "algorithm", "", NULL, compressors},
    {FORM_NUMBER, 3, AS_NUMBER, "uncompressed_length", "bytes"},
    {FORM_VECTOR, 3, AS_HEX, "compressed_certificate_message", "the Certificate message, packed"},
    END};

static const struct word status_types[] = {{1, "ocsp", ""}, {2, "ocsp_multi", ""}, END};
static const struct form certificate_status[] = {
    {FORM_NUMBER, 1, AS_WORD, "status_type", "", NULL, status_types},
    {FORM_VECTOR, 3, AS_HEX, "response", "what the CA says about the leaf"},
    END};

static const struct form certificate_verify[] = {
    {FORM_NUMBER, 2, AS_SCHEME, "algorithm", "how it is signed"},
    {FORM_VECTOR, 2, AS_HEX, "signature", "over all messages so far, by the key of the certificate"},
    END};

static const struct form finished[] = {
    {FORM_REST, 0, AS_HEX, "verify_data", "a MAC over all messages so far: both sides saw the same ones"}, END};

/* ---- TLS 1.2 key exchange ---- */

static const struct word curve_types[] = {
    {1, "explicit_prime", ""}, {2, "explicit_char2", ""}, {3, "named_curve", ""}, END};
static const struct form server_key_exchange[] = {
    {FORM_NUMBER, 1, AS_WORD, "curve_type", "", NULL, curve_types},
    {FORM_NUMBER, 2, AS_GROUP, "namedcurve", ""},
    {FORM_VECTOR, 1, AS_HEX, "public", "the server's ephemeral public key"},
    {FORM_NUMBER, 2, AS_SCHEME, "algorithm", "how it is signed"},
    {FORM_VECTOR, 2, AS_HEX, "signature", "over both randoms and the key, by the key of the server's certificate"},
    END};
static const struct form client_key_exchange[] = {
    {FORM_VECTOR, 1, AS_HEX, "ecdh_Yc", "the client's ephemeral public key"}, END};
static const struct form nothing[] = {END};

/* ---- after the handshake ---- */

static const struct form new_session_ticket[] = {
    {FORM_NUMBER, 4, AS_SECONDS, "ticket_lifetime", "how long the ticket may be used"},
    {FORM_NUMBER, 4, AS_NUMBER, "ticket_age_add", "hides from others how old the ticket is when it is used"},
    {FORM_VECTOR, 1, AS_HEX, "ticket_nonce", "tells this ticket's key from those of other tickets"},
    {FORM_VECTOR, 2, AS_HEX, "ticket", "only the server can read it"},
    {FORM_EXTENSIONS, 2, AS_HEX, "extensions", ""},
    END};
static const struct form new_session_ticket12[] = {
    {FORM_NUMBER, 4, AS_SECONDS, "ticket_lifetime_hint", "how long the ticket may be used"},
    {FORM_VECTOR, 2, AS_HEX, "ticket", "only the server can read it"},
    END};
static const struct word requests[] = {
    {0, "update_not_requested", ""}, {1, "update_requested", "the other side is to change its key too"}, END};
static const struct form key_update[] = {{FORM_NUMBER, 1, AS_WORD, "request_update", "", NULL, requests}, END};

/* ---- all of them ---- */

enum { SH_ANY = IN_SERVER_HELLO | IN_HELLO_RETRY | IN_SERVER_HELLO_12 };

static const struct form_message messages[] = {
    {HT_HELLO_REQUEST, TLS12, 0, nothing, "The server asks for a new handshake on this connection."},
    {HT_CLIENT_HELLO, 0, IN_CLIENT_HELLO, client_hello, "The client says what it can do and whom it wants to reach."},
    {HT_SERVER_HELLO, 0, SH_ANY, server_hello, "The server chooses."},
    {HT_NEW_SESSION_TICKET, TLS12, 0, new_session_ticket12, "A ticket: the next handshake can be shorter."},
    {HT_NEW_SESSION_TICKET, 0, IN_SESSION_TICKET, new_session_ticket, "A ticket: the next handshake can be shorter."},
    {HT_END_OF_EARLY_DATA, 0, 0, nothing, "The client's early data ends here."},
    {HT_ENCRYPTED_EXTENSIONS, 0, IN_ENCRYPTED_EXTENSIONS, encrypted_extensions, "The server's other choices, no longer readable from outside."},
    {HT_CERTIFICATE, TLS12, 0, certificate12, "A chain of certificates: a claim, not yet a proof."},
    {HT_CERTIFICATE, 0, IN_CERTIFICATE, certificate, "A chain of certificates: a claim, not yet a proof."},
    {HT_SERVER_KEY_EXCHANGE, TLS12, 0, server_key_exchange, "The server's half of the key exchange, signed with its certificate's key."},
    {HT_CERTIFICATE_REQUEST, TLS12, 0, certificate_request12, "The server asks for a client certificate."},
    {HT_CERTIFICATE_REQUEST, 0, IN_CERTIFICATE_REQUEST, certificate_request, "The server asks for a client certificate."},
    {HT_SERVER_HELLO_DONE, TLS12, 0, nothing, "The server has said all it has to say for now."},
    {HT_CERTIFICATE_VERIFY, 0, 0, certificate_verify, "The proof: only the holder of the certificate's private key can make this signature."},
    {HT_CLIENT_KEY_EXCHANGE, TLS12, 0, client_key_exchange, "The client's half of the key exchange."},
    {HT_FINISHED, 0, 0, finished, "Nobody has changed a byte of what was said."},
    {HT_CERTIFICATE_STATUS, TLS12, 0, certificate_status, "The CA's statement about the server's certificate."},
    {HT_KEY_UPDATE, 0, 0, key_update, "From here on the sender uses a new key."},
    {25, 0, 0, compressed_certificate, "A chain of certificates, compressed."},
};
/* clang-format on */

const struct form_message *form_of_message(uint8_t type, uint16_t version)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (messages[i].type == type && (messages[i].version == 0 || messages[i].version == version))
            return &messages[i];
    return NULL;
}
