/* SPDX-License-Identifier: Apache-2.0
 *
 * eyes_tale.c - the tale of a connection that was only seen: as tale.c makes it, and between its messages what a capture
 * has besides them: what is sealed, what is missing, how TCP ended.
 */
#include "prog/eyes.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/watch.h"

static json_t *text_or_null(const char *s)
{
    return s && *s ? json_string(s) : json_null();
}

static json_t *code(char kind, uint16_t c)
{
    return c ? json_string(hf_code_name(kind, c)) : json_null();
}

/* ---- what is between the messages ---------------------------------------------------------------------- */

static const char *const kinds[] = {
    [SEEN_CLEAR] = "clear", [SEEN_MESSAGE] = "message", [SEEN_CHANGE] = "message", [SEEN_ALERT] = "sealed",
    [SEEN_DATA] = "data",   [SEEN_SEALED] = "sealed",   [SEEN_BROKEN] = "broken",  [SEEN_HOLE] = "missing",
    [SEEN_FIN] = "end",     [SEEN_RST] = "end"};

static void sealed_words(const struct seen *s, char *out, size_t room)
{
    static const char *const inside[] = {"a ChangeCipherSpec", "an alert", "a handshake message", "data or messages"};
    unsigned                 i =
        s->type >= CT_CHANGE_CIPHER_SPEC && s->type <= CT_APPLICATION_DATA ? s->type - CT_CHANGE_CIPHER_SPEC : 3;
    text_add(out, room, 0, "%zu encrypted record%s (%s), no key opens %s", s->records, s->records == 1 ? "" : "s",
             inside[i], s->records == 1 ? "it" : "them");
}

static void seen_words(const struct seen *s, char *out, size_t room)
{
    char text[200];
    switch (s->kind) {
    case SEEN_SEALED:
    case SEEN_ALERT:
        sealed_words(s, out, room);
        return;
    case SEEN_DATA:
    case SEEN_CLEAR:
        text_printable(text, sizeof text, s->bytes.p, s->bytes.n);
        text_add(out, room, 0, s->kind == SEEN_DATA ? "application data: %s" : "in clear text, before TLS: %s", text);
        return;
    case SEEN_BROKEN:
        text_add(out, room, 0, "no TLS record: %s; what follows cannot be read",
                 hf_check_info_of((uint16_t)s->why)->title);
        return;
    case SEEN_HOLE:
        if (s->n)
            text_add(out, room, 0, "%zu bytes are missing in the capture; what follows cannot be read", s->n);
        else
            text_add(out, room, 0, "the capture ends within a record");
        return;
    case SEEN_FIN:
        text_add(out, room, 0, "ends its side of the connection (FIN)");
        return;
    case SEEN_RST:
        text_add(out, room, 0, "resets the connection (RST); what was on its way is lost");
        return;
    case SEEN_MESSAGE:
    case SEEN_CHANGE:
        return;
    }
}

static const char *seen_name(const struct seen *s)
{
    switch (s->kind) {
    case SEEN_DATA:
        return "data";
    case SEEN_CLEAR:
        return "clear text";
    case SEEN_FIN:
        return "FIN";
    case SEEN_RST:
        return "RST";
    case SEEN_HOLE:
        return "missing";
    case SEEN_BROKEN:
        return "broken";
    default:
        return "encrypted";
    }
}

static json_t *seen_json(const struct seen *s, int64_t began_us)
{
    char says[500] = "";
    seen_words(s, says, sizeof says);
    return json_pack("{s:I, s:s, s:s, s:s, s:i, s:b, s:I, s:s, s:n, s:[], s:o}", "at_ms",
                     (json_int_t)((s->at_us - began_us) / 1000), "from", s->by_client ? "client" : "server", "kind",
                     kinds[s->kind], "name", seen_name(s), "number", (int)s->type, "encrypted", (int)s->sealed, "bytes",
                     (json_int_t)s->n, "says", says, "step", "fields", "hex", tale_hex(s->bytes));
}

/* The messages as tale_messages tells them, in their places among the rest. */
static json_t *story(const struct eyes *e)
{
    int64_t began = e->w.conn->first_us;
    json_t *told = tale_messages(e->ev, e->n_ev, began / 1000, false), *all = json_array();
    for (size_t i = 0, k = 0; i < e->w.n; i++) {
        const struct seen *s = &e->w.seen[i];
        if (!eyes_is_event(s))
            json_array_append_new(all, seen_json(s, began));
        else if (k < json_array_size(told)) {
            json_t *m = json_array_get(told, k++);
            if (s->partial)
                json_object_set_new(m, "says", json_string("cut off: the rest of this message is not in the capture"));
            json_array_append(all, m);
        }
    }
    json_decref(told);
    return all;
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static json_t *side_json(const struct tcp_side *s)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:b, s:b}", "bytes", (json_int_t)s->bytes, "segments_again",
                     (json_int_t)s->n_again, "segments_early", (json_int_t)s->n_early, "bytes_missing",
                     (json_int_t)tcp_hole(s), "beginning_seen", (int)s->syn, "left_out", (int)s->more);
}

static json_t *capture_json(const struct eyes *e, const char *file)
{
    static const char *const sealed[] = {[SEALED_NOT]        = "opened",
                                         [SEALED_NO_KEYFILE] = "no-key-log",
                                         [SEALED_NOT_LOGGED] = "not-in-key-log",
                                         [SEALED_SUITE]      = "suite-unknown",
                                         [SEALED_MISFIT]     = "keys-do-not-fit"};
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "file", file, "client", e->client, "server", e->server, "sealed",
                     sealed[e->w.sealed], "from_client", side_json(&e->w.conn->side[e->w.swapped]), "from_server",
                     side_json(&e->w.conn->side[!e->w.swapped]));
}

static json_t *connection(const struct eyes *e)
{
    json_t            *o = tale_outcome(&e->x.live.out);
    struct cert_verify cv;
    struct report      rep;
    const struct seen *proof  = eyes_message(e, false, HT_CERTIFICATE_VERIFY);
    uint16_t           scheme = e->scheme;
    report_init(&rep);
    if (proof && cert_verify_read(&cv, proof->bytes, &rep))
        scheme = cv.scheme;
    json_object_set_new(o, "address", json_string(e->server));
    json_object_set_new(o, "connect_ms", json_null());
    json_object_set_new(o, "handshake_ms", json_null());
    json_object_set_new(o, "suite", code('s', e->w.suite));
    json_object_set_new(o, "group", code('g', e->group));
    json_object_set_new(o, "server_scheme", code('a', scheme));
    json_object_set_new(o, "alpn", json_null());
    json_object_set_new(o, "server_name", text_or_null(e->sni));
    json_object_set_new(o, "resumed", json_boolean(e->w.resumed));
    json_object_set_new(o, "why", json_null());
    json_object_set_new(o, "first_bytes", json_null());
    json_object_set_new(o, "messages", story(e));
    json_object_set_new(o, "proofs", tale_proofs(e->ev, e->n_ev, e->w.suite, false));
    return o;
}

static json_t *client_json(const struct eyes *e)
{
    const struct mine      *m = &e->x.own;
    const struct check_run *r = m->n_creds ? &m->creds[0].judged : &e->client_chain;
    if (!r->path.n_certs)
        return json_null();
    json_t *o = check_chain_json(r);
    json_object_set_new(o, "under", json_string(m->against));
    json_object_set_new(o, "name", json_null());
    return o;
}

json_t *eyes_tale(const struct eyes *e, const char *file)
{
    char when[24], target[2 * EYES_ADDRESS + 8];
    snprintf(target, sizeof target, "%s to %s", e->client, e->server);
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:n, s:o, s:o, s:o, s:o, s:o, s:[], s:o}", "format", 1, "by",
                     "handfast " HF_VERSION, "view", "capture", "target", target, "time",
                     when_text(e->w.conn->first_us / 1000000, when), "files", "capture", capture_json(e, file),
                     "connection", connection(e), "request", tale_request(&e->x), "server", tale_server(&e->x),
                     "client", client_json(e), "probes", "verdict", tale_verdict(&e->x));
}
