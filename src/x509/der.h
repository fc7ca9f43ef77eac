/* SPDX-License-Identifier: Apache-2.0
 *
 * der.h - strict DER (X.690 10, 11) on top of the reader: an element is opened as a sub-reader over its
 * contents, so that a parser looks like the ASN.1 it reads:
 *
 *     struct rd seq = der_open(&r, DER_SEQUENCE, VALIDITY_NOT_SEQUENCE);
 *     not_before    = der_time(&seq, ...);
 *     rd_end(&seq, VALIDITY_TRAILING);
 *
 * Invariants:
 *   1. Sticky like rd.h: the first failure is recorded, everything behind it reads as empty. rd_ok says so.
 *   2. Lengths are definite and minimal, tags have one byte, contents lie within what holds them.
 *   3. What is wrong with an element's form is a check of its own (DER_*), the same wherever it stands; that the
 *      expected element is not there is the check that the caller gives.
 */
#ifndef HF_X509_DER_H
#define HF_X509_DER_H
#include "base/rd.h"

enum der_tag {
    DER_BOOLEAN      = 0x01,
    DER_INTEGER      = 0x02,
    DER_BIT_STRING   = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL         = 0x05,
    DER_OID          = 0x06,
    DER_ENUMERATED   = 0x0a,
    DER_UTF8         = 0x0c,
    DER_NUMERIC      = 0x12,
    DER_PRINTABLE    = 0x13,
    DER_TELETEX      = 0x14,
    DER_IA5          = 0x16,
    DER_UTC_TIME     = 0x17,
    DER_GENERAL_TIME = 0x18,
    DER_VISIBLE      = 0x1a,
    DER_UNIVERSAL    = 0x1c,
    DER_BMP          = 0x1e,
    DER_SEQUENCE     = 0x30,
    DER_SET          = 0x31
};
#define DER_CONTEXT(n)  (0x80 | (n)) /* IMPLICIT [n] of a primitive type */
#define DER_CONTEXTC(n) (0xa0 | (n)) /* EXPLICIT [n], or IMPLICIT [n] of a constructed type */

struct der_item {
    uint8_t tag;
    hf_view whole, body; /* with and without the header */
};

/* A reader over one or more elements; offsets count from v.p. */
struct rd der_reader(hf_view v, struct report *rep);
/* A reader over v, a part of what r reads: offsets go on counting from r's start. */
struct rd der_inside(const struct rd *r, hf_view v);

/* ---- elements ---- */
/* The next element, which must have this tag (id: it has another one, or there is none), as a reader over its contents. */
struct rd der_open(struct rd *r, uint8_t tag, enum check id);
/* The same if the next element has this tag; false, without a failure, when not. */
bool der_maybe(struct rd *r, uint8_t tag, struct rd *body);
/* The next element whatever it is (id: there is none). */
struct der_item der_any(struct rd *r, enum check id);
/* Something is left and nothing has failed: the condition of every loop over elements. */
static inline bool der_more(const struct rd *r)
{
    return r->p < r->end && rd_ok(r);
}
static inline bool der_is(const struct rd *r, uint8_t tag)
{
    return r->p < r->end && *r->p == tag;
}
/* Counts one more in *n, of which at most max are taken (id: there are more). */
bool der_count_one(struct rd *r, unsigned *n, unsigned max, enum check id);
/* Cuts the first element off *rest, without a report: for walks over what a parser has accepted. False: nothing
 * is left, or it is no element. */
bool der_cut(hf_view *rest, struct der_item *out);

/* ---- contents; each takes what der_open gave ---- */
/* Two's complement, minimal. */
hf_view der_integer(struct rd r);
/* Not negative; without the sign byte, so that zero is one byte 00. */
hf_view der_unsigned(struct rd r);
/* Not negative; what is greater than INT32_MAX is INT32_MAX (path lengths, skip counts: all are "no limit"). */
int  der_count(struct rd r);
bool der_boolean(struct rd r);
/* The bits; *unused of the last byte (all zero) do not count. unused may be NULL: then there may be none. */
hf_view der_bits(struct rd r, unsigned *unused);
hf_view der_oid(struct rd r);
void    der_null(struct rd r);
/* The next element as the RFC 5280 4.1.2.5 forms allow (id: it is neither of the two): Unix seconds. */
int64_t der_time(struct rd *r, enum check id);
/* The next element, a GeneralizedTime of any year (RFC 5280 5.3.2, RFC 6960 4.2.1; id: it is none): Unix seconds. */
int64_t der_general_time(struct rd *r, enum check id);

#endif
