/* SPDX-License-Identifier: Apache-2.0
 *
 * tell_service.h - who the client is, for HTTP services, as header lines:
 *
 *   rfc9440   Client-Cert: :BASE64:            the leaf
 *             Client-Cert-Chain: :BASE64:, ... what the client sent behind it, in its order
 *   xfcc      X-Forwarded-Client-Cert: By=..;Hash=..;Cert="..";URI=..;DNS=..;Subject=".."   as Envoy writes it
 */
#ifndef HF_PROG_TELL_SERVICE_H
#define HF_PROG_TELL_SERVICE_H
#include "base/wr.h"
#include "handfast.h"

enum http_headers { HTTP_HEADERS_OFF, HTTP_HEADERS_RFC9440, HTTP_HEADERS_XFCC };

/* Whole lines, CRLF included; none when no certificate was proven. */
void tell_service(struct wr *w, enum http_headers how, const hf_conn *c);

#endif
