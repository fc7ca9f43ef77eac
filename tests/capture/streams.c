/* SPDX-License-Identifier: Apache-2.0
 *
 * streams.c - TCP streams put together from segments in any order, twice, overlapping and with holes; frames of every link
 * layer, whole and cut at every length.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "prog/packet.h"
#include "prog/tcp.h"

#include <cmocka.h>

static const struct tcp_end client = {{10, 0, 0, 1}, 4, 40000}, server = {{10, 0, 0, 2}, 4, 443};

static uint32_t dice(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void segment(struct tcp_table *t, bool by_client, uint32_t seq, unsigned flags, const void *p, size_t n)
{
    tcp_add(t, &(struct tcp_segment){.from  = by_client ? client : server,
                                     .to    = by_client ? server : client,
                                     .seq   = seq,
                                     .flags = flags | TCP_ACK,
                                     .data  = {p, n},
                                     .len   = (uint32_t)n,
                                     .at_us = (int64_t)t->order * 1000});
}

static void syn(struct tcp_table *t, uint32_t seq)
{
    tcp_add(t, &(struct tcp_segment){.from = client, .to = server, .seq = seq, .flags = TCP_SYN});
}

static void expect(const struct tcp_side *s, const void *want, size_t n)
{
    uint8_t *out = calloc(1, LIMIT_STREAM_BYTES);
    assert_non_null(out);
    assert_int_equal(tcp_stream(s, out, LIMIT_STREAM_BYTES), n);
    assert_memory_equal(out, want, n);
    free(out);
}

/* ---- order --------------------------------------------------------------------------------------------- */

enum { TEXT = 20000, PIECES = 400 };

/* Pieces that overlap, each sent once or twice, shuffled. */
static void shuffled(uint32_t seed, uint32_t base, bool with_syn)
{
    static uint8_t   text[TEXT];
    struct tcp_table t;
    size_t           at[2 * PIECES], n = 0;
    uint32_t         d = seed;
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (uint8_t)dice(&d);
    for (size_t i = 0; i < PIECES; i++) {
        at[n++] = i;
        if (dice(&d) % 3 == 0)
            at[n++] = i;
    }
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = dice(&d) % (i + 1), swap = at[i];
        at[i] = at[j];
        at[j] = swap;
    }
    tcp_open(&t, NULL);
    if (with_syn)
        syn(&t, base - 1);
    for (size_t i = 0; i < n; i++) {
        size_t from = at[i] * (TEXT / PIECES), len = TEXT / PIECES + dice(&d) % 60;
        len = from + len <= TEXT ? len : TEXT - from;
        segment(&t, true, base + (uint32_t)from, 0, text + from, len);
    }
    assert_int_equal(t.n, 1);
    expect(&t.conn[0]->side[0], text, TEXT);
    assert_int_equal(tcp_hole(&t.conn[0]->side[0]), 0);
    tcp_close(&t);
    assert_int_equal(t.mem.used, 0);
}

static void any_order_gives_the_same_stream(void **state)
{
    for (uint32_t seed = 1; seed <= 50; seed++) {
        shuffled(seed, 1000, true);
        shuffled(seed, UINT32_MAX - 5000, true); /* the sequence numbers wrap */
        shuffled(seed, 77, false);
    }
}

static void what_came_first_stays(void **state)
{
    struct tcp_table t;
    tcp_open(&t, NULL);
    syn(&t, 99);
    segment(&t, true, 102, 0, "CD", 2);
    segment(&t, true, 100, 0, "abxxef", 6);
    expect(&t.conn[0]->side[0], "abCDef", 6);
    segment(&t, true, 100, 0, "zzzzzz", 6);
    expect(&t.conn[0]->side[0], "abCDef", 6);
    assert_int_equal(t.conn[0]->side[0].n_again, 1);
    tcp_close(&t);
}

static void a_hole_ends_the_stream_and_is_measured(void **state)
{
    struct tcp_table t;
    tcp_open(&t, NULL);
    syn(&t, 99);
    segment(&t, true, 100, 0, "abc", 3);
    segment(&t, true, 107, 0, "hij", 3);
    expect(&t.conn[0]->side[0], "abc", 3);
    assert_int_equal(tcp_hole(&t.conn[0]->side[0]), 4);
    segment(&t, true, 103, 0, "defg", 4);
    expect(&t.conn[0]->side[0], "abcdefghij", 10);
    assert_int_equal(tcp_hole(&t.conn[0]->side[0]), 0);
    tcp_add(&t, &(struct tcp_segment){
                    .from = client, .to = server, .seq = 110, .data = {(const uint8_t *)"k", 1}, .len = 9});
    assert_int_equal(tcp_hole(&t.conn[0]->side[0]), 8); /* the capture has only the start of that packet */
    tcp_close(&t);
}

static void the_first_byte_may_be_missing(void **state)
{
    struct tcp_table t;
    tcp_open(&t, NULL);
    syn(&t, 99);
    segment(&t, true, 105, 0, "late", 4);
    expect(&t.conn[0]->side[0], "", 0);
    assert_int_equal(tcp_hole(&t.conn[0]->side[0]), 5);
    tcp_close(&t);
}

/* ---- beginnings and ends ------------------------------------------------------------------------------- */

static void directions_and_ends_are_known(void **state)
{
    struct tcp_table t;
    tcp_open(&t, NULL);
    segment(&t, false, 500, TCP_SYN, "", 0); /* the answer to a SYN that was not captured */
    segment(&t, true, 100, 0, "hello", 5);
    segment(&t, false, 501, TCP_FIN, "bye", 3);
    segment(&t, true, 105, TCP_RST, "", 0);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.conn[0]->side[0].end.port, 40000);
    expect(&t.conn[0]->side[0], "hello", 5);
    expect(&t.conn[0]->side[1], "bye", 3);
    assert_true(t.conn[0]->side[1].fin && !t.conn[0]->side[1].rst);
    assert_true(t.conn[0]->side[0].rst && !t.conn[0]->side[0].fin);
    tcp_close(&t);
}

static void a_new_syn_is_a_new_connection(void **state)
{
    struct tcp_table t;
    tcp_open(&t, NULL);
    syn(&t, 99);
    segment(&t, true, 100, 0, "one", 3);
    syn(&t, 99); /* the same one again */
    assert_int_equal(t.n, 1);
    syn(&t, 7000);
    segment(&t, true, 7001, 0, "two", 3);
    assert_int_equal(t.n, 2);
    expect(&t.conn[0]->side[0], "one", 3);
    expect(&t.conn[1]->side[0], "two", 3);
    tcp_close(&t);
}

static void a_keep_alive_adds_nothing(void **state)
{
    struct tcp_table t;
    tcp_open(&t, NULL);
    syn(&t, 99);
    segment(&t, true, 100, 0, "abc", 3);
    segment(&t, true, 99, 0, "\0", 1);
    segment(&t, true, 102, 0, "X", 1);
    expect(&t.conn[0]->side[0], "abc", 3);
    tcp_close(&t);
}

static void moments_are_those_of_the_last_missing_packet(void **state)
{
    struct tcp_table  t;
    struct tcp_moment m = {0};
    tcp_open(&t, NULL);
    syn(&t, 99);
    segment(&t, true, 103, 0, "def", 3); /* 1 ms */
    segment(&t, true, 100, 0, "abc", 3); /* 2 ms */
    segment(&t, true, 106, 0, "ghi", 3); /* 3 ms */
    tcp_when(&t.conn[0]->side[0], 4, &m);
    assert_int_equal(m.at_us, 2000);
    tcp_when(&t.conn[0]->side[0], 6, &m);
    assert_int_equal(m.at_us, 3000);
    tcp_close(&t);
}

/* ---- bounds -------------------------------------------------------------------------------------------- */

static bool never(const struct tcp_conn *c)
{
    return false;
}

static void memory_has_a_ceiling(void **state)
{
    static uint8_t   block[60000];
    struct tcp_table t;
    tcp_open(&t, NULL);
    syn(&t, 0);
    for (uint32_t i = 0; i < 100; i++)
        segment(&t, true, 1 + i * (uint32_t)sizeof block, 0, block, sizeof block);
    assert_true(t.conn[0]->side[0].more);
    assert_true(t.conn[0]->side[0].bytes <= LIMIT_STREAM_BYTES);
    for (uint32_t i = 0; i < 100000; i++) /* one byte in every second place */
        segment(&t, false, 2 * i, 0, "x", 1);
    assert_true(t.conn[0]->side[1].more);
    assert_true(t.mem.used < 8u << 20);
    tcp_close(&t);
    tcp_open(&t, never);
    for (uint32_t i = 0; i < 10; i++)
        segment(&t, true, 1 + i * 5000, 0, block, 5000);
    assert_true(t.conn[0]->dull);
    assert_int_equal(t.conn[0]->side[0].bytes, 0);
    tcp_close(&t);
}

static void lack_of_memory_leaves_out_and_leaks_nothing(void **state)
{
    for (size_t n = 1; n < 60; n++) {
        struct tcp_table t;
        tcp_open(&t, NULL);
        mem_fail_after(n);
        for (uint32_t i = 0; i < 50; i++)
            segment(&t, i % 2, 10 * i, 0, "0123456789", 10);
        mem_fail_after(0);
        tcp_close(&t);
    }
}

/* ---- frames -------------------------------------------------------------------------------------------- */

static const char ip4[] = "\x45\0\0\x2d\0\1\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2" /* IPv4, 45 bytes, TCP */
                          "\x9c\x40\1\xbb\0\0\0\x64\0\0\0\0\x50\x18\0\0\0\0\0\0hello";
static const char ip6[] = "\x60\0\0\0\0\x29\0\x40" /* IPv6, hop-by-hop options, 41 bytes */
                          "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                          "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
                          "\x06\0\5\2\0\0\0\0" /* then TCP, 24 + 5 bytes with options, and four bytes of padding */
                          "\x9c\x40\1\xbb\0\0\0\x64\0\0\0\0\x70\x18\0\0\0\0\0\0\1\1\1\1\1\1\1\1hello....";

static const struct {
    int         link;
    const char *front;
    size_t      n;
    bool        six;
} frames[] = {
    {1, "\1\2\3\4\5\6\1\2\3\4\5\6\x08\0", 14, false},
    {1, "\1\2\3\4\5\6\1\2\3\4\5\6\x86\xdd", 14, true},
    {1, "\1\2\3\4\5\6\1\2\3\4\5\6\x81\0\0\5\x08\0", 18, false},
    {1, "\1\2\3\4\5\6\1\2\3\4\5\6\x88\xa8\0\5\x81\0\0\6\x86\xdd", 22, true},
    {0, "\2\0\0\0", 4, false},
    {0, "\x1c\0\0\0", 4, true},
    {108, "\0\0\0\2", 4, false},
    {101, "", 0, false},
    {101, "", 0, true},
    {12, "", 0, false},
    {228, "", 0, false},
    {229, "", 0, true},
    {113, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x08\0", 16, false},
    {113, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x86\xdd", 16, true},
    {276, "\x08\0\0\0\0\0\0\1\0\1\0\6\0\0\0\0\0\0\0\0", 20, false},
    {276, "\x86\xdd\0\0\0\0\0\1\0\1\0\6\0\0\0\0\0\0\0\0", 20, true},
};

static void every_link_layer_is_read(void **state)
{
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct tcp_segment s;
        size_t             ip_n = frames[i].six ? sizeof ip6 - 1 : sizeof ip4 - 1, n = frames[i].n + ip_n;
        uint8_t           *p = malloc(n);
        assert_non_null(p);
        assert_true(packet_link_known(frames[i].link));
        memcpy(p, frames[i].front, frames[i].n);
        memcpy(p + frames[i].n, frames[i].six ? ip6 : ip4, ip_n);
        assert_int_equal(packet_read(frames[i].link, (hf_view){p, n}, &s), PACKET_TCP);
        assert_int_equal(s.from.port, 40000);
        assert_int_equal(s.to.port, 443);
        assert_int_equal(s.seq, 100);
        assert_int_equal(s.flags, 0x18);
        assert_int_equal(s.from.ip_n, frames[i].six ? 16 : 4);
        assert_int_equal(s.data.n, 5);
        assert_memory_equal(s.data.p, "hello", 5);
        for (size_t k = 0; k < n; k++) { /* in a block of its own size */
            uint8_t *copy = malloc(k ? k : 1);
            assert_non_null(copy);
            memcpy(copy, p, k);
            enum packet_is is      = packet_read(frames[i].link, (hf_view){copy, k}, &s);
            bool           padding = frames[i].six && k >= n - 4;
            assert_true(is == PACKET_CUT || (is == PACKET_TCP && (s.data.n < s.len || padding)));
            free(copy);
        }
        for (size_t k = 0; k < 8 * n; k++) {
            p[k / 8] ^= (uint8_t)(1u << k % 8);
            packet_read(frames[i].link, (hf_view){p, n}, &s);
            p[k / 8] ^= (uint8_t)(1u << k % 8);
        }
        free(p);
    }
    assert_false(packet_link_known(147));
}

static void what_is_not_tcp_is_passed_over(void **state)
{
    struct tcp_segment s;
    uint8_t            p[sizeof ip4];
    memcpy(p, ip4, sizeof p);
    p[9] = 17; /* UDP */
    assert_int_equal(packet_read(101, (hf_view){p, sizeof p - 1}, &s), PACKET_OTHER);
    p[9] = 6;
    p[6] = 0x20; /* more fragments */
    assert_int_equal(packet_read(101, (hf_view){p, sizeof p - 1}, &s), PACKET_FRAGMENT);
    p[6] = 0x40; /* don't fragment */
    assert_int_equal(packet_read(101, (hf_view){p, sizeof p - 1}, &s), PACKET_TCP);
    p[0] = 0x55;
    assert_int_equal(packet_read(101, (hf_view){p, sizeof p - 1}, &s), PACKET_OTHER);
    p[0] = 0x45;
    p[2] = p[3] = 0; /* the card fills in the length */
    assert_int_equal(packet_read(101, (hf_view){p, sizeof p - 1}, &s), PACKET_TCP);
    assert_int_equal(s.data.n, 5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_the_same_stream),
        cmocka_unit_test(what_came_first_stays),
        cmocka_unit_test(a_hole_ends_the_stream_and_is_measured),
        cmocka_unit_test(the_first_byte_may_be_missing),
        cmocka_unit_test(directions_and_ends_are_known),
        cmocka_unit_test(a_new_syn_is_a_new_connection),
        cmocka_unit_test(a_keep_alive_adds_nothing),
        cmocka_unit_test(moments_are_those_of_the_last_missing_packet),
        cmocka_unit_test(memory_has_a_ceiling),
        cmocka_unit_test(lack_of_memory_leaves_out_and_leaks_nothing),
        cmocka_unit_test(every_link_layer_is_read),
        cmocka_unit_test(what_is_not_tcp_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
