/* SPDX-License-Identifier: Apache-2.0
 *
 * tally.h - what a worker counts, and what it remembers of late, for --status.
 *
 * Each worker has a tally of its own and is the only one who writes it; the numbers are atomic, so that the thread of the
 * status page reads them at any time without a lock, and adds up what all workers have. The memories (struct recent) are
 * read by their worker alone (snapshot.h).
 *
 * Labels come from closed sets: registered names of what was negotiated, and rows of checks.def. Nothing that a peer
 * writes can make a new time series.
 */
#ifndef HF_PROG_TALLY_H
#define HF_PROG_TALLY_H
#include <stdatomic.h>

#include "handfast.h"

typedef atomic_uint_fast64_t count_t;

enum { SPAN_BOUNDS = 14, HANDSHAKE_KINDS = 128, FAILURE_KINDS = 512 };
enum { RECENT_MAX = 32, RECENT_NAME = 320, RECENT_TEXT = 640, RECENT_PLACE = 160 };
enum ended { ENDED_SERVED, ENDED_REFUSED, ENDED_CUT, ENDED_N };
enum sighted { SIGHTED_ADMITTED, SIGHTED_REPLACES, SIGHTED_REFUSED, SIGHTED_N };

/* A histogram; bounds are in microseconds. */
struct span {
    count_t n[SPAN_BOUNDS + 1], sum_us;
};
extern const uint64_t span_short_us[SPAN_BOUNDS], span_long_us[SPAN_BOUNDS];

/* How often each of few kinds of event happened. key 0: free; the last slot takes what found no other. */
struct kind {
    count_t key, n;
};

struct refusal {
    int64_t     at_ms;
    const char *reason, *check, *outcome; /* static */
    char        from[RECENT_PLACE], who[RECENT_NAME], why[RECENT_TEXT], fix[RECENT_TEXT];
};

struct sighting {
    int64_t     at_ms;
    const char *verdict; /* static */
    char        who[RECENT_NAME], from[RECENT_PLACE], held_from[RECENT_PLACE], held_since[24], sha256[72];
};

/* The last ones, in rings. */
struct recent {
    struct refusal  refusal[RECENT_MAX];
    struct sighting sighting[RECENT_MAX];
    unsigned        n_refusals, n_sightings; /* so far */
};

struct tally {
    count_t       accepted, ended[ENDED_N], bytes_in, bytes_out, sightings[SIGHTED_N], store_failed;
    struct span   handshake, lasted, store;
    struct kind   handshakes[HANDSHAKE_KINDS], failures[FAILURE_KINDS];
    struct recent recent;
};

static inline void tally_add(count_t *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline uint64_t tally_get(const count_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

void tally_span(struct span *s, const uint64_t *bounds_us, uint64_t us);
/* The handshake is complete. */
void tally_handshake(struct tally *t, const hf_conn *c, uint64_t us);
/* A connection is over; why: NULL or check 0 when nothing failed. */
void tally_end(struct tally *t, enum ended how, const hf_why *why, uint64_t us);
/* A slot to write the next one into. */
struct refusal  *recent_refusal(struct recent *r);
struct sighting *recent_sighting(struct recent *r);

/* What stands in the keys. */
struct handshake_kind {
    uint16_t version, group, scheme;
    bool     resumed;
};
struct failure_kind {
    uint16_t   check;
    uint8_t    alert; /* by_peer: what it said; else HF_NO_ALERT */
    enum ended how;
    bool       by_peer;
};
struct handshake_kind handshake_kind(uint64_t key);
struct failure_kind   failure_kind(uint64_t key);

#endif
