# SPDX-License-Identifier: Apache-2.0
"""One certificate, one place: several clients with one certificate from several addresses of loopback."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time

from harness import HANDFAST, Case, WAIT_S, main, run

HOLD = """
import socket, ssl, sys
c = ssl.create_default_context(cafile=sys.argv[1])
c.load_cert_chain(sys.argv[2], sys.argv[3])
s = c.wrap_socket(socket.create_connection((sys.argv[4], int(sys.argv[5]))), server_hostname="localhost")
s.sendall(b"hello")
print(s.recv(5), flush=True)
sys.stdin.read()
"""


class Presence(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pki.leaf("renewed", "ca", "clientAuth", "URI:spiffe://example.org/alice")
        cls.pki.leaf("bob", "ca", "clientAuth", "URI:spiffe://example.org/bob")

    def start(self, *how, threads=1):
        service = self.service()
        return self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--one-place", *how,
                           threads=threads)

    def client(self, server, source, name="alice"):
        """A connection from a source address, which was answered."""
        raw = socket.create_connection(("127.0.0.1", server.port), WAIT_S, source_address=(source, 0))
        s = self.pki.context(name).wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False)
        self.addCleanup(s.close)
        s.sendall(b"hello")
        self.assertEqual(s.recv(100), b"hello")
        return s

    def refused(self, server, source, name="alice"):
        with self.assertRaises(ssl.SSLError) as caught:
            self.client(server, source, name)
        self.assertIn("ACCESS_DENIED", caught.exception.reason)

    def leaves(self, server, s):
        """The client ends in order, and the server has told it."""
        before = sum(line["event"] == "connection" for line in server.lines)
        s.unwrap().close()
        return server.connections(before + 1)

    def sighting(self, server, n=1):
        return server.wait_for(lambda line: line["event"] == "sighting", n)

    def because(self, server, reason, n=1):
        return server.wait_for(lambda line: line["event"] == "connection" and line.get("reason") == reason, n)

    def test_observed(self):
        server = self.start("observe")
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3", "bob")
        self.client(server, "127.0.0.3")
        line = self.sighting(server)
        self.assertEqual((line["verdict"], line["places"], line["peer"]), ("admitted", 2, "URI:spiffe://example.org/alice"))
        self.assertTrue(line["held_from"].startswith("127.0.0.2:"))
        self.assertTrue(line["from"].startswith("127.0.0.3:"))
        self.assertRegex(line["held_since"], r"^20\d\d-\d\d-\d\dT")

    def test_refused(self):
        server = self.start("refuse")
        first = self.client(server, "127.0.0.2")
        again = self.client(server, "127.0.0.2")
        self.refused(server, "127.0.0.3")
        line = self.because(server, "identity-in-use")
        self.assertEqual((line["outcome"], line["alert_sent"]), ("refused", "access_denied"))
        self.assertIn("in use from 127.0.0.2:", line["detail"])
        self.assertIn("observe", line["hint"])
        self.assertEqual(self.sighting(server)["verdict"], "refused")
        self.client(server, "127.0.0.3", "bob")
        self.leaves(server, first)
        self.refused(server, "127.0.0.3")
        self.leaves(server, again)
        self.client(server, "127.0.0.3")
        self.refused(server, "127.0.0.2")

    def test_a_broken_client_frees_its_place(self):
        server = self.start("refuse")
        first = self.client(server, "127.0.0.2")
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        first.close()  # a reset
        self.because(server, "peer-reset")
        self.client(server, "127.0.0.3")

    def test_a_ticket_takes_no_second_place(self):
        """A session is resumed from another address while the certificate is in use: asked like a full handshake."""
        server = self.start("refuse")
        context = self.pki.context("alice")

        def enter(source, session=None):
            raw = socket.create_connection(("127.0.0.1", server.port), WAIT_S, source_address=(source, 0))
            s = context.wrap_socket(raw, server_hostname="localhost", session=session)
            self.addCleanup(s.close)
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
            return s

        holder = enter("127.0.0.2")
        with self.assertRaises(ssl.SSLError) as caught:
            enter("127.0.0.3", holder.session)
        self.assertIn("ACCESS_DENIED", caught.exception.reason)
        self.assertEqual(self.because(server, "identity-in-use")["resumed"], "yes")
        self.leaves(server, holder)
        enter("127.0.0.3", holder.session)

    def test_limit(self):
        server = self.start("limit=2")
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3")
        self.refused(server, "127.0.0.4")
        self.client(server, "127.0.0.3")

    def test_replaced(self):
        """The newcomer wins; the old connections, which lie on both threads, end with close_notify."""
        server = self.start("replace", threads=2)
        old = [self.client(server, "127.0.0.2") for _ in range(12)]
        new = self.client(server, "127.0.0.3")
        for s in old:
            self.assertEqual(s.recv(1), b"")
        line = self.because(server, "identity-superseded", len(old))
        self.assertEqual(line["outcome"], "cut")
        self.assertIn(f"127.0.0.3:{new.getsockname()[1]}", line["detail"])
        self.assertEqual(self.sighting(server)["verdict"], "replaces")
        new.sendall(b"still")
        self.assertEqual(new.recv(100), b"still")
        back = self.client(server, "127.0.0.2")
        self.assertEqual(new.recv(1), b"")
        back.sendall(b"again")
        self.assertEqual(back.recv(100), b"again")

    def test_addresses_of_both_families(self):
        """IPv4 that comes over IPv6 is IPv4: its prefix, and its text."""
        service = self.service()
        server = self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--one-place", "refuse", "--place",
                             "prefix=31/64", listen="[::]:0")
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3")
        self.refused(server, "127.0.0.4")
        self.assertIn("in use from 127.0.0.2:", self.because(server, "identity-in-use")["detail"])

    def test_connections_are_places(self):
        server = self.start("refuse", "--place", "connection", threads=2)
        self.client(server, "127.0.0.2")
        self.refused(server, "127.0.0.2")

    def test_prefixes_are_places(self):
        server = self.start("refuse", "--place", "prefix=24/64")
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3")
        self.refused(server, "127.0.1.2")

    def test_the_same_client(self):
        server = self.start("refuse")
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3", "renewed")
        server = self.start("refuse", "--same-by", "identity")
        self.client(server, "127.0.0.2")
        self.refused(server, "127.0.0.3", "renewed")
        self.client(server, "127.0.0.2", "renewed")

    def test_refused_by_the_rules_takes_no_place(self):
        service = self.service()
        server = self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-uri", "spiffe://example.org/alice",
                             "--one-place", "refuse", "--place", "connection")
        self.refused(server, "127.0.0.2", "bob")
        self.assertEqual(server.connections(1)["reason"], "identity-denied")
        self.assertFalse([line for line in server.lines if line["event"] == "sighting"])

    def rules(self, text):
        path = self.pki.path("places.yaml")
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return path

    def test_a_rule_of_its_own(self):
        """What a rule says of places holds for those whom it lets in; the command line for all others."""
        path = self.rules("rules:\n  - allow: {uri: spiffe://example.org/bob}\n    one-place: limit=2\n    place: connection\n"
                          "  - allow: {uri: spiffe://example.org/alice}\n")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--rules", path, "--one-place", "refuse")
        self.client(server, "127.0.0.2")
        self.refused(server, "127.0.0.3")
        self.client(server, "127.0.0.2", "bob")
        self.client(server, "127.0.0.3", "bob")
        self.refused(server, "127.0.0.3", "bob")

    def test_a_rule_that_changes(self):
        """A rule that allows fewer places closes the connections that are too many, with the reason."""
        path = self.rules("rules:\n  - allow: all\n")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--rules", path, threads=2)
        for source in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
            self.client(server, source)
        self.rules("rules:\n  - allow: all\n    one-place: limit=1\n")
        server.proc.send_signal(signal.SIGHUP)
        self.because(server, "identity-in-use", 2)
        time.sleep(0.2)
        self.assertEqual(sum(line["event"] == "connection" for line in server.lines), 2)

    def test_a_rule_that_is_wrong(self):
        for text, words in (("one-place: twice", "places.yaml:3:16: one-place is observe"), ("place: address", "one-place, and place beside it"),
                            ("one-place: refuse\n    one-place: refuse", "stands twice")):
            path = self.rules(f"rules:\n  - allow: all\n    {text}\n")
            done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1",
                                   *self.pki.pair("server"), "--cacert", self.pki.path("ca.pem"), "--rules", path],
                                  capture_output=True, timeout=WAIT_S)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(words, done.stderr.decode())

    def test_grace_waits_for_the_holder(self):
        server = self.start("refuse", "--place-grace", "3s")
        holder = self.client(server, "127.0.0.2")
        began = time.monotonic()
        self.refused(server, "127.0.0.3")
        self.assertGreater(time.monotonic() - began, 2.9)
        raw = socket.create_connection(("127.0.0.1", server.port), WAIT_S, source_address=("127.0.0.3", 0))
        with self.pki.context("alice").wrap_socket(raw, server_hostname="localhost") as s:
            s.sendall(b"hello")
            time.sleep(0.3)
            holder.unwrap().close()
            self.assertEqual(s.recv(100), b"hello")

    def test_a_client_that_goes_while_it_waits(self):
        server = self.start("refuse", "--place-grace", "5s")
        holder = self.client(server, "127.0.0.2")
        raw = socket.create_connection(("127.0.0.1", server.port), WAIT_S, source_address=("127.0.0.3", 0))
        self.pki.context("alice").wrap_socket(raw, server_hostname="localhost").close()
        self.assertEqual(server.proc.poll(), None)
        self.leaves(server, holder)

    def test_grace_and_a_broken_network(self):
        """The holder's network goes away without a word; the client comes back from another address and gets in."""
        space, here, there = f"hf{os.getpid()}", f"hfa{os.getpid() % 10000}", f"hfb{os.getpid() % 10000}"
        try:
            run("ip", "netns", "add", space)
        except (RuntimeError, OSError) as e:
            self.skipTest(f"no network namespace can be made here: {e}")
        self.addCleanup(lambda: subprocess.run(["ip", "netns", "del", space], capture_output=True))
        inside = ["ip", "netns", "exec", space]
        net = f"10.213.{os.getpid() % 250}"
        run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", space)
        run("ip", "addr", "add", f"{net}.1/24", "dev", here)
        run("ip", "link", "set", here, "up")
        run(*inside, "ip", "addr", "add", f"{net}.2/24", "dev", there)
        run(*inside, "ip", "link", "set", there, "up")
        service = self.service()
        server = self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--one-place", "refuse",
                             "--place-grace", "6s", listen="0.0.0.0:0")
        p = self.pki.path
        holder = subprocess.Popen([*inside, sys.executable, "-c", HOLD, p("ca.pem"), p("alice.pem"), p("alice.key"),
                                   f"{net}.1", str(server.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.addCleanup(holder.stdin.close)
        self.assertEqual(holder.stdout.readline(), b"b'hello'\n")
        run("ip", "link", "set", here, "down")
        began = time.monotonic()
        self.client(server, "127.0.0.3")
        print(f"# back after {time.monotonic() - began:.1f} s", flush=True)

    def test_wrong_options(self):
        for how, words in ((["--one-place", "limit=0"], "1 to 9999"), (["--one-place", "once"], "observe, limit=N"),
                           (["--one-place", "refuse", "--place", "prefix=33/64"], "1 to 32"),
                           (["--place", "address"], "give --one-place too"),
                           (["--one-place", "refuse", "--place-grace", "1m"], "--handshake-timeout")):
            done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1",
                                   *self.pki.pair("server"), "--cacert", self.pki.path("ca.pem"), "--allow-all", *how],
                                  capture_output=True, timeout=WAIT_S)
            self.assertEqual(done.returncode, 2, how)
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    main()
