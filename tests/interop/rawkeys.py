#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Raw public keys (RFC 7250) with GnuTLS at the other end, both ways and in both versions. No other implementation of
Debian 12 has them.

usage: rawkeys.py [--handfast PROGRAM]

Prints one TAP line a case, each skip with its reason.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402
import ours as ours_module
from peers import GnuTLS, Served, talk
from pki import Pki, run
from ports import free_port  # of tests/e2e
from proc import Proc

VERSIONS = ("1.3", "1.2")
KINDS = {"p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "p384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
         "p521": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"], "ed25519": ["ED25519"], "rsa2048": ["RSA"]}


class Key:
    """A private key as PKCS#8, its public half, and the digest of that."""

    def __init__(self, directory, name, kind):
        self.chain = self.key = os.path.join(directory, name + ".key")  # what `ours` takes for the file of a credential
        self.pub = os.path.join(directory, name + ".pub")
        run("openssl", "genpkey", "-algorithm", *KINDS[kind], "-out", self.key)
        run("openssl", "pkey", "-in", self.key, "-pubout", "-out", self.pub)
        run("openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER", "-out", self.pub + ".der")
        with open(self.pub + ".der", "rb") as f:
            self.digest = hashlib.sha256(f.read()).hexdigest()


def want(what, got, wanted, more):
    if got != wanted:
        raise AssertionError(f"{what}: wanted {wanted!r}, got {got!r}\n{more}")


class Bench:
    def __init__(self, handfast, directory):
        self.pki, self.ours = Pki(directory, handfast).all_kinds(), ours_module.Ours(handfast)
        self.keys = {(who, kind): Key(directory, f"{who}-{kind}", kind) for who in ("one", "two") for kind in KINDS}
        self.directory = directory

    def priority(self, version, client, server):
        """client, server: what each shows, RAWPK or X509."""
        return ["--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}:-CTYPE-ALL:+CTYPE-CLI-{client}:+CTYPE-SRV-{server}"]

    def theirs(self, kind, show):
        """The options of GnuTLS's tools for what they show."""
        if show == "RAWPK":
            return ["--rawpkkeyfile", self.keys["one", kind].key, "--rawpkfile", self.keys["one", kind].pub]
        cred = self.pki.client(kind)
        return ["--x509certfile", cred.chain, "--x509keyfile", cred.key]

    # ---- gnutls-cli and `handfast server` ----

    def server(self, kind, shows, pinned):
        ours = self.keys["two", kind]
        cred = self.pki.server(kind)
        who = ["--raw-key", ours.key] if shows == "RAWPK" else ["--cert", cred.chain, "--key", cred.key]
        return ours_module.harness.Program("server", "--listen", "127.0.0.1:0", "--target", self.ours.service.address, *who,
                                           "--pin-key", pinned.pub, "--cacert", self.pki.roots, "--allow-all", "--tls-min", "1.2",
                                           "--shutdown-timeout", "1s")

    def admitted(self, version, kind, client="RAWPK", server="RAWPK", pinned=None):
        """A client of GnuTLS comes in with what it shows; pinned: another key, and it does not."""
        program = self.server(kind, server, pinned or self.keys["one", kind])
        # What it says of an unknown key is not of this test, and its store of known ones not to be touched: --insecure.
        seen, line = self.ours.line_after(program, lambda: talk(Proc(
            "gnutls-cli", "-p", program.port, "--insecure", "--x509cafile", self.pki.roots, *self.theirs(kind, client),
            *self.priority(version, client, server), "localhost")))
        self.ours.stop(program)
        told = f"{seen.text}\n{line}"
        if pinned:
            want("our log", (line["outcome"], line["reason"], line["alert_sent"]),
                 ("refused", "raw-key-unknown", "certificate_unknown"), told)
            want("alert that it saw", seen.alert, 46, told)
            return
        want("the reply came", seen.ok, True, told)
        want("our log", (line["outcome"], line["version"]), ("served", f"TLS {version}"), told)
        if client == "RAWPK":
            want("its key", line.get("spki_sha256"), self.keys["one", kind].digest, told)
        else:
            want("its subject", line.get("subject"), f"CN=client-{kind}", told)
        want("it saw a raw key", "Certificate type: Raw Public Key" in seen.text, server == "RAWPK", told)

    # ---- `handfast connect` and gnutls-serv ----

    def served(self, version, kind, client="RAWPK", server="RAWPK", pinned=None):
        port, ours = free_port(), self.keys["two", kind]
        shows = self.theirs(kind, server) if server == "RAWPK" else [
            "--x509certfile", self.pki.server(kind).chain, "--x509keyfile", self.pki.server(kind).key]
        cred = self.pki.client(kind)
        who = ["--raw-key", ours.key] if client == "RAWPK" else ["--cert", cred.chain, "--key", cred.key]
        p = Proc("gnutls-serv", "--echo", "-p", port, *shows, "--x509cafile", self.pki.roots, "--require-client-cert",
                 *self.priority(version, client, server))
        try:
            if not p.wait_text(r"Echo Server listening on IPv4"):
                raise RuntimeError(p.text())
            s = Served(port, p)
            status, reply, said = connect(self.ours.handfast, port, self.pki.roots,
                                          (pinned or self.keys["one", kind]).pub, who)
            told = f"{said}\n{s.outcome().text}"
        finally:
            p.stop()
        if pinned:
            want("exit status", status, 1, told)
            want("our verdict", "[RAW_KEY_NOT_PINNED, raw-key-unknown" in said, True, told)
            return
        want("the reply came", (status, b"hello" in reply), (0, True), told)
        want("its name", (f"key sha256:{self.keys['one', kind].digest}" if server == "RAWPK" else f"CN=server-{kind}") in said,
             True, told)
        want("the version", f"TLS {version}" in said, True, told)


def connect(handfast, port, roots, pinned, who):
    done = ours_module.subprocess.run([handfast, "connect", f"127.0.0.1:{port}", "--server-name", "localhost", "--cacert", roots,
                                       "--pin-key", pinned, "--tls-min", "1.2", *who], input=b"hello\n", capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def cases(b):
    for v in VERSIONS:
        for kind in KINDS:
            yield f"gnutls-cli, TLS {v}: both show {kind} keys", lambda v=v, k=kind: b.admitted(v, k)
            yield f"gnutls-serv, TLS {v}: both show {kind} keys", lambda v=v, k=kind: b.served(v, k)
        for name, run_ in (("gnutls-cli", b.admitted), ("gnutls-serv", b.served)):
            yield f"{name}, TLS {v}: client shows a key, server a certificate", lambda v=v, r=run_: r(v, "p256", server="X509")
            yield f"{name}, TLS {v}: client shows a certificate, server a key", lambda v=v, r=run_: r(v, "p256", client="X509")
            yield (f"{name}, TLS {v}: its key is not pinned",
                   lambda v=v, r=run_: r(v, "p256", pinned=b.keys["two", "p256"]))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--handfast", default=os.environ.get("HANDFAST", "build/handfast"))
    args = args.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = tempfile.mkdtemp(prefix="handfast-rawkeys-")
    try:
        b, missing = Bench(os.path.abspath(args.handfast), directory), GnuTLS().missing()
        return tap.report(((name, missing, run) for name, run in cases(b)), b.ours.end)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
