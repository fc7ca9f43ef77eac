/* SPDX-License-Identifier: Apache-2.0
 *
 * config.c - hf_config: setters remember, the seal judges everything together (style: all mistakes surface at
 * the seal).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/wr.h"
#include "tls/codes.h"
#include "tls/msg.h"
#include "tls/select.h"
#include "x509/key_pins.h"

enum { PAD_MAX = 4096, SIGNATURES_REMEMBERED = 8192 };

static void set_default_codes(hf_config *c)
{
    /* P-521 last: TLS 1.2 peers with a certificate on it look for it here (RFC 8422 5.1). */
    static const uint16_t groups[]  = {KX_X25519MLKEM768, KX_X25519, KX_P256, KX_P384, KX_P521};
    static const uint16_t suites[]  = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8};
    static const uint16_t schemes[] = {0x0403, 0x0807, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b};
    size_t                first     = kx_known(KX_X25519MLKEM768) ? 0 : 1;
    hf_config_groups(c, groups + first, sizeof groups / sizeof groups[0] - first);
    hf_config_suites(c, suites, sizeof suites / sizeof suites[0]);
    hf_config_sigalgs(c, schemes, sizeof schemes / sizeof schemes[0]);
}

hf_config *hf_config_new(enum hf_role role)
{
    hf_config *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    report_init(&c->rep);
    c->role        = role;
    c->demand      = role == HF_CLIENT ? HF_REQUIRE : HF_DONT_ASK;
    c->version_min = c->version_max = TLS13;
    c->ceiling                      = LIMIT_CONN_BYTES;
    c->n_remembered                 = SIGNATURES_REMEMBERED;
    c->staples                      = HF_ASK;
    c->record_limit                 = LIMIT_RECORD_PLAINTEXT;
    c->rnd                          = rnd_libcrypto;
    if (!crypto_init())
        fail_text(&c->rep, CONFIG_CRYPTO, 0, 0, 0, crypto_version());
    else
        set_default_codes(c);
    return c;
}

hf_config *hf_config_ref(hf_config *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

void hf_config_free(hf_config *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    for (hf_cred *k = c->creds; k;) {
        hf_cred *next = k->next;
        hf_cred_free(k);
        k = next;
    }
    hf_trust_free(c->trust);
    mem_free(&c->mem, c->alpn);
    mem_free(&c->mem, c->names);
    mem_free(&c->mem, c->filters);
    pool_free(&c->pool);
    proven_free(c->proven);
    hf_tickets_free(c->tickets);
    for (size_t i = 0; i < PSKS_MAX; i++)
        psk_drop(&c->psks[i], &c->mem);
    free(c);
}

/* ---- setters ------------------------------------------------------------------------------------------ */

static bool open_for(hf_config *c)
{
    return !c->sealed || fail(&c->rep, CONFIG_SEALED, 0, 0, 1);
}

void hf_config_trust(hf_config *c, hf_trust *take, enum hf_demand d)
{
    if (!open_for(c))
        return;
    hf_trust_free(c->trust);
    c->trust  = take;
    c->demand = d;
}

void hf_config_cred(hf_config *c, hf_cred *take)
{
    hf_cred **end = &c->creds;
    if (!take) {
        fail(&c->rep, CONFIG_NO_CRED_MEMORY, 0, 0, 0);
        return;
    }
    while (*end)
        end = &(*end)->next;
    *end = take;
    c->n_creds++;
}

void hf_config_cred_files(hf_config *c, const char *chain, const char *key)
{
    if (open_for(c))
        hf_config_cred(c, hf_cred_files(chain, key, NULL, NULL));
}

void hf_config_alpn(hf_config *c, const char *const *names, size_t n)
{
    struct wr w = wr_grow(&c->mem, LIMIT_ALPN * 256);
    mem_free(&c->mem, c->alpn);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (len == 0 || len > 255 || n > LIMIT_ALPN)
            fail_text(&c->rep, CONFIG_ALPN, 0, 255, (int64_t)len, names[i]);
        wr_vec(&w, 1, (hf_view){(const uint8_t *)names[i], len});
    }
    c->alpn   = w.p;
    c->alpn_n = w.n;
    if (w.full)
        fail(&c->rep, CONFIG_ALPN_NO_MEMORY, 0, 0, (int64_t)n);
}

void hf_config_versions(hf_config *c, uint16_t min, uint16_t max)
{
    c->version_min = min;
    c->version_max = max;
}

static bool codes_set(struct codes *to, const uint16_t *from, size_t n)
{
    struct wr w = wr_fixed(to->b, sizeof to->b);
    for (size_t i = 0; i < n; i++)
        wr_u16(&w, from[i]);
    to->n = w.n;
    return !w.full && n > 0;
}

void hf_config_groups(hf_config *c, const uint16_t *groups, size_t n)
{
    bool known = codes_set(&c->groups, groups, n);
    for (size_t i = 0; i < n; i++)
        known = known && kx_known(groups[i]);
    if (!known)
        fail(&c->rep, CONFIG_GROUPS, 0, 0, (int64_t)n);
}

void hf_config_suites(hf_config *c, const uint16_t *suites, size_t n)
{
    bool known = codes_set(&c->suites, suites, n);
    for (size_t i = 0; i < n; i++)
        known = known && suite_of(suites[i]);
    if (!known)
        fail(&c->rep, CONFIG_SUITES, 0, 0, (int64_t)n);
}

/* In certificates PKCS#1 signatures are as good as the others; in the handshake they are not (4.3.3). */
void hf_config_sigalgs(hf_config *c, const uint16_t *schemes, size_t n)
{
    bool known = codes_set(&c->schemes, schemes, n);
    for (size_t i = 0; i < n; i++)
        known = known && scheme_of(schemes[i]) && scheme_of(schemes[i])->in_handshake;
    if (!known)
        fail(&c->rep, CONFIG_SIGALGS, 0, 0, (int64_t)n);
    c->schemes_cert = c->schemes;
    for (uint8_t hash = 4; known && hash <= 6 && c->schemes_cert.n + 2 <= sizeof c->schemes_cert.b; hash++) {
        c->schemes_cert.b[c->schemes_cert.n++] = hash;
        c->schemes_cert.b[c->schemes_cert.n++] = 1;
    }
}

void hf_config_padding(hf_config *c, unsigned multiple_bytes)
{
    c->pad = multiple_bytes;
    if (multiple_bytes > PAD_MAX)
        fail(&c->rep, CONFIG_PADDING, 0, PAD_MAX, multiple_bytes);
}

void hf_config_record_limit(hf_config *c, unsigned bytes)
{
    c->record_limit = bytes;
    if (bytes < RECORD_LIMIT_MIN || bytes > LIMIT_RECORD_PLAINTEXT)
        fail(&c->rep, CONFIG_RECORD_LIMIT, 0, RECORD_LIMIT_MIN, bytes);
}

void hf_config_oid_filter(hf_config *c, hf_view oid, hf_view value)
{
    struct wr w = wr_grow(&c->mem, LIMIT_LIST * 256);
    wr_bytes(&w, c->filters, c->filters_n);
    wr_vec(&w, 1, oid);
    wr_vec(&w, 2, value);
    mem_free(&c->mem, c->filters);
    c->filters   = w.p;
    c->filters_n = w.n;
    if (w.full || oid.n == 0 || oid.n > 255)
        fail(&c->rep, CONFIG_FILTERS, 0, 255, (int64_t)oid.n);
}

void hf_config_announce_cas(hf_config *c, bool on)
{
    c->announce_names = on;
}

void hf_config_staple(hf_config *c, enum hf_demand d)
{
    c->staples = d;
}

void hf_config_ask_verdict(hf_config *c, bool on)
{
    c->ask_verdict = on;
}

void hf_config_name_by_verdict(hf_config *c, bool on)
{
    c->name_by_verdict = on;
}

void hf_config_trace(hf_config *c, bool on)
{
    c->trace = on;
}

void hf_config_insecure_keylog(hf_config *c, bool on)
{
    c->keylog = on;
}

void hf_config_insecure_unverified(hf_config *c, bool on)
{
    c->unverified = on;
}

void hf_config_ceiling(hf_config *c, size_t bytes)
{
    c->ceiling = bytes ? bytes : LIMIT_CONN_BYTES;
}

void hf_config_strict(hf_config *c, unsigned set)
{
    c->strict = set;
}

void hf_config_remember(hf_config *c, size_t signatures)
{
    c->n_remembered = signatures;
}

void hf_config_tickets(hf_config *c, hf_tickets *t, unsigned count, uint32_t lifetime_s)
{
    if (!open_for(c))
        return;
    hf_tickets_free(c->tickets);
    c->tickets       = t ? tickets_ref(t) : NULL;
    c->n_tickets     = count;
    c->ticket_life_s = lifetime_s;
}

void hf_config_psk(hf_config *c, hf_view identity, hf_view context, hf_view key, unsigned hash_bits)
{
    if (!open_for(c))
        return;
    if (c->n_psks == PSKS_MAX || !psk_import(&c->psks[c->n_psks], identity, context, key, hash_bits, &c->mem))
        fail(&c->rep, CONFIG_PSK, 0, PSK_KEY_MIN, (int64_t)key.n);
    else
        c->n_psks++;
}

void hf_config_sessions(hf_config *c, bool on)
{
    c->sessions = on;
}

void hf_config_insecure_random(hf_config *c, void (*fill)(void *ctx, uint8_t *p, size_t n), void *ctx)
{
    c->rnd = (struct rnd){fill, ctx};
}

/* ---- seal --------------------------------------------------------------------------------------------- */

void ca_names_write(const hf_trust *t, struct wr *w, size_t *n, size_t *n_cut)
{
    hf_view name;
    *n = *n_cut = 0;
    for (size_t i = 0; trust_hint(t, i, &name); i++)
        if (w->n + 2 + name.n > LIMIT_CA_NAMES_BYTES) {
            ++*n_cut;
        } else {
            wr_vec(w, 2, name);
            ++*n;
        }
}

static bool gather_names(hf_config *c, struct report *rep)
{
    struct wr w = wr_grow(&c->mem, c->role == HF_CLIENT ? LIMIT_HELLO_NAMES_BYTES : LIMIT_CA_NAMES_BYTES);
    ca_names_write(c->trust, &w, &c->n_names, &c->n_names_cut);
    c->names   = w.p;
    c->names_n = w.n;
    return !w.full || fail(rep, CONFIG_NAMES_MEMORY, 0, 0, (int64_t)w.n);
}

static bool trust_ok(hf_config *c, struct report *rep)
{
    bool psk_alone = c->n_psks && c->demand == HF_DONT_ASK;
    if (c->role == HF_CLIENT ? c->unverified || psk_alone : c->demand == HF_DONT_ASK)
        return true;
    if (!c->trust)
        return fail(rep, CONFIG_NO_TRUST, 0, 1, 0);
    if (hf_trust_why(c->trust)->check)
        return fail_as(rep, hf_trust_why(c->trust));
    if (hf_trust_anchors(c->trust) + trust_pins(c->trust) + trust_keys(c->trust)->n == 0)
        return fail(rep, CONFIG_TRUST_EMPTY, 0, 1, 0);
    trust_prove_crls(c->trust);
    return (c->role == HF_CLIENT && !c->announce_names) || gather_names(c, rep);
}

static bool make_message(hf_cred *k, bool zipped, struct report *rep)
{
    struct certificate m    = {0};
    struct wr          w    = wr_grow(&k->mem, LIMIT_MSG_CERTIFICATE);
    size_t             need = MSG_HEADER + 1 + 3;
    m.n                     = cred_chain(k, m.chain);
    for (size_t i = 0; i < m.n; i++)
        need += 3 + m.chain[i].n + 2;
    if (need > LIMIT_MSG_CERTIFICATE)
        return fail_text(rep, CONFIG_CHAIN_TOO_LARGE, 0, LIMIT_MSG_CERTIFICATE, (int64_t)need, k->name);
    certificate_write(&w, &m);
    k->msg   = w.p;
    k->msg_n = w.n;
    if (zipped && !w.full)
        cred_pack(k);
    return !w.full || fail(rep, CONFIG_CHAIN_NO_MEMORY, 0, 0, (int64_t)need);
}

static bool creds_ok(hf_config *c, int64_t now, struct report *rep)
{
    enum purpose as = c->role == HF_CLIENT ? FOR_CLIENT_AUTH : FOR_SERVER_AUTH;
    if (c->role == HF_SERVER && !c->creds && !c->n_psks)
        return fail(rep, CONFIG_NO_CREDENTIAL, 0, 1, 0);
    for (hf_cred *k = c->creds; k; k = k->next)
        if (!cred_check(k, as, now, rep) || !cred_staple_check(k, rep) || !make_message(k, c->zips.n > 0, rep))
            return false;
    return true;
}

static void type_add(struct cert_types *t, bool there, uint8_t type)
{
    if (there && !types_have((hf_view){t->b, t->n}, type))
        t->b[t->n++] = type;
}

/* What there is says which certificate types are taken and shown, and in which order. */
static void gather_types(hf_config *c)
{
    bool keys  = c->trust && trust_keys(c->trust)->n;
    bool certs = c->unverified || (c->trust && hf_trust_anchors(c->trust) + trust_pins(c->trust));
    type_add(&c->takes, keys && trust_keys_first(c->trust), TYPE_RAW_KEY);
    type_add(&c->takes, certs, TYPE_X509);
    type_add(&c->takes, keys, TYPE_RAW_KEY);
    for (const hf_cred *k = c->creds; k; k = k->next)
        type_add(&c->shows, true, cred_type(k));
}

static bool memory_ok(hf_config *c, struct report *rep)
{
    if (c->n_remembered)
        c->proven = proven_new(c->n_remembered);
    return c->proven || !c->n_remembered || fail(rep, CONFIG_REMEMBER, 0, (int64_t)c->n_remembered, 0);
}

/* Who proves a pre-shared key gives no certificate. It takes the place of one only where that was said. */
static bool psks_ok(const hf_config *c, struct report *rep)
{
    if (!c->n_psks)
        return true;
    if (c->version_max < TLS13 || (c->role == HF_CLIENT && c->demand == HF_DONT_ASK && c->version_min < TLS13))
        return fail(rep, CONFIG_PSK_VERSIONS, 0, TLS13, c->version_min);
    return c->demand != HF_REQUIRE || fail(rep, CONFIG_PSK_DEMAND, 0, HF_ASK, c->demand);
}

static bool tickets_ok(hf_config *c, struct report *rep)
{
    if (!c->tickets)
        return true;
    if (tickets_why(c->tickets)->check)
        return fail_as(rep, tickets_why(c->tickets));
    if (c->ticket_life_s == 0 || c->ticket_life_s > LIMIT_TICKET_LIFE_S || c->n_tickets > LIMIT_TICKETS_GIVEN)
        return fail(rep, CONFIG_TICKETS, 0, LIMIT_TICKET_LIFE_S, c->ticket_life_s);
    c->epoch = c->trust ? hf_trust_epoch(c->trust) : 0;
    return true;
}

bool hf_config_seal(hf_config *c, int64_t now_ms, hf_why *why)
{
    struct report *rep = &c->rep;
    bool           ok  = !report_bad(rep) && open_for(c);
    if (ok && (c->version_min < TLS12 || c->version_max > TLS13 || c->version_min > c->version_max))
        ok = fail(rep, CONFIG_VERSIONS, 0, c->version_min, c->version_max);
    if (ok && c->name_by_verdict && !c->ask_verdict)
        ok = fail(rep, CONFIG_NAME_UNASKED, 0, 0, 0);
    ok = ok && trust_ok(c, rep) && creds_ok(c, now_ms / 1000, rep) && memory_ok(c, rep) && tickets_ok(c, rep) &&
         psks_ok(c, rep);
    gather_types(c);
    if (rep->why.check)
        rep->why.origin = HF_BY_CALLER;
    if (why)
        *why = rep->why;
    c->sealed = ok;
    return ok;
}
