/* SPDX-License-Identifier: Apache-2.0
 * foe_psk.c - the test peer's sessions: tickets taken and given, and hellos that go on from one (RFC 9846 4.3.11, 4.7.1). */
#include "foe_inside.h"

enum { X_PSK = 41, X_PSK_MODES = 45, BINDER_AT_END = HASH, BINDERS = 2 + 1 + HASH, IDENTITY_AT = 4 };

void foe_session_free(struct foe_session *s)
{
    bytes_free(&s->ticket);
}

static void psk_of(const struct foe *p, hf_view nonce, uint8_t psk[HASH])
{
    foe_expand(p->resumption, "resumption", nonce, psk, HASH);
}

bool foe_take_ticket(struct foe *p, struct foe_session *s)
{
    if (!next_message(p) || p->msg.p[0] != MSG_SESSION_TICKET)
        return false;
    const uint8_t *m = p->msg.p + 4;
    size_t         n = m[8], ticket_n;
    s->age_add       = (uint32_t)m[4] << 24 | (uint32_t)m[5] << 16 | (uint32_t)m[6] << 8 | m[7];
    psk_of(p, view(m + 9, n), s->psk);
    m += 9 + n;
    ticket_n    = (size_t)(m[0] << 8 | m[1]);
    s->ticket.n = 0;
    bytes_add(&s->ticket, m + 2, ticket_n);
    return true;
}

void foe_give_ticket(struct foe *p, struct foe_session *s)
{
    static const uint8_t body[] = {0, 0, 14, 16, 0, 0, 0, 9, 1, 'n', 0, 6, 't', 'i', 'c', 'k', 'e', 't', 0, 0};
    s->age_add                  = 9;
    s->ticket.n                 = 0;
    bytes_add(&s->ticket, "ticket", 6);
    psk_of(p, view("n", 1), s->psk);
    foe_stray(p, MSG_SESSION_TICKET, body, sizeof body);
}

static void binder(const struct foe *p, hf_view truncated, uint8_t out[HASH])
{
    uint8_t     zeros[HASH] = {0}, none[HASH], key[HASH], th[HASH];
    struct hash h           = p->transcript;
    if (h.alg == HASH_NONE)
        hash_init(&h, HASH_SHA256);
    hash_update(&h, truncated.p, truncated.n);
    hash_final(&h, th);
    hash_once(HASH_SHA256, view("", 0), none);
    hkdf_extract(HASH_SHA256, view(zeros, HASH), view(p->session->psk, HASH), key);
    foe_expand(key, "res binder", view(none, HASH), key, HASH);
    foe_expand(key, "finished", view("", 0), key, HASH);
    hmac(HASH_SHA256, view(key, HASH), view(th, HASH), out);
}

void ext_psk(const struct foe *p, struct bytes *m)
{
    if (!p->session)
        return;
    ext(m, X_PSK_MODES, 1, "\1", 1);
    if (p->session->ticket.n == 0)
        return;
    bytes_u16(m, X_PSK);
    size_t outer = bytes_open(m, 2), list = bytes_open(m, 2), one = bytes_open(m, 2);
    bytes_add(m, p->session->ticket.p, p->session->ticket.n);
    bytes_close(m, one, 2);
    bytes_u16(m, p->session->age_add >> 16);
    bytes_u16(m, p->session->age_add & 0xffff);
    bytes_close(m, list, 2);
    bytes_u16(m, 1 + HASH);
    bytes_u8(m, HASH);
    bytes_zeros(m, HASH);
    bytes_close(m, outer, 2);
}

void fill_binder(const struct foe *p, struct bytes *m)
{
    if (p->session && p->session->ticket.n)
        binder(p, view(m->p, m->n - BINDERS), m->p + m->n - BINDER_AT_END);
}

void ext_psk_chosen(const struct foe *p, struct bytes *m)
{
    if (p->resumed)
        ext(m, X_PSK, 0, "\0\0", 2);
}

bool session_taken_up(const struct foe *p)
{
    hf_view x = ext_of(&p->msg, X_PSK);
    if (!p->session || x.n == 0)
        return false;
    const struct bytes *ours = &p->session->ticket;
    return !p->server || (x.n > IDENTITY_AT + ours->n && memcmp(x.p + IDENTITY_AT, ours->p, ours->n) == 0);
}
