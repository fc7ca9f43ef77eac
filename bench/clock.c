/* SPDX-License-Identifier: Apache-2.0
 * clock.c - CPU time of the thread, and the small helpers of all bench programs. */
#include <stdarg.h>
#include <time.h>

#include "bench.h"

uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double clock_cost_ns(void)
{
    enum { N = 20000 };
    static double cost;
    if (cost == 0) {
        uint64_t start = cpu_ns(), end = start;
        for (int i = 0; i < N; i++)
            end = cpu_ns();
        cost = (double)(end - start) / N;
    }
    return cost;
}

void print_us(const char *name, double ns)
{
    printf("%s %.3f\n", name, ns / 1000);
}

void die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("bench: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

const char *bench_file(const char *dir, const char *name)
{
    static char path[4][1024];
    static int  at;
    char       *out = path[at++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", dir, name);
    return out;
}

uint8_t *bench_read(const char *dir, const char *name, size_t *n)
{
    const char *path = bench_file(dir, name);
    FILE       *f    = fopen(path, "rb");
    uint8_t    *p    = malloc(1 << 16);
    if (f == NULL || p == NULL)
        die("%s cannot be read", path);
    *n = fread(p, 1, 1 << 16, f);
    fclose(f);
    return p;
}
