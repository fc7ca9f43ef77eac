/* SPDX-License-Identifier: Apache-2.0
 *
 * http_head.h - the head of one HTTP/1.1 request (RFC 9112 2 to 3, 5 to 7), read strictly and written anew, so that the
 * service behind and we cannot read it differently.
 *
 *   refused    a line that does not end in CRLF; a folded line; white space in or behind a name; a control character;
 *              two Host or Content-Length; Content-Length with Transfer-Encoding; a coding that is not just chunked;
 *              the same names spelled differently (Content_Length); CONNECT; Connection that names what we rely on
 *   left out   what says who the client is, in any spelling (client-cert, CLIENT_CERT, ...): only we say that;
 *              what is between the client and us alone: Upgrade, Keep-Alive, TE, Trailer, and what Connection names
 *   kept       everything else, in its order
 */
#ifndef HF_PROG_HTTP_HEAD_H
#define HF_PROG_HTTP_HEAD_H
#include "base/why.h"
#include "base/wr.h"

struct http_head {
    bool chunked; /* the body */
    bool close;   /* no request follows */
};

/* head: from the request line to the empty line, which are there. Writes the lines without the empty one. */
bool http_head_rewrite(struct http_head *h, hf_view head, struct wr *out, struct report *rep);

#endif
