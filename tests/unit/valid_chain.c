/* SPDX-License-Identifier: Apache-2.0
 *
 * valid_chain.c - every check of path validation, tripped by a chain made for it; that the good chain beside it
 * passes; pins, budgets, findings, memory.
 */
#include "forged_chain.h"

/* ---- a chain of leaf, intermediate and root, each with its quirk ----------------------------------------- */

struct quirk {
    struct spec root, ica, leaf;
    bool        no_ica; /* the leaf is issued by the root */
};

static struct quirk plain(void)
{
    return (struct quirk){.root = ROOT, .ica = ICA, .leaf = LEAF};
}

/* The verdict on the chain that q describes; how: NULL as usual, its trust is filled in. */
static enum check verdict(struct quirk q, const struct valid_how *with)
{
    struct forged root  = forge(&q.root), ica, leaf;
    hf_trust     *trust = hf_trust_new();
    q.ica.by            = q.ica.by ? q.ica.by : &root;
    ica                 = forge(&q.ica);
    q.leaf.by           = q.leaf.by ? q.leaf.by : q.no_ica ? &root : &ica;
    leaf                = forge(&q.leaf);
    assert_true(trust_anchor_anything(trust, der_of(&root)));
    struct valid_how how = with ? *with : how_for(trust);
    how.trust            = trust;
    enum check c         = judge_forged(&how, (const struct forged *[]){&leaf, &ica}, q.no_ica ? 1 : 2);
    forge_drop(&leaf);
    forge_drop(&ica);
    forge_drop(&root);
    hf_trust_free(trust);
    return c;
}

#define EXPECT(wanted, index, quirk, how)                                                                              \
    do {                                                                                                               \
        enum check got = verdict(quirk, how);                                                                          \
        if (got != (wanted) || last.why.cert != (index)) {                                                             \
            char text[512];                                                                                            \
            hf_why_text(&last.why, text, sizeof text);                                                                 \
            fail_msg("line %d: wanted %s at %d, got %s at %d: %s", __LINE__, #wanted, index,                           \
                     hf_check_info_of((uint16_t)got)->name, last.why.cert, text);                                      \
        }                                                                                                              \
    } while (0)

static void good_chain(void **state)
{
    struct quirk     q    = plain();
    struct valid_how name = {.purpose = FOR_SERVER_AUTH, .now = NOW, .name = "a.example"};
    EXPECT(CHECK_NONE, -1, q, NULL);
    EXPECT(CHECK_NONE, -1, q, &name);
    q.no_ica = true;
    EXPECT(CHECK_NONE, -1, q, NULL);
    q          = plain();
    q.leaf.ku  = 0;
    q.leaf.eku = 0;
    EXPECT(CHECK_NONE, -1, q, NULL);
    q.leaf.eku = EKU_ANY;
    EXPECT(CHECK_NONE, -1, q, NULL);
    q         = plain();
    q.leaf.ca = true; /* a CA as a leaf: accepted by the private profile */
    q.leaf.ku |= KU_KEY_CERT_SIGN;
    EXPECT(CHECK_NONE, -1, q, NULL);
}

static void dates(void **state)
{
    struct quirk q = plain();
    q.leaf.from = -DAY, q.leaf.to = -1;
    EXPECT(CERT_EXPIRED, 0, q, NULL);
    q.leaf.to = 0; /* notAfter is inclusive */
    EXPECT(CHECK_NONE, -1, q, NULL);
    q.leaf.from = 1, q.leaf.to = DAY;
    EXPECT(CERT_NOT_YET_VALID, 0, q, NULL);
    q.leaf.from = 0;
    EXPECT(CHECK_NONE, -1, q, NULL);
    q.leaf.from = 1, q.root.from = 1, q.root.to = DAY; /* not even the anchor has begun */
    EXPECT(CLOCK_IS_BEHIND, 0, q, NULL);
    q          = plain();
    q.ica.from = -DAY, q.ica.to = -1;
    EXPECT(ISSUER_EXPIRED, 1, q, NULL);
    q.ica.from = 1, q.ica.to = DAY;
    EXPECT(ISSUER_NOT_YET_VALID, 1, q, NULL);
    q           = plain();
    q.root.from = -DAY, q.root.to = -1;
    EXPECT(ANCHOR_EXPIRED, CERT_ANCHOR, q, NULL);
    q.root.from = 1, q.root.to = DAY;
    EXPECT(ANCHOR_NOT_YET_VALID, CERT_ANCHOR, q, NULL);
}

static void usage(void **state)
{
    struct quirk     q      = plain();
    struct valid_how server = {.purpose = FOR_SERVER_AUTH, .now = NOW};
    struct valid_how strict = {.purpose = FOR_CLIENT_AUTH, .now = NOW, .require_eku = true};
    struct valid_how web    = {.purpose = FOR_SERVER_AUTH, .now = NOW, .profile = PROFILE_WEB};
    q.leaf.eku              = EKU_SERVER_AUTH;
    EXPECT(EKU_MISSING_CLIENT, 0, q, NULL);
    q.leaf.eku = EKU_CLIENT_AUTH;
    EXPECT(EKU_MISSING_SERVER, 0, q, &server);
    q.leaf.eku = 0;
    EXPECT(EKU_REQUIRED_CLIENT, 0, q, &strict);
    EXPECT(EKU_REQUIRED_SERVER, 0, q, &web);
    q         = plain();
    q.leaf.ku = KU_KEY_ENCIPHERMENT;
    EXPECT(KU_NO_SIGNATURE, 0, q, NULL);
    q         = plain();
    q.leaf.ca = true;
    EXPECT(LEAF_IS_CA, 0, q, &web);
    q         = plain();
    q.ica.eku = EKU_SERVER_AUTH;
    EXPECT(ISSUER_EKU, 1, q, NULL);
    q          = plain();
    q.root.eku = EKU_SERVER_AUTH;
    EXPECT(ISSUER_EKU, CERT_ANCHOR, q, NULL);
}

static void issuers(void **state)
{
    struct quirk q = plain();
    q.ica.ca       = false;
    EXPECT(ISSUER_NOT_CA, 1, q, NULL);
    q        = plain();
    q.ica.ku = KU_CRL_SIGN;
    EXPECT(ISSUER_NO_CERTSIGN, 1, q, NULL);
    q               = plain();
    q.root.path_len = 1; /* 0 */
    EXPECT(PATHLEN_EXCEEDED, CERT_ANCHOR, q, NULL);
    q.no_ica = true;
    EXPECT(CHECK_NONE, -1, q, NULL);
    q               = plain();
    q.ica.subject   = ROOT.subject; /* self-issued: does not count */
    q.root.path_len = 1;
    EXPECT(CHECK_NONE, -1, q, NULL);
    q              = plain();
    q.root.version = 1;
    EXPECT(ISSUER_NOT_CA, CERT_ANCHOR, q, NULL);
    q              = plain();
    q.leaf.unknown = "1.2.3.4";
    EXPECT(CRITICAL_EXTENSION_UNKNOWN, 0, q, NULL);
    assert_non_null(strstr(last.why.text, "1.2.3.4"));
    q             = plain();
    q.ica.unknown = "1.2.3.4";
    EXPECT(CRITICAL_EXTENSION_UNKNOWN, 1, q, NULL);
    q              = plain();
    q.root.unknown = "1.2.3.4";
    EXPECT(CRITICAL_EXTENSION_UNKNOWN, CERT_ANCHOR, q, NULL);
}

static void path_limits(void **state)
{
    struct quirk     q       = plain();
    struct valid_how shallow = {.purpose = FOR_CLIENT_AUTH, .now = NOW, .max_path = 2};
    EXPECT(PATH_TOO_LONG, 1, q, &shallow);
    q.no_ica = true;
    EXPECT(CHECK_NONE, -1, q, &shallow);
    struct valid_how roots = {.purpose = FOR_CLIENT_AUTH, .now = NOW, .only_roots = true};
    EXPECT(CHECK_NONE, -1, q, &roots);
    q.root.issuer = "CN=Above";
    EXPECT(CHECK_NONE, -1, q, NULL);
    EXPECT(ANCHOR_NOT_ROOT, CERT_ANCHOR, q, &roots);
}

static void names(void **state)
{
    struct quirk     q   = plain();
    struct valid_how how = {.purpose = FOR_SERVER_AUTH, .now = NOW, .name = "b.example"};
    EXPECT(NAME_MISMATCH, 0, q, &how);
    assert_non_null(strstr(last.why.text, "b.example"));
    assert_non_null(strstr(last.why.text, "a.example"));
    q.leaf.san[0]  = NULL;
    q.leaf.subject = "CN=b.example";
    EXPECT(SAN_MISSING, 0, q, &how);
    q               = plain();
    q.ica.permit[0] = "DNS:b.example";
    EXPECT(NC_NOT_PERMITTED, 0, q, NULL);
    assert_non_null(strstr(last.why.text, "DNS:a.example"));
    assert_non_null(strstr(last.why.text, "DNS:b.example"));
    q                = plain();
    q.ica.exclude[0] = "DNS:example";
    EXPECT(NC_EXCLUDED, 0, q, NULL);
    q                = plain();
    q.ica.exclude[0] = "DNS:b.example";
    q.leaf.san[0]    = "DNS:a..example";
    EXPECT(NC_NAME_UNSOUND, 0, q, NULL);
    q.ica.exclude[0] = "RID:1.2.3";
    q.leaf.san[0]    = "RID:1.2.4";
    EXPECT(NC_FORM_UNSUPPORTED, 0, q, NULL);
    q                = plain();
    q.ica.exclude[0] = "DNS:*.example";
    EXPECT(NC_BOUND_UNSOUND, 1, q, NULL);
}

/* An RSA key of that many bits that nobody has. */
static hf_view rsa_of(struct wr *w, size_t bits)
{
    uint8_t n[1200];
    memset(n, 0xa5, sizeof n);
    return forge_rsa(w, (hf_view){n, bits / 8});
}

static void algorithms(void **state)
{
    static const uint8_t unknown[] = {0x30, 0x0c, 0x30, 0x05, 0x06, 0x03, 0x2a,
                                      0x03, 0x04, 0x03, 0x03, 0x00, 0x01, 0x02};
    struct quirk         q         = plain();
    struct wr            w         = wr_grow(&forge_mem, 8192);
    q.leaf.sig_alg                 = ALG_SHA1;
    EXPECT(CERT_DIGEST_WEAK, 0, q, NULL);
    q.leaf.sig_alg = ALG_UNKNOWN;
    EXPECT(CERT_SIGNATURE_UNSUPPORTED, 0, q, NULL);
    q              = plain();
    q.root.sig_alg = ALG_SHA1; /* nobody looks at an anchor's own signature */
    EXPECT(CHECK_NONE, -1, q, NULL);
    q           = plain();
    q.leaf.spki = (hf_view){unknown, sizeof unknown};
    EXPECT(CERT_KEY_UNSUPPORTED, 0, q, NULL);
    q.leaf.spki = rsa_of(&w, 1024);
    EXPECT(CERT_KEY_TOO_SMALL, 0, q, NULL);
    wr_free(&w);
    w           = wr_grow(&forge_mem, 8192);
    q.leaf.spki = rsa_of(&w, 9216);
    EXPECT(CERT_KEY_TOO_LARGE, 0, q, NULL);
    wr_free(&w);
}

static void signatures(void **state)
{
    struct quirk q         = plain();
    q.leaf.break_signature = true;
    EXPECT(CERT_SIGNATURE_INVALID, 0, q, NULL);
    q.leaf.aki = "another key"; /* the CA is known by name, under another key */
    EXPECT(ISSUER_KEY_CHANGED, 0, q, NULL);
    q.leaf.aki    = NULL;
    q.leaf.no_aki = true;
    EXPECT(ISSUER_KEY_CHANGED, 0, q, NULL);
    q                     = plain();
    q.ica.break_signature = true;
    EXPECT(CERT_SIGNATURE_INVALID, 1, q, NULL);
    q          = plain();
    q.leaf.aki = "another key"; /* the identifier is a hint: the signature decides */
    EXPECT(CHECK_NONE, -1, q, NULL);
}

/* Issuers with keys of every kind that may sign certificates. */
static void issuers_of_every_kind(void **state)
{
    static const struct {
        enum key_kind  kind;
        unsigned       bits;
        struct sig_how how;
        const uint8_t *alg;
    } kinds[] = {
        {KEY_EC_P384, 0, {.kind = SIG_ECDSA, .hash = HASH_SHA384}, ALG_ECDSA_384},
        {KEY_EC_P521, 0, {.kind = SIG_ECDSA, .hash = HASH_SHA512}, ALG_ECDSA_512},
        {KEY_ED25519, 0, {.kind = SIG_ED25519}, ALG_ED25519},
        {KEY_RSA, 2048, {.kind = SIG_RSA_PKCS1, .hash = HASH_SHA256}, ALG_RSA_256},
        {KEY_RSA,
         2048,
         {.kind = SIG_RSA_PSS, .hash = HASH_SHA256, .mgf_hash = HASH_SHA256, .salt_len = 32},
         ALG_PSS_256},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct quirk q = plain();
        q.ica.key      = key_generate(kinds[i].kind, kinds[i].bits);
        q.leaf.how     = &kinds[i].how;
        q.leaf.sig_alg = kinds[i].alg;
        EXPECT(CHECK_NONE, -1, q, NULL);
        q.leaf.break_signature = true;
        EXPECT(CERT_SIGNATURE_INVALID, 0, q, NULL);
        key_free(q.ica.key);
    }
}

static void policies(void **state)
{
    struct quirk q     = plain();
    q.ica.policies[0]  = "1.2.3";
    q.leaf.policies[0] = "1.2.4";
    EXPECT(CHECK_NONE, -1, q, NULL);
    q.ica.explicit_ = 1;
    EXPECT(POLICY_NONE_VALID, 0, q, NULL);
    q.leaf.policies[0] = "1.2.3";
    EXPECT(CHECK_NONE, -1, q, NULL);
    q.ica.map[0][0] = "any", q.ica.map[0][1] = "1.2.3";
    EXPECT(POLICY_MAPS_ANY, 1, q, NULL);
    uint8_t          other[] = {0x2a, 0x05};
    hf_view          wanted  = {other, sizeof other};
    struct valid_how how     = {
            .purpose = FOR_CLIENT_AUTH, .now = NOW, .policies = &wanted, .n_policies = 1, .explicit_policy = true};
    q                 = plain();
    q.ica.policies[0] = q.leaf.policies[0] = "1.2.3";
    EXPECT(POLICY_NOT_ACCEPTED, 0, q, &how);
}

/* ---- anchors and pins ------------------------------------------------------------------------------------ */

static void any_ca_is_an_anchor(void **state)
{
    struct world     w     = make_world("CN=Top", "CN=One", "CN=Two");
    hf_trust        *trust = hf_trust_new();
    struct valid_how how   = how_for(trust);
    assert_true(trust_anchor_anything(trust, der_of(&w.inner)));
    SAYS(&how, CHECK_NONE, -1, &w.leaf);
    SAYS(&how, CHECK_NONE, -1, &w.leaf, &w.inner, &w.outer, &w.root);
    how.only_roots = true;
    SAYS(&how, ANCHOR_NOT_ROOT, CERT_ANCHOR, &w.leaf);
    hf_trust_free(trust);
    drop_world(&w);
}

static void pins(void **state)
{
    struct world      w = make_world("CN=Top", "CN=One", "CN=Two"), x = make_world("CN=Top", "CN=One", "CN=Two");
    hf_trust         *trust  = hf_trust_new();
    struct valid_how  how    = how_for(trust);
    char              file[] = "/tmp/handfast-pin-XXXXXX";
    int               fd     = mkstemp(file);
    struct valid_path path;
    hf_view           chain = der_of(&w.leaf);
    assert_int_equal(write(fd, w.leaf.p, w.leaf.n), w.leaf.n);
    assert_true(hf_trust_pin_file(trust, file));
    assert_int_equal(trust_pins(trust), 1);
    SAYS(&how, CHECK_NONE, -1, &w.leaf);
    SAYS(&how, ISSUER_UNKNOWN, 0, &x.leaf);
    how.now = NOW + 2 * DAY;
    SAYS(&how, CERT_EXPIRED, 0, &w.leaf);
    how.now = NOW, how.purpose = FOR_SERVER_AUTH, how.name = "b.example";
    SAYS(&how, NAME_MISMATCH, 0, &w.leaf);
    how.name = "a.example";
    report_init(&last);
    assert_true(valid_chain(&how, &chain, 1, &forge_mem, &path, &last));
    assert_null(path.anchor);
    assert_int_equal(path.n_order, 1);
    valid_path_free(&path, &forge_mem);
    close(fd);
    unlink(file);
    drop_world(&x);
    hf_trust_free(trust);
    drop_world(&w);
}

/* ---- budgets --------------------------------------------------------------------------------------------- */

static void too_many_certificates(void **state)
{
    struct world         w   = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how     how = how_for(w.trust);
    const struct forged *many[POOL_MAX_CERTS + 1];
    for (size_t i = 0; i <= POOL_MAX_CERTS; i++)
        many[i] = i ? &w.inner : &w.leaf;
    assert_int_equal(judge_forged(&how, many, POOL_MAX_CERTS + 1), CHAIN_TOO_LONG);
    many[1] = &w.outer;
    assert_int_equal(judge_forged(&how, many, POOL_MAX_CERTS), CHECK_NONE);
    assert_int_equal(judge_certs(&how, NULL, 0), CHAIN_EMPTY);
    drop_world(&w);
}

/* Many CAs of one name, each signed by the next, and nothing that tells which: signatures must not explode. */
static void too_many_signatures(void **state)
{
    enum { N = 60 };
    hf_trust            *trust = hf_trust_new();
    struct valid_how     how   = how_for(trust);
    struct spec          s     = {.subject = "CN=Hydra", .ca = true, .no_aki = true, .no_ski = true};
    struct forged        f[N], leaf;
    const struct forged *certs[N + 1];
    for (int i = 0; i < N; i++) {
        s.by         = i ? &f[i - 1] : NULL;
        f[i]         = forge(&s);
        certs[i + 1] = &f[i];
    }
    s        = LEAF;
    s.by     = &f[N / 2];
    s.no_aki = true;
    leaf     = forge(&s);
    certs[0] = &leaf;
    assert_int_equal(judge_forged(&how, certs, N + 1), PATH_SIGNATURES_SPENT);
    for (int i = 0; i < N; i++)
        forge_drop(&f[i]);
    forge_drop(&leaf);
    hf_trust_free(trust);
}

/* Twenty keys of 8192 bits are as much work as a hundred usual ones. */
static void too_heavy_signatures(void **state)
{
    enum { N = 25 };
    static uint8_t       modulus[1024];
    hf_trust            *trust = hf_trust_new();
    struct valid_how     how   = how_for(trust);
    struct wr            w     = wr_grow(&forge_mem, 8192);
    struct spec          s     = {.subject = "CN=Hydra", .ca = true, .no_aki = true, .no_ski = true};
    struct forged        f[N], leaf;
    const struct forged *certs[N + 1];
    memset(modulus, 0xa5, sizeof modulus);
    for (int i = 0; i < N; i++) {
        modulus[0]   = (uint8_t)(0x80 + i);
        w.n          = 0;
        s.spki       = forge_rsa(&w, (hf_view){modulus, sizeof modulus});
        f[i]         = forge(&s);
        certs[i + 1] = &f[i];
    }
    s        = LEAF;
    s.by     = &f[0];
    s.no_aki = true;
    leaf     = forge(&s);
    certs[0] = &leaf;
    assert_int_equal(judge_forged(&how, certs, N + 1), PATH_SIGNATURES_SPENT);
    for (int i = 0; i < N; i++)
        forge_drop(&f[i]);
    forge_drop(&leaf);
    wr_free(&w);
    hf_trust_free(trust);
}

/* Few CAs that all certified each other, in a crowd of namesakes that are none: many paths of few signatures. */
static void too_many_steps(void **state)
{
    enum { CAS = 5, CROWD = 20 };
    static const char *const names[CAS] = {"CN=H0", "CN=H1", "CN=H2", "CN=H3", "CN=H4"};
    hf_trust                *trust      = hf_trust_new();
    struct valid_how         how        = how_for(trust);
    struct spec              s          = {.ca = true, .no_aki = true};
    struct forged            keys[CAS], leaf, all[POOL_MAX_CERTS];
    const struct forged     *certs[POOL_MAX_CERTS];
    size_t                   n = 0;
    for (int i = 0; i < CAS; i++) {
        s.subject = names[i];
        keys[i]   = forge(&s);
    }
    for (int i = 0; i < CAS; i++)
        for (int k = 0; k < CAS + CROWD; k++) {
            s = (struct spec){
                .subject = names[i], .by = &keys[k % CAS], .key = keys[i].key, .no_aki = true, .ca = k < CAS};
            if (k != i)
                all[n++] = forge(&s);
        }
    s        = LEAF;
    s.by     = &keys[0];
    s.no_aki = true;
    leaf     = forge(&s);
    certs[0] = &leaf;
    for (size_t i = 0; i < n; i++)
        certs[i + 1] = &all[i];
    assert_int_equal(judge_forged(&how, certs, n + 1), PATH_STEPS_SPENT);
    for (size_t i = 0; i < n; i++)
        forge_drop(&all[i]);
    for (int i = 0; i < CAS; i++)
        forge_drop(&keys[i]);
    forge_drop(&leaf);
    hf_trust_free(trust);
}

/* ---- what is told ---------------------------------------------------------------------------------------- */

static size_t count(const struct report *r, enum check id, enum hf_state state, int cert)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_findings; i++)
        n += r->findings[i].check == id && r->findings[i].state == state && r->findings[i].cert == cert;
    return n;
}

static void findings(void **state)
{
    struct world      w        = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how  how      = {.trust = w.trust, .purpose = FOR_SERVER_AUTH, .name = "a.example", .now = NOW};
    hf_view           chain[3] = {der_of(&w.leaf), der_of(&w.inner), der_of(&w.outer)};
    struct report     rep;
    struct valid_path path;
    report_init(&rep);
    report_keep(&rep, &forge_mem);
    assert_true(valid_chain(&how, chain, 3, &forge_mem, &path, &rep));
    assert_int_equal(count(&rep, CERT_EXPIRED, HF_PASS, 0), 1);
    assert_int_equal(count(&rep, ISSUER_EXPIRED, HF_PASS, 1), 1);
    assert_int_equal(count(&rep, ANCHOR_EXPIRED, HF_PASS, CERT_ANCHOR), 1);
    assert_int_equal(count(&rep, CERT_SIGNATURE_INVALID, HF_PASS, 2), 1);
    assert_int_equal(count(&rep, NAME_MISMATCH, HF_PASS, 0), 1);
    valid_path_free(&path, &forge_mem);
    report_drop(&rep);

    report_init(&rep); /* an expired leaf under nobody: both are said, the leaf's fault is the cause */
    report_keep(&rep, &forge_mem);
    how.now = NOW + 2 * DAY;
    assert_false(valid_chain(&how, chain, 1, &forge_mem, &path, &rep));
    assert_int_equal(rep.why.check, CERT_EXPIRED);
    assert_int_equal(count(&rep, CERT_EXPIRED, HF_FAIL, 0), 1);
    assert_int_equal(count(&rep, ISSUER_UNKNOWN, HF_FAIL, 0), 1);
    assert_int_equal(count(&rep, NAME_MISMATCH, HF_NOT_REACHED, 0), 1);
    valid_path_free(&path, &forge_mem);
    report_drop(&rep);

    report_init(&rep); /* what held before the check that failed, and what was not reached behind it */
    report_keep(&rep, &forge_mem);
    how.now = NOW, how.purpose = FOR_CLIENT_AUTH, how.max_path = 3;
    assert_false(valid_chain(&how, chain, 3, &forge_mem, &path, &rep));
    assert_int_equal(rep.why.check, PATH_TOO_LONG);
    assert_int_equal(count(&rep, ISSUER_EXPIRED, HF_PASS, 1), 1);
    assert_int_equal(count(&rep, CERT_SIGNATURE_INVALID, HF_PASS, 0), 1);
    valid_path_free(&path, &forge_mem);
    report_drop(&rep);
    report_init(&rep);
    report_keep(&rep, &forge_mem);
    how.max_path = 0;
    assert_true(trust_anchor_anything(w.trust, der_of(&w.inner)));
    assert_false(valid_chain(&how, chain + 1, 1, &forge_mem, &path, &rep)); /* a CA that is an anchor, as a leaf */
    assert_int_equal(rep.why.check, KU_NO_SIGNATURE);
    assert_int_equal(count(&rep, ISSUER_EXPIRED, HF_PASS, CERT_ANCHOR), 0);
    valid_path_free(&path, &forge_mem);
    report_drop(&rep);
    drop_world(&w);
}

static void memory_runs_out(void **state)
{
    struct world      w        = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how  how      = how_for(w.trust);
    hf_view           chain[3] = {der_of(&w.leaf), der_of(&w.inner), der_of(&w.outer)};
    struct valid_path path;
    struct mem        before = forge_mem;
    struct report     rep;
    report_init(&rep);
    mem_fail_after(1);
    assert_false(valid_chain(&how, chain, 3, &forge_mem, &path, &rep));
    mem_fail_after(0);
    assert_int_equal(rep.why.check, NO_MEMORY);
    valid_path_free(&path, &forge_mem);
    assert_int_equal(forge_mem.used, before.used);
    report_init(&rep);
    size_t n = mem_count();
    assert_true(valid_chain(&how, chain, 3, &forge_mem, &path, &rep));
    assert_int_equal(mem_count() - n, 1); /* one block, whatever the chain */
    valid_path_free(&path, &forge_mem);
    drop_world(&w);
}

/* No byte of a presented chain can be changed without a refusal that names a check. */
static void every_byte_matters(void **state)
{
    struct world      w        = make_world("CN=Top", "CN=One", "CN=Two");
    struct valid_how  how      = how_for(w.trust);
    hf_view           chain[3] = {der_of(&w.leaf), der_of(&w.inner), der_of(&w.outer)};
    struct valid_path path;
    for (int k = 0; k < 2; k++) {
        uint8_t *der = mem_copy(&forge_mem, chain[k].p, chain[k].n);
        hf_view  was = chain[k];
        chain[k].p   = der;
        for (size_t i = 0; i < was.n; i++) {
            der[i] ^= 1u << i % 8;
            report_init(&last);
            if (valid_chain(&how, chain, 3, &forge_mem, &path, &last) || !report_bad(&last))
                fail_msg("certificate %d, byte %zu: accepted", k, i);
            valid_path_free(&path, &forge_mem);
            der[i] ^= 1u << i % 8;
        }
        mem_free(&forge_mem, der);
        chain[k] = was;
    }
    drop_world(&w);
}

/* Checks of path validation that other tests trip: where, and why not here. */
static bool tripped_elsewhere(uint16_t check)
{
    return check == LEAF_IS_CA || check == AKI_MISMATCH || /* valid_lint */
           check == LEAF_SELF_SIGNED || check == LEAF_IS_ANCHOR || check == INTERMEDIATE_MISSING ||
           check == ISSUERS_IN_CIRCLE ||                                    /* valid_blame */
           check == PATH_COMPARISONS_SPENT ||                               /* valid_names */
           check == POLICY_COMPARISONS_SPENT || check == POLICY_ROW_FULL || /* valid_policy */
           check == ISSUER_NAME_EMPTY; /* the parser refuses such a certificate before: a second line of defence */
}

static void every_check_is_tripped(void **state)
{
    for (uint16_t i = 1500; i < 1600;
         i++) /* then come duties of issuers (valid_lint), raw keys (flow rawkey) and others */
        if (hf_check_info_of(i) != hf_check_info_of(0) && !tripped[i] && !tripped_elsewhere(i))
            fail_msg("no test trips %s", hf_check_info_of(i)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_chain),
        cmocka_unit_test(dates),
        cmocka_unit_test(usage),
        cmocka_unit_test(issuers),
        cmocka_unit_test(path_limits),
        cmocka_unit_test(names),
        cmocka_unit_test(algorithms),
        cmocka_unit_test(signatures),
        cmocka_unit_test(issuers_of_every_kind),
        cmocka_unit_test(policies),
        cmocka_unit_test(any_ca_is_an_anchor),
        cmocka_unit_test(pins),
        cmocka_unit_test(too_many_certificates),
        cmocka_unit_test(too_many_signatures),
        cmocka_unit_test(too_heavy_signatures),
        cmocka_unit_test(too_many_steps),
        cmocka_unit_test(findings),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(every_byte_matters),
        cmocka_unit_test(every_check_is_tripped),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
