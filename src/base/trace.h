/* SPDX-License-Identifier: Apache-2.0
 *
 * trace.h - the story of one connection, in order, kept only when asked for. Everything that speaks to
 * people (log, explainer, page) reads this and nothing else: nothing is explained by guessing afterwards.
 * Bounded: when LIMIT_TRACE_BYTES is reached, bytes are left out (bytes.n = 0) and events go on.
 */
#ifndef HF_BASE_TRACE_H
#define HF_BASE_TRACE_H
#include "mem.h"
#include "why.h"

struct trace {
    struct mem *mem; /* NULL: not kept, every call is a no-op */
    hf_event   *ev;
    size_t      n, cap, bytes;
    int64_t     now_ms; /* stamped on each event */
};

void trace_message(struct trace *t, bool sent, bool sealed, uint8_t type, hf_view bytes);
void trace_alert(struct trace *t, bool sent, bool sealed, uint8_t description);
void trace_note(struct trace *t, enum check id, int64_t a, int64_t b);
void trace_state(struct trace *t, const char *static_name);
void trace_free(struct trace *t);

#endif
