# SPDX-License-Identifier: Apache-2.0
"""Ports for programs that cannot choose one themselves. They are taken below the range from which the system serves
outgoing connections: a port from that range can be somebody's own by the time the program listens."""

import random
import socket
import threading

EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range"


def below():
    try:
        with open(EPHEMERAL) as f:
            first = int(f.read().split()[0])
    except OSError:
        first = 32768
    return first if first > 12000 else 65536


_given, _giving = set(), threading.Lock()


def free_ports(n):
    """So many; within a process none comes twice, for who was given one may not have taken it yet."""
    found = []
    while len(found) < n:
        port = random.randrange(10000, below())
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        with _giving:
            if port not in _given:
                _given.add(port)
                found.append(port)
    return found


def free_port():
    return free_ports(1)[0]
