/* SPDX-License-Identifier: Apache-2.0
 *
 * tls12_client.c - a server of TLS 1.2 that deviates, against the engine as client.
 */
#include "hostile.h"

#include <string.h>

enum {
    SH             = MSG_SERVER_HELLO,
    CT             = MSG_CERTIFICATE,
    SKE            = MSG_SERVER_KEY_EXCHANGE,
    CR             = MSG_CERTIFICATE_REQUEST,
    SHD            = MSG_SERVER_HELLO_DONE,
    FIN            = MSG_FINISHED,
    SESSION_ID_AT  = 38,
    COMPRESSION_AT = 41 /* no session id */
};

/* ---- ServerHello --------------------------------------------------------------------------------------- */

static void tls11(struct foe *p, struct bytes *m)
{
    m->p[5] = 2;
}

static void sentinel_of_tls11(struct foe *p, struct bytes *m)
{
    memcpy(m->p + 30, "DOWNGRD", 8);
}

static void deflate(struct foe *p, struct bytes *m)
{
    m->p[COMPRESSION_AT] = 1;
}

static void echoes_session_id(struct foe *p, struct bytes *m)
{
    bytes_insert(m, SESSION_ID_AT + 1, p->hello.p + 39, 32);
    m->p[SESSION_ID_AT] = 32;
    msg_mend(m);
}

static void own_session_id(struct foe *p, struct bytes *m)
{
    bytes_insert(m, SESSION_ID_AT + 1, "0123456789abcdef0123456789abcdef", 32);
    m->p[SESSION_ID_AT] = 32;
    msg_mend(m);
}

/* TLS 1.3 asked for another group; now it is to be TLS 1.2. */
static void older_after_retry(struct foe *p, struct bytes *m)
{
    msg_ext_drop(m, 43);
    msg_ext_drop(m, 51);
}

/* ---- Certificate, ServerKeyExchange -------------------------------------------------------------------- */

static void dropped(struct foe *p, struct bytes *m)
{
    m->n = 0;
}

static void list_is(struct bytes *m, const void *p, size_t n)
{
    bytes_cut(m, 4, m->n - 4);
    bytes_u24(m, (unsigned)n);
    bytes_add(m, p, n);
    msg_mend(m);
}

static void no_entries(struct foe *p, struct bytes *m)
{
    list_is(m, "", 0);
}

static void entry_is_empty(struct foe *p, struct bytes *m)
{
    list_is(m, "\0\0", 3);
}

static void entry_is_text(struct foe *p, struct bytes *m)
{
    list_is(m, "\0\0\5hello", 8);
}

static void curve_type(struct foe *p, struct bytes *m)
{
    m->p[4] = 1;
}

static void group_x448(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 5, 0x001e);
}

static size_t scheme_at(const struct bytes *m)
{
    return 8 + (size_t)m->p[7];
}

static void scheme_sha1(struct foe *p, struct bytes *m)
{
    bytes_put16(m, scheme_at(m), 0x0203);
}

static void scheme_pss(struct foe *p, struct bytes *m)
{
    bytes_put16(m, scheme_at(m), 0x0804);
}

static void signature_wrong(struct foe *p, struct bytes *m)
{
    m->p[m->n - 1] ^= 1;
}

/* The parameters are other ones, and signed as they are. */
static void params_are(struct foe *p, struct bytes *m, const uint8_t *params, size_t n)
{
    struct bytes tbs = {0};
    uint8_t      sig[1024];
    bytes_add(&tbs, p->hello.p + 6, 32);
    bytes_add(&tbs, p->all.p + p->hello.n + 6, 32);
    bytes_add(&tbs, params, n);
    size_t sig_n = mint_sign(&p->pki->server, 0x0403, tbs.p, tbs.n, sig);
    bytes_cut(m, 4, m->n - 4);
    bytes_add(m, params, n);
    bytes_u16(m, 0x0403);
    bytes_u16(m, (unsigned)sig_n);
    bytes_add(m, sig, sig_n);
    msg_mend(m);
    bytes_free(&tbs);
}

static void point_zero(struct foe *p, struct bytes *m)
{
    params_are(p, m, (uint8_t[4 + 32]){3, 0, 0x1d, 32}, 4 + 32);
}

static void point_short(struct foe *p, struct bytes *m)
{
    params_are(p, m, (uint8_t[4 + 31]){3, 0, 0x1d, 31, 9}, 4 + 31);
}

static void point_off_curve(struct foe *p, struct bytes *m)
{
    params_are(p, m, (uint8_t[4 + 65]){3, 0, 0x17, 65, 4, 1}, 4 + 65);
}

static void point_longest(struct foe *p, struct bytes *m)
{
    params_are(p, m, (uint8_t[4 + 255]){3, 0, 0x1d, 255, 4, 1}, 4 + 255);
}

static void randoms_not_signed(struct foe *p, struct bytes *m)
{
    uint8_t sig[1024];
    size_t  at = scheme_at(m), n = mint_sign(&p->pki->server, 0x0403, m->p + 4, at - 4, sig);
    bytes_cut(m, at + 2, m->n - at - 2);
    bytes_u16(m, (unsigned)n);
    bytes_add(m, sig, n);
    msg_mend(m);
}

/* ---- CertificateRequest, ServerHelloDone, the end ------------------------------------------------------ */

static void request_is(struct bytes *m, const void *p, size_t n)
{
    bytes_cut(m, 4, m->n - 4);
    bytes_add(m, p, n);
    msg_mend(m);
}

static void no_types(struct foe *p, struct bytes *m)
{
    request_is(m, "\0\0\2\4\3\0", 7);
}

static void no_algorithms(struct foe *p, struct bytes *m)
{
    request_is(m, "\1\100\0\0\0", 6);
}

static void odd_algorithms(struct foe *p, struct bytes *m)
{
    request_is(m, "\1\100\0\3\4\3\4\0", 9);
}

static void name_too_long(struct foe *p, struct bytes *m)
{
    request_is(m, "\1\100\0\2\4\3\0\3\0\5\x30", 11);
}

static void ticket_unasked(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_HANDSHAKE, "\4\0\0\7\0\0\0\0\0\1x", 11);
}

static void request_again(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_HANDSHAKE, "\x0d\0\0\x0a\1\100\0\2\4\3\0\0", 12);
}

static void hello_request_before(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_HANDSHAKE, "\0\0\0\0", 4);
}

static void early_ccs(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_CCS, "\1", 1);
}

static void data_before(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_DATA, "x", 1);
}

static void renegotiates(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, "\0\0\0\0", 4);
}

static void server_hello_again(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, "\2\0\0\1x", 5);
}

static void ticket_after(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, "\4\0\0\7\0\0\0\0\0\1x", 11);
}

static void skipped_record(struct foe *p)
{
    p->out.seq++;
    foe_record(p, REC_DATA, "x", 1);
}

static void older_record(struct foe *p)
{
    foe_record_as(p, REC_DATA, 0x0301, REC_DATA, "x", 1, 0);
}

static void closes(struct foe *p)
{
    foe_record(p, REC_DATA, "bye", 3);
    foe_record(p, REC_ALERT, "\1\0", 2);
    foe_hang_up(p);
}

#define FINE(what, ...)                                                                                                \
    {                                                                                                                  \
        .name = what, .v12 = true, __VA_ARGS__                                                                         \
    }
#define AT(message, what, id, alert, ...)                                                                              \
    {                                                                                                                  \
        .name = what, id, alert, message, .v12 = true, __VA_ARGS__                                                     \
    }
#define AFTER(what, id, alert, f)                                                                                      \
    {                                                                                                                  \
        .name = what, id, alert, .v12 = true, .after = f                                                               \
    }

static const struct deviation all[] = {
    FINE("nothing", .at = SH),
    FINE("nothing, and the client has TLS 1.3 too", .up_to_13 = true),
    FINE("a random that says more, to a client that has no more", .both = true),
    FINE("no CertificateRequest", .no_cert = true),
    FINE("fragments of one byte", .fragment = 1),
    FINE("a flight in one record", .one_record = true),
    FINE("a session id of its own", .at = SH, .edit = own_session_id),
    FINE("no point formats", .at = SH, .drop = X(11)),
    FINE("groups in ServerHello", .at = SH, .add = {X(10), BYTES(0, 2, 0, 0x1d)}),

    AT(SH, "TLS 1.1", SH_OLD_VERSION, PROTOCOL_VERSION, .edit = tls11),
    AT(SH, "a downgrade", SH_DOWNGRADED, ILLEGAL_PARAMETER, .both = true, .up_to_13 = true),
    AT(SH, "a downgrade below TLS 1.2", SH_DOWNGRADED, ILLEGAL_PARAMETER, .edit = sentinel_of_tls11, .up_to_13 = true),
    AT(SH, "static RSA", SH12_SUITE, ILLEGAL_PARAMETER, .suite12 = 0x009c),
    AT(SH, "a suite of TLS 1.3", SH12_SUITE, ILLEGAL_PARAMETER, .suite12 = 0x1301, .up_to_13 = true),
    AT(SH, "an unknown suite", SH12_SUITE, ILLEGAL_PARAMETER, .suite12 = 0x0a0a),
    AT(SH, "compression", SH12_COMPRESSION, ILLEGAL_PARAMETER, .edit = deflate),
    AT(SH, "the client's session id", SH12_RESUMES, ILLEGAL_PARAMETER, .edit = echoes_session_id, .up_to_13 = true),
    AT(SH, "no extended master secret", SH12_NO_EXTENDED_MASTER, HANDSHAKE_FAILURE, .drop = X(23)),
    AT(SH, "no renegotiation_info", SH12_RENEGOTIATION_INFO, HANDSHAKE_FAILURE, .drop = X(0xff01)),
    AT(SH, "renegotiation_info of another handshake", SH12_RENEGOTIATION_INFO, HANDSHAKE_FAILURE,
       .set = {X(0xff01), BYTES(1, 7)}),
    AT(SH, "only compressed points", SH12_POINT_FORMATS, ILLEGAL_PARAMETER, .set = {X(11), BYTES(1, 1)}),
    AT(SH, "an extension that nobody asked for", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, .add = {X(0x1234), BYTES(1)}),
    AT(SH, "bytes behind ServerHello", SH_TRAILING, DECODE_ERROR, .trailing = 1),
    {.name = "TLS 1.2 after a retry",
     SH12_AFTER_RETRY,
     ILLEGAL_PARAMETER,
     SH,
     1,
     .edit     = older_after_retry,
     .retry    = true,
     .up_to_13 = true},

    AT(CT, "Certificate left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = dropped),
    AT(CT, "no certificates", CERT_NONE_FROM_SERVER, DECODE_ERROR, .edit = no_entries),
    AT(CT, "an empty entry", CERT12_EMPTY_ENTRY, DECODE_ERROR, .edit = entry_is_empty),
    AT(CT, "a text as certificate", CERT_MSG_NOT_DER, DECODE_ERROR, .edit = entry_is_text),
    AT(CT, "Certificate cut short", CERT12_MALFORMED, DECODE_ERROR, .cut = 1),
    AT(CT, "bytes behind Certificate", CERT12_TRAILING, DECODE_ERROR, .trailing = 1),

    AT(SKE, "ServerKeyExchange left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = dropped),
    AT(SKE, "ServerKeyExchange cut short", SKE_MALFORMED, DECODE_ERROR, .cut = 1),
    AT(SKE, "bytes behind the signature", SKE_TRAILING, DECODE_ERROR, .trailing = 1),
    AT(SKE, "a curve that is not named", SKE_CURVE_TYPE, ILLEGAL_PARAMETER, .edit = curve_type),
    AT(SKE, "a group that was not offered", SKE_GROUP, ILLEGAL_PARAMETER, .edit = group_x448),
    AT(SKE, "a key on a curve that was not offered", SKE_KEY_CURVE, ILLEGAL_PARAMETER, .only_group = KX_X25519),
    AT(SKE, "a suite for another kind of key", SKE_KEY_NOT_FOR_SUITE, ILLEGAL_PARAMETER, .suite12 = 0xc02f),
    AT(SKE, "SHA-1", SKE_SCHEME_NOT_OFFERED, ILLEGAL_PARAMETER, .edit = scheme_sha1),
    AT(SKE, "a scheme for another kind of key", SKE_SCHEME_NOT_FOR_KEY, ILLEGAL_PARAMETER, .edit = scheme_pss),
    AT(SKE, "a wrong signature", SKE_SIGNATURE, DECRYPT_ERROR, .edit = signature_wrong),
    AT(SKE, "randoms not signed", SKE_SIGNATURE, DECRYPT_ERROR, .edit = randoms_not_signed),
    AT(SKE, "the point zero", SKE_POINT_INVALID, ILLEGAL_PARAMETER, .edit = point_zero),
    AT(SKE, "a point of 31 bytes", SKE_POINT_INVALID, ILLEGAL_PARAMETER, .edit = point_short),
    AT(SKE, "a point off its curve", SKE_POINT_INVALID, ILLEGAL_PARAMETER, .edit = point_off_curve),
    AT(SKE, "a point of 255 bytes", SKE_POINT_INVALID, ILLEGAL_PARAMETER, .edit = point_longest),

    AT(CR, "CertificateRequest cut short", CR12_MALFORMED, DECODE_ERROR, .cut = 1),
    AT(CR, "bytes behind CertificateRequest", CR12_TRAILING, DECODE_ERROR, .trailing = 1),
    AT(CR, "no certificate types", CR12_LISTS, DECODE_ERROR, .edit = no_types),
    AT(CR, "no signature algorithms", CR12_LISTS, DECODE_ERROR, .edit = no_algorithms),
    AT(CR, "half a signature algorithm", CR12_LISTS, DECODE_ERROR, .edit = odd_algorithms),
    AT(CR, "a CA name longer than the list", CR12_MALFORMED, DECODE_ERROR, .edit = name_too_long),
    AT(SHD, "CertificateRequest twice", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = request_again),
    AT(SHD, "ServerHelloDone with contents", SHD_MALFORMED, DECODE_ERROR, .trailing = 1),
    AT(SHD, "HelloRequest in the handshake", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = hello_request_before),
    AT(SHD, "ChangeCipherSpec before the keys", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = early_ccs),
    AT(FIN, "data before Finished", DATA_TOO_EARLY, UNEXPECTED_MESSAGE, .edit = data_before),
    AT(FIN, "a wrong Finished", FIN12_MISMATCH, DECRYPT_ERROR, .byte = {10, 1}),
    AT(FIN, "a short Finished", FIN_MALFORMED, DECRYPT_ERROR, .cut = 1),
    AT(SHD, "a ticket that nobody asked for", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = ticket_unasked),

    AFTER("HelloRequest", RENEGOTIATION, NO_RENEGOTIATION, renegotiates),
    AFTER("ServerHello afterwards", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, server_hello_again),
    AFTER("a ticket afterwards", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, ticket_after),
    AFTER("a record left out", RECORD12_MAC, BAD_RECORD_MAC, skipped_record),
    AFTER("a record of TLS 1.0", RECORD12_VERSION, PROTOCOL_VERSION, older_record),
    AFTER("the end in order", CHECK_NONE, 0, closes),
};

int main(void)
{
    return run_deviations("a server of TLS 1.2 that deviates", all, sizeof all / sizeof all[0], false);
}
