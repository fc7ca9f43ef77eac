#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sessions with other implementations, both ways: the second connection goes on from the first, and both ends say so.

usage: sessions.py [--handfast PROGRAM]

Prints one TAP line a case, each skip with its reason.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402
import ours as ours_module
from peers import REQUEST, GnuTLS, Nginx, OpenSSL, Python, Role, Target, hello_dir
from pki import Pki
from proc import WAIT_S, Proc
from runtimes import Go

VERSIONS = ("1.3", "1.2")


def openssl_client(port, roots, cred, version, directory):
    """Two connections of s_client: what they say of it."""
    session = os.path.join(directory, f"session-{version}")
    said = []
    for more in ["-sess_out", session], ["-sess_in", session]:
        p = Proc("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-verify_return_error",
                 "-ign_eof", "-CAfile", roots, "-cert", cred.chain, "-cert_chain", cred.rest, "-key", cred.key,
                 "-tls1_3" if version == "1.3" else "-tls1_2", *more)
        p.say(REQUEST)
        p.wait_text(r"hello\b", WAIT_S)
        p.end()
        said.append(p.text())
    return "\nReused, TLSv" in said[1], "\n".join(said)


def gnutls_client(port, roots, cred, version, directory):
    # --resume: it connects, says its request, ends, and connects again with the session
    p = Proc("gnutls-cli", "--resume", "--waitresumption", "-p", port, "--x509cafile", roots, "--x509certfile", cred.chain,
             "--x509keyfile", cred.key, "--priority", "NORMAL:-VERS-ALL:+VERS-TLS" + version, "localhost")
    p.wait_text(r"This is a resumed session", WAIT_S)
    p.say(REQUEST)
    p.wait_text(r"hello\b", WAIT_S)
    p.end()
    return "This is a resumed session" in p.text(), p.text()


def python_client(port, roots, cred, version, directory):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.minimum_version = c.maximum_version = ssl.TLSVersion.TLSv1_3 if version == "1.3" else ssl.TLSVersion.TLSv1_2
    c.load_verify_locations(roots)
    c.load_cert_chain(cred.chain, cred.key)
    session, reused = None, []
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port), WAIT_S) as raw:
            with c.wrap_socket(raw, server_hostname="localhost", session=session) as s:
                s.sendall(REQUEST)
                while s.recv(65536):
                    pass
                session = s.session
                reused.append(s.session_reused)
    return reused == [False, True, True], str(reused)


def go_client(port, roots, cred, version, directory):
    p = Proc(*Go(directory).argv("client", Target(port, roots, cred, version), port, times=3))
    p.end()
    return re.findall(r"resumed (\w+)", p.text()) == ["false", "true", "true"], p.text()


CLIENTS = (("openssl", OpenSSL, openssl_client), ("gnutls", GnuTLS, gnutls_client), ("python", Python, python_client),
           ("go", Go, go_client))
SERVERS = (OpenSSL, GnuTLS, Nginx, Python, Go)


class Bench:
    def __init__(self, handfast, directory):
        self.directory, self.pki, self.ours = directory, Pki(directory, handfast), ours_module.Ours(handfast)

    def their_client(self, run, version):
        """Our server resumes, and has the same client."""
        program = self.ours.server(self.pki.server(), self.pki.roots)
        before = len(program.lines)
        reused, told = run(program.port, self.pki.roots, self.pki.client("p256"), version, self.directory)
        line = program.wait_for(lambda line: line.get("resumed") == "yes" and line in program.lines[before:])
        told += f"\n{line}"
        check("the client has resumed", reused, told)
        check("it was served", line["outcome"] == "served", told)
        check("it is the same client", line["subject"] == "CN=client-p256", told)
        check("the version", line["version"] == f"TLS {version}", told)

    def their_server(self, peer, version, tickets=True):
        """Our client goes on from the first connection, and then from the second."""
        cred = self.pki.client("p256")
        with peer.server(Role(self.pki.server(), self.pki.roots, "required", version, tickets=tickets)) as s:
            lines, replies = self.through_client(s.port, cred)
        told = f"{replies}\n{lines}"
        check("the replies came", all(b"hello" in r for r in replies), told)
        check("the later ones are resumed", [line.get("resumed") for line in lines] == ["no", "yes", "yes"], told)
        check("the same server", [line["subject"] for line in lines] == ["CN=server-p256"] * 3, told)

    def through_client(self, port, cred):
        program = ours_module.harness.Program("client", "--listen", "127.0.0.1:0", "--target", f"127.0.0.1:{port}", "--server-name",
                                              "localhost", "--cacert", self.pki.roots, "--tls-min", "1.2", "--shutdown-timeout",
                                              "1s", "--cert", cred.chain, "--key", cred.key)
        lines, replies = [], []
        for n in (1, 2, 3):
            reply = b""
            with socket.create_connection(("127.0.0.1", program.port), WAIT_S) as s:
                s.sendall(REQUEST)
                while b"hello" not in reply and (data := s.recv(65536)):
                    reply += data
            replies.append(reply)
            lines.append(program.connections(n))
        self.ours.stop(program)
        return lines, replies


def check(what, ok, told):
    if not ok:
        raise AssertionError(f"{what}: no\n{told}")


def cases(b):
    made = {peer: peer(b.directory) if peer is Go else peer() for peer in SERVERS}
    for version in VERSIONS:
        for name, peer, run in CLIENTS:
            yield f"{name} client resumes, TLS {version}", made[peer].missing(), lambda r=run, v=version: b.their_client(r, v)
        for peer in SERVERS:
            yield (f"we resume with {peer.name} server, TLS {version}", made[peer].missing(),
                   lambda p=made[peer], v=version: b.their_server(p, v))
    yield ("we resume with gnutls server that remembers sessions, TLS 1.2", made[GnuTLS].missing(),
           lambda: b.their_server(made[GnuTLS], "1.2", tickets=False))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--handfast", default=os.environ.get("HANDFAST", "build/handfast"))
    args = args.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = tempfile.mkdtemp(prefix="handfast-resume-")
    b = Bench(os.path.abspath(args.handfast), directory)
    hello_dir(directory)
    try:
        b.pki.all_kinds()
        return tap.report(cases(b), b.ours.end)
    finally:
        b.ours.end()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
