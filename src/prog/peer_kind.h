/* SPDX-License-Identifier: Apache-2.0
 *
 * peer_kind.h - which TLS library a server is made with, by the order of signature algorithms in its CertificateRequest:
 * each library has its own. An operator may change the order, so this decides between causes that fit equally well,
 * and nothing else.
 */
#ifndef HF_PROG_PEER_KIND_H
#define HF_PROG_PEER_KIND_H
#include "handfast.h"

enum peer_kind { PEER_UNKNOWN, PEER_OPENSSL, PEER_GO, PEER_JAVA, PEER_GNUTLS, PEER_BORINGSSL, PEER_HANDFAST };

/* sig_algs: code points as on the wire. */
enum peer_kind peer_kind_of(hf_view sig_algs);
const char    *peer_kind_name(enum peer_kind k); /* "OpenSSL"; "" when it is not known */
/* This program, or program that a cure is for, may be made with that library. */
bool peer_kind_has(enum peer_kind k, const char *program);

#endif
