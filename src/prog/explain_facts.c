/* SPDX-License-Identifier: Apache-2.0
 *
 * explain_facts.c - from the main attempt to what a verdict rests on: which credential it was, what the server asked
 * for, and what its chain is worth.
 */
#include <string.h>

#include "prog/explain.h"
#include "tls/msg12.h"
#include "tls/select.h"

/* The first message of this type from this side; empty: none. */
static hf_view message(const struct live *l, bool sent, uint8_t type)
{
    const hf_event *ev;
    size_t          n = l->conn ? hf_conn_trace(l->conn, &ev) : 0;
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && ev[i].sent == sent && ev[i].message == type)
            return ev[i].bytes;
    return (hf_view){0};
}

void explain_judge(struct explain *x)
{
    hf_view certs[LIMIT_CHAIN];
    size_t  n = x->live.conn ? hf_conn_claimed(x->live.conn, certs, LIMIT_CHAIN) : 0;
    if (n)
        mine_run(&x->own, &x->server, AS_SERVER, certs, n, explain_name(x));
}

/* ---- the request --------------------------------------------------------------------------------------- */

static bool read_request(const struct explain *x, struct cert_request *m, hf_view *types)
{
    struct report rep;
    report_init(&rep);
    *types = (hf_view){0};
    if (!x->facts.request.n)
        return false;
    return x->live.out.version == 0x0303 ? cert_request12_read(m, types, x->facts.request, &rep)
                                         : cert_request_read(m, x->facts.request, &rep);
}

uint16_t explain_remark(const struct explain *x, unsigned i, int64_t *want, int64_t *got)
{
    struct cert_request m;
    struct asked        a = {.version = x->live.out.version, .now = x->own.now};
    const hf_cred      *c = x->own.creds[i].cred;
    if (!c || !c->n || !read_request(x, &m, &a.types))
        return HF_CHK_CHECK_NONE;
    a.x = &m.x;
    return (uint16_t)cred_remark(c, &a, want, got);
}

void explain_request(struct explain *x, hf_view request)
{
    struct cert_request m;
    struct facts       *f = &x->facts;
    hf_view             types;
    int64_t             want, got;
    f->request = request;
    if (read_request(x, &m, &types)) {
        f->ca_names   = m.x.ca_names;
        f->n_ca_names = m.x.n_ca_names;
        f->kind       = peer_kind_of(m.x.sig_algs);
    }
    if (f->cred >= 0)
        f->remark = explain_remark(x, (unsigned)f->cred, &want, &got);
}

/* ---- the credential ------------------------------------------------------------------------------------ */

static bool is_in(hf_view msg, hf_view der)
{
    return memmem(msg.p, msg.n, der.p, der.n) != NULL;
}

/* All its certificates stand in the message: how many; 0: it is another one. */
static size_t all_in(hf_view msg, const hf_cred *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (!is_in(msg, c->cert[i].der))
            return 0;
    return c->n;
}

/* The one that was sent; else the first that could have been; else the first. */
static int presented(const struct explain *x)
{
    hf_view msg  = message(&x->live, true, 11);
    int     sent = -1, first = -1;
    size_t  most = 0;
    for (unsigned i = 0; i < x->own.n_creds; i++) {
        const struct own_cred *c = &x->own.creds[i];
        size_t                 n = c->usable && msg.n ? all_in(msg, c->cred) : 0;
        if (n > most) {
            most = n;
            sent = (int)i;
        }
        first = first < 0 && c->usable ? (int)i : first;
    }
    return sent >= 0 ? sent : first < 0 && x->own.n_creds ? 0 : first;
}

void explain_facts(struct explain *x)
{
    struct facts *f = &x->facts;
    *f              = (struct facts){.set           = &x->set,
                                     .own           = &x->own,
                                     .o             = &x->live.out,
                                     .host          = x->target.host,
                                     .port          = x->target.port,
                                     .name          = explain_name(x),
                                     .sni_sent      = explain_sends_sni(x),
                                     .expect_mutual = x->expect_mutual,
                                     .server        = x->server.path.n_certs ? &x->server : NULL,
                                     .probe         = x->probe};
    f->cred         = presented(x);
    explain_request(x, message(&x->live, false, 13));
}
