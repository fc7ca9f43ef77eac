/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_exts.c - the extensions as tables of forms: for each one, how it looks in which messages and what it is for
 * (RFC 9846 4.3, RFC 6066, 6520, 5764, 6962, 7250, 7301, 7366, 7627, 7685, 8422, 8449, 8879, 9345, 5077, 5746).
 */
#include "tls/codes.h"
#include "tls/ext.h"
#include "tls/form.h"

/* clang-format off */
#define END {0}

enum {
    CH = IN_CLIENT_HELLO, SH = IN_SERVER_HELLO, HR = IN_HELLO_RETRY, EE = IN_ENCRYPTED_EXTENSIONS, CT = IN_CERTIFICATE,
    CR = IN_CERTIFICATE_REQUEST, ST = IN_SESSION_TICKET, OL = IN_SERVER_HELLO_12, ALL = 0xffff
};

static const struct form empty[] = {END};
static const struct form opaque[] = {{FORM_REST, 0, AS_HEX, "extension_data", ""}, END};

/* ---- whom and what ---- */

static const struct word name_types[] = {{0, "host_name", ""}, END};
static const struct form server_name[] = {
    {FORM_NUMBER, 1, AS_WORD, "name_type", "", NULL, name_types},
    {FORM_VECTOR, 2, AS_TEXT, "host_name", "the server that the client wants to reach (SNI)"},
    END};
static const struct form server_names[] = {{FORM_LIST, 2, AS_HEX, "server_name_list", "", server_name}, END};

static const struct form protocol[] = {{FORM_VECTOR, 1, AS_TEXT, "ProtocolName", ""}, END};
static const struct form protocols[] = {{FORM_LIST, 2, AS_HEX, "protocol_name_list", "best first", protocol}, END};

static const struct form version[] = {{FORM_NUMBER, 2, AS_VERSION, "ProtocolVersion", ""}, END};
static const struct form versions[] = {{FORM_LIST, 1, AS_HEX, "versions", "best first", version}, END};
static const struct form selected_version[] = {{FORM_NUMBER, 2, AS_VERSION, "selected_version", "the version that is spoken from here on"}, END};

static const struct word fragments[] = {{1, "2^9", ""}, {2, "2^10", ""}, {3, "2^11", ""}, {4, "2^12", ""}, END};
static const struct form fragment[] = {{FORM_NUMBER, 1, AS_WORD, "max_fragment_length", "", NULL, fragments}, END};
static const struct form record_limit[] = {{FORM_NUMBER, 2, AS_NUMBER, "record_size_limit", "bytes"}, END};

/* ---- keys ---- */

static const struct form group[] = {{FORM_NUMBER, 2, AS_GROUP, "NamedGroup", ""}, END};
static const struct form groups[] = {{FORM_LIST, 2, AS_HEX, "named_group_list", "best first", group}, END};

static const struct form share[] = {
    {FORM_NUMBER, 2, AS_GROUP, "group", ""}, {FORM_VECTOR, 2, AS_HEX, "key_exchange", "an ephemeral public key"}, END};
static const struct form share_entry[] = {{FORM_GROUP, 0, AS_HEX, "KeyShareEntry", "", share}, END};
static const struct form client_shares[] = {{FORM_LIST, 2, AS_HEX, "client_shares", "", share_entry}, END};
static const struct form selected_group[] = {{FORM_NUMBER, 2, AS_GROUP, "selected_group", "the server wants a share for this one"}, END};
static const struct form cookie[] = {{FORM_VECTOR, 2, AS_HEX, "cookie", "to be sent back as it came"}, END};

static const struct word formats[] = {
    {0, "uncompressed", ""}, {1, "ansiX962_compressed_prime", ""}, {2, "ansiX962_compressed_char2", ""}, END};
static const struct form format[] = {{FORM_NUMBER, 1, AS_WORD, "ECPointFormat", "", NULL, formats}, END};
static const struct form point_formats[] = {{FORM_LIST, 1, AS_HEX, "ec_point_format_list", "", format}, END};

static const struct form identity[] = {
    {FORM_VECTOR, 2, AS_HEX, "identity", "a ticket, or the name of a shared key"},
    {FORM_NUMBER, 4, AS_NUMBER, "obfuscated_ticket_age", ""},
    END};
static const struct form identities[] = {{FORM_GROUP, 0, AS_HEX, "PskIdentity", "", identity}, END};
static const struct form binder[] = {{FORM_VECTOR, 1, AS_HEX, "PskBinderEntry", "proves that the client knows the key"}, END};
static const struct form offered_psks[] = {
    {FORM_LIST, 2, AS_HEX, "identities", "", identities}, {FORM_LIST, 2, AS_HEX, "binders", "", binder}, END};
static const struct form selected_identity[] = {{FORM_NUMBER, 2, AS_NUMBER, "selected_identity", "which of the client's, from 0"}, END};
static const struct word psk_modes[] = {
    {0, "psk_ke", "the shared key alone"}, {1, "psk_dhe_ke", "the shared key and a fresh key exchange"}, END};
static const struct form psk_mode[] = {{FORM_NUMBER, 1, AS_WORD, "PskKeyExchangeMode", "", NULL, psk_modes}, END};
static const struct form psk_mode_list[] = {{FORM_LIST, 1, AS_HEX, "ke_modes", "", psk_mode}, END};
static const struct form early_data[] = {{FORM_NUMBER, 4, AS_NUMBER, "max_early_data_size", "bytes"}, END};
static const struct form ticket[] = {{FORM_REST, 0, AS_HEX, "ticket", "empty: a new one is welcome"}, END};

/* ---- certificates ---- */

static const struct form scheme[] = {{FORM_NUMBER, 2, AS_SCHEME, "SignatureScheme", ""}, END};
static const struct form schemes[] = {{FORM_LIST, 2, AS_HEX, "supported_signature_algorithms", "best first", scheme}, END};
static const struct form authority[] = {{FORM_VECTOR, 2, AS_DN, "DistinguishedName", ""}, END};
static const struct form authorities[] = {{FORM_LIST, 2, AS_HEX, "authorities", "a hint for choosing", authority}, END};
static const struct form filter[] = {
    {FORM_VECTOR, 1, AS_OID, "certificate_extension_oid", ""},
    {FORM_VECTOR, 2, AS_HEX, "certificate_extension_values", "what the certificate must have there"},
    END};
static const struct form filter_entry[] = {{FORM_GROUP, 0, AS_HEX, "OIDFilter", "", filter}, END};
static const struct form filters[] = {{FORM_LIST, 2, AS_HEX, "filters", "", filter_entry}, END};

static const struct word kinds[] = {{0, "X.509", ""}, {1, "OpenPGP", ""}, {2, "Raw Public Key", ""}, END};
static const struct form kind[] = {{FORM_NUMBER, 1, AS_WORD, "CertificateType", "", NULL, kinds}, END};
static const struct form kind_list[] = {{FORM_LIST, 1, AS_HEX, "certificate_types", "best first", kind}, END};

static const struct word compressors[] = {{1, "zlib", ""}, {2, "brotli", ""}, {3, "zstd", ""}, END};
static const struct form compressor[] = {{FORM_NUMBER, 2, AS_WORD, "CertificateCompressionAlgorithm", "", NULL, compressors}, END};
static const struct form compressor_list[] = {{FORM_LIST, 1, AS_HEX, "algorithms", "best first", compressor}, END};

static const struct word status_types[] = {{1, "ocsp", ""}, {2, "ocsp_multi", ""}, END};
static const struct form responder[] = {{FORM_VECTOR, 2, AS_HEX, "ResponderID", ""}, END};
static const struct form status_request[] = {
    {FORM_NUMBER, 1, AS_WORD, "status_type", "", NULL, status_types},
    {FORM_LIST, 2, AS_HEX, "responder_id_list", "", responder},
    {FORM_VECTOR, 2, AS_HEX, "request_extensions", ""},
    END};
static const struct form status[] = {
    {FORM_NUMBER, 1, AS_WORD, "status_type", "", NULL, status_types},
    {FORM_VECTOR, 3, AS_HEX, "response", "what the CA says about this certificate"},
    END};
static const struct form sct[] = {{FORM_VECTOR, 2, AS_HEX, "SerializedSCT", ""}, END};
static const struct form scts[] = {{FORM_LIST, 2, AS_HEX, "sct_list", "promises of certificate transparency logs", sct}, END};
static const struct form credential_schemes[] = {{FORM_LIST, 2, AS_HEX, "supported_signature_algorithm", "", scheme}, END};

/* ---- other ---- */

static const struct form renegotiation[] = {
    {FORM_VECTOR, 1, AS_HEX, "renegotiated_connection", "empty in a first handshake"}, END};
static const struct word heartbeats[] = {{1, "peer_allowed_to_send", ""}, {2, "peer_not_allowed_to_send", ""}, END};
static const struct form heartbeat[] = {{FORM_NUMBER, 1, AS_WORD, "mode", "", NULL, heartbeats}, END};
static const struct form profile[] = {{FORM_FIXED, 2, AS_HEX, "SRTPProtectionProfile", ""}, END};
static const struct form srtp[] = {
    {FORM_LIST, 2, AS_HEX, "SRTPProtectionProfiles", "", profile}, {FORM_VECTOR, 1, AS_HEX, "srtp_mki", ""}, END};
static const struct form padding[] = {{FORM_REST, 0, AS_HEX, "padding", "zeros that make the message longer"}, END};

/* ---- all of them; the first row that fits ---- */

static const struct form_extension extensions[] = {
    {XT_SERVER_NAME, CH, server_names, "which server is wanted, readable by everybody"},
    {XT_SERVER_NAME, ALL, empty, "the server used the name"},
    {XT_MAX_FRAGMENT_LENGTH, ALL, fragment, "smaller records, please"},
    {XT_STATUS_REQUEST, CT, status, "the stapled statement of the CA"},
    {XT_STATUS_REQUEST, OL, empty, "the CA's statement comes in a message of its own"},
    {XT_STATUS_REQUEST, CH, status_request, "please staple what the CA says about your certificate"},
    {XT_STATUS_REQUEST, CR, empty, "please staple what the CA says about your certificate"},
    {XT_SUPPORTED_GROUPS, ALL, groups, "groups for the key exchange"},
    {XT_EC_POINT_FORMATS, ALL, point_formats, "TLS 1.2: how points of curves are written"},
    {XT_SIGNATURE_ALGORITHMS, ALL, schemes, "signatures that are accepted: in the handshake, and in certificates unless another list is there"},
    {XT_USE_SRTP, ALL, srtp, "keys for media streams"},
    {XT_HEARTBEAT, ALL, heartbeat, ""},
    {XT_ALPN, ALL, protocols, "which protocol is spoken inside"},
    {XT_SCT, CT, scts, "the certificate is in public logs"},
    {XT_SCT, ALL, empty, "please show that your certificate is in public logs"},
    {XT_CLIENT_CERTIFICATE_TYPE, CH, kind_list, "what the client can show"},
    {XT_CLIENT_CERTIFICATE_TYPE, ALL, kind, "what the client is to show"},
    {XT_SERVER_CERTIFICATE_TYPE, CH, kind_list, "what the client can take"},
    {XT_SERVER_CERTIFICATE_TYPE, ALL, kind, "what the server shows"},
    {XT_PADDING, ALL, padding, ""},
    {22, ALL, empty, "TLS 1.2 with CBC suites only"},
    {XT_EXTENDED_MASTER_SECRET, ALL, empty, "TLS 1.2: keys depend on the whole handshake"},
    {XT_COMPRESS_CERTIFICATE, ALL, compressor_list, "certificates may come compressed"},
    {XT_RECORD_SIZE_LIMIT, ALL, record_limit, "the largest record its sender can take"},
    {34, CH | CR, credential_schemes, "short-lived keys that a certificate vouches for are accepted"},
    {XT_SESSION_TICKET, ALL, ticket, "TLS 1.2: resumption by ticket"},
    {XT_PRE_SHARED_KEY, CH, offered_psks, "an earlier session, or a shared key, to go on with"},
    {XT_PRE_SHARED_KEY, SH, selected_identity, "resumed: no certificates are exchanged"},
    {XT_EARLY_DATA, ST, early_data, "data may be sent before the handshake is done"},
    {XT_EARLY_DATA, ALL, empty, "data before the handshake is done"},
    {XT_SUPPORTED_VERSIONS, CH, versions, "the versions that the client speaks"},
    {XT_SUPPORTED_VERSIONS, ALL, selected_version, ""},
    {XT_COOKIE, ALL, cookie, ""},
    {XT_PSK_KEY_EXCHANGE_MODES, ALL, psk_mode_list, "how tickets may be used"},
    {XT_CERTIFICATE_AUTHORITIES, ALL, authorities, "CAs that its sender trusts: a hint for choosing a certificate"},
    {XT_OID_FILTERS, ALL, filters, "what a certificate must have"},
    {XT_POST_HANDSHAKE_AUTH, ALL, empty, "the server may ask for a certificate later"},
    {XT_SIGNATURE_ALGORITHMS_CERT, ALL, schemes, "signatures that are accepted in certificates"},
    {XT_KEY_SHARE, CH, client_shares, "the client's half of the key exchange, one or more guesses"},
    {XT_KEY_SHARE, HR, selected_group, ""},
    {XT_KEY_SHARE, ALL, share, "the server's half of the key exchange"},
    {65037, ALL, opaque, "a hello inside the hello, encrypted"},
    {XT_RENEGOTIATION_INFO, ALL, renegotiation, "TLS 1.2: ties a new handshake to the old one"},
};
/* clang-format on */

const struct form_extension *form_of_extension(uint16_t type, uint16_t where)
{
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (extensions[i].type == type && (extensions[i].where & where))
            return &extensions[i];
    return NULL;
}
