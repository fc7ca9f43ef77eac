/* SPDX-License-Identifier: Apache-2.0
 *
 * key_pins.h - the raw public keys (RFC 7250) that are trusted: each is itself the peer, and nothing else is asked
 * of it. Part of a trust.
 */
#ifndef HF_X509_KEY_PINS_H
#define HF_X509_KEY_PINS_H
#include "base/map.h"
#include "x509/cert.h"

struct key_pin {
    uint8_t sha256[32]; /* of the SubjectPublicKeyInfo */
};

/* Zero is empty. */
struct key_pins {
    struct key_pin *all;
    size_t          n, room;
    struct map      by_digest;
};

/* Adds every PUBLIC KEY block of a PEM file, or the one SubjectPublicKeyInfo that a DER file is. */
bool key_pins_file(struct key_pins *k, const char *file, struct mem *m, struct report *rep);
bool key_pins_bytes(struct key_pins *k, hf_view v, const char *called, struct mem *m, struct report *rep);
bool key_pins_digest_add(struct key_pins *k, const uint8_t sha256[32], struct mem *m, struct report *rep);
bool key_pinned(const struct key_pins *k, hf_view spki);
/* Into a digest that is another one when the keys are. */
void key_pins_digest(const struct key_pins *k, struct hash *h);
void key_pins_free(struct key_pins *k, struct mem *m);

#endif
