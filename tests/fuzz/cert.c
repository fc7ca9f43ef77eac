/* SPDX-License-Identifier: Apache-2.0
 * cert.c - a certificate, or a raw public key: parsing, its extensions and names, and all that is printed of it. */
#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "x509/valid.h"

static const uint8_t *all_p;
static size_t         all_n;

static void inside(hf_view v)
{
    always(v.n == 0 || (v.p >= all_p && v.p + v.n <= all_p + all_n));
}

static void views(const struct cert *c)
{
    const hf_view all[] = {c->tbs,   c->serial,  c->issuer,     c->subject,  c->spki,       c->key.raw,
                           c->key.n, c->key.e,   c->sig_alg,    c->sig_bits, c->exts,       c->ski,
                           c->aki,   c->aki_ext, c->san,        c->ian,      c->name_cons,  c->policies,
                           c->crldp, c->aia,     c->policy_map, c->eku_ext,  c->unknown_oid};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        inside(all[i]);
}

static void walk(const struct cert *c)
{
    struct ext_walk w = {0};
    struct gen_name g;
    char            text[256];
    unsigned        n = 0;
    while (ext_next(c, &w)) {
        inside(w.oid);
        inside(w.value);
        always(++n <= LIMIT_CERT_EXTENSIONS);
    }
    for (size_t at = 0; c->san.n && san_next(c->san, &at, &g);) {
        inside(g.value);
        always(gen_name_text(&g, text, sizeof text) < sizeof text);
    }
}

static void names(const struct cert *c)
{
    char    text[300];
    uint8_t digest[32];
    always(dn_text(c->subject, text, sizeof text) < sizeof text);
    always(dn_equal(c->subject, c->subject) && dn_within(c->subject, c->subject));
    always(!dn_equal(c->subject, c->issuer) || dn_hash(c->subject) == dn_hash(c->issuer));
    always(dn_equal(c->subject, c->issuer) == dn_equal(c->issuer, c->subject));
    dn_attribute_text(c->subject, (hf_view){(const uint8_t *)"\x55\x04\x03", 3}, text, sizeof text);
    cert_best_name(c, text, sizeof text);
    match_host(c, "server.test");
    match_host(c, "127.0.0.1");
    cert_sha256(c, digest);
    cert_spki_sha256(c, digest);
    pubkey_valid(&c->key);
}

/* No bytes are both. */
static bool raw_key(hf_view v)
{
    struct report rep;
    struct cert   c;
    char          name[SPKI_NAME_ROOM];
    report_init(&rep);
    bool ok = cert_bare(&c, v, &rep);
    fuzz_judge(&rep, ok);
    always(ok == spki_alone(v));
    if (!ok)
        return false;
    inside(c.spki);
    inside(c.key.raw);
    inside(c.key.n);
    always(cert_is_bare(&c) && c.spki.n == v.n);
    always(strlen(spki_name(c.spki, name)) == SPKI_NAME_ROOM - 2);
    pubkey_valid(&c.key);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct report rep;
    struct cert   c;
    char          text[700];
    all_p = data;
    all_n = n;
    report_init(&rep);
    bool ok = cert_parse(&c, (hf_view){data, n}, &rep);
    fuzz_judge(&rep, ok);
    always(!raw_key((hf_view){data, n}) || !ok);
    always(rep.why.offset <= n);
    hf_cert_describe((hf_view){data, n}, text, sizeof text);
    if (!ok)
        return 0;
    views(&c);
    walk(&c);
    names(&c);
    return 0;
}
