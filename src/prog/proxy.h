/* SPDX-License-Identifier: Apache-2.0
 * proxy.h - one connection that passes through: a TLS side, a plain side, the engine between them. */
#ifndef HF_PROG_PROXY_H
#define HF_PROG_PROXY_H
#include "prog/loop.h"

/* Takes an accepted socket: the TLS side of a server, the plain side of a client. */
void proxy_new(struct worker *w, int take_fd, const union sock_addr *from, socklen_t len);
/* Ends it now, for the program stops. */
void proxy_cut(struct proxy *p);
/* An open connection may not stay: the peer gets the alert of the check, the plain side is reset, the line says why. */
void proxy_turn_out(struct proxy *p, const hf_why *why);
/* The same with close_notify, and with the time to read it. */
void proxy_see_out(struct proxy *p, const hf_why *why);
/* Where it came from. Returns out. */
char *proxy_from(const struct proxy *p, char out[static ADDR_TEXT]);
/* The connection behind p in its worker's list. */
struct proxy *proxy_next(const struct proxy *p);

#endif
