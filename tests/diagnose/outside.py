#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `handfast explain` says of each wrong set-up of another server: the cases of outside.txt.

usage: outside.py [--table FILE] [PATTERN...]    PATTERN: a part of a case's name; FILE: another table of the same form
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "interop"), str(HERE.parent / "e2e")]
import corpus  # noqa: E402
from certs import Certs, run  # noqa: E402
from servers import Role, Servers  # noqa: E402

HANDFAST = os.environ.get("HANDFAST", str(HERE.parents[1] / "build" / "tests" / "handfast"))
# What ends without a word: these are told as seen, with what may stand behind them.
SYMPTOMS = {"peer-closed-early", "peer-reset", "handshake-timeout"}
UNREACHED = {"tcp-refused", "tcp-timeout", "tcp-unreachable", "name-unresolved"}


class Bench:
    def __init__(self, home, cases):
        self.certs = Certs(home / "pki")
        self.files()
        self.servers = Servers(self.certs, home, [Role(c.server) for c in cases])

    def files(self):
        """Files of people that are not as they should be."""
        at = self.certs.path
        self.certs.make("alice")
        with open(at("unordered.pem"), "w") as f:
            f.write(pathlib.Path(self.certs.alone("inter")).read_text() + pathlib.Path(at("alice.crt")).read_text())
        run("openssl", "pkey", "-in", at("alice.key"), "-aes256", "-passout", "pass:right", "-out", at("alice.enc"))
        p12 = ["openssl", "pkcs12", "-export", "-in", at("alice.pem"), "-inkey", at("alice.key"), "-passout", "pass:right"]
        run(*p12, "-out", at("alice.p12"))
        run(*p12, "-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-RC2-40", "-out", at("alice-old.p12"))
        self.certs.make("alice-by-root")
        run("openssl", "x509", "-in", at("alice-by-root.crt"), "-outform", "DER", "-out", at("alice.der"))
        run("openssl", "pkey", "-in", at("alice-by-root.key"), "-outform", "DER", "-out", at("alice.key.der"))
        pathlib.Path(at("page.html")).write_text("<!DOCTYPE html><html><body>404 Not Found</body></html>")
        pathlib.Path(at("empty.pem")).write_text("")
        run("openssl", "pkey", "-in", at("alice.key"), "-pubout", "-out", at("alice.pub"))
        run("openssl", "crl2pkcs7", "-nocrl", "-certfile", at("alice.pem"), "-out", at("alice.p7"))
        os.mkdir(at("crls"))
        for crl in ("crl-inter", "crl-root"):
            shutil.copy(self.certs.alone(crl), at("crls"))
        pathlib.Path(at("both.pem")).write_text(pathlib.Path(at("alice.pem")).read_text() + pathlib.Path(at("alice.key")).read_text())
        run("openssl", "pkcs12", "-export", "-in", at("alice.crt"), "-inkey", at("alice.key"), "-passout", "pass:right", "-out", at("bare.p12"))
        run("openssl", "x509", "-in", self.certs.alone("root"), "-outform", "DER", "-out", at("root.der"))
        pathlib.Path(at("half.pem")).write_text(pathlib.Path(at("alice.crt")).read_text()[:400])

    def argv(self, port, ours):
        """The command line for what we have and ask."""
        who, *more = ours.split()
        at = next((w[3:] for w in more if w.startswith("at=")), f"127.0.0.1:{port}")
        argv, ca, name = ["explain", at, "--json"], "root", "localhost"
        if who != "-" and not who.startswith("--"):
            key = next((w[4:] for w in more if w.startswith("key=")), who)
            argv += ["--cert", self.certs.chain(who), "--key", self.certs.key(key)]
        for word in [who, *more] if who.startswith("--") else more:
            if word.startswith("@"):
                crl = word[1:].startswith("crl-")
                argv.append(self.certs.alone(word[1:]) if crl else self.certs.path(word[1:]))
            elif word.startswith("ca="):
                ca = word[3:]
            elif word.startswith("name="):
                name = word[5:]
            elif not word.startswith(("key=", "at=")):
                argv.append(word)
        ca = self.certs.path(ca[1:]) if ca.startswith("@") else self.certs.bundle(ca)
        return [*argv, "--cacert", ca, "--name", name]

    def explain(self, port, ours):
        env = {**os.environ, "WRONG": "wrong", "RIGHT": "right"}
        done = subprocess.run([HANDFAST, *self.argv(port, ours)], capture_output=True, timeout=120, env=env)
        told = done.stdout.decode() + done.stderr.decode()
        if done.stderr:
            raise AssertionError(f"standard error is not empty:\n{told}")
        return done.returncode, json.loads(done.stdout), told

    def port(self, c):
        port = self.servers.ports[Role(c.server).text]
        if isinstance(port, str):
            raise corpus.Skip(port)
        if isinstance(port, Exception):
            raise port
        return port

    def case(self, c):
        status, whole, told = self.explain(self.port(c), c.ours)
        v = whole["verdict"]
        told = json.dumps(v, indent=1)
        reason = v["reason"] + {"possible": "?"}.get(v["certainty"], "")
        if c.reason == "-":
            corpus.same("reason", reason, "ok", told)
            corpus.same("exit status", status, 0, told)
            corpus.same("no cause at all", v.get("others", []), [], told)
            return
        if c.reason.startswith("~"):
            reasons = [v["reason"], *(o["reason"] for o in v["others"])]
            corpus.same("one of several", v["certainty"], "possible", told)
            corpus.has("those that are possible", " ".join(reasons), c.reason[1:], told)
        else:
            corpus.one_of("reason", reason, c.reason.split("/"), told)
        if c.at_fault:
            corpus.same("who is at fault", v["at_fault"], c.at_fault, told)
        corpus.has("the cure", json.dumps([v.get("fix"), v.get("reader"), v.get("commands"), v.get("others")]), c.words, told)
        corpus.same("exit status", status, 2 if v["reason"] in UNREACHED else 1, told)
        if not reason.endswith("?") and v["reason"] not in SYMPTOMS:
            corpus.same("no other cause beside it", v.get("others", []), [], told)


def main(kind=Bench, table="outside.txt"):
    args = sys.argv[1:]
    table = HERE / table
    if args[:1] == ["--table"]:
        table, args = pathlib.Path(args[1]), args[2:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    home = pathlib.Path(tempfile.mkdtemp(prefix="handfast-diagnose-"))
    (home / "pki").mkdir()
    cases = corpus.read(table, "name server ours reason at_fault words", args)
    bench = None
    try:
        bench = kind(home, cases)
        bad = corpus.run(cases, bench.case, workers=6)
        corpus.share(cases, bad)
    finally:
        if bench:
            bench.servers.stop()
        shutil.rmtree(home, ignore_errors=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
