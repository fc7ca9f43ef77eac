/* SPDX-License-Identifier: Apache-2.0
 * capture.h - the TCP connections of a capture file (pcap or pcapng, through libpcap; nothing is captured live). */
#ifndef HF_PROG_CAPTURE_H
#define HF_PROG_CAPTURE_H
#include "base/why.h"
#include "prog/tcp.h"

struct capture {
    size_t packets, segments, others, fragments, cut;
    bool   ends_early; /* the file stops within a packet */
};

/* All packets of the file ("-": standard input) into t. */
bool capture_read(const char *file, struct tcp_table *t, struct capture *c, struct report *rep);

#endif
