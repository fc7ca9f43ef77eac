# SPDX-License-Identifier: Apache-2.0
"""The status page, /status and /metrics: what they say of clients that are there, were refused, or were at two places; read
by a parser of the Prometheus format and in a headless browser."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from harness import HANDFAST, Case, WAIT_S, connect, main

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (-?(?:\d+\.?\d*(?:e[+-]?\d+)?|\+Inf|NaN))$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')


def parse_metrics(text):
    """The exposition format 0.0.4, strictly: {name: {frozenset of labels: value}} and {name: type}."""
    values, types, closed, current = {}, {}, set(), None
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in closed, f"{name} comes twice"
            current and closed.add(current)
            current = name
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and kind in ("counter", "gauge", "histogram"), line
            types[name] = kind
        else:
            m = SAMPLE.match(line)
            assert m, f"no sample: {line}"
            name, labels = m[1], m[2] or ""
            inside = LABEL.findall(labels)
            assert labels == ("{" + ",".join(f'{k}="{v}"' for k, v in inside) + "}" if inside else ""), line
            base = re.sub("_(bucket|sum|count)$", "", name) if types[current] == "histogram" else name
            assert base == current, f"{name} under {current}"
            key = frozenset(inside)
            assert key not in values.setdefault(name, {}), f"{line} comes twice"
            values[name][key] = float(m[3])
    return values, types


class Status(Case):
    def status_of(self, server):
        line = server.wait_for(lambda line: line["event"] == "status")
        return f"http://{line['listen'][0] if isinstance(line['listen'], list) else line['listen']}"

    def get(self, url, path="/status", **headers):
        with urllib.request.urlopen(urllib.request.Request(url + path, headers=headers), timeout=WAIT_S) as r:
            self.assertEqual(r.headers["Cache-Control"], "no-store")
            self.assertIn("default-src 'none'", r.headers["Content-Security-Policy"])
            return r.read().decode()

    def start(self, *more, threads=2):
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--status", ":0",
                             *(more or ("--one-place", "observe")), threads=threads)
        return server, self.status_of(server)

    client_program = Case.client

    def client(self, server, source, name="alice"):
        raw = socket.create_connection(("127.0.0.1", server.port), WAIT_S, source_address=(source, 0))
        s = self.pki.context(name).wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False)
        self.addCleanup(s.close)
        s.sendall(b"hello")
        self.assertEqual(s.recv(100), b"hello")
        return s

    def refuse(self, server, name="expired"):
        try:
            with connect(server.port, self.pki.context(name)) as s:
                s.sendall(b"x")
                s.recv(1)
        except (ssl.SSLError, OSError):
            pass

    def test_who_is_here(self):
        server, url = self.start()
        self.assertTrue(url.startswith("http://127.0.0.1:"), url)
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3")
        self.refuse(server)
        server.connections(1)
        s = json.loads(self.get(url))
        self.assertEqual((s["open"], len(s["connections"]), s["presence"]["places"]), (2, 2, 2))
        one = s["connections"][0]
        self.assertEqual((one["peer"], one["subject"], one["issuer"], one["stage"], one["version"]),
                         ("URI:spiffe://example.org/alice", "CN=alice", "CN=ca", "open", "TLS 1.3"))
        self.assertEqual((one["bytes_in"], one["bytes_out"]), (5, 5))
        self.assertEqual({c["from"].split(":")[0] for c in s["connections"]}, {"127.0.0.2", "127.0.0.3"})
        refusal, = s["refusals"]
        self.assertEqual((refusal["reason"], refusal["check"], refusal["outcome"]), ("expired", "CERT_EXPIRED", "refused"))
        self.assertIn("2024-02-01", refusal["why"])
        self.assertTrue(refusal["fix"])
        sighting, = s["sightings"]
        self.assertEqual(sighting["verdict"], "admitted")
        self.assertTrue(sighting["held_from"].startswith("127.0.0.2:"))

    def test_metrics(self):
        server, url = self.start()
        s = self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3")
        self.refuse(server)
        self.refuse(server, "mallory")
        self.refuse(server, None)
        s.unwrap().close()
        server.connections(4)
        values, types = parse_metrics(self.get(url, "/metrics"))
        for name, kind in types.items():
            self.assertTrue(name.startswith("handfast_"), name)
            self.assertEqual(kind == "counter", name.endswith("_total"), name)
        get = lambda name, **labels: values["handfast_" + name][frozenset(labels.items())]  # noqa: E731
        self.assertEqual(get("connections_total"), 5)
        self.assertEqual(get("connections"), 1)
        self.assertEqual([get("connections_ended_total", outcome=o) for o in ("served", "refused", "cut")], [1, 3, 0])
        self.assertEqual(get("failures_total", outcome="refused", reason="expired", check="CERT_EXPIRED", alert="none"), 1)
        self.assertEqual(sum(values["handfast_failures_total"].values()), 3)
        self.assertEqual(get("handshakes_total", version="TLS 1.3", group="x25519", signature="ecdsa_secp256r1_sha256",
                             resumed="no"), 2)
        self.assertEqual(get("handshake_duration_seconds_count"), 2)
        self.assertEqual(get("handshake_duration_seconds_bucket", le="+Inf"), 2)
        self.assertLess(get("handshake_duration_seconds_sum"), 5)
        self.assertEqual(get("presence_sightings_total", verdict="admitted"), 1)
        self.assertEqual((get("presence_certificates"), get("presence_places")), (1, 1))
        self.assertEqual((get("received_bytes_total"), get("sent_bytes_total")), (10, 10))
        days = (get("certificate_expiry_timestamp_seconds", credential="0") - time.time()) / 86400
        self.assertTrue(19 < days < 21, days)
        self.assertTrue(19 < (get("client_certificate_soonest_expiry_timestamp_seconds") - time.time()) / 86400 < 21)
        buckets = [v for k, v in sorted(((float(dict(k)["le"]), v) for k, v in
                                         values["handfast_handshake_duration_seconds_bucket"].items()))]
        self.assertEqual(buckets, sorted(buckets))
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=self.get(url, "/metrics").encode(), capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_revocation_lists_have_an_age(self):
        p = self.pki.path
        with open(p("status-crl.cnf"), "w") as f:
            f.write(f"[ca]\ndefault_ca=this\n[this]\ndatabase={p('status-index')}\ncrlnumber={p('status-number')}\ndefault_md=sha256\n")
        open(p("status-index"), "w").close()
        with open(p("status-number"), "w") as f:
            f.write("01\n")
        subprocess.run(["openssl", "ca", "-gencrl", "-config", p("status-crl.cnf"), "-cert", p("ca.pem"), "-keyfile", p("ca.key"),
                        "-crldays", "5", "-out", p("status.crl")], check=True, capture_output=True)
        _, url = self.start("--crl", p("status.crl"))
        values, _ = parse_metrics(self.get(url, "/metrics"))
        age = values["handfast_crl_age_seconds"][frozenset({("crl", "0")})]
        self.assertTrue(0 <= age < 60, age)
        left = values["handfast_crl_next_update_timestamp_seconds"][frozenset({("crl", "0")})] - time.time()
        self.assertTrue(4.9 < left / 86400 < 5.1)

    def test_what_is_not_answered(self):
        _, url = self.start()
        for path, method, headers, code in (("/nothing", "GET", {}, 404), ("/status", "POST", {}, 405), ("/status", "DELETE", {}, 405),
                                            ("/status", "GET", {"Host": "evil.example"}, 403),
                                            ("/", "GET", {"Host": "127.0.0.1.evil.example"}, 403)):
            request = urllib.request.Request(url + path, method=method, headers=headers, data=b"x" if method == "POST" else None)
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=WAIT_S)
            self.assertEqual(caught.exception.code, code, (path, method, headers))
        self.assertIn('"connections"', self.get(url, Host="localhost:1"))

    def test_many_readers_and_a_stop(self):
        """Readers that ask at once, some that leave, and a program that ends while they ask."""
        server, url = self.start()
        host, port = url[len("http://"):].split(":")
        socks = [socket.create_connection((host, int(port)), WAIT_S) for _ in range(20)]
        for i, s in enumerate(socks):
            s.sendall(b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"metrics" if i % 2 else b"status"))
            if i % 5 == 0:
                s.close()
        for i, s in enumerate(socks):
            if i % 5:
                self.assertIn(b"200 OK", s.recv(65536))
        for s in socks:
            s.close()
        slow = socket.create_connection((host, int(port)), WAIT_S)
        slow.sendall(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        server.proc.terminate()
        slow.recv(100)
        slow.close()

    def test_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            for address, words in ((f"127.0.0.1:{s.getsockname()[1]}", "LISTEN_IN_USE"), ("nonsense", "a port is missing")):
                done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", *self.pki.pair("server"),
                                       "--cacert", self.pki.path("ca.pem"), "--allow-all", "--status", address],
                                      capture_output=True, timeout=WAIT_S)
                self.assertEqual(done.returncode, 2)
                self.assertIn(words, done.stderr.decode())

    def test_client_has_a_page_too(self):
        server = self.server(self.service().address)
        client = self.client_program(f"localhost:{server.port}", *self.pki.pair("alice"), "--status", ":0")
        url = self.status_of(client)
        with connect(client.port) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
            seen = json.loads(self.get(url))
        self.assertEqual((seen["role"], seen["connections"][0]["peer"]), ("client", "DNS:localhost"))

    def test_unix_socket(self):
        path = self.pki.path("status.sock")
        server = self.server(self.service().address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--status", f"unix:{path}")
        server.wait_for(lambda line: line["event"] == "status")
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(WAIT_S)
            s.connect(path)
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            got = b""
            while part := s.recv(65536):
                got += part
        parse_metrics(got.split(b"\r\n\r\n", 1)[1].decode())
        server.proc.terminate()
        server.proc.wait(WAIT_S)
        self.assertFalse(os.path.exists(path))

    def browser(self, url, *more):
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not chromium:
            self.skipTest("no Chromium")
        done = subprocess.run([chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                               f"--user-data-dir={self.pki.path('chromium')}", "--enable-logging=stderr", "--v=0",
                               "--virtual-time-budget=4000", *more, url], capture_output=True, timeout=50)
        console = [line for line in done.stderr.decode().split("\n") if "CONSOLE" in line]
        self.assertEqual(console, [], "the page complains")
        return done.stdout.decode()

    def test_page_in_a_browser(self):
        """What strangers call themselves is shown as text; light and dark are told apart."""
        self.pki.leaf("evil", "ca", "clientAuth", "URI:http://x/<img src=y onerror=document.title='owned'>")
        server, url = self.start()
        self.client(server, "127.0.0.2")
        self.client(server, "127.0.0.3")
        self.client(server, "127.0.0.4", "evil")
        self.refuse(server)
        server.connections(1)
        page = self.browser(url, "--dump-dom")
        self.assertIn("<title>handfast: status</title>", page)
        self.assertIn("URI:spiffe://example.org/alice", page)
        self.assertIn("&lt;img src=y onerror", page)
        self.assertNotIn("<img", page)
        self.assertIn("came in too", page)
        self.assertIn("CERT_EXPIRED", page)
        shots = []
        for how in ((), ("--blink-settings=preferredColorScheme=0",)):
            shot = self.pki.path(f"page{len(shots)}.png")
            self.browser(url, f"--screenshot={shot}", "--window-size=1280,1100", *how)
            with open(shot, "rb") as f:
                shots.append(f.read())
        self.assertTrue(all(s.startswith(b"\x89PNG") and len(s) > 20000 for s in shots))
        self.assertNotEqual(*shots, "light and dark look the same")
        if os.environ.get("HF_SHOTS"):
            for i, s in enumerate(shots):
                with open(os.path.join(os.environ["HF_SHOTS"], f"status{i}.png"), "wb") as f:
                    f.write(s)


if __name__ == "__main__":
    main()
