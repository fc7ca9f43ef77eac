/* SPDX-License-Identifier: Apache-2.0
 *
 * file.c - one way to read a file: to its end, whatever it is (a pipe too), growing as it comes, within a
 * ceiling. A file that has a size is read into one block of that size. What is read may be a private key: the
 * memory is wiped when it moves or is freed.
 */
#include "file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "text.h"

enum { FIRST_ROOM = 8192 };

struct bytes {
    uint8_t *p;
    size_t   n, room; /* room: without the NUL */
    size_t   size;    /* what the file says that it has; 0: it does not say */
    size_t   max;
};

/* "name: Permission denied": the system's own words for what it refused. */
static bool unreadable(struct report *rep, const char *name, int error)
{
    char text[160];
    text_add(text, sizeof text, 0, "%s: %s", name, strerror(error));
    return fail_text(rep, FILE_UNREADABLE, 0, 0, 0, text);
}

/* Room for at least one more byte than what is there. */
static bool grow(struct bytes *b, const char *name, struct mem *m, struct report *rep)
{
    size_t   least = b->n > b->size ? b->n : b->size; /* one more byte shows the end */
    size_t   room  = b->room ? b->room * 2 : b->size ? b->size + 1 : FIRST_ROOM;
    uint8_t *more;
    if (least > b->max)
        return fail_text(rep, FILE_TOO_LARGE, 0, (int64_t)b->max, (int64_t)least, name);
    if (b->n < b->room)
        return true;
    more = mem_realloc(m, b->p, room + 1);
    if (!more)
        return no_memory(rep, room);
    b->p    = more;
    b->room = room;
    return true;
}

static bool read_all(int fd, struct bytes *b, const char *name, struct mem *m, struct report *rep)
{
    while (grow(b, name, m, rep)) {
        ssize_t k = read(fd, b->p + b->n, b->room - b->n);
        if (k == 0)
            return true;
        if (k > 0)
            b->n += (size_t)k;
        else if (errno != EINTR)
            return unreadable(rep, name, errno);
    }
    return false;
}

static int open_for_reading(const char *name)
{
    int fd;
    do
        fd = open(name, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static size_t size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;
}

uint8_t *file_read(const char *name, size_t *n, struct mem *m, struct report *rep)
{
    return file_read_within(name, LIMIT_FILE_BYTES, n, m, rep);
}

uint8_t *file_read_within(const char *name, size_t max, size_t *n, struct mem *m, struct report *rep)
{
    struct bytes b  = {.max = max};
    int          fd = open_for_reading(name);
    bool         ok;
    *n = 0;
    if (fd < 0)
        return unreadable(rep, name, errno), NULL;
    b.size = size_of(fd);
    ok     = read_all(fd, &b, name, m, rep);
    close(fd);
    if (ok && b.n == 0)
        ok = fail_text(rep, FILE_EMPTY, 0, 1, 0, name);
    if (!ok)
        return mem_free(m, b.p), NULL;
    assert(b.p); /* it holds bytes */
    b.p[b.n] = 0;
    *n       = b.n;
    return b.p;
}
