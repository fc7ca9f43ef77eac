/* SPDX-License-Identifier: Apache-2.0
 *
 * staple.c - OCSP responses in the handshake, both ends ours: carried, judged, demanded, and our own ones refused
 * before anybody sees them. The responses are made by libcrypto alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "pair.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const uint16_t versions[] = {0x0304, 0x0303};

/* Leaves right below the root: the chain that is sent does not hold the issuer, so that the seal cannot judge. */
static struct minted_pki flat(const char *feature)
{
    struct minted_pki p = {.root = mint(&(struct mint){.cn = "Flat root", .ca = true})};
    p.server            = mint(&(struct mint){
                   .cn = "server", .issuer = &p.root, .eku = "serverAuth", .feature = feature, .san = "DNS:" MINT_HOST});
    p.client            = mint(&(struct mint){
                   .cn = "alice", .issuer = &p.root, .eku = "clientAuth", .feature = feature, .san = "email:alice@client.test"});
    p.root_pem          = mint_pem((const struct minted *[]){&p.root, NULL});
    p.server_pem        = mint_pem((const struct minted *[]){&p.server, NULL});
    p.client_pem        = mint_pem((const struct minted *[]){&p.client, NULL});
    p.server_key        = mint_key_pem(&p.server);
    p.client_key        = mint_key_pem(&p.client);
    return p;
}

/* ---- the setting ----------------------------------------------------------------------------------------- */

struct setting {
    uint8_t       *staple[2]; /* of each side; NULL: none */
    size_t         n[2];
    enum hf_demand demand[2];
};

static void set(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    const struct setting *s = p->how->ctx;
    if (s->staple[side] && cred)
        assert_true(hf_cred_staple_bytes(cred, s->staple[side], s->n[side], "staple.der"));
    hf_config_staple(c, s->demand[side]);
}

static const struct minted *issuer_of(const struct minted_pki *pki)
{
    return pki->ca.cert ? &pki->ca : &pki->root;
}

/* Both sides have a response of this kind, signed by the issuer unless another signer is named. */
static struct setting stapled(const struct minted_pki *pki, int status, long from, long to, const struct minted *signer)
{
    struct setting       s  = {.demand = {HF_ASK, HF_ASK}};
    const struct minted *by = signer ? signer : issuer_of(pki);
    s.staple[CLIENT]        = mint_ocsp(&pki->client, issuer_of(pki), by, status, from, to, &s.n[CLIENT]);
    s.staple[SERVER]        = mint_ocsp(&pki->server, issuer_of(pki), by, status, from, to, &s.n[SERVER]);
    return s;
}

static void forget_setting(struct setting *s)
{
    OPENSSL_free(s->staple[CLIENT]);
    OPENSSL_free(s->staple[SERVER]);
}

static void came(const struct pair *p, enum side to, const struct setting *s, bool expected)
{
    hf_view v = hf_conn_staple(p->conn[to]);
    assert_int_equal(v.n, expected ? s->n[!to] : 0);
    if (expected)
        assert_memory_equal(v.p, s->staple[!to], v.n);
}

static bool found(const hf_conn *c, uint16_t check, uint8_t state)
{
    const hf_finding *f;
    size_t            n = hf_conn_findings(c, &f);
    for (size_t i = 0; i < n; i++)
        if (f[i].check == check && f[i].state == state)
            return true;
    return false;
}

/* ---- carried --------------------------------------------------------------------------------------------- */

static void carried(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t chunk = 0; chunk < 2; chunk++) {
            struct setting  s   = stapled(pair_pki(MINT_P256), MINT_GOOD, -60, 3600, NULL);
            struct pair_how how = {.version = versions[v],
                                   .demand  = HF_REQUIRE,
                                   .set     = set,
                                   .ctx     = &s,
                                   .trace   = true,
                                   .chunk   = chunk ? 1 : 0};
            struct pair     p;
            pair_open(&p, &how);
            pair_proven(&p);
            came(&p, CLIENT, &s, true);
            came(&p, SERVER, &s, v == 0); /* a client of TLS 1.2 cannot send one */
            assert_true(found(p.conn[CLIENT], OCSP_UNKNOWN, HF_PASS));
            assert_int_equal(found(p.conn[SERVER], OCSP_UNKNOWN, HF_PASS), v == 0);
            pair_close(&p);
            forget_setting(&s);
        }
}

static void not_asked(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct setting s = stapled(pair_pki(MINT_P256), MINT_GOOD, -60, 3600, NULL);
        s.demand[CLIENT] = s.demand[SERVER] = HF_DONT_ASK;
        struct pair_how how                 = {.version = versions[v], .demand = HF_REQUIRE, .set = set, .ctx = &s};
        struct pair     p;
        pair_open(&p, &how);
        pair_proven(&p);
        came(&p, CLIENT, &s, false);
        came(&p, SERVER, &s, false);
        pair_close(&p);
        forget_setting(&s);
    }
}

/* Yesterday's response is not sent, and nobody who does not insist minds. */
static void out_of_date(void **state)
{
    struct setting s = stapled(pair_pki(MINT_P256), MINT_GOOD, -7200, -3600, NULL);
    for (size_t v = 0; v < 2; v++) {
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .set = set, .ctx = &s};
        struct pair     p;
        pair_open(&p, &how);
        pair_proven(&p);
        came(&p, CLIENT, &s, false);
        came(&p, SERVER, &s, false);
        pair_close(&p);
    }
    forget_setting(&s);
}

/* ---- judged ---------------------------------------------------------------------------------------------- */

/* Only this side has the response; the other refuses it. */
static void refused(const struct minted_pki *pki, const struct setting *both, enum side stapler, uint16_t version,
                    uint16_t check, uint8_t alert)
{
    struct setting one  = {.demand = {HF_ASK, HF_ASK}};
    one.staple[stapler] = both->staple[stapler];
    one.n[stapler]      = both->n[stapler];
    struct pair_how how = {.version = version, .demand = HF_REQUIRE, .set = set, .ctx = &one, .pki = pki};
    struct pair     p;
    pair_open(&p, &how);
    pair_refused(&p, !stapler, check, alert);
    assert_null(hf_conn_peer(p.conn[!stapler]));
    came(&p, !stapler, &one, true);
    pair_close(&p);
}

static void bad_ones(void **state)
{
    struct minted_pki pki     = flat(NULL);
    struct minted     foe     = mint(&(struct mint){.cn = "Flat root", .ca = true}); /* the right name, another key */
    struct setting    revoked = stapled(&pki, MINT_REVOKED, -60, 3600, NULL);
    struct setting    unknown = stapled(&pki, MINT_UNKNOWN, -60, 3600, NULL);
    struct setting    forged  = stapled(&pki, MINT_GOOD, -60, 3600, &foe);
    for (enum side by = CLIENT; by <= SERVER; by++) {
        refused(&pki, &revoked, by, 0x0304, OCSP_REVOKED, CERTIFICATE_REVOKED);
        refused(&pki, &unknown, by, 0x0304, OCSP_UNKNOWN, BAD_CERTIFICATE_STATUS_RESPONSE);
        refused(&pki, &forged, by, 0x0304, OCSP_RESPONDER_ISSUER, BAD_CERTIFICATE_STATUS_RESPONSE);
    }
    refused(&pki, &revoked, SERVER, 0x0303, OCSP_REVOKED, CERTIFICATE_REVOKED);
    refused(&pki, &forged, SERVER, 0x0303, OCSP_RESPONDER_ISSUER, BAD_CERTIFICATE_STATUS_RESPONSE);
    forget_setting(&revoked);
    forget_setting(&unknown);
    forget_setting(&forged);
    mint_free(&foe);
    mint_pki_free(&pki);
}

/* A certificate that demands a response with every handshake (RFC 7633). */
static void must_staple(void **state)
{
    struct minted_pki pki  = flat("status_request");
    struct setting    good = stapled(&pki, MINT_GOOD, -60, 3600, NULL), none = {.demand = {HF_ASK, HF_ASK}};
    struct setting    half = none;
    struct pair       p;
    half.staple[SERVER] = good.staple[SERVER];
    half.n[SERVER]      = good.n[SERVER];
    for (size_t v = 0; v < 2; v++) {
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .set = set, .ctx = &good, .pki = &pki};
        pair_open(&p, &how);
        pair_proven(&p);
        pair_close(&p);
        how.ctx = &none;
        pair_open(&p, &how);
        pair_refused(&p, CLIENT, OCSP_STAPLE_MISSING, CERTIFICATE_UNKNOWN);
        pair_close(&p);
        how.ctx = &half; /* the server's is there, the client's is not; in TLS 1.2 it could not be */
        pair_open(&p, &how);
        if (v == 0)
            pair_refused(&p, SERVER, OCSP_STAPLE_MISSING, CERTIFICATE_UNKNOWN);
        else
            pair_proven(&p);
        pair_close(&p);
    }
    forget_setting(&good);
    mint_pki_free(&pki);
}

/* The verifier's policy: nobody without one. */
static void required(void **state)
{
    struct setting s = stapled(pair_pki(MINT_P256), MINT_GOOD, -60, 3600, NULL);
    struct pair    p;
    s.demand[CLIENT] = s.demand[SERVER] = HF_REQUIRE;
    struct pair_how how                 = {.demand = HF_REQUIRE, .set = set, .ctx = &s};
    pair_open(&p, &how);
    pair_proven(&p);
    pair_close(&p);
    for (enum side by = CLIENT; by <= SERVER; by++) {
        struct setting one = s;
        one.staple[!by]    = NULL;
        how.ctx            = &one;
        pair_open(&p, &how);
        pair_refused(&p, by, OCSP_STAPLE_REQUIRED, CERTIFICATE_UNKNOWN);
        pair_close(&p);
    }
    forget_setting(&s);
}

/* ---- our own, at the seal ---------------------------------------------------------------------------------- */

static void seal_refuses(uint8_t *take, size_t n, uint16_t check, uint16_t because)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    hf_config               *c   = hf_config_new(HF_SERVER);
    hf_cred                 *k   = mint_cred(pki->server_pem, pki->server_key);
    hf_why                   why;
    assert_true(hf_cred_staple_bytes(k, take, n, "staple.der"));
    hf_config_cred(c, k);
    assert_false(hf_config_seal(c, MINT_NOW_MS, &why));
    assert_int_equal(why.check, check);
    assert_int_equal(why.origin, HF_BY_CALLER);
    assert_non_null(strstr(why.text, "staple.der"));
    if (because)
        assert_int_equal(why.got, because);
    hf_config_free(c);
    OPENSSL_free(take);
}

static void own_refused(void **state)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    struct minted            foe = mint(&(struct mint){.cn = "Test intermediate", .ca = true});
    uint8_t                 *der;
    size_t                   n;
    der = mint_ocsp(&pki->client, &pki->ca, &pki->ca, MINT_GOOD, -60, 3600, &n);
    seal_refuses(der, n, CRED_STAPLE_NOT_OURS, 0);
    der = mint_ocsp(&pki->server, &pki->ca, &pki->ca, MINT_GOOD, -60, 3600, &n);
    seal_refuses(der, n - 1, CRED_STAPLE_NOT_OURS, 0);
    der = mint_ocsp(&pki->server, &pki->ca, &pki->ca, MINT_REVOKED, -60, 3600, &n);
    seal_refuses(der, n, CRED_STAPLE_UNFIT, OCSP_REVOKED);
    der = mint_ocsp(&pki->server, &pki->ca, &foe, MINT_GOOD, -60, 3600, &n);
    seal_refuses(der, n, CRED_STAPLE_UNFIT, OCSP_RESPONDER_ISSUER);
    hf_cred *k = mint_cred(pki->server_pem, pki->server_key);
    assert_false(hf_cred_staple_file(k, "/nonexistent/staple.der"));
    assert_int_equal(hf_cred_why(k)->check, FILE_UNREADABLE);
    hf_cred_free(k);
    mint_free(&foe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carried),     cmocka_unit_test(not_asked),   cmocka_unit_test(out_of_date),
        cmocka_unit_test(bad_ones),    cmocka_unit_test(must_staple), cmocka_unit_test(required),
        cmocka_unit_test(own_refused),
    };
    return cmocka_run_group_tests_name("OCSP responses in the handshake", tests, NULL, pair_forget);
}
