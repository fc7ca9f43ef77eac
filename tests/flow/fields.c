/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.c - the messages of our own handshakes taken apart, TLS 1.2 and 1.3: whole, cut and changed; what must be said of
 * a certificate with every extension there is; alerts and records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "base/why.h"
#include "common/told.h"
#include "pair.h"
#include "tls/codes.h"
#include "tls/fields.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

/* ---- whole handshakes ---------------------------------------------------------------------------------- */

static void tell_messages(const hf_conn *c, uint16_t version, bool hostile)
{
    const hf_event *ev;
    size_t          n = hf_conn_trace(c, &ev), messages = 0;
    for (size_t i = 0; i < n; i++) {
        struct told t;
        if (ev[i].kind != HF_EV_MESSAGE || ev[i].bytes.n < 4)
            continue;
        messages++;
        told_message(&t, ev[i].bytes, version);
        if (t.wrong)
            fail_msg("%s has a field that is wrong", hf_message_name(ev[i].message));
        told_free(&t);
        if (hostile)
            told_hostile(ev[i].bytes, version);
    }
    assert_true(messages >= 10);
}

static void handshake(uint16_t version)
{
    static const enum mint_kind kinds[] = {MINT_P256, MINT_RSA, MINT_ED25519};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct pair p;
        pair_open(&p, &(struct pair_how){.version = version,
                                         .demand  = HF_REQUIRE,
                                         .leaves  = kinds[i],
                                         .trace   = true,
                                         .alpn    = {{"h2", "http/1.1"}, {"http/1.1"}}});
        pair_proven(&p);
        tell_messages(p.conn[CLIENT], version, i == 0);
        pair_close(&p);
    }
}

static void a_handshake_of_tls_13_is_told_whole(void **state)
{
    handshake(TLS13);
}

static void a_handshake_of_tls_12_is_told_whole(void **state)
{
    handshake(TLS12);
}

static const struct hf_event *message(const hf_conn *c, uint8_t type, bool sent)
{
    const hf_event *ev;
    size_t          n = hf_conn_trace(c, &ev);
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && ev[i].message == type && ev[i].sent == sent)
            return &ev[i];
    fail_msg("no %s", hf_message_name(type));
    return NULL;
}

static void the_messages_of_tls_12_say_what_they_hold(void **state)
{
    struct pair p;
    struct told t;
    pair_open(&p, &(struct pair_how){.version = TLS12, .demand = HF_REQUIRE, .trace = true});
    pair_proven(&p);
    told_message(&t, message(p.conn[CLIENT], 13, false)->bytes, TLS12);
    told_says(&t, "ClientCertificateType", 0, "ecdsa_sign (64)");
    told_says(&t, "DistinguishedName", 0, "CN=Test root,O=Test");
    told_free(&t);
    told_message(&t, message(p.conn[CLIENT], 12, false)->bytes, TLS12);
    told_says(&t, "curve_type", 0, "named_curve (3)");
    told_find(&t, "public", 0);
    told_says(&t, "algorithm", 0, "ecdsa_secp256r1_sha256 (0x0403)");
    told_free(&t);
    told_message(&t, message(p.conn[CLIENT], 11, true)->bytes, TLS12);
    told_find(&t, "ASN.1Cert", 1);
    told_free(&t);
    told_message(&t, message(p.conn[CLIENT], 16, true)->bytes, TLS12);
    told_find(&t, "ecdh_Yc", 0);
    told_free(&t);
    told_message(&t, message(p.conn[CLIENT], 2, false)->bytes, TLS12);
    told_says(&t, "extended_master_secret", 0, "extension 23, empty");
    told_free(&t);
    pair_close(&p);
}

/* ---- a certificate with everything --------------------------------------------------------------------- */

/* A Certificate message of TLS 1.2 around the certificate of a file. */
static uint8_t *certificate_message(const char *file, size_t *n)
{
    char     path[1024];
    uint8_t *der = NULL, *msg;
    snprintf(path, sizeof path, "%s/tests/data/x509/%s", getenv("HF_SOURCE"), file);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    assert_non_null(x);
    int len = i2d_X509(x, &der);
    X509_free(x);
    assert_in_range(len, 1, 65535);
    *n  = (size_t)len + 10;
    msg = calloc(1, *n);
    assert_non_null(msg);
    msg[0] = 11;
    for (size_t i = 0, left = (size_t)len + 6; i < 3; i++, left -= 3) { /* three lengths, each less what it takes */
        msg[3 * i + 2] = (uint8_t)(left >> 8);
        msg[3 * i + 3] = (uint8_t)left;
    }
    memcpy(msg + 10, der, (size_t)len);
    OPENSSL_free(der);
    return msg;
}

static void every_extension_of_a_certificate_is_told(void **state)
{
    struct told t;
    size_t      n;
    uint8_t    *msg = certificate_message("full.pem", &n);
    told_message(&t, (hf_view){msg, n}, TLS12);
    assert_int_equal(t.wrong, 0);
    told_says(&t, "version", 0, "v3");
    told_says(&t, "basicConstraints", 0, "critical: a CA, at most 3 CAs below it");
    told_says(&t, "keyUsage", 0, "critical: digitalSignature, keyCertSign, cRLSign");
    told_says(&t, "extendedKeyUsage", 0, "clientAuth, serverAuth, 1.2.3.4");
    told_says(&t, "dNSName", 0, "DNS:www.example.com");
    told_says(&t, "rfc822Name", 0, "mail:alice@example.com");
    told_says(&t, "uniformResourceIdentifier", 0, "URI:spiffe://example.com/alice");
    told_says(&t, "iPAddress", 0, "IP:192.0.2.1");
    told_says(&t, "directoryName", 0, "DN:O=Example,C=DE");
    told_says(&t, "nameConstraints", 0, "critical");
    told_says(&t, "O", 0, "Example, Inc.");
    told_says(&t, "algorithm", 0, "id-ecPublicKey, secp256r1");
    told_says(&t, "subjectKeyIdentifier", 0, "dd8d32c22302aa35cf7ac58ee960d7a5122131f5");
    told_free(&t);
    told_hostile((hf_view){msg, n}, TLS12);
    free(msg);
}

static void certificates_of_all_kinds_are_told(void **state)
{
    static const char *const files[] = {"ed25519.pem", "ed448.pem", "explicit.pem", "p256k1.pem", "p521.pem",
                                        "pss.pem",     "rsa.pem",   "sha1.pem",     "v1.pem",     "pss_sig.pem"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct told t;
        size_t      n;
        uint8_t    *msg = certificate_message(files[i], &n);
        told_message(&t, (hf_view){msg, n}, TLS12);
        if (t.wrong)
            fail_msg("%s has a field that is wrong", files[i]);
        told_find(&t, "subjectPublicKey", 0);
        told_free(&t);
        free(msg);
    }
}

/* ---- alerts and records -------------------------------------------------------------------------------- */

struct last {
    char   text[1024];
    size_t n;
};

static void add(void *ctx, const struct field *f)
{
    struct last *l = ctx;
    l->n += (size_t)snprintf(l->text + l->n, sizeof l->text - l->n, "%s=%s;", f->name, f->value);
}

static void expect(void (*tell)(struct fields *, hf_view), const char *bytes, size_t n, const char *want)
{
    struct last   l = {0};
    struct fields o = {.take = add, .ctx = &l};
    tell(&o, (hf_view){(const uint8_t *)bytes, n});
    assert_string_equal(l.text, want);
}

static void alerts_and_records_are_told(void **state)
{
    expect(fields_alert, "\2\60", 2, "level=fatal (2);description=unknown_ca (48);");
    expect(fields_alert, "\1", 1, "level=warning (1);description=cut off here: 1 bytes are missing;");
    expect(fields_alert, "", 0, "level=cut off here: 1 bytes are missing;");
    expect(fields_alert, "\1\0x", 3, "level=warning (1);description=close_notify (0);bytes behind the end=1: 78;");
    expect(fields_change_cipher_spec, "\1", 1, "type=change_cipher_spec (1);");
    expect(fields_record, "\26\3\1\0\5abcde", 10,
           "type=handshake (22);legacy_record_version=TLS 1.0 (0x0301);length=5;");
    expect(fields_record, "\26\3", 2, "type=handshake (22);legacy_record_version=cut off here: 1 of 2 bytes;");
}

/* ---- bounds -------------------------------------------------------------------------------------------- */

static void a_message_of_many_parts_is_told_up_to_a_bound(void **state)
{
    struct told t;
    uint8_t    *msg = calloc(1, 4 + 5 + 65534);
    assert_non_null(msg);
    memcpy(msg, "\15\1\0\3\0\0\0\377\376", 9);
    told_message(&t, (hf_view){msg, 4 + 5 + 65534}, TLS12);
    assert_string_equal(t.v[t.n - 1].f.name, "more");
    told_free(&t);
    free(msg);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_of_tls_13_is_told_whole),
        cmocka_unit_test(a_handshake_of_tls_12_is_told_whole),
        cmocka_unit_test(the_messages_of_tls_12_say_what_they_hold),
        cmocka_unit_test(every_extension_of_a_certificate_is_told),
        cmocka_unit_test(certificates_of_all_kinds_are_told),
        cmocka_unit_test(alerts_and_records_are_told),
        cmocka_unit_test(a_message_of_many_parts_is_told_up_to_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, pair_forget);
}
