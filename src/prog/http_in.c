/* SPDX-License-Identifier: Apache-2.0
 *
 * http_in.c - see http_in.h. The parser (http_parser) is given the head as we wrote it, so that the length of the body
 * follows from the very bytes that the service reads.
 */
#include "prog/http_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

enum { OUT_ENOUGH = 64 * 1024 };

/* ---- the body ------------------------------------------------------------------------------------------- */

static void put(struct http_in *h, const char *text)
{
    wr_bytes(&h->out, text, strlen(text));
}

static int on_body(http_parser *p, const char *at, size_t n)
{
    struct http_in *h = p->data;
    char            size[24];
    if (h->now.chunked) {
        text_add(size, sizeof size, 0, "%zx\r\n", n);
        put(h, size);
    }
    wr_bytes(&h->out, at, n);
    if (h->now.chunked)
        put(h, "\r\n");
    return 0;
}

static int on_message_complete(http_parser *p)
{
    struct http_in *h = p->data;
    if (h->now.chunked)
        put(h, "0\r\n\r\n");
    h->in_body = false;
    h->done    = h->now.close;
    http_parser_pause(p, 1); /* the next head does not go there before it was written anew */
    return 0;
}

/* How many bytes the parser took; false: it found a fault. */
static bool parse(struct http_in *h, hf_view bytes, size_t *used)
{
    http_parser_settings s;
    http_parser_settings_init(&s);
    s.on_body             = on_body;
    s.on_message_complete = on_message_complete;
    *used                 = http_parser_execute(&h->parser, &s, (const char *)bytes.p, bytes.n);
    enum http_errno e     = HTTP_PARSER_ERRNO(&h->parser);
    if (e == HPE_PAUSED)
        http_parser_pause(&h->parser, 0);
    return e == HPE_OK || e == HPE_PAUSED || fail_text(&h->rep, HTTP_NOT_PARSED, 0, 0, 0, http_errno_description(e));
}

/* ---- the head ------------------------------------------------------------------------------------------- */

static bool head_complete(struct http_in *h)
{
    size_t used, start = h->out.n;
    h->requests++;
    h->in_body = true;
    if (!http_head_rewrite(&h->now, wr_done(&h->head), &h->out, &h->rep))
        return false;
    hf_view lines = {h->out.p + start, h->out.n - start};
    if (!parse(h, lines, &used))
        return false;
    wr_bytes(&h->out, h->lines, h->lines_n);
    put(h, "\r\n");
    wr_free(&h->head);
    h->head = wr_grow(&h->mem, LIMIT_HTTP_HEAD);
    return parse(h, (hf_view){(const uint8_t *)"\r\n", 2}, &used);
}

/* Every line ends in CRLF, and neither stands alone (RFC 9112 2.2). */
static bool ending_ok(struct http_in *h, uint8_t c)
{
    bool after_cr = h->head.n && h->head.p[h->head.n - 1] == '\r';
    return (c == '\n') == after_cr || fail(&h->rep, HTTP_LINE_END, 0, 0, c);
}

static bool ends_head(const struct wr *w)
{
    return w->n >= 4 && memcmp(w->p + w->n - 4, "\r\n\r\n", 4) == 0;
}

/* Takes bytes up to the empty line. */
static bool take_head(struct http_in *h, hf_view bytes, size_t *used)
{
    for (*used = 0; *used < bytes.n;) {
        uint8_t c = bytes.p[(*used)++];
        if (!ending_ok(h, c))
            return false;
        if (h->head.n == LIMIT_HTTP_HEAD)
            return fail(&h->rep, HTTP_HEAD_LARGE, 0, LIMIT_HTTP_HEAD, LIMIT_HTTP_HEAD + 1);
        wr_u8(&h->head, c);
        if (h->head.n == 2 && c == '\n') /* RFC 9112 2.2: an empty line in front of the request is skipped */
            h->head.n = 0;
        if (c == '\n' && ends_head(&h->head))
            return head_complete(h);
    }
    return true;
}

/* ---- the stream ----------------------------------------------------------------------------------------- */

size_t http_in_feed(struct http_in *h, hf_view bytes)
{
    size_t at = 0;
    while (at < bytes.n && !h->bad && !h->done && h->out.n < OUT_ENOUGH) {
        size_t  used = 0;
        hf_view rest = {bytes.p + at, bytes.n - at};
        h->bad       = h->in_body ? !parse(h, rest, &used) : !take_head(h, rest, &used);
        if (h->head.full || h->out.full)
            h->bad = !fail(&h->rep, HTTP_NO_MEMORY, 0, 0, 0);
        at += used;
    }
    return h->done && !h->bad ? bytes.n : at; /* behind "Connection: close" nothing means anything */
}

struct http_in *http_in_new(hf_view lines)
{
    struct http_in *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    report_init(&h->rep);
    http_parser_init(&h->parser, HTTP_REQUEST);
    h->parser.data = h;
    h->head        = wr_grow(&h->mem, LIMIT_HTTP_HEAD);
    h->out         = wr_grow(&h->mem, LIMIT_HTTP_OUT);
    h->lines       = mem_copy(&h->mem, lines.p ? lines.p : (const uint8_t *)"", lines.n ? lines.n : 1);
    h->lines_n     = lines.n;
    if (h->lines)
        return h;
    http_in_free(h);
    return NULL;
}

void http_in_free(struct http_in *h)
{
    if (!h)
        return;
    wr_free(&h->head);
    wr_free(&h->out);
    mem_free(&h->mem, h->lines);
    free(h);
}
