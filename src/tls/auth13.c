/* SPDX-License-Identifier: Apache-2.0
 *
 * auth13.c - what both ends of TLS 1.3 do alike: transcript and handshake keys (RFC 9846 4.5, 7.1), judging
 * the peer's Certificate, CertificateVerify and Finished, and sending our own.
 */
#include <string.h>

#include "base/ct.h"
#include "tls/conn.h"
#include "tls/msg12.h"

/* ---- transcript and keys ------------------------------------------------------------------------------ */

void transcript_hash(const hf_conn *c, uint8_t out[HASH_MAX])
{
    hash_final(&c->hs->transcript, out);
}

void transcript_add(hf_conn *c, hf_view msg)
{
    hash_update(&c->hs->transcript, msg.p, msg.n);
    if (c->hs->keep_all)
        wr_view(&c->hs->hello, msg);
}

/* "when the server responds to a ClientHello with a HelloRetryRequest, the value of ClientHello1 is replaced
 * with a special synthetic handshake message of handshake type "message_hash"" (4.1) */
void transcript_start(hf_conn *c, hf_view first_hello, bool retry)
{
    struct hs *h = c->hs;
    hash_init(&h->transcript, h->suite->hash);
    transcript_add(c, first_hello);
    if (!retry)
        return;
    uint8_t m[MSG_HEADER + HASH_MAX] = {HT_MESSAGE_HASH, 0, 0, (uint8_t)hash_len(h->suite->hash)};
    transcript_hash(c, m + MSG_HEADER);
    hash_init(&h->transcript, h->suite->hash);
    transcript_add(c, (hf_view){m, MSG_HEADER + m[3]});
}

/* From the shared secret to the handshake traffic secrets, over ClientHello..ServerHello. */
bool handshake_keys(hf_conn *c, hf_view shared)
{
    struct hs    *h   = c->hs;
    enum hash_alg alg = h->suite->hash;
    uint8_t       th[HASH_MAX];
    transcript_hash(c, th);
    schedule_start(alg, h->psk, &h->stage);
    schedule_next(alg, shared, &h->stage);
    derive_secret(alg, &h->stage, "c hs traffic", th, &h->client_hs);
    derive_secret(alg, &h->stage, "s hs traffic", th, &h->server_hs);
    keylog_add(c, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", &h->client_hs);
    keylog_add(c, "SERVER_HANDSHAKE_TRAFFIC_SECRET", &h->server_hs);
    schedule_next(alg, (hf_view){0}, &h->stage);
    bool client = c->cfg->role == HF_CLIENT;
    return key_in(c, client ? &h->server_hs : &h->client_hs) && key_out(c, client ? &h->client_hs : &h->server_hs);
}

void kx_memory_first(hf_conn *c)
{
    if (memory_is_out())
        fail(&c->rep, KX_NO_MEMORY, 0, 0, 0);
}

/* The application secrets, over ClientHello..server Finished. */
static void application_secrets(hf_conn *c)
{
    struct hs    *h   = c->hs;
    enum hash_alg alg = h->suite->hash;
    uint8_t       th[HASH_MAX];
    transcript_hash(c, th);
    derive_secret(alg, &h->stage, "c ap traffic", th, &h->client_ap);
    derive_secret(alg, &h->stage, "s ap traffic", th, &h->server_ap);
    derive_secret(alg, &h->stage, "exp master", th, &c->exporter);
    keylog_add(c, "CLIENT_TRAFFIC_SECRET_0", &h->client_ap);
    keylog_add(c, "SERVER_TRAFFIC_SECRET_0", &h->server_ap);
    keylog_add(c, "EXPORTER_SECRET", &c->exporter);
    bool client   = c->cfg->role == HF_CLIENT;
    c->secret_in  = client ? h->server_ap : h->client_ap;
    c->secret_out = client ? h->client_ap : h->server_ap;
}

/* ---- Certificate, received ----------------------------------------------------------------------------- */

/* A client that was asked and sent no certificate: a matter of policy. */
static enum turn no_certificate(hf_conn *c)
{
    if (c->cfg->role == HF_CLIENT)
        return fail(&c->rep, CERT_NONE_FROM_SERVER, 0, 1, 0), FAILED;
    if (c->cfg->demand == HF_REQUIRE && c->hs->refused.check) /* what its ticket was refused for says more */
        return fail_as(&c->rep, &c->hs->refused), FAILED;
    if (c->cfg->demand == HF_REQUIRE && c->version == TLS12)
        return fail(&c->rep, CERT12_NONE_FROM_CLIENT, 0, 1, 0), FAILED;
    if (c->cfg->demand == HF_REQUIRE)
        return fail(&c->rep, CERT_NONE_FROM_CLIENT, 0, 1, 0), FAILED;
    note(&c->rep, CERT_NONE_BUT_OPTIONAL, HF_SKIPPED, 0, 0, 0);
    trace_note(&c->trace, CERT_NONE_BUT_OPTIONAL, 0, 0);
    return OTHER;
}

/* The leaf of a server that the caller chose not to verify: only its key is used. */
static bool leaf_unverified(hf_conn *c, const struct certificate *m)
{
    c->rep.cert = 0;
    c->hs->leaf = &c->hs->unverified_leaf;
    bool parsed = (c->peer_raw ? cert_bare : cert_parse)(&c->hs->unverified_leaf, m->chain[0], &c->rep);
    c->rep.cert = -1;
    return parsed;
}

/* An entry that is no DER element of its own length cannot be decoded, whatever it was meant to be. */
static bool entries_whole(hf_conn *c, const struct certificate *m)
{
    for (size_t i = 0; i < m->n; i++) {
        c->rep.cert = (int8_t)i;
        if (der_whole(m->chain[i]) != m->chain[i].n)
            return fail(&c->rep, CERT_MSG_NOT_DER, 0, (int64_t)m->chain[i].n, (int64_t)der_whole(m->chain[i]));
    }
    c->rep.cert = -1;
    return true;
}

/* RFC 9846 4.5.1: "If the RawPublicKey certificate type was negotiated, then the certificate_list MUST contain no more
 * than one CertificateEntry, which contains an ASN1_subjectPublicKeyInfo value" */
static bool raw_key_whole(hf_conn *c, const struct certificate *m)
{
    struct report own;
    struct cert   key;
    report_init(&own);
    if (m->n > 1)
        return fail(&c->rep, RAW_KEY_SEVERAL, 0, 1, (int64_t)m->n);
    return cert_bare(&key, m->chain[0], &own) || fail(&c->rep, RAW_KEY_MALFORMED, own.why.offset, 0, own.why.check);
}

/* What came is of the certificate type that was agreed on. */
static bool type_right(hf_conn *c, const struct certificate *m)
{
    if (c->peer_raw)
        return raw_key_whole(c, m);
    return entries_whole(c, m) && (!spki_alone(m->chain[0]) || fail(&c->rep, CERT_MSG_IS_RAW_KEY, 0, 0, 0));
}

static bool leaf_verified(hf_conn *c, const struct certificate *m)
{
    if (!chain_ok(c, c->cfg, c->now_ms, m, &c->hs->path, &c->rep))
        return false;
    c->hs->leaf = &c->hs->path.certs[0];
    return true;
}

static enum turn judge(hf_conn *c, const struct certificate *m)
{
    bool look_only = c->cfg->role == HF_CLIENT && c->cfg->unverified;
    return (look_only ? leaf_unverified(c, m) : leaf_verified(c, m)) ? NEXT : FAILED;
}

enum turn chain_judge(hf_conn *c)
{
    struct certificate m;
    chain_kept(c, c->version, &m, &c->rep);
    return judge(c, &m);
}

enum turn certificate_came(hf_conn *c, hf_view msg, hf_view wire)
{
    struct certificate m;
    mem_free(&c->mem, c->claimed);
    c->claimed_n = 0;
    c->claimed   = mem_copy(&c->mem, msg.p, msg.n); /* the chain outlives the record: views go into the copy */
    if (!c->claimed)
        return fail(&c->rep, CERT_MSG_NO_MEMORY, 0, 0, (int64_t)msg.n), FAILED;
    c->claimed_n = msg.n;
    if (!claim_read(c, c->version, c->hs->offered, &m, &c->rep))
        return FAILED;
    transcript_add(c, wire);
    if (m.context.n)
        return fail(&c->rep, CERT_MSG_CONTEXT, MSG_HEADER, 0, (int64_t)m.context.n), FAILED;
    if (m.n == 0)
        return no_certificate(c);
    if (!type_right(c, &m))
        return FAILED;
    return c->hs->status_coming ? OTHER : judge(c, &m);
}

enum turn on_certificate(hf_conn *c, hf_view msg)
{
    return certificate_came(c, msg, msg);
}

/* ---- CertificateVerify, received ------------------------------------------------------------------------ */

bool proof_right(hf_conn *c, const struct sig_how *how, hf_view tbs, hf_view sig)
{
    enum sig_verdict v = tbs.n ? sig_judge(how, &c->hs->leaf->key, tbs, sig) : SIG_NO_MEMORY;
    if (v == SIG_NO_MEMORY)
        fail(&c->rep, PROOF_NO_MEMORY, 0, 0, 0);
    return v == SIG_RIGHT;
}

static bool proof_ok(hf_conn *c, const struct cert_verify *m, const struct scheme *s)
{
    uint8_t th[HASH_MAX], tbs[TBS_MAX];
    if (c->version == TLS12) /* RFC 5246 7.4.8: all messages so far */
        return proof_right(c, &s->how, wr_done(&c->hs->hello), m->signature);
    transcript_hash(c, th);
    size_t n = cert_verify_tbs(c->cfg->role == HF_CLIENT, th, hash_len(c->hs->suite->hash), tbs);
    return proof_right(c, &s->how, (hf_view){tbs, n}, m->signature);
}

enum turn on_cert_verify(hf_conn *c, hf_view msg)
{
    struct cert_verify m;
    if (!cert_verify_read(&m, msg, &c->rep))
        return FAILED;
    const struct scheme *s    = scheme_of(m.scheme);
    enum key_kind        key  = c->hs->leaf->key.kind;
    const struct codes  *ours = c->version == TLS12 ? &c->cfg->schemes_cert : &c->cfg->schemes;
    if (!s || !codes_have(codes_view(ours), m.scheme))
        return fail(&c->rep, CV_SCHEME_NOT_OFFERED, MSG_HEADER, 0, m.scheme), FAILED;
    if (!scheme_fits(s, key, c->version))
        return fail(&c->rep, CV_SCHEME_NOT_FOR_KEY, MSG_HEADER, 0, m.scheme), FAILED;
    bool right = proof_ok(c, &m, s);
    if (report_bad(&c->rep) || !need(&c->rep, right, CV_SIGNATURE, MSG_HEADER + 4, 0, m.scheme))
        return FAILED;
    c->peer_scheme = m.scheme;
    transcript_add(c, msg);
    if (c->cfg->role == HF_CLIENT && c->cfg->unverified)
        return NEXT;
    return peer_new(c, c->hs->leaf) ? NEXT : (fail(&c->rep, PEER_NO_MEMORY, 0, 0, 0), FAILED);
}

/* ---- Finished, received ---------------------------------------------------------------------------------- */

enum turn on_finished(hf_conn *c, hf_view msg)
{
    struct hs *h      = c->hs;
    bool       client = c->cfg->role == HF_CLIENT;
    size_t     n      = hash_len(h->suite->hash);
    uint8_t    th[HASH_MAX], mac[HASH_MAX];
    hf_view    got;
    if (!finished_read(&got, msg, n, &c->rep))
        return FAILED;
    transcript_hash(c, th);
    finished_mac(h->suite->hash, client ? &h->server_hs : &h->client_hs, th, mac);
    if (!need(&c->rep, ct_equal(mac, got.p, n), FIN_MISMATCH, MSG_HEADER, (int64_t)n, (int64_t)got.n))
        return FAILED;
    transcript_add(c, msg);
    if (client)
        application_secrets(c);
    else
        resumption_secret(c);
    return session_prove(c) && key_in(c, &c->secret_in) ? NEXT : FAILED;
}

/* ---- our own signature and Finished ---------------------------------------------------------------------- */

/* What is signed: in TLS 1.2 the step before has said so. */
static void prepare_to_sign(hf_conn *c)
{
    struct hs *h = c->hs;
    uint8_t    th[HASH_MAX];
    if (h->to_sign.n)
        return;
    transcript_hash(c, th);
    h->to_sign = (hf_view){h->tbs, cert_verify_tbs(c->cfg->role == HF_SERVER, th, hash_len(h->suite->hash), h->tbs)};
}

/* The signature is made here, or, when the signer is outside, waited for (HF_WANT_SIGNATURE). */
enum turn do_sign(hf_conn *c)
{
    struct hs *h = c->hs;
    prepare_to_sign(c);
    if (!h->signed_ && h->cred->key) {
        h->signed_        = true;
        h->denied_to_sign = !key_sign(h->cred->key, &scheme_of(h->scheme)->how, h->to_sign, h->sig, &h->sig_n);
    }
    if (!h->signed_)
        return WAIT;
    if (h->denied_to_sign)
        return fail_text(&c->rep, SIGN_FAILED, 0, 0, h->scheme, hf_cred_name(h->cred)), FAILED;
    size_t  mark = h->flight.n;
    hf_view sig  = {h->sig, h->sig_n};
    c->scheme    = h->scheme;
    if (c->state == S12_SIGN)
        server_kx_write(&h->flight, (hf_view){h->to_sign.p + 2 * RANDOM_BYTES, h->to_sign.n - 2 * RANDOM_BYTES},
                        h->scheme, sig);
    else
        cert_verify_write(&h->flight, h->scheme, sig);
    message_sent(c, mark);
    return NEXT;
}

/* Finished, and the switch to application keys in the direction that is done. */
enum turn do_finish(hf_conn *c)
{
    struct hs *h      = c->hs;
    bool       client = c->cfg->role == HF_CLIENT;
    uint8_t    th[HASH_MAX], mac[HASH_MAX];
    transcript_hash(c, th);
    finished_mac(h->suite->hash, client ? &h->client_hs : &h->server_hs, th, mac);
    size_t mark = h->flight.n;
    finished_write(&h->flight, mac, hash_len(h->suite->hash));
    message_sent(c, mark);
    if (!flight_flush(c))
        return FAILED;
    if (client)
        resumption_secret(c);
    else
        application_secrets(c);
    if (!key_out(c, &c->secret_out))
        return FAILED;
    return client || c->asked ? NEXT : OTHER;
}

enum turn do_verdict(hf_conn *c)
{
    if (!c->cfg->ask_verdict || c->verdict == VERDICT_ADMIT)
        return NEXT;
    return c->verdict == VERDICT_NONE ? WAIT : FAILED;
}

/* ---- KeyUpdate (4.7.3) ----------------------------------------------------------------------------------- */

enum turn on_key_update(hf_conn *c, hf_view msg)
{
    bool requested;
    if (!key_update_read(&requested, msg, &c->rep))
        return FAILED;
    if (++c->n_key_updates > LIMIT_KEY_UPDATES)
        return fail(&c->rep, KU_TOO_MANY, 0, LIMIT_KEY_UPDATES, c->n_key_updates), FAILED;
    secret_update(c->suite->hash, &c->secret_in);
    if (!key_in(c, &c->secret_in))
        return FAILED;
    c->update_owed |= requested;
    return NEXT;
}
