# SPDX-License-Identifier: Apache-2.0
"""Who of the proven clients comes in: options, a rules file, what a refusal says, files that change and are wrong."""

import json
import os
import ssl
import subprocess

from harness import HANDFAST, ROOT, Case, connect, main, run

RULES = """\
rules:
  - deny: {cn: bob}
    reason: laptop lost in October
  - allow:
      uri: [spiffe://example.org/web/*, spiffe://example.org/alice]
      from: 127.0.0.0/8
  - allow: {dns: batch.example, issuer: CN=Elsewhere}
"""


class Rules(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pki.leaf("bob", "ca", "clientAuth", "URI:spiffe://example.org/web/7")
        cls.pki.leaf("batch", "ca", "clientAuth", "DNS:batch.example,email:batch@example.org")
        cls.pki.leaf("twice", "ca", "clientAuth", "URI:spiffe://example.org/web/1,URI:spiffe://example.org/web/2")

    def ask(self, server, who):
        """What the log says of one more connection."""
        before = sum(line["event"] == "connection" for line in server.lines)
        try:
            with connect(server.port, self.pki.context(who)) as s:
                s.sendall(b"hello")
                s.recv(5)
                s.unwrap().close()
        except OSError:
            pass
        return server.connections(before + 1)

    def start_rules(self, *args):
        return self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), *args)

    def write_rules(self, text, name="rules.yaml"):
        path = self.pki.path(name)
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return path

    def test_options(self):
        for args, alice, batch in ((["--allow-uri", "spiffe://example.org/*"], True, False),
                                   (["--allow-cn", "batch"], False, True),
                                   (["--allow-dns", "*.example"], False, True),
                                   (["--allow-mail", "*@example.org"], False, True),
                                   (["--allow-cn", "nobody", "--allow-cn", "alice"], True, False),
                                   (["--allow-issuer", "CN=ca"], True, True),
                                   (["--allow-spki", self.spki("alice")], True, False),
                                   (["--allow-ou", "ops"], False, False)):
            server = self.start_rules(*args)
            for who, comes_in in (("alice", alice), ("batch", batch)):
                line = self.ask(server, who)
                self.assertEqual(line["outcome"], "served" if comes_in else "refused", (args, who))
                if comes_in:
                    self.assertEqual(line["rule"], " ".join(args[-2:]))
                else:
                    self.assertEqual((line["reason"], line["alert_sent"]), ("identity-denied", "access_denied"))

    def spki(self, name):
        public = run("openssl", "x509", "-in", self.pki.path(name + ".pem"), "-noout", "-pubkey")
        der = run("openssl", "pkey", "-pubin", "-outform", "DER", input=public)
        return run("openssl", "dgst", "-sha256", input=der).decode().split()[-1]

    def test_rules_file(self):
        server = self.start_rules("--rules", self.write_rules(RULES))
        line = self.ask(server, "alice")
        self.assertEqual((line["outcome"], line["rule"]), ("served", "rules.yaml:4"))
        line = self.ask(server, "bob")
        self.assertEqual((line["outcome"], line["reason"], line["rule"], line["rule_reason"]),
                         ("refused", "identity-denied", "rules.yaml:2", "laptop lost in October"))
        self.assertIn("rules.yaml:2: laptop lost in October", line["message"])
        self.assertEqual(line["peer"], "URI:spiffe://example.org/web/7")  # proven, and still not let in
        line = self.ask(server, "batch")
        self.assertEqual((line["reason"], line["check"]), ("identity-issuer-mismatch", "RULE_ISSUER_DIFFERS"))
        self.assertEqual(line["rule_near"][0], "rules.yaml:7 wants issuer CN=Elsewhere, found CN=ca")
        self.assertNotIn("rule", line)
        line = self.ask(server, "twice")
        self.assertEqual(line["check"], "SPIFFE_NOT_ALONE")

    def test_file_before_options(self):
        server = self.start_rules("--rules", self.write_rules("rules: [{deny: {cn: bob}}]\n"), "--allow-all")
        self.assertEqual(self.ask(server, "alice")["rule"], "--allow-all")
        self.assertEqual(self.ask(server, "bob")["outcome"], "refused")

    def test_the_refused_client_gets_its_alert(self):
        service = self.service()
        server = self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-cn", "nobody", "--tls-min",
                             "1.2")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.pki.context("alice")
            context.minimum_version = context.maximum_version = version
            with self.assertRaises(ssl.SSLError) as caught:
                with connect(server.port, context) as s:
                    s.sendall(b"x" * 100000)
                    s.recv(1)
            self.assertIn("ACCESS_DENIED", caught.exception.reason)
        self.assertEqual(service.accepted, 0)

    def test_sixty_of_sixty_alerts(self):
        """A client that is already sending when the rules refuse it still reads why, every time."""
        service = self.service()
        server = self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-cn", "nobody", threads=2)
        context = self.pki.context("alice")
        got = 0
        for _ in range(60):
            try:
                with connect(server.port, context) as s:
                    s.sendall(b"x" * 100000)
                    s.recv(1)
            except ssl.SSLError as e:
                got += "ACCESS_DENIED" in (e.reason or "")
            except OSError:
                pass
        self.assertEqual((got, service.accepted), (60, 0))

    def test_server_name(self):
        server = self.start_rules("--rules", self.write_rules("rules: [{allow: {sni: localhost}}]\n"))
        self.assertEqual(self.ask(server, "alice")["outcome"], "served")
        server = self.start_rules("--rules", self.write_rules("rules: [{allow: {sni: none}}]\n", "other.yaml"))
        line = self.ask(server, "alice")
        self.assertEqual(line["rule_near"], ["other.yaml:1 wants sni none, found localhost"])

    def test_optional_certificate(self):
        server = self.start_rules("--client-auth", "optional", "--allow-cn", "alice")
        line = self.ask(server, None)
        self.assertEqual((line["outcome"], line["reason"]), ("refused", "identity-denied"))
        self.assertEqual(self.ask(server, "alice")["outcome"], "served")
        rules = self.write_rules("rules: [{allow: {certificate: none, from: 127.0.0.1}}]\n")
        server = self.start_rules("--client-auth", "optional", "--rules", rules)
        self.assertEqual(self.ask(server, None)["outcome"], "served")
        self.assertEqual(self.ask(server, "alice")["outcome"], "refused")

    def test_changed_file(self):
        path = self.write_rules("rules: [{allow: {cn: alice}}]\n")
        server = self.start_rules("--rules", path)
        self.assertEqual(self.ask(server, "alice")["outcome"], "served")
        self.assertEqual(self.ask(server, "bob")["outcome"], "refused")
        self.write_rules("rules:\n  - allow:\n      cn: [bob\n")
        line = server.wait_for(lambda line: line["event"] == "reload")
        self.assertIn("rules.yaml:4:1: ", line["message"])
        self.assertEqual(self.ask(server, "alice")["outcome"], "served")  # the old rules are in force
        self.write_rules("rules: [{allow: {cn: bob}}]\n")
        server.wait_for(lambda line: line["event"] == "reloaded")
        self.assertEqual(self.ask(server, "alice")["outcome"], "refused")
        self.assertEqual(self.ask(server, "bob")["outcome"], "served")

    def test_mistakes_name_line_and_column(self):
        for text, place, words in (
                ("", "", "empty"),
                ("# nothing\n", "1:1", "one key"),
                ("rules: 7\n", "1:8", "list"),
                ("rule: []\n", "1:1", "rules:"),
                ("rules: []\nmore: 1\n", "1:1", "one key"),
                ("rules:\n  - allow\n", "2:5", "allow:"),
                ("rules:\n  - permit: all\n", "2:5", "allow or deny"),
                ("rules:\n  - allow: everybody\n", "2:12", "all"),
                ("rules:\n  - allow: {}\n", "2:12", "all"),
                ("rules:\n  - reason: x\n", "2:5", "allow:"),
                ("rules:\n  - allow: all\n    deny: all\n", "3:5", "one deny"),
                ("rules:\n  - allow:\n      colour: red\n", "3:15", "no such field"),
                ("rules:\n  - allow:\n      cn: a\n      cn: b\n", "4:7", "twice"),
                ("rules:\n  - allow:\n      cn: []\n", "3:11", "empty"),
                ("rules:\n  - allow:\n      cn: {a: b}\n", "3:11", "text"),
                ("rules:\n  - allow:\n      cn:\n", "3:10", "missing"),
                ("rules:\n  - allow:\n      from: [10.0.0.0/8, 10.0.0.1/8]\n", "3:26", "behind the prefix"),
                ("rules:\n  - allow:\n      hours: 8-18\n", "3:14", "08:00-18:00"),
                ("rules:\n  - allow: {cn: a}\n---\nrules: []\n", "4:1", "second document"),
                ("rules:\n\t- allow: all\n", "2:1", "token"),
                ("rules:\n  - {allow: {cn: \"a\n", "3:1", "end of stream")):
            path = self.write_rules(text, "wrong.yaml")
            done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1",
                                   *self.pki.pair("server"), "--cacert", self.pki.path("ca.pem"), "--rules", path],
                                  capture_output=True, timeout=30)
            said = done.stderr.decode()
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(words, said, text)
            if place:
                self.assertIn(f"wrong.yaml:{place}: ", said, text)

    def test_the_example_of_the_manual(self):
        """The file that doc/rules.md shows is one that works."""
        with open(os.path.join(ROOT, "doc", "rules.md")) as f:
            text = f.read().split("```yaml\n")[1].split("```")[0]
        path = self.write_rules(text, "example.yaml")
        done = subprocess.run([HANDFAST, "check", "--cert", self.pki.path("alice.pem"), "--cacert", self.pki.path("ca.pem"),
                               "--rules", path, "--json"], capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        self.assertEqual(len(json.loads(done.stdout)["rules"]["asked"]), text.count("\n  - "))

    def test_wrong_options(self):
        for args, words in ((["--allow-uri", "web"], "scheme"), (["--allow-spki", "x"], "SHA-256"),
                            (["--allow-issuer", "XY=1"], "distinguished name"),
                            (["--rules", "/nowhere"], "/nowhere"),
                            (["--allow-cn", "a", "--disable-authentication"], "exclude each other"), ([], "who may come in")):
            done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1",
                                   *self.pki.pair("server"), "--cacert", self.pki.path("ca.pem"), *args],
                                  capture_output=True, timeout=30)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(words, done.stderr.decode(), args)

    def test_the_host_is_asked_for_all_the_same(self):
        """With --verify-... the name goes out (SNI), so that a server with several certificates can choose."""
        self.pki.leaf("svc", "ca", "serverAuth", "URI:spiffe://example.org/svc")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all",
                             creds=self.pki.pair("svc"))
        client = self.client(f"localhost:{server.port}", *self.pki.pair("alice"), "--verify-uri", "spiffe://example.org/svc")
        with connect(client.port) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(5), b"hello")
        self.assertEqual(server.connections(1)["server_name"], "localhost")
        client = self.client(f"localhost:{server.port}", *self.pki.pair("alice"), "--verify-uri", "spiffe://example.org/svc",
                             "--server-name", "localhost")
        with connect(client.port) as s:
            s.sendall(b"hello")
            try:
                self.assertEqual(s.recv(5), b"")
            except OSError:
                pass
        self.assertEqual(client.connections(1)["reason"], "name-mismatch")

    def test_client_verifies_the_server(self):
        """By SPIFFE id, name or key instead of the host name; the server's certificate names no host here."""
        self.pki.leaf("svc", "ca", "serverAuth", "URI:spiffe://example.org/svc")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all",
                             creds=self.pki.pair("svc"))
        for args, good in ((["--verify-uri", "spiffe://example.org/svc"], True), (["--verify-cn", "svc"], True),
                           (["--verify-spki", self.spki("svc")], True),
                           (["--verify-uri", "spiffe://example.org/other"], False), ([], False)):
            client = self.client(f"127.0.0.1:{server.port}", *self.pki.pair("alice"), *args)
            with connect(client.port) as s:
                s.settimeout(10)
                try:
                    s.sendall(b"hello")
                    got = s.recv(5)
                    s.shutdown(1)
                    s.recv(1)
                except OSError:
                    got = b""
            line = client.connections(1)
            self.assertEqual((got == b"hello", line["outcome"]), (good, "served" if good else "refused"), args)
            if not good:
                self.assertEqual(line["reason"], "identity-denied" if args else "name-mismatch")


if __name__ == "__main__":
    main()
