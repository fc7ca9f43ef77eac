/* SPDX-License-Identifier: Apache-2.0
 *
 * server_flight.c - a server that deviates in CertificateRequest, Certificate, CertificateVerify, Finished and
 * behind the handshake, against the engine as client.
 */
#include "hostile.h"

#include <string.h>

static void dropped(struct foe *p, struct bytes *m)
{
    m->n = 0;
}

static void twice(struct foe *p, struct bytes *m)
{
    foe_message(p, m->p[0], m->p + 4, m->n - 4);
}

static void request_before(struct foe *p, struct bytes *m)
{
    foe_stray(p, MSG_CERTIFICATE_REQUEST, "\0\0\x08\0\x0d\0\4\0\2\4\3", 11);
}

static void request_with_context(struct foe *p, struct bytes *m)
{
    m->p[4] = 1;
    bytes_insert(m, 5, "x", 1);
    msg_mend(m);
}

/* ---- Certificate --------------------------------------------------------------------------------------- */

static void cert_none(struct foe *p, struct bytes *m)
{
    bytes_cut(m, 8, m->n - 8);
    bytes_put24(m, 5, 0);
    msg_mend(m);
}

static void cert_with_context(struct foe *p, struct bytes *m)
{
    m->p[4] = 1;
    bytes_insert(m, 5, "x", 1);
    msg_mend(m);
}

/* The leaf's entry gets an extension. */
static void entry_ext(struct foe *p, struct bytes *m, const char *ext, size_t n)
{
    size_t der = (size_t)m->p[8] << 16 | (size_t)m->p[9] << 8 | m->p[10], at = 11 + der;
    bytes_put16(m, at, (unsigned)n);
    bytes_insert(m, at + 2, ext, n);
    bytes_put24(m, 5, (unsigned)(m->n - 8));
    msg_mend(m);
}

static void sct_unasked(struct foe *p, struct bytes *m)
{
    entry_ext(p, m, "\0\x12\0\2\0\0", 6);
}

static void status_empty(struct foe *p, struct bytes *m)
{
    entry_ext(p, m, "\0\5\0\4\1\0\0\0", 8);
}

static void status_no_ocsp(struct foe *p, struct bytes *m)
{
    entry_ext(p, m, "\0\5\0\5\1\0\0\1\60", 9);
}

static void name_in_entry(struct foe *p, struct bytes *m)
{
    entry_ext(p, m, "\0\0\0\0", 4);
}

/* ---- CertificateVerify --------------------------------------------------------------------------------- */

static void sign_again(struct foe *p, struct bytes *m, const struct minted *by, const char *context, uint16_t scheme)
{
    uint8_t tbs[130], sig[1024];
    memset(tbs, ' ', 64);
    memcpy(tbs + 64, context, 34);
    foe_transcript_hash(p, tbs + 98);
    size_t n = mint_sign(by, scheme, tbs, sizeof tbs, sig);
    bytes_cut(m, 4, m->n - 4);
    bytes_u16(m, scheme);
    bytes_u16(m, (unsigned)n);
    bytes_add(m, sig, n);
    msg_mend(m);
}

static void client_context(struct foe *p, struct bytes *m)
{
    sign_again(p, m, &p->pki->server, "TLS 1.3, client CertificateVerify", 0x0403);
}

static void other_key(struct foe *p, struct bytes *m)
{
    sign_again(p, m, &p->pki->client, "TLS 1.3, server CertificateVerify", 0x0403);
}

static void scheme_sha1(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 4, 0x0203);
}

static void scheme_pss(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 4, 0x0804);
}

/* ---- Finished and behind it ----------------------------------------------------------------------------- */

static void data_before(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_DATA, "early", 5);
}

static void more_in_the_record(struct foe *p, struct bytes *m)
{
    bytes_add(&p->tail, (uint8_t[]){MSG_KEY_UPDATE, 0, 0, 1, 0}, 5);
}

static void request_late(struct foe *p)
{
    foe_stray(p, MSG_CERTIFICATE_REQUEST, "\1x\0\x08\0\x0d\0\4\0\2\4\3", 12);
}

static void hello_request(struct foe *p)
{
    foe_stray(p, 0, NULL, 0);
}

static void end_of_early_data(struct foe *p)
{
    foe_stray(p, MSG_END_OF_EARLY_DATA, NULL, 0);
}

static void unknown_message(struct foe *p)
{
    foe_stray(p, 77, "x", 1);
}

#define TICKET "\0\0\0\1\0\0\0\1\0\0\1x\0\0"
static void ticket(struct foe *p)
{
    foe_stray(p, MSG_SESSION_TICKET, TICKET, 14);
}

static void ticket_empty(struct foe *p)
{
    foe_stray(p, MSG_SESSION_TICKET, "\0\0\0\1\0\0\0\1\0\0\0\0\0", 13);
}

static void ticket_trailing(struct foe *p)
{
    foe_stray(p, MSG_SESSION_TICKET, TICKET "\0", 15);
}

static void ticket_short(struct foe *p)
{
    foe_stray(p, MSG_SESSION_TICKET, "\0\0\0\1\0\0", 6);
}

static void ticket_wrong_ext(struct foe *p)
{
    foe_stray(p, MSG_SESSION_TICKET, "\0\0\0\1\0\0\0\1\0\0\1x\0\4\0\x33\0\0", 18);
}

static void ticket_flood(struct foe *p)
{
    for (int i = 0; i < 20; i++)
        foe_stray(p, MSG_SESSION_TICKET, TICKET, 14);
}

enum { CR = MSG_CERTIFICATE_REQUEST, CT = MSG_CERTIFICATE, CV = MSG_CERTIFICATE_VERIFY, FIN = MSG_FINISHED };

static const struct deviation all[] = {
    {.name = "CertificateRequest with a context",
     CR_CONTEXT_NOT_EMPTY,
     ILLEGAL_PARAMETER,
     CR,
     .edit = request_with_context},
    {.name = "CertificateRequest without signature_algorithms",
     CR_NO_SIGNATURE_ALGORITHMS,
     MISSING_EXTENSION,
     CR,
     .drop = X(13)},
    {.name = "CertificateRequest, signature_algorithms empty",
     EXT_SIG_ALGS,
     DECODE_ERROR,
     CR,
     .set = {X(13), BYTES(0, 0)}},
    {.name = "CertificateRequest, schemes nobody has", .at = CR, .set = {X(13), BYTES(0, 2, 8, 8)}},
    {.name = "CertificateRequest, unknown extension", .at = CR, .add = {X(0x1234), NULL, 0}},
    {.name = "CertificateRequest, an extension of another message",
     EXT_WRONG_MESSAGE,
     ILLEGAL_PARAMETER,
     CR,
     .add = {X(51), NULL, 0}},
    {.name = "CertificateRequest, an extension twice",
     EXT_TWICE,
     ILLEGAL_PARAMETER,
     CR,
     .add = {X(13), BYTES(0, 2, 4, 3)}},
    {.name = "CertificateRequest, CA names empty", EXT_CA_NAMES, DECODE_ERROR, CR, .add = {X(47), BYTES(0, 0)}},
    {.name = "CertificateRequest, an empty CA name", EXT_CA_NAMES, DECODE_ERROR, CR, .add = {X(47), BYTES(0, 2, 0, 0)}},
    {.name = "CertificateRequest, CA names cut short",
     EXT_CA_NAMES,
     DECODE_ERROR,
     CR,
     .add = {X(47), BYTES(0, 4, 0, 9, 0, 0)}},
    {.name = "CertificateRequest, a CA name that is none", .at = CR, .add = {X(47), BYTES(0, 4, 0, 2, 0xff, 0xff)}},
    {.name = "CertificateRequest, oid_filters malformed",
     EXT_OID_FILTERS,
     DECODE_ERROR,
     CR,
     .add = {X(48), BYTES(0, 3, 0, 0, 0)}},
    {.name = "CertificateRequest, bytes behind", CR_TRAILING, DECODE_ERROR, CR, .trailing = 1},
    {.name = "CertificateRequest twice", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CR, .edit = twice},
    {.name = "CertificateRequest behind Certificate", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CV, .edit = request_before},

    {.name = "no certificate", CERT_NONE_FROM_SERVER, DECODE_ERROR, CT, .edit = cert_none},
    {.name = "Certificate with a context", CERT_MSG_CONTEXT, ILLEGAL_PARAMETER, CT, .edit = cert_with_context},
    {.name = "Certificate left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CT, .edit = dropped},
    {.name = "Certificate twice", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CT, .edit = twice},
    {.name = "timestamps that nobody asked for", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, CT, .edit = sct_unasked},
    {.name = "an empty status", EXT_STATUS, DECODE_ERROR, CT, .edit = status_empty},
    {.name = "a status that is no OCSP response",
     OCSP_BROKEN,
     BAD_CERTIFICATE_STATUS_RESPONSE,
     CT,
     .edit = status_no_ocsp},
    {.name = "server_name in Certificate", EXT_WRONG_MESSAGE, ILLEGAL_PARAMETER, CT, .edit = name_in_entry},
    {.name = "bytes behind Certificate", CERT_MSG_TRAILING, DECODE_ERROR, CT, .trailing = 1},

    {.name = "CertificateVerify left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CV, .edit = dropped},
    {.name = "CertificateVerify twice", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CV, .edit = twice},
    {.name = "a wrong signature", CV_SIGNATURE, DECRYPT_ERROR, CV, .byte = {20, 1}},
    {.name = "the client's context string", CV_SIGNATURE, DECRYPT_ERROR, CV, .edit = client_context},
    {.name = "another key's signature", CV_SIGNATURE, DECRYPT_ERROR, CV, .edit = other_key},
    {.name = "a SHA-1 scheme", CV_SCHEME_NOT_OFFERED, ILLEGAL_PARAMETER, CV, .edit = scheme_sha1},
    {.name = "a scheme for another kind of key", CV_SCHEME_NOT_FOR_KEY, ILLEGAL_PARAMETER, CV, .edit = scheme_pss},
    {.name = "bytes behind CertificateVerify", CV_TRAILING, DECODE_ERROR, CV, .trailing = 1},

    {.name = "a wrong Finished", FIN_MISMATCH, DECRYPT_ERROR, FIN, .byte = {10, 1}},
    {.name = "a short Finished", FIN_MALFORMED, DECRYPT_ERROR, FIN, .cut = 4},
    {.name = "a long Finished", FIN_MALFORMED, DECRYPT_ERROR, FIN, .trailing = 4},
    {.name = "data before Finished", DATA_TOO_EARLY, UNEXPECTED_MESSAGE, FIN, .edit = data_before},
    {.name = "a message behind Finished", MSG_ACROSS_KEYS, UNEXPECTED_MESSAGE, FIN, .edit = more_in_the_record},

    {.name = "asks for a certificate after the handshake", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = request_late},
    {.name = "HelloRequest", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = hello_request},
    {.name = "EndOfEarlyData", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = end_of_early_data},
    {.name = "an unknown message", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = unknown_message},
    {.name = "a ticket", .after = ticket},
    {.name = "an empty ticket", NST_MALFORMED, DECODE_ERROR, .after = ticket_empty},
    {.name = "bytes behind a ticket", NST_TRAILING, DECODE_ERROR, .after = ticket_trailing},
    {.name = "a ticket cut short", NST_MALFORMED, DECODE_ERROR, .after = ticket_short},
    {.name = "a ticket with an extension of another message",
     EXT_WRONG_MESSAGE,
     ILLEGAL_PARAMETER,
     .after = ticket_wrong_ext},
    {.name = "a flood of tickets", NST_TOO_MANY, UNEXPECTED_MESSAGE, .after = ticket_flood},

    {.name = "Ed25519", .with_leaf = true, .leaf = MINT_ED25519, .scheme = 0x0807},
    {.name = "P-384", .with_leaf = true, .leaf = MINT_P384, .scheme = 0x0503},
    {.name = "P-521", .with_leaf = true, .leaf = MINT_P521, .scheme = 0x0603},
    {.name = "RSA with PSS", .with_leaf = true, .leaf = MINT_RSA, .scheme = 0x0804},
    {.name = "an RSA-PSS key", .with_leaf = true, .leaf = MINT_RSA_PSS, .scheme = 0x080a},
    {.name = "RSA with PKCS 1",
     CV_SCHEME_NOT_OFFERED,
     ILLEGAL_PARAMETER,
     .with_leaf = true,
     .leaf      = MINT_RSA,
     .scheme    = 0x0401},
};

int main(void)
{
    return run_deviations("a server that deviates in its flight", all, sizeof all / sizeof all[0], false);
}
