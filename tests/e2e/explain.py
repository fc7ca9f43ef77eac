# SPDX-License-Identifier: Apache-2.0
"""`handfast explain`: the verdict on set-ups of which each has one fault, against openssl s_server and small peers of our own."""

import json
import os
import socket
import ssl
import subprocess
import time

from harness import HANDFAST, WAIT_S, Case, main, run
from ports import free_port


class Explain(Case):
    def s_server(self, *more, creds="server"):
        """openssl s_server on a free port; its address."""
        port = free_port()
        args = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", self.pki.path(creds + ".pem"), "-key",
                self.pki.path(creds + ".key"), "-www", *more]
        proc = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(proc.wait)
        self.addCleanup(proc.kill)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return f"localhost:{port}"
            except OSError:
                time.sleep(0.02)
        raise AssertionError("openssl s_server does not listen")

    def mutual(self, *more):
        return self.s_server("-CAfile", self.pki.path("ca.pem"), "-verify_return_error", *more, "-Verify", "5")

    def explain(self, address, *more, ca="ca"):
        """-> exit status, the tale."""
        trust = ["--cacert", self.pki.path(ca + ".pem")] if ca else []
        done = subprocess.run([HANDFAST, "explain", address, *trust, *more, "--json"], capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.stderr.decode(), "")
        return done.returncode, json.loads(done.stdout)

    def verdict(self, reason, address, *more, status=1, words=(), ca="ca", certainty=None):
        """The one cause, and words of its cure."""
        got, tale = self.explain(address, *more, ca=ca)
        v = tale["verdict"]
        self.assertEqual(v["reason"], reason, v)
        self.assertEqual(got, status)
        if certainty:
            self.assertEqual(v["certainty"], certainty, v)
        cure = " ".join([v["fix"] or "", v["reader"] or "", *(c["line"] for c in v["commands"])])
        for word in words:
            self.assertIn(word, cure)
        return tale

    def pair(self, name):
        return self.pki.pair(name)

    # ---- nothing is wrong

    def test_healthy(self):
        tale = self.verdict("ok", self.mutual(), *self.pair("alice"), status=0)
        self.assertEqual(tale["request"]["demand"], "required")
        self.assertEqual(tale["request"]["library"], "OpenSSL")
        self.assertTrue(tale["files"]["credentials"][0]["sent"])
        self.assertTrue(tale["server"]["accepted"])
        names = [m["name"] for m in tale["connection"]["messages"]]
        for name in ("ClientHello", "ServerHello", "CertificateRequest", "CertificateVerify", "Finished", "NewSessionTicket"):
            self.assertIn(name, names)

    def test_healthy_tls12(self):
        tale = self.verdict("ok", self.mutual("-tls1_2"), *self.pair("alice"), status=0)
        self.assertEqual(tale["connection"]["version"], "TLS 1.2")
        steps = [m["step"] for m in tale["connection"]["messages"] if m["step"]]
        self.assertEqual(set(steps), set(range(1, 9)))

    def test_healthy_without_authentication(self):
        self.verdict("ok", self.s_server(), status=0)

    def test_healthy_optional(self):
        address = self.s_server("-CAfile", self.pki.path("ca.pem"), "-verify", "5")
        tale = self.verdict("ok", address, status=0)
        self.assertEqual(tale["request"]["demand"], "optional")

    def test_what_is_signed(self):
        """The bytes in the tale verify under the certificates' keys, by OpenSSL."""
        for more in ((), ("-tls1_2",)):
            _, tale = self.explain(self.mutual(*more), *self.pair("alice"))
            for proof, name in zip(tale["connection"]["proofs"], ("server", "alice")):
                for part in ("signed", "signature"):
                    with open(self.pki.path(part), "wb") as f:
                        f.write(bytes.fromhex(proof[part]))
                key = run("openssl", "x509", "-in", self.pki.path(name + ".pem"), "-noout", "-pubkey")
                with open(self.pki.path("pub"), "wb") as f:
                    f.write(key)
                run("openssl", "dgst", "-sha256", "-verify", self.pki.path("pub"), "-signature", self.pki.path("signature"),
                    self.pki.path("signed"))

    # ---- the client's certificate

    def test_no_credential(self):
        self.verdict("no-credential", self.mutual(), words=["--cert FILE --key FILE", "curl --cert"], certainty="proven")
        self.verdict("no-credential", self.mutual("-tls1_2"), certainty="proven")

    def test_issuer_unknown(self):
        tale = self.verdict("issuer-unknown", self.mutual(), *self.pair("mallory"), words=["CN=stranger", "ssl_client_certificate"])
        self.assertEqual(tale["verdict"]["at_fault"], "server")
        self.assertEqual(tale["files"]["credentials"][0]["fits"]["reason"], "cert-withheld-ca-list")

    def test_expired(self):
        tale = self.verdict("expired", self.mutual(), *self.pair("expired"), words=["Renew the certificate"], certainty="proven")
        self.assertIn("2024-02-01", tale["verdict"]["says"])

    def test_for_servers_only(self):
        self.verdict("eku-missing-client", self.mutual(), *self.pair("server"), words=["clientAuth"], certainty="proven")

    def test_resumption(self):
        """A server that forgets who came, when a ticket brings it back; and one that does not."""
        def page(tls):
            status = b"400 Bad Request" if forgets and tls.session_reused else b"200 OK"
            return b"HTTP/1.0 " + status + b"\r\nContent-Length: 36\r\n\r\nNo required SSL certificate was sent"
        for forgets, reason in ((True, "resumed-without-identity"), (False, "ok")):
            tale = self.verdict(reason, self.inside(lambda s: None, page), *self.pair("alice"), status=1 if forgets else 0)
            again = [p for p in tale["probes"] if p["probe"] == "resumed"]
            self.assertTrue(again[0]["resumed"], again)

    def own_ca(self):
        """A root with an intermediate, and a client below: whole, leaf alone, and leaf with the root."""
        at = self.pki.path
        if not os.path.exists(at("own")):
            run(HANDFAST, "ca", "init", "--dir", at("own"), "--name", "CN=Own,O=Example")
            run(HANDFAST, "ca", "issue", "--dir", at("own"), "--client", "--name", "CN=bob", "--out", at("bob"))
            leaf, inter = [b + "-----END CERTIFICATE-----\n" for b in open(at("bob.pem")).read().split("-----END CERTIFICATE-----\n")[:2]]
            root = open(at("own/root.pem")).read()
            for name, text in (("bob-alone", leaf), ("bob-root", leaf + root), ("ca+inter", open(at("ca.pem")).read() + inter)):
                with open(at(name + ".pem"), "w") as f:
                    f.write(text)
        return self.s_server("-CAfile", at("own/root.pem"), "-verify_return_error", "-Verify", "5")

    def bob(self, name):
        return ["--cert", self.pki.path(name + ".pem"), "--key", self.pki.path("bob.key")]

    def test_intermediate_not_sent(self):
        address = self.own_ca()
        self.verdict("ok", address, *self.bob("bob"), status=0)
        tale = self.verdict("intermediate-missing", address, *self.bob("bob-alone"), words=["behind the leaf", "cat leaf.pem"])
        self.assertEqual(tale["verdict"]["at_fault"], "client")
        tale = self.verdict("intermediate-missing", address, *self.bob("bob-root"))
        self.assertIn("root in place of the intermediate", " ".join(tale["verdict"]["evidence"]))
        tale = self.verdict("intermediate-missing", address, *self.bob("bob-alone"), ca="ca+inter", certainty="proven")
        self.assertIn("chain-completed", [p["probe"] for p in tale["probes"] if p["let_in"]])

    def test_the_fitting_credential_is_sent(self):
        tale = self.verdict("ok", self.mutual(), *self.pair("mallory"), *self.pair("alice"), status=0)
        mallory, alice = tale["files"]["credentials"]
        self.assertEqual((mallory["sent"], mallory["fits"]["reason"], alice["sent"]), (False, "cert-withheld-ca-list", True))

    def test_too_many_names(self):
        """420 CA names of 160 bytes: more than CertificateRequest holds. Only the names are read of these certificates."""
        long = "x" * 60
        run("openssl", "req", "-x509", "-new", "-key", self.pki.path("ca.key"), "-subj", f"/O={long}/OU={long}/CN=Number 0000", "-outform",
            "DER", "-out", self.pki.path("big.der"))
        with open(self.pki.path("big.der"), "rb") as f:
            der = f.read()
        with open(self.pki.path("big.pem"), "w") as f:
            for i in range(420):
                f.write(ssl.DER_cert_to_PEM_cert(der.replace(b"0000", b"%04d" % i)))
            f.write(open(self.pki.path("ca.pem")).read())
        for more in ((), ("-tls1_2",)):
            address = self.s_server("-CAfile", self.pki.path("big.pem"), "-verify_return_error", *more, "-Verify", "5")
            self.verdict("ca-list-too-large", address, *self.pair("alice"), words=["Shorten", "ssl_trusted_certificate"])

    def test_our_clock(self):
        """The server's certificate is out of date by our clock, and by the server's it is not."""
        self.pki.leaf("server-2024", "ca", "serverAuth", "DNS:localhost", "20240101000000Z", "20240201000000Z")
        page = b"HTTP/1.0 200 OK\r\nDate: Mon, 15 Jan 2024 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n"
        address = self.inside(lambda s: None, lambda tls: page, creds="server-2024")
        self.verdict("clock-skew-local", address, *self.pair("alice"), words=["Set the clock"])
        self.verdict("expired", self.s_server(creds="server-2024"), words=["Renew"])

    def test_ends_without_a_word(self):
        """A server that takes its time to refuse in silence, and one that only does not understand our request."""
        def handle(s, refuses):
            with self.tls_context().wrap_socket(s, server_side=True) as tls:
                if refuses:
                    time.sleep(1)
                else:
                    tls.recv(1000)
                tls.shutdown(socket.SHUT_RDWR)
        address = self.service(lambda s: handle(s, True)).address.replace("127.0.0.1", "localhost")
        got, tale = self.explain(address, *self.pair("alice"))
        self.assertEqual(got, 1, tale["verdict"])
        self.assertEqual(tale["verdict"]["certainty"], "possible")
        address = self.service(lambda s: handle(s, False)).address.replace("127.0.0.1", "localhost")
        tale = self.verdict("ok", address, *self.pair("alice"), status=0)
        self.assertIn("silent", [p["probe"] for p in tale["probes"]])

    # ---- files

    def test_key_of_another(self):
        tale = self.verdict("key-mismatch", self.mutual(), "--cert", self.pki.path("alice.pem"), "--key", self.pki.path("mallory.key"),
                            words=["key that was made for this certificate"], certainty="proven")
        self.assertIn("alice.pem", tale["verdict"]["says"])

    def test_missing_file(self):
        self.verdict("file-missing", self.mutual(), "--cert", self.pki.path("none.pem"))

    def test_request_for_certificate(self):
        tale = self.verdict("file-format", self.mutual(), "--cert", self.pki.path("alice.csr"), "--key", self.pki.path("alice.key"))
        self.assertIn("certificate request", tale["verdict"]["says"])

    # ---- the server

    def test_server_of_another_ca(self):
        self.verdict("issuer-unknown", self.s_server("-CAfile", self.pki.path("ca.pem"), "-verify", "5"), ca="stranger")

    def test_nobody_vouches(self):
        """No CA is given, and the system knows none either: told when nothing else is wrong."""
        tale = self.verdict("issuer-unknown", self.mutual(), *self.pair("alice"), ca=None, words=["--cacert FILE"])
        self.assertIn("lets us in", tale["verdict"]["says"])
        self.verdict("expired", self.mutual(), *self.pair("expired"), ca=None)

    def test_server_of_another_name(self):
        tale = self.verdict("name-mismatch", self.mutual(), *self.pair("alice"), "--name", "elsewhere.example")
        self.assertIn("DNS:localhost", " ".join(tale["verdict"]["evidence"]))

    def test_not_requested(self):
        self.verdict("cert-not-requested", self.s_server(), *self.pair("alice"), words=["ssl_verify_client on", "ClientAuth"])

    def test_interception(self):
        self.verdict("interception-suspected", self.s_server(), *self.pair("mallory"), ca="stranger")

    # ---- before and below TLS

    def test_nobody_there(self):
        self.verdict("tcp-refused", f"localhost:{free_port()}", status=2)

    def test_another_protocol(self):
        for greeting, word in ((b"220 mail.example ESMTP\r\n", "--starttls smtp"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "plain-text port"),
                               (b"SSH-2.0-x\r\n", "SSH")):
            service = self.service(lambda s: (s.sendall(greeting), s.recv(65536)))
            self.verdict("not-tls", service.address, words=[word])

    def test_version(self):
        self.verdict("version-mismatch", self.mutual("-tls1_2"), *self.pair("alice"), "--tls-min", "1.3", words=["TLS 1.2"])

    def test_suite(self):
        address = self.mutual("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA")
        self.verdict("cipher-mismatch", address, *self.pair("alice"), words=["ssl_ciphers"], certainty="proven")

    def test_group(self):
        self.verdict("group-mismatch", self.mutual("-groups", "ffdhe2048"), *self.pair("alice"), words=["X25519"], certainty="proven")

    # ---- what comes before TLS

    def tls_context(self, creds="server"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pki.path(creds + ".pem"), self.pki.path(creds + ".key"))
        context.load_verify_locations(self.pki.path("ca.pem"))
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def inside(self, talk, answer=None, creds="server"):
        """A service that says something in clear text, then speaks TLS and wants a certificate."""
        context = self.tls_context(creds)

        def handle(s):
            if talk(s) is not False:
                with context.wrap_socket(s, server_side=True) as tls:
                    tls.recv(1000)
                    tls.sendall(answer(tls) if answer else b"")
        port = self.service(handle).address.split(":")[1]
        return f"localhost:{port}"

    def test_starttls(self):
        def lines(*script):
            def talk(s):
                for expected, answer in script:
                    if expected is not None and not s.recv(1000).startswith(expected):
                        return False
                    s.sendall(answer)
            return talk
        ldap_ok = bytes.fromhex("300c02010178070a010004000400")
        for name, talk in (
                ("smtp", lines((None, b"220 x ESMTP\r\n"), (b"EHLO", b"250-x\r\n250-SIZE 1\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 go\r\n"))),
                ("imap", lines((None, b"* OK ready\r\n"), (b"a STARTTLS", b"* note\r\na OK go\r\n"))),
                ("postgres", lines((bytes.fromhex("0000000804d2162f"), b"S"))),
                ("ldap", lines((bytes.fromhex("301d020101"), ldap_ok)))):
            with self.subTest(name):
                self.verdict("ok", self.inside(talk), *self.pair("alice"), "--starttls", name, status=0)

    def test_starttls_refused(self):
        def talk(s):
            s.sendall(b"220 x ESMTP\r\n")
            s.recv(1000)
            s.sendall(b"250 x\r\n")
            s.recv(1000)
            s.sendall(b"502 not here\r\n")
            return False
        tale = self.verdict("not-tls", self.inside(talk), "--starttls", "smtp", words=["STARTTLS"])
        self.assertIn("502 not here", tale["verdict"]["says"])

    def test_postgres_is_recognised(self):
        def talk(s):
            if s.recv(1000) != bytes.fromhex("0000000804d2162f"):
                return False
            s.sendall(b"S")
        self.verdict("not-tls", self.inside(talk), *self.pair("alice"), words=["--starttls postgres"], certainty="proven")

    def test_ldap_is_recognised(self):
        def talk(s):
            if not s.recv(1000).startswith(bytes.fromhex("301d020101")):
                return False
            s.sendall(bytes.fromhex("300c02010178070a010004000400"))
        self.verdict("not-tls", self.inside(talk), *self.pair("alice"), words=["--starttls ldap"], certainty="proven")

    def test_mysql_is_recognised(self):
        greeting = bytes.fromhex("4a0000000a382e302e333600") + b"x" * 60
        tale = self.verdict("not-tls", self.service(lambda s: (s.sendall(greeting), s.recv(1000))).address)
        self.assertIn("MySQL", tale["verdict"]["says"])

    def test_proxy_header(self):
        def talk(s):
            line = b""
            while b"\n" not in line and line[:1] in (b"", b"P"):
                line += s.recv(1)
            return line.startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 ")
        address = self.inside(talk)
        self.verdict("proxy-header-missing", address, *self.pair("alice"), words=["--proxy-protocol", "accept-proxy"], certainty="proven")
        self.verdict("ok", address, *self.pair("alice"), "--proxy-protocol", status=0)
        self.verdict("proxy-header-unexpected", self.mutual(), *self.pair("alice"), "--proxy-protocol", certainty="proven")

    # ---- text

    def test_text(self):
        done = subprocess.run([HANDFAST, "explain", self.mutual(), "--cacert", self.pki.path("ca.pem"), *self.pair("alice"), "--fields",
                               "--bytes"], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        text = done.stdout.decode()
        for word in ("--> ClientHello", "<-- CertificateRequest", "The server's chain", "What was signed", "64 spaces", "Verdict", "  ok ",
                     "cipher_suites", "sent"):
            self.assertIn(word, text)
        self.assertNotIn("\033", text)
        self.assertLessEqual(max(len(line) for line in text.splitlines() if "0x" not in line), 130)

    def test_wrong_use(self):
        for args in ([], ["host"], ["localhost:1", "--sni", "a", "--no-sni"], ["localhost:1", "--http", "x"]):
            done = subprocess.run([HANDFAST, "explain", *args], capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, args)


if __name__ == "__main__":
    main()
