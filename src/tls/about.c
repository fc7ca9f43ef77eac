/* SPDX-License-Identifier: Apache-2.0
 * about.c - what a connection says of itself: negotiated values, findings, claims, trace. */
#include <string.h>

#include "tls/conn.h"

const hf_why *hf_conn_why(const hf_conn *c)
{
    return &c->rep.why;
}

size_t hf_conn_findings(const hf_conn *c, const hf_finding **out)
{
    *out = c->rep.findings;
    return c->rep.n_findings;
}

size_t hf_conn_claimed(const hf_conn *c, hf_view *certs, size_t max)
{
    struct certificate m;
    struct report      rep;
    size_t             n = 0;
    report_init(&rep);
    chain_kept(c, c->version, &m, &rep);
    for (; n < m.n && n < max; n++)
        certs[n] = m.chain[n];
    return n;
}

size_t hf_conn_offers(const hf_conn *c, const hf_finding **out)
{
    *out = c->offers;
    return c->n_offers;
}

size_t hf_conn_trace(const hf_conn *c, const hf_event **out)
{
    *out = c->trace.ev;
    return c->trace.n;
}

uint16_t hf_conn_version(const hf_conn *c)
{
    return c->version;
}

uint16_t hf_conn_suite(const hf_conn *c)
{
    const struct suite *s = c->hs ? c->hs->suite : c->suite;
    return s ? s->code : 0;
}

uint16_t hf_conn_group(const hf_conn *c)
{
    return c->group;
}

uint16_t hf_conn_peer_scheme(const hf_conn *c)
{
    return c->peer_scheme;
}

const char *hf_conn_alpn(const hf_conn *c)
{
    return c->alpn ? c->alpn : "";
}

const char *hf_conn_server_name(const hf_conn *c)
{
    return c->server_name ? c->server_name : "";
}

bool hf_conn_resumed(const hf_conn *c)
{
    return c->resumed;
}

bool hf_conn_asked(const hf_conn *c)
{
    return c->asked;
}
