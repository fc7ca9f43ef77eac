/* SPDX-License-Identifier: Apache-2.0
 *
 * eyes.h - explain for those who were not part of it: the handshakes of a capture. What was seen is put into the same
 * facts that a live attempt gives (explain.h), so that the same questions find the verdict and the same printers tell
 * the tale. What cannot be seen is said to be so, never guessed.
 */
#ifndef HF_PROG_EYES_H
#define HF_PROG_EYES_H
#include "prog/explain.h"
#include "prog/watch.h"

enum { EYES_PORT = 8, EYES_ADDRESS = 64 };

struct eyes {
    struct explain   x; /* filled from what was seen; the trust files and the name are the caller's */
    struct watched   w;
    hf_event        *ev; /* messages and alerts of the story */
    size_t           n_ev, cap_ev;
    char             client[EYES_ADDRESS], server[EYES_ADDRESS], sni[256];
    uint16_t         group, scheme, alert_by_client; /* HF_NO_ALERT: none */
    bool             blind;                          /* TLS 1.3, and what the handshake holds is not visible */
    struct check_run client_chain;                   /* judged, when one was seen */
};

/* One connection of a capture, into e, which is zeroed but for x.set, x.name and x.no_sni. */
void               eyes_open(struct eyes *e, const struct tcp_conn *c, const struct keyfile *keys);
void               eyes_close(struct eyes *e);
bool               eyes_is_event(const struct seen *s);                              /* ev has it */
const struct seen *eyes_message(const struct eyes *e, bool by_client, uint8_t type); /* the first one; NULL: none */
bool               eyes_finished(const struct eyes *e, bool by_client);
/* It is worth telling: TLS, or plain HTTP where TLS was wanted. */
bool eyes_tells(const struct eyes *e);

/* ---- eyes_verdict.c ---- */
void eyes_verdict(struct eyes *e);
/* ---- eyes_tale.c ---- */
json_t *eyes_tale(const struct eyes *e, const char *file);
/* ---- capture_explain.c: the command; returns its exit status ---- */
int explain_capture(const struct explain *given);

#endif
