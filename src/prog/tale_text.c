/* SPDX-License-Identifier: Apache-2.0
 *
 * tale_text.c - the tale for people, in the width of their terminal: files, the handshake message by message, the
 * two chains, what was asked for, what was signed, other attempts, and the verdict last, where the eye is.
 */
#include <string.h>

#include "base/text.h"
#include "prog/sheet.h"

enum { NAMES_SHOWN = 8, CODES_SHOWN = 12, HEX_SHOWN = 64 };

static const char *get(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static bool yes(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

/* In a tale of a capture, or of a server's, "us" is not the client. */
static bool onlooker(const json_t *tale)
{
    return *get(tale, "view");
}

static long long number(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void print_notes(struct sheet *p, const json_t *notes, unsigned indent)
{
    size_t  i;
    json_t *n;
    json_array_foreach(notes, i, n)
    {
        bool        remark = strcmp(get(n, "weight"), "remark") == 0;
        enum colour c      = remark ? COLOUR_YELLOW : COLOUR_RED;
        sheet_item(p, indent, remark ? "note" : "FAULT", c, "%s: %s", get(n, "reason"), get(n, "text"));
    }
}

static void print_files(struct sheet *p, const json_t *files)
{
    const json_t *creds = json_object_get(files, "credentials"), *leaf;
    size_t        i;
    json_t       *c;
    sheet_head(p, "Our files");
    json_array_foreach(creds, i, c)
    {
        leaf = json_array_get(json_object_get(json_object_get(c, "chain"), "presented"), 0);
        sheet_line(p, 2, "%s%s%s", get(c, "file"), *get(c, "key") ? ", key in " : "", get(c, "key"));
        if (leaf)
            sheet_line(p, 4, "%s, issued by %s, valid until %s, %s", get(leaf, "subject"), get(leaf, "issuer"),
                       get(leaf, "not_after"), get(leaf, "key"));
        print_notes(p, json_object_get(c, "notes"), 4);
    }
    if (!json_array_size(creds))
        sheet_line(p, 2, "no certificate of ours (--cert, --key)");
    sheet_line(p, 2, "the server is judged under %s, %lld CA%s", get(files, "trust"), number(files, "anchors"),
               number(files, "anchors") == 1 ? "" : "s");
    print_notes(p, json_object_get(files, "notes"), 2);
}

/* ---- the handshake ------------------------------------------------------------------------------------- */

static void print_fields(struct sheet *p, const json_t *fields)
{
    size_t  i;
    json_t *f;
    char    at[24];
    json_array_foreach(fields, i, f)
    {
        snprintf(at, sizeof at, "%lld+%lld", number(f, "at"), number(f, "n"));
        sheet_item(p, 8 + 2 * (unsigned)number(f, "depth"), at, yes(f, "wrong") ? COLOUR_RED : COLOUR_DIM,
                   "%s%s%s%s%s%s", get(f, "name"), *get(f, "value") ? " = " : "", get(f, "value"),
                   *get(f, "means") ? "  (" : "", get(f, "means"), *get(f, "means") ? ")" : "");
    }
}

static void print_message(struct sheet *p, const json_t *m, const struct tale_style *style)
{
    bool        client = strcmp(get(m, "from"), "client") == 0, alert = strcmp(get(m, "kind"), "alert") == 0;
    bool        bad  = alert && strcmp(get(m, "name"), "close_notify") != 0;
    const char *says = get(m, "says");
    char        head[80], size[24], step[8] = " ";
    if (number(m, "step"))
        snprintf(step, sizeof step, "%lld", number(m, "step"));
    snprintf(size, sizeof size, "%lld B", number(m, "bytes"));
    snprintf(head, sizeof head, "%5lld ms  %s %s %-19s %7s %-6s", number(m, "at_ms"), step, client ? "-->" : "<--",
             get(m, "name"), alert ? "alert" : size, yes(m, "encrypted") ? "sealed" : "clear");
    sheet_columns(p, head, bad ? COLOUR_RED : alert ? COLOUR_DIM : client ? COLOUR_BLUE : COLOUR_GREEN, says);
    if (style->fields)
        print_fields(p, json_object_get(m, "fields"));
    if (style->bytes && *get(m, "hex"))
        sheet_hex(p, 8, get(m, "hex"), strlen(get(m, "hex")));
}

static void print_connection(struct sheet *p, const json_t *c, const struct tale_style *style, bool others)
{
    const json_t *messages = json_object_get(c, "messages");
    size_t        i;
    json_t       *m;
    sheet_head(p, "The handshake%s%s%s%s", *get(c, "address") ? " with " : "", get(c, "address"),
               *get(c, "version") ? ", " : "", get(c, "version"));
    if (others)
        sheet_dim(p, 2, "--> from the client, <-- from the server");
    if (json_array_size(messages))
        sheet_columns(p, "     time  step and message             size", COLOUR_DIM, "");
    json_array_foreach(messages, i, m) print_message(p, m, style);
    if (*get(c, "suite"))
        sheet_line(p, 2, "%s, %s, %s%s%s", get(c, "version"), get(c, "suite"), get(c, "group"),
                   *get(c, "alpn") ? ", ALPN " : "", get(c, "alpn"));
    if (yes(c, "open") && !others)
        sheet_line(p, 2, "our side of the handshake was complete after %lld ms", number(c, "handshake_ms"));
    if (*get(json_object_get(c, "why"), "text"))
        sheet_item(p, 2, "ended", COLOUR_RED, "%s", get(json_object_get(c, "why"), "text"));
}

/* ---- chains -------------------------------------------------------------------------------------------- */

static void add_codes(const json_t *findings, const char *state, char *out, size_t room)
{
    size_t  i, at = 0;
    json_t *f;
    out[0] = '\0';
    json_array_foreach(findings, i, f)
    {
        const char *reason = get(f, "reason");
        if (strcmp(get(f, "state"), state) == 0 && !strstr(out, reason))
            at = text_add(out, room, at, "%s%s", at ? " " : "", reason);
    }
}

static size_t count(const json_t *findings, const char *state)
{
    size_t  i, n = 0;
    json_t *f;
    json_array_foreach(findings, i, f) n += strcmp(get(f, "state"), state) == 0;
    return n;
}

static void print_cert(struct sheet *p, const json_t *c, unsigned indent)
{
    const json_t *findings = json_object_get(c, "findings"), *names = json_object_get(c, "names");
    char          text[1200];
    size_t        i, at = 0;
    json_t       *n;
    add_codes(findings, "fail", text, sizeof text);
    sheet_item(p, indent, *text ? "FAIL" : "ok", *text ? COLOUR_RED : COLOUR_GREEN, "%s  %s%s%s", get(c, "role"),
               get(c, "subject"), *get(c, "file") ? ", from " : "", get(c, "file"));
    if (*get(c, "not_after"))
        sheet_line(p, indent + 6, "valid %s to %s, %s", get(c, "not_before"), get(c, "not_after"), get(c, "key"));
    else
        sheet_line(p, indent + 6, "a raw public key, %s", get(c, "key"));
    json_array_foreach(names, i, n) at =
        i < NAMES_SHOWN ? text_add(text, sizeof text, at, "%s%s", i ? ", " : "for ", json_string_value(n)) : at;
    if (json_array_size(names))
        sheet_line(p, indent + 6, "%s", text);
    json_array_foreach(findings, i, n) if (strcmp(get(n, "state"), "fail") == 0)
        sheet_item(p, indent + 6, "FAIL", COLOUR_RED, "%s (%s)", get(n, "reason"), get(n, "check"));
    add_codes(findings, "pass", text, sizeof text);
    if (p->all && *text)
        sheet_dim(p, indent + 6, "ruled out: %s", text);
    else if (*text)
        sheet_dim(p, indent + 6, "%zu checks passed", count(findings, "pass"));
}

static void print_chain(struct sheet *p, const json_t *chain)
{
    const json_t *certs = json_object_get(chain, "presented"), *anchor = json_object_get(chain, "anchor");
    size_t        i;
    json_t       *c;
    json_array_foreach(certs, i, c) print_cert(p, c, 2 + 2 * (unsigned)(i < 6 ? i : 6));
    if (json_is_object(anchor))
        print_cert(p, anchor, 2 + 2 * (unsigned)json_array_size(certs));
    json_array_foreach(json_object_get(chain, "considered"), i, c) if (*get(c, "candidate"))
        sheet_line(p, 2, "considered as issuer of %s: %s (%s), turned down: %s", get(c, "issuer_of"), get(c, "subject"),
                   *get(c, "file") ? get(c, "file") : get(c, "candidate"), get(c, "reason"));
    if (!yes(chain, "accepted"))
        sheet_item(p, 2, "refused", COLOUR_RED, "%s", get(json_object_get(chain, "cause"), "message"));
    else
        sheet_item(p, 2, "accepted", COLOUR_GREEN, "under %s%s%s", get(chain, "under"),
                   *get(chain, "name") ? ", for the name " : "", get(chain, "name"));
}

/* ---- the request --------------------------------------------------------------------------------------- */

static void print_list(struct sheet *p, const char *what, const json_t *list, size_t max)
{
    char    text[1600];
    size_t  i, at = 0;
    json_t *s;
    json_array_foreach(list, i, s) at =
        i < max ? text_add(text, sizeof text, at, "%s%s", i ? ", " : "", json_string_value(s)) : at;
    if (json_array_size(list) > max)
        text_add(text, sizeof text, at, " and %zu more", json_array_size(list) - max);
    if (json_array_size(list))
        sheet_line(p, 2, "%s: %s", what, text);
}

/* Whether a credential was sent, and why it was not, or should not have been. */
static void print_choice(struct sheet *p, const json_t *c, const json_t *fits)
{
    bool        sent = yes(c, "sent"), good = yes(fits, "yes");
    const char *why = get(fits, "text"), *colon = strstr(why, ": ");
    sheet_item(p, 2, sent ? "sent" : "not sent", sent && good ? COLOUR_GREEN : COLOUR_YELLOW, "%s%s%s", get(c, "file"),
               good   ? (sent ? "" : ": it fits too, and another one was chosen")
               : sent ? ", although "
                      : ": ",
               good    ? ""
               : colon ? colon + 2
                       : why);
    if (sent && !good)
        sheet_line(p, 4,
                   "It was sent all the same, to hear the server's verdict. curl and openssl send it too; Go, Java and "
                   "browsers would not.");
}

static void print_request(struct sheet *p, const json_t *r, const json_t *creds, bool others)
{
    const json_t *names = json_object_get(r, "ca_names");
    size_t        i;
    json_t       *c;
    sheet_head(p, "What the server asks of %s", others ? "the client" : "us");
    if (!yes(r, "asked")) {
        sheet_line(p, 2, "nothing: it sent no CertificateRequest");
        return;
    }
    sheet_line(p, 2, "a certificate: %s",
               strcmp(get(r, "demand"), "required") == 0   ? "required (without one it refuses)"
               : strcmp(get(r, "demand"), "optional") == 0 ? "optional (without one it lets us in too)"
                                                           : "required or not, that is not known");
    if (json_array_size(names))
        sheet_line(p, 2, "of one of these CAs (%lld, %lld bytes):", number(r, "n_ca_names"),
                   number(r, "ca_names_bytes"));
    else
        sheet_line(p, 2, "of any CA: it names none");
    json_array_foreach(names, i, c) if (i < NAMES_SHOWN) sheet_line(p, 4, "%s", json_string_value(c));
    print_list(p, "signed with", json_object_get(r, "signatures"), CODES_SHOWN);
    if (*get(r, "library"))
        sheet_line(p, 2, "which is the order of %s: the server is made with it", get(r, "library"));
    print_list(p, "kinds of keys", json_object_get(r, "types"), CODES_SHOWN);
    json_array_foreach(creds, i, c)
    {
        const json_t *fits = json_object_get(c, "fits");
        if (!json_is_object(fits))
            continue;
        print_choice(p, c, fits);
    }
}

/* ---- proofs -------------------------------------------------------------------------------------------- */

static void print_proof(struct sheet *p, const json_t *o, bool bytes)
{
    sheet_line(p, 2, "by the %s, in %s, with %s and the key of %s:", get(o, "by"), get(o, "message"), get(o, "scheme"),
               get(o, "key_of"));
    if (*get(o, "context"))
        sheet_line(p, 4, "64 spaces, \"%s\", a zero byte, and the %s of the %lld bytes of messages before it:",
                   get(o, "context"), get(o, "hash"), number(o, "transcript_bytes"));
    else if (strcmp(get(o, "message"), "ServerKeyExchange") == 0)
        sheet_line(p, 4, "both randoms and the key share, %lld bytes", number(o, "signed_bytes"));
    else
        sheet_line(p, 4, "all messages so far, %lld bytes", number(o, "signed_bytes"));
    if (*get(o, "transcript_hash"))
        sheet_hex(p, 6, get(o, "transcript_hash"), HEX_SHOWN * 4);
    if (!bytes)
        return;
    sheet_line(p, 4, "the bytes that are signed:");
    sheet_hex(p, 6, get(o, "signed"), 4096);
    sheet_line(p, 4, "the signature:");
    sheet_hex(p, 6, get(o, "signature"), 4096);
}

static void print_proofs(struct sheet *p, const json_t *proofs, bool bytes)
{
    size_t  i;
    json_t *o;
    if (!json_array_size(proofs))
        return;
    sheet_head(p, "What was signed");
    json_array_foreach(proofs, i, o) print_proof(p, o, bytes);
}

/* ---- after the handshake, and other attempts ----------------------------------------------------------- */

static void put_end(const json_t *c, char *out, size_t room)
{
    const json_t *alert = json_object_get(c, "alert"), *answer = json_object_get(c, "answer");
    const char   *end = get(c, "end");
    if (yes(c, "hello"))
        text_add(out, room, 0, "the server chose from it");
    else if (json_is_object(alert))
        text_add(out, room, 0, "refused, alert %s (%lld)", get(alert, "name"), number(alert, "number"));
    else if (json_is_object(answer) && *get(answer, "line"))
        text_add(out, room, 0, "answered: %s%s%s", get(answer, "line"), *get(answer, "words") ? ": " : "",
                 get(answer, "words"));
    else if (strcmp(end, "closed") == 0)
        text_add(out, room, 0, "the server closed the connection without an alert");
    else if (strcmp(end, "reset") == 0)
        text_add(out, room, 0, "the server reset the connection; an alert may have been lost with it");
    else if (yes(c, "refused"))
        text_add(out, room, 0, "the server ended the connection in order, before anything was asked of it");
    else if (strcmp(end, "fine") == 0)
        text_add(out, room, 0, "%s", yes(c, "ticket") ? "let in: a ticket came, and no refusal" : "no refusal came");
    else
        text_add(out, room, 0, "no answer to it (%s)", end);
}

static void print_after(struct sheet *p, const json_t *c, bool others)
{
    char text[600];
    if (!yes(c, "open"))
        return;
    sheet_head(p, "The server's verdict on %s", others ? "the client" : "us");
    put_end(c, text, sizeof text);
    sheet_line(p, 2, "%s", text);
}

static void print_probes(struct sheet *p, const json_t *probes)
{
    size_t  i;
    json_t *o;
    char    text[600];
    if (!json_array_size(probes))
        return;
    sheet_head(p, "Other attempts");
    json_array_foreach(probes, i, o)
    {
        put_end(o, text, sizeof text);
        sheet_line(p, 2, "%s: %s%s%s%s", get(o, "text"), get(o, "version"), *get(o, "version") ? ", " : "",
                   yes(o, "resumed") ? "resumed without a new proof, " : "", text);
    }
}

/* ---- the verdict --------------------------------------------------------------------------------------- */

static void print_verdict(struct sheet *p, const json_t *v)
{
    bool    ok = strcmp(get(v, "reason"), "ok") == 0;
    size_t  i;
    json_t *e;
    sheet_head(p, "Verdict");
    sheet_item(p, 2, get(v, "reason"), ok ? COLOUR_GREEN : COLOUR_RED, "%s", get(v, "says"));
    if (!ok)
        sheet_line(p, 2, "%s, at fault: %s%s%s; %s", get(v, "certainty"), get(v, "at_fault"),
                   *get(v, "subject") ? ", about " : "", get(v, "subject"), get(v, "stage"));
    json_array_foreach(json_object_get(v, "evidence"), i, e)
        sheet_item(p, 4, "-", COLOUR_NONE, "%s", json_string_value(e));
    if (*get(v, "fix"))
        sheet_item(p, 2, "To do:", COLOUR_BOLD, "%s", get(v, "fix"));
    if (*get(v, "reader"))
        sheet_item(p, 2, "You:", COLOUR_BOLD, "%s", get(v, "reader"));
    json_array_foreach(json_object_get(v, "commands"), i, e) sheet_command(p, 4, get(e, "for"), get(e, "line"));
    json_array_foreach(json_object_get(v, "others"), i, e)
        sheet_item(p, 2, i ? "or" : "It could also be", COLOUR_YELLOW, "%s; to tell them apart look at: %s",
                   get(e, "reason"), get(e, "look_at"));
}

void tale_print(const json_t *tale, FILE *to, const struct tale_style *style)
{
    struct sheet  p     = {.to = to, .width = style->width, .colour = style->colour, .all = style->fields};
    const json_t *files = json_object_get(tale, "files"), *c = json_object_get(tale, "connection");
    sheet_title(&p, "%s, %s", get(tale, "target"), get(tale, "time"));
    if (json_is_object(files))
        print_files(&p, files);
    bool others = onlooker(tale);
    print_connection(&p, c, style, others);
    if (json_is_object(json_object_get(tale, "server"))) {
        sheet_head(&p, "The server's chain");
        print_chain(&p, json_object_get(tale, "server"));
    }
    if (yes(c, "open") || yes(c, "asked"))
        print_request(&p, json_object_get(tale, "request"), json_object_get(files, "credentials"), others);
    if (json_is_object(json_object_get(tale, "client"))) {
        sheet_head(&p, "The client's chain");
        print_chain(&p, json_object_get(tale, "client"));
    }
    print_proofs(&p, json_object_get(c, "proofs"), style->bytes);
    print_after(&p, c, others);
    print_probes(&p, json_object_get(tale, "probes"));
    print_verdict(&p, json_object_get(tale, "verdict"));
}
