/* SPDX-License-Identifier: Apache-2.0
 * ticket_keys.h - the file of --ticket-keys: keys of session tickets, shared by processes. */
#ifndef HF_PROG_TICKET_KEYS_H
#define HF_PROG_TICKET_KEYS_H
#include "base/why.h"

/* Lines of 64 hexadecimal digits, a key each, the sealing one first; empty ones and those that begin with # are passed
 * over. NULL: rep says what is wrong. */
hf_tickets *ticket_keys_read(const char *file, struct report *rep);

#endif
