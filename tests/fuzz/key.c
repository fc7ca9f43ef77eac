/* SPDX-License-Identifier: Apache-2.0
 * key.c - private keys and PKCS#12 files as people have them.
 *     input = form (1 byte: bit 0 PKCS#12, bit 1 there is a passphrase), the file */
#include <string.h>

#include "crypto/crypto.h"
#include "fuzz.h"

static bool pass(void *ctx, const char *file, char *out, size_t room)
{
    if (!ctx)
        return false;
    snprintf(out, room, "secret");
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct report rep;
    struct mem    m     = {0};
    struct key   *key   = NULL;
    uint8_t      *certs = NULL;
    size_t        certs_n;
    if (n == 0)
        return 0;
    always(crypto_init());
    hf_view v   = {data + 1, n - 1};
    void   *ctx = data[0] & 2 ? &m : NULL;
    report_init(&rep);
    if (data[0] & 1) {
        p12_looks_like(v);
        fuzz_judge(&rep, p12_load(v, "fuzz.p12", pass, ctx, &key, &certs, &certs_n, &m, &rep));
        mem_free(&m, certs);
    } else {
        key = key_load(v, "fuzz.key", pass, ctx, &rep);
        fuzz_judge(&rep, key != NULL);
    }
    always(m.used == 0);
    key_free(key);
    return 0;
}
