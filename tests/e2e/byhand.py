# SPDX-License-Identifier: Apache-2.0
"""`handfast connect`: what it prints, what it passes on, and its exit status."""

import socket
import subprocess

from harness import HANDFAST, Case, Service, echo, main, read_all


class ByHand(Case):
    def by_hand(self, address, *args, say=b"", stdin=None, timeout="5s"):
        """-> exit status, stdout, stderr."""
        more = {"stdin": stdin} if stdin else {"input": say}
        done = subprocess.run([HANDFAST, "connect", address, "--cacert", self.pki.path("ca.pem"), "--timeout", timeout, *args],
                              capture_output=True, timeout=30, **more)
        return done.returncode, done.stdout, done.stderr.decode()

    def test_admitted(self):
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--alpn", "h2,x")
        status, out, err = self.by_hand(f"localhost:{server.port}", *self.pki.pair("alice"), "--alpn", "x", say=b"hello")
        self.assertEqual((status, out), (0, b"hello"), err)
        for text in ("Connected to 127.0.0.1", "TLS 1.3", "TLS_AES_128_GCM_SHA256", "alpn         x", "Server, proven",
                     "DNS:localhost", "CN=server", "asks for a certificate and names 1 CA", "    CN=ca",
                     "alice.pem: this credential was chosen (ecdsa_secp256r1_sha256)", "pass ", "NAME_MISMATCH",
                     "own verdict is still to come", "The server has answered: it lets us in"):
            self.assertIn(text, err)

    def test_much_data_both_ways(self):
        server = self.server(self.service().address)
        data = bytes(range(256)) * 40000
        status, out, err = self.by_hand(f"localhost:{server.port}", *self.pki.pair("alice"), say=data)
        self.assertEqual((status, out == data), (0, True), err)

    def test_send_nothing(self):
        """Nothing is read from standard input, and the verdict still comes."""
        server = self.server(self.service(lambda s: s.sendall(b"welcome")).address)
        ours, theirs = socket.socketpair()  # a standard input that never says anything
        with ours, theirs:
            status, out, err = self.by_hand(f"localhost:{server.port}", *self.pki.pair("alice"), "--send-nothing",
                                            stdin=theirs)
        self.assertEqual((status, out), (0, b"welcome"), err)
        self.assertIn("it lets us in", err)

    def test_second_verdict(self):
        """The refusal that comes after our handshake is over is told as that."""
        server = self.server(self.service().address)
        status, out, err = self.by_hand(f"localhost:{server.port}", say=b"hello")
        self.assertEqual((status, out), (1, b""), err)
        for text in ("Handshake complete on our side", "We have none", "still to come",
                     "The server refused us when it had judged our last messages: alert certificate_required"):
            self.assertIn(text, err)
        self.assertNotIn("lets us in", err)

    def test_refused_for_its_certificate(self):
        """No CA is named, so that the stranger's certificate is sent."""
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--ca-names", "none")
        status, _, err = self.by_hand(f"localhost:{server.port}", *self.pki.pair("mallory"))
        self.assertEqual(status, 1, err)
        self.assertIn("names no CA: any may fit", err)
        self.assertIn("alert unknown_ca, it found no CA that it trusts behind our certificate", err)

    def test_ca_names_of_a_file(self):
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--ca-names",
                             self.pki.path("stranger.pem"))
        status, _, err = self.by_hand(f"localhost:{server.port}", *self.pki.pair("alice"))
        self.assertEqual(status, 1, err)
        self.assertIn("    CN=stranger", err)
        self.assertIn("alice.pem: this credential is not sent", err)

    def test_the_fitting_credential_is_chosen(self):
        server = self.server(self.service().address)
        status, _, err = self.by_hand(f"localhost:{server.port}", *self.pki.pair("mallory"), *self.pki.pair("alice"))
        self.assertEqual(status, 0, err)
        self.assertIn("mallory.pem: this credential is not sent", err)
        self.assertIn("alice.pem: this credential was chosen", err)

    def test_we_refuse_the_server(self):
        server = self.server(self.service().address)
        for args, text in ((["--server-name", "other.example"], "NAME_MISMATCH"), ):
            status, out, err = self.by_hand(f"localhost:{server.port}", *self.pki.pair("alice"), *args)
            self.assertEqual((status, out), (1, b""), err)
            for part in (text, "FAIL", "unproven", "No connection"):
                self.assertIn(part, err)

    def test_pinned_server(self):
        server = self.server(self.service().address)
        args = [HANDFAST, "connect", f"localhost:{server.port}", "--pin", self.pki.path("server.pem"),
                *self.pki.pair("alice")]
        done = subprocess.run(args, input=b"hello", capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (0, b"hello"), done.stderr)

    def test_nobody_there(self):
        gone = socket.create_server(("127.0.0.1", 0))
        port = gone.getsockname()[1]
        gone.close()
        status, _, err = self.by_hand(f"127.0.0.1:{port}")
        self.assertEqual(status, 2)
        self.assertIn("tcp-refused", err)

    def test_not_a_tls_server(self):
        greeting = Service(lambda s: s.sendall(b"220 mail.example ESMTP\r\n"))
        silent = Service(lambda s: s.recv(100000) and s.recv(100000))
        self.addCleanup(greeting.close)
        self.addCleanup(silent.close)
        status, _, err = self.by_hand(greeting.address)
        self.assertEqual(status, 1)
        self.assertIn("not-tls", err)
        status, _, err = self.by_hand(silent.address, timeout="500ms")
        self.assertEqual(status, 2)
        self.assertIn("handshake-timeout", err)

    def test_server_that_dies(self):
        """A reset without an alert is a failure, and it says what may be behind it."""
        def die(s):
            s.recv(100000)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        dying = Service(die)
        self.addCleanup(dying.close)
        status, _, err = self.by_hand(dying.address)
        self.assertEqual(status, 1)
        self.assertIn("peer-reset", err)

    def test_keylog(self):
        server = self.server(self.service().address)
        file = self.pki.path("keys.log")
        self.assertEqual(self.by_hand(f"localhost:{server.port}", *self.pki.pair("alice"), "--keylog", file)[0], 0)
        with open(file) as f:
            labels = [line.split()[0] for line in f]
        for label in ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"):
            self.assertIn(label, labels)


if __name__ == "__main__":
    main()
