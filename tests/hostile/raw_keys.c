/* SPDX-License-Identifier: Apache-2.0
 *
 * raw_keys.c - a peer that deviates where raw public keys are agreed on and shown (RFC 7250), in both versions: as a
 * client against the engine as server, or the other way round (the argument says what the peer is).
 */
#include "hostile.h"

#include <string.h>

enum {
    CH = MSG_CLIENT_HELLO,
    SH = MSG_SERVER_HELLO,
    EE = MSG_ENCRYPTED_EXTENSIONS,
    CT = MSG_CERTIFICATE,
    CV = MSG_CERTIFICATE_VERIFY
};

static const struct minted *leaf_of(const struct foe *p)
{
    return p->server ? &p->pki->server : &p->pki->client;
}

/* ---- Certificate ------------------------------------------------------------------------------------------ */

enum { RSA_1024_N = 162 };

static const uint8_t rsa_1024[RSA_1024_N] = {0x30, 0x81, 0x9f,        0x30,      0x0d, 0x06, 0x09, 0x2a, 0x86,
                                             0x48, 0x86, 0xf7,        0x0d,      0x01, 0x01, 0x01, 0x05, 0x00,
                                             0x03, 0x81, 0x8d,        0x00,      0x30, 0x81, 0x89, 0x02, 0x81,
                                             0x81, 0x00, [29] = 0x80, [156] = 1, 0x02, 0x03, 0x01, 0x00, 0x01};

static void whole(struct bytes *m, bool v12, const void *p, size_t n)
{
    bytes_cut(m, 4, m->n - 4);
    if (v12) {
        bytes_u24(m, (unsigned)n);
        bytes_add(m, p, n);
    } else {
        bytes_u8(m, 0);
        bytes_u24(m, (unsigned)n + 5);
        bytes_u24(m, (unsigned)n);
        bytes_add(m, p, n);
        bytes_u16(m, 0);
    }
    msg_mend(m);
}

static void certificate_instead(struct foe *p, struct bytes *m)
{
    whole(m, p->v12, leaf_of(p)->der, leaf_of(p)->der_n);
}

static void small_key(struct foe *p, struct bytes *m)
{
    whole(m, p->v12, rsa_1024, RSA_1024_N);
}

static void behind_the_key(struct foe *p, struct bytes *m)
{
    struct bytes key = {0};
    put_raw_key(leaf_of(p), &key);
    bytes_u8(&key, 0);
    whole(m, p->v12, key.p + 3, key.n - 3);
    bytes_free(&key);
}

static void strangers_key(struct foe *p, struct bytes *m)
{
    struct bytes key = {0};
    put_raw_key(&p->pki->ca, &key);
    whole(m, p->v12, key.p + 3, key.n - 3);
    bytes_free(&key);
}

static void no_key(struct foe *p, struct bytes *m)
{
    whole(m, p->v12, "", 0);
}

static void two_keys(struct foe *p, struct bytes *m)
{
    bytes_cut(m, 4, m->n - 4);
    bytes_u8(m, 0);
    size_t list = bytes_open(m, 3);
    for (int i = 0; i < 2; i++) {
        put_raw_key(leaf_of(p), m);
        bytes_u16(m, 0);
    }
    bytes_close(m, list, 3);
    msg_mend(m);
}

static void other_signature(struct foe *p, struct bytes *m)
{
    m->p[m->n - 1] ^= 1;
}

/* ---- the rows ---------------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct deviation of_clients[] = {
    {.name = "behaves", .raw = true},
    {.name = "behaves, certificates taken too", .raw = true, .mixed = true},
    {.name = "behaves, TLS 1.2", .raw = true, .v12 = true},
    {.name = "behaves, with a retry", .raw = true, .retry = true},
    {.name = "names other types too", .at = CH, .raw = true, .set = {X(19), BYTES(3, 1, 7, 2)}},
    {.name = "takes other types too", .at = CH, .raw = true, .add = {X(20), BYTES(3, 2, 0, 9)}},
    {.name = "takes other types too, TLS 1.2", .at = CH, .raw = true, .v12 = true, .add = {X(20), BYTES(3, 2, 0, 9)}},

    {.name = "client types: empty", EXT_CLIENT_CERT_TYPE, DECODE_ERROR, CH, .add = {X(19), NULL, 0}},
    {.name = "client types: an empty list", CERT_TYPES_EMPTY, ILLEGAL_PARAMETER, CH, .add = {X(19), BYTES(0)}},
    {.name = "client types: X.509 alone", CERT_TYPES_DEFAULT, ILLEGAL_PARAMETER, CH, .add = {X(19), BYTES(1, 0)}},
    {.name = "client types: cut off", EXT_CLIENT_CERT_TYPE, DECODE_ERROR, CH, .add = {X(19), BYTES(2, 2)}},
    {.name = "client types: bytes behind", EXT_CLIENT_CERT_TYPE, DECODE_ERROR, CH, .add = {X(19), BYTES(1, 2, 0)}},
    {.name = "client types: twice", EXT_TWICE, ILLEGAL_PARAMETER, CH, .raw = true, .add = {X(19), BYTES(1, 2)}},
    {.name = "client types: unknown alone", CH_NO_COMMON_CLIENT_TYPE, UNSUPPORTED_CERTIFICATE, CH, .add = {X(19), BYTES(1, 7)}},
    {.name = "client types: unknown alone, TLS 1.2", CH_NO_COMMON_CLIENT_TYPE, UNSUPPORTED_CERTIFICATE, CH, .v12 = true, .add = {X(19), BYTES(1, 7)}},
    {.name = "client types: none, and raw keys alone are taken", CH_CLIENT_TYPE_UNSAID, UNSUPPORTED_CERTIFICATE, CH, .raw = true, .drop = X(19)},
    {.name = "server types: empty", EXT_SERVER_CERT_TYPE, DECODE_ERROR, CH, .add = {X(20), NULL, 0}},
    {.name = "server types: an empty list", CERT_TYPES_EMPTY, ILLEGAL_PARAMETER, CH, .add = {X(20), BYTES(0)}},
    {.name = "server types: X.509 alone", CERT_TYPES_DEFAULT, ILLEGAL_PARAMETER, CH, .add = {X(20), BYTES(1, 0)}},
    {.name = "server types: X.509 alone, TLS 1.2", CERT_TYPES_DEFAULT, ILLEGAL_PARAMETER, CH, .v12 = true, .add = {X(20), BYTES(1, 0)}},
    {.name = "server types: unknown alone", CH_NO_COMMON_SERVER_TYPE, UNSUPPORTED_CERTIFICATE, CH, .add = {X(20), BYTES(1, 7)}},
    {.name = "server types: unknown alone, TLS 1.2", CH_NO_COMMON_SERVER_TYPE, UNSUPPORTED_CERTIFICATE, CH, .v12 = true, .add = {X(20), BYTES(1, 7)}},
    {.name = "server types: others in the second hello", CH_SECOND_EXTENSION, ILLEGAL_PARAMETER, CH, .nth = 1, .retry = true, .add = {X(20), BYTES(2, 2, 0)}},

    {.name = "a certificate instead of the key", RAW_KEY_MALFORMED, DECODE_ERROR, CT, .raw = true, .edit = certificate_instead},
    {.name = "a byte behind the key", RAW_KEY_MALFORMED, DECODE_ERROR, CT, .raw = true, .edit = behind_the_key},
    {.name = "an empty entry", CERT_MSG_EMPTY_ENTRY, DECODE_ERROR, CT, .raw = true, .edit = no_key},
    {.name = "two keys", RAW_KEY_SEVERAL, ILLEGAL_PARAMETER, CT, .raw = true, .edit = two_keys},
    {.name = "no key", CERT_NONE_FROM_CLIENT, CERTIFICATE_REQUIRED, .raw = true, .no_cert = true},
    {.name = "no key, and it is optional", .raw = true, .no_cert = true, .optional = true},
    {.name = "a key of 1024 bits", CERT_KEY_TOO_SMALL, UNSUPPORTED_CERTIFICATE, CT, .raw = true, .edit = small_key},
    {.name = "another's key", RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN, CT, .raw = true, .edit = strangers_key},
    {.name = "another signature", CV_SIGNATURE, DECRYPT_ERROR, CV, .raw = true, .edit = other_signature},
    {.name = "a key instead of the certificate", CERT_MSG_IS_RAW_KEY, DECODE_ERROR, CH, .raw = true, .mixed = true, .drop = X(19)},

    {.name = "a certificate instead of the key, TLS 1.2", RAW_KEY_MALFORMED, DECODE_ERROR, CT, .raw = true, .v12 = true, .edit = certificate_instead},
    {.name = "no key, TLS 1.2", CERT12_NONE_FROM_CLIENT, HANDSHAKE_FAILURE, CT, .raw = true, .v12 = true, .edit = no_key},
    {.name = "a key of 1024 bits, TLS 1.2", CERT_KEY_TOO_SMALL, UNSUPPORTED_CERTIFICATE, CT, .raw = true, .v12 = true, .edit = small_key},
    {.name = "another's key, TLS 1.2", RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN, CT, .raw = true, .v12 = true, .edit = strangers_key},
    {.name = "another signature, TLS 1.2", CV_SIGNATURE, DECRYPT_ERROR, CV, .raw = true, .v12 = true, .edit = other_signature},
    {.name = "a key cut off, TLS 1.2", RAW_KEY12_MALFORMED, DECODE_ERROR, CT, .raw = true, .v12 = true, .cut = 1},
    {.name = "bytes behind the key's vector, TLS 1.2", RAW_KEY12_TRAILING, DECODE_ERROR, CT, .raw = true, .v12 = true, .trailing = 1},
};

static const struct deviation of_servers[] = {
    {.name = "behaves", .raw = true},
    {.name = "behaves, certificates taken too", .raw = true, .mixed = true},
    {.name = "behaves, TLS 1.2", .raw = true, .v12 = true},
    {.name = "shows a certificate and says so", .at = EE, .mixed = true, .add = {X(20), BYTES(0)}},
    {.name = "shows a certificate and says nothing", .mixed = true},
    {.name = "shows a certificate and says so, TLS 1.2", .at = SH, .mixed = true, .v12 = true, .add = {X(20), BYTES(0)}},

    {.name = "a server type that nobody asked for", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, EE, .add = {X(20), BYTES(2)}},
    {.name = "a server type that nobody asked for, TLS 1.2", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, SH, .v12 = true, .add = {X(20), BYTES(2)}},
    {.name = "a client type that nobody asked for", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, EE, .raw = true, .add = {X(19), BYTES(2)}},
    {.name = "a server type in ServerHello", EXT_WRONG_MESSAGE, ILLEGAL_PARAMETER, SH, .raw = true, .add = {X(20), BYTES(2)}},
    {.name = "a server type twice", EXT_TWICE, ILLEGAL_PARAMETER, EE, .raw = true, .add = {X(20), BYTES(2)}},
    {.name = "a server type without a value", EXT_SERVER_CERT_TYPE, DECODE_ERROR, EE, .raw = true, .set = {X(20), NULL, 0}},
    {.name = "a list of server types", EXT_SERVER_CERT_TYPE, DECODE_ERROR, EE, .raw = true, .set = {X(20), BYTES(1, 2)}},
    {.name = "a client type without a value", EXT_CLIENT_CERT_TYPE, DECODE_ERROR, EE, .shows_raw = true, .add = {X(19), NULL, 0}},
    {.name = "a server type that was not offered", SERVER_TYPE_NOT_OFFERED, ILLEGAL_PARAMETER, EE, .raw = true, .set = {X(20), BYTES(0)}},
    {.name = "a server type that was not offered, TLS 1.2", SERVER_TYPE_NOT_OFFERED, ILLEGAL_PARAMETER, SH, .raw = true, .v12 = true, .set = {X(20), BYTES(1)}},
    {.name = "a client type that was not offered", CLIENT_TYPE_NOT_OFFERED, ILLEGAL_PARAMETER, EE, .shows_raw = true, .add = {X(19), BYTES(0)}},
    {.name = "a client type that was not offered, TLS 1.2", CLIENT_TYPE_NOT_OFFERED, ILLEGAL_PARAMETER, SH, .shows_raw = true, .v12 = true, .add = {X(19), BYTES(0)}},
    {.name = "no server type, and raw keys alone are taken", SERVER_TYPE_UNSAID, UNSUPPORTED_CERTIFICATE, EE, .raw = true, .drop = X(20)},
    {.name = "no server type, and raw keys alone are taken, TLS 1.2", SERVER_TYPE_UNSAID, UNSUPPORTED_CERTIFICATE, SH, .raw = true, .v12 = true, .drop = X(20)},

    {.name = "a certificate instead of the key", RAW_KEY_MALFORMED, DECODE_ERROR, CT, .raw = true, .edit = certificate_instead},
    {.name = "a byte behind the key", RAW_KEY_MALFORMED, DECODE_ERROR, CT, .raw = true, .edit = behind_the_key},
    {.name = "an empty entry", CERT_MSG_EMPTY_ENTRY, DECODE_ERROR, CT, .raw = true, .edit = no_key},
    {.name = "two keys", RAW_KEY_SEVERAL, ILLEGAL_PARAMETER, CT, .raw = true, .edit = two_keys},
    {.name = "a key of 1024 bits", CERT_KEY_TOO_SMALL, UNSUPPORTED_CERTIFICATE, CT, .raw = true, .edit = small_key},
    {.name = "another's key", RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN, CT, .raw = true, .edit = strangers_key},
    {.name = "another signature", CV_SIGNATURE, DECRYPT_ERROR, CV, .raw = true, .edit = other_signature},
    {.name = "a key instead of the certificate", CERT_MSG_IS_RAW_KEY, DECODE_ERROR, EE, .raw = true, .mixed = true, .drop = X(20)},
    {.name = "another's key, TLS 1.2", RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN, CT, .raw = true, .v12 = true, .edit = strangers_key},
    {.name = "no key, TLS 1.2", CERT_NONE_FROM_SERVER, DECODE_ERROR, CT, .raw = true, .v12 = true, .edit = no_key},
    {.name = "a certificate instead of the key, TLS 1.2", RAW_KEY_MALFORMED, DECODE_ERROR, CT, .raw = true, .v12 = true, .edit = certificate_instead},
};
/* clang-format on */

int main(int argc, char **argv)
{
    bool client = argc > 1 && strcmp(argv[1], "client") == 0;
    return client ? run_deviations("raw keys of a client", of_clients, sizeof of_clients / sizeof of_clients[0], true)
                  : run_deviations("raw keys of a server", of_servers, sizeof of_servers / sizeof of_servers[0], false);
}
