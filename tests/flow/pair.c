/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static struct minted_pki made[MINT_RSA_PSS + 1];

const struct minted_pki *pair_pki(enum mint_kind leaves)
{
    if (!made[leaves].root.cert)
        made[leaves] = mint_pki(leaves);
    return &made[leaves];
}

int pair_forget(void **state)
{
    for (size_t i = 0; i <= MINT_RSA_PSS; i++)
        if (made[i].root.cert)
            mint_pki_free(&made[i]);
    return 0;
}

/* ---- configuration ------------------------------------------------------------------------------------- */

static size_t codes(const uint16_t *list)
{
    size_t n = 0;
    while (n < 4 && list[n])
        n++;
    return n;
}

static hf_cred *leaf_credential(const struct pair *p, const struct minted *leaf)
{
    char    *chain = mint_pem((const struct minted *[]){leaf, &p->pki->ca, NULL}), *key = mint_key_pem(leaf);
    hf_cred *c = mint_cred(chain, key);
    free(chain);
    free(key);
    return c;
}

static hf_cred *credential(const struct pair *p, enum side side)
{
    if (side == CLIENT && p->how->client)
        return leaf_credential(p, p->how->client);
    const char *chain = side == CLIENT ? p->pki->client_pem : p->pki->server_pem;
    const char *key   = side == CLIENT ? p->pki->client_key : p->pki->server_key;
    return p->how->external[side] ? hf_cred_external(chain, strlen(chain), "outside") : mint_cred(chain, key);
}

static void set_lists(hf_config *c, const struct pair_how *how, enum side side)
{
    size_t n = 0;
    while (n < 4 && how->alpn[side][n])
        n++;
    if (n)
        hf_config_alpn(c, how->alpn[side], n);
    if (how->groups[side][0])
        hf_config_groups(c, how->groups[side], codes(how->groups[side]));
    if (how->suites[side][0])
        hf_config_suites(c, how->suites[side], codes(how->suites[side]));
}

static hf_trust *trust_of(const struct pair *p)
{
    hf_trust *t    = mint_trust(p->pki);
    char     *ca   = p->how->crl ? mint_crl(&p->pki->ca, NULL) : NULL;
    char     *root = p->how->crl ? mint_crl(&p->pki->root, NULL) : NULL;
    if (ca && root)
        assert_true(hf_trust_crl_bytes(t, ca, strlen(ca), "ca.crl") &&
                    hf_trust_crl_bytes(t, root, strlen(root), "root.crl"));
    free(ca);
    free(root);
    return t;
}

static void set_sessions(const struct pair *p, hf_config *c, enum side side)
{
    if (!p->how->sessions)
        return;
    if (side == CLIENT)
        hf_config_sessions(c, true);
    else
        hf_config_tickets(c, p->tickets, p->how->n_tickets ? p->how->n_tickets : 1,
                          p->how->lifetime_s ? p->how->lifetime_s : 7200);
}

static hf_config *side_config(const struct pair *p, enum side side, hf_trust *take)
{
    const struct pair_how *how     = p->how;
    uint16_t               version = how->version ? how->version : 0x0304;
    hf_config             *c       = hf_config_new(side == CLIENT ? HF_CLIENT : HF_SERVER);
    hf_cred               *k       = side == SERVER || !how->no_cert ? credential(p, side) : NULL;
    hf_why                 why;
    hf_config_trust(c, take, side == CLIENT ? HF_REQUIRE : how->demand);
    if (k)
        hf_config_cred(c, k);
    hf_config_versions(c, version, version);
    set_lists(c, how, side);
    hf_config_padding(c, how->padding);
    hf_config_ask_verdict(c, how->verdict[side]);
    hf_config_trace(c, how->trace);
    hf_config_insecure_keylog(c, how->keylog);
    if (how->cold)
        hf_config_remember(c, 0);
    set_sessions(p, c, side);
    if (how->set)
        how->set(p, side, c, k);
    if (!hf_config_seal(c, MINT_NOW_MS, &why)) {
        hf_why_print(&why, stderr);
        fail_msg("a config is not sealed");
    }
    return c;
}

void pair_config(struct pair *p, const struct pair_how *how)
{
    *p             = (struct pair){.how = how, .pki = how->pki ? how->pki : pair_pki(how->leaves)};
    p->tickets     = hf_tickets_new(NULL, 0);
    p->cfg[CLIENT] = side_config(p, CLIENT, trust_of(p));
    p->cfg[SERVER] = side_config(p, SERVER, trust_of(p));
}

void pair_reconfigure(struct pair *p, enum side side, hf_trust *take)
{
    hf_config_free(p->cfg[side]);
    p->cfg[side] = side_config(p, side, take);
}

void pair_connect(struct pair *p)
{
    p->conn[CLIENT] = hf_conn_new(p->cfg[CLIENT], p->how->host ? p->how->host : MINT_HOST);
    p->conn[SERVER] = hf_conn_new(p->cfg[SERVER], NULL);
    if (p->session.n && p->conn[CLIENT])
        hf_conn_resume(p->conn[CLIENT], (hf_view){p->session.p, p->session.n});
}

void pair_keep_session(struct pair *p)
{
    hf_view s = hf_conn_session(p->conn[CLIENT]);
    assert_true(s.n > 0);
    bytes_free(&p->session);
    bytes_add(&p->session, s.p, s.n);
}

void pair_open(struct pair *p, const struct pair_how *how)
{
    pair_config(p, how);
    pair_connect(p);
    assert_true(p->conn[CLIENT] && p->conn[SERVER]);
}

void pair_disconnect(struct pair *p)
{
    for (enum side s = CLIENT; s <= SERVER; s++) {
        hf_conn_free(p->conn[s]);
        p->conn[s] = NULL;
        bytes_free(&p->got[s]);
        bytes_free(&p->carried[s]);
    }
}

void pair_close(struct pair *p)
{
    pair_disconnect(p);
    hf_config_free(p->cfg[CLIENT]);
    hf_config_free(p->cfg[SERVER]);
    hf_tickets_free(p->tickets);
    bytes_free(&p->session);
}

/* ---- carrying ------------------------------------------------------------------------------------------ */

/* Up to a chunk from one side to the other; false: nothing to carry, or no room. */
static bool carry(struct pair *p, enum side from)
{
    hf_conn *c   = p->conn[from];
    hf_view  out = hf_conn_out(c);
    size_t   room, n = p->how->chunk && p->how->chunk < out.n ? p->how->chunk : out.n;
    if (n == 0)
        return false;
    uint8_t *in = p->cut[from] ? NULL : hf_conn_in(p->conn[!from], &room);
    if (!p->cut[from] && in && room == 0)
        return false;
    n = in && room < n ? room : n;
    if (p->keep)
        bytes_add(&p->carried[from], out.p, n);
    if (in) {
        memcpy(in, out.p, n);
        hf_conn_in_done(p->conn[!from], n);
    }
    hf_conn_out_done(c, n);
    return true;
}

static bool receive(struct pair *p, enum side side)
{
    hf_view v = hf_conn_data(p->conn[side]);
    if (v.n == 0)
        return false;
    bytes_add(&p->got[side], v.p, v.n);
    hf_conn_data_done(p->conn[side], v.n);
    return true;
}

static void answer(struct pair *p, enum side side)
{
    hf_conn *c = p->conn[side];
    if (p->want[side] & HF_WANT_SIGNATURE) {
        uint16_t       scheme;
        hf_view        tbs;
        const hf_cred *who;
        uint8_t        sig[1024];
        assert_true(hf_conn_to_sign(c, &scheme, &tbs, &who));
        assert_string_equal(hf_cred_name(who), "outside");
        p->signatures[side]++;
        const struct minted *by = side == CLIENT ? &p->pki->client : &p->pki->server;
        hf_conn_signed(c, sig, p->how->wont_sign[side] ? 0 : mint_sign(by, scheme, tbs.p, tbs.n, sig));
    }
    if (p->want[side] & HF_WANT_VERDICT) {
        p->verdicts[side]++;
        hf_conn_verdict(c, !p->how->deny[side], 0, "because the test says so");
    }
}

bool pair_run(struct pair *p)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (enum side s = CLIENT; s <= SERVER; s++) {
            p->want[s] = hf_conn_step(p->conn[s], MINT_NOW_MS + p->later_ms);
            if (p->want[s] & (HF_WANT_SIGNATURE | HF_WANT_VERDICT)) {
                answer(p, s);
                moved = true;
            }
            moved |= receive(p, s);
            moved |= carry(p, s);
        }
    }
    return (p->want[CLIENT] & p->want[SERVER] & HF_OPEN) && !((p->want[CLIENT] | p->want[SERVER]) & HF_FAILED);
}

void pair_send(struct pair *p, enum side from, size_t n)
{
    struct bytes sent   = {0};
    size_t       before = p->got[!from].n;
    for (size_t i = 0; i < n; i++)
        bytes_u8(&sent, (unsigned)(i * 7 + (i >> 8)));
    for (size_t at = 0; at < n;) {
        at += hf_conn_send(p->conn[from], sent.p + at, n - at);
        pair_run(p);
        assert_false((p->want[CLIENT] | p->want[SERVER]) & HF_FAILED);
    }
    assert_int_equal(p->got[!from].n, before + n);
    assert_memory_equal(p->got[!from].p + before, sent.p, n);
    bytes_free(&sent);
}

/* ---- verdicts ------------------------------------------------------------------------------------------ */

static void print_why(struct pair *p)
{
    for (enum side s = CLIENT; s <= SERVER; s++)
        if (hf_conn_why(p->conn[s])->check)
            hf_why_print(hf_conn_why(p->conn[s]), stderr);
}

static void is_peer(const hf_conn *c, const struct minted *leaf, const char *name)
{
    const hf_peer *peer = hf_conn_peer(c);
    assert_non_null(peer);
    hf_view der = hf_peer_leaf(peer);
    assert_int_equal(der.n, leaf->der_n);
    assert_memory_equal(der.p, leaf->der, leaf->der_n);
    assert_string_equal(hf_peer_name(peer), name);
}

static void same_exporter(struct pair *p)
{
    uint8_t a[48], b[48], c[48];
    hf_view context = {(const uint8_t *)"context", 7};
    assert_true(hf_conn_export(p->conn[CLIENT], "EXPERIMENTAL test", context, a, sizeof a));
    assert_true(hf_conn_export(p->conn[SERVER], "EXPERIMENTAL test", context, b, sizeof b));
    assert_memory_equal(a, b, sizeof a);
    assert_true(hf_conn_export(p->conn[SERVER], "EXPERIMENTAL other", context, c, sizeof c));
    assert_memory_not_equal(a, c, sizeof a);
}

void pair_proven(struct pair *p)
{
    const struct pair_how *how = p->how;
    if (!pair_run(p)) {
        print_why(p);
        fail_msg("the handshake is not complete");
    }
    is_peer(p->conn[CLIENT], &p->pki->server, "DNS:" MINT_HOST);
    if (how->demand == HF_DONT_ASK || how->no_cert)
        assert_null(hf_conn_peer(p->conn[SERVER]));
    else
        is_peer(p->conn[SERVER], how->client ? how->client : &p->pki->client, "mail:alice@client.test");
    assert_int_equal(hf_conn_asked(p->conn[CLIENT]), how->demand != HF_DONT_ASK && !hf_conn_resumed(p->conn[SERVER]));
    assert_int_equal(hf_conn_version(p->conn[CLIENT]), how->version ? how->version : 0x0304);
    assert_int_equal(hf_conn_version(p->conn[SERVER]), how->version ? how->version : 0x0304);
    assert_int_equal(hf_conn_suite(p->conn[CLIENT]), hf_conn_suite(p->conn[SERVER]));
    assert_int_equal(hf_conn_group(p->conn[CLIENT]), hf_conn_group(p->conn[SERVER]));
    same_exporter(p);
}

void pair_refused(struct pair *p, enum side by, uint16_t check, uint8_t alert)
{
    pair_run(p);
    const hf_why *why = hf_conn_why(p->conn[by]), *told = hf_conn_why(p->conn[!by]);
    if (why->check != check) {
        print_why(p);
        fail_msg("%s, not %s", hf_check_info_of(why->check)->name, hf_check_info_of(check)->name);
    }
    assert_true(p->want[by] & HF_FAILED);
    if (alert == HF_NO_ALERT)
        return;
    assert_true(p->want[!by] & HF_FAILED);
    assert_int_equal(told->check, ALERT_RECEIVED);
    assert_int_equal(told->origin, HF_BY_PEER);
    assert_int_equal(told->alert, alert);
    assert_int_equal(hf_check_info_of(check)->alert, alert);
}
