/* SPDX-License-Identifier: Apache-2.0
 *
 * presence.c - one certificate in one place: what each mode answers, what is counted as a place, who is told to go, the
 * ceilings, and many threads on one table (this file is built a second time under the thread sanitizer).
 */
#include "auth/presence.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "unit.h"

enum { NOW = 1000, MANY = 4096 };

static const struct place_rule observe = {PLACE_OBSERVE, PLACE_ADDRESS, 0, 0, 0};
static const struct place_rule refuse  = {PLACE_LIMIT, PLACE_ADDRESS, 1, 0, 0};
static const struct place_rule two     = {PLACE_LIMIT, PLACE_ADDRESS, 2, 0, 0};
static const struct place_rule replace = {PLACE_REPLACE, PLACE_ADDRESS, 0, 0, 0};

static const uint8_t alice[PRESENCE_KEY] = {1, 2, 3, 4, 5, 6, 7, 8}, bob[PRESENCE_KEY] = {1, 2, 3, 4, 5, 6, 7, 9};

/* One table and one home, with what the last question found. */
struct scene {
    struct presence      *p;
    struct presence_home  home;
    struct presence_found found;
    struct report         rep;
    atomic_uint           wakes;
    int64_t               now;
};

static void wake(void *ctx)
{
    atomic_fetch_add(&((struct scene *)ctx)->wakes, 1);
}

static struct scene *scene_new(size_t certificates)
{
    struct scene *sc = calloc(1, sizeof *sc);
    sc->p            = presence_new(certificates);
    sc->now          = NOW;
    presence_home_init(&sc->home, wake, sc);
    return sc;
}

static void scene_free(struct scene *sc)
{
    struct presence_numbers n;
    presence_count(sc->p, &n);
    assert_int_equal(n.certificates + n.places + n.stays, 0);
    presence_free(sc->p);
    free(sc);
}

static struct whence at4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    static uint16_t port = 40000;
    return (struct whence){4, {a, b, c, d}, ++port};
}

static bool enter(struct scene *sc, const struct place_rule *rule, const uint8_t *key, struct stay *s, struct whence w)
{
    report_init(&sc->rep);
    return presence_enter(sc->p, rule, key, s, &sc->home, &w, sc->now++, &sc->found, &sc->rep);
}

static struct presence_numbers count(struct scene *sc)
{
    struct presence_numbers n;
    presence_count(sc->p, &n);
    return n;
}

static void assert_held_by(const struct scene *sc, const struct stay *s)
{
    char text[WHENCE_TEXT];
    assert_string_equal(sc->found.holder, whence_text(&s->from, text));
}

static void observing_lets_all_in(void **state)
{
    struct scene *sc = scene_new(100);
    struct stay   s[4];
    assert_true(enter(sc, &observe, alice, &s[0], at4(10, 0, 0, 1)));
    assert_int_equal(sc->found.others, 0);
    assert_true(sc->found.new_place);
    assert_true(enter(sc, &observe, alice, &s[1], at4(10, 0, 0, 1)));
    assert_int_equal(sc->found.others, 0);
    assert_false(sc->found.new_place);
    assert_true(enter(sc, &observe, alice, &s[2], at4(10, 0, 0, 2)));
    assert_int_equal(sc->found.others, 1);
    assert_held_by(sc, &s[0]);
    assert_int_equal(sc->found.holder_since_ms, NOW);
    assert_true(enter(sc, &observe, bob, &s[3], at4(10, 0, 0, 2)));
    assert_int_equal(sc->found.others, 0);
    struct presence_numbers n = count(sc);
    assert_int_equal(n.certificates, 2);
    assert_int_equal(n.places, 3);
    assert_int_equal(n.stays, 4);
    for (int i = 0; i < 4; i++)
        presence_leave(&s[i]);
    scene_free(sc);
}

static void one_place_refuses_the_newcomer(void **state)
{
    struct scene *sc = scene_new(100);
    struct stay   a, b, c;
    assert_true(enter(sc, &refuse, alice, &a, at4(10, 0, 0, 1)));
    assert_true(enter(sc, &refuse, alice, &b, at4(10, 0, 0, 1)));
    assert_false(enter(sc, &refuse, alice, &c, at4(10, 0, 0, 2)));
    assert_int_equal(sc->rep.why.check, IDENTITY_IN_USE);
    assert_int_equal(sc->rep.why.alert, 49);
    assert_non_null(strstr(sc->rep.why.text, "in use from 10.0.0.1:4"));
    assert_non_null(strstr(sc->rep.why.text, "since 1970-01-01T00:00:01Z"));
    presence_leave(&c); /* was never here */
    presence_leave(&a);
    assert_false(enter(sc, &refuse, alice, &c, at4(10, 0, 0, 2)));
    assert_held_by(sc, &b);
    presence_leave(&b);
    assert_true(enter(sc, &refuse, alice, &c, at4(10, 0, 0, 2)));
    presence_leave(&c);
    scene_free(sc);
}

static void a_limit_counts_places(void **state)
{
    struct scene *sc = scene_new(100);
    struct stay   s[3];
    assert_true(enter(sc, &two, alice, &s[0], at4(10, 0, 0, 1)));
    assert_true(enter(sc, &two, alice, &s[1], at4(10, 0, 0, 2)));
    assert_false(enter(sc, &two, alice, &s[2], at4(10, 0, 0, 3)));
    assert_int_equal(sc->rep.why.want, 2);
    assert_int_equal(sc->rep.why.got, 3);
    presence_leave(&s[0]);
    assert_true(enter(sc, &two, alice, &s[2], at4(10, 0, 0, 3)));
    presence_leave(&s[1]);
    presence_leave(&s[2]);
    scene_free(sc);
}

static void a_newcomer_replaces_all_others(void **state)
{
    struct scene *sc = scene_new(100);
    struct stay   s[4];
    assert_true(enter(sc, &replace, alice, &s[0], at4(10, 0, 0, 1)));
    assert_true(enter(sc, &replace, alice, &s[1], at4(10, 0, 0, 1)));
    assert_true(enter(sc, &replace, bob, &s[3], at4(10, 0, 0, 1)));
    assert_int_equal(sc->found.ousted, 0);
    assert_true(enter(sc, &replace, alice, &s[2], at4(10, 0, 0, 2)));
    assert_int_equal(sc->found.ousted, 2);
    assert_int_equal(atomic_load(&sc->wakes), 2);
    assert_int_equal(count(sc).stays, 2);
    struct stay *gone = presence_ousted(&sc->home);
    assert_memory_equal(&gone->by, &s[2].from, sizeof gone->by);
    presence_leave(gone);
    presence_leave(gone == &s[0] ? &s[1]
                                 : &s[0]); /* it ends by itself before its home was told: nothing is left over */
    assert_null(presence_ousted(&sc->home));
    presence_leave(&s[2]);
    presence_leave(&s[3]);
    scene_free(sc);
}

static void connections_are_places(void **state)
{
    const struct place_rule none_beside = {PLACE_LIMIT, PLACE_CONNECTION, 1, 0, 0};
    const struct place_rule newest      = {PLACE_REPLACE, PLACE_CONNECTION, 0, 0, 0};
    struct scene           *sc          = scene_new(100);
    struct stay             a, b;
    assert_true(enter(sc, &none_beside, alice, &a, at4(10, 0, 0, 1)));
    assert_false(enter(sc, &none_beside, alice, &b, at4(10, 0, 0, 1)));
    assert_true(enter(sc, &newest, alice, &b, at4(10, 0, 0, 1)));
    assert_int_equal(sc->found.others, 1);
    assert_ptr_equal(presence_ousted(&sc->home), &a);
    assert_int_equal(count(sc).stays, 1);
    presence_leave(&a);
    presence_leave(&b);
    scene_free(sc);
}

static void prefixes_are_places(void **state)
{
    const struct place_rule near = {PLACE_LIMIT, PLACE_PREFIX, 1, 20, 60};
    struct scene           *sc   = scene_new(100);
    struct whence           v6a  = {6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0x11, 1}, 1},
                  v6b            = {6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0x1f, 2}, 2};
    struct whence far = {6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0x20}, 3}, local = {0};
    struct stay   a, b, c;
    assert_true(enter(sc, &near, alice, &a, at4(10, 0, 16, 1)));
    assert_true(enter(sc, &near, alice, &b, at4(10, 0, 31, 255)));
    assert_false(enter(sc, &near, alice, &c, at4(10, 0, 32, 1)));
    assert_false(enter(sc, &near, alice, &c, local));
    presence_leave(&a);
    presence_leave(&b);
    assert_true(enter(sc, &near, alice, &a, v6a));
    assert_true(enter(sc, &near, alice, &b, v6b));
    assert_false(enter(sc, &near, alice, &c, far));
    assert_non_null(strstr(sc->rep.why.text, "in use from [2001:db8:0:11:100::]:1 since"));
    presence_leave(&a);
    presence_leave(&b);
    assert_true(enter(sc, &near, alice, &a, local));
    assert_true(enter(sc, &near, alice, &b, local));
    presence_leave(&a);
    presence_leave(&b);
    scene_free(sc);
}

/* The table is full, one certificate is everywhere, memory is out: refused by name, and nothing is lost. */
static void ceilings(void **state)
{
    static struct stay s[LIMIT_PLACES + 1];
    struct scene      *sc                  = scene_new(2);
    uint8_t            carol[PRESENCE_KEY] = {9};
    assert_true(enter(sc, &observe, alice, &s[0], at4(10, 0, 0, 1)));
    assert_true(enter(sc, &observe, bob, &s[1], at4(10, 0, 0, 1)));
    assert_false(enter(sc, &observe, carol, &s[2], at4(10, 0, 0, 1)));
    assert_int_equal(sc->rep.why.check, PRESENCE_FULL);
    presence_leave(&s[1]);
    assert_true(enter(sc, &observe, carol, &s[2], at4(10, 0, 0, 1)));
    presence_leave(&s[0]);
    presence_leave(&s[2]);
    for (int i = 0; i < LIMIT_PLACES; i++)
        assert_true(enter(sc, &observe, alice, &s[i], at4(10, 0, (uint8_t)(i >> 8), (uint8_t)i)));
    assert_false(enter(sc, &observe, alice, &s[LIMIT_PLACES], at4(10, 1, 0, 0)));
    assert_int_equal(sc->rep.why.check, PRESENCE_FULL);
    for (int i = 0; i < LIMIT_PLACES; i++)
        presence_leave(&s[i]);
    scene_free(sc);
    sc = scene_new(100);
    mem_fail_after(1);
    assert_false(enter(sc, &observe, alice, &s[0], at4(10, 0, 0, 1)));
    mem_fail_after(0);
    assert_true(enter(sc, &observe, alice, &s[0], at4(10, 0, 0, 1)));
    presence_leave(&s[0]);
    scene_free(sc);
}

/* ---- many threads ---------------------------------------------------------------------------------------- */

struct walker {
    struct scene        *sc;
    struct presence_home home;
    unsigned             seed, ousted;
    struct stay          s[16];
    bool                 in[16];
    pthread_t            thread;
};

static void no_wake(void *ctx)
{
}

static void take_ousted(struct walker *w)
{
    for (struct stay *s; (s = presence_ousted(&w->home)); w->ousted++) {
        presence_leave(s);
        w->in[s - w->s] = false;
    }
}

/* Comes and goes at random with one of few certificates from one of few places, under all rules. */
static void *walk(void *arg)
{
    static const struct place_rule *const rules[] = {&observe, &refuse, &two, &replace};
    struct walker                        *w       = arg;
    for (int i = 0; i < MANY; i++) {
        struct presence_found f;
        struct report         rep;
        unsigned              r = w->seed       = w->seed * 1103515245 + 12345;
        unsigned              k                 = (r >> 8) % 16;
        uint8_t               key[PRESENCE_KEY] = {(uint8_t)((r >> 12) % 5)};
        struct whence         from              = {4, {10, 0, 0, (uint8_t)((r >> 16) % 3)}, 1};
        report_init(&rep);
        if (w->in[k])
            presence_leave(&w->s[k]);
        w->in[k] =
            !w->in[k] && presence_enter(w->sc->p, rules[(r >> 20) % 4], key, &w->s[k], &w->home, &from, i, &f, &rep);
        if (i % 7 == 0)
            take_ousted(w);
    }
    take_ousted(w);
    for (int k = 0; k < 16; k++)
        if (w->in[k])
            presence_leave(&w->s[k]);
    return NULL;
}

static void threads_share_one_table(void **state)
{
    static struct walker w[4];
    struct scene        *sc     = scene_new(100);
    unsigned             ousted = 0;
    for (unsigned i = 0; i < 4; i++) {
        w[i] = (struct walker){.sc = sc, .seed = i + 1};
        presence_home_init(&w[i].home, no_wake, NULL);
        pthread_create(&w[i].thread, NULL, walk, &w[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(w[i].thread, NULL);
        assert_null(presence_ousted(&w[i].home));
        ousted += w[i].ousted;
    }
    assert_true(ousted > 0);
    scene_free(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(observing_lets_all_in),
        cmocka_unit_test(one_place_refuses_the_newcomer),
        cmocka_unit_test(a_limit_counts_places),
        cmocka_unit_test(a_newcomer_replaces_all_others),
        cmocka_unit_test(connections_are_places),
        cmocka_unit_test(prefixes_are_places),
        cmocka_unit_test(ceilings),
        cmocka_unit_test(threads_share_one_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
