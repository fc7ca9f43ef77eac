/* SPDX-License-Identifier: Apache-2.0
 * cause.c - see cause.h. */
#include "cause.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static void by_system(struct report *rep, enum check id, const char *text)
{
    report_init(rep);
    fail_text(rep, id, 0, 0, 0, text);
    rep->why.origin = HF_BY_SYSTEM;
}

void cause_dial(struct report *rep, const char *target, int error)
{
    char       text[160];
    enum check id = error == ECONNREFUSED ? DIAL_REFUSED : error == ETIMEDOUT ? DIAL_TIMEOUT : DIAL_FAILED;
    text_add(text, sizeof text, 0, "%s: %s", target, strerror(error));
    by_system(rep, id, text);
}

void cause_tls_reset(struct report *rep, int error)
{
    by_system(rep, TLS_PEER_RESET, strerror(error));
}

void cause_plain_reset(struct report *rep, int error)
{
    by_system(rep, PLAIN_RESET, strerror(error));
}

void cause_timeout(struct report *rep, int64_t after_ms)
{
    char text[40];
    text_add(text, sizeof text, 0, "%lld.%01d s", (long long)(after_ms / 1000), (int)(after_ms % 1000 / 100));
    by_system(rep, HANDSHAKE_TIMEOUT, text);
}

void cause_stopped(struct report *rep)
{
    by_system(rep, STOPPED, NULL);
}

void cause_no_memory(struct report *rep)
{
    by_system(rep, CONN_NO_MEMORY, NULL);
}

void cause_superseded(struct report *rep, const char *by)
{
    by_system(rep, IDENTITY_SUPERSEDED, by);
}

void cause_store_away(struct report *rep, const char *store)
{
    by_system(rep, STORE_AWAY, store);
}

void cause_lease_over(struct report *rep, const char *store)
{
    by_system(rep, LEASE_OVER, store);
}
