# SPDX-License-Identifier: Apache-2.0
"""Raw public keys (RFC 7250) in the program: clients and servers that show a key in place of a certificate, admitted by
the rule on its digest, refused by name, and told nothing false about to services behind."""

import hashlib
import json
import os
import socket
import subprocess
import urllib.request

import pcap
from harness import HANDFAST, Case, Program, connect, main, run
from handing import read_header, tlvs


class RawKeys(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.digest = {}
        for name in ("one", "two", "serving"):
            cls.key(name)

    @classmethod
    def key(cls, name):
        """NAME.key, and NAME.pub beside it."""
        key, pub = cls.pki.path(name + ".key"), cls.pki.path(name + ".pub")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        run("openssl", "pkey", "-in", key, "-pubout", "-out", pub)
        cls.digest[name] = hashlib.sha256(run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")).hexdigest()

    def setUp(self):
        super().setUp()
        self.pins = self.pki.path("pinned.pem")
        self.pin("one", "two")

    def pin(self, *names):
        """The file of pinned keys, put in place at once."""
        with open(self.pins + ".new", "w") as out:
            for name in names:
                with open(self.pki.path(name + ".pub")) as f:
                    out.write(f.read())
        os.rename(self.pins + ".new", self.pins)

    def serving(self, target=None, *more, creds=None, allow=("--allow-all",)):
        return self.server(target or self.service().address, "--pin-key", self.pins, *allow, "--tls-min", "1.2", *more,
                           creds=creds or ["--raw-key", self.pki.path("serving.key")])

    def visit(self, server, name, *more, version="1.3", say=b"hello"):
        """One connection of `handfast connect` with this key: its exit status, the reply, what it prints."""
        done = subprocess.run([HANDFAST, "connect", f"127.0.0.1:{server.port}", "--raw-key", self.pki.path(name + ".key"),
                               "--pin-key", self.pki.path("serving.pub"), "--tls-min", version, "--tls-max", version, *more],
                              input=say, capture_output=True, timeout=30)
        return done.returncode, done.stdout, done.stderr.decode()

    def test_admitted_by_its_digest(self):
        """Both ends show keys, in both versions; the rule names one of two pinned keys."""
        server = self.serving(None, allow=("--allow-spki", self.digest["one"]))
        for i, version in enumerate(("1.3", "1.2")):
            status, reply, err = self.visit(server, "one", version=version)
            self.assertEqual((status, reply), (0, b"hello"), err)
            self.assertIn(f"key sha256:{self.digest['serving']}", err)
            line = server.connections(2 * i + 1)
            self.assertEqual((line["outcome"], line["version"]), ("served", f"TLS {version}"))
            self.assertEqual(line["rule"], f"--allow-spki {self.digest['one']}")
            self.assertEqual(line["peer"], f"key sha256:{self.digest['one']}")
            self.assertEqual(line["spki_sha256"], self.digest["one"])
            self.assertFalse({"subject", "issuer", "serial", "sha256", "not_after"} & set(line))
            status, _, err = self.visit(server, "two", version=version)
            self.assertEqual(status, 1, err)
            line = server.connections(2 * i + 2)
            self.assertEqual((line["outcome"], line["reason"]), ("refused", "identity-denied"), line)

    def test_refused_by_name(self):
        """A key that is not pinned, and the line names it."""
        self.pin("one")
        server = self.serving()
        status, _, err = self.visit(server, "two")
        self.assertEqual(status, 1, err)
        self.assertIn("alert certificate_unknown", err)
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["reason"], line["check"], line["alert_sent"], line["certainty"], line["at_fault"]),
                         ("refused", "raw-key-unknown", "RAW_KEY_NOT_PINNED", "certificate_unknown", "proven", "client"), line)
        self.assertEqual(line["about"], f"client-cert[0] raw public key sha256:{self.digest['two']}")
        self.assertEqual(line["unproven"], [f"raw public key sha256:{self.digest['two']}"])

    def test_server_with_another_key(self):
        server = self.serving(None, creds=["--raw-key", self.pki.path("two.key")])
        status, _, err = self.visit(server, "one")
        self.assertEqual(status, 1, err)
        self.assertIn("RAW_KEY_NOT_PINNED", err)
        line = server.connections(1)
        self.assertEqual((line["reason"], line["certainty"], line["at_fault"]), ("raw-key-unknown", "inferred", "server"), line)
        self.assertIn(self.digest["two"], line["fix"])

    def test_no_type_in_common(self):
        """A client with a certificate meets a server that takes keys alone, and the other way round."""
        server = self.serving(None, creds=self.pki.pair("server"))
        try:
            connect(server.port, self.pki.context("alice")).recv(1)
        except OSError:
            pass
        line = server.connections(1)
        self.assertEqual((line["reason"], line["check"], line["alert_sent"]),
                         ("cert-type-mismatch", "CH_CLIENT_TYPE_UNSAID", "unsupported_certificate"), line)
        server = self.server(self.service().address)
        status, _, err = self.visit(server, "one", "--cacert", self.pki.path("ca.pem"), "--server-name", "localhost")
        self.assertEqual(status, 1, err)
        self.assertEqual(server.connections(1)["check"], "CH_NO_COMMON_CLIENT_TYPE")

    def test_beside_certificates(self):
        """One server for both kinds, with both kinds; Python's ssl knows certificates alone."""
        server = self.serving(None, "--cacert", self.pki.path("ca.pem"),
                              creds=[*self.pki.pair("server"), "--raw-key", self.pki.path("serving.key")])
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(5), b"hello")
            s.unwrap()
        self.assertEqual(server.connections(1)["peer"], "URI:spiffe://example.org/alice")
        status, reply, err = self.visit(server, "one")
        self.assertEqual((status, reply), (0, b"hello"), err)
        self.assertEqual(server.connections(2)["peer"], f"key sha256:{self.digest['one']}")

    def test_file_that_changes(self):
        """A key that is added comes in; one that is taken away does not, and its open connection ends."""
        self.pin("one")
        server = self.serving()
        self.assertEqual(self.visit(server, "two")[0], 1)
        self.pin("one", "two")
        server.wait_for(lambda line: line["event"] == "reloaded")
        self.assertEqual(self.visit(server, "two")[0], 0)
        stays = subprocess.Popen([HANDFAST, "connect", f"127.0.0.1:{server.port}", "--raw-key", self.pki.path("one.key"),
                                  "--pin-key", self.pki.path("serving.pub")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        stays.stdin.write(b"hello")
        stays.stdin.flush()
        self.assertEqual(stays.stdout.read(5), b"hello")
        self.pin("two")
        server.wait_for(lambda line: line["event"] == "reloaded", 2)
        line = server.connections(3)
        self.assertEqual((line["outcome"], line["reason"]), ("cut", "raw-key-unknown"), line)
        stays.communicate(timeout=30)
        with open(self.pins, "w") as f:
            f.write("no key\n")
        line = server.wait_for(lambda line: line["event"] == "reload")
        self.assertIn("no public key", line["message"])
        self.assertEqual(self.visit(server, "two")[0], 0)

    def test_client_proxy_resumes(self):
        """`handfast client` shows its key, and goes on from its session; the pin is asked for again."""
        server = self.serving()
        proxy = Program("client", "--listen", "127.0.0.1:0", "--target", f"127.0.0.1:{server.port}", "--raw-key",
                        self.pki.path("one.key"), "--pin-key", self.pki.path("serving.pub"), "--shutdown-timeout", "1s")
        self.programs.append(proxy)
        for i, resumed in enumerate(("no", "yes")):
            with socket.create_connection(("127.0.0.1", proxy.port), timeout=15) as s:
                s.sendall(b"hello")
                s.shutdown(socket.SHUT_WR)
                self.assertEqual(s.recv(5), b"hello")
                s.recv(1)
            line = server.connections(i + 1)
            self.assertEqual((line["resumed"], line["spki_sha256"]), (resumed, self.digest["one"]), line)
        self.pin("two")
        server.wait_for(lambda line: line["event"] == "reloaded")
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=15) as s:
            try:
                s.sendall(b"hello")
                s.recv(5)
            except OSError:
                pass
        self.assertEqual(server.connections(3)["reason"], "raw-key-unknown")

    def test_proxy_header_claims_no_certificate(self):
        seen = []

        def note(s):
            seen.append(read_header(s))
            while data := s.recv(65536):
                s.sendall(data)
            s.shutdown(socket.SHUT_WR)

        server = self.serving(self.service(note).address, "--proxy-protocol")
        self.assertEqual(self.visit(server, "one")[1], b"hello")
        ssl = seen[0][2][0x20]
        self.assertEqual((ssl[0], ssl[1:5]), (0x01, b"\0\0\0\1"))
        self.assertEqual({0x22, 0x24, 0x28} & set(tlvs(ssl[5:])), set())

    def test_http_headers_say_nothing(self):
        for how, header in (("rfc9440", b"client-cert"), ("xfcc", b"x-forwarded-client-cert")):
            heads = []

            def answer(s):
                head = b""
                while b"\r\n\r\n" not in head:
                    head += s.recv(65536)
                heads.append(head.lower())
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

            server = self.serving(self.service(answer).address, "--http-headers", how)
            status, reply, err = self.visit(server, "one", say=b"GET / HTTP/1.1\r\nHost: x\r\nClient-Cert: :AAAA:\r\n"
                                            b"X-Forwarded-Client-Cert: Hash=00\r\nConnection: close\r\n\r\n")
            self.assertTrue(reply.endswith(b"ok"), err)
            self.assertNotIn(header, heads[0])

    def test_one_place_counts_keys(self):
        """A raw key is one place, another key is another, and the status page shows both."""
        server = self.serving(None, "--one-place", "refuse", "--status", "127.0.0.1:0")
        page = server.wait_for(lambda line: line["event"] == "status")["listen"]
        page = page[0] if isinstance(page, list) else page
        holders = []
        for name in ("one", "two"):
            p = subprocess.Popen([HANDFAST, "connect", f"127.0.0.1:{server.port}", "--raw-key", self.pki.path(name + ".key"),
                                  "--pin-key", self.pki.path("serving.pub")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
            p.stdin.write(b"hello")
            p.stdin.flush()
            self.assertEqual(p.stdout.read(5), b"hello")
            holders.append(p)
        with urllib.request.urlopen(f"http://{page}/status", timeout=15) as f:
            shown = json.load(f)["connections"]
        self.assertEqual({c["spki_sha256"] for c in shown}, {self.digest["one"], self.digest["two"]})
        self.assertFalse([c for c in shown if "not_after" in c])
        with urllib.request.urlopen(f"http://{page}/metrics", timeout=15) as f:
            self.assertNotIn(b" 0\n", b"\n".join(line for line in f.read().split(b"\n") if b"expir" in line) + b"\n")
        for p in holders:
            p.communicate(timeout=30)

    def test_traces_and_pages(self):
        """What is kept of a refusal tells of the key, and of what was agreed on."""
        self.pin("one")
        kept, html = self.pki.path("kept.json"), self.pki.path("kept.html")
        server = self.serving(None, "--explain", kept)
        for version in ("1.3", "1.2"):
            self.visit(server, "two", version=version)
        server.connections(2)
        text = run(HANDFAST, "explain", "--trace", kept).decode()
        flat = " ".join(text.split())
        for words in ("takes from the server raw public keys", "the client is to show raw public keys", "no certificate, a raw public key",
                      "a raw public key, ECDSA P-256", "raw-key-unknown", f"sha256:{self.digest['two']}"):
            self.assertIn(words, flat)
        self.assertNotIn("not a certificate", flat)
        run(HANDFAST, "explain", "--trace", kept, "--html", html)
        with open(html) as f:
            self.assertIn("a raw public key", f.read())

    def test_captured(self):
        """Whoever looks on sees the keys: in TLS 1.2 without secrets, in TLS 1.3 with them."""
        server = self.serving()
        for version in ("1.2", "1.3"):
            keys = self.pki.path(f"keys-{version}")
            recorder = pcap.Recorder(("127.0.0.1", server.port))
            relay = type("Relay", (), {"port": recorder.port})
            status, reply, err = self.visit(relay, "one", "--keylog", keys, version=version)
            self.assertEqual((status, reply), (0, b"hello"), err)
            file = pcap.write(self.pki.path("raw.pcap"), [pcap.packets(talk) for talk in recorder.done()])
            done = subprocess.run([HANDFAST, "explain", "--pcap", file, "--keylog", keys], capture_output=True, timeout=60)
            text = done.stdout.decode()
            flat = " ".join(text.split())
            for name in ("one", "serving"):
                self.assertIn(f"a raw public key sha256:{self.digest[name]}", flat)
            self.assertIn("the server shows raw public keys; the client is to show raw public keys", flat)
            self.assertIn("Verdict ok ", flat, text)
            self.assertNotIn("not a certificate", flat)

    def test_explained_from_outside(self):
        """A client that knows certificates alone is told why it does not get in."""
        for creds in (["--raw-key", self.pki.path("serving.key")], self.pki.pair("server")):
            server = self.serving(None, creds=creds)
            done = subprocess.run([HANDFAST, "explain", f"127.0.0.1:{server.port}", "--json", *self.pki.pair("alice"), "--cacert",
                                   self.pki.path("ca.pem")], capture_output=True, timeout=60)
            verdict = json.loads(done.stdout)["verdict"]
            self.assertEqual((verdict["reason"], verdict["certainty"], verdict["at_fault"]),
                             ("cert-type-mismatch", "proven", "client"), verdict)

    def test_check(self):
        def check(*args):
            done = subprocess.run([HANDFAST, "check", *args], capture_output=True, timeout=30)
            return done.returncode, done.stdout.decode()

        one, two = self.pki.path("one.pub"), self.pki.path("two.pub")
        status, out = check("--raw-key", one, "--pin-key", one, "--allow-spki", self.digest["one"])
        self.assertEqual(status, 0, out)
        self.assertIn("a raw public key, ECDSA P-256", out)
        status, out = check("--raw-key", two, "--pin-key", one, "--json")
        self.assertEqual(status, 1, out)
        told = json.loads(out)
        self.assertEqual(told["cause"]["reason"], "raw-key-unknown")
        self.assertEqual(told["presented"][0]["subject"], f"key sha256:{self.digest['two']}")
        status, out = check("--raw-key", one, "--pin-key", one, "--allow-cn", "*")
        self.assertEqual(status, 1, out)
        self.assertIn("found a raw public key", out)

    def test_wrong_use(self):
        p = self.pki.path
        for args, words in ((["--raw-key", p("one.key"), "--key", p("one.key")], "the key itself"),
                            (["--raw-key", p("one.key"), "--staple", p("one.key")], "no OCSP response"),
                            (["--raw-key", p("one.pub")], "public"),
                            (["--raw-key", p("one.key"), "--pin-key", p("one.key")], "private key"),
                            (["--raw-key", p("one.key"), "--pin-key", p("ca.pem")], "holds certificates")):
            done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", "--allow-all",
                                   *args, *([] if "--pin-key" in args else ["--pin-key", self.pins])], capture_output=True, timeout=30)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    main()
