/* SPDX-License-Identifier: Apache-2.0
 * records.c - the record layer over a run of bytes: plaintext, TLS 1.3, and both forms of TLS 1.2.
 *     input = form (1 byte), bytes of the wire */
#include <string.h>

#include "fuzz.h"
#include "tls/rec.h"

static struct rec_dir direction(unsigned form)
{
    static const uint8_t key[AEAD_KEY_MAX] = {0};
    struct secret        s                 = {{0}};
    struct rec_dir       d                 = {0};
    always(crypto_init());
    switch (form & 3) {
    case 1:
        always(rec_key(&d, suite_of(0x1301), &s, false));
        break;
    case 2:
        always(rec_key12(&d, suite_of(0xc02b), key, key, false));
        break;
    case 3:
        always(rec_key12(&d, suite_of(0xcca9), key, key, false));
        break;
    default:
        break;
    }
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct report rep;
    struct record r;
    uint8_t      *wire = malloc(n ? n : 1);
    if (n == 0 || !wire) {
        free(wire);
        return 0;
    }
    struct rec_dir d = direction(data[0]);
    memcpy(wire, data + 1, --n);
    report_init(&rep);
    enum rec_got got = REC_WHOLE;
    for (size_t at = 0; got == REC_WHOLE && at < n; at += r.whole) {
        got = rec_open(&d, wire + at, n - at, at == 0, &r, &rep);
        if (got != REC_WHOLE)
            break;
        always(r.whole >= REC_HEADER && r.whole <= n - at);
        always(r.body.n <= LIMIT_RECORD_PLAINTEXT && r.body.p >= wire + at &&
               r.body.p + r.body.n <= wire + at + r.whole);
    }
    fuzz_judge(&rep, got != REC_BAD);
    rec_drop(&d);
    free(wire);
    return 0;
}
