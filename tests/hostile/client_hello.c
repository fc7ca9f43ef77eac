/* SPDX-License-Identifier: Apache-2.0
 *
 * client_hello.c - a client that deviates before and in its ClientHello, against the engine as server.
 */
#include "hostile.h"

#include <string.h>

/* ---- before TLS ---------------------------------------------------------------------------------------- */

#define RAW(name, text)                                                                                                \
    static void name(struct foe *p)                                                                                    \
    {                                                                                                                  \
        foe_raw(p, text, sizeof(text) - 1);                                                                            \
    }
RAW(http, "GET / HTTP/1.1\r\nHost: server.test\r\n\r\n")
RAW(ssh, "SSH-2.0-OpenSSH_9.2\r\n")
RAW(proxy_header, "PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n")
RAW(sslv2, "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10\x00\x00\x2f")
RAW(noise, "\x99\x98\x97\x96\x95\x94\x93\x92")
RAW(nothing, "")
RAW(ssl3_major, "\x16\x02\x00\x00\x04\x01\x00\x00\x00")
RAW(long_plain, "\x16\x03\x01\x40\x01\x01")
RAW(data_first, "\x17\x03\x03\x00\x01x")
RAW(ccs_first, "\x14\x03\x03\x00\x01\x01")
RAW(alert_first, "\x15\x03\x01\x00\x02\x02\x28")
RAW(alert_long, "\x15\x03\x01\x00\x03\x02\x28\x00")
RAW(alert_short, "\x15\x03\x01\x00\x01\x02")
RAW(empty_handshake, "\x16\x03\x01\x00\x00")
RAW(huge_hello, "\x16\x03\x01\x00\x04\x01\xff\xff\xff")
RAW(server_hello_first, "\x16\x03\x01\x00\x04\x02\x00\x00\x00")

static void hang_up_at_once(struct foe *p)
{
    foe_hang_up(p);
}

static void hang_up_in_hello(struct foe *p)
{
    foe_raw(p, "\x16\x03\x01\x00\x64\x01\x00", 7);
    foe_hang_up(p);
}

/* ---- ClientHello --------------------------------------------------------------------------------------- */

enum { SESSION_ID_AT = 38, SUITES_AT = 71, COMPRESSION_AT = 75 }; /* with a session id of 32 bytes and one suite */

static void session_id_33(struct foe *p, struct bytes *m)
{
    m->p[SESSION_ID_AT] = 33;
    bytes_insert(m, SESSION_ID_AT + 1, "x", 1);
    msg_mend(m);
}

static void no_session_id(struct foe *p, struct bytes *m)
{
    bytes_cut(m, SESSION_ID_AT + 1, 32);
    m->p[SESSION_ID_AT] = 0;
    msg_mend(m);
}

static void suites_none(struct foe *p, struct bytes *m)
{
    bytes_cut(m, SUITES_AT + 2, 2);
    bytes_put16(m, SUITES_AT, 0);
    msg_mend(m);
}

static void suites_odd(struct foe *p, struct bytes *m)
{
    bytes_insert(m, SUITES_AT + 4, "x", 1);
    bytes_put16(m, SUITES_AT, 3);
    msg_mend(m);
}

static void suites_unknown(struct foe *p, struct bytes *m)
{
    bytes_put16(m, SUITES_AT + 2, 0x1304);
}

static void suites_grease(struct foe *p, struct bytes *m)
{
    bytes_insert(m, SUITES_AT + 2, "\x0a\x0a\xda\xda", 4);
    bytes_put16(m, SUITES_AT, 6);
    msg_mend(m);
}

static void compression_only_deflate(struct foe *p, struct bytes *m)
{
    m->p[COMPRESSION_AT + 1] = 1;
}

static void compression_two(struct foe *p, struct bytes *m)
{
    m->p[COMPRESSION_AT] = 2;
    bytes_insert(m, COMPRESSION_AT + 1, "\1", 1);
    msg_mend(m);
}

static void compression_empty(struct foe *p, struct bytes *m)
{
    m->p[COMPRESSION_AT] = 0;
    bytes_cut(m, COMPRESSION_AT + 1, 1);
    msg_mend(m);
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

static void ext_longer_than_block(struct foe *p, struct bytes *m)
{
    size_t len, at = msg_ext(m, 51, &len); /* the last one */
    bytes_put16(m, at + 2, (unsigned)len + 1);
}

static void many_extensions(struct foe *p, struct bytes *m)
{
    for (unsigned i = 0; i < 8000; i++)
        msg_ext_add(m, (uint16_t)(0x8000 + i), NULL, 0);
}

static void grease_extensions(struct foe *p, struct bytes *m)
{
    msg_ext_add(m, 0x0a0a, NULL, 0);
    msg_ext_add(m, 0xfafa, (const uint8_t[]){0}, 1);
}

/* One identity, and one binder of 32 zero bytes. */
#define ONE_PSK                                                                                                        \
    BYTES(0, 7, 0, 1, 'x', 0, 0, 0, 0, 0, 33, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
          0, 0, 0, 0, 0, 0, 0, 0, 0)

static void psk_then_more(struct foe *p, struct bytes *m)
{
    msg_ext_add(m, 45, (const uint8_t[]){1, 1}, 2);
    msg_ext_add(m, 41, (const uint8_t[]){0}, 1);
    msg_ext_add(m, 0x0a0a, NULL, 0);
}

/* A share whose bytes are replaced. */
static void share_zero(struct foe *p, struct bytes *m)
{
    size_t len, at = msg_ext(m, 51, &len);
    memset(m->p + at + 4 + 2 + 4, 0, 32);
}

static void share_short(struct foe *p, struct bytes *m)
{
    uint8_t share[6 + 31] = {0, 35, 0, 0x1d, 0, 31, 9};
    msg_ext_set(m, 51, share, sizeof share);
}

static void share_twice(struct foe *p, struct bytes *m)
{
    uint8_t two[2 + 72] = {0, 72, 0, 0x1d, 0, 32, 9};
    memcpy(two + 2 + 36, two + 2, 36);
    msg_ext_set(m, 51, two, sizeof two);
}

/* P-256, uncompressed, not on the curve. */
static void share_off_curve(struct foe *p, struct bytes *m)
{
    uint8_t share[2 + 4 + 65] = {0, 69, 0, 0x17, 0, 65, 4, 1, 2, 3};
    msg_ext_set(m, 51, share, sizeof share);
}

static void hello_behind_hello(struct foe *p, struct bytes *m)
{
    bytes_add(&p->tail, (uint8_t[]){MSG_CLIENT_HELLO, 0, 0, 0}, 4);
}

/* ---- the second ClientHello ---------------------------------------------------------------------------- */

static void other_group_again(struct foe *p, struct bytes *m)
{
    struct kx *k                 = kx_new(KX_P256, &rnd_libcrypto);
    uint8_t    share[2 + 4 + 65] = {0, 69, 0, 0x17, 0, 65};
    memcpy(share + 6, kx_share(k).p, 65);
    kx_free(k);
    msg_ext_set(m, 51, share, sizeof share);
}

static void swapped_extensions(struct foe *p, struct bytes *m)
{
    size_t  len, at = msg_ext(m, 43, &len);
    uint8_t versions[16];
    memcpy(versions, m->p + at, 4 + len);
    bytes_cut(m, at, 4 + len);
    bytes_insert(m, msg_exts_at(m) + 2, versions, 4 + len);
}

static void another_hello_version(struct foe *p, struct bytes *m)
{
    m->p[5] = 1;
}

static void suites_more(struct foe *p, struct bytes *m)
{
    bytes_insert(m, SUITES_AT + 4, "\x13\x02", 2);
    bytes_put16(m, SUITES_AT, 4);
    msg_mend(m);
}

/* Early data, which nobody agreed to take: records that do not open. The keys of the server are there when the
 * client's hello has been sent; its next message comes behind them. */
static size_t early_bytes;

static void early_offer(struct foe *p, struct bytes *m)
{
    msg_ext_add(m, 42, NULL, 0);
}

static void early_records(struct foe *p)
{
    static const uint8_t junk[1024] = {0x5e};
    for (size_t sent = 0; sent < early_bytes && p->alert < 0; sent += sizeof junk)
        foe_plain(p, REC_DATA, junk, sizeof junk);
}

static void before_certificate(struct foe *p, uint8_t type, struct bytes *m)
{
    if (type == MSG_CLIENT_HELLO)
        early_offer(p, m);
    if (type == MSG_CERTIFICATE)
        early_records(p);
}

static void little_early_data(struct foe *p)
{
    early_bytes = 8 * 1024;
    p->on_send  = before_certificate;
    foe_client(p);
}

static void much_early_data(struct foe *p)
{
    early_bytes = 64 * 1024;
    p->on_send  = before_certificate;
    p->lenient  = true;
    foe_client(p);
}

/* As many groups as have room: reading them must not cost their square. */
static void many_shares(struct foe *p, struct bytes *m)
{
    enum { SHARES = 10000 };
    size_t       len, at = msg_ext(m, 51, &len);
    struct bytes list = {0};
    size_t       open = bytes_open(&list, 2);
    bytes_add(&list, m->p + at + 6, len - 2);
    for (unsigned i = 0; i < SHARES; i++) {
        bytes_u16(&list, 0x2000 + i);
        bytes_u16(&list, 1);
        bytes_u8(&list, 7);
    }
    bytes_close(&list, open, 2);
    msg_ext_set(m, 51, list.p, list.n);
    bytes_free(&list);
}

static void two_shares_again(struct foe *p, struct bytes *m)
{
    size_t        len, at = msg_ext(m, 51, &len);
    uint8_t       both[2 + 36 + 69] = {0, 105};
    const uint8_t head[]            = {0, 0x17, 0, 65, 4};
    memcpy(both + 2, m->p + at + 4 + 2, 36);
    memcpy(both + 38, head, sizeof head);
    msg_ext_set(m, 51, both, sizeof both);
}

enum { CH = MSG_CLIENT_HELLO };

static const struct deviation all[] = {
    {.name = "behaves"},
    {.name = "behaves, with a retry", .retry = true},
    {.name = "behaves, fragments of one byte", .fragment = 1},
    {.name = "behaves, flights in one record", .one_record = true},
    {.name = "behaves, no certificate, not required", .no_cert = true, .optional = true},
    {.name = "behaves, not asked", .not_asked = true},

    {.name = "HTTP on a TLS port", NOT_TLS, UNEXPECTED_MESSAGE, .instead = http},
    {.name = "SSH on a TLS port", NOT_TLS, UNEXPECTED_MESSAGE, .instead = ssh},
    {.name = "a PROXY header", NOT_TLS, UNEXPECTED_MESSAGE, .instead = proxy_header},
    {.name = "an SSLv2 hello", NOT_TLS, UNEXPECTED_MESSAGE, .instead = sslv2},
    {.name = "noise", NOT_TLS, UNEXPECTED_MESSAGE, .instead = noise},
    {.name = "nothing", .instead = nothing},
    {.name = "a record of SSL 2", NOT_TLS, UNEXPECTED_MESSAGE, .instead = ssl3_major},
    {.name = "a plaintext record of 2^14 + 1", RECORD_TOO_LONG, RECORD_OVERFLOW, .instead = long_plain},
    {.name = "data first", DATA_TOO_EARLY, UNEXPECTED_MESSAGE, .instead = data_first},
    {.name = "ChangeCipherSpec first", CCS_UNEXPECTED, UNEXPECTED_MESSAGE, .instead = ccs_first},
    {.name = "an alert first", ALERT_RECEIVED, NO_ALERT, .instead = alert_first},
    {.name = "an alert of three bytes", ALERT_MALFORMED, DECODE_ERROR, .instead = alert_long},
    {.name = "an alert of one byte", ALERT_MALFORMED, DECODE_ERROR, .instead = alert_short},
    {.name = "an empty handshake record", RECORD_EMPTY_HANDSHAKE, UNEXPECTED_MESSAGE, .instead = empty_handshake},
    {.name = "a ClientHello of 16 MiB", MSG_TOO_LARGE, ILLEGAL_PARAMETER, .instead = huge_hello},
    {.name = "ServerHello first", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .instead = server_hello_first},
    {.name = "hangs up at once", END_IN_HANDSHAKE, NO_ALERT, .instead = hang_up_at_once},
    {.name = "hangs up in the hello", END_IN_HANDSHAKE, NO_ALERT, .instead = hang_up_in_hello},

    {.name = "legacy_version 0x0301 beside supported_versions",
     CH_LEGACY_VERSION,
     PROTOCOL_VERSION,
     CH,
     .byte = {5, 2}},
    {.name = "legacy_version 0x0304 beside supported_versions",
     CH_LEGACY_VERSION,
     PROTOCOL_VERSION,
     CH,
     .byte = {5, 7}},
    {.name = "session id of 33 bytes", CH_SESSION_ID, DECODE_ERROR, CH, .edit = session_id_33},
    {.name = "no session id (no compatibility mode)", .at = CH, .edit = no_session_id},
    {.name = "no suites", CH_SUITES, DECODE_ERROR, CH, .edit = suites_none},
    {.name = "half a suite", CH_SUITES, DECODE_ERROR, CH, .edit = suites_odd},
    {.name = "only unknown suites", CH_NO_COMMON_SUITE, HANDSHAKE_FAILURE, CH, .edit = suites_unknown},
    {.name = "GREASE suites", .at = CH, .edit = suites_grease},
    {.name = "no null compression", CH_COMPRESSION, ILLEGAL_PARAMETER, CH, .edit = compression_only_deflate},
    {.name = "two compression methods", CH_COMPRESSION_13, ILLEGAL_PARAMETER, CH, .edit = compression_two},
    {.name = "no compression methods", CH_COMPRESSION, ILLEGAL_PARAMETER, CH, .edit = compression_empty},
    {.name = "no extensions", CH_VERSIONS, PROTOCOL_VERSION, CH, .edit = no_extensions},
    {.name = "extensions longer than the message", EXTS_LENGTH, DECODE_ERROR, CH, .edit = exts_longer_than_message},
    {.name = "an extension longer than the block", EXT_LENGTH, DECODE_ERROR, CH, .edit = ext_longer_than_block},
    {.name = "bytes behind the extensions", CH_TRAILING, DECODE_ERROR, CH, .trailing = 1},
    {.name = "early data is skipped", .instead = little_early_data},
    {.name = "too much early data", RECORD_MAC, BAD_RECORD_MAC, .instead = much_early_data},
    {.name = "10,000 key shares", .at = CH, .edit = many_shares},
    {.name = "8,000 unknown extensions", .at = CH, .edit = many_extensions},
    {.name = "GREASE extensions", .at = CH, .edit = grease_extensions},
    {.name = "an extension twice", EXT_TWICE, ILLEGAL_PARAMETER, CH, .add = {X(13), BYTES(0, 2, 4, 3)}},
    {.name = "an unknown extension twice", EXT_TWICE, ILLEGAL_PARAMETER, CH, .add = {X(0), BYTES(0)}},
    {.name = "an extension of another message", EXT_WRONG_MESSAGE, ILLEGAL_PARAMETER, CH, .add = {X(48), BYTES(0, 0)}},
    {.name = "no supported_versions", CH_VERSIONS, PROTOCOL_VERSION, CH, .drop = X(43)},
    {.name = "only TLS 1.2", CH_VERSIONS, PROTOCOL_VERSION, CH, .set = {X(43), BYTES(2, 3, 3)}},
    {.name = "GREASE versions beside TLS 1.3", .at = CH, .set = {X(43), BYTES(6, 0x3a, 0x3a, 3, 4, 3, 3)}},
    {.name = "supported_versions, odd length", EXT_VERSIONS, DECODE_ERROR, CH, .set = {X(43), BYTES(3, 3, 4, 3)}},
    {.name = "supported_versions, empty", EXT_VERSIONS, DECODE_ERROR, CH, .set = {X(43), BYTES(0)}},
    {.name = "supported_versions, bytes behind", EXT_VERSIONS, DECODE_ERROR, CH, .set = {X(43), BYTES(2, 3, 4, 0)}},
    {.name = "no signature_algorithms", CH_NO_SIG_ALGS, MISSING_EXTENSION, CH, .drop = X(13)},
    {.name = "signature_algorithms, odd length", EXT_SIG_ALGS, DECODE_ERROR, CH, .set = {X(13), BYTES(0, 3, 4, 3, 8)}},
    {.name = "signature_algorithms, empty", EXT_SIG_ALGS, DECODE_ERROR, CH, .set = {X(13), BYTES(0, 0)}},
    {.name = "only unknown signature_algorithms",
     CH_NO_COMMON_SIGALG,
     HANDSHAKE_FAILURE,
     CH,
     .set = {X(13), BYTES(0, 2, 8, 8)}},
    {.name = "only PKCS 1 signature_algorithms",
     CH_NO_COMMON_SIGALG,
     HANDSHAKE_FAILURE,
     CH,
     .set = {X(13), BYTES(0, 2, 4, 1)}},
    {.name = "signature_algorithms_cert, empty", EXT_SIG_ALGS_CERT, DECODE_ERROR, CH, .add = {X(50), BYTES(0, 0)}},
    {.name = "half an algorithm of compression", EXT_COMPRESS, DECODE_ERROR, CH, .add = {X(27), BYTES(1, 0)}},
    {.name = "an algorithm of compression twice", EXT_COMPRESS, DECODE_ERROR, CH, .add = {X(27), BYTES(4, 0, 1, 0, 1)}},
    {.name = "records of 63 bytes", RECORD_SIZE_SMALL, ILLEGAL_PARAMETER, CH, .add = {X(28), BYTES(0, 63)}},
    {.name = "a cut record_size_limit", EXT_RECORD_SIZE, DECODE_ERROR, CH, .add = {X(28), BYTES(1)}},
    {.name = "records of 64 KiB", 0, NO_ALERT, CH, .add = {X(28), BYTES(255, 255)}},
    {.name = "no supported_groups", CH_NO_GROUPS, MISSING_EXTENSION, CH, .drop = X(10)},
    {.name = "only unknown groups", CH_NO_COMMON_GROUP, HANDSHAKE_FAILURE, CH, .set = {X(10), BYTES(0, 2, 0x0a, 0x0a)}},
    {.name = "supported_groups, empty", EXT_GROUPS, DECODE_ERROR, CH, .set = {X(10), BYTES(0, 0)}},
    {.name = "no key_share", CH_NO_KEY_SHARE, MISSING_EXTENSION, CH, .drop = X(51)},
    {.name = "a share of zeros", CH_SHARE_INVALID, ILLEGAL_PARAMETER, CH, .edit = share_zero},
    {.name = "a share of 31 bytes", CH_SHARE_INVALID, ILLEGAL_PARAMETER, CH, .edit = share_short},
    {.name = "a P-256 share off the curve", CH_SHARE_INVALID, ILLEGAL_PARAMETER, CH, .edit = share_off_curve},
    {.name = "two shares of one group", SHARE_TWICE, ILLEGAL_PARAMETER, CH, .edit = share_twice},
    {.name = "key_share, a list cut short",
     EXT_KEY_SHARE,
     DECODE_ERROR,
     CH,
     .set = {X(51), BYTES(0, 5, 0, 0x1d, 0, 9, 9)}},
    {.name = "key_share, an empty share", EXT_KEY_SHARE, DECODE_ERROR, CH, .set = {X(51), BYTES(0, 4, 0, 0x1d, 0, 0)}},
    {.name = "server_name, empty list", EXT_SERVER_NAME, DECODE_ERROR, CH, .set = {X(0), BYTES(0, 0)}},
    {.name = "server_name, empty name", EXT_SERVER_NAME, DECODE_ERROR, CH, .set = {X(0), BYTES(0, 3, 0, 0, 0)}},
    {.name = "server_name with a NUL", EXT_SERVER_NAME, DECODE_ERROR, CH, .set = {X(0), BYTES(0, 5, 0, 0, 2, 'a', 0)}},
    {.name = "server_name, bytes behind",
     EXT_SERVER_NAME,
     DECODE_ERROR,
     CH,
     .set = {X(0), BYTES(0, 4, 0, 0, 1, 'a', 9)}},
    {.name = "server_name of a stranger", .at = CH, .set = {X(0), BYTES(0, 4, 0, 0, 1, 'a')}},
    {.name = "ALPN, empty list", EXT_ALPN, DECODE_ERROR, CH, .add = {X(16), BYTES(0, 0)}},
    {.name = "ALPN, empty name", EXT_ALPN, DECODE_ERROR, CH, .add = {X(16), BYTES(0, 1, 0)}},
    {.name = "ALPN, none in common",
     CH_NO_COMMON_ALPN,
     NO_APPLICATION_PROTOCOL,
     CH,
     .add  = {X(16), BYTES(0, 4, 3, 'f', 'o', 'o')},
     .alpn = true},
    {.name = "ALPN that nobody here speaks", .at = CH, .add = {X(16), BYTES(0, 4, 3, 'f', 'o', 'o')}},
    {.name = "ALPN, one in common", .at = CH, .add = {X(16), BYTES(0, 3, 2, 'h', '2')}, .alpn = true},
    {.name = "a cookie that nobody gave", .at = CH, .add = {X(44), BYTES(0, 1, 'c')}},
    {.name = "an empty cookie", EXT_COOKIE, DECODE_ERROR, CH, .add = {X(44), BYTES(0, 0)}},
    {.name = "certificate_authorities, cut short",
     EXT_CA_NAMES,
     DECODE_ERROR,
     CH,
     .add = {X(47), BYTES(0, 4, 0, 9, 0, 0)}},
    {.name = "post_handshake_auth with contents", EXT_POST_AUTH, DECODE_ERROR, CH, .add = {X(49), BYTES(1)}},
    {.name = "post_handshake_auth", .at = CH, .add = {X(49), NULL, 0}},
    {.name = "pre_shared_key without modes", CH_PSK_WITHOUT_MODES, MISSING_EXTENSION, CH, .add = {X(41), ONE_PSK}},
    {.name = "pre_shared_key, cut short", EXT_PSK, DECODE_ERROR, CH, .add = {X(41), BYTES(0)}},
    {.name = "pre_shared_key without an identity", EXT_PSK, DECODE_ERROR, CH, .add = {X(41), BYTES(0, 0, 0, 0)}},
    {.name = "pre_shared_key with an empty identity",
     EXT_PSK,
     DECODE_ERROR,
     CH,
     .add = {X(41), BYTES(0, 6, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0)}},
    {.name = "pre_shared_key without a binder",
     EXT_PSK,
     DECODE_ERROR,
     CH,
     .add = {X(41), BYTES(0, 7, 0, 1, 'x', 0, 0, 0, 0, 0, 0)}},
    {.name = "pre_shared_key with two binders for one identity",
     PSK_BINDER_COUNT,
     ILLEGAL_PARAMETER,
     CH,
     .add = {X(41), BYTES(0, 7, 0, 1, 'x', 0, 0, 0, 0, 0, 4, 1, 0, 1, 0)}},
    {.name = "psk_key_exchange_modes, empty", EXT_PSK_MODES, DECODE_ERROR, CH, .add = {X(45), BYTES(0)}},
    {.name = "psk_key_exchange_modes", .at = CH, .add = {X(45), BYTES(2, 0, 1)}},
    {.name = "pre_shared_key not last", PSK_NOT_LAST, ILLEGAL_PARAMETER, CH, .edit = psk_then_more},
    {.name = "a message behind the ClientHello", MSG_ACROSS_KEYS, UNEXPECTED_MESSAGE, CH, .edit = hello_behind_hello},

    {.name = "retry: another random", CH_SECOND_DIFFERS, ILLEGAL_PARAMETER, CH, 1, .byte = {6, 1}, .retry = true},
    {.name = "retry: another session id", CH_SECOND_DIFFERS, ILLEGAL_PARAMETER, CH, 1, .byte = {39, 1}, .retry = true},
    {.name = "retry: another group",
     CH_SECOND_SHARE,
     ILLEGAL_PARAMETER,
     CH,
     1,
     .edit  = other_group_again,
     .retry = true},
    {.name = "retry: no share again",
     CH_SECOND_SHARE,
     ILLEGAL_PARAMETER,
     CH,
     1,
     .set   = {X(51), BYTES(0, 0)},
     .retry = true},
    {.name = "retry: two shares", CH_SECOND_SHARE, ILLEGAL_PARAMETER, CH, 1, .edit = two_shares_again, .retry = true},
    {.name = "retry: other suites",
     CH_NO_COMMON_SUITE,
     HANDSHAKE_FAILURE,
     CH,
     1,
     .edit  = suites_unknown,
     .retry = true},
#define SECOND(what, ...)                                                                                              \
    {                                                                                                                  \
        .name = "retry: " what, CH_SECOND_EXTENSION, ILLEGAL_PARAMETER, CH, 1, .retry = true, __VA_ARGS__              \
    }
    SECOND("another server name", .set = {X(0), BYTES(0, 4, 0, 0, 1, 'x')}),
    SECOND("no server name", .drop = X(0)),
    SECOND("another signature algorithm", .set = {X(13), BYTES(0, 2, 4, 3)}),
    SECOND("other groups", .set = {X(10), BYTES(0, 2, 0, 0x1d)}),
    SECOND("a cookie that nobody gave", .add = {X(44), BYTES(0, 1, 7)}),
    SECOND("an unknown extension more", .add = {X(0x1234), BYTES(1)}),
    SECOND("ALPN more", .add = {X(16), BYTES(0, 3, 2, 'h', '2')}),
    SECOND("another order", .edit = swapped_extensions),
    {.name = "retry: another legacy_version",
     CH_LEGACY_VERSION,
     PROTOCOL_VERSION,
     CH,
     1,
     .edit  = another_hello_version,
     .retry = true},
    {.name = "retry: a suite more", CH_SECOND_DIFFERS, ILLEGAL_PARAMETER, CH, 1, .edit = suites_more, .retry = true},
    {.name = "retry: padding more", .at = CH, .nth = 1, .add = {X(21), BYTES(0, 0, 0)}, .retry = true},
    {.name  = "retry: encrypted_client_hello sealed again",
     .at    = CH,
     .nth   = 1,
     .add   = {X(0xfe0d), BYTES(1)},
     .retry = true},
    {.name = "retry: another message",
     MSG_UNEXPECTED,
     UNEXPECTED_MESSAGE,
     CH,
     1,
     .byte  = {0, 1 ^ MSG_FINISHED},
     .retry = true},
};

int main(void)
{
    return run_deviations("a client that deviates in its hello", all, sizeof all / sizeof all[0], true);
}
