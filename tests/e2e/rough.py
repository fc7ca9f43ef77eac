# SPDX-License-Identifier: Apache-2.0
"""Rough company: clients and services that break off at any moment. Each connection still ends in exactly one line,
nothing is left behind, and the sanitizers stay silent."""

import os
import random
import socket
import ssl
import threading

from harness import Case, connect, main

CLIENTS, THREADS = 240, 8
RESET = b"\1\0\0\0\0\0\0\0"


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    s.close()


class Rough(Case):
    def rough_service(self, seed):
        """A service that behaves differently each time."""
        dice = random.Random(seed)

        def handle(s):
            what = dice.randrange(6)
            if what == 0:
                reset(s)
            elif what == 1:
                s.sendall(bytes(dice.randrange(200000)))
            elif what == 2:
                s.sendall(bytes(dice.randrange(200000)))
                reset(s)
            elif what == 3:
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            else:
                while data := s.recv(65536):
                    s.sendall(data)
        return self.service(handle)

    def rough_client(self, port, dice, context):
        what = dice.randrange(9)
        s = socket.create_connection(("127.0.0.1", port), timeout=10)
        if what == 0:
            return reset(s)
        if what == 1:
            s.sendall(os.urandom(dice.randrange(1, 2000)))
            return s.close()
        if what == 2:  # the beginning of a handshake
            into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(into, out, server_hostname="localhost")
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            hello = out.read()
            s.sendall(hello[:dice.randrange(len(hello))])
            return dice.choice([reset, socket.socket.close])(s)
        s = context.wrap_socket(s, server_hostname="localhost")
        if what == 3:
            return reset(s)
        if what == 4:
            s.sendall(bytes(dice.randrange(1, 300000)))
            return reset(s)
        if what == 5:
            return s.close()
        s.sendall(bytes(1000))
        s.settimeout(0.1)
        for _ in range(dice.randrange(4)):
            if not s.recv(65536):
                break
        if what == 6:
            return reset(s)
        if what == 7:
            return s.unwrap().close()
        s.close()

    def rough_crowd(self, port, contexts):
        def crowd(seed):
            dice = random.Random(seed)
            for _ in range(CLIENTS // THREADS):
                try:
                    self.rough_client(port, dice, dice.choice(contexts))
                except OSError:
                    pass
        threads = [threading.Thread(target=crowd, args=(seed,)) for seed in range(THREADS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def test_server_in_rough_company(self):
        server = self.server(self.rough_service(1).address, threads=2)
        self.rough_crowd(server.port, [self.pki.context("alice")] * 3 + [self.pki.context(), self.pki.context("mallory")])
        server.connections(CLIENTS)
        with connect(server.port) as s:  # it still answers
            s.sendall(b"no TLS\r\n\r\n")
        lines = [server.connections(n + 1) for n in range(CLIENTS + 1)]
        self.assertEqual(len({line["from"] for line in lines}), CLIENTS + 1, "one line for each")
        fds = os.listdir(f"/proc/{server.proc.pid}/fd")
        self.assertLess(len(fds), 40, "sockets left open")

    def test_chain_in_rough_company(self):
        server = self.server(self.rough_service(2).address, threads=2)
        client = self.client(f"localhost:{server.port}", threads=2)

        def crowd(seed):
            dice = random.Random(seed)
            for _ in range(30):
                try:
                    s = connect(client.port)
                    s.sendall(bytes(dice.randrange(1, 100000)))
                    s.settimeout(0.1)
                    for _ in range(dice.randrange(3)):
                        s.recv(65536)
                    dice.choice([reset, socket.socket.close])(s)
                except OSError:
                    pass
        threads = [threading.Thread(target=crowd, args=(seed,)) for seed in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        client.connections(120)
        self.assertLess(len(os.listdir(f"/proc/{client.proc.pid}/fd")), 40, "sockets left open")


if __name__ == "__main__":
    main()
