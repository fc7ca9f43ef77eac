/* SPDX-License-Identifier: Apache-2.0
 *
 * psk.h - external pre-shared keys, imported (RFC 9258): what is offered is not the key that was given but one derived
 * from it for TLS 1.3 and one hash, so that a key meets one use only. Selfies of RFC 9257 4.1 are met by the context.
 */
#ifndef HF_TLS_PSK_H
#define HF_TLS_PSK_H
#include "tls/keys13.h"

enum { PSKS_MAX = 4, PSK_KDFS = 2, PSK_KEY_MIN = 16, PSK_IDENTITY_MAX = 1024, PSKS_OFFERED = 1 + PSKS_MAX * PSK_KDFS };

struct psk {
    hf_view identity; /* as it was given */
    struct {
        enum hash_alg hash;     /* of the suites it goes with */
        hf_view       identity; /* ImportedIdentity */
        struct secret key;
    } imported[PSK_KDFS];
};

/* Derives what is offered; false: the identity is empty or long, the key short, the hash unknown, or memory is out. */
bool psk_import(struct psk *p, hf_view identity, hf_view context, hf_view key, unsigned hash_bits, struct mem *m);
void psk_drop(struct psk *p, struct mem *m);

#endif
