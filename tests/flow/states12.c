/* SPDX-License-Identifier: Apache-2.0
 *
 * states12.c - TLS 1.2: every message in every state that is reached in plaintext. Two engines talk; in between,
 * each handshake message is carried in a record of its own, and before one of them a stray message is slipped in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alert.h"
#include "pair.h"
#include "tls/codes.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

struct between {
    struct pair  pair;
    enum side    to; /* who gets the stray message */
    unsigned     at; /* before the at-th message to that side */
    uint8_t      type;
    unsigned     n; /* messages carried to that side so far */
    bool         sent;
    uint8_t      due;       /* the message that was due */
    bool         sealed[2]; /* from this side: its ChangeCipherSpec has passed */
    struct bytes wire[2];   /* from this side, not carried yet */
};

static void give(struct between *b, enum side to, uint8_t record, const void *body, size_t n)
{
    size_t   room;
    hf_conn *c  = b->pair.conn[to];
    uint8_t *in = hf_conn_in(c, &room);
    if (!in || room < 5 + n)
        return; /* it has failed */
    const uint8_t head[] = {record, 3, 3, (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(in, head, 5);
    memcpy(in + 5, body, n);
    hf_conn_in_done(c, 5 + n);
    hf_conn_step(c, MINT_NOW_MS);
}

static void before(struct between *b, enum side to, uint8_t due)
{
    if (to != b->to || b->n++ != b->at)
        return;
    const uint8_t stray[] = {b->type, 0, 0, 0};
    b->sent               = true;
    b->due                = due;
    give(b, to, CT_HANDSHAKE, stray, sizeof stray);
}

/* One whole record at the start of the wire, in plaintext message by message. */
static bool carry_record(struct between *b, enum side from)
{
    struct bytes *w = &b->wire[from];
    if (w->n < 5)
        return false;
    size_t  n    = (size_t)(w->p[3] << 8 | w->p[4]);
    uint8_t type = w->p[0];
    assert_true(w->n >= 5 + n);
    if (type == CT_HANDSHAKE && !b->sealed[from]) {
        for (size_t at = 5; at < 5 + n;) {
            size_t m = 4 + ((size_t)w->p[at + 1] << 16 | (size_t)w->p[at + 2] << 8 | w->p[at + 3]);
            before(b, !from, w->p[at]);
            give(b, !from, type, w->p + at, m);
            at += m;
        }
    } else {
        if (type == CT_CHANGE_CIPHER_SPEC) {
            before(b, !from, HT_CHANGE_CIPHER_SPEC);
            b->sealed[from] = true;
        }
        give(b, !from, type, w->p + 5, n);
    }
    bytes_cut(w, 0, 5 + n);
    return true;
}

static void carry_all(struct between *b)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (enum side s = CLIENT; s <= SERVER; s++) {
            b->pair.want[s] = hf_conn_step(b->pair.conn[s], MINT_NOW_MS);
            hf_view out     = hf_conn_out(b->pair.conn[s]);
            bytes_add(&b->wire[s], out.p, out.n);
            hf_conn_out_done(b->pair.conn[s], out.n);
            while (carry_record(b, s))
                moved = true;
        }
    }
}

static bool awaited(const struct between *b)
{
    if (b->due == HT_CERTIFICATE_REQUEST && b->type == HT_SERVER_HELLO_DONE)
        return true;
    if (b->due == HT_CERTIFICATE_STATUS && b->type == HT_SERVER_KEY_EXCHANGE)
        return true;
    return b->type == b->due && b->due != HT_CHANGE_CIPHER_SPEC;
}

static void judge(struct between *b)
{
    const hf_why *why = hf_conn_why(b->pair.conn[b->to]), *told = hf_conn_why(b->pair.conn[!b->to]);
    if (awaited(b)) {
        assert_int_not_equal(why->check, 0); /* an empty body is wrong by itself */
        return;
    }
    if (why->check != HF_CHK_MSG_UNEXPECTED)
        fail_msg("message %d instead of %d, at %u: %s", b->type, b->due, b->at, hf_check_info_of(why->check)->name);
    assert_int_equal(why->message, b->type);
    assert_int_equal(told->check, HF_CHK_ALERT_RECEIVED);
    assert_int_equal(told->alert, UNEXPECTED_MESSAGE);
}

/* The server has an OCSP response to send, so that CertificateStatus has its state. */
static void stapled(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    size_t   n;
    uint8_t *der = mint_ocsp(&p->pki->server, &p->pki->ca, &p->pki->ca, MINT_GOOD, -60, 3600, &n);
    if (side == SERVER)
        assert_true(hf_cred_staple_bytes(cred, der, n, "staple.der"));
    OPENSSL_free(der);
}

static bool run(enum side to, unsigned at, uint8_t type, bool resumed)
{
    static const struct pair_how how[] = {{.version = 0x0303, .demand = HF_REQUIRE, .set = stapled},
                                          {.version = 0x0303, .demand = HF_REQUIRE, .sessions = true}};
    struct between               b     = {.to = to, .at = at, .type = type};
    pair_config(&b.pair, &how[resumed]);
    pair_connect(&b.pair);
    if (resumed) {
        pair_proven(&b.pair);
        pair_keep_session(&b.pair);
        pair_disconnect(&b.pair);
        pair_connect(&b.pair);
    }
    carry_all(&b);
    if (b.sent)
        judge(&b);
    else
        assert_true(b.pair.want[CLIENT] & b.pair.want[SERVER] & HF_OPEN);
    pair_close(&b.pair);
    bytes_free(&b.wire[0]);
    bytes_free(&b.wire[1]);
    return b.sent;
}

static void every_message(enum side to, bool resumed)
{
    static const uint8_t types[] = {0,  1,  2,  3,  4,  5,  8,  11, 12,  13,  14,  15,
                                    16, 20, 21, 22, 23, 24, 67, 99, 252, 253, 254, 255};
    unsigned             at      = 0;
    for (bool reached = true; reached; at++)
        for (size_t i = 0; i < sizeof types && reached; i++)
            reached = run(to, at, types[i], resumed);
    print_message("%zu types in %u states\n", sizeof types, at - 1);
    assert_in_range(at - 1, resumed ? 2 : 5, 9);
}

static void to_server(void **state)
{
    every_message(SERVER, false);
}

static void to_server_resumed(void **state)
{
    every_message(SERVER, true);
}

static void to_client_resumed(void **state)
{
    every_message(CLIENT, true);
}

static void to_client(void **state)
{
    every_message(CLIENT, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_server),
        cmocka_unit_test(to_client),
        cmocka_unit_test(to_server_resumed),
        cmocka_unit_test(to_client_resumed),
    };
    return cmocka_run_group_tests_name("every message in every state, TLS 1.2", tests, NULL, pair_forget);
}
