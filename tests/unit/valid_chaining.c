/* SPDX-License-Identifier: Apache-2.0
 *
 * valid_chaining.c - name chaining (RFC 5280 7.1) and self-issued certificates in key roll-over (6.1, RFC 4210 4.4),
 * cross-certification, renewed issuers: which of several certificates of one CA carries the path.
 */
#include "forged_chain.h"

/* ---- names ----------------------------------------------------------------------------------------------- */

/* CN=value in one string type, after O=Example in another. */
static hf_view name_of(struct wr *w, uint8_t tag, const char *cn, size_t n)
{
    size_t name = derw_open(w, DER_SEQUENCE), set, pair;
    set         = derw_open(w, DER_SET);
    pair        = derw_open(w, DER_SEQUENCE);
    derw_oid(w, OID_AT_CN);
    derw_bytes(w, tag, (hf_view){(const uint8_t *)cn, n});
    derw_close(w, pair);
    derw_close(w, set);
    derw_close(w, name);
    return wr_done(w);
}

/* A leaf that writes its issuer's name one way, under an anchor that writes it another way. */
static enum check chained(uint8_t tag_ca, const char *ca, size_t n_ca, uint8_t tag_leaf, const char *in_leaf,
                          size_t n_leaf)
{
    struct wr        a = wr_grow(&forge_mem, 1024), b = wr_grow(&forge_mem, 1024);
    hf_trust        *t    = hf_trust_new();
    struct valid_how how  = how_for(t);
    struct spec      root = ROOT, leaf = LEAF;
    struct forged    r, l;
    enum check       c;
    root.name        = name_of(&a, tag_ca, ca, n_ca);
    r                = forge(&root);
    leaf.by          = &r;
    leaf.issuer_name = name_of(&b, tag_leaf, in_leaf, n_leaf);
    l                = forge(&leaf);
    assert_true(trust_anchor_anything(t, der_of(&r)));
    c = judge_forged(&how, (const struct forged *[]){&l}, 1);
    forge_drop(&l);
    forge_drop(&r);
    wr_free(&a);
    wr_free(&b);
    hf_trust_free(t);
    return c;
}
#define CHAINED(tag_a, a, tag_b, b) chained(tag_a, a, sizeof(a) - 1, tag_b, b, sizeof(b) - 1)

static void name_chaining(void **state)
{
    assert_int_equal(CHAINED(DER_PRINTABLE, "Good CA", DER_PRINTABLE, "Good CA"), CHECK_NONE);
    assert_int_equal(CHAINED(DER_PRINTABLE, "Good CA", DER_UTF8, "Good CA"), CHECK_NONE);
    assert_int_equal(CHAINED(DER_PRINTABLE, "Good CA", DER_BMP, "\0G\0o\0o\0d\0 \0C\0A"), CHECK_NONE);
    assert_int_equal(CHAINED(DER_UTF8, "Good CA", DER_PRINTABLE, "GOOD ca"), CHECK_NONE);
    assert_int_equal(CHAINED(DER_UTF8, "Good CA", DER_UTF8, "  Good    CA "), CHECK_NONE);
    assert_int_equal(CHAINED(DER_UTF8, "L\xc3\x96WE", DER_UTF8, "l\xc3\xb6we"), CHECK_NONE);
    assert_int_equal(CHAINED(DER_UTF8, "Good CA", DER_UTF8, "GoodCA"), ISSUER_UNKNOWN);
    assert_int_equal(CHAINED(DER_UTF8, "Good CA", DER_UTF8, "Good CA 2"), ISSUER_UNKNOWN);
}

/* ---- roll-over ------------------------------------------------------------------------------------------- */

/* One CA with an old and a new key: self-signed with each, and each certified by the other. */
struct rolling {
    struct forged old, new_, new_with_old, old_with_new;
};

static struct rolling roll(int path_len)
{
    struct rolling r;
    struct spec    s = {.subject = "CN=Rolling", .ca = true, .path_len = path_len};
    r.old            = forge(&s);
    r.new_           = forge(&s);
    s.by = &r.old, s.key = r.new_.key;
    r.new_with_old = forge(&s);
    s.by = &r.new_, s.key = r.old.key;
    r.old_with_new = forge(&s);
    return r;
}

static void drop_roll(struct rolling *r)
{
    forge_drop(&r->old);
    forge_drop(&r->new_);
    forge_drop(&r->new_with_old);
    forge_drop(&r->old_with_new);
}

static void roll_over(void **state)
{
    struct rolling   r   = roll(1); /* path length 0: self-issued ones do not count */
    hf_trust        *old = hf_trust_new(), *new_ = hf_trust_new();
    struct valid_how by_old = how_for(old), by_new = how_for(new_);
    struct spec      s = LEAF;
    struct forged    of_old, of_new;
    s.by   = &r.old;
    of_old = forge(&s);
    s.by   = &r.new_;
    of_new = forge(&s);
    assert_true(trust_anchor_anything(old, der_of(&r.old)));
    assert_true(trust_anchor_anything(new_, der_of(&r.new_)));
    SAYS(&by_old, CHECK_NONE, -1, &of_old);
    SAYS(&by_old, ISSUER_KEY_CHANGED, 0, &of_new);
    SAYS(&by_old, CHECK_NONE, -1, &of_new, &r.new_with_old);
    SAYS(&by_old, CHECK_NONE, -1, &of_new, &r.old_with_new, &r.new_, &r.old, &r.new_with_old);
    SAYS(&by_new, CHECK_NONE, -1, &of_new);
    SAYS(&by_new, CHECK_NONE, -1, &of_old, &r.old_with_new);
    SAYS(&by_new, ISSUER_KEY_CHANGED, 0, &of_old);
    forge_drop(&of_old);
    forge_drop(&of_new);
    hf_trust_free(old);
    hf_trust_free(new_);
    drop_roll(&r);
}

/* A CA certified by two roots: whichever is trusted carries the path, and a dead end beside it does not matter. */
static void cross_certified(void **state)
{
    struct world     a = make_world("CN=Root A", "CN=Shared", "CN=x"), b = make_world("CN=Root B", "CN=y", "CN=z");
    struct valid_how by_a = how_for(a.trust), by_b = how_for(b.trust);
    struct spec      s        = {.subject = "CN=Shared", .ca = true, .by = &b.root, .key = a.outer.key};
    struct forged    shared_b = forge(&s), leaf;
    s                         = LEAF;
    s.by                      = &a.outer;
    leaf                      = forge(&s);
    SAYS(&by_a, CHECK_NONE, -1, &leaf, &shared_b, &a.outer);
    SAYS(&by_b, CHECK_NONE, -1, &leaf, &a.outer, &shared_b);
    SAYS(&by_b, CHECK_NONE, -1, &leaf, &a.outer, &a.root, &shared_b); /* a root that is not trusted leads nowhere */
    SAYS(&by_a, ISSUER_UNKNOWN, 1, &leaf, &shared_b);
    assert_true(trust_anchor_anything(a.trust, der_of(&shared_b))); /* an intermediate as the anchor ends the path */
    SAYS(&by_a, CHECK_NONE, -1, &leaf);
    forge_drop(&leaf);
    forge_drop(&shared_b);
    drop_world(&a);
    drop_world(&b);
}

/* Of an expired and a renewed certificate of one CA the good one is used, in any order; so it is among anchors. */
static void renewed(void **state)
{
    struct world     w   = make_world("CN=Root", "CN=CA", "CN=x");
    struct valid_how how = how_for(w.trust);
    struct spec   s = {.subject = "CN=CA", .ca = true, .by = &w.root, .key = w.outer.key, .from = -9 * DAY, .to = -DAY};
    struct forged old = forge(&s), leaf, old_root;
    hf_trust     *t;
    s    = LEAF;
    s.by = &w.outer;
    leaf = forge(&s);
    SAYS(&how, CHECK_NONE, -1, &leaf, &old, &w.outer);
    SAYS(&how, CHECK_NONE, -1, &leaf, &w.outer, &old);
    SAYS(&how, ISSUER_EXPIRED, 1, &leaf, &old);
    s        = (struct spec){.subject = "CN=Root", .ca = true, .key = w.root.key, .from = -9 * DAY, .to = -DAY};
    old_root = forge(&s);
    t        = hf_trust_new();
    assert_true(trust_anchor_anything(t, der_of(&old_root)));
    how = how_for(t);
    SAYS(&how, ANCHOR_EXPIRED, CERT_ANCHOR, &leaf, &w.outer);
    SAYS(&how, ANCHOR_EXPIRED, CERT_ANCHOR, &leaf, &w.outer, &w.root); /* the renewed root must be trusted, not sent */
    assert_true(trust_anchor_anything(t, der_of(&w.root)));
    SAYS(&how, CHECK_NONE, -1, &leaf, &w.outer);
    hf_trust_free(t);
    forge_drop(&old_root);
    forge_drop(&old);
    forge_drop(&leaf);
    drop_world(&w);
}

/* Copies of one certificate are looked at once. */
static void copies(void **state)
{
    struct world         w   = make_world("CN=Root", "CN=CA", "CN=x");
    struct valid_how     how = how_for(w.trust);
    const struct forged *many[POOL_MAX_CERTS];
    struct valid_tries   tries;
    how.tries = &tries;
    many[0]   = &w.leaf;
    for (size_t i = 1; i < POOL_MAX_CERTS; i++)
        many[i] = i == POOL_MAX_CERTS / 2 ? &w.inner : &w.leaf;
    assert_int_equal(judge_forged(&how, many, POOL_MAX_CERTS), ISSUER_UNKNOWN);
    assert_int_equal(tries.n, 1);
    drop_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_chaining), cmocka_unit_test(roll_over), cmocka_unit_test(cross_certified),
        cmocka_unit_test(renewed),       cmocka_unit_test(copies),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
