/* SPDX-License-Identifier: Apache-2.0
 *
 * server_hello.c - a server that deviates before and in its ServerHello, HelloRetryRequest and
 * EncryptedExtensions, against the engine as client.
 */
#include "hostile.h"

#include <string.h>

/* ---- instead of TLS ------------------------------------------------------------------------------------ */

#define RAW(name, text)                                                                                                \
    static void name(struct foe *p)                                                                                    \
    {                                                                                                                  \
        hf_conn_step(p->engine, MINT_NOW_MS);                                                                          \
        foe_raw(p, text, sizeof(text) - 1);                                                                            \
    }
RAW(http_answer, "HTTP/1.1 400 Bad Request\r\n\r\n")
RAW(smtp_greeting, "220 mail.test ESMTP\r\n")
RAW(handshake_failure, "\x15\x03\x03\x00\x02\x02\x28")
RAW(close_at_once, "\x15\x03\x03\x00\x02\x01\x00")
RAW(data_first, "\x17\x03\x03\x00\x01x")
RAW(client_hello_back, "\x16\x03\x01\x00\x04\x01\x00\x00\x00")
RAW(finished_first, "\x16\x03\x03\x00\x04\x14\x00\x00\x00")
RAW(huge_hello, "\x16\x03\x03\x00\x04\x02\xff\xff\xff")
/* What a server of TLS 1.2 answers: no extensions at all. */
RAW(tls12_hello, "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03"
                 "0123456789abcdef0123456789abcdef"
                 "\x00\xc0\x2f\x00")

static void hang_up_at_once(struct foe *p)
{
    hf_conn_step(p->engine, MINT_NOW_MS);
    foe_hang_up(p);
}

/* ---- ServerHello --------------------------------------------------------------------------------------- */

enum { SESSION_ID_AT = 38, SUITE_AT = 71, COMPRESSION_AT = 73 };

static void session_id_none(struct foe *p, struct bytes *m)
{
    bytes_cut(m, SESSION_ID_AT + 1, 32);
    m->p[SESSION_ID_AT] = 0;
    msg_mend(m);
}

static void session_id_33(struct foe *p, struct bytes *m)
{
    m->p[SESSION_ID_AT] = 33;
    bytes_insert(m, SESSION_ID_AT + 1, "x", 1);
    msg_mend(m);
}

static void suite_1304(struct foe *p, struct bytes *m)
{
    bytes_put16(m, SUITE_AT, 0x1304);
}

static void suite_1302(struct foe *p, struct bytes *m)
{
    bytes_put16(m, SUITE_AT, 0x1302);
}

static void suite_c02f(struct foe *p, struct bytes *m)
{
    bytes_put16(m, SUITE_AT, 0xc02f);
}

static void share_zero(struct foe *p, struct bytes *m)
{
    size_t len, at = msg_ext(m, 51, &len);
    memset(m->p + at + 4 + 4, 0, 32);
}

static void share_of_p256(struct foe *p, struct bytes *m)
{
    struct kx *k             = kx_new(KX_P256, &rnd_libcrypto);
    uint8_t    share[4 + 65] = {0, 0x17, 0, 65};
    memcpy(share + 4, kx_share(k).p, 65);
    kx_free(k);
    msg_ext_set(m, 51, share, sizeof share);
}

static void share_of_x25519(struct foe *p, struct bytes *m)
{
    struct kx *k             = kx_new(KX_X25519, &rnd_libcrypto);
    uint8_t    share[4 + 32] = {0, 0x1d, 0, 32};
    memcpy(share + 4, kx_share(k).p, 32);
    kx_free(k);
    msg_ext_set(m, 51, share, sizeof share);
}

static void no_extensions(struct foe *p, struct bytes *m)
{
    size_t at = msg_exts_at(m);
    bytes_cut(m, at, m->n - at);
    msg_mend(m);
}

static void exts_longer_than_message(struct foe *p, struct bytes *m)
{
    size_t at = msg_exts_at(m);
    bytes_put16(m, at, (unsigned)(m->n - at - 2 + 1));
}

static void behind(struct foe *p, struct bytes *m)
{
    bytes_add(&p->tail, (uint8_t[]){MSG_ENCRYPTED_EXTENSIONS, 0, 0, 2, 0, 0}, 6);
}

/* The second hello is a retry again. */
static void retry_again(struct foe *p, struct bytes *m)
{
    static const uint8_t random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                       0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                       0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    memcpy(m->p + 6, random, 32);
    msg_ext_set(m, 51, (const uint8_t[]){0, 0x18}, 2);
}

static void retry_for_nothing(struct foe *p, struct bytes *m)
{
    msg_ext_drop(m, 51);
    msg_ext_drop(m, 44);
}

/* ---- EncryptedExtensions ------------------------------------------------------------------------------- */

static void dropped(struct foe *p, struct bytes *m)
{
    m->n = 0;
}

static void twice(struct foe *p, struct bytes *m)
{
    foe_message(p, m->p[0], m->p + 4, m->n - 4);
}

static void ticket_before(struct foe *p, struct bytes *m)
{
    foe_stray(p, MSG_SESSION_TICKET, "\0\0\0\1\0\0\0\1\0\0\1x\0\0", 14);
}

enum { SH = MSG_SERVER_HELLO, EE = MSG_ENCRYPTED_EXTENSIONS };

static const struct deviation all[] = {
    {.name = "behaves"},
    {.name = "behaves, with a retry", .retry = true},
    {.name = "behaves, fragments of one byte", .fragment = 1},
    {.name = "behaves, flights in one record", .one_record = true},
    {.name = "behaves, asks for no certificate", .no_cert = true},

    {.name = "HTTP instead of TLS", NOT_TLS, UNEXPECTED_MESSAGE, .instead = http_answer},
    {.name = "SMTP instead of TLS", NOT_TLS, UNEXPECTED_MESSAGE, .instead = smtp_greeting},
    {.name = "a handshake_failure alert", ALERT_RECEIVED, NO_ALERT, .instead = handshake_failure},
    {.name = "close_notify at once", ALERT_RECEIVED, NO_ALERT, .instead = close_at_once},
    {.name = "data first", DATA_TOO_EARLY, UNEXPECTED_MESSAGE, .instead = data_first},
    {.name = "a ClientHello back", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .instead = client_hello_back},
    {.name = "Finished first", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .instead = finished_first},
    {.name = "a ServerHello of 16 MiB", MSG_TOO_LARGE, ILLEGAL_PARAMETER, .instead = huge_hello},
    {.name = "a server of TLS 1.2", SH_OLD_VERSION, PROTOCOL_VERSION, .instead = tls12_hello},
    {.name = "hangs up at once", END_IN_HANDSHAKE, NO_ALERT, .instead = hang_up_at_once},

    {.name = "legacy_version 0x0304", SH_LEGACY_VERSION, ILLEGAL_PARAMETER, SH, .byte = {5, 7}},
    {.name = "no supported_versions beside a key_share", EXT_WRONG_MESSAGE, ILLEGAL_PARAMETER, SH, .drop = X(43)},
    {.name = "TLS 1.2 in supported_versions", SH_VERSION, ILLEGAL_PARAMETER, SH, .set = {X(43), BYTES(3, 3)}},
    {.name = "a draft in supported_versions", SH_VERSION, ILLEGAL_PARAMETER, SH, .set = {X(43), BYTES(0x7f, 0x1c)}},
    {.name = "a list in supported_versions", EXT_VERSIONS, DECODE_ERROR, SH, .set = {X(43), BYTES(2, 3, 4)}},
    {.name = "another session id", SH_SESSION_ID, ILLEGAL_PARAMETER, SH, .byte = {50, 1}},
    {.name = "no session id", SH_SESSION_ID, ILLEGAL_PARAMETER, SH, .edit = session_id_none},
    {.name = "a session id of 33 bytes", SH_SESSION_ID_LEN, DECODE_ERROR, SH, .edit = session_id_33},
    {.name = "a suite that was not offered", SH_SUITE, ILLEGAL_PARAMETER, SH, .edit = suite_1304},
    {.name = "a suite of TLS 1.2", SH_SUITE, ILLEGAL_PARAMETER, SH, .edit = suite_c02f},
    {.name = "compression", SH_COMPRESSION, DECODE_ERROR, SH, .byte = {COMPRESSION_AT, 1}},
    {.name = "no key_share", SH_NO_KEY_SHARE, MISSING_EXTENSION, SH, .drop = X(51)},
    {.name = "a group without a share of ours", SH_GROUP_NOT_SHARED, ILLEGAL_PARAMETER, SH, .edit = share_of_p256},
    {.name = "an unknown group",
     SH_GROUP_NOT_SHARED,
     ILLEGAL_PARAMETER,
     SH,
     .set = {X(51), BYTES(0x0a, 0x0a, 0, 1, 9)}},
    {.name = "a share of zeros", SH_SHARE_INVALID, ILLEGAL_PARAMETER, SH, .edit = share_zero},
    {.name = "a share of three bytes",
     SH_SHARE_INVALID,
     ILLEGAL_PARAMETER,
     SH,
     .set = {X(51), BYTES(0, 0x1d, 0, 3, 1, 2, 3)}},
    {.name = "an empty share", EXT_KEY_SHARE, DECODE_ERROR, SH, .set = {X(51), BYTES(0, 0x1d, 0, 0)}},
    {.name = "only a group in key_share", EXT_KEY_SHARE, DECODE_ERROR, SH, .set = {X(51), BYTES(0, 0x1d)}},
    {.name = "an extension twice", EXT_TWICE, ILLEGAL_PARAMETER, SH, .add = {X(43), BYTES(3, 4)}},
    {.name = "an unknown extension", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, SH, .add = {X(0x1234), NULL, 0}},
    {.name = "pre_shared_key that was not offered",
     EXT_UNSOLICITED,
     UNSUPPORTED_EXTENSION,
     SH,
     .add = {X(41), BYTES(0, 0)}},
    {.name = "an extension of EncryptedExtensions", EXT_WRONG_MESSAGE, ILLEGAL_PARAMETER, SH, .add = {X(0), NULL, 0}},
    {.name = "a cookie in ServerHello", EXT_WRONG_MESSAGE, ILLEGAL_PARAMETER, SH, .add = {X(44), BYTES(0, 1, 1)}},
    {.name = "no extensions", SH_OLD_VERSION, PROTOCOL_VERSION, SH, .edit = no_extensions},
    {.name = "extensions longer than the message", EXTS_LENGTH, DECODE_ERROR, SH, .edit = exts_longer_than_message},
    {.name = "bytes behind ServerHello", SH_TRAILING, DECODE_ERROR, SH, .trailing = 3},
    {.name = "a message behind ServerHello", MSG_ACROSS_KEYS, UNEXPECTED_MESSAGE, SH, .edit = behind},

    {.name = "retry twice", HRR_TWICE, UNEXPECTED_MESSAGE, SH, 1, .edit = retry_again, .retry = true},
    {.name = "retry for nothing", HRR_CHANGES_NOTHING, ILLEGAL_PARAMETER, SH, .edit = retry_for_nothing, .retry = true},
    {.name = "retry for a group that was not offered",
     HRR_GROUP_NOT_OFFERED,
     ILLEGAL_PARAMETER,
     SH,
     .set   = {X(51), BYTES(0, 0x1e)},
     .retry = true},
    {.name = "retry for a group already shared",
     HRR_GROUP_ALREADY_SHARED,
     ILLEGAL_PARAMETER,
     SH,
     .set   = {X(51), BYTES(0, 0x1d)},
     .retry = true},
    {.name = "retry with a whole share",
     EXT_KEY_SHARE,
     DECODE_ERROR,
     SH,
     .set   = {X(51), BYTES(0, 0x17, 0, 1, 9)},
     .retry = true},
    {.name = "retry with an empty cookie", EXT_COOKIE, DECODE_ERROR, SH, .set = {X(44), BYTES(0, 0)}, .retry = true},
    {.name = "retry with an unknown extension",
     EXT_UNSOLICITED,
     UNSUPPORTED_EXTENSION,
     SH,
     .add   = {X(0x1234), NULL, 0},
     .retry = true},
    {.name = "retry without supported_versions", SH_VERSION, ILLEGAL_PARAMETER, SH, .drop = X(43), .retry = true},
    {.name = "retry with another session id", SH_SESSION_ID, ILLEGAL_PARAMETER, SH, .byte = {50, 1}, .retry = true},
    {.name = "another suite after the retry",
     SH_SUITE_CHANGED,
     ILLEGAL_PARAMETER,
     SH,
     1,
     .edit  = suite_1302,
     .retry = true},
    {.name = "another group after the retry",
     SH_GROUP_NOT_SHARED,
     ILLEGAL_PARAMETER,
     SH,
     1,
     .edit  = share_of_x25519,
     .retry = true},

    {.name = "EncryptedExtensions left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, EE, .edit = dropped},
    {.name = "EncryptedExtensions twice", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, EE, .edit = twice},
    {.name = "a ticket in the handshake", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, EE, .edit = ticket_before},
    {.name = "ALPN that was not offered",
     EXT_UNSOLICITED,
     UNSUPPORTED_EXTENSION,
     EE,
     .add = {X(16), BYTES(0, 3, 2, 'h', '2')}},
    {.name = "a protocol that was not offered",
     ALPN_NOT_OFFERED,
     ILLEGAL_PARAMETER,
     EE,
     .add  = {X(16), BYTES(0, 3, 2, 'h', '3')},
     .alpn = true},
    {.name = "two protocols",
     EXT_ALPN,
     DECODE_ERROR,
     EE,
     .add  = {X(16), BYTES(0, 6, 2, 'h', '2', 2, 'h', '2')},
     .alpn = true},
    {.name = "no protocol", EXT_ALPN, DECODE_ERROR, EE, .add = {X(16), BYTES(0, 0)}, .alpn = true},
    {.name = "a protocol that was offered", .at = EE, .add = {X(16), BYTES(0, 3, 2, 'h', '2')}, .alpn = true},
    {.name = "server_name with contents", EXT_SERVER_NAME, DECODE_ERROR, EE, .set = {X(0), BYTES(0)}},
    {.name = "supported_groups in EncryptedExtensions", .at = EE, .add = {X(10), BYTES(0, 2, 0, 0x17)}},
    {.name = "supported_groups, odd length", EXT_GROUPS, DECODE_ERROR, EE, .add = {X(10), BYTES(0, 1, 0)}},
    {.name = "key_share in EncryptedExtensions",
     EXT_WRONG_MESSAGE,
     ILLEGAL_PARAMETER,
     EE,
     .add = {X(51), BYTES(0, 0x1d)}},
    {.name = "early_data that was not offered", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, EE, .add = {X(42), NULL, 0}},
    {.name = "an unknown extension in EncryptedExtensions",
     EXT_UNSOLICITED,
     UNSUPPORTED_EXTENSION,
     EE,
     .add = {X(0x1234), NULL, 0}},
    {.name = "an extension twice in EncryptedExtensions", EXT_TWICE, ILLEGAL_PARAMETER, EE, .add = {X(0), NULL, 0}},
    {.name = "bytes behind EncryptedExtensions", EE_TRAILING, DECODE_ERROR, EE, .trailing = 1},
};

int main(void)
{
    return run_deviations("a server that deviates in its hello", all, sizeof all / sizeof all[0], false);
}
