/* SPDX-License-Identifier: Apache-2.0
 * base_pem.c - PEM blocks as they are found in real files, broken ones, and reading files. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/pem.h"
#include "base/text.h"

static struct mem mem;

#define BLOCK(label, body) "-----BEGIN " label "-----\n" body "\n-----END " label "-----\n"

static hf_view view(const char *s)
{
    return (hf_view){(const uint8_t *)s, strlen(s)};
}

static void one(const char *text, const char *label, const char *bytes)
{
    struct report    rep;
    struct pem_block b;
    size_t           at = 0;
    report_init(&rep);
    if (!pem_next(view(text), &at, &b, &mem, &rep))
        fail_msg("no block in: %s", text);
    assert_true(view_equal(b.label, view(label)));
    assert_true(view_equal((hf_view){b.der, b.n}, view(bytes)));
    assert_memory_equal(b.whole.p, "-----BEGIN ", 11);
    assert_memory_equal(b.whole.p + b.whole.n - 5, "-----", 5);
    pem_free(&b, &mem);
    assert_false(pem_next(view(text), &at, &b, &mem, &rep));
    assert_false(report_bad(&rep));
    assert_int_equal(at, strlen(text));
}

static void test_forms(void **state)
{
    one(BLOCK("CERTIFICATE", "YWJj"), "CERTIFICATE", "abc");
    one(BLOCK("X", "YWI="), "X", "ab");
    one(BLOCK("X", "YQ=="), "X", "a");
    one(BLOCK("EC PRIVATE KEY", "YWJj\nZGVm"), "EC PRIVATE KEY", "abcdef");
    one("Subject: CN=alice\n\n" BLOCK("X", "YWJj") "and more\n", "X", "abc");
    one("\xef\xbb\xbf-----BEGIN X-----\r\nYWJj\r\nZGVm\r\n-----END X-----\r\n", "X", "abcdef");
    one("-----BEGIN X-----\rYWJj\r-----END X-----\r", "X", "abc");
    one("-----BEGIN X-----\n  YW Jj \n\n-----END X-----", "X", "abc");
    one("-----BEGIN X-----\nYWJj-----END X-----", "X", "abc");
    one(BLOCK("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nYWJj"), "RSA PRIVATE KEY", "abc");
    one("-----BEGIN X-----\r\nA: b\r\n c: d\r\n\r\nYWJj\r\n-----END X-----", "X", "abc");
}

static void broken(const char *text, size_t offset)
{
    struct report    rep;
    struct pem_block b;
    size_t           at = 0;
    report_init(&rep);
    assert_false(pem_next(view(text), &at, &b, &mem, &rep));
    assert_int_equal(rep.why.check, PEM_BROKEN);
    if (rep.why.offset != offset)
        fail_msg("byte %u, expected %zu: %s", rep.why.offset, offset, text);
    assert_null(b.der);
}

static void test_broken(void **state)
{
    broken("text\n-----BEGIN X-----\nYWJj\n", 5);
    broken("-----BEGIN X", 0);
    broken("-----BEGIN X\n-----", 0);
    broken("-----BEGIN X-----\nYWJj\n-----END Y-----\n", 23);
    broken("-----BEGIN X-----\nYWJj\n-----END X", 23);
    broken(BLOCK("X", "YW%j"), 20);
    broken(BLOCK("X", "YWJjZ"), 24);
    broken(BLOCK("X", "YWJjZG"), 25);
    broken(BLOCK("X", "YWJjZG="), 26);
    broken(BLOCK("X", "YWJ="), 23); /* bits behind the last byte */
    broken(BLOCK("X", "YR=="), 23);
    broken(BLOCK("X", "YQ==="), 22);
    broken(BLOCK("X", "YQ==YQ=="), 22);
    broken(BLOCK("X", "=AAA"), 18);
    broken(BLOCK("X", "A==="), 19);
    broken(BLOCK("X", ""), 19);
    broken(BLOCK("X", "A: b\n"), 24);
    broken("-----BEGIN X-----\nYWJj\n" BLOCK("X", "YWJj"), 23); /* a block in a cut one */
}

static void test_several(void **state)
{
    const char      *text = "a\n" BLOCK("ONE", "YQ==") "b\n" BLOCK("TWO", "YWI=") "c";
    struct report    rep;
    struct pem_block b;
    size_t           at = 0, n = 0;
    report_init(&rep);
    for (; pem_next(view(text), &at, &b, &mem, &rep); n++) {
        assert_int_equal(b.n, n + 1);
        pem_free(&b, &mem);
    }
    assert_int_equal(n, 2);
    assert_false(report_bad(&rep));
    assert_true(pem_looks_like(view(text)));
    assert_false(pem_looks_like(view("-----END ONE-----")));
    assert_false(pem_looks_like((hf_view){NULL, 0}));
    assert_int_equal(mem.used, 0);
}

static void test_memory(void **state)
{
    struct mem       small = {.max = 8};
    struct report    rep;
    struct pem_block b;
    size_t           at = 0;
    report_init(&rep);
    assert_false(pem_next(view(BLOCK("X", "YWJjYWJjYWJjYWJj")), &at, &b, &small, &rep));
    assert_int_equal(rep.why.check, NO_MEMORY);
}

/* What is written is read again, for every length around a line's end; and room that is one byte short. */
static void test_write(void **state)
{
    uint8_t bytes[200];
    char    text[400];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t n = 1; n <= sizeof bytes; n++) {
        struct report    rep;
        struct pem_block b;
        size_t           at = 0, len = pem_write(text, sizeof text, "CERTIFICATE", (hf_view){bytes, n});
        report_init(&rep);
        assert_int_equal(len, strlen(text));
        assert_true(pem_next((hf_view){(uint8_t *)text, len}, &at, &b, &mem, &rep));
        assert_true(view_equal((hf_view){b.der, b.n}, (hf_view){bytes, n}));
        pem_free(&b, &mem);
        char *exact = malloc(len + 1);
        assert_int_equal(pem_write(exact, len + 1, "CERTIFICATE", (hf_view){bytes, n}), len);
        assert_int_equal(pem_write(exact, len, "CERTIFICATE", (hf_view){bytes, n}), 0);
        free(exact);
    }
    pem_write(text, sizeof text, "X", (hf_view){bytes, 49});
    assert_int_equal(strchr(text + 18, '\n') - (text + 18), 64);
}

static char *temporary(const void *bytes, size_t n)
{
    static char name[64];
    strcpy(name, "/tmp/hf-base-pem-XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
    return name;
}

static enum check reading(const char *name, struct mem *m)
{
    struct report rep;
    size_t        n;
    report_init(&rep);
    uint8_t *p = file_read(name, &n, m, &rep);
    assert_true((p == NULL) == report_bad(&rep));
    mem_free(m, p);
    if (p == NULL && rep.why.check != NO_MEMORY)
        assert_non_null(strstr(rep.why.text, name));
    return rep.why.check;
}

static void test_file(void **state)
{
    struct mem    small = {.max = 10000};
    struct report rep;
    size_t        n, big = 100000;
    char         *bytes = calloc(1, big);
    char         *name  = temporary("abc", 3);
    report_init(&rep);
    uint8_t *p = file_read(name, &n, &mem, &rep);
    assert_int_equal(n, 3);
    assert_string_equal(p, "abc");
    mem_free(&mem, p);
    unlink(name);
    assert_int_equal(reading(name, &mem), FILE_UNREADABLE);
    assert_int_equal(reading("/tmp", &mem), FILE_UNREADABLE);
    name = temporary("", 0);
    assert_int_equal(reading(name, &mem), FILE_EMPTY);
    unlink(name);
    name = temporary(bytes, big);
    assert_int_equal(reading(name, &mem), CHECK_NONE);
    assert_int_equal(reading(name, &small), NO_MEMORY);
    assert_int_equal(small.used, 0);
    assert_int_equal(truncate(name, (off_t)LIMIT_FILE_BYTES + 1), 0);
    assert_int_equal(reading(name, &mem), FILE_TOO_LARGE);
    unlink(name);
    assert_int_equal(mem.used, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms),   cmocka_unit_test(test_broken),
                                       cmocka_unit_test(test_several), cmocka_unit_test(test_memory),
                                       cmocka_unit_test(test_write),   cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
