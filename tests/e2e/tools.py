# SPDX-License-Identifier: Apache-2.0
"""The tools people already have on the other side of the proxies: curl, openssl, gnutls, nginx."""

import http.server
import shutil
import socket
import subprocess
import threading
import time
import unittest

from harness import WAIT_S, Case, connect, main, read_all
from ports import free_port


def needs(tool):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"page\n")

    def log_message(self, *_):
        pass


class Tools(Case):
    def web(self):
        s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=s.serve_forever, daemon=True).start()
        self.addCleanup(s.server_close)
        self.addCleanup(s.shutdown)
        return f"127.0.0.1:{s.server_address[1]}"

    def tool(self, *args, say=b""):
        return subprocess.run(args, input=say, capture_output=True, timeout=30)

    def started(self, *args):
        """A server of others; waits until its port answers."""
        p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(p.wait)
        self.addCleanup(p.stdin.close)
        self.addCleanup(p.kill)

    def await_port(self, port):
        for _ in range(WAIT_S * 20):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
        self.fail("the other server does not listen")

    @needs("curl")
    def test_curl(self):
        server = self.server(self.web(), "--cacert", self.pki.path("ca.pem"), "--allow-all", "--alpn", "http/1.1")
        url = f"https://localhost:{server.port}/"
        curl = ["curl", "-sS", "--cacert", self.pki.path("ca.pem")]
        done = self.tool(*curl, *self.pki.pair("alice"), url)
        self.assertEqual((done.returncode, done.stdout), (0, b"page\n"), done.stderr)
        for who, alert in (("mallory", b"unknown ca"), ("expired", b"certificate expired")):
            done = self.tool(*curl, *self.pki.pair(who), url)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(alert, done.stderr)
        done = self.tool(*curl, url)
        self.assertIn(b"certificate required", done.stderr)
        self.assertEqual(server.connections(1)["outcome"], "served")
        self.assertEqual(server.connections(1)["alpn"], "http/1.1")

    @needs("openssl")
    def test_openssl_client(self):
        server = self.server(self.web())
        for more in ([], ["-groups", "P-384:P-256"], ["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"]):
            done = self.tool("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-quiet", "-no_ign_eof", "-cert",
                             self.pki.path("alice.pem"), "-key", self.pki.path("alice.key"), "-CAfile",
                             self.pki.path("ca.pem"), "-verify_return_error", "-ign_eof", *more,
                             say=b"GET / HTTP/1.0\r\n\r\n")
            self.assertIn(b"page\n", done.stdout, done.stderr)

    @needs("gnutls-cli")
    def test_gnutls_client(self):
        server = self.server(self.web())
        done = self.tool("gnutls-cli", "--x509cafile", self.pki.path("ca.pem"), "--x509certfile", self.pki.path("alice.pem"),
                         "--x509keyfile", self.pki.path("alice.key"), "-p", str(server.port), "localhost",
                         say=b"GET / HTTP/1.0\r\n\r\n")
        self.assertIn(b"page\n", done.stdout, done.stderr)

    def through_client(self, port):
        client = self.client(f"localhost:{port}")
        with connect(client.port) as s:
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            page = read_all(s)
        return page, client.connections(1)

    @needs("nginx")
    def test_nginx_server(self):
        port = free_port()
        with open(self.pki.path("nginx.conf"), "w") as f:
            f.write(f"""daemon off; master_process off; pid {self.pki.dir}/nginx.pid; error_log {self.pki.dir}/nginx.err;
events {{}}
http {{ access_log off; client_body_temp_path {self.pki.dir}/b; proxy_temp_path {self.pki.dir}/p;
fastcgi_temp_path {self.pki.dir}/f; uwsgi_temp_path {self.pki.dir}/u; scgi_temp_path {self.pki.dir}/s;
server {{ listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.3; ssl_certificate {self.pki.path('server.pem')};
ssl_certificate_key {self.pki.path('server.key')}; ssl_client_certificate {self.pki.path('ca.pem')};
ssl_verify_client on; location / {{ return 200 "hello $ssl_client_s_dn"; }} }} }}
""")
        self.started("nginx", "-c", self.pki.path("nginx.conf"), "-p", self.pki.dir)
        self.await_port(port)
        page, line = self.through_client(port)
        self.assertTrue(page.endswith(b"hello CN=alice"), page)
        self.assertEqual((line["outcome"], line["peer"]), ("served", "DNS:localhost"))

    @needs("openssl")
    def test_openssl_server(self):
        port = free_port()
        self.started("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-cert", self.pki.path("server.pem"),
                     "-key", self.pki.path("server.key"), "-CAfile", self.pki.path("ca.pem"), "-verify_return_error",
                     "-Verify", "3")
        self.await_port(port)
        page, line = self.through_client(port)
        self.assertIn(b"TLSv1.3", page)
        self.assertEqual(line["peer"], "DNS:localhost")

    @needs("gnutls-serv")
    def test_gnutls_server(self):
        port = free_port()
        self.started("gnutls-serv", "--http", "-p", str(port), "--x509certfile", self.pki.path("server.pem"),
                     "--x509keyfile", self.pki.path("server.key"), "--x509cafile", self.pki.path("ca.pem"),
                     "--require-client-cert", "--verify-client-cert")
        self.await_port(port)
        page, line = self.through_client(port)
        self.assertIn(b"TLS1.3", page)
        self.assertEqual(line["peer"], "DNS:localhost")


if __name__ == "__main__":
    main()
