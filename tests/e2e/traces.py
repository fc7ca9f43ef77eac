# SPDX-License-Identifier: Apache-2.0
"""`handfast server --explain FILE` keeps the traces of refused connections, `handfast explain --trace FILE` shows them."""

import json
import os
import ssl
import stat
import subprocess
import time

from harness import HANDFAST, Case, Service, connect, echo, main


class Traces(Case):
    def start(self, *more):
        service = Service(echo)
        self.addCleanup(service.close)
        self.file = self.pki.path(f"{self._testMethodName}.jsonl")
        return self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--explain", self.file, *more)

    def attempt(self, program, name=None, ca="ca"):
        """One connection; whether the client was let in."""
        context = self.pki.context(name, ca)
        try:
            with connect(program.port, context) as s:
                s.sendall(b"hello")
                return s.recv(5) == b"hello"
        except (ssl.SSLError, OSError):
            return False

    def lines(self, n):
        self.eventually(lambda: self.count(), n)
        with open(self.file) as f:
            return [json.loads(line) for line in f]

    def count(self):
        with open(self.file, "rb") as f:
            return f.read().count(b"\n")

    def explain(self, *more, status=0):
        done = subprocess.run([HANDFAST, "explain", "--trace", self.file, *more], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode()

    def test_a_refusal_is_kept_and_told(self):
        p = self.start()
        self.assertFalse(self.attempt(p, "expired"))
        tale = self.lines(1)[0]
        self.assertEqual(tale["verdict"]["reason"], "expired")
        self.assertEqual(tale["verdict"]["at_fault"], "client")
        self.assertEqual(tale["view"], "server")
        self.assertFalse(tale["client"]["accepted"])
        self.assertIn("openssl", [c["for"] for c in tale["verdict"]["commands"]])
        self.assertEqual(tale["request"]["ca_names"], ["CN=ca"])
        text = self.explain("--fields")
        for words in ("--> from the client", "ClientHello", "CertificateRequest", "The client's chain", "CN=expired", "expired",
                      "Renew the certificate", "notAfter", "To do:"):
            self.assertIn(words, text)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)

    def test_only_refusals_are_kept(self):
        p = self.start()
        self.assertTrue(self.attempt(p, "alice"))
        self.assertFalse(self.attempt(p))
        self.assertFalse(self.attempt(p, "mallory"))
        tales = self.lines(2)
        self.assertEqual([t["verdict"]["reason"] for t in tales], ["cert-required", "issuer-unknown"])
        self.assertIsNone(tales[0]["client"])
        self.assertTrue(tales[1]["client"]["presented"])

    def test_a_client_that_refuses_us(self):
        p = self.start()
        self.assertFalse(self.attempt(p, "alice", ca="stranger"))
        tale = self.lines(1)[0]
        self.assertEqual(tale["connection"]["alert"]["name"], "unknown_ca")
        self.assertIn("unknown_ca", self.explain())

    def test_the_last_are_kept(self):
        p = self.start("--explain-keep", "3")
        for i in range(7):
            self.attempt(p, "expired" if i % 2 else "mallory")
            p.connections(i + 1)
        tales = self.lines(4)  # the sixth line cut it to three
        self.assertEqual([t["verdict"]["reason"] for t in tales][-3:], ["issuer-unknown", "expired", "issuer-unknown"])
        self.assertFalse(os.path.exists(self.file + ".new"))

    def test_an_attacker_cannot_fill_the_disk(self):
        p = self.start()
        begun = time.monotonic()
        for i in range(60):
            self.attempt(p)
        p.connections(60)
        seconds = int(time.monotonic() - begun) + 2
        self.assertLessEqual(self.count(), min(60, 20 * seconds))

    def test_fields_and_page_are_made_from_the_bytes(self):
        p = self.start()
        self.attempt(p, "expired")
        self.assertNotIn("fields", self.lines(1)[0]["connection"]["messages"][0])
        tale = json.loads(self.explain("--json"))[0]
        names = [f["name"] for f in tale["connection"]["messages"][0]["fields"]]
        self.assertIn("supported_versions", names)
        page = self.explain("--html", "-")
        self.assertTrue(page.startswith("<!doctype html>"))
        self.assertIn("CN=expired", page)

    def test_broken_lines_are_passed_over(self):
        p = self.start()
        self.attempt(p, "expired")
        self.lines(1)
        with open(self.file, "a") as f:
            f.write('{"connection": {"messages": [{"hex": "zz"}, 3]}}\n{"cut off\n\n[]\n')
        done = subprocess.run([HANDFAST, "explain", "--trace", self.file, "--fields"], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"2 lines", done.stderr)
        self.assertIn(b"CN=expired", done.stdout)

    def test_files_that_cannot_be_used(self):
        done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", *self.pki.pair("server"),
                               "--cacert", self.pki.path("ca.pem"), "--allow-all", "--explain", "/nowhere/x"], capture_output=True,
                              timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"DIARY_UNWRITABLE", done.stderr + done.stdout)
        self.file = self.pki.path("none")
        self.explain(status=2)


if __name__ == "__main__":
    main()
