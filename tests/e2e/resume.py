# SPDX-License-Identifier: Apache-2.0
"""Sessions that are gone on from: between two connections a certificate expires, is revoked, loses its anchor or its
rule, and the second one is refused with that cause, in both versions, whether the client shows its certificate again or
has only the ticket. Keys of tickets shared by two servers, changed while they run, and none at all."""

import os
import secrets
import subprocess
import time

from harness import WAIT_S, Case, connect, main, run

VERSIONS = ("1.3", "1.2")
CRL_CONF = "[ca]\ndefault_ca=this\n[this]\ndatabase={dir}/crl-index\ncrlnumber={dir}/crl-number\ndefault_md=sha256\n"
BRIEF_S = 8  # how long a certificate lives that is to expire in between


class Resume(Case):
    def replace(self, name, text):
        """Puts a file in place at once, so that no half of it is ever read."""
        path = self.pki.path(name)
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return path

    def crl(self, *revoked):
        p = self.pki.path
        rows = []
        for name in revoked:
            serial = run("openssl", "x509", "-in", p(name + ".pem"), "-noout", "-serial").decode().strip().split("=")[1]
            rows.append(f"R\t300101000000Z\t240601000000Z,keyCompromise\t{serial}\tunknown\t/CN={name}\n")
        for name, text in ("crl-index", "".join(rows)), ("crl-number", "01\n"), ("crl.cnf", CRL_CONF.format(dir=self.pki.dir)):
            self.replace(name, text)
        run("openssl", "ca", "-gencrl", "-config", p("crl.cnf"), "-cert", p("ca.pem"), "-keyfile", p("ca.key"), "-crldays", "5",
            "-out", p("now.crl"))
        with open(p("now.crl")) as f:
            return self.replace("ca.crl", f.read())

    def cacert(self, name):
        with open(self.pki.path(name + ".pem")) as f:
            return self.replace("trusted.pem", f.read())

    def rules(self, uri):
        return self.replace("rules.yaml", f"rules:\n  - allow:\n      uri: {uri}\n")

    def s_client(self, server, version, *more):
        """One connection of openssl; the log line about it."""
        before = sum(line["event"] == "connection" for line in server.lines)
        p = self.pki.path
        subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile",
                        p("ca.pem"), "-tls1_3" if version == "1.3" else "-tls1_2", "-ign_eof", *more],
                       input=b"hello\nQ\n", capture_output=True, timeout=WAIT_S, check=False)
        return server.connections(before + 1)

    def session_of(self, server, version, name):
        """What a first connection with this certificate leaves."""
        path = self.pki.path(f"session-{name}-{version}")
        line = self.s_client(server, version, *self.creds(name), "-sess_out", path)
        self.assertEqual((line["outcome"], line.get("resumed")), ("served", "no"), line)
        return path

    def creds(self, name):
        return "-cert", self.pki.path(name + ".pem"), "-key", self.pki.path(name + ".key")

    def started(self, *more):
        service = self.service(lambda s: s.sendall(s.recv(100)))
        return self.server(service.address, "--tls-min", "1.2", *more)

    def judged_again(self, server, change, reason, name="alice"):
        """A first connection in each version, the change, and second ones with the certificate and without."""
        sessions = {v: self.session_of(server, v, name) for v in VERSIONS}
        for v in VERSIONS:
            line = self.s_client(server, v, "-sess_in", sessions[v])  # only the ticket, and all is well
            self.assertEqual((line["outcome"], line.get("resumed")), ("served", "yes"), line)
            self.assertEqual(line["subject"], f"CN={name}")
        change()
        for v in VERSIONS:
            for creds in (), self.creds(name):
                line = self.s_client(server, v, "-sess_in", sessions[v], *creds)
                self.assertEqual((line["outcome"], line.get("reason")), ("refused", reason), line)

    def reloaded(self, server):
        server.wait_for(lambda line: line["event"] == "reloaded")

    def test_expires_in_between(self):
        now = time.time()
        at = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + s)) for s in (-3600, BRIEF_S)]
        self.pki.leaf("brief", "ca", "clientAuth", "URI:spiffe://example.org/alice", *at)
        server = self.started("--cacert", self.pki.path("ca.pem"), "--allow-all")
        self.judged_again(server, lambda: time.sleep(max(0, now + BRIEF_S + 2 - time.time())), "expired", "brief")

    def test_is_revoked_in_between(self):
        server = self.started("--cacert", self.pki.path("ca.pem"), "--allow-all", "--crl", self.crl())
        self.judged_again(server, lambda: (self.crl("alice"), self.reloaded(server)), "revoked")

    def test_loses_its_anchor_in_between(self):
        server = self.started("--cacert", self.cacert("ca"), "--ca-names", "none", "--allow-all")
        self.judged_again(server, lambda: (self.cacert("stranger"), self.reloaded(server)), "issuer-unknown")

    def test_loses_its_rule_in_between(self):
        server = self.started("--cacert", self.pki.path("ca.pem"), "--rules", self.rules("spiffe://example.org/alice"))
        self.judged_again(server, lambda: (self.rules("spiffe://example.org/bob"), self.reloaded(server)), "identity-denied")

    def test_a_renewed_certificate_comes_in(self):
        """The old session's certificate is revoked; the client has a new one, and is not turned away for the old."""
        server = self.started("--cacert", self.pki.path("ca.pem"), "--allow-all", "--crl", self.crl())
        self.pki.leaf("anew", "ca", "clientAuth", "URI:spiffe://example.org/alice")
        sessions = {v: self.session_of(server, v, "alice") for v in VERSIONS}
        self.crl("alice")
        self.reloaded(server)
        for v in VERSIONS:
            line = self.s_client(server, v, "-sess_in", sessions[v], *self.creds("anew"))
            self.assertEqual((line["outcome"], line.get("resumed"), line.get("subject")), ("served", "no", "CN=anew"), line)

    def test_our_client_goes_on(self):
        for v in VERSIONS:
            server = self.started("--cacert", self.pki.path("ca.pem"), "--allow-all", "--tls-max", v)
            client = self.client(f"localhost:{server.port}", *self.pki.pair("alice"), "--tls-min", "1.2", "--tls-max", v)
            for n, resumed in enumerate(("no", "yes", "yes"), 1):
                with connect(client.port) as s:
                    s.sendall(b"hello")
                    self.assertEqual(s.recv(100), b"hello")
                self.assertEqual(client.connections(n)["resumed"], resumed)
                line = server.connections(n)
                self.assertEqual((line["resumed"], line["subject"], line["peer"]),
                                 (resumed, "CN=alice", "URI:spiffe://example.org/alice"))

    def test_keys_shared_by_two_servers(self):
        keys = self.replace("keys", "# the first seals\n" + secrets.token_hex(32) + "\n")
        cacert = ["--cacert", self.pki.path("ca.pem"), "--allow-all"]
        one, two = (self.started(*cacert, "--ticket-keys", keys) for _ in range(2))
        other = self.started(*cacert)
        for v in VERSIONS:
            session = self.session_of(one, v, "alice")
            self.assertEqual(self.s_client(two, v, "-sess_in", session)["resumed"], "yes")
            self.assertEqual(self.s_client(other, v, "-sess_in", session, *self.creds("alice"))["resumed"], "no")

    def test_keys_change_while_it_runs(self):
        old, new = secrets.token_hex(32), secrets.token_hex(32)
        keys = self.replace("keys", old + "\n")
        server = self.started("--cacert", self.pki.path("ca.pem"), "--allow-all", "--ticket-keys", keys)
        session = self.session_of(server, "1.3", "alice")
        self.replace("keys", f"{new}\n{old}\n")
        self.reloaded(server)
        self.assertEqual(self.s_client(server, "1.3", "-sess_in", session)["resumed"], "yes")
        self.replace("keys", new + "\n")
        server.wait_for(lambda line: line["event"] == "reloaded", 2)
        self.assertEqual(self.s_client(server, "1.3", "-sess_in", session, *self.creds("alice"))["resumed"], "no")

    def test_no_tickets(self):
        server = self.started("--cacert", self.pki.path("ca.pem"), "--allow-all", "--no-tickets")
        for v in VERSIONS:
            path = self.pki.path("session-none")
            self.s_client(server, v, *self.creds("alice"), "-sess_out", path)
            again = ["-sess_in", path] if os.path.exists(path) else []
            self.assertEqual(self.s_client(server, v, *again, *self.creds("alice"))["resumed"], "no")

    def test_wrong_keys_are_named(self):
        for text, told in ("", "TICKET_KEYS_NONE"), ("abc\n", "TICKET_KEYS_LINE"), ("00" * 33 + "\n", "TICKET_KEYS_LINE"):
            keys = self.replace("keys", text)
            done = subprocess.run([os.environ["HANDFAST"], "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:9",
                                   *self.pki.pair("server"), "--cacert", self.pki.path("ca.pem"), "--allow-all", "--ticket-keys",
                                   keys], capture_output=True, timeout=WAIT_S, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("FILE_EMPTY" if not text else told, done.stderr.decode())


if __name__ == "__main__":
    main()
