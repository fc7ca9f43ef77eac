/* SPDX-License-Identifier: Apache-2.0 */
#include "why.h"

#include <assert.h>
#include <string.h>

#include "mem.h"
#include "text.h"

enum { FINDINGS_FIRST = 32, FINDINGS_MAX = 4096 };

void report_init(struct report *r)
{
    memset(r, 0, sizeof *r);
    r->why.alert   = NO_ALERT;
    r->why.message = HF_NO_MESSAGE;
    r->why.cert    = -1;
    r->message     = HF_NO_MESSAGE;
    r->cert        = -1;
}

void report_keep(struct report *r, struct mem *m)
{
    r->mem = m;
}

void report_drop(struct report *r)
{
    if (r->mem)
        mem_free(r->mem, r->findings);
    r->findings   = NULL;
    r->n_findings = r->cap_findings = 0;
}

static bool grow(struct report *r)
{
    size_t cap = r->cap_findings ? r->cap_findings * 2 : FINDINGS_FIRST;
    if (!r->mem || cap > FINDINGS_MAX)
        return false;
    hf_finding *more = mem_realloc(r->mem, r->findings, cap * sizeof *more);
    if (!more)
        return false;
    r->findings     = more;
    r->cap_findings = cap;
    return true;
}

void note(struct report *r, enum check id, enum hf_state state, size_t offset, int64_t want, int64_t got)
{
    if (r->n_findings == r->cap_findings && !grow(r))
        return;
    r->findings[r->n_findings++] = (hf_finding){.check  = (uint16_t)id,
                                                .state  = (uint8_t)state,
                                                .cert   = r->cert,
                                                .offset = (uint32_t)offset,
                                                .want   = want,
                                                .got    = got};
}

bool fail_text(struct report *r, enum check id, size_t offset, int64_t want, int64_t got, const char *text)
{
    assert(id != CHECK_NONE); /* a failure has a cause */
    note(r, id, HF_FAIL, offset, want, got);
    if (report_bad(r))
        return false;
    r->why = (hf_why){.check   = (uint16_t)id,
                      .alert   = hf_check_info_of((uint16_t)id)->alert,
                      .origin  = HF_BY_US,
                      .message = r->message,
                      .cert    = r->cert,
                      .offset  = (uint32_t)offset,
                      .want    = want,
                      .got     = got};
    if (text)
        text_printable(r->why.text, sizeof r->why.text, text, strlen(text));
    return false;
}

bool fail(struct report *r, enum check id, size_t offset, int64_t want, int64_t got)
{
    return fail_text(r, id, offset, want, got, NULL);
}

bool need(struct report *r, bool ok, enum check id, size_t offset, int64_t want, int64_t got)
{
    if (!ok)
        return fail(r, id, offset, want, got);
    note(r, id, HF_PASS, offset, want, got);
    return true;
}

void why_add_text(struct report *r, enum check id, const char *text)
{
    if (r->why.check == id && !r->why.text[0])
        text_printable(r->why.text, sizeof r->why.text, text, strlen(text));
}

bool no_memory(struct report *r, size_t n)
{
    return fail(r, NO_MEMORY, 0, (int64_t)n, 0);
}

bool fail_as(struct report *r, const hf_why *part)
{
    if (!report_bad(r))
        r->why = *part;
    return false;
}
