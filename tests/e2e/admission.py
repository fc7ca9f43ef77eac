# SPDX-License-Identifier: Apache-2.0
"""Who comes in and who does not: the client's view, the alert it gets, and the line in the log."""

import socket
import ssl
import unittest

from harness import Case, connect, main, read_all


class Admission(Case):
    def refused(self, server, context):
        """Connects as a TLS 1.3 client does, which talks at once; the reason that ssl gives for the refusal."""
        with self.assertRaises(ssl.SSLError) as caught:
            with connect(server.port, context) as s:
                s.sendall(b"x" * 1000)
                self.assertEqual(s.recv(1), b"never")
        return caught.exception.reason

    def test_more_is_demanded(self):
        self.pki.leaf("plain", "ca", None, "DNS:plain.example")
        ca = ["--cacert", self.pki.path("ca.pem"), "--allow-all"]
        for more, outcome in (([], "served"), (["--require-eku"], "refused"), (["--profile", "web"], "refused")):
            server = self.server(self.service().address, *ca, *more)
            try:
                with connect(server.port, self.pki.context("plain")) as s:
                    s.sendall(b"x")
                    s.recv(1)
                    s.unwrap().close()
            except OSError:
                pass
            line = server.connections(1)
            self.assertEqual(line["outcome"], outcome, more)
            if more:
                self.assertEqual(line["reason"], "eku-missing-client")

    def test_valid_certificate_comes_in(self):
        server = self.server(self.service().address)
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
            raw = s.unwrap()
            raw.close()
        line = server.connections(1)
        self.assertEqual(line["outcome"], "served")
        self.assertEqual(line["peer"], "URI:spiffe://example.org/alice")
        self.assertEqual(line["subject"], "CN=alice")
        self.assertEqual(line["issuer"], "CN=ca")
        self.assertEqual(line["version"], "TLS 1.3")
        self.assertEqual((line["bytes_in"], line["bytes_out"]), (5, 5))
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertRegex(line["sha256"], "^[0-9a-f]{64}$")

    def test_no_certificate(self):
        service = self.service()
        server = self.server(service.address)
        self.assertIn("CERTIFICATE_REQUIRED", self.refused(server, self.pki.context()))
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["alert_sent"]), ("refused", "certificate_required"))
        self.assertNotIn("peer", line)
        self.assertEqual(service.accepted, 0)

    def test_stranger(self):
        service = self.service()
        server = self.server(service.address)
        self.assertIn("UNKNOWN_CA", self.refused(server, self.pki.context("mallory")))
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["reason"]), ("refused", "issuer-unknown"))
        self.assertNotIn("peer", line)
        self.assertIn("mallory", line["unproven"][0])
        self.assertEqual(service.accepted, 0)

    def test_expired(self):
        server = self.server(self.service().address)
        self.assertIn("CERTIFICATE_EXPIRED", self.refused(server, self.pki.context("expired")))
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["reason"], line["certificate"]), ("refused", "expired", 0))
        self.assertIn("2024-02-01", line["message"])
        self.assertIn("expired", line["unproven"][0])

    def test_optional(self):
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--client-auth",
                             "optional")
        for who in (None, "alice"):
            with connect(server.port, self.pki.context(who)) as s:
                s.sendall(b"hello")
                self.assertEqual(s.recv(100), b"hello")
                s.unwrap().close()
        self.assertNotIn("peer", server.connections(1))
        self.assertEqual(server.connections(2)["peer"], "URI:spiffe://example.org/alice")
        self.assertIn("UNKNOWN_CA", self.refused(server, self.pki.context("mallory")))

    def test_authentication_disabled(self):
        server = self.server(self.service().address, "--disable-authentication")
        with connect(server.port, self.pki.context("mallory")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
        self.assertNotIn("peer", server.connections(1))

    def test_pinned(self):
        server = self.server(self.service().address, "--pin", self.pki.path("mallory.pem"), "--allow-all")
        with connect(server.port, self.pki.context("mallory")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
        self.assertIn("UNKNOWN_CA", self.refused(server, self.pki.context("alice")))

    def test_sixty_of_sixty_alerts(self):
        """A refused client that is already sending still reads its alert, every time."""
        server = self.server(self.service().address, threads=2)
        for who, alert in (("mallory", "UNKNOWN_CA"), (None, "CERTIFICATE_REQUIRED"), ("expired", "CERTIFICATE_EXPIRED")):
            context = self.pki.context(who)
            got = 0
            for _ in range(60):
                try:
                    with connect(server.port, context) as s:
                        s.sendall(b"x" * 100000)
                        s.recv(1)
                except ssl.SSLError as e:
                    got += alert in (e.reason or "")
                except OSError:
                    pass
            self.assertEqual(got, 60, who)
        self.assertEqual(server.connections(180)["outcome"], "refused")

    def test_tls_1_2_has_to_be_asked_for(self):
        old = self.pki.context("alice")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        server = self.server(self.service().address)
        with self.assertRaises(ssl.SSLError) as caught:
            connect(server.port, old)
        self.assertIn("PROTOCOL_VERSION", caught.exception.reason)
        self.assertEqual(server.connections(1)["reason"], "version-mismatch")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--tls-min", "1.2")
        with connect(server.port, old) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
            s.unwrap().close()
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["version"], line["peer"]),
                         ("served", "TLS 1.2", "URI:spiffe://example.org/alice"))
        stranger = self.pki.context("mallory")
        stranger.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError) as caught:
            connect(server.port, stranger)
        self.assertIn("UNKNOWN_CA", caught.exception.reason)

    def test_not_tls(self):
        server = self.server(self.service().address)
        with connect(server.port) as s:
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            read_all(s)
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["reason"]), ("refused", "not-tls"))

    def test_silent_client_is_not_waited_for(self):
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all",
                             "--handshake-timeout", "300ms")
        with connect(server.port) as s:
            self.assertEqual(read_all(s), b"")
        self.assertEqual(server.connections(1)["reason"], "handshake-timeout")

    def test_client_leaves_in_the_handshake(self):
        server = self.server(self.service().address)
        connect(server.port).close()
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["reason"]), ("refused", "peer-closed-early"))

    def test_target_down(self):
        gone = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{gone.getsockname()[1]}"
        gone.close()
        server = self.server(address)
        with connect(server.port, self.pki.context("alice")) as s:
            with self.assertRaises(ssl.SSLError):  # the end of a stream without close_notify
                s.recv(1)
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["reason"], line["peer"]),
                         ("cut", "tcp-refused", "URI:spiffe://example.org/alice"))

    def test_names_from_strangers_are_made_harmless(self):
        self.pki.leaf("evil", "stranger", "clientAuth", "URI:http://a/\x1b[31m\"b")
        server = self.server(self.service().address)
        self.refused(server, self.pki.context("evil"))
        self.assertNotIn("\x1b", server.connections(1)["unproven"][0])


if __name__ == "__main__":
    main()
