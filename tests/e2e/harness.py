# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: certificates made by the openssl command, the program under test as a
process whose log is read, and small peers. Standard library only; everything stays on loopback."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HANDFAST = os.environ.get("HANDFAST", os.path.join(ROOT, "build", "tests", "handfast"))
WAIT_S = 15  # for anything that should happen at once; generous, for the program is built with sanitizers

CA_CONF = """
[ca]
default_ca = this
[this]
database = {dir}/index
new_certs_dir = {dir}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = optional
[req]
distinguished_name = dn
[dn]
"""


def run(*argv, **how):
    done = subprocess.run(argv, capture_output=True, timeout=60, **how)
    if done.returncode:
        raise RuntimeError(f"{argv}: {done.stderr.decode()}")
    return done.stdout


class Pki:
    """Certificate authorities and leaves, as files NAME.pem (chain) and NAME.key in one folder."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="handfast-e2e-")

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def _key(self, name):
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path(name + ".key"))

    def _write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def root(self, name):
        self._key(name)
        conf = self._write("req.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[ext]\nbasicConstraints=critical,CA:TRUE\n"
                           "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
        run("openssl", "req", "-x509", "-new", "-key", self.path(name + ".key"), "-subj", f"/CN={name}", "-days", "30",
            "-config", conf, "-extensions", "ext", "-out", self.path(name + ".pem"))
        return self

    def leaf(self, name, ca, use, san, start=None, end=None):
        """use: clientAuth or serverAuth, None: no such extension. start, end: YYYYMMDDHHMMSSZ."""
        self._key(name)
        run("openssl", "req", "-new", "-key", self.path(name + ".key"), "-subj", f"/CN={name}", "-out",
            self.path(name + ".csr"), "-config", self._write("req.cnf", "[req]\ndistinguished_name=dn\n[dn]\n"))
        conf = self._write("ca.cnf", CA_CONF.format(dir=self.dir))
        ext = self._write("ext.cnf", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                          f"subjectAltName={san}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n" +
                          (f"extendedKeyUsage={use}\n" if use else ""))
        open(self.path("index"), "w").close()
        dates = ["-startdate", start, "-enddate", end] if start else ["-days", "20"]
        run("openssl", "ca", "-batch", "-notext", "-config", conf, "-extfile", ext, "-cert", self.path(ca + ".pem"),
            "-keyfile", self.path(ca + ".key"), "-in", self.path(name + ".csr"), "-out", self.path(name + ".pem"), *dates)
        return self

    def standard(self):
        """A CA with a server and clients, and one stranger with a client of its own."""
        self.root("ca").root("stranger")
        self.leaf("server", "ca", "serverAuth", "DNS:localhost,IP:127.0.0.1")
        self.leaf("alice", "ca", "clientAuth", "URI:spiffe://example.org/alice")
        self.leaf("mallory", "stranger", "clientAuth", "URI:spiffe://example.org/alice")
        self.leaf("expired", "ca", "clientAuth", "DNS:old.example", "20240101000000Z", "20240201000000Z")
        return self

    def pair(self, name):
        return ["--cert", self.path(name + ".pem"), "--key", self.path(name + ".key")]

    def context(self, name=None, ca="ca"):
        """A TLS client of Python's own."""
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.load_verify_locations(self.path(ca + ".pem"))
        if name:
            c.load_cert_chain(self.path(name + ".pem"), self.path(name + ".key"))
        return c


class Program:
    """A running `handfast server` or `client` with --log json; its lines are parsed as they come."""

    def __init__(self, *args, threads=1):
        self.lines = []
        self.cond = threading.Condition()
        self.proc = subprocess.Popen([HANDFAST, *args, "--log", "json", "--threads", str(threads)],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        listening = self.wait_for(lambda line: line["event"] == "listening")
        self.address = listening["listen"][0]
        self.port = int(self.address.rsplit(":", 1)[1]) if not self.address.startswith("unix:") else None

    def _read(self):
        for raw in self.proc.stdout:
            line = json.loads(raw)
            with self.cond:
                self.lines.append(line)
                self.cond.notify_all()
        with self.cond:
            self.lines.append({"event": "eof"})
            self.cond.notify_all()

    def wait_for(self, wanted, n=1):
        """The n-th line that is wanted."""
        with self.cond:
            def found():
                return [line for line in self.lines if wanted(line)]
            done = self.cond.wait_for(lambda: len(found()) >= n or self.lines[-1:] == [{"event": "eof"}], WAIT_S)
            if not done or len(found()) < n:
                self.proc.kill()
                raise AssertionError(f"no such line in the log: {self.lines[-3:]} {self.proc.stderr.read().decode()[-3000:]}")
            return found()[n - 1]

    def connections(self, n):
        """The n-th line about a connection."""
        return self.wait_for(lambda line: line["event"] == "connection", n)

    def memory_kib(self):
        with open(f"/proc/{self.proc.pid}/status") as f:
            return int(next(line for line in f if line.startswith("VmRSS")).split()[1])

    def stop(self, wait=WAIT_S):
        """Terminates it; the exit status, and what it said on stderr (sanitizers speak there)."""
        if self.proc.poll() is None:
            self.proc.terminate()
        try:
            self.proc.wait(wait)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            raise
        self.reader.join(WAIT_S)
        self.proc.stdout.close()
        err = self.proc.stderr.read().decode()
        self.proc.stderr.close()
        return self.proc.returncode, err


class Service:
    """A TCP service on loopback; handle(sock) runs in a thread for each connection."""

    def __init__(self, handle):
        self.handle = handle
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.sock.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.accepted = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                s, _ = self.sock.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._one, args=(s,), daemon=True).start()

    def _one(self, s):
        try:
            with s:
                self.handle(s)
        except OSError:
            pass

    def close(self):
        self.sock.close()


def echo(s):
    """Sends back what comes until the peer has said all, then ends."""
    while data := s.recv(65536):
        s.sendall(data)
    s.shutdown(socket.SHUT_WR)


def read_all(s):
    parts = []
    while data := s.recv(65536):
        parts.append(data)
    return b"".join(parts)


def connect(port, context=None, name="localhost"):
    s = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    if not context:
        return s
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # some builds of Python set it: an end is an end only by close_notify
    return context.wrap_socket(s, server_hostname=name, suppress_ragged_eofs=False)


def documented_fields():
    """The names in the first column of the tables in doc/logs.md."""
    with open(os.path.join(ROOT, "doc", "logs.md")) as f:
        rows = [line.split("|")[1] for line in f if line.startswith("| `")]
    return {name for row in rows for name in re.findall("`([a-z_0-9]+)`", row)}


class Case(unittest.TestCase):
    """Makes the certificates once, stops every program that a test started and wants it to end in order."""

    @classmethod
    def setUpClass(cls):
        cls.pki = Pki().standard()

    @classmethod
    def tearDownClass(cls):
        cls.pki.remove()

    def setUp(self):
        self.programs = []

    def tearDown(self):
        for p in self.programs:
            status, err = p.stop()
            self.assertEqual((status, err), (0, ""))
            fields = {name for line in p.lines[:-1] for name in line}
            self.assertLessEqual(fields, documented_fields(), "fields that doc/logs.md does not describe")

    def eventually(self, get, wanted):
        """What another thread does comes true soon."""
        end = time.monotonic() + WAIT_S
        while get() != wanted and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(get(), wanted)

    def service(self, handle=echo):
        s = Service(handle)
        self.addCleanup(s.close)
        return s

    def server(self, target, *more, threads=1, creds=None, listen="127.0.0.1:0"):
        p = Program("server", "--listen", listen, "--target", target, *(creds or self.pki.pair("server")),
                    *(more or ["--cacert", self.pki.path("ca.pem"), "--allow-all"]), "--shutdown-timeout", "1s",
                    threads=threads)
        self.programs.append(p)
        return p

    def client(self, target, *more, threads=1):
        p = Program("client", "--listen", "127.0.0.1:0", "--target", target, *(more or self.pki.pair("alice")),
                    "--cacert", self.pki.path("ca.pem"), "--shutdown-timeout", "1s", threads=threads)
        self.programs.append(p)
        return p


class Tap(unittest.TestResult):
    """Prints a line for each case, as tools/check and every harness that knows TAP count them."""

    def __init__(self):
        super().__init__()
        self.n = 0
        self.bad = set()

    def say(self, test, ok, more=""):
        self.n += 1
        print(f"{'ok' if ok else 'not ok'} {self.n} - {test._testMethodName}{more}", flush=True)

    def tell(self, test, err):
        print(f"{test}: {self._exc_info_to_string(err, test)}", flush=True)
        self.bad.add(test.id())

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            print(f"{subtest}: {self._exc_info_to_string(err, subtest)}", flush=True)
            self.bad.add(test.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say(test, True, f" # SKIP {reason}")
        self.skipped_now = test.id()

    def stopTest(self, test):
        super().stopTest(test)
        if getattr(self, "skipped_now", None) != test.id():
            self.say(test, test.id() not in self.bad)


def main():
    """All cases of the calling file, or those whose names contain a word of the command line."""
    suite = unittest.TestSuite()
    for case in unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]):
        for test in case:
            if len(sys.argv) == 1 or any(word in test.id() for word in sys.argv[1:]):
                suite.addTest(test)
    result = Tap()
    suite.run(result)
    print(f"1..{result.n}")
    sys.exit(not result.wasSuccessful())
