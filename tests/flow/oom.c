/* SPDX-License-Identifier: Apache-2.0
 *
 * oom.c - memory runs out: the n-th allocation and all after it fail, for every n, while a connection is made
 * and while a config is. Each time it must end in a clean error that says so, and nothing may leak (the leak
 * checker of the sanitizer looks at the end of the program).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pkcs12.h>

#include "base/mem.h"
#include "base/why.h"
#include "pair.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

/* The one that ran out says so; the other was told, or sees nothing. */
static void judge(struct pair *p, size_t n)
{
    unsigned said = 0;
    for (enum side s = CLIENT; s <= SERVER; s++) {
        const hf_why *why = hf_conn_why(p->conn[s]);
        if (!why->check)
            continue;
        const hf_check_info *info = hf_check_info_of(why->check);
        said += strcmp(info->reason, "internal-error") == 0;
        if (strcmp(info->reason, "internal-error") != 0 && why->check != ALERT_RECEIVED)
            fail_msg("allocation %zu fails: %s", n, info->name);
        assert_true(p->want[s] & HF_FAILED);
    }
    if (!said)
        fail_msg("allocation %zu fails and nobody says so", n);
}

/* The same connection again and again, each time with one allocation more. Returns how many it takes. */
static size_t run_out(const struct pair_how *how)
{
    struct pair p;
    bool        whole = false;
    size_t      n = 0, none = 0;
    pair_config(&p, how);
    if (how->sessions) { /* each goes on from the same first one */
        pair_connect(&p);
        pair_proven(&p);
        pair_keep_session(&p);
        pair_disconnect(&p);
    }
    while (!whole) {
        size_t before = mem_count();
        assert_in_range(++n, 1, 2000);
        mem_fail_after(n);
        pair_connect(&p);
        bool made = p.conn[CLIENT] && p.conn[SERVER];
        bool open = made && pair_run(&p);
        mem_fail_after(0);
        whole = mem_count() - before < n;
        if (made && !open)
            judge(&p, n);
        none += !made;
        assert_true(!whole || (open && hf_conn_resumed(p.conn[SERVER]) == how->sessions));
        pair_disconnect(&p);
    }
    assert_true(none > 0);
    pair_close(&p);
    return n;
}

static void in_handshake(void **state)
{
    static const uint16_t versions[] = {0x0304, 0x0303};
    for (size_t v = 0; v < 2; v++) {
        size_t n = run_out(&(struct pair_how){.version = versions[v], .demand = HF_REQUIRE, .cold = true});
        print_message("%zu allocations of both ends in a mutual handshake of version %x\n", n - 1, versions[v]);
        assert_in_range(n, 20, 400);
    }
}

static void resumed(void **state)
{
    static const uint16_t versions[] = {0x0304, 0x0303};
    for (size_t v = 0; v < 2; v++) {
        size_t n = run_out(&(struct pair_how){.version = versions[v], .demand = HF_REQUIRE, .sessions = true});
        print_message("%zu allocations of both ends in a resumed handshake of version %x\n", n - 1, versions[v]);
    }
}

static void in_fragments(void **state)
{
    run_out(&(struct pair_how){.demand = HF_REQUIRE, .chunk = 600, .cold = true});
}

static void with_everything(void **state)
{
    run_out(&(struct pair_how){.demand   = HF_REQUIRE,
                               .trace    = true,
                               .keylog   = true,
                               .external = {true, true},
                               .verdict  = {true, true},
                               .padding  = 256,
                               .groups   = {{0x001d, 0x0017}, {0x0017}},
                               .alpn     = {{"h2"}, {"h2"}},
                               .cold     = true});
}

static void with_everything_in_12(void **state)
{
    run_out(&(struct pair_how){.version  = 0x0303,
                               .demand   = HF_REQUIRE,
                               .trace    = true,
                               .keylog   = true,
                               .external = {true, true},
                               .verdict  = {true, true},
                               .groups   = {{0x001d, 0x0017}, {0x0017}},
                               .alpn     = {{"h2"}, {"h2"}},
                               .crl      = true,
                               .cold     = true});
}

static void compress(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    hf_config_compression(c, true);
}

static void with_compressed_certificates(void **state)
{
    run_out(&(struct pair_how){.demand = HF_REQUIRE, .cold = true, .set = compress});
}

static void with_crls(void **state)
{
    static const enum mint_kind kinds[] = {MINT_RSA, MINT_ED25519, MINT_P384};
    for (size_t i = 0; i < 3; i++)
        run_out(&(struct pair_how){.demand = HF_REQUIRE, .crl = true, .cold = true, .leaves = kinds[i]});
}

static void without_client_certificate(void **state)
{
    run_out(&(struct pair_how){.demand = HF_ASK, .no_cert = true, .cold = true});
    run_out(&(struct pair_how){.version = 0x0303, .demand = HF_DONT_ASK, .cold = true});
}

/* ---- configs -------------------------------------------------------------------------------------------- */

struct files {
    char       *crl; /* PEM */
    const char *p12; /* the name of a PKCS#12 file with chain and key */
};

static bool try_config(const struct minted_pki *pki, const struct files *f, enum hf_role role, hf_why *why)
{
    static const char *const names[] = {"h2", "http/1.1"};
    hf_config               *c       = hf_config_new(role);
    hf_trust                *t       = hf_trust_new();
    bool                     ok      = false;
    memset(why, 0, sizeof *why);
    if (c && t) {
        hf_trust_anchor_bytes(t, pki->root_pem, strlen(pki->root_pem), "root.pem");
        hf_trust_crl_bytes(t, f->crl, strlen(f->crl), "ca.crl");
        hf_trust_crl_policy(t, (hf_view){0}, HF_CRL_WHEN_PRESENT);
        hf_config_trust(c, t, HF_REQUIRE);
        t = NULL;
        if (role == HF_SERVER)
            hf_config_cred(c, mint_cred(pki->server_pem, pki->server_key));
        hf_config_cred_files(c, f->p12, NULL);
        hf_config_alpn(c, names, 2);
        ok = hf_config_seal(c, MINT_NOW_MS, why);
    }
    hf_trust_free(t);
    hf_config_free(c);
    return ok;
}

static const char *p12_of(const struct minted_pki *pki, const struct minted *leaf)
{
    static char name[512];
    STACK_OF(X509) *rest = sk_X509_new_null();
    sk_X509_push(rest, pki->ca.cert);
    PKCS12 *p = PKCS12_create("", "us", leaf->key, leaf->cert, rest, 0, 0, 1, 1, 0);
    snprintf(name, sizeof name, "%s", mint_file(""));
    FILE *out = fopen(name, "wb");
    assert_true(p && out && i2d_PKCS12_fp(out, p) == 1 && fclose(out) == 0);
    PKCS12_free(p);
    sk_X509_free(rest);
    return name;
}

static void config_runs_out(const struct minted_pki *pki, const struct files *f, enum hf_role role)
{
    bool whole = false;
    for (size_t n = 1; !whole; n++) {
        hf_why why;
        size_t before = mem_count();
        assert_in_range(n, 1, 2000);
        mem_fail_after(n);
        bool ok = try_config(pki, f, role, &why);
        mem_fail_after(0);
        whole = mem_count() - before < n;
        if (whole && !ok)
            hf_why_print(&why, stderr);
        assert_true(ok || !whole);
        if (!ok && why.check && strcmp(hf_check_info_of(why.check)->reason, "internal-error") != 0)
            fail_msg("allocation %zu fails: %s", n, hf_check_info_of(why.check)->name);
    }
}

static void in_config(void **state)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    struct files             f   = {.crl = mint_crl(&pki->ca, NULL)};
    f.p12                        = p12_of(pki, &pki->server);
    config_runs_out(pki, &f, HF_SERVER);
    f.p12 = p12_of(pki, &pki->client);
    config_runs_out(pki, &f, HF_CLIENT);
    free(f.crl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_handshake),
        cmocka_unit_test(resumed),
        cmocka_unit_test(in_fragments),
        cmocka_unit_test(with_everything),
        cmocka_unit_test(with_everything_in_12),
        cmocka_unit_test(with_compressed_certificates),
        cmocka_unit_test(with_crls),
        cmocka_unit_test(without_client_certificate),
        cmocka_unit_test(in_config),
    };
    return cmocka_run_group_tests_name("memory runs out", tests, NULL, pair_forget);
}
