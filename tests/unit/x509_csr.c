/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_csr.c - requests written by libcrypto, read by us: whole, cut off at every length, with every byte
 * changed, and for keys that we do not issue for.
 */
#include "unit.h"

#include "x509/csr.h" /* before libcrypto's headers, which have macros of the same names */

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

struct request {
    uint8_t *der;
    size_t   n;
};

static struct request request(EVP_PKEY *key, const EVP_MD *md, const char *san)
{
    struct request r   = {0};
    X509_REQ      *req = X509_REQ_new();
    int            n;
    assert_non_null(key);
    X509_REQ_set_pubkey(req, key);
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_ASC, (const unsigned char *)"wish", -1,
                               -1, 0);
    if (san) {
        STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
        sk_X509_EXTENSION_push(exts, X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,digitalSignature"));
        sk_X509_EXTENSION_push(exts, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
        X509_REQ_add_extensions(req, exts);
        sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    }
    assert_true(X509_REQ_sign(req, key, md) > 0);
    n = i2d_X509_REQ(req, &r.der);
    assert_true(n > 0);
    r.n = (size_t)n;
    X509_REQ_free(req);
    EVP_PKEY_free(key);
    return r;
}

static enum check read_one(const uint8_t *der, size_t n, struct csr *c)
{
    struct report rep;
    report_init(&rep);
    bool ok = csr_read(c, (hf_view){der, n}, &rep);
    assert_int_equal(ok, !report_bad(&rep));
    assert_true(rep.why.offset <= n);
    return (enum check)rep.why.check;
}

static void kinds(void **state)
{
    struct {
        EVP_PKEY     *key;
        const EVP_MD *md;
        enum key_kind kind;
        enum check    check;
    } t[] = {
        {EVP_EC_gen("P-256"), EVP_sha256(), KEY_EC_P256, CHECK_NONE},
        {EVP_EC_gen("P-384"), EVP_sha384(), KEY_EC_P384, CHECK_NONE},
        {EVP_EC_gen("P-521"), EVP_sha512(), KEY_EC_P521, CHECK_NONE},
        {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, KEY_ED25519, CHECK_NONE},
        {EVP_RSA_gen(2048), EVP_sha256(), KEY_RSA, CHECK_NONE},
        {EVP_RSA_gen(1024), EVP_sha256(), KEY_RSA, CSR_KEY_SMALL},
        {EVP_EC_gen("secp256k1"), EVP_sha256(), KEY_OTHER, CSR_KEY_KIND},
        {EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), NULL, KEY_ED448, CSR_KEY_KIND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct request r = request(t[i].key, t[i].md, NULL);
        struct csr     c;
        enum check     id = read_one(r.der, r.n, &c);
        if (id != t[i].check || c.key.kind != t[i].kind || c.san.n)
            fail_msg("%zu: %s, kind %d", i, hf_check_info_of((uint16_t)id)->name, c.key.kind);
        OPENSSL_free(r.der);
    }
}

static void names_asked_for(void **state)
{
    struct request  r = request(EVP_EC_gen("P-256"), EVP_sha256(), "DNS:wish.example,URI:spiffe://a/b");
    struct csr      c;
    struct gen_name name;
    size_t          at = 0;
    char            text[64];
    (void)state;
    assert_int_equal(read_one(r.der, r.n, &c), CHECK_NONE);
    dn_text(c.subject, text, sizeof text);
    assert_string_equal(text, "CN=wish");
    assert_true(san_next(c.san, &at, &name));
    gen_name_text(&name, text, sizeof text);
    assert_string_equal(text, "DNS:wish.example");
    assert_true(san_next(c.san, &at, &name));
    gen_name_text(&name, text, sizeof text);
    assert_string_equal(text, "URI:spiffe://a/b");
    assert_false(san_next(c.san, &at, &name));
    OPENSSL_free(r.der);
}

/* Exactly n bytes of memory, so that the sanitizer sees a read behind them. */
static void cut_off(void **state)
{
    struct request r = request(EVP_EC_gen("P-256"), EVP_sha256(), "DNS:wish.example");
    struct csr     c;
    (void)state;
    for (size_t n = 0; n < r.n; n++) {
        uint8_t *copy = OPENSSL_memdup(r.der, n + !n);
        if (read_one(copy, n, &c) == CHECK_NONE)
            fail_msg("accepted when cut off at %zu", n);
        OPENSSL_free(copy);
    }
    OPENSSL_free(r.der);
}

static void changed(void **state)
{
    struct request r = request(EVP_EC_gen("P-256"), EVP_sha256(), "DNS:wish.example");
    struct csr     c;
    (void)state;
    for (size_t i = 0; i < r.n; i++)
        for (unsigned bit = 1; bit <= 0x80; bit <<= 1) {
            r.der[i] ^= (uint8_t)bit;
            if (read_one(r.der, r.n, &c) == CHECK_NONE)
                fail_msg("accepted with byte %zu changed", i);
            r.der[i] ^= (uint8_t)bit;
        }
    assert_int_equal(read_one(r.der, r.n, &c), CHECK_NONE);
    OPENSSL_free(r.der);
}

static void foreign_signature(void **state)
{
    struct request a = request(EVP_EC_gen("P-256"), EVP_sha256(), NULL);
    struct request b = {OPENSSL_memdup(a.der, a.n), a.n};
    struct csr     c, d;
    (void)state;
    assert_int_equal(read_one(b.der, b.n, &c), CHECK_NONE);
    b.der[c.sig_bits.p - b.der + (ptrdiff_t)c.sig_bits.n - 1] ^= 1;
    assert_int_equal(read_one(b.der, b.n, &d), CSR_PROOF);
    OPENSSL_free(a.der);
    OPENSSL_free(b.der);
}

static int begin(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),   cmocka_unit_test(names_asked_for),   cmocka_unit_test(cut_off),
        cmocka_unit_test(changed), cmocka_unit_test(foreign_signature),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
