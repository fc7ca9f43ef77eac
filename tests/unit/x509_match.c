/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_match.c - which server names a certificate is for (RFC 9525): a table of what is presented, what is meant,
 * and the answer; and the one name by which a certificate is called.
 */
#include "x509_notation.h"

#include "x509/cert.h"

/* A certificate as far as match_host looks. */
static bool matches(const char *general_names, const char *host)
{
    char        text[1024];
    struct cert c = {0};
    snprintf(text, sizeof text, "30{%s}", general_names);
    struct notation d = notation(text);
    c.san             = notation_view(&d);
    bool yes          = match_host(&c, host);
    free(d.p);
    return yes;
}

#define DNS(name) "82{'" name "'}"
#define IP4       "87{c0000201}"
#define IP6       "87{20010db8000000000000000000000001}"

static void test_hosts(void **state)
{
    static const struct {
        const char *names, *host;
        bool        yes;
    } rows[] = {
        {DNS("www.example.com"), "www.example.com", true},
        {DNS("www.example.com"), "WWW.Example.COM", true},
        {DNS("WWW.EXAMPLE.COM"), "www.example.com", true},
        {DNS("www.example.com"), "example.com", false},
        {DNS("example.com"), "www.example.com", false},
        {DNS("example.com"), "example.co", false},
        {DNS("a.example") DNS("b.example"), "b.example", true},
        {DNS("localhost"), "localhost", true},
        {DNS("my_host.internal"), "my_host.internal", true},
        /* trailing dots: dropped from what we look for, never there in what is presented */
        {DNS("www.example.com"), "www.example.com.", true},
        {DNS("www.example.com"), "www.example.com..", false},
        {DNS("www.example.com."), "www.example.com", false},
        {DNS("www.example.com."), "www.example.com.", false},
        /* wildcards */
        {DNS("*.example.com"), "www.example.com", true},
        {DNS("*.example.com"), "WWW.EXAMPLE.COM.", true},
        {DNS("*.example.com"), "example.com", false},
        {DNS("*.example.com"), ".example.com", false},
        {DNS("*.example.com"), "a.b.example.com", false},
        {DNS("*.example.com"), "xn--bcher-kva.example.com", true},
        {DNS("*.EXAMPLE.com"), "www.example.COM", true},
        {DNS("*.example.com."), "www.example.com", false},
        {DNS("*.com"), "example.com", false},
        {DNS("*"), "localhost", false},
        {DNS("*"), "example.com", false},
        {DNS("*."), "example.com", false},
        {DNS("*.."), "example.com", false},
        {DNS("w*.example.com"), "www.example.com", false},
        {DNS("*w.example.com"), "www.example.com", false},
        {DNS("w*w.example.com"), "www.example.com", false},
        {DNS("**.example.com"), "www.example.com", false},
        {DNS("www.*.com"), "www.example.com", false},
        {DNS("*.*.com"), "www.example.com", false},
        {DNS("xn--*.example.com"), "xn--bcher-kva.example.com", false},
        {DNS("*.example.com"), "*.example.com", false},
        {DNS("www.example.com"), "*.example.com", false},
        /* nothing that is no host name is looked for or found */
        {DNS("www.example.com"), "", false},
        {DNS("www.example.com"), ".", false},
        {DNS("."), ".", false},
        {DNS("a..b.example"), "a..b.example", false},
        {DNS("a b.example"), "a b.example", false},
        {DNS("www.example.com/x"), "www.example.com/x", false},
        {"82{'m' c3bc 'ller.example'}", "m\xc3\xbcller.example", false},
        {DNS("xn--mller-kva.example"), "m\xc3\xbcller.example", false},
        {DNS("xn--mller-kva.example"), "xn--mller-kva.example", true},
        {"82{'www.example.com' 00 '.evil.example'}", "www.example.com", false},
        {DNS("www.example.com") "82{00}", "www.example.com", true},
        {DNS("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123.example"),
         "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123.example", true},
        {DNS("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234.example"),
         "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234.example", false},
        /* addresses: only with addresses, whatever they look like */
        {IP4, "192.0.2.1", true},
        {IP4, "192.0.2.2", false},
        {DNS("192.0.2.1"), "192.0.2.1", false},
        {IP6, "2001:db8::1", true},
        {IP6, "2001:DB8:0:0:0:0:0:1", true},
        {IP6, "2001:db8::2", false},
        {"87{00000000000000000000ffffc0000201}", "192.0.2.1", false},
        {IP4, "::ffff:192.0.2.1", false},
        {DNS("2001:db8::1"), "2001:db8::1", false},
        {DNS("*.0.2.1"), "192.0.2.1", false},
        {IP4, "192.0.2.1.", false},
        {DNS("1.2.3.4.example"), "1.2.3.4.example", true},
        {DNS("192.0.2.01"), "192.0.2.01", false}, /* no address, but no host name either */
        {DNS("host.1"), "host.1", false},
        {DNS("1"), "1", false},
        {DNS("1a"), "1a", true},
        {DNS("2.1a"), "2.1a", true},
        /* other kinds of names are not looked at */
        {"81{'a@www.example.com'}86{'https://www.example.com/'}", "www.example.com", false},
        {"a4{30{31{30{06{550403}0c{'www.example.com'}}}}}", "www.example.com", false},
        {"81{'www.example.com'}", "www.example.com", false},
        {"86{'www.example.com'}", "www.example.com", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (matches(rows[i].names, rows[i].host) != rows[i].yes)
            fail_msg("%s for %s should be %s", rows[i].names, rows[i].host, rows[i].yes ? "taken" : "refused");
}

static void test_long(void **state)
{
    char label[64] = {0}, host[300] = {0}, names[320];
    memset(label, 'a', 60);
    for (int i = 0; i < 4; i++)
        strcat(strcat(host, label), ".");
    strcat(host, "example.c"); /* 253 bytes */
    assert_int_equal(strlen(host), 253);
    snprintf(names, sizeof names, "82{'%s'}", host);
    assert_true(matches(names, host));
    strcat(host, "o");
    snprintf(names, sizeof names, "82{'%s'}", host);
    assert_false(matches(names, host));
}

static void test_no_names(void **state)
{
    struct notation d = notation("30{31{30{06{550403}0c{'www.example.com'}}}}");
    struct cert     c = {.subject = notation_view(&d)};
    char            name[64];
    assert_false(match_host(&c, "www.example.com")); /* never the CN */
    cert_best_name(&c, name, sizeof name);
    assert_string_equal(name, "CN=www.example.com");
    free(d.p);
}

static void best(const char *general_names, const char *want)
{
    char        text[512], name[64];
    struct cert c = {0};
    snprintf(text, sizeof text, "30{%s}", general_names);
    struct notation d = notation(text), subject = notation("30{31{30{06{550403}0c{'x'}}}}");
    c.san     = notation_view(&d);
    c.subject = notation_view(&subject);
    assert_int_equal(cert_best_name(&c, name, sizeof name), strlen(want));
    assert_string_equal(name, want);
    free(d.p);
    free(subject.p);
}

static void test_best(void **state)
{
    best(DNS("a") "86{'x:y'}" DNS("b"), "URI:x:y");
    best(IP4 "81{'a@b'}" DNS("a") DNS("b"), "DNS:a");
    best(IP4 "81{'a@b'}", "mail:a@b");
    best("88{2a03}" IP4, "IP:192.0.2.1");
    best("88{2a03}", "CN=x");
    best("82{'a' 0a 'b'}", "DNS:a\\x0ab");
}

static void test_name_text(void **state)
{
    static const struct {
        struct gen_name name;
        const char     *want;
    } rows[] = {
        {{NAME_IP, {(const uint8_t *)"\x0a\0\0\0\xff\0\0\0", 8}, 0}, "IP:10.0.0.0/255.0.0.0"},
        {{NAME_IP, {(const uint8_t *)"\x0a\0\0", 3}, 0}, "IP:0a0000"},
        {{NAME_OTHER, {(const uint8_t *)"\x06\x02\x2a\x03\xa0\x03\x02\x01\x05", 9}, 0}, "other:1.2.3;#020105"},
        {{NAME_OTHER, {(const uint8_t *)"\x06\x02\x2a\x03", 4}, 0}, "other:"},
        {{NAME_EDI, {(const uint8_t *)"\xa1\x00", 2}, 0}, "EDI:a100"},
        {{NAME_DNS, {NULL, 0}, 0}, "DNS:"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gen_name_text(&rows[i].name, text, sizeof text), strlen(rows[i].want));
        assert_string_equal(text, rows[i].want);
        for (size_t room = 0; room < 16; room++) {
            char *cut = malloc(room ? room : 1);
            assert_true(gen_name_text(&rows[i].name, cut, room) < (room ? room : 1));
            free(cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts), cmocka_unit_test(test_long),      cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_best),  cmocka_unit_test(test_name_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
