/* SPDX-License-Identifier: Apache-2.0
 *
 * resume12.c - resumption in TLS 1.2: session tickets (RFC 5077). Our server remembers no sessions; a client takes one
 * from a server that does, too (RFC 5246 7.4.1.2). Every session has the extended master secret, and only hellos that
 * offer it again go on from it (RFC 7627 5.3).
 */
#include <string.h>

#include "tls/conn.h"
#include "tls/keys12.h"
#include "tls/msg12.h"

/* ---- server -------------------------------------------------------------------------------------------- */

/* The suite of the session stands: the client offers it still, and we have it still. */
static bool suite_stands(const hf_conn *c, const struct client_hello *m)
{
    uint16_t code = c->hs->session.suite;
    return suite_of(code) && codes_have(m->suites, code) && codes_have(codes_view(&c->cfg->suites), code) &&
           c->hs->session.secret.n == MASTER_BYTES;
}

void resume12(hf_conn *c, const struct client_hello *m)
{
    struct hs *h  = c->hs;
    h->ticket_due = c->cfg->tickets && m->x.seen & X_TICKET;
    if (!h->ticket_due || !m->x.ticket.n || !ticket_fits(c, m->x.ticket) || !suite_stands(c, m) || !session_judge(c) ||
        !session_first_use(c, m->x.ticket))
        return;
    h->suite = suite_of(h->session.suite);
    c->group = h->session.group;
    session_resume(c);
}

/* The ticket that ServerHello promised. In a short handshake the client has proven nothing yet; but who does not have
 * the secret of the old ticket cannot use the new one either. If there is none after all, an empty one (RFC 5077 3.3). */
void ticket12_send(hf_conn *c)
{
    struct hs     *h    = c->hs;
    struct session s    = session_now(c, (hf_view){c->exporter.b, MASTER_BYTES});
    struct wr      w    = wr_grow(&c->mem, LIMIT_TICKET_BYTES);
    size_t         mark = h->flight.n;
    bool           made = ticket_make(c, &s, &w);
    ticket12_write(&h->flight, made ? s.lifetime_s : 0, made ? wr_done(&w) : (hf_view){0});
    message_sent(c, mark);
    wr_free(&w);
}

/* ---- client -------------------------------------------------------------------------------------------- */

enum {
    LIFETIME_UNSAID_S = 2 * 3600
}; /* "A value of zero is reserved to indicate that the lifetime ... is unspecified" */

/* The peer that the session will name is proven before it can be taken: this message is part of what Finished
 * covers, and a session is handed out by open connections only. */
enum turn on_ticket12(hf_conn *c, hf_view msg)
{
    struct new_ticket m;
    if (!ticket12_read(&m, msg, &c->rep))
        return FAILED;
    transcript_add(c, msg);
    if (!c->cfg->sessions || m.ticket.n == 0)
        return NEXT;
    if (m.lifetime_s == 0)
        m.lifetime_s = LIFETIME_UNSAID_S;
    struct session s = session_now(c, (hf_view){c->exporter.b, MASTER_BYTES});
    return session_keep(c, &s, &m) ? NEXT : FAILED;
}

/* A session of TLS 1.2 may be used again: what we went on from, when no new ticket came; or, in a full handshake, what
 * the server remembers under the id that it gave. */
bool session12_keep(hf_conn *c)
{
    struct hs *h = c->hs;
    if (!c->cfg->sessions || h->ticket_due)
        return true;
    if (c->resumed)
        return session_store(c, &h->session);
    struct session s = session_now(c, (hf_view){c->exporter.b, MASTER_BYTES});
    s.session_id     = (hf_view){h->session_id, h->session_id_n};
    s.lifetime_s     = LIFETIME_UNSAID_S;
    return s.session_id.n == 0 || session_store(c, &s);
}
