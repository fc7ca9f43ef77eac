/* SPDX-License-Identifier: Apache-2.0
 *
 * resume13.c - tickets in TLS 1.3: NewSessionTicket, given and kept (RFC 9846 4.7.1). What comes of them is in psk13.c.
 */
#include <string.h>

#include "base/ct.h"
#include "tls/conn.h"

/* ---- secrets ------------------------------------------------------------------------------------------- */

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

/* After the client's Finished and the verdict: what a ticket vouches for has been proven. An external PSK needs no
 * ticket, and none may outlive it. */
enum turn do_tickets(hf_conn *c)
{
    for (unsigned i = 0; c->cfg->tickets && c->hs->psk_dhe && i < c->cfg->n_tickets && !c->psk; i++)
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
    if (!c->cfg->sessions || c->psk || m.lifetime_s == 0) /* "should be discarded immediately" */
        return NEXT;
    struct session s  = session_now(c, ticket_psk(c, c->suite->hash, m.nonce, psk));
    bool           ok = session_keep(c, &s, &m);
    ct_wipe(psk, sizeof psk);
    return ok ? NEXT : FAILED;
}
