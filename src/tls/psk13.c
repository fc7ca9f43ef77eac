/* SPDX-License-Identifier: Apache-2.0
 *
 * psk13.c - pre_shared_key in TLS 1.3, always with a fresh key exchange (psk_dhe_ke): sessions and external keys
 * offered and taken, and the binders that prove who has them (RFC 9846 4.3.9, 4.3.11; RFC 9258). Early data is never
 * offered and never taken.
 */
#include <string.h>

#include "base/ct.h"
#include "base/text.h"
#include "tls/conn.h"

enum { BINDERS_LEN = 2 }; /* bytes of the length in front of the binders */

/* ---- binders ------------------------------------------------------------------------------------------- */

void psk_binder(const hf_conn *c, const struct psk_offer *o, hf_view truncated, uint8_t out[HASH_MAX])
{
    struct hash   t;
    struct secret s;
    uint8_t       none[HASH_MAX], th[HASH_MAX];
    if (c->hs->retried)
        t = c->hs->transcript; /* the first hello and the retry */
    else
        hash_init(&t, o->hash);
    hash_update(&t, truncated.p, truncated.n);
    hash_final(&t, th);
    hash_once(o->hash, (hf_view){none, 0}, none);
    schedule_start(o->hash, o->key, &s);
    derive_secret(o->hash, &s, o->external ? "imp binder" : "res binder", none, &s);
    finished_mac(o->hash, &s, th, out);
    ct_wipe(&s, sizeof s);
}

/* "the server MUST validate the corresponding binder value" (4.3.11) */
static bool binder_ok(hf_conn *c, const struct client_hello *m, hf_view msg, const struct psk_offer *o, hf_view binder)
{
    uint8_t mac[HASH_MAX];
    size_t  n         = hash_len(o->hash);
    hf_view truncated = {msg.p, (size_t)(m->x.psk_binders.p - msg.p) - BINDERS_LEN};
    psk_binder(c, o, truncated, mac);
    return need(&c->rep, binder.n == n && ct_equal(mac, binder.p, n), PSK_BINDER, exts_at(&m->x, binder), (int64_t)n,
                (int64_t)binder.n);
}

/* ---- the client's offers -------------------------------------------------------------------------------- */

/* After a retry only those that go with the suite which the server named (4.2.2). */
static void offer(const hf_conn *c, struct psk_offer *out, size_t *n, struct psk_offer one)
{
    if (!c->hs->retried || !c->hs->suite || c->hs->suite->hash == one.hash)
        out[(*n)++] = one;
}

size_t psk_offers(const hf_conn *c, struct psk_offer out[PSKS_OFFERED])
{
    const struct session *s = &c->hs->session;
    size_t                n = 0;
    if (c->hs->offers && s->version == TLS13)
        offer(c, out, &n,
              (struct psk_offer){.identity = s->ticket,
                                 .key      = s->secret,
                                 .age      = (uint32_t)(c->now_ms - s->made_ms) + s->age_add,
                                 .hash     = suite_of(s->suite)->hash});
    for (size_t i = 0; i < c->cfg->n_psks; i++)
        for (size_t k = 0; k < PSK_KDFS; k++) {
            const struct psk *p = &c->cfg->psks[i];
            offer(c, out, &n,
                  (struct psk_offer){.identity = p->imported[k].identity,
                                     .key      = {p->imported[k].key.b, hash_len(p->imported[k].hash)},
                                     .hash     = p->imported[k].hash,
                                     .external = p});
        }
    return n;
}

void psk_binders(const hf_conn *c, uint8_t *msg, size_t n)
{
    struct psk_offer offers[PSKS_OFFERED];
    size_t           n_offers = psk_offers(c, offers), at = n;
    for (size_t i = 0; i < n_offers; i++)
        at -= 1 + hash_len(offers[i].hash);
    hf_view truncated = {msg, at - BINDERS_LEN};
    for (size_t i = 0; i < n_offers; i++) {
        psk_binder(c, &offers[i], truncated, msg + at + 1);
        at += 1 + hash_len(offers[i].hash);
    }
}

/* ---- taken ---------------------------------------------------------------------------------------------- */

static void take_external(hf_conn *c, const struct psk *p, hf_view key)
{
    c->psk     = p;
    c->hs->psk = key;
    trace_note(&c->trace, PSK_TAKEN, 0, (int64_t)p->identity.n);
    note(&c->rep, PSK_TAKEN, HF_PASS, 0, 0, (int64_t)p->identity.n);
}

/* 4.3.11: "Clients MUST verify that the server's selected_identity is within the range supplied by the client, that
 * the server selected a cipher suite indicating a Hash associated with the PSK" */
bool psk_answered(hf_conn *c, const struct server_hello *m)
{
    struct psk_offer offers[PSKS_OFFERED];
    struct hs       *h        = c->hs;
    bool             forced   = c->cfg->n_psks && c->cfg->demand == HF_DONT_ASK;
    size_t           n        = psk_offers(c, offers);
    bool             answered = (m->x.seen & X_PSK) && m->x.psk_selected < n;
    if (h->offers && (!answered || offers[m->x.psk_selected].external))
        session_decline(c);
    if (!(m->x.seen & X_PSK))
        return !forced || fail(&c->rep, SH_NO_PSK, 0, XT_PRE_SHARED_KEY, 0);
    if (m->x.psk_selected >= n)
        return fail(&c->rep, SH_PSK_IDENTITY, 0, (int64_t)n, m->x.psk_selected);
    const struct psk_offer *o = &offers[m->x.psk_selected];
    if (o->hash != h->suite->hash)
        return fail(&c->rep, SH_PSK_SUITE, m->suite_at, 0, m->suite);
    if (o->external)
        take_external(c, o->external, o->key);
    else
        session_resume(c);
    return true;
}

/* ---- server: the hello ---------------------------------------------------------------------------------- */

/* The ticket's age as we and as the client count it: a remark, for only early data would depend on it. */
static void age_note(hf_conn *c, uint32_t obfuscated)
{
    const struct session *s = &c->hs->session;
    trace_note(&c->trace, TICKET_AGE, (c->now_ms - s->made_ms) / 1000, (uint32_t)(obfuscated - s->age_add) / 1000);
}

/* One of the keys that we were given, imported for the suite that is chosen. */
static bool find_external(const hf_conn *c, hf_view identity, struct psk_offer *out)
{
    for (size_t i = 0; i < c->cfg->n_psks; i++)
        for (size_t k = 0; k < PSK_KDFS; k++) {
            const struct psk *p = &c->cfg->psks[i];
            if (p->imported[k].hash != c->hs->suite->hash || !view_equal(p->imported[k].identity, identity))
                continue;
            *out = (struct psk_offer){.identity = identity,
                                      .key      = {p->imported[k].key.b, hash_len(p->imported[k].hash)},
                                      .hash     = p->imported[k].hash,
                                      .external = p};
            return true;
        }
    return false;
}

static bool find(hf_conn *c, hf_view identity, struct psk_offer *out)
{
    if (find_external(c, identity, out))
        return true;
    if (!c->cfg->tickets || !ticket_fits(c, identity))
        return false;
    *out = (struct psk_offer){.identity = identity, .key = c->hs->session.secret, .hash = c->hs->suite->hash};
    return true;
}

static void take(hf_conn *c, const struct psk_offer *o, size_t i)
{
    c->hs->psk_selected = (uint16_t)i;
    if (o->external)
        take_external(c, o->external, o->key);
    else if (session_judge(c) && session_first_use(c, o->identity))
        session_resume(c);
}

bool psk_select(hf_conn *c, const struct client_hello *m, hf_view msg, bool last)
{
    struct hs       *h = c->hs;
    struct psk_offer o;
    hf_view          identity, binder;
    uint32_t         age;
    h->psk_dhe = m->x.psk_dhe;
    if (h->psk_fits && !(m->x.seen & X_PSK)) /* 4.2.2: the second hello drops only what does not fit */
        return fail(&c->rep, CH_SECOND_NO_PSK, 0, XT_PRE_SHARED_KEY, 0);
    h->psk_fits = false; /* what fitted the first hello may fit no more, or be refused now */
    if (!(m->x.seen & X_PSK) || !m->x.psk_dhe)
        return true;
    for (size_t i = 0; i < LIMIT_PSKS && psk_at(&m->x, i, &identity, &age, &binder); i++) {
        if (!find(c, identity, &o))
            continue;
        h->psk_fits = !last;
        if (!last)
            return true;
        if (!binder_ok(c, m, msg, &o, binder))
            return false;
        if (!o.external)
            age_note(c, age);
        take(c, &o, i);
        return true;
    }
    return true;
}

hf_view hf_conn_psk(const hf_conn *c)
{
    return c->psk && c->open ? c->psk->identity : (hf_view){0};
}
