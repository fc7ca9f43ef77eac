/* SPDX-License-Identifier: Apache-2.0
 * csr.c - a certificate request. */
#include "x509/csr.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct report rep;
    struct csr    c;
    char          text[256];
    report_init(&rep);
    bool ok = csr_read(&c, (hf_view){data, n}, &rep);
    fuzz_judge(&rep, ok);
    if (ok)
        always(dn_text(c.subject, text, sizeof text) < sizeof text);
    return 0;
}
