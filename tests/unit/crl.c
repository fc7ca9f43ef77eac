/* SPDX-License-Identifier: Apache-2.0
 *
 * crl.c - reading CRLs: for each check the bytes that trip it, a good CRL with one part replaced (the byte that is
 * marked is the one the report must name); cutting and flipping every byte; files and folders; the index over a
 * million entries, with its cost. What a CRL says about a certificate is in crl_status.c.
 */
#include "x509_notation.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/pem.h"
#include "x509/crl_set.h"
#include "x509/derw.h"

enum part { VERSION, TBS_ALG, ISSUER, THIS, NEXT, ENTRIES, EXTENSIONS, TBS_END, ALG, SIGNATURE, END, BEHIND, N_PARTS };

#define ECDSA_SHA256 "30{06{2a8648ce3d040302}}"
#define NAME(text)   "30{31{30{06{550403}0c{'" text "'}}}}"
#define EXTS(list)   "a0{30{" list "}}"
#define NUMBER       "30{06{551d14}04{020107}}"
#define IDP(fields)  EXTS(NUMBER "30{06{551d1c}0101ff 04{30{" fields "}}}")
#define ENTRY(exts)  "30{30{020105 17{'260101000000Z'}" exts "}}"
#define REASON(code) ENTRY("30{30{06{551d15}04{" code "}}}")

static const char *const good[N_PARTS] = {
    [VERSION]    = "020101",
    [TBS_ALG]    = ECDSA_SHA256,
    [ISSUER]     = NAME("CA"),
    [THIS]       = "17{'260101000000Z'}",
    [NEXT]       = "17{'260201000000Z'}",
    [ENTRIES]    = "30{30{020105 17{'260101000000Z'}}30{02020100 17{'251231000000Z'}30{30{06{551d15}04{0a0101}}}}}",
    [EXTENSIONS] = EXTS(NUMBER "30{06{551d23}04{30{80{'key'}}}}"),
    [TBS_END]    = "",
    [ALG]        = ECDSA_SHA256,
    [SIGNATURE]  = "03{003006020101020101}",
    [END]        = "",
    [BEHIND]     = "",
};

static const struct row {
    enum check  check;
    enum part   part;
    const char *bytes;
} rows[] = {
    /* 5.1 */
    {CRL_FORM, SIGNATURE, "!0400"},
    {CRL_FORM, EXTENSIONS, "a0{!3100}"},
    {CRL_TRAILING, TBS_END, "!0500"},
    {CRL_TRAILING, END, "!0500"},
    {CRL_TRAILING, EXTENSIONS, "a0{30{" NUMBER "}!0500}"},
    {CRL_BROKEN, ENTRIES, "30{!3080}"},
    {CRL_BROKEN, EXTENSIONS, EXTS("30{06{551d14}04{02{!0007}}}")},
    {CRL_VERSION_UNKNOWN, VERSION, "020100!"},
    {CRL_VERSION_UNKNOWN, VERSION, "020102!"},
    {CRL_NO_INNER_ALGORITHM, TBS_ALG, "!0500"},
    {CRL_NO_ALGORITHM, ALG, "!0500"},
    {CRL_ALGORITHM_DIFFERS, ALG, "!30{06{2a8648ce3d040303}}"},
    {CRL_NO_ISSUER, ISSUER, "!0500"},
    {CRL_ISSUER_EMPTY, ISSUER, "!3000"},
    {CRL_NO_THIS_UPDATE, THIS, "!0500"},
    {CRL_NO_NEXT_UPDATE, NEXT, "!"},
    /* 5.2 */
    {CRL_EXTENSIONS_OLD, VERSION, ""},
    {CRL_EXTENSION_TWICE, EXTENSIONS, EXTS(NUMBER "!" NUMBER)},
    {CRL_CRITICAL_UNKNOWN, EXTENSIONS, EXTS(NUMBER "!30{06{2a0304}0101ff 0400}")},
    {CRL_CRITICAL_UNKNOWN, EXTENSIONS, EXTS(NUMBER "!30{06{551d2e}0101ff 0400}")},
    {CRL_NUMBER_LONG, EXTENSIONS, EXTS("30{06{551d14}04{02{!01 0102030405060708090a0b0c0d0e0f1011121314}}}")},
    {CRL_DELTA, EXTENSIONS, EXTS(NUMBER "!30{06{551d1b}0101ff 04{020106}}")},
    {CRL_INDIRECT, EXTENSIONS, IDP("8401ff!")},
    {CRL_SCOPE_CONTRADICTS, EXTENSIONS, IDP("8101ff8201ff!")},
    {CRL_SCOPE_CONTRADICTS, EXTENSIONS, IDP("8101ff8501ff!")},
    {CRL_FORM, EXTENSIONS, IDP("a0{!8100}")},
    {CRL_TRAILING, EXTENSIONS, IDP("a0{a0{86{'http://a'}}!0500}")},
    {CRL_TRAILING, EXTENSIONS, IDP("8101ff!8601ff")},
    {CRL_BROKEN, EXTENSIONS, IDP("81{!01}")},
    {CRL_TRAILING, EXTENSIONS, EXTS("30{06{551d23}04{30{!8300}}}" NUMBER)},
    {CRL_TRAILING, EXTENSIONS, EXTS("30{06{551d14}04{020107!0500}}")},
    /* 5.3 */
    {CRL_FORM, ENTRIES, "30{!0500}"},
    {CRL_FORM, ENTRIES, "30{30{!0400}}"},
    {CRL_NO_REVOCATION_DATE, ENTRIES, "30{30{020105!}}"},
    {CRL_TRAILING, ENTRIES, ENTRY("!0500")},
    {CRL_TRAILING, ENTRIES, REASON("0a0101!0500")},
    {CRL_ENTRY_CRITICAL, ENTRIES, ENTRY("30{!30{06{2a0304}0101ff 0400}}")},
    {CRL_ENTRY_INDIRECT, ENTRIES, ENTRY("30{!30{06{551d1d}0101ff 04{30{a4{" NAME("Other") "}}}}}")},
    {CRL_REASON_UNKNOWN, ENTRIES, REASON("0a{!07}")},
    {CRL_REASON_UNKNOWN, ENTRIES, REASON("0a{!0b}")},
    {CRL_REASON_UNKNOWN, ENTRIES, REASON("0a{!0100}")},
    {CRL_REASON_REMOVE, ENTRIES, REASON("0a{!08}")},
    {CRL_FORM, ENTRIES, REASON("!020101")},
    {CRL_INVALIDITY_DATE, ENTRIES, ENTRY("30{30{06{551d18}04{!17{'250101000000Z'}}}}")},
};

static bool tripped[REVOCATION_CHECKS + 100];

static struct mem mem;

/* The CRL with parts replaced, in notation; the mark of a part counts. */
static struct notation build(const char *const parts[N_PARTS])
{
    static char text[NOTATION_ROOM];
    size_t      n = (size_t)sprintf(text, "30{30{");
    for (int i = 0; i < N_PARTS; i++)
        n += (size_t)sprintf(text + n, "%s%s ", i == ALG || i == BEHIND ? "}" : "", parts[i]);
    return notation(text);
}

static struct notation build_with(enum part part, const char *bytes)
{
    const char *parts[N_PARTS];
    memcpy(parts, good, sizeof parts);
    parts[part] = bytes;
    return build(parts);
}

/* As a set loads it; says what was wrong. */
static hf_why load(struct crl_set *s, hf_view v)
{
    struct report rep;
    report_init(&rep);
    bool ok = crl_set_bytes(s, v, "test.crl", &mem, &rep);
    assert_true(ok == !report_bad(&rep));
    assert_true(rep.why.check / 100 == REVOCATION_CHECKS / 100 || rep.why.check < 100);
    if (rep.why.check >= REVOCATION_CHECKS)
        tripped[rep.why.check] = true;
    return rep.why;
}

static hf_why load_alone(hf_view v)
{
    struct crl_set s   = {0};
    hf_why         why = load(&s, v);
    crl_set_free(&s, &mem);
    assert_int_equal(mem.used, 0);
    return why;
}

/* ---- what is read --------------------------------------------------------------------------------------- */

static bool lists(const struct crl *c, const char *serial, struct crl_entry *e)
{
    struct notation d     = notation(serial);
    bool            found = crl_find(c, notation_view(&d), e);
    free(d.p);
    return found;
}

static void test_good(void **state)
{
    struct notation   d = build(good);
    struct crl_set    s = {0};
    struct crl_entry  e;
    const struct crl *c;
    assert_int_equal(load(&s, notation_view(&d)).check, CHECK_NONE);
    free(d.p); /* the set has its own copy */
    assert_int_equal(s.n, 1);
    c = s.all[0];
    assert_int_equal(c->n_entries, 2);
    assert_int_equal(c->this_update, 1767225600);
    assert_int_equal(c->next_update, 1769904000);
    assert_int_equal(c->number.n, 1);
    assert_int_equal(c->number.p[0], 7);
    assert_int_equal(c->aki.n, 3);
    assert_int_equal(c->scope.reasons, REASONS_ALL);
    assert_string_equal(c->file, "test.crl");
    assert_true(lists(c, "05", &e));
    assert_int_equal(e.revoked_at, 1767225600);
    assert_int_equal(e.reason, REASON_UNSPECIFIED);
    assert_true(lists(c, "0100", &e));
    assert_string_equal(crl_reason_name(e.reason), "keyCompromise");
    assert_false(lists(c, "06", &e));
    assert_false(lists(c, "0005", &e));
    assert_false(lists(c, "00", &e));
    crl_set_free(&s, &mem);
}

/* Parts that no CA should write, and that change no meaning. */
static void test_accepted(void **state)
{
    static const struct row fine[] = {
        {CHECK_NONE, ENTRIES, ""},
        {CHECK_NONE, ENTRIES, "30{}"},
        {CHECK_NONE, EXTENSIONS, ""},
        {CHECK_NONE, EXTENSIONS, EXTS("30{06{551d14}0101ff 04{020107}}")},
        {CHECK_NONE, EXTENSIONS, EXTS(NUMBER "30{06{2a0304}04{0500}}")},
        {CHECK_NONE, EXTENSIONS, IDP("")},
        {CHECK_NONE, EXTENSIONS, IDP("8101008201ff")},
        {CHECK_NONE, EXTENSIONS, IDP("a0{a1{30{06{550403}0c{'1'}}}}830201fe")},
        {CHECK_NONE, EXTENSIONS, IDP("a0{a0{86{'http://a'}a4{" NAME("CA") "}}}")},
        {CHECK_NONE, ENTRIES, "30{30{0201ff 17{'260101000000Z'}}}"}, /* a negative serial number */
        {CHECK_NONE, ENTRIES, "30{30{020105 18{'20500101000000Z'}}}"},
        {CHECK_NONE, ENTRIES, REASON("0a0100")},
        {CHECK_NONE, ENTRIES, ENTRY("30{30{06{551d18}04{18{'20250101000000Z'}}}30{06{2a0304}0400}}")},
    };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        struct notation d   = build_with(fine[i].part, fine[i].bytes);
        hf_why          why = load_alone(notation_view(&d));
        if (why.check)
            fail_msg("%s: %s", fine[i].bytes, hf_check_info_of(why.check)->name);
        free(d.p);
    }
    const char *parts[N_PARTS];
    memcpy(parts, good, sizeof parts);
    parts[VERSION] = parts[EXTENSIONS] = "";
    struct notation d                  = build(parts);
    assert_int_equal(load_alone(notation_view(&d)).check, CHECK_NONE);
    free(d.p);
}

static void test_refused(void **state)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notation d   = build_with(rows[i].part, rows[i].bytes);
        hf_why          why = load_alone(notation_view(&d));
        if (why.check != rows[i].check || (d.mark >= 0 && *rows[i].bytes && why.offset != (size_t)d.mark))
            wrong++, print_error("%s: %s at %u, expected %s at %ld\n", rows[i].bytes, hf_check_info_of(why.check)->name,
                                 why.offset, hf_check_info_of(rows[i].check)->name, d.mark);
        else
            assert_non_null(strstr(why.text, "CRL 1 of test.crl"));
        free(d.p);
    }
    assert_int_equal(wrong, 0);
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
    assert_int_equal(load_alone(notation_view(&d)).check, check);
    free(d.p);
    free(text);
}

static void test_ceilings(void **state)
{
    const char *ext = "30{06{2a0304}0400}";
    repeated(EXTENSIONS, "a0{30{" NUMBER, ext, LIMIT_CERT_EXTENSIONS - 1, "}}", CHECK_NONE);
    repeated(EXTENSIONS, "a0{30{" NUMBER, ext, LIMIT_CERT_EXTENSIONS, "}}", CRL_EXTENSIONS_MANY);
    repeated(ENTRIES, "30{30{020105 17{'260101000000Z'}30{", ext, LIMIT_CERT_EXTENSIONS, "}}}", CHECK_NONE);
    repeated(ENTRIES, "30{30{020105 17{'260101000000Z'}30{", ext, LIMIT_CERT_EXTENSIONS + 1, "}}}",
             CRL_ENTRY_EXTENSIONS_MANY);
    repeated(ENTRIES, "30{30{02{01", "00", LIMIT_SERIAL - 1, "}17{'260101000000Z'}}}", CHECK_NONE);
    repeated(ENTRIES, "30{30{02{01", "00", LIMIT_SERIAL, "}17{'260101000000Z'}}}", CRL_SERIAL_LONG);
}

static void test_too_large(void **state)
{
    static const uint8_t head[] = {0x30, 0x84, 0x10, 0x00, 0x00, 0x00};
    size_t               n      = LIMIT_CRL_BYTES + sizeof head;
    uint8_t             *p      = calloc(1, n); /* never touched but for its head */
    struct report        rep;
    struct crl           c = {0};
    assert_non_null(p);
    memcpy(p, head, sizeof head);
    report_init(&rep);
    assert_false(crl_parse(&c, (hf_view){p, n}, &rep));
    assert_int_equal(rep.why.check, CRL_TOO_LARGE);
    tripped[CRL_TOO_LARGE] = true;
    free(p);
}

/* Nothing that is cut off is accepted, no flipped bit makes the reader leave the bytes (the sanitizers watch). */
static void test_cut_and_flipped(void **state)
{
    struct notation d = build(good);
    for (size_t n = 1; n < d.n; n++) {
        uint8_t *exact = malloc(n);
        assert_non_null(exact);
        memcpy(exact, d.p, n);
        assert_int_not_equal(load_alone((hf_view){exact, n}).check, CHECK_NONE);
        free(exact);
    }
    for (size_t i = 0; i < d.n * 8; i++) {
        d.p[i / 8] ^= (uint8_t)(1 << i % 8);
        load_alone(notation_view(&d));
        d.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    free(d.p);
}

static void test_no_memory(void **state)
{
    struct notation d = build(good);
    hf_why          why;
    size_t          n = 0;
    do {
        struct crl_set s = {0};
        mem_fail_after(++n);
        why = load(&s, notation_view(&d));
        mem_fail_after(0);
        assert_true(why.check == CHECK_NONE || why.check == NO_MEMORY);
        crl_set_free(&s, &mem);
        assert_int_equal(mem.used, 0);
    } while (why.check);
    assert_true(n > 5);
    free(d.p);
}

/* ---- files ---------------------------------------------------------------------------------------------- */

static char folder[64];

static void write_file(const char *name, const void *p, size_t n)
{
    char  path[128];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static size_t write_pem(char *out, size_t room, const char *label, const char *issuer)
{
    struct notation d = build_with(ISSUER, issuer);
    size_t          n = pem_write(out, room, label, notation_view(&d));
    assert_true(n > 0);
    free(d.p);
    return n;
}

static hf_why load_path(struct crl_set *s, const char *name)
{
    char          path[128];
    struct report rep;
    snprintf(path, sizeof path, "%s%s%s", folder, *name ? "/" : "", name);
    report_init(&rep);
    crl_set_file(s, path, &mem, &rep);
    if (rep.why.check >= REVOCATION_CHECKS)
        tripped[rep.why.check] = true;
    return rep.why;
}

static void test_files(void **state)
{
    struct crl_set  s = {0};
    struct notation a = build_with(ISSUER, NAME("A")), b = build_with(ISSUER, NAME("B"));
    char            text[8192];
    uint8_t         two[4096];
    size_t          n = (size_t)sprintf(text, "Certificate Revocation List (CRL):\n");
    hf_why          why;
    strcpy(folder, "/tmp/hf-crl-XXXXXX");
    assert_non_null(mkdtemp(folder));

    assert_int_equal(load_path(&s, "").check, CRL_FOLDER_EMPTY);
    write_file("1.crl", a.p, a.n);
    assert_int_equal(load_path(&s, "1.crl").check, CHECK_NONE);
    assert_int_equal(s.n, 1);
    assert_int_equal(load_path(&s, "1.crl").check, CHECK_NONE); /* the same again is the same */
    assert_int_equal(s.n, 1);

    memcpy(two, a.p, a.n);
    memcpy(two + a.n, b.p, b.n);
    write_file("2.der", two, a.n + b.n);
    assert_int_equal(load_path(&s, "2.der").check, CHECK_NONE);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.all[1]->index, 1);

    n += write_pem(text + n, sizeof text - n, "X509 CRL", NAME("C"));
    n += write_pem(text + n, sizeof text - n, "X509 CRL", NAME("D"));
    write_file("3.pem", text, n);
    write_file(".hidden", "nothing", 7);
    assert_int_equal(load_path(&s, "").check, CHECK_NONE);
    assert_int_equal(s.n, 4);

    n = write_pem(text, sizeof text, "CERTIFICATE", NAME("C"));
    write_file("4.pem", text, n);
    why = load_path(&s, "4.pem");
    assert_int_equal(why.check, CRL_FILE_NONE);
    assert_non_null(strstr(why.text, "4.pem"));
    why = load_path(&s, ""); /* a file without a CRL in a folder is no silent thing */
    assert_int_equal(why.check, CRL_FILE_NONE);
    write_file("5.pem", text, n / 2);
    assert_int_equal(load_path(&s, "5.pem").check, PEM_BROKEN);
    assert_int_equal(load_path(&s, "6.pem").check, FILE_UNREADABLE);

    write_file("7.crl", two, a.n + b.n / 2); /* the second is cut off: the first is there, the file is refused */
    why = load_path(&s, "7.crl");
    assert_int_equal(why.check, CRL_BROKEN);
    assert_int_equal(why.got, DER_CONTENTS_CUT);
    assert_non_null(strstr(why.text, "CRL 2 of"));
    crl_set_free(&s, &mem);
    assert_int_equal(mem.used, 0);
    assert_int_equal(system("rm -rf /tmp/hf-crl-*"), 0);
    free(a.p);
    free(b.p);
}

static void test_too_many(void **state)
{
    struct crl_set  s = {.n = LIMIT_CRLS};
    struct notation d = build(good);
    assert_int_equal(load(&s, notation_view(&d)).check, CRL_TOO_MANY);
    s.n = 0;
    crl_set_free(&s, &mem);
    free(d.p);
}

static void test_policies(void **state)
{
    struct crl_set  s = {0};
    struct notation a = notation(NAME("CA")), upper = notation(NAME("ca  ")), b = notation(NAME("Other"));
    struct notation good_crl = build(good);
    hf_view         none = {0}, of_a = notation_view(&a), of_b = notation_view(&b);
    struct report   rep;
    report_init(&rep);
    assert_int_equal(crl_set_policy_of(&s, of_a), HF_CRL_OFF);
    assert_int_equal(load(&s, notation_view(&good_crl)).check, CHECK_NONE);
    assert_int_equal(crl_set_policy_of(&s, of_a), HF_CRL_REQUIRED);
    assert_int_equal(crl_set_policy_of(&s, of_b), HF_CRL_REQUIRED);
    assert_true(crl_set_policy(&s, notation_view(&upper), HF_CRL_OFF, &mem, &rep));
    assert_int_equal(crl_set_policy_of(&s, of_a), HF_CRL_OFF);
    assert_true(crl_set_policy(&s, none, HF_CRL_WHEN_PRESENT, &mem, &rep));
    assert_int_equal(crl_set_policy_of(&s, of_a), HF_CRL_OFF);
    assert_int_equal(crl_set_policy_of(&s, of_b), HF_CRL_WHEN_PRESENT);
    assert_true(crl_set_policy(&s, of_a, HF_CRL_REQUIRED, &mem, &rep));
    assert_int_equal(crl_set_policy_of(&s, of_a), HF_CRL_REQUIRED);
    assert_int_equal(s.n_rules, 1);
    assert_false(crl_set_policy(&s, (hf_view){a.p, a.n - 1}, HF_CRL_OFF, &mem, &rep));
    assert_int_equal(rep.why.check, CRL_POLICY_NOT_NAME);
    tripped[CRL_POLICY_NOT_NAME] = true;
    crl_set_free(&s, &mem);
    assert_int_equal(mem.used, 0);
    free(a.p), free(b.p), free(upper.p), free(good_crl.p);
}

/* ---- the index ------------------------------------------------------------------------------------------ */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Serial numbers of 16 bytes that look random, a function of i. */
static void serial_of(uint32_t i, uint8_t out[16])
{
    uint64_t x = (uint64_t)i * 0x9e3779b97f4a7c15u + 1;
    for (int k = 0; k < 16; k++) {
        x ^= x >> 27, x *= 0x94d049bb133111ebu, x ^= x >> 31;
        out[k] = (uint8_t)x;
    }
    out[0] = (uint8_t)(0x40 | (out[0] & 0x3f));
}

/* A CRL of n entries, a third of them with a reason. */
static struct wr large(uint32_t n)
{
    struct wr       w      = wr_grow(&mem, (size_t)n * 64 + 4096);
    struct notation head   = notation("020101" ECDSA_SHA256 NAME("CA") "17{'260101000000Z'}17{'260201000000Z'}"),
                    reason = notation("30{30{06{551d15}04{0a0101}}}"), exts = notation(EXTS(NUMBER)),
                    end = notation(ECDSA_SHA256 "03{003006020101020101}");
    size_t  list = derw_open(&w, DER_SEQUENCE), tbs = derw_open(&w, DER_SEQUENCE), entries, entry;
    uint8_t serial[16];
    wr_view(&w, notation_view(&head));
    entries = derw_open(&w, DER_SEQUENCE);
    for (uint32_t i = 0; i < n; i++) {
        serial_of(i, serial);
        entry = derw_open(&w, DER_SEQUENCE);
        derw_bytes(&w, DER_INTEGER, (hf_view){serial, sizeof serial});
        derw_time(&w, 1767225600 - i);
        if (i % 3 == 0)
            wr_view(&w, notation_view(&reason));
        derw_close(&w, entry);
    }
    derw_close(&w, entries);
    wr_view(&w, notation_view(&exts));
    derw_close(&w, tbs);
    wr_view(&w, notation_view(&end));
    derw_close(&w, list);
    assert_false(w.full);
    free(head.p), free(reason.p), free(exts.p), free(end.p);
    return w;
}

static void test_million(void **state)
{
    enum { N = 1000000 };
    struct wr        w = large(N);
    struct crl_set   s = {0};
    struct crl_entry e;
    uint8_t          serial[16];
    double           start = seconds(), loaded, looked;
    assert_int_equal(load(&s, wr_done(&w)).check, CHECK_NONE);
    loaded = seconds();
    assert_int_equal(s.all[0]->n_entries, N);
    for (uint32_t i = 0; i < 2 * N; i++) {
        serial_of(i, serial);
        assert_true(crl_find(s.all[0], (hf_view){serial, sizeof serial}, &e) == (i < N));
        if (i < N)
            assert_int_equal(e.revoked_at, 1767225600 - (int64_t)i);
    }
    looked = seconds();
    print_message(
        "a million entries under the sanitizers: %.1f MB, index %.1f MB, loaded in %.0f ms, look-up %.0f ns\n",
        (double)s.all[0]->der.n / 1e6, (double)s.all[0]->n_slots * 4 / 1e6, (loaded - start) * 1e3,
        (looked - loaded) / (2 * N) * 1e9);
    crl_set_free(&s, &mem);
    wr_free(&w);
    assert_int_equal(mem.used, 0);
}

/* A serial number that stands in the list a hundred thousand times costs no more than one that stands there once. */
static void test_same_serial(void **state)
{
    enum { N = 100000 };
    struct notation  one  = notation("30{020105 17{'260101000000Z'}}");
    size_t           n    = (size_t)N * one.n;
    uint8_t         *list = malloc(n);
    struct crl_entry e;
    struct crl       c = {0};
    struct report    rep;
    double           start = seconds();
    assert_non_null(list);
    for (size_t i = 0; i < N; i++)
        memcpy(list + i * one.n, one.p, one.n);
    report_init(&rep);
    c.der = c.entries = (hf_view){list, n};
    c.entries.p += one.n; /* an entry does not stand at offset 0 */
    c.entries.n -= one.n;
    assert_true(crl_index(&c, &mem, &rep));
    assert_true(crl_find(&c, (hf_view){(const uint8_t *)"\x05", 1}, &e));
    assert_int_equal(e.at, one.n);
    assert_true(seconds() - start < 5);
    mem_free(&mem, c.slots);
    free(list), free(one.p);
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static void test_all_checks_are_here(void **state)
{
    for (uint16_t id = CRL_FORM; id <= CRL_POLICY_NOT_NAME; id++)
        if (hf_check_info_of(id) != hf_check_info_of(0) && !tripped[id] && id != CRL_NUMBER_MISSING &&
            id != CRL_NUMBER_CRITICAL) /* those are said of a certificate: crl_status.c */
            fail_msg("nothing trips %s", hf_check_info_of(id)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_cut_and_flipped),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_million),
        cmocka_unit_test(test_same_serial),
        cmocka_unit_test(test_all_checks_are_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
