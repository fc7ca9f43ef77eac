# SPDX-License-Identifier: Apache-2.0
"""Captures without raw sockets: a relay that records what two peers say to each other, and a writer that makes packets of it:
link layers, addresses, order, loss, repetition and overlap as a test wants them."""

import random
import socket
import struct
import threading
import time

CLIENT, SERVER = 0, 1
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Recorder:
    """Listens on loopback and carries each connection to target = (host, port); talks: what was said, per connection."""

    def __init__(self, target):
        self.target = target
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.talks = []
        self.threads = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.sock.accept()
            except OSError:
                return
            talk = []
            self.talks.append(talk)
            try:
                server = socket.create_connection(self.target, 10)
            except OSError:
                talk.append((time.time(), SERVER, None, RST))
                client.close()
                continue
            for way, (a, b) in enumerate(((client, server), (server, client))):
                t = threading.Thread(target=self._carry, args=(talk, way, a, b), daemon=True)
                self.threads.append(t)
                t.start()

    def _carry(self, talk, way, a, b):
        try:
            while data := a.recv(65536):
                talk.append((time.time(), way, data, 0))
                b.sendall(data)
            talk.append((time.time(), way, None, FIN))
            b.shutdown(socket.SHUT_WR)
        except OSError:
            talk.append((time.time(), way, None, RST))
            for s in (a, b):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def done(self, wait=10):
        """All connections so far have ended."""
        for t in list(self.threads):
            t.join(wait)
        self.sock.close()
        return self.talks


class Packet:
    def __init__(self, at, way, seq, ack, flags, data=b""):
        self.at, self.way, self.seq, self.ack, self.flags, self.data = at, way, seq, ack, flags, data


def packets(talk, mss=1400, start=(1000, 5000), syn=True):
    """The segments of one recorded connection, in order."""
    out, seq = [], [start[0], start[1]]
    at = talk[0][0] if talk else time.time()
    if syn:
        out += [Packet(at - 0.003, CLIENT, seq[0], 0, SYN), Packet(at - 0.002, SERVER, seq[1], seq[0] + 1, SYN | ACK)]
        seq = [s + 1 for s in seq]
        out.append(Packet(at - 0.001, CLIENT, seq[0], seq[1], ACK))
    for at, way, data, flags in talk:
        if data is None:
            out.append(Packet(at, way, seq[way], seq[1 - way], flags | ACK))
            seq[way] += 1
        for i in range(0, len(data or b""), mss):
            piece = data[i:i + mss]
            out.append(Packet(at, way, seq[way], seq[1 - way], PSH | ACK, piece))
            seq[way] += len(piece)
    return out


def disturb(list_, seed=1):
    """Reordered, repeated and overlapping, as a bad network makes it; nothing is lost for good."""
    dice, out = random.Random(seed), list(list_)
    for p in list(list_):
        if p.data and dice.random() < 0.3:
            out.append(p)
        if len(p.data) > 4 and dice.random() < 0.3:  # the same bytes once more in another cut
            cut = dice.randrange(1, len(p.data))
            out.append(Packet(p.at, p.way, p.seq + cut, p.ack, p.flags, p.data[cut:]))
    for i in range(len(out) - 3):
        if out[i].data and dice.random() < 0.6:
            j = i + dice.randrange(1, 3)
            out[i], out[j] = out[j], out[i]
    return out


def datagram(p, ports, six=False):
    tcp = struct.pack(">HHIIBBHHH", ports[p.way], ports[1 - p.way], p.seq & 0xFFFFFFFF, p.ack & 0xFFFFFFFF, 0x50, p.flags,
                      65535, 0, 0) + p.data
    ends = [bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])]
    if six:
        ends = [bytes.fromhex("20010db8000000000000000000000001"), bytes.fromhex("20010db8000000000000000000000002")]
        return struct.pack(">IHBB", 0x60000000, len(tcp), 6, 64) + ends[p.way] + ends[1 - p.way] + tcp
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0x4000, 64, 6, 0) + ends[p.way] + ends[1 - p.way] + tcp


LINKS = {"ethernet": 1, "vlan": 1, "loopback": 0, "raw": 101, "any": 113, "any2": 276}


def frame(link, ip, six):
    kind = b"\x86\xdd" if six else b"\x08\x00"
    mac = bytes(range(1, 13))
    return {"ethernet": mac + kind, "vlan": mac + b"\x81\x00\x00\x07" + kind,
            "loopback": struct.pack("<I", 10 if six else 2), "raw": b"", "any": bytes(14) + kind,
            "any2": kind + bytes(18)}[link] + ip


def write(path, conversations, link="ethernet", six=False, port=443, snap=65535):
    """conversations: lists of packets, written one behind the other."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, LINKS[link]))
        for i, list_ in enumerate(conversations):
            for p in list_:
                whole = frame(link, datagram(p, (40000 + i, port), six), six)
                f.write(struct.pack("<IIII", int(p.at), int(p.at % 1 * 1e6), min(len(whole), snap), len(whole)))
                f.write(whole[:snap])
    return path
