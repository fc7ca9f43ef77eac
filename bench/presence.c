/* SPDX-License-Identifier: Apache-2.0
 *
 * presence.c - a million certificates that are present: memory for each, and how many times a second a further connection
 * of one of them is decided on, let in and gone again; by one thread, then by several on the same table, each with
 * certificates of its own or all with the same.
 *
 *   bench-presence [certificates] [threads]
 */
#include "auth/presence.h"

#include <time.h>

#include "bench.h"

enum { ROUNDS = 2000000 };

static const struct place_rule rule = {PLACE_LIMIT, PLACE_ADDRESS, 1, 0, 0};

struct bench {
    struct presence     *p;
    struct presence_home home;
    size_t               n;
    uint64_t             seed, cpu_ns; /* cpu_ns: of its thread, in the rounds */
    pthread_t            thread;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The digest and the address of the i-th certificate. */
static void certificate(uint64_t i, uint8_t key[PRESENCE_KEY], struct whence *from)
{
    for (unsigned k = 0; k < 4; k++) {
        uint64_t v = mix(i * 4 + k + 1);
        memcpy(key + 8 * k, &v, 8);
    }
    *from = (struct whence){.family = 4, .port = 40000};
    memcpy(from->ip, &i, 4);
}

static void nobody_to_wake(void *ctx)
{
}

static void enter(struct bench *b, uint64_t i, struct stay *s)
{
    uint8_t               key[PRESENCE_KEY];
    struct whence         from;
    struct presence_found f;
    struct report         rep;
    certificate(i, key, &from);
    report_init(&rep);
    if (!presence_enter(b->p, &rule, key, s, &b->home, &from, 1, &f, &rep))
        die("certificate %llu was refused by check %u", (unsigned long long)i, rep.why.check);
}

static void *come_and_go(void *arg)
{
    struct bench *b = arg;
    struct stay   s;
    uint64_t      start = cpu_ns();
    for (unsigned k = 0; k < ROUNDS; k++) {
        enter(b, mix(b->seed + k) % b->n, &s);
        presence_leave(&s);
    }
    b->cpu_ns = cpu_ns() - start;
    return NULL;
}

/* An entry is one operation, an exit is one. The CPU time of an operation, and what all threads together did a second. */
static void measure(const char *name, struct bench *b, unsigned n)
{
    double start = now(), cpu = 0;
    for (unsigned i = 0; i < n; i++)
        pthread_create(&b[i].thread, NULL, come_and_go, &b[i]);
    for (unsigned i = 0; i < n; i++) {
        pthread_join(b[i].thread, NULL);
        cpu += (double)b[i].cpu_ns;
    }
    double took = now() - start, ops = 2.0 * ROUNDS * n;
    printf("%s_cpu_ns_per_op %.0f\n%s_ops_per_s %.0f\n", name, cpu / ops, name, ops / took);
}

int main(int argc, char **argv)
{
    size_t        n       = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    unsigned      threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2;
    struct bench *b       = calloc(threads, sizeof *b);
    struct stay  *s       = calloc(n, sizeof *s);
    b[0].p                = presence_new(n + n / 8);
    if (!s || !b[0].p)
        die("no memory");
    for (unsigned i = 0; i < threads; i++) {
        b[i].p    = b[0].p;
        b[i].n    = n;
        b[i].seed = (uint64_t)i << 40;
        presence_home_init(&b[i].home, nobody_to_wake, NULL);
    }
    uint64_t start = cpu_ns();
    for (size_t i = 0; i < n; i++)
        enter(&b[0], i, &s[i]);
    double                  took = (double)(cpu_ns() - start);
    struct presence_numbers held;
    presence_count(b[0].p, &held);
    printf("certificates %zu\nfirst_entry_cpu_ns %.0f\n", held.certificates, took / (double)n);
    printf("table_bytes_per_certificate %.0f\nconnection_bytes %zu\n", (double)held.bytes / (double)n, sizeof *s);
    measure("one_thread", b, 1);
    measure("threads", b, threads);
    for (size_t i = 0; i < n; i++)
        presence_leave(&s[i]);
    presence_free(b[0].p);
    free(s);
    free(b);
    return 0;
}
