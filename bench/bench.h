/* SPDX-License-Identifier: Apache-2.0
 *
 * bench.h - what the parts of the benchmark share: a clock, wires, and the shape of a TLS stack under test.
 *
 * A program measures one subject and prints `name value` lines; bench/run starts fresh copies of it in many
 * rounds and forms medians and ratios. What each line means is in bench/README.md.
 *
 * Invariants:
 *   1. Client and server live in one thread; its CPU time is read at each change of side, so that each side
 *      pays for its own work only. The cost of reading the clock is measured and subtracted.
 *   2. No sockets: a wire is a static buffer, so that no allocation of the transport is counted.
 *   3. Both stacks do the same job: TLS 1.3, X25519, AES-128-GCM, P-256 ECDSA-SHA256, a leaf and an
 *      intermediate from each side, the root with the other, client certificate required, host name checked,
 *      CA names announced, no tickets; the resumed ones with a ticket each time, that the next one goes on from.
 */
#ifndef HF_BENCH_H
#define HF_BENCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_HOST "server.example"
enum { BENCH_RECORD = 16384, WIRE_BYTES = 1 << 20 };

/* ---- clock.c ---- */
/* CPU time of this thread in nanoseconds. */
uint64_t cpu_ns(void);
/* What one cpu_ns costs, measured once. */
double clock_cost_ns(void);
void   print_us(const char *name, double ns);
/* Ends the program with a message: a benchmark that cannot do its job has no result. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A file of the folder with the test certificates; text is static. */
const char *bench_file(const char *dir, const char *name);
/* The whole of such a file. */
uint8_t *bench_read(const char *dir, const char *name, size_t *n);

/* ---- wires: bytes on their way from one side to the other ---- */
struct wire {
    size_t  start, end;
    uint8_t b[WIRE_BYTES];
};

/* ---- a stack ---- */
enum side { CLIENT, SERVER };
enum went { GOES_ON, DONE, BROKEN };

struct stack {
    const char *name;
    /* Makes the shared configuration of both sides from the files in dir. */
    void (*setup)(const char *dir);
    void *(*open)(enum side side);
    void (*close)(void *conn);
    /* Goes on with the handshake as far as the bytes on `in` allow; DONE: the peer is proven. */
    enum went (*step)(void *conn, struct wire *in, struct wire *out);
    /* NULL, or: takes what the server sent behind its handshake, for the next connection to go on from. */
    void (*after)(void *client, struct wire *in);
    /* Seals exactly one record of BENCH_RECORD bytes to out; opens one from in. */
    bool (*seal)(void *conn, const uint8_t *p, struct wire *out);
    bool (*open_record)(void *conn, uint8_t *p, struct wire *in);
};
extern const struct stack libssl_stack, libssl_resumed_stack, handfast_stack, remembering_stack, resumed_stack;

/* ---- heap.c, in the program that counts; weak and absent in the one that measures time ---- */
struct heap_use {
    size_t n_allocs; /* calls of malloc, calloc, realloc(NULL), aligned_alloc */
    size_t bytes;    /* held now: usable size and the header of each block */
};
extern struct heap_use heap_of[2]; /* by the side that was running */
extern enum side       heap_side;

#endif
