/* SPDX-License-Identifier: Apache-2.0
 *
 * valid_blame.c - of several explanations the best one is reported: who is missing, who is unknown, who is there
 * and was refused, who only has the same name.
 */
#include "forged_chain.h"

static void missing_or_unknown(void **state)
{
    struct world     w   = make_world("CN=Root", "CN=Acme 1", "CN=Acme 2");
    struct valid_how how = how_for(w.trust), web = how;
    hf_view          hint = w.inner.cert.subject;
    web.profile           = PROFILE_WEB;
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &w.inner, &w.outer);
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &w.outer, &w.inner);          /* wrong order */
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &w.root, &w.inner, &w.outer); /* superfluous root */
    SAYS(&how, ISSUER_UNKNOWN, 0, &w.leaf);                           /* nothing tells */
    SAYS(&how, ISSUER_UNKNOWN, 1, &w.leaf, &w.inner);
    SAYS(&how, INTERMEDIATE_MISSING, 0, &w.leaf, &w.outer); /* a gap: outer is under the anchor */
    assert_non_null(strstr(last.why.text, "CN=Acme 2"));
    SAYS(&web, INTERMEDIATE_MISSING, 0, &w.leaf);
    assert_true(hf_trust_hints(w.trust, HF_HINTS_LISTED, &hint, 1));
    SAYS(&how, INTERMEDIATE_MISSING, 0, &w.leaf);
    drop_world(&w);

    w   = make_world("CN=Root,O=Acme", "CN=Outer,O=Acme", "CN=Inner,O=ACME");
    how = how_for(w.trust);
    SAYS(&how, INTERMEDIATE_MISSING, 0, &w.leaf); /* the anchor is of the same organisation */
    drop_world(&w);

    w   = make_world("CN=Top,O=Acme", "CN=Outer,O=Acme", "CN=Inner,O=Acme");
    how = how_for(w.trust);
    SAYS(&how, ISSUER_UNKNOWN, 0, &w.leaf); /* nothing says that the anchor stands above: it may be a sister */
    drop_world(&w);

    w   = make_world("CN=Root,O=Acme", "CN=Other Root,O=Acme", "CN=Issuing CA 3");
    how = how_for(w.trust);
    SAYS(&how, INTERMEDIATE_MISSING, 0, &w.leaf);     /* its name says so */
    SAYS(&how, ISSUER_UNKNOWN, 1, &w.leaf, &w.inner); /* its name says that it is a root */
    drop_world(&w);
}

/* authorityCertIssuer tells who stands above the missing issuer. */
static void missing_by_key_identifier(void **state)
{
    struct world     w   = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how how = how_for(w.trust);
    struct spec      s   = LEAF;
    s.by = &w.outer, s.above = "CN=Top";
    struct forged leaf = forge(&s);
    SAYS(&how, INTERMEDIATE_MISSING, 0, &leaf);
    forge_drop(&leaf);
    s.above = "CN=One";
    leaf    = forge(&s);
    SAYS(&how, ISSUER_UNKNOWN, 0, &leaf);
    forge_drop(&leaf);
    drop_world(&w);
}

static void strangers(void **state)
{
    struct world     w = make_world("CN=Top", "CN=One", "CN=Two"), x = make_world("CN=Far", "CN=Away", "CN=Land");
    struct valid_how how = how_for(w.trust);
    struct spec      s   = LEAF;
    s.issuer             = NULL;
    struct forged self   = forge(&s);
    SAYS(&how, LEAF_SELF_SIGNED, 0, &self);
    SAYS(&how, ISSUER_UNKNOWN, 3, &x.leaf, &x.inner, &x.outer, &x.root);
    assert_true(trust_anchor_anything(w.trust, der_of(&self)));
    SAYS(&how, LEAF_IS_ANCHOR, 0, &self);
    forge_drop(&self);
    drop_world(&w);
    drop_world(&x);
}

/* The same name under another key: an anchor that was re-keyed, a namesake that was presented. */
static void namesakes(void **state)
{
    struct world     w = make_world("CN=Top", "CN=One", "CN=Two"), x = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how how = how_for(w.trust);
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &x.inner, &x.outer, &w.inner, &w.outer);
    SAYS(&how, ISSUER_KEY_CHANGED, 2, &x.leaf, &x.inner, &x.outer);
    SAYS(&how, ISSUER_KEY_CHANGED, 3, &x.leaf, &x.inner, &x.outer, &x.root);
    SAYS(&how, ISSUER_KEY_CHANGED, 0, &w.leaf, &x.inner, &x.outer); /* the only one of that name is a namesake */
    drop_world(&w);
    drop_world(&x);
}

/* An issuer that was refused is not missing, and a refused namesake is no issuer. */
static void refused_issuers(void **state)
{
    struct world     w   = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how how = how_for(w.trust);
    struct spec      s   = {.subject = "CN=Two", .by = &w.outer, .ca = true, .from = -2 * DAY, .to = -DAY};
    s.key                = w.inner.key;
    struct forged old    = forge(&s);
    SAYS(&how, ISSUER_EXPIRED, 1, &w.leaf, &old, &w.outer);
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &old, &w.outer, &w.inner);
    forge_drop(&old);
    s.key = NULL; /* the same name, expired too, but not the key that signed */
    old   = forge(&s);
    SAYS(&how, ISSUER_KEY_CHANGED, 0, &w.leaf, &old, &w.outer);
    forge_drop(&old);
    drop_world(&w);
}

static void unparsed_issuer(void **state)
{
    struct world     w   = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how how = how_for(w.trust);
    struct forged    bad = w.inner;
    bad.p                = mem_copy(&forge_mem, w.inner.p, w.inner.n);
    uint8_t *hit         = memmem(bad.p, bad.n, "\x55\x1d\x13", 3); /* basicConstraints becomes a keyUsage */
    hit[2]               = 0x0f;
    SAYS(&how, KU_FORM, 1, &w.leaf, &bad, &w.outer);
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &bad, &w.inner, &w.outer);
    mem_free(&forge_mem, bad.p);
    drop_world(&w);
}

static void circles(void **state)
{
    struct world     w   = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how how = how_for(w.trust);
    struct spec      s   = {.subject = "CN=One", .by = &w.inner, .ca = true, .key = w.outer.key};
    struct forged    c   = forge(&s);
    SAYS(&how, ISSUERS_IN_CIRCLE, 2, &w.leaf, &w.inner, &c);
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &w.inner, &c, &w.outer);
    forge_drop(&c);
    drop_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_or_unknown),
        cmocka_unit_test(missing_by_key_identifier),
        cmocka_unit_test(strangers),
        cmocka_unit_test(namesakes),
        cmocka_unit_test(refused_issuers),
        cmocka_unit_test(unparsed_issuer),
        cmocka_unit_test(circles),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
