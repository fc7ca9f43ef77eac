/* SPDX-License-Identifier: Apache-2.0
 * zip_zlib.c - certificate compression by zlib (RFC 1950). */
#define ZLIB_CONST
#include <zlib.h>

#include "tls/zip.h"

static size_t pack(hf_view in, uint8_t *out, size_t room)
{
    uLongf n = room;
    return compress2(out, &n, in.p, in.n, Z_BEST_COMPRESSION) == Z_OK ? n : 0;
}

static void *take(void *m, uInt items, uInt size)
{
    return zip_alloc(m, (size_t)items * size);
}

static void give(void *m, void *p)
{
    mem_free(((struct zip_mem *)m)->mem, p);
}

static enum unzip unpack(hf_view in, uint8_t *out, size_t n, struct mem *mem)
{
    struct zip_mem m = {.mem = mem};
    z_stream       s = {.zalloc = take, .zfree = give, .opaque = &m, .avail_in = (uInt)in.n, .avail_out = (uInt)n};
    s.next_in        = in.p;
    s.next_out       = out;
    if (inflateInit(&s) != Z_OK)
        return UNZIP_NO_MEMORY;
    bool end = inflate(&s, Z_FINISH) == Z_STREAM_END;
    inflateEnd(&s);
    return zip_end(&m, end && s.avail_in == 0 && s.avail_out == 0);
}

const struct zip zip_zlib = {1, pack, unpack};
