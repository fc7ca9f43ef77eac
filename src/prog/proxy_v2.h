/* SPDX-License-Identifier: Apache-2.0
 *
 * proxy_v2.h - the header of the PROXY protocol, version 2, that tells the service behind who is there, in front of what
 * the client says: the addresses, and with them (2.2) what was negotiated and proven.
 *
 *   0x01 ALPN   0x02 AUTHORITY (the server name asked for)
 *   0x20 SSL    client bits: SSL always; CERT_CONN when the certificate came in this connection, CERT_SESS when there is
 *               one at all (2.2.6: a resumed session has it without CERT_CONN); verify 0 when it was proven
 *        0x21 VERSION  0x22 CN  0x23 CIPHER  0x24 SIG_ALG and 0x25 KEY_ALG of our certificate  0x26 GROUP
 *        0x27 SIG_SCHEME of our proof  0x28 CLIENT_CERT, the leaf in DER
 */
#ifndef HF_PROG_PROXY_V2_H
#define HF_PROG_PROXY_V2_H
#include "base/wr.h"
#include "handfast.h"
#include "prog/addr.h"

/* How much is told, as ghostunnel calls it: addresses; TLS without certificate; all. */
enum proxy_v2 { PROXY_V2_OFF, PROXY_V2_CONN, PROXY_V2_TLS, PROXY_V2_TLS_FULL };

/* from: the client; here: where it came in. Of another family, or a Unix socket: told as unknown. */
void proxy_v2_write(struct wr *w, enum proxy_v2 how, const hf_conn *c, const union sock_addr *from,
                    const union sock_addr *here);

#endif
