/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.c - reads bytes by the tables of forms (form.h) and tells each field.
 *
 *   1. Nothing is read that is not there: every form looks at what is left first, and what is missing is told as a
 *      field of its own ("cut off here"). After that nothing behind it is read.
 *   2. What a vector holds beyond its forms, and what a message holds beyond its length, is told as such.
 *   3. Depth is that of the tables, time is linear in the bytes.
 */
#include "tls/fields.h"

#include <string.h>

#include "base/rd.h"
#include "base/text.h"
#include "base/when.h"
#include "tls/ext.h"
#include "tls/form.h"
#include "tls/msg12.h"
#include "x509/cert.h"
#include "x509/cert_fields.h"

struct walk {
    struct fields *o;
    uint16_t       where; /* enum ext_where: the message's kind, for its extensions */
};

static bool tell_forms(struct walk *w, struct rd *r, const struct form *f);

/* ---- values ---- */

static const struct word *word_of(const struct word *t, uint32_t code)
{
    for (; t->name; t++)
        if (t->code == code)
            return t;
    return NULL;
}

static const char *code_name(const struct form *f, uint32_t v)
{
    static const char kinds[] = {
        [AS_VERSION] = 'v', [AS_SUITE] = 's', [AS_GROUP] = 'g', [AS_SCHEME] = 'a', [AS_EXTENSION] = 'x'};
    if (f->as == AS_MESSAGE)
        return hf_message_name((uint8_t)v);
    if (f->as == AS_ALERT)
        return hf_alert_name((uint8_t)v);
    return hf_code_name(kinds[f->as], (uint16_t)v);
}

static void tell_word(struct walk *w, const struct form *f, hf_view bytes, uint32_t v)
{
    const struct word *known = word_of(f->words, v);
    char               text[64];
    text_add(text, sizeof text, 0, "%s (%u)", known ? known->name : "unknown", v);
    field_put(w->o, f->name, bytes, text, known && known->means[0] ? known->means : f->means);
}

static void tell_number(struct walk *w, const struct form *f, hf_view bytes, uint32_t v)
{
    char text[96], span[32];
    if (f->as == AS_WORD) {
        tell_word(w, f, bytes, v);
        return;
    }
    if (f->as == AS_NUMBER)
        text_add(text, sizeof text, 0, "%u", v);
    else if (f->as == AS_SECONDS)
        text_add(text, sizeof text, 0, "%u seconds (%s)", v, when_span(v, span));
    else if (f->as == AS_MESSAGE || f->as == AS_ALERT || f->as == AS_EXTENSION)
        text_add(text, sizeof text, 0, "%s (%u)", code_name(f, v), v);
    else
        text_add(text, sizeof text, 0, "%s (0x%04x)", code_name(f, v), v);
    field_put(w->o, f->name, bytes, text, f->means);
}

/* RFC 9846 4.2.3: two values that are no chance. */
static const char *random_means(hf_view v, const char *otherwise)
{
    if (hello_is_retry(v))
        return "this fixed value says: a HelloRetryRequest, please say hello again";
    if (v.n == RANDOM_BYTES && memcmp(v.p + RANDOM_BYTES - 8, "DOWNGRD", 7) == 0)
        return "ends in DOWNGRD: the server could do TLS 1.3 and was not asked for it";
    return otherwise;
}

/* Bytes that no form looks into; what of them is shown may be less than what they take. */
static void tell_bytes(struct walk *w, const struct form *f, hf_view bytes, hf_view shown)
{
    char text[FIELD_TEXT];
    switch (f->as) {
    case AS_TEXT:
        text_printable(text, sizeof text, shown.p, shown.n);
        field_put(w->o, f->name, bytes, text, f->means);
        return;
    case AS_DN:
        dn_fields(w->o, f->name, bytes, shown, f->means);
        return;
    case AS_OID:
        oid_fields(w->o, f->name, bytes, shown, f->means);
        return;
    case AS_CERT:
        cert_fields(w->o, f->name, bytes, shown);
        return;
    case AS_RANDOM:
        field_hex(w->o, f->name, bytes, shown, random_means(shown, f->means));
        return;
    default:
        field_hex(w->o, f->name, bytes, shown, f->means);
    }
}

/* ---- forms ---- */

static hf_view from(const uint8_t *start, const struct rd *r)
{
    return (hf_view){start, (size_t)(r->p - start)};
}

/* Something of `want` bytes does not fit into what is left, which is told as it is. */
static bool cut(struct walk *w, struct rd *r, const char *name, size_t want)
{
    size_t left = rd_left(r);
    if (left)
        field_wrong(w->o, name, rd_bytes(r, left), "cut off here: %zu of %zu bytes", left, want);
    else
        field_wrong(w->o, name, rd_rest(r), "cut off here: %zu bytes are missing", want);
    return false;
}

static uint32_t number(struct rd *r, unsigned size)
{
    uint32_t v = 0;
    while (size--)
        v = v << 8 | rd_u8(r);
    return v;
}

static bool tell_fixed(struct walk *w, struct rd *r, const struct form *f)
{
    const uint8_t *start = r->p;
    if (rd_left(r) < f->size)
        return cut(w, r, f->name, f->size);
    if (f->kind == FORM_NUMBER) {
        uint32_t v = number(r, f->size);
        tell_number(w, f, from(start, r), v);
    } else {
        hf_view v = rd_bytes(r, f->size);
        tell_bytes(w, f, v, v);
    }
    return true;
}

/* What the length says goes beyond what is there: told behind what there is. */
static bool missing(struct walk *w, const struct rd *r, size_t want, size_t got)
{
    if (want == got)
        return true;
    w->o->depth++;
    field_wrong(w->o, "cut off here", rd_rest(r), "%zu of %zu bytes are there", got, want);
    w->o->depth--;
    return false;
}

/* The contents of a vector, as much as there is; start: of the vector. */
static hf_view contents(struct rd *r, unsigned size, size_t *want)
{
    *want = number(r, size);
    return rd_bytes(r, *want < rd_left(r) ? *want : rd_left(r));
}

static bool tell_vector(struct walk *w, struct rd *r, const struct form *f)
{
    const uint8_t *start = r->p;
    size_t         want;
    if (rd_left(r) < f->size)
        return cut(w, r, f->name, f->size);
    hf_view v = contents(r, f->size, &want);
    tell_bytes(w, f, from(start, r), v);
    return missing(w, r, want, v.n);
}

/* What is left where nothing should be. */
static void tell_rest(struct walk *w, struct rd *r)
{
    size_t left = rd_left(r);
    char   text[FIELD_TEXT];
    if (left == 0)
        return;
    hf_view v = rd_bytes(r, left);
    field_hex_text(v, text, sizeof text);
    field_wrong(w->o, "bytes behind the end", v, "%zu: %s", left, text);
}

/* How many of a list, when that can be seen from its length. */
static void tell_list_head(struct walk *w, const struct form *f, hf_view bytes, size_t n)
{
    const struct form *item = f->inner;
    char               text[32];
    bool               sized = (item->kind == FORM_NUMBER || item->kind == FORM_FIXED) && item[1].kind == FORM_END;
    if (n == 0)
        field_put(w->o, f->name, bytes, "empty", f->means);
    else if (!sized)
        field_put(w->o, f->name, bytes, "", f->means);
    else {
        text_add(text, sizeof text, 0, "%zu", n / item->size);
        field_put(w->o, f->name, bytes, text, f->means);
    }
}

/* A list that ends within an item has told so: it is not told again for what holds it. */
static bool tell_items(struct walk *w, struct rd *items, const struct form *f)
{
    bool whole = true;
    w->o->depth++;
    while (rd_left(items) && whole)
        whole = tell_forms(w, items, f);
    w->o->depth--;
    return whole;
}

static bool tell_list(struct walk *w, struct rd *r, const struct form *f)
{
    const uint8_t *start = r->p;
    size_t         want;
    if (rd_left(r) < f->size)
        return cut(w, r, f->name, f->size);
    struct rd items = *r;
    hf_view   v     = contents(r, f->size, &want);
    items.p         = v.p;
    items.end       = v.p + v.n;
    tell_list_head(w, f, from(start, r), v.n);
    return tell_items(w, &items, f->inner) ? missing(w, r, want, v.n) : want == v.n;
}

/* ---- extensions ---- */

static bool tell_extension_body(struct walk *w, const struct form_extension *x, struct rd *body)
{
    static const struct form unknown[] = {{FORM_REST, 0, AS_HEX, "extension_data", ""}, {FORM_END}};
    w->o->depth++;
    bool whole = tell_forms(w, body, x ? x->body : unknown);
    if (whole)
        tell_rest(w, body);
    w->o->depth--;
    return whole;
}

static bool tell_extension(struct walk *w, struct rd *r)
{
    const uint8_t *start = r->p;
    size_t         want;
    char           text[64];
    if (rd_left(r) < 4)
        return cut(w, r, "Extension", 4);
    uint16_t                     type = rd_u16(r);
    const struct form_extension *x    = form_of_extension(type, w->where);
    struct rd                    body = *r;
    hf_view                      v    = contents(r, 2, &want);
    body.p                            = v.p;
    body.end                          = v.p + v.n;
    text_add(text, sizeof text, 0, v.n ? "extension %u" : "extension %u, empty", type);
    field_put(w->o, hf_code_name('x', type), from(start, r), text, x ? x->means : "");
    return tell_extension_body(w, x, &body) ? missing(w, r, want, v.n) : want == v.n;
}

static bool tell_extensions(struct walk *w, struct rd *r, const struct form *f)
{
    const uint8_t *start = r->p;
    size_t         want;
    if (rd_left(r) == 0 && (w->where & (IN_CLIENT_HELLO | IN_SERVER_HELLO_12)))
        return true; /* RFC 5246 7.4.1.2: a hello without extensions ends before them */
    if (rd_left(r) < 2)
        return cut(w, r, f->name, 2);
    struct rd all = *r;
    hf_view   v   = contents(r, 2, &want);
    all.p         = v.p;
    all.end       = v.p + v.n;
    field_put(w->o, f->name, from(start, r), v.n ? "" : "empty", f->means);
    bool whole = true;
    w->o->depth++;
    while (rd_left(&all) && whole)
        whole = tell_extension(w, &all);
    w->o->depth--;
    return whole ? missing(w, r, want, v.n) : want == v.n;
}

/* ---- groups ---- */

/* How many of the bytes left belong to these forms, without telling them. */
static size_t measure(struct rd r, const struct form *f)
{
    const uint8_t *start = r.p;
    size_t         want;
    for (; f->kind != FORM_END && rd_left(&r); f++) {
        size_t size = f->kind == FORM_REST ? rd_left(&r) : f->kind == FORM_EXTENSIONS ? 2 : f->size;
        if (f->kind == FORM_NUMBER || f->kind == FORM_FIXED || f->kind == FORM_REST || rd_left(&r) < size)
            rd_bytes(&r, size < rd_left(&r) ? size : rd_left(&r));
        else
            contents(&r, (unsigned)size, &want);
    }
    return (size_t)(r.p - start);
}

static bool tell_group(struct walk *w, struct rd *r, const struct form *f)
{
    struct rd rest = *r;
    field_put(w->o, f->name, rd_bytes(&rest, measure(*r, f->inner)), "", f->means);
    w->o->depth++;
    bool whole = tell_forms(w, r, f->inner);
    w->o->depth--;
    return whole;
}

static bool tell_form(struct walk *w, struct rd *r, const struct form *f)
{
    switch (f->kind) {
    case FORM_NUMBER:
    case FORM_FIXED:
        return tell_fixed(w, r, f);
    case FORM_VECTOR:
        return tell_vector(w, r, f);
    case FORM_LIST:
        return tell_list(w, r, f);
    case FORM_GROUP:
        return tell_group(w, r, f);
    case FORM_EXTENSIONS:
        return tell_extensions(w, r, f);
    case FORM_REST:
    case FORM_END:
        break;
    }
    hf_view v = rd_bytes(r, rd_left(r));
    tell_bytes(w, f, v, v);
    return true;
}

/* false: bytes are missing, and nothing behind can be read. */
static bool tell_forms(struct walk *w, struct rd *r, const struct form *f)
{
    for (; f->kind != FORM_END; f++)
        if (!tell_form(w, r, f))
            return false;
    return true;
}

/* ---- from outside ---- */

static struct rd start(struct fields *o, hf_view v, struct report *rep)
{
    report_init(rep);
    struct rd r = rd_new(v, rep, CHECK_NONE);
    o->base     = r.p;
    return r;
}

static void tell_flat(struct fields *o, hf_view v, const struct form *f)
{
    struct report rep;
    struct walk   w = {.o = o};
    struct rd     r = start(o, v, &rep);
    if (tell_forms(&w, &r, f))
        tell_rest(&w, &r);
}

void fields_alert(struct fields *o, hf_view body)
{
    tell_flat(o, body, form_alert);
}

void fields_change_cipher_spec(struct fields *o, hf_view body)
{
    tell_flat(o, body, form_ccs);
}

void fields_record(struct fields *o, hf_view record)
{
    tell_flat(o, (hf_view){record.p, record.n < 5 ? record.n : 5}, form_record);
}

/* Where the random of a hello is: behind the header and the version. */
static bool is_retry(hf_view msg)
{
    enum { AT = MSG_HEADER + 2 };
    return msg.n >= AT + RANDOM_BYTES && msg.p[0] == HT_SERVER_HELLO &&
           hello_is_retry((hf_view){msg.p + AT, RANDOM_BYTES});
}

const char *fields_message_name(hf_view msg)
{
    return is_retry(msg) ? "HelloRetryRequest" : hf_message_name(msg.n ? msg.p[0] : HF_NO_MESSAGE);
}

/* Which of the three a ServerHello is. The reader knows; one that it refuses is taken for what it says before that. */
static uint16_t hello_where(hf_view msg, uint16_t version)
{
    struct report       rep;
    struct server_hello m;
    report_init(&rep);
    server_hello_read(&m, msg, UINT32_MAX, &rep);
    if (is_retry(msg))
        return IN_HELLO_RETRY;
    return version == TLS13 || (m.x.seen & X_VERSIONS) ? IN_SERVER_HELLO : IN_SERVER_HELLO_12;
}

static bool tell_body(struct walk *w, struct rd *body, const struct form_message *m)
{
    static const struct form unknown[] = {{FORM_REST, 0, AS_HEX, "body", ""}, {FORM_END}};
    bool                     whole     = tell_forms(w, body, m ? m->body : unknown);
    if (whole)
        tell_rest(w, body);
    return whole;
}

/* In TLS 1.2 a Certificate that is one vector with a SubjectPublicKeyInfo in it: a list of certificates never is. */
static bool is_raw_key12(hf_view msg, uint16_t version)
{
    struct report      rep;
    struct certificate m;
    report_init(&rep);
    return version == TLS12 && msg.p[0] == HT_CERTIFICATE && raw_key12_read(&m, msg, &rep) && m.n &&
           spki_alone(m.chain[0]);
}

void fields_message(struct fields *o, hf_view msg, uint16_t version)
{
    struct report rep;
    struct walk   w = {.o = o};
    struct rd     r = start(o, msg, &rep);
    if (!tell_forms(&w, &r, form_header))
        return;
    size_t                     want = (size_t)msg.p[1] << 16 | (size_t)msg.p[2] << 8 | msg.p[3];
    const struct form_message *m    = is_raw_key12(msg, version) ? &form_raw_key12 : form_of_message(msg.p[0], version);
    struct rd                  body = r;
    hf_view                    v    = rd_bytes(&r, want < rd_left(&r) ? want : rd_left(&r));
    body.end                        = body.p + v.n;
    w.where                         = !m ? 0 : m->type == HT_SERVER_HELLO ? hello_where(msg, version) : m->where;
    if (tell_body(&w, &body, m))
        missing(&w, &r, want, v.n);
    tell_rest(&w, &r);
}
