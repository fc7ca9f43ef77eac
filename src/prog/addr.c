/* SPDX-License-Identifier: Apache-2.0
 *
 * addr.c - see addr.h.
 *
 * Several loops listen on one port with SO_REUSEPORT. The first socket is bound without it, so that a port that
 * another process holds is noticed even if that process shares it, and gets the option before it listens.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 1024, KEEP_IDLE_S = 60, KEEP_INTERVAL_S = 15, KEEP_PROBES = 4 };

const char *addr_split(struct addr *a, const char *text)
{
    memset(a, 0, sizeof *a);
    a->text = text;
    if (strncmp(text, "unix:", 5) == 0) {
        a->is_unix = true;
        return text[5] && strlen(text + 5) < sizeof a->at[0].un.sun_path ? NULL : "the path is empty or too long";
    }
    const char *colon = strrchr(text, ':'), *host = text, *host_end = colon;
    if (!colon || !colon[1] || strlen(colon + 1) >= sizeof a->port ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return "a port is missing; write HOST:PORT, [IPv6]:PORT or unix:PATH";
    if (*text == '[') {
        host++;
        host_end = strchr(text, ']');
        if (!host_end || host_end + 1 != colon)
            return "write an IPv6 address as [ADDRESS]:PORT";
    } else if (memchr(text, ':', (size_t)(colon - text)))
        return "write an IPv6 address as [ADDRESS]:PORT";
    if ((size_t)(host_end - host) >= sizeof a->host)
        return "the host name is too long";
    memcpy(a->host, host, (size_t)(host_end - host));
    memcpy(a->port, colon + 1, strlen(colon + 1) + 1);
    return strtol(a->port, NULL, 10) > 65535 ? "a port is a number up to 65535" : NULL;
}

static void resolve_unix(struct addr *a)
{
    a->n                   = 1;
    a->at[0].un.sun_family = AF_UNIX;
    memcpy(a->at[0].un.sun_path, a->text + 5, strlen(a->text + 5) + 1);
    a->len[0] = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(a->text + 5) + 1);
}

/* This host has the family at all; one address of "localhost" may be of a family that is switched off. */
static bool has_family(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void add(struct addr *a, const struct addrinfo *ai)
{
    if (a->n == ADDR_MAX || ai->ai_addrlen > sizeof a->at[0] || !has_family(ai->ai_family))
        return;
    memcpy(&a->at[a->n], ai->ai_addr, ai->ai_addrlen);
    a->len[a->n++] = ai->ai_addrlen;
}

bool addr_resolve(struct addr *a, bool passive, struct report *rep)
{
    struct addrinfo  how = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)};
    struct addrinfo *found;
    a->n = 0;
    if (a->is_unix) {
        resolve_unix(a);
        return true;
    }
    int e = getaddrinfo(a->host[0] ? a->host : NULL, a->port, &how, &found);
    if (e) {
        char text[160];
        text_add(text, sizeof text, 0, "%s: %s", a->text, e == EAI_SYSTEM ? strerror(errno) : gai_strerror(e));
        return fail_text(rep, NAME_UNRESOLVED, 0, 0, 0, text);
    }
    for (const struct addrinfo *ai = found; ai; ai = ai->ai_next)
        add(a, ai);
    freeaddrinfo(found);
    return a->n > 0 || fail_text(rep, NAME_UNUSABLE, 0, 0, 0, a->text);
}

static bool is_local(const union sock_addr *at)
{
    const struct sockaddr_in  *v4 = (const struct sockaddr_in *)(const void *)at;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)at;
    switch (at->sa.sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    default:
        return false;
    }
}

bool addr_is_local(const struct addr *a)
{
    for (unsigned i = 0; i < a->n; i++)
        if (!is_local(&a->at[i]))
            return false;
    return true;
}

static int listen_failed(int fd, const struct addr *a, struct report *rep)
{
    int  e = errno;
    char text[160];
    if (fd >= 0)
        close(fd);
    text_add(text, sizeof text, 0, "%s: %s", a->text, strerror(e));
    fail_text(rep,
              e == EADDRINUSE             ? LISTEN_IN_USE
              : e == EACCES || e == EPERM ? LISTEN_FORBIDDEN
                                          : LISTEN_FAILED,
              0, 0, 0, text);
    return -1;
}

/* A socket file that nobody listens on any more is left over from an earlier run. */
static void remove_left_over(const struct addr *a)
{
    struct stat st;
    const char *path = a->at[0].un.sun_path;
    if (stat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, &a->at[0].sa, a->len[0]) != 0 && errno == ECONNREFUSED)
        unlink(path);
    if (fd >= 0)
        close(fd);
}

/* The port that the system chose for port 0 holds for all addresses and all sockets after it. */
static void keep_port(struct addr *a, int fd)
{
    struct sockaddr_in6 got = {0};
    socklen_t           len = sizeof got;
    if (a->is_unix || strtol(a->port, NULL, 10) != 0 || getsockname(fd, (struct sockaddr *)&got, &len) != 0)
        return;
    for (unsigned i = 0; i < a->n; i++)
        ((struct sockaddr_in6 *)(void *)&a->at[i])->sin6_port = got.sin6_port; /* where sin_port is too */
}

int addr_listen(struct addr *a, unsigned i, bool first, bool shared, struct report *rep)
{
    const int on = 1;
    int       fd = socket(a->at[i].sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return listen_failed(fd, a, rep);
    if (a->is_unix)
        remove_left_over(a);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->at[i].sa.sa_family == AF_INET6 && a->n > 1)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (shared && !first)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, &a->at[i].sa, a->len[i]) != 0)
        return listen_failed(fd, a, rep);
    if (shared && first)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (listen(fd, BACKLOG) != 0)
        return listen_failed(fd, a, rep);
    keep_port(a, fd);
    return fd;
}

int addr_dial(const struct addr *a, unsigned i)
{
    int fd = socket(a->at[i].sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, &a->at[i].sa, a->len[i]) == 0 || errno == EINPROGRESS)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

int addr_dialled(int fd)
{
    int       e   = 0;
    socklen_t len = sizeof e;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == 0 ? e : errno;
}

void addr_tune(int fd)
{
    const int on = 1, idle = KEEP_IDLE_S, interval = KEEP_INTERVAL_S, probes = KEEP_PROBES;
    /* On a Unix socket these fail, and nothing is lost. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

hf_view addr_ip(const union sock_addr *at)
{
    const struct sockaddr_in  *v4 = (const void *)at;
    const struct sockaddr_in6 *v6 = (const void *)at;
    if (at->sa.sa_family == AF_INET)
        return (hf_view){(const uint8_t *)&v4->sin_addr, sizeof v4->sin_addr};
    if (at->sa.sa_family == AF_INET6)
        return (hf_view){(const uint8_t *)&v6->sin6_addr, sizeof v6->sin6_addr};
    return (hf_view){NULL, 0};
}

char *addr_text(const union sock_addr *at, socklen_t len, char out[static ADDR_TEXT])
{
    char host[64], port[8];
    if (at->sa.sa_family == AF_UNIX) {
        size_t at_path = offsetof(struct sockaddr_un, sun_path);
        size_t n       = len > at_path ? strnlen(at->un.sun_path, len - at_path) : 0;
        size_t k       = text_add(out, ADDR_TEXT, 0, "unix:");
        text_printable(out + k, ADDR_TEXT - k, at->un.sun_path, n);
    } else if (getnameinfo(&at->sa, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        text_add(out, ADDR_TEXT, 0, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    else
        text_add(out, ADDR_TEXT, 0, "?");
    return out;
}

char *addr_text_here(int fd, char out[static ADDR_TEXT])
{
    union sock_addr at  = {0};
    socklen_t       len = sizeof at;
    if (getsockname(fd, &at.sa, &len) != 0)
        len = 0;
    return addr_text(&at, len, out);
}

char *addr_text_peer(int fd, char out[static ADDR_TEXT])
{
    union sock_addr at  = {0};
    socklen_t       len = sizeof at;
    if (getpeername(fd, &at.sa, &len) != 0)
        len = 0;
    return addr_text(&at, len, out);
}
