/* SPDX-License-Identifier: Apache-2.0
 *
 * rawkey.c - raw public keys (RFC 7250): which certificate types the plan takes and shows, in which order, and what came
 * of it. The library has no setting for it: the order in which trust and credentials are given says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "tls/conn.h"
#include "x509/make.h"

static bool has(const struct codes_plan *types, uint16_t type)
{
    for (size_t i = 0; i < types->n; i++)
        if (types->v[i] == type)
            return true;
    return false;
}

/* The key that the plan expects, by its digest; a test that expects none is about something else. */
static void pin(hf_trust *t, const struct plan *p)
{
    static const uint8_t nobody[32];
    size_t               n      = 32;
    uint8_t             *digest = p->expect_peer_rpk_sha256 ? unbase64(p->expect_peer_rpk_sha256, &n) : NULL;
    if (n != 32 || !trust_pin_key_digest(t, digest ? digest : nobody))
        unimplemented();
    free(digest);
}

/* An anchor that nobody has a certificate of: certificates are taken, and the test shows none. */
static void anchor_nobody(hf_trust *t)
{
    static const uint8_t name[] = {0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 6, 3, 0x55, 4, 3, 12, 4, 'n', 'o', 'n', 'e'};
    struct mem           m      = {0};
    struct report        rep;
    size_t               spki_n, n;
    struct key          *key  = crypto_init() ? key_generate(KEY_EC_P256, 0) : NULL;
    uint8_t             *spki = key ? key_spki(key, &m, &spki_n) : NULL;
    struct cert_spec     s    = cert_spec_for(USE_ROOT);
    report_init(&rep);
    s.subject   = (hf_view){name, sizeof name};
    s.not_after = 4000000000;
    uint8_t *der =
        spki ? cert_make(&s, (hf_view){spki, spki_n}, &(struct issuer){.key = key}, &rnd_libcrypto, &m, &n, &rep)
             : NULL;
    if (!der || !trust_anchor_anything(t, (hf_view){der, n}))
        unimplemented();
    mem_free(&m, der);
    mem_free(&m, spki);
    key_free(key);
}

bool rawkey_trust(hf_trust *t, const struct plan *p, void (*certificates)(hf_trust *t, const struct plan *p))
{
    const struct codes_plan *types = &p->accepted_types;
    for (size_t i = 0; i < types->n; i++)
        if (types->v[i] == TYPE_RAW_KEY)
            pin(t, p);
        else if (p->trust_cert && p->trust_cert[0])
            certificates(t, p);
        else
            anchor_nobody(t);
    return types->n > 0;
}

/* Credentials of the types that the plan offers, those of the first type first. */
void rawkey_credentials(struct setup *s, const struct plan *p)
{
    static const uint16_t any[] = {TYPE_X509, TYPE_RAW_KEY};
    size_t                n     = p->available_types.n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 1; k <= CREDS_MAX; k++) {
            hf_cred *c = s->cred[k % CREDS_MAX]; /* the default credential comes last */
            if (c && cred_type(c) == p->available_types.v[i])
                hf_config_cred(s->cfg, c);
        }
    for (size_t k = 0; k < CREDS_MAX; k++) /* those of other types belong to nobody then */
        if (n && s->cred[k] && !has(&p->available_types, any[s->cred[k]->raw])) {
            hf_cred_free(s->cred[k]);
            s->cred[k] = NULL;
        }
}

hf_cred *rawkey_credential(struct setup *s, size_t i, const struct plan *p)
{
    const char   *file = p->cred[i].key_file;
    struct mem    m    = {0};
    struct report rep;
    size_t        n, spki_n;
    if (!p->async && !p->fail_cert_callback)
        return hf_cred_raw_key(file, NULL, NULL);
    char *pem = slurp(file, &n);
    report_init(&rep);
    s->key[i] = pem ? key_load((hf_view){(uint8_t *)pem, n}, file, NULL, NULL, &rep) : NULL;
    free(pem);
    if (!s->key[i])
        unimplemented();
    uint8_t *spki = key_spki(s->key[i], &m, &spki_n);
    hf_cred *c    = hf_cred_raw_external(spki, spki_n, file);
    mem_free(&m, spki);
    return c;
}

bool rawkey_expected(const struct talk *t)
{
    const struct plan *p = t->plan;
    uint8_t            got[32];
    size_t             n;
    if (p->expect_peer_certificate_type != TYPE_UNSAID &&
        (p->expect_peer_certificate_type == TYPE_RAW_KEY) != t->conn->peer_raw)
        return bad("the peer's certificate type is another one");
    if (!p->expect_peer_rpk_sha256)
        return true;
    uint8_t *want = unbase64(p->expect_peer_rpk_sha256, &n);
    if (hf_conn_peer(t->conn))
        hf_peer_spki_sha256(hf_conn_peer(t->conn), got);
    bool same = hf_conn_peer(t->conn) && n == sizeof got && memcmp(want, got, n) == 0;
    free(want);
    return same || bad("the peer's raw public key is another one");
}
