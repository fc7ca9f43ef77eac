#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Extensions that other implementations speak, too: record limits as they are on the wire, channel bindings and keying
material as others compute them, CA names in ClientHello. Ours is end.c, through the public API.

usage: extensions.py --end PROGRAM --handfast PROGRAM

Prints one TAP line a case, each skip with its reason.
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import signal
import ssl
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402
from peers import GnuTLS, OpenSSL
from pki import Pki
from ports import free_port
from proc import WAIT_S, Proc
from relay import Relay

VERSIONS = ("1.3", "1.2")
LABEL = "EXPERIMENTAL-interop"
OVERHEAD = {"1.3": 1 + 16, "1.2": 8 + 16}  # of a protected record with AES-GCM: the inner type and the tag; nonce and tag
NOBODY = ("oid_filters are sent and kept", "nobody in reach sends or reads them: not OpenSSL 3, GnuTLS 3.7, Go, Java, Node"), \
         ("a pre-shared key by importers (RFC 9258)", "nobody in reach speaks importers: not OpenSSL 3, GnuTLS 3.7, Go, Java, Node")


def check(what, ok, told):
    if not ok:
        raise AssertionError(f"{what}: no\n{told}")


class Bench:
    def __init__(self, end, handfast, pki):
        self.end, self.handfast, self.pki = end, handfast, pki

    def ours(self, side, port, version, cred, **more):
        return Proc(self.end, side, port, f"ca={self.pki.roots}", f"cert={cred.chain}", f"key={cred.key}", f"version={version}",
                    *(f"{k}={v}" for k, v in more.items()))

    def client(self, port, version, **more):
        """Our client to the end: what it said."""
        p = self.ours("client", port, version, self.pki.client(), **more)
        p.end()
        return p.text()

    @contextlib.contextmanager
    def server(self, version, **more):
        p = self.ours("server", 0, version, self.pki.server(), **more)
        try:
            found = p.wait_text(r"port (\d+)")
            check("our end listens", found, p.text())
            yield int(found.group(1)), p
        finally:
            p.stop()

    def gnutls_argv(self, cred, version):
        return ("--x509cafile", self.pki.roots, "--x509certfile", cred.chain, "--x509keyfile", cred.key, "--priority",
                f"NORMAL:-CIPHER-ALL:+AES-128-GCM:-VERS-ALL:+VERS-TLS{version}", "--keymatexport", LABEL, "--keymatexportsize", 32)

    @contextlib.contextmanager
    def gnutls_server(self, version, *more):
        port = free_port()
        p = Proc("gnutls-serv", "-d", "3", "--echo", "-p", port, "--require-client-cert", *self.gnutls_argv(self.pki.server(), version), *more)
        try:
            check("gnutls-serv listens", p.wait_text(r"Echo Server listening on IPv4"), p.text())
            yield port, p
        finally:
            p.stop()

    def gnutls_client(self, port, version, *more):
        p = Proc("gnutls-cli", "--verbose", "-p", port, *self.gnutls_argv(self.pki.client(), version), *more, "localhost")
        p.wait_text(r"Handshake was completed", WAIT_S)
        p.say(b"y" * 30000 + b"\n")
        p.wait_text(r"x\n", WAIT_S)
        p.end()
        return p.text()

    # ---- record_size_limit ----

    def limited_server(self, version, ours, theirs):
        """gnutls-serv keeps to our client's limit, and our client to its."""
        with self.gnutls_server(version, "--recordsize", theirs) as (port, p), Relay(port) as relay:
            said = self.client(relay.port, version, limit=ours)
        told = f"{said}\n{relay.records}"
        check("the echo came back", re.search(r"received 40000", said), told)
        self.kept(relay, version, {"to client": ours, "to server": theirs}, told)

    def limited_client(self, version, ours, theirs):
        """Our server keeps to the limit of gnutls-cli, and that to ours."""
        with self.server(version, limit=ours) as (port, p), Relay(port) as relay:
            said = self.gnutls_client(relay.port, version, "--recordsize", theirs)
        told = f"{said[-3000:]}\n{p.text()}\n{relay.records}"
        check("the answer came", said.count("x") > 39000, told)
        self.kept(relay, version, {"to client": theirs, "to server": ours}, told)

    def kept(self, relay, version, limits, told):
        """Whoever has much to say fills the records and goes no further; GnuTLS sends no longer ones than it takes."""
        full = min(limits.values())
        for way, limit in limits.items():
            sealed = [n for kind, n in relay.records[way] if kind == 23]
            check(f"{way}: no record above {limit} bytes", max(sealed) <= limit + OVERHEAD[version], told)
            check(f"{way}: records are full", max(sealed) > full - 64, told)

    # ---- compressed certificates ----

    def packed(self):
        """A large certificate makes few bytes on the wire. GnuTLS is built without compression in Debian 12."""
        cred = self.pki.fat("server")
        p = Proc(self.handfast, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", "--cert", cred.chain, "--key", cred.key,
                 "--allow-all", "--cacert", self.pki.roots, "--compress")
        try:
            port = int(p.wait_text(r"127\.0\.0\.1:(\d+)").group(1))
            with Relay(port) as relay:
                said = self.gnutls_client(relay.port, "1.3", "--compress-cert=zlib")
        finally:
            p.stop()
        if "Unknown compression method" in said:
            raise tap.Skip("this GnuTLS is built without compression")
        check("few bytes", relay.bytes["to client"] < 30000, f"{said}\n{relay.bytes}\n{p.text()}")

    # ---- channel bindings and keying material ----

    def own_words(self, text):
        return dict(re.findall(r"^(exporter|end-point|keying) ([0-9a-f]+)$", text, re.M))

    def compare(self, ours, theirs, version, told):
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(open(self.pki.server().chain).read().split("-----END")[0]
                                                         + "-----END CERTIFICATE-----\n")).hexdigest()
        check("the digest of the server's certificate", ours.get("end-point") == digest, told)
        for name, value in theirs.items():
            check(f"{name} is the same at both ends: {value}", ours.get(name) == value, told)

    def gnutls_words(self, text):
        found = {"exporter": r"'tls-exporter': ([0-9a-f]{64})", "end-point": r"'tls-server-end-point': ([0-9a-f]+)",
                 "keying": r"Key material: ([0-9a-f]+)"}
        found = {name: re.search(pattern, text) for name, pattern in found.items()}
        check("gnutls told all three", all(found.values()), text[-3000:])
        return {name: m.group(1) for name, m in found.items()}

    def bound_to_gnutls(self, side, version):
        if side == "client":
            with self.server(version) as (port, p):
                theirs = self.gnutls_client(port, version)
                p.end()
                ours = p.text()
        else:
            with self.gnutls_server(version) as (port, p):
                ours = self.client(port, version)
            theirs = p.text()
        told = f"{ours}\n{theirs[-3000:]}"
        self.compare(self.own_words(ours), self.gnutls_words(theirs), version, told)

    def openssl_argv(self, cred, version):
        return ("-tls1_3" if version == "1.3" else "-tls1_2", "-cert", cred.chain, "-cert_chain", cred.rest, "-key", cred.key, "-CAfile",
                self.pki.roots)

    def at_openssl_client(self, version, *more):
        """Our server and s_client: what each said."""
        with self.server(version) as (port, p):
            q = Proc("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost",
                     *self.openssl_argv(self.pki.client(), version), *more)
            q.say(b"hello\n")
            q.wait_text(r"x\n", WAIT_S)
            q.end()
            p.end()
            return p.text(), q.text()

    def at_openssl_server(self, version, until, *more, **ours):
        """Our client and s_server, which tells of the connection unless it serves files: what each said."""
        q = Proc("openssl", "s_server", "-accept", "127.0.0.1:0", "-Verify", "16", *self.openssl_argv(self.pki.server(), version), *more)
        try:
            port = q.wait_text(r"ACCEPT 127\.0\.0\.1:(\d+)").group(1)
            p = self.ours("client", port, version, self.pki.client(), **ours)
            q.wait_text(until, WAIT_S)
            q.say(b"hello\n")
            p.wait_text("keying", WAIT_S)
            q.say(b"Q\n")
            p.end()
            return p.text(), q.text()
        finally:
            q.stop()

    def bound_to_openssl(self, side, version, label, name):
        more = ("-keymatexport", label, "-keymatexportlen", "32")
        ours, theirs = (self.at_openssl_client(version, *more) if side == "client" else
                        self.at_openssl_server(version, r"Keying material: \w+", *more))
        told = f"{ours}\n{theirs[-3000:]}"
        found = re.search(r"Keying material: ([0-9A-F]+)", theirs)
        check("openssl told its keying material", found, told)
        self.compare(self.own_words(ours), {name: found.group(1).lower()}, version, told)

    # ---- certificate_authorities in ClientHello ----

    def cas_announced(self):
        """s_server says which CAs the client named."""
        ours, theirs = self.at_openssl_server("1.3", r"CA names[\s\S]*Ciphersuite|CIPHER is", cas="yes")
        check("s_server prints the names of ours", "ertificate CA names" in theirs and "ed25519 CA" in theirs.split("CA names")[1],
              f"{ours}\n{theirs}")

    def cas_taken(self):
        """A client of openssl that names CAs is served."""
        ours, theirs = self.at_openssl_client("1.3", "-requestCAfile", self.pki.roots, "-msg")
        check("it was answered", "xxxxx" in theirs, f"{ours}\n{theirs[-3000:]}")


def cases(b):
    gnutls, openssl = GnuTLS().missing(), OpenSSL().missing()
    for v in VERSIONS:
        # GnuTLS 3.7 holds the unprotected records of TLS 1.2 to its limit, too, which RFC 8449 4 does not ask for.
        for ours, theirs in (600, 16384), (16384, 512), (700, 2048):
            if ours < 16384:  # a client without a limit announces none
                yield f"limits {ours} and {theirs}, gnutls server, TLS {v}", gnutls, lambda v=v, o=ours, t=theirs: b.limited_server(v, o, t)
            if theirs <= 4096:
                yield f"limits {ours} and {theirs}, gnutls client, TLS {v}", gnutls, lambda v=v, o=ours, t=theirs: b.limited_client(v, o, t)
        for side in "client", "server":
            yield f"bindings as gnutls {side} computes them, TLS {v}", gnutls, lambda v=v, s=side: b.bound_to_gnutls(s, v)
            yield (f"keying material as openssl {side} computes it, TLS {v}", openssl,
                   lambda v=v, s=side: b.bound_to_openssl(s, v, LABEL, "keying"))
            # openssl gives no context; RFC 9266 2 wants an empty one, which is the same in TLS 1.3 only (RFC 5705 4).
            yield (f"tls-exporter as openssl {side} computes it, TLS {v}", openssl or
                   (None if v == "1.3" else "the openssl command cannot give an empty context"),
                   lambda v=v, s=side: b.bound_to_openssl(s, v, "EXPORTER-Channel-Binding", "exporter"))
    yield "openssl server reads the CAs that our client names", openssl, b.cas_announced
    yield "openssl client names CAs to our server", openssl, b.cas_taken
    for name, why in NOBODY:
        yield name, why, None
    yield "our certificate compressed for gnutls client", gnutls, b.packed


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--handfast", default=os.environ.get("HANDFAST", "build/handfast"))
    args.add_argument("--end", default=os.environ.get("END", "build/tests/interop/interop_end"))
    args = args.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = tempfile.mkdtemp(prefix="handfast-extensions-")
    try:
        handfast = os.path.abspath(args.handfast)
        return tap.report(cases(Bench(os.path.abspath(args.end), handfast, Pki(directory, handfast).all_kinds())))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
