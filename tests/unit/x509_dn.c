/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_dn.c - names: which are equal (RFC 5280 7.1, in the manner of NIST's PKITS: order, white space, case,
 * string types), that equal ones have one hash, which lie within which, and how they are written (RFC 4514).
 */
#include "x509_notation.h"

#include "x509/cert.h"
#include "x509/oid.h"

#define AVA(type, value) "30{06{" type "}" value "}"
#define RDN(...)         "31{" __VA_ARGS__ "}"
#define CN(value)        RDN(AVA("550403", value))
#define O(value)         RDN(AVA("55040a", value))
#define OU(value)        RDN(AVA("55040b", value))
#define C                RDN(AVA("550406", "13{'DE'}"))
#define DC(text)         RDN(AVA("0992268993f22c640119", "16{'" text "'}"))
#define UID(text)        AVA("0992268993f22c640101", "0c{'" text "'}")
#define UTF8(text)       "0c{" text "}"
#define PRINTABLE(text)  "13{" text "}"

static bool equal(const char *a, const char *b)
{
    struct notation x = notation(a), y = notation(b);
    bool            same = dn_equal(notation_view(&x), notation_view(&y));
    if (same != dn_equal(notation_view(&y), notation_view(&x)))
        fail_msg("equal in one direction only: %s %s", a, b);
    if (same && dn_hash(notation_view(&x)) != dn_hash(notation_view(&y)))
        fail_msg("equal but of different hash: %s %s", a, b);
    if (!same && dn_hash(notation_view(&x)) == dn_hash(notation_view(&y)))
        fail_msg("different but of one hash: %s %s", a, b);
    free(x.p);
    free(y.p);
    return same;
}

static void test_equal(void **state)
{
    static const char *const pairs[][2] = {
        {"30{}", "30{}"},
        /* case */
        {"30{" CN(PRINTABLE("'Example CA'")) "}", "30{" CN(PRINTABLE("'EXAMPLE ca'")) "}"},
        {"30{" CN(UTF8("'Example CA'")) "}", "30{" CN(UTF8("'example ca'")) "}"},
        /* white space: at the ends, inside, of other kinds */
        {"30{" CN(PRINTABLE("'Example CA'")) "}", "30{" CN(PRINTABLE("'  Example CA '")) "}"},
        {"30{" CN(PRINTABLE("'Example CA'")) "}", "30{" CN(PRINTABLE("'Example    CA'")) "}"},
        {"30{" CN(UTF8("'Example CA'")) "}", "30{" CN(UTF8("'Example' 09 0a 'CA'")) "}"},
        {"30{" CN(UTF8("'Example CA'")) "}", "30{" CN(UTF8("c2a0 'Example' e38080 'CA' e28083")) "}"},
        {"30{" CN(UTF8("''")) "}", "30{" CN(UTF8("'   '")) "}"},
        /* string types */
        {"30{" CN(PRINTABLE("'Example CA'")) "}", "30{" CN(UTF8("'Example CA'")) "}"},
        {"30{" CN(PRINTABLE("'Example CA'")) "}", "30{" CN("14{'example  ca'}") "}"},
        {"30{" CN(PRINTABLE("'Ab'")) "}", "30{" CN("1e{00610062}") "}"},
        {"30{" CN(PRINTABLE("'Ab'")) "}", "30{" CN("1c{0000006100000042}") "}"},
        {"30{" CN(PRINTABLE("'Ab'")) "}", "30{" CN("16{'AB'}") "}"},
        {"30{" CN(UTF8("'M' c3bc 'ller'")) "}", "30{" CN("14{'M' fc 'ller'}") "}"},
        {"30{" CN(UTF8("'M' c3bc 'ller'")) "}", "30{" CN("1e{004d00fc006c006c00650072}") "}"},
        /* letters beyond ASCII */
        {"30{" CN(UTF8("'M' c39c 'LLER'")) "}", "30{" CN(UTF8("'m' c3bc 'ller'")) "}"},
        {"30{" CN(UTF8("'Stra' c39f 'e'")) "}", "30{" CN(UTF8("'STRASSE'")) "}"},
        {"30{" CN(UTF8("'a ' c39f")) "}", "30{" CN(UTF8("'A  ss'")) "}"},
        {"30{" CN(UTF8("c589 c5a0 c5bd")) "}", "30{" CN(UTF8("c589 c5a1 c5be")) "}"},
        {"30{" CN(UTF8("ce91 ce92 cea3")) "}", "30{" CN(UTF8("ceb1 ceb2 cf82")) "}"}, /* final sigma */
        {"30{" CN(UTF8("d090 d091 d081")) "}", "30{" CN(UTF8("d0b0 d0b1 d191")) "}"},
        /* characters that are nothing: soft hyphen, zero width joiner, byte order mark */
        {"30{" CN(UTF8("'ex' c2ad 'am' e2808d 'ple' efbbbf")) "}", "30{" CN(UTF8("'example'")) "}"},
        /* the order within an RDN */
        {"30{" RDN(AVA("550403", UTF8("'a'")) UID("1")) "}", "30{" RDN(UID("1") AVA("550403", UTF8("'A'"))) "}"},
        {"30{" RDN(UID("1") UID("2") UID("1")) "}", "30{" RDN(UID("1") UID("1") UID("2")) "}"},
        /* types that are not text: the same bytes */
        {"30{" CN("0303070180") "}", "30{" CN("0303070180") "}"},
        {"30{" C O(UTF8("'Example'")) CN(UTF8("'a'")) "}", "30{" C O(PRINTABLE("'EXAMPLE'")) CN("16{'A'}") "}"},
        /* broken text: the same bytes, whatever the case around them */
        {"30{" CN(UTF8("'A' ff 'b'")) "}", "30{" CN(UTF8("'a' ff 'B'")) "}"},
        /* no names at all */
        {"0500", "0500"},
        {"", ""},
        {"30{0500}", "30{0500}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (!equal(pairs[i][0], pairs[i][1]))
            fail_msg("should be equal: %s  %s", pairs[i][0], pairs[i][1]);
}

static void test_different(void **state)
{
    static const char *const pairs[][2] = {
        {"30{" CN(UTF8("'a'")) "}", "30{" CN(UTF8("'b'")) "}"},
        {"30{" CN(UTF8("'a'")) "}", "30{" CN(UTF8("'aa'")) "}"},
        {"30{" CN(UTF8("'a'")) "}", "30{" O(UTF8("'a'")) "}"},
        {"30{" CN(UTF8("'a'")) "}", "30{}"},
        {"30{" CN(UTF8("'a'")) "}", "30{" CN(UTF8("'a'")) CN(UTF8("'a'")) "}"},
        {"30{" CN(UTF8("'Example CA'")) "}", "30{" CN(UTF8("'ExampleCA'")) "}"},
        /* the order of RDNs */
        {"30{" C CN(UTF8("'a'")) "}", "30{" CN(UTF8("'a'")) C "}"},
        /* one RDN of two is not two RDNs */
        {"30{" RDN(AVA("550403", UTF8("'a'")) UID("1")) "}", "30{" CN(UTF8("'a'")) RDN(UID("1")) "}"},
        {"30{" RDN(UID("1") UID("1") UID("2")) "}", "30{" RDN(UID("1") UID("2") UID("2")) "}"},
        {"30{" RDN(UID("1") UID("1")) "}", "30{" RDN(UID("1")) "}"},
        /* accents are not dropped, and not composed */
        {"30{" CN(UTF8("'e'")) "}", "30{" CN(UTF8("c3a9")) "}"},
        {"30{" CN(UTF8("'e' cc81")) "}", "30{" CN(UTF8("c3a9")) "}"},
        {"30{" CN(UTF8("c397")) "}", "30{" CN(UTF8("c3b7")) "}"}, /* multiplication, division: no letters */
        /* text is not bits, and other types count with their tag */
        {"30{" CN("0302'aa'") "}", "30{" CN("0402'aa'") "}"},
        {"30{" CN("0402'aa'") "}", "30{" CN(UTF8("'aa'")) "}"},
        {"30{" CN("0402'aa'") "}", "30{" CN("0402'AA'") "}"},
        {"30{" CN(UTF8("ff")) "}", "30{" CN("14{ff}") "}"},
        {"30{" CN(UTF8("ff")) "}", "30{" CN(UTF8("fe")) "}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (equal(pairs[i][0], pairs[i][1]))
            fail_msg("should differ: %s  %s", pairs[i][0], pairs[i][1]);
}

/* What is no name equals nothing but its own bytes. */
static void test_no_name(void **state)
{
    static const char *const pairs[][2] = {
        {"0500", "30{}"},
        {"30{0500}", "30{}"},
        {"30{" CN(UTF8("'a'")) "}00", "30{" CN(UTF8("'a'")) "}"},
        {"30{31{30{06{550403}0c0161 0500}}}", "30{31{30{06{550403}0c0141 0500}}}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct notation x = notation(pairs[i][0]), y = notation(pairs[i][1]);
        assert_false(dn_equal(notation_view(&x), notation_view(&y)));
        assert_false(dn_equal(notation_view(&y), notation_view(&x)));
        free(x.p);
        free(y.p);
    }
}

static bool within(const char *name, const char *base)
{
    struct notation x = notation(name), y = notation(base);
    bool            in = dn_within(notation_view(&x), notation_view(&y));
    free(x.p);
    free(y.p);
    return in;
}

static void test_within(void **state)
{
    const char *a = "30{" C O(UTF8("'Example'")) CN(UTF8("'a'")) "}";
    assert_true(within(a, a));
    assert_true(within(a, "30{}"));
    assert_true(within(a, "30{" C "}"));
    assert_true(within(a, "30{" C O(PRINTABLE("'EXAMPLE '")) "}"));
    assert_false(within(a, "30{" O(UTF8("'Example'")) "}"));
    assert_false(within(a, "30{" C O(UTF8("'Example'")) CN(UTF8("'a'")) CN(UTF8("'a'")) "}"));
    assert_false(within(a, "30{" C O(UTF8("'Examples'")) "}"));
    assert_false(within("30{}", "30{" C "}"));
    assert_false(within("0500", "30{}"));
    assert_false(within(a, "0500"));
}

static void text_is(const char *name, const char *want)
{
    struct notation d = notation(name);
    char            out[512];
    size_t          n = dn_text(notation_view(&d), out, sizeof out);
    assert_string_equal(out, want);
    assert_int_equal(n, strlen(want));
    for (size_t room = 0; room <= n; room++) { /* cut anywhere: terminated, and it shows */
        char  *cut = malloc(room ? room : 1);
        size_t k   = dn_text(notation_view(&d), cut, room);
        assert_int_equal(k, room ? strlen(cut) : 0);
        if (room > 4)
            assert_string_equal(cut + strlen(cut) - 3, "...");
        free(cut);
    }
    free(d.p);
}

static void test_text(void **state)
{
    /* the examples of RFC 4514 4 */
    text_is("30{" DC("net") DC("example") RDN(UID("jsmith")) "}", "UID=jsmith,DC=example,DC=net");
    text_is("30{" DC("net") DC("example") RDN(AVA("55040b", UTF8("'Sales'")) AVA("550403", UTF8("'J.  Smith'"))) "}",
            "OU=Sales+CN=J.  Smith,DC=example,DC=net");
    text_is("30{" DC("net") DC("example") CN(UTF8("'James \"Jim\" Smith, III'")) "}",
            "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net");
    text_is("30{" DC("net") DC("example") CN(UTF8("'Before' 0d 'After'")) "}", "CN=Before\\0dAfter,DC=example,DC=net");
    text_is("30{" RDN(AVA("2b060104018b3a00", "04{'Hi'}")) "}", "1.3.6.1.4.1.1466.0=#04024869");
    text_is("30{" CN(UTF8("'Lu' c48d 'i' c487")) "}", "CN=Lu\xc4\x8di\xc4\x87");
    /* what 2.4 escapes */
    text_is("30{" CN(UTF8("'#a#'")) "}", "CN=\\#a#");
    text_is("30{" CN(UTF8("' a b '")) "}", "CN=\\ a b\\ ");
    text_is("30{" CN(UTF8("' '")) "}", "CN=\\ ");
    text_is("30{" CN(UTF8("'a,b+c;d<e>f\\'")) "}", "CN=a\\,b\\+c\\;d\\<e\\>f\\\\");
    text_is("30{" CN(UTF8("00")) "}", "CN=\\00");
    /* what could deceive a reader */
    text_is("30{" CN(UTF8("'a' e280ae 'b'")) "}", "CN=a\\e2\\80\\aeb");
    text_is("30{" CN(UTF8("'a' 1b '[2J'")) "}", "CN=a\\1b[2J");
    text_is("30{" CN(UTF8("'a' ff c3")) "}", "CN=a\\ff\\c3");
    text_is("30{" CN("1e{00e4 d800 61}") "}", "CN=\xc3\xa4\\d8\\00\\61");
    text_is("30{" CN("14{'M' fc}") "}", "CN=M\xc3\xbc");
    /* the rest */
    text_is("30{}", "");
    text_is("30{" CN("03020780") "}", "CN=#03020780");
    text_is("30{" RDN(AVA("550405", PRINTABLE("'7'"))) "}", "2.5.4.5=#130137");
    text_is("0500", "#0500");
    text_is("", "#");
}

static void test_attribute(void **state)
{
    struct notation d    = notation("30{" CN(UTF8("'first'")) O(UTF8("'Example, Inc.'")) CN("1e{00e4 005c 0000}") "}");
    hf_view         name = notation_view(&d), v;
    char            out[64];
    v = dn_attribute(name, oid_bytes(OID_AT_CN));
    assert_int_equal(v.n, 6);
    dn_attribute_text(name, oid_bytes(OID_AT_CN), out, sizeof out);
    assert_string_equal(out, "\xc3\xa4\\x5c\\x00");
    dn_attribute_text(name, oid_bytes(OID_AT_O), out, sizeof out);
    assert_string_equal(out, "Example, Inc.");
    assert_int_equal(dn_attribute_text(name, oid_bytes(OID_AT_C), out, sizeof out), 0);
    assert_string_equal(out, "");
    assert_false(dn_empty(name));
    free(d.p);
}

static void test_many_rdns(void **state)
{
    char   text[4096], out[1024];
    size_t n = (size_t)sprintf(text, "30{");
    for (int i = 0; i < 40; i++)
        n += (size_t)sprintf(text + n, "31{30{06{550403}0c{'%02d'}}}", i);
    sprintf(text + n, "}");
    struct notation d = notation(text);
    dn_text(notation_view(&d), out, sizeof out);
    assert_memory_equal(out, "CN=39,CN=38,", 12);
    assert_string_equal(out + strlen(out) - 9, "CN=08,...");
    free(d.p);
}

/* Names straight from a peer, each byte changed and cut anywhere: no crash, and equal to themselves. */
static void test_any_bytes(void **state)
{
    struct notation d = notation("30{" C O(UTF8("'Example'")) RDN(UID("1") AVA("550403", "1e{00e40061}")) "}");
    char            out[64];
    for (size_t i = 0; i < d.n; i++)
        for (unsigned b = 0; b < 256; b++) {
            uint8_t old = d.p[i];
            hf_view v   = {d.p, d.n};
            d.p[i]      = (uint8_t)b;
            assert_true(dn_equal(v, v));
            dn_within(v, v);
            dn_hash(v);
            dn_empty(v);
            dn_text(v, out, sizeof out);
            dn_attribute_text(v, oid_bytes(OID_AT_CN), out, sizeof out);
            d.p[i] = old;
        }
    for (size_t n = 0; n < d.n; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        memcpy(cut, d.p, n);
        hf_view v = {cut, n};
        assert_true(dn_equal(v, v));
        assert_false(dn_within(v, v));
        dn_hash(v);
        dn_text(v, out, sizeof out);
        free(cut);
    }
    free(d.p);
}

static void test_oids(void **state)
{
    char text[64];
    for (unsigned i = 1; i < N_OIDS; i++) {
        assert_int_equal(oid_of(oid_bytes((enum oid)i)), i);
        assert_true(oid_name((enum oid)i)[0] != '\0');
        assert_true(oid_text(oid_bytes((enum oid)i), text, sizeof text) > 0);
        assert_string_equal(text, oid_name((enum oid)i));
    }
    assert_int_equal(oid_of((hf_view){NULL, 0}), OID_UNKNOWN);
    assert_int_equal(oid_of((hf_view){(const uint8_t *)"\x55\x1d\xff", 3}), OID_UNKNOWN);
    assert_int_equal(oid_of((hf_view){(const uint8_t *)"\x55\x1d\x7f", 3}), OID_UNKNOWN);
    oid_dotted(oid_bytes(OID_CE_BASIC), text, sizeof text);
    assert_string_equal(text, "2.5.29.19");
    oid_dotted(oid_bytes(OID_AT_UID), text, sizeof text);
    assert_string_equal(text, "0.9.2342.19200300.100.1.1");
    oid_dotted((hf_view){(const uint8_t *)"\x88\x37\x03", 3}, text, sizeof text);
    assert_string_equal(text, "2.999.3");
    assert_int_equal(oid_dotted(oid_bytes(OID_AT_UID), text, 12), 11);
    assert_string_equal(text, "0.9.2342...");
    oid_text((hf_view){(const uint8_t *)"\x2a\x03\x04", 3}, text, sizeof text);
    assert_string_equal(text, "1.2.3.4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),     cmocka_unit_test(test_different), cmocka_unit_test(test_no_name),
        cmocka_unit_test(test_within),    cmocka_unit_test(test_text),      cmocka_unit_test(test_attribute),
        cmocka_unit_test(test_many_rdns), cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_oids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
