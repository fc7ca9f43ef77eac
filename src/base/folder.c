/* SPDX-License-Identifier: Apache-2.0
 *
 * folder.c - a folder as a list of paths, for settings that name many files at once. The order is that of the
 * bytes of the names, so that what is read first does not depend on the file system or on the locale.
 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int not_hidden(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The paths behind their pointers; those that are folders are not kept. */
static char **list(const char *folder, struct dirent **found, size_t n_found, size_t *n, struct mem *m)
{
    size_t bytes = (n_found + 1) * sizeof(char *);
    char **all, *p;
    for (size_t i = 0; i < n_found; i++)
        bytes += strlen(folder) + strlen(found[i]->d_name) + 2;
    all = mem_alloc(m, bytes);
    p   = (char *)(all + n_found + 1);
    for (size_t i = 0; all && i < n_found; i++) {
        char *end = stpcpy(stpcpy(stpcpy(p, folder), "/"), found[i]->d_name);
        if (is_folder(p))
            continue;
        all[(*n)++] = p;
        p           = end + 1;
    }
    return all;
}

char **folder_files(const char *folder, size_t *n, struct mem *m, struct report *rep)
{
    struct dirent **found;
    char          **all, text[160];
    int             n_found = scandir(folder, &found, not_hidden, by_bytes);
    *n                      = 0;
    if (n_found < 0) {
        text_add(text, sizeof text, 0, "%s: %s", folder, strerror(errno));
        fail_text(rep, FOLDER_UNREADABLE, 0, 0, 0, text);
        return NULL;
    }
    all = list(folder, found, (size_t)n_found, n, m);
    for (int i = 0; i < n_found; i++)
        free(found[i]);
    free(found);
    if (!all)
        no_memory(rep, (size_t)n_found * sizeof(char *));
    return all;
}
