/* SPDX-License-Identifier: Apache-2.0
 *
 * flight.h - an input for a whole state machine: how the engine is configured, and what its peer does, in order.
 *
 *     input = setting (4 bytes), item*       item = kind (1 byte), length (2 bytes), contents
 *
 * The kind says what is done with the contents (enum item_kind). A record is framed, and under keys sealed, as the
 * engine expects it at that moment, so that a mutation of the contents reaches the reader it is meant for. What the
 * contents are cut to is what is left of the input.
 */
#ifndef HF_FUZZ_FLIGHT_H
#define HF_FUZZ_FLIGHT_H
#include "fuzz.h"

enum item_kind {
    ITEM_CCS       = 20, /* records of these content types */
    ITEM_ALERT     = 21,
    ITEM_HANDSHAKE = 22,
    ITEM_DATA      = 23,
    ITEM_PLAIN     = 64, /* added to one of the above: in plaintext whatever keys there are */
    ITEM_RAW       = 1,  /* bytes on the wire as they are */
    ITEM_SEND      = 2,  /* the application sends the contents */
    ITEM_CLOSE     = 3,
    ITEM_UPDATE    = 4, /* KeyUpdate; asks the peer for one when the length is odd */
    ITEM_REST      = 5,
    ITEM_END       = 6, /* the transport ends */
    ITEM_DAYS      = 7, /* the clock goes on by as many days as the length says */
    ITEM_DENY      = 8, /* the next verdict is no */
    ITEM_SESSION   = 9, /* client, the first item: goes on from this session (session.h) */
};

enum { SETTING_BYTES = 4, ITEM_HEADER = 3 };

/* The setting, as bits of a big-endian number. */
enum setting {
    SET_13      = 1 << 0,
    SET_12      = 1 << 1,  /* neither: both versions */
    SET_LOOSE   = 1 << 2,  /* server: asks, does not require; client: has no credential */
    SET_SILENT  = 1 << 3,  /* server: does not ask; client: whoever the server is */
    SET_ALPN    = 1 << 4,  /* h2 */
    SET_TRACE   = 1 << 5,  /* trace and key log */
    SET_SIGNER  = 1 << 6,  /* the key is outside */
    SET_ASK     = 1 << 7,  /* for a verdict */
    SET_P256    = 1 << 8,  /* the only group */
    SET_SMALL   = 1 << 9,  /* 24 KiB of memory */
    SET_PAD     = 1 << 10, /* records are padded */
    SET_TICKETS = 1 << 11, /* server: gives and takes tickets; client: keeps sessions */
    SET_STAPLE  = 1 << 12, /* OCSP responses are asked for, and given by the client */
    SET_ZIP     = 1 << 13, /* certificates are compressed, and taken compressed */
    SET_LITTLE  = 1 << 14, /* records of 100 bytes at most */
    SET_CAS     = 1 << 15, /* client: announces its CAs */
    SET_PSK     = 1 << 16, /* an external pre-shared key, beside certificates */
    SET_RAW     = 1 << 17, /* raw public keys are taken, and shown, beside certificates */
    SET_ALL     = (1 << 18) - 1
};

/* One run of an input against an engine of this role. */
void flight_run(enum hf_role role, const uint8_t *data, size_t n);

/* The parts, for the program that records seeds. */
hf_conn *flight_conn(enum hf_role role, unsigned setting);
/* Answers what the engine waits for and steps until it waits for bytes; deny: the verdict is no. */
unsigned flight_step(hf_conn *c, int64_t now_ms, bool deny);

#endif
