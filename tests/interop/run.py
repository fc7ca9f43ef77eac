#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""handfast against other implementations, both ways, over loopback.

usage: run.py [--handfast PROGRAM] [--list] [PATTERN...]

Prints one TAP line a case, each skip with its reason, and the count at the end. PATTERN: a part of a case's name. Every
process that is started here is stopped here. A refusal is asserted where it is seen: in TLS 1.3 a client's handshake ends
before the server has judged it, so every client reads before it is believed.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback

import ours as ours_module
from peers import Curl, GnuTLS, Nginx, OpenSSL, Python, Role, Target, hello_dir
from pki import KINDS, Pki
from runtimes import Go, Java, Node

SCHEMES = {"p256": "ecdsa_secp256r1_sha256", "p384": "ecdsa_secp384r1_sha384", "p521": "ecdsa_secp521r1_sha512",
           "ed25519": "ed25519", "rsa2048": "rsa_pss_rsae_sha256", "rsa3072": "rsa_pss_rsae_sha256"}
VERSIONS = ("1.3", "1.2")
GROUPS = ("x25519", "secp256r1", "secp384r1")
# In TLS 1.2 the groups are the curves of certificates too (RFC 8422 5.1): one group alone leaves RSA.
RSA = {"1.3": {}, "1.2": {"server": "rsa2048", "client": "rsa2048"}}
REQUIRED = {"1.3": 116, "1.2": 40}  # no certificate: certificate_required, handshake_failure


class Skip(Exception):
    pass


def want(what, got, wanted, more=""):
    if got != wanted:
        raise AssertionError(f"{what}: wanted {wanted!r}, got {got!r}\n{more}")


def alert_number(line, key):
    """The alert of a log line as a number; None: it has none."""
    name = line.get(key)
    return ours_module.ALERTS[name.replace("_", " ")] if name else None


class Bench:
    """What cases are made of: certificates, our ends, the peers."""

    def __init__(self, handfast, directory):
        self.pki, self.ours = Pki(directory, handfast), ours_module.Ours(handfast)
        self.peers = [OpenSSL(), GnuTLS(), Curl(), Python(), Node(), Java(directory), Go(directory), Nginx()]
        hello_dir(directory)

    # ---- a peer as client of `handfast server` ----

    def admitted(self, peer, *, version="1.3", server="p256", client="p256", ask="required", group=None, offer=None, own=None,
                 other=None, roots=None, more=()):
        """The peer comes in. group: what must be negotiated; offer: the groups that the peer names, best first. own, other:
        credentials instead of those of a kind. client None: none."""
        cred = other or (self.pki.client(client) if client else None)
        program = self.ours.server(own or self.pki.server(server), roots or self.pki.roots, ask, *more)
        target = Target(program.port, self.pki.roots, cred, version, offer or ((group,) if group else ()))
        seen, line = self.ours.line_after(program, lambda: peer.client(target))
        told = f"{seen.text}\n{line}"
        want("the reply came", seen.ok, True, told)
        want("our log", line["outcome"], "served", told)
        want("version", line["version"], f"TLS {version}", told)
        want("a certificate was taken", "peer" in line, cred is not None and ask != "none", told)
        if cred and not other and ask != "none":
            want("subject", line["subject"], f"CN=client-{client}", told)
            self.scheme(line, client, version, told)
        if group:
            want("group", line["group"], group, told)
        return seen

    def scheme(self, line, kind, version, told):
        """The signature that the peer made. In TLS 1.2 an RSA key may sign PKCS#1, and a curve any hash."""
        got = line["peer_scheme"]
        if version == "1.3":
            ok = got == SCHEMES[kind] or (kind.startswith("rsa") and got.startswith("rsa_pss_rsae_"))
        else:
            ok = got.split("_")[0] == SCHEMES[kind].split("_")[0]
        want("the peer's signature fits its key", (kind, got, ok), (kind, got, True), told)

    def refused(self, peer, cred, alert, reason, version):
        """The peer does not come in, and hears why."""
        program = self.ours.server(self.pki.server(), self.pki.roots)
        target = Target(program.port, self.pki.roots, cred, version)
        seen, line = self.ours.line_after(program, lambda: peer.client(target))
        told = f"{seen.text}\n{line}"
        want("the reply came", seen.ok, False, told)
        want("our log", (line["outcome"], line["reason"]), ("refused", reason), told)
        want("alert that we sent", alert_number(line, "alert_sent"), alert, told)
        want("alert that the peer saw", seen.alert, alert, told)

    # ---- a peer as server of `handfast client` and `handfast connect` ----

    def served(self, peer, *, version="1.3", server="p256", client="p256", ask="required", group=None, offer=None, own=None,
               other=None, roots=None, by_connect=False, hints=None, tickets=True):
        """We come in. own: our credential; other: the server's."""
        cred = own or (self.pki.client(client) if client else None)
        role = Role(other or self.pki.server(server), roots or self.pki.roots, ask, version,
                    offer or ((group,) if group else ()), peer.hints[0] if hints is None else hints,
                    tickets)
        with peer.server(role) as s:
            if by_connect:
                status, reply, said = self.ours.connect(s.port, cred, self.pki.roots)
                want("exit status", status, 0, said)
                want("the reply came", b"hello" in reply, True, said)
                return
            reply, line = self.ours.client(s.port, cred, self.pki.roots)
            told = f"{s.proc.text() if hasattr(s, 'proc') else ''}\n{line}"
        want("the reply came", b"hello" in reply, True, told)
        want("our log", line["outcome"], "served", told)
        want("version", line["version"], f"TLS {version}", told)
        if not other:
            want("subject", line["subject"], f"CN=server-{server}", told)
            self.scheme(line, server, version, told)
        if group:
            want("group", line["group"], group, told)
        return told

    def turned_away(self, peer, cred, alerts, version, hints):
        """The server refuses us: our log says with which alert, if it is one that sends alerts."""
        role = Role(self.pki.server(), self.pki.roots, "required", version, (), hints)
        with peer.server(role) as s:
            reply, line = self.ours.client(s.port, cred, self.pki.roots)
        told = f"{reply}\n{line}"
        want("the reply came", b"hello" in reply, False, told)
        if peer.refuses_by == "HTTP":
            want("answer", reply.split()[1:2], [b"400"], told)
        elif peer.refuses_by == "closing":
            want("bytes that came", line["bytes_in"], 0, told)
        else:
            got = alert_number(line, "alert_received")
            want("our log", line["outcome"], "refused", told)
            want("alert that we saw", (got, got in alerts), (got, True), told)

    def we_refuse(self, peer, cred, alert, reason, version):
        """A server that we must not trust: our log says why, the server hears it."""
        with peer.server(Role(cred, self.pki.roots, "none", version)) as s:
            reply, line = self.ours.client(s.port, None, self.pki.roots)
            seen = s.outcome(r"alert|error|Error|rror:")
        told = f"{seen.text}\n{line}"
        want("the reply came", b"hello" in reply, False, told)
        want("our log", (line["outcome"], line["reason"]), ("refused", reason), told)
        want("alert that we sent", alert_number(line, "alert_sent"), alert, told)
        want("alert that the server saw", seen.alert, alert, told)


FAULTS = (("stranger", 48, "issuer-unknown"), ("expired", 45, "expired"), ("purpose", 43, "eku-missing-client"))
SERVER_FAULTS = (("stranger", 48, "issuer-unknown"), ("expired", 45, "expired"), ("purpose", 43, "eku-missing-server"),
                 ("name", 42, "name-mismatch"))


def clients(b, peer):
    """Cases with the peer as client: name, what it needs of the peer, what to run."""
    at = f"{peer.name} client"
    for v in VERSIONS:
        yield f"{at}, TLS {v}: not asked for a certificate", (), lambda v=v: b.admitted(peer, version=v, ask="none")
        yield f"{at}, TLS {v}: optional, has none", (), lambda v=v: b.admitted(peer, version=v, ask="optional", client=None)
        yield f"{at}, TLS {v}: optional, gives one", (), lambda v=v: b.admitted(peer, version=v, ask="optional")
        for k in KINDS:
            yield (f"{at}, TLS {v}: both ends {k}, required", (k,),
                   lambda v=v, k=k: b.admitted(peer, version=v, server=k, client=k))
        for g in GROUPS:
            yield f"{at}, TLS {v}: group {g}", (), lambda v=v, g=g: b.admitted(peer, version=v, group=g, **RSA[v])
        yield f"{at}, TLS {v}: refused, no certificate", (), lambda v=v: b.refused(peer, None, REQUIRED[v], "cert-required", v)
        for fault, alert, reason in FAULTS:
            if fault == "stranger" and peer.minds_hints:
                alert, reason = REQUIRED[v], "cert-required"
            yield (f"{at}, TLS {v}: refused, {fault}", (),
                   lambda v=v, f=fault, a=alert, r=reason: b.refused(peer, b.pki.bad("client", f), a, r, v))
        yield f"{at}, TLS {v}: server leaf of 60 kB", (), lambda v=v: b.admitted(peer, version=v, own=b.pki.fat("server"))
        yield f"{at}, TLS {v}: client leaf of 60 kB", (), lambda v=v: b.admitted(peer, version=v, other=b.pki.fat("client"))
        yield (f"{at}, TLS {v}: server chain of 64 KiB", (),
               lambda v=v: b.admitted(peer, version=v, own=b.pki.long("server")))
        yield (f"{at}, TLS {v}: client chain of 64 KiB", ("long chain to send",),
               lambda v=v: b.admitted(peer, version=v, other=b.pki.long("client")))
        yield f"{at}, TLS {v}: CA list of 64 kB", (), lambda v=v: b.admitted(peer, version=v, roots=b.pki.many_roots())
        yield (f"{at}, TLS {v}: empty CA list", (),
               lambda v=v: b.admitted(peer, version=v, more=("--ca-names", "none")))
        if v == "1.2" and isinstance(peer, OpenSSL):
            rsa = ("--cert", b.pki.path("server-rsa2048.pem"), "--key", b.pki.path("server-rsa2048.key"))
            yield (f"{at}, TLS 1.2: takes no curve but x25519, RSA certificate behind one on P-256", (),
                   lambda: b.pki.server("rsa2048") and b.admitted(peer, version="1.2", group="x25519", client="rsa2048",
                                                                  more=rsa))
    for first, group in (("x448", "secp256r1"), ("x448", "x25519"), ("x448", "secp384r1")):
        yield (f"{at}, TLS 1.3: HelloRetryRequest from {first} to {group}", ("several groups",),
               lambda f=first, g=group: b.admitted(peer, group=g, offer=(f, g)))


def servers(b, peer):
    """Cases with the peer as server."""
    at = f"{peer.name} server"
    for v in VERSIONS:
        yield f"{at}, TLS {v}: does not ask for a certificate", (), lambda v=v: b.served(peer, version=v, ask="none")
        yield f"{at}, TLS {v}: optional, we have none", (), lambda v=v: b.served(peer, version=v, ask="optional", client=None)
        yield f"{at}, TLS {v}: optional, we give one", (), lambda v=v: b.served(peer, version=v, ask="optional")
        yield f"{at}, TLS {v}: required, by connect", (), lambda v=v: b.served(peer, version=v, by_connect=True)
        for k in KINDS:
            yield (f"{at}, TLS {v}: both ends {k}, required", (k,),
                   lambda v=v, k=k: b.served(peer, version=v, server=k, client=k))
        for g in GROUPS:
            yield f"{at}, TLS {v}: group {g}", (), lambda v=v, g=g: b.served(peer, version=v, group=g, **RSA[v])
        for hints in peer.hints:
            listed = "CA list" if hints else "no CA list"
            yield (f"{at}, TLS {v}: refuses us, no certificate, {listed}", (),
                   lambda v=v, h=hints: b.turned_away(peer, None, peer.needs[v], v, h))
            # With a CA list that does not hold its issuer our client keeps the stranger's certificate back.
            yield (f"{at}, TLS {v}: refuses us, stranger, {listed}", (),
                   lambda v=v, h=hints: b.turned_away(peer, b.pki.bad("client", "stranger"), peer.needs[v] if h else (48,), v, h))
        for fault, alert, reason in SERVER_FAULTS:
            yield (f"{at}, TLS {v}: we refuse it, {fault}", (),
                   lambda v=v, f=fault, a=alert, r=reason: b.we_refuse(peer, b.pki.bad("server", f), a, r, v))
        yield f"{at}, TLS {v}: server leaf of 60 kB", (), lambda v=v: b.served(peer, version=v, other=b.pki.fat("server"))
        yield f"{at}, TLS {v}: client leaf of 60 kB", (), lambda v=v: b.served(peer, version=v, own=b.pki.fat("client"))
        yield (f"{at}, TLS {v}: server chain of 64 KiB", (),
               lambda v=v: b.served(peer, version=v, other=b.pki.long("server"), tickets=False))
        yield (f"{at}, TLS {v}: client chain of 64 KiB", (),
               lambda v=v: b.served(peer, version=v, own=b.pki.long("client"), tickets=False))
        if True in peer.hints:
            yield (f"{at}, TLS {v}: CA list of 64 kB", (),
                   lambda v=v: b.served(peer, version=v, roots=b.pki.many_roots(), hints=True))
    # Our first key share is for X25519: a server that takes only another group has to ask again.
    yield f"{at}, TLS 1.3: HelloRetryRequest to secp384r1", (), lambda: hrr_seen(b, peer)


def hrr_seen(b, peer):
    told = b.served(peer, group="secp384r1")
    if isinstance(peer, OpenSSL):
        want("ClientHellos", len(re.findall(r"^<<< TLS 1.3, Handshake \[length \w+\], ClientHello", told, re.M)), 2, told)


def cases(b):
    for peer in b.peers:
        for name, needs, run in [*(clients(b, peer) if peer.is_client else ()), *(servers(b, peer) if peer.is_server else ())]:
            yield name, peer, needs, run


def why_not(peer, needs):
    """The reason to skip, or None."""
    return peer.missing() or next((peer.cannot(n) for n in needs if peer.cannot(n)), None)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--handfast", default=os.environ.get("HANDFAST", "build/handfast"))
    args.add_argument("--list", action="store_true", help="names the cases and runs none")
    args.add_argument("--verbose", action="store_true")
    args.add_argument("pattern", nargs="*")
    args = args.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped then, too
    directory = tempfile.mkdtemp(prefix="handfast-interop-")
    b = Bench(os.path.abspath(args.handfast), directory)
    chosen = [c for c in cases(b) if not args.pattern or any(p in c[0] for p in args.pattern)]
    try:
        if args.list:
            print("\n".join(c[0] for c in chosen))
            return 0
        b.pki.all_kinds()
        return report(b, chosen)
    finally:
        b.ours.end()
        shutil.rmtree(directory, ignore_errors=True)


def report(b, chosen):
    count = {"ok": 0, "not ok": 0, "skipped": 0}
    print(f"1..{len(chosen) + 1}", flush=True)

    def line(verdict, i, name, told=""):
        count[verdict] += 1
        for text in told.splitlines():
            print(f"  {text}")
        reason = f" # SKIP {told}" if verdict == "skipped" else ""
        print(f"{'not ok' if verdict == 'not ok' else 'ok'} {i} - {name}{reason}", flush=True)

    for i, (name, peer, needs, run) in enumerate(chosen, 1):
        reason = why_not(peer, needs)
        if reason:
            line("skipped", i, name, reason)
            continue
        try:
            run()
            line("ok", i, name)
        except Exception:
            line("not ok", i, name, traceback.format_exc())
    left = b.ours.end()
    line("not ok" if left else "ok", len(chosen) + 1, "every handfast process ended in order", "\n".join(left))
    print(f"# {count['ok']} passed, {count['not ok']} failed, {count['skipped']} skipped")
    return bool(count["not ok"])


if __name__ == "__main__":
    sys.exit(main())
