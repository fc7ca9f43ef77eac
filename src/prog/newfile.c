/* SPDX-License-Identifier: Apache-2.0 */
#include "newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static bool unwritable(struct report *rep, const char *name, int error)
{
    char text[160];
    text_add(text, sizeof text, 0, "%s: %s", name, strerror(error));
    return fail_text(rep, NEW_FILE_WRITE, 0, 0, 0, text);
}

static bool taken(struct report *rep, const char *name)
{
    return fail_text(rep, NEW_FILE_EXISTS, 0, 0, 0, name);
}

/* 0, or the error. */
static int write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno != EINTR)
            return errno;
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
    return fsync(fd) == 0 ? 0 : errno;
}

bool newfiles_add(struct newfiles *s, const char *name, const void *p, size_t n, unsigned mode, struct report *rep)
{
    char *own = s->f[s->n].name, *temp = s->f[s->n].temp;
    int   k = snprintf(temp, PATH_MAX, "%s.XXXXXX", name), fd, error;
    if (k >= PATH_MAX)
        return unwritable(rep, name, ENAMETOOLONG);
    memcpy(own, name, strlen(name) + 1);
    if (access(name, F_OK) == 0) /* said early; newfiles_place is what keeps the promise */
        return taken(rep, name);
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return unwritable(rep, name, errno);
    s->f[s->n++].placed = false;
    error               = write_all(fd, p, n);
    if (!error && fchmod(fd, mode) != 0)
        error = errno;
    if (close(fd) != 0 && !error)
        error = errno;
    return !error || unwritable(rep, name, error);
}

/* The directory's entries reach the disk. */
static void flush_dir(const char *name)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", name);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

bool newfiles_place(struct newfiles *s, struct report *rep)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (link(s->f[i].temp, s->f[i].name) != 0)
            return errno == EEXIST ? taken(rep, s->f[i].name) : unwritable(rep, s->f[i].name, errno);
        s->f[i].placed = true;
    }
    if (s->n)
        flush_dir(s->f[0].name);
    return true;
}

void newfiles_keep(struct newfiles *s)
{
    for (unsigned i = 0; i < s->n; i++)
        unlink(s->f[i].temp);
    s->n = 0;
}

void newfiles_drop(struct newfiles *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        unlink(s->f[i].temp);
        if (s->f[i].placed)
            unlink(s->f[i].name);
    }
    s->n = 0;
}
