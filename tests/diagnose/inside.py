#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `handfast server` says of each wrong client, and of each that refused it: the cases of inside.txt.

usage: inside.py [--table FILE] [PATTERN...]    PATTERN: a part of a case's name; FILE: another table of the same form
"""

import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "interop"), str(HERE.parent / "e2e")]
import clients  # noqa: E402
import corpus  # noqa: E402
import harness  # noqa: E402
from certs import Certs  # noqa: E402
from servers import Plain  # noqa: E402


class Bench:
    def __init__(self, home):
        self.certs, self.plain, self.programs = Certs(home / "pki"), Plain(), {}

    def server(self, text):
        """A running server for these arguments, and how many connections it has told of."""
        if text not in self.programs or self.programs[text].proc.poll() is not None:
            how, more = {"cert": "srv", "trust": "root", "crl": "", "rules": "--allow-all"}, []
            for word in text.split():
                key, eq, value = word.partition("=")
                how.update({key: value}) if eq and key in how else more.append(word)
            argv = ["server", "--listen", "127.0.0.1:0", "--target", f"127.0.0.1:{self.plain.port}", "--cert", self.certs.chain(how["cert"]),
                    "--key", self.certs.key(how["cert"]), "--cacert", self.certs.bundle(how["trust"]), *how["rules"].split(","),
                    "--shutdown-timeout", "1s", *(["--crl", self.certs.bundle(how["crl"])] if how["crl"] else []), *more]
            self.programs[text] = harness.Program(*argv)
        return self.programs[text]

    def case(self, c):
        program = self.server(c.server)
        before = sum(line["event"] == "connection" for line in program.lines)
        try:
            said = clients.run(c.client, program.port, self.certs)
        except clients.Missing as e:
            raise corpus.Skip(str(e))
        line = program.connections(before + 1)
        told = f"{said}\n{line}"
        if c.reason == "-":
            corpus.same("outcome", line["outcome"], "served", told)
            corpus.same("fields of a verdict", [k for k in ("reason", "fix", "at_fault") if k in line], [], told)
            return
        if not c.reason.endswith("?"):  # one that left without a word was served
            corpus.same("outcome", line["outcome"], "refused", told)
        reason = line.get("reason", "-") + {"possible": "?"}.get(line.get("certainty"), "")
        if c.reason.startswith("~"):
            corpus.has("those that are possible", f"{reason} {line.get('or_else')}", c.reason[1:], told)
        else:
            corpus.one_of("reason", reason, c.reason.split("/"), told)
        if c.at_fault:
            corpus.same("who is at fault", line["at_fault"], c.at_fault, told)
        corpus.has("what it is about", line.get("about", ""), c.about, told)
        corpus.has("the cure", line["fix"], c.words, told)
        corpus.same("no other cause beside it", "or_else" in line, reason.endswith("?"), told)
        corpus.has("the sentence holds the cure", line["message"], line["fix"], told)

    def stop(self):
        self.plain.sock.close()
        for program in self.programs.values():
            status, err = program.stop()
            if status or err:
                yield f"{' '.join(program.proc.args)}: exit status {status}\n{err}"


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="handfast-diagnose-"))
    (home / "pki").mkdir()
    bench = Bench(home)
    table, args = HERE / "inside.txt", sys.argv[1:]
    if args[:1] == ["--table"]:
        table, args = pathlib.Path(args[1]), args[2:]
    cases = corpus.read(table, "name server client reason at_fault about words", args)
    try:
        bad = corpus.run(cases, bench.case, key=lambda c: c.server)
        broken = list(bench.stop())
        corpus.share(cases, bad)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("\n".join(broken), end="")
    sys.exit(bool(bad or broken))


if __name__ == "__main__":
    main()
