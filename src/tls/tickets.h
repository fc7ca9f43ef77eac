/* SPDX-License-Identifier: Apache-2.0
 *
 * tickets.h - the keys that seal session tickets (RFC 5077 4, RFC 9846 4.7.1), shared by threads and configs.
 *
 *   ticket = key name[16] | salt[16] | sealed session | tag[16]
 *
 * Each ticket has an AEAD key of its own, derived from one of ours and the salt, so that no nonce ever repeats
 * however many tickets a key seals. The salt is also what a used ticket is remembered by.
 */
#ifndef HF_TLS_TICKETS_H
#define HF_TLS_TICKETS_H
#include "base/wr.h"
#include "crypto/crypto.h"

enum { TICKET_KEY = 32, TICKET_KEYS_MAX = 8, TICKET_NAME = 16, TICKET_SALT = 16 };
enum { TICKET_HEAD = TICKET_NAME + TICKET_SALT, TICKET_MORE = TICKET_HEAD + AEAD_TAG };

hf_tickets *tickets_ref(hf_tickets *t);
/* Why hf_tickets_new could not use the bytes it was given; check is CHECK_NONE when it could. */
const hf_why *tickets_why(const hf_tickets *t);

/* Appends the ticket of a session to w. lifetime_s: of tickets; keys of our own are renewed by it. */
bool ticket_seal(hf_tickets *t, const struct rnd *rnd, int64_t now_ms, uint32_t lifetime_s, hf_view session,
                 struct wr *w);
/* What is inside (ticket.n - TICKET_MORE bytes) to out. False: none of our keys sealed it. *newest: the key that
 * seals now did. */
bool ticket_open(hf_tickets *t, hf_view ticket, uint8_t *out, bool *newest);
/* Takes note that the ticket was used; false: it was before, or may have been (hf_tickets_single_use). */
bool ticket_use(hf_tickets *t, hf_view ticket, int64_t made_ms);

#endif
