# SPDX-License-Identifier: Apache-2.0
"""Other implementations as clients and servers: openssl, gnutls, curl, Python's ssl, nginx.

A client gets a Target, asks for /hello and says how it went: an Outcome. A server gets a Role, answers every request with
"hello", and says afterwards what it saw. Whatever a program cannot do is said by cannot(), and the case is skipped with it.
"""

import contextlib
import dataclasses
import pathlib
import shutil
import socket
import ssl
import threading

from proc import Outcome, Proc, alert_in, wait_for_port, WAIT_S
from ports import free_port

REQUEST = b"GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n"
REPLY = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


@dataclasses.dataclass
class Target:
    port: int
    roots: str
    cred: object = None
    version: str = "1.3"
    groups: tuple = ()
    tickets: bool = True


@dataclasses.dataclass
class Role:
    cred: object
    roots: str
    ask: str = "required"  # none, optional, required
    version: str = "1.3"
    groups: tuple = ()
    hints: bool = True  # the CA names are announced, where the program leaves the choice
    tickets: bool = True


class Peer:
    name = ""
    program = None
    is_client = is_server = True
    hints = (True,)  # whether its server announces CA names: which it can
    minds_hints = False  # its client sends no certificate whose issuer the server did not name
    refuses_by = "alert"  # its server: "alert", "HTTP" (status 400), "closing"
    needs = {"1.3": (116,), "1.2": (40,)}  # the alert of its server to a client without certificate

    def missing(self):
        """Why it cannot take part at all."""
        return None if not self.program or shutil.which(self.program) else f"{self.program} is not installed"

    def cannot(self, feature):
        """Why it cannot do this: a kind of key, "several groups", "long chain to send"."""
        return None


def talk(proc):
    """The request through a program that copies its input to the peer, until the reply or the end."""
    proc.say(REQUEST)
    proc.wait_text(r"hello\b", WAIT_S)
    proc.end()
    return proc.outcome()


class OpenSSL(Peer):
    name = program = "openssl"
    hints = (True, False)
    groups = {"x25519": "X25519", "secp256r1": "P-256", "secp384r1": "P-384", "x448": "X448"}

    def _common(self, how):
        argv = ["-tls1_3" if how.version == "1.3" else "-tls1_2", "-msg"]
        if how.cred:
            argv += ["-cert", how.cred.chain, "-cert_chain", how.cred.rest, "-key", how.cred.key]
        if how.groups:
            argv += ["-groups", ":".join(self.groups[g] for g in how.groups)]
        return argv

    def client(self, to):
        return talk(Proc("openssl", "s_client", "-connect", f"127.0.0.1:{to.port}", "-servername", "localhost",
                         "-verify_hostname", "localhost", "-verify_return_error", "-ign_eof", "-CAfile", to.roots, *self._common(to)))

    @contextlib.contextmanager
    def server(self, role):
        ask = {"none": [], "optional": ["-verify_return_error", "-verify", "16"],
               "required": ["-verify_return_error", "-Verify", "16"]}[role.ask]  # -Verify stands last: OpenSSL 4 wants it so
        trust = "-CAfile" if role.hints else "-verifyCAfile"
        p = Proc("openssl", "s_server", "-accept", "127.0.0.1:0", "-WWW", trust, role.roots, *self._common(role), *ask, cwd=hello_dir())
        try:
            found = p.wait_text(r"ACCEPT 127\.0\.0\.1:(\d+)")
            if not found:
                raise RuntimeError(p.text())
            yield Served(int(found.group(1)), p)
        finally:
            p.stop()


class Served:
    """A server that runs as a process."""

    def __init__(self, port, proc):
        self.port, self.proc, self.from_ = port, proc, len(proc.text())

    def outcome(self, pattern=None):
        """What it said since it was started; pattern: wait for it."""
        if pattern:
            self.proc.wait_text(pattern, 3)
        text = self.proc.text()
        return Outcome(None, alert_in(text[self.from_:]), text)


_hello = None


def hello_dir(directory=None):
    """The directory that `openssl s_server -WWW` serves; given once at the start."""
    global _hello
    if directory:
        _hello = directory
        (pathlib.Path(directory) / "hello").write_text("hello")
    return _hello


class GnuTLS(Peer):
    name, program = "gnutls", "gnutls-cli"
    groups = {"x25519": "GROUP-X25519", "secp256r1": "GROUP-SECP256R1", "secp384r1": "GROUP-SECP384R1", "x448": "GROUP-X448",
              "ffdhe2048": "GROUP-FFDHE2048"}

    needs = {"1.3": (116,), "1.2": (40, 50)}  # 3.7 answers an empty Certificate of TLS 1.2 with decode_error, openssl's too

    def cannot(self, feature):
        return "gnutls-cli loads six certificates at most" if feature == "long chain to send" else None

    def missing(self):
        return super().missing() or (None if shutil.which("gnutls-serv") else "gnutls-serv is not installed")

    def _priority(self, how):
        text = "NORMAL:-VERS-ALL:+VERS-TLS" + how.version
        if how.groups:
            text += ":-GROUP-ALL" + "".join(":+" + self.groups[g] for g in how.groups)
        return ["--priority", text]

    def client(self, to):
        cred = ["--x509certfile", to.cred.chain, "--x509keyfile", to.cred.key] if to.cred else []
        return talk(Proc("gnutls-cli", "-p", to.port, "--x509cafile", to.roots, *cred, *self._priority(to), "localhost"))

    @contextlib.contextmanager
    def server(self, role):
        port = free_port()
        ask = {"none": ["--disable-client-cert"], "optional": ["--verify-client-cert"], "required": ["--require-client-cert"]}
        tickets = [] if role.tickets else ["--noticket"]  # its ticket holds the chain and must not exceed 64 KiB
        p = Proc("gnutls-serv", "-d", "5", "--echo", *tickets, "-p", port, "--x509certfile", role.cred.chain,
                 "--x509keyfile", role.cred.key, "--x509cafile", role.roots, *ask[role.ask], *self._priority(role))
        try:
            if not p.wait_text(r"Echo Server listening on IPv4"):
                raise RuntimeError(p.text())
            yield Served(port, p)
        finally:
            p.stop()


class Curl(Peer):
    name = program = "curl"
    is_server = False
    groups = OpenSSL.groups

    def missing(self):
        if super().missing():
            return super().missing()
        p = Proc("curl", "--version")
        p.end()
        return None if "OpenSSL" in p.text() else "curl is not built with OpenSSL"

    def client(self, to):
        argv = ["--tlsv1.3"] if to.version == "1.3" else ["--tlsv1.2", "--tls-max", "1.2"]
        if to.cred:
            argv += ["--cert", to.cred.chain, "--key", to.cred.key]
        if to.groups:
            argv += ["--curves", ":".join(self.groups[g] for g in to.groups)]
        p = Proc("curl", "-sS", "--max-time", WAIT_S, "--cacert", to.roots, *argv, f"https://localhost:{to.port}/hello")
        p.end()
        return p.outcome()


class Python(Peer):
    name = "python"
    hints = (False,)
    groups = {"x25519": "X25519", "secp256r1": "prime256v1", "secp384r1": "secp384r1"}

    def cannot(self, feature):
        return "Python's ssl sets one group, not several" if feature == "several groups" else None

    def _context(self, how, side):
        c = ssl.SSLContext(side)
        c.minimum_version = c.maximum_version = ssl.TLSVersion.TLSv1_3 if how.version == "1.3" else ssl.TLSVersion.TLSv1_2
        c.load_verify_locations(how.roots)
        if how.cred:
            c.load_cert_chain(how.cred.chain, how.cred.key)
        if how.groups:
            c.set_ecdh_curve(self.groups[how.groups[0]])
        return c

    def client(self, to):
        reply = b""
        try:
            with socket.create_connection(("127.0.0.1", to.port), WAIT_S) as raw:
                with self._context(to, ssl.PROTOCOL_TLS_CLIENT).wrap_socket(raw, server_hostname="localhost") as s:
                    s.sendall(REQUEST)
                    while data := s.recv(65536):
                        reply += data
        except OSError as e:
            return Outcome(b"hello" in reply, alert_in(str(e)), str(e))
        return Outcome(b"hello" in reply, None, reply.decode())

    @contextlib.contextmanager
    def server(self, role):
        context = self._context(role, ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}[role.ask]
        served = PythonServed(context)
        try:
            yield served
        finally:
            served.sock.close()


class PythonServed:
    def __init__(self, context):
        self.context, self.said, self.over = context, [], threading.Semaphore(0)
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                raw, _ = self.sock.accept()
            except OSError:
                return
            raw.settimeout(WAIT_S)
            try:
                with self.context.wrap_socket(raw, server_side=True) as s:
                    s.recv(65536)
                    s.sendall(REPLY)
                    s.unwrap()
            except OSError as e:
                self.said.append(str(e))
            self.over.release()

    def outcome(self, pattern=None):
        self.over.acquire(timeout=WAIT_S)
        text = "\n".join(self.said)
        return Outcome(None, alert_in(text), text)


class Nginx(Peer):
    name = program = "nginx"
    is_client = False
    refuses_by = "HTTP"
    groups = OpenSSL.groups | {"x25519": "X25519", "secp256r1": "prime256v1", "secp384r1": "secp384r1"}

    def missing(self):
        return None if shutil.which("nginx", path="/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin") else "nginx is not installed"

    @contextlib.contextmanager
    def server(self, role):
        port, home = free_port(), pathlib.Path(hello_dir()) / "nginx"
        home.mkdir(exist_ok=True)
        curve = f"ssl_ecdh_curve {':'.join(self.groups[g] for g in role.groups)};" if role.groups else ""
        verify = {"none": "off", "optional": "optional", "required": "on"}[role.ask]
        temp = "".join(f"{what}_temp_path {home}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (home / "conf").write_text(f"""daemon off; master_process off; pid {home}/pid; error_log stderr info;
            events {{}} http {{ access_log off; {temp} server {{ listen 127.0.0.1:{port} ssl; server_name localhost;
            ssl_protocols TLSv{role.version}; ssl_certificate {role.cred.chain}; ssl_certificate_key {role.cred.key};
            ssl_client_certificate {role.roots}; ssl_verify_client {verify}; ssl_verify_depth 16; {curve}
            location / {{ default_type text/plain; return 200 hello; }} }} }}""")
        nginx = shutil.which("nginx", path="/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin")
        p = Proc(nginx, "-e", "stderr", "-p", home, "-c", home / "conf")
        try:
            wait_for_port(port, p)
            yield Served(port, p)
        finally:
            p.stop()
