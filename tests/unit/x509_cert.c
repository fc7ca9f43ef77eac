/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_cert.c - certificates made by OpenSSL (tests/data/x509): what is read from them; and the same cut at
 * every length and changed in every byte: no crash, and a refusal names a check and a byte within.
 */
#include "x509_notation.h"

#include "base/file.h"
#include "base/pem.h"
#include "base/text.h"
#include "x509/alg.h"
#include "x509/cert.h"
#include "x509/oid.h"

static struct mem mem;

/* One certificate of tests/data/x509, in a block of exactly its length. */
struct loaded {
    hf_view     der;
    struct cert c;
};

static struct loaded load(const char *name)
{
    struct loaded    l;
    struct report    rep;
    struct pem_block b;
    char             path[512];
    size_t           n, at = 0;
    report_init(&rep);
    snprintf(path, sizeof path, HF_SOURCE_ROOT "/tests/data/x509/%s.pem", name);
    uint8_t *text = file_read(path, &n, &mem, &rep);
    assert_non_null(text);
    assert_true(pem_next((hf_view){text, n}, &at, &b, &mem, &rep));
    l.der = (hf_view){malloc(b.n), b.n};
    memcpy((uint8_t *)l.der.p, b.der, b.n);
    pem_free(&b, &mem);
    mem_free(&mem, text);
    if (!cert_parse(&l.c, l.der, &rep))
        fail_msg("%s: %s at %u", name, hf_check_info_of(rep.why.check)->name, rep.why.offset);
    return l;
}

static void unload(struct loaded *l)
{
    free((uint8_t *)l->der.p);
}

static bool is(hf_view v, const char *text)
{
    struct notation d    = notation(text);
    bool            same = view_equal(v, notation_view(&d));
    free(d.p);
    return same;
}

static void test_full(void **state)
{
    struct loaded  l = load("full");
    struct cert   *c = &l.c;
    char           text[512];
    const uint32_t crit = EXT_BASIC | EXT_KU | EXT_NAME_CONS | EXT_UNKNOWN_CRIT;
    assert_int_equal(c->version, 3);
    assert_int_equal(c->has, (1u << 21) - 1); /* all of enum ext_bit */
    assert_int_equal(c->critical, crit);
    assert_true(c->is_ca);
    assert_int_equal(c->path_len, 3);
    assert_int_equal(c->ku, KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(c->eku, EKU_CLIENT_AUTH | EKU_SERVER_AUTH | EKU_OTHER);
    assert_int_equal(c->features, 1);
    assert_int_equal(c->ski.n, 20);
    assert_int_equal(c->aki.n, 0); /* self-signed: OpenSSL gives issuer and serial number */
    assert_true(c->aki_ext.n > 20);
    assert_true(is(c->inhibit_any, "020104"));
    assert_true(is(c->policy_cons, "30{800102 810101}"));
    assert_true(is(c->unknown_oid, "2b06010401868d1f02"));
    assert_int_equal(l.der.p[c->unknown_at], 0x30);
    assert_int_equal(c->key.kind, KEY_EC_P256);
    assert_int_equal(c->key.bits, 256);
    assert_int_equal(c->key.raw.n, 65);
    assert_int_equal(c->sig.kind, SIG_ECDSA);
    assert_int_equal(c->sig.hash, HASH_SHA256);
    assert_true(c->tbs.p == l.der.p + 4 && c->tbs.p[0] == 0x30);
    assert_true(c->not_after > c->not_before);
    assert_true(l.der.p[c->not_after_at] == 0x18); /* behind 2050: GeneralizedTime */
    assert_true(cert_self_issued(c));
    dn_text(c->subject, text, sizeof text);
    assert_string_equal(text, "2.5.4.5=#130137,emailAddress=ca@example.com,CN=full \\\"feature\\\",DC=example,"
                              "OU=Tests+UID=42,O=Example\\, Inc.,C=DE");
    dn_attribute_text(c->subject, oid_bytes(OID_AT_O), text, sizeof text);
    assert_string_equal(text, "Example, Inc.");
    assert_int_equal(dn_attribute(c->subject, oid_bytes(OID_AT_L)).n, 0);
    unload(&l);
}

static void test_full_names(void **state)
{
    static const char *const want[] = {"DNS:www.example.com",
                                       "DNS:*.wild.example.com",
                                       "mail:alice@example.com",
                                       "URI:spiffe://example.com/alice",
                                       "IP:192.0.2.1",
                                       "IP:2001:db8::1",
                                       "RID:1.2.3.4",
                                       "DN:O=Example,C=DE",
                                       "other:userPrincipalName;alice@corp.example"};
    struct loaded            l      = load("full");
    struct gen_name          g;
    size_t                   at = 0, n = 0;
    char                     text[128];
    for (; san_next(l.c.san, &at, &g); n++) {
        gen_name_text(&g, text, sizeof text);
        assert_string_equal(text, want[n]);
        assert_true(g.at > 0 && g.at < l.c.san.n);
    }
    assert_int_equal(n, sizeof want / sizeof want[0]);
    cert_best_name(&l.c, text, sizeof text);
    assert_string_equal(text, "URI:spiffe://example.com/alice");
    unload(&l);
}

static void test_walk(void **state)
{
    struct loaded   l    = load("full");
    struct ext_walk w    = {0};
    size_t          n    = 0;
    uint32_t        seen = 0, critical = 0;
    for (; ext_next(&l.c, &w); n++) {
        assert_int_equal(l.der.p[w.at], 0x30);
        seen |= w.bit;
        critical |= w.critical ? w.bit : 0;
        if (w.bit == EXT_SAN)
            assert_true(w.value.p == l.c.san.p && w.value.n == l.c.san.n);
    }
    assert_int_equal(n, 22);
    assert_int_equal(seen | EXT_UNKNOWN_CRIT, l.c.has);
    assert_int_equal(critical | EXT_UNKNOWN_CRIT, l.c.critical);
    unload(&l);
}

static void test_keys(void **state)
{
    static const struct {
        const char   *name;
        enum key_kind key;
        unsigned      bits;
        enum sig_kind sig;
        enum hash_alg hash;
        bool          self_signed; /* we can verify it with its own key */
    } want[] = {
        {"rsa", KEY_RSA, 2048, SIG_RSA_PKCS1, HASH_SHA256, true},
        {"pss", KEY_RSA_PSS, 2048, SIG_RSA_PSS, HASH_SHA256, true},
        {"pss_sig", KEY_RSA, 2048, SIG_RSA_PSS, HASH_SHA384, true},
        {"sha1", KEY_RSA, 2048, SIG_RSA_PKCS1, HASH_SHA1, false},
        {"p384", KEY_EC_P384, 384, SIG_ECDSA, HASH_SHA384, true},
        {"p521", KEY_EC_P521, 521, SIG_ECDSA, HASH_SHA512, true},
        {"p256k1", KEY_OTHER, 0, SIG_ECDSA, HASH_SHA256, false},
        {"explicit", KEY_OTHER, 0, SIG_ECDSA, HASH_SHA256, false},
        {"ed25519", KEY_ED25519, 256, SIG_ED25519, HASH_NONE, true},
        {"ed448", KEY_ED448, 456, SIG_ED448, HASH_NONE, true},
        {"v1", KEY_EC_P256, 256, SIG_ECDSA, HASH_SHA256, true},
    };
    assert_true(crypto_init());
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct loaded l = load(want[i].name);
        assert_int_equal(l.c.key.kind, want[i].key);
        assert_int_equal(l.c.key.bits, want[i].bits);
        assert_int_equal(l.c.sig.kind, want[i].sig);
        assert_int_equal(l.c.sig.hash, want[i].hash);
        assert_int_equal(l.c.version, strcmp(want[i].name, "v1") ? 3 : 1);
        if (want[i].self_signed && !sig_verify(&l.c.sig, &l.c.key, l.c.tbs, l.c.sig_bits))
            fail_msg("%s does not verify with its own key", want[i].name);
        unload(&l);
    }
}

static void test_pss(void **state)
{
    struct loaded l = load("pss");
    assert_true(l.c.key.pss_only);
    assert_int_equal(l.c.key.pss_hash, HASH_SHA256);
    assert_int_equal(l.c.key.pss_mgf_hash, HASH_SHA256);
    assert_int_equal(l.c.key.pss_salt_min, 32);
    assert_int_equal(l.c.sig.salt_len, 32);
    unload(&l);
    l = load("pss_sig");
    assert_int_equal(l.c.sig.mgf_hash, HASH_SHA384);
    assert_int_equal(l.c.sig.salt_len, 48);
    assert_false(l.c.key.pss_only);
    unload(&l);
}

/* AlgorithmIdentifiers of signatures that must be taken, and as what. */
static void test_algorithms(void **state)
{
#define MGF1(hash) "a1{30{06{2a864886f70d010108}" hash "}}"
#define SHA1       "30{06{2b0e03021a}0500}"
#define SHA256     "30{06{608648016503040201}0500}"
#define PSS(...)   "30{06{2a864886f70d01010a}30{" __VA_ARGS__ "}}"
    static const struct {
        const char    *alg;
        struct sig_how how;
    } want[] = {
        {"30{06{2a864886f70d01010b}0500}", {SIG_RSA_PKCS1, HASH_SHA256, HASH_NONE, 0}},
        {"30{06{2a864886f70d01010b}}", {SIG_RSA_PKCS1, HASH_SHA256, HASH_NONE, 0}}, /* RFC 4055 5 */
        {"30{06{2a864886f70d010104}0500}", {SIG_RSA_PKCS1, HASH_MD5, HASH_NONE, 0}},
        {"30{06{2a864886f70d01010e}0500}", {SIG_OTHER, HASH_NONE, HASH_NONE, 0}}, /* SHA-224 */
        {"30{06{2a8648ce380403}}", {SIG_OTHER, HASH_NONE, HASH_NONE, 0}},         /* DSA */
        {"30{06{2a8648ce3d0401}}", {SIG_ECDSA, HASH_SHA1, HASH_NONE, 0}},
        {PSS(""), {SIG_RSA_PSS, HASH_SHA1, HASH_SHA1, 20}},
        {PSS("a0{" SHA1 "}" MGF1(SHA1) "a2{020114}a3{020101}"), {SIG_RSA_PSS, HASH_SHA1, HASH_SHA1, 20}},
        {PSS("a0{" SHA256 "}" MGF1(SHA256) "a2{020120}"), {SIG_RSA_PSS, HASH_SHA256, HASH_SHA256, 32}},
        {PSS("a0{30{06{608648016503040201}}}"), {SIG_RSA_PSS, HASH_SHA256, HASH_SHA1, 20}},
        {PSS("a0{30{06{608648016503040204}0500}}"), {SIG_OTHER, HASH_NONE, HASH_SHA1, 20}}, /* SHA-224 */
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct notation d = notation(want[i].alg);
        struct report   rep;
        report_init(&rep);
        struct rd      r   = der_reader(notation_view(&d), &rep);
        struct alg     a   = alg_read(&r, CERT_NO_ALG);
        struct sig_how how = sig_how_read(&a);
        assert_false(report_bad(&rep));
        assert_int_equal(how.kind, want[i].how.kind);
        assert_int_equal(how.hash, want[i].how.hash);
        assert_int_equal(how.mgf_hash, want[i].how.mgf_hash);
        assert_int_equal(how.salt_len, want[i].how.salt_len);
        free(d.p);
    }
}

/* ---- what issuers do that is not refused (the duties of a CA; common deviations from DER) ---- */

static const char head[] = "30{30{a0{020102}";
static const char rest[] =
    "30{06{2a8648ce3d040302}}30{31{30{06{550403}0c{'CA'}}}}30{17{'260101000000Z'}17{'270101000000Z'}}30{}"
    "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{000455aa}}";
static const char tail[] = "}30{06{2a8648ce3d040302}}03{003006020101020101}}";

static bool takes(const char *serial, const char *exts, struct cert *c, struct notation *d)
{
    char          text[4096];
    struct report rep;
    report_init(&rep);
    snprintf(text, sizeof text, "%s%s%s%s%s", head, serial, rest, exts, tail);
    *d = notation(text);
    if (!cert_parse(c, notation_view(d), &rep))
        print_error("%s %s: %s\n", serial, exts, hf_check_info_of(rep.why.check)->name);
    return !report_bad(&rep);
}

static void test_tolerated(void **state)
{
#define EXT(oid, value) "a3{30{30{06{" oid "}" value "}}}"
    static const char *const serials[] = {"020100", "0201ff", "020180",
                                          "02{00ffffffffffffffffffffffffffffffffffffffff}"};
    static const char *const exts[]    = {
           "",
           "81{0055}82{0399d8}",             /* unique identifiers */
           EXT("551d13", "010100 04{30{}}"), /* critical FALSE written out */
           EXT("551d13", "04{30{010100}}"),  /* cA FALSE written out */
           EXT("551d13", "04{30{020100}}"),  /* pathLenConstraint without cA */
           EXT("551d0f", "04{03{000a}}"),    /* zero bits at the end of keyUsage */
           EXT("551d0f", "04{03{00}}"),      /* keyUsage that allows nothing */
           EXT("551d23", "04{30{820101}}"),  /* authorityCertSerialNumber alone */
           EXT("551d23", "04{30{}}"),
           EXT("551d0e", "0101ff 04{040101}"),               /* a critical subjectKeyIdentifier */
           EXT("551d11", "04{30{a3{30{}}a5{a1{0c{'x'}}}}}"), /* X.400 and EDI names are left closed */
           EXT("551d1e", "04{30{a0{30{82{}800100}}}}"),      /* minimum 0 written out */
           EXT("2b06010505070118", "04{30{}}"),
    };
    struct cert     c;
    struct notation d;
    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
        assert_true(takes(serials[i], "", &c, &d));
        free(d.p);
    }
    for (size_t i = 0; i < sizeof exts / sizeof exts[0]; i++) {
        assert_true(takes("020105", exts[i], &c, &d));
        free(d.p);
    }
}

static void test_values(void **state)
{
    struct cert     c;
    struct notation d;
    assert_true(takes("020105", EXT("551d13", "04{30{02050100000000}}"), &c, &d));
    assert_int_equal(c.path_len, INT32_MAX); /* more than any path can have */
    free(d.p);
    assert_true(takes("020105", EXT("551d0f", "04{03{078080}}"), &c, &d));
    assert_int_equal(c.ku, KU_DIGITAL_SIGNATURE | KU_DECIPHER_ONLY);
    free(d.p);
    assert_true(takes("020105", EXT("551d25", "0101ff 04{30{06{551d2500}}}"), &c, &d));
    assert_int_equal(c.eku, EKU_ANY);
    assert_int_equal(c.critical, EXT_EKU);
    free(d.p);
    assert_true(takes("020105", "a3{30{30{06{2a03}0101ff0400}30{06{2a04}0101ff0400}}}", &c, &d));
    assert_int_equal(c.has, EXT_UNKNOWN_CRIT);
    assert_true(is(c.unknown_oid, "2a03"));
    free(d.p);
}

/* ---- altered ---- */

static void try(hf_view der, const char *name)
{
    struct report rep;
    struct cert   c;
    char          line[4096];
    report_init(&rep);
    if (!cert_parse(&c, der, &rep)) {
        assert_true(rep.why.check >= 1000 && rep.why.check < 1500);
        if (rep.why.offset > der.n)
            fail_msg("%s: byte %u of %zu", name, rep.why.offset, der.n);
    }
    assert_true(hf_cert_describe(der, line, sizeof line) > 0);
}

/* A name cannot pretend to be another part of the line. */
static void test_describe_quotes(void **state)
{
    struct cert     c;
    struct notation d;
    char            line[1024];
    assert_true(takes("020105", EXT("551d11", "04{30{82{'a\" issuer \"CN=b'}82{0a'x'}}}"), &c, &d));
    hf_cert_describe(notation_view(&d), line, sizeof line);
    assert_non_null(strstr(line, " names \"DNS:a\\x22 issuer \\x22CN=b\" \"DNS:\\x0ax\" issuer \"CN=CA\" serial 05 "));
    free(d.p);
}

static const char *const altered[] = {"full", "rsa", "pss", "pss_sig", "explicit", "ed25519", "v1"};

static void test_cut(void **state)
{
    for (size_t i = 0; i < sizeof altered / sizeof altered[0]; i++) {
        struct loaded l = load(altered[i]);
        for (size_t n = 0; n < l.der.n; n++) {
            struct report rep;
            struct cert   c;
            uint8_t      *cut = malloc(n ? n : 1);
            memcpy(cut, l.der.p, n);
            report_init(&rep);
            assert_false(cert_parse(&c, (hf_view){cut, n}, &rep));
            assert_int_equal(rep.why.check, n < 1 ? CERT_NOT_SEQUENCE : n < 4 ? DER_HEADER_CUT : DER_CONTENTS_CUT);
            free(cut);
        }
        unload(&l);
    }
}

/* Tags, lengths and values alike; what still parses must walk and print. */
static void test_changed(void **state)
{
    static const uint8_t by[] = {0x01, 0x80, 0xff, 0x20, 0x1f, 0x7f};
    for (size_t i = 0; i < sizeof altered / sizeof altered[0]; i++) {
        struct loaded l    = load(altered[i]);
        uint8_t      *copy = malloc(l.der.n);
        memcpy(copy, l.der.p, l.der.n);
        for (size_t n = 0; n < l.der.n; n++)
            for (size_t k = 0; k < sizeof by; k++) {
                copy[n] ^= by[k];
                try((hf_view){copy, l.der.n}, altered[i]);
                copy[n] ^= by[k];
            }
        free(copy);
        unload(&l);
    }
}

static void test_describe(void **state)
{
    struct loaded l = load("v1");
    char          line[1024], again[64], digest[65];
    uint8_t       sha256[32];
    int           n = hf_cert_describe(l.der, line, sizeof line);
    assert_int_equal(n, strlen(line));
    cert_sha256(&l.c, sha256);
    text_hex(digest, sizeof digest, sha256, 32, 0);
    assert_non_null(strstr(line, "subject \"CN=v1\""));
    assert_non_null(strstr(line, digest));
    assert_int_equal(hf_cert_describe(l.der, again, sizeof again), n);
    assert_int_equal(strlen(again), sizeof again - 1);
    assert_memory_equal(again, line, sizeof again - 1);
    assert_int_equal(hf_cert_describe(l.der, NULL, 0), n);
    assert_true(hf_cert_describe((hf_view){NULL, 0}, line, sizeof line) > 0);
    assert_non_null(strstr(line, "not a certificate"));
    assert_int_equal(der_whole(l.der), l.der.n);
    assert_int_equal(der_whole((hf_view){l.der.p, l.der.n - 1}), 0);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),      cmocka_unit_test(test_full_names), cmocka_unit_test(test_walk),
        cmocka_unit_test(test_keys),      cmocka_unit_test(test_pss),        cmocka_unit_test(test_algorithms),
        cmocka_unit_test(test_tolerated), cmocka_unit_test(test_values),     cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed),   cmocka_unit_test(test_describe),   cmocka_unit_test(test_describe_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
