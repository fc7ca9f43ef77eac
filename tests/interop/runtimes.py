# SPDX-License-Identifier: Apache-2.0
"""Peers that run in a runtime of their own: Node's tls (peer.js) and Java's JSSE (Peer.java)."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

from peers import Peer, Served
from proc import Proc

HERE = pathlib.Path(__file__).resolve().parent


class Node(Peer):
    name = program = "node"
    refuses_by = "closing"
    groups = {"x25519": "X25519", "secp256r1": "P-256", "secp384r1": "P-384", "x448": "X448"}

    def _json(self, how, **more):
        text = {"roots": how.roots, "version": how.version, **more}
        if how.cred:
            text |= {"cert": how.cred.chain, "key": how.cred.key}
        if how.groups:
            text["groups"] = ":".join(self.groups[g] for g in how.groups)
        return json.dumps(text)

    def client(self, to):
        p = Proc("node", HERE / "peer.js", self._json(to, side="client", port=to.port))
        p.end()
        return p.outcome()

    @contextlib.contextmanager
    def server(self, role):
        p = Proc("node", HERE / "peer.js", self._json(role, side="server", ask=role.ask))
        with served(p) as s:
            yield s


@contextlib.contextmanager
def served(p):
    """A server that prints the port it took."""
    try:
        found = p.wait_text(r"port (\d+)")
        if not found:
            raise RuntimeError(p.text())
        yield Served(int(found.group(1)), p)
    finally:
        p.stop()


class Java(Peer):
    name, program = "java", "java"
    minds_hints = True
    needs = {"1.3": (116, 42), "1.2": (40, 42)}
    groups = {"x25519": "x25519", "secp256r1": "secp256r1", "secp384r1": "secp384r1", "x448": "x448"}

    def __init__(self, directory):
        self.dir, self.compiled = pathlib.Path(directory) / "java", False

    def missing(self):
        if super().missing() or not shutil.which("javac"):
            return "no JDK is installed"
        return None

    def cannot(self, feature):
        return "JSSE has no Ed25519 in TLS" if feature == "ed25519" else None

    def _argv(self, how, *args):
        if not self.compiled:
            subprocess.run(["javac", "-d", str(self.dir), str(HERE / "Peer.java")], check=True, timeout=120)
            self.compiled = True
        more = [f"-Djdk.tls.namedGroups={','.join(self.groups[g] for g in how.groups)}"] if how.groups else []
        if not how.tickets:
            more.append("-Djdk.tls.server.enableSessionTicketExtension=false")  # its ticket holds both chains, 64 KiB at most
        return ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djdk.tls.maxHandshakeMessageSize=262144",
                "-Djdk.tls.maxCertificateChainLength=40", "-Djdk.tls.client.maxInboundCertificateChainLength=40",
                "-Djdk.tls.server.maxInboundCertificateChainLength=40", *more, "-cp", self.dir, "Peer", *args]

    def _args(self, how):
        return [how.roots, *([how.cred.chain, how.cred.key] if how.cred else ["-", "-"]), "TLSv" + how.version]

    def client(self, to):
        p = Proc(*self._argv(to, "client", to.port, *self._args(to)))
        p.end(60)
        return p.outcome()

    @contextlib.contextmanager
    def server(self, role):
        with served(Proc(*self._argv(role, "server", 0, *self._args(role), role.ask))) as s:
            yield s


class Go(Peer):
    """crypto/tls (peer.go), compiled when it is first wanted; nothing but the standard library."""

    name = program = "go"
    minds_hints = True
    needs = {"1.3": (116, 42), "1.2": (40, 42)}
    groups = {"x25519": "x25519", "secp256r1": "secp256r1", "secp384r1": "secp384r1"}

    def __init__(self, directory):
        self.binary = pathlib.Path(directory) / "peer-go"

    def cannot(self, feature):
        return "Go's crypto/tls has no X448" if feature == "several groups" else None

    def argv(self, side, how, port=0, ask="none", times=1):
        if not self.binary.exists():
            home = self.binary.parent
            subprocess.run(["go", "build", "-o", str(self.binary), str(HERE / "peer.go")], check=True, timeout=300,
                           env=os.environ | {"GOCACHE": str(home / "go-cache"), "GOPROXY": "off", "GOFLAGS": "", "GO111MODULE": "off",
                                             "GOPATH": str(home / "go-path")})
        cred = (how.cred.chain, how.cred.key) if how.cred else ("-", "-")
        return [self.binary, side, port, how.roots, *cred, how.version, ask, ",".join(how.groups) or "-", times]

    def client(self, to):
        p = Proc(*self.argv("client", to, to.port))
        p.end()
        return p.outcome()

    @contextlib.contextmanager
    def server(self, role):
        tickets = int(role.tickets)  # its ticket holds both chains
        with served(Proc(*self.argv("server", role, ask=role.ask, times=tickets))) as s:
            yield s
