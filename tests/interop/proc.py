# SPDX-License-Identifier: Apache-2.0
"""Processes whose output is read while they run, and what an alert looks like in the words of each library."""

import dataclasses
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

WAIT_S = 20

ALERTS = {
    "close notify": 0, "unexpected message": 10, "bad record mac": 20, "record overflow": 22, "handshake failure": 40,
    "bad certificate": 42, "unsupported certificate": 43, "certificate revoked": 44, "certificate expired": 45,
    "certificate unknown": 46, "illegal parameter": 47, "unknown ca": 48, "access denied": 49, "decode error": 50,
    "decrypt error": 51, "protocol version": 70, "insufficient security": 71, "internal error": 80, "missing extension": 109,
    "unsupported extension": 110, "unrecognized name": 112, "certificate required": 116, "no application protocol": 120,
}

GO_WORDS = {"expired certificate": "certificate expired", "unknown certificate authority": "unknown ca", "revoked certificate": "certificate revoked",
            "error decrypting message": "decrypt error"}


def alert_in(text):
    """The number of the alert that a program says it received; None: it speaks of none."""
    number = re.search(r"SSL alert number (\d+)|Received alert \[(\d+)\]|Alert\[2\|(\d+)\] - .* - was received", text)
    if number:
        return int(next(filter(None, number.groups())))
    if "curl: (60) SSL certificate verification failed" in text:  # curl's words for this one alert
        return 45
    if go := re.search(r"remote error: tls: ([a-z ]+)", text):
        return ALERTS[GO_WORDS.get(go.group(1), go.group(1))]
    for words in re.findall(r"alert:? ([a-z0-9 ]+)", text.lower().replace("_", " ")):
        for name, n in ALERTS.items():
            if words.startswith(name):
                return n
    return None


@dataclasses.dataclass
class Outcome:
    """How a connection went for one side."""

    ok: bool  # the reply came
    alert: int = None  # that this side received
    text: str = ""  # all it said


def without_hex(text):
    """The output of `openssl -msg` without the bytes."""
    return re.sub(r"^    ( ?[0-9a-f]{2})+ ?\n", "", text, flags=re.M)


def wait_for_port(port, proc):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and proc.alive():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"nobody listens on {port}:\n{proc.text()}")


class Proc:
    """A child with its output, stdout and stderr as one text."""

    def __init__(self, *argv, **how):
        self.argv, self.parts, self.cond, self.done = [str(a) for a in argv], [], threading.Condition(), False
        self.popen = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while data := self.popen.stdout.read1(65536):
            with self.cond:
                self.parts.append(data)
                self.cond.notify_all()
        with self.cond:
            self.done = True
            self.cond.notify_all()

    def text(self):
        with self.cond:
            return b"".join(self.parts).decode("utf-8", "replace")

    def alive(self):
        return self.popen.poll() is None

    def say(self, data):
        try:
            self.popen.stdin.write(data)
            self.popen.stdin.flush()
        except OSError:
            pass

    def wait_text(self, pattern, wait=WAIT_S):
        """The match, or None when the output ends or time is up before it comes."""
        with self.cond:
            self.cond.wait_for(lambda: self.done or re.search(pattern, b"".join(self.parts).decode("utf-8", "replace")), wait)
        return re.search(pattern, self.text())

    def end(self, wait=WAIT_S):
        """Waits until it ends by itself."""
        try:
            self.popen.stdin.close()
        except OSError:
            pass
        try:
            self.popen.wait(wait)
        except subprocess.TimeoutExpired:
            self.stop()
        self.reader.join(WAIT_S)
        self.popen.stdout.close()
        return self.popen.returncode

    def stop(self):
        if self.alive():
            self.popen.terminate()
            try:
                self.popen.wait(3)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.reader.join(WAIT_S)

    def outcome(self):
        return Outcome("hello" in self.text(), alert_in(self.text()), without_hex(self.text()))
