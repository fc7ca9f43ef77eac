/* SPDX-License-Identifier: Apache-2.0
 *
 * forge.h - certificates as no decent CA would make them, for tests of path validation: any name, any date, any
 * extension, wrong signatures. Everything is described by one struct spec, zero meaning "as usual": P-256, issued
 * by `by` (itself when NULL), valid around NOW, with key identifiers.
 *
 * Names are written as gen_name_text prints them: "DNS:a.example", "mail:a@b.example", "URI:https://a.example/",
 * "IP:192.0.2.0/255.255.255.0" (subtrees have a mask), "DN:CN=a,O=b", "RID:1.2.3", "SMTP:a@b.example" (an otherName).
 */
#ifndef HF_TESTS_FORGE_H
#define HF_TESTS_FORGE_H
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/wr.h"
#include "x509/derw.h"
#include "x509/make.h"
#include "x509/valid.h"

enum { NOW = 1795500000, DAY = 86400, LIST = 12 };

struct forged {
    struct key *key;
    uint8_t    *p;
    size_t      n;
    struct cert cert;
    bool        broken; /* does not parse */
};

struct spec {
    const char          *subject; /* RFC 4514; "": empty */
    const struct forged *by;
    const char          *issuer;            /* in place of by's subject */
    hf_view              name, issuer_name; /* DER, in place of subject and issuer */
    struct key          *key;               /* in place of a new one (taken over by reference) */
    hf_view              spki;              /* in place of the key's */
    int64_t              from, to;          /* dates relative to NOW; both 0: a day before and after */
    int                  version;           /* 0: 3 */
    bool                 ca;
    int                  path_len; /* n + 1 */
    unsigned             ku, eku;
    bool                 no_ski, no_aki;
    const char          *ski, *aki; /* text in place of the key's digest */
    const char          *above;     /* authorityCertIssuer */
    const char          *san[LIST];
    const char          *permit[LIST], *exclude[LIST];
    unsigned             many;           /* repeats alternative names and excluded subtrees so often */
    const char          *policies[LIST]; /* dotted; "any" */
    const char          *map[LIST][2];
    unsigned       many_policies, many_maps;  /* so many more: 1.2.(100 + i); the first one mapped to 1.2.(5000 + i) */
    int            explicit_, no_map, no_any; /* skip count + 1 */
    const char    *unknown;                   /* a critical extension with this OID */
    hf_view        more;                      /* DER of further Extensions */
    const uint8_t *sig_alg;                   /* AlgorithmIdentifier in place of ecdsa-with-SHA256 */
    const struct sig_how *how;                /* how it is signed, when not so */
    enum oid              flip;               /* an extension critical that should not be, or the other way round */
    hf_view               serial;             /* contents of the INTEGER */
    bool                  break_signature;
};

static struct mem forge_mem;

static const uint8_t ALG_SHA1[]      = {0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01};
static const uint8_t ALG_SHA256[]    = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t ALG_ECDSA_384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
static const uint8_t ALG_ECDSA_512[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04};
static const uint8_t ALG_ED25519[]   = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t ALG_RSA_256[]   = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
/* RSASSA-PSS with SHA-256, MGF1 with SHA-256, 32 bytes of salt (RFC 4055) */
static const uint8_t ALG_PSS_256[] = {
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c,
    0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20};
static const uint8_t ALG_UNKNOWN[] = {0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04};

static void put_dotted(struct wr *w, uint8_t tag, const char *dotted)
{
    uint8_t  oid[64];
    size_t   n = 0;
    unsigned a = 0, b = 0;
    int      used = 0;
    if (strcmp(dotted, "any") == 0) {
        derw_bytes(w, tag, oid_bytes(OID_ANY_POLICY));
        return;
    }
    assert_int_equal(sscanf(dotted, "%u.%u%n", &a, &b, &used), 2);
    oid[n++] = (uint8_t)(a * 40 + b);
    for (dotted += used; *dotted == '.'; dotted += used) {
        assert_int_equal(sscanf(dotted, ".%u%n", &a, &used), 1);
        if (a >= 128)
            oid[n++] = (uint8_t)(0x80 | a >> 7);
        oid[n++] = a & 0x7f;
    }
    derw_bytes(w, tag, (hf_view){oid, n});
}

static void put_dn(struct wr *w, const char *text)
{
    struct report rep;
    report_init(&rep);
    if (*text)
        assert_true(dn_write(w, text, &rep));
    else
        derw_bytes(w, DER_SEQUENCE, (hf_view){0});
}

static void put_ip(struct wr *w, const char *text)
{
    uint8_t     bytes[32];
    char        part[64];
    size_t      n   = 0;
    int         fam = strchr(text, ':') ? AF_INET6 : AF_INET;
    const char *slash;
    do {
        slash = strchr(text, '/');
        snprintf(part, sizeof part, "%.*s", slash ? (int)(slash - text) : (int)strlen(text), text);
        assert_int_equal(inet_pton(fam, part, bytes + n), 1);
        n += fam == AF_INET ? 4 : 16;
        text = slash + 1;
    } while (slash);
    derw_bytes(w, DER_CONTEXT(7), (hf_view){bytes, n});
}

static void put_general(struct wr *w, const char *text)
{
    const char *v = strchr(text, ':') + 1;
    hf_view     s = {(const uint8_t *)v, strlen(v)};
    size_t      outer, inner;
    if (strncmp(text, "DNS:", 4) == 0) {
        derw_bytes(w, DER_CONTEXT(2), s);
    } else if (strncmp(text, "mail:", 5) == 0) {
        derw_bytes(w, DER_CONTEXT(1), s);
    } else if (strncmp(text, "URI:", 4) == 0) {
        derw_bytes(w, DER_CONTEXT(6), s);
    } else if (strncmp(text, "RID:", 4) == 0) {
        put_dotted(w, DER_CONTEXT(8), v);
    } else if (strncmp(text, "IP:", 3) == 0) {
        put_ip(w, v);
    } else if (strncmp(text, "DN:", 3) == 0) {
        outer = derw_open(w, DER_CONTEXTC(4));
        put_dn(w, v);
        derw_close(w, outer);
    } else if (strncmp(text, "SMTP:", 5) == 0) {
        outer = derw_open(w, DER_CONTEXTC(0));
        derw_oid(w, OID_ON_SMTP_UTF8);
        inner = derw_open(w, DER_CONTEXTC(0));
        derw_bytes(w, DER_UTF8, s);
        derw_close(w, inner);
        derw_close(w, outer);
    } else {
        fail_msg("no such name: %s", text);
    }
}

static enum oid forge_flip; /* the extension whose criticality is the other way round */

static size_t open_ext(struct wr *w, hf_view oid, bool critical, size_t *octets)
{
    size_t ext = derw_open(w, DER_SEQUENCE);
    derw_bytes(w, DER_OID, oid);
    if (critical != (forge_flip && oid_of(oid) == forge_flip))
        derw_true(w);
    *octets = derw_open(w, DER_OCTET_STRING);
    return ext;
}

static void close_ext(struct wr *w, size_t ext, size_t octets)
{
    derw_close(w, octets);
    derw_close(w, ext);
}

static void key_id(const struct cert *c, const struct spec *s, uint8_t out[32])
{
    hf_view v = s->spki;
    if (c)
        cert_spki_sha256(c, out);
    else
        hash_once(HASH_SHA256, v, out);
}

static void put_key_ids(struct wr *w, const struct spec *s, hf_view spki)
{
    uint8_t     own[32], issuers[32];
    size_t      octets, ext, seq, names, dn;
    struct spec me = {.spki = spki};
    hf_view     id;
    key_id(NULL, &me, own);
    if (s->by)
        key_id(&s->by->cert, s, issuers);
    else
        memcpy(issuers, own, sizeof own);
    if (!s->no_ski) {
        id  = s->ski ? (hf_view){(const uint8_t *)s->ski, strlen(s->ski)} : (hf_view){own, 20};
        ext = open_ext(w, oid_bytes(OID_CE_SKI), false, &octets);
        derw_bytes(w, DER_OCTET_STRING, id);
        close_ext(w, ext, octets);
    }
    if (s->no_aki && !s->above)
        return;
    id  = s->aki                       ? (hf_view){(const uint8_t *)s->aki, strlen(s->aki)}
          : s->by && s->by->cert.ski.n ? s->by->cert.ski
                                       : (hf_view){issuers, 20};
    ext = open_ext(w, oid_bytes(OID_CE_AKI), false, &octets);
    seq = derw_open(w, DER_SEQUENCE);
    if (!s->no_aki)
        derw_bytes(w, DER_CONTEXT(0), id);
    if (s->above) {
        names = derw_open(w, DER_CONTEXTC(1));
        dn    = derw_open(w, DER_CONTEXTC(4));
        put_dn(w, s->above);
        derw_close(w, dn);
        derw_close(w, names);
        derw_bytes(w, DER_CONTEXT(2), (hf_view){(const uint8_t *)"\x07", 1});
    }
    derw_close(w, seq);
    close_ext(w, ext, octets);
}

static void put_subtrees(struct wr *w, uint8_t tag, const char *const *names, unsigned times)
{
    size_t list, tree;
    if (!names[0])
        return;
    list = derw_open(w, tag);
    for (unsigned k = 0; k < times; k++)
        for (const char *const *n = names; *n; n++) {
            tree = derw_open(w, DER_SEQUENCE);
            put_general(w, *n);
            derw_close(w, tree);
        }
    derw_close(w, list);
}

static void put_names(struct wr *w, const struct spec *s)
{
    size_t octets, ext, seq;
    if (s->san[0]) {
        ext = open_ext(w, oid_bytes(OID_CE_SAN), false, &octets);
        seq = derw_open(w, DER_SEQUENCE);
        for (unsigned k = 0; k < (s->many ? s->many : 1); k++)
            for (const char *const *n = s->san; *n; n++)
                put_general(w, *n);
        derw_close(w, seq);
        close_ext(w, ext, octets);
    }
    if (s->permit[0] || s->exclude[0]) {
        ext = open_ext(w, oid_bytes(OID_CE_NAME_CONS), true, &octets);
        seq = derw_open(w, DER_SEQUENCE);
        put_subtrees(w, DER_CONTEXTC(0), s->permit, 1);
        put_subtrees(w, DER_CONTEXTC(1), s->exclude, s->many ? s->many : 1);
        derw_close(w, seq);
        close_ext(w, ext, octets);
    }
}

static void put_skip(struct wr *w, uint8_t tag, int n)
{
    uint8_t v = (uint8_t)(n - 1);
    if (n)
        derw_bytes(w, tag, (hf_view){&v, 1});
}

static void put_numbered(struct wr *w, unsigned number)
{
    char dotted[32];
    snprintf(dotted, sizeof dotted, "1.2.%u", number);
    put_dotted(w, DER_OID, dotted);
}

static void put_policies(struct wr *w, const struct spec *s)
{
    size_t octets, ext, seq, one;
    if (s->policies[0]) {
        ext = open_ext(w, oid_bytes(OID_CE_POLICIES), false, &octets);
        seq = derw_open(w, DER_SEQUENCE);
        for (const char *const *p = s->policies; *p; p++) {
            one = derw_open(w, DER_SEQUENCE);
            put_dotted(w, DER_OID, *p);
            derw_close(w, one);
        }
        for (unsigned i = 0; i < s->many_policies; i++) {
            one = derw_open(w, DER_SEQUENCE);
            put_numbered(w, 100 + i);
            derw_close(w, one);
        }
        derw_close(w, seq);
        close_ext(w, ext, octets);
    }
    if (s->map[0][0] || s->many_maps) {
        ext = open_ext(w, oid_bytes(OID_CE_POLICY_MAP), true, &octets);
        seq = derw_open(w, DER_SEQUENCE);
        for (size_t i = 0; i < LIST && s->map[i][0]; i++) {
            one = derw_open(w, DER_SEQUENCE);
            put_dotted(w, DER_OID, s->map[i][0]);
            put_dotted(w, DER_OID, s->map[i][1]);
            derw_close(w, one);
        }
        for (unsigned i = 0; i < s->many_maps; i++) {
            one = derw_open(w, DER_SEQUENCE);
            put_dotted(w, DER_OID, s->policies[0]);
            put_numbered(w, 5000 + i);
            derw_close(w, one);
        }
        derw_close(w, seq);
        close_ext(w, ext, octets);
    }
    if (s->explicit_ || s->no_map) {
        ext = open_ext(w, oid_bytes(OID_CE_POLICY_CONS), true, &octets);
        seq = derw_open(w, DER_SEQUENCE);
        put_skip(w, DER_CONTEXT(0), s->explicit_);
        put_skip(w, DER_CONTEXT(1), s->no_map);
        derw_close(w, seq);
        close_ext(w, ext, octets);
    }
    if (s->no_any) {
        ext = open_ext(w, oid_bytes(OID_CE_INHIBIT_ANY), true, &octets);
        put_skip(w, DER_INTEGER, s->no_any);
        close_ext(w, ext, octets);
    }
}

static void put_usage(struct wr *w, const struct spec *s)
{
    static const struct {
        unsigned bit;
        enum oid oid;
    } ekus[] = {{EKU_SERVER_AUTH, OID_KP_SERVER_AUTH},
                {EKU_CLIENT_AUTH, OID_KP_CLIENT_AUTH},
                {EKU_CODE_SIGN, OID_KP_CODE_SIGN},
                {EKU_OCSP_SIGN, OID_KP_OCSP_SIGN},
                {EKU_ANY, OID_KP_ANY}};
    size_t octets, ext, seq;
    if (s->ca || s->path_len) {
        ext = open_ext(w, oid_bytes(OID_CE_BASIC), true, &octets);
        seq = derw_open(w, DER_SEQUENCE);
        if (s->ca)
            derw_true(w);
        if (s->path_len)
            derw_number(w, (uint32_t)s->path_len - 1);
        derw_close(w, seq);
        close_ext(w, ext, octets);
    }
    if (s->ku) {
        ext = open_ext(w, oid_bytes(OID_CE_KU), true, &octets);
        derw_flags(w, s->ku);
        close_ext(w, ext, octets);
    }
    if (s->eku) {
        ext = open_ext(w, oid_bytes(OID_CE_EKU), false, &octets);
        seq = derw_open(w, DER_SEQUENCE);
        for (size_t i = 0; i < sizeof ekus / sizeof ekus[0]; i++)
            if (s->eku & ekus[i].bit)
                derw_oid(w, ekus[i].oid);
        derw_close(w, seq);
        close_ext(w, ext, octets);
    }
}

static void put_extensions(struct wr *w, const struct spec *s, hf_view spki)
{
    size_t explicit_ = derw_open(w, DER_CONTEXTC(3)), seq = derw_open(w, DER_SEQUENCE), octets, ext;
    put_usage(w, s);
    put_key_ids(w, s, spki);
    put_names(w, s);
    put_policies(w, s);
    if (s->unknown) {
        ext = derw_open(w, DER_SEQUENCE);
        put_dotted(w, DER_OID, s->unknown);
        derw_true(w);
        octets = derw_open(w, DER_OCTET_STRING);
        derw_bytes(w, DER_NULL, (hf_view){0});
        close_ext(w, ext, octets);
    }
    wr_view(w, s->more);
    derw_close(w, seq);
    derw_close(w, explicit_);
}

static void put_tbs(struct wr *w, const struct spec *s, hf_view alg, hf_view spki)
{
    static uint32_t serial;
    size_t          tbs = derw_open(w, DER_SEQUENCE), part;
    if (s->version != 1) {
        part = derw_open(w, DER_CONTEXTC(0));
        derw_number(w, 2);
        derw_close(w, part);
    }
    if (s->serial.n)
        derw_bytes(w, DER_INTEGER, s->serial);
    else
        derw_number(w, ++serial);
    wr_view(w, alg);
    if (s->issuer_name.n)
        wr_view(w, s->issuer_name);
    else if (s->issuer)
        put_dn(w, s->issuer);
    else if (s->by)
        wr_view(w, s->by->cert.subject);
    else if (s->name.n)
        wr_view(w, s->name);
    else
        put_dn(w, s->subject);
    part = derw_open(w, DER_SEQUENCE);
    derw_time(w, NOW + (s->from || s->to ? s->from : -DAY));
    derw_time(w, NOW + (s->from || s->to ? s->to : DAY));
    derw_close(w, part);
    if (s->name.n)
        wr_view(w, s->name);
    else
        put_dn(w, s->subject);
    wr_view(w, spki);
    if (s->version != 1)
        put_extensions(w, s, spki);
    derw_close(w, tbs);
}

/* The certificate that s describes; forge_drop releases it. */
static struct forged forge(const struct spec *s)
{
    struct forged  f = {.key = s->key ? key_ref(s->key) : key_generate(KEY_EC_P256, 0)};
    struct wr      w = wr_grow(&forge_mem, 1 << 20), t = wr_grow(&forge_mem, 1 << 20);
    size_t         n     = 0, whole;
    uint8_t       *own   = key_spki(f.key, &forge_mem, &n), sig[SIG_MAX];
    const uint8_t *alg_p = s->sig_alg ? s->sig_alg : ALG_SHA256;
    hf_view        spki = s->spki.n ? s->spki : (hf_view){own, n}, alg = {alg_p, (size_t)alg_p[1] + 2}, tbs;
    struct sig_how how = s->how ? *s->how : (struct sig_how){.kind = SIG_ECDSA, .hash = HASH_SHA256};
    struct report  rep;
    report_init(&rep);
    forge_flip = s->flip;
    put_tbs(&t, s, alg, spki);
    tbs = wr_done(&t);
    assert_true(tbs.n > 0);
    assert_true(key_sign(s->by ? s->by->key : f.key, &how, tbs, sig, &n));
    if (s->break_signature)
        sig[n - 1] ^= 1;
    whole = derw_open(&w, DER_SEQUENCE);
    wr_view(&w, tbs);
    wr_view(&w, alg);
    derw_bits(&w, (hf_view){sig, n});
    derw_close(&w, whole);
    f.p      = mem_copy(&forge_mem, w.p, w.n);
    f.n      = w.n;
    f.broken = !cert_parse(&f.cert, (hf_view){f.p, f.n}, &rep);
    wr_free(&w);
    wr_free(&t);
    mem_free(&forge_mem, own);
    return f;
}

/* The SubjectPublicKeyInfo of an RSA key with this modulus, whose factors nobody knows. */
static inline hf_view forge_rsa(struct wr *w, hf_view modulus)
{
    struct wr inner = wr_grow(&forge_mem, 4096);
    size_t    seq   = derw_open(&inner, DER_SEQUENCE), spki, alg;
    derw_unsigned(&inner, modulus);
    derw_number(&inner, 65537);
    derw_close(&inner, seq);
    spki = derw_open(w, DER_SEQUENCE);
    alg  = derw_open(w, DER_SEQUENCE);
    derw_bytes(w, DER_OID, (hf_view){(const uint8_t *)"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9});
    derw_bytes(w, DER_NULL, (hf_view){0});
    derw_close(w, alg);
    derw_bits(w, wr_done(&inner));
    derw_close(w, spki);
    wr_free(&inner);
    return wr_done(w);
}

static void forge_drop(struct forged *f)
{
    key_free(f->key);
    mem_free(&forge_mem, f->p);
    *f = (struct forged){0};
}

static hf_view der_of(const struct forged *f)
{
    return (hf_view){f->p, f->n};
}

#endif
