/* SPDX-License-Identifier: Apache-2.0
 * tickets.c - the keys of session tickets: given and renewed ones, and tickets that may be used once. */
#include "unit.h"

#include <string.h>

#include "tls/config.h"
#include "tls/tickets.h"

enum { LIFE_S = 7200, ROOM = 256 };
static const char inside[] = "what is inside";
#define START 1790000000000LL

static hf_view sealed(hf_tickets *t, int64_t now_ms, uint8_t room[ROOM])
{
    struct wr w = wr_fixed(room, ROOM);
    assert_true(ticket_seal(t, &rnd_libcrypto, now_ms, LIFE_S, (hf_view){(const uint8_t *)inside, sizeof inside}, &w));
    assert_int_equal(w.n, sizeof inside + TICKET_MORE);
    return wr_done(&w);
}

static bool opens(hf_tickets *t, hf_view ticket, bool *newest)
{
    uint8_t out[ROOM] = {0};
    bool    ok        = ticket_open(t, ticket, out, newest);
    if (ok)
        assert_string_equal((char *)out, inside);
    return ok;
}

static void given_keys(void **state)
{
    uint8_t keys[2 * TICKET_KEY], swapped[2 * TICKET_KEY], room[ROOM];
    bool    newest;
    memset(keys, 1, TICKET_KEY);
    memset(keys + TICKET_KEY, 2, TICKET_KEY);
    memcpy(swapped, keys + TICKET_KEY, TICKET_KEY);
    memcpy(swapped + TICKET_KEY, keys, TICKET_KEY);
    hf_tickets *both = hf_tickets_new(keys, sizeof keys), *other = hf_tickets_new(swapped, sizeof swapped);
    hf_tickets *old = hf_tickets_new(keys, TICKET_KEY), *stranger = hf_tickets_new(NULL, 0);
    hf_view     ticket = sealed(both, START, room);
    assert_true(opens(both, ticket, &newest) && newest);
    assert_true(opens(old, ticket, &newest) && newest);
    assert_true(opens(other, ticket, &newest) && !newest);
    assert_false(opens(stranger, ticket, &newest));
    ticket = sealed(both, START + 100LL * LIFE_S * 1000, room); /* given keys are never renewed */
    assert_true(opens(old, ticket, &newest) && newest);
    hf_tickets_free(both);
    hf_tickets_free(other);
    hf_tickets_free(old);
    hf_tickets_free(stranger);
}

static void every_byte_counts(void **state)
{
    hf_tickets *t = hf_tickets_new(NULL, 0);
    uint8_t     room[ROOM];
    bool        newest;
    hf_view     ticket = sealed(t, START, room);
    for (size_t i = 0; i < ticket.n; i++) {
        room[i] ^= 1;
        assert_false(opens(t, ticket, &newest));
        room[i] ^= 1;
        assert_false(opens(t, (hf_view){ticket.p, i}, &newest));
    }
    assert_true(opens(t, ticket, &newest));
    hf_tickets_free(t);
}

/* The key that seals is renewed after half a ticket's life, and opens until its tickets are dead. */
static void renewed(void **state)
{
    hf_tickets *t = hf_tickets_new(NULL, 0);
    uint8_t     first[ROOM], room[ROOM];
    bool        newest;
    hf_view     old  = sealed(t, START, first);
    int64_t     half = LIFE_S * 1000 / 2;
    sealed(t, START + half - 1, room);
    assert_true(opens(t, old, &newest) && newest);
    sealed(t, START + half, room);
    assert_true(opens(t, old, &newest) && !newest);
    for (int i = 2; i <= 4; i++)
        sealed(t, START + i * half, room);
    assert_true(opens(t, old, &newest));
    sealed(t, START + 6 * half, room);
    assert_false(opens(t, old, &newest)); /* three lives later it is forgotten */
    assert_true(opens(t, sealed(t, START + 6 * half, room), &newest) && newest);
    hf_tickets_free(t);
}

static void wrong_keys(void **state)
{
    static const uint8_t bytes[TICKET_KEY * (TICKET_KEYS_MAX + 1)] = {0};
    static const size_t  wrong[] = {0, 1, TICKET_KEY - 1, TICKET_KEY + 1, sizeof bytes};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        hf_tickets *t = hf_tickets_new(bytes, wrong[i]);
        hf_config  *c = hf_config_new(HF_SERVER);
        assert_int_equal(tickets_why(t)->check, TICKET_KEYS_SIZE);
        hf_config_tickets(c, t, 1, LIFE_S);
        hf_config_free(c);
        hf_tickets_free(t);
    }
    hf_tickets *t = hf_tickets_new(bytes, TICKET_KEY * TICKET_KEYS_MAX);
    assert_int_equal(tickets_why(t)->check, CHECK_NONE);
    hf_tickets_free(t);
}

/* A ticket counts once. When the memory is full, old ones count as used: never twice, whatever is forgotten. */
static void single_use(void **state)
{
    enum { N = 500 };
    static uint8_t room[N][ROOM];
    hf_tickets    *t = hf_tickets_new(NULL, 0);
    hf_view        ticket[N];
    size_t         taken = 0;
    for (size_t i = 0; i < N; i++)
        ticket[i] = sealed(t, START, room[i]);
    assert_true(ticket_use(t, ticket[0], START) && ticket_use(t, ticket[0], START)); /* not asked for */
    assert_true(hf_tickets_single_use(t, 64));
    for (size_t i = 0; i < N; i++)
        taken += ticket_use(t, ticket[i], START + (int64_t)i);
    assert_in_range(taken, 64, N); /* newer ones are taken all the same */
    assert_true(ticket_use(t, sealed(t, START, room[0]), START + N + 1));
    for (size_t i = 1; i < N; i++)
        assert_false(ticket_use(t, ticket[i], START + (int64_t)i));
    hf_tickets_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_keys), cmocka_unit_test(every_byte_counts), cmocka_unit_test(renewed),
        cmocka_unit_test(wrong_keys), cmocka_unit_test(single_use),
    };
    return cmocka_run_group_tests_name("tickets", tests, NULL, NULL);
}
