/* SPDX-License-Identifier: Apache-2.0
 *
 * bytes.c - every handshake message of TLS 1.3 and of TLS 1.2, cut at every length and with each byte changed, by a peer that
 * holds the keys, so that the change reaches the parser. The engine must not crash, and either goes on (the change
 * says something else that is fine too) or names a check, the message, and a place inside of it, and sends the
 * alert of that check.
 *
 *   bytes client|server 13|12      the role of the engine, the version
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "foe.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static struct minted_pki pki;
static hf_config        *cfg;
static bool              engine_serves, v12;

enum how { CUT, FLIP_LOW, FLIP_HIGH, ALL_ONES, N_HOW };

struct change {
    uint8_t  type;
    unsigned nth; /* of its type */
    bool     retry;
    enum how how;
    size_t   pos; /* CUT: bytes that remain */

    unsigned seen;
    bool     made;
    size_t   n; /* length of the message after the change */
};

static void on_send(struct foe *p, uint8_t type, struct bytes *m)
{
    struct change *c = p->ctx;
    if (type != c->type || c->seen++ != c->nth || c->pos >= m->n)
        return;
    c->made = true;
    if (c->how == CUT) {
        bytes_cut(m, c->pos, m->n - c->pos);
        if (m->n >= 4)
            msg_mend(m);
    } else {
        uint8_t was = m->p[c->pos];
        m->p[c->pos] ^= c->how == FLIP_LOW ? 0x01 : 0x80;
        if (c->how == ALL_ONES)
            m->p[c->pos] = was == 0xff ? 0 : 0xff;
    }
    c->n = c->pos < 4 ? SIZE_MAX : m->n; /* with another length, what follows becomes part of it */
}

struct tally {
    size_t runs, fine, refused, at_once;
};

enum {
    LONGEST_FIELD      = 96, /* a signature, or the random and the session id: reported by its start */
    PARSING_CERT_FIRST = 1000,
    PARSING_CERT_END   = 1400
};

/* A certificate that does not parse is the one that was changed, and the place lies in it. */
static void cert_place_is_right(const struct change *c, const hf_why *why)
{
    const struct minted *leaf = engine_serves ? &pki.client : &pki.server, *of = why->cert ? &pki.ca : leaf;
    size_t first = v12 ? 10 : 11, between = v12 ? 3 : 5, at = why->cert ? first + leaf->der_n + between : first;
    if (why->offset > of->der_n)
        fail_msg("changed at %zu: %s, cert %d byte %u of %zu", c->pos, hf_check_info_of(why->check)->name, why->cert,
                 why->offset, of->der_n);
    if (why->check >= PARSING_CERT_FIRST && why->check < PARSING_CERT_END)
        assert_in_range(c->pos, at, at + of->der_n - 1);
}

static bool without_place(uint16_t check)
{
    static const uint16_t missing[] = {CH_NO_GROUPS,
                                       CH_NO_KEY_SHARE,
                                       CH_NO_SIG_ALGS,
                                       SH_VERSION,
                                       CH_VERSIONS,
                                       SH_NO_KEY_SHARE,
                                       CH12_NO_SIG_ALGS,
                                       CH12_NO_GROUPS,
                                       CH12_NO_EXTENDED_MASTER,
                                       CH12_RENEGOTIATION_INFO,
                                       SH12_NO_EXTENDED_MASTER,
                                       SH12_RENEGOTIATION_INFO,
                                       SKE_KEY_NOT_FOR_SUITE};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        if (missing[i] == check)
            return true;
    return false;
}

/* The place lies in the message; a changed byte lies in the field that is named or before what it led astray. What
 * is missing as a whole has no place. */
static void place_is_right(const struct change *c, const hf_why *why)
{
    if (why->cert >= 0) {
        cert_place_is_right(c, why);
        return;
    }
    bool missing = without_place(why->check);
    assert_in_range(why->offset, missing ? 0 : 4, c->n);
    if (!missing && c->how != CUT && why->offset + LONGEST_FIELD < c->pos)
        fail_msg("message %d changed at %zu: %s at %u", c->type, c->pos, hf_check_info_of(why->check)->name,
                 why->offset);
}

static void judge(const struct foe *p, const struct change *c, struct tally *t)
{
    const hf_why *why = hf_conn_why(p->engine);
    unsigned      now = hf_conn_step(p->engine, MINT_NOW_MS);
    t->runs++;
    if (why->check == 0) { /* it waits for the rest of a message, or is content */
        assert_false(now & HF_FAILED);
        if (c->pos >= 4 && (c->how == CUT || !(p->done || p->lost)))
            fail_msg("message %d, change %d at %zu is not noticed", c->type, c->how, c->pos);
        t->fine++;
        return;
    }
    t->refused++;
    const hf_check_info *info = hf_check_info_of(why->check);
    assert_true(now & HF_FAILED);
    assert_string_not_equal(info->reason, "internal-error");
    if (why->check == ALERT_RECEIVED)
        fail_msg("message %d changed at %zu: an alert that nobody sent", c->type, c->pos);
    if (info->alert != NO_ALERT && !p->lost && p->alert != info->alert)
        fail_msg("message %d changed at %zu: %s, alert %d, not %d", c->type, c->pos, info->name, p->alert, info->alert);
    if (c->pos >= 4 && why->message == c->type)
        place_is_right(c, why);
    t->at_once += why->message == c->type;
}

static bool run(struct change *c, struct tally *t)
{
    struct foe p = {.engine  = hf_conn_new(cfg, engine_serves ? NULL : MINT_HOST),
                    .pki     = &pki,
                    .retry   = c->retry,
                    .lenient = true,
                    .on_send = on_send,
                    .ctx     = c};
    if (v12)
        (engine_serves ? foe12_client : foe12_server)(&p);
    else
        (engine_serves ? foe_client : foe_server)(&p);
    for (size_t left = p.wire.n + 1; left != p.wire.n;) {
        left = p.wire.n;
        foe_read(&p);
    }
    if (c->made)
        judge(&p, c, t);
    hf_conn_free(p.engine);
    foe_free(&p);
    return c->made;
}

static void each_byte(uint8_t type, unsigned nth, bool retry)
{
    struct tally t = {0};
    for (enum how how = CUT; how < N_HOW; how++)
        for (size_t pos = 0;; pos++) {
            struct change c = {.type = type, .nth = nth, .retry = retry, .how = how, .pos = pos};
            if (!run(&c, &t))
                break;
        }
    print_message("message %d: %zu changes, %zu refused (%zu in the message itself), %zu not\n", type, t.runs,
                  t.refused, t.at_once, t.fine);
    assert_true(t.runs > 20);
    assert_true(t.refused > t.runs / 4);
}

#define EACH(name, type, nth, retry)                                                                                   \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        each_byte(type, nth, retry);                                                                                   \
    }
EACH(client_hello, MSG_CLIENT_HELLO, 0, false)
EACH(second_client_hello, MSG_CLIENT_HELLO, 1, true)
EACH(server_hello, MSG_SERVER_HELLO, 0, false)
EACH(hello_retry_request, MSG_SERVER_HELLO, 0, true)
EACH(server_hello_after_retry, MSG_SERVER_HELLO, 1, true)
EACH(encrypted_extensions, MSG_ENCRYPTED_EXTENSIONS, 0, false)
EACH(certificate_request, MSG_CERTIFICATE_REQUEST, 0, false)
EACH(certificate, MSG_CERTIFICATE, 0, false)
EACH(certificate_verify, MSG_CERTIFICATE_VERIFY, 0, false)
EACH(finished, MSG_FINISHED, 0, false)
EACH(server_key_exchange, MSG_SERVER_KEY_EXCHANGE, 0, false)
EACH(client_key_exchange, MSG_CLIENT_KEY_EXCHANGE, 0, false)

static int prepare(void **state)
{
    hf_why why;
    pki = mint_pki(MINT_P256);
    cfg = hf_config_new(engine_serves ? HF_SERVER : HF_CLIENT);
    hf_config_trust(cfg, mint_trust(&pki), HF_REQUIRE);
    hf_config_cred(cfg, engine_serves ? mint_cred(pki.server_pem, pki.server_key)
                                      : mint_cred(pki.client_pem, pki.client_key));
    hf_config_versions(cfg, v12 ? 0x0303 : 0x0304, v12 ? 0x0303 : 0x0304);
    assert_true(hf_config_seal(cfg, MINT_NOW_MS, &why));
    return 0;
}

static int forget(void **state)
{
    hf_config_free(cfg);
    mint_pki_free(&pki);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest to_server[] = {
        cmocka_unit_test(client_hello), cmocka_unit_test(second_client_hello),
        cmocka_unit_test(certificate),  cmocka_unit_test(certificate_verify),
        cmocka_unit_test(finished),
    };
    const struct CMUnitTest to_client[] = {
        cmocka_unit_test(server_hello),
        cmocka_unit_test(hello_retry_request),
        cmocka_unit_test(server_hello_after_retry),
        cmocka_unit_test(encrypted_extensions),
        cmocka_unit_test(certificate_request),
        cmocka_unit_test(certificate),
        cmocka_unit_test(certificate_verify),
        cmocka_unit_test(finished),
    };
    const struct CMUnitTest to_server12[] = {
        cmocka_unit_test(client_hello),       cmocka_unit_test(certificate), cmocka_unit_test(client_key_exchange),
        cmocka_unit_test(certificate_verify), cmocka_unit_test(finished),
    };
    const struct CMUnitTest to_client12[] = {
        cmocka_unit_test(server_hello),        cmocka_unit_test(certificate), cmocka_unit_test(server_key_exchange),
        cmocka_unit_test(certificate_request), cmocka_unit_test(finished),
    };
    engine_serves = argc > 1 && strcmp(argv[1], "server") == 0;
    v12           = argc > 2 && strcmp(argv[2], "12") == 0;
    if (v12 && engine_serves)
        return cmocka_run_group_tests_name("bytes to a server in TLS 1.2", to_server12, prepare, forget);
    if (v12)
        return cmocka_run_group_tests_name("bytes to a client in TLS 1.2", to_client12, prepare, forget);
    if (engine_serves)
        return cmocka_run_group_tests_name("bytes to a server", to_server, prepare, forget);
    return cmocka_run_group_tests_name("bytes to a client", to_client, prepare, forget);
}
