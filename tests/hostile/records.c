/* SPDX-License-Identifier: Apache-2.0
 *
 * records.c - a peer that deviates in its records, alerts and after the handshake, against the engine in either role.
 */
#include "hostile.h"

#include <string.h>

/* ---- records under keys -------------------------------------------------------------------------------- */

static void bad_mac(struct foe *p, struct bytes *m)
{
    foe_raw(p,
            "\x17\x03\x03\x00\x20"
            "0123456789abcdef0123456789abcdef",
            37);
}

static void short_sealed(struct foe *p, struct bytes *m)
{
    foe_raw(p,
            "\x17\x03\x03\x00\x10"
            "0123456789abcdef",
            21);
}

static void too_long_sealed(struct foe *p, struct bytes *m)
{
    foe_raw(p, "\x17\x03\x03\x41\x01", 5);
}

static void no_inner_type(struct foe *p, struct bytes *m)
{
    foe_record_as(p, REC_DATA, 0x0303, 0, NULL, 0, 30);
}

static void content_too_long(struct foe *p, struct bytes *m)
{
    static const uint8_t big[16385];
    foe_record(p, REC_HANDSHAKE, big, sizeof big);
}

static void inner_type_99(struct foe *p, struct bytes *m)
{
    foe_record_as(p, REC_DATA, 0x0303, 99, "x", 1, 0);
}

static void sealed_ccs(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_CCS, "\1", 1);
}

static void plain_ccs_2(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_CCS, "\2", 1);
}

static void plain_ccs_long(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_CCS, "\1\1", 2);
}

static void ccs_flood(struct foe *p, struct bytes *m)
{
    for (int i = 0; i < 40; i++)
        foe_plain(p, REC_CCS, "\1", 1);
}

static void plain_handshake(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_HANDSHAKE, m->p, m->n);
}

static void outer_type_22(struct foe *p, struct bytes *m)
{
    foe_record_as(p, REC_HANDSHAKE, 0x0303, REC_HANDSHAKE, m->p, m->n, 0);
}

static void outer_version_2(struct foe *p, struct bytes *m)
{
    foe_record_as(p, REC_DATA, 0x0203, REC_HANDSHAKE, m->p, m->n, 0);
}

static void padded_record(struct foe *p, struct bytes *m)
{
    foe_record_as(p, REC_DATA, 0x0303, REC_ALERT, "\1\x5a", 2, 1000); /* user_canceled, padded */
}

static void empty_sealed_handshake(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_HANDSHAKE, NULL, 0);
}

static void alert_between_fragments(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_HANDSHAKE, m->p, 3);
    foe_record(p, REC_ALERT, "\1\x5a", 2);
}

static void alert_plain(struct foe *p, struct bytes *m)
{
    foe_plain(p, REC_ALERT, "\2\x2a", 2);
}

static void alert_plain_late(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_ALERT, "\1\x5a", 2);
    foe_plain(p, REC_ALERT, "\2\x2a", 2);
}

static void cancels(struct foe *p, struct bytes *m)
{
    for (int i = 0; i < 6; i++)
        foe_record(p, REC_ALERT, "\1\x5a", 2);
}

static void close_in_handshake(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_ALERT, "\1\0", 2);
}

static void end_in_handshake(struct foe *p, struct bytes *m)
{
    foe_hang_up(p);
}

/* ---- after the handshake ------------------------------------------------------------------------------- */

static void renegotiate(struct foe *p)
{
    foe_stray(p, MSG_CLIENT_HELLO, p->hello.p + 4, p->hello.n - 4);
}

static void certificate_again(struct foe *p)
{
    foe_stray(p, MSG_CERTIFICATE, "\0\0\0\0", 4);
}

static void finished_again(struct foe *p)
{
    foe_stray(p, MSG_FINISHED, p->finished + 4, 32);
}

static void ccs_late(struct foe *p)
{
    foe_plain(p, REC_CCS, "\1", 1);
}

static void plain_data(struct foe *p)
{
    foe_plain(p, REC_DATA, "0123456789abcdef plain", 22);
}

static void plain_alert_open(struct foe *p)
{
    foe_plain(p, REC_ALERT, "\2\x2a", 2);
}

static void replayed_record(struct foe *p)
{
    foe_record(p, REC_DATA, "one", 3);
    p->out.seq--;
    foe_record(p, REC_DATA, "one", 3);
}

static void empty_flood(struct foe *p)
{
    for (int i = 0; i < 40; i++)
        foe_record(p, REC_DATA, NULL, 0);
}

static void key_update(struct foe *p, const char *body, size_t n)
{
    foe_stray(p, MSG_KEY_UPDATE, body, n);
    foe_update(&p->out, true);
}

static void key_update_2(struct foe *p)
{
    key_update(p, "\2", 1);
}

static void key_update_long(struct foe *p)
{
    key_update(p, "\0\0", 2);
}

static void key_update_empty(struct foe *p)
{
    key_update(p, "", 0);
}

static void key_update_flood(struct foe *p)
{
    for (int i = 0; i < 40; i++)
        key_update(p, "\0", 1);
}

/* The engine's answer to a request comes under its next keys; the alert behind it too. */
static void key_update_and_more(struct foe *p)
{
    const uint8_t two[] = {MSG_KEY_UPDATE, 0, 0, 1, 0, MSG_KEY_UPDATE, 0, 0, 1, 0};
    foe_record(p, REC_HANDSHAKE, two, sizeof two);
}

static void key_update_old_keys(struct foe *p)
{
    foe_stray(p, MSG_KEY_UPDATE, "\0", 1);
    foe_record(p, REC_DATA, "old", 3);
}

static void data_in_fragment(struct foe *p)
{
    foe_record(p, REC_HANDSHAKE, "\x18\0\0", 3);
    foe_record(p, REC_DATA, "x", 1);
}

static void fatal_alert(struct foe *p)
{
    foe_record(p, REC_ALERT, "\2\x2e", 2);
}

static void unknown_alert(struct foe *p)
{
    foe_record(p, REC_ALERT, "\1\xcc", 2);
}

static void alert_one_byte(struct foe *p)
{
    foe_record(p, REC_ALERT, "\2", 1);
}

static void alert_empty(struct foe *p)
{
    foe_record(p, REC_ALERT, "", 0);
}

static void two_alerts(struct foe *p)
{
    foe_record(p, REC_ALERT, "\1\x5a\1\x5a", 4);
}

static void warning_flood(struct foe *p)
{
    for (int i = 0; i < 6; i++)
        foe_record(p, REC_ALERT, "\1\x5a", 2);
}

static void unclean_end(struct foe *p)
{
    foe_hang_up(p);
}

static void clean_end(struct foe *p)
{
    foe_record(p, REC_ALERT, "\1\0", 2);
    foe_hang_up(p);
}

static void data_after_close(struct foe *p)
{
    foe_record(p, REC_ALERT, "\1\0", 2);
    foe_record(p, REC_DATA, "late", 4);
}

/* The first message under keys: Certificate of a client, EncryptedExtensions of a server. */
enum { FS = FIRST_SEALED };

static const struct deviation all[] = {
    {.name = "a record that does not open", RECORD_MAC, BAD_RECORD_MAC, FS, .edit = bad_mac},
    {.name = "a record shorter than a tag", RECORD_TOO_SHORT, BAD_RECORD_MAC, FS, .edit = short_sealed},
    {.name = "a record of 2^14 + 257", RECORD_TOO_LONG, RECORD_OVERFLOW, FS, .edit = too_long_sealed},
    {.name = "contents of 2^14 + 1", RECORD_CONTENT_TOO_LONG, RECORD_OVERFLOW, FS, .edit = content_too_long},
    {.name = "a record of padding alone", RECORD_NO_TYPE, UNEXPECTED_MESSAGE, FS, .edit = no_inner_type},
    {.name = "an unknown content type", RECORD_INNER_TYPE, UNEXPECTED_MESSAGE, FS, .edit = inner_type_99},
    {.name = "a protected ChangeCipherSpec", CCS_UNEXPECTED, UNEXPECTED_MESSAGE, FS, .edit = sealed_ccs},
    {.name = "ChangeCipherSpec with another value", CCS_UNEXPECTED, UNEXPECTED_MESSAGE, FS, .edit = plain_ccs_2},
    {.name = "ChangeCipherSpec of two bytes", CCS_UNEXPECTED, UNEXPECTED_MESSAGE, FS, .edit = plain_ccs_long},
    {.name = "a flood of ChangeCipherSpec", CCS_TOO_MANY, UNEXPECTED_MESSAGE, FS, .edit = ccs_flood},
    {.name = "a plaintext handshake record under keys",
     RECORD_NOT_PROTECTED,
     UNEXPECTED_MESSAGE,
     FS,
     .edit = plain_handshake},
    {.name = "a sealed record called handshake", RECORD_NOT_PROTECTED, UNEXPECTED_MESSAGE, FS, .edit = outer_type_22},
    {.name = "a record of version 2", RECORD_VERSION, DECODE_ERROR, FS, .edit = outer_version_2},
    {.name = "a padded record", .at = FS, .edit = padded_record},
    {.name = "an empty sealed handshake record",
     RECORD_EMPTY_HANDSHAKE,
     UNEXPECTED_MESSAGE,
     FS,
     .edit = empty_sealed_handshake},
    {.name = "an alert between two fragments",
     RECORD_INTERLEAVED,
     UNEXPECTED_MESSAGE,
     FS,
     .edit = alert_between_fragments},
    {.name = "a plaintext alert before anything sealed", ALERT_RECEIVED, NO_ALERT, FS, .edit = alert_plain},
    {.name = "a plaintext alert after something sealed",
     RECORD_NOT_PROTECTED,
     UNEXPECTED_MESSAGE,
     FS,
     .edit = alert_plain_late},
    {.name = "a flood of user_canceled", ALERT_TOO_MANY_WARNINGS, UNEXPECTED_MESSAGE, FS, .edit = cancels},
    {.name = "close_notify in the handshake", ALERT_RECEIVED, NO_ALERT, FS, .edit = close_in_handshake},
    {.name = "hangs up in the handshake", END_IN_HANDSHAKE, NO_ALERT, FS, .edit = end_in_handshake},

    {.name = "renegotiates", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = renegotiate},
    {.name = "Certificate after the handshake", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = certificate_again},
    {.name = "Finished again", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = finished_again},
    {.name = "ChangeCipherSpec after the handshake", CCS_UNEXPECTED, UNEXPECTED_MESSAGE, .after = ccs_late},
    {.name = "plaintext data", RECORD_MAC, BAD_RECORD_MAC, .after = plain_data},
    {.name = "a plaintext alert", RECORD_NOT_PROTECTED, UNEXPECTED_MESSAGE, .after = plain_alert_open},
    {.name = "a record again", RECORD_MAC, BAD_RECORD_MAC, .after = replayed_record},
    {.name = "a flood of empty records", DATA_EMPTY_TOO_OFTEN, UNEXPECTED_MESSAGE, .after = empty_flood},
    {.name = "KeyUpdate 2", KU_VALUE, ILLEGAL_PARAMETER, .after = key_update_2},
    {.name = "KeyUpdate, bytes behind", KU_MALFORMED, DECODE_ERROR, .after = key_update_long},
    {.name = "KeyUpdate, empty", KU_MALFORMED, DECODE_ERROR, .after = key_update_empty},
    {.name = "a flood of KeyUpdate", KU_TOO_MANY, UNEXPECTED_MESSAGE, .after = key_update_flood},
    {.name = "two KeyUpdates in one record", MSG_ACROSS_KEYS, UNEXPECTED_MESSAGE, .after = key_update_and_more},
    {.name = "KeyUpdate, then the old keys", RECORD_MAC, BAD_RECORD_MAC, .after = key_update_old_keys},
    {.name = "data inside a fragmented message", RECORD_INTERLEAVED, UNEXPECTED_MESSAGE, .after = data_in_fragment},
    {.name = "a fatal alert", ALERT_RECEIVED, NO_ALERT, .after = fatal_alert},
    {.name = "an unknown alert", ALERT_RECEIVED, NO_ALERT, .after = unknown_alert},
    {.name = "half an alert", ALERT_MALFORMED, DECODE_ERROR, .after = alert_one_byte},
    {.name = "an empty alert", ALERT_EMPTY, UNEXPECTED_MESSAGE, .after = alert_empty},
    {.name = "two alerts in one record", ALERT_MALFORMED, DECODE_ERROR, .after = two_alerts},
    {.name = "a flood of warnings", ALERT_TOO_MANY_WARNINGS, UNEXPECTED_MESSAGE, .after = warning_flood},
    {.name = "an end without close_notify", END_WITHOUT_CLOSE_NOTIFY, NO_ALERT, .after = unclean_end},
    {.name = "a clean end", .after = clean_end},
    {.name = "data after close_notify", .after = data_after_close},
};

int main(int argc, char **argv)
{
    bool serves = argc > 1 && strcmp(argv[1], "server") == 0;
    return run_deviations(serves ? "records, the engine is the server" : "records, the engine is the client", all,
                          sizeof all / sizeof all[0], serves);
}
