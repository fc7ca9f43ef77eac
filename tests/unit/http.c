/* SPDX-License-Identifier: Apache-2.0
 *
 * http.c - requests on their way to a service: what passes, what is left out, what is refused, and that it does not
 * depend on how the bytes are cut. The header X-Id stands for what says who the client is.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "prog/http_in.h"

#define ID   "Client-Cert: :aWQ=:\r\n"
#define GET  "GET /a HTTP/1.1\r\nHost: x\r\n"
#define POST "POST /a HTTP/1.1\r\nHost: x\r\n"

static hf_view view(const char *text)
{
    return (hf_view){(const uint8_t *)text, strlen(text)};
}

/* All of it through the filter, cut at one place or (step) into pieces; the output is collected. */
struct passed {
    char     out[70000];
    size_t   n;
    uint16_t check;
};

static void feed(struct http_in *h, struct passed *p, hf_view v)
{
    while (v.n && !h->bad) {
        size_t took = http_in_feed(h, v);
        assert_true(took > 0 || h->bad);
        v = (hf_view){v.p + took, v.n - took};
        assert_true(p->n + h->out.n < sizeof p->out);
        if (!h->bad && h->out.n) {
            memcpy(p->out + p->n, h->out.p, h->out.n);
            p->n += h->out.n;
        }
        h->out.n = 0;
    }
}

static void pass(struct passed *p, hf_view v, size_t first, size_t step)
{
    struct http_in *h = http_in_new(view(ID));
    assert_non_null(h);
    p->n = 0;
    feed(h, p, (hf_view){v.p, first < v.n ? first : v.n});
    for (size_t at = first; at < v.n; at += step)
        feed(h, p, (hf_view){v.p + at, v.n - at < step ? v.n - at : step});
    p->out[p->n] = '\0';
    p->check     = h->rep.why.check;
    http_in_free(h);
}

static struct passed whole, cut;

static const char *named(uint16_t check)
{
    return hf_check_info_of(check)->name;
}

/* What passes does not depend on the cuts; of a refused request nothing passes. */
static void same_however_cut(hf_view v)
{
    pass(&whole, v, v.n, 1);
    for (size_t first = 0; first <= v.n; first++) {
        pass(&cut, v, first, v.n);
        if (cut.check != whole.check)
            fail_msg("cut at %zu of \"%.*s\": %s instead of %s", first, (int)v.n, v.p, named(cut.check),
                     named(whole.check));
    }
    pass(&cut, v, 0, 1);
    assert_int_equal(cut.check, whole.check);
}

static void requests_pass(void **state)
{
    static const char *const t[][2] = {
        {GET "\r\n", GET ID "\r\n"},
        {"GET /a HTTP/1.1\r\nHOST:x\r\nA:  b c\t\r\n\r\n", "GET /a HTTP/1.1\r\nHOST: x\r\nA: b c\r\n" ID "\r\n"},
        {"\r\n\r\n" GET "\r\n", GET ID "\r\n"},
        {POST "Content-Length: 5\r\n\r\nhello", POST "Content-Length: 5\r\n" ID "\r\nhello"},
        {POST "Content-Length: 0\r\n\r\n" GET "\r\n", POST "Content-Length: 0\r\n" ID "\r\n" GET ID "\r\n"},
        {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n" ID "\r\n"},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n" ID "\r\n"},
        {GET "\r\n" GET "\r\n" GET "\r\n", GET ID "\r\n" GET ID "\r\n" GET ID "\r\n"}, /* pipelining */
        {GET "Connection: close\r\n\r\n" GET "\r\n", GET "Connection: close\r\n" ID "\r\n"},
        {GET "Connection: x-a , close\r\nX-A: 1\r\nX-B: 2\r\n\r\n", GET "X-B: 2\r\nConnection: close\r\n" ID "\r\n"},
        /* what says who the client is, in every spelling */
        {GET "Client-Cert: :bGll:\r\nClient-Cert-Chain: :bGll:\r\n\r\n", GET ID "\r\n"},
        {GET "CLIENT-CERT: :bGll:\r\nclient_cert: x\r\nClient.Cert: x\r\n\r\n", GET ID "\r\n"},
        {GET "X-Forwarded-Client-Cert: x\r\nX_Forwarded_Client_Cert: x\r\nx-forwarded_client-cert:\r\n\r\n",
         GET ID "\r\n"},
        {GET "Client-Certificate: kept\r\n\r\n", GET "Client-Certificate: kept\r\n" ID "\r\n"},
        /* upgrades are between the client and us: the service hears an ordinary request */
        {GET "Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n", GET ID "\r\n"},
        {GET "Upgrade: websocket\r\nConnection: upgrade\r\n\r\n" GET "\r\n", GET ID "\r\n" GET ID "\r\n"},
        {GET "TE: trailers\r\nKeep-Alive: x\r\nProxy-Connection: x\r\n\r\n", GET ID "\r\n"},
        {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n" ID "\r\n"},
        {GET "A: b\xc3\xbc\r\n\r\n", GET "A: b\xc3\xbc\r\n" ID "\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        same_however_cut(view(t[i][0]));
        pass(&cut, view(t[i][0]), 0, 1);
        if (whole.check || strcmp(whole.out, t[i][1]) != 0)
            fail_msg("%s\n-> %s\n%s\ninstead of\n%s", t[i][0], named(whole.check), whole.out, t[i][1]);
        if (strcmp(whole.out, cut.out) != 0)
            fail_msg("byte by byte it is\n%s", cut.out);
    }
}

/* Chunks may come cut differently; what they hold must not. */
static void chunks_are_framed_anew(void **state)
{
    static const char *const t[][2] = {
        {"5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"},
        {"5;ext=\"x\"\r\nhello\r\n0;last\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"},
        {"0005\r\nhello\r\n000\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"},
        {"A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n"},
        {"1\r\nx\r\n0\r\nClient-Cert: :bGll:\r\nX: y\r\n\r\n", "1\r\nx\r\n0\r\n\r\n"}, /* trailers */
        {"0\r\n\r\n", "0\r\n\r\n"},
    };
    static const char head[]  = POST "Transfer-Encoding: chunked\r\n";
    static const char after[] = GET "\r\n";
    char              in[512], out[512];
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        snprintf(in, sizeof in, "%s\r\n%s%s", head, t[i][0], after);
        snprintf(out, sizeof out, "%s" ID "\r\n%s%s" ID "\r\n", head, t[i][1], GET);
        same_however_cut(view(in));
        pass(&whole, view(in), strlen(in), 1);
        if (whole.check || strcmp(whole.out, out) != 0)
            fail_msg("%s\n-> %s\n%s\ninstead of\n%s", in, named(whole.check), whole.out, out);
    }
}

static void requests_refused(void **state)
{
    static const struct {
        const char *in;
        uint16_t    check;
    } t[] = {
        {"GET /a HTTP/1.1\nHost: x\n\n", HF_CHK_HTTP_LINE_END},
        {GET "A: b\n\r\n", HF_CHK_HTTP_LINE_END},
        {GET "A: b\rClient-Cert: x\r\n\r\n", HF_CHK_HTTP_LINE_END},
        {GET "A: b\r\r\n\r\n", HF_CHK_HTTP_LINE_END},
        {GET "A: b\r\n folded\r\n\r\n", HF_CHK_HTTP_FOLDED},
        {GET "A: b\r\n\tClient-Cert: x\r\n\r\n", HF_CHK_HTTP_FOLDED},
        {GET "Client-Cert : x\r\n\r\n", HF_CHK_HTTP_FIELD_NAME},
        {GET "Client-Cert\t: x\r\n\r\n", HF_CHK_HTTP_FIELD_NAME},
        {GET "Client Cert: x\r\n\r\n", HF_CHK_HTTP_FIELD_NAME},
        {GET ": x\r\n\r\n", HF_CHK_HTTP_FIELD_NAME},
        {GET "nothing\r\n\r\n", HF_CHK_HTTP_FIELD_NAME},
        {GET "A\x01: x\r\n\r\n", HF_CHK_HTTP_FIELD_NAME},
        {GET "A\xc3\xbc: x\r\n\r\n", HF_CHK_HTTP_FIELD_NAME},
        {GET "A: \x01\r\n\r\n", HF_CHK_HTTP_FIELD_VALUE},
        {GET "A: \x7f\r\n\r\n", HF_CHK_HTTP_FIELD_VALUE},
        {"GET /a\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE}, /* HTTP/0.9 */
        {"GET  /a HTTP/1.1\r\nHost: x\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE},
        {"GET /a HTTP/1.1 \r\nHost: x\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE},
        {"GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE},
        {"GET /a HTTP/1.2\r\nHost: x\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE},
        {"GET /a HTTP/2.0\r\nHost: x\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE},
        {" GET /a HTTP/1.1\r\nHost: x\r\n\r\n", HF_CHK_HTTP_REQUEST_LINE},
        {"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", HF_CHK_HTTP_CONNECT_METHOD},
        {POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HF_CHK_HTTP_FRAMING},
        {POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", HF_CHK_HTTP_FRAMING},
        {POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", HF_CHK_HTTP_FRAMING},
        {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HF_CHK_HTTP_FRAMING},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HF_CHK_HTTP_FRAMING},
        {POST "Content-Length: 5, 5\r\n\r\nhello", HF_CHK_HTTP_LENGTH},
        {POST "Content-Length: +5\r\n\r\nhello", HF_CHK_HTTP_LENGTH},
        {POST "Content-Length: 0x5\r\n\r\nhello", HF_CHK_HTTP_LENGTH},
        {POST "Content-Length: -1\r\n\r\n", HF_CHK_HTTP_LENGTH},
        {POST "Content-Length: 99999999999999999999\r\n\r\n", HF_CHK_HTTP_LENGTH},
        {POST "Content-Length:\r\n\r\n", HF_CHK_HTTP_LENGTH},
        {POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", HF_CHK_HTTP_CODING},
        {POST "Transfer-Encoding: identity\r\n\r\n", HF_CHK_HTTP_CODING},
        {POST "Transfer-Encoding: chunked, identity\r\n\r\n", HF_CHK_HTTP_CODING},
        {POST "Transfer-Encoding: xchunked\r\n\r\n", HF_CHK_HTTP_CODING},
        {POST "Transfer-Encoding:\x0b"
              "chunked\r\n\r\n",
         HF_CHK_HTTP_FIELD_VALUE},
        {POST "Content_Length: 5\r\n\r\nhello", HF_CHK_HTTP_FIELD_ALIAS},
        {POST "Transfer.Encoding: chunked\r\n\r\n", HF_CHK_HTTP_FIELD_ALIAS},
        {"GET / HTTP/1.1\r\n\r\n", HF_CHK_HTTP_HOST},
        {GET "Host: y\r\n\r\n", HF_CHK_HTTP_HOST},
        {GET "Connection: close, Client-Cert\r\n\r\n", HF_CHK_HTTP_CONNECTION_OPTION},
        {GET "Connection: client_cert\r\n\r\n", HF_CHK_HTTP_CONNECTION_OPTION},
        {GET "Connection: Content-Length\r\n\r\n", HF_CHK_HTTP_CONNECTION_OPTION},
        {POST "Transfer-Encoding: chunked\r\n\r\nx\r\n", HF_CHK_HTTP_NOT_PARSED},
        {POST "Transfer-Encoding: chunked\r\n\r\n-1\r\n", HF_CHK_HTTP_NOT_PARSED},
        {POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", HF_CHK_HTTP_NOT_PARSED},
        {"NONSENSE /a HTTP/1.1\r\nHost: x\r\n\r\n", HF_CHK_HTTP_NOT_PARSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        same_however_cut(view(t[i].in));
        if (whole.check != t[i].check)
            fail_msg("%s\n-> %s instead of %s", t[i].in, named(whole.check), named(t[i].check));
        if (t[i].check != HF_CHK_HTTP_NOT_PARSED)
            assert_string_equal(whole.out, "");
    }
}

static void nul_is_refused(void **state)
{
    static const char in[] = GET "A: b\0c\r\n\r\n", name[] = GET "A\0: b\r\n\r\n";
    (void)state;
    pass(&whole, (hf_view){(const uint8_t *)in, sizeof in - 1}, sizeof in - 1, 1);
    assert_int_equal(whole.check, HF_CHK_HTTP_FIELD_VALUE);
    pass(&whole, (hf_view){(const uint8_t *)name, sizeof name - 1}, sizeof name - 1, 1);
    assert_int_equal(whole.check, HF_CHK_HTTP_FIELD_NAME);
}

/* A request with a body that is a request: it stays a body. */
static void nothing_is_smuggled(void **state)
{
    static const char inner[] = "GET /admin HTTP/1.1\r\nHost: x\r\nClient-Cert: :bGll:\r\n\r\n";
    char              in[512];
    (void)state;
    snprintf(in, sizeof in, POST "Content-Length: %zu\r\n\r\n%s" GET "\r\n", strlen(inner), inner);
    same_however_cut(view(in));
    const char *first = strstr(whole.out, ID), *body = strstr(whole.out, inner);
    assert_non_null(first);
    assert_ptr_equal(body, strstr(whole.out, "\r\n\r\n") + 4);
    assert_non_null(strstr(body + strlen(inner), ID));
}

static void large_heads(void **state)
{
    static char in[LIMIT_HTTP_HEAD + 200];
    size_t      n = (size_t)snprintf(in, sizeof in, GET "A: ");
    (void)state;
    memset(in + n, 'a', LIMIT_HTTP_HEAD - n - 4);
    memcpy(in + LIMIT_HTTP_HEAD - 4, "\r\n\r\n", 5);
    pass(&whole, view(in), strlen(in), 1);
    assert_int_equal(whole.check, 0);
    memset(in + LIMIT_HTTP_HEAD - 4, 'a', 4);
    memcpy(in + LIMIT_HTTP_HEAD, "\r\n\r\n", 5);
    pass(&whole, view(in), strlen(in), 1);
    assert_int_equal(whole.check, HF_CHK_HTTP_HEAD_LARGE);
}

/* Many small requests in one go: what comes out at once is bounded. */
static void output_is_bounded(void **state)
{
    static char     in[16384], big[40000];
    size_t          n = 0;
    struct http_in *h;
    (void)state;
    memset(big, 'x', sizeof big);
    h = http_in_new((hf_view){(const uint8_t *)big, sizeof big});
    while (n + 40 < sizeof in)
        n += (size_t)snprintf(in + n, sizeof in - n, GET "\r\n");
    for (size_t at = 0; at < n;) {
        size_t took = http_in_feed(h, (hf_view){(const uint8_t *)in + at, n - at});
        assert_true(took > 0 && !h->bad && h->out.n < 64 * 1024 + sizeof big + 100);
        at += took;
        h->out.n = 0;
    }
    http_in_free(h);
}

/* Whatever a client sends: the same passes however it is cut, and of who it is only we speak. */
static void mutations(void **state)
{
    static const char seed[] = GET "A: b\r\nClient-Cert: x\r\n\r\n" POST "Content-Length: 3\r\n\r\nabc" POST
                                   "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    static const char spice[] = "\r\n\t :_-,;0aC\x01\xff";
    uint8_t           in[sizeof seed];
    unsigned          good = 0;
    (void)state;
    srand(3);
    for (int round = 0; round < 20000; round++) {
        memcpy(in, seed, sizeof in);
        for (int k = rand() % 4; k >= 0; k--)
            in[rand() % (int)(sizeof seed - 1)] = (uint8_t)spice[rand() % (int)(sizeof spice - 1)];
        hf_view v = {in, sizeof seed - 1};
        pass(&whole, v, v.n, 1);
        pass(&cut, v, (size_t)rand() % v.n, 1 + (size_t)rand() % 9);
        assert_int_equal(whole.check, cut.check);
        good += whole.check == 0;
        for (char *at = whole.out; (at = strcasestr(at, "\nclient")); at++)
            if (text_same(at + 7, "-cert:", 6) || text_same(at + 7, "_cert:", 6))
                assert_true(strncmp(at + 1, ID, strlen(ID)) == 0);
    }
    assert_in_range(good, 500, 19500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_pass),       cmocka_unit_test(chunks_are_framed_anew),
        cmocka_unit_test(requests_refused),    cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(nothing_is_smuggled), cmocka_unit_test(large_heads),
        cmocka_unit_test(output_is_bounded),   cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
