#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `handfast client` says of servers that refuse it, or that it refuses: the cases of abroad.txt.

usage: abroad.py [PATTERN...]    PATTERN: a part of a case's name
"""

import socket

import outside  # knows where the others are
import corpus
import harness


class Bench(outside.Bench):
    def client(self, port, ours):
        """A running `handfast client`; its arguments are those of explain, but for the name."""
        argv = [a for a in self.argv(port, ours)[2:] if a != "--json"]
        argv[argv.index("--name")] = "--server-name"
        who = [] if "--cert" in argv else ["--disable-authentication"]
        versions = [] if "--tls-min" in argv else ["--tls-min", "1.2"]
        return harness.Program("client", "--listen", "127.0.0.1:0", "--target", f"127.0.0.1:{port}", "--shutdown-timeout", "1s", *versions,
                               *who, *argv)

    def ask(self, program):
        try:
            with socket.create_connection(("127.0.0.1", program.port), 20) as s:
                s.sendall(b"GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n")
                while s.recv(65536):
                    pass
        except OSError:
            pass
        return program.connections(1)

    def case(self, c):
        program = self.client(self.port(c), c.ours)
        try:
            line = self.ask(program)
        finally:
            status, err = program.stop()
        corpus.same("the end of the program", (status, err), (0, ""))
        told = str(line)
        if c.reason == "-":
            corpus.same("outcome", (line["outcome"], line.get("reason")), ("served", None), told)
            return
        if c.reason.startswith("~"):
            corpus.has("those that are possible", f"{line['reason']} {line.get('or_else')}", c.reason[1:], told)
        else:
            corpus.one_of("reason", line["reason"], c.reason.split("/"), told)
            corpus.same("no other cause beside it", line.get("or_else"), None, told)
        if c.at_fault:
            corpus.same("who is at fault", line["at_fault"], c.at_fault, told)
        corpus.has("the cure", line["fix"], c.words, told)


if __name__ == "__main__":
    outside.main(Bench, "abroad.txt")
