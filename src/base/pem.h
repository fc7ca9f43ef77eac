/* SPDX-License-Identifier: Apache-2.0
 *
 * pem.h - textual encodings (RFC 7468): finds the blocks of a file and decodes them.
 */
#ifndef HF_BASE_PEM_H
#define HF_BASE_PEM_H
#include "mem.h"
#include "why.h"

struct pem_block {
    hf_view  label; /* "CERTIFICATE", "EC PRIVATE KEY", ...; into the text */
    hf_view  whole; /* from "-----BEGIN" to the end of the END line; into the text */
    uint8_t *der;   /* decoded, owned (pem_free) */
    size_t   n;
};

/* The next block at *at (an offset in text, moved behind the block). Returns true and fills b; false at the
 * end of the text (rep stays good) or on a broken block (rep says where). Text between blocks is skipped. */
bool pem_next(hf_view text, size_t *at, struct pem_block *b, struct mem *m, struct report *rep);
void pem_free(struct pem_block *b, struct mem *m);
/* A PEM "BEGIN" line is somewhere in it. */
bool pem_looks_like(hf_view bytes);
/* base64 with line breaks every 64 characters between BEGIN and END lines. Returns the length, 0 when room is out. */
size_t pem_write(char *out, size_t room, const char *label, hf_view der);

#endif
