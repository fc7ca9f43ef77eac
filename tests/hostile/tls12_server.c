/* SPDX-License-Identifier: Apache-2.0
 *
 * tls12_server.c - a client of TLS 1.2 that deviates, against the engine as server.
 */
#include "hostile.h"

#include <string.h>

enum {
    CH             = MSG_CLIENT_HELLO,
    CT             = MSG_CERTIFICATE,
    CKE            = MSG_CLIENT_KEY_EXCHANGE,
    CV             = MSG_CERTIFICATE_VERIFY,
    FIN            = MSG_FINISHED,
    SUITES_AT      = 39, /* no session id, one suite */
    COMPRESSION_AT = 43
};

/* ---- ClientHello --------------------------------------------------------------------------------------- */

static void suites_are(struct bytes *m, const uint8_t *suites, size_t n)
{
    bytes_cut(m, SUITES_AT, 4);
    bytes_insert(m, SUITES_AT, suites, n);
    bytes_insert(m, SUITES_AT, (uint8_t[]){0, (uint8_t)n}, 2);
    msg_mend(m);
}

static void fell_back(struct foe *p, struct bytes *m)
{
    suites_are(m, (uint8_t[]){0xc0, 0x2b, 0x56, 0x00}, 4);
}

static void scsv_instead(struct foe *p, struct bytes *m)
{
    msg_ext_drop(m, 0xff01);
    suites_are(m, (uint8_t[]){0xc0, 0x2b, 0x00, 0xff}, 4);
}

static void static_rsa(struct foe *p, struct bytes *m)
{
    suites_are(m, (uint8_t[]){0x00, 0x9c}, 2);
}

static void suite_for_rsa(struct foe *p, struct bytes *m)
{
    suites_are(m, (uint8_t[]){0xc0, 0x2f}, 2);
}

static void tls11(struct foe *p, struct bytes *m)
{
    m->p[5] = 2;
}

static void two_compressions(struct foe *p, struct bytes *m)
{
    m->p[COMPRESSION_AT] = 2;
    bytes_insert(m, COMPRESSION_AT + 1, "\1", 1);
    msg_mend(m);
}

static void deflate_only(struct foe *p, struct bytes *m)
{
    m->p[COMPRESSION_AT + 1] = 1;
}

static void no_extensions(struct foe *p, struct bytes *m)
{
    bytes_cut(m, COMPRESSION_AT + 2, m->n - COMPRESSION_AT - 2);
    msg_mend(m);
}

/* ---- Certificate, ClientKeyExchange, CertificateVerify ------------------------------------------------- */

static void dropped(struct foe *p, struct bytes *m)
{
    m->n = 0;
}

static void entry_is_empty(struct foe *p, struct bytes *m)
{
    bytes_cut(m, 4, m->n - 4);
    bytes_add(m, (uint8_t[]){0, 0, 3, 0, 0, 0}, 6);
    msg_mend(m);
}

static void too_many_entries(struct foe *p, struct bytes *m)
{
    bytes_cut(m, 4, m->n - 4);
    size_t list = bytes_open(m, 3);
    for (int i = 0; i < 65; i++)
        bytes_add(m, (uint8_t[]){0, 0, 2, 0x30, 0}, 5);
    bytes_close(m, list, 3);
    msg_mend(m);
}

static void point_is(struct bytes *m, const void *p, size_t n)
{
    bytes_cut(m, 4, m->n - 4);
    bytes_u8(m, (unsigned)n);
    bytes_add(m, p, n);
    msg_mend(m);
}

static void point_empty(struct foe *p, struct bytes *m)
{
    point_is(m, "", 0);
}

static void point_short(struct foe *p, struct bytes *m)
{
    point_is(m, "thirty-one bytes are one too few", 31);
}

static void point_zero(struct foe *p, struct bytes *m)
{
    uint8_t zero[32] = {0};
    point_is(m, zero, sizeof zero);
}

static void scheme_sha1(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 4, 0x0203);
}

static void scheme_pss(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 4, 0x0804);
}

static void no_signature(struct foe *p, struct bytes *m)
{
    bytes_cut(m, 8, m->n - 8);
    bytes_put16(m, 6, 0);
    msg_mend(m);
}

static void hello_again(struct foe *p, struct bytes *m)
{
    foe_stray(p, MSG_CLIENT_HELLO, p->hello.p + 4, p->hello.n - 4);
    foe_flush(p);
}

/* ---- ChangeCipherSpec ---------------------------------------------------------------------------------- */

static void early_ccs(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_CCS, "\1", 1);
}

static void long_ccs(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_CCS, "\1\1", 2);
}

static void ccs_inside_message(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_HANDSHAKE, m->p, 10);
    foe_plain(p, REC_CCS, "\1", 1);
    m->n = 0;
}

/* A second one, under the keys of the first. */
static void ccs_twice(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_CCS, "\1", 1);
}

static void data_before(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_DATA, "x", 1);
}

static void ccs_as_message(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_HANDSHAKE, "\xfe\0\0\1\1", 5);
}

/* ---- afterwards ---------------------------------------------------------------------------------------- */

static void renegotiates(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, p->hello.p, p->hello.n);
}

static void older_record(struct foe *p)
{
    foe_record_as(p, REC_DATA, 0x0302, REC_DATA, "x", 1, 0);
}

static void skipped_record(struct foe *p)
{
    p->out.seq++;
    foe_record(p, REC_DATA, "x", 1);
}

static void same_record_twice(struct foe *p)
{
    foe_record(p, REC_DATA, "x", 1);
    p->out.seq--;
    foe_record(p, REC_DATA, "x", 1);
}

static void record_without_tag(struct foe *p)
{
    foe_plain(p, REC_DATA, "twenty-three bytes only", 23);
}

static void too_much_in_a_record(struct foe *p)
{
    static const uint8_t zero[16385];
    foe_record(p, REC_DATA, zero, sizeof zero);
}

static void plain_alert(struct foe *p)
{
    foe_plain(p, REC_ALERT, "\2\12", 2);
}

static void ccs_after(struct foe *p)
{
    foe_record(p, REC_CCS, "\1", 1);
}

static void key_update_12(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, "\x18\0\0\1\0", 5);
}

static void finished_again(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, "\x14\0\0\x0c............", 16);
}

static void many_empty(struct foe *p)
{
    for (int i = 0; i < 65; i++)
        foe_record(p, REC_DATA, "", 0);
}

static void many_warnings(struct foe *p)
{
    for (int i = 0; i < 5; i++)
        foe_record(p, REC_ALERT, "\1\144", 2);
}

static void some_warnings(struct foe *p)
{
    for (int i = 0; i < 3; i++)
        foe_record(p, REC_ALERT, "\1\144", 2);
    foe_record(p, REC_DATA, "x", 1);
}

static void empty_handshake(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, "", 0);
}

static void cut_off(struct foe *p)
{
    foe_hang_up(p);
}

#define HELLO(what, id, alert, ...)                                                                                    \
    {                                                                                                                  \
        .name = what, id, alert, CH, .v12 = true, __VA_ARGS__                                                          \
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
    FINE("nothing", .at = CH),
    FINE("nothing, and the server has TLS 1.3 too", .up_to_13 = true),
    FINE("no certificate, none required", .no_cert = true, .optional = true),
    FINE("not asked", .not_asked = true),
    FINE("fragments of one byte", .fragment = 1),
    FINE("flights in one record", .one_record = true),
    FINE("SCSV instead of renegotiation_info", .at = CH, .edit = scsv_instead),
    FINE("a second compression method", .at = CH, .edit = two_compressions),
    FINE("no point formats", .at = CH, .drop = X(11)),
    FINE("an unknown extension", .at = CH, .add = {X(0x1234), BYTES(1, 2, 3)}),
    FINE("Ed25519", .with_leaf = true, .leaf = MINT_ED25519, .scheme = 0x0807),
    FINE("P-384", .with_leaf = true, .leaf = MINT_P384, .scheme = 0x0503),
    FINE("RSA with PKCS 1", .with_leaf = true, .leaf = MINT_RSA, .scheme = 0x0401),
    FINE("RSA with PSS", .with_leaf = true, .leaf = MINT_RSA, .scheme = 0x0804),

    HELLO("fell back", CH12_FALLBACK, INAPPROPRIATE_FALLBACK, .edit = fell_back, .up_to_13 = true),
    HELLO("fell back to all we have", CHECK_NONE, 0, .edit = fell_back),
    HELLO("TLS 1.1", CH_VERSIONS, PROTOCOL_VERSION, .edit = tls11),
    HELLO("no extensions", CH12_NO_EXTENDED_MASTER, HANDSHAKE_FAILURE, .edit = no_extensions),
    HELLO("no extended master secret", CH12_NO_EXTENDED_MASTER, HANDSHAKE_FAILURE, .drop = X(23)),
    HELLO("extended_master_secret with contents", EXT_EXTENDED_MASTER, DECODE_ERROR, .set = {X(23), BYTES(0)}),
    HELLO("no renegotiation_info", CH12_RENEGOTIATION_INFO, HANDSHAKE_FAILURE, .drop = X(0xff01)),
    HELLO("renegotiation_info of another handshake", CH12_RENEGOTIATION_INFO, HANDSHAKE_FAILURE,
          .set = {X(0xff01), BYTES(1, 7)}),
    HELLO("renegotiation_info cut short", EXT_RENEGOTIATION, DECODE_ERROR, .set = {X(0xff01), BYTES(2, 7)}),
    HELLO("only compressed points", CH12_POINT_FORMATS, ILLEGAL_PARAMETER, .set = {X(11), BYTES(1, 1)}),
    HELLO("point formats empty", EXT_POINT_FORMATS, DECODE_ERROR, .set = {X(11), BYTES(0)}),
    HELLO("no signature_algorithms", CH12_NO_SIG_ALGS, HANDSHAKE_FAILURE, .drop = X(13)),
    HELLO("signature algorithms for RSA", CH_NO_COMMON_SIGALG, HANDSHAKE_FAILURE, .set = {X(13), BYTES(0, 2, 4, 1)}),
    HELLO("another curve", CH12_CURVE_NOT_LISTED, HANDSHAKE_FAILURE, .set = {X(10), BYTES(0, 2, 0, 0x1d)}),
    HELLO("no groups", CH12_NO_GROUPS, HANDSHAKE_FAILURE, .drop = X(10)),
    HELLO("no common group", CH12_NO_COMMON_GROUP, HANDSHAKE_FAILURE, .set = {X(10), BYTES(0, 2, 0, 0x17)},
          .only_group = KX_X25519),
    HELLO("static RSA", CH12_NO_COMMON_SUITE, HANDSHAKE_FAILURE, .edit = static_rsa),
    HELLO("a suite for RSA", CH12_NO_COMMON_SUITE, HANDSHAKE_FAILURE, .edit = suite_for_rsa),
    HELLO("only deflate", CH_COMPRESSION, ILLEGAL_PARAMETER, .edit = deflate_only),
    HELLO("bytes behind the extensions", CH_TRAILING, DECODE_ERROR, .trailing = 1),

    {.name = "no certificate", CERT12_NONE_FROM_CLIENT, HANDSHAKE_FAILURE, .v12 = true, .no_cert = true},
    AT(CT, "Certificate left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = dropped),
    AT(CT, "Certificate cut short", CERT12_MALFORMED, DECODE_ERROR, .cut = 1),
    AT(CT, "bytes behind Certificate", CERT12_TRAILING, DECODE_ERROR, .trailing = 1),
    AT(CT, "an empty entry", CERT12_EMPTY_ENTRY, DECODE_ERROR, .edit = entry_is_empty),
    AT(CT, "65 certificates", CERT12_TOO_MANY, BAD_CERTIFICATE, .edit = too_many_entries),
    AT(CKE, "ClientKeyExchange left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = dropped),
    AT(CKE, "no point", CKE_MALFORMED, DECODE_ERROR, .edit = point_empty),
    AT(CKE, "ClientKeyExchange cut short", CKE_MALFORMED, DECODE_ERROR, .cut = 1),
    AT(CKE, "bytes behind the point", CKE_TRAILING, DECODE_ERROR, .trailing = 1),
    AT(CKE, "a point of 31 bytes", CKE_POINT_INVALID, ILLEGAL_PARAMETER, .edit = point_short),
    AT(CKE, "the point zero", CKE_POINT_INVALID, ILLEGAL_PARAMETER, .edit = point_zero),
    AT(CV, "CertificateVerify left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = dropped),
    AT(CV, "a wrong signature", CV_SIGNATURE, DECRYPT_ERROR, .byte = {20, 1}),
    AT(CV, "no signature", CV_SIGNATURE, DECRYPT_ERROR, .edit = no_signature),
    AT(CV, "SHA-1", CV_SCHEME_NOT_OFFERED, ILLEGAL_PARAMETER, .edit = scheme_sha1),
    AT(CV, "a scheme for another kind of key", CV_SCHEME_NOT_FOR_KEY, ILLEGAL_PARAMETER, .edit = scheme_pss),
    AT(CV, "ClientHello in the handshake", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = hello_again),

    AT(CKE, "ChangeCipherSpec before the keys", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = early_ccs),
    AT(CV, "ChangeCipherSpec before the signature", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = early_ccs),
    AT(CV, "a ChangeCipherSpec of two bytes", CCS_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = long_ccs),
    AT(CV, "ChangeCipherSpec inside a message", CCS_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = ccs_inside_message),
    AT(CV, "ChangeCipherSpec as a message", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = ccs_as_message),
    AT(FIN, "ChangeCipherSpec twice", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .edit = ccs_twice),
    AT(FIN, "data before Finished", DATA_TOO_EARLY, UNEXPECTED_MESSAGE, .edit = data_before),
    AT(FIN, "a wrong Finished", FIN12_MISMATCH, DECRYPT_ERROR, .byte = {10, 1}),
    AT(FIN, "a short Finished", FIN_MALFORMED, DECRYPT_ERROR, .cut = 1),
    AT(FIN, "a long Finished", FIN_MALFORMED, DECRYPT_ERROR, .trailing = 1),

    AFTER("renegotiation", RENEGOTIATION, NO_RENEGOTIATION, renegotiates),
    AFTER("a record of TLS 1.1", RECORD12_VERSION, PROTOCOL_VERSION, older_record),
    AFTER("a record left out", RECORD12_MAC, BAD_RECORD_MAC, skipped_record),
    AFTER("a record twice", RECORD12_MAC, BAD_RECORD_MAC, same_record_twice),
    AFTER("a record without room for its tag", RECORD12_TOO_SHORT, BAD_RECORD_MAC, record_without_tag),
    AFTER("16,385 bytes in a record", RECORD12_CONTENT_TOO_LONG, RECORD_OVERFLOW, too_much_in_a_record),
    AFTER("an alert in plaintext", RECORD12_TOO_SHORT, BAD_RECORD_MAC, plain_alert),
    AFTER("ChangeCipherSpec afterwards", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, ccs_after),
    AFTER("KeyUpdate in TLS 1.2", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, key_update_12),
    AFTER("Finished again", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, finished_again),
    AFTER("33 empty records", DATA_EMPTY_TOO_OFTEN, UNEXPECTED_MESSAGE, many_empty),
    AFTER("5 warnings", ALERT_TOO_MANY_WARNINGS, UNEXPECTED_MESSAGE, many_warnings),
    AFTER("3 warnings", CHECK_NONE, 0, some_warnings),
    AFTER("an empty handshake record", RECORD_EMPTY_HANDSHAKE, UNEXPECTED_MESSAGE, empty_handshake),
    AFTER("the end without close_notify", END_WITHOUT_CLOSE_NOTIFY, NO_ALERT, cut_off),
};

int main(void)
{
    return run_deviations("a client of TLS 1.2 that deviates", all, sizeof all / sizeof all[0], true);
}
