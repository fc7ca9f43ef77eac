/* SPDX-License-Identifier: Apache-2.0
 *
 * valid_names.c - name constraints: every form of name against every form of subtree, by hand from RFC 5280
 * 4.2.1.10, 7.2 to 7.5 and RFC 9598 6; then in paths: who is judged, by whom, and at what cost.
 */
#include "forged_chain.h"

#include "x509/nc_match.h"

enum relation { UNSOUND, OUTSIDE, TOUCHES, WITHIN, ANOTHER_FORM, BAD_BOUND };

static const char *const told[] = {"unsound", "outside", "touches", "within", "another form", "bad bound"};

/* A general name as nc.c takes it from a certificate. */
static struct gen_name taken(const char *text, struct wr *w)
{
    struct der_item e;
    hf_view         v;
    put_general(w, text);
    v = wr_done(w);
    assert_true(der_cut(&v, &e));
    return (struct gen_name){.kind = (enum name_kind)(e.tag & 0x1f), .value = e.body};
}

static enum relation relate(const char *name, const char *bound)
{
    struct wr       a = wr_grow(&forge_mem, 4096), b = wr_grow(&forge_mem, 4096);
    struct gen_name n = taken(name, &a), t = taken(bound, &b);
    enum relation   r = WITHIN;
    if (!nc_bound_sound(&t))
        r = BAD_BOUND;
    else if (!nc_same_form(&n, &t))
        r = ANOTHER_FORM;
    else if (!nc_name_sound(&n))
        r = UNSOUND;
    else if (!nc_within(&n, &t))
        r = nc_touches(&n, &t) ? TOUCHES : OUTSIDE;
    else
        assert_true(nc_touches(&n, &t)); /* what lies within touches */
    wr_free(&a);
    wr_free(&b);
    return r;
}

static const struct {
    const char   *name, *bound;
    enum relation r;
} pairs[] = {
    /* DNS: labels are added on the left; case does not matter */
    {"DNS:example.com", "DNS:example.com", WITHIN},
    {"DNS:a.example.com", "DNS:example.com", WITHIN},
    {"DNS:a.b.Example.COM", "DNS:eXample.com", WITHIN},
    {"DNS:notexample.com", "DNS:example.com", OUTSIDE},
    {"DNS:com", "DNS:example.com", OUTSIDE},
    {"DNS:example.com.evil", "DNS:example.com", OUTSIDE},
    {"DNS:anything", "DNS:", WITHIN},
    {"DNS:a.example.com", "DNS:.example.com", WITHIN},
    {"DNS:example.com", "DNS:.example.com", OUTSIDE},
    {"DNS:a_b.example.com", "DNS:example.com", WITHIN},
    {"DNS:*.example.com", "DNS:example.com", WITHIN},
    {"DNS:*.example.com", "DNS:.example.com", WITHIN},
    {"DNS:*.example.com", "DNS:com", WITHIN},
    {"DNS:*.example.com", "DNS:a.example.com", TOUCHES},
    {"DNS:*.example.com", "DNS:b.a.example.com", OUTSIDE},
    {"DNS:*.example.com", "DNS:.a.example.com", OUTSIDE},
    {"DNS:*.example.com", "DNS:example.org", OUTSIDE},
    {"DNS:*.a.example.com", "DNS:a.example.com", WITHIN},
    {"DNS:*.b.example.com", "DNS:a.example.com", OUTSIDE},
    {"DNS:a..example.com", "DNS:example.com", UNSOUND},
    {"DNS:.example.com", "DNS:example.com", UNSOUND},
    {"DNS:example.com.", "DNS:example.com", UNSOUND},
    {"DNS:a*.example.com", "DNS:example.com", UNSOUND},
    {"DNS:a.*.example.com", "DNS:example.com", UNSOUND},
    {"DNS:*", "DNS:example.com", UNSOUND},
    {"DNS:a b.example.com", "DNS:example.com", UNSOUND},
    {"DNS:example.com", "DNS:*.com", BAD_BOUND},
    {"DNS:example.com", "DNS:example.com.", BAD_BOUND},
    {"DNS:example.com", "DNS:..com", BAD_BOUND},
    {"DNS:192.0.2.1", "IP:192.0.2.0/255.255.255.0", ANOTHER_FORM},
    /* mail: a mailbox, a host, or what is below a domain */
    {"mail:a@example.com", "mail:a@example.com", WITHIN},
    {"mail:a@EXAMPLE.com", "mail:a@example.com", WITHIN},
    {"mail:A@example.com", "mail:a@example.com", OUTSIDE},
    {"mail:b@example.com", "mail:a@example.com", OUTSIDE},
    {"mail:a@example.com", "mail:example.com", WITHIN},
    {"mail:a@b.example.com", "mail:example.com", OUTSIDE},
    {"mail:a@b.example.com", "mail:.example.com", WITHIN},
    {"mail:a@example.com", "mail:.example.com", OUTSIDE},
    {"mail:a@example.com", "mail:", WITHIN},
    {"mail:user@example.com", "mail:*@example.com", OUTSIDE},
    {"mail:**@example.com", "mail:**@example.com", WITHIN},
    {"mail:\"a\"@example.com", "mail:a@example.com", WITHIN},
    {"mail:\"a b\"@example.com", "mail:\"a b\"@example.com", WITHIN},
    {"mail:\"a\\\"b\"@example.com", "mail:example.com", WITHIN},
    {"mail:\"a@b\"@example.com", "mail:example.com", WITHIN},
    {"mail:a@b@example.com", "mail:example.com", UNSOUND},
    {"mail:@example.com", "mail:example.com", UNSOUND},
    {"mail:example.com", "mail:example.com", UNSOUND},
    {"mail:a.@example.com", "mail:example.com", UNSOUND},
    {"mail:.a@example.com", "mail:example.com", UNSOUND},
    {"mail:a..b@example.com", "mail:example.com", UNSOUND},
    {"mail:a b@example.com", "mail:example.com", UNSOUND},
    {"mail:a@", "mail:example.com", UNSOUND},
    {"mail:a@[192.0.2.1]", "mail:example.com", UNSOUND},
    {"mail:a@*.example.com", "mail:example.com", UNSOUND},
    {"mail:\"a@example.com", "mail:example.com", UNSOUND},
    {"mail:a@example.com", "mail:a@b@example.com", BAD_BOUND},
    {"mail:a@example.com", "mail:@example.com", BAD_BOUND},
    /* mail beyond ASCII is constrained as mail; its host may be in Unicode */
    {"SMTP:l\xc3\xb6we@example.com", "mail:example.com", WITHIN},
    {"SMTP:l\xc3\xb6we@example.org", "mail:example.com", OUTSIDE},
    {"SMTP:l\xc3\xb6we@example.com", "mail:a@example.com", OUTSIDE},
    {"SMTP:l\xc3\xb6we@b\xc3\xbc\x63her.example", "mail:xn--bcher-kva.example", WITHIN},
    {"SMTP:l\xc3\xb6we@a.b\xc3\xbc\x63her.example", "mail:.xn--bcher-kva.example", WITHIN},
    {"SMTP:l\xc3\xb6we@b\xc3\xbc\x63her.example", "mail:bucher.example", OUTSIDE},
    {"SMTP:l\xc3\xb6we@\xe4\xbe\x8b.example", "mail:xn--fsq.example", WITHIN},
    {"SMTP:l\xc3\xb6we@ex\xff.example", "mail:example", UNSOUND},
    {"SMTP:l\xc3\xb6we", "mail:example.com", UNSOUND},
    {"SMTP:a@example.com", "DNS:example.com", ANOTHER_FORM},
    /* URI: the host of the authority */
    {"URI:https://example.com/a", "URI:example.com", WITHIN},
    {"URI:https://EXAMPLE.com:8443/a", "URI:example.com", WITHIN},
    {"URI:https://me:pw@example.com/", "URI:example.com", WITHIN},
    {"URI:https://example.com@evil.example/", "URI:example.com", OUTSIDE},
    {"URI:spiffe://example.com/alice", "URI:example.com", WITHIN},
    {"URI:spiffe://prod/alice", "URI:prod", WITHIN},
    {"URI:https://a.example.com", "URI:example.com", OUTSIDE},
    {"URI:https://a.example.com?q#f", "URI:.example.com", WITHIN},
    {"URI:https://example.com", "URI:.example.com", OUTSIDE},
    {"URI:https://evil.com/.example.com", "URI:.example.com", OUTSIDE},
    {"URI:https://evil.com?.example.com", "URI:.example.com", OUTSIDE},
    {"URI:https://192.0.2.1/", "URI:example.com", UNSOUND},
    {"URI:https://[2001:db8::1]/", "URI:example.com", UNSOUND},
    {"URI:urn:uuid:1", "URI:example.com", UNSOUND},
    {"URI:mailto:a@example.com", "URI:example.com", UNSOUND},
    {"URI:https:///path", "URI:example.com", UNSOUND},
    {"URI:https://exa%6dple.com/", "URI:example.com", UNSOUND},
    {"URI:https://a/", "URI:*.example.com", BAD_BOUND},
    /* addresses */
    {"IP:192.0.2.1", "IP:192.0.2.0/255.255.255.0", WITHIN},
    {"IP:192.0.3.1", "IP:192.0.2.0/255.255.255.0", OUTSIDE},
    {"IP:192.0.2.1", "IP:0.0.0.0/0.0.0.0", WITHIN},
    {"IP:192.0.2.1", "IP:192.0.2.1/255.255.255.255", WITHIN},
    {"IP:192.0.2.1", "IP:192.0.2.99/255.255.255.0", WITHIN},
    {"IP:192.0.2.1", "IP:192.0.2.0/255.0.255.0", BAD_BOUND},
    {"IP:2001:db8::1", "IP:2001:db8::/ffff:ffff::", WITHIN},
    {"IP:2001:db9::1", "IP:2001:db8::/ffff:ffff::", OUTSIDE},
    {"IP:2001:db8::1", "IP:0.0.0.0/0.0.0.0", OUTSIDE},
    {"IP:192.0.2.1", "IP:::/::", OUTSIDE},
    {"IP:::ffff:192.0.2.1", "IP:192.0.2.0/255.255.255.0", OUTSIDE},
    /* directory names: a sequence that the name starts with, by 7.1; text is written last RDN first */
    {"DN:CN=a,O=Example,C=DE", "DN:O=Example,C=DE", WITHIN},
    {"DN:CN=a,O=Example,C=DE", "DN:C=DE", WITHIN},
    {"DN:CN=a,O=  exaMPLE  ,C=DE", "DN:O=Example,C=DE", WITHIN},
    {"DN:CN=a,O=Example,C=DE", "DN:O=Example", OUTSIDE},
    {"DN:O=Example,C=DE", "DN:CN=a,O=Example,C=DE", OUTSIDE},
    {"DN:CN=a,O=Example2,C=DE", "DN:O=Example,C=DE", OUTSIDE},
    {"DN:CN=a", "DN:", WITHIN},
    /* forms that do not meet */
    {"URI:https://example.com/", "DNS:example.com", ANOTHER_FORM},
    {"RID:1.2.3", "DNS:example.com", ANOTHER_FORM},
};

static void every_form(void **state)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        enum relation r = relate(pairs[i].name, pairs[i].bound);
        if (r != pairs[i].r)
            fail_msg("%s against %s: wanted %s, got %s", pairs[i].name, pairs[i].bound, told[pairs[i].r], told[r]);
    }
}

/* ---- in paths -------------------------------------------------------------------------------------------- */

/* root ─ ica (permits, excludes) ─ leaf (names): the verdict on it. */
static enum check constrained(struct spec root, struct spec ica, struct spec leaf)
{
    struct forged    r   = forge(&root), i, l;
    hf_trust        *t   = hf_trust_new();
    struct valid_how how = how_for(t);
    enum check       c;
    ica.by  = &r;
    i       = forge(&ica);
    leaf.by = &i;
    l       = forge(&leaf);
    assert_true(trust_anchor_anything(t, der_of(&r)));
    c = judge_forged(&how, (const struct forged *[]){&l, &i}, 2);
    forge_drop(&l);
    forge_drop(&i);
    forge_drop(&r);
    hf_trust_free(t);
    return c;
}

static void who_is_judged(void **state)
{
    struct spec root = ROOT, ica = ICA, leaf = LEAF;
    root.permit[0] = "DN:O=Example"; /* the anchor's own constraints count */
    root.subject   = "CN=Test Root,O=Other";
    ica.subject = "CN=ICA,O=Example", leaf.subject = "CN=a,O=Example";
    assert_int_equal(constrained(root, ica, leaf), CHECK_NONE);
    leaf.subject = "CN=a,O=Elsewhere";
    assert_int_equal(constrained(root, ica, leaf), NC_NOT_PERMITTED);
    leaf.subject = ""; /* no subject, no subject to judge */
    assert_int_equal(constrained(root, ica, leaf), CHECK_NONE);
    leaf.san[1] = "DN:O=Elsewhere";
    assert_int_equal(constrained(root, ica, leaf), NC_NOT_PERMITTED);
    leaf = LEAF, leaf.subject = "CN=a,O=Example", ica.subject = "CN=ICA,O=Elsewhere"; /* intermediates too */
    assert_int_equal(constrained(root, ica, leaf), NC_NOT_PERMITTED);
    assert_int_equal(last.why.cert, 1);
    ica.subject = "CN=Test Root,O=Other"; /* ... unless self-issued */
    assert_int_equal(constrained(root, ica, leaf), CHECK_NONE);
    leaf.subject = ica.subject; /* a self-issued leaf is judged */
    assert_int_equal(constrained(root, ica, leaf), NC_NOT_PERMITTED);
}

static void subject_mail(void **state)
{
    struct spec ica = ICA, leaf = LEAF;
    ica.permit[0] = "mail:example.com";
    leaf.subject  = "emailAddress=a@example.com,CN=a";
    leaf.san[0]   = NULL;
    assert_int_equal(constrained(ROOT, ica, leaf), CHECK_NONE);
    leaf.subject = "emailAddress=a@example.org,CN=a";
    assert_int_equal(constrained(ROOT, ica, leaf), NC_NOT_PERMITTED);
    leaf.san[0] = "mail:a@example.com"; /* a mail address there takes its place */
    assert_int_equal(constrained(ROOT, ica, leaf), CHECK_NONE);
    leaf.san[0] = "DNS:a.example";
    assert_int_equal(constrained(ROOT, ica, leaf), NC_NOT_PERMITTED);
}

static void both_lists(void **state)
{
    struct spec ica = ICA, leaf = LEAF;
    ica.permit[0] = "DNS:example", ica.exclude[0] = "DNS:b.example";
    assert_int_equal(constrained(ROOT, ica, leaf), CHECK_NONE);
    leaf.san[0] = "DNS:a.b.example";
    assert_int_equal(constrained(ROOT, ica, leaf), NC_EXCLUDED);
    leaf.san[0] = "DNS:*.example"; /* could be b.example */
    assert_int_equal(constrained(ROOT, ica, leaf), NC_EXCLUDED);
    leaf.san[0] = "DNS:c.example", leaf.san[1] = "DNS:elsewhere";
    assert_int_equal(constrained(ROOT, ica, leaf), NC_NOT_PERMITTED);
    leaf.san[1] = "URI:https://elsewhere/"; /* another form is not constrained */
    assert_int_equal(constrained(ROOT, ica, leaf), CHECK_NONE);
    leaf.subject = "CN=not.a.host.name"; /* a common name is no host name */
    assert_int_equal(constrained(ROOT, ica, leaf), CHECK_NONE);
    ica.permit[1] = "DNS:elsewhere", leaf.san[1] = "DNS:elsewhere"; /* one of several is enough */
    assert_int_equal(constrained(ROOT, ica, leaf), CHECK_NONE);
}

/* Each CA narrows: what one permits another cannot widen. */
static void several_cas(void **state)
{
    struct spec root = ROOT, ica = ICA, leaf = LEAF;
    root.permit[0] = "DNS:a.example", ica.permit[0] = "DNS:example";
    assert_int_equal(constrained(root, ica, leaf), CHECK_NONE);
    leaf.san[0] = "DNS:b.example";
    assert_int_equal(constrained(root, ica, leaf), NC_NOT_PERMITTED);
    root.permit[0] = "DNS:example", ica.permit[0] = "DNS:a.example";
    assert_int_equal(constrained(root, ica, leaf), NC_NOT_PERMITTED);
    ica.permit[0] = NULL, root.permit[0] = NULL, root.exclude[0] = "DNS:b.example";
    assert_int_equal(constrained(root, ica, leaf), NC_EXCLUDED);
    leaf.permit[0] = "DNS:c.example", leaf.san[0] = "DNS:a.example"; /* a leaf constrains nobody */
    assert_int_equal(constrained(root, ica, leaf), CHECK_NONE);
}

/* A certificate of many names under a CA of many constraints: quadratic work is refused by name. */
static void many_names(void **state)
{
    struct spec ica = ICA, leaf = LEAF;
    ica.exclude[0] = "DNS:b.example";
    ica.many = leaf.many = 490;
    assert_int_equal(constrained(ROOT, ica, leaf), CHECK_NONE);
    ica.many = 520;
    assert_int_equal(constrained(ROOT, ica, leaf), PATH_COMPARISONS_SPENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form), cmocka_unit_test(who_is_judged), cmocka_unit_test(subject_mail),
        cmocka_unit_test(both_lists), cmocka_unit_test(several_cas),   cmocka_unit_test(many_names),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
