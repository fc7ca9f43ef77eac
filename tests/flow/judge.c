/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.c - open connections judged again: what was fine when they opened expires, is revoked, loses its anchor or
 * its pin; and nothing else is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/why.h"
#include "pair.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const uint16_t versions[] = {0x0304, 0x0303};

static hf_config *judge_config(enum hf_role role, hf_trust *take, enum hf_demand demand, unsigned strict)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    hf_config               *c   = hf_config_new(role);
    hf_why                   why;
    hf_config_trust(c, take, demand);
    hf_config_strict(c, strict);
    if (role == HF_SERVER)
        hf_config_cred(c, mint_cred(pki->server_pem, pki->server_key));
    if (!hf_config_seal(c, MINT_NOW_MS, &why))
        hf_why_print(&why, stderr);
    assert_int_equal(why.check, CHECK_NONE);
    return c;
}

/* The other side's view of one connection, judged under a new trust at a time. */
static void judged_strictly(struct pair *p, enum side by, hf_trust *take, unsigned strict, int64_t days, uint16_t check)
{
    hf_why     why;
    hf_config *under = judge_config(by == CLIENT ? HF_CLIENT : HF_SERVER, take, HF_REQUIRE, strict);
    bool       fine  = hf_conn_judge(p->conn[by], under, MINT_NOW_MS + days * MINT_DAY * 1000, &why);
    if (why.check != check)
        hf_why_print(&why, stderr);
    assert_int_equal(why.check, check);
    assert_int_equal(fine, check == CHECK_NONE);
    hf_config_free(under);
}

static void judged(struct pair *p, enum side by, hf_trust *take, int64_t days, uint16_t check)
{
    judged_strictly(p, by, take, 0, days, check);
}

static hf_trust *with_crl(const struct minted_pki *pki, const struct minted *revoked)
{
    hf_trust *t   = mint_trust(pki);
    char     *crl = mint_crl(&pki->ca, revoked), *root = mint_crl(&pki->root, NULL);
    assert_true(hf_trust_crl_bytes(t, crl, strlen(crl), "ca.crl"));
    assert_true(hf_trust_crl_bytes(t, root, strlen(root), "root.crl"));
    free(crl);
    free(root);
    return t;
}

static hf_trust *strangers(void)
{
    struct minted root = mint(&(struct mint){.cn = "Strange root", .ca = true});
    char         *pem  = mint_pem((const struct minted *[]){&root, NULL});
    hf_trust     *t    = hf_trust_new();
    assert_true(hf_trust_anchor_bytes(t, pem, strlen(pem), "strange.pem"));
    free(pem);
    mint_free(&root);
    return t;
}

static hf_trust *pinned(const struct minted *leaf)
{
    char     *pem = mint_pem((const struct minted *[]){leaf, NULL});
    hf_trust *t   = hf_trust_new();
    assert_true(hf_trust_pin_file(t, mint_file(pem)));
    free(pem);
    return t;
}

static void each_cause(void **state)
{
    struct pair p;
    for (size_t v = 0; v < 2; v++)
        for (enum side by = CLIENT; by <= SERVER; by++) {
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE};
            pair_open(&p, &how);
            pair_proven(&p);
            const struct minted *peer = by == CLIENT ? &p.pki->server : &p.pki->client;
            const struct minted *self = by == CLIENT ? &p.pki->client : &p.pki->server;
            judged(&p, by, mint_trust(p.pki), 0, CHECK_NONE);
            judged(&p, by, mint_trust(p.pki), 334, CHECK_NONE);
            judged(&p, by, mint_trust(p.pki), 336, CERT_EXPIRED);
            judged(&p, by, with_crl(p.pki, self), 0, CHECK_NONE);
            judged(&p, by, with_crl(p.pki, peer), 0, REVOKED);
            judged(&p, by, strangers(), 0, ISSUER_UNKNOWN);
            judged(&p, by, pinned(peer), 0, CHECK_NONE);
            judged(&p, by, pinned(self), 0, ISSUER_UNKNOWN);
            pair_send(&p, CLIENT, 10); /* judging changes nothing about the connection itself */
            pair_send(&p, SERVER, 10);
            pair_close(&p);
        }
}

static hf_trust *intermediate_only(const struct minted_pki *pki)
{
    char     *pem = mint_pem((const struct minted *[]){&pki->ca, NULL});
    hf_trust *t   = hf_trust_new();
    assert_true(hf_trust_anchor_bytes(t, pem, strlen(pem), "ca.pem"));
    free(pem);
    return t;
}

/* What a config demands beyond RFC 5280 (hf_config_strict). */
static void strict_ones(void **state)
{
    struct pair p;
    for (enum side by = CLIENT; by <= SERVER; by++) {
        struct pair_how how = {.demand = HF_REQUIRE};
        pair_open(&p, &how);
        pair_proven(&p);
        judged_strictly(&p, by, intermediate_only(p.pki), 0, 0, CHECK_NONE);
        judged_strictly(&p, by, intermediate_only(p.pki), HF_STRICT_ROOTS, 0, ANCHOR_NOT_ROOT);
        judged_strictly(&p, by, mint_trust(p.pki), HF_STRICT_ROOTS | HF_STRICT_EKU, 0, CHECK_NONE);
        pair_close(&p);
    }
}

/* Whose certificate was not asked for, or was not given, is refused only where one is demanded. */
static void without_certificate(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t asked = 0; asked < 2; asked++) {
            struct pair     p;
            hf_why          why;
            struct pair_how how = {.version = versions[v], .demand = asked ? HF_ASK : HF_DONT_ASK, .no_cert = asked};
            pair_open(&p, &how);
            pair_proven(&p);
            judged(&p, SERVER, mint_trust(p.pki), 0, JUDGE_NO_PEER);
            assert_true(hf_conn_judge(p.conn[SERVER], p.cfg[SERVER], MINT_NOW_MS, &why));
            assert_int_equal(why.check, CHECK_NONE);
            pair_close(&p);
        }
}

/* The memory that judging takes is given back, and too little of it is a refusal with that cause. */
static void memory(void **state)
{
    struct pair     p;
    struct pair_how how = {.demand = HF_REQUIRE};
    hf_why          why;
    pair_open(&p, &how);
    pair_proven(&p);
    mem_fail_after(1);
    assert_false(hf_conn_judge(p.conn[SERVER], p.cfg[SERVER], MINT_NOW_MS, &why));
    mem_fail_after(0);
    assert_string_equal(hf_check_info_of(why.check)->reason, "internal-error");
    assert_true(hf_conn_judge(p.conn[SERVER], p.cfg[SERVER], MINT_NOW_MS, NULL));
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cause),
        cmocka_unit_test(strict_ones),
        cmocka_unit_test(without_certificate),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests_name("connections judged again", tests, NULL, pair_forget);
}
