/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include "limits.h"

enum { TRACE_FIRST = 32, TRACE_MAX = 1024 };

static hf_event *next(struct trace *t)
{
    if (!t->mem || t->n >= TRACE_MAX)
        return NULL;
    if (t->n == t->cap) {
        size_t    cap  = t->cap ? t->cap * 2 : TRACE_FIRST;
        hf_event *more = mem_realloc(t->mem, t->ev, cap * sizeof *more);
        if (!more)
            return NULL;
        t->ev  = more;
        t->cap = cap;
    }
    hf_event *e = &t->ev[t->n++];
    *e          = (hf_event){.at_ms = t->now_ms, .text = ""};
    return e;
}

void trace_message(struct trace *t, bool sent, bool sealed, uint8_t type, hf_view bytes)
{
    hf_event *e = next(t);
    if (!e)
        return;
    e->kind    = HF_EV_MESSAGE;
    e->sent    = sent;
    e->sealed  = sealed;
    e->message = type;
    e->a       = (int64_t)bytes.n;
    if (bytes.n > LIMIT_TRACE_BYTES - t->bytes)
        return;
    uint8_t *copy = mem_copy(t->mem, bytes.p, bytes.n);
    if (!copy)
        return;
    t->bytes += bytes.n;
    e->bytes = (hf_view){copy, bytes.n};
}

void trace_alert(struct trace *t, bool sent, bool sealed, uint8_t description)
{
    hf_event *e = next(t);
    if (e) {
        e->kind    = HF_EV_ALERT;
        e->sent    = sent;
        e->sealed  = sealed;
        e->message = description;
    }
}

void trace_note(struct trace *t, enum check id, int64_t a, int64_t b)
{
    hf_event *e = next(t);
    if (e) {
        e->kind  = HF_EV_NOTE;
        e->check = (uint16_t)id;
        e->a     = a;
        e->b     = b;
    }
}

void trace_state(struct trace *t, const char *static_name)
{
    hf_event *e = next(t);
    if (e) {
        e->kind = HF_EV_STATE;
        e->text = static_name;
    }
}

void trace_free(struct trace *t)
{
    for (size_t i = 0; i < t->n; i++)
        mem_free(t->mem, (void *)(uintptr_t)t->ev[i].bytes.p);
    if (t->mem)
        mem_free(t->mem, t->ev);
    *t = (struct trace){0};
}
