# SPDX-License-Identifier: Apache-2.0
"""Clients of others against `handfast server`. A client is `KIND key=value ...`: cert (the certificate it presents, none if
left out), ca (whom it trusts, root), name (whom it means to reach, localhost), tls (1.2, 1.3), clock (days that its clock is
ahead), sign (Go: another certificate, whose key it signs with), more (what else is special, by name)."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

from servers import HERE, clock_env, go_peer, which

REQUEST = b"GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n"
PROXY_HEADER = b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n"
WAIT_S = 20


class Missing(Exception):
    """The client is not installed."""


class How(dict):
    def __init__(self, text):
        super().__init__(cert="", ca="root", name="localhost", tls="", clock="", sign="", more="")
        self.kind, *pairs = text.split()
        self.update(pair.split("=", 1) for pair in pairs)


def curl(how, port, certs):
    more = {"": [], "h2-only": ["--http2-prior-knowledge"], "tls10": ["--tls-max", "1.1", "--tlsv1.0", "--ciphers", "DEFAULT@SECLEVEL=0"],
            "by-address": []}
    argv = ["curl", "-sS", "--max-time", str(WAIT_S), "--cacert", certs.bundle(how["ca"]), *more[how["more"]]]
    argv += ["--cert", certs.chain(how["cert"]), "--key", certs.key(how["cert"])] if how["cert"] else []
    argv += {"": [], "1.2": ["--tlsv1.2", "--tls-max", "1.2"], "1.3": ["--tlsv1.3"]}[how["tls"]]
    return [*argv, "--connect-to", f"::127.0.0.1:{port}", f"https://{how['name']}/"]


def openssl(how, port, certs):
    more = {"": [], "cbc": ["-tls1_2", "-cipher", "AES128-SHA256"], "x448": ["-groups", "X448"], "ecdsa-only": ["-sigalgs", "ECDSA+SHA256"],
            "no-sni": ["-noservername"], "h2": ["-alpn", "h2"], "tls11": ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
            "rsa-only": ["-sigalgs", "RSA-PSS+SHA256"],
            "rsa-suites": ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "seclevel0": ["-cipher", "DEFAULT@SECLEVEL=0"]}
    argv = ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-verify_hostname", how["name"], "-verify_return_error",
            "-CAfile", certs.bundle(how["ca"]), *more[how["more"]]]
    argv += [] if how["more"] == "no-sni" else ["-servername", how["name"]]
    argv += {"": [], "1.2": ["-tls1_2"], "1.3": ["-tls1_3"]}[how["tls"]]
    if how["cert"]:
        argv += ["-cert", certs.chain(how["cert"]), "-key", certs.key(how["cert"]), *certs.chain_option(how["cert"])]
    return argv


def gnutls(how, port, certs):
    more = {"": "NORMAL", "x448": "NORMAL:-GROUP-ALL:+GROUP-X448"}
    versions = f"{more[how['more']]}" + (f":-VERS-ALL:+VERS-TLS{how['tls']}" if how["tls"] else "")
    argv = ["gnutls-cli", "-p", str(port), "--x509cafile", certs.bundle(how["ca"]), "--priority", versions]
    argv += ["--x509certfile", certs.chain(how["cert"]), "--x509keyfile", certs.key(how["cert"])] if how["cert"] else []
    return [*argv, "--sni-hostname", how["name"], "--verify-hostname", how["name"], "127.0.0.1"]


def node(how, port, certs):
    what = {"port": port, "ca": certs.bundle(how["ca"]), "name": how["name"], "tls": how["tls"]}
    what |= {"cert": certs.chain(how["cert"]), "key": certs.key(how["cert"])} if how["cert"] else {}
    return ["node", str(HERE / "client.js"), json.dumps(what)]


def go(how, port, certs):
    what = {"Port": str(port), "CA": certs.bundle(how["ca"]), "Name": how["name"], "TLS": how["tls"]}
    what |= {"Cert": certs.chain(how["cert"]), "Key": certs.key(how["cert"])} if how["cert"] else {}
    what |= {"SignCert": certs.chain(how["sign"]), "SignKey": certs.key(how["sign"])} if how["sign"] else {}
    return [go_peer(certs.dir.parent), "client", json.dumps(what)]


def python(how, port, certs):
    what = {"port": port, "ca": certs.bundle(how["ca"]), "name": how["name"], "tls": how["tls"]}
    what |= {"cert": certs.chain(how["cert"]), "key": certs.key(how["cert"])} if how["cert"] else {}
    return [sys.executable, str(HERE / "client.py"), json.dumps(what)]


def java(how, port, certs):
    from peers import Target
    from runtimes import Java
    peer = certs.dir.parent / "java-client"
    peer.mkdir(exist_ok=True)
    runner = Java(peer)
    cred = type("Cred", (), {"chain": certs.chain(how["cert"]), "key": certs.key(how["cert"])}) if how["cert"] else None
    to = Target(port, certs.bundle(how["ca"]), cred, how["tls"] or "1.3")
    return [str(a) for a in runner._argv(to, "client", port, *runner._args(to))]


KINDS = {"curl": curl, "openssl": openssl, "gnutls": gnutls, "node": node, "go": go, "python": python, "java": java}
PROGRAMS = {"gnutls": "gnutls-cli", "python": sys.executable, "java": "javac"}


def raw(how, port):
    """What is no TLS client, or one that goes away."""
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as s:
        if how["more"] == "http":
            s.sendall(REQUEST)
        elif how["more"] == "ssh":
            s.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        elif how["more"] == "smtp":
            s.sendall(b"EHLO client.acme.example\r\n")
        elif how["more"] == "redis":
            s.sendall(b"*1\r\n$4\r\nPING\r\n")
        elif how["more"] == "noise":
            s.sendall(bytes(range(200, 256)))
        elif how["more"] == "proxy":
            s.sendall(PROXY_HEADER + b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
        elif how["more"] == "half":
            s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01")
        elif how["more"] == "reset":
            s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01")
            time.sleep(0.1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return b""
        elif how["more"] == "silent":
            time.sleep(1.5)
        s.shutdown(socket.SHUT_WR)
        return s.recv(4096)


def run(text, port, certs):
    """Runs the client to its end; what it said."""
    how = How(text)
    if how.kind == "raw":
        try:
            return raw(how, port).decode("latin-1")
        except OSError as e:
            return str(e)
    program = PROGRAMS.get(how.kind, how.kind)
    if not which(program):
        raise Missing(f"{program} is not installed")
    argv = KINDS[how.kind](how, port, certs)
    if how["clock"]:
        if not clock_env(how["clock"]):
            raise Missing("faketime is not installed")
    env = {**os.environ, **clock_env(how["clock"])}
    done = subprocess.run(argv, input=REQUEST, capture_output=True, timeout=60, cwd=pathlib.Path("/"), env=env)
    return (done.stdout + done.stderr).decode("utf-8", "replace")
