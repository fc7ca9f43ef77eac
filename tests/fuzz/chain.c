/* SPDX-License-Identifier: Apache-2.0
 * chain.c - path building and validation over certificates of the input; with signatures that are always right a
 * changed certificate is refused for what it says.
 *     input = form (1 byte), certificate*      certificate = length (2 bytes), DER
 * form: bit 0 web profile, bit 1 for a client, bit 2 the last certificate is an anchor, bit 3 pki's root is one,
 * bit 4 EKU required, bit 5 a policy demanded, bit 6 only self-signed anchors, bit 7 CRLs of pki are there */
#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "x509/valid.h"

enum { CHAIN_MAX = 40 };

static size_t cut(hf_view v, hf_view *chain)
{
    size_t n = 0;
    for (size_t at = 0; n < CHAIN_MAX && at + 2 <= v.n;) {
        size_t len = (size_t)(v.p[at] << 8 | v.p[at + 1]), left = v.n - at - 2;
        len        = len < left ? len : left;
        chain[n++] = (hf_view){v.p + at + 2, len};
        at += 2 + len;
    }
    return n;
}

static hf_trust *trust_of(unsigned form, const hf_view *chain, size_t n)
{
    hf_trust *t = hf_trust_new();
    always(t);
    if (form & 8 || n == 0)
        always(hf_trust_anchor_file(t, fuzz_file("root.pem")));
    else if (form & 4)
        hf_trust_anchor_bytes(t, chain[n - 1].p, chain[n - 1].n, "last.der");
    if (form & 128)
        hf_trust_crl_file(t, fuzz_file("ca.crl"));
    return t;
}

static void findings(const struct valid_path *p)
{
    for (size_t i = 0; i < p->n_order; i++)
        always(p->order[i] < p->n_certs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static hf_trust          *kept[256];
    static struct valid_tries tries;
    const hf_view             policy = {(const uint8_t *)"\x2a\x03\x04", 3};
    hf_view                   chain[CHAIN_MAX];
    struct valid_path         path = {0};
    struct mem                m    = {.max = LIMIT_CONN_BYTES};
    struct report             rep;
    if (n == 0)
        return 0;
    unsigned  form = data[0];
    size_t    k    = cut((hf_view){data + 1, n - 1}, chain);
    bool      own  = form & 4 && !(form & 8) && k > 0;
    hf_trust *t    = own ? trust_of(form, chain, k) : kept[form];
    if (!t)
        t = kept[form] = trust_of(form, chain, 0);
    struct valid_how how = {.trust           = t,
                            .profile         = form & 1 ? PROFILE_WEB : PROFILE_PRIVATE,
                            .purpose         = form & 2 ? FOR_CLIENT_AUTH : FOR_SERVER_AUTH,
                            .name            = form & 2 ? NULL : "server.test",
                            .now             = FUZZ_NOW,
                            .require_eku     = form & 16,
                            .policies        = &policy,
                            .n_policies      = form & 32 ? 1 : 0,
                            .explicit_policy = form & 32,
                            .only_roots      = form & 64,
                            .tries           = &tries};
    memset(&tries, 0, sizeof tries);
    report_init(&rep);
    report_keep(&rep, &m);
    bool ok = k > 0 && valid_chain(&how, chain, k, &m, &path, &rep);
    if (k > 0)
        fuzz_judge(&rep, ok);
    findings(&path);
    valid_path_free(&path, &m);
    report_drop(&rep);
    always(m.used == 0);
    if (own)
        hf_trust_free(t);
    return 0;
}
