/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/keyfile.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"

static const char *const labels[N_KEY_LABELS] = {
    [KEY_CLIENT_EARLY]     = "CLIENT_EARLY_TRAFFIC_SECRET",
    [KEY_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    [KEY_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    [KEY_CLIENT_TRAFFIC]   = "CLIENT_TRAFFIC_SECRET_0",
    [KEY_SERVER_TRAFFIC]   = "SERVER_TRAFFIC_SECRET_0",
    [KEY_MASTER]           = "CLIENT_RANDOM",
};

static uint64_t key_of(enum key_label label, const uint8_t *random)
{
    uint64_t h = label;
    for (size_t i = 0; i < RANDOM_BYTES; i++)
        h = (h ^ random[i]) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The hex digits at p (n of them) as bytes; 0: they are none, or more than there is room for. */
static size_t from_hex(const char *p, size_t n, uint8_t *out, size_t room)
{
    if (n % 2 || n / 2 > room)
        return 0;
    for (size_t i = 0; i < n / 2; i++) {
        int hi = digit(p[2 * i]), lo = digit(p[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return 0;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return n / 2;
}

/* The next word of the line at *p; its length. */
static size_t word(const char **p, const char *end, const char **start)
{
    while (*p < end && (**p == ' ' || **p == '\t'))
        ++*p;
    *start = *p;
    while (*p < end && **p != ' ' && **p != '\t' && **p != '\r')
        ++*p;
    return (size_t)(*p - *start);
}

static bool read_line(const char *p, const char *end, struct key_line *out)
{
    const char *w;
    size_t      n     = word(&p, end, &w);
    unsigned    label = 0;
    while (label < N_KEY_LABELS && (strlen(labels[label]) != n || memcmp(labels[label], w, n) != 0))
        label++;
    if (label == N_KEY_LABELS)
        return false;
    *out = (struct key_line){.label = (enum key_label)label};
    n    = word(&p, end, &w);
    if (from_hex(w, n, out->random, RANDOM_BYTES) != RANDOM_BYTES)
        return false;
    n      = word(&p, end, &w);
    out->n = (uint8_t)from_hex(w, n, out->secret.b, SECRET_MAX);
    return out->n > 0;
}

static bool add(struct keyfile *k, const struct key_line *l, struct report *rep)
{
    if (k->n == k->cap) {
        size_t           cap  = k->cap ? 2 * k->cap : 64;
        struct key_line *more = mem_realloc(&k->mem, k->line, cap * sizeof *more);
        if (!more)
            return no_memory(rep, cap * sizeof *more);
        k->line = more;
        k->cap  = cap;
    }
    k->line[k->n] = *l;
    return map_put(&k->map, &k->mem, key_of(l->label, l->random), (uint32_t)k->n++) || no_memory(rep, sizeof *l);
}

bool keyfile_read(struct keyfile *k, const char *file, struct report *rep)
{
    struct key_line l;
    size_t          n;
    *k         = (struct keyfile){0};
    char *text = (char *)file_read(file, &n, &k->mem, rep);
    if (!text)
        return false;
    for (const char *p = text, *end = text + n; p < end && !report_bad(rep);) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        line_end             = line_end ? line_end : end;
        if (read_line(p, line_end, &l))
            add(k, &l, rep);
        p = line_end + 1;
    }
    mem_free(&k->mem, text);
    if (!report_bad(rep) && k->n == 0)
        fail_text(rep, KEYLOG_NO_LINE, 0, 0, 0, file);
    return !report_bad(rep);
}

void keyfile_free(struct keyfile *k)
{
    mem_free(&k->mem, k->line);
    map_free(&k->map, &k->mem);
    *k = (struct keyfile){0};
}

const struct key_line *keyfile_find(const struct keyfile *k, enum key_label label, const uint8_t *client_random)
{
    uint32_t i;
    if (!k)
        return NULL;
    for (size_t at = 0; map_next(&k->map, key_of(label, client_random), &at, &i);)
        if (k->line[i].label == label && memcmp(k->line[i].random, client_random, RANDOM_BYTES) == 0)
            return &k->line[i];
    return NULL;
}
