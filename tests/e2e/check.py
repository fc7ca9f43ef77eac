# SPDX-License-Identifier: Apache-2.0
"""`handfast check`: the verdict on a chain without a connection, as a tree and as JSON."""

import json
import os
import subprocess

from harness import HANDFAST, Case, main, run


class Check(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ca = cls.pki.path("own")
        run(HANDFAST, "ca", "init", "--dir", cls.ca, "--name", "CN=Own,O=Example")
        run(HANDFAST, "ca", "issue", "--dir", cls.ca, "--client", "--name", "CN=bob", "--uri", "spiffe://example.org/bob",
            "--out", cls.pki.path("bob"))
        with open(cls.pki.path("bob.pem")) as f:
            leaf = f.read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
        with open(cls.pki.path("bob-alone.pem"), "w") as f:
            f.write(leaf)

    def check(self, cert, *more, ca="ca.pem"):
        args = [HANDFAST, "check", "--cert", self.pki.path(cert + ".pem"), *more]
        if ca:
            args += ["--cacert", self.pki.path(ca)]
        done = subprocess.run(args, capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def judged(self, cert, *more, ca="ca.pem"):
        """The JSON object; its exit status fits what it says."""
        status, out, err = self.check(cert, "--json", *more, ca=ca)
        self.assertEqual(err, "")
        told = json.loads(out)
        self.assertEqual(status, 0 if told["accepted"] else 1)
        return told

    def refused(self, reason, cert, *more, ca="ca.pem"):
        told = self.judged(cert, *more, ca=ca)
        self.assertFalse(told["accepted"])
        self.assertEqual(told["cause"]["reason"], reason)
        self.assertTrue(told["cause"]["fix"])
        return told

    def test_accepted(self):
        told = self.judged("alice")
        self.assertTrue(told["accepted"])
        self.assertIsNone(told["cause"])
        self.assertEqual(told["anchor"]["subject"], "CN=ca")
        self.assertTrue(told["client"]["sent"])
        self.assertEqual(told["client"]["ca_names"], ["CN=ca"])
        self.assertIn("URI:spiffe://example.org/alice", told["presented"][0]["names"])

    def test_more_is_demanded(self):
        self.pki.leaf("plain", "ca", None, "DNS:plain.example")
        self.assertTrue(self.judged("plain")["accepted"])
        self.refused("eku-missing-client", "plain", "--require-eku")
        self.assertTrue(self.judged("alice", "--require-eku", "--only-roots")["accepted"])
        with open(self.pki.path("bob.pem")) as f:
            middle = f.read().split("-----END CERTIFICATE-----")[1] + "-----END CERTIFICATE-----\n"
        with open(self.pki.path("middle.pem"), "w") as f:
            f.write(middle)
        self.assertTrue(self.judged("bob", ca="middle.pem")["accepted"])
        self.refused("anchor-not-root", "bob", "--only-roots", ca="middle.pem")

    def test_accepted_tree(self):
        status, out, _ = self.check("bob", ca="own/root.pem")
        self.assertEqual(status, 0)
        lines = [line.strip() for line in out.splitlines()]
        self.assertIn("accepted", lines)
        order = [next(i for i, line in enumerate(lines) if line.startswith(w))
                 for w in ("client-cert[0]", "client-cert[1]", "anchor")]
        self.assertEqual(order, sorted(order))

    def test_each_refusal_has_its_reason(self):
        self.refused("issuer-unknown", "mallory")
        self.refused("expired", "expired")
        self.refused("eku-missing-client", "server")
        self.refused("clock-skew-local", "alice", "--time", "2001-01-01T00:00:00Z")  # the whole chain lies ahead
        self.refused("expired", "alice", "--time", "2200-01-01T00:00:00Z")
        self.refused("name-mismatch", "server", "--as", "server", "--name", "elsewhere.example")
        self.refused("eku-missing-server", "alice", "--as", "server")

    def test_missing_intermediate_is_not_an_unknown_issuer(self):
        told = self.refused("intermediate-missing", "bob-alone", ca="own/root.pem")
        self.assertFalse(told["client"]["sent"])
        self.assertEqual(told["client"]["reason"], "cert-withheld-ca-list")
        self.assertIn("Own", told["cause"]["about"])

    def test_all_faults_are_found_not_only_the_cause(self):
        told = self.refused("eku-missing-server", "alice", "--as", "server", "--name", "elsewhere.example")
        failed = {f["reason"] for f in told["presented"][0]["findings"] if f["state"] == "fail"}
        self.assertEqual(failed, {"eku-missing-server", "name-mismatch"})

    def test_pinned_leaf_needs_nobody(self):
        told = self.judged("mallory", "--pin", self.pki.path("mallory.pem"), ca=None)
        self.assertTrue(told["accepted"])
        self.assertIsNone(told["anchor"])

    def test_refused_tree_names_the_cure(self):
        status, out, _ = self.check("expired")
        self.assertEqual(status, 1)
        self.assertIn("refused", out)
        self.assertIn("FAIL expired", out)
        self.assertIn("Renew the certificate", out)

    def rules(self, text):
        path = self.pki.path("rules.yaml")
        with open(path, "w") as f:
            f.write(text)
        return path

    def test_which_rule_decides(self):
        rules = self.rules("rules:\n"
                           "  - deny: {cn: bob}\n"
                           "  - allow: {uri: spiffe://example.org/*, from: 10.0.0.0/8, sni: a.example}\n"
                           "    reason: ours\n"
                           "  - allow: {cn: alice, hours: '08:00-18:00'}\n"
                           "  - deny: all\n")
        day, night = "2026-12-01T12:00:00Z", "2026-12-01T22:00:00Z"
        for args, admitted, rule in ((["--from", "10.1.2.3", "--sni", "a.example", "--time", night], True, "rules.yaml:3"),
                                     (["--from", "11.1.2.3", "--sni", "a.example", "--time", day], True, "rules.yaml:5"),
                                     (["--time", night], False, "rules.yaml:6")):
            status, out, err = self.check("alice", "--rules", rules, "--json", *args)
            told = json.loads(out)
            self.assertEqual((status, err, told["accepted"]), (0 if admitted else 1, "", True))
            self.assertEqual((told["rules"]["admitted"], told["rules"]["rule"]), (admitted, rule), args)
            self.assertEqual([r["holds"] for r in told["rules"]["asked"]][-1], True)
        against = [[a["field"] for a in r["against"]] for r in told["rules"]["asked"]]
        self.assertEqual(against, [["cn"], ["from", "sni"], ["hours"], []])
        status, out, _ = self.check("alice", "--rules", rules, "--time", night)
        for line in ("rules.yaml:2 deny: does not hold", "wants cn bob, found alice", "wants from 10.0.0.0/8, found unix",
                     "rules.yaml:6 deny  <- decides"):
            self.assertIn(line, out)
        self.assertEqual(status, 1)

    def test_rules_by_option(self):
        self.assertEqual(self.check("alice", "--allow-cn", "alice")[0], 0)
        status, out, _ = self.check("alice", "--allow-cn", "bob", "--json")
        told = json.loads(out)["rules"]
        self.assertEqual((status, told["rule"], told["reason"]), (1, None, "identity-denied"))
        self.assertTrue(told["fix"])

    def test_rules_of_a_refused_certificate(self):
        """What the rules would say is told, and does not make it accepted."""
        status, out, _ = self.check("mallory", "--allow-cn", "mallory", "--json")
        told = json.loads(out)
        self.assertEqual((status, told["accepted"], told["rules"]["admitted"]), (1, False, True))

    def test_rules_that_are_wrong(self):
        status, _, err = self.check("alice", "--rules", self.rules("rules:\n  - allow: {ip: x}\n"))
        self.assertEqual(status, 2)
        self.assertIn("rules.yaml:2:17: ", err)

    def test_wrong_use(self):
        for args, wanted in ((["check"], "--cert FILE"),
                             (["check", "--cert", self.pki.path("alice.pem")], "--cacert FILE"),
                             (["check", "--cert", "/nowhere", "--cacert", self.pki.path("ca.pem")], "/nowhere"),
                             (["check", "--cert", self.pki.path("alice.pem"), "--cacert", os.devnull], "empty"),
                             (["check", "--cert", self.pki.path("alice.pem"), "--cacert", self.pki.path("alice.pem")],
                              "leaf-not-anchor"),
                             (["check", "--cert", self.pki.path("alice.key"), "--cacert", self.pki.path("ca.pem")],
                              "alice.key")):
            done = subprocess.run([HANDFAST, *args], capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(wanted, done.stderr.decode())


if __name__ == "__main__":
    main()
