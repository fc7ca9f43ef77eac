/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict.c - the order of questions, and the words that all answers share. The first question that has an answer
 * gives the verdict; later ones are about stages that were not reached, or were passed.
 *
 *   1. one's own files: what cannot be used at all       mine.h
 *   2. reaching it; another protocol; silence            verdict_early.c
 *   3. hellos: versions, suites, groups, names           verdict_early.c
 *   4. the server's chain                                verdict_server.c
 *   5. was a certificate asked for                       verdict_server.c
 *   6. the refusal, by alert, close or page              verdict_refused.c, verdict_path.c
 *   7. its tickets; and without --cacert, the system's trust store
 *   8. nothing is wrong
 */
#include "verdict.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "tls/codes.h"

__attribute__((format(printf, 2, 0))) static void put(char *out, const char *fmt, va_list ap)
{
    vsnprintf(out, LINE_MAX_, fmt, ap);
}

bool verdict_is(struct verdict *v, const char *reason, enum certainty c, enum at_fault fault, const char *subject)
{
    v->reason    = reason;
    v->certainty = c;
    v->fault     = fault;
    v->own       = !subject || strncmp(subject, "server", 6) != 0;
    text_add(v->subject, sizeof v->subject, 0, "%s", subject ? subject : "");
    return true;
}

void verdict_evidence(struct verdict *v, const char *fmt, ...)
{
    va_list ap;
    if (v->n_evidence == EVIDENCE_MAX)
        return;
    va_start(ap, fmt);
    put(v->evidence[v->n_evidence++], fmt, ap);
    va_end(ap);
}

void verdict_says(struct verdict *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(v->says, fmt, ap);
    va_end(ap);
}

void verdict_fix(struct verdict *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(v->fix, fmt, ap);
    va_end(ap);
}

void verdict_or(struct verdict *v, const char *reason, const char *fmt, ...)
{
    va_list ap;
    if (v->n_others == OTHERS_MAX || strcmp(v->reason, reason) == 0)
        return;
    v->others[v->n_others].reason = reason;
    va_start(ap, fmt);
    put(v->others[v->n_others++].tells, fmt, ap);
    va_end(ap);
}

const char *certainty_name(enum certainty c)
{
    static const char *const names[] = {"proven", "inferred", "possible"};
    return names[c];
}

/* ---- outcomes ------------------------------------------------------------------------------------------ */

static bool page_refuses(const struct answer *a)
{
    return a->status >= 400 && (a->page == PAGE_NO_CERTIFICATE || a->page == PAGE_BAD_CERTIFICATE);
}

/* The server ended it, by an alert or without a word, when it had seen our second flight. */
bool outcome_refused(const struct outcome *o)
{
    bool ended = o->end == END_ALERT || o->end == END_CLOSED || o->end == END_RESET;
    bool late  = o->open ||
                (o->version == TLS12 && (o->awaited == HT_CHANGE_CIPHER_SPEC || o->awaited == HT_NEW_SESSION_TICKET));
    bool quiet = o->end != END_ALERT && o->asked_data; /* it took our request and ended then: no word on certificates */
    return page_refuses(&o->answer) || (ended && late && !quiet) || (o->hung_up && o->asked);
}

bool outcome_let_in(const struct outcome *o)
{
    return o->open && !outcome_refused(o) && (o->end == END_FINE || o->answer.n || o->asked_data);
}

bool probe_worked(const struct facts *f, enum probe p)
{
    return f->probe[p].made && outcome_let_in(&f->probe[p].out);
}

bool server_clock(const struct facts *f, int64_t *gap)
{
    const struct answer *a[] = {&f->o->answer, &f->probe[PROBE_NO_CERT].out.answer, &f->probe[PROBE_TLS12].out.answer};
    for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
        if (a[i]->date) {
            if (gap)
                *gap = a[i]->date - f->own->now;
            return true;
        }
    return false;
}

/* ---- the questions ------------------------------------------------------------------------------------- */

static bool from_note(const struct facts *f, struct verdict *v, const struct file_note *n, int cred)
{
    verdict_is(v, n->reason, PROVEN, FAULT_CLIENT, n->subject);
    verdict_says(v, "%s", n->text);
    verdict_fix(v, "%s", n->fix);
    verdict_evidence(v, "%s was read before any packet was sent", n->file);
    (void)f;
    (void)cred;
    return true;
}

/* All credentials are unusable, or the trust files hold no CA at all. */
static bool by_files(const struct facts *f, struct verdict *v)
{
    const struct file_note *first = mine_worst(f->own, -1, WEIGHT_BLOCKS);
    if (first)
        return from_note(f, v, first, -1);
    for (unsigned i = 0; i < f->own->n_creds; i++) {
        const struct file_note *n = mine_worst(f->own, (int)i, WEIGHT_BLOCKS);
        if (!n)
            return false;
        first = first ? first : n;
    }
    return first && from_note(f, v, first, first->cred);
}

static void who_is_who(const struct facts *f, struct verdict *v)
{
    char name[300];
    if (f->server && f->server->accepted) {
        cert_best_name(&f->server->path.certs[0], name, sizeof name);
        verdict_evidence(v, "the server proved that it is %s, under %s", name, f->own->against);
    }
    if (f->o->sent_cert && f->cred >= 0) {
        cert_best_name(&f->own->creds[f->cred].cred->cert[0], name, sizeof name);
        verdict_evidence(v, "we proved to the server that we are %s", name);
    }
}

/* The first time it lets us in, and not by its own ticket. */
static bool by_resumption(const struct facts *f, struct verdict *v)
{
    const struct outcome *again = &f->probe[PROBE_RESUMED].out;
    if (!f->probe[PROBE_RESUMED].made || !again->resumed || !outcome_let_in(f->o) || !f->o->sent_cert ||
        (!outcome_refused(again) && again->answer.status != 403))
        return false;
    verdict_is(v, "resumed-without-identity", PROVEN, FAULT_SERVER, "ticket");
    verdict_evidence(v, "the first connection was let in, and one that went on from its ticket was not: %s",
                     again->answer.line[0] ? again->answer.line : "the server ended it");
    return true;
}

static bool nothing_wrong(const struct facts *f, struct verdict *v)
{
    const struct outcome *o = f->o;
    verdict_is(v, "ok", o->asked && o->version != TLS12 && !o->answered ? INFERRED : PROVEN, FAULT_NOBODY, NULL);
    if (o->sent_cert)
        verdict_says(v, "mutual authentication worked: each side has proven who it is, and the server let us in");
    else if (o->asked)
        verdict_says(v, "the server asks for a certificate, and lets in who has none");
    else
        verdict_says(v, "the server proved itself; it asks for no client certificate");
    who_is_who(f, v);
    if (o->answer.status)
        verdict_evidence(v, "the request was answered: %s", o->answer.line);
    else if (o->asked && o->open && !o->answered)
        verdict_evidence(v, "no refusal came after the handshake, and nothing else either");
    return true;
}

/* The last message that came whole, and the awaited one. */
static void stage(const struct outcome *o, struct verdict *v)
{
    size_t at = text_add(v->stage, sizeof v->stage, 0, "%s",
                         o->end == END_DIAL         ? "not connected"
                         : o->open                  ? "our side of the handshake was complete"
                         : o->last == HF_NO_MESSAGE ? "no TLS message came from the server"
                                                    : "last message: ");
    if (!o->open && o->last != HF_NO_MESSAGE && o->end != END_DIAL)
        at = text_add(v->stage, sizeof v->stage, at, "%s", hf_message_name(o->last));
    if (!o->open && o->awaited != HF_NO_MESSAGE && o->end != END_DIAL)
        text_add(v->stage, sizeof v->stage, at, "; awaited: %s", hf_message_name(o->awaited));
}

void verdict_find(const struct facts *f, struct verdict *v)
{
    static bool (*const questions[])(const struct facts *, struct verdict *) = {
        by_files,           verdict_by_start, verdict_by_hello, verdict_by_chain, verdict_by_silence,
        verdict_by_refusal, by_resumption,    verdict_by_store, nothing_wrong};
    *v = (struct verdict){0};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && !v->reason; i++)
        questions[i](f, v);
    stage(f->o, v);
    cure_sentences(f, v);
}
