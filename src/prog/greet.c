/* SPDX-License-Identifier: Apache-2.0
 *
 * greet.c - what the service behind a server is told of the client before it speaks: a PROXY header, or for HTTP the
 * reader that adds to each request who it comes from.
 */
#include <string.h>

#include "base/limits.h"
#include "prog/proxy_in.h"
#include "prog/proxy_v2.h"
#include "prog/tell_service.h"

enum { GREETING_MAX = 64 * 1024 + 64 };

static bool proxy_header(struct proxy *p, enum proxy_v2 how)
{
    union sock_addr from = {0}, here = {0};
    socklen_t       len = sizeof here;
    memcpy(&from, &p->from.at, sizeof p->from.at);
    getsockname(p->tls.fd, &here.sa, &len);
    p->first = wr_grow(&p->mem, GREETING_MAX);
    proxy_v2_write(&p->first, how, p->conn, &from, &here);
    return !p->first.full;
}

static bool http_reader(struct proxy *p, enum http_headers how)
{
    struct mem m     = {0};
    struct wr  lines = wr_grow(&m, LIMIT_HTTP_LINES);
    tell_service(&lines, how, p->conn);
    p->http = lines.full ? NULL : http_in_new(wr_done(&lines));
    wr_free(&lines);
    return p->http;
}

bool greet(struct proxy *p)
{
    const struct settings *s = gate_of(p)->set;
    if (s->proxy_protocol && !proxy_header(p, s->proxy_mode ? (enum proxy_v2)s->proxy_mode : PROXY_V2_TLS_FULL))
        return false;
    return !s->http_headers || http_reader(p, (enum http_headers)s->http_headers);
}
