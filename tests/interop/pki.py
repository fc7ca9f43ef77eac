# SPDX-License-Identifier: Apache-2.0
"""The certificates of a run, in one directory: CAs and leaves of every kind of key by `handfast ca`, and what
`handfast ca` does not make (very large ones) by the openssl command."""

import os
import pathlib
import subprocess

KINDS = ["p256", "p384", "p521", "ed25519", "rsa2048", "rsa3072"]


class Cred:
    """A chain file, leaf first, and the key of its leaf; rest: the chain without the leaf, for who wants it apart."""

    def __init__(self, chain, key):
        self.chain, self.key = str(chain), str(key)
        begin = "-----BEGIN"
        with open(self.chain) as f, open(self.chain + ".rest", "w") as rest:
            rest.write(begin + begin.join(f.read().split(begin)[2:]))
        self.rest = self.chain + ".rest"


def run(*argv, **how):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=120, **how)
    if done.returncode:
        raise RuntimeError(f"{argv}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Pki:
    def __init__(self, directory, handfast):
        self.dir, self.handfast = pathlib.Path(directory), handfast
        self.made = {}

    def path(self, name):
        return str(self.dir / name)

    def ca(self, name, *more):
        directory = self.dir / f"ca-{name}"
        if not directory.exists():
            owner = "Somebody else" if name == "stranger" else "Interoperation"
            run(self.handfast, "ca", "init", "--dir", directory, "--name", f"CN={name} CA,O={owner}", *more)
        return directory

    def leaf(self, name, ca, use, *more):
        """use: server, client or peer. Made when it is first asked for."""
        if name not in self.made:
            out = self.dir / name
            host = [] if use == "client" or "--dns" in more else ["--dns", "localhost", "--ip", "127.0.0.1"]
            run(self.handfast, "ca", "issue", "--dir", ca, f"--{use}", "--name", f"CN={name}", "--out", out, *host, *more)
            self.made[name] = Cred(f"{out}.pem", f"{out}.key")
        return self.made[name]

    def all_kinds(self):
        """One CA for each kind of key, with leaves of that kind, and one file that trusts them all."""
        with open(self.path("roots.pem"), "w") as roots:
            for kind in KINDS:
                roots.write((self.ca(kind, "--key", kind) / "root.pem").read_text())
        self.ca("stranger")
        return self

    @property
    def roots(self):
        return self.path("roots.pem")

    def server(self, kind="p256"):
        return self.leaf(f"server-{kind}", self.ca(kind), "server", "--key", kind)

    def client(self, kind="p256"):
        return self.leaf(f"client-{kind}", self.ca(kind), "client", "--key", kind)

    def bad(self, use, fault):
        """A leaf with one fault: stranger, expired, purpose or (servers) name."""
        name, ca, more = f"{use}-{fault}", self.ca("p256"), []
        if fault == "stranger":
            ca = self.ca("stranger")
        elif fault == "expired":
            more = ["--not-before", "2024-01-01T00:00:00Z", "--not-after", "2024-02-01T00:00:00Z"]
        elif fault == "name":
            more = ["--dns", "other.example"]
        elif fault == "purpose":
            use = "server" if use == "client" else "client"
            more = ["--dns", "localhost"]
        return self.leaf(name, ca, use, *more)

    # ---- large ones ----

    def _openssl_leaf(self, name, issuer, extensions, issuer_key=None):
        key = self.dir / f"{name}.key"
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", self.path(f"{name}.csr"))
        (self.dir / f"{name}.ext").write_text(extensions)
        run("openssl", "x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", issuer, "-CAkey", issuer_key, "-days", "30",
            "-extfile", self.path(f"{name}.ext"), "-out", self.path(f"{name}.crt"))
        return pathlib.Path(self.path(f"{name}.crt")).read_text(), key

    def _filler_names(self, n_bytes):
        names, i = [], 0
        while sum(len(n) + 2 for n in names) < n_bytes:
            names.append(f"{i:05d}." + "x" * 60 + "." + "y" * 60 + ".example")
            i += 1
        return ",".join(f"DNS:{n}" for n in names)

    def fat(self, use, n_bytes=60000):
        """One leaf of about n_bytes, most of it alternative names, and its intermediate."""
        name = f"{use}-fat"
        if name not in self.made:
            eku = {"server": "serverAuth", "client": "clientAuth"}[use]
            ca = self.ca("p256")
            text, key = self._openssl_leaf(
                name, ca / "intermediate.pem", "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                f"extendedKeyUsage={eku}\nsubjectAltName=DNS:localhost,{self._filler_names(n_bytes)}\n", ca / "intermediate.key")
            self._write(name, text + (ca / "intermediate.pem").read_text(), key)
        return self.made[name]

    def long(self, use, n_bytes=64 * 1024, n_cas=8):
        """A leaf below n_cas intermediates, each issued by the one above it, n_bytes of DER in all."""
        name = f"{use}-long"
        if name not in self.made:
            ca, eku, chain = self.ca("p256"), {"server": "serverAuth", "client": "clientAuth"}[use], []
            above, above_key = ca / "root.pem", ca / "root.key"
            for i in range(n_cas):
                text, key = self._openssl_leaf(f"{name}-{i}", above, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,"
                                               f"keyCertSign\nsubjectAltName={self._filler_names(n_bytes // n_cas)}\n", above_key)
                chain, above, above_key = [text, *chain], self.path(f"{name}-{i}.crt"), key
            text, key = self._openssl_leaf(name, above, "keyUsage=critical,digitalSignature\n"
                                           f"extendedKeyUsage={eku}\nsubjectAltName=DNS:localhost\n", above_key)
            self._write(name, text + "".join(chain), key)
        return self.made[name]

    def _write(self, name, chain, key):
        pathlib.Path(self.path(f"{name}.pem")).write_text(chain)
        self.made[name] = Cred(self.path(f"{name}.pem"), key)

    def many_roots(self, n_bytes=64000):
        """A file of CA certificates whose names take about n_bytes, those of all_kinds among them."""
        path = self.path("many.pem")
        if not os.path.exists(path):
            key, text, size, i = self.path("many.key"), pathlib.Path(self.roots).read_text(), 0, 0
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
            (self.dir / "many.cnf").write_text("[req]\ndistinguished_name=dn\n[dn]\n[ext]\nbasicConstraints=critical,CA:TRUE\n"
                                               "keyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n")
            while size < n_bytes:
                subject = "".join(f"/OU={i:04d}{c * 60}" for c in "abcde") + f"/CN={i:04d}{'x' * 50}"
                text += run("openssl", "req", "-x509", "-new", "-key", key, "-days", "30", "-config", self.path("many.cnf"),
                            "-extensions", "ext", "-subj", subject)
                size, i = size + 5 * (64 + 11) + 54 + 11 + 6, i + 1
            pathlib.Path(path).write_text(text)
        return path
