/* SPDX-License-Identifier: Apache-2.0
 *
 * ca_register.h - the register of a CA: one row for each certificate that it issued, in SQLite.
 *
 * Several processes may use one register at the same time: who writes waits for the other, at most
 * REGISTER_WAIT_MS. A row is added in a transaction that the caller commits when the files are in place.
 */
#ifndef HF_PROG_CA_REGISTER_H
#define HF_PROG_CA_REGISTER_H
#include "base/why.h"
#include "x509/cert.h"

enum { REGISTER_WAIT_MS = 30000, REGISTER_NAMES_MAX = 64 * 1024 };

struct ca_row {
    const char *serial, *subject, *names; /* hex; RFC 4514; "DNS:a\nIP:b" */
    const char *profile, *status;         /* "server"; "issued" */
    const char *sha256;                   /* hex, of the certificate */
    int64_t     not_before, not_after, issued_at;
};

struct ca_register;
/* A new one, readable by its owner only. */
struct ca_register *ca_register_create(const char *file, struct report *rep);
/* NULL: there is none (CA_NONE), or it is none of ours or damaged (REGISTER_*). */
struct ca_register *ca_register_open(const char *file, struct report *rep);
void                ca_register_close(struct ca_register *r);

bool ca_register_begin(struct ca_register *r, struct report *rep);
/* The row of this certificate, which is stored as well. */
bool ca_register_add(struct ca_register *r, hf_view der, const char *profile, int64_t now, struct report *rep);
bool ca_register_commit(struct ca_register *r, struct report *rep);
void ca_register_rollback(struct ca_register *r);

/* Every row in the order of issue whose certificate ends in [from, until]. The row lives during the call. */
bool ca_register_each(struct ca_register *r, int64_t from, int64_t until,
                      bool (*each)(void *ctx, const struct ca_row *row), void *ctx, struct report *rep);

#endif
