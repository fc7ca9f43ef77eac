/* SPDX-License-Identifier: Apache-2.0
 *
 * crl_status.c - what CRLs say about the certificates of a path: every check of it tripped, and the same path with
 * one thing changed accepted. root -> intermediate (outer) -> intermediate (inner) -> leaf, and CRLs of each.
 */
#include "forge_crl.h"
#include "forged_chain.h"

#include <time.h>

#include "base/file.h"
#include "base/pem.h"
#include "x509/crl_set.h"

static bool told[2000];

/* A path whose CAs may sign CRLs; every certificate has a current CRL unless a test leaves one out. */
struct scene {
    struct world     w;
    struct crl_spec  root, outer, inner;
    struct crl_spec  more[4]; /* by: NULL ends them */
    bool             no_root, no_outer, no_inner;
    struct valid_how how;
};

static struct scene set_up(void)
{
    struct scene s = {.w.trust = hf_trust_new()};
    struct spec  c = ROOT;
    s.w.root       = forge(&c);
    c              = ICA;
    c.ku |= KU_CRL_SIGN;
    c.subject = "CN=Outer";
    c.by      = &s.w.root;
    s.w.outer = forge(&c);
    c.subject = "CN=Inner";
    c.by      = &s.w.outer;
    s.w.inner = forge(&c);
    c         = LEAF;
    c.by      = &s.w.inner;
    s.w.leaf  = forge(&c);
    assert_true(trust_anchor_anything(s.w.trust, der_of(&s.w.root)));
    s.how = how_for(s.w.trust);
    return s;
}

/* forge gives addresses of certificates in the scene: they are set when it has its place. */
static void aim(struct scene *s)
{
    s->root.by  = &s->w.root;
    s->outer.by = &s->w.outer;
    s->inner.by = &s->w.inner;
}

static void expect(struct scene *s, enum check wanted, int cert, int line)
{
    const struct forged *certs[] = {&s->w.leaf, &s->w.inner, &s->w.outer};
    enum check           got;
    char                 text[1024];
    if (!s->no_root)
        add_crl(s->w.trust, s->root, "root.crl");
    if (!s->no_outer)
        add_crl(s->w.trust, s->outer, "outer.crl");
    if (!s->no_inner)
        add_crl(s->w.trust, s->inner, "inner.crl");
    for (const struct crl_spec *m = s->more; m->by; m++)
        add_crl(s->w.trust, *m, "more.crl");
    got       = judge_forged(&s->how, certs, 3);
    told[got] = true;
    hf_why_text(&last.why, text, sizeof text);
    if (got != wanted || last.why.cert != cert)
        fail_msg("line %d: wanted %s at %d, got %s", line, hf_check_info_of((uint16_t)wanted)->name, cert, text);
    drop_world(&s->w);
}

#define EXPECT(wanted, cert)                                                                                           \
    do {                                                                                                               \
        expect(&s, wanted, cert, __LINE__);                                                                            \
        s = set_up();                                                                                                  \
        aim(&s);                                                                                                       \
    } while (0)
#define BEGIN()                                                                                                        \
    struct scene s = set_up();                                                                                         \
    aim(&s)
#define END() drop_world(&s.w)

/* ---- revoked, missing, out of date ------------------------------------------------------------------------ */

static void test_revoked(void **state)
{
    BEGIN();
    EXPECT(CHECK_NONE, -1);
    s.inner.listed[0] = (struct listed){&s.w.leaf, 1, -60};
    EXPECT(REVOKED, 0);
    assert_int_equal(last.why.want, NOW - 60);
    assert_int_equal(last.why.got, NOW);
    assert_int_equal(last.why.alert, CERTIFICATE_REVOKED);
    assert_non_null(strstr(last.why.text, "keyCompromise"));
    assert_non_null(strstr(last.why.text, "CN=Inner"));
    s.inner.listed[0] = (struct listed){&s.w.leaf, 6, 60}; /* on hold, dated ahead of now */
    EXPECT(REVOKED, 0);
    s.outer.listed[0] = (struct listed){&s.w.inner, 2, -60};
    EXPECT(REVOKED, 1);
    s.root.listed[0] = (struct listed){&s.w.outer, 0, -60};
    EXPECT(REVOKED, 2);
    s.root.listed[0]  = (struct listed){&s.w.outer, 0, -60}; /* the CA above is the cause */
    s.inner.listed[0] = (struct listed){&s.w.leaf, 1, -60};
    EXPECT(REVOKED, 2);
    s.outer.listed[0] = (struct listed){&s.w.leaf, 1, -60}; /* the serial number under another issuer */
    EXPECT(CHECK_NONE, -1);
    s.root.listed[0] = (struct listed){&s.w.root, 1, -60}; /* an anchor is trusted because we say so */
    EXPECT(CHECK_NONE, -1);
    END();
}

static void test_missing(void **state)
{
    BEGIN();
    s.no_inner = true;
    EXPECT(CRL_MISSING, 0);
    assert_string_equal(last.why.text, "CN=Inner");
    assert_int_equal(last.why.alert, CERTIFICATE_UNKNOWN);
    s.no_outer = true;
    EXPECT(CRL_MISSING, 1);
    s.no_root = true;
    EXPECT(CRL_MISSING, 2);
    s.inner.issuer = "CN=Somebody";
    EXPECT(CRL_MISSING, 0);
    s.inner.issuer = "CN=  inner "; /* equal by RFC 5280 7.1 */
    EXPECT(CHECK_NONE, -1);
    s.no_inner = s.no_outer = s.no_root = true; /* nobody has asked for CRLs */
    EXPECT(CHECK_NONE, -1);
    END();
}

static void test_dates(void **state)
{
    BEGIN();
    s.inner.from = -DAY, s.inner.to = -1;
    EXPECT(CRL_EXPIRED, 0);
    assert_int_equal(last.why.want, NOW - 1);
    assert_int_equal(last.why.got, NOW);
    assert_string_equal(last.why.text, "CN=Inner, inner.crl");
    s.inner.from = -DAY, s.inner.to = 0; /* nextUpdate is inclusive */
    EXPECT(CHECK_NONE, -1);
    s.inner.from = CRL_TOLERANCE + 1, s.inner.to = DAY;
    EXPECT(CRL_NOT_YET_VALID, 0);
    s.inner.from = CRL_TOLERANCE, s.inner.to = DAY;
    EXPECT(CHECK_NONE, -1);
    s.inner.from = -DAY, s.inner.to = -1; /* out of date: it is not known whether it is revoked */
    s.inner.listed[0] = (struct listed){&s.w.leaf, 1, -60};
    EXPECT(CRL_EXPIRED, 0);
    s.inner.from = -DAY, s.inner.to = -1; /* a current one beside it */
    s.more[0] = (struct crl_spec){.by = &s.w.inner};
    EXPECT(CHECK_NONE, -1);
    END();
}

/* ---- signatures ---------------------------------------------------------------------------------------------- */

static void test_signature(void **state)
{
    BEGIN();
    s.inner.break_signature = true;
    EXPECT(CRL_SIGNATURE_WRONG, 0);
    s.inner.by     = &s.w.root; /* another CA, which does not say so */
    s.inner.issuer = "CN=Inner", s.inner.no_aki = true;
    EXPECT(CRL_SIGNATURE_WRONG, 0);
    s.inner.by     = &s.w.root;
    s.inner.issuer = "CN=Inner";
    EXPECT(CRL_OTHER_KEY, 0);
    s.inner.sig_alg = ALG_SHA1;
    EXPECT(CRL_DIGEST_WEAK, 0);
    s.inner.sig_alg = ALG_UNKNOWN;
    EXPECT(CRL_SIGNATURE_UNSUPPORTED, 0);
    s.inner.break_signature = true; /* a bad one beside a good one does not count */
    s.inner.listed[0]       = (struct listed){&s.w.leaf, 1, -60};
    s.more[0]               = (struct crl_spec){.by = &s.w.inner};
    EXPECT(CHECK_NONE, -1);
    END();
}

static void test_may_not_sign(void **state)
{
    BEGIN();
    struct spec c         = ICA; /* without cRLSign */
    c.subject             = "CN=Inner";
    c.by                  = &s.w.outer;
    c.key                 = s.w.inner.key;
    struct forged without = forge(&c);
    forge_drop(&s.w.inner);
    s.w.inner = without;
    aim(&s);
    EXPECT(CRL_ISSUER_NO_CRLSIGN, 0);
    c.by    = &s.w.outer;
    c.key   = s.w.inner.key;
    c.ku    = 0; /* no keyUsage: no restriction */
    without = forge(&c);
    forge_drop(&s.w.inner);
    s.w.inner = without;
    aim(&s);
    EXPECT(CHECK_NONE, -1);
    END();
}

/* ---- another key under the issuer's name (RFC 5280 6.3.3 (f)) ------------------------------------------------- */

/* The CRL of "Inner" is signed by a key whose certificate is presented beside the path. */
static void other_signer(struct spec c, bool self_issued, bool in_trust, bool revoke, enum check wanted, int line)
{
    struct scene  s = set_up();
    struct forged signer;
    aim(&s);
    c.subject  = "CN=Inner";
    c.by       = self_issued ? &s.w.inner : &s.w.outer;
    signer     = forge(&c);
    s.inner.by = &signer;
    add_crl(s.w.trust, s.root, "root.crl");
    if (revoke)
        s.outer.listed[0] = (struct listed){&signer, 1, -60};
    add_crl(s.w.trust, s.outer, "outer.crl");
    add_crl(s.w.trust, s.inner, "inner.crl");
    if (in_trust)
        assert_true(trust_anchor_anything(s.w.trust, der_of(&signer)));
    const struct forged *certs[] = {&s.w.leaf, &s.w.inner, &s.w.outer, &signer};
    enum check           got     = judge_forged(&s.how, certs, in_trust ? 3 : 4);
    if (got != wanted)
        fail_msg("line %d: wanted %s, got %s", line, hf_check_info_of((uint16_t)wanted)->name,
                 hf_check_info_of((uint16_t)got)->name);
    drop_world(&s.w);
    forge_drop(&signer);
}

static void test_other_signer(void **state)
{
    struct spec c = {.ku = KU_CRL_SIGN};
    other_signer(c, false, false, false, CHECK_NONE, __LINE__);
    other_signer(c, true, false, false, CHECK_NONE, __LINE__);
    other_signer(c, false, true, false, CHECK_NONE, __LINE__);
    other_signer(c, false, false, true, CRL_OTHER_KEY, __LINE__); /* its certificate is revoked */
    c.ku = KU_DIGITAL_SIGNATURE;
    other_signer(c, false, false, false, CRL_OTHER_KEY, __LINE__);
    c.ku   = KU_CRL_SIGN;
    c.from = -DAY, c.to = -1;
    other_signer(c, false, false, false, CRL_OTHER_KEY, __LINE__);
    c.from = c.to     = 0;
    c.break_signature = true;
    other_signer(c, false, false, false, CRL_OTHER_KEY, __LINE__);
    c.break_signature = false;
    c.unknown         = "1.2.3.4";
    other_signer(c, false, false, false, CRL_OTHER_KEY, __LINE__);
    c.unknown = NULL;
    c.sig_alg = ALG_SHA1;
    other_signer(c, false, false, false, CRL_OTHER_KEY, __LINE__);
}

/* ---- scope (RFC 5280 5.2.5, 6.3.3 (b) to (d)) ------------------------------------------------------------------ */

#define URI_A        "86{'http://a.example/'}"
#define URI_B        "86{'http://b.example/'}"
#define CN(text)     "31{30{06{550403}0c{'" text "'}}}"
#define DN(text)     "a4{30{" CN(text) "}}"
#define FULL(names)  "a0{a0{" names "}}"
#define RELATIVE(cn) "a0{a1{30{06{550403}0c{'" cn "'}}}}"
#define CRLDP(list)  "30{06{551d1f}04{30{" list "}}}"
#define POINT(in)    "30{" in "}"

/* The leaf has these distribution points (NULL: no extension), the CRL of its issuer this scope. */
static void scope(const char *points, const char *idp, enum check wanted, int line)
{
    struct scene    s    = set_up();
    struct notation more = notation(points ? points : "");
    struct spec     c    = LEAF;
    c.by                 = &s.w.inner;
    c.more               = notation_view(&more);
    forge_drop(&s.w.leaf);
    s.w.leaf = forge(&c);
    if (s.w.leaf.broken)
        fail_msg("line %d: the leaf does not parse", line);
    aim(&s);
    s.inner.scope     = idp;
    s.inner.listed[0] = (struct listed){wanted == REVOKED ? &s.w.leaf : NULL, 1, -60};
    expect(&s, wanted, wanted ? 0 : -1, line);
    free(more.p);
}
#define SCOPE(points, idp, wanted) scope(points, idp, wanted, __LINE__)

static void test_kinds(void **state)
{
    SCOPE(NULL, "8101ff", CHECK_NONE); /* user certificates */
    SCOPE(NULL, "8101ff", REVOKED);
    SCOPE(NULL, "8201ff", CRL_OTHER_SCOPE); /* CA certificates */
    SCOPE(NULL, "8501ff", CRL_OTHER_SCOPE); /* attribute certificates */
    assert_string_equal(last.why.text, "CN=Inner, inner.crl");
    BEGIN();
    s.outer.scope = "8201ff";
    EXPECT(CHECK_NONE, -1);
    s.outer.scope = "8101ff";
    EXPECT(CRL_OTHER_SCOPE, 1);
    END();
}

static void test_points(void **state)
{
    const char *a = CRLDP(POINT(FULL(URI_A)));
    SCOPE(a, NULL, CHECK_NONE); /* a CRL for everything */
    SCOPE(a, FULL(URI_A), CHECK_NONE);
    SCOPE(a, FULL(URI_A), REVOKED);
    SCOPE(a, FULL(URI_B), CRL_OTHER_SCOPE);
    SCOPE(a, FULL(URI_B URI_A), CHECK_NONE);
    SCOPE(NULL, FULL(URI_A), CRL_OTHER_SCOPE);
    SCOPE(NULL, FULL(DN("Inner")), CHECK_NONE); /* without a point: the issuer's name */
    SCOPE(NULL, FULL(DN("iNNer ")), REVOKED);
    SCOPE(CRLDP(POINT(FULL(URI_B)) POINT(FULL(URI_A))), FULL(URI_A), CHECK_NONE);
    SCOPE(CRLDP(POINT(FULL(DN("x")))), FULL(DN(" X")), CHECK_NONE);
    SCOPE(CRLDP(POINT(FULL(DN("x")))), FULL(DN("y")), CRL_OTHER_SCOPE);
    SCOPE(CRLDP(POINT(FULL(URI_A) "a2{" DN("Other") "}")), FULL(URI_A), CRL_OTHER_SCOPE); /* somebody else's */
    SCOPE(CRLDP(POINT(FULL(URI_A) "a2{" DN("Other") "}")), NULL, CHECK_NONE);
    SCOPE(CRLDP(POINT(FULL(URI_A) "a2{" DN("Inner") "}")), FULL(URI_A), CHECK_NONE); /* said twice */
}

static void test_relative_names(void **state)
{
    const char *full = FULL("a4{30{" CN("Inner") CN("1") "}}");
    SCOPE(CRLDP(POINT(RELATIVE("1"))), RELATIVE("1"), CHECK_NONE);
    SCOPE(CRLDP(POINT(RELATIVE("1"))), RELATIVE("1"), REVOKED);
    SCOPE(CRLDP(POINT(RELATIVE("1"))), RELATIVE("2"), CRL_OTHER_SCOPE);
    SCOPE(CRLDP(POINT(RELATIVE("1"))), full, CHECK_NONE);
    SCOPE(CRLDP(POINT(RELATIVE("2"))), full, CRL_OTHER_SCOPE);
    SCOPE(CRLDP(POINT(FULL("a4{30{" CN("Inner") CN("1") "}}"))), RELATIVE("1"), CHECK_NONE);
    SCOPE(CRLDP(POINT(FULL(URI_A))), RELATIVE("1"), CRL_OTHER_SCOPE);
    SCOPE(NULL, RELATIVE("1"), CRL_OTHER_SCOPE);
}

static void test_reasons(void **state)
{
    const char *key_only = "83{0640}";   /* keyCompromise */
    const char *others   = "83{07bf80}"; /* all but keyCompromise */
    BEGIN();
    s.inner.scope = key_only;
    EXPECT(CRL_REASONS_PARTIAL, 0);
    assert_int_equal(last.why.want, REASONS_ALL);
    assert_int_equal(last.why.got, 1 << 1);
    s.inner.scope = key_only;
    s.more[0]     = (struct crl_spec){.by = &s.w.inner, .scope = others};
    EXPECT(CHECK_NONE, -1);
    s.inner.scope = key_only;
    s.more[0]     = (struct crl_spec){.by = &s.w.inner, .scope = others, .listed = {{&s.w.leaf, 4, -60}}};
    EXPECT(REVOKED, 0);
    s.inner.scope     = key_only; /* revoked for one reason is revoked, whatever the others are */
    s.inner.listed[0] = (struct listed){&s.w.leaf, 1, -60};
    EXPECT(REVOKED, 0);
    s.inner.scope = key_only;
    s.more[0]     = (struct crl_spec){.by = &s.w.inner, .scope = others, .from = -DAY, .to = -1};
    EXPECT(CRL_EXPIRED, 0);
    END();
    SCOPE(CRLDP(POINT(FULL(URI_A) "81{0640}")), FULL(URI_A), CRL_REASONS_PARTIAL);
    SCOPE(CRLDP(POINT(FULL(URI_A) "81{0640}") POINT(FULL(URI_A) "81{07bf80}")), FULL(URI_A), CHECK_NONE);
}

/* ---- of several, the newest; duties of CAs ----------------------------------------------------------------------- */

static void test_newest(void **state)
{
    BEGIN();
    s.inner.number    = 5;
    s.inner.listed[0] = (struct listed){&s.w.leaf, 6, -60};
    s.more[0]         = (struct crl_spec){.by = &s.w.inner, .number = 6}; /* the hold was ended */
    EXPECT(CHECK_NONE, -1);
    s.inner.number = 300; /* 01 2c is greater than ff */
    s.more[0]      = (struct crl_spec){.by = &s.w.inner, .number = 255, .listed = {{&s.w.leaf, 6, -60}}};
    EXPECT(CHECK_NONE, -1);
    s.inner.number = 5;
    s.more[0]      = (struct crl_spec){.by = &s.w.inner, .number = 6, .listed = {{&s.w.leaf, 1, -60}}};
    EXPECT(REVOKED, 0);
    s.inner.number    = 5; /* the newer one does not count */
    s.inner.listed[0] = (struct listed){&s.w.leaf, 6, -60};
    s.more[0]         = (struct crl_spec){.by = &s.w.inner, .number = 6, .break_signature = true};
    EXPECT(REVOKED, 0);
    s.inner.number    = 5; /* another scope replaces nothing */
    s.inner.listed[0] = (struct listed){&s.w.leaf, 6, -60};
    s.more[0]         = (struct crl_spec){.by = &s.w.inner, .number = 6, .scope = "8101ff"};
    EXPECT(REVOKED, 0);
    END();
}

static void test_number(void **state)
{
    BEGIN();
    s.inner.no_number = true;
    EXPECT(CHECK_NONE, -1);
    s.inner.critical_number = true;
    EXPECT(CHECK_NONE, -1);
    s.inner.no_number = true;
    s.how.profile     = PROFILE_WEB;
    EXPECT(CRL_NUMBER_MISSING, 0);
    s.inner.critical_number = true;
    s.how.profile           = PROFILE_WEB;
    EXPECT(CRL_NUMBER_CRITICAL, 0);
    END();
}

/* ---- policies, pins, findings, epochs ------------------------------------------------------------------------------ */

static void test_policies(void **state)
{
    BEGIN();
    s.no_inner = true;
    hf_trust_crl_policy(s.w.trust, s.w.inner.cert.subject, HF_CRL_WHEN_PRESENT);
    EXPECT(CHECK_NONE, -1);
    s.inner.scope = "8201ff"; /* there, and not for this certificate */
    hf_trust_crl_policy(s.w.trust, s.w.inner.cert.subject, HF_CRL_WHEN_PRESENT);
    EXPECT(CHECK_NONE, -1);
    s.inner.from = -DAY, s.inner.to = -1; /* present, and out of date */
    hf_trust_crl_policy(s.w.trust, s.w.inner.cert.subject, HF_CRL_WHEN_PRESENT);
    EXPECT(CRL_EXPIRED, 0);
    s.inner.listed[0] = (struct listed){&s.w.leaf, 1, -60};
    hf_trust_crl_policy(s.w.trust, s.w.inner.cert.subject, HF_CRL_WHEN_PRESENT);
    EXPECT(REVOKED, 0);
    s.inner.listed[0] = (struct listed){&s.w.leaf, 1, -60};
    hf_trust_crl_policy(s.w.trust, s.w.inner.cert.subject, HF_CRL_OFF);
    EXPECT(CHECK_NONE, -1);
    s.no_inner = s.no_outer = true;
    hf_trust_crl_policy(s.w.trust, s.w.inner.cert.subject, HF_CRL_OFF);
    EXPECT(CRL_MISSING, 1);
    s.no_inner = s.no_outer = s.no_root = true;
    hf_trust_crl_policy(s.w.trust, (hf_view){0}, HF_CRL_REQUIRED);
    EXPECT(CRL_MISSING, 2);
    s.no_inner = s.no_outer = true;
    hf_trust_crl_policy(s.w.trust, (hf_view){0}, HF_CRL_WHEN_PRESENT);
    EXPECT(CHECK_NONE, -1);
    END();
}

static void test_around_a_revoked_ca(void **state)
{
    BEGIN();
    struct spec c = ICA; /* the same key, certified by the root directly */
    c.subject     = "CN=Inner";
    c.by          = &s.w.root;
    c.key         = s.w.inner.key;
    c.ku |= KU_CRL_SIGN;
    struct forged cross = forge(&c);
    s.outer.listed[0]   = (struct listed){&s.w.inner, 1, -60};
    add_crl(s.w.trust, s.root, "root.crl");
    add_crl(s.w.trust, s.outer, "outer.crl");
    add_crl(s.w.trust, s.inner, "inner.crl");
    SAYS(&s.how, REVOKED, 1, &s.w.leaf, &s.w.inner, &s.w.outer);
    SAYS(&s.how, CHECK_NONE, -1, &s.w.leaf, &s.w.inner, &s.w.outer, &cross);
    forge_drop(&cross);
    END();
}

static unsigned count(const struct report *rep, enum check check, enum hf_state state)
{
    unsigned n = 0;
    for (size_t i = 0; i < rep->n_findings; i++)
        n += rep->findings[i].check == check && rep->findings[i].state == state;
    return n;
}

static void test_findings(void **state)
{
    BEGIN();
    struct valid_path path;
    struct report     rep;
    struct mem        m       = {0};
    hf_view           chain[] = {der_of(&s.w.leaf), der_of(&s.w.inner), der_of(&s.w.outer)};
    s.inner.no_number         = true;
    add_crl(s.w.trust, s.root, "root.crl");
    add_crl(s.w.trust, s.inner, "inner.crl");
    hf_trust_crl_policy(s.w.trust, s.w.outer.cert.subject, HF_CRL_OFF);
    report_init(&rep);
    report_keep(&rep, &m);
    assert_true(valid_chain(&s.how, chain, 3, &m, &path, &rep));
    assert_int_equal(count(&rep, REVOKED, HF_PASS), 2);
    assert_int_equal(count(&rep, REVOKED, HF_SKIPPED), 1);
    assert_int_equal(count(&rep, CRL_NUMBER_MISSING, HF_SKIPPED), 1);
    valid_path_free(&path, &m);
    report_drop(&rep);
    add_crl(s.w.trust, (struct crl_spec){.by = &s.w.inner, .listed = {{&s.w.leaf, 1, -60}}}, "newer.crl");
    report_init(&rep);
    report_keep(&rep, &m);
    assert_false(valid_chain(&s.how, chain, 3, &m, &path, &rep));
    assert_int_equal(count(&rep, REVOKED, HF_FAIL), 1);
    assert_int_equal(count(&rep, CERT_SIGNATURE_INVALID, HF_PASS), 3); /* all of the path was looked at */
    assert_int_equal(count(&rep, CERT_SIGNATURE_INVALID, HF_NOT_REACHED), 0);
    valid_path_free(&path, &m);
    report_drop(&rep);
    assert_int_equal(m.used, 0);
    END();
}

/* A CA that is presented as a leaf and is itself an anchor is trusted because we say so. */
static void test_anchor_itself(void **state)
{
    BEGIN();
    struct valid_path path;
    struct report     rep;
    struct mem        m = {0};
    struct spec       c = ICA;
    c.by                = &s.w.outer;
    c.ku |= KU_DIGITAL_SIGNATURE;
    struct forged ca    = forge(&c);
    hf_view       chain = der_of(&ca);
    hf_trust_crl_policy(s.w.trust, (hf_view){0}, HF_CRL_REQUIRED);
    assert_true(trust_anchor_anything(s.w.trust, chain));
    for (int keep = 0; keep < 2; keep++) {
        report_init(&rep);
        if (keep)
            report_keep(&rep, &m);
        assert_true(valid_chain(&s.how, &chain, 1, &m, &path, &rep));
        assert_int_equal(rep.why.check, CHECK_NONE);
        assert_int_equal(count(&rep, CRL_MISSING, HF_FAIL), 0);
        valid_path_free(&path, &m);
        report_drop(&rep);
    }
    forge_drop(&ca);
    END();
}

static void test_epoch(void **state)
{
    BEGIN();
    uint64_t first = hf_trust_epoch(s.w.trust), second, third;
    hf_crl   info;
    assert_int_equal(hf_trust_epoch(s.w.trust), first);
    assert_false(hf_trust_crl(s.w.trust, 0, &info));
    add_crl(s.w.trust, s.inner, "inner.crl");
    second = hf_trust_epoch(s.w.trust);
    assert_int_not_equal(second, first);
    add_crl(s.w.trust, s.outer, "outer.crl");
    third = hf_trust_epoch(s.w.trust);
    assert_int_not_equal(third, second);
    hf_trust_crl_policy(s.w.trust, (hf_view){0}, HF_CRL_WHEN_PRESENT);
    assert_int_not_equal(hf_trust_epoch(s.w.trust), third);
    assert_true(hf_trust_crl(s.w.trust, 1, &info));
    assert_string_equal(info.file, "outer.crl");
    assert_int_equal(info.next_update, NOW + DAY);
    assert_int_equal(info.entries, 0);
    assert_true(info.bytes > 100 && info.index_bytes > 0);
    END();
}

/* ---- CRLs as OpenSSL's ca writes them ------------------------------------------------------------------------------- */

static const char CA_CONFIG[] =
    "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n"
    "crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n[req]\ndistinguished_name=d\n[d]\n"
    "[c]\nbasicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n"
    "[l]\nkeyUsage=digitalSignature\n";

static const char CA_SCRIPT[] =
    "cd %s && (: >index.txt; echo 01 >crlnumber; q='-config ca.cnf'\n"
    "openssl req $q -x509 -newkey %s -nodes -keyout ca.key -subj /CN=ca -days 30 -extensions c -out ca.pem\n"
    "for i in 1 2 3; do openssl req $q -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout l.key -subj /CN=l$i "
    "|\n"
    "openssl x509 -req -CA ca.pem -CAkey ca.key -set_serial 0x100$i -days 20 -extfile ca.cnf -extensions l -out "
    "l$i.pem; done\n"
    "for i in 1 2; do openssl ca $q -cert ca.pem -keyfile ca.key -revoke l$i.pem -crl_reason superseded; done\n"
    "openssl ca $q -cert ca.pem -keyfile ca.key -gencrl -crldays 7 -out crl.pem\n"
    "openssl crl -in crl.pem -outform DER -out crl.der) >log 2>&1";

static enum check judge_file(const hf_trust *t, const char *folder, const char *name)
{
    struct valid_how how = {.trust = t, .purpose = FOR_CLIENT_AUTH, .now = time(NULL)};
    struct report    rep;
    struct pem_block b;
    char             path[128];
    size_t           n, at = 0;
    uint8_t         *text;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    report_init(&rep);
    text = file_read(path, &n, &forge_mem, &rep);
    assert_non_null(text);
    assert_true(pem_next((hf_view){text, n}, &at, &b, &forge_mem, &rep));
    enum check got = judge_certs(&how, &(hf_view){b.der, b.n}, 1);
    pem_free(&b, &forge_mem);
    mem_free(&forge_mem, text);
    return got;
}

static void with_openssl(const char *newkey)
{
    char      folder[] = "/tmp/hf-crl-status-XXXXXX", text[2048], path[128];
    FILE     *f;
    hf_trust *t;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/ca.cnf", folder);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(CA_CONFIG, f);
    fclose(f);
    snprintf(text, sizeof text, CA_SCRIPT, folder, newkey);
    assert_int_equal(system(text), 0);
    for (int der = 0; der < 2; der++) {
        t = hf_trust_new();
        snprintf(path, sizeof path, "%s/ca.pem", folder);
        assert_true(hf_trust_anchor_file(t, path));
        snprintf(path, sizeof path, "%s/crl.%s", folder, der ? "der" : "pem");
        assert_true(hf_trust_crl_file(t, path));
        assert_int_equal(judge_file(t, folder, "l1.pem"), REVOKED);
        assert_non_null(strstr(last.why.text, "superseded, serial 1001, CRL of CN=ca"));
        assert_int_equal(judge_file(t, folder, "l2.pem"), REVOKED);
        assert_int_equal(judge_file(t, folder, "l3.pem"), CHECK_NONE);
        hf_trust_free(t);
    }
    snprintf(text, sizeof text, "rm -r %s", folder);
    assert_int_equal(system(text), 0);
}

static void test_openssl(void **state)
{
    if (system("openssl version >/dev/null 2>&1") != 0)
        skip_because("there is no openssl command");
    with_openssl("ec -pkeyopt ec_paramgen_curve:P-384");
    with_openssl("rsa:2048");
    with_openssl("ed25519");
}

static void test_all_checks_are_here(void **state)
{
    for (uint16_t id = REVOKED; id <= CRL_REASONS_PARTIAL; id++)
        if (hf_check_info_of(id) != hf_check_info_of(0) && !told[id])
            fail_msg("nothing trips %s", hf_check_info_of(id)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_may_not_sign),
        cmocka_unit_test(test_other_signer),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_relative_names),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_around_a_revoked_ca),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_anchor_itself),
        cmocka_unit_test(test_epoch),
        cmocka_unit_test(test_openssl),
        cmocka_unit_test(test_all_checks_are_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
