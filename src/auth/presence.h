/* SPDX-License-Identifier: Apache-2.0
 *
 * presence.h - one certificate, one place: who is here now, from where and since when, and whether one more
 * place of the same certificate may be added.
 *
 * A certificate is known by a key of 32 bytes (the digest of its public key, or of its identity). Each of its open
 * connections is a stay; stays are grouped into places: every connection for itself, one address, or one prefix of
 * addresses. The rule is asked once for each newcomer, when it is proven and before it is let in.
 *
 * Threads: one table serves all of them. A stay belongs to the thread of its connection, its home. When another thread's
 * newcomer takes its place, the home is woken and finds the stay with presence_ousted.
 *
 * No clock: the time is a parameter, in Unix milliseconds, and decides nothing; it is only told.
 */
#ifndef HF_AUTH_PRESENCE_H
#define HF_AUTH_PRESENCE_H
#include <pthread.h>

#include "base/why.h"

enum { PRESENCE_KEY = 32, WHENCE_TEXT = 64 };

/* observe: everybody comes in and is counted; limit: at most so many places; replace: the newcomer wins, the stays at
 * other places are ousted. (refuse is a limit of 1.) */
enum place_mode { PLACE_OBSERVE, PLACE_LIMIT, PLACE_REPLACE };
enum place_kind { PLACE_CONNECTION, PLACE_ADDRESS, PLACE_PREFIX };

struct place_rule {
    enum place_mode mode;
    enum place_kind kind;
    unsigned        limit;        /* PLACE_LIMIT: places at once */
    uint8_t         bits4, bits6; /* PLACE_PREFIX: what of an address makes the place */
};

/* Where a connection comes from. Zero is a socket of this host that has no address. */
struct whence {
    uint8_t  family; /* 0, 4 or 6 */
    uint8_t  ip[16];
    uint16_t port;
};

/* The thread that some stays belong to. */
struct presence_home {
    pthread_mutex_t lock;
    struct stay    *ousted;
    void (*wake)(void *ctx); /* called by any thread, with locks held: it may only send a signal */
    void *ctx;
};

struct presence_shard;
struct person;
struct place;

/* One connection of a certificate that is here; part of the caller's own struct. Zero is one that is not. Only from,
 * since_ms and by are the caller's to read. */
struct stay {
    struct whence          from, by; /* by: who took its place */
    int64_t                since_ms;
    struct presence_home  *home;
    struct presence_shard *shard; /* NULL: never entered */
    struct person         *person;
    struct place          *place;
    struct stay           *next, *prev; /* at its place */
    struct stay           *next_ousted;
    bool                   queued;
};

/* What was found at the moment of the decision. */
struct presence_found {
    unsigned others;              /* places of this certificate other than the newcomer's */
    unsigned ousted;              /* stays that have to go */
    bool     new_place;           /* the newcomer's place was not among the places */
    char     holder[WHENCE_TEXT]; /* with others > 0: where the oldest stay at the oldest of them came from */
    int64_t  holder_since_ms;
};

/* What is held now. */
struct presence_numbers {
    size_t certificates, places, stays, bytes;
};

struct presence;

/* At most so many certificates are held; NULL: memory is out. */
struct presence *presence_new(size_t certificates);
void             presence_free(struct presence *p); /* all stays have left */

void presence_home_init(struct presence_home *h, void (*wake)(void *ctx), void *ctx);

/* The newcomer s asks to come in. True: it is here until presence_leave. False: rep says why not. found is filled either
 * way. Raises IDENTITY_IN_USE, PRESENCE_FULL. */
bool presence_enter(struct presence *p, const struct place_rule *rule, const uint8_t key[PRESENCE_KEY], struct stay *s,
                    struct presence_home *home, const struct whence *from, int64_t now_ms, struct presence_found *found,
                    struct report *rep);
/* IDENTITY_IN_USE, with who holds it, since when and from where; always false. */
bool presence_in_use(const struct presence_found *f, unsigned limit, struct report *rep);
/* Its connection is gone, or was never let in. Only by the home's thread. */
void presence_leave(struct stay *s);
/* The next stay of this home that lost its place (it is here no more, but its connection is still open); NULL: none. */
struct stay *presence_ousted(struct presence_home *h);
void         presence_count(struct presence *p, struct presence_numbers *out);

/* The bytes that make the place of an address under a rule; equal bytes, same place. A connection's are all zero. */
void place_of(const struct place_rule *rule, const struct whence *from, uint8_t out[static 17]);
/* "192.0.2.1:443", "[2001:db8::1]:443", "a local socket". Returns out. */
char *whence_text(const struct whence *w, char out[static WHENCE_TEXT]);

#endif
