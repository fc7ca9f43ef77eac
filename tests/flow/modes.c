/* SPDX-License-Identifier: Apache-2.0
 *
 * modes.c - full handshakes in every mode, both ends ours, bytes whole and one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "crypto/crypto.h"
#include "pair.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static void complete(const struct pair_how *how)
{
    struct pair p;
    pair_open(&p, how);
    pair_proven(&p);
    pair_send(&p, CLIENT, 1000);
    pair_send(&p, SERVER, 1000);
    pair_close(&p);
}

static const uint16_t versions[] = {0x0304, 0x0303};

static void demands(void **state)
{
    static const enum hf_demand all[] = {HF_DONT_ASK, HF_ASK, HF_REQUIRE};
    for (size_t v = 0; v < 2; v++)
        for (size_t d = 0; d < 3; d++)
            complete(&(struct pair_how){.version = versions[v], .demand = all[d]});
    for (size_t v = 0; v < 2; v++)
        complete(&(struct pair_how){.version = versions[v], .demand = HF_ASK, .no_cert = true});
}

static void required_and_missing(void **state)
{
    struct pair p;
    pair_open(&p, &(struct pair_how){.demand = HF_REQUIRE, .no_cert = true});
    pair_refused(&p, SERVER, CERT_NONE_FROM_CLIENT, CERTIFICATE_REQUIRED);
    assert_null(hf_conn_peer(p.conn[SERVER]));
    pair_close(&p);
    pair_open(&p, &(struct pair_how){.version = 0x0303, .demand = HF_REQUIRE, .no_cert = true});
    pair_refused(&p, SERVER, CERT12_NONE_FROM_CLIENT, HANDSHAKE_FAILURE);
    pair_close(&p);
}

static void key_kinds(void **state)
{
    static const uint16_t scheme[] = {0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0809};
    for (enum mint_kind k = MINT_P256; k <= MINT_RSA_PSS; k++) {
        struct pair     p;
        struct pair_how how = {.demand = HF_REQUIRE, .leaves = k};
        pair_open(&p, &how);
        pair_proven(&p);
        assert_int_equal(hf_conn_peer_scheme(p.conn[CLIENT]), scheme[k]);
        assert_int_equal(hf_conn_peer_scheme(p.conn[SERVER]), scheme[k]);
        pair_close(&p);
    }
}

static void key_kinds_12(void **state)
{
    for (enum mint_kind k = MINT_P256; k <= MINT_RSA; k++)
        complete(&(struct pair_how){.version = 0x0303, .demand = HF_REQUIRE, .leaves = k});
}

/* In TLS 1.2 the client's list is that of certificates too (RFC 8422 5.1): P-256 stands in it beside. */
static void groups(void **state)
{
    static const uint16_t all[] = {0x001d, 0x0017, 0x0018, 0x0019, 0x11ec};
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
            if (!kx_known(all[i]) || (v == 1 && all[i] == 0x11ec))
                continue;
            complete(&(struct pair_how){
                .version = versions[v], .demand = HF_REQUIRE, .groups = {{all[i], 0x0017}, {all[i]}}});
        }
}

/* The client's first share is for a group that the server does not have: HelloRetryRequest. */
static void retries(void **state)
{
    struct pair     p;
    struct pair_how how = {.demand = HF_REQUIRE, .groups = {{0x001d, 0x0017, 0x0018}, {0x0018, 0x0017}}, .trace = true};
    const hf_event *ev;
    size_t          hellos = 0;
    pair_open(&p, &how);
    pair_proven(&p);
    assert_int_equal(hf_conn_group(p.conn[CLIENT]), 0x0018);
    for (size_t i = 0, n = hf_conn_trace(p.conn[SERVER], &ev); i < n; i++)
        hellos += ev[i].kind == HF_EV_MESSAGE && ev[i].message == 1;
    assert_int_equal(hellos, 2);
    pair_close(&p);
    how.chunk = 1;
    complete(&how);
}

static void no_common_group(void **state)
{
    struct pair p;
    pair_open(&p, &(struct pair_how){.groups = {{0x001d}, {0x0017}}});
    pair_refused(&p, SERVER, CH_NO_COMMON_GROUP, HANDSHAKE_FAILURE);
    pair_close(&p);
}

static void suites(void **state)
{
    static const uint16_t all13[] = {0x1301, 0x1302, 0x1303}, all12[] = {0xc02b, 0xc02c, 0xcca9};
    for (size_t i = 0; i < 3; i++) {
        complete(&(struct pair_how){.demand = HF_REQUIRE, .suites = {{all13[i]}, {all13[i]}}});
        complete(&(struct pair_how){.version = 0x0303, .demand = HF_REQUIRE, .suites = {{all12[i]}, {all12[i]}}});
    }
    static const uint16_t rsa[] = {0xc02f, 0xc030, 0xcca8};
    for (size_t i = 0; i < 3; i++)
        complete(&(struct pair_how){.version = 0x0303, .leaves = MINT_RSA, .suites = {{rsa[i]}, {rsa[i]}}});
}

static void no_common_suite(void **state)
{
    struct pair p;
    pair_open(&p, &(struct pair_how){.suites = {{0x1301}, {0x1303}}});
    pair_refused(&p, SERVER, CH_NO_COMMON_SUITE, HANDSHAKE_FAILURE);
    pair_close(&p);
}

static void chunks(void **state)
{
    static const size_t all[] = {1, 2, 3, 5, 17, 64, 999, 4096};
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            complete(&(struct pair_how){.version = versions[v], .demand = HF_REQUIRE, .chunk = all[i]});
}

static void alpn(void **state)
{
    struct pair     p;
    struct pair_how how = {.alpn = {{"h2", "http/1.1"}, {"http/1.1", "h2"}}};
    for (size_t v = 0; v < 2; v++) {
        how.version = versions[v];
        pair_open(&p, &how);
        pair_proven(&p);
        assert_string_equal(hf_conn_alpn(p.conn[CLIENT]), "http/1.1"); /* the server's preference */
        assert_string_equal(hf_conn_alpn(p.conn[SERVER]), "http/1.1");
        pair_close(&p);
        struct pair_how none = {.version = versions[v], .alpn = {{"h2"}, {"http/1.1"}}};
        pair_open(&p, &none);
        pair_refused(&p, SERVER, CH_NO_COMMON_ALPN, NO_APPLICATION_PROTOCOL);
        pair_close(&p);
    }
}

static void host_names(void **state)
{
    struct pair p;
    complete(&(struct pair_how){.host = "127.0.0.1"});
    pair_open(&p, &(struct pair_how){.host = "other.test"});
    pair_refused(&p, CLIENT, NAME_MISMATCH, BAD_CERTIFICATE);
    assert_string_equal(hf_conn_server_name(p.conn[SERVER]), "other.test");
    pair_close(&p);
    pair_open(&p, &(struct pair_how){.host = MINT_HOST});
    pair_proven(&p);
    assert_string_equal(hf_conn_server_name(p.conn[SERVER]), MINT_HOST);
    pair_close(&p);
}

/* Padding must not change what arrives, and every sealed record has a padded size. */
static void padding(void **state)
{
    static const unsigned all[] = {1, 2, 64, 255, 4096};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct pair     p;
        struct pair_how how = {.demand = HF_REQUIRE, .padding = all[i]};
        pair_open(&p, &how);
        pair_proven(&p);
        p.keep = true;
        pair_send(&p, CLIENT, 1);
        size_t wire = p.carried[CLIENT].n;
        assert_int_equal((wire - 5 - 16) % all[i], 0);
        pair_send(&p, CLIENT, 16384);
        pair_send(&p, SERVER, 40000);
        pair_close(&p);
    }
}

/* ---- credentials by name -------------------------------------------------------------------------------- */

static hf_config *server_of_names(const struct minted_pki *pki, const struct minted *other)
{
    hf_config *c     = hf_config_new(HF_SERVER);
    char      *chain = mint_pem((const struct minted *[]){other, &pki->ca, NULL}), *key = mint_key_pem(other);
    hf_why     why;
    hf_config_cred(c, mint_cred(pki->server_pem, pki->server_key));
    hf_config_cred(c, mint_cred(chain, key));
    assert_true(hf_config_seal(c, MINT_NOW_MS, &why));
    free(chain);
    free(key);
    return c;
}

static void ask_for(struct pair *p, const char *host, const struct minted *want)
{
    p->conn[CLIENT] = hf_conn_new(p->cfg[CLIENT], host);
    p->conn[SERVER] = hf_conn_new(p->cfg[SERVER], NULL);
    assert_true(pair_run(p));
    hf_view leaf = hf_peer_leaf(hf_conn_peer(p->conn[CLIENT]));
    assert_memory_equal(leaf.p, want->der, want->der_n);
    pair_disconnect(p);
}

static void credential_by_name(void **state)
{
    struct pair     p;
    struct pair_how how = {0};
    pair_config(&p, &how);
    struct minted other = mint(&(struct mint){
        .cn = "other", .issuer = &p.pki->ca, .eku = "serverAuth", .san = "DNS:other.test,DNS:*.wild.test"});
    hf_config_free(p.cfg[SERVER]);
    p.cfg[SERVER] = server_of_names(p.pki, &other);
    ask_for(&p, MINT_HOST, &p.pki->server);
    ask_for(&p, "other.test", &other);
    ask_for(&p, "a.wild.test", &other);
    pair_close(&p);
    mint_free(&other);
}

/* ---- the client's choice --------------------------------------------------------------------------------- */

static const hf_finding *offer_of(struct pair *p, size_t i, size_t n)
{
    const hf_finding *offers;
    assert_int_equal(hf_conn_offers(p->conn[CLIENT], &offers), n);
    return &offers[i];
}

static void add_cred(hf_config *c, const struct minted *leaf, const struct minted *ca)
{
    char *chain = mint_pem((const struct minted *[]){leaf, ca, NULL}), *key = mint_key_pem(leaf);
    hf_config_cred(c, mint_cred(chain, key));
    free(chain);
    free(key);
}

/* Two credentials: one of a stranger's CA, one that the server's CA names fit. */
static void credential_by_hint(void **state)
{
    struct pair       p;
    struct pair_how   how     = {.demand = HF_REQUIRE};
    struct minted_pki strange = mint_pki(MINT_P256);
    hf_why            why;
    pair_config(&p, &how);
    hf_config_free(p.cfg[CLIENT]);
    struct minted root = mint(&(struct mint){.cn = "Strange root", .ca = true});
    struct minted leaf = mint(&(struct mint){.cn = "mallory", .issuer = &root, .eku = "clientAuth"});
    p.cfg[CLIENT]      = hf_config_new(HF_CLIENT);
    hf_config_trust(p.cfg[CLIENT], mint_trust(p.pki), HF_REQUIRE);
    add_cred(p.cfg[CLIENT], &leaf, &root);
    hf_config_cred(p.cfg[CLIENT], mint_cred(p.pki->client_pem, p.pki->client_key));
    assert_true(hf_config_seal(p.cfg[CLIENT], MINT_NOW_MS, &why));
    pair_connect(&p);
    pair_proven(&p);
    assert_int_equal(offer_of(&p, 0, 2)->check, OFFER_CA_NAMES);
    assert_int_equal(offer_of(&p, 1, 2)->check, OFFER_CHOSEN);
    pair_close(&p);
    mint_pki_free(&strange);
    mint_free(&leaf);
    mint_free(&root);
}

/* ---- strangers ------------------------------------------------------------------------------------------- */

static void stranger_refused(void **state)
{
    struct pair       p;
    struct pair_how   how     = {.demand = HF_REQUIRE};
    struct minted_pki strange = {.root = mint(&(struct mint){.cn = "Strange root", .ca = true})};
    strange.client            = mint(&(struct mint){.cn = "mallory", .issuer = &strange.root, .eku = "clientAuth"});
    hf_why  why;
    hf_view claimed[4];
    pair_config(&p, &how);
    hf_config_free(p.cfg[CLIENT]);
    hf_trust *silent = mint_trust(p.pki);
    hf_trust_hints(silent, HF_HINTS_EMPTY, NULL, 0); /* without hints the client offers what it has */
    hf_config_free(p.cfg[SERVER]);
    p.cfg[SERVER] = hf_config_new(HF_SERVER);
    hf_config_trust(p.cfg[SERVER], silent, HF_REQUIRE);
    hf_config_cred(p.cfg[SERVER], mint_cred(p.pki->server_pem, p.pki->server_key));
    assert_true(hf_config_seal(p.cfg[SERVER], MINT_NOW_MS, &why));
    p.cfg[CLIENT] = hf_config_new(HF_CLIENT);
    hf_config_trust(p.cfg[CLIENT], mint_trust(p.pki), HF_REQUIRE);
    add_cred(p.cfg[CLIENT], &strange.client, &strange.root);
    assert_true(hf_config_seal(p.cfg[CLIENT], MINT_NOW_MS, &why));
    pair_connect(&p);
    pair_refused(&p, SERVER, ISSUER_UNKNOWN, UNKNOWN_CA);
    assert_null(hf_conn_peer(p.conn[SERVER]));
    assert_int_equal(hf_conn_claimed(p.conn[SERVER], claimed, 4), 2); /* kept as a claim, for the log */
    assert_memory_equal(claimed[0].p, strange.client.der, strange.client.der_n);
    pair_close(&p);
    mint_free(&strange.client);
    mint_free(&strange.root);
}

/* ---- waiting states --------------------------------------------------------------------------------------- */

static void external_signatures(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t chunk = 0; chunk < 2; chunk++) {
            struct pair     p;
            struct pair_how how = {
                .version = versions[v], .demand = HF_REQUIRE, .external = {true, true}, .chunk = chunk};
            pair_open(&p, &how);
            pair_proven(&p);
            assert_int_equal(p.signatures[CLIENT], 1);
            assert_int_equal(p.signatures[SERVER], 1);
            pair_close(&p);
        }
}

static void signer_refuses(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (enum side s = CLIENT; s <= SERVER; s++) {
            struct pair     p;
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE};
            how.external[s] = how.wont_sign[s] = true;
            pair_open(&p, &how);
            pair_refused(&p, s, SIGN_FAILED, INTERNAL_ERROR);
            assert_non_null(strstr(hf_conn_why(p.conn[s])->text, "outside"));
            pair_close(&p);
        }
}

static void verdicts(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .verdict = {true, true}};
        pair_open(&p, &how);
        pair_proven(&p);
        assert_int_equal(p.verdicts[CLIENT], 1);
        assert_int_equal(p.verdicts[SERVER], 1);
        pair_close(&p);
        for (enum side s = CLIENT; s <= SERVER; s++) {
            struct pair_how no = {.version = versions[v], .demand = HF_REQUIRE};
            no.verdict[s] = no.deny[s] = true;
            pair_open(&p, &no);
            pair_refused(&p, s, VERDICT_DENIED, ACCESS_DENIED);
            assert_non_null(strstr(hf_conn_why(p.conn[s])->text, "because the test says so"));
            pair_close(&p);
        }
    }
}

/* A no on an open connection ends it with the alert of the check; a yes changes nothing, and neither does a second no. */
static void turned_out_later(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (enum side s = CLIENT; s <= SERVER; s++) {
            struct pair     p;
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE};
            pair_open(&p, &how);
            pair_proven(&p);
            hf_conn_verdict(p.conn[s], true, 0, NULL);
            pair_send(&p, CLIENT, 10);
            hf_conn_verdict(p.conn[s], false, HF_CHK_CERT_EXPIRED, "its time is over");
            hf_conn_verdict(p.conn[s], false, 0, "again");
            pair_refused(&p, s, CERT_EXPIRED, CERTIFICATE_EXPIRED);
            assert_string_equal(hf_conn_why(p.conn[s])->text, "its time is over");
            pair_close(&p);
        }
}

static void name_is_not_looked_for(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    if (side == CLIENT)
        hf_config_name_by_verdict(c, true);
}

static void name_by_verdict(void **state)
{
    struct pair     p;
    struct pair_how how = {.host = "other.test", .verdict = {true, false}, .set = name_is_not_looked_for};
    hf_config      *c   = hf_config_new(HF_CLIENT);
    hf_why          why;
    pair_open(&p, &how);
    pair_proven(&p);
    assert_int_equal(p.verdicts[CLIENT], 1);
    assert_string_equal(hf_conn_server_name(p.conn[SERVER]), "other.test");
    assert_true(hf_conn_judge(p.conn[CLIENT], p.cfg[CLIENT], MINT_NOW_MS, NULL));
    hf_config_trust(c, mint_trust(p.pki), HF_REQUIRE);
    hf_config_name_by_verdict(c, true);
    assert_false(hf_config_seal(c, MINT_NOW_MS, &why)); /* somebody has to say who it is */
    assert_int_equal(why.check, CONFIG_NAME_UNASKED);
    hf_config_free(c);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demands),
        cmocka_unit_test(required_and_missing),
        cmocka_unit_test(key_kinds),
        cmocka_unit_test(key_kinds_12),
        cmocka_unit_test(groups),
        cmocka_unit_test(retries),
        cmocka_unit_test(no_common_group),
        cmocka_unit_test(suites),
        cmocka_unit_test(no_common_suite),
        cmocka_unit_test(chunks),
        cmocka_unit_test(alpn),
        cmocka_unit_test(host_names),
        cmocka_unit_test(padding),
        cmocka_unit_test(credential_by_name),
        cmocka_unit_test(credential_by_hint),
        cmocka_unit_test(stranger_refused),
        cmocka_unit_test(external_signatures),
        cmocka_unit_test(signer_refuses),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(turned_out_later),
        cmocka_unit_test(name_by_verdict),
    };
    return cmocka_run_group_tests_name("handshakes in every mode", tests, NULL, pair_forget);
}
