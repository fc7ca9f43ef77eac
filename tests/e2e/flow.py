# SPDX-License-Identifier: Apache-2.0
"""Bytes through the proxies: both ways whole, each end passed on by itself, slow readers without growing memory."""

import hashlib
import os
import socket
import ssl
import threading
import time

from harness import WAIT_S, Case, connect, echo, main, read_all

MIB = 1024 * 1024


def digest_and_answer(answer_bytes):
    """A service that reads all, then answers with the digest of it and many bytes of its own."""
    def handle(s):
        h = hashlib.sha256()
        while data := s.recv(MIB):
            h.update(data)
        s.sendall(h.digest())
        block = os.urandom(MIB)
        h = hashlib.sha256()
        for _ in range(answer_bytes // MIB):
            s.sendall(block)
            h.update(block)
        s.sendall(h.digest())
        s.shutdown(socket.SHUT_WR)
    return handle


class Flow(Case):
    def chain(self, handle, threads=1):
        """client -> server -> service, as a local program sees it."""
        server = self.server(self.service(handle).address, threads=threads)
        client = self.client(f"localhost:{server.port}", threads=threads)
        return server, client

    def test_hundred_mib_each_way(self):
        server, client = self.chain(digest_and_answer(100 * MIB))
        block = os.urandom(MIB)
        h = hashlib.sha256()
        with connect(client.port) as s:
            for _ in range(100):
                s.sendall(block)
                h.update(block)
            s.shutdown(socket.SHUT_WR)
            got = read_all(s)
        self.assertEqual(got[:32], h.digest())
        self.assertEqual(hashlib.sha256(got[32:-32]).digest(), got[-32:])
        for p in (server, client):
            line = p.connections(1)
            self.assertEqual(line["outcome"], "served")
        self.assertEqual((line["bytes_out"], line["bytes_in"]), (100 * MIB, 100 * MIB + 64))

    def test_both_ways_at_once(self):
        _, client = self.chain(echo)
        data = os.urandom(8 * MIB)
        with connect(client.port) as s:
            sender = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
            sender.start()
            self.assertTrue(read_all(s) == data)
            sender.join()

    def test_service_ends_first(self):
        """The service says all it has and ends; the client may still send, and the service reads it."""
        got = []

        def handle(s):
            s.sendall(b"all I have")
            s.shutdown(socket.SHUT_WR)
            got.append(read_all(s))
        server, client = self.chain(handle)
        with connect(client.port) as s:
            self.assertEqual(read_all(s), b"all I have")
            time.sleep(0.2)
            s.sendall(b"still here")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(server.connections(1)["outcome"], "served")
        self.eventually(lambda: got, [b"still here"])

    def test_close_notify_is_an_end(self):
        """A TLS peer that says close_notify and keeps TCP open still gets its answer."""
        server = self.server(self.service(digest_and_answer(0)).address)
        into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.pki.context("alice").wrap_bio(into, out, server_hostname="localhost")
        with connect(server.port) as s:
            def until_done(step):
                while True:
                    try:
                        result = step()
                        s.sendall(out.read())
                        return result
                    except ssl.SSLWantReadError:
                        s.sendall(out.read())
                        data = s.recv(65536)
                        into.write(data) if data else into.write_eof()
            until_done(tls.do_handshake)
            tls.write(b"question")
            try:
                tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            self.assertEqual(until_done(lambda: tls.read(32)), hashlib.sha256(b"question").digest())
        self.assertEqual(server.connections(1)["outcome"], "served")

    def test_cut_stream_is_no_end(self):
        """TLS that ends without close_notify is not passed on as an end: the service sees a reset."""
        seen = []

        def handle(s):
            try:
                seen.append(read_all(s))
            except ConnectionResetError:
                seen.append("reset")
        server = self.server(self.service(handle).address)
        s = connect(server.port, self.pki.context("alice"))
        s.sendall(b"half of a message")
        time.sleep(0.2)
        s.shutdown(socket.SHUT_RDWR)
        s.close()
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["check"]), ("cut", "END_WITHOUT_CLOSE_NOTIFY"))
        self.eventually(lambda: seen, ["reset"])

    def test_broken_service_is_no_end(self):
        """A service that resets is not passed on as an orderly end, and what it said before arrives."""
        def handle(s):
            s.recv(10)
            s.sendall(b"so far so good")
            time.sleep(0.2)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        server = self.server(self.service(handle).address)
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"so far so good")
            with self.assertRaises(ssl.SSLError):
                s.recv(1)
        line = server.connections(1)
        self.assertEqual((line["outcome"], line["reason"]), ("cut", "plain-reset"))

    def slow(self, writer, start_reading, total):
        """Lets writer fill everything between the ends, sees that memory stays, then reads on."""
        sent = 0
        writer.settimeout(1)
        block = bytes(MIB)
        try:
            while sent < total:
                sent += writer.send(block)
        except TimeoutError:
            pass
        self.assertLess(sent, total, "nothing held the writer back")
        writer.settimeout(WAIT_S)
        start_reading()
        while sent < total:
            sent += writer.send(block[:min(MIB, total - sent)])
        writer.shutdown(socket.SHUT_WR)

    def test_slow_service(self):
        go, got = threading.Event(), []

        def handle(s):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            go.wait(WAIT_S)
            got.append(len(read_all(s)))
        server, client = self.chain(handle)
        with connect(client.port) as s:
            before = [p.memory_kib() for p in (server, client)]
            after = []
            self.slow(s, lambda: (after.extend(p.memory_kib() for p in (server, client)), go.set()), 100 * MIB)
            self.assertEqual(read_all(s), b"")
        self.eventually(lambda: got, [100 * MIB])
        for b, a in zip(before, after):
            self.assertLess(a - b, 4 * 1024, "KiB that a proxy grew by")

    def test_slow_client(self):
        wrote = []

        def handle(s):
            s.recv(1)
            self.slow(s, lambda: wrote.append(True), 100 * MIB)
        server, client = self.chain(handle)
        with connect(client.port) as s:
            s.sendall(b"x")
            before = server.memory_kib(), client.memory_kib()
            while not wrote:
                time.sleep(0.05)
            after = server.memory_kib(), client.memory_kib()
            self.assertEqual(len(read_all(s)), 100 * MIB)
        for b, a in zip(before, after):
            self.assertLess(a - b, 4 * 1024, "KiB that a proxy grew by")

    def test_many_at_once(self):
        n, rounds = 200, 3
        server, client = self.chain(echo, threads=2)
        socks = [connect(client.port) for _ in range(n)]
        for i in range(rounds):
            for k, s in enumerate(socks):
                s.sendall(b"%d:%d" % (k, i))
            for k, s in enumerate(socks):
                want = b"%d:%d" % (k, i)
                got = b""
                while len(got) < len(want):
                    got += s.recv(100)
                self.assertEqual(got, want)
        for s in socks:
            s.close()
        for p in (server, client):
            p.connections(n)
            lines = [x for x in p.lines if x["event"] == "connection"]
            self.assertEqual([x["outcome"] for x in lines], ["served"] * n)

    def test_refusal_resets_the_local_program(self):
        """In TLS 1.3 the server judges after our handshake is over: the client's log tells it, and what it means."""
        server = self.server(self.service().address)
        client = self.client(f"localhost:{server.port}", *self.pki.pair("mallory"), "--tls-min", "1.3")
        with connect(client.port) as s:
            with self.assertRaises(ConnectionResetError):
                s.sendall(b"hello")
                self.assertEqual(s.recv(1), b"never")
        line = client.connections(1)
        self.assertEqual(line["outcome"], "refused")
        self.assertEqual(line["alert_received"], "certificate_required")  # mallory's CA is not among the hints
        self.assertIn("demands a certificate", line["message"])

    def test_server_is_not_who_it_should_be(self):
        server = self.server(self.service().address)
        client = self.client(f"127.0.0.1:{server.port}", *self.pki.pair("alice"), "--server-name", "other.example")
        with connect(client.port) as s:
            with self.assertRaises(ConnectionResetError):
                s.recv(1)
        line = client.connections(1)
        self.assertEqual((line["outcome"], line["reason"]), ("refused", "name-mismatch"))
        self.assertEqual(server.connections(1)["alert_received"], "bad_certificate")

    def test_unix_sockets(self):
        path = self.pki.path("app.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        self.addCleanup(listener.close)

        def serve():
            s, _ = listener.accept()
            with s:
                echo(s)
        threading.Thread(target=serve, daemon=True).start()
        server = self.server("unix:" + path)
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")

    def test_orderly_stop(self):
        """SIGTERM closes the door at once, and lets what is open finish."""
        server = self.server(self.service().address)
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
            server.proc.terminate()
            server.wait_for(lambda line: line["event"] == "stopping")
            time.sleep(0.1)
            with self.assertRaises(ConnectionRefusedError):
                connect(server.port)
            s.sendall(b"still")
            self.assertEqual(s.recv(100), b"still")
            s.unwrap().close()
        self.assertEqual(server.connections(1)["outcome"], "served")
        self.assertEqual(server.proc.wait(WAIT_S), 0)

    def test_stop_has_a_limit(self):
        server = self.server(self.service().address)
        with connect(server.port, self.pki.context("alice")) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(100), b"hello")
            server.proc.terminate()
            line = server.connections(1)
            self.assertEqual((line["outcome"], line["reason"]), ("cut", "stopped"))
            self.assertEqual(server.proc.wait(WAIT_S), 0)


if __name__ == "__main__":
    main()
