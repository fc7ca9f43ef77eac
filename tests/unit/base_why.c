/* SPDX-License-Identifier: Apache-2.0
 * base_why.c - the first-failure report, its findings, its prose, and the table of checks. */
#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/why.h"

static const uint16_t numbers[] = {
#define CHECK(number, name, reason, alert, unit, rfc, title, hint) number,
#include "base/checks.def"
#undef CHECK
};

enum { N_CHECKS = sizeof numbers / sizeof numbers[0] };

/* The first row of the table with this unit. */
static uint16_t with_unit(const char *unit)
{
    for (size_t i = 0; i < N_CHECKS; i++)
        if (strcmp(hf_check_info_of(numbers[i])->unit, unit) == 0)
            return numbers[i];
    fail_msg("no check has the unit \"%s\"", unit);
    return 0;
}

static void table_is_in_order_and_found(void **state)
{
    for (size_t i = 0; i < N_CHECKS; i++) {
        if (i)
            assert_true(numbers[i] > numbers[i - 1]);
        const hf_check_info *info = hf_check_info_of(numbers[i]);
        assert_true(i == 0 || info != hf_check_info_of(0));
        assert_non_null(info->reason);
    }
}

static void unknown_number_is_none(void **state)
{
    assert_string_equal(hf_check_info_of(65535)->name, "CHECK_NONE");
}

static void units_are_known(void **state)
{
    static const char *const units[] = {"",      "bytes",  "count",     "bits",      "days",
                                        "time",  "code",   "message",   "version",   "suite",
                                        "group", "sigalg", "extension", "key-usage", "eku"};
    for (size_t i = 0; i < N_CHECKS; i++) {
        const hf_check_info *info  = hf_check_info_of(numbers[i]);
        bool                 known = false;
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
            known |= strcmp(info->unit, units[u]) == 0;
        if (!known)
            fail_msg("%s has the unit \"%s\"", info->name, info->unit);
    }
}

static void first_failure_wins(void **state)
{
    struct report r;
    report_init(&r);
    assert_false(report_bad(&r));
    r.message = 11;
    r.cert    = 2;
    assert_false(fail(&r, PEM_BROKEN, 7, 1, 2));
    assert_false(fail_text(&r, FILE_EMPTY, 9, 3, 4, "later"));
    assert_true(report_bad(&r));
    assert_int_equal(r.why.check, PEM_BROKEN);
    assert_int_equal(r.why.offset, 7);
    assert_int_equal(r.why.want, 1);
    assert_int_equal(r.why.got, 2);
    assert_int_equal(r.why.message, 11);
    assert_int_equal(r.why.cert, 2);
    assert_int_equal(r.why.origin, HF_BY_US);
    assert_string_equal(r.why.text, "");
}

static void need_notes_both_verdicts(void **state)
{
    struct mem    m = {0};
    struct report r;
    report_init(&r);
    report_keep(&r, &m);
    assert_true(need(&r, true, FILE_EMPTY, 1, 2, 3));
    assert_false(need(&r, false, PEM_BROKEN, 4, 5, 6));
    note(&r, FILE_TOO_LARGE, HF_NOT_REACHED, 0, 0, 0);
    assert_int_equal(r.n_findings, 3);
    assert_int_equal(r.findings[0].state, HF_PASS);
    assert_int_equal(r.findings[1].state, HF_FAIL);
    assert_int_equal(r.findings[1].got, 6);
    assert_int_equal(r.findings[2].state, HF_NOT_REACHED);
    assert_int_equal(r.why.check, PEM_BROKEN);
    report_drop(&r);
    assert_int_equal(m.used, 0);
}

static void findings_end_at_their_ceiling(void **state)
{
    struct mem    m = {0};
    struct report r;
    report_init(&r);
    report_keep(&r, &m);
    for (unsigned i = 0; i < 10000; i++)
        note(&r, FILE_EMPTY, HF_PASS, i, 0, 0);
    assert_true(r.n_findings >= 1000 && r.n_findings < 10000);
    assert_false(fail(&r, PEM_BROKEN, 0, 0, 0)); /* the cause is kept even when the list is full */
    assert_int_equal(r.why.check, PEM_BROKEN);
    report_drop(&r);
    assert_int_equal(m.used, 0);
}

static void findings_survive_lack_of_memory(void **state)
{
    struct mem    m = {.max = 64};
    struct report r;
    report_init(&r);
    report_keep(&r, &m);
    assert_false(need(&r, false, PEM_BROKEN, 1, 0, 0));
    assert_int_equal(r.n_findings, 0);
    assert_int_equal(r.why.check, PEM_BROKEN);
    report_drop(&r);
}

static void text_is_made_printable(void **state)
{
    struct report r;
    report_init(&r);
    fail_text(&r, FILE_EMPTY, 0, 0, 0, "a\x1b[31mb\n");
    assert_string_equal(r.why.text, "a\\x1b[31mb\\x0a");
    why_add_text(&r, FILE_EMPTY, "other"); /* there is a text already */
    assert_string_equal(r.why.text, "a\\x1b[31mb\\x0a");
}

static void sets_are_named(void **state)
{
    struct report r;
    char          text[1024];
    report_init(&r);
    fail(&r, EKU_MISSING_CLIENT, 0, 1 << 1, 1 << 0 | 1 << 3);
    hf_why_text(&r.why, text, sizeof text);
    assert_non_null(strstr(text, "wanted clientAuth, got serverAuth+emailProtection"));
    report_init(&r);
    fail(&r, KU_NO_SIGNATURE, 0, 1 << 0, 0);
    hf_why_text(&r.why, text, sizeof text);
    assert_non_null(strstr(text, "wanted digitalSignature, got none"));
}

static void added_text_goes_to_its_check_only(void **state)
{
    struct report r;
    report_init(&r);
    fail(&r, FILE_EMPTY, 0, 0, 0);
    why_add_text(&r, PEM_BROKEN, "wrong");
    assert_string_equal(r.why.text, "");
    why_add_text(&r, FILE_EMPTY, "right");
    assert_string_equal(r.why.text, "right");
}

static void a_part_fails_the_whole_once(void **state)
{
    struct report part, whole;
    report_init(&part);
    report_init(&whole);
    fail_text(&part, FILE_EMPTY, 3, 1, 0, "one.pem");
    assert_false(fail_as(&whole, &part.why));
    assert_string_equal(whole.why.text, "one.pem");
    part.why.check = PEM_BROKEN;
    fail_as(&whole, &part.why);
    assert_int_equal(whole.why.check, FILE_EMPTY);
}

/* ---- prose --------------------------------------------------------------------------------------------- */

static hf_why why_of(uint16_t check, int64_t want, int64_t got)
{
    return (hf_why){.check   = check,
                    .alert   = HF_NO_ALERT,
                    .origin  = HF_BY_US,
                    .message = HF_NO_MESSAGE,
                    .cert    = -1,
                    .want    = want,
                    .got     = got};
}

static void contains(const hf_why *w, const char *part)
{
    char line[1200];
    hf_why_text(w, line, sizeof line);
    if (!strstr(line, part))
        fail_msg("\"%s\" is not in \"%s\"", part, line);
}

static void lacks(const hf_why *w, const char *part)
{
    char line[1200];
    hf_why_text(w, line, sizeof line);
    if (strstr(line, part))
        fail_msg("\"%s\" is in \"%s\"", part, line);
}

static void prose_of_a_file(void **state)
{
    hf_why w = why_of(FILE_EMPTY, 1, 0);
    strcpy(w.text, "ca.pem");
    contains(&w, "the file is empty: ca.pem; wanted 1, got 0 bytes [FILE_EMPTY, file-format]. Put the ");
}

static void prose_of_a_date(void **state)
{
    hf_why w = why_of(CRED_EXPIRED, 1767225600, 1795508100);
    contains(&w, "; notAfter 2026-01-01T00:00:00Z, now 2026-11-24T08:15:00Z (327 days ago) [CRED_EXPIRED, expired");
    w = why_of(CRED_NOT_YET_VALID, 1795508100, 1795504500);
    contains(&w, "; notBefore 2026-11-24T08:15:00Z, now 2026-11-24T07:15:00Z (in 1 hour) [");
}

static void prose_of_a_place(void **state)
{
    hf_why w  = why_of(PEM_BROKEN, 0, 0);
    w.message = 11;
    w.cert    = 1;
    w.offset  = 123;
    w.alert   = CERTIFICATE_EXPIRED;
    contains(&w, "certificate[1]: ");
    contains(&w, ", Certificate, byte 123, alert certificate_expired]");
    w.origin = HF_BY_PEER;
    contains(&w, "alert certificate_expired received]");
    w.cert    = -1;
    w.message = HF_NO_MESSAGE;
    w.offset  = 0;
    lacks(&w, "byte 0");
    lacks(&w, "certificate[");
}

static void prose_of_codes(void **state)
{
    hf_why w = why_of(with_unit("group"), 0x001d, 0x3a3a);
    contains(&w, "; wanted x25519 (0x001d), got GREASE (0x3a3a) [");
    w = why_of(with_unit("suite"), 0, 0x1301);
    contains(&w, "; got TLS_AES_128_GCM_SHA256 (0x1301) [");
    w = why_of(with_unit("version"), 0x0304, -1);
    contains(&w, "; wanted TLS 1.3 (0x0304), got none [");
    w = why_of(with_unit("message"), 20, 11);
    contains(&w, "; wanted Finished (20), got Certificate (11) [");
    w = why_of(with_unit("extension"), 0, 41);
    contains(&w, "; got pre_shared_key (0x0029) [");
    w = why_of(with_unit("sigalg"), 0, 0x0403);
    contains(&w, "; got ecdsa_secp256r1_sha256 (0x0403) [");
    w = why_of(with_unit("code"), 22, 72);
    contains(&w, "; wanted 0x16, got 0x48 [");
    w = why_of(with_unit("code"), 0, 0);
    lacks(&w, "got");
    w = why_of(with_unit("count"), 1, 0);
    contains(&w, "; wanted 1, got 0 [");
    w = why_of(with_unit("bits"), 2048, 1024);
    contains(&w, "; wanted 2048, got 1024 bits [");
}

static void prose_of_nothing(void **state)
{
    hf_why w = why_of(0, 0, 0);
    char   line[100];
    assert_int_equal(hf_why_text(&w, line, sizeof line), strlen("nothing failed"));
    assert_string_equal(line, "nothing failed");
}

/* As snprintf: the whole length is returned, what fits is written, no byte more. */
static void prose_is_cut_to_the_room(void **state)
{
    hf_why w = why_of(FILE_EMPTY, 1, 0);
    char   whole[1200], part[1200];
    int    n = hf_why_text(&w, whole, sizeof whole);
    assert_int_equal(n, strlen(whole));
    for (size_t room = 0; room <= (size_t)n + 1; room++) {
        memset(part, '#', sizeof part);
        assert_int_equal(hf_why_text(&w, part, room), n);
        if (room)
            assert_int_equal(strlen(part), room - 1);
        assert_int_equal(part[room], '#');
        assert_memory_equal(part, whole, room ? room - 1 : 0);
    }
}

/* No row, no value and no context makes it crash or leave the line. */
static void prose_of_every_check(void **state)
{
    static const int64_t values[] = {0, 1, -1, INT64_MIN, INT64_MAX, 0x0a0a, 1795508100};
    char                 line[1200];
    for (size_t i = 0; i < N_CHECKS; i++)
        for (size_t a = 0; a < 7; a++)
            for (size_t b = 0; b < 7; b++) {
                hf_why w  = why_of(numbers[i], values[a], values[b]);
                w.cert    = (int8_t)(int)(a - 1);
                w.message = (uint8_t)(b * 41);
                w.alert   = (uint8_t)(a * 43);
                memset(w.text, 'x', sizeof w.text - 1);
                int n = hf_why_text(&w, line, sizeof line);
                assert_true(n > 0 && n < 1024);
                assert_null(strchr(line, '\n'));
            }
}

static void print_has_the_hint_on_its_own_line(void **state)
{
    char   buf[1200] = "";
    hf_why w         = why_of(FILE_EMPTY, 1, 0);
    FILE  *f         = fmemopen(buf, sizeof buf, "w");
    assert_non_null(f);
    hf_why_print(&w, f);
    fclose(f);
    assert_string_equal(buf, "the file is empty; wanted 1, got 0 bytes [FILE_EMPTY, file-format]\n"
                             "  Put the certificate or key into the file.\n");
}

/* ---- names --------------------------------------------------------------------------------------------- */

static void names_of_codes(void **state)
{
    assert_string_equal(hf_alert_name(116), "certificate_required");
    assert_string_equal(hf_alert_name(255), "none");
    assert_string_equal(hf_alert_name(3), "unknown");
    assert_string_equal(hf_message_name(13), "CertificateRequest");
    assert_string_equal(hf_message_name(99), "unknown");
    assert_string_equal(hf_code_name('s', 0x1303), "TLS_CHACHA20_POLY1305_SHA256");
    assert_string_equal(hf_code_name('g', 0x11ec), "X25519MLKEM768");
    assert_string_equal(hf_code_name('a', 0x0807), "ed25519");
    assert_string_equal(hf_code_name('v', 0x0304), "TLS 1.3");
    assert_string_equal(hf_code_name('x', 47), "certificate_authorities");
    assert_string_equal(hf_code_name('g', 0xffff), "unknown");
    assert_string_equal(hf_code_name('?', 1), "unknown");
}

static void grease_is_sixteen_codes(void **state)
{
    unsigned n = 0;
    for (unsigned code = 0; code <= 0xffff; code++)
        n += strcmp(hf_code_name('s', (uint16_t)code), "GREASE") == 0;
    assert_int_equal(n, 16);
    assert_string_equal(hf_code_name('v', 0xfafa), "GREASE");
    assert_string_not_equal(hf_code_name('v', 0x0a1a), "GREASE");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_in_order_and_found),
        cmocka_unit_test(unknown_number_is_none),
        cmocka_unit_test(units_are_known),
        cmocka_unit_test(first_failure_wins),
        cmocka_unit_test(need_notes_both_verdicts),
        cmocka_unit_test(findings_end_at_their_ceiling),
        cmocka_unit_test(findings_survive_lack_of_memory),
        cmocka_unit_test(text_is_made_printable),
        cmocka_unit_test(sets_are_named),
        cmocka_unit_test(added_text_goes_to_its_check_only),
        cmocka_unit_test(a_part_fails_the_whole_once),
        cmocka_unit_test(prose_of_a_file),
        cmocka_unit_test(prose_of_a_date),
        cmocka_unit_test(prose_of_a_place),
        cmocka_unit_test(prose_of_codes),
        cmocka_unit_test(prose_of_nothing),
        cmocka_unit_test(prose_is_cut_to_the_room),
        cmocka_unit_test(prose_of_every_check),
        cmocka_unit_test(print_has_the_hint_on_its_own_line),
        cmocka_unit_test(names_of_codes),
        cmocka_unit_test(grease_is_sixteen_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
