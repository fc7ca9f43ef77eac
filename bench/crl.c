/* SPDX-License-Identifier: Apache-2.0
 *
 * crl.c - a CRL of a million entries: how long it takes to load (from DER and from PEM), what memory it holds, how
 * long the first check takes (it verifies the signature over the whole list) and every one after it. libcrypto's
 * X509_CRL beside it, in the same process.
 *
 *   bench-crl [entries]
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <malloc.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "base/pem.h"
#include "bench.h"
#include "x509/crl_set.h"
#include "x509/derw.h"
#include "x509/make.h"

enum { NOW = 1795500000, DAY = 86400, SERIAL_BYTES = 16, LOOKUPS = 200000, NAME_BYTES = 128 };

static struct mem mem;

static void must(bool ok, const char *what)
{
    if (!ok)
        die("crl: %s", what);
}

/* Serial numbers that look random, a function of i. */
static void serial_of(uint32_t i, uint8_t out[SERIAL_BYTES])
{
    uint64_t x = (uint64_t)i * 0x9e3779b97f4a7c15u + 1;
    for (int k = 0; k < SERIAL_BYTES; k++) {
        x ^= x >> 27, x *= 0x94d049bb133111ebu, x ^= x >> 31;
        out[k] = (uint8_t)x;
    }
    out[0] = (uint8_t)(0x40 | (out[0] & 0x3f));
}

/* ---- a CA and its list ---------------------------------------------------------------------------------- */

static struct key *key;
static struct cert ca;
static uint8_t     name_room[NAME_BYTES];
static hf_view     name;

static void make_ca(void)
{
    struct wr        w = wr_fixed(name_room, sizeof name_room);
    struct report    rep;
    struct cert_spec spec = cert_spec_for(USE_ROOT);
    size_t           spki_n, n;
    uint8_t         *der;
    report_init(&rep);
    must(crypto_init() && dn_write(&w, "CN=Example CA", &rep), "name");
    name            = wr_done(&w);
    spec.subject    = name;
    spec.not_before = NOW - DAY;
    spec.not_after  = NOW + DAY;
    spec.ku |= KU_CRL_SIGN;
    key           = key_generate(KEY_EC_P256, 0);
    uint8_t *spki = key_spki(key, &mem, &spki_n);
    der = cert_make(&spec, (hf_view){spki, spki_n}, &(struct issuer){NULL, key}, &rnd_libcrypto, &mem, &n, &rep);
    must(der && cert_parse(&ca, (hf_view){der, n}, &rep), "CA certificate");
}

/* An entry with the reason keyCompromise: what a CA of our own writes. */
static void put_entry(struct wr *w, uint32_t i)
{
    static const uint8_t reason[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
                                     0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, 0x01};
    uint8_t              serial[SERIAL_BYTES];
    size_t               entry = derw_open(w, DER_SEQUENCE);
    serial_of(i, serial);
    derw_bytes(w, DER_INTEGER, (hf_view){serial, sizeof serial});
    derw_time(w, NOW - i);
    wr_bytes(w, reason, sizeof reason);
    derw_close(w, entry);
}

static const uint8_t ALG[]    = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t NUMBER[] = {0xa0, 0x0e, 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03,
                                 0x55, 0x1d, 0x14, 0x04, 0x03, 0x02, 0x01, 0x01};

static struct wr make_crl(uint32_t entries)
{
    struct wr      tbs = wr_grow(&mem, (size_t)entries * 80 + 4096), all = wr_grow(&mem, (size_t)entries * 80 + 4096);
    struct sig_how how = {.kind = SIG_ECDSA, .hash = HASH_SHA256};
    uint8_t        sig[SIG_MAX];
    size_t         n, seq = derw_open(&tbs, DER_SEQUENCE), list;
    derw_number(&tbs, 1);
    wr_bytes(&tbs, ALG, sizeof ALG);
    wr_view(&tbs, name);
    derw_time(&tbs, NOW - DAY);
    derw_time(&tbs, NOW + DAY);
    list = derw_open(&tbs, DER_SEQUENCE);
    for (uint32_t i = 0; i < entries; i++)
        put_entry(&tbs, i);
    derw_close(&tbs, list);
    wr_bytes(&tbs, NUMBER, sizeof NUMBER);
    derw_close(&tbs, seq);
    must(!tbs.full && key_sign(key, &how, wr_done(&tbs), sig, &n), "signature");
    seq = derw_open(&all, DER_SEQUENCE);
    wr_view(&all, wr_done(&tbs));
    wr_bytes(&all, ALG, sizeof ALG);
    derw_bits(&all, (hf_view){sig, n});
    derw_close(&all, seq);
    must(!all.full, "list");
    wr_free(&tbs);
    return all;
}

static void write_file(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    must(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, path);
}

/* ---- ours ------------------------------------------------------------------------------------------------ */

static size_t held(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void load_ours(struct crl_set *s, struct mem *m, const char *path, const char *what)
{
    struct report rep;
    uint64_t      start = cpu_ns();
    report_init(&rep);
    must(crl_set_file(s, path, m, &rep), what);
    printf("%s_ms %.1f\n", what, (double)(cpu_ns() - start) / 1e6);
}

static void look_up_ours(const struct crl_set *s, uint32_t from, const char *what)
{
    struct crl_entry e;
    uint8_t          serial[SERIAL_BYTES];
    unsigned         found = 0;
    uint64_t         start = cpu_ns(), making;
    for (uint32_t i = 0; i < LOOKUPS; i++)
        serial_of(from + i * 5 % s->all[0]->n_entries, serial);
    making = cpu_ns() - start;
    start  = cpu_ns();
    for (uint32_t i = 0; i < LOOKUPS; i++) {
        serial_of(from + i * 5 % (uint32_t)s->all[0]->n_entries, serial);
        found += crl_find(s->all[0], (hf_view){serial, sizeof serial}, &e);
    }
    printf("%s_ns %.0f (%u found)\n", what, (double)(cpu_ns() - start - making) / LOOKUPS, found);
}

static void check_ours(const struct crl_set *s, const char *what, unsigned times)
{
    struct crl_how how  = {.set = s, .now = NOW};
    struct cert    leaf = {.issuer = name, .serial = {(const uint8_t *)"\x01\x02\x03", 3}};
    struct report  rep;
    uint64_t       start = cpu_ns();
    for (unsigned i = 0; i < times; i++) {
        report_init(&rep);
        must(crl_check(&how, &leaf, &ca, &rep), hf_check_info_of(rep.why.check)->title);
    }
    printf("%s_us %.2f\n", what, (double)(cpu_ns() - start) / times / 1e3);
}

static void ours(const char *der, const char *pem, uint32_t entries)
{
    struct crl_set s = {0};
    struct mem     m = {0};
    load_ours(&s, &m, pem, "ours_load_pem");
    printf("ours_load_pem_peak_mb %.1f\n", (double)m.peak / 1e6);
    crl_set_free(&s, &m);
    size_t before = held();
    m             = (struct mem){0};
    load_ours(&s, &m, der, "ours_load_der");
    printf("ours_list_mb %.1f\nours_index_mb %.1f\nours_held_mb %.1f\nours_load_der_peak_mb %.1f\n",
           (double)s.all[0]->der.n / 1e6, (double)(s.all[0]->n_slots * sizeof *s.all[0]->slots) / 1e6,
           (double)(held() - before) / 1e6, (double)m.peak / 1e6);
    check_ours(&s, "ours_first_check", 1);
    check_ours(&s, "ours_check", LOOKUPS);
    look_up_ours(&s, 0, "ours_find_listed");
    look_up_ours(&s, entries, "ours_find_other");
    crl_set_free(&s, &m);
}

/* ---- libcrypto's ------------------------------------------------------------------------------------------- */

static void look_up_libcrypto(X509_CRL *crl, uint32_t from, uint32_t entries, unsigned times, const char *what)
{
    ASN1_INTEGER *a     = ASN1_INTEGER_new();
    unsigned      found = 0;
    X509_REVOKED *r;
    uint8_t       serial[SERIAL_BYTES];
    uint64_t      start = cpu_ns();
    for (uint32_t i = 0; i < times; i++) {
        serial_of(from + i * 5 % entries, serial);
        ASN1_STRING_set(a, serial, sizeof serial);
        found += X509_CRL_get0_by_serial(crl, &r, a) == 1;
    }
    printf("%s_ns %.0f (%u found)\n", what, (double)(cpu_ns() - start) / times, found);
    ASN1_INTEGER_free(a);
}

static void libcrypto(hf_view der, uint32_t entries)
{
    const uint8_t *p = der.p, *q = ca.der.p;
    size_t         before = held();
    uint64_t       start  = cpu_ns();
    X509_CRL      *crl    = d2i_X509_CRL(NULL, &p, (long)der.n);
    X509          *issuer = d2i_X509(NULL, &q, (long)ca.der.n);
    must(crl && issuer, "libcrypto's list");
    printf("libcrypto_load_der_ms %.1f\n", (double)(cpu_ns() - start) / 1e6);
    look_up_libcrypto(crl, 0, entries, 1, "libcrypto_first_find");
    printf("libcrypto_held_mb %.1f\n", (double)(held() - before) / 1e6);
    start = cpu_ns();
    must(X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1, "libcrypto's signature");
    printf("libcrypto_verify_us %.0f\n", (double)(cpu_ns() - start) / 1e3);
    look_up_libcrypto(crl, 0, entries, LOOKUPS, "libcrypto_find_listed");
    look_up_libcrypto(crl, entries, entries, LOOKUPS, "libcrypto_find_other");
    X509_CRL_free(crl);
    X509_free(issuer);
}

int main(int argc, char **argv)
{
    uint32_t  entries = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    char      dir[]   = "/tmp/bench-crl-XXXXXX", der[64], pem[64];
    struct wr list;
    size_t    room, n;
    char     *text;
    must(entries > 0 && mkdtemp(dir), "arguments");
    snprintf(der, sizeof der, "%s/list.der", dir);
    snprintf(pem, sizeof pem, "%s/list.pem", dir);
    make_ca();
    list = make_crl(entries);
    room = list.n / 3 * 4 + list.n / 40 + 256;
    text = malloc(room);
    must(text != NULL, "memory");
    n = pem_write(text, room, "X509 CRL", wr_done(&list));
    must(n > 0, "PEM");
    write_file(pem, text, n);
    write_file(der, list.p, list.n);
    free(text);
    printf("entries %u\npem_mb %.1f\n", entries, (double)n / 1e6);
    ours(der, pem, entries);
    libcrypto(wr_done(&list), entries);
    unlink(der), unlink(pem), rmdir(dir);
    return 0;
}
