/* SPDX-License-Identifier: Apache-2.0
 *
 * resume13.c - resumption in TLS 1.3: pre_shared_key with psk_dhe_ke, its binder, and NewSessionTicket (RFC 9846
 * 4.3.9, 4.3.11, 4.7.1). Early data is never offered and never taken.
 */
#include <string.h>

#include "base/ct.h"
#include "tls/conn.h"

enum { BINDERS_LEN = 2 }; /* bytes of the length in front of the binders */

/* ---- secrets ------------------------------------------------------------------------------------------- */

void psk_binder(const hf_conn *c, enum hash_alg alg, hf_view psk, hf_view truncated, uint8_t out[HASH_MAX])
{
    struct hash   t;
    struct secret s;
    uint8_t       none[HASH_MAX], th[HASH_MAX];
    if (c->hs->retried)
        t = c->hs->transcript; /* the first hello and the retry */
    else
        hash_init(&t, alg);
    hash_update(&t, truncated.p, truncated.n);
    hash_final(&t, th);
    hash_once(alg, (hf_view){none, 0}, none);
    schedule_start(alg, psk, &s);
    derive_secret(alg, &s, "res binder", none, &s);
    finished_mac(alg, &s, th, out);
    ct_wipe(&s, sizeof s);
}

void resumption_secret(hf_conn *c)
{
    uint8_t th[HASH_MAX];
    if (!c->cfg->tickets && !c->cfg->sessions)
        return;
    transcript_hash(c, th);
    derive_secret(c->hs->suite->hash, &c->hs->stage, "res master", th, &c->resumption);
}

static hf_view ticket_psk(const hf_conn *c, enum hash_alg alg, hf_view nonce, uint8_t out[SECRET_MAX])
{
    expand_label(alg, &c->resumption, "resumption", nonce, out, hash_len(alg));
    return (hf_view){out, hash_len(alg)};
}

/* ---- server: the hello --------------------------------------------------------------------------------- */

/* "the server MUST validate the corresponding binder value" (4.3.11) */
static bool binder_ok(hf_conn *c, const struct client_hello *m, hf_view msg, hf_view binder)
{
    uint8_t       mac[HASH_MAX];
    enum hash_alg alg       = c->hs->suite->hash;
    size_t        n         = hash_len(alg);
    hf_view       truncated = {msg.p, (size_t)(m->x.psk_binders.p - msg.p) - BINDERS_LEN};
    psk_binder(c, alg, c->hs->session.secret, truncated, mac);
    return need(&c->rep, binder.n == n && ct_equal(mac, binder.p, n), PSK_BINDER, exts_at(&m->x, binder), (int64_t)n,
                (int64_t)binder.n);
}

/* The ticket's age as we and as the client count it: a remark, for only early data would depend on it. */
static void age_note(hf_conn *c, uint32_t obfuscated)
{
    const struct session *s = &c->hs->session;
    trace_note(&c->trace, TICKET_AGE, (c->now_ms - s->made_ms) / 1000, (uint32_t)(obfuscated - s->age_add) / 1000);
}

static void take(hf_conn *c, hf_view ticket, size_t i)
{
    if (!session_judge(c) || !session_first_use(c, ticket))
        return;
    c->hs->psk_selected = (uint16_t)i;
    session_resume(c);
}

bool psk_select(hf_conn *c, const struct client_hello *m, hf_view msg, bool last)
{
    struct hs *h = c->hs;
    hf_view    ticket, binder;
    uint32_t   age;
    h->psk_dhe = m->x.psk_dhe;
    if (h->psk_fits && !(m->x.seen & X_PSK)) /* 4.2.2: the second hello drops only what does not fit */
        return fail(&c->rep, CH_SECOND_NO_PSK, 0, XT_PRE_SHARED_KEY, 0);
    h->psk_fits = false; /* what fitted the first hello may fit no more, or be refused now */
    if (!c->cfg->tickets || !(m->x.seen & X_PSK) || !m->x.psk_dhe)
        return true;
    for (size_t i = 0; i < LIMIT_PSKS && psk_at(&m->x, i, &ticket, &age, &binder); i++) {
        if (!ticket_fits(c, ticket))
            continue;
        h->psk_fits = !last;
        if (!last)
            return true;
        if (!binder_ok(c, m, msg, binder))
            return false;
        age_note(c, age);
        take(c, ticket, i);
        return true;
    }
    return true;
}

/* ---- server: tickets ------------------------------------------------------------------------------------ */

static uint32_t random32(const hf_conn *c)
{
    uint32_t v;
    c->cfg->rnd.fill(c->cfg->rnd.ctx, (uint8_t *)&v, sizeof v);
    return v;
}

static bool give(hf_conn *c, uint8_t number)
{
    uint8_t        psk[SECRET_MAX];
    hf_view        nonce = {&number, 1};
    struct session s     = session_now(c, ticket_psk(c, c->hs->suite->hash, nonce, psk));
    struct wr      w     = wr_grow(&c->mem, LIMIT_TICKET_BYTES);
    size_t         mark  = c->hs->flight.n;
    s.age_add            = random32(c);
    bool made            = ticket_make(c, &s, &w);
    if (made) {
        struct new_ticket m = {s.lifetime_s, s.age_add, nonce, wr_done(&w)};
        session_ticket_write(&c->hs->flight, &m);
        message_sent(c, mark);
    }
    wr_free(&w);
    ct_wipe(psk, sizeof psk);
    return made;
}

/* After the client's Finished and the verdict: what a ticket vouches for has been proven. */
enum turn do_tickets(hf_conn *c)
{
    for (unsigned i = 0; c->cfg->tickets && c->hs->psk_dhe && i < c->cfg->n_tickets; i++)
        if (!give(c, (uint8_t)i))
            break;
    return flight_flush(c) ? NEXT : FAILED;
}

/* ---- client: tickets ------------------------------------------------------------------------------------ */

enum turn on_session_ticket(hf_conn *c, hf_view msg)
{
    struct new_ticket m;
    uint8_t           psk[SECRET_MAX];
    if (!session_ticket_read(&m, msg, &c->rep))
        return FAILED;
    if (++c->n_tickets > LIMIT_TICKETS)
        return fail(&c->rep, NST_TOO_MANY, 0, LIMIT_TICKETS, c->n_tickets), FAILED;
    if (!c->cfg->sessions || m.lifetime_s == 0) /* "should be discarded immediately" */
        return NEXT;
    struct session s  = session_now(c, ticket_psk(c, c->suite->hash, m.nonce, psk));
    bool           ok = session_keep(c, &s, &m);
    ct_wipe(psk, sizeof psk);
    return ok ? NEXT : FAILED;
}
