/* SPDX-License-Identifier: Apache-2.0
 * crl.c - a CRL, PEM or DER, into a set; every entry is found again; a certificate is judged by it. */
#include "fuzz.h"
#include "x509/crl_set.h"
#include "x509/der.h"

static void entries(const struct crl *c)
{
    struct crl_entry e;
    struct der_item  item, serial;
    for (hf_view rest = c->entries; der_cut(&rest, &item);) {
        hf_view body = item.body;
        always(der_cut(&body, &serial));
        always(crl_find(c, serial.body, &e));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct cert leaf, ca;
    struct crl_set     set = {0};
    struct mem         m   = {0};
    struct report      rep;
    if (!leaf.version)
        fuzz_client(&leaf, &ca);
    report_init(&rep);
    fuzz_judge(&rep, crl_set_bytes(&set, (hf_view){data, n}, "fuzz.crl", &m, &rep));
    for (size_t i = 0; i < set.n; i++)
        entries(set.all[i]);
    struct crl_how how = {.set = &set, .now = FUZZ_NOW};
    report_init(&rep);
    fuzz_judge(&rep, crl_check(&how, &leaf, &ca, &rep));
    crl_revokes(&how, &leaf, &ca);
    crl_set_free(&set, &m);
    always(m.used == 0);
    return 0;
}
