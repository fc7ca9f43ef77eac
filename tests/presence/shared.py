# SPDX-License-Identifier: Apache-2.0
"""What the tests of shared presence are made of: a redis-server, a relay that can stop forwarding, a recorder behind the
proxies, and clients that keep talking."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from harness import WAIT_S, Program  # noqa: E402


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Redis:
    """A redis-server of its own, without persistence: what it forgets in a restart is forgotten."""

    def __init__(self, *more):
        self.dir = tempfile.mkdtemp(prefix="handfast-redis-")
        self.port = free_port()
        self.more = more
        self.proc = None
        self.start()

    def start(self):
        self.proc = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                                      "--appendonly", "no", "--dir", self.dir, *self.more], stdout=subprocess.DEVNULL)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("redis-server does not start")

    def do(self, *command):
        """One command, as the text of its answer."""
        with socket.create_connection(("127.0.0.1", self.port), WAIT_S) as s:
            words = [str(c).encode() for c in command]
            s.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            time.sleep(0.05)
            return s.recv(65536).decode()

    def signal(self, number):
        self.proc.send_signal(number)

    def kill(self):
        self.proc.kill()
        self.proc.wait()

    def close(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGCONT)
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


class Relay:
    """Between one process and the store. Cut, it takes bytes and passes none on, as a network does that is broken."""

    def __init__(self, port):
        self.target = port
        self.open = threading.Event()
        self.open.set()
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.all = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                a, _ = self.sock.accept()
            except OSError:
                return
            try:
                b = socket.create_connection(("127.0.0.1", self.target), WAIT_S)
            except OSError:
                a.close()
                continue
            b.settimeout(None)
            self.all += [a, b]
            for x, y in ((a, b), (b, a)):
                threading.Thread(target=self._pass, args=(x, y), daemon=True).start()

    def _pass(self, x, y):
        try:
            while data := x.recv(65536):
                self.open.wait()
                y.sendall(data)
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.open.clear()

    def mend(self):
        self.open.set()

    def close(self):
        self.mend()
        for s in [self.sock, *self.all]:
            s.close()


class Recorder:
    """The service behind all proxies. A line "NAME" is put down with its time and sent back."""

    def __init__(self):
        self.lines = []  # (time, name)
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = "127.0.0.1:%d" % self.sock.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        try:
            with s, s.makefile("rb") as f:
                for line in f:
                    self.lines.append((time.monotonic(), line.strip().decode()))
                    s.sendall(line)
        except OSError:
            pass

    def times(self, name):
        return [t for t, who in self.lines if who == name]

    def overlap(self, a, b):
        """For how many seconds both were heard."""
        a, b = self.times(a), self.times(b)
        return max(0.0, min(a[-1], b[-1]) - max(a[0], b[0])) if a and b else 0.0

    def close(self):
        self.sock.close()


class Talker:
    """A client that says its name again and again, each time after it was answered. refused: why it did not come in."""

    def __init__(self, pki, port, source, name, who="alice", every=0.02):
        self.name, self.every = name, every
        self.came = self.refused = self.ended = None
        self.stop = threading.Event()
        self.inside = threading.Event()  # it came in, or it did not
        self.args = pki, port, source, who
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        pki, port, source, who = self.args
        try:
            raw = socket.create_connection(("127.0.0.1", port), WAIT_S, source_address=(source, 0))
            context = pki.context(who)
            context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
            with context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) as s:
                self._talk(s)
        except OSError as e:
            if self.came:
                self.ended = time.monotonic()
            else:
                self.refused = getattr(e, "reason", None) or type(e).__name__
        self.inside.set()

    def _talk(self, s):
        word = self.name.encode() + b"\n"
        while not self.stop.is_set():
            s.sendall(word)
            got = b""
            while len(got) < len(word):
                part = s.recv(len(word) - len(got))
                if not part:
                    self.ended = time.monotonic()
                    return
                got += part
            self.came = self.came or time.monotonic()
            self.inside.set()
            self.stop.wait(self.every)
        s.unwrap()

    def settle(self):
        """Waits until it is in or refused; whether it is in."""
        assert self.inside.wait(WAIT_S), f"{self.name} is neither in nor refused"
        return self.came is not None

    def leave(self):
        self.stop.set()
        self.thread.join(WAIT_S)

    def wait_end(self, seconds):
        end = time.monotonic() + seconds
        while self.ended is None and time.monotonic() < end:
            time.sleep(0.01)
        assert self.ended is not None, f"{self.name} still talks after {seconds} s"


__all__ = ["Program", "Recorder", "Redis", "Relay", "Talker", "WAIT_S", "free_port"]
