/* SPDX-License-Identifier: Apache-2.0
 *
 * forged_chain.h - forged certificates judged as a chain, for the tests of path validation.
 */
#ifndef HF_TESTS_FORGED_CHAIN_H
#define HF_TESTS_FORGED_CHAIN_H
#include "forge.h"

static const struct spec ROOT = {.subject = "CN=Test Root,O=Example", .ca = true, .ku = KU_KEY_CERT_SIGN | KU_CRL_SIGN};
static const struct spec ICA  = {.subject = "CN=Test Intermediate,O=Example", .ca = true, .ku = KU_KEY_CERT_SIGN};
static const struct spec LEAF = {.subject = "CN=alice,O=Example",
                                 .san     = {"DNS:a.example"},
                                 .ku      = KU_DIGITAL_SIGNATURE,
                                 .eku     = EKU_CLIENT_AUTH | EKU_SERVER_AUTH};

static bool          tripped[1900];
static struct report last;

static inline struct valid_how how_for(const hf_trust *trust)
{
    return (struct valid_how){.trust = trust, .purpose = FOR_CLIENT_AUTH, .now = NOW};
}

/* Judges and remembers what was said. */
static inline enum check judge_certs(const struct valid_how *how, const hf_view *chain, size_t n)
{
    struct valid_path path;
    report_init(&last);
    bool ok = valid_chain(how, chain, n, &forge_mem, &path, &last);
    assert_int_equal(ok, !report_bad(&last));
    if (ok)
        assert_true(path.n_order >= 1 && path.order[0] == 0);
    valid_path_free(&path, &forge_mem);
    if (last.why.check < 1900)
        tripped[last.why.check] = true;
    return (enum check)last.why.check;
}

static inline enum check judge_forged(const struct valid_how *how, const struct forged *const *f, size_t n)
{
    hf_view chain[POOL_MAX_CERTS + 1];
    for (size_t i = 0; i < n; i++)
        chain[i] = der_of(f[i]);
    return judge_certs(how, chain, n);
}

/* A small world: a root in the trust, two intermediates one above the other, a leaf. */
struct world {
    struct forged root, outer, inner, leaf;
    hf_trust     *trust;
};

static inline struct world make_world(const char *root, const char *outer, const char *inner)
{
    struct world w = {.trust = hf_trust_new()};
    struct spec  s = ROOT;
    s.subject      = root;
    w.root         = forge(&s);
    s              = ICA;
    s.subject      = outer;
    s.by           = &w.root;
    w.outer        = forge(&s);
    s.subject      = inner;
    s.by           = &w.outer;
    w.inner        = forge(&s);
    s              = LEAF;
    s.by           = &w.inner;
    w.leaf         = forge(&s);
    assert_true(trust_anchor_anything(w.trust, der_of(&w.root)));
    return w;
}

static inline void drop_world(struct world *w)
{
    forge_drop(&w->root);
    forge_drop(&w->outer);
    forge_drop(&w->inner);
    forge_drop(&w->leaf);
    hf_trust_free(w->trust);
}

#define SAYS(how, wanted, index, ...)                                                                                  \
    do {                                                                                                               \
        const struct forged *certs[] = {__VA_ARGS__};                                                                  \
        enum check           got     = judge_forged(how, certs, sizeof certs / sizeof certs[0]);                       \
        if (got != (wanted) || last.why.cert != (index))                                                               \
            fail_msg("line %d: wanted %s at %d, got %s at %d: %s", __LINE__, #wanted, index,                           \
                     hf_check_info_of((uint16_t)got)->name, last.why.cert, last.why.text);                             \
    } while (0)

#endif
