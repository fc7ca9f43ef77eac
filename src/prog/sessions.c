/* SPDX-License-Identifier: Apache-2.0
 * sessions.c - see sessions.h. */
#include "prog/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/ct.h"

static void drop(hf_view *v)
{
    ct_wipe((void *)(uintptr_t)v->p, v->n);
    free((void *)(uintptr_t)v->p);
    *v = (hf_view){0};
}

void sessions_keep(struct sessions *s, hf_conn *c)
{
    hf_view  v    = hf_conn_session(c);
    uint8_t *copy = v.n ? malloc(v.n) : NULL;
    if (!copy)
        return;
    if (s->n == SESSIONS_MAX) {
        drop(&s->at[0]);
        memmove(s->at, s->at + 1, --s->n * sizeof s->at[0]);
    }
    memcpy(copy, v.p, v.n);
    s->at[s->n++] = (hf_view){copy, v.n};
}

void sessions_use(struct sessions *s, hf_conn *c)
{
    if (s->n == 0)
        return;
    hf_conn_resume(c, s->at[--s->n]);
    drop(&s->at[s->n]);
}

void sessions_free(struct sessions *s)
{
    while (s->n)
        drop(&s->at[--s->n]);
}
