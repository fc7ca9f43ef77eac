/* SPDX-License-Identifier: Apache-2.0
 * ct.h - what must not branch on secrets: comparing and wiping. */
#ifndef HF_BASE_CT_H
#define HF_BASE_CT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Equal, in time that depends on n alone. */
static inline bool ct_equal(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t                 d = 0;
    for (size_t i = 0; i < n; i++)
        d |= x[i] ^ y[i];
    return d == 0;
}

/* Overwrites n bytes; the compiler may not drop it. It may not see n either: for known sizes gcc emits
 * "rep stos", which takes several times as long as the call. */
static inline void ct_wipe(void *p, size_t n)
{
    __asm__("" : "+r"(n));
    if (n)
        memset(p, 0, n);
    __asm__ __volatile__("" : : "r"(p) : "memory");
}

#endif
