# SPDX-License-Identifier: Apache-2.0
"""OCSP responses in the handshake: the openssl command makes them, and is the peer that sends or checks them; ours are
taken up again when the file changes; a peer's is judged."""

import os
import re
import shutil
import subprocess
import unittest

from harness import HANDFAST, Case, connect, main, run
from ports import free_port


class Staple(Case):
    def respond(self, name, out, *more, revoked=False, days=2, signer="ca"):
        """A response about a certificate, put in place at once."""
        p = self.pki.path
        serial = run("openssl", "x509", "-in", p(name + ".pem"), "-noout", "-serial").decode().strip().split("=")[1]
        when = "240601000000Z" if revoked else ""
        with open(p("ocsp-index"), "w") as f:
            f.write(f"{'R' if revoked else 'V'}\t300101000000Z\t{when}\t{serial}\tunknown\t/CN={name}\n")
        run("openssl", "ocsp", "-issuer", p("ca.pem"), "-cert", p(name + ".pem"), "-reqout", p("ocsp.req"))
        run("openssl", "ocsp", "-index", p("ocsp-index"), "-CA", p("ca.pem"), "-rsigner", p(signer + ".pem"), "-rkey",
            p(signer + ".key"), "-ndays", str(days), "-reqin", p("ocsp.req"), "-respout", p(out + ".new"))
        os.rename(p(out + ".new"), p(out))
        return p(out)

    def start(self, *more):
        return self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", *more)

    def s_client(self, server, *more):
        p = self.pki.path
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-status", "-CAfile", p("ca.pem"),
                               "-cert", p("alice.pem"), "-key", p("alice.key"), *more], input=b"", capture_output=True,
                              timeout=30)
        return (done.stdout + done.stderr).decode()

    def test_openssl_client_gets_it(self):
        server = self.start("--staple", self.respond("server", "server.ocsp"), "--tls-min", "1.2")
        for version in ("-tls1_3", "-tls1_2"):
            said = self.s_client(server, version)
            self.assertIn("OCSP Response Status: successful", said)
            self.assertIn("Cert Status: good", said)

    def test_new_file_is_taken_up(self):
        staple = self.respond("server", "changing.ocsp", days=2)
        server = self.start("--staple", staple)
        before = re.search("Next Update: .*", self.s_client(server)).group()
        self.respond("server", "changing.ocsp", days=7)
        server.wait_for(lambda line: line["event"] == "reloaded")
        self.assertNotEqual(re.search("Next Update: .*", self.s_client(server)).group(), before)

    def test_not_ours_is_refused_at_the_start(self):
        done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", *self.pki.pair("server"),
                               "--staple", self.respond("alice", "alice.ocsp"), "--cacert", self.pki.path("ca.pem"), "--allow-all"],
                              capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        self.assertIn("alice.ocsp", done.stderr.decode())
        self.assertIn("no OCSP response about our certificate", done.stderr.decode())

    def from_s_server(self, version, staple, *more):
        """Our client against `openssl s_server -status_file`: exit status and what it told."""
        p = self.pki.path
        argv = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", version, "-cert", p("server.pem"), "-key", p("server.key")]
        server = subprocess.Popen([*argv, *(["-status_file", staple] if staple else [])], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        try:
            port = next(m.group(1) for line in server.stdout if (m := re.search(rb"ACCEPT 127\.0\.0\.1:(\d+)", line)))
            done = subprocess.run([HANDFAST, "connect", f"127.0.0.1:{port.decode()}", "--cacert", p("ca.pem"), "--tls-min", "1.2",
                                   *more], input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=30)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
        return done.returncode, done.stderr.decode()

    def test_openssl_server_staples(self):
        good = self.respond("server", "good.ocsp")
        revoked = self.respond("server", "revoked.ocsp", revoked=True)
        forged = self.respond("server", "forged.ocsp", signer="stranger")
        for version in ("-tls1_3", "-tls1_2"):
            status, told = self.from_s_server(version, good)
            self.assertEqual(status, 0, told)
            status, told = self.from_s_server(version, revoked)
            self.assertEqual(status, 1, told)
            self.assertIn("revoked", told)
            status, told = self.from_s_server(version, forged)
            self.assertEqual(status, 1, told)
            self.assertIn("ocsp-unavailable", told)
            status, told = self.from_s_server(version, None, "--require-staple")
            self.assertEqual(status, 1, told)
            self.assertIn("ocsp-unavailable", told)
            status, told = self.from_s_server(version, good, "--require-staple")
            self.assertEqual(status, 0, told)

    def test_client_staples_to_our_server(self):
        """In TLS 1.3 a client can send one too: `handfast connect` to a server that demands it."""
        server = self.start("--require-staple")
        argv = [HANDFAST, "connect", f"127.0.0.1:{server.port}", "--server-name", "localhost", "--cacert", self.pki.path("ca.pem"),
                *self.pki.pair("alice")]
        done = subprocess.run([*argv, "--staple", self.respond("alice", "alice.ocsp")], input=b"hello", capture_output=True,
                              timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(subprocess.run(argv, input=b"hello", capture_output=True, timeout=30).returncode, 1)
        self.assertEqual([line["outcome"] for line in (server.connections(1), server.connections(2))], ["served", "refused"])
        self.assertEqual(server.connections(2)["reason"], "ocsp-unavailable")

    @unittest.skipUnless(shutil.which("gnutls-cli"), "gnutls-cli is not installed")
    def test_gnutls_client_gets_it(self):
        staple, saved = self.respond("server", "server.ocsp"), self.pki.path("saved.ocsp")
        server = self.start("--staple", staple, "--tls-min", "1.2")
        for version in ("1.3", "1.2"):
            done = subprocess.run(["gnutls-cli", "-p", str(server.port), "--x509cafile", self.pki.path("ca.pem"), "--save-ocsp", saved,
                                   "--x509certfile", self.pki.path("alice.pem"), "--x509keyfile", self.pki.path("alice.key"),
                                   "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}", "localhost"], input=b"", capture_output=True,
                                  timeout=30)
            self.assertIn(b"Handshake was completed", done.stdout)
            with open(saved, "rb") as got, open(staple, "rb") as wanted:
                self.assertEqual(got.read(), wanted.read())
            os.unlink(saved)

    @unittest.skipUnless(shutil.which("gnutls-serv"), "gnutls-serv is not installed")
    def test_gnutls_server_staples(self):
        for revoked, version, wanted in ((False, "1.3", 0), (False, "1.2", 0), (True, "1.3", 1), (True, "1.2", 1)):
            p, staple = self.pki.path, self.respond("server", "gnutls.ocsp", revoked=revoked)
            port = free_port()
            server = subprocess.Popen(["gnutls-serv", "--echo", "-p", str(port), "--x509certfile", p("server.pem"), "--x509keyfile",
                                       p("server.key"), "--ignore-ocsp-response-errors", "--ocsp-response", staple, "--priority",
                                       f"NORMAL:-VERS-ALL:+VERS-TLS{version}", "--disable-client-cert"], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
            try:
                self.assertTrue(any(b"listening on IPv4" in line for line in server.stdout))
                done = subprocess.run([HANDFAST, "connect", f"127.0.0.1:{port}", "--server-name", "localhost", "--cacert", p("ca.pem"),
                                       "--tls-min", "1.2", "--require-staple"], input=b"", capture_output=True, timeout=30)
            finally:
                server.kill()
                server.wait()
                server.stdout.close()
            self.assertEqual(done.returncode, wanted, done.stderr.decode())
            self.assertEqual(b"OCSP_REVOKED, revoked" in done.stderr, revoked, done.stderr.decode())

    def test_check_judges_one(self):
        argv = [HANDFAST, "check", "--as", "server", "--cert", self.pki.path("server.pem"), "--cacert", self.pki.path("ca.pem")]
        for staple, wanted in ((self.respond("server", "good.ocsp"), 0), (self.respond("alice", "alice.ocsp"), 1),
                               (self.respond("server", "gone.ocsp", revoked=True), 1)):
            self.assertEqual(subprocess.run([*argv, "--staple", staple], capture_output=True, timeout=30).returncode, wanted)


if __name__ == "__main__":
    main()
