/* SPDX-License-Identifier: Apache-2.0
 *
 * limit.c - record_size_limit (RFC 8449): how long a protected record may be, in each direction. In TLS 1.3 the limit
 * counts the content type and the padding too.
 *
 * A client announces a limit when it is configured; a server answers a client that does. Both limits hold from the
 * first protected record on.
 */
#include "tls/conn.h"

enum { INNER_TYPE = 1 };

uint16_t limit_ours(const hf_conn *c)
{
    bool newest = c->cfg->role == HF_CLIENT ? c->cfg->version_max >= TLS13 : c->version == TLS13;
    return (uint16_t)(c->cfg->record_limit + (newest ? INNER_TYPE : 0));
}

/* "An endpoint MUST treat receipt of a smaller value as a fatal error and generate an "illegal_parameter" alert." A
 * larger one than the protocol allows changes nothing. */
bool limit_theirs(hf_conn *c, const struct exts *x)
{
    if (!(x->seen & X_RECORD_SIZE))
        return true;
    if (x->record_size < RECORD_LIMIT_MIN)
        return fail(&c->rep, RECORD_SIZE_SMALL, 0, RECORD_LIMIT_MIN, x->record_size);
    c->peer_limit = x->record_size;
    return true;
}

size_t limit_room(const hf_conn *c)
{
    size_t theirs = c->peer_limit - (c->version == TLS13 ? INNER_TYPE : 0u);
    bool   all    = !c->peer_limit || !c->rec_out.aead || theirs > LIMIT_RECORD_PLAINTEXT;
    return all ? LIMIT_RECORD_PLAINTEXT : theirs;
}

unsigned limit_pad(const hf_conn *c, size_t n)
{
    size_t inner = n + INNER_TYPE, pad = c->cfg->pad;
    return pad > 1 && (inner + pad - 1) / pad * pad > limit_room(c) + INNER_TYPE ? 0 : (unsigned)pad;
}

bool limit_kept(hf_conn *c, const struct record *r)
{
    size_t n = c->version == TLS13 ? r->whole - REC_HEADER - AEAD_TAG : r->body.n;
    return !c->peer_limit || !r->sealed || n <= limit_ours(c) ||
           fail(&c->rep, RECORD_OVER_LIMIT, 0, limit_ours(c), (int64_t)n);
}
