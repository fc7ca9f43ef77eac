/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_make.c - certificates that we make: read back field by field, judged by `openssl verify -x509_strict`,
 * and everything that must not be made refused by its check.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pem.h"
#include "base/text.h"
#include "base/when.h"
#include "x509/make.h"

enum { NOW = 1795500000, YEAR = 365 * 86400 };

static struct mem mem;
static char       dir[] = "/tmp/handfast-make-XXXXXX";

static void fill_with(void *ctx, uint8_t *p, size_t n)
{
    memset(p, *(const int *)ctx, n);
}

static const struct {
    const char   *name;
    enum key_kind kind;
    unsigned      bits;
} kinds[] = {{"P-256", KEY_EC_P256, 0},   {"P-384", KEY_EC_P384, 0},   {"P-521", KEY_EC_P521, 0},
             {"Ed25519", KEY_ED25519, 0}, {"RSA-2048", KEY_RSA, 2048}, {"RSA-3072", KEY_RSA, 3072}};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- names ---- */

static hf_view name_of(const char *text, uint8_t *room, size_t n, struct report *rep)
{
    struct wr w = wr_fixed(room, n);
    report_init(rep);
    return dn_write(&w, text, rep) ? wr_done(&w) : (hf_view){NULL, 0};
}

static void names_read_back(void **state)
{
    static const struct {
        const char *in, *out;
    } t[] = {
        {"CN=alice,O=Example", "CN=alice,O=Example"},
        {" cn = alice , o = Example ", "CN=alice,O=Example"},
        {"alice", "CN=alice"},
        {"alice, of Example", "CN=alice\\, of Example"},
        {"CN=a\\,b\\=c", "CN=a\\,b=c"},
        {"CN=a\\20", "CN=a\\ "},
        {"CN=a\\ ", "CN=a\\ "},
        {"CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xc4\x8di\xc4\x87"},
        {"C=DE,DC=example,DC=com", "C=DE,DC=example,DC=com"},
        {"UID=7+CN=alice,O=X", "CN=alice+UID=7,O=X"},
        {"CN=a=b", "CN=a=b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t       room[512];
        char          text[256];
        struct report rep;
        hf_view       dn = name_of(t[i].in, room, sizeof room, &rep);
        if (report_bad(&rep))
            fail_msg("%s: %s", t[i].in, hf_check_info_of(rep.why.check)->name);
        dn_text(dn, text, sizeof text);
        assert_string_equal(text, t[i].out);
    }
}

static void names_refused(void **state)
{
    static const struct {
        const char *in;
        enum check  check;
        unsigned    at;
    } t[] = {
        {"CN=", DN_TEXT_BROKEN, 3},
        {"CN=a,", DN_TEXT_BROKEN, 5},
        {"=a", DN_TEXT_TYPE, 0},
        {"CN=a,,O=b", DN_TEXT_BROKEN, 5},
        {"XY=a", DN_TEXT_TYPE, 0},
        {"O=b,XY=a", DN_TEXT_TYPE, 4},
        {"CN=#0403", DN_TEXT_BROKEN, 3},
        {"CN=a\\z", DN_TEXT_BROKEN, 4},
        {"CN=a;O=b", DN_TEXT_BROKEN, 4},
        {"CN=a\\", DN_TEXT_BROKEN, 4},
        {"C=Germany", DN_TEXT_LENGTH, 0},
        {"C=D_", DN_TEXT_CHARACTERS, 0},
        {"DC=\xc3\xa4", DN_TEXT_CHARACTERS, 0},
        {"CN=\xc3", DN_TEXT_CHARACTERS, 0},
        {"CN=a\\0Ab", DN_TEXT_CHARACTERS, 0},
        {"", DN_TEXT_LENGTH, 0},
        {"CN=a+UID=1+O=b+OU=c+L=d", DN_TEXT_BROKEN, 20},
        {"0123456789012345678901234567890123456789012345678901234567890123.", DN_TEXT_LENGTH, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t       room[512];
        struct report rep;
        name_of(t[i].in, room, sizeof room, &rep);
        if (rep.why.check != t[i].check || rep.why.offset != t[i].at)
            fail_msg("\"%s\": %s at %u", t[i].in, hf_check_info_of(rep.why.check)->name, rep.why.offset);
    }
}

static void alternative_names(void **state)
{
    static const struct {
        enum name_kind kind;
        const char    *text;
        enum check     check;
    } t[] = {
        {NAME_DNS, "localhost", 0},
        {NAME_DNS, "*.example.com", 0},
        {NAME_DNS, "xn--bcher-kva.example", 0},
        {NAME_DNS, "4.example4", 0},
        {NAME_DNS, "10.0.0.1", SAN_TEXT_DNS},
        {NAME_DNS, "a..b", SAN_TEXT_DNS},
        {NAME_DNS, "a.", SAN_TEXT_DNS},
        {NAME_DNS, "", SAN_TEXT_DNS},
        {NAME_DNS, "*", SAN_TEXT_DNS},
        {NAME_DNS, "*.", SAN_TEXT_DNS},
        {NAME_DNS, "a.*.b", SAN_TEXT_DNS},
        {NAME_DNS, "-a.b", SAN_TEXT_DNS},
        {NAME_DNS, "a b", SAN_TEXT_DNS},
        {NAME_DNS,
         "b\xc3\xbc"
         "cher.example",
         SAN_TEXT_DNS},
        {NAME_DNS, "host:443", SAN_TEXT_DNS},
        {NAME_DNS, "a123456789012345678901234567890123456789012345678901234567890123.b", SAN_TEXT_DNS},
        {NAME_IP, "192.0.2.1", 0},
        {NAME_IP, "2001:db8::1", 0},
        {NAME_IP, "192.0.2.256", SAN_TEXT_IP},
        {NAME_IP, "192.0.2.0/24", SAN_TEXT_IP},
        {NAME_URI, "spiffe://example.com/alice", 0},
        {NAME_URI, "urn:uuid:1", 0},
        {NAME_URI, "alice", SAN_TEXT_URI},
        {NAME_URI, "http://", SAN_TEXT_URI},
        {NAME_URI, "http:///x", SAN_TEXT_URI},
        {NAME_URI, "http://a b", SAN_TEXT_URI},
        {NAME_URI, "1a:b", SAN_TEXT_URI},
        {NAME_MAIL, "alice@example.com", 0},
        {NAME_MAIL, "alice", SAN_TEXT_MAIL},
        {NAME_MAIL, "@example.com", SAN_TEXT_MAIL},
        {NAME_MAIL, "a@b@c.d", SAN_TEXT_MAIL},
        {NAME_MAIL, "Alice <a@example.com>", SAN_TEXT_MAIL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t         room[256];
        struct wr       w = wr_fixed(room, sizeof room);
        struct report   rep;
        struct alt_name a = {t[i].kind, t[i].text};
        report_init(&rep);
        san_write(&w, &a, 1, &rep);
        if (rep.why.check != t[i].check)
            fail_msg("%s: %s", t[i].text, hf_check_info_of(rep.why.check)->name);
        if (rep.why.check)
            assert_string_equal(rep.why.text[0] ? "" : t[i].text, "");
    }
}

/* ---- certificates ---- */

/* One certificate with its key; released by drop. */
struct made {
    uint8_t    *der;
    size_t      n;
    struct cert cert;
    struct key *key;
};

static const struct alt_name all_names[] = {{NAME_DNS, "localhost"},
                                            {NAME_IP, "127.0.0.1"},
                                            {NAME_IP, "::1"},
                                            {NAME_URI, "spiffe://example.com/x"},
                                            {NAME_MAIL, "x@example.com"}};

static bool make(struct made *m, enum cert_use use, const char *dn, const struct made *by, int64_t from, int64_t until,
                 struct report *rep)
{
    uint8_t          room[512];
    struct cert_spec s    = cert_spec_for(use);
    struct issuer    i    = {by ? &by->cert : NULL, by ? by->key : m->key};
    size_t           n    = 0;
    uint8_t         *spki = key_spki(m->key, &mem, &n);
    s.subject             = name_of(dn, room, sizeof room, rep);
    s.names               = all_names;
    s.n_names             = use >= USE_SERVER ? sizeof all_names / sizeof all_names[0] : 0;
    s.not_before          = from;
    s.not_after           = until;
    m->der                = spki ? cert_make(&s, (hf_view){spki, n}, &i, &rnd_libcrypto, &mem, &m->n, rep) : NULL;
    mem_free(&mem, spki);
    return m->der && cert_parse(&m->cert, (hf_view){m->der, m->n}, rep);
}

static void drop(struct made *m)
{
    mem_free(&mem, m->der);
    key_free(m->key);
}

static struct made made(size_t kind, enum cert_use use, const char *dn, const struct made *by)
{
    struct made   m = {.key = key_generate(kinds[kind].kind, kinds[kind].bits)};
    struct report rep;
    report_init(&rep);
    assert_non_null(m.key);
    if (!make(&m, use, dn, by, NOW, NOW + YEAR, &rep))
        fail_msg("%s %s: %s", kinds[kind].name, dn, hf_check_info_of(rep.why.check)->name);
    return m;
}

static void write_pem(const char *name, const struct made *m)
{
    static char text[8192];
    char        path[128];
    size_t      n = pem_write(text, sizeof text, "CERTIFICATE", (hf_view){m->der, m->n});
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static bool openssl_accepts(const char *leaf, const char *purpose)
{
    char line[512];
    snprintf(line, sizeof line,
             "openssl verify -x509_strict -attime %d -purpose %s -CAfile %s/root -untrusted %s/mid %s/%s >%s/out 2>&1",
             NOW + 1, purpose, dir, dir, dir, leaf, dir);
    return system(line) == 0;
}

static bool have_openssl(void)
{
    return system("openssl version >/dev/null 2>&1") == 0;
}

static void profile_is(const struct made *m, bool is_ca, int path_len, unsigned ku, unsigned eku)
{
    assert_int_equal(m->cert.version, 3);
    assert_int_equal(m->cert.is_ca, is_ca);
    assert_int_equal(m->cert.path_len, path_len);
    assert_int_equal(m->cert.ku, ku);
    assert_int_equal(m->cert.eku, eku);
    assert_int_equal(m->cert.ski.n, 20);
    assert_int_equal(m->cert.serial.n, 16);
    assert_int_equal(m->cert.not_before, NOW);
    assert_int_equal(m->cert.not_after, NOW + YEAR);
}

/* Root, intermediate, server, client and peer with keys of one kind: read back, and judged by openssl. */
static void profiles(void **state)
{
    const bool openssl = have_openssl();
    (void)state;
    for (size_t k = 0; k < N_KINDS; k++) {
        struct made root   = made(k, USE_ROOT, "CN=Root,O=Example", NULL),
                    mid    = made(k, USE_INTERMEDIATE, "CN=Mid,O=Example", &root),
                    server = made(k, USE_SERVER, "CN=www", &mid), client = made(k, USE_CLIENT, "CN=alice", &mid),
                    peer = made(k, USE_PEER, "CN=node", &mid);
        profile_is(&root, true, -1, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0);
        profile_is(&mid, true, 0, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0);
        profile_is(&server, false, -1, KU_DIGITAL_SIGNATURE, EKU_SERVER_AUTH);
        profile_is(&client, false, -1, KU_DIGITAL_SIGNATURE, EKU_CLIENT_AUTH);
        profile_is(&peer, false, -1, KU_DIGITAL_SIGNATURE, EKU_SERVER_AUTH | EKU_CLIENT_AUTH);
        assert_true(cert_self_issued(&root.cert));
        assert_true(view_equal(mid.cert.aki, root.cert.ski) && view_equal(server.cert.aki, mid.cert.ski));
        assert_true(sig_verify(&server.cert.sig, &mid.cert.key, server.cert.tbs, server.cert.sig_bits));
        assert_false(sig_verify(&server.cert.sig, &root.cert.key, server.cert.tbs, server.cert.sig_bits));
        assert_true(match_host(&server.cert, "localhost") && match_host(&server.cert, "::1"));
        assert_true(match_host(&server.cert, "127.0.0.1") && !match_host(&server.cert, "www"));
        write_pem("root", &root);
        write_pem("mid", &mid);
        write_pem("server", &server);
        write_pem("client", &client);
        write_pem("peer", &peer);
        if (openssl && (!openssl_accepts("mid", "any") || !openssl_accepts("server", "sslserver") ||
                        !openssl_accepts("client", "sslclient") || !openssl_accepts("peer", "sslserver") ||
                        !openssl_accepts("peer", "sslclient") || openssl_accepts("server", "sslclient") ||
                        openssl_accepts("client", "sslserver")))
            fail_msg("openssl verify judges a certificate with %s keys otherwise", kinds[k].name);
        drop(&root), drop(&mid), drop(&server), drop(&client), drop(&peer);
    }
    if (!openssl)
        skip_because("there is no openssl program; the certificates were read back only");
}

/* An issuer of each kind for a subject of each kind. */
static void kinds_mixed(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_KINDS; k++) {
        struct made root = made(k, USE_ROOT, "CN=Root", NULL);
        for (size_t j = 0; j < N_KINDS - 2; j++) {
            struct made leaf = made(j, USE_CLIENT, "CN=leaf", &root);
            assert_true(sig_verify(&leaf.cert.sig, &root.cert.key, leaf.cert.tbs, leaf.cert.sig_bits));
            assert_int_equal(leaf.cert.key.kind, kinds[j].kind);
            drop(&leaf);
        }
        drop(&root);
    }
}

static void dates(void **state)
{
    static const struct {
        struct when w;
        const char *der; /* tag, length, text */
    } t[] = {{{2049, 12, 31, 23, 59, 59},
              "\x17\x0d"
              "491231235959Z"},
             {{2050, 1, 1, 0, 0, 0},
              "\x18\x0f"
              "20500101000000Z"},
             {{9999, 12, 31, 23, 59, 59},
              "\x18\x0f"
              "99991231235959Z"},
             {{1950, 1, 1, 0, 0, 0},
              "\x17\x0d"
              "500101000000Z"}};
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct made   m = {.key = key_generate(KEY_EC_P256, 0)};
        struct report rep;
        int64_t       when;
        assert_true(when_to_unix(&t[i].w, &when));
        assert_true(make(&m, USE_ROOT, "CN=r", NULL, i == 3 ? when : NOW, i == 3 ? NOW : when, &rep));
        assert_int_equal(i == 3 ? m.cert.not_before : m.cert.not_after, when);
        assert_non_null(memmem(m.der, m.n, t[i].der, strlen(t[i].der)));
        drop(&m);
    }
}

static void serials(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte += 0x55) {
        struct made      m   = made(0, USE_ROOT, "CN=r", NULL);
        struct rnd       rnd = {fill_with, &byte};
        struct cert_spec s   = cert_spec_for(USE_ROOT);
        struct report    rep;
        struct cert      c;
        uint8_t         *der;
        size_t           n;
        report_init(&rep);
        s.subject    = m.cert.subject;
        s.not_before = s.not_after = NOW;
        der                        = cert_make(&s, m.cert.spki, &(struct issuer){NULL, m.key}, &rnd, &mem, &n, &rep);
        assert_non_null(der);
        assert_true(cert_parse(&c, (hf_view){der, n}, &rep));
        assert_int_equal(c.serial.n, 16);
        assert_int_equal(c.serial.p[0] >> 6, 1);
        assert_int_equal(c.serial.p[15], byte);
        mem_free(&mem, der);
        drop(&m);
    }
}

static void not_made(struct made *m, enum cert_use use, const struct made *by, int64_t from, int64_t until,
                     enum check check)
{
    struct report rep;
    report_init(&rep);
    assert_false(make(m, use, "CN=x", by, from, until, &rep));
    if (rep.why.check != check)
        fail_msg("%s instead of %s", hf_check_info_of(rep.why.check)->name, hf_check_info_of((uint16_t)check)->name);
    assert_null(m->der);
}

static void refusals(void **state)
{
    struct made root = made(0, USE_ROOT, "CN=r", NULL), mid = made(0, USE_INTERMEDIATE, "CN=m", &root),
                leaf = made(0, USE_CLIENT, "CN=l", &mid), x = {.key = key_generate(KEY_EC_P256, 0)};
    struct made      mixed = root;
    struct cert_spec s     = cert_spec_for(USE_SERVER);
    struct report    rep;
    size_t           n;
    (void)state;
    not_made(&x, USE_CLIENT, &leaf, NOW, NOW + 1, MAKE_ISSUER_NOT_CA);
    not_made(&x, USE_INTERMEDIATE, &mid, NOW, NOW + 1, MAKE_PATH_LEN);
    not_made(&x, USE_CLIENT, &mid, NOW, NOW + YEAR + 1, MAKE_OUTLIVES_ISSUER);
    not_made(&x, USE_CLIENT, &mid, NOW, NOW - 1, MAKE_DATES);
    not_made(&x, USE_ROOT, NULL, NOW, INT64_C(253402300800), MAKE_DATES);
    mixed.key = mid.key;
    not_made(&x, USE_CLIENT, &mixed, NOW, NOW + 1, MAKE_ISSUER_KEY);
    s.subject    = leaf.cert.subject;
    s.not_before = s.not_after = NOW;
    report_init(&rep);
    assert_null(cert_make(&s, leaf.cert.spki, &(struct issuer){&mid.cert, mid.key}, &rnd_libcrypto, &mem, &n, &rep));
    assert_int_equal(rep.why.check, MAKE_SERVER_NAME);
    drop(&root), drop(&mid), drop(&leaf), drop(&x);
}

/* Each allocation fails once: refused cleanly, nothing left behind. */
static void memory_out(void **state)
{
    struct made      root = made(0, USE_ROOT, "CN=r", NULL);
    struct cert_spec s    = cert_spec_for(USE_ROOT);
    struct issuer    by   = {NULL, root.key};
    struct report    rep;
    size_t           n, used = mem.used;
    uint8_t         *der = NULL;
    (void)state;
    s.subject    = root.cert.subject;
    s.not_before = s.not_after = NOW;
    for (size_t i = 1; !der && i < 50; i++) {
        report_init(&rep);
        mem_fail_after(i);
        der = cert_make(&s, root.cert.spki, &by, &rnd_libcrypto, &mem, &n, &rep);
        mem_fail_after(0);
        assert_int_equal(der ? 0 : NO_MEMORY, rep.why.check);
        if (!der)
            assert_int_equal(mem.used, used);
    }
    assert_non_null(der);
    mem_free(&mem, der);
    drop(&root);
}

static int begin(void **state)
{
    (void)state;
    return crypto_init() && mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    char line[64];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", dir);
    return system(line) == 0 && mem.used == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_read_back), cmocka_unit_test(names_refused), cmocka_unit_test(alternative_names),
        cmocka_unit_test(profiles),        cmocka_unit_test(kinds_mixed),   cmocka_unit_test(dates),
        cmocka_unit_test(serials),         cmocka_unit_test(refusals),      cmocka_unit_test(memory_out),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
