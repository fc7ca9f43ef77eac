/* SPDX-License-Identifier: Apache-2.0
 *
 * staple.c - OCSP responses stapled to a handshake (RFC 6066 8, RFC 9846 4.5.1.1): those we send with a credential,
 * and the message in which TLS 1.2 carries the server's. Whether the peer's is good is for x509/status.c to say.
 *
 *   1. What belongs to another certificate, is signed by somebody else or says "revoked" is refused at the seal: a
 *      peer that checks it would refuse us.
 *   2. Dates are looked at when it is sent: a response that is out of date is not sent, and a peer that does not
 *      insist on one goes without.
 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tls/conn.h"
#include "tls/msg12.h"
#include "x509/ocsp.h"

/* ---- ours ------------------------------------------------------------------------------------------------ */

static bool staple_take(hf_cred *c, uint8_t *take, size_t n, const char *called)
{
    mem_free(&c->mem, c->staple);
    mem_free(&c->mem, c->staple_name);
    c->staple      = take;
    c->staple_n    = n;
    c->staple_name = mem_text(&c->mem, called);
    return (take && c->staple_name) || fail_text(&c->rep, CRED_STAPLE_NO_MEMORY, 0, 0, (int64_t)n, called);
}

bool hf_cred_staple_file(hf_cred *c, const char *file)
{
    size_t   n;
    uint8_t *bytes = file_read(file, &n, &c->mem, &c->rep);
    return bytes && staple_take(c, bytes, n, file);
}

bool hf_cred_staple_bytes(hf_cred *c, const void *der, size_t n, const char *called)
{
    return staple_take(c, mem_copy(&c->mem, der, n), n, called);
}

hf_view cred_staple(const hf_cred *c, int64_t now)
{
    bool current = now >= c->staple_from && now <= c->staple_until;
    return c->staple && current ? (hf_view){c->staple, c->staple_n} : (hf_view){0};
}

/* Judged at a time when it holds. Without the issuer's certificate its signature cannot be looked at. */
bool cred_staple_check(hf_cred *c, struct report *rep)
{
    hf_view       response = {c->staple, c->staple_n};
    struct report own;
    char          text[160];
    report_init(&own);
    if (!c->staple)
        return true;
    if (!ocsp_window(&c->cert[0], response, &c->staple_from, &c->staple_until))
        return fail_text(rep, CRED_STAPLE_NOT_OURS, 0, 0, (int64_t)c->staple_n, c->staple_name);
    struct ocsp_how how = {.cert = &c->cert[0], .issuer = &c->cert[1], .now = c->staple_from};
    if (c->n < 2 || ocsp_check(&how, response, &own))
        return true;
    text_add(text, sizeof text, 0, "%s: %s", c->staple_name, hf_check_info_of(own.why.check)->title);
    return fail_text(rep, CRED_STAPLE_UNFIT, own.why.offset, 0, own.why.check, text);
}

/* ---- the server's, in TLS 1.2 ---------------------------------------------------------------------------- */

/* Kept behind the Certificate message that it belongs to: views into either are made after this. */
static bool keep(hf_conn *c, hf_view msg)
{
    uint8_t *both = mem_realloc(&c->mem, c->claimed, c->claimed_n + msg.n);
    if (!both)
        return fail(&c->rep, CST_NO_MEMORY, 0, 0, (int64_t)msg.n);
    memcpy(both + c->claimed_n, msg.p, msg.n);
    c->claimed = both;
    return true;
}

enum turn on_cert_status(hf_conn *c, hf_view msg)
{
    if (!keep(c, msg) || !cert_status_read(&c->staple, (hf_view){c->claimed + c->claimed_n, msg.n}, &c->rep))
        return FAILED;
    transcript_add(c, msg);
    return chain_judge(c);
}

hf_view hf_conn_staple(const hf_conn *c)
{
    struct certificate m;
    struct report      rep;
    report_init(&rep);
    chain_kept(c, c->version, &m, &rep);
    return m.staple;
}
