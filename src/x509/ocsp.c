/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp.c - OCSPResponse and BasicOCSPResponse (RFC 6960 4.2.1).
 *
 *   1. Strict DER to the last byte, whatever part of it is used later.
 *   2. Critical extensions other than the nonce refuse the response (RFC 6960 4.4).
 *   3. What is not where it belongs is OCSP_FORM, with the tags; what is behind the end of a structure is
 *      OCSP_TRAILING. The offset says where.
 */
#include "ocsp.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/alg.h"
#include "x509/dn.h"
#include "x509/ext.h"

static struct rd part(struct rd *r, uint8_t tag)
{
    return der_open(r, tag, OCSP_FORM);
}

static bool whole(const struct rd *r)
{
    return rd_end(r, OCSP_TRAILING);
}

/* ---- extensions (4.4) ---------------------------------------------------------------------------------- */

/* Of the response (nonce is where its value goes) or of one answer (NULL). */
static void read_extensions(struct rd *field, hf_view *nonce)
{
    struct rd exts = part(field, DER_SEQUENCE), value;
    unsigned  n    = 0;
    char      oid[96];
    whole(field);
    while (der_more(&exts) && der_count_one(&exts, &n, LIMIT_CERT_EXTENSIONS, OCSP_EXTENSIONS_MANY)) {
        struct ext_item x = cert_ext_read(&exts);
        if (!rd_ok(&exts))
            return;
        if (nonce && oid_of(x.oid) == OID_OCSP_NONCE) { /* 4.4.1 */
            value  = part(&x.value, DER_OCTET_STRING);
            *nonce = rd_rest(&value);
            whole(&x.value);
        } else if (x.critical) {
            oid_text(x.oid, oid, sizeof oid);
            fail_text(exts.rep, OCSP_CRITICAL_UNKNOWN, x.at, 0, 0, oid);
        }
    }
}

/* ---- one answer ---------------------------------------------------------------------------------------- */

static enum hash_alg hash_of(enum oid o)
{
    switch (o) {
    case OID_SHA1:
        return HASH_SHA1;
    case OID_SHA256:
        return HASH_SHA256;
    case OID_SHA384:
        return HASH_SHA384;
    case OID_SHA512:
        return HASH_SHA512;
    default:
        return HASH_NONE;
    }
}

static hf_view octets(struct rd *r)
{
    struct rd body = part(r, DER_OCTET_STRING);
    return rd_rest(&body);
}

static void read_cert_id(struct ocsp_single *s, struct rd id)
{
    s->hash      = hash_of(alg_read(&id, OCSP_NO_HASH).oid);
    s->name_hash = octets(&id);
    s->key_hash  = octets(&id);
    s->serial    = der_integer(part(&id, DER_INTEGER));
    whole(&id);
}

static void read_revoked(struct ocsp_single *s, struct rd info)
{
    struct rd field, value;
    hf_view   reason;
    s->answer     = ANSWER_REVOKED;
    s->revoked_at = der_general_time(&info, OCSP_NO_REVOCATION_TIME);
    if (der_maybe(&info, DER_CONTEXTC(0), &field)) {
        value     = part(&field, DER_ENUMERATED);
        reason    = der_integer(value);
        s->reason = reason.n == 1 ? reason.p[0] : REASON_UNSPECIFIED;
        whole(&field);
    }
    whole(&info);
}

/* CertStatus: good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL. */
static void read_answer(struct ocsp_single *s, struct rd *r)
{
    struct rd body;
    if (der_maybe(r, DER_CONTEXTC(1), &body)) {
        read_revoked(s, body);
        return;
    }
    s->answer = der_is(r, DER_CONTEXT(2)) ? ANSWER_UNKNOWN : ANSWER_GOOD;
    der_null(part(r, DER_CONTEXT(s->answer == ANSWER_UNKNOWN ? 2 : 0)));
}

struct ocsp_single ocsp_single_read(struct rd *r)
{
    struct ocsp_single s   = {.at = (uint32_t)rd_at(r), .next_update = INT64_MAX};
    struct rd          seq = part(r, DER_SEQUENCE), field;
    read_cert_id(&s, part(&seq, DER_SEQUENCE));
    read_answer(&s, &seq);
    s.this_update = der_general_time(&seq, OCSP_NO_THIS_UPDATE);
    if (der_maybe(&seq, DER_CONTEXTC(0), &field)) {
        s.next_update = der_general_time(&field, OCSP_NO_NEXT_UPDATE);
        whole(&field);
    }
    if (der_maybe(&seq, DER_CONTEXTC(1), &field))
        read_extensions(&field, NULL);
    whole(&seq);
    return s;
}

/* ---- the response -------------------------------------------------------------------------------------- */

static void read_singles(struct ocsp *o, struct rd *data)
{
    struct rd list = part(data, DER_SEQUENCE);
    unsigned  n    = 0;
    o->singles     = rd_rest(&list);
    while (der_more(&list) && der_count_one(&list, &n, LIMIT_OCSP_ANSWERS, OCSP_ANSWERS_MANY))
        ocsp_single_read(&list);
}

/* ResponderID: byName [1], byKey [2]. */
static void read_responder(struct ocsp *o, struct rd *data)
{
    struct rd field;
    if (der_maybe(data, DER_CONTEXTC(1), &field)) {
        o->by_name = dn_read(&field, OCSP_RESPONDER_NO_NAME);
    } else {
        field     = part(data, DER_CONTEXTC(2));
        o->by_key = octets(&field);
    }
    whole(&field);
}

static void read_data(struct ocsp *o, struct rd data)
{
    struct rd field;
    if (der_maybe(&data, DER_CONTEXTC(0), &field)) { /* version, DEFAULT v1 */
        rd_need(&field, der_count(part(&field, DER_INTEGER)) == 0, OCSP_VERSION, 1, 0);
        whole(&field);
    }
    read_responder(o, &data);
    o->produced_at = der_general_time(&data, OCSP_NO_PRODUCED_AT);
    read_singles(o, &data);
    if (der_maybe(&data, DER_CONTEXTC(1), &field))
        read_extensions(&field, &o->nonce);
    whole(&data);
}

static bool read_basic(struct ocsp *o, struct rd *r)
{
    struct rd  basic = part(r, DER_SEQUENCE), data, field, certs;
    struct alg alg;
    o->tbs.p = basic.p;
    data     = part(&basic, DER_SEQUENCE);
    o->tbs.n = (size_t)(basic.p - o->tbs.p);
    read_data(o, data);
    alg         = alg_read(&basic, OCSP_NO_ALGORITHM);
    o->sig_alg  = alg.whole;
    o->sig_bits = der_bits(part(&basic, DER_BIT_STRING), NULL);
    if (der_maybe(&basic, DER_CONTEXTC(0), &field)) {
        certs    = part(&field, DER_SEQUENCE);
        o->certs = rd_rest(&certs);
        whole(&field);
    }
    whole(&basic);
    if (rd_ok(r))
        o->sig = sig_how_read(&alg);
    return whole(r);
}

/* "tryLater": what a responder says instead of an answer (4.2.1). */
static const char *status_name(int status)
{
    static const char *const names[] = {"successful", "malformedRequest", "internalError", "tryLater",
                                        "unused",     "sigRequired",      "unauthorized"};
    return status >= 0 && status < (int)(sizeof names / sizeof names[0]) ? names[status] : "unknown";
}

static bool read_status(struct rd *r)
{
    size_t    at     = rd_at(r);
    struct rd body   = part(r, DER_ENUMERATED);
    int       status = der_count(body);
    if (!rd_ok(r) || status == 0)
        return rd_ok(r);
    return fail_text(r->rep, OCSP_NOT_SUCCESSFUL, at, 0, status, status_name(status));
}

bool ocsp_parse(struct ocsp *o, hf_view der, struct report *rep)
{
    struct rd all = der_reader(der, rep), r, field, bytes, type;
    memset(o, 0, sizeof *o);
    o->der = der;
    rd_need(&all, der.n <= LIMIT_OCSP_BYTES, OCSP_TOO_LARGE, LIMIT_OCSP_BYTES, (int64_t)der.n);
    r = part(&all, DER_SEQUENCE);
    whole(&all);
    if (!read_status(&r))
        return false;
    field = part(&r, DER_CONTEXTC(0));
    whole(&r);
    bytes = part(&field, DER_SEQUENCE);
    whole(&field);
    type = part(&bytes, DER_OID);
    rd_need(&type, oid_of(der_oid(type)) == OID_OCSP_BASIC, OCSP_NOT_BASIC, 0, 0);
    type = part(&bytes, DER_OCTET_STRING);
    whole(&bytes);
    return read_basic(o, &type);
}
