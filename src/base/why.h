/* SPDX-License-Identifier: Apache-2.0
 *
 * why.h - the first check that failed, and the list of all checks made.
 *
 * Invariants:
 *   1. A check id (a row of checks.def) is raised at exactly one place in the code; tools/checks-once proves it.
 *   2. The first failure wins; nothing overwrites it. A report with why.check != 0 is `bad`.
 *   3. A report belongs to one connection (or to the caller's stack); there is no thread-local state.
 *   4. Values, not prose: text holds names only (a DN, a file, a host), prose is made in why_text.c.
 */
#ifndef HF_BASE_WHY_H
#define HF_BASE_WHY_H
#include "alert.h"
#include "handfast.h"

enum check {
#define CHECK(number, name, reason, alert, unit, rfc, title, hint) name = number,
#include "checks.def"
#undef CHECK
};

struct mem;

struct report {
    hf_why      why;
    hf_finding *findings; /* in order; NULL = not wanted */
    size_t      n_findings, cap_findings;
    struct mem *mem;     /* where the list grows; NULL = it does not */
    uint8_t     message; /* context for new failures: the handshake type being read */
    int8_t      cert;    /* context: the certificate being judged, -1 = none */
};

/* No failure, no findings, no context. */
void report_init(struct report *r);
/* Wants findings, grown from m (freed with report_drop). */
void report_keep(struct report *r, struct mem *m);
void report_drop(struct report *r);

static inline bool report_bad(const struct report *r)
{
    return r->why.check != 0;
}

/* Records the failure unless there was one; always false, so that a caller may `return fail(...)`. */
bool fail(struct report *r, enum check id, size_t offset, int64_t want, int64_t got);
/* The same with a name: text is cut to fit and made printable. */
bool fail_text(struct report *r, enum check id, size_t offset, int64_t want, int64_t got, const char *text);
/* A check with its verdict: adds a finding either way, fails when !ok. */
bool need(struct report *r, bool ok, enum check id, size_t offset, int64_t want, int64_t got);
/* Adds a finding without failing. */
void note(struct report *r, enum check id, enum hf_state state, size_t offset, int64_t want, int64_t got);
/* Adds detail to the failure `id` just recorded, if it is the first one (names of peers, files). */
void why_add_text(struct report *r, enum check id, const char *text);
/* NO_MEMORY for n bytes that mem_alloc refused; always false. */
bool no_memory(struct report *r, size_t n);
/* hf_why_text without what stands in brackets, for lines that carry those values as fields. Returns the length. */
size_t why_sentence(const hf_why *w, char *out, size_t room);
/* Copies a failure from a report about one part (a file, a candidate) into the whole. */
bool fail_as(struct report *r, const hf_why *part);

#endif
