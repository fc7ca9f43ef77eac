/* SPDX-License-Identifier: Apache-2.0
 *
 * valid_trust.c - trust files: what is an anchor, what is not and what is said of it; look-ups among many; pins and
 * hints; the index below (base/map.c); every allocation failing.
 */
#include "forged_chain.h"

#include "base/map.h"
#include "base/pem.h"

/* Text that grows: a PEM file being written. */
struct text {
    char  *p;
    size_t n;
};

static void add_pem(struct text *t, const char *label, hf_view der)
{
    t->p = realloc(t->p, t->n + der.n * 2 + 256);
    assert_non_null(t->p);
    t->n += pem_write(t->p + t->n, der.n * 2 + 256, label, der);
}

static void drop_text(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

static bool anchors(hf_trust *t, const struct text *text)
{
    return hf_trust_anchor_bytes(t, text->p, text->n, "ca.pem");
}

/* A trust that was given this text says this of it. */
static void says(const struct text *text, enum check id, const char *detail)
{
    hf_trust *t = hf_trust_new();
    assert_int_equal(anchors(t, text), id == CHECK_NONE);
    if (hf_trust_why(t)->check != id || (detail && !strstr(hf_trust_why(t)->text, detail)))
        fail_msg("wanted %s with %s, got %s: %s", hf_check_info_of((uint16_t)id)->name, detail ? detail : "nothing",
                 hf_check_info_of(hf_trust_why(t)->check)->name, hf_trust_why(t)->text);
    hf_trust_free(t);
}

static void anchor_files(void **state)
{
    struct world  w    = make_world("CN=Top", "CN=One", "CN=Two");
    struct text   text = {0};
    struct spec   s;
    struct forged f;
    hf_trust     *t = hf_trust_new();
    add_pem(&text, "CERTIFICATE", der_of(&w.root));
    add_pem(&text, "PRIVATE KEY", der_of(&w.leaf)); /* beside certificates nobody minds other blocks */
    add_pem(&text, "TRUSTED CERTIFICATE", der_of(&w.outer));
    add_pem(&text, "CERTIFICATE", der_of(&w.root));
    says(&text, CHECK_NONE, NULL);
    assert_true(anchors(t, &text));
    assert_int_equal(hf_trust_anchors(t), 2); /* twice the same is one */
    assert_int_equal(trust_anchor(t, 1)->index, 1);
    assert_string_equal(trust_anchor(t, 1)->file, "ca.pem");
    assert_null(trust_anchor(t, 2));
    hf_trust_free(t);

    add_pem(&text, "CERTIFICATE", der_of(&w.leaf));
    says(&text, TRUST_ANCHOR_IS_LEAF, "certificate 4 of ca.pem: CN=alice");
    drop_text(&text);
    s = (struct spec){.subject = "CN=Old", .version = 1};
    f = forge(&s);
    add_pem(&text, "CERTIFICATE", der_of(&f));
    says(&text, TRUST_ANCHOR_V1, "CN=Old");
    forge_drop(&f);
    drop_text(&text);
    s = (struct spec){.subject = "CN=Mute", .ca = true, .ku = KU_CRL_SIGN};
    f = forge(&s);
    add_pem(&text, "CERTIFICATE", der_of(&f));
    says(&text, TRUST_ANCHOR_NO_CERTSIGN, "CN=Mute");
    drop_text(&text);
    forge_drop(&f);
    add_pem(&text, "CERTIFICATE", (hf_view){w.root.p, w.root.n - 1});
    says(&text, TRUST_CERT_BROKEN, "certificate 1 of ca.pem");
    drop_text(&text);
    drop_world(&w);
}

static void other_files(void **state)
{
    struct world w    = make_world("CN=Top", "CN=One", "CN=Two");
    struct text  text = {0};
    add_pem(&text, "EC PRIVATE KEY", der_of(&w.leaf));
    says(&text, TRUST_FILE_IS_KEY, "ca.pem");
    drop_text(&text);
    add_pem(&text, "CERTIFICATE REQUEST", der_of(&w.leaf));
    says(&text, TRUST_FILE_IS_CSR, "ca.pem");
    drop_text(&text);
    add_pem(&text, "X509 CRL", der_of(&w.leaf));
    says(&text, TRUST_FILE_IS_CRL, "ca.pem");
    drop_text(&text);
    add_pem(&text, "DH PARAMETERS", der_of(&w.leaf));
    says(&text, TRUST_FILE_NO_CERT, "ca.pem");
    drop_text(&text);
    says(&(struct text){(char[]){""}, sizeof "" - 1}, TRUST_FILE_NO_CERT, "ca.pem");
    says(&(struct text){(char[]){"hello"}, sizeof "hello" - 1}, TRUST_CERT_BROKEN, "ca.pem");
    says(&(struct text){(char[]){"-----BEGIN CERTIFICATE-----\nMII"}, sizeof "-----BEGIN CERTIFICATE-----\nMII" - 1},
         PEM_BROKEN, "ca.pem");
    drop_world(&w);
}

/* DER: one certificate, or several in a run. */
static void der_files(void **state)
{
    struct world w    = make_world("CN=Top", "CN=One", "CN=Two");
    struct text  text = {malloc(w.root.n + w.outer.n), w.root.n};
    hf_trust    *t    = hf_trust_new();
    memcpy(text.p, w.root.p, w.root.n);
    says(&text, CHECK_NONE, NULL);
    memcpy(text.p + text.n, w.outer.p, w.outer.n);
    text.n += w.outer.n;
    assert_true(anchors(t, &text));
    assert_int_equal(hf_trust_anchors(t), 2);
    hf_trust_free(t);
    drop_text(&text);
    drop_world(&w);
}

static void files(void **state)
{
    struct world w      = make_world("CN=Top", "CN=One", "CN=Two");
    char         file[] = "/tmp/handfast-trust-XXXXXX";
    int          fd     = mkstemp(file);
    hf_trust    *t      = hf_trust_new();
    assert_int_equal(write(fd, w.root.p, w.root.n), w.root.n);
    assert_true(hf_trust_anchor_file(t, file));
    assert_string_equal(trust_anchor(t, 0)->file, file);
    assert_false(hf_trust_anchor_file(t, "/nonexistent/ca.pem"));
    assert_int_equal(hf_trust_why(t)->check, FILE_UNREADABLE);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_false(hf_trust_pin_file(t, file));
    assert_int_equal(hf_trust_why(t)->check, FILE_UNREADABLE); /* the first one stays */
    hf_trust_free(t);
    t = hf_trust_new();
    assert_false(hf_trust_pin_file(t, file));
    assert_int_equal(hf_trust_why(t)->check, FILE_EMPTY);
    hf_trust_free(t);
    close(fd);
    unlink(file);
    drop_world(&w);
}

/* Look-ups among many, of which some share a name or a key identifier. */
static void many_anchors(void **state)
{
    enum { N = 400, TWINS = 3 };
    struct key       *key = key_generate(KEY_EC_P256, 0);
    hf_trust         *t   = hf_trust_new();
    struct wr         w   = wr_grow(&forge_mem, 4096);
    struct report     rep;
    struct trust_iter it;
    char              name[32], ski[32];
    size_t            n;
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "CN=CA %d", i / TWINS);
        snprintf(ski, sizeof ski, "key %d", i / 2);
        struct spec   s = {.subject = name, .ca = true, .key = key, .ski = ski};
        struct forged f = forge(&s);
        assert_true(trust_anchor_anything(t, der_of(&f)));
        assert_ptr_equal(trust_same(t, &f.cert), trust_anchor(t, (size_t)i));
        forge_drop(&f);
    }
    assert_int_equal(hf_trust_anchors(t), N);
    for (int i = 0; i < N; i++) {
        const struct anchor *a = trust_anchor(t, (size_t)i), *hit;
        it                     = (struct trust_iter){0};
        for (n = 0; (hit = trust_by_name(t, a->cert.subject, &it)); n++)
            assert_int_equal(hit->number, i / TWINS * TWINS + n); /* in the order given */
        assert_int_equal(n, i / TWINS * TWINS + TWINS <= N ? TWINS : N % TWINS);
        it = (struct trust_iter){0};
        for (n = 0; (hit = trust_by_key_id(t, a->cert.ski, &it)); n++)
            assert_int_equal(hit->number / 2, i / 2);
        assert_int_equal(n, 2);
    }
    report_init(&rep);
    dn_write(&w, "CN=ca   42", &rep); /* case and spaces do not matter */
    it = (struct trust_iter){0};
    assert_int_equal(trust_by_name(t, wr_done(&w), &it)->number, 42 * TWINS);
    wr_free(&w);
    dn_write(&w, "CN=CA", &rep);
    it = (struct trust_iter){0};
    assert_null(trust_by_name(t, wr_done(&w), &it));
    it = (struct trust_iter){0};
    assert_null(trust_by_key_id(t, (hf_view){0}, &it));
    wr_free(&w);
    hf_trust_free(t);
    key_free(key);
}

static void hints(void **state)
{
    struct world w = make_world("CN=Top", "CN=One", "CN=Two"), twin = make_world("CN=Top", "CN=One", "CN=Two");
    hf_view      name, listed[2] = {w.outer.cert.subject, w.inner.cert.subject}, bad = {(const uint8_t *)"\x30\x05", 2};
    assert_int_equal(trust_hint_mode(w.trust), HF_HINTS_FROM_TRUST);
    assert_true(trust_anchor_anything(w.trust, der_of(&twin.root)));
    assert_true(trust_anchor_anything(w.trust, der_of(&w.outer)));
    assert_true(trust_hint(w.trust, 0, &name) && dn_equal(name, w.root.cert.subject));
    assert_true(trust_hint(w.trust, 1, &name) && dn_equal(name, w.outer.cert.subject));
    assert_false(trust_hint(w.trust, 2, &name)); /* each name once */
    assert_true(hf_trust_hints(w.trust, HF_HINTS_LISTED, listed, 2));
    assert_true(hf_trust_hints(w.trust, HF_HINTS_LISTED, listed, 2));
    assert_true(trust_hint(w.trust, 1, &name) && dn_equal(name, w.inner.cert.subject));
    assert_ptr_not_equal(name.p, w.inner.cert.subject.p);
    assert_false(trust_hint(w.trust, 2, &name));
    assert_true(hf_trust_hints(w.trust, HF_HINTS_EMPTY, NULL, 0));
    assert_false(trust_hint(w.trust, 0, &name));
    assert_true(hf_trust_hints(w.trust, HF_HINTS_FROM_TRUST, NULL, 0));
    assert_true(trust_hint(w.trust, 1, &name));
    assert_false(hf_trust_hints(w.trust, HF_HINTS_LISTED, &bad, 1));
    assert_int_equal(hf_trust_why(w.trust)->check, TRUST_HINT_BROKEN);
    drop_world(&twin);
    drop_world(&w);
}

/* Whichever allocation fails, the answer is a clean "no" and nothing is lost. */
static void memory_runs_out(void **state)
{
    struct world w    = make_world("CN=Top", "CN=One", "CN=Two");
    struct text  text = {0};
    bool         ok   = false;
    add_pem(&text, "CERTIFICATE", der_of(&w.root));
    add_pem(&text, "CERTIFICATE", der_of(&w.outer));
    for (size_t n = 1; !ok; n++) {
        mem_fail_after(n);
        hf_trust *t = hf_trust_new();
        ok          = t && anchors(t, &text);
        mem_fail_after(0);
        if (t && !ok)
            assert_int_equal(hf_trust_why(t)->check, NO_MEMORY);
        hf_trust_free(t);
        assert_true(n < 100);
    }
    drop_text(&text);
    drop_world(&w);
}

/* ---- base/map.c ------------------------------------------------------------------------------------------ */

static void map_keeps_order(void **state)
{
    enum { KEYS = 37, EACH = 40 };
    struct map map = {0};
    uint32_t   v;
    size_t     at = 0;
    assert_false(map_next(&map, 1, &at, &v));
    for (uint32_t i = 0; i < KEYS * EACH; i++)
        assert_true(map_put(&map, &forge_mem, (i % KEYS) * 0x100000000ull, i));
    for (uint32_t k = 0; k < KEYS; k++) {
        uint32_t n = 0;
        for (at = 0; map_next(&map, k * 0x100000000ull, &at, &v); n++)
            assert_int_equal(v, k + n * KEYS);
        assert_int_equal(n, EACH);
    }
    at = 0;
    assert_false(map_next(&map, 0x12345, &at, &v));
    map_free(&map, &forge_mem);
}

static void map_without_memory(void **state)
{
    struct map map = {0};
    uint32_t   v, n = 0;
    mem_fail_after(2); /* the first table is there, the second is not */
    while (map_put(&map, &forge_mem, n, n))
        n++;
    mem_fail_after(0);
    assert_true(n > 4);
    for (uint32_t i = 0; i < n; i++) {
        size_t at = 0;
        assert_true(map_next(&map, i, &at, &v));
        assert_int_equal(v, i);
    }
    map_free(&map, &forge_mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anchor_files),    cmocka_unit_test(other_files),     cmocka_unit_test(der_files),
        cmocka_unit_test(files),           cmocka_unit_test(many_anchors),    cmocka_unit_test(hints),
        cmocka_unit_test(memory_runs_out), cmocka_unit_test(map_keeps_order), cmocka_unit_test(map_without_memory),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
