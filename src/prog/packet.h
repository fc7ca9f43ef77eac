/* SPDX-License-Identifier: Apache-2.0
 *
 * packet.h - from a captured frame to the TCP segment in it: link layer, VLAN tags, IPv4 (RFC 791), IPv6 with its
 * extension headers (RFC 8200), TCP (RFC 9293). Frames are bytes from strangers.
 */
#ifndef HF_PROG_PACKET_H
#define HF_PROG_PACKET_H
#include "prog/tcp.h"

enum packet_is {
    PACKET_TCP,
    PACKET_OTHER,    /* no IP, or no TCP in it */
    PACKET_FRAGMENT, /* a part of an IP packet: they are not put together */
    PACKET_CUT       /* ends within its headers */
};

/* link: a DLT_ number of pcap(3). */
bool           packet_link_known(int link);
enum packet_is packet_read(int link, hf_view frame, struct tcp_segment *out);

#endif
