/* SPDX-License-Identifier: Apache-2.0
 *
 * file.c - one way to read a file: to its end, whatever it is (a pipe too), growing as it comes, within
 * LIMIT_FILE_BYTES. What is read may be a private key: the memory is wiped when it moves or is freed.
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
    size_t   room = b->room ? b->room * 2 : FIRST_ROOM;
    uint8_t *more;
    if (b->n > LIMIT_FILE_BYTES)
        return fail_text(rep, FILE_TOO_LARGE, 0, LIMIT_FILE_BYTES, (int64_t)b->n, name);
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

uint8_t *file_read(const char *name, size_t *n, struct mem *m, struct report *rep)
{
    struct bytes b  = {0};
    int          fd = open_for_reading(name);
    bool         ok;
    *n = 0;
    if (fd < 0)
        return unreadable(rep, name, errno), NULL;
    ok = read_all(fd, &b, name, m, rep);
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
