/* SPDX-License-Identifier: Apache-2.0
 *
 * crypto_keys.c - private keys from files: each format as we and as the openssl command write it, and the
 * many files that people name instead, each with the check that must say so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before cmocka.h, which has a macro named fail. */
#include "base/pem.h"
#include "crypto/crypto.h"

#include <cmocka.h>
#include <openssl/err.h>

static char dir[] = "/tmp/handfast-keys-XXXXXX";

/* What the command prints; it runs in a folder of this test. */
static uint8_t *output(const char *command, size_t *n)
{
    enum { ROOM = 1 << 16 };
    char     line[1024];
    uint8_t *out = malloc(ROOM);
    assert_true((size_t)snprintf(line, sizeof line, "cd %s && (%s) 2>err", dir, command) < sizeof line);
    FILE *f = popen(line, "r");
    assert_true(f && out);
    *n = fread(out, 1, ROOM, f);
    assert_true(*n < ROOM);
    if (pclose(f)) {
        print_message("this failed: %s\n", command);
        free(out);
        return NULL;
    }
    return realloc(out, *n ? *n : 1); /* exactly as long, for the address sanitizer */
}

static unsigned n_asked;

static bool answer(void *ctx, const char *file, char *out, size_t room)
{
    n_asked++;
    assert_string_equal(file, "some.key");
    snprintf(out, room, "%s", (const char *)ctx);
    return true;
}

static bool refuse(void *ctx, const char *file, char *out, size_t room)
{
    return false;
}

static struct key *load(hf_view v, const char *pass, uint16_t *check)
{
    struct report rep;
    report_init(&rep);
    struct key *k = key_load(v, "some.key", pass ? answer : NULL, (void *)(uintptr_t)pass, &rep);
    *check        = rep.why.check;
    assert_true(!k == report_bad(&rep));
    if (!k && rep.why.check != NO_MEMORY)
        assert_non_null(strstr(rep.why.text, "some.key"));
    assert_int_equal(ERR_peek_error(), 0);
    return k;
}

static struct sig_how how_for(const struct pubkey *p)
{
    switch (p->kind) {
    case KEY_RSA:
        return (struct sig_how){SIG_RSA_PKCS1, HASH_SHA384, HASH_NONE, 0};
    case KEY_RSA_PSS:
        return (struct sig_how){SIG_RSA_PSS, HASH_SHA256, HASH_SHA256, 32};
    case KEY_ED25519:
        return (struct sig_how){.kind = SIG_ED25519};
    case KEY_ED448:
        return (struct sig_how){.kind = SIG_ED448};
    default:
        return (struct sig_how){.kind = SIG_ECDSA, .hash = HASH_SHA512};
    }
}

/* Signs, verifies, and does not verify what was changed. */
static void use(struct key *k)
{
    const struct pubkey *p   = key_public(k);
    struct sig_how       how = how_for(p);
    uint8_t              sig[SIG_MAX], tbs[] = "to be signed";
    size_t               n;
    assert_true(key_sign(k, &how, (hf_view){tbs, sizeof tbs}, sig, &n));
    assert_true(sig_verify(&how, p, (hf_view){tbs, sizeof tbs}, (hf_view){sig, n}));
    assert_false(sig_verify(&how, p, (hf_view){tbs, sizeof tbs}, (hf_view){sig, n - 1}));
    tbs[0] ^= 1;
    assert_false(sig_verify(&how, p, (hf_view){tbs, sizeof tbs}, (hf_view){sig, n}));
    how.kind = SIG_OTHER;
    assert_false(key_sign(k, &how, (hf_view){tbs, sizeof tbs}, sig, &n));
}

static void same_public(const struct pubkey *a, const struct pubkey *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->bits, b->bits);
    assert_true(a->raw.n == b->raw.n && a->n.n == b->n.n && a->e.n == b->e.n);
    if (a->raw.n)
        assert_memory_equal(a->raw.p, b->raw.p, a->raw.n);
    if (a->n.n)
        assert_memory_equal(a->n.p, b->n.p, a->n.n);
}

/* ---- round trips ---- */

static void made_written_and_loaded(void **s)
{
    static const struct {
        enum key_kind kind;
        unsigned      bits;
    } kinds[] = {{KEY_RSA, 2048}, {KEY_EC_P256, 0}, {KEY_EC_P384, 0}, {KEY_EC_P521, 0}, {KEY_ED25519, 0}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct mem  m = {0};
        uint16_t    check;
        size_t      n, der_n;
        struct key *k = key_generate(kinds[i].kind, kinds[i].bits), *again;
        assert_non_null(k);
        use(k);
        for (int sealed = 0; sealed < 2; sealed++) {
            char *pem = key_to_pem(k, sealed ? "geheim" : NULL, &m, &n);
            assert_non_null(pem);
            assert_true(!sealed == !strstr(pem, "ENCRYPTED"));
            again = load((hf_view){(uint8_t *)pem, n}, sealed ? "geheim" : NULL, &check);
            assert_non_null(again);
            same_public(key_public(k), key_public(again));
            use(again);
            key_free(again);
            mem_free(&m, pem);
        }
        uint8_t *der = key_spki(k, &m, &der_n);
        assert_non_null(der);
        const struct pubkey *p = key_public(k);
        hf_view              v = p->raw.n ? p->raw : p->n;
        assert_non_null(memmem(der, der_n, v.p, v.n));
        mem_free(&m, der);
        assert_ptr_equal(key_ref(k), k);
        key_free(k);
        key_free(k);
        assert_int_equal(m.used, 0);
    }
    assert_null(key_generate(KEY_RSA, 1024));
    assert_null(key_generate(KEY_RSA, 16384));
    assert_null(key_generate(KEY_OTHER, 0));
    key_free(NULL);
}

/* ---- files of the openssl command ---- */

struct file {
    const char   *command;
    const char   *pass;
    uint16_t      check; /* 0: it loads */
    enum key_kind kind;
};

static const struct file files[] = {
    {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", NULL, 0, KEY_EC_P256},
    {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -outform DER", NULL, 0, KEY_EC_P384},
    {"openssl ecparam -name secp521r1 -genkey", NULL, 0, KEY_EC_P521}, /* EC PARAMETERS come first */
    {"openssl ecparam -name prime256v1 -genkey -noout -outform DER", NULL, 0, KEY_EC_P256},
    {"openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:geheim", "geheim", 0,
     KEY_EC_P256},
    {"openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:geheim", "wrong",
     KEY_PASSPHRASE_WRONG, 0},
    {"openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:geheim", NULL, KEY_ENCRYPTED,
     0},
    {"openssl ecparam -name prime256v1 -genkey -noout | openssl ec -des -provider default -provider legacy "
     "-passout pass:geheim",
     "geheim", KEY_CIPHER_UNKNOWN, 0},
    {"openssl ecparam -name prime256v1 -genkey -conv_form compressed -noout", NULL, 0, KEY_EC_P256},
    {"openssl rsa -in rsa.key -traditional", NULL, 0, KEY_RSA},
    {"openssl rsa -in rsa.key -traditional -outform DER", NULL, 0, KEY_RSA},
    {"openssl rsa -in rsa.key -traditional -des3 -passout pass:geheim", "geheim", 0, KEY_RSA},
    {"cat rsa.key", NULL, 0, KEY_RSA},
    {"openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", NULL, 0, KEY_RSA_PSS},
    {"openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 "
     "-pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32",
     NULL, 0, KEY_RSA_PSS},
    {"openssl genpkey -algorithm ED25519", NULL, 0, KEY_ED25519},
    {"openssl genpkey -algorithm ED448 -outform DER", NULL, 0, KEY_ED448},
    {"openssl genpkey -algorithm ED25519 -aes256 -pass pass:geheim", "geheim", 0, KEY_ED25519},
    {"openssl genpkey -algorithm ED25519 -aes256 -pass pass:geheim", "", KEY_PASSPHRASE_WRONG, 0},
    {"openssl genpkey -algorithm ED25519 -aes256 -pass pass:geheim", NULL, KEY_ENCRYPTED, 0},
    {"openssl pkcs8 -topk8 -in ec.key -scrypt -passout pass:geheim -outform DER", "geheim", 0, KEY_EC_P256},
    {"openssl pkcs8 -topk8 -in ec.key -v1 PBE-SHA1-3DES -passout pass:geheim", "geheim", 0, KEY_EC_P256},
    {"openssl pkcs8 -topk8 -in ec.key -v1 PBE-SHA1-RC2-40 -provider default -provider legacy -passout pass:geheim",
     "geheim", KEY_CIPHER_UNKNOWN, 0},
    {"openssl pkcs8 -topk8 -in ec.key -v2 des-cbc -provider default -provider legacy -passout pass:geheim", "geheim",
     KEY_CIPHER_UNKNOWN, 0},
    {"cat ec.crt ec.key", NULL, 0, KEY_EC_P256},
    {"printf 'Bag Attributes\\n  x: y\\n'; sed 's/$/\\r/' ec.key", NULL, 0, KEY_EC_P256},
    /* keys of kinds that sign nothing here */
    {"openssl genpkey -algorithm X25519", NULL, KEY_ALGORITHM, 0},
    {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", NULL, KEY_ALGORITHM, 0},
    {"openssl dsaparam -genkey -noout 1024", NULL, KEY_ALGORITHM, 0},
    {"openssl genpkey -algorithm ED25519 -outform DER | LC_ALL=C sed 's/\\x2b\\x65\\x70/\\x2b\\x65\\x01/'", NULL,
     KEY_ALGORITHM, 0}, /* an algorithm that libcrypto does not know either */
    /* what people name instead */
    {"cat ec.crt", NULL, KEY_IS_CERTIFICATE, 0},
    {"openssl x509 -in ec.crt -outform DER", NULL, KEY_IS_CERTIFICATE, 0},
    {"openssl req -new -key ec.key -subj /CN=x", NULL, KEY_IS_REQUEST, 0},
    {"openssl req -new -key ec.key -subj /CN=x -outform DER", NULL, KEY_IS_REQUEST, 0},
    {"openssl ca -config ca.cnf -gencrl -keyfile ec.key -cert ec.crt", NULL, KEY_IS_CRL, 0},
    {"openssl ca -config ca.cnf -gencrl -keyfile ec.key -cert ec.crt | openssl crl -outform DER", NULL, KEY_IS_CRL, 0},
    {"openssl pkey -in ec.key -pubout", NULL, KEY_IS_PUBLIC, 0},
    {"openssl pkey -in ec.key -pubout -outform DER", NULL, KEY_IS_PUBLIC, 0},
    {"openssl rsa -in rsa.key -RSAPublicKey_out", NULL, KEY_IS_PUBLIC, 0},
    {"openssl rsa -in rsa.key -RSAPublicKey_out -outform DER", NULL, KEY_IS_PUBLIC, 0},
    {"openssl pkcs12 -export -in ec.crt -inkey ec.key -passout pass:x", NULL, KEY_IS_P12, 0},
    {"openssl crl2pkcs7 -nocrl -certfile ec.crt", NULL, KEY_IS_P7, 0},
    {"openssl crl2pkcs7 -nocrl -certfile ec.crt -outform DER", NULL, KEY_IS_P7, 0},
    {"openssl ecparam -name prime256v1", NULL, KEY_IS_PARAMETERS, 0},
    {"printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nAAAA\\n-----END OPENSSH PRIVATE KEY-----\\n'", NULL,
     KEY_IS_OPENSSH, 0},
    {"printf -- '-----BEGIN PGP PRIVATE KEY BLOCK-----\\n\\nAAAA\\n-----END PGP PRIVATE KEY BLOCK-----\\n'", NULL,
     KEY_IS_PGP, 0},
    {"printf 'PuTTY-User-Key-File-3: ssh-ed25519\\n'", NULL, KEY_IS_PUTTY, 0},
    {"printf '\\376\\355\\376\\355\\0\\0\\0\\2'", NULL, KEY_IS_JKS, 0},
    {"printf '\\377\\376'; sed 's/./&\\x00/g' ec.key", NULL, KEY_IS_UTF16, 0},
    {"printf '<html><body>403</body></html>'", NULL, KEY_IS_HTML, 0},
    {"printf '\\357\\273\\277'; grep -v -- ----- ec.key", NULL, KEY_IS_BARE_BASE64, 0},
    {"printf 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice@host\\n'", NULL, KEY_IS_PUBLIC, 0},
    {"true", NULL, KEY_IS_EMPTY, 0},
    {"echo hello", NULL, KEY_NOT_FOUND, 0},
    {"printf -- '-----BEGIN SOMETHING-----\\nAAAA\\n-----END SOMETHING-----\\n'", NULL, KEY_NOT_FOUND, 0},
    {"head -c 150 ec.key", NULL, PEM_BROKEN, 0},
    {"openssl pkey -in ec.key -outform DER | head -c 60", NULL, KEY_IS_CUT_OFF, 0},
    {"printf '0'", NULL, KEY_IS_CUT_OFF, 0},
    {"openssl pkey -in ec.key -outform DER; printf x", NULL, KEY_NOT_FOUND, 0},
    {"printf -- '-----BEGIN PRIVATE KEY-----\\nMAIFAA==\\n-----END PRIVATE KEY-----\\n'", NULL, KEY_NOT_FOUND, 0},
    {"sed -n 's/^-----.*//;/./p' ec.key | base64 -d | LC_ALL=C sed "
     "'s/\\x86\\x48\\xce\\x3d\\x03/\\x86\\x48\\xce\\x3d\\x7f/'",
     NULL, KEY_BROKEN, 0},
};

static void files_of_openssl(void **s)
{
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct file *f = &files[i];
        size_t             n;
        uint16_t           check;
        uint8_t           *bytes = output(f->command, &n);
        if (!bytes)
            continue; /* another openssl, without this option: said above */
        struct key *k = load((hf_view){bytes, n}, f->pass, &check);
        if (check != f->check || (k && key_public(k)->kind != f->kind)) {
            print_message("%s: %s, wanted %s\n", f->command, hf_check_info_of(check)->name,
                          hf_check_info_of(f->check)->name);
            wrong++;
        } else if (k) {
            use(k);
        }
        key_free(k);
        free(bytes);
    }
    assert_int_equal(wrong, 0);
}

static void pss_parameters_bind(void **s)
{
    static const char make[] = "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048";
    char              bound[256];
    uint16_t          check;
    size_t            n;
    uint8_t          *bytes = output(make, &n), sig[SIG_MAX];
    struct key       *k     = load((hf_view){bytes, n}, NULL, &check);
    assert_non_null(k);
    assert_false(key_public(k)->pss_only);
    struct sig_how pkcs1 = {SIG_RSA_PKCS1, HASH_SHA256, HASH_NONE, 0};
    assert_false(key_sign(k, &pkcs1, (hf_view){0}, sig, &n));
    key_free(k);
    free(bytes);
    snprintf(bound, sizeof bound,
             "%s -pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha512 "
             "-pkeyopt rsa_pss_keygen_saltlen:40",
             make);
    bytes = output(bound, &n);
    k     = load((hf_view){bytes, n}, NULL, &check);
    assert_non_null(k);
    const struct pubkey *p = key_public(k);
    assert_true(p->pss_only && p->pss_hash == HASH_SHA384 && p->pss_mgf_hash == HASH_SHA512 && p->pss_salt_min == 40);
    struct sig_how how = {SIG_RSA_PSS, HASH_SHA384, HASH_SHA512, 48};
    assert_true(key_sign(k, &how, (hf_view){0}, sig, &n));
    how.salt_len = 39;
    assert_false(key_sign(k, &how, (hf_view){0}, sig, &n));
    key_free(k);
    free(bytes);
}

/* The public half of one key behind the private half of another. */
static void halves_of_two_keys(void **s)
{
    struct mem       m = {0};
    struct report    rep;
    struct pem_block b;
    uint16_t         check;
    size_t           n, at = 0;
    struct key      *one = key_generate(KEY_EC_P256, 0), *two = key_generate(KEY_EC_P256, 0);
    char            *pem = key_to_pem(one, NULL, &m, &n);
    report_init(&rep);
    assert_true(pem_next((hf_view){(uint8_t *)pem, n}, &at, &b, &m, &rep));
    hf_view mine = key_public(one)->raw, other = key_public(two)->raw;
    assert_memory_equal(b.der + b.n - mine.n, mine.p, mine.n);
    memcpy(b.der + b.n - mine.n, other.p, other.n);
    assert_null(load((hf_view){b.der, b.n}, NULL, &check));
    assert_int_equal(check, KEY_HALVES);
    pem_free(&b, &m);
    mem_free(&m, pem);
    key_free(one);
    key_free(two);
}

static void nobody_answers(void **s)
{
    struct report rep;
    size_t        n;
    uint8_t      *bytes = output("openssl pkey -in ec.key -aes256 -passout pass:geheim", &n);
    report_init(&rep);
    assert_null(key_load((hf_view){bytes, n}, "some.key", refuse, NULL, &rep));
    assert_int_equal(rep.why.check, KEY_ENCRYPTED);
    free(bytes);
}

/* ---- PKCS#12 ---- */

struct opened {
    struct key *key;
    uint8_t    *certs;
    size_t      certs_n;
    uint16_t    check;
};

static struct opened open_p12(const char *command, const char *pass)
{
    struct opened o;
    struct report rep;
    struct mem    m = {0};
    size_t        n;
    uint8_t      *bytes = output(command, &n);
    assert_non_null(bytes);
    report_init(&rep);
    n_asked = 0;
    bool ok = p12_load((hf_view){bytes, n}, "some.key", pass ? answer : NULL, (void *)(uintptr_t)pass, &o.key, &o.certs,
                       &o.certs_n, &m, &rep);
    o.check = rep.why.check;
    assert_true(ok == !report_bad(&rep));
    assert_true(ok || (!o.key && !o.certs && !o.certs_n && strstr(rep.why.text, "some.key")));
    assert_int_equal(ERR_peek_error(), 0);
    free(bytes);
    return o;
}

static void p12_drop(struct opened *o)
{
    struct mem m = {0};
    mem_free(&m, o->certs);
    key_free(o->key);
}

static void p12_with_a_chain(void **s)
{
    size_t                   leaf_n, ca_n;
    uint8_t                 *leaf   = output("openssl x509 -in leaf.crt -outform DER", &leaf_n);
    uint8_t                 *ca     = output("openssl x509 -in ec.crt -outform DER", &ca_n);
    static const char *const ways[] = {
        "openssl pkcs12 -export -in leaf.crt -inkey leaf.key -certfile ec.crt -passout pass:geheim",
        "openssl pkcs12 -export -in leaf.crt -inkey leaf.key -certfile ec.crt -passout pass:",
        "cat ec.crt leaf.crt >both; openssl pkcs12 -export -in both -inkey leaf.key -passout pass:geheim",
        "openssl pkcs12 -export -in both -inkey leaf.key -keypbe NONE -certpbe NONE -nomac -passout pass:",
        "openssl pkcs12 -export -in leaf.crt -inkey leaf.key -certfile ec.crt -passout pass:geheim -nomac",
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct opened o = open_p12(ways[i], "geheim");
        assert_int_equal(o.check, 0);
        assert_int_equal(n_asked, i == 1 || i == 3 ? 0 : 1);
        assert_non_null(o.key);
        use(o.key);
        assert_int_equal(o.certs_n, leaf_n + ca_n);
        assert_memory_equal(o.certs, leaf, leaf_n);
        assert_memory_equal(o.certs + leaf_n, ca, ca_n);
        p12_drop(&o);
    }
    free(leaf);
    free(ca);
}

static void p12_without_a_part(void **s)
{
    struct opened o = open_p12("openssl pkcs12 -export -in leaf.crt -nokeys -passout pass:geheim", "geheim");
    assert_true(!o.check && !o.key && o.certs_n > 0);
    p12_drop(&o);
    o = open_p12("openssl pkcs12 -export -inkey leaf.key -nocerts -passout pass:geheim", "geheim");
    assert_true(!o.check && o.key && !o.certs_n);
    p12_drop(&o);
}

static void p12_that_does_not_open(void **s)
{
    static const char make[] = "openssl pkcs12 -export -in leaf.crt -inkey leaf.key -passout pass:geheim";
    assert_int_equal(open_p12(make, "wrong").check, KEY_PASSPHRASE_WRONG);
    assert_int_equal(open_p12(make, NULL).check, KEY_ENCRYPTED);
    assert_int_equal(
        open_p12("openssl pkcs12 -export -legacy -in leaf.crt -inkey leaf.key -passout pass:geheim", "geheim").check,
        P12_LEGACY);
    assert_int_equal(
        open_p12("openssl pkcs12 -export -legacy -in leaf.crt -inkey leaf.key -passout pass:geheim", "wrong").check,
        KEY_PASSPHRASE_WRONG);
    assert_int_equal(
        open_p12("openssl pkcs12 -export -in leaf.crt -inkey leaf.key -passout pass:geheim | head -c 300", "geheim")
            .check,
        P12_BROKEN);
    assert_int_equal(open_p12("cat leaf.crt", "geheim").check, P12_BROKEN);
}

static void p12_or_not(void **s)
{
    static const char *const others[] = {"cat ec.key", "openssl x509 -in ec.crt -outform DER",
                                         "openssl pkey -in ec.key -outform DER", "true", "printf 0"};
    size_t                   n;
    uint8_t                 *b = output("openssl pkcs12 -export -in leaf.crt -inkey leaf.key -passout pass:x", &n);
    assert_true(p12_looks_like((hf_view){b, n}));
    for (size_t i = 0; i < n; i++)
        (void)p12_looks_like((hf_view){b, i});
    free(b);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        b = output(others[i], &n);
        assert_false(p12_looks_like((hf_view){b, n}));
        free(b);
    }
}

/* ---- memory ---- */

static void memory_runs_out(void **s)
{
    size_t   n;
    uint16_t check;
    uint8_t *pem = output("cat ec.crt ec.key", &n);
    for (size_t i = 1;; i++) {
        mem_fail_after(i);
        struct key *k = load((hf_view){pem, n}, NULL, &check);
        mem_fail_after(0);
        key_free(k);
        if (k)
            break;
        assert_int_equal(check, NO_MEMORY);
        assert_true(i < 100);
    }
    free(pem);
    struct key *k = key_generate(KEY_EC_P256, 0);
    struct mem  m = {.max = 10};
    assert_null(key_to_pem(k, NULL, &m, &n));
    assert_null(key_spki(k, &m, &n));
    assert_int_equal(m.used, 0);
    key_free(k);
    for (size_t i = 1;; i++) {
        mem_fail_after(i);
        struct opened o = {0};
        struct report rep;
        uint8_t      *b;
        report_init(&rep);
        mem_fail_after(0);
        b = output("openssl pkcs12 -export -in leaf.crt -inkey leaf.key -certfile ec.crt -passout pass:", &n);
        mem_fail_after(i);
        bool ok = p12_load((hf_view){b, n}, "some.key", NULL, NULL, &o.key, &o.certs, &o.certs_n, &m, &rep);
        mem_fail_after(0);
        free(b);
        if (!ok)
            assert_int_equal(rep.why.check, NO_MEMORY);
        m.max = 0;
        mem_free(&m, o.certs);
        key_free(o.key);
        if (ok)
            break;
        assert_true(i < 100);
    }
}

static int setup(void **s)
{
    static const char *const made[] = {
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key",
        "openssl req -x509 -key ec.key -subj /CN=ca -days 3650 -out ec.crt",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key",
        "openssl genrsa -out rsa.key 3072",
        "openssl req -new -key leaf.key -subj /CN=leaf | openssl x509 -req -CA ec.crt -CAkey ec.key -days 3650 -out "
        "leaf.crt",
        "touch index.txt; printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index.txt\\ndefault_md=sha256\\n"
        "default_crl_days=9\\n' >ca.cnf",
    };
    size_t n;
    if (!crypto_init() || !mkdtemp(dir))
        return -1;
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        uint8_t *out = output(made[i], &n);
        if (!out)
            return -1;
        free(out);
    }
    return 0;
}

static int teardown(void **s)
{
    char line[64];
    snprintf(line, sizeof line, "rm -r %s", dir);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_written_and_loaded),
        cmocka_unit_test(files_of_openssl),
        cmocka_unit_test(pss_parameters_bind),
        cmocka_unit_test(halves_of_two_keys),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(p12_with_a_chain),
        cmocka_unit_test(p12_without_a_part),
        cmocka_unit_test(p12_that_does_not_open),
        cmocka_unit_test(p12_or_not),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
