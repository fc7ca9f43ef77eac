# SPDX-License-Identifier: Apache-2.0
"""doc/how-mutual-tls-works.md: every block of output in it is made again and compared; what changes from run to run (times,
dates, ports, keys, the length of a signature) is made equal first. With --write the blocks are replaced by fresh ones."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from harness import HANDFAST, ROOT, WAIT_S, Service, main, read_all

DOC = os.path.join(ROOT, "doc", "how-mutual-tls-works.md")
BLOCK = re.compile(r"(<!-- made by: (\w+) -->\n)(```text\n.*?```\n|\|.*?\n(?=\n))", re.S)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def http(s):
    s.recv(65536)
    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")


class Scene:
    """A CA, a server in each version, clients; and what the program says about them."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="handfast-teaching-")
        self.procs = []
        self.service = Service(http)
        self.run("ca", "init", "--dir", "ca", "--name", "Example CA")
        self.run("ca", "init", "--dir", "other", "--name", "Other CA")
        self.run("ca", "issue", "--dir", "ca", "--server", "--name", "localhost", "--dns", "localhost", "--out", "server")
        self.run("ca", "issue", "--dir", "ca", "--client", "--name", "alice", "--uri", "spiffe://example.org/alice", "--out", "alice")
        self.run("ca", "issue", "--dir", "ca", "--client", "--name", "bob", "--uri", "spiffe://example.org/bob", "--out", "bob")
        self.run("ca", "issue", "--dir", "ca", "--client", "--name", "old", "--not-before", "2025-01-01T00:00:00Z",
                 "--not-after", "2026-01-01T00:00:00Z", "--out", "old")
        self.run("ca", "issue", "--dir", "other", "--client", "--name", "mallory", "--out", "mallory")
        self.ports = {v: self.server(v) for v in ("1.3", "1.2")}

    def close(self):
        for p in self.procs:
            p.terminate()
            p.wait(30)
        self.service.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, *args, fails=None):
        done = subprocess.run([HANDFAST, *args], capture_output=True, timeout=60, cwd=self.dir, stdin=subprocess.DEVNULL)
        if fails is None and done.returncode:
            raise AssertionError(f"{args}: {done.stderr.decode()}")
        return (done.stdout + done.stderr).decode()

    def server(self, version):
        port = free_port()
        with open(os.path.join(self.dir, f"log-{version}"), "w") as log:
            self.procs.append(subprocess.Popen(
                [HANDFAST, "server", "--listen", f"127.0.0.1:{port}", "--target", self.service.address, "--cert", "server.pem",
                 "--key", "server.key", "--cacert", "ca/root.pem", "--allow-uri", "spiffe://example.org/alice", "--tls-min", version,
                 "--tls-max", version], cwd=self.dir, stdout=log, stderr=log))
        end = time.monotonic() + WAIT_S
        while "serving TLS" not in self.log(version):
            if time.monotonic() > end:
                raise AssertionError(self.log(version))
            time.sleep(0.05)
        return port

    def log(self, version):
        with open(os.path.join(self.dir, f"log-{version}")) as f:
            return f.read()

    def explain(self, version, name, *more):
        creds = ["--cert", f"{name}.pem", "--key", f"{name}.key"] if name else []
        return self.run("explain", f"localhost:{self.ports[version]}", "--cacert", "ca/root.pem", *creds, *more, fails=True)

    def section(self, text, title):
        """The part of the text under a heading that begins so."""
        parts = re.split(r"\n\n(?=\S)", text)
        found = [p for p in parts if p.startswith(title)]
        if not found:
            raise AssertionError(f"no {title!r} in {text}")
        return found[0].rstrip("\n") + "\n"

    def said(self, version, words):
        end = time.monotonic() + WAIT_S
        while True:
            lines = [line for line in self.log(version).splitlines() if words in line]
            if lines or time.monotonic() > end:
                return (lines or [f"no line with {words!r}"])[-1]
            time.sleep(0.05)

    # ---- the blocks of the page, by name

    def command(self, shown, text):
        return f"$ {shown}\n{text}"

    def handshake13(self):
        return self.command("handfast explain localhost:8443 --cacert ca/root.pem --cert alice.pem --key alice.key",
                            self.section(self.explain("1.3", "alice", "--no-probe"), "The handshake"))

    def handshake12(self):
        return self.command("handfast explain localhost:8443 --cacert ca/root.pem --cert alice.pem --key alice.key --tls-max 1.2",
                            self.section(self.explain("1.2", "alice", "--no-probe", "--tls-max", "1.2"), "The handshake"))

    def steps(self):
        """The eight steps in both versions, from what was really sent."""
        cells = {}
        for version in ("1.2", "1.3"):
            tale = json.loads(self.explain(version, "alice", "--no-probe", "--json"))
            for m in tale["connection"]["messages"]:
                if m["step"]:
                    cell = cells.setdefault((m["step"], version), [])
                    text = f"{m['name']} of the {m['from']}{', encrypted' if m['encrypted'] else ''}"
                    if text not in cell:
                        cell.append(text)
        rows = [f"| {n} | {'; '.join(cells.get((n, '1.2'), ['-']))} | {'; '.join(cells.get((n, '1.3'), ['-']))} |" for n in range(1, 9)]
        return "\n".join(["| step | TLS 1.2 | TLS 1.3 |", "|---|---|---|", *rows]) + "\n"

    def leaf_as_anchor(self):
        text = self.run("server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", "--cert", "server.pem", "--key", "server.key",
                        "--cacert", "alice.pem", "--allow-all", fails=True)
        return self.command("handfast server ... --cacert alice.pem --allow-all", text)

    def asks(self):
        return self.command("handfast explain localhost:8443 --cacert ca/root.pem --cert alice.pem --key alice.key",
                            self.section(self.explain("1.3", "alice", "--no-probe"), "What the server asks"))

    def asks_stranger(self):
        text = self.explain("1.3", "mallory")
        return self.command("handfast explain localhost:8443 --cacert ca/root.pem --cert mallory.pem --key mallory.key",
                            self.section(text, "What the server asks") + "\n" + self.section(text, "Verdict"))

    def wrong_key(self):
        text = self.run("explain", f"localhost:{self.ports['1.3']}", "--cacert", "ca/root.pem", "--cert", "alice.pem", "--key", "bob.key",
                        fails=True)
        return self.command("handfast explain localhost:8443 --cacert ca/root.pem --cert alice.pem --key bob.key",
                            self.section(text, "Verdict"))

    def signed13(self):
        return self.section(self.explain("1.3", "alice", "--no-probe"), "What was signed")

    def signed12(self):
        return self.section(self.explain("1.2", "alice", "--no-probe", "--tls-max", "1.2"), "What was signed")

    def served(self):
        self.explain("1.3", "alice", "--no-probe")
        return self.said("1.3", "was served") + "\n"

    def denied(self):
        self.explain("1.3", "bob", "--no-probe")
        return self.said("1.3", "spiffe://example.org/bob") + "\n"

    def expired(self):
        text = self.explain("1.3", "old")
        return self.command("handfast explain localhost:8443 --cacert ca/root.pem --cert old.pem --key old.key",
                            self.section(text, "The server's verdict on us") + "\n" + self.section(text, "Verdict"))

    def none(self):
        text = self.explain("1.3", None)
        return self.command("handfast explain localhost:8443 --cacert ca/root.pem", self.section(text, "Verdict"))

    def make(self, name):
        text = getattr(self, name)()
        for version, port in self.ports.items():
            text = text.replace(f"localhost:{port}", "localhost:8443").replace(f"127.0.0.1:{port}", "127.0.0.1:8443")
            text = text.replace(f":{port}", ":8443")
        text = text.replace(self.service.address, "127.0.0.1:8080")
        return text if text.startswith("|") else f"```text\n{text}```\n"


def same(text):
    """Without what changes from run to run."""
    for pattern, to in ((r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?", "DATE"), (r"\b[0-9a-f]{2}( [0-9a-f]{2})+\b", "HEX"), (r"\b[0-9a-f]{16,}\b", "HEX"),
                        (r"\b\d+ (ms|B|bytes|days?|hours?|minutes?|seconds?)\b", "N"), (r"127\.0\.0\.1:\d+", "ADDRESS"),
                        (r"\b(duration_ms|bytes_in|bytes_out)=\d+", r"\1=N"), (r"(serial|sha256)=\S+", r"\1=X"),
                        (r"\bbyte \d+", "byte N"), (r"(HEX\s+)+", "HEX "), (r"\s+", " "),
                        (r"N (-->|<--) close_notify alert sealed ", "")):  # who says goodbye first is chance
        text = re.sub(pattern, to, text)
    return text.strip()


class Teaching(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.scene = Scene()
        with open(DOC) as f:
            cls.doc = f.read()

    @classmethod
    def tearDownClass(cls):
        cls.scene.close()

    def test_every_block_is_what_the_program_says(self):
        blocks = BLOCK.findall(self.doc)
        self.assertGreater(len(blocks), 8)
        for _, name, block in blocks:
            with self.subTest(name):
                self.assertEqual(same(self.scene.make(name)), same(block))

    def test_no_block_of_output_stands_there_unmade(self):
        rest = BLOCK.sub("", self.doc)
        self.assertNotIn("```text", rest)

    def test_all_questions_and_steps_are_there(self):
        for n in range(1, 6):
            self.assertRegex(self.doc, rf"(?m)^## {n}\. ")


def write():
    scene = Scene()
    try:
        with open(DOC) as f:
            doc = f.read()
        with open(DOC, "w") as f:
            f.write(BLOCK.sub(lambda m: m[1] + scene.make(m[2]), doc))
    finally:
        scene.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        main()
