/* SPDX-License-Identifier: Apache-2.0
 *
 * rawkey.c - raw public keys in place of certificates (RFC 7250), both ends ours, both versions: alone, beside
 * certificates, judged again and resumed, and every way in which the two ends do not agree. What a peer that lies sends
 * is in tests/hostile; against other implementations: tests/bogo, tests/interop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/why.h"
#include "common/told.h"
#include "pair.h"
#include "tls/msg.h"
#include "x509/cert.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const uint16_t versions[] = {0x0304, 0x0303};

/* What one side shows and what it takes; the first letter is preferred. */
struct side_how {
    const char    *shows, *takes; /* of "k" (raw key) and "c" (certificate) */
    enum hf_demand demand;        /* server: HF_DONT_ASK by default; client: always HF_REQUIRE */
    bool           stranger;      /* the pinned key is another one */
    bool           outside;       /* the raw key's signer */
    bool           unverified, sessions;
    enum mint_kind kind;
};

static const struct minted *leaf_of(enum mint_kind kind, enum side side)
{
    return side == CLIENT ? &pair_pki(kind)->client : &pair_pki(kind)->server;
}

static hf_view spki_of(const struct minted *m)
{
    struct report rep;
    struct cert   c;
    report_init(&rep);
    assert_true(cert_parse(&c, (hf_view){m->der, m->der_n}, &rep));
    return c.spki;
}

static hf_cred *raw_credential(enum side side, const struct side_how *how)
{
    const struct minted *m = leaf_of(how->kind, side);
    if (how->outside) {
        hf_view spki = spki_of(m);
        return hf_cred_raw_external(spki.p, spki.n, "outside");
    }
    char       *pem  = mint_key_pem(m);
    const char *file = mint_file(pem);
    free(pem);
    return hf_cred_raw_key(file, NULL, NULL);
}

static hf_cred *cert_credential(enum side side, const struct side_how *how)
{
    const struct minted_pki *pki = pair_pki(how->kind);
    return side == CLIENT ? mint_cred(pki->client_pem, pki->client_key) : mint_cred(pki->server_pem, pki->server_key);
}

static hf_trust *trust_for(enum side side, const struct side_how *how, enum mint_kind kind)
{
    hf_trust *t = hf_trust_new();
    for (const char *x = how->takes; *x; x++) {
        hf_view spki = spki_of(how->stranger ? &pair_pki(kind)->ca : leaf_of(kind, !side));
        if (*x == 'k')
            assert_true(hf_trust_pin_key_bytes(t, spki.p, spki.n, "the other's"));
        else
            assert_true(hf_trust_anchor_bytes(t, pair_pki(kind)->root_pem, strlen(pair_pki(kind)->root_pem), "root"));
    }
    return t;
}

static hf_config *config(enum side side, const struct side_how *how, enum mint_kind theirs, uint16_t version,
                         hf_tickets *tickets)
{
    hf_config *c = hf_config_new(side == CLIENT ? HF_CLIENT : HF_SERVER);
    hf_why     why;
    for (const char *x = how->shows; *x; x++)
        hf_config_cred(c, *x == 'k' ? raw_credential(side, how) : cert_credential(side, how));
    hf_config_trust(c, trust_for(side, how, theirs), side == CLIENT ? HF_REQUIRE : how->demand);
    hf_config_versions(c, version, version);
    hf_config_trace(c, true);
    hf_config_insecure_unverified(c, how->unverified);
    if (how->sessions && side == CLIENT)
        hf_config_sessions(c, true);
    if (how->sessions && side == SERVER)
        hf_config_tickets(c, tickets, 1, 7200);
    if (!hf_config_seal(c, MINT_NOW_MS, &why)) {
        hf_why_print(&why, stderr);
        fail_msg("a config is not sealed");
    }
    return c;
}

static const struct pair_how plain = {0};

static void join(struct pair *p, uint16_t version, const struct side_how *client, const struct side_how *server)
{
    *p             = (struct pair){.how = &plain, .pki = pair_pki(MINT_P256), .tickets = hf_tickets_new(NULL, 0)};
    p->cfg[CLIENT] = config(CLIENT, client, server->kind, version, p->tickets);
    p->cfg[SERVER] = config(SERVER, server, client->kind, version, p->tickets);
    pair_connect(p);
}

/* ---- who is who ------------------------------------------------------------------------------------------ */

static void is_key(const hf_conn *c, const struct minted *m)
{
    const hf_peer *p = hf_conn_peer(c);
    uint8_t        want[32], got[32];
    char           name[SPKI_NAME_ROOM], text[8];
    hf_view        claimed[2], spki = spki_of(m);
    assert_non_null(p);
    hash_once(HASH_SHA256, spki, want);
    hf_peer_spki_sha256(p, got);
    assert_memory_equal(want, got, 32);
    hf_peer_sha256(p, got);
    assert_memory_equal(want, got, 32);
    assert_string_equal(hf_peer_name(p), spki_name(spki, name));
    assert_int_equal(strlen(name), 11 + 64);
    assert_string_equal(hf_peer_subject(p), "");
    assert_string_equal(hf_peer_issuer(p), "");
    assert_int_equal(hf_peer_leaf(p).n, 0);
    assert_int_equal(hf_peer_serial(p).n, 0);
    assert_int_equal(hf_peer_not_after(p), 0);
    for (int kind = HF_NAME_URI; kind <= HF_NAME_OU; kind++)
        assert_int_equal(hf_peer_names(p, (enum hf_name_kind)kind, 0, text, sizeof text), 0);
    assert_int_equal(hf_peer_spki(p).n, spki.n);
    assert_memory_equal(hf_peer_spki(p).p, spki.p, spki.n);
    assert_int_equal(hf_conn_claimed(c, claimed, 2), 1);
    assert_int_equal(claimed[0].n, spki.n);
}

static void is_cert(const hf_conn *c, const struct minted *m)
{
    const hf_peer *p = hf_conn_peer(c);
    assert_non_null(p);
    assert_int_equal(hf_peer_leaf(p).n, m->der_n);
    assert_memory_equal(hf_peer_leaf(p).p, m->der, m->der_n);
}

static void is_what(const hf_conn *c, char what, const struct minted *m)
{
    if (what == '-')
        assert_null(hf_conn_peer(c));
    else if (what == 'k')
        is_key(c, m);
    else
        is_cert(c, m);
}

/* server, client: what each shows the other in the end: 'k', 'c' or '-'. */
static void come_to(uint16_t version, struct side_how client, struct side_how server, char server_shows,
                    char client_shows)
{
    struct pair p;
    join(&p, version, &client, &server);
    if (!pair_run(&p))
        for (enum side s = CLIENT; s <= SERVER; s++)
            hf_why_print(hf_conn_why(p.conn[s]), stderr);
    assert_true(pair_run(&p));
    is_what(p.conn[CLIENT], server_shows, leaf_of(server.kind, SERVER));
    is_what(p.conn[SERVER], client_shows, leaf_of(client.kind, CLIENT));
    pair_send(&p, CLIENT, 100);
    pair_send(&p, SERVER, 100);
    pair_close(&p);
}

static void both_show_keys(void **state)
{
    static const enum mint_kind kinds[] = {MINT_P256, MINT_P384, MINT_P521, MINT_ED25519, MINT_RSA};
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            for (int outside = 0; outside < 2; outside++) {
                struct side_how side = {.shows = "k", .takes = "k", .demand = HF_REQUIRE, .kind = kinds[i]};
                side.outside         = outside && kinds[i] == MINT_P256;
                come_to(versions[v], side, side, 'k', 'k');
            }
}

static void one_key_one_certificate(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct side_how key = {.shows = "k", .takes = "c", .demand = HF_REQUIRE};
        struct side_how crt = {.shows = "c", .takes = "k", .demand = HF_REQUIRE};
        come_to(versions[v], key, crt, 'c', 'k');
        come_to(versions[v], crt, key, 'k', 'c');
        struct side_how quiet = {.shows = "k", .takes = "k"}, silent = {.shows = "", .takes = "k"};
        come_to(versions[v], silent, quiet, 'k', '-');
    }
}

/* The server's order decides: of its credentials, and of what it takes. */
static void the_servers_order_decides(void **state)
{
    static const struct {
        const char *client_shows, *client_takes, *server_shows, *server_takes;
        char        server_is, client_is;
    } rows[] = {
        {"kc", "kc", "kc", "kc", 'k', 'k'}, {"ck", "ck", "kc", "kc", 'k', 'k'}, {"kc", "kc", "ck", "ck", 'c', 'c'},
        {"kc", "kc", "ck", "kc", 'c', 'k'}, {"kc", "kc", "k", "k", 'k', 'k'},   {"kc", "kc", "c", "c", 'c', 'c'},
        {"c", "c", "kc", "kc", 'c', 'c'},   {"k", "k", "ck", "ck", 'k', 'k'},   {"c", "kc", "kc", "ck", 'k', 'c'},
    };
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            come_to(
                versions[v], (struct side_how){.shows = rows[i].client_shows, .takes = rows[i].client_takes},
                (struct side_how){.shows = rows[i].server_shows, .takes = rows[i].server_takes, .demand = HF_REQUIRE},
                rows[i].server_is, rows[i].client_is);
}

/* ---- refused ------------------------------------------------------------------------------------------- */

static void refuse(struct side_how client, struct side_how server, enum side by, uint16_t check, uint8_t alert)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair p;
        join(&p, versions[v], &client, &server);
        pair_refused(&p, by, check, alert);
        assert_null(hf_conn_peer(p.conn[by]));
        pair_close(&p);
    }
}

static void keys_that_are_not_pinned(void **state)
{
    struct side_how key = {.shows = "k", .takes = "k", .demand = HF_REQUIRE}, other = key, mixed = other;
    other.stranger = mixed.stranger = true;
    mixed.takes                     = "kc";
    refuse(key, other, SERVER, RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN);
    refuse(other, key, CLIENT, RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN);
    refuse(key, mixed, SERVER, RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN); /* the root vouches for certificates */
    struct pair p;
    char        name[SPKI_NAME_ROOM];
    join(&p, 0x0304, &key, &other);
    pair_run(&p);
    assert_string_equal(hf_conn_why(p.conn[SERVER])->text, spki_name(spki_of(leaf_of(MINT_P256, CLIENT)), name));
    assert_int_equal(hf_conn_why(p.conn[SERVER])->cert, 0);
    pair_close(&p);
}

static void nothing_in_common(void **state)
{
    struct side_how certs = {.shows = "c", .takes = "c", .demand = HF_REQUIRE};
    struct side_how keys  = {.shows = "k", .takes = "k", .demand = HF_REQUIRE};
    struct side_how shows = {.shows = "c", .takes = "k", .demand = HF_REQUIRE};
    struct side_how takes = {.shows = "k", .takes = "c", .demand = HF_REQUIRE};
    refuse(keys, certs, SERVER, CH_NO_COMMON_SERVER_TYPE, UNSUPPORTED_CERTIFICATE);
    refuse(certs, keys, SERVER, CH_SERVER_TYPE_UNSAID, HANDSHAKE_FAILURE);
    refuse(takes, certs, SERVER, CH_NO_COMMON_CLIENT_TYPE, UNSUPPORTED_CERTIFICATE);
    refuse(certs, shows, SERVER, CH_CLIENT_TYPE_UNSAID, UNSUPPORTED_CERTIFICATE);
}

/* Where a client's certificate is optional, who has nothing of the kind is not asked and comes in without. */
static void nothing_in_common_and_optional(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        come_to(versions[v], (struct side_how){.shows = "k", .takes = "c"},
                (struct side_how){.shows = "c", .takes = "c", .demand = HF_ASK}, 'c', '-');
        come_to(versions[v], (struct side_how){.shows = "c", .takes = "c"},
                (struct side_how){.shows = "c", .takes = "k", .demand = HF_ASK}, 'c', '-');
        come_to(versions[v], (struct side_how){.shows = "", .takes = "c"},
                (struct side_how){.shows = "c", .takes = "k", .demand = HF_ASK}, 'c', '-');
        come_to(versions[v], (struct side_how){.shows = "k", .takes = "c"},
                (struct side_how){.shows = "c", .takes = "ck", .demand = HF_ASK}, 'c', 'k');
    }
}

/* RFC 7250 4.1: a client that takes and shows certificates alone says nothing. */
static void hello_says_nothing(void **state)
{
    static const struct {
        const char *shows, *takes;
        bool        client, server;
    } rows[] = {{"c", "c", false, false}, {"k", "c", true, false}, {"c", "k", false, true}, {"ck", "kc", true, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair         p;
        const hf_event     *ev;
        struct client_hello m;
        struct report       rep;
        report_init(&rep);
        join(&p, 0x0304, &(struct side_how){.shows = rows[i].shows, .takes = rows[i].takes},
             &(struct side_how){.shows = "kc", .takes = "kc", .demand = HF_REQUIRE});
        hf_conn_step(p.conn[CLIENT], MINT_NOW_MS);
        size_t n = hf_conn_trace(p.conn[CLIENT], &ev), at = 0;
        while (at < n && ev[at].kind != HF_EV_MESSAGE)
            at++;
        assert_in_range(at, 0, n - 1);
        assert_true(client_hello_read(&m, ev[at].bytes, &rep));
        assert_int_equal(!!(m.x.seen & X_CLIENT_CERT_TYPE), rows[i].client);
        assert_int_equal(!!(m.x.seen & X_SERVER_CERT_TYPE), rows[i].server);
        pair_close(&p);
    }
}

/* Credentials of the kind that is not asked for say so. */
static void offers_say_why(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair       p;
        const hf_finding *offers;
        join(&p, versions[v], &(struct side_how){.shows = "ck", .takes = "c"},
             &(struct side_how){.shows = "c", .takes = "k", .demand = HF_REQUIRE});
        assert_true(pair_run(&p));
        assert_int_equal(hf_conn_offers(p.conn[CLIENT], &offers), 2);
        assert_int_equal(offers[0].check, OFFER_TYPE);
        assert_int_equal(offers[0].want, 2);
        assert_int_equal(offers[0].got, 0);
        assert_int_equal(offers[1].check, OFFER_CHOSEN);
        pair_close(&p);
    }
}

static unsigned state_of(const hf_conn *c, uint16_t check)
{
    const hf_finding *f;
    size_t            n = hf_conn_findings(c, &f);
    for (size_t i = 0; i < n; i++)
        if (f[i].check == check)
            return f[i].state;
    return 0;
}

static void who_is_not_asked_is_noted(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair p;
        join(&p, versions[v], &(struct side_how){.shows = "c", .takes = "c"},
             &(struct side_how){.shows = "c", .takes = "k", .demand = HF_ASK});
        assert_true(pair_run(&p));
        assert_int_equal(state_of(p.conn[SERVER], CLIENT_TYPE_NOT_ASKED), HF_SKIPPED);
        assert_false(hf_conn_asked(p.conn[CLIENT]));
        pair_close(&p);
    }
}

/* ---- findings ------------------------------------------------------------------------------------------- */

static void findings_say_what_is_not_judged(void **state)
{
    struct side_how key = {.shows = "k", .takes = "k", .demand = HF_REQUIRE};
    for (size_t v = 0; v < 2; v++) {
        struct pair p;
        join(&p, versions[v], &key, &key);
        assert_true(pair_run(&p));
        for (enum side s = CLIENT; s <= SERVER; s++) {
            assert_int_equal(state_of(p.conn[s], RAW_KEY_NOT_PINNED), HF_PASS);
            assert_int_equal(state_of(p.conn[s], RAW_KEY_NO_DATES), HF_SKIPPED);
            assert_int_equal(state_of(p.conn[s], RAW_KEY_NO_NAMES), HF_SKIPPED);
            assert_int_equal(state_of(p.conn[s], RAW_KEY_NO_REVOCATION), HF_SKIPPED);
        }
        pair_close(&p);
    }
}

static void no_binding_to_a_certificate(void **state)
{
    struct side_how key = {.shows = "k", .takes = "k", .demand = HF_REQUIRE};
    struct pair     p;
    uint8_t         a[64];
    join(&p, 0x0304, &key, &key);
    assert_true(pair_run(&p));
    assert_int_equal(hf_conn_binding_end_point(p.conn[CLIENT], a), 0);
    assert_int_equal(hf_conn_binding_end_point(p.conn[SERVER], a), 0);
    pair_close(&p);
}

/* Every message of such a handshake taken apart: whole, cut and changed. */
static void told_field_by_field(void **state)
{
    struct side_how key = {.shows = "k", .takes = "k", .demand = HF_REQUIRE};
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        const hf_event *ev;
        unsigned        keys = 0, types = 0;
        char            name[SPKI_NAME_ROOM];
        join(&p, versions[v], &key, &key);
        assert_true(pair_run(&p));
        size_t n = hf_conn_trace(p.conn[CLIENT], &ev);
        for (size_t i = 0; i < n; i++) {
            struct told t;
            if (ev[i].kind != HF_EV_MESSAGE || ev[i].bytes.n < 4 || ev[i].message == HT_CHANGE_CIPHER_SPEC)
                continue;
            told_message(&t, ev[i].bytes, versions[v]);
            assert_int_equal(t.wrong, 0);
            for (size_t k = 0; k < t.n; k++) {
                keys += strcmp(t.v[k].value,
                               spki_name(spki_of(leaf_of(MINT_P256, ev[i].sent ? CLIENT : SERVER)), name)) == 0;
                types += strcmp(t.v[k].value, "Raw Public Key (2)") == 0;
            }
            told_free(&t);
            told_hostile(ev[i].bytes, versions[v]);
        }
        assert_int_equal(keys, 2);
        assert_int_equal(types, 4);
        pair_close(&p);
    }
}

/* ---- judged again, resumed -------------------------------------------------------------------------------- */

static void judged_again(void **state)
{
    struct side_how key = {.shows = "k", .takes = "k", .demand = HF_REQUIRE}, other = key, certs = key;
    other.stranger = true;
    certs.takes    = "c";
    for (size_t v = 0; v < 2; v++) {
        struct pair p;
        hf_why      why;
        join(&p, versions[v], &key, &key);
        assert_true(pair_run(&p));
        for (enum side s = CLIENT; s <= SERVER; s++) {
            hf_config *without = config(s, &other, MINT_P256, versions[v], NULL);
            hf_config *others  = config(s, &certs, MINT_P256, versions[v], NULL);
            assert_true(hf_conn_judge(p.conn[s], p.cfg[s], MINT_NOW_MS + 1000 * MINT_DAY, &why));
            assert_false(hf_conn_judge(p.conn[s], without, MINT_NOW_MS, &why));
            assert_int_equal(why.check, RAW_KEY_NOT_PINNED);
            assert_false(hf_conn_judge(p.conn[s], others, MINT_NOW_MS, &why));
            assert_int_equal(why.check, RAW_KEY_NOT_PINNED);
            hf_config_free(without);
            hf_config_free(others);
        }
        pair_close(&p);
    }
}

static void again(struct pair *p, enum side side, const struct side_how *how, uint16_t version)
{
    pair_disconnect(p);
    if (how) {
        hf_config_free(p->cfg[side]);
        p->cfg[side] = config(side, how, MINT_P256, version, p->tickets);
    }
    pair_connect(p);
}

static void resumed(void **state)
{
    struct side_how key   = {.shows = "k", .takes = "k", .demand = HF_REQUIRE, .sessions = true};
    struct side_how mixed = key, other = key, certs = key;
    mixed.shows = mixed.takes = "ck";
    other.stranger            = true;
    certs.shows = certs.takes = "c";
    for (size_t v = 0; v < 2; v++) {
        struct pair p;
        join(&p, versions[v], &key, &key);
        assert_true(pair_run(&p));
        pair_keep_session(&p);
        again(&p, CLIENT, NULL, versions[v]);
        assert_true(pair_run(&p));
        assert_true(hf_conn_resumed(p.conn[SERVER]) && hf_conn_resumed(p.conn[CLIENT]));
        is_key(p.conn[CLIENT], leaf_of(MINT_P256, SERVER));
        is_key(p.conn[SERVER], leaf_of(MINT_P256, CLIENT));
        pair_keep_session(&p);

        again(&p, SERVER, &mixed, versions[v]); /* the key is still pinned */
        assert_true(pair_run(&p));
        assert_true(hf_conn_resumed(p.conn[SERVER]));
        is_key(p.conn[SERVER], leaf_of(MINT_P256, CLIENT));

        again(&p, SERVER, &other, versions[v]);
        pair_refused(&p, SERVER, RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN);
        assert_false(hf_conn_resumed(p.conn[SERVER]));
        again(&p, SERVER, &key, versions[v]);
        again(&p, CLIENT, &other, versions[v]); /* does not offer it, and refuses the key anew */
        pair_refused(&p, CLIENT, RAW_KEY_NOT_PINNED, CERTIFICATE_UNKNOWN);
        again(&p, CLIENT, &mixed, versions[v]); /* its own key is still there */
        assert_true(pair_run(&p));
        assert_true(hf_conn_resumed(p.conn[CLIENT]));

        again(&p, SERVER, &mixed, versions[v]);
        again(&p, CLIENT, &certs, versions[v]); /* neither its own nor the server's type is there any more */
        assert_true(pair_run(&p));
        assert_false(hf_conn_resumed(p.conn[CLIENT]));
        is_cert(p.conn[CLIENT], leaf_of(MINT_P256, SERVER));
        is_cert(p.conn[SERVER], leaf_of(MINT_P256, CLIENT));
        pair_close(&p);
    }
}

static void looked_at(void **state)
{
    struct side_how look = {.shows = "k", .takes = "k", .unverified = true, .stranger = true};
    struct side_how key  = {.shows = "k", .takes = "k", .demand = HF_REQUIRE};
    for (size_t v = 0; v < 2; v++) {
        struct pair p;
        hf_view     claimed[1];
        char        text[160];
        join(&p, versions[v], &look, &key);
        assert_true(pair_run(&p));
        assert_null(hf_conn_peer(p.conn[CLIENT]));
        assert_int_equal(hf_conn_claimed(p.conn[CLIENT], claimed, 1), 1);
        hf_cert_describe(claimed[0], text, sizeof text);
        assert_non_null(strstr(text, "raw public key sha256:"));
        pair_close(&p);
    }
}

/* ---- files ------------------------------------------------------------------------------------------------ */

static void pin_text(const char *text, uint16_t check)
{
    hf_trust *t  = hf_trust_new();
    bool      ok = hf_trust_pin_key_file(t, mint_file(text));
    assert_int_equal(ok, check == CHECK_NONE);
    assert_int_equal(hf_trust_why(t)->check, check);
    hf_trust_free(t);
}

static void files_of_pins(void **state)
{
    static const char        weak[] = "-----BEGIN PUBLIC KEY-----\n"
                                      "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALtpVLWNhUDdHkEzcWeGTDmqHSZ2yBVw\n"
                                      "wqTAiZYkSn0gBCxKDxmYzwT8cNXMDDyPBFpAE1nRuHrH3J0K6bUSrxECAwEAAQ==\n"
                                      "-----END PUBLIC KEY-----\n";
    const struct minted_pki *pki    = pair_pki(MINT_P256);
    char                    *pem    = mint_key_pem(&pki->client);
    pin_text(pem, TRUST_KEYS_ARE_PRIVATE);
    pin_text(pki->root_pem, TRUST_KEYS_ARE_CERTIFICATES);
    pin_text("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", TRUST_KEY_BROKEN);
    pin_text("nothing of the kind", TRUST_KEYS_NONE);
    pin_text(weak, TRUST_KEY_UNFIT);
    free(pem);
}

static void wrong_credentials(void **state)
{
    static const struct {
        const char *public_key;
        uint16_t    check;
    } rows[] = {{"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", CRED_RAW_NO_KEY},
                {"no key at all", CRED_RAW_NO_KEY}};
    for (size_t i = 0; i < 2; i++) {
        hf_cred *c = hf_cred_raw_external(rows[i].public_key, strlen(rows[i].public_key), "outside");
        assert_int_equal(hf_cred_why(c)->check, rows[i].check);
        hf_cred_free(c);
    }
    hf_cred *c = hf_cred_raw_key(mint_file(pair_pki(MINT_P256)->root_pem), NULL, NULL);
    assert_int_equal(hf_cred_why(c)->check, KEY_IS_CERTIFICATE);
    hf_cred_free(c);
}

static void epochs(void **state)
{
    struct side_how key = {.shows = "k", .takes = "k"}, other = key;
    other.stranger = true;
    hf_trust *a = trust_for(CLIENT, &key, MINT_P256), *b = trust_for(CLIENT, &other, MINT_P256),
             *c = trust_for(CLIENT, &key, MINT_P256);
    assert_int_equal(hf_trust_epoch(a), hf_trust_epoch(c));
    assert_int_not_equal(hf_trust_epoch(a), hf_trust_epoch(b));
    hf_trust_free(a);
    hf_trust_free(b);
    hf_trust_free(c);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

static void judge_out(struct pair *p, size_t n)
{
    bool said = false;
    for (enum side s = CLIENT; s <= SERVER; s++)
        said |= strcmp(hf_check_info_of(hf_conn_why(p->conn[s])->check)->reason, "internal-error") == 0;
    if (!said)
        fail_msg("allocation %zu fails and nobody says so", n);
}

static void memory_runs_out(void **state)
{
    struct side_how key = {.shows = "k", .takes = "k", .demand = HF_REQUIRE};
    for (size_t v = 0; v < 2; v++) {
        struct pair p;
        join(&p, versions[v], &key, &key);
        bool whole = false;
        for (size_t n = 1; !whole; n++) {
            assert_in_range(n, 1, 500);
            pair_disconnect(&p);
            size_t before = mem_count();
            mem_fail_after(n);
            pair_connect(&p);
            bool made = p.conn[CLIENT] && p.conn[SERVER], open = made && pair_run(&p);
            mem_fail_after(0);
            whole = mem_count() - before < n;
            if (made && !open)
                judge_out(&p, n);
        }
        pair_close(&p);
    }
}

static void memory_runs_out_over_files(void **state)
{
    char       *pem   = mint_key_pem(leaf_of(MINT_P256, CLIENT));
    const char *file  = mint_file(pem);
    hf_view     spki  = spki_of(leaf_of(MINT_P256, CLIENT));
    bool        whole = false;
    for (size_t n = 1; !whole; n++) {
        size_t before = mem_count();
        mem_fail_after(n);
        hf_cred  *c   = hf_cred_raw_key(file, NULL, NULL);
        hf_trust *t   = hf_trust_new();
        bool      pin = t && hf_trust_pin_key_bytes(t, spki.p, spki.n, "k");
        mem_fail_after(0);
        whole = mem_count() - before < n;
        if (whole)
            assert_true(pin && c && hf_cred_why(c)->check == CHECK_NONE);
        else
            assert_true(!pin || !c || hf_cred_why(c)->check);
        hf_cred_free(c);
        hf_trust_free(t);
    }
    free(pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_show_keys),
        cmocka_unit_test(one_key_one_certificate),
        cmocka_unit_test(the_servers_order_decides),
        cmocka_unit_test(keys_that_are_not_pinned),
        cmocka_unit_test(nothing_in_common),
        cmocka_unit_test(nothing_in_common_and_optional),
        cmocka_unit_test(who_is_not_asked_is_noted),
        cmocka_unit_test(hello_says_nothing),
        cmocka_unit_test(offers_say_why),
        cmocka_unit_test(findings_say_what_is_not_judged),
        cmocka_unit_test(no_binding_to_a_certificate),
        cmocka_unit_test(told_field_by_field),
        cmocka_unit_test(judged_again),
        cmocka_unit_test(resumed),
        cmocka_unit_test(looked_at),
        cmocka_unit_test(files_of_pins),
        cmocka_unit_test(wrong_credentials),
        cmocka_unit_test(epochs),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(memory_runs_out_over_files),
    };
    return cmocka_run_group_tests_name("raw public keys", tests, NULL, pair_forget);
}
