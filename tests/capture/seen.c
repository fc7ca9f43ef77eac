/* SPDX-License-Identifier: Apache-2.0
 *
 * seen.c - our own handshakes watched from outside: with the key log every message is seen as the client saw it, without it
 * only what is not under protection; packets in any order; the streams cut at every length and changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "pair.h"
#include "prog/watch.h"
#include "tls/codes.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const struct tcp_end ends[2] = {{{10, 0, 0, 1}, 4, 40000}, {{10, 0, 0, 2}, 4, 443}};

/* ---- a connection and its key log ---------------------------------------------------------------------- */

struct made {
    struct pair pair;
    const char *keys; /* a file */
};

static void make(struct made *m, const struct pair_how *how)
{
    static char text[16384];
    const char *line;
    size_t      n = 0;
    pair_open(&m->pair, how);
    m->pair.keep = true;
    assert_true(pair_run(&m->pair));
    pair_send(&m->pair, CLIENT, 3000);
    pair_send(&m->pair, SERVER, 5000);
    n += (size_t)snprintf(text, sizeof text, "# a comment\nSOMETHING_ELSE 00 00\n");
    while ((line = hf_conn_keylog_line(m->pair.conn[CLIENT])))
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", line);
    m->keys = mint_file(text);
}

/* What one side has sent, in segments of this size, every second pair of them swapped. */
static void feed(struct tcp_table *t, int from, hf_view v, size_t piece)
{
    for (size_t i = 0; i * piece < v.n; i++) {
        size_t k = i ^ 1, at = k * piece < v.n ? k * piece : i * piece, n = v.n - at < piece ? v.n - at : piece;
        tcp_add(t, &(struct tcp_segment){.from  = ends[from],
                                         .to    = ends[1 - from],
                                         .seq   = 1000 + (uint32_t)at,
                                         .flags = TCP_ACK,
                                         .data  = {v.p + at, n},
                                         .len   = (uint32_t)n,
                                         .at_us = (int64_t)t->order});
    }
}

static void look_at(struct watched *w, struct tcp_table *t, hf_view client, hf_view server, const struct keyfile *k,
                    bool server_first)
{
    tcp_open(t, NULL);
    for (int i = 0; i < 2; i++) { /* SYN and its answer */
        tcp_add(t, &(struct tcp_segment){
                       .from = ends[i], .to = ends[1 - i], .seq = 999, .flags = i ? TCP_SYN | TCP_ACK : TCP_SYN});
    }
    feed(t, server_first, server_first ? server : client, 100);
    feed(t, !server_first, server_first ? client : server, 100);
    assert_int_equal(t->n, 1);
    watch(w, t->conn[0], k);
}

static size_t count(const struct watched *w, enum seen_kind kind, int by_client)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += w->seen[i].kind == kind && (by_client < 0 || w->seen[i].by_client == by_client);
    return n;
}

/* The k-th message of this side. */
static const struct seen *nth(const struct watched *w, bool by_client, size_t k)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->seen[i].kind == SEEN_MESSAGE && w->seen[i].by_client == by_client && k-- == 0)
            return &w->seen[i];
    fail_msg("a message is missing");
    return NULL;
}

/* Every message of the client's trace, byte for byte, and under protection where it was. */
static void same_messages(const struct watched *w, const hf_conn *client)
{
    const hf_event *ev;
    size_t          n = hf_conn_trace(client, &ev), k[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        if (ev[i].kind != HF_EV_MESSAGE || ev[i].message == HT_CHANGE_CIPHER_SPEC)
            continue;
        const struct seen *s = nth(w, ev[i].sent, k[ev[i].sent]++);
        assert_int_equal(s->type, ev[i].message);
        assert_int_equal(s->sealed, ev[i].sealed);
        assert_int_equal(s->bytes.n, ev[i].bytes.n);
        assert_memory_equal(s->bytes.p, ev[i].bytes.p, ev[i].bytes.n);
    }
    assert_int_equal(count(w, SEEN_MESSAGE, 1), k[1]);
    assert_int_equal(count(w, SEEN_MESSAGE, 0), k[0]);
}

static size_t content(const struct watched *w, bool by_client)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->seen[i].kind == SEEN_DATA && w->seen[i].by_client == by_client)
            n += w->seen[i].n;
    return n;
}

/* ---- with and without keys ----------------------------------------------------------------------------- */

static void with_keys(const struct pair_how *how)
{
    struct made      m;
    struct tcp_table t;
    struct watched   w;
    struct keyfile   k;
    struct report    rep;
    report_init(&rep);
    make(&m, how);
    assert_true(keyfile_read(&k, m.keys, &rep));
    for (int server_first = 0; server_first < 2; server_first++) {
        look_at(&w, &t, bytes_view(&m.pair.carried[CLIENT]), bytes_view(&m.pair.carried[SERVER]), &k, server_first);
        assert_true(w.tls);
        assert_false(w.swapped);
        assert_int_equal(w.version, how->version);
        same_messages(&w, m.pair.conn[CLIENT]);
        assert_int_equal(count(&w, SEEN_SEALED, -1), 0);
        assert_int_equal(w.sealed, SEALED_NOT);
        assert_int_equal(content(&w, true), 3000);
        assert_int_equal(content(&w, false), 5000);
        watch_free(&w);
        tcp_close(&t);
    }
    keyfile_free(&k);
    pair_close(&m.pair);
}

static const uint16_t versions[] = {TLS13, TLS12};

static void the_key_log_opens_everything(void **state)
{
    static const uint16_t suites[2][3] = {{0x1301, 0x1302, 0x1303}, {0xc02b, 0xc02c, 0xcca9}};
    for (int v = 0; v < 2; v++)
        for (int s = 0; s < 3; s++)
            with_keys(&(struct pair_how){.version = versions[v],
                                         .demand  = HF_REQUIRE,
                                         .trace   = true,
                                         .keylog  = true,
                                         .suites  = {{suites[v][s]}, {suites[v][s]}}});
}

static void a_retry_is_seen(void **state)
{
    with_keys(&(struct pair_how){
        .version = TLS13, .demand = HF_REQUIRE, .trace = true, .keylog = true, .groups = {{0x001d, 0x0018}, {0x0018}}});
}

static void without_keys_what_is_sealed_stays_so(void **state)
{
    for (int v = 0; v < 2; v++) {
        struct made      m;
        struct tcp_table t;
        struct watched   w;
        make(&m, &(struct pair_how){.version = versions[v], .demand = HF_REQUIRE, .trace = true, .keylog = true});
        look_at(&w, &t, bytes_view(&m.pair.carried[CLIENT]), bytes_view(&m.pair.carried[SERVER]), NULL, false);
        assert_int_equal(w.version, versions[v]);
        assert_int_equal(w.sealed, SEALED_NO_KEYFILE);
        assert_true(count(&w, SEEN_SEALED, 1) > 0 && count(&w, SEEN_SEALED, 0) > 0);
        assert_int_equal(count(&w, SEEN_DATA, -1), 0);
        assert_int_equal(count(&w, SEEN_MESSAGE, 1), v == 0 ? 1 : 4); /* hello; certificate, key exchange, proof */
        assert_int_equal(count(&w, SEEN_MESSAGE, 0), v == 0 ? 1 : 5);
        watch_free(&w);
        tcp_close(&t);
        pair_close(&m.pair);
    }
}

static void keys_of_another_connection_open_nothing(void **state)
{
    struct made      a, b;
    struct tcp_table t;
    struct watched   w;
    struct keyfile   k;
    struct report    rep;
    report_init(&rep);
    struct pair_how how = {.version = TLS13, .demand = HF_REQUIRE, .trace = true, .keylog = true};
    make(&a, &how);
    make(&b, &how);
    assert_true(keyfile_read(&k, b.keys, &rep));
    look_at(&w, &t, bytes_view(&a.pair.carried[CLIENT]), bytes_view(&a.pair.carried[SERVER]), &k, false);
    assert_int_equal(w.sealed, SEALED_NOT_LOGGED);
    watch_free(&w);
    tcp_close(&t);
    keyfile_free(&k);
    pair_close(&a.pair);
    pair_close(&b.pair);
}

static void wrong_secrets_are_said_to_misfit(void **state)
{
    struct made      m;
    struct tcp_table t;
    struct watched   w;
    struct keyfile   k;
    struct report    rep;
    report_init(&rep);
    make(&m, &(struct pair_how){.version = TLS13, .demand = HF_REQUIRE, .trace = true, .keylog = true});
    assert_true(keyfile_read(&k, m.keys, &rep));
    for (size_t i = 0; i < k.n; i++)
        k.line[i].secret.b[0] ^= 1;
    look_at(&w, &t, bytes_view(&m.pair.carried[CLIENT]), bytes_view(&m.pair.carried[SERVER]), &k, false);
    assert_int_equal(w.sealed, SEALED_MISFIT);
    assert_int_equal(count(&w, SEEN_DATA, -1), 0);
    watch_free(&w);
    tcp_close(&t);
    keyfile_free(&k);
    pair_close(&m.pair);
}

/* ---- what goes before, what is missing ----------------------------------------------------------------- */

static void greetings_before_tls_are_told(void **state)
{
    struct made      m;
    struct tcp_table t;
    struct watched   w;
    struct bytes     c = {0}, s = {0};
    make(&m, &(struct pair_how){.version = TLS13, .demand = HF_REQUIRE, .trace = true, .keylog = true});
    bytes_add(&c, "EHLO me\r\nSTARTTLS\r\n", 19);
    bytes_add(&s, "220 mail.test\r\n220 go\r\n", 23);
    bytes_add(&c, m.pair.carried[CLIENT].p, m.pair.carried[CLIENT].n);
    bytes_add(&s, m.pair.carried[SERVER].p, m.pair.carried[SERVER].n);
    look_at(&w, &t, bytes_view(&c), bytes_view(&s), NULL, true);
    assert_true(w.tls);
    assert_int_equal(w.seen[0].kind, SEEN_CLEAR);
    assert_false(w.seen[0].by_client);
    assert_int_equal(w.seen[0].n, 23);
    assert_int_equal(w.seen[1].kind, SEEN_CLEAR);
    assert_int_equal(w.seen[1].n, 19);
    assert_int_equal(w.version, TLS13);
    watch_free(&w);
    tcp_close(&t);
    look_at(&w, &t, (hf_view){(const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18},
            (hf_view){(const uint8_t *)"HTTP/1.1 200 OK\r\n", 17}, NULL, false);
    assert_false(w.tls);
    assert_int_equal(w.n, 2);
    watch_free(&w);
    tcp_close(&t);
    bytes_free(&c);
    bytes_free(&s);
    pair_close(&m.pair);
}

/* Every length of the server's stream; every byte of both changed: it ends, and says something. */
static void cut_and_changed_streams_are_survived(void **state)
{
    for (int v = 0; v < 2; v++) {
        struct made    m;
        struct keyfile k;
        struct report  rep;
        report_init(&rep);
        make(&m, &(struct pair_how){.version = versions[v], .demand = HF_REQUIRE, .trace = true, .keylog = true});
        assert_true(keyfile_read(&k, m.keys, &rep));
        hf_view  c = bytes_view(&m.pair.carried[CLIENT]), s = bytes_view(&m.pair.carried[SERVER]);
        uint8_t *change[2] = {m.pair.carried[CLIENT].p, m.pair.carried[SERVER].p};
        size_t   n[2]      = {c.n, s.n};
        for (size_t i = 0; i < n[0] + n[1]; i += 3) {
            struct tcp_table t;
            struct watched   w;
            uint8_t         *at = i < n[0] ? change[0] + i : change[1] + (i - n[0]);
            *at ^= (uint8_t)(1 + i);
            look_at(&w, &t, c, s, &k, false);
            watch_free(&w);
            tcp_close(&t);
            *at ^= (uint8_t)(1 + i);
            if (i < s.n) {
                look_at(&w, &t, c, (hf_view){s.p, i}, &k, true);
                watch_free(&w);
                tcp_close(&t);
            }
        }
        keyfile_free(&k);
        pair_close(&m.pair);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_log_opens_everything),
        cmocka_unit_test(a_retry_is_seen),
        cmocka_unit_test(without_keys_what_is_sealed_stays_so),
        cmocka_unit_test(keys_of_another_connection_open_nothing),
        cmocka_unit_test(wrong_secrets_are_said_to_misfit),
        cmocka_unit_test(greetings_before_tls_are_told),
        cmocka_unit_test(cut_and_changed_streams_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, pair_forget);
}
