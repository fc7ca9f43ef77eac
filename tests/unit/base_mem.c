/* SPDX-License-Identifier: Apache-2.0
 * base_mem.c - memory with a ceiling, the n-th failure, and the constant-time helpers. */
#include "unit.h"

#include <string.h>

#include "base/ct.h"
#include "base/mem.h"

static void blocks_are_zeroed_and_counted(void **state)
{
    struct mem m = {0};
    uint8_t   *p = mem_alloc(&m, 100), *q = mem_alloc(&m, 50);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    assert_int_equal(m.used, 150);
    assert_int_equal(m.n_allocs, 2);
    mem_free(&m, p);
    assert_int_equal(m.used, 50);
    assert_int_equal(m.peak, 150);
    mem_free(&m, q);
    mem_free(&m, NULL);
    assert_int_equal(m.used, 0);
}

static void blocks_are_aligned_for_anything(void **state)
{
    struct mem m = {0};
    for (size_t n = 0; n < 40; n++) {
        void *p = mem_alloc(&m, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        mem_free(&m, p);
    }
}

static void the_ceiling_holds_to_the_byte(void **state)
{
    struct mem m = {.max = 100};
    void      *p = mem_alloc(&m, 60);
    assert_non_null(p);
    assert_null(mem_alloc(&m, 41));
    void *q = mem_alloc(&m, 40);
    assert_non_null(q);
    assert_null(mem_alloc(&m, 1));
    mem_free(&m, p);
    p = mem_alloc(&m, 60);
    assert_non_null(p);
    mem_free(&m, p);
    mem_free(&m, q);
}

static void absurd_sizes_are_refused(void **state)
{
    struct mem m = {0};
    assert_null(mem_alloc(&m, SIZE_MAX));
    assert_null(mem_alloc(&m, SIZE_MAX - 15));
    assert_null(mem_alloc(&m, SIZE_MAX / 2 + 1));
    assert_int_equal(m.used, 0);
}

static void growing_keeps_the_bytes(void **state)
{
    struct mem m = {0};
    char      *p = mem_text(&m, "handfast");
    p            = mem_realloc(&m, p, 1000);
    assert_string_equal(p, "handfast");
    assert_int_equal(m.used, 1000);
    p = mem_realloc(&m, p, 4);
    assert_memory_equal(p, "hand", 4);
    assert_int_equal(m.used, 4);
    mem_free(&m, p);
    p = mem_realloc(&m, NULL, 5);
    assert_non_null(p);
    mem_free(&m, p);
    assert_int_equal(m.used, 0);
}

static void a_failed_growth_keeps_the_old_block(void **state)
{
    struct mem m = {.max = 20};
    char      *p = mem_text(&m, "still here");
    assert_null(mem_realloc(&m, p, 100));
    assert_string_equal(p, "still here");
    mem_free(&m, p);
    assert_int_equal(m.used, 0);
}

static void copies_may_be_empty(void **state)
{
    struct mem m = {0};
    void      *p = mem_copy(&m, NULL, 0), *q = mem_copy(&m, "ab", 2);
    assert_non_null(p);
    assert_memory_equal(q, "ab", 2);
    mem_free(&m, p);
    mem_free(&m, q);
    assert_int_equal(m.used, 0);
}

static void the_nth_allocation_fails_and_all_after_it(void **state)
{
    struct mem m = {0};
    for (size_t n = 1; n < 6; n++) {
        void *p[8];
        mem_fail_after(n);
        for (size_t i = 0; i < 8; i++) {
            p[i] = mem_alloc(&m, 8);
            assert_int_equal(p[i] != NULL, i + 1 < n);
        }
        mem_fail_after(0);
        for (size_t i = 0; i < 8; i++)
            mem_free(&m, p[i]);
        assert_int_equal(m.used, 0);
    }
    size_t before = mem_count();
    void  *p      = mem_alloc(&m, 1);
    assert_non_null(p);
    assert_int_equal(mem_count(), before + 1);
    mem_free(&m, p);
}

static void equality_sees_every_bit_of_every_byte(void **state)
{
    uint8_t a[33], b[33];
    memset(a, 0x5a, sizeof a);
    memcpy(b, a, sizeof b);
    assert_true(ct_equal(a, b, sizeof a));
    assert_true(ct_equal(a, b, 0));
    for (size_t i = 0; i < sizeof a * 8; i++) {
        b[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_false(ct_equal(a, b, sizeof a));
        b[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

static void wiping_wipes_what_it_is_told_to(void **state)
{
    uint8_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    ct_wipe(a + 2, 4);
    static const uint8_t want[8] = {1, 2, 0, 0, 0, 0, 7, 8};
    assert_memory_equal(a, want, 8);
    ct_wipe(NULL, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_counted),
        cmocka_unit_test(blocks_are_aligned_for_anything),
        cmocka_unit_test(the_ceiling_holds_to_the_byte),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(growing_keeps_the_bytes),
        cmocka_unit_test(a_failed_growth_keeps_the_old_block),
        cmocka_unit_test(copies_may_be_empty),
        cmocka_unit_test(the_nth_allocation_fails_and_all_after_it),
        cmocka_unit_test(equality_sees_every_bit_of_every_byte),
        cmocka_unit_test(wiping_wipes_what_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
