/* SPDX-License-Identifier: Apache-2.0
 *
 * present.c - our own Certificate and what goes with it, for both ends (RFC 9846 4.5.1, RFC 5246 7.4.2, RFC 6066 8).
 *
 * The usual message is the same for every connection and is made at the seal; one with a staple is written anew.
 */
#include "tls/conn.h"
#include "tls/msg12.h"

/* Our OCSP response, when the peer wants one and there is one. */
static hf_view staple(const hf_conn *c)
{
    const struct hs *h = c->hs;
    return h->cred && !h->cred->raw && h->status_wanted ? cred_staple(h->cred, c->now_ms / 1000) : (hf_view){0};
}

bool staple_due(const hf_conn *c)
{
    return !c->resumed && staple(c).n > 0;
}

void present13(hf_conn *c)
{
    struct hs         *h    = c->hs;
    struct certificate m    = {.staple = staple(c)};
    size_t             mark = h->flight.n;
    if (h->cred && !m.staple.n) {
        hf_view packed = cred_packed(h->cred, codes_view(&h->zips));
        wr_view(&h->flight, packed.n ? packed : (hf_view){h->cred->msg, h->cred->msg_n});
    } else {
        m.n = h->cred ? cred_chain(h->cred, m.chain) : 0;
        certificate_write(&h->flight, &m);
    }
    message_sent(c, mark);
}

void present12(hf_conn *c)
{
    struct hs *h                  = c->hs;
    hf_view    chain[LIMIT_CHAIN] = {{0}}, status = c->cfg->role == HF_SERVER ? staple(c) : (hf_view){0};
    size_t     n = h->cred ? cred_chain(h->cred, chain) : 0, mark = h->flight.n;
    if (h->cred && h->cred->raw)
        raw_key12_write(&h->flight, chain[0]);
    else
        certificate12_write(&h->flight, chain, n);
    message_sent(c, mark);
    if (!status.n)
        return;
    mark = h->flight.n;
    cert_status_write(&h->flight, status);
    message_sent(c, mark);
}
