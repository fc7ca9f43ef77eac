/* SPDX-License-Identifier: Apache-2.0
 * zip_brotli.c - certificate compression by brotli (RFC 7932). */
#include <brotli/decode.h>
#include <brotli/encode.h>

#include "tls/zip.h"

static size_t pack(hf_view in, uint8_t *out, size_t room)
{
    size_t n    = room;
    bool   done = BrotliEncoderCompress(BROTLI_DEFAULT_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, in.n, in.p,
                                        &n, out) == BROTLI_TRUE;
    return done ? n : 0;
}

static void *take(void *m, size_t n)
{
    return zip_alloc(m, n);
}

static void give(void *m, void *p)
{
    mem_free(((struct zip_mem *)m)->mem, p);
}

/* As a stream, which tells how much of the input was used and takes an allocator; the one-shot does neither. */
static enum unzip unpack(hf_view in, uint8_t *out, size_t n, struct mem *mem)
{
    struct zip_mem      m = {.mem = mem};
    BrotliDecoderState *s = BrotliDecoderCreateInstance(take, give, &m);
    if (!s)
        return UNZIP_NO_MEMORY;
    size_t in_n = in.n, room = n;
    bool   end = BrotliDecoderDecompressStream(s, &in_n, &in.p, &room, &out, NULL) == BROTLI_DECODER_RESULT_SUCCESS;
    BrotliDecoderDestroyInstance(s);
    return zip_end(&m, end && in_n == 0 && room == 0);
}

const struct zip zip_brotli = {2, pack, unpack};
