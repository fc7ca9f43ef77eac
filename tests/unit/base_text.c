/* SPDX-License-Identifier: Apache-2.0
 * base_text.c - bytes from strangers as text: nothing may steer a terminal, forge a log line or overflow. */
#include "unit.h"

#include <string.h>

#include "base/text.h"

static void shows(const char *in, size_t n, const char *want)
{
    char   out[400];
    size_t len = text_printable(out, sizeof out, in, n);
    assert_string_equal(out, want);
    assert_int_equal(len, strlen(out));
}

#define SHOWS(in, want) shows(in, sizeof(in) - 1, want)

static void plain_text_is_itself(void **state)
{
    SHOWS("", "");
    SHOWS("CN=alice, O=Acme", "CN=alice, O=Acme");
    SHOWS("Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x94\x91",
          "Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x94\x91");
}

static void controls_are_escaped(void **state)
{
    SHOWS("a\0b", "a\\x00b");
    SHOWS("a\nb\rc\td", "a\\x0ab\\x0dc\\x09d");
    SHOWS("\x1b[2J\x7f", "\\x1b[2J\\x7f");
    SHOWS("\xc2\x9b\x33m", "\\xc2\\x9b3m"); /* U+009B is a terminal's CSI */
    SHOWS("back\\slash", "back\\x5cslash"); /* so that an escape cannot be forged */
}

static void what_hides_or_reverses_text_is_escaped(void **state)
{
    SHOWS("abc\xe2\x80\xae"
          "cba",
          "abc\\xe2\\x80\\xaecba");                                        /* U+202E right-to-left override */
    SHOWS("\xe2\x81\xa6x\xe2\x81\xa9", "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9"); /* U+2066, U+2069 isolates */
    SHOWS("a\xe2\x80\x8b"
          "b",
          "a\\xe2\\x80\\x8bb"); /* U+200B zero width space */
    SHOWS("a\xe2\x80\xa8"
          "b",
          "a\\xe2\\x80\\xa8b"); /* U+2028 line separator */
    SHOWS("\xef\xbb\xbf"
          "a",
          "\\xef\\xbb\\xbf"
          "a"); /* U+FEFF byte order mark */
}

static void broken_utf8_is_escaped_byte_by_byte(void **state)
{
    SHOWS("\xff\xfe", "\\xff\\xfe");
    SHOWS("\xc0\xaf", "\\xc0\\xaf");                            /* overlong "/" */
    SHOWS("\xe0\x80\xaf", "\\xe0\\x80\\xaf");                   /* overlong too */
    SHOWS("\xed\xa0\x80", "\\xed\\xa0\\x80");                   /* a surrogate */
    SHOWS("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");          /* above U+10FFFF */
    SHOWS("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"); /* five bytes */
    SHOWS("\xe2\x82", "\\xe2\\x82");                            /* cut off */
    SHOWS("\xc3(", "\\xc3(");
}

/* Whatever the bytes and the room: terminated, valid, within the room, and the end is marked. */
static void cutting_never_overflows_and_is_marked(void **state)
{
    static const char in[] = "ab\xc3\xbc\x01\xe2\x80\xae-some longer name that has to be cut";
    for (size_t room = 1; room < 120; room++) {
        char   out[128];
        char   whole[200];
        size_t all = text_printable(whole, sizeof whole, in, sizeof in - 1);
        memset(out, '#', sizeof out);
        size_t len = text_printable(out, room, in, sizeof in - 1);
        assert_int_equal(len, strlen(out));
        assert_true(len < room);
        assert_int_equal(out[room], '#');
        if (room > all) {
            assert_string_equal(out, whole);
        } else if (room >= 4) {
            assert_string_equal(out + len - 3, "...");
            assert_memory_equal(out, whole, len - 3);
        }
    }
    assert_int_equal(text_printable(NULL, 0, "a", 1), 0);
}

static void random_bytes_stay_printable(void **state)
{
    uint32_t x = 7;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t in[24];
        char    out[160];
        for (size_t i = 0; i < sizeof in; i++) {
            x     = x * 1664525 + 1013904223;
            in[i] = (uint8_t)(x >> 24);
        }
        size_t len = text_printable(out, 8 + round % 150, in, round % sizeof in);
        for (size_t i = 0; i < len; i++)
            assert_true((uint8_t)out[i] >= 0x20 && out[i] != 0x7f);
        /* what is printable is not changed by a second pass, but for its escapes' backslashes */
        if (!memchr(out, '\\', len)) {
            char again[200];
            text_printable(again, sizeof again, out, len);
            assert_string_equal(again, out);
        }
    }
}

static void hex_with_and_without_separator(void **state)
{
    static const uint8_t in[] = {0x00, 0xab, 0x0f};
    char                 out[16];
    assert_int_equal(text_hex(out, sizeof out, in, 3, 0), 6);
    assert_string_equal(out, "00ab0f");
    assert_int_equal(text_hex(out, sizeof out, in, 3, ':'), 8);
    assert_string_equal(out, "00:ab:0f");
    assert_int_equal(text_hex(out, sizeof out, in, 0, ':'), 0);
    assert_string_equal(out, "");
}

static void hex_stays_in_its_room(void **state)
{
    static const uint8_t in[] = {1, 2, 3, 4, 5};
    for (size_t room = 0; room < 20; room++)
        for (int sep = 0; sep <= ':'; sep += ':') {
            char out[24];
            memset(out, '#', sizeof out);
            size_t len = text_hex(out, room, in, 5, (char)sep);
            assert_true(room == 0 || len < room);
            assert_int_equal(out[room], '#');
            if (room)
                assert_int_equal(strlen(out), len);
        }
}

static void appending_stops_at_the_room(void **state)
{
    char   out[9];
    size_t at = text_add(out, 8, 0, "%s", "abc");
    assert_int_equal(at, 3);
    out[8] = '#';
    at     = text_add(out, 8, at, "%d", 1234567);
    assert_int_equal(at, 7);
    assert_string_equal(out, "abc1234");
    assert_int_equal(text_add(out, 8, at, "more"), 7);
    assert_string_equal(out, "abc1234");
    assert_int_equal(out[8], '#');
    assert_int_equal(text_add(out, 0, 0, "x"), 0);
}

static void comparing_folds_ascii_only(void **state)
{
    assert_true(text_same("ExAmPlE", "eXaMpLe", 7));
    assert_false(text_same("example", "examplf", 7));
    assert_false(text_same("@", "`", 1)); /* next to the letters */
    assert_false(text_same("[", "{", 1));
    assert_false(text_same("\xc3\x84", "\xc3\xa4", 2));
    assert_true(text_same("a", "b", 0));
}

static void views_compare_by_length_and_bytes(void **state)
{
    hf_view a = {(const uint8_t *)"ab", 2}, b = {(const uint8_t *)"abc", 3}, none = {NULL, 0};
    assert_false(view_equal(a, b));
    b.n = 2;
    assert_true(view_equal(a, b));
    a.n = 0;
    assert_true(view_equal(a, none));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_itself),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(what_hides_or_reverses_text_is_escaped),
        cmocka_unit_test(broken_utf8_is_escaped_byte_by_byte),
        cmocka_unit_test(cutting_never_overflows_and_is_marked),
        cmocka_unit_test(random_bytes_stay_printable),
        cmocka_unit_test(hex_with_and_without_separator),
        cmocka_unit_test(hex_stays_in_its_room),
        cmocka_unit_test(appending_stops_at_the_room),
        cmocka_unit_test(comparing_folds_ascii_only),
        cmocka_unit_test(views_compare_by_length_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
