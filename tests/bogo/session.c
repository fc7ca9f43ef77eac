/* SPDX-License-Identifier: Apache-2.0
 *
 * session.c - what one connection of a test leaves to the next: the keys of tickets, the client's session, and how
 * far the clock has been moved on in between.
 */
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "shim.h"

enum { LIFETIME_S = 2 * 3600 };

static hf_tickets *tickets;
static uint8_t    *session;
static size_t      session_n;
static int64_t     moved_ms; /* the clock stands still else: the runner counts ages to the millisecond */

void session_config(hf_config *cfg, const struct plan *p)
{
    if (p->no_ticket)
        return;
    if (!tickets)
        tickets = hf_tickets_new(NULL, 0);
    if (p->server)
        hf_config_tickets(cfg, tickets, 1, LIFETIME_S);
    else
        hf_config_sessions(cfg, true);
}

void session_offer(hf_conn *c, const struct plan *p)
{
    if (session && !p->server && !p->no_ticket)
        hf_conn_resume(c, (hf_view){session, session_n});
}

bool session_take(hf_conn *c, const struct plan *p, bool later)
{
    hf_view s = p->server ? (hf_view){0} : hf_conn_session(c);
    if (p->expect_no_session && s.n)
        return bad("a session came");
    if (later && p->expect_ticket_renewal && !s.n)
        return bad("the ticket was not renewed");
    if (s.n == 0)
        return true;
    free(session);
    session   = malloc(s.n);
    session_n = s.n;
    return session && memcpy(session, s.p, s.n);
}

static int64_t age_skew_s(const hf_conn *c)
{
    const hf_event *ev;
    size_t          n = hf_conn_trace(c, &ev);
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_NOTE && ev[i].check == TICKET_AGE)
            return ev[i].b - ev[i].a;
    return 0;
}

bool session_expect(const hf_conn *c, const struct plan *p, bool later)
{
    int64_t skew = p->expect_ticket_age_skew, got = age_skew_s(c);
    if (later && hf_conn_resumed(c) == p->expect_session_miss)
        return bad(p->expect_session_miss ? "the session was resumed" : "the session was not resumed");
    return !later || !skew || llabs(skew - got) <= 1 ||
           bad("ticket age skew: wanted %lld, got %lld", (long long)skew, (long long)got);
}

void session_delay(const struct plan *p)
{
    moved_ms += (int64_t)p->resumption_delay * 1000;
}

int64_t session_clock(int64_t wall)
{
    static int64_t start;
    if (!start)
        start = wall;
    return start + moved_ms;
}

void session_forget(void)
{
    hf_tickets_free(tickets);
    free(session);
}
