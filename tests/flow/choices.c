/* SPDX-License-Identifier: Apache-2.0
 *
 * choices.c - settings that few use: tickets for one use, credentials that know few schemes or must match, much data
 * before any is taken, and everything that a peer can be asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "pair.h"
#include "tls/tickets.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

/* ---- tickets for one use --------------------------------------------------------------------------------- */

static uint8_t *ticket_of(unsigned number)
{
    static uint8_t t[TICKET_MORE + 8];
    memset(t, 0, sizeof t);
    memcpy(t + TICKET_NAME, &number, sizeof number);
    memcpy(t + TICKET_NAME + 8, &number, sizeof number);
    return t;
}

static bool used(hf_tickets *t, unsigned number, int64_t made_ms)
{
    return ticket_use(t, (hf_view){ticket_of(number), TICKET_MORE + 8}, made_ms);
}

static void ticket_once(void **state)
{
    hf_tickets *t = hf_tickets_new(NULL, 0);
    assert_true(used(t, 1, 1000) && used(t, 1, 1000)); /* the default: again and again */
    assert_true(hf_tickets_single_use(t, 64));
    for (unsigned i = 0; i < 32; i++) {
        assert_true(used(t, i, 1000 + i));
        assert_false(used(t, i, 1000 + i));
    }
    assert_true(hf_tickets_single_use(t, 0));
    assert_true(used(t, 1, 1001));
    hf_tickets_free(t);
}

/* When more are used than are remembered, the oldest count as used: never a second use. */
static void tickets_forgotten(void **state)
{
    enum { MANY = 1000 };
    hf_tickets *t = hf_tickets_new(NULL, 0);
    assert_true(hf_tickets_single_use(t, 64));
    for (unsigned i = 0; i < MANY; i++)
        assert_true(used(t, i, 1000 + i));
    for (unsigned i = 0; i < MANY; i++)
        assert_false(used(t, i, 1000 + i));
    assert_false(used(t, MANY, 1000)); /* as old as what was forgotten */
    assert_true(used(t, MANY, 1000 + MANY));
    hf_tickets_free(t);
}

/* ---- the credential's own wishes ------------------------------------------------------------------------- */

static hf_config *with_schemes(const uint16_t *schemes, size_t n, hf_why *why)
{
    const struct minted_pki *pki  = pair_pki(MINT_RSA);
    hf_config               *c    = hf_config_new(HF_SERVER);
    hf_cred                 *cred = mint_cred(pki->server_pem, pki->server_key);
    hf_cred_sigalgs(cred, schemes, n);
    hf_config_trust(c, mint_trust(pki), HF_REQUIRE);
    hf_config_cred(c, cred);
    if (hf_config_seal(c, MINT_NOW_MS, why))
        return c;
    hf_config_free(c);
    return NULL;
}

static void few_schemes(void **state)
{
    static const uint16_t sha512[] = {0x0806}, unknown[] = {0x1234}, many[40] = {0x0806};
    struct pair_how       how = {.demand = HF_REQUIRE, .leaves = MINT_RSA};
    struct pair           p;
    hf_why                why;
    pair_config(&p, &how);
    hf_config_free(p.cfg[SERVER]);
    p.cfg[SERVER] = with_schemes(sha512, 1, &why);
    assert_non_null(p.cfg[SERVER]);
    pair_connect(&p);
    pair_proven(&p);
    assert_int_equal(hf_conn_peer_scheme(p.conn[CLIENT]), 0x0806);
    pair_close(&p);
    assert_null(with_schemes(unknown, 1, &why));
    assert_int_equal(why.check, CRED_SIGALGS);
    assert_null(with_schemes(many, 40, &why));
}

/* ---- much data ------------------------------------------------------------------------------------------- */

/* What is given is taken until some waits; then nothing more, until the peer has had it. */
static void nobody_reads(void **state)
{
    static const uint8_t zero[1 << 16];
    struct pair_how      how   = {.demand = HF_REQUIRE};
    size_t               taken = 0, n;
    struct pair          p;
    pair_open(&p, &how);
    pair_proven(&p);
    while ((n = hf_conn_send(p.conn[CLIENT], zero, sizeof zero)) > 0)
        taken += n;
    assert_in_range(taken, 1, 1 << 16);
    assert_true(hf_conn_key_update(p.conn[CLIENT], true)); /* has room all the same */
    hf_conn_close(p.conn[CLIENT]);
    pair_run(&p);
    assert_int_equal(p.got[SERVER].n, taken);
    pair_close(&p);
}

/* ---- the peer -------------------------------------------------------------------------------------------- */

static void all_of_a_peer(void **state)
{
    struct pair_how how = {.demand = HF_REQUIRE};
    struct pair     p;
    uint8_t         cert[32], spki[32];
    char            name[64];
    pair_open(&p, &how);
    pair_proven(&p);
    const hf_peer *server = hf_conn_peer(p.conn[CLIENT]), *client = hf_conn_peer(p.conn[SERVER]);
    assert_string_equal(hf_peer_subject(client), "CN=alice,O=Test");
    assert_string_equal(hf_peer_issuer(client), "CN=Test intermediate,O=Test");
    hf_peer_sha256(client, cert);
    hf_peer_spki_sha256(client, spki);
    assert_memory_not_equal(cert, spki, sizeof cert);
    assert_int_equal(hf_peer_not_after(client), MINT_NOW_MS / 1000 + 335 * MINT_DAY);
    assert_int_equal(hf_peer_names(client, HF_NAME_MAIL, 0, name, sizeof name), strlen("alice@client.test"));
    assert_string_equal(name, "alice@client.test");
    assert_int_equal(hf_peer_names(client, HF_NAME_MAIL, 1, name, sizeof name), 0);
    assert_int_equal(hf_peer_names(client, HF_NAME_URI, 0, name, sizeof name), 0);
    assert_int_equal(hf_peer_names(client, HF_NAME_CN, 0, name, sizeof name), 5);
    assert_int_equal(hf_peer_names(client, HF_NAME_OU, 0, name, sizeof name), 0);
    hf_peer_names(server, HF_NAME_IP, 0, name, sizeof name);
    assert_string_equal(name, "127.0.0.1");
    hf_peer_names(server, HF_NAME_DNS, 0, name, sizeof name);
    assert_string_equal(name, MINT_HOST);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticket_once),  cmocka_unit_test(tickets_forgotten), cmocka_unit_test(few_schemes),
        cmocka_unit_test(nobody_reads), cmocka_unit_test(all_of_a_peer),
    };
    return cmocka_run_group_tests_name("choices", tests, NULL, pair_forget);
}
