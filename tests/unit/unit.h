/* SPDX-License-Identifier: Apache-2.0
 * unit.h - what every unit test includes first: cmocka without its macro fail(), because ours records a check
 * that failed (tests use fail_msg), and a skip that says why. */
#ifndef HF_TESTS_UNIT_H
#define HF_TESTS_UNIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail
#undef fail_msg
#define fail_msg(...)                                                                                                  \
    do {                                                                                                               \
        print_error(__VA_ARGS__);                                                                                      \
        print_error("\n");                                                                                             \
        _fail(__FILE__, __LINE__);                                                                                     \
    } while (0)

/* Ends the test as skipped; tools/check shows the reason beside its name. */
#define skip_because(...)                                                                                              \
    do {                                                                                                               \
        print_message("skipped: " __VA_ARGS__);                                                                        \
        print_message("\n");                                                                                           \
        skip();                                                                                                        \
    } while (0)

#endif
