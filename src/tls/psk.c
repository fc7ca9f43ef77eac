/* SPDX-License-Identifier: Apache-2.0 */
#include "psk.h"

#include "base/ct.h"
#include "base/wr.h"
#include "tls/codes.h"

/* The KDFs of TLS 1.3's suites (RFC 9258 9). */
static const struct {
    uint16_t      code;
    enum hash_alg hash;
} kdfs[PSK_KDFS] = {{1, HASH_SHA256}, {2, HASH_SHA384}};

/* 5.1: struct { opaque external_identity<1..>; opaque context<0..>; uint16 target_protocol; uint16 target_kdf; } */
static hf_view imported_identity(hf_view identity, hf_view context, uint16_t kdf, struct mem *m)
{
    struct wr w = wr_grow(m, 2 * PSK_IDENTITY_MAX + 8);
    wr_vec(&w, 2, identity);
    wr_vec(&w, 2, context);
    wr_u16(&w, TLS13);
    wr_u16(&w, kdf);
    if (w.full)
        wr_free(&w);
    return (hf_view){w.p, w.n};
}

/* "epskx = HKDF-Extract(0, epsk); ipskx = HKDF-Expand-Label(epskx, "derived psk", Hash(ImportedIdentity), L)" */
static void derive(enum hash_alg alg, hf_view key, hf_view identity, size_t n, struct secret *out)
{
    static const uint8_t zeros[HASH_MAX];
    struct secret        x;
    uint8_t              digest[HASH_MAX];
    hkdf_extract(alg, (hf_view){zeros, hash_len(alg)}, key, x.b);
    hash_once(alg, identity, digest);
    expand_label(alg, &x, "derived psk", (hf_view){digest, hash_len(alg)}, out->b, n);
    ct_wipe(&x, sizeof x);
}

bool psk_import(struct psk *p, hf_view identity, hf_view context, hf_view key, unsigned hash_bits, struct mem *m)
{
    if (identity.n == 0 || identity.n > PSK_IDENTITY_MAX || context.n > PSK_IDENTITY_MAX || key.n < PSK_KEY_MIN ||
        (hash_bits != 256 && hash_bits != 384))
        return false;
    p->identity = (hf_view){mem_copy(m, identity.p, identity.n), identity.n};
    bool ok     = p->identity.p;
    for (size_t i = 0; ok && i < PSK_KDFS; i++) {
        p->imported[i].hash     = kdfs[i].hash;
        p->imported[i].identity = imported_identity(identity, context, kdfs[i].code, m);
        ok                      = p->imported[i].identity.p;
        if (ok)
            derive(hash_bits == 256 ? HASH_SHA256 : HASH_SHA384, key, p->imported[i].identity, hash_len(kdfs[i].hash),
                   &p->imported[i].key);
    }
    return ok;
}

void psk_drop(struct psk *p, struct mem *m)
{
    mem_free(m, (void *)(uintptr_t)p->identity.p);
    for (size_t i = 0; i < PSK_KDFS; i++)
        mem_free(m, (void *)(uintptr_t)p->imported[i].identity.p);
    ct_wipe(p, sizeof *p);
}
