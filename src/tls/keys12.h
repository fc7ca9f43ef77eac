/* SPDX-License-Identifier: Apache-2.0
 *
 * keys12.h - the TLS 1.2 pseudo-random function and what is derived with it (RFC 5246 5, 6.3, 7.4.9;
 * RFC 7627 4: the master secret is always the extended one).
 */
#ifndef HF_TLS_KEYS12_H
#define HF_TLS_KEYS12_H
#include "tls/suite.h"

enum { MASTER_BYTES = 48, VERIFY_DATA_BYTES = 12 };

/* PRF(secret, label, a + b)[0..n). */
void prf12(enum hash_alg alg, hf_view secret, const char *label, hf_view a, hf_view b, uint8_t *out, size_t n);

#endif
