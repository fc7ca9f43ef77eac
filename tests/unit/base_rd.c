/* SPDX-License-Identifier: Apache-2.0
 * base_rd.c - the reader: bounds, stickiness, offsets, nesting, and that no bytes lead it out of its range. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/rd.h"

static struct rd over(const void *p, size_t n, struct report *rep)
{
    report_init(rep);
    return rd_new((hf_view){p, n}, rep, RECORD_TOO_SHORT);
}

static void numbers_are_big_endian(void **state)
{
    static const uint8_t in[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xff, 0xfe, 0xfd, 0xfc};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    assert_int_equal(rd_u8(&r), 0x01);
    assert_int_equal(rd_u16(&r), 0x0203);
    assert_int_equal(rd_u24(&r), 0x040506);
    assert_int_equal(rd_u32(&r), 0xfffefdfc);
    assert_int_equal(rd_left(&r), 0);
    assert_true(rd_end(&r, PEM_BROKEN));
    assert_true(rd_ok(&r));
}

static void reading_past_the_end_is_recorded_once(void **state)
{
    static const uint8_t in[] = {1, 2, 3};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    assert_int_equal(rd_u16(&r), 0x0102);
    assert_int_equal(rd_u32(&r), 0);
    assert_int_equal(rd_u8(&r), 0); /* sticky: the byte that is there is not given out any more */
    assert_int_equal(rd_bytes(&r, 1).n, 0);
    assert_int_equal(rd_left(&r), 0);
    assert_false(rd_ok(&r));
    assert_int_equal(rep.why.check, RECORD_TOO_SHORT);
    assert_int_equal(rep.why.offset, 2);
    assert_int_equal(rep.why.want, 4);
    assert_int_equal(rep.why.got, 1);
}

static void nothing_is_a_valid_input(void **state)
{
    struct report rep;
    struct rd     r = over(NULL, 0, &rep);
    assert_true(rd_end(&r, PEM_BROKEN));
    assert_int_equal(rd_rest(&r).n, 0);
    assert_int_equal(rd_u8(&r), 0);
    assert_int_equal(rep.why.check, RECORD_TOO_SHORT);
    assert_int_equal(rep.why.offset, 0);
}

static void bytes_are_borrowed_not_copied(void **state)
{
    static const uint8_t in[] = {9, 8, 7, 6};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    rd_u8(&r);
    hf_view v = rd_bytes(&r, 2);
    assert_ptr_equal(v.p, in + 1);
    assert_int_equal(v.n, 2);
    assert_ptr_equal(rd_rest(&r).p, in + 3);
    assert_int_equal(rd_bytes(&r, SIZE_MAX).n, 0);
    assert_int_equal(rep.why.offset, 3);
}

static void a_vector_is_a_reader_of_its_own(void **state)
{
    static const uint8_t in[] = {2, 0xaa, 0xbb, 0, 1, 0xcc, 0, 0, 0, 0xdd};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    struct rd            a = rd_vec(&r, 1, PEM_BROKEN);
    struct rd            b = rd_vec(&r, 2, PEM_BROKEN);
    struct rd            c = rd_vec(&r, 3, PEM_BROKEN);
    assert_int_equal(rd_left(&a), 2);
    assert_int_equal(rd_u16(&a), 0xaabb);
    assert_int_equal(rd_u8(&b), 0xcc);
    assert_true(rd_end(&a, PEM_BROKEN) && rd_end(&b, PEM_BROKEN) && rd_end(&c, PEM_BROKEN));
    assert_int_equal(rd_u8(&r), 0xdd);
    assert_true(rd_end(&r, PEM_BROKEN));
}

/* Offsets count from the start of the message, however deep the vector is. */
static void offsets_of_nested_vectors_count_from_the_base(void **state)
{
    static const uint8_t in[] = {0, 0, 0, 6, 0, 4, 3, 1, 2, 3};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    rd_u8(&r);
    struct rd outer = rd_vec(&r, 3, PEM_BROKEN);
    struct rd mid   = rd_vec(&outer, 2, PEM_BROKEN);
    struct rd inner = rd_vec(&mid, 1, PEM_BROKEN);
    rd_u16(&inner);
    assert_int_equal(rd_at(&inner), 9);
    assert_false(rd_end(&inner, FILE_EMPTY));
    assert_int_equal(rep.why.check, FILE_EMPTY);
    assert_int_equal(rep.why.offset, 9);
    assert_int_equal(rep.why.got, 1);
}

static void a_length_that_runs_past_the_end_is_its_own_check(void **state)
{
    static const uint8_t in[] = {7, 7, 5, 1, 2, 3, 4};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    rd_u16(&r);
    struct rd v = rd_vec(&r, 1, PEM_BROKEN);
    assert_int_equal(rd_left(&v), 0);
    assert_int_equal(rd_left(&r), 0);
    assert_int_equal(rep.why.check, PEM_BROKEN);
    assert_int_equal(rep.why.offset, 3);
    assert_int_equal(rep.why.want, 5);
    assert_int_equal(rep.why.got, 4);
}

static void a_cut_length_is_a_short_read(void **state)
{
    static const uint8_t in[] = {0, 0};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    struct rd            v = rd_vec(&r, 3, PEM_BROKEN);
    assert_int_equal(rd_left(&v), 0);
    assert_int_equal(rep.why.check, RECORD_TOO_SHORT);
    assert_int_equal(rep.why.offset, 0);
}

static void a_failure_inside_fails_the_outside(void **state)
{
    static const uint8_t in[] = {1, 0xaa, 5, 6};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    struct rd            v = rd_vec(&r, 1, PEM_BROKEN);
    rd_u16(&v);
    assert_false(rd_ok(&r));
    assert_false(rd_end(&r, FILE_EMPTY));
    assert_false(rd_need(&r, true, FILE_EMPTY, 0, 0));
    assert_int_equal(rep.why.check, RECORD_TOO_SHORT);
}

static void a_need_fails_at_the_reader(void **state)
{
    static const uint8_t in[] = {1, 2, 3};
    struct report        rep;
    struct rd            r = over(in, sizeof in, &rep);
    rd_u16(&r);
    assert_true(rd_need(&r, true, FILE_EMPTY, 4, 4));
    assert_false(rd_need(&r, false, FILE_TOO_LARGE, 4, 5));
    assert_int_equal(rep.why.check, FILE_TOO_LARGE);
    assert_int_equal(rep.why.offset, 2);
}

/* Walks a reader as the bytes themselves say and holds the invariants after each step. */
static void walk(struct rd *r, struct rd *limits, unsigned depth)
{
    while (rd_ok(r) && rd_left(r)) {
        unsigned  op  = rd_u8(r) % 8;
        struct rd sub = *r;
        if (op < 4)
            (void)(op == 0 ? rd_u8(r) : op == 1 ? rd_u16(r) : op == 2 ? rd_u24(r) : rd_u32(r));
        else if (op == 4)
            rd_bytes(r, rd_u8(r));
        else if (depth < 6) {
            sub = rd_vec(r, op - 4, PEM_BROKEN);
            assert_true(sub.p >= limits->p && sub.end <= limits->end && sub.p <= sub.end);
            walk(&sub, limits, depth + 1);
        }
        assert_true(r->p >= limits->p && r->p <= r->end && r->end <= limits->end);
    }
}

static void no_bytes_lead_it_out_of_its_range(void **state)
{
    uint32_t x = 12345;
    for (unsigned round = 0; round < 20000; round++) {
        size_t   n  = round % 97;
        uint8_t *in = malloc(n ? n : 1); /* exact, so that the sanitizer sees a read past the end */
        assert_non_null(in);
        for (size_t i = 0; i < n; i++) {
            x     = x * 1664525 + 1013904223;
            in[i] = (uint8_t)(x >> 24) & (round % 3 ? 0xff : 0x0f);
        }
        struct report rep;
        struct rd     r = over(in, n, &rep), limits = r;
        walk(&r, &limits, 0);
        assert_true(!report_bad(&rep) || rep.why.offset <= n);
        free(in);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(reading_past_the_end_is_recorded_once),
        cmocka_unit_test(nothing_is_a_valid_input),
        cmocka_unit_test(bytes_are_borrowed_not_copied),
        cmocka_unit_test(a_vector_is_a_reader_of_its_own),
        cmocka_unit_test(offsets_of_nested_vectors_count_from_the_base),
        cmocka_unit_test(a_length_that_runs_past_the_end_is_its_own_check),
        cmocka_unit_test(a_cut_length_is_a_short_read),
        cmocka_unit_test(a_failure_inside_fails_the_outside),
        cmocka_unit_test(a_need_fails_at_the_reader),
        cmocka_unit_test(no_bytes_lead_it_out_of_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
