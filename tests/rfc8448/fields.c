/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.c - every message of RFC 8448's traces taken apart: whole, cut at every length, with every byte changed; and
 * what the fields of the best known ones must say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/told.h"
#include "script.h"
#include "tls/codes.h"
#include "tls/fields.h"

#include <cmocka.h>

static const char *const traces[] = {"simple", "resumed", "retry", "client-auth", "compat"};

/* The value is a whole handshake message: it is called like one. */
static bool is_message(const char *name, hf_view v)
{
    return v.n >= 4 && strcmp(name, hf_message_name(v.p[0])) == 0 &&
           v.n == 4 + ((size_t)v.p[1] << 16 | (size_t)v.p[2] << 8 | v.p[3]); /* one stands there without its binders */
}

static size_t each(const struct script *s, void (*look)(hf_view msg, uint16_t version))
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->step[i].n; k++)
            if (is_message(s->step[i].value[k].name, s->step[i].value[k].v)) {
                look(s->step[i].value[k].v, TLS13);
                n++;
            }
    return n;
}

static void whole(hf_view msg, uint16_t version)
{
    struct told t;
    told_message(&t, msg, version);
    if (t.wrong)
        fail_msg("message %u has a field that is wrong", msg.p[0]);
    assert_true(t.n > 2 || msg.n == 4);
    told_free(&t);
}

static void every_message_is_told_whole(void **state)
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        struct script *s = script_read(traces[i]);
        n += each(s, whole);
        script_free(s);
    }
    assert_int_equal(n, 39);
}

static void every_message_cut_and_changed_is_told_safely(void **state)
{
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        struct script *s = script_read(traces[i]);
        each(s, told_hostile);
        script_free(s);
    }
}

static hf_view message_of(const struct script *s, const char *name, size_t k)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->step[i].n; j++)
            if (strcmp(s->step[i].value[j].name, name) == 0 && k-- == 0)
                return s->step[i].value[j].v;
    fail_msg("no %s", name);
    return (hf_view){0};
}

static void a_client_hello_says_what_the_rfc_says(void **state)
{
    struct script *s = script_read("client-auth");
    struct told    t;
    told_message(&t, message_of(s, "ClientHello", 0), 0);
    told_says(&t, "msg_type", 0, "ClientHello (1)");
    told_says(&t, "length", 0, "188");
    told_says(&t, "legacy_version", 0, "TLS 1.2 (0x0303)");
    told_says(&t, "random", 0, "6a472236328b83af40386d3a3e1f1ce624fa4ed89ab865a4ff0f4144ce3ae233");
    told_says(&t, "cipher_suites", 0, "3");
    told_says(&t, "CipherSuite", 1, "TLS_CHACHA20_POLY1305_SHA256 (0x1303)");
    told_says(&t, "server_name", 0, "extension 0");
    told_says(&t, "host_name", 0, "server");
    told_says(&t, "renegotiated_connection", 0, "empty");
    told_says(&t, "NamedGroup", 0, "x25519 (0x001d)");
    told_says(&t, "group", 0, "x25519 (0x001d)");
    told_says(&t, "key_exchange", 0, "089cc2671f738d9a671e5b2e464981d05b76e361aa22aea91f1d49ca10a7a362");
    told_says(&t, "ProtocolVersion", 0, "TLS 1.3 (0x0304)");
    told_says(&t, "SignatureScheme", 0, "ecdsa_secp256r1_sha256 (0x0403)");
    told_says(&t, "PskKeyExchangeMode", 0, "psk_dhe_ke (1)");
    told_says(&t, "record_size_limit", 1, "16385");
    assert_int_equal(told_find(&t, "host_name", 0)->f.at, 58);
    assert_int_equal(told_find(&t, "host_name", 0)->f.depth, 3);
    told_free(&t);
    script_free(s);
}

static void answers_say_what_the_rfc_says(void **state)
{
    struct script *s = script_read("client-auth");
    struct told    t;
    told_message(&t, message_of(s, "ServerHello", 0), 0);
    told_says(&t, "cipher_suite", 0, "TLS_AES_128_GCM_SHA256 (0x1301)");
    told_says(&t, "selected_version", 0, "TLS 1.3 (0x0304)");
    told_free(&t);
    told_message(&t, message_of(s, "CertificateRequest", 0), TLS13);
    told_says(&t, "signature_algorithms", 0, "extension 13");
    told_says(&t, "supported_signature_algorithms", 0, "15");
    told_free(&t);
    told_message(&t, message_of(s, "Certificate", 0), TLS13);
    told_says(&t, "cert_data", 0, "CN=ecdsa256");
    told_says(&t, "notBefore", 0, "2016-07-30T01:24:00Z");
    told_says(&t, "signatureAlgorithm", 0, "ecdsa-with-SHA256");
    told_says(&t, "keyUsage", 0, "digitalSignature");
    told_says(&t, "basicConstraints", 0, "no CA");
    told_free(&t);
    told_message(&t, message_of(s, "CertificateVerify", 0), TLS13);
    told_says(&t, "algorithm", 0, "ecdsa_secp256r1_sha256 (0x0403)");
    told_free(&t);
    script_free(s);
}

static void a_retry_and_a_ticket_are_told_as_such(void **state)
{
    struct script *s = script_read("retry");
    struct told    t;
    hf_view        msg = message_of(s, "ServerHello", 0);
    assert_string_equal(fields_message_name(msg), "HelloRetryRequest");
    assert_string_equal(fields_message_name(message_of(s, "ServerHello", 1)), "ServerHello");
    told_message(&t, msg, 0);
    told_says(&t, "selected_group", 0, "secp256r1 (0x0017)");
    assert_non_null(strstr(told_find(&t, "random", 0)->f.means, "HelloRetryRequest"));
    told_free(&t);
    script_free(s);
    s = script_read("simple");
    told_message(&t, message_of(s, "NewSessionTicket", 0), TLS13);
    told_says(&t, "ticket_lifetime", 0, "30 seconds (30 seconds)");
    told_says(&t, "max_early_data_size", 0, "1024");
    told_free(&t);
    script_free(s);
    s = script_read("resumed");
    told_message(&t, message_of(s, "ClientHello", 0), 0);
    told_free(&t);
    told_message(&t, message_of(s, "ServerHello", 0), 0);
    told_says(&t, "selected_identity", 0, "0");
    told_free(&t);
    script_free(s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_told_whole),
        cmocka_unit_test(every_message_cut_and_changed_is_told_safely),
        cmocka_unit_test(a_client_hello_says_what_the_rfc_says),
        cmocka_unit_test(answers_say_what_the_rfc_says),
        cmocka_unit_test(a_retry_and_a_ticket_are_told_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
