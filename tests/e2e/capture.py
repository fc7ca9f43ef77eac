# SPDX-License-Identifier: Apache-2.0
"""`handfast explain --pcap`: captures of real handshakes between openssl, nginx, Python and handfast itself, with and without
key log, in order and disturbed, whole and with holes."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import time

import pcap
from harness import HANDFAST, WAIT_S, Case, Program, Service, main
from ports import free_port


class Capture(Case):
    def path(self, name):
        return self.pki.path(name)

    def spawn(self, args, port):
        proc = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(proc.wait)
        self.addCleanup(proc.terminate)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"{args[0]} does not listen")

    def s_server(self, *more, keys="keys"):
        port = free_port()
        return self.spawn(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", self.path("server.pem"), "-key",
                           self.path("server.key"), "-CAfile", self.path("ca.pem"), "-www", "-keylogfile", self.path(keys),
                           *more], port)

    def mutual(self, *more):
        return self.s_server("-verify_return_error", "-Verify", "5", *more)

    def s_client(self, port, name, *more):
        creds = ["-cert", self.path(name + ".pem"), "-key", self.path(name + ".key")] if name else []
        subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-CAfile",
                        self.path("ca.pem"), *creds, *more], input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=60)

    def talk(self, server_port, client, n=1):
        """What client(port of the relay) and the server say to each other: n recorded connections."""
        recorder = pcap.Recorder(("127.0.0.1", server_port))
        for _ in range(n):
            client(recorder.port)
        return recorder.done()

    def explain(self, file, *more, keys="keys", ca="ca", status=None):
        options = (["--keylog", self.path(keys)] if keys else []) + (["--cacert", self.path(ca + ".pem")] if ca else [])
        done = subprocess.run([HANDFAST, "explain", "--pcap", file, *options, *more], capture_output=True, timeout=60)
        self.assertEqual(done.stderr.decode(), "")
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout.decode())
        return done.stdout.decode()

    def tales(self, file, *more, **how):
        return json.loads(self.explain(file, "--json", *more, **how))["handshakes"]

    def tale(self, talk, *more, disturbed=None, link="ethernet", six=False, **how):
        list_ = pcap.packets(talk)
        file = pcap.write(self.path("one.pcap"), [pcap.disturb(list_, disturbed) if disturbed else list_], link, six)
        all_ = self.tales(file, *more, **how)
        self.assertEqual(len(all_), 1)
        return all_[0]

    def names(self, tale):
        return [(m["from"], m["name"]) for m in tale["connection"]["messages"]]

    def verdict(self, tale, reason, certainty=None):
        v = tale["verdict"]
        self.assertEqual(v["reason"], reason, json.dumps(v, indent=1))
        if certainty:
            self.assertEqual(v["certainty"], certainty)
        for text in (v["says"], *v["evidence"]):
            self.assertNotRegex(text, r"\b(we|our|us)\b")
        return v

    # ---- with the keys

    def test_healthy_13(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        tale = self.tale(talk, status=0)
        self.verdict(tale, "ok")
        self.assertEqual(tale["connection"]["version"], "TLS 1.3")
        self.assertTrue(tale["server"]["accepted"])
        self.assertTrue(tale["client"]["accepted"])
        self.assertEqual(tale["client"]["presented"][0]["subject"], "CN=alice")
        self.assertEqual(tale["capture"]["sealed"], "opened")
        self.assertEqual({p["by"] for p in tale["connection"]["proofs"]}, {"client", "server"})
        for wanted in (("client", "ClientHello"), ("server", "CertificateRequest"), ("server", "CertificateVerify"),
                       ("client", "Certificate"), ("client", "CertificateVerify"), ("client", "Finished"),
                       ("server", "NewSessionTicket"), ("client", "data"), ("server", "data")):
            self.assertIn(wanted, self.names(tale))

    def test_healthy_12(self):
        talk = self.talk(self.mutual("-tls1_2"), lambda port: self.s_client(port, "alice"))[0]
        tale = self.tale(talk, status=0)
        self.verdict(tale, "ok")
        self.assertEqual(set(m["step"] for m in tale["connection"]["messages"] if m["step"]), set(range(1, 9)))
        self.assertTrue(tale["client"]["accepted"])

    def test_the_same_story_whatever_the_network_did(self):
        for version in ("-tls1_3", "-tls1_2"):
            talk = self.talk(self.mutual(version), lambda port: self.s_client(port, "alice"))[0]
            plain = self.tale(talk)
            for seed in range(1, 9):
                tale = self.tale(talk, disturbed=seed)
                for side in ("client", "server"):
                    self.assertEqual([m["hex"] for m in tale["connection"]["messages"] if m["from"] == side and m["kind"] == "message"],
                                     [m["hex"] for m in plain["connection"]["messages"] if m["from"] == side and m["kind"] == "message"])
                self.assertEqual(tale["verdict"]["reason"], "ok")

    def test_link_layers_and_addresses(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        for link in pcap.LINKS:
            for six in (False, True):
                tale = self.tale(talk, link=link, six=six)
                self.verdict(tale, "ok")
                self.assertEqual(tale["capture"]["server"], "[2001:db8::2]:443" if six else "10.0.0.2:443")

    def test_without_its_beginning(self):
        """No SYN; and the two sides' roles come from what they say."""
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        tale = self.tales(pcap.write(self.path("x.pcap"), [pcap.packets(talk, syn=False)]))[0]
        self.verdict(tale, "ok")

    # ---- refusals

    def test_unknown_ca(self):
        for version in ("-tls1_3", "-tls1_2"):
            talk = self.talk(self.mutual(version), lambda port: self.s_client(port, "mallory"))[0]
            tale = self.tale(talk, status=1)
            self.verdict(tale, "issuer-unknown")
            self.assertEqual(tale["connection"]["alert"]["name"], "unknown_ca")
            self.assertFalse(tale["client"]["accepted"])

    def test_expired(self):
        for version in ("-tls1_3", "-tls1_2"):
            talk = self.talk(self.mutual(version), lambda port: self.s_client(port, "expired"))[0]
            self.verdict(self.tale(talk, status=1), "expired", "proven")

    def test_no_certificate(self):
        for version in ("-tls1_3", "-tls1_2"):
            talk = self.talk(self.mutual(version), lambda port: self.s_client(port, None))[0]
            tale = self.tale(talk, status=1)
            self.verdict(tale, "no-credential")

    def test_not_asked(self):
        talk = self.talk(self.s_server(), lambda port: self.s_client(port, "alice"))[0]
        self.verdict(self.tale(talk, status=0), "ok")
        self.verdict(self.tale(talk, "--expect-mutual", status=1), "cert-not-requested")

    def test_the_client_refuses(self):
        """Its alert is read, and the server's chain judged as the client should have."""
        def python(port, ca="stranger", name="localhost"):
            c = self.pki.context("alice", ca=ca)
            c.keylog_filename = self.path("keys")
            try:
                with socket.create_connection(("127.0.0.1", port)) as s, c.wrap_socket(s, server_hostname=name):
                    pass
            except ssl.SSLError:
                pass
        talk = self.talk(self.mutual(), python)[0]
        v = self.verdict(self.tale(talk, ca="stranger", status=1), "issuer-unknown")
        self.assertIn("the client sent the alert unknown_ca (48)", v["evidence"])
        self.verdict(self.tale(talk, status=1), "peer-rejected", "possible")
        talk = self.talk(self.mutual(), lambda port: python(port, "ca", "other.example"))[0]
        self.verdict(self.tale(talk, status=1), "name-mismatch")

    def test_handfast_writes_the_keys_itself(self):
        echo = Service(lambda s: s.sendall(s.recv(100)))
        self.addCleanup(echo.close)
        server = Program("server", "--listen", "127.0.0.1:0", "--target", echo.address, *self.pki.pair("server"), "--cacert",
                         self.path("ca.pem"), "--allow-all", "--keylog", self.path("own-keys"))
        self.addCleanup(server.stop)

        def client(port):
            subprocess.run([HANDFAST, "connect", f"127.0.0.1:{port}", "--cacert", self.path("ca.pem"), *self.pki.pair("alice")],
                           input=b"hello", capture_output=True, timeout=60)
        tale = self.tale(self.talk(server.port, client)[0], keys="own-keys", status=0)
        self.verdict(tale, "ok")
        self.assertEqual(tale["client"]["presented"][0]["subject"], "CN=alice")

    def test_compressed_certificates_are_unpacked(self):
        echo = Service(lambda s: s.sendall(s.recv(100)))
        self.addCleanup(echo.close)
        server = Program("server", "--listen", "127.0.0.1:0", "--target", echo.address, *self.pki.pair("server"), "--cacert",
                         self.path("ca.pem"), "--allow-all", "--compress", "--keylog", self.path("own-keys"))
        self.addCleanup(server.stop)
        recorder = pcap.Recorder(("127.0.0.1", server.port))
        client = Program("client", "--listen", "127.0.0.1:0", "--target", f"localhost:{recorder.port}", *self.pki.pair("alice"),
                         "--cacert", self.path("ca.pem"), "--compress")
        with socket.create_connection(("127.0.0.1", client.port)) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(5), b"hello")
        self.assertEqual(client.stop()[0], 0)
        tale = self.tale(recorder.done()[0], keys="own-keys", status=0)
        self.verdict(tale, "ok")
        self.assertIn(("server", "CompressedCertificate"), self.names(tale))
        self.assertTrue(tale["server"]["accepted"])
        self.assertEqual(tale["client"]["presented"][0]["subject"], "CN=alice")

    def test_nginx_refuses_in_http(self):
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.path.exists(nginx):
            self.skipTest("no nginx")
        port = free_port()
        conf = self.path("nginx.conf")
        with open(conf, "w") as f:
            f.write(f"daemon off; pid {self.path('nginx.pid')}; error_log {self.path('nginx.log')};\nevents {{}}\n"
                    f"http {{ access_log off; client_body_temp_path {self.pki.dir}; proxy_temp_path {self.pki.dir};"
                    f"fastcgi_temp_path {self.pki.dir}; uwsgi_temp_path {self.pki.dir}; scgi_temp_path {self.pki.dir};\n"
                    f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {self.path('server.pem')};"
                    f"ssl_certificate_key {self.path('server.key')}; ssl_client_certificate {self.path('ca.pem')};"
                    "ssl_verify_client on; location / { return 200 fine; } } }\n")
        self.spawn([nginx, "-c", conf, "-p", self.pki.dir], port)

        def client(name):
            return lambda port: self.s_client(port, name, "-keylogfile", self.path("nginx-keys"), "-ign_eof")
        tale = self.tale(self.talk(port, client(None))[0], keys="nginx-keys", status=1)
        self.verdict(tale, "no-credential")
        self.assertEqual(tale["connection"]["answer"]["http_status"], 400)
        tale = self.tale(self.talk(port, client("expired"))[0], keys="nginx-keys", status=1)
        self.verdict(tale, "expired")
        tale = self.tale(self.talk(port, client("alice"))[0], keys="nginx-keys", status=0)
        self.verdict(tale, "ok")

    def test_resumed_sessions_are_told_as_such(self):
        for version in ("-tls1_3", "-tls1_2"):
            port, session = self.mutual(version), self.path("session" + version)
            self.talk(port, lambda port: self.s_client(port, "alice", "-sess_out", session, "-ign_eof"))
            talk = self.talk(port, lambda port: self.s_client(port, "alice", "-sess_in", session, "-ign_eof"))[0]
            tale = self.tale(talk, "--expect-mutual", status=0)
            v = self.verdict(tale, "ok")
            self.assertTrue(tale["connection"]["resumed"])
            self.assertIn("resumed session", v["says"])
            self.assertNotIn(("server", "Certificate"), self.names(tale))
        v = self.verdict(self.tale(talk, keys=None), "ok")  # TLS 1.2
        self.assertIn("earlier session", v["evidence"][0])

    def test_whoever_looks_on_comes_to_the_same_verdict(self):
        """A live explain through the recorder, and the capture of it: the same reason, certainty and side at fault."""
        for version in ("-tls1_3", "-tls1_2"):
            port = self.mutual(version)
            for name in ("alice", "expired", "mallory", None):
                with self.subTest(version=version, name=name):
                    live = {}

                    def client(relay, name=name, live=live):
                        done = subprocess.run([HANDFAST, "explain", f"localhost:{relay}", "--cacert", self.path("ca.pem"), "--no-probe",
                                               *(self.pki.pair(name) if name else []), "--json"], capture_output=True, timeout=60)
                        live.update(json.loads(done.stdout))
                    seen = self.tale(self.talk(port, client)[0])
                    for key in ("reason", "certainty", "at_fault"):
                        self.assertEqual(seen["verdict"][key], live["verdict"][key], (key, seen["verdict"], live["verdict"]))
                    opened = seen["capture"]["sealed"] == "opened"  # a server that refuses in TLS 1.2 has no keys to log
                    theirs = [m["hex"] for m in live["connection"]["messages"] if m["hex"] and (opened or not m["encrypted"])]
                    ours = [m["hex"] for m in seen["connection"]["messages"] if m["kind"] == "message" and m["hex"]]
                    self.assertEqual(sorted(theirs), sorted(m for m in ours if m in theirs))
                    self.assertEqual([p["signed"] for p in live["connection"]["proofs"]], [p["signed"] for p in seen["connection"]["proofs"]])

    # ---- without the keys

    def test_tls12_needs_no_keys_for_its_certificates(self):
        talk = self.talk(self.mutual("-tls1_2"), lambda port: self.s_client(port, "expired"))[0]
        self.verdict(self.tale(talk, keys=None, status=1), "expired")
        talk = self.talk(self.mutual("-tls1_2"), lambda port: self.s_client(port, "alice"))[0]
        tale = self.tale(talk, keys=None, status=0)
        v = self.verdict(tale, "ok", "inferred")
        self.assertIn("no key opens it", v["evidence"][-1])
        self.assertEqual(tale["capture"]["sealed"], "no-key-log")

    def test_tls13_says_what_it_cannot_see(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        tale = self.tale(talk, keys=None)
        v = self.verdict(tale, "not-visible")
        self.assertIn("--keylog", v["fix"])
        self.assertIsNone(tale["client"])
        self.assertTrue(any("sent one" in e for e in v["evidence"]), v)
        self.assertEqual(tale["connection"]["version"], "TLS 1.3")

    def test_tls13_refusals_are_inferred_from_sizes(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "expired"))[0]
        self.verdict(self.tale(talk, keys=None, status=1), "peer-rejected", "inferred")
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, None))[0]
        self.verdict(self.tale(talk, keys=None, status=1), "cert-required", "inferred")

    def test_keys_of_others(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        other = self.talk(self.mutual("-keylogfile", self.path("other")), lambda port: self.s_client(port, "alice"))[0]
        self.assertTrue(other)
        tale = self.tale(talk, keys="other")
        self.assertEqual(tale["capture"]["sealed"], "not-in-key-log")
        self.verdict(tale, "not-visible")

    def test_a_hole_is_named(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        list_ = pcap.packets(talk, mss=400)
        lost = [p for p in list_ if p.way == pcap.SERVER and p.data][1]
        tale = self.tales(pcap.write(self.path("x.pcap"), [[p for p in list_ if p is not lost]]))[0]
        v = self.verdict(tale, "not-visible", "proven")
        self.assertIn("400 bytes of the server's stream are missing", v["evidence"])
        self.assertIn(("server", "missing"), self.names(tale))

    # ---- what is no handshake

    def test_several_in_one_file_and_others_between(self):
        port = self.mutual()
        talks = [self.talk(port, lambda port, name=name: self.s_client(port, name))[0] for name in ("alice", "expired", "alice")]
        now = time.time()
        http = [(now, 0, b"GET / HTTP/1.1\r\n\r\n", 0), (now, 1, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50000, 0), (now, 1, None, pcap.FIN)]
        lists = [pcap.packets(t) for t in (*talks, http)]
        mixed = sorted((p for list_ in lists for p in list_), key=lambda p: p.at)
        self.assertTrue(mixed)
        tales = self.tales(pcap.write(self.path("x.pcap"), lists), status=1)
        self.assertEqual([t["verdict"]["reason"] for t in tales], ["ok", "expired", "ok"])

    def test_plain_http_to_a_tls_port(self):
        now = time.time()
        page = (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html><head><title>400 The plain HTTP request was sent to "
                b"HTTPS port</title></head></html>")
        talk = [(now, 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0), (now, 1, page, 0), (now, 1, None, pcap.FIN)]
        self.verdict(self.tale(talk, keys=None, status=1), "not-tls")

    def test_tls_to_a_plain_port(self):
        service = Service(lambda s: (s.recv(1), s.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")))
        self.addCleanup(service.close)
        talk = self.talk(service.port, lambda port: self.s_client(port, None))[0]
        v = self.verdict(self.tale(talk, keys=None, status=1), "not-tls")
        self.assertIn("plain HTTP", v["says"] + " ".join(v["evidence"]))

    def test_a_proxy_header_that_is_not_taken(self):
        def behind_proxy(port):
            with socket.create_connection(("127.0.0.1", port)) as s:
                hello = ssl.MemoryBIO()
                c = self.pki.context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
                try:
                    c.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                s.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + hello.read())
                s.settimeout(5)
                try:
                    while s.recv(100):
                        pass
                except OSError:
                    pass
        tale = self.tale(self.talk(self.mutual(), behind_proxy)[0], keys=None, status=1)
        self.verdict(tale, "proxy-header-unexpected", "inferred")
        self.assertEqual(self.names(tale)[0], ("client", "clear text"))

    def test_nobody_answers(self):
        syn = [pcap.Packet(time.time() + i, 0, 1000, 0, pcap.SYN) for i in range(3)]
        tale = self.tales(pcap.write(self.path("x.pcap"), [syn]), keys=None, status=1)[0]
        self.verdict(tale, "tcp-timeout")
        refused = [syn[0], pcap.Packet(time.time(), 1, 0, 1001, pcap.RST | pcap.ACK)]
        tale = self.tales(pcap.write(self.path("x.pcap"), [refused]), keys=None, status=1)[0]
        self.verdict(tale, "tcp-refused")

    def test_wrong_files(self):
        def wrong(*args):
            done = subprocess.run([HANDFAST, "explain", *args], capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 2)
            return done.stderr.decode()
        self.assertIn("CAPTURE_UNREADABLE", wrong("--pcap", self.path("ca.pem")))
        empty = pcap.write(self.path("x.pcap"), [])
        self.assertIn("no TLS handshake", wrong("--pcap", empty))
        self.assertIn("KEYLOG_NO_LINE", wrong("--pcap", empty, "--keylog", self.path("ca.pem")))
        self.assertIn("exclude", wrong("--pcap", empty, "localhost:1"))
        self.assertIn("--pcap", wrong("localhost:1", "--keylog", "x"))

    def test_text_for_people(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "expired"))[0]
        file = pcap.write(self.path("x.pcap"), [pcap.packets(talk)])
        text = self.explain(file, "--fields", status=1)
        for words in ("--> from the client", "What the server asks of the client", "The client's chain", "The server's chain",
                      "certificate_expired", "To do:", "told: 1 of 1 connections", "notAfter", "basicConstraints"):
            self.assertIn(words, text)

    def test_tshark_sees_the_same_messages(self):
        tshark = shutil.which("tshark")
        if not tshark:
            self.skipTest("no tshark")
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        file = pcap.write(self.path("x.pcap"), [pcap.packets(talk)])
        done = subprocess.run([tshark, "-r", file, "-o", f"tls.keylog_file:{self.path('keys')}", "-T", "fields", "-e",
                               "tls.handshake.type"], capture_output=True, timeout=60)
        theirs = [int(n) for line in done.stdout.decode().split() for n in line.split(",")]
        ours = [m["number"] for m in self.tales(file)[0]["connection"]["messages"] if m["kind"] == "message" and m["hex"]]
        self.assertEqual(sorted(ours), sorted(theirs))


if __name__ == "__main__":
    main()
