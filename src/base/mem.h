/* SPDX-License-Identifier: Apache-2.0
 *
 * mem.h - memory with a ceiling. A connection owns one struct mem; all it ever holds comes from it, so
 * that no peer can make it hold more than the ceiling. Every block is wiped when it is freed: nobody has
 * to remember which ones held secrets. Tests make the n-th allocation fail (mem_fail_after).
 */
#ifndef HF_BASE_MEM_H
#define HF_BASE_MEM_H
#include "handfast.h"

struct mem {
    size_t used, peak, max; /* bytes; max 0 = no ceiling */
    size_t n_allocs;        /* allocations made so far */
};

void *mem_alloc(struct mem *m, size_t n);            /* zeroed; NULL above the ceiling or when memory is out */
void *mem_realloc(struct mem *m, void *p, size_t n); /* the grown part is not zeroed */
void  mem_free(struct mem *m, void *p);              /* wipes; accepts NULL */
void *mem_copy(struct mem *m, const void *p, size_t n);
char *mem_text(struct mem *m, const char *s);

/* Counts n bytes that come from elsewhere (a pool) against the ceiling; false: above it, or a test says no. */
bool mem_charge(struct mem *m, size_t n);
void mem_credit(struct mem *m, size_t n);

/* For tests: the n-th allocation from now on (1 = the next) and all after it fail; 0 = none. */
void mem_fail_after(size_t n);
/* For tests and the benchmark: allocations of the whole process so far. */
size_t mem_count(void);

#endif
