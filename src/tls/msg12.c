/* SPDX-License-Identifier: Apache-2.0 */
#include "msg12.h"

#include "base/limits.h"
#include "x509/cert.h"

enum { NAMED_CURVE = 3 };

static void ext_flag(struct wr *w, uint16_t type, hf_view body)
{
    wr_u16(w, type);
    wr_vec(w, 2, body);
}

void server_hello12_write(struct wr *w, const struct server_hello12_out *m)
{
    static const uint8_t empty_info[] = {0}, uncompressed[] = {1, 0};
    size_t               msg = msg_open(w, HT_SERVER_HELLO);
    wr_u16(w, TLS12);
    wr_bytes(w, m->random, RANDOM_BYTES);
    wr_vec(w, 1, m->session_id);
    wr_u16(w, m->suite);
    wr_u8(w, 0);
    size_t exts = wr_open(w, 2);
    ext_flag(w, XT_EXTENDED_MASTER_SECRET, (hf_view){0});
    ext_flag(w, XT_RENEGOTIATION_INFO, (hf_view){empty_info, 1});
    if (m->point_formats)
        ext_flag(w, XT_EC_POINT_FORMATS, (hf_view){uncompressed, 2});
    if (m->server_name)
        ext_flag(w, XT_SERVER_NAME, (hf_view){0});
    if (m->ticket)
        ext_flag(w, XT_SESSION_TICKET, (hf_view){0});
    record_size_write(w, m->record_size);
    cert_types_write(w, m->client_types, m->server_types);
    if (m->status)
        ext_flag(w, XT_STATUS_REQUEST, (hf_view){0});
    if (m->alpn.n) {
        wr_u16(w, XT_ALPN);
        size_t ext = wr_open(w, 2), list = wr_open(w, 2);
        wr_vec(w, 1, m->alpn);
        wr_close(w, list, 2);
        wr_close(w, ext, 2);
    }
    wr_close(w, exts, 2);
    msg_close(w, msg);
}

/* ---- Certificate ---- */

bool certificate12_read(struct certificate *m, hf_view msg, struct report *rep)
{
    struct rd r    = msg_body(msg, rep, CERT12_MALFORMED);
    *m             = (struct certificate){0};
    struct rd list = rd_vec(&r, 3, r.short_);
    while (rd_left(&list) && rd_ok(&r)) {
        if (!rd_need(&list, m->n < LIMIT_CHAIN, CERT12_TOO_MANY, LIMIT_CHAIN, (int64_t)m->n + 1))
            break;
        struct rd der = rd_vec(&list, 3, r.short_);
        rd_need(&der, rd_left(&der) > 0, CERT12_EMPTY_ENTRY, 1, 0);
        m->chain[m->n++] = rd_rest(&der);
    }
    return rd_end(&r, CERT12_TRAILING);
}

void certificate12_write(struct wr *w, const hf_view *chain, size_t n)
{
    size_t msg = msg_open(w, HT_CERTIFICATE), list = wr_open(w, 3);
    for (size_t i = 0; i < n; i++)
        wr_vec(w, 3, chain[i]);
    wr_close(w, list, 3);
    msg_close(w, msg);
}

/* RFC 7250 3: "opaque ASN.1_subjectPublicKeyInfo<1..2^24-1>" in place of the list; without one the length is 0, as of
 * an empty list. */
bool raw_key12_read(struct certificate *m, hf_view msg, struct report *rep)
{
    struct rd r = msg_body(msg, rep, RAW_KEY12_MALFORMED);
    *m          = (struct certificate){0};
    m->chain[0] = rd_opaque(&r, 3);
    m->n        = m->chain[0].n > 0;
    return rd_end(&r, RAW_KEY12_TRAILING);
}

void raw_key12_write(struct wr *w, hf_view spki)
{
    size_t msg = msg_open(w, HT_CERTIFICATE);
    wr_vec(w, 3, spki);
    msg_close(w, msg);
}

bool certificate_any_read(struct certificate *m, hf_view msg, bool tls12, struct report *rep)
{
    struct report scratch;
    report_init(&scratch);
    if (!tls12)
        return certificate_read(m, msg, UINT32_MAX, rep);
    if (raw_key12_read(m, msg, &scratch) && m->n && spki_alone(m->chain[0]))
        return true;
    return certificate12_read(m, msg, rep);
}

/* ---- CertificateStatus ---- */

bool cert_status_read(hf_view *response, hf_view msg, struct report *rep)
{
    struct rd r = msg_body(msg, rep, CST_MALFORMED);
    *response   = cert_status_body(&r);
    return rd_end(&r, CST_TRAILING);
}

void cert_status_write(struct wr *w, hf_view response)
{
    size_t msg = msg_open(w, HT_CERTIFICATE_STATUS);
    wr_u8(w, STATUS_OCSP);
    wr_vec(w, 3, response);
    msg_close(w, msg);
}

/* ---- ServerKeyExchange ---- */

bool server_kx_read(struct server_kx *m, hf_view msg, struct report *rep)
{
    struct rd r    = msg_body(msg, rep, SKE_MALFORMED);
    size_t    from = rd_at(&r);
    m->curve_type  = rd_u8(&r);
    rd_need(&r, m->curve_type == NAMED_CURVE, SKE_CURVE_TYPE, NAMED_CURVE, m->curve_type);
    m->group     = rd_u16(&r);
    m->point     = rd_opaque(&r, 1);
    m->params    = (hf_view){msg.p + from, rd_at(&r) - from};
    m->scheme    = rd_u16(&r);
    m->signature = rd_opaque(&r, 2);
    return rd_end(&r, SKE_TRAILING);
}

void server_kx_params(struct wr *w, uint16_t group, hf_view point)
{
    wr_u8(w, NAMED_CURVE);
    wr_u16(w, group);
    wr_vec(w, 1, point);
}

void server_kx_write(struct wr *w, hf_view params, uint16_t scheme, hf_view signature)
{
    size_t msg = msg_open(w, HT_SERVER_KEY_EXCHANGE);
    wr_view(w, params);
    wr_u16(w, scheme);
    wr_vec(w, 2, signature);
    msg_close(w, msg);
}

/* ---- CertificateRequest ---- */

static void names_count(struct cert_request *m, struct rd list)
{
    for (; rd_left(&list) && rd_ok(&list); m->x.n_ca_names++)
        rd_vec(&list, 2, list.short_);
    if (m->x.n_ca_names)
        m->x.seen |= X_CA_NAMES;
}

bool cert_request12_read(struct cert_request *m, hf_view *types, hf_view msg, struct report *rep)
{
    struct rd r   = msg_body(msg, rep, CR12_MALFORMED);
    *m            = (struct cert_request){0};
    *types        = rd_opaque(&r, 1);
    m->x.sig_algs = rd_opaque(&r, 2);
    rd_need(&r, types->n > 0 && m->x.sig_algs.n >= 2 && m->x.sig_algs.n % 2 == 0, CR12_LISTS, 2,
            (int64_t)m->x.sig_algs.n);
    m->x.seen        = X_SIG_ALGS;
    m->x.ca_names_at = (uint32_t)rd_at(&r) + 2;
    struct rd names  = rd_vec(&r, 2, r.short_);
    m->x.ca_names    = rd_rest(&names);
    names_count(m, names);
    return rd_end(&r, CR12_TRAILING);
}

void cert_request12_write(struct wr *w, hf_view sig_algs, hf_view names)
{
    static const uint8_t types[] = {TYPE_ECDSA_SIGN, TYPE_RSA_SIGN};
    size_t               msg     = msg_open(w, HT_CERTIFICATE_REQUEST);
    wr_vec(w, 1, (hf_view){types, sizeof types});
    wr_vec(w, 2, sig_algs);
    wr_vec(w, 2, names);
    msg_close(w, msg);
}

/* ---- NewSessionTicket ---- */

bool ticket12_read(struct new_ticket *m, hf_view msg, struct report *rep)
{
    struct rd r   = msg_body(msg, rep, NST12_MALFORMED);
    *m            = (struct new_ticket){0};
    m->lifetime_s = rd_u32(&r);
    m->ticket     = rd_opaque(&r, 2);
    return rd_end(&r, NST12_TRAILING);
}

void ticket12_write(struct wr *w, uint32_t lifetime_s, hf_view ticket)
{
    size_t msg = msg_open(w, HT_NEW_SESSION_TICKET);
    wr_u32(w, lifetime_s);
    wr_vec(w, 2, ticket);
    msg_close(w, msg);
}

/* ---- ServerHelloDone, ClientKeyExchange ---- */

bool server_done_read(hf_view msg, struct report *rep)
{
    struct rd r = msg_body(msg, rep, SHD_MALFORMED);
    return rd_end(&r, r.short_);
}

void server_done_write(struct wr *w)
{
    msg_close(w, msg_open(w, HT_SERVER_HELLO_DONE));
}

bool client_kx_read(hf_view *point, hf_view msg, struct report *rep)
{
    struct rd r = msg_body(msg, rep, CKE_MALFORMED);
    *point      = rd_opaque(&r, 1);
    rd_need(&r, point->n > 0, r.short_, 1, 0);
    return rd_end(&r, CKE_TRAILING);
}

void client_kx_write(struct wr *w, hf_view point)
{
    size_t msg = msg_open(w, HT_CLIENT_KEY_EXCHANGE);
    wr_vec(w, 1, point);
    msg_close(w, msg);
}
