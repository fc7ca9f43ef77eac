/* SPDX-License-Identifier: Apache-2.0
 * zip_zlib.c - certificate compression by zlib (RFC 1950). */
#include <zlib.h>

#include "zip.h"

static size_t pack(hf_view in, uint8_t *out, size_t room)
{
    uLongf n = room;
    return compress2(out, &n, in.p, in.n, Z_BEST_COMPRESSION) == Z_OK ? n : 0;
}

static bool unpack(hf_view in, uint8_t *out, size_t n)
{
    uLongf got  = n;
    uLong  used = in.n;
    return uncompress2(out, &got, in.p, &used) == Z_OK && got == n && used == in.n;
}

const struct zip zip_zlib = {1, pack, unpack};
