/* SPDX-License-Identifier: Apache-2.0
 *
 * http_answer.h - the one request that explain sends, and what an answer to it says about certificates: many servers
 * finish the handshake with a client they refuse, and say so in HTTP.
 */
#ifndef HF_PROG_HTTP_ANSWER_H
#define HF_PROG_HTTP_ANSWER_H
#include "handfast.h"

/* What the page is about. */
enum page {
    PAGE_OTHER,
    PAGE_NO_CERTIFICATE,  /* none was sent, and one is required */
    PAGE_BAD_CERTIFICATE, /* the one that was sent did not verify */
    PAGE_CERTIFICATE,     /* it speaks of client certificates without saying more */
    PAGE_PLAIN_HTTP,      /* plain HTTP was sent to a TLS port */
    PAGE_WRONG_HOST       /* another host than the one named in the handshake was asked for */
};

enum { ANSWER_MAX = 8192, ANSWER_LINE = 160 };
struct answer {
    size_t    n; /* bytes kept */
    uint8_t   bytes[ANSWER_MAX];
    size_t    total;
    int       status; /* HTTP; 0: no HTTP */
    enum page page;
    char      line[ANSWER_LINE];  /* the status line, or the first line of what came, printable */
    char      words[ANSWER_LINE]; /* what the page says, its tags removed, printable */
    char      server[64];         /* the Server header */
    int64_t   date;               /* the Date header; 0: none */
};

/* Writes the request; returns its length. */
size_t http_request(char *out, size_t room, const char *path, const char *host);
void   answer_add(struct answer *a, hf_view data);
/* The answer is as whole as it needs to be. */
bool answer_enough(const struct answer *a);
/* Reads what was added. */
void answer_read(struct answer *a);

#endif
