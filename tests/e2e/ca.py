# SPDX-License-Identifier: Apache-2.0
"""`handfast ca` from the outside: what it writes, for whom, in parallel, and what is left when it fails."""

import datetime
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

HANDFAST = os.path.abspath(os.environ.get("HANDFAST", "build/handfast"))
KINDS = ["p256", "p384", "p521", "ed25519", "rsa2048", "rsa3072", "rsa4096"]


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def run(*argv, **how):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=120, **how)


def good(*argv, **how):
    done = run(*argv, **how)
    if done.returncode:
        raise AssertionError(f"{argv}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="handfast-ca-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.ca = self.dir / "ca"

    def init(self, *more, **how):
        return good(HANDFAST, "ca", "init", "--dir", self.ca, *more, **how)

    def issue(self, out, *more, use="--client", **how):
        return good(*self.issue_argv(out, *more, use=use), **how)

    def issue_argv(self, out, *more, use="--client"):
        name = [] if "--name" in more else ["--name", out]
        return [HANDFAST, "ca", "issue", "--dir", self.ca, use, *name, "--out", self.dir / out, *more]

    def rows(self, *more):
        return json.loads(good(HANDFAST, "ca", "list", "--dir", self.ca, "--json", *more))

    def refused(self, check, *argv, status=1, **how):
        done = run(*argv, **how)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(check, done.stderr)
        self.assertNotIn("Issued", done.stdout)
        return done.stderr

    def files(self, where=None):
        return sorted(p.name for p in (where or self.dir).iterdir())

    def same_key(self, key, cert):
        self.assertEqual(good("openssl", "pkey", "-in", self.dir / f"{key}.key", "-pubout"),
                         good("openssl", "x509", "-in", self.dir / f"{cert}.pem", "-noout", "-pubkey"))

    def verifies(self, name, purpose, root=None):
        pem = self.dir / f"{name}.pem"
        return run("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", root or self.ca / "root.pem",
                   "-untrusted", pem, pem).returncode == 0


class Init(Case):
    def test_files_and_modes(self):
        os.umask(0)
        self.addCleanup(os.umask, 0o022)
        said = self.init("--name", "CN=Example CA,O=Example")
        self.assertEqual(self.files(self.ca), ["intermediate.key", "intermediate.pem", "register.db", "root.key", "root.pem"])
        self.assertEqual(mode(self.ca), 0o700)
        for name in ("root.key", "intermediate.key", "register.db"):
            self.assertEqual(mode(self.ca / name), 0o600, name)
        self.assertIn("root.pem", said)
        self.assertIn("handfast ca issue", said)
        subjects = [r["subject"] for r in self.rows()]
        self.assertEqual(subjects, ["CN=Example CA,O=Example", "CN=Example CA intermediate,O=Example"])

    def test_empty_directory_is_used_and_closed(self):
        self.ca.mkdir(0o755)
        self.init()
        self.assertEqual(mode(self.ca), 0o700)

    def test_second_is_refused_and_changes_nothing(self):
        self.init()
        before = {p.name: p.read_bytes() for p in self.ca.iterdir()}
        text = self.refused("CA_DIR_TAKEN", HANDFAST, "ca", "init", "--dir", self.ca)
        self.assertIn(str(self.ca), text)
        self.assertEqual({p.name: p.read_bytes() for p in self.ca.iterdir()}, before)

    def test_two_at_once(self):
        both = [subprocess.Popen([HANDFAST, "ca", "init", "--dir", self.ca], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for _ in range(2)]
        self.assertEqual(sorted(p.wait(60) for p in both), [0, 1])
        self.assertEqual(len(self.files(self.ca)), 5)
        self.issue("alice")
        self.assertTrue(self.verifies("alice", "sslclient"))

    def test_directory_that_cannot_be_made(self):
        self.refused("CA_DIR", HANDFAST, "ca", "init", "--dir", self.dir / "none" / "ca")
        (self.dir / "file").write_text("x")
        self.refused("CA_DIR", HANDFAST, "ca", "init", "--dir", self.dir / "file")
        self.assertEqual(self.files(), ["file"])

    def test_disk_full_leaves_nothing(self):
        for limit in (0, 100, 400, 600, 4096, 8192):
            with self.subTest(limit):
                done = run(HANDFAST, "ca", "init", "--dir", self.ca, restore_signals=False,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertFalse(self.ca.exists())

    def test_passphrase_for_the_root(self):
        secret = self.dir / "secret"
        secret.write_text("long enough\n")
        self.init("--pass", f"file:{secret}")
        self.assertIn("ENCRYPTED", (self.ca / "root.key").read_text())
        good("openssl", "pkey", "-in", self.ca / "root.key", "-passin", "pass:long enough", "-noout")
        self.assertNotEqual(run("openssl", "pkey", "-in", self.ca / "root.key", "-passin", "pass:x", "-noout").returncode, 0)
        self.issue("alice")
        self.ca = self.dir / "second"
        env = dict(os.environ, HF_TEST_PASS="")
        self.refused("CA_PASS_NONE", HANDFAST, "ca", "init", "--dir", self.ca, "--pass", "env:HF_TEST_PASS", env=env)
        self.assertFalse(self.ca.exists())
        self.refused("--pass", HANDFAST, "ca", "init", "--dir", self.ca, "--pass", "pass:word", status=2)

    def test_wrong_use(self):
        for argv in ([], ["--dir"], ["--dir", "x", "--key", "dsa"], ["--dir", "x", "--days", "0"],
                     ["--dir", "x", "--days", "1d"], ["--dir", "x", "y"]):
            self.refused("handfast ca init", HANDFAST, "ca", "init", *argv, status=2, cwd=self.dir)
        self.refused("DN_TEXT", HANDFAST, "ca", "init", "--dir", self.ca, "--name", "CN=a,XX=b")
        self.refused("", HANDFAST, "ca", status=2)
        self.refused("renew", HANDFAST, "ca", "renew", status=2)
        self.assertEqual(self.files(), [])


class Issue(Case):
    def test_each_kind_of_key(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.ca = self.dir / f"ca-{kind}"
                self.init("--key", kind)
                for use, purpose, wrong in (("--server", "sslserver", "sslclient"), ("--client", "sslclient", "sslserver")):
                    out = f"{kind}{use}"
                    self.issue(out, "--name", "localhost", "--key", kind, use=use)
                    self.assertEqual(mode(self.dir / f"{out}.key"), 0o600)
                    self.assertTrue(self.verifies(out, purpose))
                    self.assertFalse(self.verifies(out, wrong))
                    self.same_key(out, out)

    def test_gnutls_accepts_the_chain(self):
        if not shutil.which("certtool"):
            self.skipTest("certtool is not installed")
        for kind in ("p256", "ed25519", "rsa2048"):
            self.ca = self.dir / f"ca-{kind}"
            self.init("--key", kind)
            self.issue(f"www-{kind}", "--name", "localhost", "--key", kind, use="--server")
            said = good("certtool", "--verify", "--load-ca-certificate", self.ca / "root.pem", "--verify-hostname", "localhost",
                        "--verify-purpose", "1.3.6.1.5.5.7.3.1", "--infile", self.dir / f"www-{kind}.pem")
            self.assertIn("The certificate is trusted", said)

    def test_names_of_every_kind(self):
        self.init()
        self.issue("www", "--dns", "a.example", "--dns", "*.b.example", "--ip", "192.0.2.1", "--ip", "2001:db8::1", "--uri",
                   "spiffe://example.com/www", "--mail", "www@example.com", use="--peer")
        text = good("openssl", "x509", "-in", self.dir / "www.pem", "-noout", "-ext", "subjectAltName,extendedKeyUsage,keyUsage")
        for name in ("DNS:a.example", "DNS:*.b.example", "IP Address:192.0.2.1", "IP Address:2001:DB8:0:0:0:0:0:1",
                     "URI:spiffe://example.com/www", "email:www@example.com", "TLS Web Server Authentication, TLS Web Client",
                     "Digital Signature\n"):
            self.assertIn(name, text)
        self.assertEqual(self.rows()[-1]["names"], ["DNS:a.example", "DNS:*.b.example", "IP:192.0.2.1", "IP:2001:db8::1",
                                                    "URI:spiffe://example.com/www", "mail:www@example.com"])

    def test_server_is_found_under_its_name(self):
        self.init()
        self.issue("a", "--name", "www.example.com", use="--server")
        self.issue("b", "--name", "127.0.0.1", use="--server")
        self.assertEqual([r["names"] for r in self.rows()[2:]], [["DNS:www.example.com"], ["IP:127.0.0.1"]])
        self.refused("MAKE_SERVER_NAME", *self.issue_argv("c", "--name", "CN=www.example.com,O=X", use="--server"))
        self.assertEqual(self.files(), ["a.key", "a.pem", "b.key", "b.pem", "ca"])

    def test_names_that_no_certificate_can_hold(self):
        self.init()
        for check, *names in (("SAN_TEXT_DNS", "--dns", "a b"), ("SAN_TEXT_DNS", "--dns", "10.0.0.1"),
                              ("SAN_TEXT_IP", "--ip", "localhost"), ("SAN_TEXT_URI", "--uri", "alice"),
                              ("SAN_TEXT_MAIL", "--mail", "alice"), ("DN_TEXT_LENGTH", "--name", "x" * 65),
                              ("DN_TEXT_BROKEN", "--name", "CN=a,,O=b")):
            self.refused(check, *self.issue_argv("x", *names))
        self.assertEqual(self.files(), ["ca"])
        self.assertEqual(len(self.rows()), 2)

    def test_dates(self):
        self.init("--days", "10")
        root = self.rows()[0]
        self.issue("clamped")
        self.assertEqual(self.rows()[-1]["not_after"], root["not_after"])
        self.issue("past", "--not-before", "2024-01-01T00:00:00Z", "--not-after", "2024-02-01T01:00:00+01:00")
        self.assertEqual((self.rows()[-1]["not_before"], self.rows()[-1]["not_after"], self.rows()[-1]["status"]),
                         ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "expired"))
        said = good("openssl", "x509", "-in", self.dir / "past.pem", "-noout", "-dates")
        self.assertEqual(said, "notBefore=Jan  1 00:00:00 2024 GMT\nnotAfter=Feb  1 00:00:00 2024 GMT\n")
        soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.issue("future", "--not-before", soon)
        self.assertEqual(self.rows()[-1]["status"], "not-yet-valid")
        self.refused("MAKE_OUTLIVES_ISSUER", *self.issue_argv("x", "--days", "11"))
        self.refused("MAKE_DATES", *self.issue_argv("x", "--not-before", soon, "--not-after", "2024-01-01T00:00:00Z"))
        for wrong in ("tomorrow", "2024-02-30T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00+1:00"):
            self.refused("--not-after", *self.issue_argv("x", "--not-after", wrong), status=2)
        self.refused("--days", *self.issue_argv("x", "--days", "1", "--not-after", soon), status=2)
        self.assertEqual(len(self.rows()), 5)

    def test_nothing_is_overwritten(self):
        self.init()
        for taken in ("alice.key", "alice.pem"):
            with self.subTest(taken):
                (self.dir / taken).write_text("mine")
                text = self.refused("NEW_FILE_EXISTS", *self.issue_argv("alice"))
                self.assertIn(taken, text)
                self.assertEqual((self.dir / taken).read_text(), "mine")
                self.assertEqual(self.files(), sorted([taken, "ca"]))
                (self.dir / taken).unlink()
        (self.dir / "alice.key").symlink_to("nowhere")
        self.refused("NEW_FILE_EXISTS", *self.issue_argv("alice"))
        self.assertEqual(self.files(), ["alice.key", "ca"])
        self.assertEqual(len(self.rows()), 2)

    def test_directory_that_cannot_be_written(self):
        self.init()
        self.refused("NEW_FILE_WRITE", *self.issue_argv("none/alice"))
        self.assertEqual(len(self.rows()), 2)

    def test_as_a_user_without_rights(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        self.init()
        os.chmod(self.dir, 0o755)
        if run(HANDFAST, "--version", user=65534, group=65534, extra_groups=[]).returncode:
            self.skipTest("the program cannot be run by another user where it was built")
        how = {"user": 65534, "group": 65534, "extra_groups": []}
        self.refused("REGISTER_UNUSABLE", *self.issue_argv("alice"), **how)
        self.refused("CA_DIR", HANDFAST, "ca", "init", "--dir", self.dir / "other", **how)
        self.assertEqual(self.files(), ["ca"])

    def test_disk_full_leaves_nothing(self):
        self.init()
        for limit in (0, 100, 500, 1000, 4096, 8192):
            with self.subTest(limit):
                done = run(*self.issue_argv("alice"), restore_signals=False,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertEqual(self.files(), ["ca"])
                self.assertEqual(len(self.rows()), 2)
        self.issue("alice")

    def test_twenty_at_once(self):
        self.init()
        all_of_them = [subprocess.Popen([str(a) for a in self.issue_argv(f"c{i}")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True) for i in range(20)]
        for p in all_of_them:
            self.assertEqual(p.wait(60), 0, p.stderr.read())
            p.stderr.close()
        rows = self.rows()[2:]
        self.assertEqual(sorted(r["subject"] for r in rows), sorted(f"CN=c{i}" for i in range(20)))
        self.assertEqual(len({r["serial"] for r in rows}), 20)
        self.assertEqual(len(self.files()), 41)

    def test_one_name_wanted_by_eight(self):
        self.init()
        all_of_them = [subprocess.Popen([str(a) for a in self.issue_argv("same")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL) for _ in range(8)]
        self.assertEqual(sorted(p.wait(60) for p in all_of_them), [0] + [1] * 7)
        self.assertEqual(self.files(), ["ca", "same.key", "same.pem"])
        self.assertEqual(len(self.rows()), 3)
        serial = good("openssl", "x509", "-in", self.dir / "same.pem", "-noout", "-serial").strip().split("=")[1]
        self.assertEqual(self.rows()[-1]["serial"], serial.lower())
        self.same_key("same", "same")

    def test_interrupted_at_any_moment(self):
        self.init()
        rng = random.Random(1)
        for i in range(30):
            p = subprocess.Popen([str(a) for a in self.issue_argv(f"c{i}")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.random() * 0.03)
            p.send_signal(rng.choice([signal.SIGINT, signal.SIGTERM]))
            p.wait(60)
        issued = sorted(r["subject"].removeprefix("CN=") for r in self.rows()[2:])
        self.assertEqual(self.files(), sorted(["ca"] + [f"{n}.{end}" for n in issued for end in ("key", "pem")]))

    def test_wrong_use(self):
        self.init()
        base = [HANDFAST, "ca", "issue", "--dir", self.ca]
        for more in ([], ["--client"], ["--client", "--name", "x"], ["--client", "--server", "--name", "x", "--out", "x"],
                     ["--name", "x", "--out", "x"], ["--client", "--name", "x", "--out", "x", "--csr", "y", "--key", "p256"]):
            self.refused("handfast ca issue", *base, *more, status=2, cwd=self.dir)
        self.refused("CA_NONE", HANDFAST, "ca", "issue", "--dir", self.dir, "--client", "--name", "x", "--out", self.dir / "x")
        self.assertEqual(self.files(), ["ca"])


class Request(Case):
    def setUp(self):
        super().setUp()
        self.init()

    def csr(self, *more):
        good("openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout",
             self.dir / "own.key", "-subj", "/CN=wish", "-addext", "subjectAltName=DNS:wish.example", "-out", self.dir / "own.csr",
             *more)
        return self.dir / "own.csr"

    def test_issued_for_the_key_and_not_for_the_names(self):
        for form in ("PEM", "DER"):
            with self.subTest(form):
                csr = self.csr("-outform", form)
                said = self.issue(f"alice{form}", "--csr", csr, "--uri", "spiffe://example.com/alice")
                self.assertIn("DNS:wish.example", said)
                self.assertFalse((self.dir / f"alice{form}.key").exists())
                text = good("openssl", "x509", "-in", self.dir / f"alice{form}.pem", "-noout", "-text")
                self.assertNotIn("wish", text)
                self.same_key("own", f"alice{form}")
                self.assertTrue(self.verifies(f"alice{form}", "sslclient"))

    def test_without_possession_of_the_key(self):
        csr = self.csr("-outform", "DER")
        der = bytearray(csr.read_bytes())
        der[-1] ^= 1
        csr.write_bytes(der)
        self.refused("CSR_", *self.issue_argv("alice", "--csr", csr))
        self.assertEqual(len(self.rows()), 2)

    def test_other_files(self):
        self.refused("CA_REQUEST_FILE", *self.issue_argv("alice", "--csr", self.ca / "root.pem"))
        self.refused("FILE_UNREADABLE", *self.issue_argv("alice", "--csr", self.dir / "none"))
        (self.dir / "junk").write_bytes(b"junk")
        self.refused("junk", *self.issue_argv("alice", "--csr", self.dir / "junk"))
        self.assertEqual(self.files(), ["ca", "junk"])

    def test_weak_key(self):
        good("openssl", "req", "-new", "-nodes", "-newkey", "rsa:1024", "-keyout", self.dir / "own.key", "-subj", "/CN=x", "-out",
             self.dir / "own.csr")
        self.refused("CSR_KEY_SMALL", *self.issue_argv("alice", "--csr", self.dir / "own.csr"))


class Register(Case):
    def setUp(self):
        super().setUp()
        self.init()
        self.db = self.ca / "register.db"

    def both_refuse(self, check):
        self.refused(check, *self.issue_argv("alice"))
        self.refused(check, HANDFAST, "ca", "list", "--dir", self.ca)
        self.assertEqual(self.files(), ["ca"])

    def test_missing(self):
        self.db.unlink()
        self.both_refuse("CA_NONE")
        self.assertFalse(self.db.exists())

    def test_damaged(self):
        whole = self.db.read_bytes()
        for broken in (b"", b"not a database at all" * 1000, whole[:100], whole[:4096] + b"\xff" * (len(whole) - 4096)):
            self.db.write_bytes(broken)
            self.both_refuse("REGISTER_BROKEN")

    def test_of_another_program(self):
        self.db.unlink()
        with sqlite3.connect(self.db) as db:
            db.execute("CREATE TABLE certificate (x)")
        db.close()
        self.both_refuse("REGISTER_BROKEN")

    def test_waits_for_another_writer(self):
        db = sqlite3.connect(self.db, isolation_level=None, check_same_thread=False)
        db.execute("BEGIN EXCLUSIVE")
        timer = threading.Timer(1.0, lambda: db.execute("COMMIT"))
        timer.start()
        self.issue("alice")
        timer.join()
        db.close()
        self.assertEqual(len(self.rows()), 3)

    def test_intermediate_replaced(self):
        good(HANDFAST, "ca", "init", "--dir", self.dir / "other")
        shutil.copy(self.dir / "other" / "intermediate.key", self.ca / "intermediate.key")
        self.refused("MAKE_ISSUER_KEY", *self.issue_argv("alice"))
        shutil.copy(self.dir / "other" / "root.key", self.ca / "intermediate.pem")
        self.refused("CA_ISSUER_FILE", *self.issue_argv("alice"))
        self.assertEqual(self.files(), ["ca", "other"])


class List(Case):
    def test_table_and_filter(self):
        self.init()
        self.issue("short", "--days", "5")
        self.issue("long", "--name", "CN=Łukasz,O=" + "x" * 60, "--days", "90")
        self.issue("past", "--not-after", "2024-01-01T00:00:00Z")
        table = good(HANDFAST, "ca", "list", "--dir", self.ca).splitlines()
        self.assertEqual(table[0].split(), ["PROFILE", "STATUS", "ENDS", "IN", "SUBJECT", "NAMES", "SERIAL"])
        self.assertEqual([line.split()[:2] for line in table[1:]], [["root", "valid"], ["intermediate", "valid"],
                         ["client", "valid"], ["client", "valid"], ["client", "expired"]])
        self.assertIn("...", table[4])
        self.assertEqual(len({line.rindex(" ") for line in table}), 1)
        self.assertEqual([r["subject"] for r in self.rows("--expiring", "6")], ["CN=short"])
        self.assertIn("Nothing", good(HANDFAST, "ca", "list", "--dir", self.ca, "--expiring", "1"))
        self.assertEqual(self.rows("--expiring", "1"), [])
        row = self.rows()[2]
        self.assertEqual(set(row), {"serial", "profile", "subject", "names", "not_before", "not_after", "issued_at", "sha256",
                                    "status"})
        der = subprocess.run(["openssl", "x509", "-in", self.dir / "short.pem", "-noout", "-fingerprint", "-sha256"],
                             capture_output=True, text=True).stdout.strip().split("=")[1]
        self.assertEqual(row["sha256"], der.replace(":", "").lower())


class Manual(unittest.TestCase):
    def test_names_every_option(self):
        page = pathlib.Path(__file__).resolve().parent.parent.parent / "doc/man/handfast-ca.1"
        written = set(re.findall(r"--[a-z-]+", page.read_text().replace("\\-", "-")))
        known = {o for c in ("init", "issue", "list") for o in re.findall(r"^  (--[a-z-]+)", good(HANDFAST, "ca", c, "--help"), re.M)}
        self.assertEqual(known - written, set())
        self.assertEqual(written - known, {"--cert", "--cacert"})


if __name__ == "__main__":
    tap.main()
