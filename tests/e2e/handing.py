# SPDX-License-Identifier: Apache-2.0
"""What the service behind is told of the client: PROXY protocol headers, read by HAProxy, nginx and byte by byte, and
HTTP headers, with clients that would like to say themselves who they are."""

import base64
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

from harness import HANDFAST, WAIT_S, Case, connect, main, read_all, run
from ports import free_port

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError(data)
        data += more
    return data


def tlvs(data):
    found = {}
    while data:
        kind, n = struct.unpack("!BH", data[:3])
        found[kind] = data[3:3 + n]
        data = data[3 + n:]
    return found


def read_header(s):
    """A PROXY header as the specification describes it: family, addresses, the values."""
    signature, version, family, n = struct.unpack("!12sBBH", exactly(s, 16))
    assert (signature, version) == (SIGNATURE, 0x21), (signature, version)
    body = exactly(s, n)
    size = {0x00: 0, 0x11: 12, 0x21: 36}[family]
    return family, body[:size], tlvs(body[size:])


class Proxied(Case):
    def setUp(self):
        super().setUp()
        self.seen = []

    def note_header(self, s):
        self.seen.append(read_header(s))
        while data := s.recv(65536):
            s.sendall(data)
        s.shutdown(socket.SHUT_WR)

    def started(self, *more, allow=("--allow-all",), listen=None):
        return self.server(self.service(self.note_header).address, "--cacert", self.pki.path("ca.pem"), *allow,
                           "--proxy-protocol", *more)

    def visit(self, server, who="alice", context=None, session=None):
        """One connection; its own address, and the session."""
        context = context or self.pki.context(who)
        raw = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as s:
            at = s.getsockname()
            s.sendall(b"hello")
            self.assertEqual(s.recv(5), b"hello")
            return at, s.session, s.session_reused

    def der(self, name):
        with open(self.pki.path(name + ".pem")) as f:
            return ssl.PEM_cert_to_DER_cert(f.read())

    def test_all_of_it(self):
        server = self.started("--alpn", "x")
        context = self.pki.context("alice")
        context.set_alpn_protocols(["x"])
        at, _, _ = self.visit(server, context=context)
        family, addresses, values = self.seen[0]
        self.assertEqual(family, 0x11)
        self.assertEqual(struct.unpack("!4s4sHH", addresses),
                         (b"\x7f\0\0\1", b"\x7f\0\0\1", at[1], server.port))
        self.assertEqual((values[0x01], values[0x02]), (b"x", b"localhost"))
        client, verify = struct.unpack("!BI", values[0x20][:5])
        self.assertEqual((client, verify), (0x07, 0))
        tls = tlvs(values[0x20][5:])
        self.assertEqual({k: tls[k] for k in (0x21, 0x22, 0x24, 0x25, 0x27)},
                         {0x21: b"TLSv1.3", 0x22: b"alice", 0x24: b"SHA256", 0x25: b"EC256", 0x27: b"ecdsa_secp256r1_sha256"})
        self.assertRegex(tls[0x23], b"^TLS_")
        self.assertTrue(tls[0x26])
        self.assertEqual(tls[0x28], self.der("alice"))

    def test_less_of_it(self):
        self.visit(self.started("--proxy-protocol-mode", "conn"))
        self.assertEqual(self.seen[0][2], {})
        self.visit(self.started("--proxy-protocol-mode", "tls"))
        tls = tlvs(self.seen[1][2][0x20][5:])
        self.assertIn(0x22, tls)
        self.assertNotIn(0x28, tls)

    def test_tls_1_2(self):
        context = self.pki.context("alice")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.visit(self.started("--tls-min", "1.2"), context=context)
        tls = tlvs(self.seen[0][2][0x20][5:])
        self.assertEqual(tls[0x21], b"TLSv1.2")
        self.assertRegex(tls[0x23], b"^ECDHE-ECDSA-")

    def test_without_certificate(self):
        self.visit(self.started("--client-auth", "optional"), who=None)
        client, verify = struct.unpack("!BI", self.seen[0][2][0x20][:5])
        self.assertEqual(client, 0x01)
        self.assertNotEqual(verify, 0)
        self.assertEqual({0x22, 0x28} & set(tlvs(self.seen[0][2][0x20][5:])), set())

    def test_resumed_session(self):
        """The certificate counts and did not come in this connection (2.2.6)."""
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            del self.seen[:]
            server = self.started("--tls-min", "1.2")
            context = self.pki.context("alice")
            context.minimum_version = context.maximum_version = version
            _, session, _ = self.visit(server, context=context)
            _, _, reused = self.visit(server, context=context, session=session)
            self.assertTrue(reused)
            self.assertEqual([header[2][0x20][0] for header in self.seen], [0x07, 0x05], version)
            tls = tlvs(self.seen[1][2][0x20][5:])
            self.assertEqual((tls[0x22], tls[0x28]), (b"alice", self.der("alice")))

    def test_a_silent_client_is_announced_too(self):
        server = self.started()
        with connect(server.port, self.pki.context("alice")) as s:
            self.eventually(lambda: len(self.seen), 1)
            s.unwrap().close()
        self.assertEqual(server.connections(1)["outcome"], "served")

    def real(self, program, arguments, conf):
        """A server of somebody else's, with its own files; its port."""
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
            self.skipTest(f"no {program}")
        port = free_port()
        folder = tempfile.mkdtemp(prefix="handfast-handing-")
        self.addCleanup(shutil.rmtree, folder, True)
        path = os.path.join(folder, "conf")
        with open(path, "w") as f:
            f.write(conf.format(port=port, dir=folder))
        proc = subprocess.Popen([shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"), *arguments, path],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(proc.wait)
        self.addCleanup(proc.terminate)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return port
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"{program} does not start")

    def ask(self, server):
        """What an HTTP service answers, and our own port."""
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try:
                return read_all(s).decode(), s.getsockname()[1]
            except ssl.SSLEOFError:
                return "", 0

    def test_haproxy_takes_it(self):
        port = self.real("haproxy", ["-f"], """
global
    log stderr local0
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 10s
frontend f
    bind 127.0.0.1:{port} accept-proxy
    http-request return status 200 content-type text/plain lf-string "from %[src]:%[src_port] for %[fc_pp_authority]"
""")
        server = self.server(f"127.0.0.1:{port}", "--cacert", self.pki.path("ca.pem"), "--allow-all", "--proxy-protocol")
        answer, mine = self.ask(server)
        self.assertIn(f"from 127.0.0.1:{mine} for localhost", answer)

    def test_nginx_takes_it(self):
        port = self.real("nginx", ["-g", "daemon off;", "-c"], """
pid {dir}/pid;
error_log {dir}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};
    client_header_buffer_size 16k;
    server {{
        listen 127.0.0.1:{port} proxy_protocol;
        return 200 "from $proxy_protocol_addr:$proxy_protocol_port at $proxy_protocol_server_port";
    }}
}}
""")
        server = self.server(f"127.0.0.1:{port}", "--cacert", self.pki.path("ca.pem"), "--allow-all", "--proxy-protocol")
        answer, mine = self.ask(server)
        self.assertIn(f"from 127.0.0.1:{mine} at {server.port}", answer)


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        pass  # a connection that is reset is what some tests are about


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was told."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while n := int(self.rfile.readline(), 16):
                body += self.rfile.read(n)
                self.rfile.readline()
            self.rfile.readline()
        answer = json.dumps({"path": self.path, "headers": self.headers.items(), "body": body.decode("latin-1")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_GET

    def log_message(self, *args):
        pass


class Headers(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            cls.pki.path("mid.key"), "-subj", "/CN=mid", "-out", cls.pki.path("mid.csr"))
        with open(cls.pki.path("mid.cnf"), "w") as f:
            f.write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
        run("openssl", "x509", "-req", "-in", cls.pki.path("mid.csr"), "-CA", cls.pki.path("ca.pem"), "-CAkey",
            cls.pki.path("ca.key"), "-CAcreateserial", "-days", "10", "-extfile", cls.pki.path("mid.cnf"), "-out",
            cls.pki.path("mid.pem"))
        cls.pki.leaf("carol", "mid", "clientAuth", "URI:spiffe://example.org/carol,DNS:a.example,DNS:b.example")
        with open(cls.pki.path("carol.pem")) as leaf, open(cls.pki.path("mid.pem")) as mid:
            chain = leaf.read() + mid.read()
        with open(cls.pki.path("carol.pem"), "w") as f:
            f.write(chain)

    def setUp(self):
        super().setUp()
        self.http = Quiet(("127.0.0.1", 0), Echo)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.addCleanup(self.http.server_close)
        self.addCleanup(self.http.shutdown)

    def started(self, how, *more):
        return self.server(f"127.0.0.1:{self.http.server_port}", "--cacert", self.pki.path("ca.pem"), "--allow-all",
                           "--http-headers", how, *more)

    def talk(self, server, requests, who="alice", n=1):
        """Sends all at once; the n answers (status, what the service was told)."""
        found = []
        with connect(server.port, self.pki.context(who)) as s:
            s.sendall(requests)
            f = s.makefile("rb")
            for _ in range(n):
                status = int(f.readline().split()[1])
                size = 0
                while (line := f.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        size = int(line.split(b":")[1])
                body = f.read(size)
                found.append((status, json.loads(body) if body else None))
        return found

    def told(self, answer, name):
        return [v for k, v in answer["headers"] if k.lower() == name]

    def ders(self, name):
        with open(self.pki.path(name + ".pem")) as f:
            pems = re.findall("-----BEGIN.*?-----END CERTIFICATE-----", f.read(), re.S)
        return [ssl.PEM_cert_to_DER_cert(pem) for pem in pems]

    def bytes_of(self, text):
        """A list of byte sequences (RFC 8941)."""
        return [base64.b64decode(re.fullmatch(":([A-Za-z0-9+/=]*):", part.strip()).group(1), validate=True)
                for part in text.split(",")]

    def test_rfc_9440(self):
        server = self.started("rfc9440")
        # OpenSSL completes a chain of one from its trust: alice sends the CA too
        for who, chain in (("alice", self.ders("ca")), ("carol", self.ders("carol")[1:])):
            (status, answer), = self.talk(server, b"GET /x HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n", who)
            self.assertEqual((status, answer["path"], self.told(answer, "a")), (200, "/x", ["b"]))
            (cert,) = self.told(answer, "client-cert")
            self.assertEqual(self.bytes_of(cert), self.ders(who)[:1])
            self.assertEqual([self.bytes_of(v) for v in self.told(answer, "client-cert-chain")], [chain])

    def test_xfcc(self):
        self.pki.leaf("sidecar", "ca", "serverAuth", "DNS:localhost,URI:spiffe://example.org/sidecar")
        server = self.server(f"127.0.0.1:{self.http.server_port}", "--cacert", self.pki.path("ca.pem"), "--allow-all",
                             "--http-headers", "xfcc", creds=self.pki.pair("sidecar"))
        (_, answer), = self.talk(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "carol")
        (value,) = self.told(answer, "x-forwarded-client-cert")
        pairs = [(k, v.strip('"')) for k, v in (part.split("=", 1) for part in re.findall(r'(?:[^;"]|"(?:\\.|[^"])*")+', value))]
        leaf = self.ders("carol")[0]
        digest = run("openssl", "dgst", "-sha256", input=leaf).decode().split()[-1]
        found = dict(pairs)
        self.assertEqual((found["By"], found["Hash"], found["URI"], found["Subject"]),
                         ("spiffe://example.org/sidecar", digest, "spiffe://example.org/carol", "CN=carol"))
        self.assertEqual([v for k, v in pairs if k == "DNS"], ["a.example", "b.example"])
        self.assertEqual(ssl.PEM_cert_to_DER_cert(urllib.parse.unquote(found["Cert"])), leaf)

    def test_resumed_session_tells_the_same(self):
        self.pki.leaf("sidecar", "ca", "serverAuth", "DNS:localhost,URI:spiffe://example.org/sidecar")
        for how in ("rfc9440", "xfcc"):
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                server = self.server(f"127.0.0.1:{self.http.server_port}", "--cacert", self.pki.path("ca.pem"), "--allow-all",
                                     "--http-headers", how, "--tls-min", "1.2", creds=self.pki.pair("sidecar"))
                context = self.pki.context("carol")
                context.minimum_version = context.maximum_version = version
                told, session = [], None
                for _ in range(2):
                    raw = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)
                    with context.wrap_socket(raw, server_hostname="localhost", session=session) as s:
                        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        told.append(json.loads(read_all(s).split(b"\r\n\r\n", 1)[1])["headers"])
                        session, reused = s.session, s.session_reused
                self.assertTrue(reused)
                self.assertEqual(told[0], told[1])
                self.assertGreater(len(told[1]), 2)

    def test_what_the_client_says_of_itself(self):
        for how in ("rfc9440", "xfcc"):
            server = self.started(how)
            lies = (b"Client-Cert: :bGll:\r\nclient-cert-chain: :bGll:\r\nX-Forwarded-Client-Cert: By=lie\r\n"
                    b"CLIENT_CERT: lie\r\nClient.Cert: lie\r\nX_Forwarded-Client_Cert: lie\r\n")
            (status, answer), = self.talk(server, b"GET / HTTP/1.1\r\nHost: x\r\n" + lies + b"\r\n")
            self.assertEqual(status, 200)
            names = [k.lower() for k, v in answer["headers"]]
            ours = ["client-cert", "client-cert-chain"] if how == "rfc9440" else ["x-forwarded-client-cert"]
            self.assertEqual(names, ["host", *ours])
            self.assertNotIn("lie", json.dumps(answer).replace("client", "").replace("Client", ""))

    def test_nobody_proven_nothing_told(self):
        server = self.started("rfc9440", "--client-auth", "optional")
        (_, answer), = self.talk(server, b"GET / HTTP/1.1\r\nHost: x\r\nClient-Cert: :bGll:\r\n\r\n", None)
        self.assertEqual([k for k, v in answer["headers"]], ["Host"])

    def test_bodies_and_pipelines(self):
        server = self.started("rfc9440")
        big = bytes(range(256)) * 4000
        requests = (b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
                    b"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                    b"POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nClient-Cert: x\r\n\r\n"
                    b"PUT /4 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                    b"GET /5 HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" % (len(big), big))
        answers = self.talk(server, requests, n=5)
        self.assertEqual([(a[0], a[1]["path"]) for a in answers], [(200, f"/{i}") for i in range(1, 6)])
        self.assertEqual([a[1]["body"].encode("latin-1") for a in answers], [b"", b"hello", b"abcde", big, b""])
        self.assertEqual([len(self.told(a[1], "client-cert")) for a in answers], [1] * 5)
        self.assertEqual(self.told(answers[4][1], "upgrade"), [])

    def test_curl_uploads(self):
        """curl waits for 100 (Continue) before a body, sends it whole or in chunks, and keeps the connection."""
        server = self.started("rfc9440")
        big = self.pki.path("big")
        with open(big, "wb") as f:
            f.write(os.urandom(1 << 20) * 3)
        for more in ([], ["-H", "Transfer-Encoding: chunked"]):
            out = run("curl", "-sS", "--max-time", str(WAIT_S), "--cacert", self.pki.path("ca.pem"), *self.pki.pair("alice"),
                      f"https://localhost:{server.port}/1", "-T", big, *more, "--next", "-sS", "--cacert",
                      self.pki.path("ca.pem"), *self.pki.pair("alice"), f"https://localhost:{server.port}/2")
            decoder = json.JSONDecoder()
            first, at = decoder.raw_decode(out.decode())
            second, _ = decoder.raw_decode(out.decode()[at:])
            with open(big, "rb") as f:
                self.assertEqual(first["body"].encode("latin-1"), f.read())
            self.assertEqual([len(self.told(a, "client-cert")) for a in (first, second)], [1, 1])

    def test_smuggling_is_refused(self):
        hello = b"POST / HTTP/1.1\r\nHost: x\r\n"
        for i, request in enumerate((
                hello + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                hello + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nhello",
                hello + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                hello + b"Client-Cert : x\r\n\r\n",
                hello + b"A: b\r\n Client-Cert: x\r\n\r\n",
                hello + b"A: b\nClient-Cert: x\r\n\r\n",
                hello + b"Connection: Client-Cert\r\n\r\n",
                b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")):
            server = self.started("rfc9440")
            ((status, answer),) = self.talk(server, request)
            self.assertEqual((status, answer), (400, None), request)
            line = server.connections(1)
            self.assertEqual((line["outcome"], line["reason"]), ("cut", "malformed-message"), request)
            self.assertTrue(line["check"].startswith("HTTP_"))

    def test_a_second_request_that_is_wrong(self):
        """The first one is served; nothing is put between its answer and the end."""
        server = self.started("rfc9440")
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200", s.recv(65536))
            s.sendall(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
            self.assertEqual(read_all(s).count(b"HTTP/1.1 "), 0)
        self.assertEqual(server.connections(1)["check"], "HTTP_FIELD_NAME")

    def test_wrong_use(self):
        base = ["server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", *self.pki.pair("server"), "--cacert",
                self.pki.path("ca.pem"), "--allow-all"]
        for args, words in ((["--http-headers", "rfc9440", "--alpn", "h2,http/1.1"], "h2"),
                            (["--proxy-protocol-mode", "tls"], "--proxy-protocol")):
            done = subprocess.run([HANDFAST, *base, *args], capture_output=True, timeout=30)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    main()
