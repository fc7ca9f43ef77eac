/* SPDX-License-Identifier: Apache-2.0
 *
 * oom_crypto.c - libcrypto's memory runs out: its n-th allocation and all after it fail, for every n, while a
 * connection is made. Nobody may be told of a wrong share, signature or record for that. A program of its own:
 * libcrypto takes an allocator only before it has allocated anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "pair.h"
#include "x509/ocsp.h"

#include <openssl/crypto.h>
#include <openssl/ocsp.h> /* behind x509/cert.h: its macros have the names of our key usages */

#include <cmocka.h> /* last: it has a macro that is called fail */

static size_t allocations, fail_from; /* fail_from 0: none fails */

static bool out_of_memory(void)
{
    return ++allocations >= fail_from && fail_from;
}

static void *get(size_t n, const char *file, int line)
{
    return out_of_memory() ? NULL : malloc(n);
}

static void *regrow(void *p, size_t n, const char *file, int line)
{
    return out_of_memory() ? NULL : realloc(p, n);
}

static void give_back(void *p, const char *file, int line)
{
    free(p);
}

static void judge(struct pair *p, size_t n)
{
    for (enum side s = CLIENT; s <= SERVER; s++) {
        const hf_why        *why  = hf_conn_why(p->conn[s]);
        const hf_check_info *info = hf_check_info_of(why->check);
        if (why->check && why->check != ALERT_RECEIVED && strcmp(info->reason, "internal-error") != 0)
            fail_msg("allocation %zu of libcrypto fails: %s", n, info->name);
    }
}

/* The same connection again and again, each time with one allocation more. */
static void run_out(const struct pair_how *how)
{
    struct pair p;
    bool        open = false;
    pair_config(&p, how);
    pair_connect(&p); /* once with enough: what is made once in a program is there */
    assert_true(pair_run(&p));
    pair_disconnect(&p);
    for (size_t n = 1; !open; n++) {
        assert_in_range(n, 1, 2000);
        pair_connect(&p);
        allocations = 0;
        fail_from   = n;
        open        = pair_run(&p);
        fail_from   = 0;
        judge(&p, n);
        pair_disconnect(&p);
    }
    pair_close(&p);
}

static void in_13(void **state)
{
    run_out(&(struct pair_how){.demand = HF_REQUIRE, .cold = true});
}

static void in_12(void **state)
{
    run_out(&(struct pair_how){.version = 0x0303, .demand = HF_REQUIRE, .cold = true});
}

static void with_rsa(void **state)
{
    run_out(&(struct pair_how){.demand = HF_REQUIRE, .cold = true, .leaves = MINT_RSA});
}

static void with_ed25519(void **state)
{
    run_out(&(struct pair_how){.demand = HF_REQUIRE, .cold = true, .leaves = MINT_ED25519});
}

/* ---- revocation ---------------------------------------------------------------------------------------- */

static struct cert parsed(const struct minted *m)
{
    struct cert   c;
    struct report rep;
    report_init(&rep);
    assert_true(cert_parse(&c, (hf_view){m->der, m->der_n}, &rep));
    return c;
}

/* What is said while libcrypto has no memory, and after: nothing of it may be remembered. */
static void says(bool (*check)(struct report *rep, void *ctx), void *ctx, uint16_t without)
{
    struct report rep;
    report_init(&rep);
    fail_from = 1;
    assert_false(check(&rep, ctx));
    fail_from = 0;
    assert_int_equal(rep.why.check, without);
    report_init(&rep);
    assert_true(check(&rep, ctx));
}

struct question {
    struct cert    leaf, ca;
    struct crl_set crls;
    hf_view        response;
};

static bool by_crl(struct report *rep, void *ctx)
{
    struct question *q   = ctx;
    struct crl_how   how = {.set = &q->crls, .now = MINT_NOW_MS / 1000};
    return crl_check(&how, &q->leaf, &q->ca, rep);
}

static void in_crl(void **state)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    struct question          q   = {.leaf = parsed(&pki->client), .ca = parsed(&pki->ca)};
    char                    *crl = mint_crl(&pki->ca, NULL);
    struct mem               m   = {0};
    struct report            rep;
    report_init(&rep);
    assert_true(crl_set_bytes(&q.crls, (hf_view){(const uint8_t *)crl, strlen(crl)}, "ca.crl", &m, &rep));
    says(by_crl, &q, CRL_NO_MEMORY);
    crl_set_free(&q.crls, &m);
    free(crl);
}

static bool by_ocsp(struct report *rep, void *ctx)
{
    struct question *q   = ctx;
    struct ocsp_how  how = {.cert = &q->leaf, .issuer = &q->ca, .now = MINT_NOW_MS / 1000};
    return ocsp_check(&how, q->response, rep);
}

static hf_view good_response(const struct minted_pki *pki)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ASN1_TIME      *now   = ASN1_TIME_set(NULL, MINT_NOW_MS / 1000);
    OCSP_CERTID    *id    = OCSP_cert_to_id(NULL, pki->client.cert, pki->ca.cert);
    unsigned char  *der   = NULL;
    assert_non_null(OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, NULL));
    ASN1_GENERALIZEDTIME *produced = (ASN1_GENERALIZEDTIME *)(uintptr_t)OCSP_resp_get0_produced_at(basic);
    ASN1_GENERALIZEDTIME_set(produced, MINT_NOW_MS / 1000);
    assert_int_equal(OCSP_basic_sign(basic, pki->ca.cert, pki->ca.key, EVP_sha256(), NULL, OCSP_NOTIME), 1);
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int            n = i2d_OCSP_RESPONSE(r, &der);
    assert_true(n > 0);
    OCSP_RESPONSE_free(r);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(now);
    OCSP_BASICRESP_free(basic);
    return (hf_view){der, (size_t)n};
}

static void in_ocsp(void **state)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    struct question          q = {.leaf = parsed(&pki->client), .ca = parsed(&pki->ca), .response = good_response(pki)};
    says(by_ocsp, &q, OCSP_NO_MEMORY);
    OPENSSL_free((void *)(uintptr_t)q.response.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_13),        cmocka_unit_test(in_12),  cmocka_unit_test(with_rsa),
        cmocka_unit_test(with_ed25519), cmocka_unit_test(in_crl), cmocka_unit_test(in_ocsp),
    };
    if (!CRYPTO_set_mem_functions(get, regrow, give_back))
        return 1;
    return cmocka_run_group_tests_name("libcrypto's memory runs out", tests, NULL, pair_forget);
}
