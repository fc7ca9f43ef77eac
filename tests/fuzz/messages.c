/* SPDX-License-Identifier: Apache-2.0
 * messages.c - every reader of a handshake message; which one, the message's own type says.
 *     input = form (1 byte: bit 0 TLS 1.2, bit 1 nothing was offered), the message with its header */
#include <string.h>

#include "fuzz.h"
#include "tls/fields.h"
#include "tls/msg12.h"

static const uint8_t *msg_p;
static size_t         msg_n;

/* A view that a reader gave lies in the message. */
static void inside(hf_view v)
{
    always(v.n == 0 || (v.p >= msg_p && v.p + v.n <= msg_p + msg_n));
}

static void exts_inside(const struct exts *x)
{
    const hf_view all[] = {x->server_name, x->groups,        x->sig_algs,     x->sig_algs_cert, x->alpn,
                           x->versions,    x->shares,        x->share,        x->cookie,        x->ca_names,
                           x->oid_filters, x->point_formats, x->client_types, x->server_types};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        inside(all[i]);
    hf_view item, share;
    for (size_t at = 0; list_next(x->alpn, 1, &at, &item);)
        inside(item);
    for (size_t at = 0; list_next(x->ca_names, 2, &at, &item);)
        inside(item);
    if (shares_find(x->shares, 0x001d, &share))
        inside(share);
}

static bool hello(hf_view msg, struct report *rep)
{
    struct client_hello m;
    if (!client_hello_read(&m, msg, rep))
        return false;
    inside(m.session_id);
    inside(m.suites);
    exts_inside(&m.x);
    return true;
}

static bool answer(hf_view msg, uint32_t offered, struct report *rep)
{
    struct server_hello m;
    if (!server_hello_read(&m, msg, offered, rep))
        return false;
    inside(m.session_id);
    exts_inside(&m.x);
    return true;
}

static bool certs(hf_view msg, bool older, uint32_t offered, struct report *rep)
{
    struct certificate m;
    struct report      scratch;
    report_init(&scratch);
    if (older && raw_key12_read(&m, msg, &scratch))
        inside(m.chain[0]);
    if (certificate_any_read(&m, msg, older, &scratch))
        always(m.n <= LIMIT_CHAIN);
    if (!(older ? certificate12_read(&m, msg, rep) : certificate_read(&m, msg, offered, rep)))
        return false;
    always(m.n <= LIMIT_CHAIN);
    for (size_t i = 0; i < m.n; i++)
        inside(m.chain[i]);
    return true;
}

static bool request(hf_view msg, bool older, struct report *rep)
{
    struct cert_request m;
    hf_view             types = {0};
    if (!(older ? cert_request12_read(&m, &types, msg, rep) : cert_request_read(&m, msg, rep)))
        return false;
    inside(types);
    exts_inside(&m.x);
    return true;
}

static bool key_exchange(hf_view msg, struct report *rep)
{
    struct server_kx m;
    if (!server_kx_read(&m, msg, rep))
        return false;
    inside(m.point);
    inside(m.params);
    inside(m.signature);
    return true;
}

static bool ticket(hf_view msg, bool older, struct report *rep)
{
    struct new_ticket m;
    if (!(older ? ticket12_read(&m, msg, rep) : session_ticket_read(&m, msg, rep)))
        return false;
    inside(m.nonce);
    inside(m.ticket);
    return true;
}

static bool read_one(hf_view msg, bool older, uint32_t offered, struct report *rep)
{
    struct exts        x;
    struct cert_verify cv;
    hf_view            part;
    bool               flag;
    switch (msg.p[0]) {
    case HT_CLIENT_HELLO:
        return hello(msg, rep);
    case HT_SERVER_HELLO:
        return answer(msg, offered, rep);
    case HT_NEW_SESSION_TICKET:
        return ticket(msg, older, rep);
    case HT_ENCRYPTED_EXTENSIONS:
        return enc_exts_read(&x, msg, offered, rep);
    case HT_CERTIFICATE:
        return certs(msg, older, offered, rep);
    case HT_CERTIFICATE_REQUEST:
        return request(msg, older, rep);
    case HT_SERVER_KEY_EXCHANGE:
        return key_exchange(msg, rep);
    case HT_SERVER_HELLO_DONE:
        return server_done_read(msg, rep);
    case HT_CLIENT_KEY_EXCHANGE:
        return client_kx_read(&part, msg, rep);
    case HT_CERTIFICATE_VERIFY:
        return cert_verify_read(&cv, msg, rep);
    case HT_FINISHED:
        return finished_read(&part, msg, older ? 12 : 32, rep);
    case HT_KEY_UPDATE:
        return key_update_read(&flag, msg, rep);
    default:
        return true;
    }
}

/* The same bytes taken apart for people, whatever they are: every field lies in the message. */
static void field(void *ctx, const struct field *f)
{
    size_t *told = ctx;
    always(f->at <= msg_n && f->n <= msg_n - f->at);
    always(f->name[0] && strlen(f->value) < FIELD_TEXT);
    always(++*told <= LIMIT_FIELDS);
}

static void tell(uint16_t version)
{
    size_t        told = 0;
    struct fields o    = {.take = field, .ctx = &told};
    fields_message(&o, (hf_view){msg_p, msg_n}, version);
    always(o.depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct report rep;
    if (n < 1 + MSG_HEADER)
        return 0;
    msg_p = data + 1;
    msg_n = n - 1;
    tell(data[0] & 1 ? TLS12 : TLS13);
    report_init(&rep);
    fuzz_judge(&rep, read_one((hf_view){msg_p, msg_n}, data[0] & 1, data[0] & 2 ? 0 : UINT32_MAX, &rep));
    return 0;
}
