/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp.c - OCSP responses: for each check of reading one the bytes that trip it (the byte that is marked is the one
 * the report must name); every check of judging one, tripped by a response made for it; staples in a path; responses
 * as OpenSSL makes them.
 */
#include "forge_crl.h"
#include "forged_chain.h"

#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/pem.h"
#include "base/when.h"
#include "x509/ocsp.h"

static bool told[2000];

/* ---- reading ------------------------------------------------------------------------------------------------ */

enum part { STATUS, TYPE, VERSION, RESPONDER, PRODUCED, SINGLES, EXTENSIONS, DATA_END, ALG, SIGNATURE, CERTS, N_PARTS };

#define TIME(year)    "18{'" year "0101000000Z'}"
#define SHA1          "30{06{2b0e03021a}0500}"
#define CERT_ID       "30{" SHA1 "04{'name'}04{'key'}020105}"
#define SINGLE(parts) "30{30{" parts "}}"
#define NAME(text)    "30{31{30{06{550403}0c{'" text "'}}}}"

static const char *const good[N_PARTS] = {
    [STATUS]     = "0a0100",
    [TYPE]       = "06{2b0601050507300101}",
    [VERSION]    = "",
    [RESPONDER]  = "a1{" NAME("R") "}",
    [PRODUCED]   = TIME("2026"),
    [SINGLES]    = SINGLE(CERT_ID "8000" TIME("2026") "a0{" TIME("2027") "}"),
    [EXTENSIONS] = "a1{30{30{06{2b0601050507300102}04{0403010203}}}}",
    [DATA_END]   = "",
    [ALG]        = "30{06{2a8648ce3d040302}}",
    [SIGNATURE]  = "03{003006020101020101}",
    [CERTS]      = "",
};

static const struct row {
    enum check  check;
    enum part   part;
    const char *bytes;
} rows[] = {
    {OCSP_FORM, STATUS, "!020100"},
    {OCSP_FORM, TYPE, "!0500"},
    {OCSP_FORM, SIGNATURE, "!0400"},
    {OCSP_FORM, RESPONDER, "!a3{0500}"},
    {OCSP_FORM, RESPONDER, "a2{!0500}"},
    {OCSP_FORM, SINGLES, "!0500"},
    {OCSP_FORM, SINGLES, SINGLE("!0500")},
    {OCSP_FORM, SINGLES, SINGLE("30{" SHA1 "04{}!0500}")},
    {OCSP_FORM, SINGLES, SINGLE(CERT_ID "!8300" TIME("2026"))},
    {OCSP_FORM, EXTENSIONS, "a1{!0500}"},
    {OCSP_FORM, CERTS, "a0{!0500}"},
    {OCSP_TRAILING, DATA_END, "!0500"},
    {OCSP_TRAILING, CERTS, "!0500"},
    {OCSP_TRAILING, CERTS, "a0{3000!0500}"},
    {OCSP_TRAILING, SINGLES, SINGLE(CERT_ID "8000" TIME("2026") "!0500")},
    {OCSP_TRAILING, SINGLES, SINGLE("30{" SHA1 "04{}04{}020105!0500}8000" TIME("2026"))},
    {OCSP_TRAILING, SINGLES, SINGLE(CERT_ID "8000" TIME("2026") "a0{" TIME("2027") "!0500}")},
    {OCSP_TRAILING, SINGLES, SINGLE(CERT_ID "a1{" TIME("2025") "a0{0a0101}!0500}" TIME("2026"))},
    {OCSP_TRAILING, EXTENSIONS, "a1{30{30{06{2b0601050507300102}04{0400!0500}}}}"},
    {OCSP_TRAILING, RESPONDER, "a1{" NAME("R") "!0500}"},
    {OCSP_BROKEN, SINGLES, SINGLE(CERT_ID "80{!00}" TIME("2026"))},
    {OCSP_BROKEN, PRODUCED, "18{!'2026'}"},
    {OCSP_BROKEN, CERTS, "!a080"},
    {OCSP_NOT_SUCCESSFUL, STATUS, "!0a0103"},
    {OCSP_NOT_BASIC, TYPE, "06{!2b0601050507300102}"},
    {OCSP_VERSION, VERSION, "a0{020101!}"},
    {OCSP_RESPONDER_NO_NAME, RESPONDER, "a1{!0500}"},
    {OCSP_NO_PRODUCED_AT, PRODUCED, "!17{'260101000000Z'}"},
    {OCSP_NO_ALGORITHM, ALG, "!0500"},
    {OCSP_NO_HASH, SINGLES, SINGLE("30{!0500}")},
    {OCSP_NO_REVOCATION_TIME, SINGLES, SINGLE(CERT_ID "a1{!}" TIME("2026"))},
    {OCSP_NO_THIS_UPDATE, SINGLES, SINGLE(CERT_ID "8000!")},
    {OCSP_NO_NEXT_UPDATE, SINGLES, SINGLE(CERT_ID "8200" TIME("2026") "a0{!}")},
    {OCSP_CRITICAL_UNKNOWN, EXTENSIONS, "a1{30{!30{06{2a0304}0101ff 0400}}}"},
    {OCSP_CRITICAL_UNKNOWN, SINGLES, SINGLE(CERT_ID "8000" TIME("2026") "a1{30{!30{06{2a0304}0101ff 0400}}}")},
};

static struct notation build(const char *const p[N_PARTS])
{
    static char text[NOTATION_ROOM];
    snprintf(text, sizeof text, "30{%s a0{30{%s 04{30{ 30{%s %s %s %s %s %s} %s %s %s}}}}}", p[STATUS], p[TYPE],
             p[VERSION], p[RESPONDER], p[PRODUCED], p[SINGLES], p[EXTENSIONS], p[DATA_END], p[ALG], p[SIGNATURE],
             p[CERTS]);
    return notation(text);
}

static struct notation build_with(enum part part, const char *bytes)
{
    const char *parts[N_PARTS];
    memcpy(parts, good, sizeof parts);
    parts[part] = bytes;
    return build(parts);
}

/* As it is judged: against a certificate that no response is about. */
static hf_why read_one(hf_view v)
{
    static struct cert any;
    struct ocsp_how    how = {.cert = &any, .issuer = &any, .now = NOW};
    struct report      rep;
    report_init(&rep);
    assert_false(ocsp_check(&how, v, &rep));
    assert_int_equal(rep.why.check / 100, REVOCATION_CHECKS / 100);
    told[rep.why.check] = true;
    return rep.why;
}

static void test_read(void **state)
{
    struct notation d = build(good);
    struct ocsp     o;
    struct report   rep;
    report_init(&rep);
    assert_true(ocsp_parse(&o, notation_view(&d), &rep));
    assert_int_equal(o.nonce.n, 3);
    assert_int_equal(o.by_key.n, 0);
    assert_true(o.by_name.n > 0);
    assert_int_equal(o.produced_at, 1767225600);
    assert_int_equal(o.sig.kind, SIG_ECDSA);
    free(d.p);
    d = build_with(RESPONDER, "a2{0403010203}");
    assert_true(ocsp_parse(&o, notation_view(&d), &rep));
    assert_int_equal(o.by_key.n, 3);
    free(d.p);
    d = build_with(VERSION, "a0{020100}");
    assert_true(ocsp_parse(&o, notation_view(&d), &rep));
    free(d.p);
}

static void test_refused(void **state)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notation d   = build_with(rows[i].part, rows[i].bytes);
        hf_why          why = read_one(notation_view(&d));
        if (why.check != rows[i].check || why.offset != (size_t)d.mark)
            wrong++, print_error("%s: %s at %u, expected %s at %ld\n", rows[i].bytes, hf_check_info_of(why.check)->name,
                                 why.offset, hf_check_info_of(rows[i].check)->name, d.mark);
        if (why.alert != BAD_CERTIFICATE_STATUS_RESPONSE)
            wrong++, print_error("%s: alert %u\n", rows[i].bytes, why.alert);
        free(d.p);
    }
    assert_int_equal(wrong, 0);
    struct notation d = notation("30{0a0103}");
    assert_int_equal(read_one(notation_view(&d)).check, OCSP_NOT_SUCCESSFUL);
    free(d.p);
}

static void repeated(enum part part, const char *head, const char *s, unsigned n, const char *end, enum check check)
{
    char           *text = malloc(strlen(head) + n * strlen(s) + strlen(end) + 1), *p = text;
    struct notation d;
    assert_non_null(text);
    p = stpcpy(p, head);
    while (n--)
        p = stpcpy(p, s);
    strcpy(p, end);
    d = build_with(part, text);
    assert_int_equal(read_one(notation_view(&d)).check, check);
    free(d.p);
    free(text);
}

static void test_ceilings(void **state)
{
    const char *ext = "30{06{2a0304}0400}", *one = "30{" CERT_ID "8000" TIME("2026") "}";
    repeated(EXTENSIONS, "a1{30{", ext, LIMIT_CERT_EXTENSIONS, "}}", OCSP_OTHER_CERTIFICATE);
    repeated(EXTENSIONS, "a1{30{", ext, LIMIT_CERT_EXTENSIONS + 1, "}}", OCSP_EXTENSIONS_MANY);
    repeated(SINGLES, "30{", one, LIMIT_OCSP_ANSWERS, "}", OCSP_OTHER_CERTIFICATE);
    repeated(SINGLES, "30{", one, LIMIT_OCSP_ANSWERS + 1, "}", OCSP_ANSWERS_MANY);
    static const uint8_t large[LIMIT_OCSP_BYTES + 1] = {0x30, 0x82, 0xff, 0xfc};
    assert_int_equal(read_one((hf_view){large, sizeof large - 1}).check, OCSP_FORM);
    assert_int_equal(read_one((hf_view){large, sizeof large}).check, OCSP_TOO_LARGE);
}

static void test_cut_and_flipped(void **state)
{
    struct notation d = build(good);
    for (size_t n = 0; n < d.n; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        assert_non_null(exact);
        memcpy(exact, d.p, n);
        assert_int_not_equal(read_one((hf_view){exact, n}).check, OCSP_OTHER_CERTIFICATE);
        free(exact);
    }
    for (size_t i = 0; i < d.n * 8; i++) {
        d.p[i / 8] ^= (uint8_t)(1 << i % 8);
        read_one(notation_view(&d));
        d.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    free(d.p);
}

/* ---- judging ------------------------------------------------------------------------------------------------ */

struct response {
    const struct forged *about, *issuer; /* the CertID */
    const struct forged *by;             /* who signs */
    const struct forged *with;           /* the certificate in the response; NULL: none */
    bool                 by_key;
    enum hash_alg        hash; /* HASH_NONE: SHA-1 */
    enum ocsp_answer     answer;
    int                  reason;
    int64_t              from, to; /* relative to NOW; both 0: an hour before, a day after */
    bool                 no_next;
    const char          *nonce; /* notation */
    const uint8_t       *sig_alg;
    bool                 break_signature;
};

static void put_general_time(struct wr *w, int64_t t)
{
    struct when d = when_of_unix(t);
    char        text[32];
    snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", d.year, d.month, d.day, d.hour, d.minute, d.second);
    derw_bytes(w, DER_GENERAL_TIME, (hf_view){(const uint8_t *)text, 15});
}

static hf_view key_bits(const struct cert *c)
{
    hf_view         v = c->spki;
    struct der_item spki, alg, bits;
    assert_true(der_cut(&v, &spki) && der_cut(&spki.body, &alg) && der_cut(&spki.body, &bits));
    return (hf_view){bits.body.p + 1, bits.body.n - 1};
}

static void put_digest(struct wr *w, enum hash_alg hash, hf_view v)
{
    uint8_t digest[HASH_MAX];
    hash_once(hash, v, digest);
    derw_bytes(w, DER_OCTET_STRING, (hf_view){digest, hash_len(hash)});
}

static void put_cert_id(struct wr *w, const struct response *r)
{
    enum hash_alg hash = r->hash ? r->hash : HASH_SHA1;
    size_t        id = derw_open(w, DER_SEQUENCE), alg = derw_open(w, DER_SEQUENCE);
    derw_oid(w, hash == HASH_SHA1 ? OID_SHA1 : hash == HASH_SHA256 ? OID_SHA256 : OID_SHA384);
    derw_close(w, alg);
    put_digest(w, hash, r->about->cert.issuer);
    put_digest(w, hash, key_bits(&r->issuer->cert));
    derw_bytes(w, DER_INTEGER, r->about->cert.serial);
    derw_close(w, id);
}

static void put_answer(struct wr *w, const struct response *r)
{
    uint8_t reason = (uint8_t)r->reason;
    size_t  info, field;
    if (r->answer != ANSWER_REVOKED) {
        derw_bytes(w, DER_CONTEXT(r->answer == ANSWER_GOOD ? 0 : 2), (hf_view){0});
        return;
    }
    info = derw_open(w, DER_CONTEXTC(1));
    put_general_time(w, NOW - 60);
    if (r->reason) {
        field = derw_open(w, DER_CONTEXTC(0));
        derw_bytes(w, DER_ENUMERATED, (hf_view){&reason, 1});
        derw_close(w, field);
    }
    derw_close(w, info);
}

static void put_single(struct wr *w, const struct response *r)
{
    bool   dated  = r->from || r->to;
    size_t single = derw_open(w, DER_SEQUENCE), next;
    put_cert_id(w, r);
    put_answer(w, r);
    put_general_time(w, NOW + (dated ? r->from : -3600));
    if (!r->no_next) {
        next = derw_open(w, DER_CONTEXTC(0));
        put_general_time(w, NOW + (dated ? r->to : DAY));
        derw_close(w, next);
    }
    derw_close(w, single);
}

static void put_data(struct wr *w, const struct response *r)
{
    size_t data = derw_open(w, DER_SEQUENCE), part = derw_open(w, DER_CONTEXTC(r->by_key ? 2 : 1)), list, ext, octets;
    if (r->by_key)
        put_digest(w, HASH_SHA1, key_bits(&r->by->cert));
    else
        wr_view(w, r->by->cert.subject);
    derw_close(w, part);
    put_general_time(w, NOW);
    list = derw_open(w, DER_SEQUENCE);
    put_single(w, r);
    derw_close(w, list);
    if (r->nonce) {
        part         = derw_open(w, DER_CONTEXTC(1));
        list         = derw_open(w, DER_SEQUENCE);
        ext          = open_ext(w, oid_bytes(OID_OCSP_NONCE), false, &octets);
        size_t value = derw_open(w, DER_OCTET_STRING);
        put_notation(w, r->nonce);
        derw_close(w, value);
        close_ext(w, ext, octets);
        derw_close(w, list);
        derw_close(w, part);
    }
    derw_close(w, data);
}

/* The response in a writer that wr_free releases. */
static struct wr respond(const struct response *r)
{
    struct wr w = wr_grow(&forge_mem, 1 << 20), data = wr_grow(&forge_mem, 1 << 20),
              certs     = wr_grow(&forge_mem, 1 << 20);
    const uint8_t *alg  = r->sig_alg ? r->sig_alg : ALG_SHA256;
    uint8_t        zero = 0;
    size_t         all  = derw_open(&w, DER_SEQUENCE), field, bytes, octets, list, seq;
    put_data(&data, r);
    if (r->with) {
        list = derw_open(&certs, DER_CONTEXTC(0));
        seq  = derw_open(&certs, DER_SEQUENCE);
        wr_view(&certs, der_of(r->with));
        derw_close(&certs, seq);
        derw_close(&certs, list);
    }
    derw_bytes(&w, DER_ENUMERATED, (hf_view){&zero, 1});
    field = derw_open(&w, DER_CONTEXTC(0));
    bytes = derw_open(&w, DER_SEQUENCE);
    derw_oid(&w, OID_OCSP_BASIC);
    octets = derw_open(&w, DER_OCTET_STRING);
    seal(&w, wr_done(&data), r->by->key, alg, r->break_signature, wr_done(&certs));
    derw_close(&w, octets);
    derw_close(&w, bytes);
    derw_close(&w, field);
    derw_close(&w, all);
    assert_false(w.full);
    wr_free(&data);
    wr_free(&certs);
    return w;
}

#define NOCHECK "30{06{2b0601050507300105}04{0500}}"
#define STAPLE  "30{06{2b06010505070118}04{30{020105}}}"

/* A root, a CA below it, the CA's leaf and its OCSP responder. */
struct scene {
    struct world   w; /* root, outer: the CA, leaf; inner: the responder */
    struct crl_set crls;
    hf_view        asked; /* nonce */
};

static struct forged make_responder(const struct forged *ca, struct spec s, const char *more)
{
    struct notation d = notation(more);
    struct forged   f;
    s.by   = ca;
    s.more = notation_view(&d);
    f      = forge(&s);
    assert_false(f.broken);
    free(d.p);
    return f;
}

static const struct spec RESPONDER_SPEC = {.subject = "CN=Responder", .ku = KU_DIGITAL_SIGNATURE, .eku = EKU_OCSP_SIGN};

static struct scene set_up(void)
{
    struct scene s = {.w.trust = hf_trust_new()};
    struct spec  c = ROOT;
    s.w.root       = forge(&c);
    c              = ICA;
    c.ku |= KU_CRL_SIGN;
    c.by      = &s.w.root;
    s.w.outer = forge(&c);
    s.w.inner = make_responder(&s.w.outer, RESPONDER_SPEC, NOCHECK);
    s.w.leaf  = make_responder(&s.w.outer, LEAF, "");
    assert_true(trust_anchor_anything(s.w.trust, der_of(&s.w.root)));
    return s;
}

static struct response good_response(const struct scene *s)
{
    return (struct response){.about = &s->w.leaf, .issuer = &s->w.outer, .by = &s->w.outer};
}

static struct response delegated(const struct scene *s)
{
    struct response r = good_response(s);
    r.by = r.with = &s->w.inner;
    return r;
}

static enum check judge_response(const struct scene *s, const struct response *r)
{
    struct wr       w   = respond(r);
    struct ocsp_how how = {
        .cert = &s->w.leaf.cert, .issuer = &s->w.outer.cert, .crls = &s->crls, .nonce = s->asked, .now = NOW};
    report_init(&last);
    bool ok = ocsp_check(&how, wr_done(&w), &last);
    assert_int_equal(ok, !report_bad(&last));
    wr_free(&w);
    told[last.why.check] = true;
    return (enum check)last.why.check;
}

#define EXPECT(wanted, response)                                                                                       \
    do {                                                                                                               \
        enum check got = judge_response(&s, &(response));                                                              \
        if (got != (wanted))                                                                                           \
            fail_msg("line %d: wanted %s, got %s: %s", __LINE__, #wanted, hf_check_info_of((uint16_t)got)->name,       \
                     last.why.text);                                                                                   \
    } while (0)

static void test_good(void **state)
{
    struct scene    s = set_up();
    struct response r = good_response(&s);
    EXPECT(CHECK_NONE, r);
    r.by_key = true;
    EXPECT(CHECK_NONE, r);
    r.hash = HASH_SHA256;
    EXPECT(CHECK_NONE, r);
    r.hash = HASH_SHA384;
    EXPECT(CHECK_NONE, r);
    r.with = &s.w.outer; /* the issuer's own certificate beside it */
    EXPECT(CHECK_NONE, r);
    r = delegated(&s);
    EXPECT(CHECK_NONE, r);
    r.by_key = true;
    EXPECT(CHECK_NONE, r);
    drop_world(&s.w);
}

static void test_answers(void **state)
{
    struct scene    s = set_up();
    struct response r = good_response(&s);
    r.answer          = ANSWER_REVOKED;
    EXPECT(OCSP_REVOKED, r);
    assert_int_equal(last.why.want, NOW - 60);
    assert_int_equal(last.why.alert, CERTIFICATE_REVOKED);
    assert_string_equal(hf_check_info_of(last.why.check)->reason, "revoked");
    r.reason = 1;
    EXPECT(OCSP_REVOKED, r);
    assert_non_null(strstr(last.why.text, "keyCompromise"));
    r.answer = ANSWER_UNKNOWN;
    EXPECT(OCSP_UNKNOWN, r);
    r       = good_response(&s);
    r.about = &s.w.inner; /* another serial number */
    EXPECT(OCSP_OTHER_CERTIFICATE, r);
    r        = good_response(&s);
    r.issuer = &s.w.root; /* another key */
    EXPECT(OCSP_OTHER_CERTIFICATE, r);
    drop_world(&s.w);
}

static void test_dates(void **state)
{
    struct scene    s = set_up();
    struct response r = good_response(&s);
    r.from = -DAY, r.to = -OCSP_TOLERANCE - 1;
    EXPECT(OCSP_EXPIRED, r);
    r.to = -OCSP_TOLERANCE;
    EXPECT(CHECK_NONE, r);
    r.from = OCSP_TOLERANCE + 1, r.to = DAY;
    EXPECT(OCSP_NOT_YET_VALID, r);
    r.from = OCSP_TOLERANCE;
    EXPECT(CHECK_NONE, r);
    r.no_next = true;
    r.from    = -OCSP_MAX_AGE - OCSP_TOLERANCE;
    EXPECT(CHECK_NONE, r);
    r.from--;
    EXPECT(OCSP_EXPIRED, r);
    drop_world(&s.w);
}

static void test_signers(void **state)
{
    struct scene    s = set_up();
    struct response r = good_response(&s);
    r.break_signature = true;
    EXPECT(OCSP_SIGNATURE_WRONG, r);
    r                 = delegated(&s);
    r.break_signature = true;
    EXPECT(OCSP_SIGNATURE_WRONG, r);
    r      = delegated(&s);
    r.with = NULL;
    EXPECT(OCSP_RESPONDER_UNKNOWN, r);
    r      = delegated(&s);
    r.with = &s.w.leaf;
    EXPECT(OCSP_RESPONDER_UNKNOWN, r);
    r         = good_response(&s);
    r.sig_alg = ALG_SHA1;
    EXPECT(OCSP_SIGNATURE_UNSUPPORTED, r);
    r.sig_alg = ALG_UNKNOWN;
    EXPECT(OCSP_SIGNATURE_UNSUPPORTED, r);
    r    = good_response(&s);
    r.by = &s.w.root; /* the root may not answer for its CA's certificates */
    EXPECT(OCSP_RESPONDER_UNKNOWN, r);
    r.with = &s.w.root;
    EXPECT(OCSP_RESPONDER_ISSUER, r);
    r    = good_response(&s);
    r.by = r.with = &s.w.leaf; /* nobody speaks for himself */
    EXPECT(OCSP_RESPONDER_EKU, r);
    drop_world(&s.w);
}

/* The responder's certificate, changed. */
static void responder(struct spec spec, bool by_root, const char *more, enum check wanted, int line)
{
    struct scene s = set_up();
    forge_drop(&s.w.inner);
    s.w.inner           = make_responder(by_root ? &s.w.root : &s.w.outer, spec, more);
    struct response r   = delegated(&s);
    enum check      got = judge_response(&s, &r);
    if (got != wanted)
        fail_msg("line %d: wanted %s, got %s", line, hf_check_info_of((uint16_t)wanted)->name,
                 hf_check_info_of((uint16_t)got)->name);
    drop_world(&s.w);
}

static void test_responders(void **state)
{
    struct spec c = RESPONDER_SPEC;
    responder(c, false, NOCHECK, CHECK_NONE, __LINE__);
    responder(c, false, "", CHECK_NONE, __LINE__); /* no CRL is there to ask */
    responder(c, true, NOCHECK, OCSP_RESPONDER_ISSUER, __LINE__);
    c.break_signature = true;
    responder(c, false, NOCHECK, OCSP_RESPONDER_ISSUER, __LINE__);
    c         = RESPONDER_SPEC;
    c.sig_alg = ALG_SHA1;
    responder(c, false, NOCHECK, OCSP_RESPONDER_ISSUER, __LINE__);
    c     = RESPONDER_SPEC;
    c.eku = EKU_SERVER_AUTH;
    responder(c, false, NOCHECK, OCSP_RESPONDER_EKU, __LINE__);
    c.eku = EKU_ANY;
    responder(c, false, NOCHECK, OCSP_RESPONDER_EKU, __LINE__);
    c.eku = 0;
    responder(c, false, NOCHECK, OCSP_RESPONDER_EKU, __LINE__);
    c    = RESPONDER_SPEC;
    c.ku = KU_KEY_AGREEMENT;
    responder(c, false, NOCHECK, OCSP_RESPONDER_KU, __LINE__);
    c.ku = 0;
    responder(c, false, NOCHECK, CHECK_NONE, __LINE__);
    c      = RESPONDER_SPEC;
    c.from = -DAY, c.to = -1;
    responder(c, false, NOCHECK, OCSP_RESPONDER_DATES, __LINE__);
    c.from = 1, c.to = DAY;
    responder(c, false, NOCHECK, OCSP_RESPONDER_DATES, __LINE__);
    c         = RESPONDER_SPEC;
    c.unknown = "1.2.3.4";
    responder(c, false, NOCHECK, OCSP_RESPONDER_UNSUPPORTED, __LINE__);
}

static void load_crl(struct scene *s, const struct forged *revoked)
{
    struct crl_spec spec = {.by = &s->w.outer, .listed = {{revoked, 1, -60}}};
    struct wr       w    = forge_crl(&spec);
    struct report   rep;
    report_init(&rep);
    assert_true(crl_set_bytes(&s->crls, wr_done(&w), "ca.crl", &forge_mem, &rep));
    wr_free(&w);
}

static void test_revoked_responder(void **state)
{
    struct scene s = set_up();
    load_crl(&s, &s.w.inner);
    struct response r = delegated(&s);
    EXPECT(CHECK_NONE, r); /* id-pkix-ocsp-nocheck */
    struct forged checked = make_responder(&s.w.outer, RESPONDER_SPEC, "");
    r.by = r.with = &checked;
    EXPECT(CHECK_NONE, r); /* another serial number than the one that is listed */
    load_crl(&s, &checked);
    EXPECT(OCSP_RESPONDER_REVOKED, r);
    crl_set_free(&s.crls, &forge_mem);
    forge_drop(&checked);
    drop_world(&s.w);
}

static void test_nonce(void **state)
{
    struct scene    s = set_up();
    struct response r = good_response(&s);
    r.nonce           = "0102030405060708";
    EXPECT(CHECK_NONE, r); /* nobody asked for it */
    s.asked = (hf_view){(const uint8_t *)"\1\2\3\4\5\6\7\10", 8};
    EXPECT(CHECK_NONE, r);
    r.nonce = "0102030405060709";
    EXPECT(OCSP_NONCE, r);
    r.nonce = "01020304050607";
    EXPECT(OCSP_NONCE, r);
    r.nonce = NULL;
    EXPECT(OCSP_NONCE, r);
    drop_world(&s.w);
}

/* Whatever bit of a good response is flipped, it is no longer believed - but for the certificates beside it, which
 * nobody looks at when the issuer signs itself. */
static void test_every_bit(void **state)
{
    struct scene    s   = set_up();
    struct response r   = good_response(&s);
    struct wr       w   = respond(&r);
    struct ocsp_how how = {.cert = &s.w.leaf.cert, .issuer = &s.w.outer.cert, .now = NOW};
    struct report   rep;
    for (size_t i = 0; i < w.n * 8; i++) {
        w.p[i / 8] ^= (uint8_t)(1 << i % 8);
        report_init(&rep);
        assert_false(ocsp_check(&how, wr_done(&w), &rep));
        w.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    report_init(&rep);
    assert_true(ocsp_check(&how, wr_done(&w), &rep));
    wr_free(&w);
    drop_world(&s.w);
}

/* ---- in a path ---------------------------------------------------------------------------------------------- */

static enum check judge_path(struct scene *s, const struct response *r, bool asked)
{
    struct wr            w       = r ? respond(r) : (struct wr){0};
    struct valid_how     how     = how_for(s->w.trust);
    const struct forged *certs[] = {&s->w.leaf, &s->w.outer};
    how.staple                   = wr_done(&w);
    how.staple_asked             = asked;
    enum check got               = judge_forged(&how, certs, 2);
    told[got]                    = true;
    if (r)
        wr_free(&w);
    return got;
}

static void test_staples(void **state)
{
    struct scene    s = set_up();
    struct response r = good_response(&s), bad = r;
    bad.answer = ANSWER_REVOKED;
    assert_int_equal(judge_path(&s, NULL, true), CHECK_NONE);
    assert_int_equal(judge_path(&s, &r, true), CHECK_NONE);
    assert_int_equal(judge_path(&s, &bad, true), OCSP_REVOKED);
    assert_int_equal(last.why.cert, 0);
    bad                 = r;
    bad.break_signature = true;
    assert_int_equal(judge_path(&s, &bad, true), OCSP_SIGNATURE_WRONG);

    /* a certificate that demands one */
    forge_drop(&s.w.leaf);
    s.w.leaf = make_responder(&s.w.outer, LEAF, STAPLE);
    assert_int_equal(judge_path(&s, &r, true), CHECK_NONE);
    assert_int_equal(judge_path(&s, NULL, true), OCSP_STAPLE_MISSING);
    assert_int_equal(judge_path(&s, NULL, false), CHECK_NONE); /* none could have been sent */

    /* beside CRLs: a good answer stands in for the leaf's, and for nobody else's */
    add_crl(s.w.trust, (struct crl_spec){.by = &s.w.root}, "root.crl");
    assert_int_equal(judge_path(&s, NULL, false), CRL_MISSING);
    assert_int_equal(judge_path(&s, &r, true), CHECK_NONE);
    add_crl(s.w.trust, (struct crl_spec){.by = &s.w.outer, .listed = {{&s.w.leaf, 1, -60}}}, "ca.crl");
    assert_int_equal(judge_path(&s, &r, true), REVOKED);
    drop_world(&s.w);
    s = set_up();
    r = good_response(&s);
    hf_trust_crl_policy(s.w.trust, (hf_view){0}, HF_CRL_REQUIRED);
    assert_int_equal(judge_path(&s, &r, true), CRL_MISSING);
    assert_int_equal(last.why.cert, 1);
    drop_world(&s.w);
}

/* ---- as OpenSSL's responder writes them ------------------------------------------------------------------------- */

static const char SCRIPT[] =
    "cd %s && (printf '[req]\\ndistinguished_name=d\\n[d]\\n[c]\\nbasicConstraints=critical,CA:TRUE\\n"
    "[l]\\nkeyUsage=digitalSignature\\n[o]\\nextendedKeyUsage=OCSPSigning\\n[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index."
    "txt\\n"
    "default_md=sha256\\n' >ca.cnf; : >index.txt; q='-config ca.cnf'; ec='-newkey %s -nodes'\n"
    "openssl req $q -x509 $ec -keyout ca.key -subj /CN=ca -days 30 -extensions c -out ca.pem\n"
    "for i in 1 2 3; do ext=l; [ $i = 3 ] && ext=o\n"
    "openssl req $q $ec -keyout l$i.key -subj /CN=l$i |\n"
    "openssl x509 -req -CA ca.pem -CAkey ca.key -set_serial 0x100$i -days 20 -extfile ca.cnf -extensions $ext -out "
    "l$i.pem\n"
    "openssl ca $q -cert ca.pem -keyfile ca.key -valid l$i.pem; done\n"
    "openssl ca $q -cert ca.pem -keyfile ca.key -revoke l2.pem -crl_reason affiliationChanged\n"
    "for i in 1 2; do for h in sha1 sha256; do for by in ca l3; do\n"
    "openssl ocsp -index index.txt -CA ca.pem -rsigner $by.pem -rkey $by.key -$h -issuer ca.pem -cert l$i.pem -ndays "
    "1\\\n"
    " -respout $i-$h-$by.der; done; done; done) >log 2>&1; test -s 2-sha256-l3.der";

static hf_view read_file(const char *folder, const char *name)
{
    char          path[128];
    struct report rep;
    hf_view       v;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    report_init(&rep);
    v.p = file_read(path, &v.n, &forge_mem, &rep);
    if (!v.p)
        fail_msg("%s", rep.why.text);
    return v;
}

static void judge_file(const hf_trust *t, const char *folder, int i, const char *kind, enum check wanted)
{
    char             name[64];
    struct report    rep;
    struct pem_block b;
    size_t           at = 0;
    hf_view          pem, staple;
    struct valid_how how = {.trust = t, .purpose = FOR_CLIENT_AUTH, .now = time(NULL)};
    snprintf(name, sizeof name, "l%d.pem", i);
    pem = read_file(folder, name);
    snprintf(name, sizeof name, "%d-%s.der", i, kind);
    how.staple = staple = read_file(folder, name);
    report_init(&rep);
    assert_true(pem_next(pem, &at, &b, &forge_mem, &rep));
    enum check got = judge_certs(&how, &(hf_view){b.der, b.n}, 1);
    if (got != wanted)
        fail_msg("%s: wanted %s, got %s", name, hf_check_info_of((uint16_t)wanted)->name,
                 hf_check_info_of((uint16_t)got)->name);
    if (wanted)
        assert_non_null(strstr(last.why.text, "affiliationChanged, serial 1002"));
    pem_free(&b, &forge_mem);
    mem_free(&forge_mem, (void *)pem.p);
    mem_free(&forge_mem, (void *)staple.p);
}

static void with_openssl(const char *newkey)
{
    static const char *const kinds[]  = {"sha1-ca", "sha256-ca", "sha1-l3", "sha256-l3"};
    char                     folder[] = "/tmp/hf-ocsp-XXXXXX", text[3072];
    hf_trust                *t        = hf_trust_new();
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, SCRIPT, folder, newkey);
    assert_int_equal(system(text), 0);
    snprintf(text, sizeof text, "%s/ca.pem", folder);
    assert_true(hf_trust_anchor_file(t, text));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        judge_file(t, folder, 1, kinds[i], CHECK_NONE);
        judge_file(t, folder, 2, kinds[i], OCSP_REVOKED);
    }
    hf_trust_free(t);
    snprintf(text, sizeof text, "rm -r %s", folder);
    assert_int_equal(system(text), 0);
}

static void test_openssl(void **state)
{
    if (system("openssl version >/dev/null 2>&1") != 0)
        skip_because("there is no openssl command");
    with_openssl("ec -pkeyopt ec_paramgen_curve:P-256");
    with_openssl("rsa:2048");
}

static void test_all_checks_are_here(void **state)
{
    for (uint16_t id = OCSP_FORM; id <= OCSP_STAPLE_MISSING; id++)
        if (hf_check_info_of(id) != hf_check_info_of(0) && !told[id])
            fail_msg("nothing trips %s", hf_check_info_of(id)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_cut_and_flipped),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_signers),
        cmocka_unit_test(test_responders),
        cmocka_unit_test(test_revoked_responder),
        cmocka_unit_test(test_nonce),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_staples),
        cmocka_unit_test(test_openssl),
        cmocka_unit_test(test_all_checks_are_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
