/* SPDX-License-Identifier: Apache-2.0
 *
 * valid_lint.c - duties of those who issue: each one broken is refused by name under the web profile, and accepted
 * with a remark under the private one.
 */
#include "forged_chain.h"

/* root ─ ica ─ leaf, judged as a server under one profile, with findings. */
static bool judged(enum profile profile, struct spec root, struct spec ica, struct spec leaf, struct report *rep)
{
    struct forged     r   = forge(&root), i, l;
    hf_trust         *t   = hf_trust_new();
    struct valid_how  how = {.trust = t, .purpose = FOR_SERVER_AUTH, .profile = profile, .now = NOW};
    struct valid_path path;
    hf_view           chain[2];
    bool              ok;
    ica.by  = &r;
    i       = forge(&ica);
    leaf.by = &i;
    l       = forge(&leaf);
    assert_true(trust_anchor_anything(t, der_of(&r)));
    chain[0] = der_of(&l), chain[1] = der_of(&i);
    report_init(rep);
    report_keep(rep, &forge_mem);
    ok = valid_chain(&how, chain, 2, &forge_mem, &path, rep);
    valid_path_free(&path, &forge_mem);
    forge_drop(&l);
    forge_drop(&i);
    forge_drop(&r);
    hf_trust_free(t);
    return ok;
}

static bool remarked(const struct report *rep, enum check id, int cert)
{
    for (size_t i = 0; i < rep->n_findings; i++)
        if (rep->findings[i].check == id && rep->findings[i].cert == cert)
            return rep->findings[i].state == HF_SKIPPED;
    return false;
}

static void expect(enum check id, int cert, struct spec root, struct spec ica, struct spec leaf)
{
    struct report rep;
    bool          ok = judged(PROFILE_PRIVATE, root, ica, leaf, &rep);
    if (!ok || !remarked(&rep, id, cert))
        fail_msg("%s: private: %s, %s", hf_check_info_of((uint16_t)id)->name, ok ? "accepted, no remark" : "refused",
                 hf_check_info_of(rep.why.check)->name);
    report_drop(&rep);
    ok = judged(PROFILE_WEB, root, ica, leaf, &rep);
    if (ok || rep.why.check != id || rep.why.cert != cert)
        fail_msg("%s: web: got %s at %d", hf_check_info_of((uint16_t)id)->name, hf_check_info_of(rep.why.check)->name,
                 rep.why.cert);
    report_drop(&rep);
}

static void good_ones(void **state)
{
    struct report rep;
    assert_true(judged(PROFILE_WEB, ROOT, ICA, LEAF, &rep));
    for (size_t i = 0; i < rep.n_findings; i++)
        assert_true(rep.findings[i].state == HF_PASS || rep.findings[i].check >= 1900); /* revocation: nothing to ask */
    report_drop(&rep);
}

static void serials(void **state)
{
    static const uint8_t zero[] = {0}, negative[] = {0xff}, longest[20] = {1}, longer[21] = {1};
    struct spec          root = ROOT, ica = ICA, leaf = LEAF;
    struct report        rep;
    leaf.serial = (hf_view){zero, 1};
    expect(LINT_SERIAL_NOT_POSITIVE, 0, ROOT, ICA, leaf);
    leaf.serial = (hf_view){negative, 1};
    expect(LINT_SERIAL_NOT_POSITIVE, 0, ROOT, ICA, leaf);
    root.serial = (hf_view){zero, 1}; /* as a well-known root has it */
    assert_true(judged(PROFILE_WEB, root, ICA, LEAF, &rep));
    report_drop(&rep);
    ica.serial = (hf_view){longer, sizeof longer};
    expect(LINT_SERIAL_TOO_LONG, 1, ROOT, ica, LEAF);
    ica.serial = (hf_view){longest, sizeof longest};
    assert_true(judged(PROFILE_WEB, ROOT, ica, LEAF, &rep));
    report_drop(&rep);
}

static void key_identifiers(void **state)
{
    struct spec root = ROOT, ica = ICA, leaf = LEAF;
    leaf.no_aki = true;
    expect(LINT_AKI_MISSING, 0, ROOT, ICA, leaf);
    ica.no_ski = true;
    expect(LINT_SKI_MISSING, 1, ROOT, ica, LEAF);
    ica = ICA, ica.flip = OID_CE_SKI;
    expect(LINT_KEY_ID_CRITICAL, 1, ROOT, ica, LEAF);
    root.above = ROOT.subject;
    expect(LINT_ROOT_AKI_FIELDS, CERT_ANCHOR, root, ICA, LEAF);
    root = ROOT, root.aki = "another";
    expect(LINT_ROOT_AKI_DIFFERS, CERT_ANCHOR, root, ICA, LEAF);
}

static void criticality(void **state)
{
    struct spec ica = ICA, leaf = LEAF;
    ica.flip = OID_CE_BASIC;
    expect(LINT_BASIC_NOT_CRITICAL, 1, ROOT, ica, LEAF);
    ica = ICA, ica.flip = OID_CE_POLICY_CONS, ica.explicit_ = 10;
    expect(LINT_POLICY_CONS_NOT_CRITICAL, 1, ROOT, ica, LEAF);
    leaf.flip = OID_CE_EKU;
    expect(LINT_EKU_CRITICAL, 0, ROOT, ICA, leaf);
    leaf.flip = OID_CE_SAN;
    expect(LINT_SAN_CRITICAL, 0, ROOT, ICA, leaf);
    leaf = LEAF, leaf.subject = "";
    expect(LINT_SAN_NOT_CRITICAL, 0, ROOT, ICA, leaf);
}

static void names(void **state)
{
    struct spec   ica = ICA, leaf = LEAF;
    struct report rep;
    ica.exclude[0] = "DNS:.b.example";
    expect(LINT_NC_LEADING_DOT, 1, ROOT, ica, LEAF);
    leaf.exclude[0] = "DNS:b.example";
    expect(LINT_NC_IN_LEAF, 0, ROOT, ICA, leaf);
    leaf = LEAF, leaf.san[0] = "DNS:a_b.example";
    expect(LINT_SAN_UNDERSCORE, 0, ROOT, ICA, leaf);
    leaf = LEAF, leaf.subject = "CN=b.example"; /* a remark under both */
    assert_true(judged(PROFILE_WEB, ROOT, ICA, leaf, &rep));
    assert_true(remarked(&rep, LINT_CN_NOT_IN_SAN, 0));
    report_drop(&rep);
    leaf.subject = "CN=a.example";
    assert_true(judged(PROFILE_WEB, ROOT, ICA, leaf, &rep));
    assert_false(remarked(&rep, LINT_CN_NOT_IN_SAN, 0));
    report_drop(&rep);
}

static void usage(void **state)
{
    struct spec   root = ROOT, leaf = LEAF;
    struct report rep;
    leaf.ca = true;
    expect(LEAF_IS_CA, 0, ROOT, ICA, leaf);
    leaf = LEAF, leaf.ku = KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN;
    expect(LINT_LEAF_SIGNS_CERTS, 0, ROOT, ICA, leaf);
    leaf = LEAF, leaf.eku = EKU_SERVER_AUTH | EKU_ANY;
    expect(LINT_EKU_ANY, 0, ROOT, ICA, leaf);
    root.eku = EKU_SERVER_AUTH;
    expect(LINT_ROOT_EKU, CERT_ANCHOR, root, ICA, LEAF);
    leaf = LEAF, leaf.aki = "another"; /* the signature decides; other programs refuse this one */
    assert_true(judged(PROFILE_PRIVATE, ROOT, ICA, leaf, &rep));
    assert_true(remarked(&rep, AKI_MISMATCH, 0));
    report_drop(&rep);
}

static void odd_rsa(void **state)
{
    uint8_t     n[257] = {0x0f};
    struct wr   w      = wr_grow(&forge_mem, 4096);
    struct spec leaf   = LEAF;
    memset(n + 1, 0xa5, sizeof n - 1);
    leaf.spki = forge_rsa(&w, (hf_view){n, sizeof n}); /* 2052 bits */
    expect(LINT_RSA_BITS_ODD, 0, ROOT, ICA, leaf);
    wr_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),   cmocka_unit_test(serials), cmocka_unit_test(key_identifiers),
        cmocka_unit_test(criticality), cmocka_unit_test(names),   cmocka_unit_test(usage),
        cmocka_unit_test(odd_rsa),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
