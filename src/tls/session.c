/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include "tls/codes.h"

enum { FORM = 2 }; /* of the bytes; another one is another number */

void session_write(struct wr *w, const struct session *s)
{
    wr_u8(w, FORM);
    wr_u16(w, s->version);
    wr_u16(w, s->suite);
    wr_u16(w, s->group);
    wr_u16(w, s->peer_scheme);
    wr_u32(w, s->age_add);
    wr_u32(w, s->lifetime_s);
    wr_u64(w, (uint64_t)s->made_ms);
    wr_u64(w, (uint64_t)s->proven_ms);
    wr_u64(w, s->epoch);
    wr_vec(w, 1, s->secret);
    wr_vec(w, 2, s->server_name);
    wr_u8(w, s->raw);
    wr_vec(w, 3, s->certificate);
    wr_vec(w, 1, s->own);
    wr_vec(w, 2, s->ticket);
    wr_vec(w, 1, s->session_id);
}

static uint64_t u64(struct rd *r)
{
    uint64_t high = rd_u32(r);
    return high << 32 | rd_u32(r);
}

bool session_read(struct session *s, hf_view bytes, struct report *rep)
{
    struct rd r    = rd_new(bytes, rep, SESSION_BROKEN);
    unsigned  form = rd_u8(&r);
    s->version     = rd_u16(&r);
    s->suite       = rd_u16(&r);
    s->group       = rd_u16(&r);
    s->peer_scheme = rd_u16(&r);
    s->age_add     = rd_u32(&r);
    s->lifetime_s  = rd_u32(&r);
    s->made_ms     = (int64_t)u64(&r);
    s->proven_ms   = (int64_t)u64(&r);
    s->epoch       = u64(&r);
    s->secret      = rd_opaque(&r, 1);
    s->server_name = rd_opaque(&r, 2);
    s->raw         = rd_u8(&r);
    s->certificate = rd_opaque(&r, 3);
    s->own         = rd_opaque(&r, 1);
    s->ticket      = rd_opaque(&r, 2);
    s->session_id  = rd_opaque(&r, 1);
    bool fits      = s->version == TLS12 ? s->secret.n == SESSION_SECRET_MAX /* the master secret */
                                         : s->secret.n > 0 && s->secret.n <= SESSION_SECRET_MAX;
    rd_need(&r, form == FORM && fits, r.short_, FORM, form);
    return rd_end(&r, r.short_);
}
