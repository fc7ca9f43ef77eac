/* SPDX-License-Identifier: Apache-2.0
 *
 * ticket_keys.c - see ticket_keys.h. The form is what `openssl rand -hex 32` prints, so that a key is made and added
 * with one line of shell. To change keys on several machines: add the new one at the end everywhere, then bring it to
 * the front everywhere, then take the old one away.
 */
#include "prog/ticket_keys.h"

#include <string.h>

#include "base/ct.h"
#include "base/file.h"
#include "base/mem.h"

enum { KEY_BYTES = 32, KEYS_MAX = 8 };

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool key_of_line(const char *line, size_t n, uint8_t out[KEY_BYTES])
{
    if (n != KEY_BYTES * 2)
        return false;
    for (size_t i = 0; i < KEY_BYTES; i++) {
        int high = digit(line[2 * i]), low = digit(line[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* The keys of the text; 0: rep says which line is wrong. */
static size_t keys_of(const char *text, size_t n, uint8_t *keys, const char *file, struct report *rep)
{
    size_t n_keys = 0, number = 0;
    for (size_t at = 0; at < n; at++) {
        const char *line = text + at, *end = memchr(line, '\n', n - at);
        size_t      len = end ? (size_t)(end - line) : n - at;
        at += len;
        number++;
        while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
            len--;
        if (len == 0 || line[0] == '#')
            continue;
        if (n_keys == KEYS_MAX || !key_of_line(line, len, keys + n_keys * KEY_BYTES))
            return fail_text(rep, TICKET_KEYS_LINE, 0, KEYS_MAX, (int64_t)number, file);
        n_keys++;
    }
    return n_keys || fail_text(rep, TICKET_KEYS_NONE, 0, 0, 0, file) ? n_keys : 0;
}

hf_tickets *ticket_keys_read(const char *file, struct report *rep)
{
    struct mem  m = {0};
    uint8_t     keys[KEY_BYTES * KEYS_MAX];
    size_t      n, n_keys;
    uint8_t    *text = file_read(file, &n, &m, rep);
    hf_tickets *t    = NULL;
    if (!text)
        return NULL;
    n_keys = keys_of((const char *)text, n, keys, file, rep);
    if (n_keys && !(t = hf_tickets_new(keys, n_keys * KEY_BYTES)))
        no_memory(rep, sizeof keys);
    ct_wipe(keys, sizeof keys);
    mem_free(&m, text);
    return t;
}
