#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real browser with a client certificate through `handfast server`: Chromium, headless.

The certificate lies in an NSS database in a home of its own; a policy chooses it, so that nobody has to click. Chromium
reads policies from /etc/chromium alone: each run sees a folder of its own there, in a mount namespace, which takes root.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402
import ours as ours_module  # noqa: E402
from pki import Pki, run  # noqa: E402
from relay import Relay  # noqa: E402

PAGE_S = 90  # for a page; generous, for the machine may be busy
PAGE = b"<html><body>hello from behind</body></html>"
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--virtual-time-budget=10000", "--dump-dom"]


def page(s):
    """The service behind: one page, whatever is asked for."""
    while b"\r\n\r\n" not in s.recv(65536):
        pass
    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE)


class Browser:
    """A home with an NSS database: the CA, and the client's certificate if there is one."""

    def __init__(self, directory, root, cred):
        self.home, self.etc = pathlib.Path(directory) / "home", pathlib.Path(directory) / "etc"
        db = self.home / ".pki/nssdb"
        db.mkdir(parents=True)
        run("certutil", "-d", f"sql:{db}", "-N", "--empty-password")
        run("certutil", "-d", f"sql:{db}", "-A", "-t", "C,,", "-n", "root", "-i", root)
        if cred:
            bundle = self.home / "client.p12"
            run("openssl", "pkcs12", "-export", "-in", cred.chain, "-inkey", cred.key, "-out", bundle, "-passout", "pass:x",
                "-name", "client")
            run("pk12util", "-d", f"sql:{db}", "-i", bundle, "-W", "x")
        managed = self.etc / "policies/managed"
        managed.mkdir(parents=True)
        choice = json.dumps({"pattern": "https://localhost:*", "filter": {}})
        (managed / "choice.json").write_text(json.dumps({"AutoSelectCertificateForUrls": [choice]}))

    def dom(self, port):
        """The page as the browser has it, an error page too."""
        inside = 'mount --bind "$0" /etc/chromium && exec chromium "$@"'
        argv = ["unshare", "--mount", "sh", "-c", inside, self.etc, *OPTIONS, f"--user-data-dir={self.home / 'profile'}",
                f"https://localhost:{port}/"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PAGE_S, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, HOME=str(self.home)))
        return done.stdout, done.stdout + done.stderr


class Chromium(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="handfast-browser-")
        cls.ours = ours_module.Ours(os.environ["HANDFAST"])
        cls.ours.service.close()
        cls.ours.service = ours_module.harness.Service(page)
        cls.pki = Pki(cls.dir, os.environ["HANDFAST"])
        cls.ca = cls.pki.ca("p256")

    @classmethod
    def tearDownClass(cls):
        cls.ours.end()
        shutil.rmtree(cls.dir, ignore_errors=True)

    def setUp(self):
        for program in ("chromium", "certutil", "pk12util", "unshare"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
            self.skipTest("a policy for the browser takes a mount namespace, which is not allowed here")

    def open(self, cred, awaited, *more):
        """The page, and our log's lines about the connections that it took."""
        home = tempfile.mkdtemp(dir=self.dir)
        program = self.ours.server(self.pki.server(), str(self.ca / "root.pem"), "required", *more)
        before = len([line for line in program.lines if line["event"] == "connection"])
        dom, said = Browser(home, self.ca / "root.pem", cred).dom(program.port)
        lines = self.told(program, before, awaited)
        return dom, lines, f"{said}\n{json.dumps(lines, indent=1)}"

    @staticmethod
    def told(program, before, awaited):
        """The log's lines, once the awaited one is among them: each stands there when its connection has ended."""
        end = time.monotonic() + 10
        while True:
            lines = [line for line in program.lines if line["event"] == "connection"][before:]
            if any(map(awaited, lines)) or time.monotonic() > end:
                return lines
            time.sleep(0.05)

    def admitted(self, version, *more):
        dom, lines, told = self.open(self.pki.client(), lambda line: line["outcome"] == "served", *more)
        self.assertIn("hello from behind", dom, told)
        served = [line for line in lines if line["outcome"] == "served"]
        self.assertTrue(served, told)
        self.assertEqual((served[0]["subject"], served[0]["version"]), ("CN=client-p256", version), told)

    def refused(self, cred, reasons, alert, *more):
        """Connections that the browser gave up itself, to choose a certificate, stand in the log too."""
        dom, lines, told = self.open(cred, lambda line: line.get("alert_sent") == alert, *more)
        self.assertNotIn("hello from behind", dom, told)
        self.assertTrue([x for x in lines if x.get("alert_sent") == alert and x["reason"] in reasons], told)
        self.assertNotIn("served", [line["outcome"] for line in lines], told)

    def test_with_its_certificate(self):
        self.admitted("TLS 1.3")

    def test_with_its_certificate_in_tls12(self):
        self.admitted("TLS 1.2", "--tls-max", "1.2")

    def test_takes_our_certificate_compressed(self):
        """The browser offers brotli: a leaf of 60 kB crosses in a few, and the handshake goes on."""
        fat, home = self.pki.fat("server"), tempfile.mkdtemp(dir=self.dir)
        program = self.ours.server(fat, str(self.ca / "root.pem"), "required", "--compress")
        with Relay(program.port) as relay:
            dom, said = Browser(home, self.ca / "root.pem", self.pki.client()).dom(relay.port)
        self.assertIn("hello from behind", dom, said)
        self.assertLess(relay.bytes["to client"] / relay.made, 30000, said)

    def test_without_a_certificate(self):
        self.refused(None, ("cert-required",), "certificate_required")

    def test_with_a_stranger_s_certificate(self):
        """Of a chain that leads nowhere the browser sends the leaf alone."""
        self.refused(self.pki.bad("client", "stranger"), ("issuer-unknown", "intermediate-missing"), "unknown_ca",
                     "--ca-names", "none")


if __name__ == "__main__":
    tap.main()
