/* SPDX-License-Identifier: Apache-2.0
 *
 * tale_messages.c - each message in plain words: what it says, and which of the steps of a mutual handshake it is.
 *
 *   step   TLS 1.2                                        TLS 1.3
 *      1   ClientHello                                    ClientHello, with key shares
 *      2   ServerHello                                    ServerHello: from here on everything is encrypted
 *      3   Certificate, ServerKeyExchange                 Certificate, CertificateVerify, Finished of the server
 *      4   CertificateRequest                             CertificateRequest
 *      5   ServerHelloDone                                (EncryptedExtensions; the server is done with Finished)
 *      6   Certificate, ClientKeyExchange of the client   Certificate of the client
 *      7   CertificateVerify                              CertificateVerify of the client
 *      8   ChangeCipherSpec, Finished of both             Finished of the client; then the server's verdict
 */
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "prog/explain.h"
#include "tls/fields.h"
#include "tls/msg12.h"

enum { WORDS = 400, NAMES_TOLD = 200 };

struct words {
    char         *out;
    size_t        at;
    struct report rep;
    bool          tls12, client; /* which version; who sent it */
};

static void say(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct words *w, const char *fmt, ...)
{
    char    text[WORDS];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    w->at = text_add(w->out, WORDS, w->at, "%s%s", w->at ? "; " : "", text);
}

/* "TLS 1.3, TLS 1.2": at most n of them. */
static void say_codes(struct words *w, const char *what, hf_view list, char kind, size_t n)
{
    size_t all = codes_n(list);
    say(w, "%s ", what);
    for (size_t i = 0; i < all && i < n; i++)
        w->at = text_add(w->out, WORDS, w->at, "%s%s", i ? ", " : "", hf_code_name(kind, codes_at(list, i)));
    if (all > n)
        w->at = text_add(w->out, WORDS, w->at, " and %zu more", all - n);
}

static void say_raw(struct words *w, const char *what, hf_view raw)
{
    char text[200];
    text_printable(text, sizeof text, raw.p, raw.n);
    say(w, "%s %s", what, text);
}

/* ---- one reader for each message ----------------------------------------------------------------------- */

static void say_alpn(struct words *w, const char *what, hf_view list)
{
    hf_view item;
    for (size_t at = 0; list_next(list, 1, &at, &item); what = "and")
        say_raw(w, what, item);
}

/* RFC 7250: "raw public keys or certificates", the preferred ones first. */
static void say_types(struct words *w, const char *what, hf_view types)
{
    for (size_t i = 0; i < types.n; i++)
        say(w, "%s %s", i ? "or" : what,
            types.p[i] == TYPE_RAW_KEY ? "raw public keys"
            : types.p[i] == TYPE_X509  ? "certificates"
                                       : "credentials of another type");
}

static void say_agreed_types(struct words *w, const struct exts *x)
{
    say_types(w, "the server shows", x->server_types);
    say_types(w, "the client is to show", x->client_types);
}

static void client_hello(struct words *w, hf_view msg)
{
    struct client_hello m;
    if (!client_hello_read(&m, msg, &w->rep))
        return;
    if (m.x.versions.n)
        say_codes(w, "offers", m.x.versions, 'v', 4);
    else
        say(w, "offers %s", hf_code_name('v', m.legacy_version));
    if (m.x.server_name.n)
        say_raw(w, "names the host (SNI)", m.x.server_name);
    else
        say(w, "%s", "names no host (no SNI)");
    say(w, "%zu cipher suites", codes_n(m.suites));
    say_codes(w, "groups", m.x.groups, 'g', 3);
    if (m.x.seen & X_ALPN)
        say_alpn(w, "wants to speak", m.x.alpn);
    say_types(w, "can show", m.x.client_types);
    say_types(w, "takes from the server", m.x.server_types);
}

static void server_hello(struct words *w, hf_view msg)
{
    struct server_hello m;
    if (!server_hello_read(&m, msg, ~0u, &w->rep))
        return;
    if (m.retry) {
        say(w, "asks for another hello, with a key share for %s (HelloRetryRequest)",
            hf_code_name('g', m.x.share_group));
        return;
    }
    say(w, "chooses %s", hf_code_name('v', m.x.version ? m.x.version : m.legacy_version));
    say(w, "%s", hf_code_name('s', m.suite));
    if (m.x.share_group)
        say(w, "key exchange with %s", hf_code_name('g', m.x.share_group));
    say_agreed_types(w, &m.x);
    say(w, "%s",
        m.x.version ? "from here on everything is encrypted" : "the certificates that follow are not encrypted");
}

static void enc_exts(struct words *w, hf_view msg)
{
    struct exts x;
    if (!enc_exts_read(&x, msg, ~0u, &w->rep))
        return;
    if (x.seen & X_ALPN)
        say_alpn(w, "will speak", x.alpn);
    if (x.seen & X_SERVER_NAME)
        say(w, "%s", "has used the server name");
    say_agreed_types(w, &x);
    if (!w->at)
        say(w, "%s", "nothing more was agreed upon");
}

static void cert_request(struct words *w, hf_view msg)
{
    struct cert_request m;
    hf_view             types = {0};
    if (!(w->tls12 ? cert_request12_read(&m, &types, msg, &w->rep) : cert_request_read(&m, msg, &w->rep)))
        return;
    say(w, "%s", "asks the client for a certificate");
    if (m.x.n_ca_names == 1)
        say(w, "%s", "of the CA that it names");
    else if (m.x.n_ca_names)
        say(w, "of one of %zu CAs that it names", m.x.n_ca_names);
    else
        say(w, "%s", "names no CA: any may fit");
    say_codes(w, "signed with", m.x.sig_algs, 'a', 3);
}

static void certificate(struct words *w, hf_view msg)
{
    struct certificate m;
    char               text[NAMES_TOLD];
    if (!certificate_any_read(&m, msg, w->tls12, &w->rep))
        return;
    if (m.n == 0) {
        say(w, "%s", "no certificate: there is none that fits");
        return;
    }
    struct cert   c;
    struct report rep;
    report_init(&rep);
    if (spki_alone(m.chain[0])) {
        say(w, "no certificate, a raw public %s", spki_name(m.chain[0], text));
        return;
    }
    say(w, "%zu certificate%s", m.n, m.n == 1 ? "" : "s, the leaf first");
    if (!cert_parse(&c, m.chain[0], &rep))
        return;
    dn_text(c.subject, text, sizeof text);
    say(w, "%s", text[0] ? text : "(a name in subjectAltName only)");
    dn_text(c.issuer, text, sizeof text);
    say(w, "issued by %s", text);
}

static void cert_verify(struct words *w, hf_view msg)
{
    struct cert_verify m;
    if (!cert_verify_read(&m, msg, &w->rep))
        return;
    say(w, "the %s proves that it holds the private key", w->client ? "client" : "server");
    say(w, "signed with %s", hf_code_name('a', m.scheme));
}

static void server_kx(struct words *w, hf_view msg)
{
    struct server_kx m;
    if (!server_kx_read(&m, msg, &w->rep))
        return;
    say(w, "its key share for %s", hf_code_name('g', m.group));
    say(w, "signed with %s, which proves that it holds the private key", hf_code_name('a', m.scheme));
}

static void fixed(struct words *w, uint8_t type)
{
    static const struct {
        uint8_t     type;
        const char *text;
    } texts[] = {{HT_SERVER_HELLO_DONE, "the server has said all; the client is to answer"},
                 {HT_CLIENT_KEY_EXCHANGE, "the client's key share: both can make the keys now"},
                 {HT_CHANGE_CIPHER_SPEC, "what follows from this side is encrypted"},
                 {HT_COMPRESSED_CERTIFICATE, "a chain of certificates, compressed"},
                 {HT_FINISHED, "a checksum over all messages: both have seen the same"},
                 {HT_NEW_SESSION_TICKET, "a ticket for a shorter handshake next time"},
                 {HT_KEY_UPDATE, "the sender changes to its next key"},
                 {HT_HELLO_REQUEST, "the server wants to negotiate again, which is refused here"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].type == type)
            say(w, "%s",
                type == HT_CHANGE_CIPHER_SPEC && !w->tls12
                    ? "means nothing in TLS 1.3: old middleboxes expect to see it"
                    : texts[i].text);
}

static void words(struct words *w, const hf_event *e)
{
    static const struct {
        uint8_t type;
        void (*tell)(struct words *, hf_view);
    } readers[] = {{HT_CLIENT_HELLO, client_hello},     {HT_SERVER_HELLO, server_hello},
                   {HT_ENCRYPTED_EXTENSIONS, enc_exts}, {HT_CERTIFICATE_REQUEST, cert_request},
                   {HT_CERTIFICATE, certificate},       {HT_CERTIFICATE_VERIFY, cert_verify},
                   {HT_SERVER_KEY_EXCHANGE, server_kx}};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (readers[i].type == e->message && e->bytes.n)
            readers[i].tell(w, e->bytes);
    if (!w->at)
        fixed(w, e->message);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

static int step_of(uint8_t type, bool client, bool tls12)
{
    switch (type) {
    case HT_CLIENT_HELLO:
        return 1;
    case HT_SERVER_HELLO:
        return 2;
    case HT_CERTIFICATE:
    case HT_COMPRESSED_CERTIFICATE:
        return client ? 6 : 3;
    case HT_SERVER_KEY_EXCHANGE:
        return 3;
    case HT_CERTIFICATE_REQUEST:
        return 4;
    case HT_ENCRYPTED_EXTENSIONS:
    case HT_SERVER_HELLO_DONE:
        return 5;
    case HT_CLIENT_KEY_EXCHANGE:
        return 6;
    case HT_CERTIFICATE_VERIFY:
        return client ? 7 : 3;
    case HT_CHANGE_CIPHER_SPEC:
        return tls12 ? 8 : 0;
    case HT_FINISHED:
        return client || tls12 ? 8 : 3;
    default:
        return 0;
    }
}

/* The version is known from ServerHello on; what comes before is the same in both. */
static bool is_tls12(const hf_event *ev, size_t n)
{
    struct server_hello m;
    struct report       rep;
    report_init(&rep);
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && ev[i].message == HT_SERVER_HELLO)
            return server_hello_read(&m, ev[i].bytes, ~0u, &rep) && !m.x.version;
    return false;
}

static void take_field(void *list, const struct field *f)
{
    json_array_append_new(list, json_pack("{s:i, s:s, s:I, s:I, s:s, s:s, s:b}", "depth", (int)f->depth, "name",
                                          f->name, "at", (json_int_t)f->at, "n", (json_int_t)f->n, "value", f->value,
                                          "means", f->means, "wrong", f->wrong));
}

json_t *tale_fields(hf_view msg, uint16_t version)
{
    json_t       *a = json_array();
    struct fields o = {.take = take_field, .ctx = a};
    fields_message(&o, msg, version);
    return a;
}

static json_t *fields_json(const hf_event *e, bool tls12)
{
    json_t       *a        = json_array();
    uint8_t       alert[2] = {2, e->message};
    struct fields o        = {.take = take_field, .ctx = a, .base = e->kind == HF_EV_ALERT ? alert : e->bytes.p};
    if (e->kind == HF_EV_ALERT)
        fields_alert(&o, (hf_view){alert, sizeof alert});
    else if (e->bytes.n && e->message != HT_CHANGE_CIPHER_SPEC)
        fields_message(&o, e->bytes, tls12 ? TLS12 : TLS13);
    return a;
}

static json_t *message_json(const hf_event *e, int64_t began_ms, bool client, bool tls12)
{
    char         text[WORDS] = "";
    struct words w           = {.out = text, .tls12 = tls12, .client = client};
    bool         alert = e->kind == HF_EV_ALERT, ccs = !alert && e->message == HT_CHANGE_CIPHER_SPEC;
    report_init(&w.rep);
    if (!alert)
        words(&w, e);
    int     step = alert ? 0 : step_of(e->message, client, tls12);
    json_t *o    = json_pack("{s:I, s:s, s:s, s:s, s:i, s:b, s:I, s:s}", "at_ms", (json_int_t)(e->at_ms - began_ms),
                             "from", client ? "client" : "server", "kind",
                          alert ? "alert"
                             : ccs ? "change-cipher-spec"
                                   : "message",
                             "name",
                          alert ? hf_alert_name(e->message)
                             : ccs ? "ChangeCipherSpec"
                                   : hf_message_name(e->message),
                             "number", (int)e->message, "encrypted", (int)e->sealed, "bytes",
                          alert ? (json_int_t)2
                             : ccs ? (json_int_t)1
                                   : (json_int_t)e->a,
                             "says", text);
    json_object_set_new(o, "step", step ? json_integer(step) : json_null());
    json_object_set_new(o, "fields", fields_json(e, tls12));
    json_object_set_new(o, "hex", tale_hex(alert || ccs ? (hf_view){0} : e->bytes));
    return o;
}

json_t *tale_messages(const hf_event *ev, size_t n, int64_t began_ms, bool by_server)
{
    json_t *a     = json_array();
    bool    tls12 = is_tls12(ev, n);
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE || ev[i].kind == HF_EV_ALERT)
            json_array_append_new(a, message_json(&ev[i], began_ms, (bool)ev[i].sent != by_server, tls12));
    return a;
}

/* ---- the request, in full ------------------------------------------------------------------------------ */

static json_t *names_json(hf_view list, size_t n)
{
    json_t *a = json_array();
    hf_view name;
    char    text[WORDS];
    for (size_t at = 0, told = 0; n && told < NAMES_TOLD && list_next(list, 2, &at, &name); told++) {
        dn_text(name, text, sizeof text);
        json_array_append_new(a, json_string(text));
    }
    return a;
}

static json_t *codes_json(hf_view list, char kind)
{
    json_t *a = json_array();
    for (size_t i = 0; i < codes_n(list); i++)
        json_array_append_new(a, json_string(hf_code_name(kind, codes_at(list, i))));
    return a;
}

/* Whether a certificate is demanded: what became of an attempt without one. */
static const char *demand(const struct explain *x)
{
    const struct outcome *o    = &x->live.out;
    const struct outcome *none = !o->sent_cert ? o : x->probe[PROBE_NO_CERT].made ? &x->probe[PROBE_NO_CERT].out : NULL;
    return !none ? "unknown" : outcome_refused(none) ? "required" : outcome_let_in(none) ? "optional" : "unknown";
}

static json_t *type_json(uint8_t type)
{
    char other[16];
    snprintf(other, sizeof other, "type %u", type);
    return json_string(type == TYPE_RSA_SIGN     ? "rsa_sign"
                       : type == TYPE_ECDSA_SIGN ? "ecdsa_sign"
                       : type == 2               ? "dss_sign"
                                                 : other);
}

json_t *tale_request_of(hf_view request, bool tls12, const char *demand)
{
    struct cert_request m;
    hf_view             types = {0};
    struct report       rep;
    report_init(&rep);
    bool read =
        request.n && (tls12 ? cert_request12_read(&m, &types, request, &rep) : cert_request_read(&m, request, &rep));
    if (!read)
        return json_pack("{s:b}", "asked", request.n > 0);
    json_t *kinds = json_array();
    for (size_t i = 0; i < types.n; i++)
        json_array_append_new(kinds, type_json(types.p[i]));
    return json_pack("{s:b, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "asked", 1, "demand", demand, "n_ca_names",
                     (json_int_t)m.x.n_ca_names, "ca_names_bytes", (json_int_t)m.x.ca_names.n, "ca_names",
                     names_json(m.x.ca_names, m.x.n_ca_names), "signatures", codes_json(m.x.sig_algs, 'a'),
                     "signatures_in_chain", codes_json(m.x.sig_algs_cert, 'a'), "types", kinds);
}

json_t *tale_request(const struct explain *x)
{
    json_t *o = tale_request_of(x->facts.request, x->live.out.version == TLS12, demand(x));
    if (x->facts.request.n)
        json_object_set_new(o, "library", json_string(peer_kind_name(x->facts.kind)));
    return o;
}
