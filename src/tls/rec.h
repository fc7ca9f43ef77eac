/* SPDX-License-Identifier: Apache-2.0
 *
 * rec.h - the record layer (RFC 9846 5): framing, protection, padding, limits. One struct rec_dir is one
 * direction under one key; without a key records are plaintext.
 *
 * Opening and sealing happen in place, in the connection's windows.
 */
#ifndef HF_TLS_REC_H
#define HF_TLS_REC_H
#include "base/limits.h"
#include "tls/codes.h"
#include "tls/keys13.h"

enum { REC_HEADER = 5, REC_SEALED_MAX = REC_HEADER + LIMIT_RECORD_PLAINTEXT + LIMIT_RECORD_EXPANSION };

struct rec_dir {
    struct aead *aead;           /* NULL: plaintext */
    uint8_t      iv[AEAD_NONCE]; /* TLS 1.2 with AES-GCM: the salt, 4 bytes */
    uint64_t     seq;
    bool         v12;        /* records of TLS 1.2: the content type is outside */
    uint8_t      explicit_n; /* TLS 1.2 with AES-GCM: bytes of nonce in front of each record */
};

/* Puts a direction under the key of a traffic secret; false: no memory. The old key is released. */
bool rec_key(struct rec_dir *d, const struct suite *suite, const struct secret *traffic, bool sealing);
/* The same for TLS 1.2 from a part of the key block; iv has rec_iv_len bytes. */
bool   rec_key12(struct rec_dir *d, const struct suite *suite, const uint8_t *key, const uint8_t *iv, bool sealing);
size_t rec_iv_len12(const struct suite *suite);
void   rec_drop(struct rec_dir *d);

struct record {
    uint8_t type;   /* of the content, after opening */
    bool    sealed; /* it was protected */
    hf_view body;
    size_t  whole; /* bytes of the wire it took */
};

enum rec_got { REC_NEED_MORE, REC_WHOLE, REC_BAD, REC_SKIPPED };

/* The record at the start of wire (opened in place). first: nothing was received before, so that a peer
 * that speaks another protocol is named. */
enum rec_got rec_open(struct rec_dir *d, uint8_t *wire, size_t n, bool first, struct record *out, struct report *rep);

/* The protection of TLS 1.2 (rec12.c; RFC 5288, RFC 7905), in place; called by rec.c. */
bool rec12_unseal(struct rec_dir *d, uint8_t *wire, size_t len, struct record *out, struct report *rep);
bool rec12_seal(struct rec_dir *d, uint8_t *wire, size_t n);

/* Bytes that a record of n content bytes takes on the wire, padded to a multiple of pad (0, 1: none). */
size_t rec_wire_len(const struct rec_dir *d, size_t n, unsigned pad);
/* Writes one record of at most LIMIT_RECORD_PLAINTEXT bytes to out (rec_wire_len bytes); false: sealing failed. */
bool rec_seal(struct rec_dir *d, uint8_t type, uint16_t version, hf_view content, unsigned pad, uint8_t *out);

#endif
