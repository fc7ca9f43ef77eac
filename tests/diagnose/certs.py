# SPDX-License-Identifier: Apache-2.0
"""The certificates of the corpus: a table of what is special about each, made by the openssl command when first asked for.

A certificate NAME is NAME.pem (leaf first, then the CAs up to, but without, the root) and NAME.key. One organisation, Acme,
with a root and an issuing CA; strangers stand beside it.
"""

import base64
import pathlib
import subprocess
import threading

CONF = """[ca]
default_ca=a
[a]
database={dir}/index
new_certs_dir={dir}
rand_serial=yes
default_md={md}
policy=p
unique_subject=no
crlnumber={dir}/crlnumber
default_crl_days=20
[p]
commonName=optional
organizationName=optional
[req]
distinguished_name=dn
string_mask={mask}
[dn]
"""
CA = {"basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign", "subjectKeyIdentifier": "hash",
      "authorityKeyIdentifier": "keyid"}
LEAF = {"basicConstraints": "critical,CA:FALSE", "keyUsage": "critical,digitalSignature", "extendedKeyUsage": "clientAuth",
        "subjectKeyIdentifier": "hash", "authorityKeyIdentifier": "keyid"}
PAST, FUTURE = ("20240101000000Z", "20240201000000Z"), ("20400101000000Z", "20410101000000Z")
KEYS = {"ec": ["EC", "ec_paramgen_curve:P-256"], "p384": ["EC", "ec_paramgen_curve:P-384"], "p521": ["EC", "ec_paramgen_curve:P-521"], "rsa": ["RSA", "rsa_keygen_bits:2048"],
        "rsa1024": ["RSA", "rsa_keygen_bits:1024"], "ed25519": ["ED25519", None], "ed448": ["ED448", None], "k256": ["EC", "ec_paramgen_curve:secp256k1"]}


def spec(by=None, ca=False, dates=None, key="ec", md="sha256", mask="utf8only", subject=None, chain=None, corrupt=False, **ext):
    """by: its issuer, None: itself. key: a kind, or the name of the certificate whose key it shares. chain: what follows in
    the file, where that is not the issuers below the root. ext: extensions by name; None leaves one out."""
    base = CA if ca else LEAF
    return {"by": by, "ca": ca, "dates": dates, "key": key, "md": md, "mask": mask, "subject": subject, "chain": chain,
            "corrupt": corrupt, "ext": {k: v for k, v in {**base, **ext}.items() if v}}


def server(by="inter", san="DNS:localhost,IP:127.0.0.1", **more):
    return spec(by, **{"extendedKeyUsage": "serverAuth", "subjectAltName": san, **more})


def client(by="inter", **more):
    return spec(by, **more)


TABLE = {
    # CAs
    "root": spec(ca=True, subject="/O=Acme/CN=Acme Root CA"),
    "inter": spec("root", ca=True, subject="/O=Acme/CN=Acme Issuing CA"),
    "stranger": spec(ca=True, subject="/O=Other/CN=Other Root CA"),
    "root-renewed": spec(ca=True, key="root", subject="/O=Acme/CN=Acme Root CA"),
    "root-rekeyed": spec(ca=True, subject="/O=Acme/CN=Acme Root CA"),
    "root-expired": spec(ca=True, dates=PAST, subject="/O=Acme/CN=Acme Former Root CA"),
    "inter-2": spec("inter", ca=True, subject="/O=Acme/CN=Acme Second Issuing CA"),
    "inter-expired": spec("root", ca=True, dates=PAST, subject="/O=Acme/CN=Acme Former Issuing CA"),
    "inter-no-ca": spec("root", subject="/O=Acme/CN=Acme Would-be CA", extendedKeyUsage=None, keyUsage="critical,keyCertSign"),
    "inter-no-sign": spec("root", ca=True, subject="/O=Acme/CN=Acme Listing CA", keyUsage="critical,cRLSign"),
    "inter-pathlen": spec("root", ca=True, subject="/O=Acme/CN=Acme Last CA", basicConstraints="critical,CA:TRUE,pathlen:0"),
    "below-pathlen": spec("inter-pathlen", ca=True, subject="/O=Acme/CN=Acme One Too Many CA"),
    "inter-web": spec("root", ca=True, subject="/O=Acme/CN=Acme Web CA", extendedKeyUsage="serverAuth"),
    "inter-mail": spec("root", ca=True, subject="/O=Acme/CN=Acme Mail CA", extendedKeyUsage="emailProtection"),
    "inter-named": spec("root", ca=True, subject="/O=Acme/CN=Acme Department CA",
                        nameConstraints="critical,permitted;DNS:dept.example,permitted;URI:dept.example"),
    "utf8-root": spec(ca=True, subject="/O=Acme/CN=Acme Text Root CA"),
    "printable-root": spec(ca=True, key="utf8-root", mask="default", subject="/O=Acme/CN=Acme Text Root CA"),
    "no-anchor": spec("root", ca=True, subject="/O=Acme/CN=Acme Unused CA"),
    # servers
    "srv": server(),
    "srv-rsa": server(key="rsa"),
    "srv-leaf-only": server(chain=[]),
    "srv-root-too": server(chain=["inter", "root"]),
    "srv-unordered": server(chain=["root", "inter"]),
    "srv-deep": server("inter-2"),
    "srv-stranger": server("stranger"),
    "srv-self": server(None, authorityKeyIdentifier=None),
    "srv-expired": server(dates=PAST),
    "srv-future": server(dates=FUTURE),
    "srv-other-name": server(san="DNS:other.example"),
    "srv-ip-only": server(san="IP:192.0.2.9"),
    "srv-no-san": server(subject="/CN=localhost", san=None),
    "srv-wildcard": server(san="DNS:*.localhost"),
    "srv-for-clients": server(extendedKeyUsage="clientAuth"),
    "srv-no-sign": server(key="rsa", keyUsage="critical,keyEncipherment"),
    "srv-corrupt": server(corrupt=True),
    "srv-rekeyed": server("root-rekeyed"),
    "srv-old-inter": server("inter-expired"),
    "srv-old-root": server("root-expired"),
    "srv-pathlen": server("below-pathlen"),
    "srv-named": server("inter-named"),
    "srv-mail-ca": server("inter-mail"),
    "srv-no-ca": server("inter-no-ca"),
    "srv-critical": server(**{"1.2.3.4.5": "critical,ASN1:UTF8String:x"}),
    "srv-revoked": server(),
    "srv-small": server(key="rsa1024"),
    "srv-sha1": server(md="sha1"),
    "srv-k256": server(key="k256"),
    "srv-dns-only": server(san="DNS:localhost"),
    "srv-surplus": server(chain=["inter", "no-anchor"]),
    "srv-star": server(san="DNS:*.acme.example"),
    "inter-cross": spec("stranger", ca=True, key="inter", subject="/O=Acme/CN=Acme Issuing CA"),
    "srv-cross": server(chain=["inter-cross", "inter"]),
    # clients
    "alice": client(subjectAltName="URI:spiffe://acme.example/alice"),
    "bob": client(),
    "alice-rsa": client(key="rsa"),
    "alice-ed": client(key="ed25519"),
    "alice-p384": client(key="p384"),
    "alice-root-too": client(chain=["inter", "root"]),
    "alice-by-root": client("root"),
    "no-eku": client(extendedKeyUsage=None),
    "deep": client("inter-2"),
    "stranger-alice": client("stranger"),
    "self": client(None, authorityKeyIdentifier=None),
    "leaf-only": client(chain=[]),
    "expired": client(dates=PAST),
    "future": client(dates=FUTURE),
    "for-servers": client(extendedKeyUsage="serverAuth"),
    "no-sign": client(key="rsa", keyUsage="critical,keyEncipherment"),
    "corrupt": client(corrupt=True),
    "rekeyed": client("root-rekeyed"),
    "old-inter": client("inter-expired"),
    "pathlen": client("below-pathlen"),
    "named": client("inter-named", subjectAltName="DNS:elsewhere.example"),
    "web-ca": client("inter-web"),
    "no-ca": client("inter-no-ca"),
    "no-certsign": client("inter-no-sign"),
    "critical": client(**{"1.2.3.4.5": "critical,ASN1:UTF8String:x"}),
    "small": client(key="rsa1024"),
    "sha1": client(md="sha1"),
    "k256": client(key="k256"),
    "revoked": client(),
    "printable": client("printable-root"),
    "root-for-inter": client(chain=["root"]),
    "of-old-root": client("root-expired"),
    "unordered": client(chain=["root", "inter"]),
    "alice-p521": client(key="p521"),
    "alice-ed448": client(key="ed448"),
    "stranger-expired": client("stranger", dates=PAST),
    "as-ca": spec("inter", ca=True, keyUsage="critical,keyCertSign,digitalSignature"),
}
# CRLs: by whom, whom they revoke, how they are dated
CRLS = {"crl-root": ("root", [], None), "crl-inter": ("inter", ["revoked", "srv-revoked"], None),
        "crl-inter-old": ("inter", [], PAST), "crl-forged": ("inter", [], "corrupt")}


def run(*argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{argv}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def flip_signature(path):
    """Changes a bit in the last byte of the first block."""
    text = pathlib.Path(path).read_text()
    head, rest = text.split("-----\n", 1)
    body, tail = rest.split("-----END", 1)
    der = bytearray(base64.b64decode(body))
    der[-1] ^= 1
    pathlib.Path(path).write_text(f"{head}-----\n{base64.encodebytes(der).decode()}-----END{tail}")


class Certs:
    def __init__(self, directory):
        self.dir, self.made, self.lock = pathlib.Path(directory), set(), threading.RLock()

    def path(self, name):
        return str(self.dir / name)

    def chain(self, name):
        self.make(name)
        return self.path(name + ".pem")

    def chain_option(self, name):
        """For openssl, which takes the rest of a chain apart."""
        begin, path = "-----BEGIN", self.dir / f"{name}.rest"
        rest = pathlib.Path(self.chain(name)).read_text().split(begin)[2:]
        with self.lock:
            path.write_text(begin + begin.join(rest))
        return ["-cert_chain", str(path)] if rest else []

    def key(self, name):
        self.make(name)
        return self.path(name + ".key")

    def many(self, n):
        """n CAs of long names, and the root: for lists of CA names."""
        conf, key, text = self._conf(f"many-{n}"), self.path(f"many-{n}.key"), pathlib.Path(self.alone("root")).read_text()
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        (conf / "ca").write_text("[req]\ndistinguished_name=dn\n[dn]\n[ext]\nbasicConstraints=critical,CA:TRUE\n")
        der = base64.b64decode("".join(run("openssl", "req", "-x509", "-new", "-key", key, "-days", "30", "-config", conf / "ca", "-extensions",
                                           "ext", "-subj", f"/O=Many/OU={'x' * 60}/CN=number 0000 {'y' * 40}").splitlines()[1:-1]))
        for i in range(n):  # nobody looks at the signatures of anchors
            body = base64.encodebytes(der.replace(b"number 0000", b"number %04d" % i)).decode()
            text += f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
        return text

    def bundle(self, names):
        """One file with the certificates and CRLs `a+b`, each alone; many-N: the root and N others."""
        path = self.dir / f"bundle-{names}.pem"
        with self.lock:
            if names.startswith("many-") and not path.exists():
                path.write_text(self.many(int(names[5:])))
        with self.lock:
            if not path.exists():
                path.write_text("".join(pathlib.Path(self.alone(n)).read_text() for n in names.split("+")))
        return str(path)

    def alone(self, name):
        self.make(name)
        return self.path(name + (".crl" if name in CRLS else ".crt"))

    def make(self, name):
        with self.lock:
            if name in self.made:
                return
            self.made.add(name)
            if name in CRLS:
                self._crl(name, *CRLS[name])
            else:
                self._certificate(name, TABLE[name])

    def _conf(self, name, **how):
        home = self.dir / (name + ".d")
        home.mkdir()
        (home / "index").write_text("")
        (home / "crlnumber").write_text("1000\n")
        (home / "conf").write_text(CONF.format(dir=home, **{"md": "sha256", "mask": "utf8only", **how}))
        return home

    def _certificate(self, name, s):
        home, key = self._conf(name, md=s["md"], mask=s["mask"]), self.path(name + ".key")
        if s["key"] in KEYS:
            kind, option = KEYS[s["key"]]
            run("openssl", "genpkey", "-algorithm", kind, *(["-pkeyopt", option] if option else []), "-out", key)
        else:
            pathlib.Path(key).write_text(pathlib.Path(self.key(s["key"])).read_text())
        run("openssl", "req", "-new", "-key", key, "-subj", s["subject"] or f"/O=Acme/CN={name}", "-config", home / "conf",
            "-out", home / "csr")
        (home / "ext").write_text("".join(f"{k}={v}\n" for k, v in s["ext"].items()))
        own = not s["by"]
        signer = ["-selfsign", "-keyfile", key] if own else ["-cert", self.alone(s["by"]), "-keyfile", self.key(s["by"])]
        dates = ["-startdate", s["dates"][0], "-enddate", s["dates"][1]] if s["dates"] else ["-days", "30"]
        run("openssl", "ca", "-batch", "-notext", "-preserveDN", "-config", home / "conf", "-extfile", home / "ext", *signer, *dates, "-in",
            home / "csr", "-out", self.path(name + ".crt"))
        if s["corrupt"]:
            flip_signature(self.path(name + ".crt"))
        above = self._above(s) if s["chain"] is None else s["chain"]
        pathlib.Path(self.path(name + ".pem")).write_text(
            "".join(pathlib.Path(self.alone(n)).read_text() for n in [name, *above]))

    def _above(self, s):
        """The issuers below the root."""
        return [] if not s["by"] or not TABLE[s["by"]]["by"] else [s["by"], *self._above(TABLE[s["by"]])]

    def _crl(self, name, by, revoked, how):
        home, base = self._conf(name), ["openssl", "ca", "-config"]
        signer = ["-cert", self.alone(by), "-keyfile", self.key(by)]
        for who in revoked:
            run(*base, home / "conf", *signer, "-revoke", self.alone(who))
        dates = ["-crl_lastupdate", how[0], "-crl_nextupdate", how[1]] if how == PAST else []
        run(*base, home / "conf", *signer, "-gencrl", *dates, "-out", self.path(name + ".crl"))
        if how == "corrupt":
            flip_signature(self.path(name + ".crl"))
