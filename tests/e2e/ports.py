# SPDX-License-Identifier: Apache-2.0
"""Ports for programs that cannot choose one themselves. They are taken below the range from which the system serves
outgoing connections: a port from that range can be somebody's own by the time the program listens."""

import random
import socket

EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range"


def below():
    try:
        with open(EPHEMERAL) as f:
            first = int(f.read().split()[0])
    except OSError:
        first = 32768
    return first if first > 12000 else 65536


def free_ports(n):
    """So many, held together until all are found, so that none comes twice."""
    socks = []
    while len(socks) < n:
        try:
            socks.append(socket.create_server(("127.0.0.1", random.randrange(10000, below()))))
        except OSError:
            continue
    found = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return found


def free_port():
    return free_ports(1)[0]
