/* SPDX-License-Identifier: Apache-2.0
 *
 * derw.h - writing DER (X.690 10, 11) on top of the writer, in the order in which it is read:
 *
 *     size_t seq = derw_open(w, DER_SEQUENCE);
 *     derw_time(w, not_before);
 *     derw_time(w, not_after);
 *     derw_close(w, seq);
 *
 * Sticky like wr.h: when room is out nothing more is written, and wr.full says so at the end.
 */
#ifndef HF_X509_DERW_H
#define HF_X509_DERW_H
#include "base/wr.h"
#include "x509/der.h"
#include "x509/oid.h"

/* Begins an element; the mark goes to derw_close, which writes the length. Elements nest. */
size_t derw_open(struct wr *w, uint8_t tag);
void   derw_close(struct wr *w, size_t mark);
/* A whole element. */
void derw_bytes(struct wr *w, uint8_t tag, hf_view contents);
void derw_oid(struct wr *w, enum oid o);
void derw_true(struct wr *w);
/* INTEGER, not negative: big-endian bytes (leading zeros allowed), or a number. */
void derw_unsigned(struct wr *w, hf_view big_endian);
void derw_number(struct wr *w, uint32_t v);
/* BIT STRING of whole bytes. */
void derw_bits(struct wr *w, hf_view bytes);
/* BIT STRING with a list of named bits: bit n is 1 << n of flags; trailing zeros are dropped (X.690 11.2.2). */
void derw_flags(struct wr *w, unsigned flags);
/* UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5). Unix seconds, years 0 to 9999. */
void derw_time(struct wr *w, int64_t seconds);

#endif
