/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.c - who may come in: patterns, each field of a rule, the order of rules, what a refusal says, SPIFFE's own
 * rules, and the index, which must give what asking every rule in turn gives.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/glob.h"
#include "auth/rules.h"
#include "base/ip.h"
#include "base/when.h"
#include "x509/make.h"

static struct mem  mem;
static struct key *key;

/* ---- patterns ------------------------------------------------------------------------------------------- */

static hf_view view(const char *text)
{
    return (hf_view){(const uint8_t *)text, strlen(text)};
}

static void patterns(void **state)
{
    static const struct {
        const char *pattern;
        char        sep;
        const char *value;
        bool        yes;
    } t[] = {
        {"a", '/', "a", true},
        {"a", '/', "b", false},
        {"a", '/', "ab", false},
        {"*", '/', "abc", true},
        {"*", '/', "", false},
        {"*", '/', "a/b", false},
        {"**", '/', "a/b", true},
        {"**", '/', "", false},
        {"spiffe://d/web/*", '/', "spiffe://d/web/1", true},
        {"spiffe://d/web/*", '/', "spiffe://d/web/", false},
        {"spiffe://d/web/*", '/', "spiffe://d/web/1/2", false},
        {"spiffe://d/web/**", '/', "spiffe://d/web/1/2", true},
        {"spiffe://d/web/**", '/', "spiffe://d/web", false},
        {"spiffe://d/*/x", '/', "spiffe://d/a/x", true},
        {"spiffe://d/*/x", '/', "spiffe://d/a/b/x", false},
        {"spiffe://*/x", '/', "spiffe://evil/y/x", false},
        {"**/x", '/', "a/x/x", true},
        {"**/x", '/', "a/x/y", false},
        {"**/*/z", '/', "a/b/c/z", true},
        {"**/a*b/z", '/', "x/aab/a1b2b/z", true},
        {"**/a*b/z", '/', "x/aab/a1/b/z", false},
        {"*.example.org", '.', "www.example.org", true},
        {"*.example.org", '.', "a.b.example.org", false},
        {"**.example.org", '.', "a.b.example.org", true},
        {"*.example.org", '.', "example.org", false},
        {"web-*", '.', "web-7", true},
        {"web-*", '.', "web-", false},
        {"a*c*e", 0, "abcde", true},
        {"a*c*e", 0, "abcdxe", true},
        {"a*c*e", 0, "acde", false},
        {"*", 0, "any/thing.at@all", true},
        {"*@example.org", '@', "a@b@example.org", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        if (glob_match(view(t[i].pattern), (uint8_t)t[i].sep, view(t[i].value)) != t[i].yes)
            fail_msg("%s over %s: wanted %d", t[i].pattern, t[i].value, t[i].yes);
}

/* What a pattern means, written down without a thought for speed. */
static bool slow(const char *p, char sep, const char *v)
{
    if (!*p)
        return !*v;
    bool wide = p[0] == '*' && p[1] == '*';
    if (*p != '*')
        return *p == *v && slow(p + 1, sep, v + 1);
    for (; *v && (wide || !sep || *v != sep); v++)
        if (slow(p + (wide ? 2 : 1), sep, v + 1))
            return true;
    return false;
}

static void patterns_at_random(void **state)
{
    unsigned yes = 0;
    (void)state;
    srand(1);
    for (int i = 0; i < 300000; i++) {
        char   p[10] = "", v[10] = "";
        size_t np = (size_t)rand() % 8, nv = (size_t)rand() % 9;
        for (size_t k = 0; k < np; k++)
            p[k] = "ab/*"[rand() % 4];
        for (size_t k = 0; k < nv; k++)
            v[k] = "ab/"[rand() % 3];
        if (strstr(p, "***"))
            continue;
        bool fast = glob_match(view(p), '/', view(v));
        yes += fast;
        if (fast != slow(p, '/', v))
            fail_msg("%s over %s: %d", p, v, fast);
        hf_view head = glob_head(view(p), '/'), tail = glob_tail(view(p), '/');
        if (fast && glob_is(view(p)))
            assert_true(memcmp(v, p, head.n) == 0 && memcmp(v + nv - tail.n, tail.p, tail.n) == 0);
    }
    assert_in_range(yes, 1000, 299000);
}

/* ---- certificates --------------------------------------------------------------------------------------- */

struct made {
    uint8_t *der;
    size_t   n;
};

/* names: "uri:...", "dns:...", "mail:...", "ip:..." */
static struct made made(const char *dn, const char *const *names, size_t n, enum cert_use use)
{
    static const struct {
        const char    *word;
        enum name_kind kind;
    } kinds[] = {{"uri:", NAME_URI}, {"dns:", NAME_DNS}, {"mail:", NAME_MAIL}, {"ip:", NAME_IP}};
    struct alt_name  alt[8];
    uint8_t          subject[1024];
    struct made      out = {0};
    struct report    rep;
    struct wr        w = wr_fixed(subject, sizeof subject);
    struct cert_spec s = cert_spec_for(use);
    struct issuer    i = {NULL, key};
    size_t           spki_n;
    uint8_t         *spki = key_spki(key, &mem, &spki_n);
    report_init(&rep);
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < 4; j++)
            if (strncmp(names[k], kinds[j].word, strlen(kinds[j].word)) == 0)
                alt[k] = (struct alt_name){kinds[j].kind, names[k] + strlen(kinds[j].word)};
    assert_true(dn_write(&w, dn, &rep));
    s.subject    = wr_done(&w);
    s.names      = alt;
    s.n_names    = n;
    s.not_before = 1700000000;
    s.not_after  = 1800000000;
    out.der      = cert_make(&s, (hf_view){spki, spki_n}, &i, &rnd_libcrypto, &mem, &out.n, &rep);
    if (!out.der)
        fail_msg("%s: %s", dn, hf_check_info_of(rep.why.check)->title);
    mem_free(&mem, spki);
    return out;
}

static struct made alice(void)
{
    static const char *const names[] = {"uri:spiffe://example.org/web/1", "dns:Alice.Example.ORG", "dns:other.example",
                                        "mail:Alice@Example.ORG", "ip:192.0.2.7"};
    return made("CN=alice,OU=web,OU=ops,O=Example", names, 5, USE_CLIENT);
}

/* ---- fields --------------------------------------------------------------------------------------------- */

static hf_ruling ask(const hf_rules *r, const struct made *m, const char *from, const char *sni, const char *time)
{
    uint8_t   ip[16];
    hf_ruling out;
    int64_t   now = 1790000000;
    hf_asker  who = {.server_name = sni, .listener = ":8443"};
    who.from      = (hf_view){ip, from ? ip_parse(from, ip) : 0};
    if (time)
        assert_true(when_parse(time, &now));
    who.now_ms = now * 1000;
    rules_ask(r, m ? (hf_view){m->der, m->n} : (hf_view){0}, &who, &out);
    return out;
}

static hf_rules *one(bool allow, const char *field, const char *value)
{
    hf_rules *r = hf_rules_new();
    hf_why    why;
    assert_true(hf_rules_begin(r, allow, "test:1", "because"));
    const char *bad = field ? hf_rules_when(r, field, value) : NULL;
    if (bad)
        fail_msg("%s %s: %s", field, value, bad);
    assert_true(hf_rules_seal(r, &why));
    return r;
}

static void each_field(void **state)
{
    struct made m = alice();
    static const struct {
        const char *field, *value;
        bool        yes;
        const char *from, *sni, *time;
    } t[] = {
        {"uri", "spiffe://example.org/web/1", true},
        {"uri", "SPIFFE://Example.org/web/1", true},
        {"uri", "spiffe://example.org/WEB/1", false},
        {"uri", "spiffe://example.org/web/*", true},
        {"uri", "spiffe://example.org/*", false},
        {"uri", "spiffe://example.org/**", true},
        {"dns", "alice.example.org", true},
        {"dns", "ALICE.example.org", true},
        {"dns", "*.example", true},
        {"dns", "example.org", false},
        {"mail", "Alice@example.org", true},
        {"mail", "alice@example.org", false},
        {"mail", "*@example.org", true},
        {"ip", "192.0.2.7", true},
        {"ip", "192.0.2.0/24", true},
        {"ip", "192.0.2.8/29", false},
        {"cn", "alice", true},
        {"cn", "Alice", false},
        {"cn", "al*", true},
        {"ou", "web", true},
        {"ou", "ops", true},
        {"ou", "dev", false},
        {"subject", "CN=alice,OU=web,OU=ops,O=Example", true},
        {"subject", "cn=ALICE, ou=Web, ou=ops, o=example", true},
        {"subject", "CN=alice,O=Example", false},
        {"subject", "CN=*,**,O=Example", true},
        {"subject", "CN=*,O=Example", false},
        {"issuer", "CN=alice,OU=web,OU=ops,O=Example", true},
        {"issuer", "CN=Example CA", false},
        {"from", "10.0.0.0/8", true, "10.1.2.3"},
        {"from", "10.0.0.0/8", true, "::ffff:10.1.2.3"},
        {"from", "10.0.0.0/8", false, "11.1.2.3"},
        {"from", "10.0.0.0/8", false},
        {"from", "unix", true},
        {"from", "unix", false, "10.1.2.3"},
        {"from", "2001:db8::/33", true, "2001:db8:7fff::1"},
        {"from", "2001:db8::/33", false, "2001:db8:8000::1"},
        {"from", "0.0.0.0/0", true, "203.0.113.1"},
        {"from", "0.0.0.0/0", false, "2001:db8::1"},
        {"sni", "a.example", true, NULL, "A.example"},
        {"sni", "*.example", true, NULL, "a.example"},
        {"sni", "a.example", false},
        {"sni", "none", true},
        {"sni", "none", false, NULL, "a.example"},
        {"listener", ":8443", true},
        {"listener", ":443", false},
        {"certificate", "none", false},
        {"after", "2026-11-24", true, NULL, NULL, "2026-11-24T00:00:00Z"},
        {"after", "2026-11-24", false, NULL, NULL, "2026-11-23T23:59:59Z"},
        {"before", "2026-11-24T08:00:00Z", true, NULL, NULL, "2026-11-24T07:59:59Z"},
        {"before", "2026-11-24T08:00:00Z", false, NULL, NULL, "2026-11-24T08:00:00Z"},
        {"days", "mon-fri", true, NULL, NULL, "2026-11-27T12:00:00Z"}, /* a Friday */
        {"days", "mon-fri", false, NULL, NULL, "2026-11-28T12:00:00Z"},
        {"days", "fri-mon", true, NULL, NULL, "2026-11-29T12:00:00Z"},
        {"days", "Sat", true, NULL, NULL, "2026-11-28T23:59:59Z"},
        {"hours", "08:00-18:00", true, NULL, NULL, "2026-11-28T08:00:00Z"},
        {"hours", "08:00-18:00", false, NULL, NULL, "2026-11-28T18:00:00Z"},
        {"hours", "22:00-06:00", true, NULL, NULL, "2026-11-28T05:59:59Z"},
        {"hours", "22:00-06:00", false, NULL, NULL, "2026-11-28T06:00:00Z"},
        {"hours", "00:00-24:00", true, NULL, NULL, "2026-11-28T23:59:59Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        hf_rules *r  = one(true, t[i].field, t[i].value);
        hf_ruling no = ask(r, &m, t[i].from, t[i].sni, t[i].time);
        if (no.admit != t[i].yes)
            fail_msg("%s %s: wanted %d", t[i].field, t[i].value, t[i].yes);
        assert_int_equal(no.check, t[i].yes ? 0 : HF_CHK_RULE_NONE);
        assert_string_equal(no.where, t[i].yes ? "test:1" : "");
        hf_rules_free(r);
    }
    mem_free(&mem, m.der);
}

static void digests_and_serial(void **state)
{
    struct made   m = alice();
    struct ident  id;
    struct report rep;
    char          hex[100], text[120];
    (void)state;
    report_init(&rep);
    assert_true(ident_of(&id, (hf_view){m.der, m.n}, &mem, &rep));
    const struct {
        const char *field;
        hf_view     value;
    } t[] = {{"sha256", {id.sha256, 32}}, {"spki", {id.spki, 32}}, {"serial", id.serial}};
    for (size_t i = 0; i < 3; i++) {
        size_t n = 0;
        for (size_t k = 0; k < t[i].value.n; k++)
            n += (size_t)snprintf(hex + n, sizeof hex - n, i == 1 ? "%02X" : "%02x", t[i].value.p[k]);
        snprintf(text, sizeof text, "%s%s", i == 2 ? "0x00" : i == 1 ? "sha256:" : "", hex);
        hf_rules *r = one(true, t[i].field, text);
        assert_true(ask(r, &m, NULL, NULL, NULL).admit);
        hf_rules_free(r);
        text[strlen(text) - 1] = text[strlen(text) - 1] == '0' ? '1' : '0';
        r                      = one(true, t[i].field, text);
        assert_false(ask(r, &m, NULL, NULL, NULL).admit);
        hf_rules_free(r);
    }
    ident_free(&id, &mem);
    mem_free(&mem, m.der);
}

/* SHA-256 of "handfast", as Python's hashlib and base64 write it. */
static void digest_forms(void **state)
{
    static const char *const forms[] = {
        "a553e969b55b8b7a06f2634a9d93a884d2a8e767dc646ed58df01b5b0aa59048",
        "A5:53:E9:69:B5:5B:8B:7A:06:F2:63:4A:9D:93:A8:84:D2:A8:E7:67:DC:64:6E:D5:8D:F0:1B:5B:0A:A5:90:48",
        "sha256/pVPpabVbi3oG8mNKnZOohNKo52fcZG7VjfAbWwqlkEg=", "pVPpabVbi3oG8mNKnZOohNKo52fcZG7VjfAbWwqlkEg"};
    struct want first, w;
    (void)state;
    assert_null(want_read(&first, ID_SPKI, forms[0], &mem));
    for (size_t i = 1; i < 4; i++) {
        assert_null(want_read(&w, ID_SPKI, forms[i], &mem));
        assert_memory_equal(first.bytes.p, w.bytes.p, 32);
        mem_free(&mem, (void *)(uintptr_t)w.bytes.p);
        mem_free(&mem, w.text);
    }
    mem_free(&mem, (void *)(uintptr_t)first.bytes.p);
    mem_free(&mem, first.text);
}

/* A raw public key has its spki and nothing else: patterns that hold for every value do not hold for none. */
static void raw_keys(void **state)
{
    static const char *const rows[][2] = {{"subject", "*"}, {"issuer", "*"}, {"cn", "*"},  {"ou", "*"},
                                          {"uri", "**"},    {"dns", "*"},    {"mail", "*"}};
    struct made              m         = {.der = NULL};
    char                     text[80]  = "sha256:";
    uint8_t                  digest[32];
    (void)state;
    m.der = key_spki(key, &mem, &m.n);
    hash_once(HASH_SHA256, (hf_view){m.der, m.n}, digest);
    for (size_t i = 0; i < 32; i++)
        snprintf(text + 7 + 2 * i, 3, "%02x", digest[i]);
    hf_rules *r = one(true, "spki", text);
    assert_true(ask(r, &m, NULL, NULL, NULL).admit);
    hf_rules_free(r);
    r = one(true, "sha256", text);
    assert_false(ask(r, &m, NULL, NULL, NULL).admit);
    hf_rules_free(r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r              = one(true, rows[i][0], rows[i][1]);
        hf_ruling said = ask(r, &m, NULL, NULL, NULL);
        assert_false(said.admit);
        assert_int_equal(said.check, RULE_NONE);
        assert_non_null(strstr(said.text, "found a raw public key"));
        hf_rules_free(r);
    }
    r = one(true, NULL, NULL); /* everybody who is proven */
    assert_true(ask(r, &m, NULL, NULL, NULL).admit);
    hf_rules_free(r);
    r = one(true, "certificate", "none");
    assert_false(ask(r, &m, NULL, NULL, NULL).admit);
    hf_rules_free(r);
    mem_free(&mem, m.der);
}

static void values_refused(void **state)
{
    static const char *const t[][2] = {
        {"uri", "web/1"},
        {"uri", ""},
        {"uri", "a:***"},
        {"dns", "a b"},
        {"dns", "b\xc3\xbc.de"},
        {"mail", "alice"},
        {"ip", "10.1.2.3/8"},
        {"ip", "10.0.0.0/33"},
        {"ip", "unix"},
        {"from", "10.0.0"},
        {"from", "10.0.0.0/"},
        {"from", "10.0.0.0/8x"},
        {"from", "::/129"},
        {"subject", "XY=1"},
        {"serial", "g"},
        {"serial", ""},
        {"sha256", "abcd"},
        {"spki", "sha256:"},
        {"certificate", "any"},
        {"after", "tomorrow"},
        {"days", "monday"},
        {"days", "mon-"},
        {"hours", "8:00-18:00"},
        {"hours", "08:00"},
        {"hours", "08:00-25:00"},
        {"hours", "08:00-08:00"},
        {"nonsense", "x"},
        {"URI", "a:b"},
        {"sha256", "sha256/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq="},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        hf_rules *r = hf_rules_new();
        hf_rules_begin(r, true, "test:1", NULL);
        if (!hf_rules_when(r, t[i][0], t[i][1]))
            fail_msg("%s %s was taken", t[i][0], t[i][1]);
        hf_rules_free(r);
    }
    hf_rules *r = hf_rules_new();
    assert_non_null(hf_rules_when(r, "cn", "alice")); /* no rule has begun */
    hf_rules_begin(r, true, "test:1", NULL);
    assert_null(hf_rules_when(r, "cn", "alice"));
    assert_null(hf_rules_when(r, "cn", "bob"));
    assert_null(hf_rules_when(r, "ou", "web"));
    assert_non_null(hf_rules_when(r, "cn", "carol")); /* a field's values stand together */
    hf_rules_free(r);
}

/* ---- rules ---------------------------------------------------------------------------------------------- */

static void rule(hf_rules *r, bool allow, const char *where, const char *f1, const char *v1, const char *f2,
                 const char *v2)
{
    assert_true(hf_rules_begin(r, allow, where, NULL));
    assert_null(f1 ? hf_rules_when(r, f1, v1) : NULL);
    assert_null(f2 ? hf_rules_when(r, f2, v2) : NULL);
}

static void first_one_decides(void **state)
{
    struct made m = alice();
    hf_rules   *r = hf_rules_new();
    hf_why      why;
    (void)state;
    rule(r, false, "f:1", "cn", "alice", "from", "10.0.0.0/8");
    rule(r, true, "f:2", "uri", "spiffe://example.org/web/*", NULL, NULL);
    rule(r, false, "f:3", "cn", "alice", NULL, NULL);
    assert_true(hf_rules_seal(r, &why));
    hf_ruling x = ask(r, &m, "10.0.0.1", NULL, NULL);
    assert_true(!x.admit && x.rule == 0 && x.check == HF_CHK_RULE_DENIES);
    assert_string_equal(x.text, "f:1");
    x = ask(r, &m, "11.0.0.1", NULL, NULL);
    assert_true(x.admit && x.rule == 1 && x.check == 0);
    hf_rules_free(r);
    mem_free(&mem, m.der);
}

static void nobody_by_default(void **state)
{
    struct made m = alice();
    hf_rules   *r = hf_rules_new();
    hf_why      why;
    (void)state;
    assert_true(hf_rules_seal(r, &why));
    assert_false(ask(r, &m, NULL, NULL, NULL).admit);
    assert_false(ask(r, NULL, NULL, NULL, NULL).admit);
    hf_rules_free(r);
    r = one(true, NULL, NULL); /* everybody who has a certificate */
    assert_true(ask(r, &m, NULL, NULL, NULL).admit);
    assert_false(ask(r, NULL, NULL, NULL, NULL).admit);
    hf_rules_free(r);
    r = one(true, "from", "10.0.0.0/8"); /* an address alone is no leave to come without certificate */
    assert_false(ask(r, NULL, "10.0.0.1", NULL, NULL).admit);
    hf_rules_free(r);
    r = one(true, "certificate", "none");
    assert_true(ask(r, NULL, NULL, NULL, NULL).admit);
    hf_rules_free(r);
    mem_free(&mem, m.der);
}

static void refusal_says_why(void **state)
{
    struct made m = alice();
    hf_rules   *r = hf_rules_new();
    hf_why      why;
    (void)state;
    rule(r, true, "f:1", "cn", "bob", "from", "10.0.0.0/8");
    rule(r, true, "f:2", "uri", "spiffe://example.org/batch/*", NULL, NULL);
    rule(r, false, "f:3", "ou", "dev", NULL, NULL);
    rule(r, true, "f:4", "ou", "dev", "cn", "x");
    rule(r, true, "f:5", "cn", "alice", "days", "sun");
    assert_true(hf_rules_seal(r, &why));
    hf_ruling x = ask(r, &m, "192.0.2.1", NULL, "2026-11-27T12:00:00Z");
    assert_int_equal(x.check, HF_CHK_RULE_NONE);
    assert_int_equal(x.n_near, 3);
    assert_string_equal(x.near[0].where, "f:5"); /* one condition away, and it is alice's; then one, then two */
    assert_string_equal(x.near[0].text, "wants days sun, found 2026-11-27T12:00:00Z");
    assert_string_equal(x.near[1].where, "f:2");
    assert_string_equal(x.near[1].text, "wants uri spiffe://example.org/batch/*, found spiffe://example.org/web/1");
    assert_string_equal(x.near[2].where, "f:1");
    assert_string_equal(x.near[2].text, "wants cn bob, found alice");
    hf_rules_free(r);
    r = hf_rules_new();
    for (int i = 0; i < 9; i++) /* only the nearest few are told, the earlier ones of equals */
        rule(r, true, i == 4 ? "near" : "far", "mail", i == 4 ? "*@example.org" : "x@example.net", "sni", "x.example");
    assert_true(hf_rules_seal(r, &why));
    x = ask(r, &m, NULL, NULL, NULL);
    assert_int_equal(x.n_near, HF_NEAR_MAX);
    assert_string_equal(x.near[0].where, "near");
    assert_string_equal(x.near[0].text, "wants sni x.example, found none");
    x = ask(r, NULL, NULL, NULL, NULL);
    assert_string_equal(x.near[0].text, "wants a mail, and there is no certificate");
    hf_rules_free(r);
    r = hf_rules_new();
    rule(r, true, "f:1", "cn", "alice", "issuer", "CN=Other CA");
    assert_true(hf_rules_seal(r, &why));
    x = ask(r, &m, NULL, NULL, NULL);
    assert_int_equal(x.check, HF_CHK_RULE_ISSUER_DIFFERS);
    assert_string_equal(hf_check_info_of(x.check)->reason, "identity-issuer-mismatch");
    hf_rules_free(r);
    r = one(true, "issuer", "CN=Other CA"); /* there is no right name here: it is just not let in */
    assert_int_equal(ask(r, &m, NULL, NULL, NULL).check, HF_CHK_RULE_NONE);
    hf_rules_free(r);
    mem_free(&mem, m.der);
}

/* ---- SPIFFE --------------------------------------------------------------------------------------------- */

static void spiffe(void **state)
{
    static const struct {
        const char   *names[2];
        enum cert_use use;
        uint16_t      check;
    } t[] = {
        {{"uri:spiffe://example.org/a"}, USE_CLIENT, 0},
        {{"uri:spiffe://example.org/A-b_c.d/1"}, USE_CLIENT, 0},
        {{"uri:https://example.org/a", "uri:urn:x:y"}, USE_CLIENT, 0}, /* not SPIFFE's business */
        {{"uri:spiffe://example.org/a", "dns:a.example"}, USE_CLIENT, 0},
        {{"uri:spiffe://example.org/a", "uri:spiffe://example.org/b"}, USE_CLIENT, HF_CHK_SPIFFE_NOT_ALONE},
        {{"uri:spiffe://example.org/a", "uri:https://example.org/"}, USE_CLIENT, HF_CHK_SPIFFE_NOT_ALONE},
        {{"uri:spiffe://example.org"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/a/"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/a//b"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/a/../b"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/./b"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/a%20b"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/a?b"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/a#b"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org:8443/a"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe:example.org/a"}, USE_CLIENT, HF_CHK_SPIFFE_MALFORMED},
        {{"uri:spiffe://example.org/a"}, USE_INTERMEDIATE, HF_CHK_SPIFFE_NOT_LEAF},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct made m = made("CN=x", t[i].names, t[i].names[1] ? 2 : 1, t[i].use);
        hf_rules   *r = one(true, "uri", "**");
        hf_ruling   x = ask(r, &m, NULL, NULL, NULL);
        if (x.check != t[i].check)
            fail_msg("%s: %s", t[i].names[0], hf_check_info_of(x.check)->name);
        hf_rules_free(r);
        mem_free(&mem, m.der);
    }
}

/* ---- the index ------------------------------------------------------------------------------------------ */

/* The same question to every rule in turn. */
static int in_turn(const hf_rules *r, const struct asker *a)
{
    for (size_t i = 0; i < r->n; i++)
        if (!rule_against(r, &r->rules[i], a))
            return (int)i;
    return -1;
}

static const char *random_value(const char *field, char out[static 80])
{
    static const char *const seg[] = {"a", "b", "web", "*", "**", "c*"};
    const char              *x = seg[rand() % 6], *y = seg[rand() % 6];
    if (strcmp(field, "uri") == 0)
        snprintf(out, 80, "spiffe://%s/%s/%s", rand() % 3 ? "d" : "*", x, y);
    else if (strcmp(field, "dns") == 0)
        snprintf(out, 80, "%s.%s.example", x, y);
    else if (strcmp(field, "mail") == 0)
        snprintf(out, 80, "%s@%s", x, rand() % 2 ? "d.example" : "*");
    else
        snprintf(out, 80, "%s", x);
    return out;
}

static hf_rules *random_rules(void)
{
    static const char *const fields[] = {"uri", "dns", "mail", "cn", "ou", "from"};
    hf_rules                *r        = hf_rules_new();
    char                     v[80];
    hf_why                   why;
    for (int i = 0, n = 1 + rand() % 200; i < n; i++) {
        int first = rand() % 6;
        hf_rules_begin(r, rand() % 4 > 0, "random", NULL);
        for (int f = first; f < 6; f += 1 + rand() % 5)
            for (int k = rand() % 2; k >= 0; k--)
                assert_null(hf_rules_when(r, fields[f], f == 5 ? "10.0.0.0/8" : random_value(fields[f], v)));
    }
    assert_true(hf_rules_seal(r, &why));
    return r;
}

static void index_leaves_out_nothing(void **state)
{
    static const char *const certs[][3] = {{"CN=a,OU=web", "uri:spiffe://d/a/b", "dns:a.b.example"},
                                           {"CN=b,OU=a,OU=b", "uri:spiffe://d/web/a", "mail:a@d.example"},
                                           {"CN=web", "uri:spiffe://d/c1/x/y", "dns:q.web.b.example"},
                                           {"CN=c,OU=cc", "dns:web.a.example", "mail:c@d.example"},
                                           {"CN=b", "uri:spiffe://elsewhere/web/cc", "mail:web@x"},
                                           {"OU=a", "uri:spiffe://d/a/b/c/d", "dns:example"}};
    struct ident             id[6];
    struct made              m[6];
    struct report            rep;
    unsigned                 held = 0;
    (void)state;
    srand(2);
    report_init(&rep);
    for (size_t i = 0; i < 6; i++) {
        m[i] = made(certs[i][0], certs[i] + 1, 2, USE_CLIENT);
        assert_true(ident_of(&id[i], (hf_view){m[i].der, m[i].n}, &mem, &rep));
    }
    for (int round = 0; round < 300; round++) {
        static const uint8_t ip[4] = {10, 0, 0, 1};
        hf_rules            *r     = random_rules();
        for (size_t i = 0; i < 6; i++) {
            struct asker a = {.certificate = true, .id = &id[i], .from = {ip, rand() % 2 ? 4 : 0}};
            assert_int_equal(rules_find(r, &a), in_turn(r, &a));
            held += rules_find(r, &a) >= 0;
        }
        hf_rules_free(r);
    }
    assert_in_range(held, 200, 1790);
    for (size_t i = 0; i < 6; i++) {
        ident_free(&id[i], &mem);
        mem_free(&mem, m[i].der);
    }
}

static void too_many(void **state)
{
    hf_rules *r = hf_rules_new();
    hf_why    why;
    (void)state;
    for (int i = 0; i < LIMIT_RULES; i++)
        assert_true(hf_rules_begin(r, true, "many", NULL));
    assert_false(hf_rules_begin(r, true, "many", NULL));
    assert_false(hf_rules_seal(r, &why));
    assert_int_equal(why.check, HF_CHK_RULES_TOO_MANY);
    hf_rules_free(r);
}

static void without_memory(void **state)
{
    struct made m = alice();
    (void)state;
    for (size_t n = 1;; n++) {
        hf_why      why  = {0};
        const char *bad  = NULL;
        bool        done = false;
        mem_fail_after(n);
        hf_rules *r = hf_rules_new();
        if (r && hf_rules_begin(r, true, "f:1", "x") && !(bad = hf_rules_when(r, "uri", "spiffe://example.org/**")) &&
            hf_rules_seal(r, &why))
            done = ask(r, &m, NULL, NULL, NULL).admit;
        hf_rules_free(r);
        mem_fail_after(0);
        if (done)
            break;
        assert_true(n < 100);
    }
    mem_free(&mem, m.der);
}

static int make_key(void **state)
{
    (void)state;
    key = crypto_init() ? key_generate(KEY_EC_P256, 0) : NULL;
    return key ? 0 : -1;
}

static int drop_key(void **state)
{
    (void)state;
    key_free(key);
    return mem.used ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(patterns_at_random),
        cmocka_unit_test(each_field),
        cmocka_unit_test(digests_and_serial),
        cmocka_unit_test(digest_forms),
        cmocka_unit_test(raw_keys),
        cmocka_unit_test(values_refused),
        cmocka_unit_test(first_one_decides),
        cmocka_unit_test(nobody_by_default),
        cmocka_unit_test(refusal_says_why),
        cmocka_unit_test(spiffe),
        cmocka_unit_test(index_leaves_out_nothing),
        cmocka_unit_test(too_many),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, make_key, drop_key);
}
