/* SPDX-License-Identifier: Apache-2.0
 * again.c - see again.h. */
#include "prog/again.h"

#include "prog/log.h"
#include "prog/proxy.h"
#include "prog/proxy_in.h"

enum {
    ROUND_MS = 60000, /* from the end of one round to the next, when nothing changes */
    TICK_MS  = 10,
    SLICE    = 64 /* connections judged at a time */
};

/* What is in force now, for one slice. */
struct force {
    hf_config *cfg;
    hf_rules  *rules;
};

static struct force force_take(const struct worker *w)
{
    return (struct force){gate_config(w->gate), gate_rules(w->gate)};
}

static void force_drop(struct force *f)
{
    hf_config_free(f->cfg);
    hf_rules_free(f->rules);
}

/* ---- one connection ------------------------------------------------------------------------------------- */

static bool may_stay(struct proxy *p, const struct force *f, hf_why *why)
{
    return hf_conn_judge(p->conn, f->cfg, log_now_ms(), why) &&
           (p->admission.state != ADMISSION_IN || admission_again(p, f->rules, why));
}

static bool judge(struct proxy *p, const struct force *f)
{
    hf_why why;
    bool   open = p->opened && (p->stage == OPEN || p->stage == REACHING);
    if (!open || may_stay(p, f, &why))
        return true;
    proxy_turn_out(p, &why);
    return false;
}

/* ---- rounds --------------------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *t);

static void round_start(uv_timer_t *t)
{
    struct worker *w = t->data;
    w->again.next    = w->first;
    uv_timer_start(t, on_tick, 0, TICK_MS);
}

static void on_tick(uv_timer_t *t)
{
    struct worker *w = t->data;
    struct again  *a = &w->again;
    struct force   f = force_take(w);
    for (int i = 0; i < SLICE && a->next; i++) {
        struct proxy *p = a->next;
        a->next         = proxy_next(p);
        judge(p, &f);
    }
    force_drop(&f);
    if (!a->next)
        uv_timer_start(t, round_start, ROUND_MS, 0);
}

void again_changed(struct worker *w)
{
    struct again *a       = &w->again;
    unsigned      changes = atomic_load(&w->gate->changes);
    if (changes == a->changes || uv_is_closing((uv_handle_t *)&a->tick))
        return;
    a->changes = changes;
    round_start(&a->tick);
}

/* ---- expiry --------------------------------------------------------------------------------------------- */

static void on_expiry(uv_timer_t *t);

static void wait_for(struct worker *w, int64_t expires_ms)
{
    struct again *a   = &w->again;
    int64_t       now = log_now_ms();
    if (expires_ms == INT64_MAX || (a->soonest && a->soonest <= expires_ms) || uv_is_closing((uv_handle_t *)&a->expiry))
        return;
    a->soonest = expires_ms;
    uv_timer_start(&a->expiry, on_expiry, expires_ms > now ? (uint64_t)(expires_ms - now) : 1, 0);
}

/* Those that are due are judged, so many at a time; then the next one is waited for. */
static void on_expiry(uv_timer_t *t)
{
    struct worker *w   = t->data;
    int64_t        now = log_now_ms(), soonest = INT64_MAX;
    struct force   f = force_take(w);
    int            n = 0;
    w->again.soonest = 0;
    for (struct proxy *p = w->first, *next; p; p = next) {
        next = proxy_next(p);
        if (p->expires_ms <= now && n++ < SLICE) {
            p->expires_ms = INT64_MAX; /* whatever comes of it: once */
            judge(p, &f);
        } else if (p->expires_ms < soonest)
            soonest = p->expires_ms;
    }
    force_drop(&f);
    wait_for(w, soonest);
}

/* ---- the worker ----------------------------------------------------------------------------------------- */

void again_init(struct worker *w)
{
    struct again *a = &w->again;
    uv_timer_init(&w->loop, &a->tick);
    uv_timer_init(&w->loop, &a->expiry);
    a->tick.data = a->expiry.data = w;
    uv_timer_start(&a->tick, round_start, ROUND_MS, 0);
}

void again_stop(struct worker *w)
{
    uv_close((uv_handle_t *)&w->again.tick, NULL);
    uv_close((uv_handle_t *)&w->again.expiry, NULL);
}

bool again_opened(struct proxy *p)
{
    const hf_peer *peer  = hf_conn_peer(p->conn);
    bool           dated = peer && hf_peer_leaf(peer).n, stays = true; /* a raw public key has no dates */
    /* "The validity period for a certificate is the period of time from notBefore through notAfter, inclusive" */
    p->expires_ms = dated ? (hf_peer_not_after(peer) + 1) * 1000 : INT64_MAX;
    if (p->changes != atomic_load(&p->worker->gate->changes)) {
        struct force f = force_take(p->worker);
        stays          = judge(p, &f);
        force_drop(&f);
    }
    if (stays)
        wait_for(p->worker, p->expires_ms);
    return stays;
}

void again_gone(struct proxy *p)
{
    if (p->worker->again.next == p)
        p->worker->again.next = p->next;
}
