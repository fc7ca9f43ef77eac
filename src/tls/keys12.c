/* SPDX-License-Identifier: Apache-2.0 */
#include "keys12.h"

#include <string.h>

#include "base/ct.h"
#include "base/wr.h"

/* P_hash (5): A(0) = seed, A(i) = HMAC(secret, A(i-1)); output HMAC(secret, A(1) + seed) + ... */
void prf12(enum hash_alg alg, hf_view secret, const char *label, hf_view a, hf_view b, uint8_t *out, size_t n)
{
    uint8_t   room[HASH_MAX + 512], block[HASH_MAX];
    size_t    h = hash_len(alg);
    struct wr w = wr_fixed(room, sizeof room); /* A(i), label, seed */
    wr_room(&w, h);
    wr_bytes(&w, label, strlen(label));
    wr_view(&w, a);
    wr_view(&w, b);
    hmac(alg, secret, (hf_view){room + h, w.n - h}, room);
    while (n > 0) {
        size_t part = n < h ? n : h;
        hmac(alg, secret, (hf_view){room, w.n}, block);
        memcpy(out, block, part);
        hmac(alg, secret, (hf_view){room, h}, block);
        memcpy(room, block, h);
        out += part;
        n -= part;
    }
    ct_wipe(room, sizeof room);
    ct_wipe(block, sizeof block);
}
