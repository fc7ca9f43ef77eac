/* SPDX-License-Identifier: Apache-2.0
 *
 * mutate.c - how libFuzzer changes the inputs of the state machines (flight.h): most often the contents of one item,
 * whose length is mended then, and in a handshake record the length of the message too; else an item is doubled,
 * dropped or moved, or the bytes are changed without regard to what they mean.
 */
#include "flight.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);

enum { ITEMS_MAX = 64, CONTENTS_MAX = 65535 };

struct items {
    size_t n, at[ITEMS_MAX + 1]; /* at[n]: the end */
};

static struct items find_items(const uint8_t *data, size_t n)
{
    struct items s  = {.at = {SETTING_BYTES}};
    size_t       at = SETTING_BYTES;
    while (s.n < ITEMS_MAX && at + ITEM_HEADER <= n) {
        size_t len = (size_t)(data[at + 1] << 8 | data[at + 2]);
        at += ITEM_HEADER + (len < n - at - ITEM_HEADER ? len : n - at - ITEM_HEADER);
        s.at[++s.n] = at;
    }
    return s;
}

static void mend(uint8_t *item, size_t len, unsigned seed)
{
    item[1] = (uint8_t)(len >> 8);
    item[2] = (uint8_t)len;
    if (item[0] == ITEM_HANDSHAKE && len >= 4 && seed % 8) {
        item[4] = (uint8_t)((len - 4) >> 16);
        item[5] = (uint8_t)((len - 4) >> 8);
        item[6] = (uint8_t)(len - 4);
    }
}

/* The contents of item i are changed; what follows moves. */
static size_t change(uint8_t *data, const struct items *s, size_t i, size_t max, unsigned seed)
{
    static uint8_t b[CONTENTS_MAX + 1];
    size_t         n = s->at[s->n], from = s->at[i] + ITEM_HEADER, len = s->at[i + 1] - from, tail = n - s->at[i + 1];
    size_t         room = max - (n - len);
    memcpy(b, data + from, len);
    size_t now = LLVMFuzzerMutate(b, len, room < CONTENTS_MAX ? room : CONTENTS_MAX);
    memmove(data + from + now, data + s->at[i + 1], tail);
    memcpy(data + from, b, now);
    mend(data + s->at[i], now, seed);
    return n - len + now;
}

static size_t drop(uint8_t *data, const struct items *s, size_t i)
{
    memmove(data + s->at[i], data + s->at[i + 1], s->at[s->n] - s->at[i + 1]);
    return s->at[s->n] - (s->at[i + 1] - s->at[i]);
}

/* Item i once more, in front of item k. */
static size_t twice(uint8_t *data, const struct items *s, size_t i, size_t k, size_t max)
{
    static uint8_t b[ITEM_HEADER + CONTENTS_MAX];
    size_t         n = s->at[s->n], len = s->at[i + 1] - s->at[i];
    if (n + len > max)
        return n;
    memcpy(b, data + s->at[i], len);
    memmove(data + s->at[k] + len, data + s->at[k], n - s->at[k]);
    memcpy(data + s->at[k], b, len);
    return n + len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct items s = find_items(data, n);
    unsigned     r = seed >> 8;
    if (s.n == 0 || s.at[s.n] != n || seed % 16 == 0)
        return LLVMFuzzerMutate(data, n, max);
    if (seed % 16 == 1)
        return drop(data, &s, r % s.n);
    if (seed % 16 == 2)
        return twice(data, &s, r % s.n, (r >> 8) % (s.n + 1), max);
    if (seed % 16 == 3) {
        LLVMFuzzerMutate(data, SETTING_BYTES, SETTING_BYTES);
        return n;
    }
    return change(data, &s, r % s.n, max, r >> 8);
}
