/* SPDX-License-Identifier: Apache-2.0
 *
 * heap.c - malloc and its relatives, counted by the side that calls them. A block is booked to the side that
 * made it and taken off the side that frees it; in the handshakes measured here that is the same one, because
 * nothing is shared between two connections but what the warm-up has already made.
 *
 * Only the counting program links this; the one that measures time runs on the C library's own functions.
 */
#include <errno.h>
#include <malloc.h>

#include "bench.h"

struct heap_use heap_of[2];
enum side       heap_side;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void  __libc_free(void *p);

static size_t block_bytes(void *p)
{
    return p ? malloc_usable_size(p) + sizeof(size_t) : 0;
}

static void *booked(void *p)
{
    heap_of[heap_side].n_allocs++;
    heap_of[heap_side].bytes += block_bytes(p);
    return p;
}

void *malloc(size_t n)
{
    return booked(__libc_malloc(n));
}

void *calloc(size_t k, size_t n)
{
    return booked(__libc_calloc(k, n));
}

void *realloc(void *p, size_t n)
{
    if (p == NULL)
        return booked(__libc_malloc(n));
    size_t before = block_bytes(p);
    void  *q      = __libc_realloc(p, n);
    if (q != NULL || n == 0)
        heap_of[heap_side].bytes += block_bytes(q) - before;
    return q;
}

void *memalign(size_t align, size_t n)
{
    return booked(__libc_memalign(align, n));
}

void *aligned_alloc(size_t align, size_t n)
{
    return booked(__libc_memalign(align, n));
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = booked(__libc_memalign(align, n));
    if (p == NULL)
        return ENOMEM;
    *out = p;
    return 0;
}

void free(void *p)
{
    heap_of[heap_side].bytes -= block_bytes(p);
    __libc_free(p);
}
