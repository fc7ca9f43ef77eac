/* SPDX-License-Identifier: Apache-2.0
 * zip_zstd.c - certificate compression by zstd (RFC 8878). */
#include <string.h>
#include <zstd.h>

#include "tls/zip.h"

static size_t pack(hf_view in, uint8_t *out, size_t room)
{
    size_t n = ZSTD_compress(out, room, in.p, in.n, ZSTD_CLEVEL_DEFAULT);
    return ZSTD_isError(n) ? 0 : n;
}

/* One frame of RFC 8878 and nothing else: the library would go on into further frames, skip others, and read formats
 * that came before the RFC. */
static bool one_frame(hf_view in)
{
    static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    return in.n > sizeof magic && memcmp(in.p, magic, sizeof magic) == 0 &&
           ZSTD_findFrameCompressedSize(in.p, in.n) == in.n;
}

/* Its context is of one size whatever comes, and it takes no allocator (in the stable interface): it is counted. */
static enum unzip unpack(hf_view in, uint8_t *out, size_t n, struct mem *mem)
{
    if (!one_frame(in))
        return UNZIP_BROKEN;
    ZSTD_DCtx *d    = ZSTD_createDCtx();
    size_t     held = ZSTD_sizeof_DCtx(d), got = 0;
    bool       room = d && mem_charge(mem, held);
    if (room) {
        got = ZSTD_decompressDCtx(d, out, n, in.p, in.n);
        mem_credit(mem, held);
    }
    ZSTD_freeDCtx(d);
    return room ? (got == n ? UNZIP_DONE : UNZIP_BROKEN) : UNZIP_NO_MEMORY;
}

const struct zip zip_zstd = {3, pack, unpack};
