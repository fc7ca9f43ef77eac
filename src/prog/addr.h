/* SPDX-License-Identifier: Apache-2.0
 *
 * addr.h - where to listen and whom to reach: HOST:PORT, [v6]:PORT, :PORT, unix:PATH; and the sockets for it.
 * All sockets are non-blocking and closed on exec.
 */
#ifndef HF_PROG_ADDR_H
#define HF_PROG_ADDR_H
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/why.h"

enum { ADDR_MAX = 8, ADDR_TEXT = 128 };

union sock_addr {
    struct sockaddr         sa;
    struct sockaddr_un      un;
    struct sockaddr_storage ss;
};

struct addr {
    const char     *text; /* as given */
    bool            is_unix;
    char            host[256], port[16]; /* of text */
    unsigned        n;
    union sock_addr at[ADDR_MAX];
    socklen_t       len[ADDR_MAX];
};

/* Takes text apart without looking anything up. NULL, or what is wrong with it. */
const char *addr_split(struct addr *a, const char *text);
/* Looks the name up (blocking). passive: to listen on it. */
bool addr_resolve(struct addr *a, bool passive, struct report *rep);
/* All its addresses are on this very host: loopback or a Unix socket. */
bool addr_is_local(const struct addr *a);

/* A listening socket for the i-th address. shared: others of this process may listen there too, and when first is
 * false one does. text: where it listens (the port chosen for port 0). -1: rep says why. */
int addr_listen(struct addr *a, unsigned i, bool first, bool shared, struct report *rep);
/* Starts to connect: the socket, or -1 with errno. */
int addr_dial(const struct addr *a, unsigned i);
/* The outcome of a started connect that became writable: 0 or an errno. */
int addr_dialled(int fd);
/* No delay, and keepalive probes that notice a dead peer within some minutes. */
void addr_tune(int fd);
/* The bytes of an IPv4 or IPv6 address, as long as at; empty for a Unix socket. */
hf_view addr_ip(const union sock_addr *at);
/* "127.0.0.1:443", "[::1]:443", "unix:/path" of a socket's own side or of its peer. Returns out. */
char *addr_text(const union sock_addr *at, socklen_t len, char out[static ADDR_TEXT]);
char *addr_text_here(int fd, char out[static ADDR_TEXT]);
char *addr_text_peer(int fd, char out[static ADDR_TEXT]);

#endif
