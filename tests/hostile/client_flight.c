/* SPDX-License-Identifier: Apache-2.0
 *
 * client_flight.c - a client that deviates in its second flight: Certificate, CertificateVerify, Finished.
 */
#include "hostile.h"

#include <string.h>

/* ---- the client's second flight ------------------------------------------------------------------------ */

static void dropped(struct foe *p, struct bytes *m)
{
    m->n = 0;
}

static void cert_context(struct foe *p, struct bytes *m)
{
    m->p[4] = 1;
    bytes_insert(m, 5, "x", 1);
    msg_mend(m);
}

/* Rewrites the Certificate message with these entries of the peer's own leaf. */
static void entries(struct foe *p, struct bytes *m, unsigned n, bool empty, const char *ext, size_t ext_n)
{
    const struct minted *leaf = p->server ? &p->pki->server : &p->pki->client;
    bytes_cut(m, 4, m->n - 4);
    bytes_u8(m, 0);
    size_t list = bytes_open(m, 3);
    for (unsigned i = 0; i < n; i++) {
        size_t der = bytes_open(m, 3);
        bytes_add(m, leaf->der, empty ? 0 : leaf->der_n);
        bytes_close(m, der, 3);
        size_t exts = bytes_open(m, 2);
        bytes_add(m, ext, ext_n);
        bytes_close(m, exts, 2);
    }
    bytes_close(m, list, 3);
    msg_mend(m);
}

static void cert_65(struct foe *p, struct bytes *m)
{
    entries(p, m, 65, false, "", 0);
}

static void cert_empty_entry(struct foe *p, struct bytes *m)
{
    entries(p, m, 1, true, "", 0);
}

static void cert_sct_unasked(struct foe *p, struct bytes *m)
{
    entries(p, m, 1, false, "\0\x12\0\2\0\0", 6);
}

static void cert_status_type(struct foe *p, struct bytes *m)
{
    entries(p, m, 1, false, "\0\5\0\5\2\0\0\1\60", 9);
}

static void cert_status_long(struct foe *p, struct bytes *m)
{
    entries(p, m, 1, false, "\0\5\0\6\1\0\0\1\60\0", 10);
}

static void cert_unknown_ext(struct foe *p, struct bytes *m)
{
    entries(p, m, 1, false, "\x12\x34\0\0", 4);
}

static void cert_list_too_long(struct foe *p, struct bytes *m)
{
    m->p[7]++;
}

/* The signature of the other side's context string. */
static void other_context(struct foe *p, struct bytes *m)
{
    uint8_t tbs[130], sig[1024];
    memset(tbs, ' ', 64);
    memcpy(tbs + 64, "TLS 1.3, server CertificateVerify", 34);
    foe_transcript_hash(p, tbs + 98);
    size_t n = mint_sign(&p->pki->client, 0x0403, tbs, sizeof tbs, sig);
    bytes_cut(m, 6, m->n - 6);
    bytes_u16(m, (unsigned)n);
    bytes_add(m, sig, n);
    msg_mend(m);
}

static void scheme_0401(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 4, 0x0401);
}

static void scheme_ed25519(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 4, 0x0807);
}

static void scheme_p384(struct foe *p, struct bytes *m)
{
    bytes_put16(m, 4, 0x0503);
}

static void no_signature(struct foe *p, struct bytes *m)
{
    bytes_cut(m, 8, m->n - 8);
    bytes_put16(m, 6, 0);
    msg_mend(m);
}

/* A signature by another key, well made. */
static void other_key(struct foe *p, struct bytes *m)
{
    uint8_t tbs[130], sig[1024];
    memset(tbs, ' ', 64);
    memcpy(tbs + 64, "TLS 1.3, client CertificateVerify", 34);
    foe_transcript_hash(p, tbs + 98);
    size_t n = mint_sign(&p->pki->server, 0x0403, tbs, sizeof tbs, sig);
    bytes_cut(m, 6, m->n - 6);
    bytes_u16(m, (unsigned)n);
    bytes_add(m, sig, n);
    msg_mend(m);
}

static void data_before(struct foe *p, struct bytes *m)
{
    foe_record(p, REC_DATA, "early", 5);
}

static void key_update_before(struct foe *p, struct bytes *m)
{
    foe_stray(p, MSG_KEY_UPDATE, "\0", 1);
}

static void hello_before(struct foe *p, struct bytes *m)
{
    foe_stray(p, MSG_CLIENT_HELLO, p->hello.p + 4, p->hello.n - 4);
}

static void more_in_the_record(struct foe *p, struct bytes *m)
{
    bytes_add(&p->tail, (uint8_t[]){MSG_KEY_UPDATE, 0, 0, 1, 0}, 5);
}

static void ticket_to_server(struct foe *p)
{
    foe_stray(p, MSG_SESSION_TICKET, "\0\0\0\1\0\0\0\1\0\0\1x\0\0", 14);
}

enum { CT = MSG_CERTIFICATE, CV = MSG_CERTIFICATE_VERIFY, FIN = MSG_FINISHED };

static const struct deviation all[] = {
    {.name = "no certificate where one is required", CERT_NONE_FROM_CLIENT, CERTIFICATE_REQUIRED, .no_cert = true},
    {.name = "Certificate with a context", CERT_MSG_CONTEXT, ILLEGAL_PARAMETER, CT, .edit = cert_context},
    {.name = "65 certificates", CERT_MSG_TOO_MANY, BAD_CERTIFICATE, CT, .edit = cert_65},
    {.name = "an empty certificate", CERT_MSG_EMPTY_ENTRY, DECODE_ERROR, CT, .edit = cert_empty_entry},
    {.name = "timestamps that nobody asked for", EXT_UNSOLICITED, UNSUPPORTED_EXTENSION, CT, .edit = cert_sct_unasked},
    {.name = "a status of an unknown type", EXT_STATUS, DECODE_ERROR, CT, .edit = cert_status_type},
    {.name = "a byte behind the status", EXT_STATUS, DECODE_ERROR, CT, .edit = cert_status_long},
    {.name = "an unknown extension in Certificate",
     EXT_UNSOLICITED,
     UNSUPPORTED_EXTENSION,
     CT,
     .edit = cert_unknown_ext},
    {.name = "certificate_list too long", CERT_MSG_MALFORMED, DECODE_ERROR, CT, .edit = cert_list_too_long},
    {.name = "bytes behind Certificate", CERT_MSG_TRAILING, DECODE_ERROR, CT, .trailing = 1},
    {.name = "Certificate left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CT, .edit = dropped},
    {.name = "CertificateVerify left out", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, CV, .edit = dropped},
    {.name = "a wrong signature", CV_SIGNATURE, DECRYPT_ERROR, CV, .byte = {20, 1}},
    {.name = "the server's context string", CV_SIGNATURE, DECRYPT_ERROR, CV, .edit = other_context},
    {.name = "another key's signature", CV_SIGNATURE, DECRYPT_ERROR, CV, .edit = other_key},
    {.name = "no signature", CV_SIGNATURE, DECRYPT_ERROR, CV, .edit = no_signature},
    {.name = "a PKCS 1 scheme", CV_SCHEME_NOT_OFFERED, ILLEGAL_PARAMETER, CV, .edit = scheme_0401},
    {.name = "a scheme for another kind of key", CV_SCHEME_NOT_FOR_KEY, ILLEGAL_PARAMETER, CV, .edit = scheme_ed25519},
    {.name = "a scheme for another curve", CV_SCHEME_NOT_FOR_KEY, ILLEGAL_PARAMETER, CV, .edit = scheme_p384},
    {.name = "bytes behind CertificateVerify", CV_TRAILING, DECODE_ERROR, CV, .trailing = 1},
    {.name = "CertificateVerify cut short", CV_MALFORMED, DECODE_ERROR, CV, .cut = 1},
    {.name = "a wrong Finished", FIN_MISMATCH, DECRYPT_ERROR, FIN, .byte = {10, 1}},
    {.name = "a short Finished", FIN_MALFORMED, DECRYPT_ERROR, FIN, .cut = 1},
    {.name = "a long Finished", FIN_MALFORMED, DECRYPT_ERROR, FIN, .trailing = 1},
    {.name = "data before Finished", DATA_TOO_EARLY, UNEXPECTED_MESSAGE, FIN, .edit = data_before},
    {.name = "KeyUpdate before Finished", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, FIN, .edit = key_update_before},
    {.name = "ClientHello before Finished", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, FIN, .edit = hello_before},
    {.name = "a message behind Finished", MSG_ACROSS_KEYS, UNEXPECTED_MESSAGE, FIN, .edit = more_in_the_record},
    {.name = "a ticket to the server", MSG_UNEXPECTED, UNEXPECTED_MESSAGE, .after = ticket_to_server},

    {.name = "Ed25519", .with_leaf = true, .leaf = MINT_ED25519, .scheme = 0x0807},
    {.name = "P-384", .with_leaf = true, .leaf = MINT_P384, .scheme = 0x0503},
    {.name = "P-521", .with_leaf = true, .leaf = MINT_P521, .scheme = 0x0603},
    {.name = "RSA with PSS", .with_leaf = true, .leaf = MINT_RSA, .scheme = 0x0804},
    {.name = "RSA with PSS, SHA-512", .with_leaf = true, .leaf = MINT_RSA, .scheme = 0x0806},
    {.name = "an RSA-PSS key", .with_leaf = true, .leaf = MINT_RSA_PSS, .scheme = 0x0809},
    {.name = "RSA with PKCS 1",
     CV_SCHEME_NOT_OFFERED,
     ILLEGAL_PARAMETER,
     .with_leaf = true,
     .leaf      = MINT_RSA,
     .scheme    = 0x0401},
};

int main(void)
{
    return run_deviations("a client that deviates in its second flight", all, sizeof all / sizeof all[0], true);
}
