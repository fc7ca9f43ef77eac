/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct minted_pki pki, other_pki;
static bool              engine_serves;

/* ---- the deviation, applied ---------------------------------------------------------------------------- */

struct run {
    const struct deviation *d;
    unsigned                seen;
};

static void on_send(struct foe *p, uint8_t type, struct bytes *m)
{
    struct run             *r    = p->ctx;
    const struct deviation *d    = r->d;
    bool                    here = d->at == FIRST_SEALED ? p->out.on : type == d->at;
    if (!here || r->seen++ != d->nth)
        return;
    if (d->drop)
        msg_ext_drop(m, (uint16_t)(d->drop - 1));
    if (d->set.type)
        msg_ext_set(m, (uint16_t)(d->set.type - 1), d->set.p, d->set.n);
    if (d->add.type)
        msg_ext_add(m, (uint16_t)(d->add.type - 1), d->add.p, d->add.n);
    if (d->byte.flip)
        m->p[d->byte.at] ^= d->byte.flip;
    bytes_zeros(m, d->trailing);
    bytes_cut(m, m->n - d->cut, d->cut);
    if (d->trailing || d->cut)
        msg_mend(m);
    if (d->edit)
        d->edit(p, m);
}

/* ---- the engine ---------------------------------------------------------------------------------------- */

static hf_trust *trust_for(const struct deviation *d)
{
    const struct minted *theirs = engine_serves ? &pki.client : &pki.server;
    hf_trust            *t      = d->raw && !d->mixed ? hf_trust_new() : mint_trust(&pki);
    uint8_t             *der    = NULL;
    int                  n      = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(theirs->cert), &der);
    if (d->raw || d->mixed)
        assert_true(n > 0 && hf_trust_pin_key_bytes(t, der, (size_t)n, "the peer's"));
    OPENSSL_free(der);
    return t;
}

static hf_config *engine_config(const struct deviation *d)
{
    static const char *const protocols[] = {"h2", "http/1.1"};
    hf_config               *c           = hf_config_new(engine_serves ? HF_SERVER : HF_CLIENT);
    enum hf_demand           demand      = d->not_asked ? HF_DONT_ASK : d->optional ? HF_ASK : HF_REQUIRE;
    hf_why                   why;
    hf_config_trust(c, trust_for(d), demand);
    if (d->shows_raw)
        hf_config_cred(c, hf_cred_raw_key(mint_file(engine_serves ? pki.server_key : pki.client_key), NULL, NULL));
    else
        hf_config_cred(c, engine_serves ? mint_cred(pki.server_pem, pki.server_key)
                                        : mint_cred(pki.client_pem, pki.client_key));
    if (d->alpn)
        hf_config_alpn(c, protocols, 2);
    hf_config_versions(c, d->v12 || d->up_to_13 ? 0x0303 : 0x0304, d->v12 && !d->up_to_13 ? 0x0303 : 0x0304);
    if (d->only_group)
        hf_config_groups(c, &d->only_group, 1);
    hf_config_trace(c, true);
    if (!hf_config_seal(c, MINT_NOW_MS, &why)) {
        hf_why_print(&why, stderr);
        fail_msg("the engine's config is not sealed");
    }
    return c;
}

static struct minted leaf_for(const struct deviation *d)
{
    const struct minted_pki *by = d->stranger ? &other_pki : &pki;
    return mint(&(struct mint){.cn     = "deviating",
                               .kind   = d->leaf,
                               .issuer = &by->ca,
                               .eku    = d->leaf_eku     ? d->leaf_eku
                                         : engine_serves ? "clientAuth"
                                                         : "serverAuth",
                               .san    = d->leaf_san ? d->leaf_san : "DNS:" MINT_HOST});
}

/* ---- the verdict --------------------------------------------------------------------------------------- */

static const char *check_name(uint16_t check)
{
    return check ? hf_check_info_of(check)->name : "none";
}

static void judge(const struct deviation *d, const struct foe *p)
{
    const hf_why *why = hf_conn_why(p->engine);
    char          text[512];
    hf_why_text(why, text, sizeof text);
    if (why->check != d->check)
        fail_msg("check %s, not %s: %s", check_name(why->check), check_name(d->check), text);
    if (d->check == 0) {
        assert_true(p->done || d->after || d->instead);
        assert_int_equal(p->alert, -1);
        return;
    }
    assert_true(hf_conn_step(p->engine, MINT_NOW_MS) & HF_FAILED);
    int want = d->alert == NO_ALERT ? -1 : d->alert;
    if (p->alert != want)
        fail_msg("alert %d was sent for %s, not %d", p->alert, check_name(d->check), want);
    if (want >= 0) {
        assert_int_equal(p->level, 2);
        assert_int_equal(hf_check_info_of(d->check)->alert, want);
        assert_int_equal(why->alert, want);
    }
    assert_non_null(strstr(text, hf_check_info_of(d->check)->title));
}

typedef void peer(struct foe *p);

static peer *peer_of(const struct deviation *d)
{
    if (d->v12)
        return engine_serves ? foe12_client : foe12_server;
    return engine_serves ? foe_client : foe_server;
}

static void run_one(void **state)
{
    struct run    run  = {.d = *state};
    struct minted leaf = {0};
    hf_config    *c    = engine_config(run.d);
    if (run.d->with_leaf)
        leaf = leaf_for(run.d);
    struct foe p = {.engine     = hf_conn_new(c, engine_serves ? NULL : MINT_HOST),
                    .pki        = run.d->stranger ? &other_pki : &pki,
                    .leaf       = run.d->with_leaf ? &leaf : NULL,
                    .scheme     = run.d->scheme,
                    .raw        = run.d->raw,
                    .no_cert    = run.d->no_cert,
                    .retry      = run.d->retry,
                    .both       = run.d->both,
                    .suite12    = run.d->suite12,
                    .one_record = run.d->one_record,
                    .fragment   = run.d->fragment,
                    .on_send    = on_send,
                    .ctx        = &run,
                    .alert      = -1};
    assert_non_null(p.engine);
    if (run.d->instead)
        run.d->instead(&p);
    else
        peer_of(run.d)(&p);
    if (run.d->after) {
        assert_true(p.done);
        run.d->after(&p);
    }
    for (size_t left = p.wire.n + 1; left != p.wire.n;) {
        left = p.wire.n;
        foe_read(&p);
    }
    judge(run.d, &p);
    hf_conn_free(p.engine);
    foe_free(&p);
    mint_free(&leaf);
    hf_config_free(c);
}

int run_deviations(const char *group, const struct deviation *all, size_t n, bool engine_is_server)
{
    struct CMUnitTest *tests = calloc(n, sizeof *tests);
    engine_serves            = engine_is_server;
    pki                      = mint_pki(MINT_P256);
    other_pki                = mint_pki(MINT_P256);
    for (size_t i = 0; i < n; i++)
        tests[i] =
            (struct CMUnitTest){.name = all[i].name, .test_func = run_one, .initial_state = (void *)(uintptr_t)&all[i]};
    int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    mint_pki_free(&pki);
    mint_pki_free(&other_pki);
    free(tests);
    return failed;
}
