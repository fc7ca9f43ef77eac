/* SPDX-License-Identifier: Apache-2.0
 *
 * stack.c - measures one TLS stack: full mutual handshakes, bulk data, and (in the counting program) the heap.
 *
 *   stack libssl|handfast|remembering|resumed|libssl-resumed DIR [handshakes]
 */
#include <openssl/crypto.h>

#include "bench.h"

enum { WARM = 20, HELD = 1000, BULK_RECORDS = 4096, BULK_BATCH = 32 };

#pragma weak heap_of
#pragma weak heap_side

static struct wire up, down; /* client to server, server to client */

static bool counting(void)
{
    return &heap_of != NULL;
}

static void runs(enum side side)
{
    if (counting())
        heap_side = side;
}

struct pair {
    void *of[2];
};

/* One handshake; spent[side] grows by the nanoseconds of each side. */
static void handshake(const struct stack *s, struct pair *p, double spent[2])
{
    enum went went[2] = {GOES_ON, GOES_ON};
    up.start = up.end = down.start = down.end = 0;
    uint64_t t                                = cpu_ns();
    for (int turn = 0; went[CLIENT] != DONE || went[SERVER] != DONE; turn++) {
        enum side side = turn % 2 ? SERVER : CLIENT;
        runs(side);
        if (turn < 2)
            p->of[side] = s->open(side);
        if (p->of[side] == NULL || turn > 20)
            die("%s: no handshake", s->name);
        if (went[side] == GOES_ON)
            went[side] = s->step(p->of[side], side == CLIENT ? &down : &up, side == CLIENT ? &up : &down);
        if (went[side] == BROKEN)
            die("%s: the %s refuses", s->name, side == CLIENT ? "client" : "server");
        uint64_t now = cpu_ns();
        spent[side] += (double)(now - t) - clock_cost_ns();
        t = now;
    }
}

static void drop(const struct stack *s, struct pair *p, double spent[2])
{
    for (enum side side = CLIENT; side <= SERVER; side++) {
        runs(side);
        uint64_t t = cpu_ns();
        s->close(p->of[side]);
        spent[side] += (double)(cpu_ns() - t) - clock_cost_ns();
    }
}

static void time_handshakes(const struct stack *s, int n)
{
    double      none[2] = {0}, spent[2] = {0};
    struct pair p;
    for (int i = 0; i < WARM + n; i++) {
        handshake(s, &p, i < WARM ? none : spent);
        if (s->after)
            s->after(p.of[CLIENT], &down);
        drop(s, &p, i < WARM ? none : spent);
    }
    print_us("client_us", spent[CLIENT] / n);
    print_us("server_us", spent[SERVER] / n);
}

static void time_bulk(const struct stack *s)
{
    static uint8_t plain[BENCH_RECORD], got[BENCH_RECORD];
    double         none[2], seal = 0, open = 0;
    struct pair    p;
    handshake(s, &p, none);
    if (s->after)
        s->after(p.of[CLIENT], &down);
    up.start = up.end = 0;
    memset(plain, 0x5a, sizeof plain);
    for (int i = 0; i < BULK_RECORDS + BULK_BATCH; i += BULK_BATCH) {
        uint64_t t0 = cpu_ns();
        for (int k = 0; k < BULK_BATCH; k++)
            if (!s->seal(p.of[CLIENT], plain, &up))
                die("%s: a record is not sealed", s->name);
        uint64_t t1 = cpu_ns();
        for (int k = 0; k < BULK_BATCH; k++)
            if (!s->open_record(p.of[SERVER], got, &up))
                die("%s: a record is not opened", s->name);
        uint64_t t2 = cpu_ns();
        if (i == 0) /* the first batch warms up */
            continue;
        seal += (double)(t1 - t0) - clock_cost_ns();
        open += (double)(t2 - t1) - clock_cost_ns();
    }
    if (memcmp(plain, got, sizeof plain) != 0)
        die("%s: the data was not carried", s->name);
    printf("seal_gbs %.3f\nopen_gbs %.3f\n", (double)BULK_RECORDS * BENCH_RECORD / seal,
           (double)BULK_RECORDS * BENCH_RECORD / open);
    drop(s, &p, none);
}

static void count_heap(const struct stack *s)
{
    static struct pair held[HELD];
    double             none[2];
    struct heap_use    before[2];
    for (int i = 0; i < WARM; i++) { /* what is made once and shared is made now */
        handshake(s, &held[0], none);
        if (s->after)
            s->after(held[0].of[CLIENT], &down);
        drop(s, &held[0], none);
    }
    memcpy(before, heap_of, sizeof before);
    for (int i = 0; i < HELD; i++) {
        handshake(s, &held[i], none);
        if (s->after)
            s->after(held[i].of[CLIENT], &down);
    }
    for (enum side side = CLIENT; side <= SERVER; side++) {
        const char *name = side == CLIENT ? "client" : "server";
        printf("%s_held_bytes %.0f\n", name, (double)(heap_of[side].bytes - before[side].bytes) / HELD);
        printf("%s_allocs %.1f\n", name, (double)(heap_of[side].n_allocs - before[side].n_allocs) / HELD);
    }
    for (int i = 0; i < HELD; i++)
        drop(s, &held[i], none);
}

static const struct stack *stack_called(const char *name)
{
    const struct stack *all[] = {&libssl_stack, &handfast_stack, &remembering_stack, &resumed_stack,
                                 &libssl_resumed_stack};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    die("there is no stack called %s", name);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage: stack libssl|handfast|remembering|resumed|libssl-resumed DIR [handshakes]");
    const struct stack *s = stack_called(argv[1]);
    s->setup(argv[2]);
    if (counting()) {
        count_heap(s);
    } else {
        time_handshakes(s, argc > 3 ? atoi(argv[3]) : 300);
        time_bulk(s);
    }
    return 0;
}
