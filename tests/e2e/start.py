# SPDX-License-Identifier: Apache-2.0
"""What is wrong at start is named, with the file and what to do; the exit status is 2 and nothing runs."""

import os
import re
import socket
import subprocess

from harness import HANDFAST, ROOT, Case, main, run


class Start(Case):
    def start(self, *args, **env):
        done = subprocess.run([HANDFAST, *args], capture_output=True, timeout=30, stdin=subprocess.DEVNULL,
                              env={**os.environ, **env}, start_new_session=True)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def refuses(self, args, *wanted, **env):
        """Exit status 2, nothing on stdout, and each of the wanted texts on stderr."""
        status, out, err = self.start(*args, **env)
        self.assertEqual((status, out), (2, ""), err)
        for text in wanted:
            self.assertIn(text, err)
        return err

    def server(self, *more, cert="server", key=None, listen="127.0.0.1:0", target="127.0.0.1:1"):
        args = ["server", "--listen", listen, "--target", target]
        if cert:
            args += ["--cert", self.pki.path(cert + ".pem"), "--key", self.pki.path(key or cert + ".key")]
        return [*args, *(more or ["--cacert", self.pki.path("ca.pem"), "--allow-all"])]

    # ---- wrong use ----

    def test_wrong_use(self):
        ca = ["--cacert", self.pki.path("ca.pem")]
        for args, wanted in (
                ([], "Usage"),
                (["sever"], '"sever" is not a command'),
                (["server", "--lisen", "x"], "--listen is"),
                (["server", "--zzz"], "--zzz is not an option"),
                (["server", "-l", "x"], "long names"),
                (["server", "extra"], "belongs to no option"),
                (["server", "--listen"], "--listen needs a value"),
                (["server", "--listen", "--target", "x"], "--listen needs a value"),
                (["server", "--listen", "a:1", "--listen", "b:2"], "given twice"),
                (["server", "--allow-all=yes"], "takes no value"),
                (["server", "--threads", "0"], "1 to 1024"),
                (["server", "--threads", "many"], "1 to 1024"),
                (["server", "--shutdown-timeout", "soon"], "such as 500ms"),
                (["server", "--client-auth", "maybe"], "required|optional"),
                (["server", "--storepass", "secret"], "--pass file:F"),
                (["server", "--key", "k"], "before its key"),
                (["server", "--target", "a:1"], "--listen ADDR is missing"),
                (["server", "--listen", ":1"], "--target ADDR is missing"),
                (self.server(listen="here"), "HOST:PORT"),
                (self.server(listen="::1:443"), "[ADDRESS]:PORT"),
                (self.server(target=":443"), "name a host"),
                (self.server(target="a:99999"), "up to 65535"),
                (self.server(*ca), "--allow-all lets in every client"),
                (self.server("--allow-all"), "who may vouch for clients"),
                (self.server(*ca, "--allow-all", "--disable-authentication"), "exclude each other"),
                (self.server(*ca, "--disable-authentication"), "leave --cacert"),
                (self.server("--client-auth", "optional", "--disable-authentication"), "exclude each other"),
                (self.server(*ca, "--allow-all", cert=None), "a server needs a certificate"),
                (self.server(*ca, "--allow-all", "--pass", "secret"), "file:F, env:VAR or prompt"),
                (self.server(*ca, "--allow-all", "--tls-min", "1.3", "--tls-max", "1.2"), "newer than --tls-max"),
                (["client", "--listen", "127.0.0.1:0", "--target", "localhost:1", *ca], "whom do we speak for"),
                (["client", "--listen", "127.0.0.1:0", "--target", "localhost:1", "--disable-authentication"],
                 "who may vouch for the server"),
                (["client", "--listen", "127.0.0.1:0", "--target", "unix:/x", *self.pki.pair("alice"), *ca],
                 "--server-name"),
                (["connect"], "HOST:PORT"),
                (["connect", "localhost", *ca], "port is missing"),
                (["connect", "localhost:1", "localhost:2", *ca], "belongs to no option"),
                (["connect", "localhost:1"], "who may vouch for the server"),
        ):
            with self.subTest(args=args):
                err = self.refuses(args, wanted)
                self.assertIn("--help", err)

    def test_help_and_version(self):
        for args, wanted in ((["--help"], "server"), (["--version"], "OpenSSL"), (["server", "--help"], "--allow-all"),
                             (["client", "--help"], "--server-name"), (["connect", "--help"], "--send-nothing")):
            status, out, err = self.start(*args)
            self.assertEqual((status, err), (0, ""))
            self.assertIn(wanted, out)
            self.assertLessEqual(max(len(line) for line in out.splitlines()), 110)

    def test_every_option_is_in_the_manual(self):
        with open(os.path.join(ROOT, "doc", "man", "handfast.1")) as f:
            manual = f.read().replace("\\-", "-")
        for command in ("server", "client", "connect", "check"):
            for name in re.findall("^  (--[a-z-]+)", self.start(command, "--help")[1], re.M):
                self.assertIn(name, manual)

    # ---- files ----

    def write(self, name, data):
        with open(self.pki.path(name), "wb") as f:
            f.write(data)
        return self.pki.path(name)

    def read(self, name):
        with open(self.pki.path(name), "rb") as f:
            return f.read()

    def test_files_of_our_own(self):
        pki = self.pki
        pki.leaf("late", "ca", "serverAuth", "DNS:localhost", "20240101000000Z", "20240201000000Z")
        pki.leaf("early", "ca", "serverAuth", "DNS:localhost", "20500101000000Z", "20510101000000Z")
        run("openssl", "pkcs8", "-topk8", "-in", pki.path("server.key"), "-out", pki.path("locked.key"), "-passout",
            "pass:sesame")
        self.write("empty.pem", b"")
        self.write("torn.pem", self.read("server.pem")[:300])
        self.write("backwards.pem", self.read("ca.pem") + self.read("server.pem"))
        for args, wanted in (
                (self.server(cert="nothere"), ["nothere", "cannot be read"]),
                (self.server(key="nothere.key"), ["nothere.key", "cannot be read"]),
                (self.server(key="alice.key"), ["does not belong to the certificate", "key-mismatch"]),
                (self.server(cert="late", key="late.key"), ["expired", "2024-02-01", "late.pem"]),
                (self.server(cert="early", key="early.key"), ["not-yet-valid", "2050-01-01", "early.pem"]),
                (self.server(key="locked.key"), ["locked.key", "key-encrypted"]),
                (self.server(key="server.pem"), ["server.pem", "file-format"]),
                (self.server(cert="empty", key="server.key"), ["empty.pem", "empty"]),
                (self.server(cert="torn", key="server.key"), ["torn.pem"]),
                (self.server(cert="backwards", key="server.key"), ["backwards.pem", "leaf"]),
                (self.server("--cacert", pki.path("nothere.pem"), "--allow-all"), ["nothere.pem", "cannot be read"]),
                (self.server("--cacert", pki.path("empty.pem"), "--allow-all"), ["empty.pem", "empty"]),
                (self.server("--cacert", pki.path("alice.pem"), "--allow-all"), ["alice.pem", "leaf-not-anchor"]),
                (self.server("--cacert", pki.path("server.key"), "--allow-all"), ["server.key", "file-format"]),
                (self.server("--cacert", pki.path("ca.pem"), "--allow-all", "--ca-names", pki.path("nothere.pem")),
                 ["nothere.pem", "cannot be read"]),
                (self.server("--cacert", pki.path("ca.pem"), "--allow-all", "--keylog", pki.path("no/such/folder")),
                 ["no/such/folder", "--keylog"]),
        ):
            with self.subTest(args=args):
                self.refuses(args, *wanted)

    def test_passphrases(self):
        pki = self.pki
        run("openssl", "pkcs8", "-topk8", "-in", pki.path("server.key"), "-out", pki.path("locked2.key"), "-passout",
            "pass:sesame")
        right = self.write("right.txt", b"sesame\n")
        wrong = self.write("wrong.txt", b"cinnamon\n")
        args = ["--cacert", pki.path("ca.pem"), "--allow-all"]
        used = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(used.close)
        busy = f"127.0.0.1:{used.getsockname()[1]}"
        self.refuses(self.server(*args, "--pass", "file:" + wrong, key="locked2.key"), "key-passphrase-wrong")
        self.refuses(self.server(*args, "--pass", "env:NOT_SET_AT_ALL", key="locked2.key"), "key-")
        self.refuses(self.server(*args, "--pass", "prompt", key="locked2.key"), "key-")  # there is no terminal
        # The right one comes as far as the port that is in use.
        self.refuses(self.server(*args, "--pass", "file:" + right, key="locked2.key", listen=busy), "address-in-use")
        self.refuses(self.server(*args, "--pass", "env:OPEN", key="locked2.key", listen=busy), "address-in-use",
                     OPEN="sesame")

    def test_pkcs12(self):
        pki = self.pki
        used = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(used.close)
        run("openssl", "pkcs12", "-export", "-in", pki.path("server.pem"), "-inkey", pki.path("server.key"), "-out",
            pki.path("server.p12"), "-passout", "pass:sesame")
        args = ["server", "--listen", f"127.0.0.1:{used.getsockname()[1]}", "--target", "127.0.0.1:1", "--keystore",
                pki.path("server.p12"), "--cacert", pki.path("ca.pem"), "--allow-all"]
        self.refuses([*args, "--pass", "env:OPEN"], "address-in-use", OPEN="sesame")
        self.refuses([*args, "--pass", "env:OPEN"], "key-passphrase-wrong", "server.p12", OPEN="cinnamon")

    # ---- addresses ----

    def test_addresses(self):
        used = socket.create_server(("127.0.0.1", 0), reuse_port=True)
        self.addCleanup(used.close)
        port = used.getsockname()[1]
        self.refuses(self.server(listen=f"127.0.0.1:{port}"), "address-in-use", f"127.0.0.1:{port}", "another port")
        self.refuses(self.server(listen="192.0.2.1:4433"), "192.0.2.1:4433", "belongs to this host")
        self.refuses(self.server(target="no-such-host.invalid:1"), "name-unresolved", "no-such-host.invalid:1")
        self.refuses(self.server(listen="no-such-host.invalid:1"), "name-unresolved")
        self.refuses(self.server(listen="unix:/no/such/folder/sock"), "/no/such/folder/sock")


if __name__ == "__main__":
    main()
