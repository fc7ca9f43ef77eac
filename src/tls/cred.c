/* SPDX-License-Identifier: Apache-2.0
 *
 * cred.c - what we present: a chain, leaf first, and the key for its leaf. Everything that can be wrong with
 * one's own files is found here, before any packet.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/pem.h"
#include "base/text.h"
#include "base/when.h"
#include "base/wr.h"
#include "crypto/what.h"
#include "tls/codes.h"
#include "tls/config.h"
#include "tls/msg.h"

static hf_cred *cred_new(const char *name)
{
    hf_cred *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    report_init(&c->rep);
    c->name = mem_text(&c->mem, name);
    if (!c->name)
        fail(&c->rep, CRED_NO_MEMORY, 0, 0, 0);
    return c;
}

void hf_cred_free(hf_cred *c)
{
    if (!c)
        return;
    key_free(c->key);
    mem_free(&c->mem, c->bytes);
    mem_free(&c->mem, c->msg);
    cred_unpack(c);
    mem_free(&c->mem, c->staple);
    mem_free(&c->mem, c->staple_name);
    mem_free(&c->mem, c->name);
    free(c);
}

const hf_why *hf_cred_why(const hf_cred *c)
{
    return &c->rep.why;
}

const char *hf_cred_name(const hf_cred *c)
{
    return c->name ? c->name : "";
}

/* Collects the certificates of a PEM text as one run of DER. What the file's first block is, if none is one. */
static enum what pem_certs(hf_cred *c, hf_view text, struct wr *w)
{
    struct pem_block b;
    enum what        first = IS_NOTHING_KNOWN;
    for (size_t at = 0; pem_next(text, &at, &b, &c->mem, &c->rep); pem_free(&b, &c->mem)) {
        enum what what = what_label(b.label);
        size_t    n    = der_whole((hf_view){b.der, b.n}); /* TRUSTED CERTIFICATE has more behind it */
        if (what == IS_CERTIFICATE)
            wr_bytes(w, b.der, n ? n : b.n);
        else if (first == IS_NOTHING_KNOWN)
            first = what;
    }
    return first;
}

/* Cuts c->bytes into certificates and parses each. */
static bool parse_run(hf_cred *c, hf_view run)
{
    while (run.n) {
        size_t n = der_whole(run);
        if (n == 0 || c->n == LIMIT_CHAIN)
            return fail_text(&c->rep, CRED_TOO_MANY, 0, LIMIT_CHAIN, (int64_t)c->n + 1, c->name);
        c->rep.cert = (int8_t)c->n;
        if (!cert_parse(&c->cert[c->n], (hf_view){run.p, n}, &c->rep)) {
            why_add_text(&c->rep, c->rep.why.check, c->name);
            return false;
        }
        c->n++;
        run = (hf_view){run.p + n, run.n - n};
    }
    c->rep.cert = -1;
    return true;
}

static void none_in_it(hf_cred *c, enum what what)
{
    if (!what_no_certificate(&c->rep, what, c->name))
        fail_text(&c->rep, CRED_NO_CERTIFICATE, 0, 1, 0, c->name);
}

static void take_certs(hf_cred *c, hf_view bytes)
{
    struct wr w    = wr_grow(&c->mem, LIMIT_FILE_BYTES);
    bool      pem  = pem_looks_like(bytes);
    enum what what = pem ? pem_certs(c, bytes, &w) : what_bytes(bytes);
    if (!pem && (what == IS_CERTIFICATE || what == IS_NOTHING_KNOWN) && der_whole(bytes) == bytes.n)
        wr_view(&w, bytes);
    c->bytes = w.p;
    if (report_bad(&c->rep))
        why_add_text(&c->rep, c->rep.why.check, c->name);
    else if (w.full)
        fail(&c->rep, CRED_NO_MEMORY_CHAIN, 0, 0, 0);
    else if (w.n == 0)
        none_in_it(c, what);
    else
        parse_run(c, (hf_view){w.p, w.n});
}

static void take_p12(hf_cred *c, hf_view bytes, hf_passphrase ask, void *ctx)
{
    size_t n;
    if (!p12_load(bytes, c->name, ask, ctx, &c->key, &c->bytes, &n, &c->mem, &c->rep))
        return;
    if (n == 0)
        fail_text(&c->rep, CRED_P12_NO_CERTIFICATE, 0, 1, 0, c->name);
    else
        parse_run(c, (hf_view){c->bytes, n});
}

static void take_key(hf_cred *c, const char *file, hf_passphrase ask, void *ctx)
{
    size_t   n;
    uint8_t *bytes = file_read(file, &n, &c->mem, &c->rep);
    if (!bytes)
        return;
    c->key = key_load((hf_view){bytes, n}, file, ask, ctx, &c->rep);
    mem_free(&c->mem, bytes);
}

hf_cred *hf_cred_files(const char *chain, const char *key, hf_passphrase ask, void *ctx)
{
    hf_cred *c = cred_new(chain);
    if (!c || report_bad(&c->rep) || !crypto_init())
        return c;
    size_t   n;
    uint8_t *bytes = file_read(chain, &n, &c->mem, &c->rep);
    if (!bytes)
        return c;
    hf_view view = {bytes, n};
    if (p12_looks_like(view))
        take_p12(c, view, ask, ctx);
    else
        take_certs(c, view);
    mem_free(&c->mem, bytes);
    if (!report_bad(&c->rep) && !c->key)
        take_key(c, key ? key : chain, ask, ctx);
    return c;
}

hf_cred *hf_cred_external(const void *pem, size_t n, const char *called)
{
    hf_cred *c = cred_new(called);
    if (!c)
        return NULL;
    c->external = true;
    if (!report_bad(&c->rep))
        take_certs(c, (hf_view){pem, n});
    return c;
}

/* ---- raw public keys --------------------------------------------------------------------------------------- */

static void take_spki(hf_cred *c, uint8_t *take, size_t n)
{
    struct report own;
    report_init(&own);
    c->raw   = true;
    c->bytes = take;
    c->n     = 1;
    if (!take)
        fail(&c->rep, CRED_RAW_NO_MEMORY, 0, 0, 0);
    else if (!cert_bare(&c->cert[0], (hf_view){take, n}, &own))
        fail_text(&c->rep, CRED_RAW_NO_KEY, own.why.offset, 0, own.why.check, c->name);
}

hf_cred *hf_cred_raw_key(const char *key, hf_passphrase ask, void *ctx)
{
    hf_cred *c = cred_new(key);
    size_t   n = 0;
    if (!c || report_bad(&c->rep) || !crypto_init())
        return c;
    take_key(c, key, ask, ctx);
    if (c->key) {
        uint8_t *spki = key_spki(c->key, &c->mem, &n);
        take_spki(c, spki, n);
    }
    return c;
}

/* The first PUBLIC KEY block of a PEM text, or the bytes as they are. */
static uint8_t *public_key(hf_cred *c, hf_view v, size_t *n)
{
    struct pem_block b;
    uint8_t         *der = NULL;
    if (!pem_looks_like(v))
        return mem_copy(&c->mem, v.p, *n = v.n);
    for (size_t at = 0; !der && pem_next(v, &at, &b, &c->mem, &c->rep); pem_free(&b, &c->mem))
        if (what_label(b.label) == IS_PUBLIC_KEY)
            der = mem_copy(&c->mem, b.der, *n = b.n);
    return der ? der : mem_copy(&c->mem, "", *n = 1);
}

hf_cred *hf_cred_raw_external(const void *pem_or_der, size_t n, const char *called)
{
    hf_cred *c = cred_new(called);
    size_t   spki_n;
    if (!c)
        return NULL;
    c->external = true;
    if (report_bad(&c->rep))
        return c;
    uint8_t *spki = public_key(c, (hf_view){pem_or_der, n}, &spki_n);
    take_spki(c, spki, spki_n);
    return c;
}

void hf_cred_sigalgs(hf_cred *c, const uint16_t *schemes, size_t n)
{
    struct wr w = wr_fixed(c->only.b, sizeof c->only.b);
    for (size_t i = 0; i < n; i++) {
        wr_u16(&w, schemes[i]);
        if (!scheme_of(schemes[i]))
            fail_text(&c->rep, CRED_SIGALGS, 0, 0, schemes[i], c->name);
    }
    c->only.n = w.n;
    if (w.full)
        fail_text(&c->rep, CRED_SIGALGS_MANY, 0, (int64_t)sizeof c->only.b / 2, (int64_t)n, c->name);
}

void hf_cred_must_match(hf_cred *c, bool on)
{
    c->match = on ? MATCH_MUST : MATCH_NEED_NOT;
}

size_t cred_chain(const hf_cred *c, hf_view *out)
{
    for (size_t i = 0; i < c->n; i++)
        out[i] = c->raw ? c->cert[i].spki : c->cert[i].der;
    return c->n;
}

/* ---- signing ------------------------------------------------------------------------------------------- */

static bool can_sign(const hf_cred *c, const struct scheme *s, uint16_t version)
{
    const struct pubkey *k = &c->cert[0].key;
    if (!s || !scheme_fits(s, k->kind, version))
        return false;
    return !k->pss_only || (k->pss_hash == s->how.hash && k->pss_salt_min <= s->how.salt_len);
}

static bool allowed(const hf_config *cfg, uint16_t code, uint16_t version)
{
    return !cfg || codes_have(codes_view(version == TLS12 ? &cfg->schemes_cert : &cfg->schemes), code);
}

uint16_t cred_scheme(const hf_cred *c, hf_view peer, const hf_config *cfg, uint16_t version)
{
    static const uint8_t all[] = {4, 3, 5, 3, 6, 3, 8, 7, 8, 4, 8, 5, 8, 6, 8, 9, 8, 10, 8, 11};
    hf_view              other = peer.n ? peer : (hf_view){all, sizeof all};
    hf_view              list  = c->only.n ? codes_view(&c->only) : other;
    for (size_t i = 0; i < codes_n(list); i++) {
        uint16_t code = codes_at(list, i);
        if (can_sign(c, scheme_of(code), version) &&
            (c->only.n ? codes_have(other, code) : allowed(cfg, code, version)))
            return code;
    }
    return 0;
}

/* In some version, with some peer. */
static bool signs_at_all(const hf_cred *c)
{
    hf_view only = codes_view(&c->only);
    for (size_t i = 0; i < codes_n(only); i++)
        if (can_sign(c, scheme_of(codes_at(only, i)), TLS12) || can_sign(c, scheme_of(codes_at(only, i)), TLS13))
            return true;
    return !only.n && cred_scheme(c, (hf_view){0}, NULL, TLS13);
}

/* ---- judged at the seal ------------------------------------------------------------------------------ */

static bool same_key(const struct pubkey *a, const struct pubkey *b)
{
    bool rsa = a->kind == KEY_RSA || a->kind == KEY_RSA_PSS;
    if (rsa)
        return (b->kind == KEY_RSA || b->kind == KEY_RSA_PSS) && view_equal(a->n, b->n) && view_equal(a->e, b->e);
    return a->kind == b->kind && view_equal(a->raw, b->raw);
}

/* Each certificate must be issued by the next one; the first is the leaf. */
static bool order_ok(const hf_cred *c, struct report *rep)
{
    for (size_t i = 0; i + 1 < c->n; i++) {
        rep->cert = (int8_t)i;
        if (!dn_equal(c->cert[i].issuer, c->cert[i + 1].subject))
            return fail_text(rep, CRED_ORDER, 0, (int64_t)i + 1, 0, c->name);
    }
    rep->cert = 0;
    if (c->n > 1 && c->cert[0].is_ca)
        return fail_text(rep, CRED_LEAF_NOT_FIRST, 0, 0, 0, c->name);
    return true;
}

static bool dates_ok(const hf_cred *c, int64_t now, struct report *rep)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct cert *k = &c->cert[i];
        rep->cert            = (int8_t)i;
        if (now > k->not_after)
            return fail_text(rep, CRED_EXPIRED, k->not_after_at, k->not_after, now, c->name);
        if (now < k->not_before)
            return fail_text(rep, CRED_NOT_YET_VALID, k->not_after_at, k->not_before, now, c->name);
    }
    return true;
}

static bool usage_ok(const hf_cred *c, enum purpose purpose, struct report *rep)
{
    const struct cert *leaf = &c->cert[0];
    unsigned           want = purpose == FOR_CLIENT_AUTH ? EKU_CLIENT_AUTH : EKU_SERVER_AUTH;
    rep->cert               = 0;
    if ((leaf->has & EXT_KU) && !(leaf->ku & KU_DIGITAL_SIGNATURE))
        return fail_text(rep, CRED_KEY_USAGE, 0, KU_DIGITAL_SIGNATURE, leaf->ku, c->name);
    if ((leaf->has & EXT_EKU) && !(leaf->eku & (want | EKU_ANY)))
        return fail_text(rep, purpose == FOR_CLIENT_AUTH ? CRED_NOT_FOR_CLIENT : CRED_NOT_FOR_SERVER, 0, want,
                         leaf->eku, c->name);
    return true;
}

bool cred_check(hf_cred *c, enum purpose purpose, int64_t now, struct report *rep)
{
    if (report_bad(&c->rep))
        return fail_as(rep, &c->rep.why);
    if (!c->insist && !order_ok(c, rep))
        return false;
    rep->cert = 0;
    if (c->key && !same_key(key_public(c->key), &c->cert[0].key))
        return fail_text(rep, CRED_KEY_MISMATCH, 0, 0, 0, c->name);
    if (!signs_at_all(c))
        return fail_text(rep, CRED_KEY_KIND, 0, 0, c->cert[0].key.kind, c->name);
    bool ok   = c->insist || c->raw || (dates_ok(c, now, rep) && usage_ok(c, purpose, rep));
    rep->cert = -1;
    return ok;
}
