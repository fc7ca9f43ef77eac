# SPDX-License-Identifier: Apache-2.0
"""A relay between client and server that writes down the records as they are on the wire: (content type, length)."""

import socket
import threading

from proc import WAIT_S


class Relay:
    def __init__(self, to):
        self.to, self.records, self.bytes = to, {"to server": [], "to client": []}, {"to server": 0, "to client": 0}
        self.made = 0  # connections
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.sock.close()

    def _accept(self):
        while True:
            try:
                a, _ = self.sock.accept()
                b = socket.create_connection(("127.0.0.1", self.to), WAIT_S)
            except OSError:
                return
            self.made += 1
            for ends in (a, b, "to server"), (b, a, "to client"):
                threading.Thread(target=self._copy, args=ends, daemon=True).start()

    def _copy(self, a, b, way):
        held = b""
        try:
            while data := a.recv(65536):
                b.sendall(data)
                held += data
                self.bytes[way] += len(data)
                while len(held) >= 5 and len(held) >= 5 + (n := int.from_bytes(held[3:5], "big")):
                    self.records[way].append((held[0], n))
                    held = held[5 + n:]
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass
