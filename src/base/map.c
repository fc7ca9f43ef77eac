/* SPDX-License-Identifier: Apache-2.0
 *
 * map.c - open addressing with linear probing, at most three quarters full. Nothing is ever taken out, so
 * all numbers of one key stand in the order they were put between the key's home and the next free slot.
 * The keys are hashes of our own files: nobody outside chooses them.
 */
#include "map.h"

enum { FIRST_ROOM = 16 };

static size_t home(const struct map *map, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (map->room - 1);
}

static void place(struct map *map, struct map_slot slot)
{
    size_t i = home(map, slot.key);
    while (map->slots[i].value)
        i = (i + 1) & (map->room - 1);
    map->slots[i] = slot;
}

/* Twice the room. Walking the old slots from behind a free one keeps the order under each key. */
static bool grow(struct map *map, struct mem *m)
{
    struct map old = *map;
    size_t     start;
    map->room  = old.room ? old.room * 2 : FIRST_ROOM;
    map->slots = mem_alloc(m, map->room * sizeof *map->slots);
    if (!map->slots) {
        *map = old;
        return false;
    }
    for (start = 0; start < old.room && old.slots[start].value; start++)
        ;
    for (size_t i = 0; i < old.room; i++) {
        struct map_slot s = old.slots[(start + i) & (old.room - 1)];
        if (s.value)
            place(map, s);
    }
    mem_free(m, old.slots);
    return true;
}

bool map_put(struct map *map, struct mem *m, uint64_t key, uint32_t number)
{
    if (map->n >= map->room / 4 * 3 && !grow(map, m))
        return false;
    place(map, (struct map_slot){key, number + 1});
    map->n++;
    return true;
}

bool map_next(const struct map *map, uint64_t key, size_t *at, uint32_t *number)
{
    if (!map->room)
        return false;
    for (size_t i = home(map, key) + *at;; i++) {
        const struct map_slot *s = &map->slots[i & (map->room - 1)];
        if (!s->value)
            return false;
        ++*at;
        if (s->key == key) {
            *number = s->value - 1;
            return true;
        }
    }
}

void map_free(struct map *map, struct mem *m)
{
    mem_free(m, map->slots);
    *map = (struct map){0};
}
