# SPDX-License-Identifier: Apache-2.0
"""handfast at its end of the connection: `server` before a small service, `client` and `connect`."""

import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402
from peers import REPLY, REQUEST  # noqa: E402
from proc import ALERTS, WAIT_S  # noqa: E402,F401


def answer(s):
    s.recv(65536)
    s.sendall(REPLY)
    s.shutdown(socket.SHUT_WR)


class Ours:
    """Servers are started when they are first wanted, one for each configuration, and stopped at the end."""

    def __init__(self, handfast):
        harness.HANDFAST = self.handfast = handfast
        self.service, self.servers = harness.Service(answer), {}
        self.failures = []

    def server(self, cred, roots, ask="required", *more):
        """A running `handfast server`; the same arguments give the same one."""
        key = (cred.chain, roots, ask, more)
        if key not in self.servers or self.servers[key].proc.poll() is not None:
            who = ["--disable-authentication"] if ask == "none" else ["--allow-all", "--cacert", roots, "--client-auth", ask]
            self.servers[key] = harness.Program("server", "--listen", "127.0.0.1:0", "--target", self.service.address, "--cert",
                                                cred.chain, "--key", cred.key, "--tls-min", "1.2", "--shutdown-timeout", "1s",
                                                *who, *more)
        return self.servers[key]

    def line_after(self, program, run):
        """What run() gives, and the log line about the connection that it made."""
        before = sum(line["event"] == "connection" for line in program.lines)
        seen = run()
        return seen, program.connections(before + 1)

    def client(self, port, cred, roots, *more):
        """The request through `handfast client`: the reply, and the log line."""
        who = ["--cert", cred.chain, "--key", cred.key] if cred else ["--disable-authentication"]
        program = harness.Program("client", "--listen", "127.0.0.1:0", "--target", f"127.0.0.1:{port}", "--server-name",
                                  "localhost", "--cacert", roots, "--tls-min", "1.2", "--shutdown-timeout", "1s", *who, *more)
        reply = b""
        try:
            with socket.create_connection(("127.0.0.1", program.port), WAIT_S) as s:
                s.sendall(REQUEST)
                while b"hello" not in reply and (data := s.recv(65536)):
                    reply += data
        except OSError:
            pass
        line = program.connections(1)
        self.stop(program)
        return reply, line

    def connect(self, port, cred, roots, *more):
        """The request through `handfast connect`: exit status, the reply, what it told."""
        who = ["--cert", cred.chain, "--key", cred.key] if cred else []
        done = subprocess.run([self.handfast, "connect", f"127.0.0.1:{port}", "--server-name", "localhost", "--cacert", roots,
                               "--tls-min", "1.2", *who, *more], input=REQUEST, capture_output=True, timeout=60)
        return done.returncode, done.stdout, done.stderr.decode()

    def stop(self, program):
        status, err = program.stop()
        if status or err:
            self.failures.append(f"{' '.join(program.proc.args)}: exit status {status}\n{err}")

    def end(self):
        """Stops what still runs; whatever did not end in order."""
        while self.servers:
            self.stop(self.servers.popitem()[1])
        self.service.close()
        return self.failures
