/* SPDX-License-Identifier: Apache-2.0
 * store_set.c - see store_set.h. */
#include "prog/store_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "prog/settings.h"

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | (c >= 'A' && c <= 'F' ? 0x20 : 0)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* %HH in a user or a password (RFC 3986 2.1), in place. */
static const char *unescape(char *s)
{
    char *to = s;
    for (const char *from = s; *from; to++) {
        if (*from == '%' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
            *to = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
            from += 3;
        } else
            *to = *from++;
    }
    *to = '\0';
    return s;
}

static void take_user(struct store_at *out, char *login)
{
    char *pass = strchr(login, ':');
    if (!pass)
        return;
    *pass     = '\0';
    out->pass = unescape(pass + 1);
    out->user = *login ? unescape(login) : NULL;
}

static const char *take_db(struct store_at *out, const char *text)
{
    char *end;
    if (!text || !*text)
        return NULL;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || *text < '0' || *text > '9' || n > 99999)
        return "--presence redis://HOST:PORT/DB: DB is a number";
    out->db = (unsigned)n;
    return NULL;
}

static const char *take_url(struct store_at *out)
{
    static const char scheme[] = "redis://";
    if (strncmp(out->url, scheme, sizeof scheme - 1) != 0)
        return "--presence is redis://[[USER]:PASSWORD@]HOST:PORT[/DB], file:F or env:VAR; for TLS to the store put "
               "`handfast client` before it";
    char *host  = out->url + sizeof scheme - 1;
    char *login = strrchr(host, '@') ? host : NULL;
    if (login) {
        host     = strrchr(host, '@') + 1;
        host[-1] = '\0';
        take_user(out, login);
    }
    char *db = strchr(host, '/');
    if (db)
        *db++ = '\0';
    const char *bad = take_db(out, db);
    if (bad)
        return bad;
    if (addr_split(&out->at, host) || !out->at.host[0])
        return "--presence redis://HOST:PORT: name host and port";
    text_add(out->text, sizeof out->text, 0, "%s/%u", host, out->db);
    return NULL;
}

const char *store_set_at(const struct store_set *s, struct store_at *out)
{
    *out = (struct store_at){0};
    if (!s->presence)
        return s->when_away || s->ttl_ms >= 0
                   ? "--presence-ttl and --presence-when-away are about --presence URL: give it too"
                   : NULL;
    if (s->ttl_ms >= 0 && s->ttl_ms < STORE_TTL_LEAST_MS)
        return "--presence-ttl is at least 500ms: a lease is renewed three times in its life";
    if (!pass_check(s->presence) && strcmp(s->presence, "prompt") != 0) {
        if (!pass_ask((void *)(uintptr_t)s->presence, "--presence", out->url, sizeof out->url))
            return "--presence: there is no URL in the first line of that file, or in that variable";
    } else if (text_add(out->url, sizeof out->url, 0, "%s", s->presence) + 1 >= sizeof out->url)
        return "--presence: the URL is too long";
    return take_url(out);
}
