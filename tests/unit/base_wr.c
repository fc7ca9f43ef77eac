/* SPDX-License-Identifier: Apache-2.0
 * base_wr.c - the writer: what it writes, its ceiling, its stickiness, and that the reader reads it back. */
#include "unit.h"

#include <string.h>

#include "base/rd.h"
#include "base/wr.h"

static void numbers_are_big_endian(void **state)
{
    static const uint8_t want[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0, 1, 2};
    uint8_t              out[sizeof want];
    struct wr            w = wr_fixed(out, sizeof out);
    wr_u8(&w, 1);
    wr_u16(&w, 0x0203);
    wr_u24(&w, 0x040506);
    wr_u32(&w, 0x0708090a);
    wr_u64(&w, 0x0102);
    assert_false(w.full);
    assert_int_equal(wr_done(&w).n, sizeof want);
    assert_memory_equal(out, want, sizeof want);
}

static void vectors_get_their_lengths_on_close(void **state)
{
    static const uint8_t want[] = {0, 6, 0, 0, 2, 0xaa, 0xbb, 0, 1, 0xcc};
    uint8_t              out[32];
    struct wr            w     = wr_fixed(out, sizeof out);
    size_t               outer = wr_open(&w, 2);
    size_t               inner = wr_open(&w, 3);
    wr_u16(&w, 0xaabb);
    wr_close(&w, inner, 3);
    wr_vec(&w, 1, (hf_view){NULL, 0});
    wr_close(&w, outer, 2);
    wr_vec(&w, 1, (hf_view){(const uint8_t *)"\xcc", 1});
    assert_int_equal(wr_done(&w).n, sizeof want);
    assert_memory_equal(out, want, sizeof want);
}

static void a_full_writer_stays_full_and_yields_nothing(void **state)
{
    uint8_t   out[4] = {0xee, 0xee, 0xee, 0xee};
    struct wr w      = wr_fixed(out, 3);
    wr_u16(&w, 0x0102);
    wr_u16(&w, 0x0304);
    assert_true(w.full);
    wr_u8(&w, 5); /* there would be room for it: it is not written, the result has no holes */
    assert_int_equal(w.n, 2);
    assert_int_equal(out[2], 0xee);
    assert_int_equal(out[3], 0xee);
    assert_int_equal(wr_done(&w).n, 0);
    assert_null(wr_room(&w, 0));
}

static void a_vector_too_long_for_its_prefix_is_full(void **state)
{
    struct mem m = {0};
    uint8_t    big[256];
    memset(big, 7, sizeof big);
    for (size_t n = 255; n <= 256; n++) {
        struct wr w = wr_grow(&m, 1000);
        wr_vec(&w, 1, (hf_view){big, n});
        assert_int_equal(w.full, n > 255);
        wr_free(&w);
    }
    assert_int_equal(m.used, 0);
}

static void it_grows_up_to_its_ceiling_and_no_byte_further(void **state)
{
    struct mem m = {0};
    for (size_t max = 1; max < 3000; max += 97) {
        struct wr w = wr_grow(&m, max);
        for (size_t i = 0; i < max; i++)
            wr_u8(&w, (unsigned)i);
        assert_false(w.full);
        assert_int_equal(wr_done(&w).n, max);
        assert_true(w.cap <= max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(w.p[i], (uint8_t)i);
        wr_u8(&w, 0);
        assert_true(w.full);
        wr_free(&w);
    }
    assert_int_equal(m.used, 0);
}

static void lack_of_memory_is_full_and_leaks_nothing(void **state)
{
    struct mem m    = {0};
    size_t     runs = 0;
    for (size_t n = 1;; n++, runs++) {
        struct wr w = wr_grow(&m, 100000);
        mem_fail_after(n);
        for (unsigned i = 0; i < 5000; i++)
            wr_u32(&w, i);
        mem_fail_after(0);
        bool full = w.full;
        wr_free(&w);
        assert_int_equal(m.used, 0);
        if (!full)
            break;
    }
    assert_true(runs >= 4); /* 20,000 bytes from 512 by doubling */
}

static void freeing_twice_and_nothing_is_harmless(void **state)
{
    struct mem m = {0};
    struct wr  w = wr_grow(&m, 10);
    wr_free(&w);
    wr_u8(&w, 1);
    assert_true(w.full);
    wr_free(&w);
}

/* Random nested vectors come back from the reader as they were written. */
static void write_nest(struct wr *w, uint32_t *x, unsigned depth)
{
    *x         = *x * 1664525 + 1013904223;
    unsigned n = *x >> 29;
    wr_u8(w, n);
    for (unsigned i = 0; i < n; i++) {
        *x              = *x * 1664525 + 1013904223;
        unsigned prefix = 1 + (*x >> 24) % 3;
        wr_u8(w, prefix);
        size_t mark = wr_open(w, prefix);
        if (depth < 2)
            write_nest(w, x, depth + 1);
        wr_close(w, mark, prefix);
    }
}

static void read_nest(struct rd *r, unsigned depth)
{
    for (unsigned n = rd_u8(r); n && rd_ok(r); n--) {
        struct rd sub = rd_vec(r, rd_u8(r), PEM_BROKEN);
        if (depth < 2)
            read_nest(&sub, depth + 1);
        rd_end(&sub, FILE_EMPTY);
    }
}

static void the_reader_reads_what_was_written(void **state)
{
    struct mem m = {0};
    uint32_t   x = 1;
    for (unsigned round = 0; round < 3000; round++) {
        struct wr     w = wr_grow(&m, 65536);
        struct report rep;
        write_nest(&w, &x, 0);
        report_init(&rep);
        bool      cut = w.full; /* an inner vector of more than 255 bytes with a prefix of one byte */
        struct rd r   = rd_new(wr_done(&w), &rep, RECORD_TOO_SHORT);
        if (!cut) {
            read_nest(&r, 0);
            assert_true(rd_end(&r, FILE_EMPTY));
        }
        wr_free(&w);
    }
    assert_int_equal(m.used, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(vectors_get_their_lengths_on_close),
        cmocka_unit_test(a_full_writer_stays_full_and_yields_nothing),
        cmocka_unit_test(a_vector_too_long_for_its_prefix_is_full),
        cmocka_unit_test(it_grows_up_to_its_ceiling_and_no_byte_further),
        cmocka_unit_test(lack_of_memory_is_full_and_leaks_nothing),
        cmocka_unit_test(freeing_twice_and_nothing_is_harmless),
        cmocka_unit_test(the_reader_reads_what_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
