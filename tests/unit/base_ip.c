/* SPDX-License-Identifier: Apache-2.0
 * base_ip.c - IP addresses against the C library's, which knows the same text: by table, and at random. */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"

static void same(const char *text)
{
    uint8_t want[16] = {0}, got[16] = {0};
    char    libc[INET6_ADDRSTRLEN], ours[IP_TEXT];
    size_t  n = inet_pton(AF_INET, text, want) == 1 ? 4 : inet_pton(AF_INET6, text, want) == 1 ? 16 : 0;
    if (ip_parse(text, got) != n)
        fail_msg("%s: %zu bytes, expected %zu", text, ip_parse(text, got), n);
    if (n == 0)
        return;
    assert_memory_equal(want, got, n);
    inet_ntop(n == 4 ? AF_INET : AF_INET6, want, libc, sizeof libc);
    if (strchr(libc, '.') && n == 16) /* libc shows mapped addresses as IPv4, RFC 5952 5 leaves it open */
        return;
    assert_string_equal(ip_text((hf_view){got, n}, ours), libc);
}

static void test_table(void **state)
{
    static const char *const texts[] = {"192.0.2.1",
                                        "0.0.0.0",
                                        "255.255.255.255",
                                        "256.0.0.1",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.4.",
                                        ".1.2.3",
                                        "1..2.3",
                                        "01.2.3.4",
                                        "00.2.3.4",
                                        "1.2.3.04",
                                        "1.2.3.4 ",
                                        " 1.2.3.4",
                                        "1.2.3.a",
                                        "",
                                        ".",
                                        "1",
                                        "0x1.2.3.4",
                                        "1.2.3.",
                                        "::",
                                        "::1",
                                        "1::",
                                        "2001:db8::1",
                                        "2001:DB8::1",
                                        "1:2:3:4:5:6:7:8",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1:2:3:4:5:6:7::",
                                        "::2:3:4:5:6:7:8",
                                        "1::3:4:5:6:7:8",
                                        "1:2:3:4::5:6:7:8:9",
                                        ":",
                                        ":::",
                                        "1:::2",
                                        "1::2::3",
                                        ":1",
                                        "1:",
                                        "12345::",
                                        "g::",
                                        "::ffff:192.0.2.1",
                                        "::192.0.2.1",
                                        "1:2:3:4:5:6:192.0.2.1",
                                        "1:2:3:4:5:6:7:192.0.2.1",
                                        "::192.0.2",
                                        "::192.0.2.1:1",
                                        "192.0.2.1::",
                                        "fe80::1%eth0",
                                        "[::1]",
                                        "::1 ",
                                        "1:2:3:4:5:6:7:",
                                        ":1:2:3:4:5:6:7",
                                        "0:0:0:0:0:0:0:0",
                                        "1:0:0:2:0:0:0:3",
                                        "1:0:0:2:3:0:0:4",
                                        "1:0:2:3:4:5:6:7",
                                        "0:1:2:3:4:5:6:0",
                                        "::ffff:1:2",
                                        "1:2:3:4:5:6:7:8::",
                                        "::1:2:3:4:5:6:7:8",
                                        "00001::",
                                        "0:0:0:0:0:0:13.1.68.3",
                                        "1::2:",
                                        "example.com",
                                        "::256.1.1.1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        same(texts[i]);
}

static void test_random(void **state)
{
    static const char alphabet[] = "0123456789af:::::....";
    char              text[24];
    unsigned          seed = 1;
    for (int i = 0; i < 300000; i++) {
        size_t n = (size_t)rand_r(&seed) % (sizeof text - 1);
        for (size_t k = 0; k < n; k++)
            text[k] = alphabet[(size_t)rand_r(&seed) % (sizeof alphabet - 1)];
        text[n] = '\0';
        same(text);
    }
    for (int i = 0; i < 100000; i++) { /* addresses with many zeros */
        uint16_t g[8];
        char     long_text[48];
        for (int k = 0; k < 8; k++)
            g[k] = rand_r(&seed) % 3 ? 0 : (uint16_t)rand_r(&seed);
        snprintf(long_text, sizeof long_text, "%x:%x:%x:%x:%x:%x:%x:%x", g[0], g[1], g[2], g[3], g[4], g[5], g[6],
                 g[7]);
        same(long_text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
