/* SPDX-License-Identifier: Apache-2.0
 *
 * setup.c - from the plan to a sealed config: trust, credentials, versions, groups, suites, protocols.
 * What the library cannot be asked to do ends the process as unimplemented.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "shim.h"
#include "tls/config.h"

enum { TLS1_2 = 0x0303, TLS1_3 = 0x0304 };

char *slurp(const char *file, size_t *n)
{
    FILE *f    = fopen(file, "rb");
    char *text = malloc(1 << 20);
    if (!f || !text) {
        if (f)
            fclose(f);
        free(text);
        return NULL;
    }
    *n = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    text[*n] = '\0';
    return text;
}

/* ---- versions, groups, suites, schemes ------------------------------------------------------------------ */

static void versions(hf_config *cfg, const struct plan *p)
{
    bool     key_alone = !p->server && !p->verify_peer && psk_planned(p);
    uint16_t min       = p->min_version > TLS1_2 || p->no_tls12 || key_alone ? TLS1_3 : TLS1_2;
    uint16_t max       = (p->max_version && p->max_version < TLS1_3) || p->no_tls13 ? TLS1_2 : TLS1_3;
    if ((min > max && !p->no_tls12) || (p->max_version && p->max_version < TLS1_2))
        unimplemented();
    hf_config_versions(cfg, min, max);
}

static void groups(hf_config *cfg, const struct plan *p)
{
    for (size_t i = 0; i < p->curves.n; i++)
        if (!kx_known(p->curves.v[i]))
            unimplemented();
    if (p->curves.n)
        hf_config_groups(cfg, p->curves.v, p->curves.n);
    if (p->key_shares.n > 1 || (p->key_shares.n && p->key_shares.v[0] != (p->curves.n ? p->curves.v[0] : KX_X25519)))
        unimplemented(); /* our one share is for the first of the groups */
}

/* What the runner takes for the defaults: it has tests that the others are not on. */
static const struct codes_plan verify_default = {{0x0403, 0x0804, 0x0503, 0x0805, 0x0806}, 5};
static const struct codes_plan sign_default   = {
      {0x0807, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601}, 10};

/* What the peer may sign with. PKCS#1 is no setting of ours: TLS 1.2 has it, TLS 1.3 has not. */
static void verify_prefs(hf_config *cfg, const struct plan *p)
{
    const struct codes_plan *from = p->verify_prefs.n ? &p->verify_prefs : &verify_default;
    uint16_t                 ours[CODES_MAX];
    size_t                   n = 0;
    for (size_t i = 0; i < from->n; i++) {
        const struct scheme *s = scheme_of(from->v[i]);
        if (s && s->in_handshake)
            ours[n++] = s->code;
    }
    if (n)
        hf_config_sigalgs(cfg, ours, n);
}

static const struct {
    const char *name;
    uint16_t    code;
} suites12[] = {
    {"ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b}, {"ECDHE-RSA-AES128-GCM-SHA256", 0xc02f},
    {"ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c}, {"ECDHE-RSA-AES256-GCM-SHA384", 0xc030},
    {"ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9}, {"ECDHE-RSA-CHACHA20-POLY1305", 0xcca8},
};

static bool is_word(const char *word, const char *at, size_t n)
{
    return strlen(word) == n && memcmp(word, at, n) == 0;
}

/* By either of its names. */
static uint16_t suite_named(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof suites12 / sizeof suites12[0]; i++)
        if (is_word(suites12[i].name, name, n) || is_word(hf_code_name('s', suites12[i].code), name, n))
            return suites12[i].code;
    return 0;
}

/* Names of suites that we never have are left out. Groups of equal preference, [a|b], are read as an order. */
static void suites(hf_config *cfg, const char *list)
{
    static const uint16_t no_aes[]        = {0x1301, 0x1302, 0x1303, 0xcca9, 0xcca8};
    uint16_t              ours[CODES_MAX] = {0x1301, 0x1302, 0x1303};
    size_t                n               = 3;
    if (!list || strcmp(list, "DEFAULT") == 0 || strncmp(list, "ALL", 3) == 0)
        return;
    if (strcmp(list, "DEFAULT:!AES") == 0) {
        hf_config_suites(cfg, no_aes, sizeof no_aes / sizeof no_aes[0]);
        return;
    }
    for (const char *at = list; *at && n < CODES_MAX; at += strspn(at, ":[]|")) {
        size_t   len  = strcspn(at, ":[]|");
        uint16_t code = suite_named(at, len);
        if (code)
            ours[n++] = code;
        at += len;
    }
    if (n == 3 || strpbrk(list, "!+@"))
        unimplemented();
    hf_config_suites(cfg, ours, n);
}

/* ---- protocols ------------------------------------------------------------------------------------------ */

/* ProtocolName vectors; their length bytes become the ends of strings. */
static void advertise(hf_config *cfg, const char *vectors)
{
    const char *names[32];
    char        text[1024] = {0};
    size_t      n = 0, len = strlen(vectors);
    if (len >= sizeof text)
        unimplemented();
    memcpy(text, vectors, len);
    for (size_t at = 0; at < len && n < 32;) {
        size_t one = (uint8_t)text[at];
        text[at]   = '\0';
        names[n++] = text + at + 1;
        at += 1 + one;
    }
    hf_config_alpn(cfg, names, n);
}

static void protocols(hf_config *cfg, const struct plan *p)
{
    static const char *const none[] = {"none of theirs"};
    if (p->advertise_alpn && !p->server)
        advertise(cfg, p->advertise_alpn);
    if (p->select_alpn)
        hf_config_alpn(cfg, &p->select_alpn, 1);
    if (p->reject_alpn)
        hf_config_alpn(cfg, none, 1);
}

/* ---- trust, credentials ----------------------------------------------------------------------------------- */

static bool nibble(char c, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    const char       *at       = memchr(digits, c, 16);
    if (at)
        *out = (uint8_t)(at - digits);
    return at;
}

/* Names in hexadecimal with commas between them; "<EMPTY>" and "<NULL>": none. */
static void hints(hf_trust *t, const char *list)
{
    uint8_t bytes[8192], high, low;
    hf_view names[64];
    size_t  n = 0, used = 0;
    hf_trust_hints(t, HF_HINTS_EMPTY, NULL, 0);
    if (!list || list[0] == '<')
        return;
    for (const char *at = list; *at && n < 64; at += *at == ',') {
        names[n] = (hf_view){bytes + used, 0};
        for (; at[0] && at[0] != ',' && used < sizeof bytes && nibble(at[0], &high) && nibble(at[1], &low); at += 2)
            bytes[used++] = (uint8_t)(high << 4 | low), names[n].n++;
        n++;
    }
    hf_trust_hints(t, HF_HINTS_LISTED, names, n);
}

/* The root of the runner's credential. A test without one says nothing about chains: then an own certificate is
 * pinned, which no peer presents. */
static void trust_certificates(hf_trust *t, const struct plan *p)
{
    if (p->trust_cert && p->trust_cert[0])
        hf_trust_anchor_file(t, p->trust_cert);
    else if (p->cred[0].cert_file)
        hf_trust_pin_file(t, p->cred[0].cert_file);
    else if (p->n_creds && p->cred[1].cert_file)
        hf_trust_pin_file(t, p->cred[1].cert_file);
}

static void trust(hf_config *cfg, const struct plan *p)
{
    hf_trust *t = hf_trust_new();
    if (!rawkey_trust(t, p, trust_certificates))
        trust_certificates(t, p);
    hints(t, p->use_client_ca_list);
    bool ask = p->verify_peer || p->require_any_client_certificate;
    hf_config_trust(cfg, t, !ask ? HF_DONT_ASK : p->require_any_client_certificate ? HF_REQUIRE : HF_ASK);
}

/* Schemes that we do not have are left out; when nothing is left, those stay that no peer of such a test takes. */
static void sign_prefs(hf_cred *c, const struct cred_plan *k)
{
    uint16_t known[CODES_MAX];
    size_t   n = 0;
    for (size_t j = 0; j < k->signing_prefs.n; j++)
        if (scheme_of(k->signing_prefs.v[j]))
            known[n++] = k->signing_prefs.v[j];
    hf_cred_sigalgs(c, n ? known : sign_default.v, n ? n : sign_default.n);
}

static bool credential(struct setup *s, size_t i, const struct plan *p)
{
    const struct cred_plan *k = &p->cred[i];
    size_t                  n;
    hf_cred                *c;
    if (k->psk_key) {
        psk_config(s->cfg, k);
        return true;
    }
    if (k->raw_key) {
        c = rawkey_credential(s, i, p);
    } else if (p->async || p->fail_cert_callback || p->fail_ocsp_callback) {
        char *pem = slurp(k->cert_file, &n);
        c         = hf_cred_external(pem, n, k->cert_file);
        free(pem);
        struct report rep;
        report_init(&rep);
        pem       = slurp(k->key_file, &n);
        s->key[i] = key_load((hf_view){(uint8_t *)pem, n}, k->key_file, NULL, NULL, &rep);
        free(pem);
        if (!s->key[i])
            unimplemented();
    } else {
        c = hf_cred_files(k->cert_file, k->key_file, NULL, NULL);
    }
    sign_prefs(c, k);
    hf_cred_must_match(c, k->must_match_issuer);
    s->cred[i] = c;
    if (!p->available_types.n)
        hf_config_cred(s->cfg, c);
    return c;
}

/* The default credential comes last: the runner counts the others first. */
static bool credentials(struct setup *s, const struct plan *p)
{
    for (size_t i = 1; i <= p->n_creds; i++)
        if (!credential(s, i, p))
            return false;
    if (p->cred[0].cert_file && !credential(s, 0, p))
        return false;
    rawkey_credentials(s, p);
    return true;
}

bool setup_make(struct setup *s, const struct plan *p)
{
    hf_why why;
    *s = (struct setup){.cfg = hf_config_new(p->server ? HF_SERVER : HF_CLIENT)};
    versions(s->cfg, p);
    groups(s->cfg, p);
    verify_prefs(s->cfg, p);
    suites(s->cfg, p->cipher);
    protocols(s->cfg, p);
    trust(s->cfg, p);
    session_config(s->cfg, p);
    hf_config_trace(s->cfg, true);
    hf_config_ask_verdict(s->cfg, true);
    hf_config_insecure_unverified(s->cfg, !p->server && !p->accepted_types.n &&
                                              (p->host_name || !p->trust_cert || !p->trust_cert[0]));
    staple_config(s->cfg, p);
    stand_in(s->cfg, p);
    if (!credentials(s, p))
        return false;
    if (hf_config_seal(s->cfg, wall_ms(), &why)) {
        staple_give(s, p);
        stand_in_sealed(s);
        return true;
    }
    if (why.check == HF_CHK_CONFIG_PSK_DEMAND || why.check == HF_CHK_CRED_KEY_KIND ||
        why.check == HF_CHK_KEY_ALGORITHM || why.check == HF_CHK_CONFIG_NO_CREDENTIAL)
        unimplemented();
    return bad("config: %s %s", hf_check_info_of(why.check)->name, why.text);
}

void setup_free(struct setup *s)
{
    hf_config_free(s->cfg);
    for (size_t i = 0; i < CREDS_MAX; i++)
        key_free(s->key[i]);
}
