/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_limbo.c - every certificate of the x509-limbo corpus through cert_parse. The path's verdicts are another
 * test's; here: each parses, or is refused by a check that is expected of that case; no leaf or anchor of a
 * case that must succeed is refused; and what was parsed lies within the bytes and prints.
 */
#include <jansson.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro named fail. */
#include "base/file.h"
#include "base/pem.h"
#include "base/rd.h"
#include "x509/cert.h"

#include <cmocka.h>

static struct mem mem;

/* The cases with certificates that must not parse, and why. */
static const struct {
    const char *id; /* the end of the case's id */
    enum check  check;
} refused[] = {
    {"rfc5280::eku::ee-eku-empty", EKU_NONE},
    {"rfc5280::ee-empty-issuer", CERT_ISSUER_EMPTY},
    {"rfc5280::ca-empty-subject", CERT_ISSUER_EMPTY}, /* its leaf's */
    {"rfc5280::ca-empty-subject", CERT_CA_SUBJECT_EMPTY},
    {"rfc5280::nc::invalid-ipv4-address", NAME_IP_LENGTH},
    {"rfc5280::nc::invalid-ipv6-address", NAME_IP_LENGTH},
    {"rfc5280::nc::nc-permits-invalid-ip-san", NAME_IP_LENGTH},
    {"webpki::nc::intermediate-permitted-excluded-subtrees-both-empty-sequences", NC_NO_SUBTREE},
    {"webpki::san::unicode-emoji-san", NAME_NOT_IA5},
    {"webpki::malformed-aia", AIA_FORM},
    {"invalid::invalid-issuer-key", RSA_KEY_FORM},
    {"pathological::nc-dos-1", CERT_TOO_LARGE},
};

static char *shared_file(const char *name, size_t *n)
{
    const char   *shared = getenv("HF_SHARED");
    char          path[512];
    struct report rep;
    report_init(&rep);
    snprintf(path, sizeof path, "%s/x509-limbo/%s", shared ? shared : HF_SOURCE_ROOT "/../shared", name);
    return (char *)file_read(path, n, &mem, &rep);
}

static json_t *load_corpus(void)
{
    enum { ROOM = 64 << 20 };
    size_t   n, in = 0, out = 0;
    uint64_t limit  = 1u << 30;
    uint8_t *packed = (uint8_t *)shared_file("limbo-dev.json.xz", &n), *plain;
    json_t  *j;
    if (!packed)
        return NULL;
    plain = malloc(ROOM);
    assert_non_null(plain);
    assert_int_equal(lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in, n, plain, &out, ROOM), LZMA_OK);
    j = json_loadb((char *)plain, out, 0, NULL);
    assert_non_null(j);
    free(plain);
    mem_free(&mem, packed);
    return j;
}

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && !strcmp(s + n - k, end);
}

static bool expected(const char *id, enum check check)
{
    if (strstr(id, "bettertls::nameconstraints::")) /* names that are none, among its combinations */
        return check == NAME_IP_LENGTH || check == NAME_KIND;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (ends_in(id, refused[i].id) && refused[i].check == check)
            return true;
    return false;
}

static void inside(hf_view v, hf_view all)
{
    if (v.n)
        assert_true(v.p >= all.p && v.p + v.n <= all.p + all.n);
}

static void look_at(const struct cert *c)
{
    char            text[2048];
    struct gen_name g;
    struct ext_walk w  = {0};
    size_t          at = 0, n = 0;
    inside(c->tbs, c->der);
    inside(c->issuer, c->der);
    inside(c->spki, c->der);
    inside(c->san, c->der);
    inside(c->sig_bits, c->der);
    assert_true(dn_text(c->subject, text, sizeof text) < sizeof text);
    assert_true(dn_equal(c->issuer, c->issuer));
    while (c->san.n && san_next(c->san, &at, &g))
        assert_true(gen_name_text(&g, text, sizeof text) > 0);
    assert_true(at == c->san.n);
    while (ext_next(c, &w))
        n++;
    assert_true(w.next == c->exts.n);
    assert_true((n > 0) == (c->exts.n > 0));
}

struct tally {
    unsigned parsed, refused;
};

/* Parses one PEM text of a case; the check that refuses it. */
static enum check parse(const char *pem, struct tally *t)
{
    struct report    rep;
    struct pem_block b;
    struct cert      c;
    size_t           at = 0;
    report_init(&rep);
    assert_true(pem_next((hf_view){(const uint8_t *)pem, strlen(pem)}, &at, &b, &mem, &rep));
    /* Exactly as long, so that the address sanitizer sees a read past the end. */
    uint8_t *exact = malloc(b.n);
    assert_non_null(exact);
    memcpy(exact, b.der, b.n);
    if (cert_parse(&c, (hf_view){exact, b.n}, &rep)) {
        t->parsed++;
        look_at(&c);
    } else {
        t->refused++;
        assert_true(rep.why.check >= 1000 && rep.why.check < 1500);
        assert_true(rep.why.offset <= b.n);
    }
    free(exact);
    pem_free(&b, &mem);
    return rep.why.check;
}

static void judge(const json_t *row, const char *member, const char *id, bool must_succeed, struct tally *t)
{
    const json_t *v = json_object_get(row, member), *one;
    size_t        n = json_is_array(v) ? json_array_size(v) : 1;
    for (size_t i = 0; i < n; i++) {
        one              = json_is_array(v) ? json_array_get(v, i) : v;
        enum check check = parse(json_string_value(one), t);
        if (check != CHECK_NONE && (must_succeed || !expected(id, check)))
            fail_msg("%s: %s %zu is refused: %s", id, member, i, hf_check_info_of(check)->name);
    }
}

static bool must_succeed(const char *profile, const char *id)
{
    char        key[256];
    const char *line;
    snprintf(key, sizeof key, "\n%s\t", id);
    line = strstr(profile, key);
    assert_non_null(line);
    for (int tab = 0; tab < 3; tab++)
        line = strchr(line, '\t') + 1;
    return !strncmp(line, "SUCCESS", 7);
}

static void test_corpus(void **state)
{
    size_t       i, n;
    json_t      *row, *all = load_corpus();
    struct tally t       = {0};
    char        *profile = shared_file("profile-dev.tsv", &n);
    if (!all || !profile) {
        print_message("skipped: no ../shared/x509-limbo (set HF_SHARED)\n");
        skip();
    }
    json_array_foreach(json_object_get(all, "testcases"), i, row)
    {
        const char *id = json_string_value(json_object_get(row, "id"));
        bool        ok = must_succeed(profile, id);
        judge(row, "peer_certificate", id, ok, &t);
        judge(row, "trusted_certs", id, ok, &t);
        judge(row, "untrusted_intermediates", id, ok, &t);
    }
    print_message("x509-limbo: %u certificates parsed, %u refused as expected\n", t.parsed, t.refused);
    assert_true(t.parsed > 20000);
    mem_free(&mem, profile);
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
