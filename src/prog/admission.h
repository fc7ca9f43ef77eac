/* SPDX-License-Identifier: Apache-2.0
 *
 * admission.h - may this proven peer come in. One struct admission belongs to one connection: the question is put when
 * the engine waits for its verdict (HF_WANT_VERDICT, on resumed handshakes too), and the answer may come later.
 *
 *   NONE --admission_ask--> ASKED --admission_answer(yes)--> IN --admission_leave--> NONE
 *                             '-----admission_answer(no)---> OUT
 *
 * The rules are asked first, at once (admission.c). Who is asked behind them, and may take its time, starts in
 * ask_others of admission.c and ends by calling admission_answer, once, on the loop of the connection's worker.
 *
 * Invariants:
 *   1. admission_answer decides at most once; an answer that comes when nobody waits any more changes nothing.
 *   2. After admission_leave the connection may be gone: whoever was asked forgets it there.
 *   3. A connection that is IN can be turned out later: proxy_turn_out (proxy.h).
 */
#ifndef HF_PROG_ADMISSION_H
#define HF_PROG_ADMISSION_H
#include "handfast.h"

enum admission_state { ADMISSION_NONE, ADMISSION_ASKED, ADMISSION_IN, ADMISSION_OUT };

struct proxy;

struct admission {
    enum admission_state state;
    hf_rules            *rules; /* those that were asked: the texts below are theirs */
    const char          *note;  /* of that rule: how many places it gives; "" or NULL: as the command line says */
    const char          *rule, *reason; /* which one let it in; NULL: none was asked */
    hf_ruling           *refusal;       /* when it was the rules that refused */
};

/* Puts the question once; whether the answer is there already. */
bool admission_ask(struct proxy *p);
/* check and text: why not, as for hf_conn_verdict. */
void admission_answer(struct proxy *p, bool admit, uint16_t check, const char *text);
/* What the rules in force say now of a connection that is IN: does it stay; if not, why is filled. */
bool admission_again(struct proxy *p, hf_rules *rules, hf_why *why);
/* The connection ends, whatever became of it. */
void admission_leave(struct proxy *p);

#endif
