/* SPDX-License-Identifier: Apache-2.0
 * file.h - reading a whole file within a ceiling; the only file access below the program. */
#ifndef HF_BASE_FILE_H
#define HF_BASE_FILE_H
#include "mem.h"
#include "why.h"

/* All bytes of a file, with a NUL behind them, owned by m (mem_free); NULL: rep says why, with the name. */
uint8_t *file_read(const char *name, size_t *n, struct mem *m, struct report *rep);
/* The same with another ceiling than LIMIT_FILE_BYTES. */
uint8_t *file_read_within(const char *name, size_t max, size_t *n, struct mem *m, struct report *rep);

#endif
