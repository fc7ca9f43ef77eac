/* SPDX-License-Identifier: Apache-2.0
 *
 * prelude.c - what is said before TLS: a PROXY header, or the words by which a plain-text protocol changes to TLS
 * (RFC 3207, RFC 9051 6.2.1, RFC 4511 4.14, PostgreSQL's SSLRequest).
 */
#include <string.h>

#include "base/text.h"
#include "prog/live.h"

static bool remember(struct live *l, const char *line, size_t n)
{
    text_printable(l->out.said, sizeof l->out.said, line, n);
    return false;
}

/* A header as it stands for a direct connection from this host (PROXY protocol, version 1). */
static bool proxy_header(struct live *l)
{
    char            line[108];
    union sock_addr here = {0}, there = {0};
    socklen_t       n = sizeof here, m = sizeof there;
    char            a[64], b[64], p[16], q[16];
    int             flags = NI_NUMERICHOST | NI_NUMERICSERV;
    bool            known = getsockname(l->fd, &here.sa, &n) == 0 && getpeername(l->fd, &there.sa, &m) == 0 &&
                 getnameinfo(&here.sa, n, a, sizeof a, p, sizeof p, flags) == 0 &&
                 getnameinfo(&there.sa, m, b, sizeof b, q, sizeof q, flags) == 0 && here.sa.sa_family != AF_UNIX;
    size_t len = known ? text_add(line, sizeof line, 0, "PROXY %s %s %s %s %s\r\n",
                                  here.sa.sa_family == AF_INET6 ? "TCP6" : "TCP4", a, b, p, q)
                       : text_add(line, sizeof line, 0, "PROXY UNKNOWN\r\n");
    return live_send_all(l, line, len);
}

/* Reads lines until one starts with `wanted`; false: another final answer (`"no"` begins it), or the end. */
static bool await_line(struct live *l, const char *wanted, const char *more)
{
    char   buf[2048];
    size_t n = 0;
    for (;;) {
        char *end = memchr(buf, '\n', n);
        if (!end) {
            long k = n < sizeof buf ? live_read_some(l, buf + n, sizeof buf - n) : -1;
            if (k <= 0)
                return false;
            n += (size_t)k;
            continue;
        }
        size_t len = (size_t)(end - buf) + 1, w = strlen(wanted), m = strlen(more);
        remember(l, buf, len - 1);
        bool go_on = m && len > m && memcmp(buf, more, m) == 0;
        if (!go_on)
            return len > w && strncasecmp(buf, wanted, w) == 0;
        n -= len;
        memmove(buf, buf + len, n);
    }
}

static bool say(struct live *l, const char *text)
{
    return live_send_all(l, text, strlen(text));
}

static bool smtp(struct live *l)
{
    return await_line(l, "220 ", "220-") && say(l, "EHLO explain.invalid\r\n") && await_line(l, "250 ", "250-") &&
           say(l, "STARTTLS\r\n") && await_line(l, "220", "");
}

static bool imap(struct live *l)
{
    return await_line(l, "* OK", "") && say(l, "a STARTTLS\r\n") && await_line(l, "a OK", "* ");
}

static bool postgres(struct live *l)
{
    static const uint8_t request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
    char                 answer;
    if (!live_send_all(l, request, sizeof request) || live_read_some(l, &answer, 1) != 1)
        return false;
    return answer == 'S' || remember(l, &answer, 1);
}

/* ExtendedRequest 1.3.6.1.4.1.1466.20037, message 1; in its answer resultCode (an ENUMERATED) must be success. */
static bool ldap(struct live *l)
{
    static const char oid[] = "1.3.6.1.4.1.1466.20037";
    uint8_t           m[64] = {0x30, 0, 0x02, 1, 1, 0x77, 0, 0x80, sizeof oid - 1}, answer[512];
    memcpy(m + 9, oid, sizeof oid - 1);
    m[6]   = 2 + sizeof oid - 1;
    m[1]   = (uint8_t)(m[6] + 5);
    long n = live_send_all(l, m, m[1] + 2u) ? live_read_some(l, answer, sizeof answer) : -1;
    for (long i = 5; i + 2 < n; i++)
        if (answer[i] == 0x0a && answer[i + 1] == 1)
            return answer[i + 2] == 0;
    return false;
}

bool prelude_speak(struct live *l)
{
    static bool (*const speak[])(struct live *) = {NULL, smtp, imap, postgres, ldap};
    return (!l->how.proxy || proxy_header(l)) && (!l->how.starttls || speak[l->how.starttls](l));
}
