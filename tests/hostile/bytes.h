/* SPDX-License-Identifier: Apache-2.0
 *
 * bytes.h - a growing run of bytes for a peer that writes wrong things on purpose: every edit is possible, and
 * lengths are only mended when they are asked to be.
 */
#ifndef HF_TEST_BYTES_H
#define HF_TEST_BYTES_H
#include "handfast.h"

struct bytes {
    uint8_t *p;
    size_t   n, cap;
};

void    bytes_free(struct bytes *b);
void    bytes_add(struct bytes *b, const void *p, size_t n);
void    bytes_u8(struct bytes *b, unsigned v);
void    bytes_u16(struct bytes *b, unsigned v);
void    bytes_u24(struct bytes *b, unsigned v);
void    bytes_zeros(struct bytes *b, size_t n);
void    bytes_insert(struct bytes *b, size_t at, const void *p, size_t n);
void    bytes_cut(struct bytes *b, size_t at, size_t n);
void    bytes_put16(struct bytes *b, size_t at, unsigned v);
void    bytes_put24(struct bytes *b, size_t at, unsigned v);
size_t  bytes_open(struct bytes *b, unsigned prefix); /* a vector, closed by bytes_close */
void    bytes_close(struct bytes *b, size_t mark, unsigned prefix);
hf_view bytes_view(const struct bytes *b);

/* ---- handshake messages: the extensions block is the last thing in all of these ---- */

/* Where the block begins (its two length bytes): ClientHello, ServerHello, EncryptedExtensions, CertificateRequest. */
size_t msg_exts_at(const struct bytes *m);
/* The extension's offset (of its type), 0 when it is not there; *len: of its data. */
size_t msg_ext(const struct bytes *m, uint16_t type, size_t *len);
void   msg_ext_add(struct bytes *m, uint16_t type, const void *p, size_t n); /* at the end, lengths mended */
void   msg_ext_drop(struct bytes *m, uint16_t type);
void   msg_ext_set(struct bytes *m, uint16_t type, const void *p, size_t n);
/* Mends the length of the message; of the block too when it has one. */
void msg_mend(struct bytes *m);
void msg_mend_exts(struct bytes *m);

#endif
