/* SPDX-License-Identifier: Apache-2.0
 * tell.h - what `handfast connect` prints, on stderr: everything is what the engine recorded. */
#ifndef HF_PROG_TELL_H
#define HF_PROG_TELL_H
#include "prog/settings.h"

void tell_handshake(const hf_conn *c, int64_t took_ms);        /* version, suite, group, scheme, ALPN */
void tell_server(const hf_conn *c);                            /* who it is, proven, or the claim */
void tell_request(const hf_conn *c, const struct settings *s); /* was a certificate asked for, which was chosen */
void tell_findings(const hf_conn *c);                          /* every verdict on the server's chain */
/* Why it failed. later: after our handshake was complete. */
void tell_failure(const hf_why *w, bool later);
void tell_line(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
