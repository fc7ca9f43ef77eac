/* SPDX-License-Identifier: Apache-2.0
 *
 * x509.c - path validation alone: a leaf and an intermediate as they come from the wire, parsed and validated
 * up to a root that is already loaded. Ours, libcrypto's X509_verify_cert, and the two bare verifications that
 * neither can avoid.
 *
 *   x509 DIR [rounds]
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/sha.h>
#include <openssl/x509_vfy.h>
#include <time.h>

#include "bench.h"
#include "x509/valid.h"

static hf_view     chain[2]; /* the client's leaf and its intermediate, DER */
static hf_trust   *trust;
static X509_STORE *store;

/* The bare verifications: digest, point, signature. */
static struct {
    hf_view   tbs, sig;
    EC_KEY   *key;
    EC_POINT *point;
    uint8_t   raw[65];
} bare[2];
static EC_GROUP *p256;

static void must(bool ok, const char *what)
{
    if (!ok)
        die("x509: %s", what);
}

static X509 *parse(hf_view der)
{
    const uint8_t *p = der.p;
    X509          *x = d2i_X509(NULL, &p, (long)der.n);
    must(x != NULL, "certificate");
    return x;
}

static void prepare_bare(const char *dir, int i, const char *issuer)
{
    static struct cert c;
    struct report      rep;
    hf_view            der;
    report_init(&rep);
    must(cert_parse(&c, chain[i], &rep), "our parser");
    bare[i].tbs = c.tbs, bare[i].sig = c.sig_bits;
    der.p = bench_read(dir, issuer, &der.n);
    must(cert_parse(&c, der, &rep) && c.key.raw.n == 65, "issuer");
    memcpy(bare[i].raw, c.key.raw.p, 65);
    bare[i].key   = EC_KEY_new();
    bare[i].point = EC_POINT_new(p256);
    EC_KEY_set_group(bare[i].key, p256);
}

static void prepare(const char *dir)
{
    p256       = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    chain[0].p = bench_read(dir, "client-leaf.der", &chain[0].n);
    chain[1].p = bench_read(dir, "client-ca.der", &chain[1].n);
    prepare_bare(dir, 0, "client-ca.der");
    prepare_bare(dir, 1, "client-root.der");
    trust = hf_trust_new();
    must(hf_trust_anchor_file(trust, bench_file(dir, "client-root.pem")), "our trust");
    store = X509_STORE_new();
    must(X509_STORE_load_file(store, bench_file(dir, "client-root.pem")) == 1, "store");
}

static void run_bare(void)
{
    for (int i = 0; i < 2; i++) {
        uint8_t digest[32];
        SHA256(bare[i].tbs.p, bare[i].tbs.n, digest);
        must(EC_POINT_oct2point(p256, bare[i].point, bare[i].raw, 65, NULL) == 1 &&
                 EC_KEY_set_public_key(bare[i].key, bare[i].point) == 1 &&
                 ECDSA_verify(0, digest, 32, bare[i].sig.p, (int)bare[i].sig.n, bare[i].key) == 1,
             "bare verification");
    }
}

static void run_ours(void)
{
    struct mem        m    = {0};
    struct valid_path path = {0};
    struct report     rep;
    struct valid_how  how = {.trust = trust, .purpose = FOR_CLIENT_AUTH, .profile = PROFILE_PRIVATE, .now = time(NULL)};
    report_init(&rep);
    must(valid_chain(&how, chain, 2, &m, &path, &rep), "our validation");
    valid_path_free(&path, &m);
}

static void run_libcrypto(void)
{
    X509 *leaf = parse(chain[0]), *ca = parse(chain[1]);
    STACK_OF(X509) *others = sk_X509_new_null();
    X509_STORE_CTX *ctx    = X509_STORE_CTX_new();
    sk_X509_push(others, ca);
    X509_STORE_CTX_init(ctx, store, leaf, others);
    X509_STORE_CTX_set_default(ctx, "ssl_client");
    must(X509_verify_cert(ctx) == 1, "X509_verify_cert");
    X509_STORE_CTX_free(ctx);
    sk_X509_free(others);
    X509_free(leaf);
    X509_free(ca);
}

static void measure(const char *name, void (*run)(void), int n)
{
    for (int i = 0; i < 20; i++)
        run();
    uint64_t t = cpu_ns();
    for (int i = 0; i < n; i++)
        run();
    print_us(name, (double)(cpu_ns() - t) / n);
}

int main(int argc, char **argv)
{
    int n = argc > 2 ? atoi(argv[2]) : 300;
    if (argc < 2 || !crypto_init())
        die("usage: x509 DIR [rounds]");
    prepare(argv[1]);
    measure("bare2_us", run_bare, n);
    measure("ours_us", run_ours, n);
    measure("libcrypto_us", run_libcrypto, n);
    return 0;
}
