/* SPDX-License-Identifier: Apache-2.0
 *
 * resume.c - sessions, both ends ours: the second connection goes on from the first in both versions, is the same peer,
 * and is judged as if it were the first: what expired, was revoked, lost its anchor or its rule in between is refused
 * with that cause.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/why.h"
#include "pair.h"
#include "tls/conn.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const uint16_t versions[] = {0x0304, 0x0303};
enum { LIFE_S = 7200 };
#define DAY_MS (MINT_DAY * 1000)

/* A first connection, and the session that it leaves. */
static void first(struct pair *p, const struct pair_how *how)
{
    pair_open(p, how);
    pair_proven(p);
    assert_false(hf_conn_resumed(p->conn[CLIENT]) || hf_conn_resumed(p->conn[SERVER]));
    pair_keep_session(p);
    pair_disconnect(p);
}

/* The next connection under the configs of now. */
static void next(struct pair *p, bool resumed)
{
    pair_connect(p);
    pair_proven(p);
    assert_int_equal(hf_conn_resumed(p->conn[CLIENT]), resumed);
    assert_int_equal(hf_conn_resumed(p->conn[SERVER]), resumed);
}

static void goes_on(void **state)
{
    static const enum hf_demand demands[] = {HF_DONT_ASK, HF_ASK, HF_REQUIRE};
    for (size_t v = 0; v < 2; v++)
        for (size_t d = 0; d < 3; d++)
            for (size_t chunk = 0; chunk < 2; chunk++) {
                struct pair     p;
                struct pair_how how = {.version = versions[v], .demand = demands[d], .sessions = true, .chunk = chunk};
                first(&p, &how);
                for (size_t again = 0; again < 3; again++) { /* each renews the session */

                    next(&p, true);
                    pair_send(&p, CLIENT, 1000);
                    pair_send(&p, SERVER, 1000);
                    pair_keep_session(&p);
                    pair_disconnect(&p);
                }
                pair_close(&p);
            }
}

static void same_peer(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
        hf_view         claimed[4];
        first(&p, &how);
        next(&p, true);
        for (enum side s = CLIENT; s <= SERVER; s++) { /* pair_proven has compared the leaf and the name */
            assert_int_equal(hf_conn_claimed(p.conn[s], claimed, 4), 2);
            assert_memory_equal(claimed[1].p, p.pki->ca.der, p.pki->ca.der_n);
            assert_int_equal(hf_conn_peer_scheme(p.conn[s]), 0x0403);
        }
        assert_int_equal(p.signatures[CLIENT], 0);
        pair_close(&p);
    }
}

static void no_certificate(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_ASK, .no_cert = true, .sessions = true};
        first(&p, &how);
        next(&p, true);
        pair_close(&p);
    }
}

/* ---- judged again ---------------------------------------------------------------------------------------- */

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
    static struct minted root;
    if (!root.cert)
        root = mint(&(struct mint){.cn = "Strange root", .ca = true});
    char     *pem = mint_pem((const struct minted *[]){&root, NULL});
    hf_trust *t   = hf_trust_new();
    assert_true(hf_trust_anchor_bytes(t, pem, strlen(pem), "strange.pem"));
    hf_trust_hints(t, HF_HINTS_EMPTY, NULL, 0);
    free(pem);
    mint_free(&root);
    return t;
}

enum change { EXPIRE, REVOKE, LOSE_ANCHOR, LOSE_RULE };

static uint16_t change_server(struct pair *p, struct pair_how *how, enum change change)
{
    switch (change) {
    case EXPIRE:
        p->later_ms = 3 * DAY_MS;
        return CERT_EXPIRED;
    case REVOKE:
        pair_reconfigure(p, SERVER, with_crl(p->pki, &p->pki->client));
        return REVOKED;
    case LOSE_ANCHOR:
        pair_reconfigure(p, SERVER, strangers());
        return ISSUER_UNKNOWN;
    default:
        how->verdict[SERVER] = how->deny[SERVER] = true;
        pair_reconfigure(p, SERVER, mint_trust(p->pki));
        return VERDICT_DENIED;
    }
}

/* Lets a test change what the client will offer. */
static void alter(struct pair *p, void (*how)(struct session *s))
{
    struct session s;
    struct report  rep;
    uint8_t        room[8192];
    struct wr      w = wr_fixed(room, sizeof room);
    report_init(&rep);
    assert_true(session_read(&s, (hf_view){p->session.p, p->session.n}, &rep));
    how(&s);
    session_write(&w, &s);
    bytes_free(&p->session);
    bytes_add(&p->session, w.p, w.n);
}

static void without_own(struct session *s)
{
    s->own.n = 0;
}

/* A client that still has the ticket and no certificate any more. Ours would not offer it: the session is altered. */
static void forget_own(struct pair *p, struct pair_how *how)
{
    alter(p, without_own);
    how->no_cert = true;
    pair_reconfigure(p, CLIENT, mint_trust(p->pki));
}

/* The certificate of the client changes its standing between two connections. The client still has it, and gives it
 * when asked; or has come without (then the ticket's cause is told). */
static void client_judged_again(void **state)
{
    struct minted brief = mint(&(struct mint){.cn        = "alice",
                                              .issuer    = &pair_pki(MINT_P256)->ca,
                                              .eku       = "clientAuth",
                                              .san       = "email:alice@client.test",
                                              .from_days = -1,
                                              .to_days   = 2});
    for (size_t v = 0; v < 2; v++)
        for (enum change change = EXPIRE; change <= LOSE_RULE; change++)
            for (size_t bare = 0; bare < 2; bare++) {
                struct pair     p;
                struct pair_how how = {.version    = versions[v],
                                       .demand     = HF_REQUIRE,
                                       .sessions   = true,
                                       .lifetime_s = 6 * 24 * 3600,
                                       .client     = change == EXPIRE ? &brief : NULL};
                first(&p, &how);
                uint16_t check = change_server(&p, &how, change);
                if (bare)
                    forget_own(&p, &how);
                pair_connect(&p);
                pair_refused(&p, SERVER, check, hf_check_info_of(check)->alert);
                assert_int_equal(hf_conn_peer(p.conn[SERVER]) != NULL, change == LOSE_RULE);
                pair_close(&p);
            }
    mint_free(&brief);
}

/* The ticket fitted the first ClientHello; when the second is there its client is refused: a full handshake follows,
 * for which the server has not chosen a certificate before. */
static void client_judged_again_after_retry(void **state)
{
    for (enum change change = REVOKE; change <= LOSE_RULE; change++) {
        struct pair     p;
        struct pair_how how = {.demand = HF_REQUIRE, .sessions = true, .groups = {{0x001d, 0x0017}, {0x0017}}};
        first(&p, &how);
        uint16_t check = change_server(&p, &how, change);
        pair_connect(&p);
        pair_refused(&p, SERVER, check, hf_check_info_of(check)->alert);
        pair_close(&p);
    }
}

/* ---- which sessions are gone on from -------------------------------------------------------------------- */

static void suites_and_retries(void **state)
{
    static const uint16_t suites[] = {0x1301, 0x1302, 0x1303};
    for (size_t i = 0; i < 3; i++) {
        struct pair     p;
        struct pair_how how = {.demand   = HF_REQUIRE,
                               .sessions = true,
                               .trace    = true,
                               .suites   = {{suites[i]}, {suites[i]}},
                               .groups   = {{0x001d, 0x0017}, {0x0017}}}; /* each time HelloRetryRequest */
        first(&p, &how);
        next(&p, true);
        pair_send(&p, CLIENT, 100);
        pair_close(&p);
    }
}

static void no_signature_and_one_verdict(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version  = versions[v],
                               .demand   = HF_REQUIRE,
                               .sessions = true,
                               .external = {true, true},
                               .verdict  = {true, true}};
        first(&p, &how);
        next(&p, true);
        for (enum side s = CLIENT; s <= SERVER; s++) { /* counted over both connections */
            assert_int_equal(p.signatures[s], 1);
            assert_int_equal(p.verdicts[s], 2);
        }
        pair_close(&p);
    }
}

static void foreign_tickets(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
        first(&p, &how);
        hf_tickets_free(p.tickets);
        p.tickets = hf_tickets_new(NULL, 0);
        pair_reconfigure(&p, SERVER, mint_trust(p.pki));
        next(&p, false);
        pair_close(&p);
    }
}

/* Any change of a ticket makes it nobody's. */
static uint8_t *ticket_bytes;
static size_t   ticket_at;
static void     change_byte(struct session *s)
{
    ticket_bytes = (uint8_t *)(uintptr_t)s->ticket.p;
    ticket_bytes[ticket_at % s->ticket.n] ^= 0x40;
}

static void changed_tickets(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (ticket_at = 0; ticket_at < 1200; ticket_at += ticket_at < 40 ? 1 : 97) {
            struct pair     p;
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
            first(&p, &how);
            alter(&p, change_byte);
            next(&p, false);
            pair_close(&p);
        }
}

static void change_secret(struct session *s)
{
    ((uint8_t *)(uintptr_t)s->secret.p)[5] ^= 1;
}

/* Who has the ticket and not its secret. */
static void wrong_secret(void **state)
{
    struct pair     p;
    struct pair_how how = {.demand = HF_REQUIRE, .sessions = true};
    first(&p, &how);
    alter(&p, change_secret);
    pair_connect(&p);
    pair_refused(&p, SERVER, PSK_BINDER, DECRYPT_ERROR);
    assert_null(hf_conn_peer(p.conn[SERVER]));
    pair_close(&p);
    how.version = 0x0303;
    first(&p, &how);
    alter(&p, change_secret);
    pair_connect(&p);
    assert_false(pair_run(&p));
    assert_null(hf_conn_peer(p.conn[SERVER]));
    assert_null(hf_conn_peer(p.conn[CLIENT]));
    pair_close(&p);
}

static void live_longer(struct session *s)
{
    s->lifetime_s = 30 * 24 * 3600;
    s->made_ms += 20 * DAY_MS;
    s->proven_ms += 20 * DAY_MS;
}

/* The client knows when a ticket is over; when it does not, the server does. */
static void lifetimes(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t lies = 0; lies < 2; lies++) {
            struct pair     p;
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
            first(&p, &how);
            p.later_ms = LIFE_S * 1000 - 1000;
            next(&p, true);
            pair_disconnect(&p);
            p.later_ms = LIFE_S * 1000 + 1000;
            if (lies)
                alter(&p, live_longer);
            next(&p, false);
            pair_close(&p);
        }
}

/* However often it is renewed, the proof of the key is not older than seven days. */
static void seven_days(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {
            .version = versions[v], .demand = HF_REQUIRE, .sessions = true, .lifetime_s = 4 * 24 * 3600};
        first(&p, &how);
        for (int day = 3; day <= 9; day += 3) {
            p.later_ms = day * DAY_MS;
            next(&p, day < 7);
            pair_keep_session(&p);
            pair_disconnect(&p);
        }
        pair_close(&p);
    }
}

static void name_no_more(struct session *s)
{
    s->server_name = (hf_view){(const uint8_t *)"127.0.0.1", 9};
}

/* A session stays with the name it was made for: the client keeps to it, and so does the server. */
static void other_names(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t lies = 0; lies < 2; lies++) {
            struct pair     p;
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
            first(&p, &how);
            how.host = "127.0.0.1";
            if (lies)
                alter(&p, name_no_more);
            next(&p, false);
            pair_close(&p);
        }
}

static void used_once(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
        first(&p, &how);
        assert_true(hf_tickets_single_use(p.tickets, 100));
        next(&p, true);
        pair_disconnect(&p);
        next(&p, false);
        pair_keep_session(&p);
        pair_disconnect(&p);
        next(&p, true);
        pair_close(&p);
    }
}

static void another_credential(void **state)
{
    struct minted bob = mint(&(struct mint){
        .cn = "bob", .issuer = &pair_pki(MINT_P256)->ca, .eku = "clientAuth", .san = "email:alice@client.test"});
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
        first(&p, &how);
        how.client = &bob;
        pair_reconfigure(&p, CLIENT, mint_trust(p.pki));
        next(&p, false);
        pair_close(&p);
    }
    mint_free(&bob);
}

/* The client judges the chain that it kept: it does not go on with a server that it would refuse. */
static void server_judged_again(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
        first(&p, &how);
        pair_reconfigure(&p, CLIENT, with_crl(p.pki, &p.pki->server));
        pair_connect(&p);
        pair_refused(&p, CLIENT, REVOKED, CERTIFICATE_REVOKED);
        pair_close(&p);
    }
}

/* What the server demands has changed: a ticket without an identity, and one with an identity nobody asks for. */
static void other_demands(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_DONT_ASK, .sessions = true};
        first(&p, &how);
        how.demand = HF_REQUIRE;
        pair_reconfigure(&p, SERVER, mint_trust(p.pki));
        next(&p, false);
        pair_keep_session(&p);
        pair_disconnect(&p);
        how.demand = HF_DONT_ASK;
        pair_reconfigure(&p, SERVER, mint_trust(p.pki));
        next(&p, false);
        pair_close(&p);
    }
}

static void live_after(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        struct pair     p;
        struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .sessions = true};
        hf_why          why;
        first(&p, &how);
        next(&p, true);
        assert_true(hf_conn_judge(p.conn[SERVER], p.cfg[SERVER], MINT_NOW_MS, &why));
        assert_false(hf_conn_judge(p.conn[SERVER], p.cfg[SERVER], MINT_NOW_MS + 400 * DAY_MS, &why));
        assert_int_equal(why.check, CERT_EXPIRED);
        pair_close(&p);
    }
}

/* ---- early data ----------------------------------------------------------------------------------------- */

/* Puts early_data in front of pre_shared_key, the last extension, and makes the one binder anew. Returns the record. */
static struct bytes with_early_data(hf_view record, hf_view secret)
{
    static const uint8_t early[] = {0, 42, 0, 0};
    struct client_hello  ch;
    struct report        rep;
    struct bytes         b    = {0};
    struct hs            hs   = {0};
    hf_conn              stub = {.hs = &hs};
    struct psk_offer     o    = {.key = secret, .hash = HASH_SHA256};
    hf_view              msg  = {record.p + 5, record.n - 5}, identity, binder;
    report_init(&rep);
    assert_true(client_hello_read(&ch, msg, &rep));
    size_t exts = 4 + 2 + 32 + 1 + ch.session_id.n + 2 + ch.suites.n + 1 + ch.compression.n;
    size_t psk = (size_t)(ch.x.psk_identities.p - msg.p) - 2 - 4, n = msg.n + sizeof early;
    assert_true(psk_at(&ch.x, 0, &identity, &o.age, &binder));
    bytes_add(&b, record.p, 5 + psk);
    bytes_add(&b, early, sizeof early);
    bytes_add(&b, msg.p + psk, msg.n - psk);
    b.p[3] = (uint8_t)(n >> 8), b.p[4] = (uint8_t)n;
    b.p[5 + 2] = (uint8_t)((n - 4) >> 8), b.p[5 + 3] = (uint8_t)(n - 4);
    n             = n - exts - 2;
    b.p[5 + exts] = (uint8_t)(n >> 8), b.p[5 + exts + 1] = (uint8_t)n;
    psk_binder(&stub, &o, (hf_view){b.p + 5, b.n - 5 - 35}, b.p + b.n - 32);
    return b;
}

static void give(hf_conn *c, const void *p, size_t n)
{
    size_t   room;
    uint8_t *in = hf_conn_in(c, &room);
    assert_true(room >= n);
    memcpy(in, p, n);
    hf_conn_in_done(c, n);
    hf_conn_step(c, MINT_NOW_MS);
}

/* A client that sends early data with its ticket: resumed without it, and its records are passed over. */
static void early_data_is_skipped(void **state)
{
    static const uint16_t suite = 0x1301;
    struct pair           p;
    struct pair_how       how = {.demand = HF_REQUIRE, .sessions = true, .suites = {{suite}, {suite}}};
    struct session        s;
    struct report         rep;
    uint8_t               junk[105] = {23, 3, 3, 0, 100, 1, 2, 3};
    report_init(&rep);
    first(&p, &how);
    pair_connect(&p);
    hf_conn_step(p.conn[CLIENT], MINT_NOW_MS);
    assert_true(session_read(&s, (hf_view){p.session.p, p.session.n}, &rep));
    struct bytes hello = with_early_data(hf_conn_out(p.conn[CLIENT]), s.secret);
    give(p.conn[SERVER], hello.p, hello.n);
    assert_int_equal(hf_conn_why(p.conn[SERVER])->check, CHECK_NONE);
    assert_true(hf_conn_resumed(p.conn[SERVER]));
    for (size_t i = 0; i < 10; i++)
        give(p.conn[SERVER], junk, sizeof junk);
    assert_int_equal(hf_conn_why(p.conn[SERVER])->check, CHECK_NONE);
    assert_null(hf_conn_peer(p.conn[SERVER])); /* nothing is proven before Finished */
    bytes_free(&hello);
    pair_close(&p);
}

static void no_session_at_all(void **state)
{
    struct pair     p;
    struct pair_how how = {.demand = HF_REQUIRE, .sessions = true};
    first(&p, &how);
    for (size_t n = 0; n < p.session.n; n += 13) { /* cut anywhere */
        hf_conn *c = hf_conn_new(p.cfg[CLIENT], MINT_HOST);
        assert_false(hf_conn_resume(c, (hf_view){p.session.p, n}));
        hf_conn_free(c);
    }
    hf_conn *server = hf_conn_new(p.cfg[SERVER], NULL);
    assert_false(hf_conn_resume(server, (hf_view){p.session.p, p.session.n}));
    assert_int_equal(hf_conn_session(server).n, 0);
    hf_conn_free(server);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on),
        cmocka_unit_test(same_peer),
        cmocka_unit_test(no_certificate),
        cmocka_unit_test(client_judged_again),
        cmocka_unit_test(client_judged_again_after_retry),
        cmocka_unit_test(suites_and_retries),
        cmocka_unit_test(no_signature_and_one_verdict),
        cmocka_unit_test(foreign_tickets),
        cmocka_unit_test(changed_tickets),
        cmocka_unit_test(wrong_secret),
        cmocka_unit_test(lifetimes),
        cmocka_unit_test(seven_days),
        cmocka_unit_test(other_names),
        cmocka_unit_test(used_once),
        cmocka_unit_test(another_credential),
        cmocka_unit_test(server_judged_again),
        cmocka_unit_test(other_demands),
        cmocka_unit_test(live_after),
        cmocka_unit_test(early_data_is_skipped),
        cmocka_unit_test(no_session_at_all),
    };
    return cmocka_run_group_tests_name("resumption", tests, NULL, pair_forget);
}
