/* SPDX-License-Identifier: Apache-2.0
 * base_when.c - the calendar against the C library's, every day of ten thousand years, and its edges. */
#include "unit.h"

#include <time.h>

#include "base/when.h"

static void test_every_day(void **state)
{
    struct when w    = {.hour = 13, .minute = 59, .second = 7};
    int64_t     want = -62167219200 + 13 * 3600 + 59 * 60 + 7, got; /* 1 January of year 0 */
    for (; want < 253402300800; want += 86400) {
        time_t    t = (time_t)want;
        struct tm tm;
        gmtime_r(&t, &tm);
        w.year = tm.tm_year + 1900, w.month = tm.tm_mon + 1, w.day = tm.tm_mday;
        assert_true(when_to_unix(&w, &got));
        assert_int_equal(got, want);
        struct when back = when_of_unix(want);
        if (back.year != w.year || back.month != w.month || back.day != w.day || back.hour != 13 || back.minute != 59 ||
            back.second != 7)
            fail_msg("%lld is not %d-%d-%d", (long long)want, back.year, back.month, back.day);
    }
}

static void test_none(void **state)
{
    static const struct when none[] = {
        {2026, 2, 29, 0, 0, 0}, {2100, 2, 29, 0, 0, 0}, {2026, 4, 31, 0, 0, 0}, {2026, 0, 1, 0, 0, 0},
        {2026, 13, 1, 0, 0, 0}, {2026, 1, 0, 0, 0, 0},  {2026, 1, 32, 0, 0, 0}, {2026, 1, 1, 24, 0, 0},
        {2026, 1, 1, 0, 60, 0}, {2026, 1, 1, 0, 0, 60}, {-1, 1, 1, 0, 0, 0},    {10000, 1, 1, 0, 0, 0},
        {2026, 1, 1, -1, 0, 0}, {2026, 1, 1, 0, -1, 0}, {2026, 1, 1, 0, 0, -1}, {2026, -1, 1, 0, 0, 0},
    };
    int64_t s;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(when_to_unix(&none[i], &s));
    assert_true(when_to_unix(&(struct when){2000, 2, 29, 0, 0, 0}, &s));
    assert_int_equal(s, 951782400);
}

static void test_text(void **state)
{
    char a[24], b[32];
    assert_string_equal(when_text(0, a), "1970-01-01T00:00:00Z");
    assert_string_equal(when_text(1795507200 + 8 * 3600 + 15 * 60, a), "2026-11-24T16:15:00Z");
    assert_string_equal(when_text(-1, a), "1969-12-31T23:59:59Z");
    assert_string_equal(when_text(INT64_MAX, a), "9999-12-31T23:59:59Z");
    assert_string_equal(when_text(INT64_MIN, a), "0000-01-01T00:00:00Z");
    assert_string_equal(when_span(0, b), "0 seconds");
    assert_string_equal(when_span(1, b), "1 second");
    assert_string_equal(when_span(41 * 60 + 59, b), "41 minutes");
    assert_string_equal(when_span(7200, b), "2 hours");
    assert_string_equal(when_span(-3 * 86400, b), "3 days");
    assert_string_equal(when_span(INT64_MIN, b), "106751991167300 days");
}

static void test_parse(void **state)
{
    static const char *const none[] = {"",
                                       "2026-11-24",
                                       "2026-11-24T08:15:00",
                                       "2026-11-24 08:15:00Z",
                                       "2026-11-24T08:15:00ZZ",
                                       "2026-11-24T08:15Z",
                                       "2026-02-29T08:15:00Z",
                                       "2026-11-24T24:00:00Z",
                                       "2026-11-24T08:15:00+1:00",
                                       "2026-11-24T08:15:00+24:00",
                                       "2026-11-24T08:15:00+01:60",
                                       "2026-11-24T08:15:00+01-00",
                                       "2026-11-24T08:15:00.5Z",
                                       "+026-11-24T08:15:00Z",
                                       "2026-1x-24T08:15:00Z"};
    int64_t                  s;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (when_parse(none[i], &s))
            fail_msg("%s is taken for a date", none[i]);
    assert_true(when_parse("1970-01-01T00:00:00Z", &s) && s == 0);
    assert_true(when_parse("2026-11-24t16:15:00z", &s) && s == 1795536900);
    assert_true(when_parse("2026-11-24T18:45:00+02:30", &s) && s == 1795536900);
    assert_true(when_parse("2026-11-24T15:15:00-01:00", &s) && s == 1795536900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_day), cmocka_unit_test(test_none),
                                       cmocka_unit_test(test_text), cmocka_unit_test(test_parse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
