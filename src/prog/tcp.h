/* SPDX-License-Identifier: Apache-2.0
 *
 * tcp.h - byte streams from TCP segments as a capture holds them (RFC 9293): out of order, twice, overlapping, with
 * holes, from the middle of a connection. Only seen, never spoken: there is no window and no acknowledging here.
 *
 * Invariants:
 *   1. A byte that came is never replaced by a later one for the same place.
 *   2. Chunks of a side are sorted and do not overlap. The stream is what lies behind its start without a hole.
 *   3. Memory has a ceiling, for a side (LIMIT_STREAM_BYTES), for their number and for all together: what lies beyond
 *      is counted and left out.
 */
#ifndef HF_PROG_TCP_H
#define HF_PROG_TCP_H
#include "base/map.h"

struct tcp_end {
    uint8_t  ip[16];
    uint8_t  ip_n; /* 4 or 16 */
    uint16_t port;
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

/* One segment as the packet decoder gives it. */
struct tcp_segment {
    struct tcp_end from, to;
    uint32_t       seq;
    unsigned       flags; /* enum tcp_flag */
    hf_view        data;  /* what was captured of it */
    uint32_t       len;   /* what it had on the wire */
    int64_t        at_us;
};

struct tcp_chunk {
    int64_t  off; /* behind the side's first sequence number that was seen */
    size_t   n;
    uint8_t *p;
    int64_t  at_us;
    uint64_t order; /* of its packet in the file */
};

struct tcp_side {
    struct tcp_end    end;
    bool              seen, syn, fin, rst, more; /* more: bytes beyond the ceiling were left out */
    uint32_t          base;                      /* the sequence number at offset 0 */
    int64_t           start, reach;              /* offsets of the first byte (known when syn), behind the last one */
    int64_t           end_us;                    /* of the first FIN or RST */
    uint64_t          end_order;
    struct tcp_chunk *chunk;
    size_t            n, cap, bytes;
    size_t            n_again, n_early; /* segments with nothing new; before what stands in front of them */
};

struct tcp_conn {
    struct tcp_side side[2]; /* [0]: who opened it, or else who was seen first */
    int64_t         first_us, last_us;
    bool            dull; /* nothing of interest: its bytes were let go */
};

struct tcp_table {
    struct mem        mem;
    struct tcp_conn **conn;
    size_t            n, cap;
    struct map        map;
    uint64_t          order;
    size_t            n_left_out;            /* segments of connections beyond the ceiling */
    bool (*worth)(const struct tcp_conn *c); /* asked once, when some bytes are there: are they worth keeping? */
};

void tcp_open(struct tcp_table *t, bool (*worth)(const struct tcp_conn *c));
void tcp_close(struct tcp_table *t);
/* What there is no room or memory for is left out, and marked. */
void tcp_add(struct tcp_table *t, const struct tcp_segment *s);

/* The stream of a side, up to its first hole: copied to out (at most room bytes). Returns its length. */
size_t tcp_stream(const struct tcp_side *s, uint8_t *out, size_t room);
/* When the byte at this place of the stream could be read by its receiver: it and all before it had come. m starts
 * zeroed, and is asked for places in ascending order. */
struct tcp_moment {
    int64_t  at_us;
    uint64_t order;
    size_t   next;
};
void tcp_when(const struct tcp_side *s, size_t place, struct tcp_moment *m);
/* Bytes that are known to be missing where the stream ends; 0: nothing is known to follow. */
size_t tcp_hole(const struct tcp_side *s);

#endif
