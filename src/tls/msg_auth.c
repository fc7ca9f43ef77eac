/* SPDX-License-Identifier: Apache-2.0
 *
 * msg_auth.c - CertificateRequest, Certificate, CertificateVerify, Finished (RFC 9846 4.4.2, 4.5) and the
 * messages after the handshake (4.7).
 */
#include <string.h>

#include "base/limits.h"
#include "msg.h"

/* ---- CertificateRequest ---- */

bool cert_request_read(struct cert_request *m, hf_view msg, struct report *rep)
{
    struct rd r = msg_body(msg, rep, CR_MALFORMED);
    m->context  = rd_opaque(&r, 1);
    exts_read(&r, IN_CERTIFICATE_REQUEST, 0, &m->x);
    return rd_end(&r, CR_TRAILING);
}

static void list_write(struct wr *w, uint16_t type, hf_view list)
{
    wr_u16(w, type);
    size_t mark = wr_open(w, 2);
    wr_vec(w, 2, list);
    wr_close(w, mark, 2);
}

void cert_request_write(struct wr *w, const struct cert_request_out *m)
{
    size_t msg = msg_open(w, HT_CERTIFICATE_REQUEST);
    wr_vec(w, 1, m->context);
    size_t exts = wr_open(w, 2);
    list_write(w, XT_SIGNATURE_ALGORITHMS, m->sig_algs);
    list_write(w, XT_SIGNATURE_ALGORITHMS_CERT, m->sig_algs_cert);
    if (m->names.n)
        list_write(w, XT_CERTIFICATE_AUTHORITIES, m->names);
    if (m->status) { /* empty here (4.5.1.1) */
        wr_u16(w, XT_STATUS_REQUEST);
        wr_u16(w, 0);
    }
    if (m->filters.n)
        list_write(w, XT_OID_FILTERS, m->filters);
    if (m->zips.n) {
        wr_u16(w, XT_COMPRESS_CERTIFICATE);
        size_t ext = wr_open(w, 2);
        wr_vec(w, 1, m->zips);
        wr_close(w, ext, 2);
    }
    wr_close(w, exts, 2);
    msg_close(w, msg);
}

/* ---- Certificate ---- */

static void entry_read(struct certificate *m, struct rd *list, uint32_t offered)
{
    struct exts x;
    if (!rd_need(list, m->n < LIMIT_CHAIN, CERT_MSG_TOO_MANY, LIMIT_CHAIN, (int64_t)m->n + 1))
        return;
    struct rd der = rd_vec(list, 3, list->short_);
    rd_need(&der, rd_left(&der) > 0, CERT_MSG_EMPTY_ENTRY, 1, 0);
    m->chain[m->n++] = rd_rest(&der);
    exts_read(list, IN_CERTIFICATE, offered, &x);
    if (m->n == 1)
        m->staple = x.staple;
}

bool certificate_read(struct certificate *m, hf_view msg, uint32_t offered, struct report *rep)
{
    struct rd r    = msg_body(msg, rep, CERT_MSG_MALFORMED);
    *m             = (struct certificate){0};
    m->context     = rd_opaque(&r, 1);
    struct rd list = rd_vec(&r, 3, r.short_);
    while (rd_left(&list) && rd_ok(&r))
        entry_read(m, &list, offered);
    return rd_end(&r, CERT_MSG_TRAILING);
}

static void staple_write(struct wr *w, hf_view response)
{
    wr_u16(w, XT_STATUS_REQUEST);
    size_t ext = wr_open(w, 2);
    wr_u8(w, STATUS_OCSP);
    wr_vec(w, 3, response);
    wr_close(w, ext, 2);
}

void certificate_write(struct wr *w, const struct certificate *m)
{
    size_t msg = msg_open(w, HT_CERTIFICATE);
    wr_vec(w, 1, m->context);
    size_t list = wr_open(w, 3);
    for (size_t i = 0; i < m->n; i++) {
        wr_vec(w, 3, m->chain[i]);
        size_t exts = wr_open(w, 2);
        if (i == 0 && m->staple.n)
            staple_write(w, m->staple);
        wr_close(w, exts, 2);
    }
    wr_close(w, list, 3);
    msg_close(w, msg);
}

/* ---- CertificateVerify ---- */

bool cert_verify_read(struct cert_verify *m, hf_view msg, struct report *rep)
{
    struct rd r  = msg_body(msg, rep, CV_MALFORMED);
    m->scheme    = rd_u16(&r);
    m->signature = rd_opaque(&r, 2);
    return rd_end(&r, CV_TRAILING);
}

void cert_verify_write(struct wr *w, uint16_t scheme, hf_view signature)
{
    size_t msg = msg_open(w, HT_CERTIFICATE_VERIFY);
    wr_u16(w, scheme);
    wr_vec(w, 2, signature);
    msg_close(w, msg);
}

size_t cert_verify_tbs(bool by_server, const uint8_t *transcript, size_t hash_n, uint8_t out[TBS_MAX])
{
    struct wr w = wr_fixed(out, TBS_MAX);
    memset(wr_room(&w, 64), ' ', 64);
    wr_bytes(&w, by_server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify", 33 + 1);
    wr_bytes(&w, transcript, hash_n);
    return w.n;
}

/* ---- Finished ---- */

bool finished_read(hf_view *verify_data, hf_view msg, size_t hash_n, struct report *rep)
{
    struct rd r  = msg_body(msg, rep, FIN_MALFORMED);
    *verify_data = rd_rest(&r);
    return rd_need(&r, verify_data->n == hash_n, r.short_, (int64_t)hash_n, (int64_t)verify_data->n);
}

void finished_write(struct wr *w, const uint8_t *verify_data, size_t n)
{
    size_t msg = msg_open(w, HT_FINISHED);
    wr_bytes(w, verify_data, n);
    msg_close(w, msg);
}

/* ---- after the handshake ---- */

bool key_update_read(bool *requested, hf_view msg, struct report *rep)
{
    struct rd r = msg_body(msg, rep, KU_MALFORMED);
    uint8_t   v = rd_u8(&r);
    rd_end(&r, r.short_);
    *requested = v == 1;
    return rd_need(&r, v <= 1, KU_VALUE, 1, v);
}

void key_update_write(struct wr *w, bool request)
{
    size_t msg = msg_open(w, HT_KEY_UPDATE);
    wr_u8(w, request);
    msg_close(w, msg);
}

bool session_ticket_read(struct new_ticket *m, hf_view msg, struct report *rep)
{
    struct rd   r = msg_body(msg, rep, NST_MALFORMED);
    struct exts x;
    m->lifetime_s = rd_u32(&r);
    m->age_add    = rd_u32(&r);
    m->nonce      = rd_opaque(&r, 1);
    m->ticket     = rd_opaque(&r, 2);
    rd_need(&r, m->ticket.n > 0, r.short_, 1, 0);
    exts_read(&r, IN_SESSION_TICKET, 0, &x);
    return rd_end(&r, NST_TRAILING);
}

void session_ticket_write(struct wr *w, const struct new_ticket *m)
{
    size_t msg = msg_open(w, HT_NEW_SESSION_TICKET);
    wr_u32(w, m->lifetime_s);
    wr_u32(w, m->age_add);
    wr_vec(w, 1, m->nonce);
    wr_vec(w, 2, m->ticket);
    wr_u16(w, 0);
    msg_close(w, msg);
}
