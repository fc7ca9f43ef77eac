/* SPDX-License-Identifier: Apache-2.0
 *
 * explain.h - one handshake, explained: what was given, what was found, and the tale that all printers read.
 *
 *      files -> own ---.
 *      main attempt ---+--> facts -> verdict ---> tale (one JSON document) -> text, JSON, page
 *      probes ---------'
 *
 * The tale is a jansson document; doc/explain.md describes its fields. Everything that prints reads the tale and
 * nothing else, so that a tale that was written to a file, or made from a capture, prints like one made now.
 */
#ifndef HF_PROG_EXPLAIN_H
#define HF_PROG_EXPLAIN_H
#include <jansson.h>

#include "prog/verdict.h"

struct explain {
    struct settings set; /* first: option handlers of settings.h write into it */
    const char     *name, *sni, *http_path, *http_host, *pcap, *trace, *html;
    bool            no_sni, expect_mutual, proxy, json, fields, bytes, do_probe, no_probe;
    unsigned        starttls;
    int64_t         timeout_ms;
    /* found */
    struct addr      target;
    struct mine      own;
    struct live      live;
    struct check_run server; /* the server's chain, judged */
    struct probed    probe[N_PROBES];
    struct facts     facts;
    struct verdict   verdict;
};

/* The name to send (NULL: none) and the one that the server's certificate must have. */
const char *explain_sni(const struct explain *x);
const char *explain_name(const struct explain *x);
bool        explain_sends_sni(const struct explain *x); /* an address is never sent */
enum { CRED_NONE = -1, CRED_ALL = -2 };
/* The configuration of one attempt. cred: index of a credential, or the above. NULL: why says what is wrong. */
hf_config *explain_config(const struct explain *x, int cred, unsigned min, unsigned max, hf_why *why);
hf_config *explain_config_of(const struct explain *x, hf_cred *take, hf_why *why);
void       explain_how(const struct explain *x, struct live_how *how);

/* ---- trace_explain.c: the tales that a server has kept ---- */
int explain_trace(const struct explain *x);
/* ---- tale_refused.c: a connection that our server refused ---- */
struct story;
struct refused;
json_t *tale_refused(const struct story *s, const hf_conn *c, const hf_why *why, const struct refused *r);

/* ---- explain_facts.c ---- */
void explain_judge(struct explain *x);
void explain_facts(struct explain *x);
/* The CertificateRequest, as it was received, into the facts; empty: none. */
void explain_request(struct explain *x, hf_view request);
/* What the server's request makes of the i-th credential: fits, or why a client would not send it. */
uint16_t explain_remark(const struct explain *x, unsigned i, int64_t *want, int64_t *got);
/* ---- probe.c: other attempts, after the main one ---- */
void        probe_all(struct explain *x);
const char *probe_name(enum probe p); /* "without a certificate" */
const char *probe_code(enum probe p); /* "no-cert" */
/* ---- probe_hello.c: a ClientHello with longer lists than we would use, to hear whether one of them is taken ---- */
void probe_hello(struct explain *x, enum probe p);
/* Plain HTTP, or PostgreSQL's request for TLS. */
void probe_raw(struct explain *x, enum probe p);

/* ---- tale.c, tale_messages.c, tale_proof.c: the document; the caller's reference ---- */
json_t *tale_of(const struct explain *x);
/* Parts of it, for tales of what others did (eyes.h). */
json_t *tale_outcome(const struct outcome *o);
json_t *tale_server(const struct explain *x);
json_t *tale_verdict(const struct explain *x);
json_t *tale_messages(const hf_event *ev, size_t n, int64_t began_ms, bool by_server);
json_t *tale_request(const struct explain *x);
json_t *tale_request_of(hf_view request, bool tls12, const char *demand); /* CertificateRequest; empty: none */
json_t *tale_fields(hf_view msg, uint16_t version);
/* What each CertificateVerify (TLS 1.2: ServerKeyExchange) signs, from the messages of the trace. */
json_t *tale_proofs(const hf_event *ev, size_t n, uint16_t suite, bool by_server);
json_t *tale_hex(hf_view v); /* null when it is empty */
/* ---- tale_text.c: for people ---- */
struct tale_style {
    unsigned width;         /* columns */
    bool     colour;        /* escape sequences may be used */
    bool     fields, bytes; /* every field of each message; and its bytes */
};
void tale_print(const json_t *tale, FILE *to, const struct tale_style *style);

#endif
