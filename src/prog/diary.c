/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/diary.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "prog/explain.h"

enum { PATH_ROOM = 4096 };

static struct {
    pthread_mutex_t lock;
    char            file[PATH_ROOM];
    unsigned        keep;
    size_t          lines; /* in the file */
    int             fd;    /* -1: no diary */
    int64_t         second;
    unsigned        in_second;
} diary = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static bool is_stdout(void)
{
    return strcmp(diary.file, "-") == 0;
}

/* ---- the last N lines ---------------------------------------------------------------------------------- */

static size_t count_lines(const char *p, size_t n)
{
    size_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines++;
    return lines;
}

/* Where the last `keep` lines begin. */
static const char *last_lines(const char *p, size_t n, size_t keep)
{
    size_t skip = count_lines(p, n);
    for (skip = skip > keep ? skip - keep : 0; skip; skip--)
        p = (const char *)memchr(p, '\n', n) + 1;
    return p;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno != EINTR)
            return false;
        p += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
    return true;
}

/* Puts what is worth keeping into a new file in place of the old one. */
static void shorten(void)
{
    struct report rep;
    struct mem    m = {0};
    char          fresh[PATH_ROOM + 8];
    size_t        n;
    report_init(&rep);
    char *text = (char *)file_read_within(diary.file, LIMIT_FILE_BYTES, &n, &m, &rep);
    snprintf(fresh, sizeof fresh, "%s.new", diary.file);
    int fd = text ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        const char *from = last_lines(text, n, diary.keep);
        if (write_all(fd, from, n - (size_t)(from - text)) && rename(fresh, diary.file) == 0) {
            close(diary.fd);
            diary.fd    = fd;
            diary.lines = count_lines(from, n - (size_t)(from - text));
        } else
            close(fd);
    }
    mem_free(&m, text);
}

/* What an earlier run has left counts too. */
static void count_old(void)
{
    struct report rep;
    struct mem    m = {0};
    size_t        n;
    report_init(&rep);
    char *text  = (char *)file_read_within(diary.file, LIMIT_FILE_BYTES, &n, &m, &rep);
    diary.lines = text ? count_lines(text, n) : 0;
    mem_free(&m, text);
}

bool diary_open(const char *file, unsigned keep, struct report *rep)
{
    snprintf(diary.file, sizeof diary.file, "%s", file);
    diary.keep = keep ? keep : DIARY_KEEP;
    diary.fd   = is_stdout() ? STDOUT_FILENO : open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (diary.fd < 0)
        return fail_text(rep, DIARY_UNWRITABLE, 0, 0, errno, file);
    if (!is_stdout())
        count_old();
    return true;
}

/* ---- one tale ------------------------------------------------------------------------------------------ */

static bool too_many(int64_t now)
{
    pthread_mutex_lock(&diary.lock);
    if (now / 1000 != diary.second) {
        diary.second    = now / 1000;
        diary.in_second = 0;
    }
    bool many = ++diary.in_second > DIARY_A_SECOND;
    pthread_mutex_unlock(&diary.lock);
    return many;
}

void diary_keep(const struct story *s, const hf_conn *c, const hf_why *why, const struct refused *r)
{
    if (diary.fd < 0 || !c || too_many(log_now_ms()))
        return;
    json_t *tale = tale_refused(s, c, why, r);
    char   *line = json_dumps(tale, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(tale);
    if (!line)
        return;
    size_t n = strlen(line);
    line[n]  = '\n'; /* in place of its end: the length is known */
    pthread_mutex_lock(&diary.lock);
    if (write_all(diary.fd, line, n + 1) && !is_stdout() && ++diary.lines >= 2 * (size_t)diary.keep)
        shorten();
    pthread_mutex_unlock(&diary.lock);
    free(line);
}
