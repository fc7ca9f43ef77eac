/* SPDX-License-Identifier: Apache-2.0
 *
 * zip.h - the algorithms of certificate compression (RFC 8879 7.3): those whose libraries the build found, each in a
 * file of its own. Certificates are public, so that nothing is told by their length.
 *
 *   1. Unpacking writes into n bytes and never behind them; it is done when exactly n came of all bytes of in, in one
 *      stream: what stands behind its end is a fault as a missing end is.
 *   2. What the libraries hold meanwhile is the connection's memory (mem), and no stranger's bytes decide how much
 *      more than LIMIT_ZIP_BLOCK is asked for at a time.
 */
#ifndef HF_TLS_ZIP_H
#define HF_TLS_ZIP_H
#include "base/mem.h"

enum unzip { UNZIP_BROKEN, UNZIP_DONE, UNZIP_NO_MEMORY };

struct zip {
    uint16_t code; /* CertificateCompressionAlgorithm */
    /* The length of the packed form in out; 0: it does not fit, or memory is out. */
    size_t (*pack)(hf_view in, uint8_t *out, size_t room);
    enum unzip (*unpack)(hf_view in, uint8_t *out, size_t n, struct mem *mem);
};
extern const struct zip zip_zlib, zip_brotli, zip_zstd;

enum { ZIPS_MAX = 3 };
/* The algorithms we have, in our order; NULL behind the last. */
const struct zip *zip_at(size_t i);
const struct zip *zip_of(uint16_t code);

/* For the libraries that take an allocator of ours. */
struct zip_mem {
    struct mem *mem;
    bool        out; /* memory was refused */
};
void      *zip_alloc(struct zip_mem *m, size_t n);
enum unzip zip_end(const struct zip_mem *m, bool whole);

#endif
