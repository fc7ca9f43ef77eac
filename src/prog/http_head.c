/* SPDX-License-Identifier: Apache-2.0
 * http_head.c - see http_head.h. */
#include "prog/http_head.h"

#include <string.h>

#include "base/text.h"

enum { NAMED_MAX = 16, NAME_SHOWN = 60, FOLD_MAX = 64 };

struct line {
    hf_view name, value;
};

/* What was found on the first way through, before anything is written. */
struct survey {
    bool     old; /* HTTP/1.0 */
    unsigned n_host, n_length, n_coding;
    bool     close, keep_alive;
    hf_view  named[NAMED_MAX]; /* by Connection */
    size_t   n_named;
};

/* ---- characters ----------------------------------------------------------------------------------------- */

/* RFC 9110 5.6.2. */
static bool is_token(hf_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c))))
            return false;
    }
    return v.n > 0;
}

/* RFC 9110 5.5: no control characters but the tab; bytes above ASCII are obs-text. */
static bool is_text(hf_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if ((v.p[i] < 0x20 && v.p[i] != '\t') || v.p[i] == 0x7f)
            return false;
    return true;
}

static bool is(hf_view v, const char *word)
{
    return v.n == strlen(word) && text_same(v.p, word, v.n);
}

/* Equal for whoever turns names into variables: case does not count, and whatever is no letter or digit is alike. */
static bool looks_like(hf_view v, const char *word)
{
    if (v.n != strlen(word))
        return false;
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c      = v.p[i];
        bool    letter = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (word[i] == '-' ? letter : !letter || (c >= 'A' && c <= 'Z' ? c | 32 : c) != (uint8_t)word[i])
            return false;
    }
    return true;
}

static bool among(hf_view v, const char *const *words, bool (*same)(hf_view, const char *))
{
    for (; *words; words++)
        if (same(v, *words))
            return true;
    return false;
}

static const char *const identity[]   = {"client-cert", "client-cert-chain", "x-forwarded-client-cert", NULL};
static const char *const relied_on[]  = {"host", "content-length", "transfer-encoding", NULL};
static const char *const of_the_hop[] = {"connection", "proxy-connection", "keep-alive",     "te",
                                         "trailer",    "upgrade",          "http2-settings", NULL};

static bool refuse(struct report *rep, enum check id, hf_view what)
{
    char text[NAME_SHOWN + 1];
    text_printable(text, sizeof text, what.p, what.n < NAME_SHOWN ? what.n : NAME_SHOWN);
    return fail_text(rep, id, 0, 0, 0, text);
}

/* ---- lines ---------------------------------------------------------------------------------------------- */

/* The next line, without its CRLF; the caller knows that every LF has its CR. */
static hf_view next_line(hf_view *rest)
{
    const uint8_t *end  = memchr(rest->p, '\n', rest->n);
    size_t         n    = end ? (size_t)(end - rest->p) + 1 : rest->n;
    hf_view        line = {rest->p, n >= 2 ? n - 2 : 0};
    *rest               = (hf_view){rest->p + n, rest->n - n};
    return line;
}

static hf_view trimmed(hf_view v)
{
    while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
        v = (hf_view){v.p + 1, v.n - 1};
    while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
        v.n--;
    return v;
}

static bool field_line(struct line *l, hf_view v, struct report *rep)
{
    if (v.p[0] == ' ' || v.p[0] == '\t')
        return refuse(rep, HTTP_FOLDED, v);
    const uint8_t *colon = memchr(v.p, ':', v.n);
    l->name              = (hf_view){v.p, colon ? (size_t)(colon - v.p) : v.n};
    if (!colon || !is_token(l->name)) /* RFC 9112 5.1: "No whitespace is allowed between the field name and colon." */
        return refuse(rep, HTTP_FIELD_NAME, v);
    l->value = trimmed((hf_view){colon + 1, v.n - l->name.n - 1});
    return is_text(l->value) || refuse(rep, HTTP_FIELD_VALUE, l->name);
}

/* method SP request-target SP HTTP-version, nothing else and nothing more. */
static bool request_line(struct survey *s, hf_view v, struct report *rep)
{
    const uint8_t *one    = memchr(v.p, ' ', v.n);
    size_t         n      = one ? (size_t)(one - v.p) : 0;
    hf_view        method = {v.p, n}, rest = {v.p + n + 1, one ? v.n - n - 1 : 0};
    const uint8_t *two     = rest.n ? memchr(rest.p, ' ', rest.n) : NULL;
    hf_view        target  = {rest.p, two ? (size_t)(two - rest.p) : 0};
    hf_view        version = {rest.p + target.n + 1, two ? rest.n - target.n - 1 : 0};
    s->old                 = version.n == 8 && memcmp(version.p, "HTTP/1.0", 8) == 0;
    bool known             = s->old || (version.n == 8 && memcmp(version.p, "HTTP/1.1", 8) == 0);
    if (!known || !is_token(method) || target.n == 0 || !is_text(target) || memchr(target.p, '\t', target.n))
        return refuse(rep, HTTP_REQUEST_LINE, v);
    return !is(method, "CONNECT") || refuse(rep, HTTP_CONNECT_METHOD, target);
}

/* ---- the first way through: may it pass -------------------------------------------------------------------- */

static bool connection_option(struct survey *s, hf_view option, struct report *rep)
{
    s->close |= is(option, "close");
    s->keep_alive |= is(option, "keep-alive");
    if (among(option, identity, looks_like) || among(option, relied_on, looks_like) || s->n_named == NAMED_MAX)
        return refuse(rep, HTTP_CONNECTION_OPTION, option);
    s->named[s->n_named++] = option;
    return true;
}

static bool connection_field(struct survey *s, hf_view list, struct report *rep)
{
    while (list.n) {
        const uint8_t *comma  = memchr(list.p, ',', list.n);
        size_t         n      = comma ? (size_t)(comma - list.p) : list.n;
        hf_view        option = trimmed((hf_view){list.p, n});
        if (option.n && !connection_option(s, option, rep))
            return false;
        list = (hf_view){list.p + n + (comma != NULL), list.n - n - (comma != NULL)};
    }
    return true;
}

static bool digits_only(hf_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] < '0' || v.p[i] > '9')
            return false;
    return v.n > 0 && v.n < 19;
}

static bool survey_field(struct survey *s, const struct line *l, struct report *rep)
{
    if (among(l->name, relied_on, looks_like) && !among(l->name, relied_on, is))
        return refuse(rep, HTTP_FIELD_ALIAS, l->name);
    s->n_host += is(l->name, "host");
    s->n_length += is(l->name, "content-length");
    s->n_coding += is(l->name, "transfer-encoding");
    if (is(l->name, "content-length") && !digits_only(l->value))
        return refuse(rep, HTTP_LENGTH, l->value);
    if (is(l->name, "transfer-encoding") && !is(l->value, "chunked"))
        return refuse(rep, HTTP_CODING, l->value);
    return !is(l->name, "connection") || connection_field(s, l->value, rep);
}

/* RFC 9112 6.1, 6.3: what can be read in two ways is how requests are smuggled. */
static bool framing_ok(const struct survey *s, struct report *rep)
{
    if (s->n_length + s->n_coding > 1 || (s->old && s->n_coding))
        return fail(rep, HTTP_FRAMING, 0, 1, s->n_length + s->n_coding);
    return s->n_host == 1 || (s->old && s->n_host == 0) || fail(rep, HTTP_HOST, 0, 1, s->n_host);
}

static bool survey(struct survey *s, hf_view head, struct report *rep)
{
    struct line l    = {0};
    hf_view     line = next_line(&head);
    if (!request_line(s, line, rep))
        return false;
    while ((line = next_line(&head)).n)
        if (!field_line(&l, line, rep) || !survey_field(s, &l, rep))
            return false;
    return framing_ok(s, rep);
}

/* ---- the second: what passes --------------------------------------------------------------------------------- */

static bool named(const struct survey *s, hf_view name)
{
    for (size_t i = 0; i < s->n_named; i++)
        if (s->named[i].n == name.n && text_same(s->named[i].p, name.p, name.n))
            return true;
    return false;
}

static void put(struct wr *w, const char *text)
{
    wr_bytes(w, text, strlen(text));
}

static void put_field(struct wr *w, const struct line *l)
{
    wr_view(w, l->name);
    put(w, ": ");
    wr_view(w, l->value);
    put(w, "\r\n");
}

bool http_head_rewrite(struct http_head *h, hf_view head, struct wr *out, struct report *rep)
{
    struct survey s = {0};
    struct line   l = {0};
    hf_view       line;
    if (!survey(&s, head, rep))
        return false;
    line = next_line(&head);
    wr_view(out, line);
    put(out, "\r\n");
    while ((line = next_line(&head)).n) {
        if (field_line(&l, line, rep) && !among(l.name, identity, looks_like) && !among(l.name, of_the_hop, is) &&
            !named(&s, l.name))
            put_field(out, &l);
    }
    if (s.close || s.keep_alive)
        put(out, s.close ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
    *h = (struct http_head){.chunked = s.n_coding > 0, .close = s.close || (s.old && !s.keep_alive)};
    return true;
}
