/* SPDX-License-Identifier: Apache-2.0
 *
 * psk.c - external pre-shared keys, both ends ours: alone, beside certificates, and where they must not stand in place
 * of a certificate. Against another implementation: tests/bogo.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "pair.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static hf_view text(const char *s)
{
    return (hf_view){(const uint8_t *)s, strlen(s)};
}

struct side_how {
    enum hf_demand demand;
    const char    *key, *identity, *context; /* key NULL: none */
    unsigned       hash_bits;
    bool           no_cred, old;
    uint16_t       suite;
};
#define KEY "0123456789abcdef0123456789abcdef"

static hf_config *psk_config(enum side side, const struct side_how *how, uint16_t check)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    hf_config               *c   = hf_config_new(side == CLIENT ? HF_CLIENT : HF_SERVER);
    hf_why                   why;
    if (how->demand != HF_DONT_ASK)
        hf_config_trust(c, mint_trust(pki), how->demand);
    else
        hf_config_trust(c, NULL, how->demand);
    if (!how->no_cred)
        hf_config_cred(c, side == CLIENT ? mint_cred(pki->client_pem, pki->client_key)
                                         : mint_cred(pki->server_pem, pki->server_key));
    hf_config_versions(c, how->old ? 0x0303 : 0x0304, 0x0304);
    if (how->suite)
        hf_config_suites(c, &how->suite, 1);
    hf_config_sessions(c, side == CLIENT);
    if (how->key)
        hf_config_psk(c, text(how->identity ? how->identity : "device 7"), text(how->context ? how->context : ""),
                      text(how->key), how->hash_bits ? how->hash_bits : 256);
    hf_config_seal(c, MINT_NOW_MS, &why);
    if (why.check != check)
        hf_why_print(&why, stderr);
    assert_int_equal(why.check, check);
    return c;
}

static void join(struct pair *p, const struct side_how *client, const struct side_how *server)
{
    static const struct pair_how how = {0};
    *p                               = (struct pair){.how = &how, .pki = pair_pki(MINT_P256)};
    p->cfg[CLIENT]                   = psk_config(CLIENT, client, CHECK_NONE);
    p->cfg[SERVER]                   = psk_config(SERVER, server, CHECK_NONE);
    pair_connect(p);
}

static void by_key(struct pair *p)
{
    assert_true(pair_run(p));
    for (enum side s = CLIENT; s <= SERVER; s++) {
        hf_view id = hf_conn_psk(p->conn[s]);
        assert_int_equal(id.n, 8);
        assert_memory_equal(id.p, "device 7", 8);
        assert_null(hf_conn_peer(p->conn[s]));
        assert_false(hf_conn_resumed(p->conn[s]));
    }
    pair_send(p, CLIENT, 100);
    pair_send(p, SERVER, 100);
    assert_int_equal(hf_conn_session(p->conn[CLIENT]).n, 0);
    pair_close(p);
}

static void by_certificate(struct pair *p)
{
    assert_true(pair_run(p));
    assert_int_equal(hf_conn_psk(p->conn[CLIENT]).n, 0);
    assert_int_equal(hf_conn_psk(p->conn[SERVER]).n, 0);
    assert_non_null(hf_conn_peer(p->conn[CLIENT]));
    pair_close(p);
}

static void key_alone(void **state)
{
    static const uint16_t suites[] = {0x1301, 0x1302, 0x1303};
    for (size_t i = 0; i < 3; i++)
        for (unsigned bits = 256; bits <= 384; bits += 128) {
            struct pair     p;
            struct side_how side = {.key = KEY, .hash_bits = bits, .no_cred = true, .suite = suites[i]};
            join(&p, &side, &side);
            by_key(&p);
        }
}

static void key_or_certificate(void **state)
{
    struct pair     p;
    struct side_how key         = {.demand = HF_ASK, .key = KEY, .old = true};
    struct side_how other       = {.demand = HF_ASK, .key = KEY, .identity = "device 8", .old = true},
                    none        = {.demand = HF_ASK};
    struct side_how none_client = {.demand = HF_REQUIRE}; /* a client of certificates only */
    join(&p, &key, &key);
    by_key(&p);
    join(&p, &key, &other);
    by_certificate(&p);
    join(&p, &key, &none);
    by_certificate(&p);
    join(&p, &none_client, &key);
    by_certificate(&p);
}

static void keys_that_differ(void **state)
{
    struct pair     p;
    struct side_how one = {.key = KEY, .no_cred = true};
    struct side_how key = one, identity = one, context = one, hash = one;
    key.key           = "0123456789abcdef0123456789abcdeX";
    identity.identity = "device 8";
    context.context   = "another use";
    hash.hash_bits    = 384;
    join(&p, &one, &key);
    pair_refused(&p, SERVER, PSK_BINDER, DECRYPT_ERROR);
    pair_close(&p);
    join(&p, &one, &hash);
    pair_refused(&p, SERVER, PSK_BINDER, DECRYPT_ERROR);
    pair_close(&p);
    join(&p, &one, &identity);
    pair_refused(&p, SERVER, CH_NO_PSK, HANDSHAKE_FAILURE);
    pair_close(&p);
    join(&p, &one, &context);
    pair_refused(&p, SERVER, CH_NO_PSK, HANDSHAKE_FAILURE);
    pair_close(&p);
    struct side_how certificates = {0};
    join(&p, &one, &certificates); /* the server answers with a certificate, and nobody said that one would do */
    pair_refused(&p, CLIENT, SH_NO_PSK, HF_NO_ALERT);
    pair_close(&p);
}

/* "Required" means a certificate, on both sides, and is never met by a key. */
static void required_is_required(void **state)
{
    for (enum side s = CLIENT; s <= SERVER; s++)
        hf_config_free(psk_config(s, &(struct side_how){.demand = HF_REQUIRE, .key = KEY}, CONFIG_PSK_DEMAND));
    hf_config_free(psk_config(CLIENT, &(struct side_how){.key = KEY, .old = true}, CONFIG_PSK_VERSIONS));
    hf_config_free(psk_config(CLIENT, &(struct side_how){.demand = HF_ASK, .key = "short"}, CONFIG_PSK));
    hf_config_free(psk_config(SERVER, &(struct side_how){.demand = HF_ASK, .key = KEY, .identity = ""}, CONFIG_PSK));
    hf_config_free(psk_config(SERVER, &(struct side_how){.demand = HF_ASK, .key = KEY, .hash_bits = 512}, CONFIG_PSK));
    struct pair     p; /* a server that demands a certificate takes no key, whatever is offered */
    struct side_how key = {.demand = HF_ASK, .key = KEY, .no_cred = true}, demands = {.demand = HF_REQUIRE};
    join(&p, &key, &demands);
    pair_refused(&p, SERVER, CERT_NONE_FROM_CLIENT, CERTIFICATE_REQUIRED);
    pair_close(&p);
}

static void judged_again(void **state)
{
    struct pair     p;
    struct side_how key = {.key = KEY, .no_cred = true}, other = {.key = KEY "x", .no_cred = true};
    hf_why          why;
    join(&p, &key, &key);
    assert_true(pair_run(&p));
    hf_config *same = psk_config(SERVER, &key, CHECK_NONE), *changed = psk_config(SERVER, &other, CHECK_NONE);
    assert_true(hf_conn_judge(p.conn[SERVER], same, MINT_NOW_MS, &why));
    assert_false(hf_conn_judge(p.conn[SERVER], changed, MINT_NOW_MS, &why));
    assert_int_equal(why.check, JUDGE_NO_PSK);
    hf_config_free(same);
    hf_config_free(changed);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_alone),        cmocka_unit_test(key_or_certificate),
        cmocka_unit_test(keys_that_differ), cmocka_unit_test(required_is_required),
        cmocka_unit_test(judged_again),
    };
    return cmocka_run_group_tests_name("external pre-shared keys", tests, NULL, pair_forget);
}
