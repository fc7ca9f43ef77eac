/* SPDX-License-Identifier: Apache-2.0
 * folder.h - what files a folder holds. */
#ifndef HF_BASE_FOLDER_H
#define HF_BASE_FOLDER_H
#include "mem.h"
#include "why.h"

bool is_folder(const char *path);
/* The paths of the files in it, in the order of their names; folders and names that begin with a dot are left out. One
 * block of m (mem_free). NULL: rep says why, with the name. */
char **folder_files(const char *folder, size_t *n, struct mem *m, struct report *rep);

#endif
