/* SPDX-License-Identifier: Apache-2.0
 *
 * map.h - from a 64-bit key to the numbers that were put under it: an index over an array that somebody
 * else owns. Several numbers may stand under one key; who looks up compares what the numbers mean.
 */
#ifndef HF_BASE_MAP_H
#define HF_BASE_MAP_H
#include "mem.h"

struct map_slot {
    uint64_t key;
    uint32_t value; /* number + 1; 0: free */
};
/* Zero is an empty map. */
struct map {
    struct map_slot *slots;
    size_t           n, room; /* room: a power of two, or 0 */
};

/* False: memory is out, and the map is as it was. */
bool map_put(struct map *map, struct mem *m, uint64_t key, uint32_t number);
/* The numbers under key in the order they were put: *at starts at 0; false when there is no further one. */
bool map_next(const struct map *map, uint64_t key, size_t *at, uint32_t *number);
void map_free(struct map *map, struct mem *m);

#endif
