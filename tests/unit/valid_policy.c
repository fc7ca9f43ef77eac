/* SPDX-License-Identifier: Apache-2.0
 *
 * valid_policy.c - certificate policies (RFC 5280 6.1, RFC 9618) in paths as NIST's path validation test suite has
 * them: same and different policies, anyPolicy, required explicit policy, mapping, inhibited mapping, inhibited
 * anyPolicy, each also with self-issued certificates; and graphs that would make a tree of policies explode.
 */
#include "forged_chain.h"

#define P1 "1.2.1"
#define P2 "1.2.2"
#define P3 "1.2.3"
static const uint8_t p1_der[] = {0x2a, 1}, p2_der[] = {0x2a, 2};
static const hf_view p1      = {p1_der, 2};
static const hf_view p1_p2[] = {{p1_der, 2}, {p2_der, 2}};

enum { CHAIN_MAX = 8 };

/* What the caller demands. */
static const struct valid_how ANY     = {.explicit_policy = false};
static const struct valid_how SOME    = {.explicit_policy = true};
static const struct valid_how ONLY_P1 = {.explicit_policy = true, .policies = &p1, .n_policies = 1};
static const struct valid_how P1_P2   = {.explicit_policy = true, .policies = p1_p2, .n_policies = 2};
/* An acceptable set alone demands nothing (RFC 5280 6.1.5 (g)). */
static const struct valid_how MAYBE_P1 = {.policies = &p1, .n_policies = 1};

/* The verdict on a path of CAs and a leaf, root first, all under one root that says nothing of policies unless the
 * first one has no name: then it is the root. */
static enum check path(const struct valid_how *demand, const struct spec *const *specs, size_t n)
{
    struct forged        f[CHAIN_MAX + 1];
    const struct forged *chain[CHAIN_MAX];
    hf_trust            *trust = hf_trust_new();
    struct valid_how     how   = *demand;
    enum check           c;
    char                 name[32];
    f[0] = forge(&ROOT);
    for (size_t i = 0; i < n; i++) {
        struct spec s = *specs[i];
        snprintf(name, sizeof name, "CN=CA %zu", i);
        s.by = &f[i];
        s.ca = i + 1 < n;
        if (!s.subject) /* self-issued when it says "" */
            s.subject = name;
        f[i + 1]         = forge(&s);
        chain[n - 1 - i] = &f[i + 1];
    }
    assert_true(trust_anchor_anything(trust, der_of(&f[0])));
    how.trust = trust, how.purpose = FOR_CLIENT_AUTH, how.now = NOW;
    c = judge_forged(&how, chain, n);
    for (size_t i = 0; i <= n; i++)
        forge_drop(&f[i]);
    hf_trust_free(trust);
    return c;
}

/* PATH(demand, wanted check, CA, ..., leaf): each a brace-enclosed struct spec. */
#define CA(...) (&(struct spec){__VA_ARGS__})
#define PATH(demand, wanted, ...)                                                                                      \
    do {                                                                                                               \
        const struct spec *specs[] = {__VA_ARGS__};                                                                    \
        enum check         got     = path(&(demand), specs, sizeof specs / sizeof specs[0]);                           \
        if (got != (wanted))                                                                                           \
            fail_msg("line %d: wanted %s, got %s", __LINE__, #wanted, hf_check_info_of((uint16_t)got)->name);          \
    } while (0)

static void same_policies(void **state)
{
    const struct spec *p = CA(.policies = {P1}), *none = CA(.policies = {NULL}), *other = CA(.policies = {P2});
    const struct spec *both = CA(.policies = {P1, P2}), *any = CA(.policies = {"any"});
    PATH(ANY, CHECK_NONE, p, p, p);
    PATH(SOME, CHECK_NONE, p, p, p);
    PATH(ONLY_P1, CHECK_NONE, p, p, p);
    PATH(ONLY_P1, POLICY_NOT_ACCEPTED, other, other, other);
    PATH(P1_P2, CHECK_NONE, other, other, other);
    PATH(ANY, CHECK_NONE, none, none, none);
    PATH(SOME, POLICY_NONE_VALID, none, none, none);
    PATH(SOME, POLICY_NONE_VALID, p, none, p);
    PATH(SOME, POLICY_NONE_VALID, p, other, p);
    PATH(SOME, POLICY_NONE_VALID, p, p, other);
    PATH(ANY, CHECK_NONE, p, p, other); /* nobody asked for a policy */
    PATH(MAYBE_P1, CHECK_NONE, p, p, other);
    PATH(ONLY_P1, CHECK_NONE, both, p, both);
    PATH(ONLY_P1, POLICY_NOT_ACCEPTED, both, other, both);
    PATH(P1_P2, CHECK_NONE, both, other, both);
    PATH(SOME, POLICY_NONE_VALID, both, p, other);
    PATH(ONLY_P1, CHECK_NONE, any, any, p);
    PATH(ONLY_P1, POLICY_NOT_ACCEPTED, any, any, other);
    PATH(ONLY_P1, CHECK_NONE, any, p, any);
    PATH(ONLY_P1, CHECK_NONE, p, any, p);
    PATH(ONLY_P1, CHECK_NONE, any, any, any); /* anyPolicy to the end stands for each accepted one */
    PATH(SOME, POLICY_NONE_VALID, p, any, other);
}

static void required(void **state)
{
    const struct spec *p = CA(.policies = {P1}), *none = CA(.policies = {NULL});
    PATH(ANY, POLICY_NONE_VALID, CA(.explicit_ = 1), none, none);
    PATH(ANY, POLICY_NONE_VALID, CA(.explicit_ = 1, .policies = {P1}), p, none);
    PATH(ANY, CHECK_NONE, CA(.explicit_ = 1, .policies = {P1}), p, p);
    PATH(ANY, CHECK_NONE, CA(.explicit_ = 4), none, none);
    PATH(ANY, POLICY_NOT_ACCEPTED, CA(.explicit_ = 3), none, none); /* 6.1.5 (a): the end counts once more */
    PATH(ANY, POLICY_NONE_VALID, CA(.explicit_ = 2), none, none);   /* the leaf is the second one */
    PATH(ANY, POLICY_NONE_VALID, CA(.explicit_ = 10), CA(.explicit_ = 1), none); /* the lowest holds */
    PATH(ANY, POLICY_NONE_VALID, CA(.explicit_ = 1), CA(.explicit_ = 10), none);
    PATH(ANY, CHECK_NONE, none, none, CA(.explicit_ = 2));
    PATH(ANY, POLICY_NOT_ACCEPTED, none, none, CA(.explicit_ = 1)); /* 6.1.5 (b): 0 in the leaf holds at once */
    PATH(ANY, CHECK_NONE, p, p, CA(.explicit_ = 1, .policies = {P1}));
    /* a self-issued one does not count down */
    PATH(ANY, CHECK_NONE, CA(.explicit_ = 3, .subject = "CN=X"), CA(.subject = "CN=X"), none);
    PATH(ANY, POLICY_NONE_VALID, CA(.explicit_ = 2, .subject = "CN=X"), CA(.subject = "CN=X"), none, none);
}

static void mapped(void **state)
{
    const struct spec *p = CA(.policies = {P1}), *other = CA(.policies = {P2}), *third = CA(.policies = {P3});
    const struct spec *map = CA(.policies = {P1}, .map = {{P1, P2}});
    PATH(ONLY_P1, CHECK_NONE, map, other);
    PATH(ONLY_P1, POLICY_NONE_VALID, map, p); /* P1 is P2 from here on */
    PATH(P1_P2, CHECK_NONE, map, other);
    PATH(SOME, CHECK_NONE, map, other);
    PATH(ONLY_P1, CHECK_NONE, map, CA(.policies = {P2}, .map = {{P2, P3}}), third);
    PATH(ONLY_P1, POLICY_NONE_VALID, map, CA(.policies = {P2}, .map = {{P2, P3}}), other);
    PATH(ONLY_P1, CHECK_NONE, CA(.policies = {P1, P3}, .map = {{P1, P2}}), other); /* one of two is mapped */
    PATH(ONLY_P1, POLICY_NOT_ACCEPTED, CA(.policies = {P1, P3}, .map = {{P1, P2}}), third);
    PATH(ONLY_P1, CHECK_NONE, CA(.policies = {P1}, .map = {{P1, P2}, {P1, P3}}), third);     /* to several */
    PATH(ONLY_P1, CHECK_NONE, CA(.policies = {P1, P2}, .map = {{P1, P3}, {P2, P3}}), third); /* several to one */
    PATH(ONLY_P1, POLICY_NOT_ACCEPTED, CA(.policies = {P1, P2}, .map = {{P2, P3}}), third);
    PATH(ONLY_P1, CHECK_NONE, CA(.policies = {"any"}, .map = {{P1, P2}}), other); /* out of anyPolicy */
    PATH(ONLY_P1, POLICY_NOT_ACCEPTED, CA(.policies = {"any"}, .map = {{P3, P2}}), other);
    PATH(ONLY_P1, CHECK_NONE, map, CA(.policies = {"any"}), other);
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .map = {{P2, P3}}), third); /* what it has not it cannot map */
    PATH(ANY, POLICY_MAPS_ANY, CA(.policies = {P1}, .map = {{"any", P2}}), other);
    PATH(ANY, POLICY_MAPS_ANY, CA(.policies = {P1}, .map = {{P1, "any"}}), other);
}

static void mapping_inhibited(void **state)
{
    const struct spec *other = CA(.policies = {P2}), *p = CA(.policies = {P1});
    const struct spec *map = CA(.policies = {P1}, .map = {{P1, P2}});
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_map = 1), map, other);
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_map = 1), map, p); /* nor is it left as it was */
    PATH(SOME, CHECK_NONE, CA(.policies = {P1}, .no_map = 2), map, other);
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_map = 2), p, map, other);
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_map = 5), CA(.policies = {P1}, .no_map = 1), map, other);
    PATH(SOME, CHECK_NONE, CA(.policies = {P1}, .no_map = 2, .subject = "CN=X"),
         CA(.policies = {P1}, .subject = "CN=X"), map, other); /* the self-issued one does not count */
}

static void any_inhibited(void **state)
{
    const struct spec *p = CA(.policies = {P1}), *any = CA(.policies = {"any"});
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_any = 1), any, p);
    PATH(SOME, CHECK_NONE, CA(.policies = {P1}, .no_any = 2), any, p);
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_any = 2), any, any);
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_any = 9), CA(.policies = {P1}, .no_any = 1), any);
    PATH(SOME, CHECK_NONE, CA(.policies = {P1}, .no_any = 1), p, p);
    /* in a self-issued intermediate it counts, in a self-issued leaf it does not */
    PATH(SOME, CHECK_NONE, CA(.policies = {P1}, .no_any = 1, .subject = "CN=X"),
         CA(.policies = {"any"}, .subject = "CN=X"), p);
    PATH(SOME, POLICY_NONE_VALID, CA(.policies = {P1}, .no_any = 1, .subject = "CN=X"),
         CA(.policies = {"any"}, .subject = "CN=X"));
}

/* Each CA maps each of k policies to each of k: a tree would have k^depth leaves. */
static void no_explosion(void **state)
{
    static const char *const oids[] = {"1.3.1", "1.3.2", "1.3.3"};
    struct spec              s      = {.policies = {oids[0], oids[1], oids[2]}};
    size_t                   n      = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            s.map[n][0]   = oids[i];
            s.map[n++][1] = oids[k];
        }
    PATH(SOME, CHECK_NONE, &s, &s, &s, &s, &s, &s, CA(.policies = {"1.3.2"}));
    PATH(SOME, POLICY_NONE_VALID, &s, &s, &s, &s, &s, &s, CA(.policies = {P1}));
}

/* More policies than a row keeps, and more comparisons than the budget: both are said. */
static void too_much(void **state)
{
    struct spec wide = {.policies = {P1}, .map = {{P1, P2}}, .many_policies = 250};
    struct spec full = {.policies = {P1}, .many_policies = 240, .many_maps = 250};
    PATH(SOME, POLICY_COMPARISONS_SPENT, &wide, &wide, &wide, &wide, &wide, &wide, &wide);
    PATH(SOME, POLICY_ROW_FULL, &full, CA(.policies = {P1}));
}

/* The anchor's own policyConstraints and inhibitAnyPolicy hold below it. */
static void anchors_demands(void **state)
{
    struct spec      root = ROOT, leaf = LEAF;
    struct forged    r, l;
    hf_trust        *t;
    struct valid_how how;
    root.explicit_ = 1;
    r              = forge(&root);
    leaf.by        = &r;
    l              = forge(&leaf);
    t              = hf_trust_new();
    how            = how_for(t);
    assert_true(trust_anchor_anything(t, der_of(&r)));
    SAYS(&how, POLICY_NONE_VALID, 0, &l);
    forge_drop(&l);
    leaf.policies[0] = P1;
    l                = forge(&leaf);
    SAYS(&how, CHECK_NONE, -1, &l);
    forge_drop(&l);
    forge_drop(&r);
    hf_trust_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_policies),     cmocka_unit_test(required),        cmocka_unit_test(mapped),
        cmocka_unit_test(mapping_inhibited), cmocka_unit_test(any_inhibited),   cmocka_unit_test(no_explosion),
        cmocka_unit_test(too_much),          cmocka_unit_test(anchors_demands),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
