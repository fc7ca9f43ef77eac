/* SPDX-License-Identifier: Apache-2.0
 *
 * http_in.h - the requests of one client on their way to an HTTP/1.1 service: each head is written anew (http_head.h)
 * with what says who the client is, each body is framed anew from what the parser understood. Chunk extensions and
 * trailers are not passed on.
 *
 * Invariants:
 *   1. Not one byte is passed on that was not understood; what follows a fault is never looked at.
 *   2. However the bytes are cut on their way here, the same bytes come out.
 *   3. At most one head (LIMIT_HTTP_HEAD) is held back.
 */
#ifndef HF_PROG_HTTP_IN_H
#define HF_PROG_HTTP_IN_H
#include <http_parser.h>

#include "base/mem.h"
#include "prog/http_head.h"

struct http_in {
    struct mem       mem;
    struct report    rep; /* why it was refused */
    http_parser      parser;
    struct http_head now; /* the request whose body comes */
    struct wr        head, out;
    uint8_t         *lines; /* who the client is: whole header lines */
    size_t           lines_n, requests;
    bool             in_body, done, bad;
};

/* lines: copied. NULL: memory is out. */
struct http_in *http_in_new(hf_view lines);
void            http_in_free(struct http_in *h);
/* What the client says; what may go on is added to out, until that is enough for once. Returns how much was taken. bad:
 * the first fault is in rep, and nothing more is taken. */
size_t http_in_feed(struct http_in *h, hf_view bytes);

#endif
