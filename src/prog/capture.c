/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/capture.h"

#include <pcap/pcap.h>

#include "prog/packet.h"

static void add(struct tcp_table *t, struct capture *c, int link, const struct pcap_pkthdr *h, const uint8_t *p)
{
    struct tcp_segment seg;
    c->packets++;
    switch (packet_read(link, (hf_view){p, h->caplen}, &seg)) {
    case PACKET_TCP:
        c->segments++;
        seg.at_us = (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec;
        tcp_add(t, &seg);
        return;
    case PACKET_OTHER:
        c->others++;
        return;
    case PACKET_FRAGMENT:
        c->fragments++;
        return;
    case PACKET_CUT:
        c->cut++;
    }
}

bool capture_read(const char *file, struct tcp_table *t, struct capture *c, struct report *rep)
{
    char                text[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *h;
    const uint8_t      *p;
    int                 got;
    pcap_t             *pcap = pcap_open_offline(file, text);
    if (!pcap)
        return fail_text(rep, CAPTURE_UNREADABLE, 0, 0, 0, text);
    int link = pcap_datalink(pcap);
    if (!packet_link_known(link)) {
        pcap_close(pcap);
        return fail_text(rep, CAPTURE_LINK, 0, 0, link, file);
    }
    while ((got = pcap_next_ex(pcap, &h, &p)) == 1)
        add(t, c, link, h, p);
    c->ends_early = got == PCAP_ERROR;
    pcap_close(pcap);
    return true;
}
