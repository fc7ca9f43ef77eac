/* SPDX-License-Identifier: Apache-2.0
 *
 * http_answer.c - see http_answer.h. The answer is a stranger's: it is searched for known words, never parsed for
 * meaning, and what is printed of it was made printable.
 */
#include "http_answer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"

size_t http_request(char *out, size_t room, const char *path, const char *host)
{
    return text_add(out, room, 0,
                    "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: handfast-explain/" HF_VERSION
                    "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                    path, host);
}

void answer_add(struct answer *a, hf_view data)
{
    size_t left = sizeof a->bytes - 1 - a->n, n = data.n < left ? data.n : left;
    memcpy(a->bytes + a->n, data.p, n);
    a->n += n;
    a->total += data.n;
}

static const char *text_of(const struct answer *a)
{
    return (const char *)a->bytes; /* a NUL stands behind it: the last byte is never written */
}

static const char *head_end(const struct answer *a)
{
    return strstr(text_of(a), "\r\n\r\n");
}

/* The value of a header, printable; "" when it is not there. */
static void header(const struct answer *a, const char *name, char *out, size_t room)
{
    const char *end = head_end(a), *at = text_of(a);
    size_t      n = strlen(name);
    out[0]        = '\0';
    while (end && (at = strstr(at, "\r\n")) && at < end) {
        at += 2;
        if (strncasecmp(at, name, n) != 0 || at[n] != ':')
            continue;
        at += n + 1 + strspn(at + n + 1, " \t");
        text_printable(out, room, at, strcspn(at, "\r\n"));
        return;
    }
}

bool answer_enough(const struct answer *a)
{
    char        length[24];
    const char *end = head_end(a);
    if (a->n && strncmp(text_of(a), "HTTP/", a->n < 5 ? a->n : 5) != 0)
        return true;
    if (!end)
        return a->n + 1 == sizeof a->bytes;
    header(a, "Content-Length", length, sizeof length);
    size_t body = a->n - (size_t)(end + 4 - text_of(a));
    return a->n + 1 == sizeof a->bytes || (length[0] && body >= strtoul(length, NULL, 10));
}

/* ---- the page ------------------------------------------------------------------------------------------ */

/* Text between tags, with single blanks: "400 Bad Request No required SSL certificate was sent nginx". */
static void words(const char *html, char *out, size_t room)
{
    char   plain[2 * ANSWER_LINE];
    size_t n   = 0;
    bool   tag = false, blank = true;
    for (const char *p = html; *p && n + 1 < sizeof plain; p++) {
        bool space = tag || *p == '<' || isspace((unsigned char)*p);
        if (*p == '<' || *p == '>') {
            tag   = *p == '<';
            space = true;
        }
        if (!space || !blank)
            plain[n++] = space ? ' ' : *p;
        blank = space;
    }
    text_printable(out, room, plain, n);
}

static bool says(const char *text, const char *const *any)
{
    for (; *any; any++)
        if (strcasestr(text, *any))
            return true;
    return false;
}

static enum page page_of(int status, const char *text)
{
    static const char *const plain[] = {"plain HTTP request was sent to HTTPS port", "speaking plain HTTP to an SSL",
                                        "Client sent an HTTP request to an HTTPS server",
                                        "This combination of host and port requires TLS", NULL};
    static const char *const none[]  = {"No required SSL certificate was sent",
                                        "requires a client certificate",
                                        "client certificate is required",
                                        "certificate required",
                                        "client certificate required",
                                        "no client certificate",
                                        "client certificate missing",
                                        "certificate was not provided",
                                        "no certificate",
                                        "SSL Certificate Required",
                                        NULL};
    static const char *const bad[]   = {
          "The SSL certificate error", "SSL Certificate Error",      "certificate verif",
          "certificate is not valid",  "invalid client certificate", "certificate has expired",
          "certificate expired",       "certificate revoked",        NULL};
    static const char *const some[] = {"client certificate", "SSL certificate", "ssl client", "mutual TLS", "mTLS",
                                       "renegotiat",         "post-handshake",  NULL};
    if (says(text, plain))
        return PAGE_PLAIN_HTTP;
    if (status == 421)
        return PAGE_WRONG_HOST;
    if (status < 400)
        return PAGE_OTHER;
    if (status == 496 || says(text, none))
        return PAGE_NO_CERTIFICATE;
    if (status == 495 || says(text, bad))
        return PAGE_BAD_CERTIFICATE;
    return says(text, some) ? PAGE_CERTIFICATE : PAGE_OTHER;
}

static int64_t date_of(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct when       w        = {0};
    char              month[4];
    int64_t           t;
    if (sscanf(text, "%*3s, %d %3s %d %d:%d:%d", &w.day, month, &w.year, &w.hour, &w.minute, &w.second) != 6)
        return 0;
    const char *at = strstr(months, month);
    w.month        = at ? (int)(at - months) / 3 + 1 : 0;
    return at && when_to_unix(&w, &t) ? t : 0;
}

void answer_read(struct answer *a)
{
    char        date[48];
    const char *text = text_of(a), *end = head_end(a);
    if (strncmp(text, "HTTP/1.", 7) == 0 && a->n > 12)
        a->status = atoi(text + 9);
    text_printable(a->line, sizeof a->line, text, strcspn(text, "\r\n"));
    words(end ? end + 4 : text, a->words, sizeof a->words);
    header(a, "Server", a->server, sizeof a->server);
    header(a, "Date", date, sizeof date);
    a->date = date_of(date);
    a->page = page_of(a->status, text);
}
