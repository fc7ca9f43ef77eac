# SPDX-License-Identifier: Apache-2.0
"""Servers of others, each program started once with every role of the corpus that it plays, on free ports of loopback.

A role is `PEER key=value ...`: cert (its certificate, srv), trust (the CAs of clients, root; a+b: several), ask (none, optional,
required), tls (1.2, 1.3, both), crl, names (CAs to announce instead of those trusted), more (a key of that peer's MORE).
Configurations, pid files and logs are the test's own: no server that the system may run is touched.
"""

import glob
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
from proc import Proc, wait_for_port  # noqa: E402
from ports import free_port, free_ports  # noqa: E402

SBIN = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/local/go/bin"
PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"


def which(program):
    return shutil.which(program) or shutil.which(program, path=SBIN)


def clock_env(days):
    """The environment of a process whose clock is that many days ahead. The wrapper of the library is not used: what it starts
    would outlive it. The offset is read once: nginx clears its environment."""
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketime.so.1"))
    return {"LD_PRELOAD": found[0], "FAKETIME": f"{days}d", "FAKETIME_CACHE_DURATION": "1000000"} if days and found else {}


class Role(dict):
    def __init__(self, text):
        super().__init__(cert="srv", trust="root", ask="required", tls="both", crl="", names="", more="", clock="")
        self.peer, *pairs = text.split()
        self.text = " ".join([self.peer, *sorted(pairs)])
        self.update(pair.split("=", 1) for pair in pairs)


class Plain:
    """The service behind proxies: answers any request with a page."""

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                s, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(s,), daemon=True).start()

    def _one(self, s):
        try:
            with s:
                s.settimeout(20)
                if s.recv(65536):
                    s.sendall(PAGE)
        except OSError:
            pass


class Peer:
    """A program that plays several roles at once. start(roles) gives a port for each."""

    program = None
    MORE = {}

    def __init__(self, certs, home, plain, clock=""):
        self.certs, self.home, self.plain, self.procs, self.clock = certs, home / (type(self).__name__.lower() + clock), plain, [], clock
        self.home.mkdir()

    def missing(self):
        if self.clock and not clock_env(self.clock):
            return "faketime is not installed"
        return None if which(self.program) else f"{self.program} is not installed"

    def run(self, port, *argv, **how):
        p = Proc(*argv, **how, env={**os.environ, **clock_env(self.clock)})
        self.procs.append(p)
        wait_for_port(port, p)
        return p

    def stop(self):
        for p in self.procs:
            p.stop()

    def write(self, name, text):
        (self.home / name).write_text(text)
        return self.home / name

    def files(self, r):
        c = self.certs
        return c.chain(r["cert"]), c.key(r["cert"]), c.bundle(r["trust"]), c.bundle(r["crl"]) if r["crl"] else None


class Nginx(Peer):
    program = "nginx"
    MORE = {"": "", "deny": "if ($ssl_client_s_dn !~ alice) { return 403; }", "reject": "ssl_reject_handshake on;",
            "only-success": "if ($ssl_client_verify != SUCCESS) { return 403; }", "cbc": "ssl_ciphers AES128-SHA256:AES256-SHA;",
            "pss-only": "ssl_conf_command ClientSignatureAlgorithms RSA-PSS+SHA256;",
            "depth3": "ssl_verify_depth 3;", "proxy": "", "plain": "", "two-hosts": "", "by-name": "",
            "basic": "auth_basic here; auth_basic_user_file /dev/null;", "gone": "error_page 418 =500 @x;"}

    def block(self, r, port, stream):
        chain, key, trust, crl = self.files(r)
        versions = {"both": "TLSv1.2 TLSv1.3"}.get(r["tls"], "TLSv" + r["tls"])
        verify = {"none": "off", "required": "on"}.get(r["ask"], r["ask"])
        trust = f"ssl_client_certificate {trust};" if r["ask"] != "none" else ""
        if r["names"]:  # announces these and trusts those of trust=
            trust = f"ssl_client_certificate {self.certs.bundle(r['names'])}; ssl_trusted_certificate {self.certs.bundle(r['trust'])};"
        what = f"proxy_pass 127.0.0.1:{self.plain.port};" if stream else "location / { default_type text/plain; return 200 hello\\n; }"
        name = "" if stream else "server_name localhost;"
        how = {"proxy": "ssl proxy_protocol", "plain": ""}.get(r["more"], "ssl")
        beside = ""
        if r["more"] == "two-hosts":  # another host on the same port, without client certificates
            beside = (f"server {{ listen 127.0.0.1:{port} ssl; server_name other.example; ssl_certificate {chain}; ssl_certificate_key {key};"
                      " location / { return 200 other; } }\n")
        elif r["more"] == "by-name":  # whoever names no host is turned away
            beside = f"server {{ listen 127.0.0.1:{port} ssl default_server; ssl_reject_handshake on; }}\n"
        return (f"{beside}server {{ listen 127.0.0.1:{port} {how}; {name} ssl_protocols {versions}; ssl_certificate {chain}; ssl_certificate_key {key};"
                f"{trust} ssl_verify_client {verify}; {f'ssl_crl {crl};' if crl else ''} {self.MORE[r['more']]} {what} }}\n")

    def start(self, roles):
        found = free_ports(len(roles))
        http = "".join(self.block(r, p, False) for r, p in zip(roles, found) if r.peer == "nginx")
        stream = "".join(self.block(r, p, True) for r, p in zip(roles, found) if r.peer == "nginx-stream")
        module = "/usr/lib/nginx/modules/ngx_stream_module.so"
        temp = "".join(f"{what}_temp_path {self.home}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = self.write("conf", f"{f'load_module {module};' if stream and os.path.exists(module) else ''} daemon off; master_process "
                          f"off; pid {self.home}/pid; error_log {self.home}/log info; events {{ worker_connections 256; }}"
                          f"http {{ access_log off; {temp} {http} }} {f'stream {{ {stream} }}' if stream else ''}")
        self.run(found[0], which("nginx"), "-e", self.home / "log", "-p", self.home, "-c", conf)
        return found


class NginxStream(Nginx):
    def missing(self):
        there = os.path.exists("/usr/lib/nginx/modules/ngx_stream_module.so")
        return super().missing() or (None if there else "nginx has no stream module (libnginx-mod-stream)")


class HAProxy(Peer):
    program = "haproxy"
    MORE = {"": ("", ""), "deny": ("", "tcp-request content reject unless { ssl_c_s_dn(cn) alice }"),
            "strict-sni": ("strict-sni", ""), "accept-proxy": ("accept-proxy", ""), "h2": ("alpn h2", "mode http"),
            "http": ("", "mode http"), "deny403": ("", "mode http\n http-request deny unless { ssl_c_s_dn(cn) alice }"),
            "cbc": ("ciphers AES128-SHA256", ""), "x448": ("curves X448", ""),
            "no-names": ("no-ca-names", ""),
            "used403": ("", "mode http\n http-request deny unless { ssl_c_used }"),
            "ignore403": ("crt-ignore-err all ca-ignore-err all", "mode http\n http-request deny unless { ssl_c_verify 0 }")}

    def block(self, n, r, port):
        chain, key, trust, crl = self.files(r)
        pem = self.write(f"{r['cert']}.pem", pathlib.Path(chain).read_text() + pathlib.Path(key).read_text())
        versions = {"both": "ssl-min-ver TLSv1.2"}.get(r["tls"], f"ssl-min-ver TLSv{r['tls']} ssl-max-ver TLSv{r['tls']}")
        bind, rules = self.MORE[r["more"]]
        verify = "" if r["ask"] == "none" else f"verify {r['ask']} ca-file {trust} {f'crl-file {crl}' if crl else ''}"
        if r["names"]:
            verify = f"verify {r['ask']} ca-file {self.certs.bundle(r['names'])} ca-verify-file {trust}"
        return (f"frontend f{n}\n bind 127.0.0.1:{port} ssl crt {pem} {versions} {verify} {bind}\n {rules}\n"
                f" default_backend {'web' if 'mode http' in rules else 'plain'}\n")

    def start(self, roles):
        found = free_ports(len(roles))
        blocks = "".join(self.block(n, r, p) for n, (r, p) in enumerate(zip(roles, found)))
        conf = self.write("conf", "defaults\n timeout client 20s\n timeout server 20s\n timeout connect 5s\n mode tcp\n"
                          f"{blocks}backend plain\n server s 127.0.0.1:{self.plain.port}\nbackend web\n mode http\n"
                          f" server s 127.0.0.1:{self.plain.port}\n")
        self.run(found[0], which("haproxy"), "-db", "-f", conf)
        return found


class Stunnel(Peer):
    program = "stunnel4"
    MORE = {"": "", "check-name": "checkHost = alice.example", "peer": "verifyPeer = yes"}

    def block(self, n, r, port):
        chain, key, trust, crl = self.files(r)
        versions = {"both": "sslVersionMin = TLSv1.2"}.get(r["tls"], f"sslVersion = TLSv{r['tls']}")
        verify = "" if r["ask"] == "none" else f"CAfile = {trust}\nverifyChain = yes\nrequireCert = {'yes' if r['ask'] == 'required' else 'no'}\n"
        return (f"[s{n}]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{self.plain.port}\ncert = {chain}\nkey = {key}\n{versions}\n"
                f"{verify}{f'CRLfile = {crl}' if crl else ''}\n{self.MORE[r['more']]}\n")

    def start(self, roles):
        found = free_ports(len(roles))
        conf = self.write("conf", f"foreground = yes\npid = {self.home}/pid\nsocket = l:SO_REUSEADDR=1\n"
                          + "".join(self.block(n, r, p) for n, (r, p) in enumerate(zip(roles, found))))
        self.run(found[0], which("stunnel4"), conf)
        return found


class Apache(Peer):
    program = "apache2"
    MORE = {"": "", "location": "<Location />\nSSLVerifyClient require\nSSLVerifyDepth 5\n</Location>\n",
            "deny": "<Location />\nRequire expr %{SSL_CLIENT_S_DN_CN} == 'alice'\n</Location>\n", "depth1": "SSLVerifyDepth 1\n", "optional_no_ca": "SSLVerifyClient optional_no_ca\n<Location />\nRequire expr %{SSL_CLIENT_VERIFY} == 'SUCCESS'\n</Location>\n"}

    def block(self, r, port):
        chain, key, trust, crl = self.files(r)
        versions = {"both": "-all +TLSv1.2 +TLSv1.3"}.get(r["tls"], f"-all +TLSv{r['tls']}")
        verify = {"none": "none", "required": "require", "optional": "optional"}[r["ask"]]
        trust = "" if r["ask"] == "none" and not r["more"] else f"SSLCACertificateFile {trust}\n"
        return (f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\nServerName localhost\nSSLEngine on\nSSLProtocol {versions}\n"
                f"SSLCertificateFile {chain}\nSSLCertificateKeyFile {key}\n{trust}SSLVerifyClient {verify}\nSSLVerifyDepth 5\n"
                f"{f'SSLCARevocationFile {crl}' if crl else ''}\n{'SSLCARevocationCheck chain' if crl else ''}\n"
                f"{self.MORE[r['more']]}</VirtualHost>\n")

    def start(self, roles):
        found, modules = free_ports(len(roles)), "/usr/lib/apache2/modules"
        (self.home / "index.html").write_text("hello\n")
        load = "".join(f"LoadModule {m}_module {modules}/mod_{m}.so\n" for m in ("mpm_event", "authz_core", "socache_shmcb", "ssl", "dir"))
        who = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""  # it serves nothing as root
        for folder in (self.home.parent, self.home):
            folder.chmod(0o755)
        conf = self.write("conf", f"ServerRoot {self.home}\nPidFile {self.home}/pid\nErrorLog {self.home}/log\nDefaultRuntimeDir {self.home}\n"
                          f"{load}DocumentRoot {self.home}\nServerName localhost\nSSLSessionCache none\nSSLSessionTickets off\n"
                          f"{who}" + "".join(self.block(r, p) for r, p in zip(roles, found)))
        self.run(found[0], which("apache2"), "-D", "FOREGROUND", "-f", conf)
        return found


class Single(Peer):
    """A program that plays one role: a process each."""

    def start(self, roles):
        found = free_ports(len(roles))
        for r, port in zip(roles, found):
            self.one(r, port)
        return found


class OpenSSL(Single):
    program = "openssl"
    MORE = {"": [], "h2": ["-alpn", "h2"], "cbc": ["-cipher", "AES128-SHA256"], "x448": ["-groups", "X448"],
            "pss-only": ["-client_sigalgs", "RSA-PSS+SHA256"], "tls11": ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
            "weak": ["-cipher", "DEFAULT@SECLEVEL=0"], "p256-only": ["-client_sigalgs", "ECDSA+SHA256"],
            "rsa-only": ["-client_sigalgs", "RSA+SHA256"]}

    def one(self, r, port):
        chain, key, trust, crl = self.files(r)
        versions = {"both": [], "old": [], "1.2": ["-tls1_2"], "1.3": ["-tls1_3"]}[r["tls"]]
        verify = {"none": [], "optional": ["-verify", "9"], "required": ["-Verify", "9"]}[r["ask"]]
        crls = ["-CRL", crl, "-crl_check"] if crl else []
        names = ["-verifyCAfile", trust, "-requestCAfile", self.certs.bundle(r["names"])] if r["names"] else ["-CAfile", trust]
        (self.home / "hello").write_text("hello\n")
        self.run(port, "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", chain, "-key", key, *self.certs.chain_option(r["cert"]),
                 *versions, "-verify_return_error", *names, *crls, *self.MORE[r["more"]], "-WWW", *verify, cwd=self.home)


class GnuTLS(Single):
    program = "gnutls-serv"
    MORE = {"": "", "cbc": ":-AEAD", "x448": ":-GROUP-ALL:+GROUP-X448"}

    def one(self, r, port):
        chain, key, trust, crl = self.files(r)
        versions = {"both": "NORMAL"}.get(r["tls"], f"NORMAL:-VERS-ALL:+VERS-TLS{r['tls']}") + self.MORE[r["more"]]
        ask = {"none": "--disable-client-cert", "optional": "--verify-client-cert", "required": "--require-client-cert"}[r["ask"]]
        verify = ["--verify-client-cert"] if r["ask"] == "required" else []
        self.run(port, "gnutls-serv", "--http", "-p", port, "--x509certfile", chain, "--x509keyfile", key, "--x509cafile", trust,
                 *(["--x509crlfile", crl] if crl else []), ask, *verify, "--priority", versions)


class Hitch(Single):
    program = "hitch"

    def one(self, r, port):
        chain, key, trust, _ = self.files(r)
        pem = self.write(f"{port}.pem", pathlib.Path(chain).read_text() + pathlib.Path(key).read_text())
        verify = "" if r["ask"] == "none" else f'client-verify = {r["ask"]}\nclient-verify-ca = "{trust}"\n'
        who = 'user = "nobody"\ngroup = "nogroup"\n' if os.getuid() == 0 else ""  # it does not work as root
        conf = self.write(f"{port}.conf", f'frontend = {{ host = "127.0.0.1" port = "{port}" }}\nbackend = "[127.0.0.1]:{self.plain.port}"\n'
                          f'pem-file = "{pem}"\nworkers = 1\ndaemon = off\ntls-protos = TLSv1.2 TLSv1.3\n{who}{verify}')
        self.run(port, which("hitch"), f"--config={conf}")


class Caddy(Single):
    program = "caddy"

    def one(self, r, port):
        chain, key, trust, _ = self.files(r)
        mode = {"required": "require_and_verify", "optional": "verify_if_given"}.get(r["ask"])
        auth = f"client_auth {{\nmode {mode}\ntrusted_ca_cert_file {trust}\n}}\n" if mode else ""
        conf = self.write(f"{port}.caddy", "{\nadmin off\nauto_https off\n}\n"
                          f"https://localhost:{port} {{\nbind 127.0.0.1\ntls {chain} {key} {{\n{auth}}}\nrespond hello\n}}\n")
        self.run(port, which("caddy"), "run", "--config", conf, "--adapter", "caddyfile")


class Handfast(Single):
    """Our own server, seen by our own client."""

    program = os.environ.get("HANDFAST", str(HERE.parents[1] / "build" / "tests" / "handfast"))
    MORE = {"": ["--allow-all"], "alice": ["--allow-cn", "alice"], "h2": ["--allow-all", "--alpn", "h2"]}

    def one(self, r, port):
        chain, key, trust, crl = self.files(r)
        versions = {"both": ["--tls-min", "1.2"], "1.2": ["--tls-min", "1.2", "--tls-max", "1.2"], "1.3": []}[r["tls"]]
        who = ["--disable-authentication"] if r["ask"] == "none" else ["--cacert", trust, "--client-auth", r["ask"], *self.MORE[r["more"]]]
        self.run(port, self.program, "server", "--listen", f"127.0.0.1:{port}", "--target", f"127.0.0.1:{self.plain.port}", "--cert", chain,
                 "--key", key, "--threads", "1", "--shutdown-timeout", "1s", *versions, *who, *(["--crl", crl] if crl else []))


class Python(Peer):
    """Python's ssl in a thread of the test, and behaviours that no real server offers on request."""

    program = "python3"
    MORE = {"": None}

    def stop(self):
        for s in self.procs:
            s.close()

    def start(self, roles):
        return [getattr(self, "odd_" + r["more"].replace("-", "_"))() if r["more"] else self.tls(r) for r in roles]

    def listen(self, handle):
        sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.procs.append(sock)
        threading.Thread(target=self._serve, args=(sock, handle), daemon=True).start()
        return sock.getsockname()[1]

    def _serve(self, sock, handle):
        while True:
            try:
                s, _ = sock.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(s, handle), daemon=True).start()

    def _one(self, s, handle):
        try:
            with s:
                s.settimeout(20)
                handle(s)
        except OSError:
            pass

    def tls(self, r):
        chain, key, trust, crl = self.files(r)
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
        c.minimum_version = versions.get(r["tls"], ssl.TLSVersion.TLSv1_2)
        c.maximum_version = versions.get(r["tls"], ssl.TLSVersion.TLSv1_3)
        c.load_cert_chain(chain, key)
        c.load_verify_locations(trust)
        if crl:
            c.load_verify_locations(crl)
            c.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        c.verify_mode = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}[r["ask"]]

        def handle(raw):
            with c.wrap_socket(raw, server_side=True) as s:
                s.recv(65536)
                s.sendall(PAGE)
                s.unwrap()
        return self.listen(handle)

    # ---- odd ones: what stands at the port is no TLS server, or one that ends without a word ----

    def odd_http(self):
        def handle(s):
            s.recv(4096)
            s.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return self.listen(handle)

    def odd_ssh(self):
        def handle(s):
            s.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
            s.recv(4096)
        return self.listen(handle)

    def odd_smtp(self):
        def handle(s):
            s.sendall(b"220 mail.acme.example ESMTP ready\r\n")
            s.recv(4096)
        return self.listen(handle)

    def odd_silent(self):
        return self.listen(lambda s: time.sleep(20))

    def odd_closes(self):
        return self.listen(lambda s: s.recv(4096))

    def odd_resets(self):
        def handle(s):
            s.recv(1)  # the rest stays unread: closing resets
        return self.listen(handle)

    def odd_imap(self):
        def handle(s):
            s.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
            s.recv(4096)
        return self.listen(handle)

    def odd_postgres(self):
        def handle(s):
            if s.recv(8) == b"\0\0\0\x08\x04\xd2\x16\x2f":
                s.sendall(b"S")
                self.context().wrap_socket(s, server_side=True).recv(100)
        return self.listen(handle)

    def odd_smtp_tls(self):
        def handle(s):
            s.sendall(b"220 mail.acme.example ESMTP ready\r\n")
            while line := s.recv(4096):
                if line.upper().startswith(b"EHLO"):
                    s.sendall(b"250-mail.acme.example\r\n250 STARTTLS\r\n")
                elif line.upper().startswith(b"STARTTLS"):
                    s.sendall(b"220 go ahead\r\n")
                    t = self.context().wrap_socket(s, server_side=True)
                    t.recv(4096)
                    t.sendall(b"250 mail.acme.example\r\n")
                    t.recv(4096)
                    return
                else:
                    s.sendall(b"500 what\r\n")
        return self.listen(handle)

    def odd_upstream(self):
        """A proxy that ends TLS without asking; the service behind it wants a certificate."""
        page = b"<html><title>400</title><body>No required SSL certificate was sent</body></html>"

        def handle(raw):
            with self.context(ssl.CERT_NONE).wrap_socket(raw, server_side=True) as s:
                s.recv(65536)
                s.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(page), page))
                s.unwrap()
        return self.listen(handle)

    def odd_mysql(self):
        def handle(s):
            s.sendall(b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff")
            s.recv(4096)
        return self.listen(handle)

    def odd_redis(self):
        def handle(s):
            s.recv(4096)
            s.sendall(b"-ERR Protocol error: unbalanced quotes in request\r\n")
        return self.listen(handle)

    def odd_no_starttls(self):
        def handle(s):
            s.sendall(b"220 mail.acme.example ESMTP ready\r\n")
            while s.recv(4096):
                s.sendall(b"502 not implemented\r\n")
        return self.listen(handle)

    def odd_swallows(self):
        """A service that reads, and ends in order when it has understood nothing."""
        def handle(raw):
            with self.context().wrap_socket(raw, server_side=True) as s:
                s.recv(4096)
                s.unwrap()
        return self.listen(handle)

    def odd_later(self):
        """Asks after the handshake, as some applications do for some of their pages."""
        context = self.context()
        context.post_handshake_auth = True

        def handle(raw):
            with context.wrap_socket(raw, server_side=True) as s:
                s.recv(65536)
                try:
                    s.verify_client_post_handshake()
                    s.sendall(PAGE)
                except ssl.SSLError:
                    s.sendall(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 31\r\n\r\na client certificate is required")
        return self.listen(handle)

    def odd_stalls(self):
        """Answers the hello with the head of a record, and no more."""
        def handle(s):
            s.recv(4096)
            s.sendall(b"\x16\x03\x03\x00\x7a\x02\x00")
            time.sleep(20)
        return self.listen(handle)

    def odd_denies(self):
        """Ends without a word, after the handshake, whatever certificate came."""
        def handle(raw):
            with self.context().wrap_socket(raw, server_side=True) as s:
                s.recv(10)
        return self.listen(handle)

    def odd_alert80(self):
        def handle(s):
            s.recv(4096)
            s.sendall(b"\x15\x03\x03\x00\x02\x02\x50")
        return self.listen(handle)

    def context(self, ask=ssl.CERT_REQUIRED):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(self.certs.chain("srv"), self.certs.key("srv"))
        c.load_verify_locations(self.certs.bundle("root"))
        c.verify_mode = ask
        return c

    def odd_nobody(self):
        return free_port()


class Node(Peer):
    program = "node"

    def start(self, roles):
        what = [{"cert": f[0], "key": f[1], "ca": f[2], "crl": f[3], "ask": r["ask"], "tls": r["tls"]}
                for r in roles for f in [self.files(r)]]
        p = Proc("node", HERE / "server.js", json.dumps(what))
        self.procs.append(p)
        found = p.wait_text(r"ports ([\d ]+)\n")
        if not found:
            raise RuntimeError(p.text())
        return [int(port) for port in found.group(1).split()]


class Go(Peer):
    program = "go"

    def start(self, roles):
        what = [{"Cert": f[0], "Key": f[1], "CA": f[2], "Ask": r["ask"], "TLS": r["tls"]} for r in roles for f in [self.files(r)]]
        p = Proc(go_peer(self.home.parent), "server", json.dumps(what))
        self.procs.append(p)
        found = p.wait_text(r"ports ([\d ]+)\n", 60)
        if not found:
            raise RuntimeError(p.text())
        return [int(port) for port in found.group(1).split()]


_go = threading.Lock()


def go_peer(home):
    """The program of peer.go, built when it is first asked for."""
    out = pathlib.Path(home) / "go-peer"
    with _go:
        if not out.exists():
            subprocess.run([which("go"), "build", "-o", out, HERE / "peer.go"], check=True, timeout=180,
                           env={**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "CGO_ENABLED": "0"})
    return str(out)


class Java(Single):
    program = "javac"
    MORE = {"": None}

    def start(self, roles):
        from peers import Role as Wanted
        from runtimes import Java as Interop  # compiles interop/Peer.java
        java, found = Interop(self.home), []
        for r in roles:
            chain, key, trust, _ = self.files(r)
            cred = type("Cred", (), {"chain": chain, "key": key})
            how = Wanted(cred, trust, r["ask"], "1.3" if r["tls"] == "both" else r["tls"])
            p = Proc(*java._argv(how, "server", 0, *java._args(how), r["ask"]))
            self.procs.append(p)
            found.append(p)
        return [int(p.wait_text(r"port (\d+)", 60).group(1)) for p in found]


PEERS = {"nginx": Nginx, "nginx-stream": NginxStream, "haproxy": HAProxy, "stunnel": Stunnel, "apache": Apache, "openssl": OpenSSL,
         "gnutls": GnuTLS, "python": Python, "node": Node, "go": Go, "java": Java, "handfast": Handfast, "hitch": Hitch, "caddy": Caddy}


class Servers:
    """All that a set of cases needs; ports by the text of the role, or the reason why there is none. A role with clock= (days)
    has a process of its own, whose clock is that much ahead."""

    def __init__(self, certs, home, roles):
        self.plain, self.peers, self.ports = Plain(), [], {}
        unique = {r.text: r for r in roles}
        threads = []
        for name, clock in sorted({(r.peer, r["clock"]) for r in unique.values()}):
            mine = [r for r in unique.values() if (r.peer, r["clock"]) == (name, clock)]
            peer = PEERS[name](certs, pathlib.Path(home), self.plain, clock)
            threads.append(threading.Thread(target=self._start, args=(peer, mine)))
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def _start(self, peer, roles):
        missing = peer.missing()
        self.peers.append(peer)
        try:
            found = [missing] * len(roles) if missing else peer.start(roles)
        except Exception as e:  # each of its cases fails with the reason
            found = [e] * len(roles)
        self.ports.update({r.text: p for r, p in zip(roles, found)})

    def stop(self):
        for p in self.peers:
            p.stop()
        self.plain.sock.close()
