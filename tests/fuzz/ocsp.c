/* SPDX-License-Identifier: Apache-2.0
 * ocsp.c - an OCSP response: read, and judged for the client of pki/. */
#include "x509/ocsp.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct cert leaf, ca;
    struct ocsp        o;
    struct report      rep;
    if (!leaf.version)
        fuzz_client(&leaf, &ca);
    report_init(&rep);
    fuzz_judge(&rep, ocsp_parse(&o, (hf_view){data, n}, &rep));
    struct ocsp_how how = {.cert = &leaf, .issuer = &ca, .now = FUZZ_NOW};
    report_init(&rep);
    fuzz_judge(&rep, ocsp_check(&how, (hf_view){data, n}, &rep));
    return 0;
}
