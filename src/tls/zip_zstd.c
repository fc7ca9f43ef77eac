/* SPDX-License-Identifier: Apache-2.0
 * zip_zstd.c - certificate compression by zstd (RFC 8878). */
#include <zstd.h>

#include "zip.h"

static size_t pack(hf_view in, uint8_t *out, size_t room)
{
    size_t n = ZSTD_compress(out, room, in.p, in.n, ZSTD_CLEVEL_DEFAULT);
    return ZSTD_isError(n) ? 0 : n;
}

static bool unpack(hf_view in, uint8_t *out, size_t n)
{
    size_t got = ZSTD_decompress(out, n, in.p, in.n);
    return !ZSTD_isError(got) && got == n;
}

const struct zip zip_zstd = {3, pack, unpack};
