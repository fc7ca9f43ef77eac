/* SPDX-License-Identifier: Apache-2.0
 * zip.c - see zip.h. The build says which libraries there are. */
#include "tls/zip.h"

#include "base/limits.h"

static const struct zip *const all[] = {
#ifdef HF_ZIP_BROTLI
    &zip_brotli,
#endif
#ifdef HF_ZIP_ZSTD
    &zip_zstd,
#endif
#ifdef HF_ZIP_ZLIB
    &zip_zlib,
#endif
    NULL,
};

const struct zip *zip_at(size_t i)
{
    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

const struct zip *zip_of(uint16_t code)
{
    for (size_t i = 0; all[i]; i++)
        if (all[i]->code == code)
            return all[i];
    return NULL;
}

void *zip_alloc(struct zip_mem *m, size_t n)
{
    if (n > LIMIT_ZIP_BLOCK)
        return NULL;
    void *p = mem_alloc(m->mem, n);
    m->out  = m->out || !p;
    return p;
}

enum unzip zip_end(const struct zip_mem *m, bool whole)
{
    if (whole)
        return UNZIP_DONE;
    return m->out ? UNZIP_NO_MEMORY : UNZIP_BROKEN;
}
