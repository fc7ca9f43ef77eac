/* SPDX-License-Identifier: Apache-2.0
 *
 * schedule.c - replays the traces of RFC 8448 through the key schedule and the record layer: every key share,
 * secret, traffic key, Finished, binder and record of the RFC must come out byte for byte, from nothing but
 * the private keys and the messages of the trace.
 *
 * Section 4 (resumption, early data) is replayed too: the engine does not resume, the schedule can.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wr.h"
#include "script.h"
#include "tls/keys13.h"
#include "tls/msg.h"
#include "tls/rec.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const enum hash_alg alg = HASH_SHA256; /* of all five traces: TLS_AES_128_GCM_SHA256 */

struct replay {
    struct script *script;
    struct mem     mem;
    struct hash    transcript;
    hf_view        first_hello; /* of the client */
    struct kx     *kx;          /* the client's latest pair */
    uint8_t        shared[KX_SECRET_MAX];
    size_t         shared_n;
    struct secret  stage, early, handshake, master;
    struct secret  hs[2], ap[2], early_traffic, res_master;
    struct rec_dir seal[2], open[2];
};

static void same_bytes(hf_view got, hf_view want, const struct step *s, const char *of)
{
    char a[1200], b[1200];
    if (view_equal(got, want))
        return;
    text_hex(a, sizeof a, got.p, got.n, 0);
    text_hex(b, sizeof b, want.p, want.n, 0);
    fail_msg("\"%s\", %s:\n  ours %s\n  RFC  %s", s->what, of, a, b);
}

static void same_value(const void *got, size_t n, const struct step *s, const char *name)
{
    same_bytes((hf_view){got, n}, step_value(s, name), s, name);
}

static void same_secret(const struct secret *got, const struct step *s, const char *name)
{
    same_value(got->b, hash_len(alg), s, name);
}

/* ---- key shares ---------------------------------------------------------------------------------------- */

struct fixed {
    hf_view v;
};

static void fixed_fill(void *ctx, uint8_t *p, size_t n)
{
    struct fixed *f = ctx;
    assert_int_equal(n, f->v.n);
    memcpy(p, f->v.p, n);
}

static uint16_t group_of(const struct step *s)
{
    return strstr(s->what, "P-256") ? KX_P256 : KX_X25519;
}

static void client_pair(struct replay *r, const struct step *s)
{
    struct fixed f   = {step_value(s, "private key")};
    struct rnd   rnd = {fixed_fill, &f};
    kx_free(r->kx);
    r->kx = kx_new(group_of(s), &rnd);
    assert_non_null(r->kx);
    same_bytes(kx_share(r->kx), step_value(s, "public key"), s, "share");
}

/* The server's share and both ends' view of the shared secret. */
static void server_pair(struct replay *r, const struct step *s)
{
    struct fixed f   = {step_value(s, "private key")};
    struct rnd   rnd = {fixed_fill, &f};
    uint8_t      share[KX_SHARE_MAX], clients[KX_SECRET_MAX];
    size_t       share_n, clients_n;
    assert_true(kx_respond(group_of(s), kx_share(r->kx), &rnd, share, &share_n, r->shared, &r->shared_n));
    same_value(share, share_n, s, "public key");
    assert_true(kx_derive(r->kx, (hf_view){share, share_n}, clients, &clients_n));
    same_bytes((hf_view){clients, clients_n}, (hf_view){r->shared, r->shared_n}, s, "secret");
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void transcript_add(struct replay *r, hf_view msg)
{
    if (r->transcript.alg == HASH_NONE)
        hash_init(&r->transcript, alg);
    hash_update(&r->transcript, msg.p, msg.n);
}

/* 4.5.2 of RFC 8446: with a retry, the first ClientHello counts as its hash. */
static void retry_transcript(struct replay *r, hf_view retry)
{
    uint8_t m[MSG_HEADER + HASH_MAX] = {HT_MESSAGE_HASH, 0, 0, 32};
    hash_once(alg, r->first_hello, m + MSG_HEADER);
    hash_init(&r->transcript, alg);
    transcript_add(r, (hf_view){m, MSG_HEADER + 32});
    transcript_add(r, retry);
}

/* Our readers take every message of the RFC; what was read is written again where our writer has the same
 * freedom. */
static void read_message(hf_view msg, const struct step *s)
{
    static struct certificate cert;
    struct report             rep;
    struct server_hello       sh;
    struct cert_verify        cv;
    struct cert_request       cr;
    struct new_ticket         ticket;
    struct exts               x;
    hf_view                   mac;
    uint8_t                   again[2048];
    struct wr                 w = wr_fixed(again, sizeof again);
    report_init(&rep);
    if (step_is(s, "construct a ServerHello"))
        server_hello_read(&sh, msg, ~0u, &rep);
    else if (step_is(s, "construct an EncryptedExtensions"))
        enc_exts_read(&x, msg, ~0u, &rep);
    else if (step_is(s, "construct a CertificateRequest"))
        cert_request_read(&cr, msg, &rep);
    else if (step_is(s, "construct a CertificateVerify") && cert_verify_read(&cv, msg, &rep))
        cert_verify_write(&w, cv.scheme, cv.signature);
    else if (step_is(s, "construct a Certificate handshake") && certificate_read(&cert, msg, ~0u, &rep))
        certificate_write(&w, &cert);
    else if (step_is(s, "construct a Finished") && finished_read(&mac, msg, hash_len(alg), &rep))
        finished_write(&w, mac.p, mac.n);
    else if (step_is(s, "construct a NewSessionTicket"))
        session_ticket_read(&ticket, msg, &rep);
    if (report_bad(&rep))
        fail_msg("%s is refused: check %d at %u", s->what, rep.why.check, rep.why.offset);
    if (w.n)
        same_bytes(wr_done(&w), msg, s, "written again");
}

static void message(struct replay *r, const struct step *s)
{
    hf_view msg = s->value[0].v;
    if (step_is(s, "construct a ClientHello")) { /* counts when it is sent, with its binders */
        if (!r->first_hello.n)
            r->first_hello = msg;
        return;
    }
    read_message(msg, s);
    if (step_is(s, "construct a ServerHello") && msg.p[6] == 0xcf && msg.p[7] == 0x21)
        retry_transcript(r, msg);
    else if (!step_is(s, "construct a NewSessionTicket"))
        transcript_add(r, msg);
}

/* ---- schedule ------------------------------------------------------------------------------------------ */

static void extract(struct replay *r, const struct step *s)
{
    hf_view ikm = step_value(s, "IKM");
    if (strstr(s->what, "early")) {
        static const uint8_t zeros[32];
        bool                 psk = memcmp(ikm.p, zeros, 32) != 0;
        schedule_start(alg, psk ? ikm : (hf_view){0}, &r->stage);
        r->early = r->stage;
    } else if (strstr(s->what, "handshake")) {
        same_bytes((hf_view){r->shared, r->shared_n}, ikm, s, "IKM");
        schedule_next(alg, ikm, &r->stage);
        r->handshake = r->stage;
    } else {
        schedule_next(alg, (hf_view){0}, &r->stage);
        r->master = r->stage;
    }
    same_secret(&r->stage, s, "secret");
}

/* The transcript hash a secret is bound to must be ours. */
static void derive(struct replay *r, const struct step *s, const char *label, const struct secret *from,
                   struct secret *to)
{
    uint8_t th[HASH_MAX];
    hash_final(&r->transcript, th);
    same_secret(from, s, "PRK");
    same_value(th, hash_len(alg), s, "hash");
    derive_secret(alg, from, label, th, to);
    same_secret(to, s, "expanded");
}

/* The salt of the next stage; schedule_next makes it inside, here it is made once more to be seen. */
static void derive_salt(const struct replay *r, const struct step *s)
{
    const struct secret *from = strstr(s->what, "for handshake") ? &r->early : &r->handshake;
    uint8_t              empty[HASH_MAX];
    struct secret        salt;
    same_secret(from, s, "PRK");
    hash_once(alg, (hf_view){empty, 0}, empty);
    derive_secret(alg, from, "derived", empty, &salt);
    same_secret(&salt, s, "expanded");
}

static void derive_named(struct replay *r, const struct step *s)
{
    struct secret exporter;
    const struct {
        const char    *label;
        struct secret *from, *to;
    } all[] = {
        {"c e traffic", &r->early, &r->early_traffic}, {"e exp master", &r->early, &exporter},
        {"c hs traffic", &r->stage, &r->hs[CLIENT]},   {"s hs traffic", &r->stage, &r->hs[SERVER]},
        {"c ap traffic", &r->master, &r->ap[CLIENT]},  {"s ap traffic", &r->master, &r->ap[SERVER]},
        {"exp master", &r->master, &exporter},         {"res master", &r->master, &r->res_master},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char quoted[40] = "\"tls13 ";
        strcat(strcat(quoted, all[i].label), "\"");
        if (strstr(s->what, quoted)) {
            derive(r, s, all[i].label, all[i].from, all[i].to);
            return;
        }
    }
    fail_msg("unknown secret: %s", s->what);
}

static const struct secret *traffic_of(const struct replay *r, const struct step *s, enum who writer)
{
    if (strstr(s->what, "early application data"))
        return &r->early_traffic;
    return strstr(s->what, "handshake data") ? &r->hs[writer] : &r->ap[writer];
}

/* "write" keys take effect at once, at both ends; "read" keys of a step with values are looked at. */
static void traffic_keys(struct replay *r, const struct step *s)
{
    bool                 writes = strstr(s->what, "write traffic") != NULL;
    enum who             writer = writes ? s->who : !s->who;
    const struct secret *secret = traffic_of(r, s, writer);
    uint8_t              key[16];
    if (!s->same) {
        same_secret(secret, s, "PRK");
        expand_label(alg, secret, "key", (hf_view){0}, key, sizeof key);
        same_value(key, sizeof key, s, "key expanded");
    }
    if (!writes)
        return;
    assert_true(rec_key(&r->seal[writer], suite_of(0x1301), secret, true));
    assert_true(rec_key(&r->open[writer], suite_of(0x1301), secret, false));
    if (!s->same)
        same_value(r->seal[writer].iv, AEAD_NONCE, s, "iv expanded");
}

static void finished(struct replay *r, const struct step *s)
{
    uint8_t th[HASH_MAX], mac[HASH_MAX];
    same_secret(&r->hs[s->who], s, "PRK");
    hash_final(&r->transcript, th);
    finished_mac(alg, &r->hs[s->who], th, mac);
    same_value(mac, hash_len(alg), s, "finished");
}

static void binder(struct replay *r, const struct step *s)
{
    uint8_t       th[HASH_MAX], mac[HASH_MAX], empty[HASH_MAX];
    struct secret key;
    hash_once(alg, (hf_view){empty, 0}, empty);
    derive_secret(alg, &r->early, "res binder", empty, &key);
    same_secret(&key, s, "PRK");
    hash_once(alg, step_value(s, "ClientHello prefix"), th);
    same_value(th, hash_len(alg), s, "binder hash");
    finished_mac(alg, &key, th, mac);
    same_value(mac, hash_len(alg), s, "finished");
}

static void resumption(struct replay *r, const struct step *s)
{
    uint8_t psk[32];
    same_secret(&r->res_master, s, "PRK");
    expand_label(alg, &r->res_master, "resumption", step_value(s, "hash"), psk, sizeof psk);
    same_value(psk, sizeof psk, s, "expanded");
}

/* ---- records ------------------------------------------------------------------------------------------- */

static uint8_t type_of(const struct step *s)
{
    return strstr(s->what, "handshake")            ? CT_HANDSHAKE
           : strstr(s->what, "alert")              ? CT_ALERT
           : strstr(s->what, "change_cipher_spec") ? CT_CHANGE_CIPHER_SPEC
                                                   : CT_APPLICATION_DATA;
}

static void send_record(struct replay *r, const struct step *s)
{
    hf_view        payload = step_value(s, "payload"), wire = step_value(s, "complete record");
    uint8_t        type  = type_of(s), out[REC_SEALED_MAX];
    struct rec_dir plain = {0}, *seal = &r->seal[s->who], *open = &r->open[s->who];
    struct record  got;
    struct report  rep;
    if (type == CT_CHANGE_CIPHER_SPEC)
        seal = &plain;
    uint16_t version = wire.p[2] == 1 ? TLS10 : TLS12; /* 5.1 leaves the client's first record a choice */
    assert_true(rec_seal(seal, type, version, payload, 0, out));
    same_bytes((hf_view){out, rec_wire_len(seal, payload.n, 0)}, wire, s, "complete record");
    report_init(&rep);
    assert_int_equal(rec_open(open, out, wire.n, false, &got, &rep), REC_WHOLE);
    assert_int_equal(got.type, type);
    same_bytes(got.body, payload, s, "payload");
    if (s->who == CLIENT && type == CT_HANDSHAKE && payload.p[0] == HT_CLIENT_HELLO) {
        struct client_hello ch;
        assert_true(client_hello_read(&ch, payload, &rep));
        transcript_add(r, payload);
    }
}

static void run_step(struct replay *r, const struct step *s)
{
    if (step_is(s, "derive") && strstr(s->what, "traffic keys"))
        traffic_keys(r, s);
    else if (s->same)
        return;
    else if (step_is(s, "create an ephemeral"))
        (s->who == CLIENT ? client_pair : server_pair)(r, s);
    else if (step_is(s, "construct"))
        message(r, s);
    else if (step_is(s, "extract secret"))
        extract(r, s);
    else if (step_is(s, "derive secret for"))
        derive_salt(r, s);
    else if (step_is(s, "derive secret"))
        derive_named(r, s);
    else if (step_is(s, "calculate finished"))
        finished(r, s);
    else if (step_is(s, "calculate PSK binder"))
        binder(r, s);
    else if (step_is(s, "generate resumption secret"))
        resumption(r, s);
    else if (step_is(s, "send"))
        send_record(r, s);
    else
        fail_msg("unknown step: %s", s->what);
}

static void replay(void **state)
{
    struct replay r = {.script = script_read(*state)};
    for (size_t i = 0; i < r.script->n; i++)
        run_step(&r, &r.script->step[i]);
    for (enum who w = CLIENT; w <= SERVER; w++) {
        rec_drop(&r.seal[w]);
        rec_drop(&r.open[w]);
    }
    kx_free(r.kx);
    script_free(r.script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"section 3: simple 1-RTT handshake", replay, NULL, NULL, (void *)"simple"},
        {"section 4: resumed 0-RTT handshake", replay, NULL, NULL, (void *)"resumed"},
        {"section 5: HelloRetryRequest", replay, NULL, NULL, (void *)"retry"},
        {"section 6: client authentication", replay, NULL, NULL, (void *)"client-auth"},
        {"section 7: compatibility mode", replay, NULL, NULL, (void *)"compat"},
    };
    assert_true(crypto_init());
    return cmocka_run_group_tests_name("RFC 8448: key schedule and records", tests, NULL, NULL);
}
