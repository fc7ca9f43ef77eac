/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/file.h"
#include "base/pem.h"

void fuzz_judge(const struct report *rep, bool accepted)
{
    char text[512];
    always(accepted != report_bad(rep));
    if (accepted)
        return;
    always(hf_check_info_of(rep->why.check)->title[0]);
    always(hf_why_text(&rep->why, text, sizeof text) > 0);
}

const char *fuzz_file(const char *name)
{
    enum { KEPT = 16 };
    static char path[KEPT][512];
    char        wanted[512];
    size_t      i = 0;
    snprintf(wanted, sizeof wanted, "%s/tests/fuzz/pki/%s", HF_SOURCE_ROOT, name);
    while (i < KEPT && path[i][0] && strcmp(path[i], wanted) != 0)
        i++;
    always(i < KEPT);
    memcpy(path[i], wanted, sizeof wanted);
    return path[i];
}

static void next_cert(hf_view text, size_t *at, struct mem *m, struct cert *c)
{
    struct pem_block b;
    struct report    rep;
    report_init(&rep);
    always(pem_next(text, at, &b, m, &rep) && cert_parse(c, (hf_view){b.der, b.n}, &rep));
}

void fuzz_client(struct cert *leaf, struct cert *ca)
{
    static struct mem m;
    struct report     rep;
    size_t            n, at = 0;
    report_init(&rep);
    uint8_t *text = file_read(fuzz_file("client.pem"), &n, &m, &rep);
    always(text);
    next_cert((hf_view){text, n}, &at, &m, leaf);
    next_cert((hf_view){text, n}, &at, &m, ca);
    mem_free(&m, text);
}
