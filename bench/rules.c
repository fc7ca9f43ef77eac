/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.c - how many verdicts a second 1,000 rules give, by kind of rule: whole URIs, URI patterns, and the worst there
 * is, patterns of common names, which no index can lead to. "last": the rule that holds is the last one; "none": no rule
 * holds, and the nearest ones are told. Reading the certificate is part of every verdict.
 *
 *   bench-rules
 */
#include "auth/rules.h"
#include "bench.h"
#include "x509/make.h"

enum { RULES = 1000, VERDICTS = 20000, SLOW_VERDICTS = 2000, NOW = 1795500000, YEAR = 365 * 86400 };

static struct mem mem;

static hf_view client(unsigned number)
{
    char             cn[64], uri[96];
    uint8_t          room[256];
    struct report    rep;
    struct wr        w = wr_fixed(room, sizeof room);
    struct cert_spec s = cert_spec_for(USE_CLIENT);
    struct key      *k = crypto_init() ? key_generate(KEY_EC_P256, 0) : NULL;
    struct issuer    i = {NULL, k};
    size_t           n, spki_n;
    report_init(&rep);
    snprintf(cn, sizeof cn, "CN=client-%u-x,OU=web,O=Example", number);
    snprintf(uri, sizeof uri, "spiffe://example.org/ns/%u/web", number);
    dn_write(&w, cn, &rep);
    const struct alt_name name = {NAME_URI, uri};
    s.subject                  = wr_done(&w);
    s.names                    = &name;
    s.n_names                  = 1;
    s.not_before               = NOW;
    s.not_after                = NOW + YEAR;
    uint8_t *spki              = k ? key_spki(k, &mem, &spki_n) : NULL;
    uint8_t *der = spki ? cert_make(&s, (hf_view){spki, spki_n}, &i, &rnd_libcrypto, &mem, &n, &rep) : NULL;
    if (!der)
        die("rules: no certificate");
    return (hf_view){der, n};
}

static hf_rules *thousand(const char *field, const char *head, const char *tail)
{
    hf_rules *r = hf_rules_new();
    hf_why    why;
    char      value[96], where[32];
    for (unsigned i = 0; r && i < RULES; i++) {
        snprintf(where, sizeof where, "rules.yaml:%u", i + 2);
        snprintf(value, sizeof value, "%s%u%s", head, i, tail);
        if (!hf_rules_begin(r, true, where, NULL) || hf_rules_when(r, field, value))
            die("rules: %s %s", field, value);
    }
    if (!r || !hf_rules_seal(r, &why))
        die("rules: not sealed");
    return r;
}

static void measure(const char *what, const hf_rules *r, hf_view leaf, int rule, unsigned times)
{
    hf_asker  who = {.now_ms = (int64_t)NOW * 1000};
    hf_ruling out;
    char      name[64];
    uint64_t  start = cpu_ns();
    for (unsigned i = 0; i < times; i++) {
        rules_ask(r, leaf, &who, &out);
        if (out.rule != rule)
            die("rules: %s decided by %d", what, out.rule);
    }
    snprintf(name, sizeof name, "%s_per_s", what);
    printf("%s %.0f\n", name, times * 1e9 / (double)(cpu_ns() - start));
}

int main(void)
{
    hf_view   last = client(RULES - 1), none = client(RULES);
    hf_rules *whole   = thousand("uri", "spiffe://example.org/ns/", "/web"),
             *pattern = thousand("uri", "spiffe://example.org/ns/", "/*"), *worst = thousand("cn", "client-", "-*");
    measure("whole_last", whole, last, RULES - 1, VERDICTS);
    measure("pattern_last", pattern, last, RULES - 1, VERDICTS);
    measure("unindexed_last", worst, last, RULES - 1, SLOW_VERDICTS);
    measure("whole_none", whole, none, -1, SLOW_VERDICTS);
    measure("unindexed_none", worst, none, -1, SLOW_VERDICTS);
    hf_rules_free(whole);
    hf_rules_free(pattern);
    hf_rules_free(worst);
    return 0;
}
