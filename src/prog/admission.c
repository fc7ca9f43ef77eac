/* SPDX-License-Identifier: Apache-2.0
 * admission.c - see admission.h. */
#include "prog/admission.h"

#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "prog/log.h"
#include "prog/proxy.h"
#include "prog/proxy_in.h"

/* ---- the rules ------------------------------------------------------------------------------------------ */

static void ask_rules(struct proxy *p, const hf_rules *rules, hf_ruling *out)
{
    union sock_addr at  = {0};
    hf_asker        who = {.peer        = hf_conn_peer(p->conn),
                           .server_name = hf_conn_server_name(p->conn),
                           .listener    = gate_of(p)->set->listen,
                           .now_ms      = log_now_ms()};
    memcpy(&at, &p->from.at, sizeof p->from.at);
    who.from = addr_ip(&at);
    hf_rules_judge(rules, &who, out);
}

static void keep_rules(struct admission *a, hf_rules *take, const hf_ruling *r)
{
    hf_rules_free(a->rules);
    a->rules  = take;
    a->rule   = r->where;
    a->reason = r->reason;
    a->note   = r->note;
}

/* A refusal is told at once, so that few live at a time. */
static void keep_refusal(struct admission *a, const hf_ruling *r)
{
    free(a->refusal);
    a->refusal = malloc(sizeof *a->refusal);
    if (a->refusal)
        *a->refusal = *r;
}

/* ---- the others ----------------------------------------------------------------------------------------- */

/* The rules let it in. Who else has a say is started here, and answers with admission_answer, at once or later; with
 * nobody else the answer is yes. What it holds for this connection is given back in admission_leave. */
static void ask_others(struct proxy *p)
{
    places_ask(p);
}

/* ---- question and answer -------------------------------------------------------------------------------- */

void admission_answer(struct proxy *p, bool admit, uint16_t check, const char *text)
{
    struct admission *a = &p->admission;
    if (a->state != ADMISSION_ASKED)
        return;
    a->state = admit ? ADMISSION_IN : ADMISSION_OUT;
    hf_conn_verdict(p->conn, admit, check, text);
    proxy_go_on(p);
}

bool admission_ask(struct proxy *p)
{
    struct admission *a = &p->admission;
    hf_ruling         ruling;
    if (a->state != ADMISSION_NONE)
        return false;
    hf_rules *rules = gate_rules(p->worker->gate);
    a->state        = ADMISSION_ASKED;
    p->asking       = true;
    ask_rules(p, rules, &ruling);
    keep_rules(a, rules, &ruling);
    if (ruling.admit)
        ask_others(p);
    else {
        keep_refusal(a, &ruling);
        admission_answer(p, false, ruling.check, ruling.text);
    }
    p->asking = false;
    return a->state != ADMISSION_ASKED;
}

bool admission_again(struct proxy *p, hf_rules *rules, hf_why *why)
{
    struct report rep;
    hf_ruling     ruling;
    ask_rules(p, rules, &ruling);
    keep_rules(&p->admission, hf_rules_ref(rules), &ruling);
    if (ruling.admit)
        return places_again(p, why);
    keep_refusal(&p->admission, &ruling);
    report_init(&rep);
    fail_text(&rep, (enum check)ruling.check, 0, 0, 0, ruling.text);
    *why = rep.why;
    return false;
}

void admission_leave(struct proxy *p)
{
    struct admission *a = &p->admission;
    places_leave(p);
    hf_rules_free(a->rules);
    free(a->refusal);
    *a = (struct admission){0};
}
