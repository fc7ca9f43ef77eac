/* SPDX-License-Identifier: Apache-2.0
 *
 * rand.c - the default source of randomness. A TLS stack without randomness has nothing safe left to do,
 * so there is no failure to handle: the process ends.
 */
#include "crypto/inside.h"

#include <openssl/rand.h>
#include <stdlib.h>

static void fill(void *ctx, uint8_t *p, size_t n)
{
    while (n) {
        int part = n > 1 << 20 ? 1 << 20 : (int)n;
        if (RAND_priv_bytes(p, part) != 1)
            abort();
        p += part;
        n -= (size_t)part;
    }
}

const struct rnd rnd_libcrypto = {.fill = fill};
