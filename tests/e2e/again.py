# SPDX-License-Identifier: Apache-2.0
"""What let a client in may hold no longer: open connections whose certificate expires or is revoked, whose CA or rule is
taken away, are closed with the reason; the others go on."""

import datetime
import os
import shutil
import signal
import socket
import ssl
import time

from harness import WAIT_S, Case, Program, connect, main, run
from reload import CRL_CONF


class Again(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pki.leaf("bob", "ca", "clientAuth", "DNS:bob.example")
        cls.pki.leaf("carol", "stranger", "clientAuth", "DNS:carol.example")

    def write(self, name, data):
        path = self.pki.path(name)
        with open(path + ".new", "wb") as f:
            f.write(data)
        os.rename(path + ".new", path)
        return path

    def change(self, program, name, data):
        """The file changes, and is looked at now."""
        self.write(name, data)
        program.proc.send_signal(signal.SIGHUP)

    def read(self, name):
        with open(self.pki.path(name), "rb") as f:
            return f.read()

    def enter(self, server, who, version=None):
        context = self.pki.context(who)
        if version:
            context.maximum_version = version
        s = connect(server.port, context)
        self.addCleanup(s.close)
        self.talks(s)
        return s

    def talks(self, s):
        s.sendall(b"hello")
        self.assertEqual(s.recv(5), b"hello")

    def turned_out(self, server, s, alert, n=1):
        """The client is told by an alert; the log's line."""
        with self.assertRaises(ssl.SSLError) as caught:
            s.recv(1)
        self.assertIn(alert, caught.exception.reason)
        line = server.connections(n)
        self.assertEqual(line["outcome"], "cut")
        return line

    def versions(self, *args):
        for version, name in ((None, "TLS 1.3"), (ssl.TLSVersion.TLSv1_2, "TLS 1.2")):
            with self.subTest(name):
                yield version, self.server(self.service().address, *args, "--tls-min", "1.2", threads=2)

    def revoke(self, *names):
        p = self.pki.path
        rows = []
        for name in names:
            serial = run("openssl", "x509", "-in", p(name + ".pem"), "-noout", "-serial").decode().strip().split("=")[1]
            rows.append(f"R\t300101000000Z\t240601000000Z,keyCompromise\t{serial}\tunknown\t/CN={name}\n")
        self.write("crl-index", "".join(rows).encode())
        self.write("crl-number", b"01\n")
        self.write("crl.cnf", CRL_CONF.format(dir=self.pki.dir).encode())
        run("openssl", "ca", "-gencrl", "-config", p("crl.cnf"), "-cert", p("ca.pem"), "-keyfile", p("ca.key"),
            "-crldays", "5", "-out", p("ca.crl.new"))
        os.rename(p("ca.crl.new"), p("ca.crl"))
        return p("ca.crl")

    def test_expires_while_open(self):
        for version, server in self.versions("--cacert", self.pki.path("ca.pem"), "--allow-all"):
            end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
            self.pki.leaf("brief", "ca", "clientAuth", "DNS:brief.example", "20260101000000Z", end.strftime("%Y%m%d%H%M%SZ"))
            other = self.enter(server, "alice", version)
            s = self.enter(server, "brief", version)
            line = self.turned_out(server, s, "EXPIRED")
            late = time.time() - end.timestamp()
            self.assertEqual((line["reason"], line["alert_sent"], line["peer"]),
                             ("expired", "certificate_expired", "DNS:brief.example"))
            self.assertGreater(late, -1)
            self.assertLess(late, WAIT_S)
            self.talks(other)

    def test_revoked_while_open(self):
        for version, server in self.versions("--cacert", self.pki.path("ca.pem"), "--allow-all", "--crl", self.revoke()):
            alice, bob = self.enter(server, "alice", version), self.enter(server, "bob", version)
            self.revoke("alice")
            server.proc.send_signal(signal.SIGHUP)
            line = self.turned_out(server, alice, "REVOKED")
            self.assertEqual((line["reason"], line["peer"]), ("revoked", "URI:spiffe://example.org/alice"))
            self.talks(bob)
            self.revoke()

    def test_a_resumed_connection_too(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--crl",
                                 self.revoke(), "--tls-min", "1.2")
            context = self.pki.context("alice")
            context.minimum_version = context.maximum_version = version
            first = connect(server.port, context)
            self.addCleanup(first.close)
            self.talks(first)
            raw = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)
            again = context.wrap_socket(raw, server_hostname="localhost", session=first.session)
            self.addCleanup(again.close)
            self.talks(again)
            self.assertTrue(again.session_reused)
            self.revoke("alice")
            server.proc.send_signal(signal.SIGHUP)
            for s in (first, again):
                with self.assertRaises(ssl.SSLError) as caught:
                    s.recv(1)
                self.assertIn("REVOKED", caught.exception.reason)
            self.assertEqual({server.connections(n)["reason"] for n in (1, 2)}, {"revoked"})

    def test_rule_is_taken_away(self):
        both = b"rules:\n  - allow: {cn: [alice, bob]}\n"
        rules = self.write("rules.yaml", both)
        for version, server in self.versions("--cacert", self.pki.path("ca.pem"), "--rules", rules):
            alice, bob = self.enter(server, "alice", version), self.enter(server, "bob", version)
            self.change(server, "rules.yaml", b"rules:\n  - deny: {cn: alice}\n    reason: left us\n  - allow: {cn: bob}\n")
            line = self.turned_out(server, alice, "ACCESS_DENIED")
            self.assertEqual((line["reason"], line["rule"], line["rule_reason"]),
                             ("identity-denied", "rules.yaml:2", "left us"))
            self.talks(bob)
            bob.unwrap().close()
            self.assertEqual(server.connections(2)["rule"], "rules.yaml:4")  # the one that let it stay
            self.write("rules.yaml", both)

    def test_ca_is_taken_away(self):
        two = self.read("ca.pem") + self.read("stranger.pem")
        cas = self.write("cas.pem", two)
        for version, server in self.versions("--cacert", cas, "--allow-all"):
            alice, carol = self.enter(server, "alice", version), self.enter(server, "carol", version)
            self.change(server, "cas.pem", self.read("ca.pem"))
            line = self.turned_out(server, carol, "UNKNOWN_CA")
            self.assertEqual((line["reason"], line["peer"]), ("issuer-unknown", "DNS:carol.example"))
            self.talks(alice)
            self.write("cas.pem", two)

    def test_unusable_files_turn_nobody_out(self):
        rules = self.write("rules.yaml", b"rules:\n  - allow: {cn: alice}\n")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--rules", rules)
        alice = self.enter(server, "alice")
        self.change(server, "rules.yaml", b"rules:\n  - allow: {cn alice}\n")
        server.wait_for(lambda line: line["event"] == "reload")
        self.talks(alice)

    def test_many_at_once(self):
        """Hundreds go at one change, hundreds stay, and a newcomer is served meanwhile."""
        rules = self.write("rules.yaml", b"rules:\n  - allow: {cn: [alice, bob]}\n")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--rules", rules, threads=2)
        alices = [self.enter(server, "alice") for _ in range(100)]
        bobs = [self.enter(server, "bob") for _ in range(100)]
        self.change(server, "rules.yaml", b"rules:\n  - allow: {cn: bob}\n")
        server.connections(100)
        late = self.enter(server, "bob")
        for s in (*bobs, late):
            self.talks(s)
        for s in alices:
            with self.assertRaises(ssl.SSLError):
                s.recv(1)
        cut = [line["subject"] for line in server.lines if line["event"] == "connection"]
        self.assertEqual(cut, ["CN=alice"] * 100)

    def test_client_looks_at_its_server_again(self):
        """The client's side does the same: a server whose CA is no longer trusted is left."""
        server = self.server(self.service().address)
        shutil.copy(self.pki.path("ca.pem"), self.pki.path("theirs.pem"))
        client = Program("client", "--listen", "127.0.0.1:0", "--target", f"localhost:{server.port}", *self.pki.pair("alice"),
                         "--cacert", self.pki.path("theirs.pem"), "--shutdown-timeout", "1s")
        self.programs.append(client)
        s = connect(client.port)
        self.addCleanup(s.close)
        self.talks(s)
        self.change(client, "theirs.pem", self.read("stranger.pem"))
        line = client.connections(1)
        self.assertEqual((line["outcome"], line["reason"]), ("cut", "issuer-unknown"))
        self.assertEqual(server.connections(1)["alert_received"], "unknown_ca")


if __name__ == "__main__":
    main()
