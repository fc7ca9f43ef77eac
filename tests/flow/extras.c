/* SPDX-License-Identifier: Apache-2.0
 *
 * extras.c - what a connection may agree on beside the handshake, both ends ours: the length of records, the CAs that a
 * client takes; and the channel bindings that both ends derive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/why.h"
#include "foe.h"
#include "pair.h"
#include "tls/conn.h"
#include "tls/zip.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

static const uint16_t versions[] = {0x0304, 0x0303};

/* ---- record_size_limit ------------------------------------------------------------------------------------ */

struct limits {
    unsigned of[2]; /* 0: the default */
};

static void set_limits(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    const struct limits *l = p->how->ctx;
    if (l->of[side])
        hf_config_record_limit(c, l->of[side]);
}

/* The longest record after the first one under keys, without its header; at: where a direction's keys begin. */
static size_t longest_record(const struct bytes *b)
{
    size_t longest = 0;
    for (size_t at = 0; at + 5 <= b->n;) {
        size_t n = (size_t)b->p[at + 3] << 8 | b->p[at + 4];
        if (b->p[at] == 23 && n > longest)
            longest = n;
        at += 5 + n;
    }
    return longest;
}

static void limited(uint16_t version, struct limits l, unsigned padding)
{
    struct pair_how how = {.version = version, .demand = HF_REQUIRE, .set = set_limits, .ctx = &l, .padding = padding};
    struct pair     p;
    pair_open(&p, &how);
    p.keep = true;
    pair_proven(&p);
    pair_send(&p, CLIENT, 5000);
    pair_send(&p, SERVER, 5000);
    bool agreed = l.of[CLIENT] > 0; /* a server speaks of its limit only to a client that has one */
    for (enum side s = CLIENT; s <= SERVER; s++) {
        unsigned theirs = agreed && l.of[!s] ? l.of[!s] : 16384;
        size_t   most = longest_record(&p.carried[s]), over = version == 0x0304 ? 1 + 16 : 8 + 16;
        assert_in_range(most, theirs < 5000 ? theirs : 1000, theirs + over);
    }
    pair_close(&p);
}

static void record_limits(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        limited(versions[v], (struct limits){{64, 0}}, 0);
        limited(versions[v], (struct limits){{512, 1000}}, 0);
        limited(versions[v], (struct limits){{512, 64}}, v == 0 ? 256 : 0);
        limited(versions[v], (struct limits){{0, 512}}, 0);
    }
}

/* A peer that forgets what it was told. */
static void over_the_limit(void **state)
{
    for (size_t v = 0; v < 2; v++)
        for (enum side s = CLIENT; s <= SERVER; s++) {
            static uint8_t  data[1000];
            struct limits   l   = {{512, 512}};
            struct pair_how how = {.version = versions[v], .demand = HF_REQUIRE, .set = set_limits, .ctx = &l};
            struct pair     p;
            pair_open(&p, &how);
            pair_proven(&p);
            p.conn[s]->peer_limit = 0;
            assert_int_equal(hf_conn_send(p.conn[s], data, sizeof data), sizeof data);
            pair_refused(&p, !s, RECORD_OVER_LIMIT, RECORD_OVERFLOW);
            pair_close(&p);
        }
}

static void bad_limit(void **state)
{
    static const unsigned all[] = {0, 63, 16385};
    for (size_t i = 0; i < 3; i++) {
        hf_why     why;
        hf_config *c = hf_config_new(HF_CLIENT);
        hf_config_record_limit(c, all[i]);
        assert_false(hf_config_seal(c, MINT_NOW_MS, &why));
        assert_int_equal(why.check, CONFIG_RECORD_LIMIT);
        hf_config_free(c);
    }
}

/* ---- certificate_authorities of a client -------------------------------------------------------------------- */

static void announce(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    if (side == CLIENT)
        hf_config_announce_cas(c, true);
}

static bool hello_names_root(const struct pair *p)
{
    const hf_event *ev;
    uint8_t        *name = NULL;
    int             len  = i2d_X509_NAME(X509_get_subject_name(p->pki->root.cert), &name);
    size_t          n = hf_conn_trace(p->conn[CLIENT], &ev), i = 0;
    while (i < n && ev[i].kind != HF_EV_MESSAGE)
        i++;
    assert_true(i < n && ev[i].message == 1);
    bool named = memmem(ev[i].bytes.p, ev[i].bytes.n, name, (size_t)len);
    OPENSSL_free(name);
    return named;
}

static void cas_announced(void **state)
{
    for (int on = 0; on < 2; on++) {
        struct pair_how how = {.demand = HF_REQUIRE, .trace = true, .set = on ? announce : NULL};
        struct pair     p;
        pair_open(&p, &how);
        pair_proven(&p);
        assert_int_equal(hello_names_root(&p), on);
        pair_close(&p);
    }
}

/* The server's only certificate may be shown only to who names its CA. */
static void announce_or_must(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    announce(p, side, c, cred);
    if (side == SERVER)
        hf_cred_must_match(cred, *(const bool *)p->how->ctx);
}

static void named_cas(void **state)
{
    struct minted other = mint(&(struct mint){.cn = "another CA", .ca = true});
    const X509   *certs[2];
    struct pair   p;
    for (int i = 0; i < 4; i++) {
        bool            must = i & 1, ours = i & 2;
        struct pair_how how  = {.demand = HF_REQUIRE, .set = announce_or_must, .ctx = &must};
        uint8_t        *name = NULL;
        pair_config(&p, &how);
        certs[0]      = other.cert;
        certs[1]      = p.pki->root.cert;
        int       len = i2d_X509_NAME(X509_get_subject_name(certs[ours]), &name);
        hf_trust *t   = mint_trust(p.pki);
        assert_true(hf_trust_hints(t, HF_HINTS_LISTED, &(hf_view){name, (size_t)len}, 1));
        pair_reconfigure(&p, CLIENT, t);
        pair_connect(&p);
        if (must && !ours)
            pair_refused(&p, SERVER, CH_CA_NAMES, HANDSHAKE_FAILURE);
        else
            pair_proven(&p);
        OPENSSL_free(name);
        pair_close(&p);
    }
    mint_free(&other);
}

/* ---- oid_filters ------------------------------------------------------------------------------------------- */

struct filter {
    const char *oid, *value;
    size_t      n;
    bool        met; /* by a leaf with digitalSignature and clientAuth */
};

static void filter(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    const struct filter *f = p->how->ctx;
    if (side == SERVER)
        hf_config_oid_filter(c, (hf_view){(const uint8_t *)f->oid, 3}, (hf_view){(const uint8_t *)f->value, f->n});
}

static void filters(void **state)
{
    static const struct filter all[] = {
        {"\x55\x1d\x0f", "\x03\x02\x07\x80", 4, true},                                   /* digitalSignature */
        {"\x55\x1d\x0f", "\x03\x02\x05\xa0", 4, false},                                  /* and keyEncipherment */
        {"\x55\x1d\x25", "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02", 12, true},  /* clientAuth */
        {"\x55\x1d\x25", "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x04", 12, false}, /* emailProtection */
        {"\x55\x1d\x0f", "", 0, true},
        {"\x55\x1d\x0f", "\x03\x82\xff\xff", 4, false}, /* no DER: matched by nobody */
        {"\x55\x1d\x7f", "\x05\x00", 2, true},          /* one that nobody knows */
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct pair_how   how = {.demand = HF_ASK, .set = filter, .ctx = &all[i]};
        struct pair       p;
        const hf_finding *offer;
        pair_open(&p, &how);
        assert_true(pair_run(&p));
        assert_int_equal(hf_conn_peer(p.conn[SERVER]) != NULL, all[i].met);
        assert_int_equal(hf_conn_offers(p.conn[CLIENT], &offer), 1);
        assert_int_equal(offer->check, all[i].met ? OFFER_CHOSEN : OFFER_FILTERS);
        pair_close(&p);
    }
    hf_why     why;
    hf_config *c = hf_config_new(HF_CLIENT);
    hf_config_oid_filter(c, (hf_view){0}, (hf_view){0});
    assert_false(hf_config_seal(c, MINT_NOW_MS, &why));
    assert_int_equal(why.check, CONFIG_FILTERS);
    hf_config_free(c);
}

/* ---- compressed certificates -------------------------------------------------------------------------------- */

static void compress(const struct pair *p, enum side side, hf_config *c, hf_cred *cred)
{
    const uint16_t *only = p->how->ctx;
    hf_config_compression(c, true);
    if (*only) {
        c->zips.b[0] = (uint8_t)(*only >> 8);
        c->zips.b[1] = (uint8_t)*only;
        c->zips.n    = 2;
    }
}

static unsigned packed_messages(const hf_conn *c, bool sent)
{
    const hf_event *ev;
    unsigned        found = 0;
    size_t          n     = hf_conn_trace(c, &ev);
    for (size_t i = 0; i < n; i++)
        found += ev[i].kind == HF_EV_MESSAGE && ev[i].sent == sent && ev[i].message == 25;
    return found;
}

static void packed_with(uint16_t only, uint16_t version)
{
    struct pair_how how = {.version = version, .demand = HF_REQUIRE, .trace = true, .set = compress, .ctx = &only};
    struct pair     p;
    pair_open(&p, &how);
    pair_proven(&p);
    for (enum side s = CLIENT; s <= SERVER; s++) {
        assert_int_equal(packed_messages(p.conn[s], true), version == 0x0304);
        assert_int_equal(packed_messages(p.conn[s], false), version == 0x0304);
    }
    hf_view certs[4];
    assert_int_equal(hf_conn_claimed(p.conn[SERVER], certs, 4), 2);
    pair_close(&p);
}

static void packed(void **state)
{
    if (!zip_at(0))
        skip();
    for (size_t i = 0; zip_at(i); i++)
        packed_with(zip_at(i)->code, 0x0304);
    packed_with(0, 0x0304);
    packed_with(0, 0x0303);
}

/* A client of the tests' own packs its Certificate in wrong ways, by each algorithm. */
struct bad_pack {
    const char *name;
    uint16_t    check, algorithm;
    uint8_t     alert;
    int         length; /* added to uncompressed_length */
    bool        garbage, bomb, trailing, empty, off;
    int         bytes; /* behind the packed ones, below 0: so many are missing */
    bool        twice; /* they stand there twice */
};

struct repacker {
    const struct bad_pack *how;
    const struct zip      *zip;
};

static void write_packed(const struct bad_pack *b, uint16_t code, uint32_t said, hf_view packed, struct bytes *m)
{
    m->n = 0;
    bytes_u8(m, 25);
    size_t whole = bytes_open(m, 3);
    bytes_u16(m, b->algorithm ? b->algorithm : code);
    bytes_u8(m, said >> 16);
    bytes_u16(m, said & 0xffff);
    size_t data = bytes_open(m, 3);
    bytes_add(m, packed.p, packed.n);
    bytes_close(m, data, 3);
    if (b->trailing)
        bytes_u8(m, 0);
    bytes_close(m, whole, 3);
}

static void repack(struct foe *p, uint8_t type, struct bytes *m)
{
    enum { BOMB = 8 << 20 };
    const struct repacker *r = p->ctx;
    const struct bad_pack *b = r->how;
    if (type != MSG_CERTIFICATE)
        return;
    size_t   n = b->bomb ? BOMB : m->n - 4, room = n + 4096;
    uint8_t *out = calloc(2, room), *in = calloc(1, n);
    uint32_t said = (uint32_t)((int)(m->n - 4) + b->length);
    if (!b->bomb)
        memcpy(in, m->p + 4, n);
    size_t k = r->zip->pack((hf_view){in, n}, out, room);
    assert_true(k > 0);
    if (b->garbage)
        memset(out, 0x5a, k);
    if (b->twice)
        memcpy(out + k, out, k);
    k = b->empty ? 0 : b->twice ? 2 * k : (size_t)((long)k + b->bytes);
    write_packed(b, r->zip->code, said, (hf_view){out, k}, m);
    free(out);
    free(in);
}

static void bad_pack(const struct repacker *r)
{
    const struct minted_pki *pki = pair_pki(MINT_P256);
    const struct bad_pack   *b   = r->how;
    hf_why                   why;
    hf_config               *c = hf_config_new(HF_SERVER);
    hf_config_trust(c, mint_trust(pki), HF_REQUIRE);
    hf_config_cred(c, mint_cred(pki->server_pem, pki->server_key));
    hf_config_compression(c, !b->off);
    assert_true(hf_config_seal(c, MINT_NOW_MS, &why));
    struct foe p = {
        .engine = hf_conn_new(c, NULL), .pki = pki, .on_send = repack, .ctx = (void *)r, .lenient = b->check != 0};
    foe_client(&p);
    if (hf_conn_why(p.engine)->check != b->check)
        fail_msg("algorithm %d, %s: %s", r->zip->code, b->name, hf_check_info_of(hf_conn_why(p.engine)->check)->name);
    assert_int_equal(p.done, b->check == 0);
    if (b->check)
        assert_int_equal(hf_conn_why(p.engine)->alert, b->alert);
    hf_conn_free(p.engine);
    foe_free(&p);
    hf_config_free(c);
}

static void bad_packs(void **state)
{
    static const struct bad_pack all[] = {
        {"in order", 0, .alert = HF_NO_ALERT},
        {"not asked for", MSG_UNEXPECTED, .alert = UNEXPECTED_MESSAGE, .off = true},
        {"an unknown algorithm", CZ_ALGORITHM, 9, ILLEGAL_PARAMETER},
        {"a length above all", CZ_TOO_LARGE, .alert = BAD_CERTIFICATE, .length = 300000},
        {"a length too great", CZ_BROKEN, .alert = BAD_CERTIFICATE, .length = 1},
        {"a length too small", CZ_BROKEN, .alert = BAD_CERTIFICATE, .length = -1},
        {"garbage", CZ_BROKEN, .alert = BAD_CERTIFICATE, .garbage = true},
        {"a bomb", CZ_BROKEN, .alert = BAD_CERTIFICATE, .bomb = true},
        {"a bomb that says so within the limit", CZ_BROKEN, .alert = BAD_CERTIFICATE, .bomb = true, .length = 250000},
        {"a byte behind", CZ_TRAILING, .alert = DECODE_ERROR, .trailing = true},
        {"a byte behind the packed ones", CZ_BROKEN, .alert = BAD_CERTIFICATE, .bytes = 1},
        {"two streams", CZ_BROKEN, .alert = BAD_CERTIFICATE, .twice = true},
        {"a byte short", CZ_BROKEN, .alert = BAD_CERTIFICATE, .bytes = -1},
        {"nearly nothing", CZ_BROKEN, .alert = BAD_CERTIFICATE, .bytes = -300},
        {"nothing packed", CZ_MALFORMED, .alert = DECODE_ERROR, .empty = true},
    };
    if (!zip_at(0))
        skip();
    for (size_t z = 0; zip_at(z); z++)
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            bad_pack(&(struct repacker){&all[i], zip_at(z)});
}

/* What a decoder holds counts, it asks for no block above the limit, and all is given back. */
static void unpacked_in_our_memory(void **state)
{
    enum { BIG = 4 << 20, SMALL = 20000 };
    uint8_t *in = malloc(BIG), *packed = malloc(2 * BIG), *out = malloc(BIG);
    for (size_t i = 0, x = 1; i < BIG; i++) /* does not get smaller: a window is needed for it */
        in[i] = (uint8_t)((x = x * 1103515245 + 12345) >> 16);
    for (size_t i = 0; zip_at(i); i++) {
        const struct zip *z     = zip_at(i);
        struct mem        plain = {0}, tight = {.max = 2000}, ample = {.max = LIMIT_CONN_BYTES};
        size_t            small = z->pack((hf_view){in, SMALL}, packed, 2 * (size_t)BIG);
        assert_int_equal(z->unpack((hf_view){packed, small}, out, SMALL, &plain), UNZIP_DONE);
        assert_memory_equal(in, out, SMALL);
        assert_in_range(plain.peak, 1000, LIMIT_ZIP_BLOCK);
        assert_int_equal(z->unpack((hf_view){packed, small}, out, SMALL, &tight), UNZIP_NO_MEMORY);
        size_t big = z->pack((hf_view){in, BIG}, packed, 2 * (size_t)BIG);
        assert_int_equal(z->unpack((hf_view){packed, big}, out, SMALL, &ample), UNZIP_BROKEN);
        assert_int_equal(plain.used + tight.used + ample.used, 0);
        assert_in_range(ample.peak, 1000, LIMIT_CONN_BYTES);
    }
    free(in);
    free(packed);
    free(out);
}

/* ---- channel bindings ---------------------------------------------------------------------------------------- */

static void bindings(void **state)
{
    for (size_t v = 0; v < 2; v++) {
        uint8_t         a[64], b[64], own[64];
        hf_view         empty = {(const uint8_t *)"", 0};
        struct pair_how how   = {.version = versions[v], .demand = HF_DONT_ASK};
        struct pair     p;
        pair_open(&p, &how);
        assert_false(hf_conn_binding_exporter(p.conn[CLIENT], a));
        assert_int_equal(hf_conn_binding_end_point(p.conn[SERVER], a), 0);
        pair_proven(&p);
        assert_true(hf_conn_binding_exporter(p.conn[CLIENT], a));
        assert_true(hf_conn_binding_exporter(p.conn[SERVER], b));
        assert_memory_equal(a, b, 32);
        assert_true(hf_conn_export(p.conn[CLIENT], "EXPORTER-Channel-Binding", empty, own, 32));
        assert_memory_equal(a, own, 32);
        SHA256(p.pki->server.der, p.pki->server.der_n, own); /* the CA signs with ECDSA and SHA-256 */
        for (enum side s = CLIENT; s <= SERVER; s++) {
            assert_int_equal(hf_conn_binding_end_point(p.conn[s], a), 32);
            assert_memory_equal(a, own, 32);
        }
        pair_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_limits), cmocka_unit_test(over_the_limit), cmocka_unit_test(bad_limit),
        cmocka_unit_test(packed),        cmocka_unit_test(bad_packs),      cmocka_unit_test(unpacked_in_our_memory),
        cmocka_unit_test(cas_announced), cmocka_unit_test(named_cas),      cmocka_unit_test(filters),
        cmocka_unit_test(bindings),
    };
    return cmocka_run_group_tests_name("what a connection agrees on beside the handshake", tests, NULL, pair_forget);
}
