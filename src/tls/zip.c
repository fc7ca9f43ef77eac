/* SPDX-License-Identifier: Apache-2.0
 * zip.c - see zip.h. The build says which libraries there are. */
#include "zip.h"

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
