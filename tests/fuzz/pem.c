/* SPDX-License-Identifier: Apache-2.0
 * pem.c - textual encodings, block by block; and files of anchors. */
#include <string.h>

#include "base/pem.h"
#include "fuzz.h"

static void blocks(hf_view text)
{
    struct report    rep;
    struct mem       m = {0};
    struct pem_block b;
    char             out[4096];
    size_t           at = 0, before = 0;
    report_init(&rep);
    while (pem_next(text, &at, &b, &m, &rep)) {
        always(at > before && at <= text.n);
        before = at;
        always(b.whole.p >= text.p && b.whole.p + b.whole.n <= text.p + text.n);
        pem_write(out, sizeof out, "CERTIFICATE", (hf_view){b.der, b.n});
        pem_free(&b, &m);
    }
    fuzz_judge(&rep, !report_bad(&rep));
    always(m.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    hf_trust *t = hf_trust_new();
    always(t);
    blocks((hf_view){data, n});
    always(hf_trust_anchor_bytes(t, data, n, "fuzz.pem") == !hf_trust_why(t)->check);
    hf_trust_free(t);
    return 0;
}
