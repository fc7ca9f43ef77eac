/* SPDX-License-Identifier: Apache-2.0
 *
 * zip.h - the algorithms of certificate compression (RFC 8879 7.3): those whose libraries the build found, each in a
 * file of its own. Certificates are public, so that nothing is told by their length.
 */
#ifndef HF_TLS_ZIP_H
#define HF_TLS_ZIP_H
#include "handfast.h"

struct zip {
    uint16_t code; /* CertificateCompressionAlgorithm */
    /* The length of the packed form in out; 0: it does not fit, or memory is out. */
    size_t (*pack)(hf_view in, uint8_t *out, size_t room);
    /* Exactly n bytes must come of it; nothing is written behind them. */
    bool (*unpack)(hf_view in, uint8_t *out, size_t n);
};
extern const struct zip zip_zlib, zip_brotli, zip_zstd;

enum { ZIPS_MAX = 3 };
/* The algorithms we have, in our order; NULL behind the last. */
const struct zip *zip_at(size_t i);
const struct zip *zip_of(uint16_t code);

#endif
