/* SPDX-License-Identifier: Apache-2.0
 *
 * packet.c - headers are read with struct rd; what a header says about lengths is believed only as far as there are
 * bytes. Checksums are not looked at: network cards fill them in behind the capture's back.
 */
#include "prog/packet.h"

#include <string.h>

#include "base/rd.h"

enum { ETHER_IP4 = 0x0800, ETHER_IP6 = 0x86dd, ETHER_VLAN = 0x8100, ETHER_QINQ = 0x88a8, ETHER_QINQ_OLD = 0x9100 };
enum { VLANS_MAX = 4, EXTENSIONS_MAX = 8 };
enum { PROTO_HOP = 0, PROTO_TCP = 6, PROTO_ROUTING = 43, PROTO_FRAGMENT = 44, PROTO_OPTIONS = 60 };

/* How a link layer says what it carries. */
enum says { SAYS_ETHER, SAYS_VERSION };
static const struct {
    int       link;
    unsigned  skip; /* bytes in front of the EtherType, or of the IP header */
    enum says says;
    unsigned  behind; /* bytes between the EtherType and what it announces */
} links[] = {
    {0, 4, SAYS_VERSION, 0},   /* NULL: BSD loopback */
    {1, 12, SAYS_ETHER, 0},    /* EN10MB */
    {12, 0, SAYS_VERSION, 0},  /* RAW, on some systems */
    {14, 0, SAYS_VERSION, 0},  /* RAW, on OpenBSD */
    {101, 0, SAYS_VERSION, 0}, /* LINKTYPE_RAW */
    {108, 4, SAYS_VERSION, 0}, /* LOOP: OpenBSD loopback */
    {113, 14, SAYS_ETHER, 0},  /* LINUX_SLL: "any" */
    {228, 0, SAYS_VERSION, 0}, /* IPV4 */
    {229, 0, SAYS_VERSION, 0}, /* IPV6 */
    {276, 0, SAYS_ETHER, 18},  /* LINUX_SLL2 */
};

static size_t link_at(int link)
{
    size_t i = 0;
    while (i < sizeof links / sizeof links[0] && links[i].link != link)
        i++;
    return i;
}

bool packet_link_known(int link)
{
    return link_at(link) < sizeof links / sizeof links[0];
}

static enum packet_is read_tcp(struct rd *r, struct tcp_segment *out, size_t len)
{
    size_t from    = rd_at(r);
    out->from.port = rd_u16(r);
    out->to.port   = rd_u16(r);
    out->seq       = rd_u32(r);
    rd_u32(r); /* acknowledgment number */
    size_t head = (size_t)(rd_u8(r) >> 4) * 4;
    out->flags  = rd_u8(r);
    if (!rd_ok(r) || head < 20 || head > len)
        return PACKET_CUT;
    size_t skip = head - (rd_at(r) - from);
    if (skip > rd_left(r))
        return PACKET_CUT;
    rd_bytes(r, skip);
    out->len  = (uint32_t)(len - head);
    out->data = rd_bytes(r, out->len < rd_left(r) ? out->len : rd_left(r));
    return PACKET_TCP;
}

static void read_address(struct rd *r, struct tcp_end *e, size_t n)
{
    hf_view ip = rd_bytes(r, n);
    e->ip_n    = (uint8_t)n;
    if (ip.n)
        memcpy(e->ip, ip.p, n);
}

static enum packet_is read_ip4(struct rd *r, struct tcp_segment *out)
{
    size_t from = rd_at(r), head = (size_t)(rd_u8(r) & 15) * 4;
    rd_u8(r);
    size_t total = rd_u16(r);
    rd_u16(r);
    bool part = (rd_u16(r) & 0x3fff) != 0; /* more fragments, or an offset */
    rd_u8(r);
    uint8_t proto = rd_u8(r);
    rd_u16(r);
    read_address(r, &out->from, 4);
    read_address(r, &out->to, 4);
    if (!rd_ok(r) || head < 20)
        return PACKET_CUT;
    if (proto != PROTO_TCP)
        return PACKET_OTHER;
    if (part)
        return PACKET_FRAGMENT;
    rd_bytes(r, head - (rd_at(r) - from));
    if (total == 0) /* segmentation left to the card: the frame says how long it is */
        total = head + rd_left(r);
    return rd_ok(r) && total >= head ? read_tcp(r, out, total - head) : PACKET_CUT;
}

static enum packet_is read_ip6(struct rd *r, struct tcp_segment *out)
{
    rd_u32(r);
    size_t  len  = rd_u16(r);
    uint8_t next = rd_u8(r);
    rd_u8(r);
    read_address(r, &out->from, 16);
    read_address(r, &out->to, 16);
    size_t from = rd_at(r);
    for (unsigned i = 0; i < EXTENSIONS_MAX && rd_ok(r) && next != PROTO_TCP; i++) {
        if (next != PROTO_HOP && next != PROTO_ROUTING && next != PROTO_OPTIONS && next != PROTO_FRAGMENT)
            return PACKET_OTHER;
        bool fragment = next == PROTO_FRAGMENT;
        next          = rd_u8(r);
        size_t   more = rd_u8(r); /* units of 8 bytes behind the first; a fragment's header has none */
        unsigned off  = rd_u16(r);
        rd_bytes(r, fragment ? 4 : 4 + 8 * more);
        if (fragment && (off & 0xfff9))
            return rd_ok(r) ? PACKET_FRAGMENT : PACKET_CUT;
    }
    size_t used = rd_at(r) - from;
    if (!rd_ok(r) || (len && len < used))
        return PACKET_CUT;
    if (next != PROTO_TCP)
        return PACKET_OTHER;
    return read_tcp(r, out, len ? len - used : rd_left(r));
}

static enum packet_is read_ip(struct rd *r, struct tcp_segment *out)
{
    hf_view rest = rd_rest(r);
    if (rest.n == 0)
        return PACKET_CUT;
    switch (rest.p[0] >> 4) {
    case 4:
        return read_ip4(r, out);
    case 6:
        return read_ip6(r, out);
    default:
        return PACKET_OTHER;
    }
}

static enum packet_is read_ether(struct rd *r, unsigned behind, struct tcp_segment *out)
{
    uint16_t type = rd_u16(r);
    rd_bytes(r, behind);
    for (unsigned i = 0; i < VLANS_MAX && (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD); i++) {
        rd_u16(r);
        type = rd_u16(r);
    }
    if (!rd_ok(r))
        return PACKET_CUT;
    return type == ETHER_IP4 || type == ETHER_IP6 ? read_ip(r, out) : PACKET_OTHER;
}

enum packet_is packet_read(int link, hf_view frame, struct tcp_segment *out)
{
    struct report rep;
    report_init(&rep);
    size_t    i = link_at(link);
    struct rd r = rd_new(frame, &rep, PACKET_SHORT);
    *out        = (struct tcp_segment){0};
    rd_bytes(&r, links[i].skip);
    if (!rd_ok(&r))
        return PACKET_CUT;
    return links[i].says == SAYS_ETHER ? read_ether(&r, links[i].behind, out) : read_ip(&r, out);
}
