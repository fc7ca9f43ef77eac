/* SPDX-License-Identifier: Apache-2.0
 * foe_rec.c - the test peer's records (RFC 9846 5). */
#include "foe_inside.h"

enum { RECORD_BYTES = 16384 };

/* ---- records (5) --------------------------------------------------------------------------------------- */

static void nonce_of(struct half *h, uint8_t nonce[12])
{
    memcpy(nonce, h->iv, 12);
    for (int i = 0; i < 8; i++)
        nonce[11 - i] ^= (uint8_t)(h->seq >> (8 * i));
    h->seq++;
}

/* TLS 1.2 (RFC 5288 3): the salt and the 8 bytes in front of the text; and what is bound to it (RFC 5246 6.2.3.3). */
static void frame12(struct half *h, const uint8_t *header, const uint8_t *explicit_n, size_t n, uint8_t nonce[12],
                    uint8_t ad[13])
{
    memcpy(nonce, h->iv, 4);
    memcpy(nonce + 4, explicit_n, 8);
    for (int i = 0; i < 8; i++)
        ad[7 - i] = (uint8_t)(h->seq >> (8 * i));
    memcpy(ad + 8, header, 3);
    ad[11] = (uint8_t)(n >> 8);
    ad[12] = (uint8_t)n;
    h->seq++;
}

void collect(struct foe *p)
{
    for (hf_view v = hf_conn_out(p->engine); v.n > 0; v = hf_conn_out(p->engine)) {
        bytes_add(&p->wire, v.p, v.n);
        hf_conn_out_done(p->engine, v.n);
    }
    for (hf_view v = hf_conn_data(p->engine); v.n > 0; v = hf_conn_data(p->engine)) {
        hf_conn_data_done(p->engine, v.n);
        hf_conn_step(p->engine, MINT_NOW_MS);
    }
}

void foe_raw(struct foe *p, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    while (n > 0) {
        size_t   room, part = p->wire_step && p->wire_step < n ? p->wire_step : n;
        uint8_t *in = hf_conn_in(p->engine, &room);
        if (!in || room == 0)
            break;
        part = part < room ? part : room;
        memcpy(in, at, part);
        hf_conn_in_done(p->engine, part);
        at += part;
        n -= part;
        hf_conn_step(p->engine, MINT_NOW_MS);
        collect(p);
    }
    hf_conn_step(p->engine, MINT_NOW_MS);
    collect(p);
}

static void record12(struct foe *p, uint8_t type, unsigned version, const void *body, size_t n)
{
    struct bytes r = {0};
    uint8_t      nonce[12], ad[13];
    bytes_u8(&r, type);
    bytes_u16(&r, version);
    bytes_u16(&r, (unsigned)(8 + n + AEAD_TAG));
    for (int i = 7; i >= 0; i--)
        bytes_u8(&r, (uint8_t)((p->out.seq + 0x55) >> (8 * i)));
    bytes_add(&r, body, n);
    bytes_zeros(&r, AEAD_TAG);
    frame12(&p->out, r.p, r.p + 5, n, nonce, ad);
    assert_true(aead_seal(p->out.aead, nonce, view(ad, sizeof ad), view(r.p + 13, n), r.p + 13));
    p->records++;
    foe_raw(p, r.p, r.n);
    bytes_free(&r);
}

void foe_record_as(struct foe *p, uint8_t outer, unsigned version, uint8_t inner, const void *body, size_t n,
                   size_t pad)
{
    struct bytes r = {0};
    if (p->v12 && p->out.on) {
        record12(p, inner, version, body, n);
        return;
    }
    bytes_u8(&r, outer);
    bytes_u16(&r, version);
    bytes_u16(&r, (unsigned)(p->out.on ? n + 1 + pad + AEAD_TAG : n));
    bytes_add(&r, body, n);
    if (p->out.on) {
        uint8_t nonce[12];
        bytes_u8(&r, inner);
        bytes_zeros(&r, pad + AEAD_TAG);
        nonce_of(&p->out, nonce);
        assert_true(aead_seal(p->out.aead, nonce, view(r.p, 5), view(r.p + 5, n + 1 + pad), r.p + 5));
    }
    p->records++;
    foe_raw(p, r.p, r.n);
    bytes_free(&r);
}

void foe_record(struct foe *p, uint8_t type, const void *body, size_t n)
{
    foe_record_as(p, p->out.on ? REC_DATA : type, p->server || p->records ? 0x0303 : 0x0301, type, body, n, 0);
}

void foe_plain(struct foe *p, uint8_t type, const void *body, size_t n)
{
    bool on   = p->out.on;
    p->out.on = false;
    foe_record(p, type, body, n);
    p->out.on = on;
}

void foe_flush(struct foe *p)
{
    struct bytes f   = p->flight;
    size_t       max = p->fragment ? p->fragment : RECORD_BYTES;
    p->flight        = (struct bytes){0};
    for (size_t at = 0; at < f.n; at += max)
        foe_record(p, REC_HANDSHAKE, f.p + at, f.n - at < max ? f.n - at : max);
    bytes_free(&f);
}

/* Opens the record at the start of the wire; false: there is none. */
static bool take_record(struct foe *p, uint8_t *type, struct bytes *body)
{
    if (p->lost || p->wire.n < 5)
        return false;
    size_t n = (size_t)(p->wire.p[3] << 8 | p->wire.p[4]);
    if (p->wire.n < 5 + n)
        return false;
    *type = p->wire.p[0];
    assert_int_equal(p->wire.p[1], 3);
    body->n = 0;
    bytes_add(body, p->wire.p + 5, n);
    if (p->in.on && p->v12) {
        uint8_t nonce[12], ad[13];
        if (!foe_expects(p, n >= 8 + AEAD_TAG, "a sealed record"))
            return false;
        frame12(&p->in, p->wire.p, body->p, n - 8 - AEAD_TAG, nonce, ad);
        bytes_cut(body, 0, 8);
        if (!foe_expects(p, aead_open(p->in.aead, nonce, view(ad, sizeof ad), bytes_view(body), body->p),
                         "a record that opens"))
            return false;
        body->n -= AEAD_TAG;
    } else if (p->in.on && *type == REC_DATA) {
        uint8_t nonce[12];
        nonce_of(&p->in, nonce);
        if (!foe_expects(p, n > AEAD_TAG && aead_open(p->in.aead, nonce, view(p->wire.p, 5), view(body->p, n), body->p),
                         "a record that opens"))
            return false;
        for (body->n = n - AEAD_TAG; body->n > 0 && body->p[body->n - 1] == 0;)
            body->n--;
        assert_true(body->n > 0);
        *type = body->p[--body->n];
    } else if (p->in.on && !foe_expects(p, *type == REC_CCS, "no plaintext under keys")) {
        return false;
    }
    bytes_cut(&p->wire, 0, 5 + n);
    return true;
}

static void sort_record(struct foe *p, uint8_t type, const struct bytes *body)
{
    switch (type) {
    case REC_HANDSHAKE:
        assert_true(body->n > 0);
        bytes_add(&p->got, body->p, body->n);
        break;
    case REC_ALERT:
        assert_int_equal(body->n, 2);
        p->level = body->p[0];
        p->alert = body->p[1];
        break;
    case REC_CCS:
        assert_true(body->n == 1 && body->p[0] == 1);
        p->in.on |= p->v12;
        break;
    default:
        assert_int_equal(type, REC_DATA);
        bytes_add(&p->data, body->p, body->n);
    }
}

bool foe_expects(struct foe *p, bool ok, const char *what)
{
    if (!ok && !p->lenient)
        fail_msg("the test's peer expected %s", what);
    p->lost |= !ok;
    return ok;
}

void foe_read(struct foe *p)
{
    struct bytes body = {0};
    uint8_t      type;
    while (take_record(p, &type, &body)) {
        sort_record(p, type, &body);
        if (type == REC_HANDSHAKE)
            break; /* keys may change behind it */
    }
    bytes_free(&body);
}

void foe_hang_up(struct foe *p)
{
    hf_conn_in_end(p->engine);
    hf_conn_step(p->engine, MINT_NOW_MS);
    collect(p);
    foe_read(p);
}
