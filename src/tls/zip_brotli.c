/* SPDX-License-Identifier: Apache-2.0
 * zip_brotli.c - certificate compression by brotli (RFC 7932). */
#include <brotli/decode.h>
#include <brotli/encode.h>

#include "zip.h"

static size_t pack(hf_view in, uint8_t *out, size_t room)
{
    size_t n    = room;
    bool   done = BrotliEncoderCompress(BROTLI_DEFAULT_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, in.n, in.p,
                                        &n, out) == BROTLI_TRUE;
    return done ? n : 0;
}

static bool unpack(hf_view in, uint8_t *out, size_t n)
{
    size_t got = n;
    return BrotliDecoderDecompress(in.n, in.p, &got, out) == BROTLI_DECODER_RESULT_SUCCESS && got == n;
}

const struct zip zip_brotli = {2, pack, unpack};
