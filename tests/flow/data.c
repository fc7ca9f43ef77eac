/* SPDX-License-Identifier: Apache-2.0
 *
 * data.c - what comes after the handshake: data in any amount and any pieces, KeyUpdate, the end, and what a
 * connection holds when it is idle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "pair.h"
#include "tls/conn.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const uint16_t versions[] = {0x0304, 0x0303};

static void open_proven(struct pair *p, const struct pair_how *how)
{
    pair_open(p, how);
    pair_proven(p);
}

/* ---- data ---------------------------------------------------------------------------------------------- */

static void big_data(void **state)
{
    static const size_t chunk[] = {0, 70000, 1499};
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < 3; i++) {
            struct pair     p;
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .chunk = chunk[i]};
            open_proven(&p, &how);
            pair_send(&p, CLIENT, 1000000);
            pair_send(&p, SERVER, 1000000);
            pair_close(&p);
        }
}

static void odd_sizes(void **state)
{
    static const size_t all[] = {1, 2, 255, 256, 16383, 16384, 16385, 32768, 49153};
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE};
        open_proven(&p, &how);
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
            pair_send(&p, CLIENT, all[i]);
            pair_send(&p, SERVER, all[i]);
        }
        pair_close(&p);
    }
}

/* Who does not flush is not given more room: hf_conn_send takes nothing, and the connection stays small. */
static void back_pressure(void **state)
{
    static const uint8_t some[16384];
    struct pair          p;
    size_t               taken = 0, last = 1;
    open_proven(&p, &(struct pair_how){.demand = HF_REQUIRE});
    for (int i = 0; i < 100 && last; i++)
        taken += last = hf_conn_send(p.conn[CLIENT], some, sizeof some);
    assert_int_equal(last, 0);
    assert_in_range(taken, 16384, 200000);
    assert_in_range(p.conn[CLIENT]->mem.used, 0, 200000);
    assert_true(pair_run(&p));
    assert_int_equal(p.got[SERVER].n, taken);
    pair_close(&p);
}

/* Who does not take the data is not given more: the window is full until it is taken, bit by bit. */
static void data_in_bits(void **state)
{
    struct pair p;
    size_t      room, got = 0;
    open_proven(&p, &(struct pair_how){.demand = HF_REQUIRE});
    uint8_t some[3000];
    memset(some, 'x', sizeof some);
    assert_int_equal(hf_conn_send(p.conn[CLIENT], some, sizeof some), sizeof some);
    hf_view  out = hf_conn_out(p.conn[CLIENT]);
    uint8_t *in  = hf_conn_in(p.conn[SERVER], &room);
    memcpy(in, out.p, out.n);
    hf_conn_in_done(p.conn[SERVER], out.n);
    hf_conn_out_done(p.conn[CLIENT], out.n);
    while (got < sizeof some) {
        assert_true(hf_conn_step(p.conn[SERVER], MINT_NOW_MS) & HF_OPEN);
        hf_view v = hf_conn_data(p.conn[SERVER]);
        size_t  n = v.n < 7 ? v.n : 7;
        assert_true(v.n > 0);
        assert_memory_equal(v.p, some, n);
        hf_conn_data_done(p.conn[SERVER], n);
        got += n;
    }
    assert_int_equal(hf_conn_data(p.conn[SERVER]).n, 0);
    pair_close(&p);
}

static void nothing_before_open(void **state)
{
    struct pair p;
    uint8_t     out[8];
    pair_open(&p, &(struct pair_how){.demand = HF_REQUIRE});
    assert_int_equal(hf_conn_send(p.conn[CLIENT], "x", 1), 0);
    assert_int_equal(hf_conn_send(p.conn[SERVER], "x", 1), 0);
    assert_false(hf_conn_export(p.conn[CLIENT], "label", (hf_view){0}, out, sizeof out));
    assert_null(hf_conn_peer(p.conn[CLIENT]));
    pair_proven(&p);
    pair_close(&p);
}

/* The client may talk at once; the server sees its Finished and its data in one read. */
static void data_with_finished(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how  = {.version = versions[v], .demand = HF_REQUIRE};
        bool            sent = false;
        pair_open(&p, &how);
        for (int i = 0; i < 10; i++) {
            if (!sent && (hf_conn_step(p.conn[CLIENT], MINT_NOW_MS) & HF_OPEN))
                sent = hf_conn_send(p.conn[CLIENT], "hello", 5) == 5;
            pair_run(&p);
        }
        assert_int_equal(p.got[SERVER].n, 5);
        assert_memory_equal(p.got[SERVER].p, "hello", 5);
        pair_close(&p);
    }
}

/* ---- KeyUpdate ------------------------------------------------------------------------------------------ */

static void key_updates(void **state)
{
    static const size_t chunk[] = {0, 1, 100};
    for (size_t i = 0; i < 3; i++) {
        struct pair     p;
        struct pair_how how = {.demand = HF_REQUIRE, .chunk = chunk[i]};
        open_proven(&p, &how);
        for (int k = 0; k < 60; k++) {
            assert_true(hf_conn_key_update(p.conn[k % 2 ? CLIENT : SERVER], k % 3 == 0));
            pair_send(&p, CLIENT, 100);
            pair_send(&p, SERVER, 100);
        }
        pair_close(&p);
    }
}

/* Both ask at the same time: each answers once, and nobody answers an answer. */
static void key_updates_cross(void **state)
{
    struct pair     p;
    struct pair_how how = {.demand = HF_REQUIRE, .trace = true};
    const hf_event *ev;
    open_proven(&p, &how);
    assert_true(hf_conn_key_update(p.conn[CLIENT], true));
    assert_true(hf_conn_key_update(p.conn[SERVER], true));
    pair_send(&p, CLIENT, 5000);
    pair_send(&p, SERVER, 5000);
    for (enum side s = CLIENT; s <= SERVER; s++) {
        size_t updates = 0;
        for (size_t i = 0, n = hf_conn_trace(p.conn[s], &ev); i < n; i++)
            updates += ev[i].kind == HF_EV_MESSAGE && ev[i].message == HT_KEY_UPDATE && ev[i].sent;
        assert_in_range(updates, 1, 2);
    }
    pair_close(&p);
}

static void key_update_secrets_change(void **state)
{
    struct pair   p;
    struct secret before[2];
    open_proven(&p, &(struct pair_how){.demand = HF_REQUIRE});
    before[0] = p.conn[CLIENT]->secret_out;
    before[1] = p.conn[SERVER]->secret_out;
    assert_true(hf_conn_key_update(p.conn[CLIENT], true));
    pair_run(&p);
    assert_memory_not_equal(p.conn[CLIENT]->secret_out.b, before[0].b, 32);
    assert_memory_equal(p.conn[SERVER]->secret_in.b, p.conn[CLIENT]->secret_out.b, 32);
    assert_memory_equal(p.conn[SERVER]->secret_out.b, before[1].b, 32); /* the answer comes before the next data */
    pair_send(&p, SERVER, 10);
    assert_memory_not_equal(p.conn[SERVER]->secret_out.b, before[1].b, 32);
    pair_close(&p);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static void half_close(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE};
        open_proven(&p, &how);
        hf_conn_close(p.conn[CLIENT]);
        pair_run(&p);
        assert_true(p.want[SERVER] & HF_CLOSED);
        assert_false(p.want[SERVER] & HF_FAILED);
        assert_int_equal(hf_conn_send(p.conn[CLIENT], "x", 1), 0);
        assert_int_equal(hf_conn_send(p.conn[SERVER], "still", 5), 5); /* 6.1: the other direction goes on */
        hf_conn_close(p.conn[SERVER]);
        pair_run(&p);
        assert_int_equal(p.got[CLIENT].n, 5);
        assert_true(p.want[CLIENT] & HF_CLOSED);
        hf_conn_in_end(p.conn[CLIENT]);
        hf_conn_in_end(p.conn[SERVER]);
        pair_run(&p);
        assert_int_equal(hf_conn_why(p.conn[CLIENT])->check, 0);
        assert_int_equal(hf_conn_why(p.conn[SERVER])->check, 0);
        pair_close(&p);
    }
}

static void truncation(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE};
        open_proven(&p, &how);
        pair_send(&p, CLIENT, 100);
        hf_conn_in_end(p.conn[SERVER]);
        pair_refused(&p, SERVER, END_WITHOUT_CLOSE_NOTIFY, HF_NO_ALERT);
        assert_int_equal(hf_conn_why(p.conn[SERVER])->origin, HF_BY_PEER);
        pair_close(&p);
    }
}

/* The end may come at any byte of the handshake: it is named, with what was awaited. */
static void end_anywhere(void **state)
{
    struct pair     whole;
    struct pair_how how = {.demand = HF_REQUIRE};
    pair_open(&whole, &how);
    whole.keep = true;
    pair_proven(&whole);
    size_t n = whole.carried[CLIENT].n;
    pair_close(&whole);
    for (size_t at = 0; at < n; at += 41) {
        struct pair p;
        size_t      room, left = at;
        pair_open(&p, &how);
        for (int i = 0; i < 8 && left; i++) {
            hf_conn_step(p.conn[CLIENT], MINT_NOW_MS);
            hf_view  out = hf_conn_out(p.conn[CLIENT]);
            uint8_t *in  = hf_conn_in(p.conn[SERVER], &room);
            size_t   k   = out.n < left ? out.n : left;
            if (k) {
                memcpy(in, out.p, k);
                hf_conn_in_done(p.conn[SERVER], k);
                hf_conn_out_done(p.conn[CLIENT], k);
                left -= k;
            }
            hf_conn_step(p.conn[SERVER], MINT_NOW_MS);
            out = hf_conn_out(p.conn[SERVER]);
            in  = hf_conn_in(p.conn[CLIENT], &room);
            if (out.n) {
                memcpy(in, out.p, out.n);
                hf_conn_in_done(p.conn[CLIENT], out.n);
                hf_conn_out_done(p.conn[SERVER], out.n);
            }
        }
        hf_conn_in_end(p.conn[SERVER]);
        assert_true(hf_conn_step(p.conn[SERVER], MINT_NOW_MS) & HF_FAILED);
        assert_int_equal(hf_conn_why(p.conn[SERVER])->check, END_IN_HANDSHAKE);
        pair_close(&p);
    }
}

/* ---- what is held -------------------------------------------------------------------------------------- */

static void idle_is_small(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE};
        open_proven(&p, &how);
        pair_send(&p, CLIENT, 100000);
        pair_send(&p, SERVER, 100000);
        for (enum side s = CLIENT; s <= SERVER; s++) {
            const hf_conn *c = p.conn[s];
            assert_null(c->hs);
            assert_null(c->in.p);
            assert_null(c->out.p);
            assert_null(c->pending.p);
            assert_in_range(c->mem.used, 0, 6 * 1024);
        }
        pair_close(&p);
    }
}

static void nothing_is_allocated_for_records(void **state)
{
    struct pair p;
    open_proven(&p, &(struct pair_how){.demand = HF_REQUIRE});
    pair_send(&p, CLIENT, 20000);
    size_t mallocs = mem_count(), held = p.conn[CLIENT]->mem.n_allocs;
    for (int i = 0; i < 20; i++)
        pair_send(&p, CLIENT, 20000);
    assert_in_range(mem_count() - mallocs, 0, 20 * 8);
    assert_in_range(p.conn[CLIENT]->mem.n_allocs - held, 0, 20 * 4);
    pair_close(&p);
}

/* ---- what is told -------------------------------------------------------------------------------------- */

static void keylogs_agree(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .keylog = true};
        size_t          n   = 0;
        open_proven(&p, &how);
        for (;; n++) {
            const char *a = hf_conn_keylog_line(p.conn[CLIENT]), *b = hf_conn_keylog_line(p.conn[SERVER]);
            assert_int_equal(a == NULL, b == NULL);
            if (!a)
                break;
            assert_string_equal(a, b);
        }
        assert_int_equal(n, v == 0 ? 5 : 1);
        pair_close(&p);
    }
}

/* What one traced as sent the other traced as received, byte for byte and in order. */
static void traces_agree(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .trace = true};
        const hf_event *ev[2];
        open_proven(&p, &how);
        size_t n[2] = {hf_conn_trace(p.conn[CLIENT], &ev[CLIENT]), hf_conn_trace(p.conn[SERVER], &ev[SERVER])};
        for (enum side from = CLIENT; from <= SERVER; from++) {
            size_t k = 0, matched = 0;
            for (size_t i = 0; i < n[from]; i++) {
                const hf_event *e = &ev[from][i];
                if (e->kind != HF_EV_MESSAGE || !e->sent)
                    continue;
                while (k < n[!from] && (ev[!from][k].kind != HF_EV_MESSAGE || ev[!from][k].sent))
                    k++;
                assert_true(k < n[!from]);
                assert_int_equal(ev[!from][k].message, e->message);
                assert_int_equal(ev[!from][k].bytes.n, e->bytes.n);
                assert_memory_equal(ev[!from][k].bytes.p, e->bytes.p, e->bytes.n);
                k++, matched++;
            }
            assert_in_range(matched, 4, 8);
        }
        pair_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(big_data),
        cmocka_unit_test(odd_sizes),
        cmocka_unit_test(back_pressure),
        cmocka_unit_test(data_in_bits),
        cmocka_unit_test(nothing_before_open),
        cmocka_unit_test(data_with_finished),
        cmocka_unit_test(key_updates),
        cmocka_unit_test(key_updates_cross),
        cmocka_unit_test(key_update_secrets_change),
        cmocka_unit_test(half_close),
        cmocka_unit_test(truncation),
        cmocka_unit_test(end_anywhere),
        cmocka_unit_test(idle_is_small),
        cmocka_unit_test(nothing_is_allocated_for_records),
        cmocka_unit_test(keylogs_agree),
        cmocka_unit_test(traces_agree),
    };
    return cmocka_run_group_tests_name("after the handshake", tests, NULL, pair_forget);
}
