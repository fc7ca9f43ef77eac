/* SPDX-License-Identifier: Apache-2.0
 *
 * cert.c - Certificate and TBSCertificate (RFC 5280 4.1), as they stand in the RFC.
 *
 *   1. All views lie within the bytes given; offsets in reports count from their first one.
 *   2. What the issuer signed must be what is read: strict DER, nothing behind any structure, and the signature
 *      algorithm inside equal to the one outside (4.1.1.2).
 *   3. Rules for issuers that a relying party need not enforce are not: a serial number may be zero, negative or
 *      longer than 20 octets (4.1.2.2 asks users to be "prepared to gracefully handle such certificates").
 */
#include "cert.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/alg.h"
#include "x509/dn.h"
#include "x509/ext.h"

/* version [0] EXPLICIT INTEGER DEFAULT v1 */
static void read_version(struct cert *c, struct rd *tbs)
{
    struct rd field, number;
    c->version = 1;
    if (!der_maybe(tbs, DER_CONTEXTC(0), &field))
        return;
    number     = der_open(&field, DER_INTEGER, CERT_VERSION_FORM);
    c->version = der_count(number) < 3 ? der_count(number) + 1 : 0;
    rd_need(&number, c->version != 1, CERT_VERSION_DEFAULT, 1, 0);
    rd_need(&number, c->version != 0, CERT_VERSION_UNKNOWN, 2, der_count(number));
    rd_end(&field, CERT_VERSION_TRAILING);
}

static void read_serial(struct cert *c, struct rd *tbs)
{
    size_t at = rd_at(tbs);
    c->serial = der_integer(der_open(tbs, DER_INTEGER, CERT_NO_SERIAL));
    if (rd_ok(tbs) && c->serial.n > LIMIT_SERIAL)
        fail(tbs->rep, CERT_SERIAL_LONG, at, LIMIT_SERIAL, (int64_t)c->serial.n);
}

static void read_validity(struct cert *c, struct rd *tbs)
{
    struct rd v     = der_open(tbs, DER_SEQUENCE, CERT_NO_VALIDITY);
    c->not_before   = der_time(&v, CERT_NO_NOT_BEFORE);
    c->not_after_at = (uint32_t)rd_at(&v);
    c->not_after    = der_time(&v, CERT_NO_NOT_AFTER);
    rd_end(&v, CERT_VALIDITY_TRAILING);
}

/* issuerUniqueID [1], subjectUniqueID [2]: read past (4.1.2.8). */
static void read_unique_ids(struct cert *c, struct rd *tbs)
{
    struct rd id;
    unsigned  unused;
    for (uint8_t i = 1; i <= 2; i++)
        if (der_maybe(tbs, DER_CONTEXT(i), &id)) {
            rd_need(&id, c->version >= 2, CERT_UNIQUE_ID_V1, 2, c->version);
            der_bits(id, &unused);
        }
}

static void read_extensions(struct cert *c, struct rd *tbs)
{
    struct rd field, exts;
    if (!der_maybe(tbs, DER_CONTEXTC(3), &field))
        return;
    rd_need(&field, c->version == 3, CERT_EXTENSIONS_OLD, 3, c->version);
    exts = der_open(&field, DER_SEQUENCE, CERT_EXTENSIONS_FORM);
    rd_end(&field, CERT_EXTENSIONS_TRAILING);
    if (rd_ok(tbs))
        cert_exts_read(c, exts);
}

/* The issuer is never empty (4.1.2.4), the subject is not when it is a CA (4.1.2.6): both are how a path chains. */
static void check_names(const struct cert *c, struct rd *tbs, size_t issuer_at, size_t subject_at)
{
    if (rd_ok(tbs) && dn_empty(c->issuer))
        fail(tbs->rep, CERT_ISSUER_EMPTY, issuer_at, 0, 0);
    if (rd_ok(tbs) && c->is_ca && dn_empty(c->subject))
        fail(tbs->rep, CERT_CA_SUBJECT_EMPTY, subject_at, 0, 0);
}

static bool read_tbs(struct cert *c, struct rd tbs, struct alg *inner)
{
    size_t issuer_at, subject_at;
    read_version(c, &tbs);
    read_serial(c, &tbs);
    *inner    = alg_read(&tbs, CERT_NO_TBS_ALG);
    issuer_at = rd_at(&tbs);
    c->issuer = dn_read(&tbs, CERT_NO_ISSUER);
    read_validity(c, &tbs);
    subject_at       = rd_at(&tbs);
    c->subject       = dn_read(&tbs, CERT_NO_SUBJECT);
    struct spki spki = spki_read(&tbs, CERT_NO_SPKI);
    c->key           = spki.key;
    c->spki          = spki.whole;
    c->spki_alg      = spki.alg;
    if (!rd_ok(&tbs))
        return false;
    read_unique_ids(c, &tbs);
    read_extensions(c, &tbs);
    rd_end(&tbs, CERT_TBS_TRAILING);
    check_names(c, &tbs, issuer_at, subject_at);
    return rd_ok(&tbs);
}

bool cert_parse(struct cert *c, hf_view der, struct report *rep)
{
    struct rd  all = der_reader(der, rep), r, tbs;
    struct alg outer, inner;
    memset(c, 0, sizeof *c);
    c->der      = der;
    c->path_len = -1;
    rd_need(&all, der.n <= LIMIT_CERT, CERT_TOO_LARGE, LIMIT_CERT, (int64_t)der.n);
    r           = der_open(&all, DER_SEQUENCE, CERT_NOT_SEQUENCE);
    c->tbs.p    = r.p;
    tbs         = der_open(&r, DER_SEQUENCE, CERT_NO_TBS);
    c->tbs.n    = (size_t)(r.p - c->tbs.p);
    outer       = alg_read(&r, CERT_NO_ALG);
    c->sig_alg  = outer.whole;
    c->sig_bits = der_bits(der_open(&r, DER_BIT_STRING, CERT_NO_SIGNATURE), NULL);
    rd_end(&r, CERT_TRAILING);
    rd_end(&all, CERT_BYTES_BEHIND);
    if (!rd_ok(&all) || !read_tbs(c, tbs, &inner))
        return false;
    if (!view_equal(outer.whole, inner.whole))
        return fail(rep, CERT_ALG_MISMATCH, (size_t)(outer.whole.p - der.p), 0, 0);
    c->sig = sig_how_read(&outer);
    return rd_ok(&all);
}

/* ---- raw public keys ------------------------------------------------------------------------------------- */

bool cert_bare(struct cert *c, hf_view spki, struct report *rep)
{
    struct rd   all = der_reader(spki, rep);
    struct spki s   = spki_read(&all, RAW_KEY_NO_SPKI);
    *c              = (struct cert){.spki = s.whole, .spki_alg = s.alg, .key = s.key, .path_len = -1};
    return rd_end(&all, RAW_KEY_BYTES_BEHIND);
}

bool cert_is_bare(const struct cert *c)
{
    return c->der.n == 0 && c->spki.n > 0;
}

bool spki_alone(hf_view bytes)
{
    struct report rep;
    struct cert   c;
    report_init(&rep);
    return cert_bare(&c, bytes, &rep);
}

char *spki_name(hf_view spki, char out[static SPKI_NAME_ROOM])
{
    uint8_t digest[32];
    size_t  n = text_add(out, SPKI_NAME_ROOM, 0, "key sha256:");
    hash_once(HASH_SHA256, spki, digest);
    text_hex(out + n, SPKI_NAME_ROOM - n, digest, sizeof digest, 0);
    return out;
}

/* ---------------------------------------------------------------------------------------------------------- */

size_t der_whole(hf_view bytes)
{
    struct der_item e;
    return der_cut(&bytes, &e) ? e.whole.n : 0;
}

bool cert_self_issued(const struct cert *c)
{
    return dn_equal(c->subject, c->issuer);
}

void cert_sha256(const struct cert *c, uint8_t out[32])
{
    hash_once(HASH_SHA256, c->der, out);
}

void cert_spki_sha256(const struct cert *c, uint8_t out[32])
{
    hash_once(HASH_SHA256, c->spki, out);
}
