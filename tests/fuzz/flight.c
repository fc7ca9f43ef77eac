/* SPDX-License-Identifier: Apache-2.0
 * flight.c - one engine of either role, and the items of an input played to it (flight.h). */
#include "flight.h"

#include <string.h>

#include "tls/conn.h"

enum { SMALL_BYTES = 24 * 1024, PAD_BYTES = 64, LITTLE_BYTES = 100, DAY_MS = 86400000 };

/* ---- the engine ---------------------------------------------------------------------------------------- */

static void same_random(void *ctx, uint8_t *p, size_t n)
{
    memset(p, 0x42, n);
}

static hf_cred *credential(enum hf_role role, bool outside)
{
    const char *chain = fuzz_file(role == HF_SERVER ? "server.pem" : "client.pem");
    const char *key   = fuzz_file(role == HF_SERVER ? "server.key" : "client.key");
    char        text[8192];
    if (!outside)
        return hf_cred_files(chain, key, NULL, NULL);
    FILE  *f = fopen(chain, "rb");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    always(n > 0);
    fclose(f);
    return hf_cred_external(text, n, "outside");
}

static hf_cred *raw_key(enum hf_role role, bool outside)
{
    const char *pub = fuzz_file(role == HF_SERVER ? "server.pub" : "client.pub");
    char        text[1024];
    if (!outside)
        return hf_cred_raw_key(fuzz_file(role == HF_SERVER ? "server.key" : "client.key"), NULL, NULL);
    FILE  *f = fopen(pub, "rb");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    always(n > 0);
    fclose(f);
    return hf_cred_raw_external(text, n, "outside");
}

/* The response of pki/ is about the client. */
static hf_cred *with_staple(hf_cred *cred, enum hf_role role, unsigned setting)
{
    if (role == HF_CLIENT && setting & SET_STAPLE)
        always(hf_cred_staple_file(cred, fuzz_file("ocsp.der")));
    return cred;
}

static void set_role(hf_config *c, enum hf_role role, unsigned setting)
{
    hf_trust      *t      = hf_trust_new();
    enum hf_demand demand = HF_REQUIRE;
    if (setting & SET_PSK || (role == HF_SERVER && setting & SET_LOOSE))
        demand = HF_ASK;
    if (role == HF_SERVER && setting & SET_SILENT)
        demand = HF_DONT_ASK;
    always(t);
    if (setting & SET_RAW) /* before all others: preferred */
        always(hf_trust_pin_key_file(t, fuzz_file(role == HF_SERVER ? "client.pub" : "server.pub")));
    always(hf_trust_anchor_file(t, fuzz_file("root.pem")));
    hf_config_trust(c, t, demand);
    if (setting & SET_RAW && (role == HF_SERVER || !(setting & SET_LOOSE)))
        hf_config_cred(c, raw_key(role, setting & SET_SIGNER));
    if (role == HF_SERVER || !(setting & SET_LOOSE))
        hf_config_cred(c, with_staple(credential(role, setting & SET_SIGNER), role, setting));
    hf_config_insecure_unverified(c, role == HF_CLIENT && setting & SET_SILENT);
}

static void set_tickets(hf_config *c)
{
    static const uint8_t key[32] = "every process opens all tickets";
    static hf_tickets   *shared;
    if (!shared)
        shared = hf_tickets_new(key, sizeof key);
    always(shared);
    hf_config_tickets(c, shared, 2, 7200);
    hf_config_sessions(c, true);
}

static void set_rest(hf_config *c, unsigned setting)
{
    static const char *const protocols[] = {"h2", "http/1.1"};
    static const uint16_t    p256[]      = {KX_P256};
    static const uint8_t     key[32]     = "nobody needs to know this secret";
    unsigned                 both        = setting & (SET_13 | SET_12);
    hf_config_versions(c, both == SET_13 ? TLS13 : TLS12, both == SET_12 ? TLS12 : TLS13);
    if (setting & SET_ALPN)
        hf_config_alpn(c, protocols, 2);
    if (setting & SET_P256)
        hf_config_groups(c, p256, 1);
    hf_config_trace(c, setting & SET_TRACE);
    hf_config_insecure_keylog(c, setting & SET_TRACE);
    hf_config_ask_verdict(c, setting & SET_ASK);
    hf_config_ceiling(c, setting & SET_SMALL ? SMALL_BYTES : 0);
    hf_config_padding(c, setting & SET_PAD ? PAD_BYTES : 0);
    hf_config_remember(c, 0);
    if (setting & SET_STAPLE)
        hf_config_staple(c, HF_ASK);
    hf_config_compression(c, setting & SET_ZIP);
    hf_config_announce_cas(c, setting & SET_CAS);
    if (setting & SET_LITTLE)
        hf_config_record_limit(c, LITTLE_BYTES);
    if (setting & SET_TICKETS)
        set_tickets(c);
    if (setting & SET_PSK)
        hf_config_psk(c, (hf_view){(const uint8_t *)"device 7", 8}, (hf_view){0}, (hf_view){key, sizeof key}, 256);
    hf_config_insecure_random(c, same_random, NULL);
}

/* Keys are for TLS 1.3 alone: a setting with a key means it. */
static unsigned sensible(unsigned setting)
{
    if (setting & SET_PSK)
        setting = (setting & ~(unsigned)SET_12) | SET_13;
    return setting & SET_ALL;
}

/* Made once for each setting, and never given back. */
static hf_config *config_of(enum hf_role role, unsigned setting)
{
    static hf_config *made[2][SET_ALL + 1];
    hf_config       **c = &made[role == HF_SERVER][setting];
    hf_why            why;
    if (*c)
        return *c;
    *c = hf_config_new(role);
    set_role(*c, role, setting);
    set_rest(*c, setting);
    if (!hf_config_seal(*c, FUZZ_NOW_MS, &why)) {
        hf_why_print(&why, stderr);
        always(!"a config is not sealed");
    }
    return *c;
}

hf_conn *flight_conn(enum hf_role role, unsigned setting)
{
    return hf_conn_new(config_of(role, sensible(setting)), role == HF_CLIENT ? "server.test" : NULL);
}

/* ---- stepping ------------------------------------------------------------------------------------------ */

static void take_output(hf_conn *c)
{
    for (hf_view v = hf_conn_out(c); v.n > 0; v = hf_conn_out(c))
        hf_conn_out_done(c, v.n);
}

static void answer_signature(hf_conn *c)
{
    static const uint8_t sig[64] = {0x5a};
    uint16_t             scheme;
    hf_view              tbs;
    const hf_cred       *who;
    always(hf_conn_to_sign(c, &scheme, &tbs, &who));
    always(tbs.n > 0 && scheme);
    hf_conn_signed(c, sig, sizeof sig);
}

unsigned flight_step(hf_conn *c, int64_t now_ms, bool deny)
{
    unsigned want = hf_conn_step(c, now_ms);
    while (want & (HF_WANT_SIGNATURE | HF_WANT_VERDICT) && !(want & HF_FAILED)) {
        if (want & HF_WANT_SIGNATURE)
            answer_signature(c);
        if (want & HF_WANT_VERDICT)
            hf_conn_verdict(c, !deny, 0, "as the input says");
        want = hf_conn_step(c, now_ms);
    }
    always(!(want & HF_FAILED) == !hf_conn_why(c)->check);
    return want;
}

struct run {
    hf_conn *c;
    int64_t  now_ms;
    bool     deny;
};

static void settle(struct run *r)
{
    flight_step(r->c, r->now_ms, r->deny);
    for (hf_view v = hf_conn_data(r->c); v.n > 0; v = hf_conn_data(r->c)) {
        hf_conn_data_done(r->c, v.n > 9 ? v.n / 2 : v.n);
        flight_step(r->c, r->now_ms, r->deny);
    }
    take_output(r->c);
    always(r->c->mem.used <= r->c->mem.max);
}

static void wire(struct run *r, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t   room;
        uint8_t *in = hf_conn_in(r->c, &room);
        if (!in || room == 0)
            break;
        size_t part = n < room ? n : room;
        memcpy(in, p, part);
        hf_conn_in_done(r->c, part);
        settle(r);
        p += part;
        n -= part;
    }
    settle(r);
}

/* ---- items --------------------------------------------------------------------------------------------- */

/* A record as the engine's receiving direction expects it. */
static void record(struct run *r, uint8_t type, bool plain, const uint8_t *p, size_t n)
{
    static uint8_t        b[REC_HEADER + 65535];
    const struct rec_dir *d      = &r->c->rec_in;
    bool                  sealed = d->aead && !plain && type != CT_CHANGE_CIPHER_SPEC;
    size_t                room = sizeof b - REC_HEADER - 8 - 1 - AEAD_TAG, at = REC_HEADER;
    n = n < room ? n : room;
    if (sealed && d->v12) {
        memset(b + at, 0, d->explicit_n);
        at += d->explicit_n;
    }
    memcpy(b + at, p, n);
    at += n;
    if (sealed && !d->v12)
        b[at++] = type;
    if (sealed) {
        memset(b + at, 0, AEAD_TAG);
        at += AEAD_TAG;
    }
    size_t len = at - REC_HEADER;
    memcpy(b, (uint8_t[]){sealed && !d->v12 ? CT_APPLICATION_DATA : type, 3, 3, (uint8_t)(len >> 8), (uint8_t)len},
           REC_HEADER);
    wire(r, b, at);
}

static void act(struct run *r, uint8_t kind, const uint8_t *p, size_t n)
{
    switch (kind) {
    case ITEM_RAW:
        wire(r, p, n);
        break;
    case ITEM_SEND:
        hf_conn_send(r->c, p, n);
        break;
    case ITEM_CLOSE:
        hf_conn_close(r->c);
        break;
    case ITEM_UPDATE:
        hf_conn_key_update(r->c, n & 1);
        break;
    case ITEM_REST:
        hf_conn_rest(r->c);
        break;
    case ITEM_END:
        hf_conn_in_end(r->c);
        break;
    case ITEM_DAYS:
        r->now_ms += (int64_t)n * DAY_MS;
        break;
    case ITEM_SESSION:
        hf_conn_resume(r->c, (hf_view){p, n});
        break;
    case ITEM_DENY:
        r->deny = true;
        break;
    default:
        record(r, kind & (ITEM_PLAIN - 1), kind & ITEM_PLAIN, p, n);
    }
    settle(r);
}

/* ---- what can be asked of a connection, in whatever state it is ------------------------------------------ */

static void ask_peer(const hf_conn *c)
{
    const hf_peer *p = hf_conn_peer(c);
    uint8_t        digest[32];
    if (!p)
        return;
    always(hf_peer_name(p) && hf_peer_subject(p) && hf_peer_issuer(p));
    always((hf_peer_leaf(p).n > 0) == (hf_peer_serial(p).n > 0) && hf_peer_spki(p).n > 0);
    hf_peer_sha256(p, digest);
    hf_peer_spki_sha256(p, digest);
}

static void ask(struct run *r)
{
    char              text[512];
    uint8_t           key[32], end_point[64];
    hf_view           certs[8];
    const hf_finding *f;
    const hf_event   *e;
    hf_conn          *c = r->c;
    hf_why_text(hf_conn_why(c), text, sizeof text);
    hf_conn_findings(c, &f);
    hf_conn_offers(c, &f);
    hf_conn_session(c);
    hf_conn_staple(c);
    hf_conn_binding_exporter(c, key);
    hf_conn_binding_end_point(c, end_point);
    hf_conn_resumed(c);
    hf_conn_trace(c, &e);
    for (size_t i = 0, n = hf_conn_claimed(c, certs, 8); i < n && i < 8; i++)
        hf_cert_describe(certs[i], text, sizeof text);
    ask_peer(c);
    hf_conn_export(c, "EXPERIMENTAL", (hf_view){0}, key, sizeof key);
    while (hf_conn_keylog_line(c))
        ;
    always(hf_conn_alpn(c) && hf_code_name('v', hf_conn_version(c)));
}

void flight_run(enum hf_role role, const uint8_t *data, size_t n)
{
    if (n < SETTING_BYTES)
        return;
    unsigned   setting = (unsigned)data[0] << 24 | (unsigned)data[1] << 16 | (unsigned)data[2] << 8 | data[3];
    struct run r       = {.c = flight_conn(role, setting), .now_ms = FUZZ_NOW_MS};
    if (!r.c)
        return;
    if (n > SETTING_BYTES && data[SETTING_BYTES] != ITEM_SESSION)
        settle(&r);
    for (size_t at = SETTING_BYTES; at + ITEM_HEADER <= n;) {
        size_t len = (size_t)(data[at + 1] << 8 | data[at + 2]), left = n - at - ITEM_HEADER;
        len = len < left ? len : left;
        act(&r, data[at], data + at + ITEM_HEADER, len);
        at += ITEM_HEADER + len;
    }
    ask(&r);
    hf_conn_free(r.c);
}
