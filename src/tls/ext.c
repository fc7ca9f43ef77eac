/* SPDX-License-Identifier: Apache-2.0 */
#include "ext.h"

#include "base/limits.h"
#include "tls/suite.h"

/* A list of code points, at least one, whole ones (2 bytes each). */
static hf_view codes_read(struct rd *r, unsigned prefix)
{
    struct rd list = rd_vec(r, prefix, r->short_);
    rd_need(r, rd_left(&list) >= 2 && rd_left(&list) % 2 == 0, r->short_, 2, (int64_t)rd_left(&list));
    return rd_rest(&list);
}

/* Vectors of least..most bytes each, at least one; returns the list, counts the items. */
static hf_view items_read(struct rd *r, unsigned outer, unsigned inner, size_t *n)
{
    struct rd list = rd_vec(r, outer, r->short_);
    hf_view   all  = rd_rest(&list);
    for (*n = 0; rd_left(&list) && rd_ok(r); ++*n) {
        struct rd item = rd_vec(&list, inner, r->short_);
        rd_need(&item, rd_left(&item) > 0, r->short_, 1, 0);
    }
    rd_need(r, *n > 0, r->short_, 1, 0);
    return all;
}

/* RFC 6066 3. A client sends one host_name; a server that used it answers with nothing. */
static void server_name_read(struct rd *r, enum ext_where where, struct exts *x)
{
    if (where != IN_CLIENT_HELLO)
        return;
    struct rd list = rd_vec(r, 2, r->short_);
    uint8_t   type = rd_u8(&list);
    struct rd name = rd_vec(&list, 2, r->short_);
    x->server_name = rd_rest(&name);
    rd_need(&list, type == 0 && rd_left(&list) == 0 && x->server_name.n > 0 && x->server_name.n <= 255, r->short_, 0,
            type);
    for (size_t i = 0; i < x->server_name.n; i++)
        rd_need(&name, x->server_name.p[i] > 0x20 && x->server_name.p[i] < 0x7f, r->short_, 0, x->server_name.p[i]);
}

static void groups_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->groups = codes_read(r, 2);
}

static void sig_algs_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->sig_algs = codes_read(r, 2);
}

static void sig_algs_cert_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->sig_algs_cert = codes_read(r, 2);
}

/* RFC 7301 3.1: an answer names exactly one protocol. */
static void alpn_read(struct rd *r, enum ext_where where, struct exts *x)
{
    size_t n;
    x->alpn = items_read(r, 2, 1, &n);
    rd_need(r, where == IN_CLIENT_HELLO || n == 1, r->short_, 1, (int64_t)n);
}

static void versions_read(struct rd *r, enum ext_where where, struct exts *x)
{
    if (where == IN_CLIENT_HELLO) {
        x->versions = codes_read(r, 1);
    } else {
        x->version_at = (uint32_t)rd_at(r);
        x->version    = rd_u16(r);
    }
}

/* A bit for each code that there can be: a list may have as many entries as fit, and looking for one that stands
 * twice costs the same for each. */
struct codes_seen {
    uint64_t bits[65536 / 64];
};

static bool first_time(struct codes_seen *s, uint16_t code)
{
    uint64_t *word = &s->bits[code / 64], bit = (uint64_t)1 << code % 64;
    bool      first = !(*word & bit);
    *word |= bit;
    return first;
}

static void shares_read(struct rd *r, struct exts *x)
{
    struct codes_seen seen = {0};
    struct rd         list = rd_vec(r, 2, r->short_);
    x->shares              = rd_rest(&list);
    while (rd_left(&list) && rd_ok(r)) {
        uint16_t  group = rd_u16(&list);
        struct rd key   = rd_vec(&list, 2, r->short_);
        rd_need(&key, rd_left(&key) > 0, r->short_, 1, 0);
        rd_need(&key, first_time(&seen, group), SHARE_TWICE, 0, group);
    }
}

/* 4.3.8: a list, one entry, or only the group that is wanted. */
static void key_share_read(struct rd *r, enum ext_where where, struct exts *x)
{
    if (where == IN_CLIENT_HELLO) {
        shares_read(r, x);
        return;
    }
    x->group_at    = (uint32_t)rd_at(r);
    x->share_group = rd_u16(r);
    if (where == IN_HELLO_RETRY)
        return;
    struct rd key = rd_vec(r, 2, r->short_);
    x->share      = rd_rest(&key);
    rd_need(r, x->share.n > 0, r->short_, 1, 0);
}

static void cookie_read(struct rd *r, enum ext_where where, struct exts *x)
{
    struct rd c = rd_vec(r, 2, r->short_);
    x->cookie   = rd_rest(&c);
    rd_need(r, x->cookie.n > 0, r->short_, 1, 0);
}

static void ca_names_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->ca_names_at = (uint32_t)rd_at(r) + 2;
    x->ca_names    = items_read(r, 2, 2, &x->n_ca_names);
}

static void oid_filters_read(struct rd *r, enum ext_where where, struct exts *x)
{
    struct rd list = rd_vec(r, 2, r->short_);
    x->oid_filters = rd_rest(&list);
    while (rd_left(&list) && rd_ok(r)) {
        struct rd oid = rd_vec(&list, 1, r->short_);
        rd_need(&oid, rd_left(&oid) > 0, r->short_, 1, 0);
        rd_vec(&list, 2, r->short_);
    }
}

static void point_formats_read(struct rd *r, enum ext_where where, struct exts *x)
{
    struct rd list   = rd_vec(r, 1, r->short_);
    x->point_formats = rd_rest(&list);
    rd_need(r, x->point_formats.n > 0, r->short_, 1, 0);
}

static void renegotiation_read(struct rd *r, enum ext_where where, struct exts *x)
{
    struct rd v     = rd_vec(r, 1, r->short_);
    x->renegotiated = rd_rest(&v);
}

/* 4.3.11: OfferedPsks, or the identity that was selected. */
static void psk_read(struct rd *r, enum ext_where where, struct exts *x)
{
    size_t n = 0, n_binders;
    if (where != IN_CLIENT_HELLO) {
        x->psk_selected = rd_u16(r);
        return;
    }
    struct rd list    = rd_vec(r, 2, r->short_);
    x->psk_identities = rd_rest(&list);
    for (; rd_left(&list) && rd_ok(r); n++) {
        hf_view identity = rd_opaque(&list, 2);
        rd_need(&list, identity.n > 0, r->short_, 1, 0);
        rd_u32(&list);
    }
    x->psk_binders = items_read(r, 2, 1, &n_binders);
    rd_need(r, n > 0, r->short_, 1, 0);
    rd_need(r, n == n_binders, PSK_BINDER_COUNT, (int64_t)n, (int64_t)n_binders);
}

/* 4.3.9 */
static void psk_modes_read(struct rd *r, enum ext_where where, struct exts *x)
{
    struct rd list = rd_vec(r, 1, r->short_);
    rd_need(r, rd_left(&list) > 0, r->short_, 1, 0);
    while (rd_left(&list))
        x->psk_dhe |= rd_u8(&list) == PSK_DHE_KE;
}

/* RFC 5077 3.2: the ticket as it is, empty to ask for one or to promise one. */
static void ticket_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->ticket = rd_bytes(r, rd_left(r));
    rd_need(r, where == IN_CLIENT_HELLO || x->ticket.n == 0, r->short_, 0, (int64_t)x->ticket.n);
}

hf_view cert_status_body(struct rd *r)
{
    uint8_t   type     = rd_u8(r);
    struct rd response = rd_vec(r, 3, r->short_);
    rd_need(r, type == STATUS_OCSP && rd_left(&response) > 0, r->short_, STATUS_OCSP, type);
    return rd_rest(&response);
}

/* Who asks in a ClientHello says for what (RFC 6066 8); in CertificateRequest and in the ServerHello of TLS 1.2 it is
 * empty (RFC 9846 4.5.1.1); beside a certificate it is the answer. */
static void status_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->status_asked = where == IN_CERTIFICATE_REQUEST;
    if (where == IN_CERTIFICATE)
        x->staple = cert_status_body(r);
    if (where != IN_CLIENT_HELLO)
        return;
    x->status_asked = rd_u8(r) == STATUS_OCSP;
    if (x->status_asked) {
        rd_opaque(r, 2); /* responder_id_list */
        rd_opaque(r, 2); /* request_extensions */
    } else {
        rd_bytes(r, rd_left(r));
    }
}

/* RFC 8879 3 */
static void compress_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->zips = codes_read(r, 1);
    for (size_t i = 0; rd_ok(r) && i < codes_n(x->zips); i++)
        rd_need(r, !codes_have((hf_view){x->zips.p, 2 * i}, codes_at(x->zips, i)), r->short_, 0, codes_at(x->zips, i));
}

/* RFC 7250 3, 4.1: a list, which is left out "if the client has no remaining certificate types to send ..., other than
 * the default X.509 type"; the answer is one of it. */
static hf_view cert_types_read(struct rd *r, enum ext_where where)
{
    if (where != IN_CLIENT_HELLO)
        return rd_bytes(r, 1);
    struct rd list = rd_vec(r, 1, r->short_);
    hf_view   all  = rd_rest(&list);
    rd_need(r, !rd_ok(r) || all.n > 0, CERT_TYPES_EMPTY, 1, 0);
    rd_need(r, !rd_ok(r) || all.n > 1 || all.p[0] != TYPE_X509, CERT_TYPES_DEFAULT, 0, 0);
    return all;
}

static void client_types_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->client_types = cert_types_read(r, where);
}

static void server_types_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->server_types = cert_types_read(r, where);
}

/* RFC 8449 4 */
static void record_size_read(struct rd *r, enum ext_where where, struct exts *x)
{
    x->record_size = rd_u16(r);
}

/* RFC 9846 4.3.7: empty. */
static void empty_read(struct rd *r, enum ext_where where, struct exts *x)
{
}

enum {
    CH = IN_CLIENT_HELLO,
    SH = IN_SERVER_HELLO,
    HR = IN_HELLO_RETRY,
    EE = IN_ENCRYPTED_EXTENSIONS,
    CT = IN_CERTIFICATE,
    CR = IN_CERTIFICATE_REQUEST,
    ST = IN_SESSION_TICKET,
    OL = IN_SERVER_HELLO_12
};

static const struct ext {
    uint16_t   type;
    uint16_t   where; /* enum ext_where: the messages it may stand in */
    uint32_t   bit;   /* enum ext_known */
    enum check malformed;
    /* NULL: of no use to us; where it stands is checked, what it says is not */
    void (*read)(struct rd *r, enum ext_where where, struct exts *x);
} table[] = {
    {XT_SERVER_NAME, CH | EE | OL, X_SERVER_NAME, EXT_SERVER_NAME, server_name_read},
    {XT_MAX_FRAGMENT_LENGTH, CH | EE | OL, X_MAX_FRAGMENT, CHECK_NONE, NULL},
    {XT_STATUS_REQUEST, CH | CR | CT | OL, X_STATUS_REQUEST, EXT_STATUS, status_read},
    {XT_SUPPORTED_GROUPS, CH | EE | OL, X_GROUPS, EXT_GROUPS, groups_read},
    {XT_SIGNATURE_ALGORITHMS, CH | CR, X_SIG_ALGS, EXT_SIG_ALGS, sig_algs_read},
    {XT_USE_SRTP, CH | EE | OL, X_OTHER_RFC, CHECK_NONE, NULL},
    {XT_HEARTBEAT, CH | EE | OL, X_OTHER_RFC, CHECK_NONE, NULL},
    {XT_ALPN, CH | EE | OL, X_ALPN, EXT_ALPN, alpn_read},
    {XT_SCT, CH | CR | CT | OL, X_SCT, CHECK_NONE, NULL},
    {XT_CLIENT_CERTIFICATE_TYPE, CH | EE | OL, X_CLIENT_CERT_TYPE, EXT_CLIENT_CERT_TYPE, client_types_read},
    {XT_SERVER_CERTIFICATE_TYPE, CH | EE | OL, X_SERVER_CERT_TYPE, EXT_SERVER_CERT_TYPE, server_types_read},
    {XT_PADDING, CH, X_PADDING, CHECK_NONE, NULL},
    {XT_COMPRESS_CERTIFICATE, CH | CR, X_COMPRESS, EXT_COMPRESS, compress_read},
    {XT_RECORD_SIZE_LIMIT, CH | EE | OL, X_RECORD_SIZE, EXT_RECORD_SIZE, record_size_read},
    {XT_PRE_SHARED_KEY, CH | SH, X_PSK, EXT_PSK, psk_read},
    {XT_EARLY_DATA, CH | EE | ST, X_EARLY_DATA, CHECK_NONE, NULL},
    {XT_SUPPORTED_VERSIONS, CH | SH | HR, X_VERSIONS, EXT_VERSIONS, versions_read},
    {XT_COOKIE, CH | HR, X_COOKIE, EXT_COOKIE, cookie_read},
    {XT_PSK_KEY_EXCHANGE_MODES, CH, X_PSK_MODES, EXT_PSK_MODES, psk_modes_read},
    {XT_CERTIFICATE_AUTHORITIES, CH | CR, X_CA_NAMES, EXT_CA_NAMES, ca_names_read},
    {XT_OID_FILTERS, CR, X_OID_FILTERS, EXT_OID_FILTERS, oid_filters_read},
    {XT_POST_HANDSHAKE_AUTH, CH, X_POST_AUTH, EXT_POST_AUTH, empty_read},
    {XT_SIGNATURE_ALGORITHMS_CERT, CH | CR, X_SIG_ALGS_CERT, EXT_SIG_ALGS_CERT, sig_algs_cert_read},
    {XT_EC_POINT_FORMATS, CH | OL, X_POINT_FORMATS, EXT_POINT_FORMATS, point_formats_read},
    {XT_EXTENDED_MASTER_SECRET, CH | OL, X_EXTENDED_MASTER, EXT_EXTENDED_MASTER, empty_read},
    {XT_SESSION_TICKET, CH | OL, X_TICKET, EXT_TICKET, ticket_read},
    {XT_RENEGOTIATION_INFO, CH | OL, X_RENEGOTIATION, EXT_RENEGOTIATION, renegotiation_read},
    {XT_KEY_SHARE, CH | SH | HR, X_KEY_SHARE, EXT_KEY_SHARE, key_share_read},
};

static const struct ext *ext_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].type == type)
            return &table[i];
    return NULL;
}

/* "If an implementation receives an extension which it recognizes and which is not specified for the message
 * in which it appears, it MUST abort the handshake with an "illegal_parameter" alert." (4.3) */
static bool may_stand(struct rd *r, uint16_t type, const struct ext *e, enum ext_where where, uint32_t offered)
{
    bool free = where == IN_HELLO_RETRY && type == XT_COOKIE; /* the one answer that nobody asked for */
    if (e && !rd_need(r, e->where & where, EXT_WRONG_MESSAGE, 0, type))
        return false;
    return rd_need(r, !(where & IN_ANSWERS) || free || (e && (e->bit & offered)), EXT_UNSOLICITED, 0, type);
}

static void one_read(struct rd *r, uint16_t type, enum ext_where where, uint32_t offered, struct exts *out)
{
    const struct ext *e    = ext_of(type);
    struct rd         body = rd_vec(r, 2, r->short_);
    if (!may_stand(&body, type, e, where, offered) || !e)
        return;
    out->seen |= e->bit;
    if (!e->read)
        return;
    body.short_ = e->malformed;
    e->read(&body, where, out);
    rd_end(&body, body.short_);
}

struct types_seen {
    struct codes_seen types;
    uint16_t          last;
    bool              any;
};

/* 4.3.11: "The "pre_shared_key" extension MUST be the last extension in the ClientHello". */
static bool order_ok(struct rd *r, struct types_seen *t, uint16_t type, enum ext_where where)
{
    if (!rd_need(r, first_time(&t->types, type), ext_of(type) ? EXT_TWICE : EXT_UNKNOWN_TWICE, 0, type))
        return false;
    bool after = where == IN_CLIENT_HELLO && t->any && t->last == XT_PRE_SHARED_KEY;
    t->last    = type;
    t->any     = true;
    return rd_need(r, !after, PSK_NOT_LAST, XT_PRE_SHARED_KEY, type);
}

/* The types and their order, before what any of them says. */
static bool types_ok(struct rd all, enum ext_where where)
{
    struct types_seen seen = {0};
    while (rd_left(&all) && rd_ok(&all)) {
        if (!order_ok(&all, &seen, rd_u16(&all), where))
            return false;
        rd_vec(&all, 2, EXT_LENGTH);
    }
    return rd_ok(&all);
}

bool exts_read(struct rd *r, enum ext_where where, uint32_t offered, struct exts *out)
{
    struct rd all = rd_vec(r, 2, EXTS_LENGTH);
    *out          = (struct exts){.base = r->base};
    if (!types_ok(all, where))
        return false;
    while (rd_left(&all) && rd_ok(r))
        one_read(&all, rd_u16(&all), where, offered, out);
    return rd_ok(r);
}

bool exts_have(struct rd r, uint16_t type)
{
    struct report scratch;
    bool          found = false;
    report_init(&scratch);
    r.rep         = &scratch;
    struct rd all = rd_vec(&r, 2, r.short_);
    while (rd_left(&all) && !found) {
        found = rd_u16(&all) == type;
        rd_vec(&all, 2, r.short_);
    }
    return found && rd_ok(&r);
}

bool list_next(hf_view list, unsigned prefix, size_t *at, hf_view *item)
{
    size_t n = 0;
    if (list.n - *at < prefix)
        return false;
    for (unsigned i = 0; i < prefix; i++)
        n = n << 8 | list.p[*at + i];
    if (n > list.n - *at - prefix)
        return false;
    *item = (hf_view){list.p + *at + prefix, n};
    *at += prefix + n;
    return true;
}

bool shares_find(hf_view shares, uint16_t group, hf_view *share)
{
    hf_view key;
    for (size_t at = 0; shares.n - at >= 4;) {
        uint16_t g = codes_at((hf_view){shares.p + at, 2}, 0);
        at += 2;
        if (!list_next(shares, 2, &at, &key))
            break;
        if (g == group) {
            *share = key;
            return true;
        }
    }
    *share = (hf_view){0};
    return false;
}

bool psk_at(const struct exts *x, size_t i, hf_view *identity, uint32_t *age, hf_view *binder)
{
    size_t at = 0, at_binder = 0;
    for (size_t n = 0; n <= i; n++, at += 4)
        if (!list_next(x->psk_identities, 2, &at, identity) || !list_next(x->psk_binders, 1, &at_binder, binder))
            return false;
    const uint8_t *p = x->psk_identities.p + at - 4;
    *age             = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return true;
}
