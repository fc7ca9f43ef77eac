/* SPDX-License-Identifier: Apache-2.0
 * base_trace.c - the story of a connection: order, copies, bounds, and life without memory. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/trace.h"

static void events_are_kept_in_order_with_their_time(void **state)
{
    struct mem   m       = {0};
    struct trace t       = {.mem = &m, .now_ms = 1000};
    uint8_t      bytes[] = {1, 0, 0, 1, 9};
    trace_message(&t, true, false, 1, (hf_view){bytes, sizeof bytes});
    bytes[4] = 0; /* the trace has its own copy */
    t.now_ms = 2000;
    trace_alert(&t, false, true, 42);
    trace_note(&t, FILE_EMPTY, 5, -6);
    trace_state(&t, "waits for Finished");
    assert_int_equal(t.n, 4);
    assert_int_equal(t.ev[0].kind, HF_EV_MESSAGE);
    assert_int_equal(t.ev[0].at_ms, 1000);
    assert_int_equal(t.ev[0].sent, 1);
    assert_int_equal(t.ev[0].sealed, 0);
    assert_int_equal(t.ev[0].message, 1);
    assert_int_equal(t.ev[0].bytes.n, 5);
    assert_int_equal(t.ev[0].bytes.p[4], 9);
    assert_int_equal(t.ev[1].kind, HF_EV_ALERT);
    assert_int_equal(t.ev[1].at_ms, 2000);
    assert_int_equal(t.ev[1].message, 42);
    assert_int_equal(t.ev[1].sealed, 1);
    assert_int_equal(t.ev[2].kind, HF_EV_NOTE);
    assert_int_equal(t.ev[2].check, FILE_EMPTY);
    assert_int_equal(t.ev[2].a, 5);
    assert_int_equal(t.ev[2].b, -6);
    assert_string_equal(t.ev[3].text, "waits for Finished");
    assert_string_equal(t.ev[1].text, "");
    trace_free(&t);
    assert_int_equal(m.used, 0);
}

static void an_unwanted_trace_costs_nothing(void **state)
{
    struct trace t      = {0};
    size_t       before = mem_count();
    trace_message(&t, true, false, 1, (hf_view){(const uint8_t *)"abcd", 4});
    trace_alert(&t, true, false, 0);
    trace_note(&t, FILE_EMPTY, 0, 0);
    trace_state(&t, "x");
    assert_int_equal(t.n, 0);
    assert_int_equal(mem_count(), before);
    trace_free(&t);
}

static void bytes_beyond_the_limit_are_left_out_and_events_go_on(void **state)
{
    struct mem   m   = {0};
    struct trace t   = {.mem = &m};
    size_t       big = LIMIT_TRACE_BYTES / 3;
    uint8_t     *p   = calloc(1, big);
    assert_non_null(p);
    for (unsigned i = 0; i < 5; i++)
        trace_message(&t, false, true, 11, (hf_view){p, big});
    free(p);
    assert_int_equal(t.n, 5);
    assert_int_equal(t.ev[2].bytes.n, big);
    assert_int_equal(t.ev[3].bytes.n, 0);
    assert_int_equal(t.ev[3].a, (int64_t)big); /* its size is known all the same */
    assert_true(t.bytes <= LIMIT_TRACE_BYTES);
    trace_free(&t);
    assert_int_equal(m.used, 0);
}

static void the_number_of_events_is_bounded(void **state)
{
    struct mem   m = {0};
    struct trace t = {.mem = &m};
    for (unsigned i = 0; i < 5000; i++)
        trace_note(&t, FILE_EMPTY, i, 0);
    assert_true(t.n >= 1000 && t.n < 5000);
    assert_int_equal(t.ev[t.n - 1].a, (int64_t)t.n - 1);
    trace_free(&t);
    assert_int_equal(m.used, 0);
}

static void lack_of_memory_shortens_the_story_and_leaks_nothing(void **state)
{
    struct mem m = {0};
    for (size_t n = 1; n < 60; n++) {
        struct trace t = {.mem = &m};
        mem_fail_after(n);
        for (unsigned i = 0; i < 50; i++)
            trace_message(&t, true, true, 20, (hf_view){(const uint8_t *)"0123456789", 10});
        mem_fail_after(0);
        for (size_t i = 0; i < t.n; i++)
            assert_true(t.ev[i].bytes.n == 0 || memcmp(t.ev[i].bytes.p, "0123456789", 10) == 0);
        trace_free(&t);
        assert_int_equal(m.used, 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_kept_in_order_with_their_time),
        cmocka_unit_test(an_unwanted_trace_costs_nothing),
        cmocka_unit_test(bytes_beyond_the_limit_are_left_out_and_events_go_on),
        cmocka_unit_test(the_number_of_events_is_bounded),
        cmocka_unit_test(lack_of_memory_shortens_the_story_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
