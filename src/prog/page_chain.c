/* SPDX-License-Identifier: Apache-2.0
 *
 * page_chain.c - a chain as a tree up to its anchor, every check by sign and word and not by colour alone; and what a
 * CertificateVerify signs.
 */
#include <string.h>

#include "base/text.h"
#include "prog/page.h"

enum { NAMES_SHOWN = 12 };

/* ---- checks -------------------------------------------------------------------------------------------- */

static const struct state {
    const char *state, *class, *sign, *word;
} states[] = {{"fail", "bad", "\342\234\227", "failed"},
              {"pass", "good", "\342\234\223", "ruled out"},
              {"skipped", "wait", "\342\200\223", "skipped"},
              {"not reached", "wait", "\302\267", "not reached"}};
enum { N_STATES = sizeof states / sizeof states[0] };

static bool told_before(const json_t *findings, size_t i, const json_t *f)
{
    for (size_t k = 0; k < i; k++) {
        const json_t *g = json_array_get(findings, k);
        if (strcmp(tale_get(g, "reason"), tale_get(f, "reason")) == 0 &&
            strcmp(tale_get(g, "state"), tale_get(f, "state")) == 0)
            return true;
    }
    return false;
}

static size_t count(const json_t *findings, const char *state)
{
    size_t  i, n = 0;
    json_t *f;
    json_array_foreach(findings, i, f) n += strcmp(tale_get(f, "state"), state) == 0 && !told_before(findings, i, f);
    return n;
}

static void list_checks(struct html *p, const json_t *findings, const struct state *s)
{
    size_t  i;
    json_t *f;
    page_raw(p, "<ul class=\"checks\">\n<li class=\"lead\">");
    page_say(p, "%s:", s->word);
    page_raw(p, "</li>\n");
    json_array_foreach(findings, i, f)
    {
        if (strcmp(tale_get(f, "state"), s->state) != 0 || told_before(findings, i, f))
            continue;
        fprintf(p->to, "<li class=\"%s\"><span aria-hidden=\"true\">%s </span>", s->class, s->sign);
        page_text(p, tale_get(f, "reason"));
        page_raw(p, "</li>\n");
    }
    page_raw(p, "</ul>\n");
}

static void checks(struct html *p, const json_t *findings)
{
    size_t n = 0;
    if (count(findings, states[0].state))
        list_checks(p, findings, &states[0]);
    for (size_t s = 1; s < N_STATES; s++)
        n += count(findings, states[s].state);
    if (!n)
        return;
    page_raw(p, "<details><summary class=\"soft\">");
    size_t pass = count(findings, "pass");
    page_say(p, n > pass ? "%zu faults ruled out, %zu not looked for" : "%zu faults ruled out", pass, n - pass);
    page_raw(p, "</summary>\n");
    for (size_t s = 1; s < N_STATES; s++)
        if (count(findings, states[s].state))
            list_checks(p, findings, &states[s]);
    page_raw(p, "</details>\n");
}

/* ---- certificates -------------------------------------------------------------------------------------- */

static void names(struct html *p, const json_t *list)
{
    size_t  i;
    json_t *n;
    if (!json_array_size(list))
        return;
    page_raw(p, "<br>for ");
    json_array_foreach(list, i, n) if (i < NAMES_SHOWN) page_say(p, "%s%s", i ? ", " : "", json_string_value(n));
    if (json_array_size(list) > NAMES_SHOWN)
        page_say(p, " and %zu more", json_array_size(list) - NAMES_SHOWN);
}

static void certificate(struct html *p, const json_t *c, bool accepted)
{
    const json_t *findings = json_object_get(c, "findings");
    bool          bad = count(findings, "fail") > 0, good = !bad && (tale_yes(c, "in_path") || *tale_get(c, "file"));
    fprintf(p->to, "<div class=\"cert %s\"><span class=\"badge %s\">",
            bad    ? "bad"
            : good ? "good"
                   : "",
            bad    ? "bad"
            : good ? "good"
                   : "wait");
    page_text(p, bad        ? "\342\234\227 refused"
                 : good     ? "\342\234\223 holds"
                 : accepted ? "\302\267 not needed"
                            : "\302\267 not judged");
    page_raw(p, "</span> <b>");
    page_text(p, *tale_get(c, "subject") ? tale_get(c, "subject") : "no subject");
    page_raw(p, "</b><br><span class=\"soft\">");
    page_say(p, "%s%s%s \302\267 ", tale_get(c, "role"), *tale_get(c, "file") ? ", from " : "", tale_get(c, "file"));
    if (*tale_get(c, "not_after"))
        page_say(p, "valid %s to %s", tale_get(c, "not_before"), tale_get(c, "not_after"));
    else
        page_say(p, "a raw public key");
    page_say(p, " \302\267 %s", tale_get(c, "key"));
    names(p, json_object_get(c, "names"));
    page_raw(p, "</span>\n");
    checks(p, findings);
    page_raw(p, "</div>\n");
}

/* Each certificate inside the one that it vouches for: the tree grows from the leaf to the anchor. */
static void tree(struct html *p, const json_t *chain)
{
    const json_t *certs = json_object_get(chain, "presented"), *anchor = json_object_get(chain, "anchor");
    size_t        i, n                                                 = json_array_size(certs);
    json_t       *c;
    json_array_foreach(certs, i, c)
    {
        page_raw(p, "<ul class=\"tree\"><li>\n");
        certificate(p, c, tale_yes(chain, "accepted"));
    }
    if (json_is_object(anchor)) {
        page_raw(p, "<ul class=\"tree\"><li>\n");
        certificate(p, anchor, true);
        page_raw(p, "</li></ul>\n");
    }
    while (n--)
        page_raw(p, "</li></ul>\n");
}

void page_chain(struct html *p, const char *title, const json_t *chain)
{
    size_t  i;
    json_t *c;
    if (!json_is_object(chain))
        return;
    page_element(p, "h2", NULL, title);
    page_raw(p, "<div class=\"card\">\n");
    tree(p, chain);
    json_array_foreach(json_object_get(chain, "considered"), i, c)
    {
        page_raw(p, "<p class=\"soft\">");
        page_say(p, "considered as issuer of %s: %s %s, turned down: %s", tale_get(c, "issuer_of"),
                 tale_get(c, "subject"), tale_get(c, "file"), tale_get(c, "reason"));
        page_raw(p, "</p>\n");
    }
    bool yes = tale_yes(chain, "accepted");
    page_raw(p, yes ? "<p><span class=\"badge good\">\342\234\223 accepted</span> "
                    : "<p><span class=\"badge bad\">\342\234\227 refused</span> ");
    if (yes)
        page_say(p, "under %s%s%s", tale_get(chain, "under"), *tale_get(chain, "name") ? ", for the name " : "",
                 tale_get(chain, "name"));
    else
        page_text(p, tale_get(json_object_get(chain, "cause"), "message"));
    page_raw(p, "</p>\n</div>\n");
}

/* ---- what is signed ------------------------------------------------------------------------------------ */

static void layer(struct html *p, const char *what, const char *hex)
{
    page_raw(p, "<div><span>");
    page_text(p, what);
    page_raw(p, "</span><code>");
    page_text(p, hex);
    page_raw(p, "</code></div>\n");
}

static void layers13(struct html *p, const json_t *o)
{
    char what[160];
    layer(p, "64 spaces", "20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 ... 20");
    layer(p, "who signs, and for what", tale_get(o, "context"));
    layer(p, "a zero byte", "00");
    snprintf(what, sizeof what, "the %s of all %lld bytes of messages before it", tale_get(o, "hash"),
             tale_number(o, "transcript_bytes"));
    layer(p, what, tale_get(o, "transcript_hash"));
}

static void proof(struct html *p, const json_t *o)
{
    char line[200];
    page_raw(p, "<div class=\"card\">\n<p>");
    page_say(p, "%s of the %s, with %s", tale_get(o, "message"), tale_get(o, "by"), tale_get(o, "scheme"));
    page_raw(p, "</p>\n<div class=\"stack\">\n");
    if (*tale_get(o, "context"))
        layers13(p, o);
    else {
        snprintf(line, sizeof line, "%s, %lld bytes",
                 strcmp(tale_get(o, "message"), "ServerKeyExchange") == 0 ? "both randoms and the server's key share"
                                                                          : "all messages so far",
                 tale_number(o, "signed_bytes"));
        layer(p, line, "");
    }
    page_raw(p, "</div>\n<details><summary class=\"soft\">the bytes that are signed, and the signature</summary>\n");
    page_element(p, "pre", NULL, tale_get(o, "signed"));
    page_element(p, "pre", NULL, tale_get(o, "signature"));
    page_raw(p, "</details>\n</div>\n");
}

void page_proofs(struct html *p, const json_t *proofs)
{
    size_t  i;
    json_t *o;
    if (!json_array_size(proofs))
        return;
    page_element(p, "h2", NULL, "What is signed");
    page_element(
        p, "p", "soft",
        "A certificate is public: anybody can send it. Only who holds its private key can make these signatures, "
        "and they hold for this handshake alone.");
    json_array_foreach(proofs, i, o) proof(p, o);
}
