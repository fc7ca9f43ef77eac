/* SPDX-License-Identifier: Apache-2.0
 *
 * states.c - TLS 1.3: every message in every state. A peer that keeps to the protocol sends one message too many,
 * of every type, before each of its own; the engine must refuse it by name, with the right alert, whatever is in
 * it. The peer holds the keys, so the stray message arrives as a whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alert.h"
#include "foe.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

enum { N_TYPES = 256, OPEN = 100 };

static const struct minted_pki *pki;
static struct minted_pki        made;
static hf_tickets              *tickets;
static hf_config               *server_cfg, *client_cfg;
static struct bytes             genuine[N_TYPES]; /* a real body of each type that is sent in a handshake */

struct stray {
    unsigned at; /* before the at-th message of the peer; OPEN: when the handshake is done */
    unsigned n;  /* messages of the peer so far */
    uint8_t  type;
    bool     empty;   /* without a body */
    bool     reached; /* the place */
    bool     sent;
    uint8_t  instead_of; /* the message that was due */
    bool     record;     /* collect genuine bodies */
    bool     resumed;    /* the handshake goes on from a session */
};

/* Types that may come in that place by right: the message itself, and what may stand before it. */
static bool awaited(const struct stray *s, bool engine_serves)
{
    if (s->at == OPEN)
        return s->type == MSG_KEY_UPDATE || (!engine_serves && s->type == MSG_SESSION_TICKET);
    if (!engine_serves && s->instead_of == MSG_CERTIFICATE_REQUEST && s->type == MSG_CERTIFICATE)
        return true;
    return s->type == s->instead_of;
}

/* What is awaited comes without a body only: a second good one would bring the peer out of step. */
static void inject(struct foe *p, struct stray *s)
{
    const struct bytes *body = &genuine[s->type];
    s->reached               = true;
    s->sent                  = s->empty || s->at == OPEN || !awaited(s, !p->server);
    if (!s->sent)
        return;
    foe_stray(p, s->type, s->empty ? NULL : body->p, s->empty ? 0 : body->n);
}

static void on_send(struct foe *p, uint8_t type, struct bytes *m)
{
    struct stray *s = p->ctx;
    if (s->record && genuine[type].n == 0)
        bytes_add(&genuine[type], m->p + 4, m->n - 4);
    if (!s->record && s->n == s->at) {
        s->instead_of = type;
        inject(p, s);
    }
    s->n++;
}

static void judge(const struct foe *p, const struct stray *s, bool engine_serves)
{
    const hf_why *why = hf_conn_why(p->engine);
    if (awaited(s, engine_serves)) {
        assert_true(s->at == OPEN || why->check != 0); /* an empty body is wrong by itself */
        return;
    }
    if (why->check != HF_CHK_MSG_UNEXPECTED || p->alert != UNEXPECTED_MESSAGE)
        fail_msg("message %d instead of %d, at %u: %s, alert %d", s->type, s->instead_of, s->at,
                 hf_check_info_of(why->check)->name, p->alert);
    assert_int_equal(why->message, s->type);
    assert_int_equal(why->got, s->type);
}

static hf_conn *engine_of(bool serves)
{
    return hf_conn_new(serves ? server_cfg : client_cfg, serves ? NULL : MINT_HOST);
}

/* A whole connection, and the session that it leaves: the foe's, and with an engine that is the client the engine's too. */
static void make_session(bool engine_serves, struct foe_session *s, struct bytes *engines)
{
    struct foe p = {.engine = engine_of(engine_serves), .pki = pki, .session = s};
    (engine_serves ? foe_client : foe_server)(&p);
    assert_true(p.done);
    if (engine_serves)
        assert_true(foe_take_ticket(&p, s));
    else
        foe_give_ticket(&p, s);
    hf_view kept = hf_conn_session(p.engine);
    bytes_add(engines, kept.p, kept.n);
    hf_conn_free(p.engine);
    foe_free(&p);
}

static bool run(struct stray *s, bool engine_serves, bool retry)
{
    struct foe_session session = {0};
    struct bytes       engines = {0};
    if (s->resumed)
        make_session(engine_serves, &session, &engines);
    struct foe p = {.engine  = engine_of(engine_serves),
                    .pki     = pki,
                    .retry   = retry,
                    .session = s->resumed ? &session : NULL,
                    .on_send = on_send,
                    .ctx     = s};
    s->n         = 0;
    if (engines.n)
        assert_true(hf_conn_resume(p.engine, bytes_view(&engines)));
    (engine_serves ? foe_client : foe_server)(&p);
    if (s->at == OPEN && p.done)
        inject(&p, s);
    for (size_t left = p.wire.n + 1; left != p.wire.n;) {
        left = p.wire.n;
        foe_read(&p);
    }
    if (s->sent)
        judge(&p, s, engine_serves);
    else
        assert_true(p.done && p.resumed == s->resumed);
    hf_conn_free(p.engine);
    foe_free(&p);
    foe_session_free(&session);
    bytes_free(&engines);
    return s->reached;
}

static const uint8_t types[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,  11,  12,  13,  14,  15, 16,
                                20, 21, 22, 23, 24, 25, 26, 40, 67, 99, 128, 200, 252, 253, 254, 255};

static void every_message(bool engine_serves, bool retry, bool resumed)
{
    size_t states = 0, runs = 0;
    for (unsigned at = 0; at <= OPEN; at = at < 10 ? at + 1 : OPEN) {
        bool reached = false;
        for (size_t i = 0; i < sizeof types; i++)
            for (int empty = 0; empty < 2; empty++) {
                struct stray s = {.at = at, .type = types[i], .empty = empty, .resumed = resumed};
                reached |= run(&s, engine_serves, retry);
                if (!reached)
                    goto next;
                runs++;
            }
    next:
        states += reached;
        if (at == OPEN)
            break;
    }
    print_message("%zu messages in %zu states\n", runs, states);
    assert_in_range(states, resumed ? 3 : 5, 9);
}

static void to_server(void **state)
{
    every_message(true, false, false);
}

static void to_server_with_retry(void **state)
{
    every_message(true, true, false);
}

static void to_client(void **state)
{
    every_message(false, false, false);
}

static void to_client_with_retry(void **state)
{
    every_message(false, true, false);
}

static void to_server_resumed(void **state)
{
    every_message(true, false, true);
    every_message(true, true, true);
}

static void to_client_resumed(void **state)
{
    every_message(false, false, true);
    every_message(false, true, true);
}

static hf_config *config(enum hf_role role)
{
    hf_config *c = hf_config_new(role);
    hf_why     why;
    bool       server = role == HF_SERVER;
    hf_config_trust(c, mint_trust(pki), HF_REQUIRE);
    hf_config_cred(c,
                   server ? mint_cred(pki->server_pem, pki->server_key) : mint_cred(pki->client_pem, pki->client_key));
    hf_config_versions(c, 0x0304, 0x0304);
    hf_config_sessions(c, !server);
    if (server)
        hf_config_tickets(c, tickets, 1, 3600);
    assert_true(hf_config_seal(c, MINT_NOW_MS, &why));
    return c;
}

static int prepare(void **state)
{
    struct stray s = {.record = true, .at = 99};
    made           = mint_pki(MINT_P256);
    pki            = &made;
    tickets        = hf_tickets_new(NULL, 0);
    server_cfg     = config(HF_SERVER);
    client_cfg     = config(HF_CLIENT);
    run(&s, true, false);
    run(&s, false, false);
    bytes_add(&genuine[MSG_KEY_UPDATE], "\0", 1);
    bytes_add(&genuine[MSG_SESSION_TICKET], "\0\0\0\1\0\0\0\1\0\0\1x\0\0", 14);
    return 0;
}

static int forget(void **state)
{
    for (size_t i = 0; i < N_TYPES; i++)
        bytes_free(&genuine[i]);
    hf_config_free(server_cfg);
    hf_config_free(client_cfg);
    hf_tickets_free(tickets);
    mint_pki_free(&made);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_server),         cmocka_unit_test(to_server_with_retry),
        cmocka_unit_test(to_client),         cmocka_unit_test(to_client_with_retry),
        cmocka_unit_test(to_server_resumed), cmocka_unit_test(to_client_resumed),
    };
    return cmocka_run_group_tests_name("every message in every state", tests, prepare, forget);
}
