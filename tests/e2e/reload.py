# SPDX-License-Identifier: Apache-2.0
"""Files that change under a running server: revocation lists, CAs and our own certificate are taken up for new
connections; files that cannot be used leave the old ones in force."""

import os
import shutil
import signal
import time

from harness import Case, connect, main, run

CRL_CONF = "[ca]\ndefault_ca=this\n[this]\ndatabase={dir}/crl-index\ncrlnumber={dir}/crl-number\ndefault_md=sha256\n"


class Reload(Case):
    def setUp(self):
        super().setUp()
        self.crl = self.pki.path("ca.crl")
        self.revoke()

    def revoke(self, *names):
        """A new list of the CA with these certificates on it, put in place at once."""
        p = self.pki.path
        rows = []
        for name in names:
            serial = run("openssl", "x509", "-in", p(name + ".pem"), "-noout", "-serial").decode().strip().split("=")[1]
            rows.append(f"R\t300101000000Z\t240601000000Z,keyCompromise\t{serial}\tunknown\t/CN={name}\n")
        with open(p("crl-index"), "w") as f:
            f.writelines(rows)
        with open(p("crl-number"), "w") as f:
            f.write("01\n")
        with open(p("crl.cnf"), "w") as f:
            f.write(CRL_CONF.format(dir=self.pki.dir))
        run("openssl", "ca", "-gencrl", "-config", p("crl.cnf"), "-cert", p("ca.pem"), "-keyfile", p("ca.key"),
            "-crldays", "5", "-out", self.crl + ".new")
        os.rename(self.crl + ".new", self.crl)

    def start_server(self, *more):
        service = self.service()
        return self.server(service.address, "--cacert", self.pki.path("ca.pem"), "--allow-all", *more)

    def comes_in(self, server, name):
        """What the log says of one more connection: "served", or the reason of its refusal."""
        before = sum(line["event"] == "connection" for line in server.lines)
        try:
            with connect(server.port, self.pki.context(name)) as s:
                s.sendall(b"hello")
                s.recv(5)
                s.unwrap()
        except OSError:
            pass
        line = server.connections(before + 1)
        return line["outcome"] if line["outcome"] == "served" else line["reason"]

    def reloaded(self, server, n=1):
        return server.wait_for(lambda line: line["event"] == "reloaded", n)

    def test_revoked_while_it_runs(self):
        server = self.start_server("--crl", self.crl)
        self.assertEqual(self.comes_in(server, "alice"), "served")
        self.revoke("alice")
        self.reloaded(server)
        self.assertEqual(self.comes_in(server, "alice"), "revoked")

    def test_folder_of_lists(self):
        folder = self.pki.path("lists")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(self.crl, os.path.join(folder, "one.crl"))
        server = self.start_server("--crl", folder)
        self.assertEqual(self.comes_in(server, "alice"), "served")
        self.revoke("alice")
        shutil.copy(self.crl, os.path.join(folder, "one.crl"))
        self.reloaded(server)
        self.assertEqual(self.comes_in(server, "alice"), "revoked")

    def test_broken_files_change_nothing(self):
        server = self.start_server("--crl", self.crl)
        with open(self.crl, "w") as f:
            f.write("not a list\n")
        line = server.wait_for(lambda line: line["event"] == "reload")
        self.assertEqual(line["level"], "error")
        self.assertIn("ca.crl", line["message"])
        self.assertEqual(self.comes_in(server, "alice"), "served")
        self.revoke("alice")
        self.reloaded(server)
        self.assertEqual(self.comes_in(server, "alice"), "revoked")

    def test_hangup_reads_at_once(self):
        server = self.start_server()
        self.assertEqual(self.comes_in(server, "alice"), "served")
        server.proc.send_signal(signal.SIGHUP)
        began = time.monotonic()
        self.reloaded(server)
        self.assertLess(time.monotonic() - began, 1.5)
        self.assertEqual(self.comes_in(server, "alice"), "served")

    def test_no_list_for_the_ca(self):
        """A list of another CA says nothing of this one: its own cause, not "revoked" and not "expired"."""
        p = self.pki.path
        run("openssl", "ca", "-gencrl", "-config", p("crl.cnf"), "-cert", p("stranger.pem"), "-keyfile", p("stranger.key"),
            "-crldays", "5", "-out", p("stranger.crl"))
        server = self.start_server("--crl", p("stranger.crl"))
        self.assertEqual(self.comes_in(server, "alice"), "crl-missing")


if __name__ == "__main__":
    main()
