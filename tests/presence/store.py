# SPDX-License-Identifier: Apache-2.0
"""One certificate, one place, among several processes that share a real redis-server: when all is well, and when the store
is killed or paused, a process is cut off, killed or paused, and when the clock of the store jumps.

What is true is measured where it counts, at the service behind the proxies (Recorder): who was heard when."""

import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import threading
import time
import unittest

from shared import Recorder, Redis, Relay, Talker, WAIT_S
from harness import HANDFAST, Case, Pki, Program, main

TTL_S = 1.5  # the life of a lease in these tests: the bound of everything
SLACK_S = 1.5  # for a loaded machine: never for what must not overlap
TABLE = []


def say(what, value):
    TABLE.append((what, value))
    print(f"# {what}: {value}", flush=True)


@unittest.skipUnless(shutil.which("redis-server"), "no redis-server")
class Shared(Case):
    def setUp(self):
        super().setUp()
        self.recorder = Recorder()
        self.addCleanup(self.recorder.close)
        self.talkers = []
        self.killed = []

    def tearDown(self):
        for t in self.talkers:
            t.stop.set()
        for t in self.talkers:
            t.thread.join(WAIT_S)
        for p in self.killed:
            self.programs.remove(p)
        super().tearDown()

    def redis(self, *more):
        r = Redis(*more)
        self.addCleanup(r.close)
        return r

    def relay(self, redis):
        r = Relay(redis.port)
        self.addCleanup(r.close)
        return r

    def proxy(self, store, *how, threads=1, url=None):
        """A process whose leases are in the store behind this port."""
        how = how or ("--one-place", "refuse")
        p = self.server(self.recorder.address, "--cacert", self.pki.path("ca.pem"), "--allow-all", *how, "--presence",
                        url or f"redis://127.0.0.1:{store.port}", "--presence-ttl", f"{int(TTL_S * 1000)}ms", threads=threads)
        self.store(p, "up" if not url else None)
        return p

    def store(self, p, state, n=1):
        return p.wait_for(lambda line: line["event"] == "store" and state in (None, line["state"]), n)

    def kill(self, p):
        p.proc.kill()
        p.proc.wait()
        p.proc.stdout.close()
        p.proc.stderr.close()
        self.killed.append(p)

    def talk(self, p, source, name, **how):
        t = Talker(self.pki, p.port, source, name, **how)
        self.talkers.append(t)
        return t

    def comes_in(self, p, source, name, **how):
        t = self.talk(p, source, name, **how)
        self.assertTrue(t.settle(), f"{name} was refused: {t.refused}")
        return t

    def refused(self, p, source, name="refused"):
        t = self.talk(p, source, name)
        self.assertFalse(t.settle(), f"{name} came in")
        return t.refused

    def comes_in_within(self, p, source, name, seconds):
        """Tries until it comes in; how long that took."""
        began = time.monotonic()
        while time.monotonic() - began < seconds + SLACK_S:
            t = self.talk(p, source, name)
            if t.settle():
                return t, t.came - began
            time.sleep(0.02)
        raise AssertionError(f"{name} is still refused after {seconds} s: {t.refused}")

    def because(self, p, reason, n=1):
        return p.wait_for(lambda line: line["event"] == "connection" and line.get("reason") == reason, n)

    # ---- all is well

    def test_refused_elsewhere(self):
        redis = self.redis()
        a, b = self.proxy(redis), self.proxy(redis, threads=2)
        first = self.comes_in(a, "127.0.0.2", "first")
        self.assertIn("ACCESS_DENIED", self.refused(b, "127.0.0.3"))
        self.assertIn("in use from 127.0.0.2:", self.because(b, "identity-in-use")["detail"])
        self.assertEqual(b.wait_for(lambda line: line["event"] == "sighting")["verdict"], "refused")
        same = self.comes_in(b, "127.0.0.2", "same place")
        first.leave()
        self.assertIn("ACCESS_DENIED", self.refused(a, "127.0.0.3"))
        same.leave()
        self.comes_in_within(a, "127.0.0.3", "second", 0.5)

    def test_limit_of_two(self):
        redis = self.redis()
        a, b, c = (self.proxy(redis, "--one-place", "limit=2") for _ in range(3))
        self.comes_in(a, "127.0.0.2", "one")
        self.comes_in(b, "127.0.0.3", "two")
        self.refused(c, "127.0.0.4")
        self.comes_in(c, "127.0.0.3", "two again")

    def test_connections_are_places(self):
        redis = self.redis()
        a, b = (self.proxy(redis, "--one-place", "refuse", "--place", "connection") for _ in range(2))
        self.comes_in(a, "127.0.0.2", "one")
        self.refused(a, "127.0.0.2")
        self.refused(b, "127.0.0.2")

    def test_observed_elsewhere(self):
        redis = self.redis()
        a, b = (self.proxy(redis, "--one-place", "observe") for _ in range(2))
        self.comes_in(a, "127.0.0.2", "one")
        self.comes_in(b, "127.0.0.3", "two")
        line = b.wait_for(lambda line: line["event"] == "sighting")
        self.assertEqual(line["verdict"], "admitted")
        self.assertTrue(line["held_from"].startswith("127.0.0.2:"), line)

    def test_replaced_elsewhere(self):
        redis = self.redis()
        a, b = (self.proxy(redis, "--one-place", "replace") for _ in range(2))
        took = []
        for i in range(10):
            old = self.comes_in(a, "127.0.0.2", f"old {i}")
            new = self.comes_in(b, "127.0.0.3", f"new {i}")
            old.wait_end(TTL_S)
            took.append(self.recorder.overlap(f"old {i}", f"new {i}"))
            new.leave()
        self.assertIn("127.0.0.3:", self.because(a, "identity-superseded", 10)["detail"])
        say("replace, healthy: overlap of old and new", f"median {statistics.median(took) * 1000:.0f} ms, most "
            f"{max(took) * 1000:.0f} ms of 10")
        self.assertLess(statistics.median(took), TTL_S / 6, "the holder was not told, but learned it when it renewed")
        self.assertLess(max(took), TTL_S)

    def test_replaced_while_nobody_listens(self):
        """The message to the old holder is lost with the connection that should bring it: it learns it all the same."""
        redis = self.redis()
        a, b = (self.proxy(redis, "--one-place", "replace") for _ in range(2))
        old = self.comes_in(a, "127.0.0.2", "old")
        redis.do("CLIENT", "KILL", "TYPE", "pubsub")
        self.comes_in_within(b, "127.0.0.3", "new", TTL_S)
        old.wait_end(TTL_S)
        self.because(a, "identity-superseded")
        overlap = self.recorder.overlap("old", "new")
        self.assertLess(overlap, TTL_S)
        say("replace, the message to the old holder is lost: overlap", f"{overlap:.2f} s (bound {TTL_S} s)")

    def test_never_two_while_healthy(self):
        """Six clients with one certificate come and go at three processes with two threads each: the service never hears
        two places at once."""
        redis = self.redis()
        proxies = [self.proxy(redis, threads=2) for _ in range(3)]
        end = time.monotonic() + 6
        names, refused, lock = [], [0], threading.Lock()

        def hop(i):
            dice = random.Random(i)
            while time.monotonic() < end:
                name = f"{i}-{time.monotonic():.6f}"
                t = Talker(self.pki, dice.choice(proxies).port, f"127.0.0.{10 + i}", name, every=0.005)
                came = t.settle()
                if came:
                    time.sleep(dice.uniform(0, 0.05))
                t.leave()
                with lock:
                    names.append(name) if came else refused.__setitem__(0, refused[0] + 1)
                time.sleep(dice.uniform(0, 0.02))

        threads = [threading.Thread(target=hop, args=(i,)) for i in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        spans = sorted((self.recorder.times(n)[0], self.recorder.times(n)[-1], n) for n in names)
        for (_, last, a), (first, _, b) in zip(spans, spans[1:]):
            if a.split("-")[0] != b.split("-")[0]:
                self.assertLessEqual(last, first, f"{a} and {b} were heard at once")
        self.assertGreater(len(names), 10)
        say("refuse, healthy, 6 clients at 3 processes", f"{len(names)} came in, {refused[0]} refused, none overlapped")

    # ---- a process

    def test_process_killed(self):
        redis = self.redis()
        a, b = self.proxy(redis), self.proxy(redis)
        self.comes_in(a, "127.0.0.2", "old")
        self.kill(a)
        _, took = self.comes_in_within(b, "127.0.0.3", "new", TTL_S)
        self.assertEqual(self.recorder.overlap("old", "new"), 0)
        say("refuse, holder's process killed: newcomer in after", f"{took:.2f} s (bound {TTL_S} s)")

    def test_process_paused(self):
        """A process stands still with a connection that goes on talking; when it goes on, its lease is another's."""
        redis = self.redis()
        a, b = self.proxy(redis), self.proxy(redis)
        old = self.comes_in(a, "127.0.0.2", "old")
        a.proc.send_signal(signal.SIGSTOP)
        _, took = self.comes_in_within(b, "127.0.0.3", "new", TTL_S)
        time.sleep(0.3)
        a.proc.send_signal(signal.SIGCONT)
        old.wait_end(WAIT_S)
        time.sleep(0.2)
        self.assertEqual(self.recorder.overlap("old", "new"), 0)
        self.because(a, "presence-unknown")
        say("refuse, holder's process paused: newcomer in after", f"{took:.2f} s (bound {TTL_S} s), no overlap after it went on")

    def test_process_cut_off(self):
        """fail-closed: it cannot renew, closes in time, and refuses newcomers; whoever reaches the store comes in then."""
        redis = self.redis()
        relay = self.relay(redis)
        a, b = self.proxy(relay), self.proxy(redis)
        old = self.comes_in(a, "127.0.0.2", "old")
        self.comes_in(a, "127.0.0.2", "quiet", every=60)
        relay.cut()
        began = time.monotonic()
        self.assertIn("ACCESS_DENIED", self.refused(b, "127.0.0.3"))
        _, took = self.comes_in_within(b, "127.0.0.3", "new", TTL_S)
        old.wait_end(TTL_S + SLACK_S)
        self.because(a, "presence-unknown", 2)
        self.store(a, "away")
        self.assertIn("INTERNAL_ERROR", self.refused(a, "127.0.0.2"))
        self.assertEqual(self.recorder.overlap("old", "new"), 0)
        say("refuse, fail-closed, process cut off: old closed after, newcomer in after",
            f"{old.ended - began:.2f} s, {took:.2f} s (bound {TTL_S} s), no overlap")
        relay.mend()
        self.assertGreater(self.store(a, "up", 2)["away_ms"], 0)
        self.refused(a, "127.0.0.2")

    # ---- the store

    def lost(self, lose, find, *how):
        """The store is lost and found, with a holder at one process."""
        redis = self.redis()
        a = self.proxy(redis, "--one-place", "refuse", *how)
        b = self.proxy(redis, "--one-place", "refuse", *how)
        old = self.comes_in(a, "127.0.0.2", "old")
        lose(redis)
        return redis, a, b, old, lambda: find(redis)

    def closed(self, what, lose, find):
        redis, a, b, old, back = self.lost(lose, find)
        began = time.monotonic()
        self.store(b, "away")
        self.assertIn("INTERNAL_ERROR", self.refused(b, "127.0.0.3"))
        self.because(b, "presence-unknown")
        old.wait_end(TTL_S + SLACK_S)
        closed = old.ended - began
        back()
        _, took = self.comes_in_within(b, "127.0.0.3", "new", TTL_S)
        self.assertEqual(self.recorder.overlap("old", "new"), 0)
        say(f"refuse, fail-closed, {what}: holder closed after, newcomer in after its return",
            f"{closed:.2f} s (bound {TTL_S} s), {took:.2f} s")

    def opened(self, what, lose, find):
        redis, a, b, old, back = self.lost(lose, find, "--presence-when-away", "fail-open")
        self.store(b, "away")
        new = self.comes_in(b, "127.0.0.3", "new")
        again = self.comes_in(a, "127.0.0.2", "again")
        time.sleep(TTL_S + 0.3)
        self.assertIsNone(old.ended or new.ended or again.ended)
        self.assertIn("ACCESS_DENIED", self.refused(b, "127.0.0.4"), "each process still counts for itself")
        back()
        began = time.monotonic()
        while not ((old.ended and again.ended) or new.ended) and time.monotonic() - began < TTL_S + SLACK_S:
            time.sleep(0.01)
        self.assertTrue((old.ended and again.ended) or new.ended, "two places are still open when the store is back")
        self.assertFalse(old.ended and new.ended, "both were closed")
        say(f"refuse, fail-open, {what}: nobody refused; one place again after its return in",
            f"{time.monotonic() - began:.2f} s")

    def test_store_killed_fail_closed(self):
        self.closed("store killed", lambda r: r.kill(), lambda r: r.start())

    def test_store_paused_fail_closed(self):
        self.closed("store paused", lambda r: r.signal(signal.SIGSTOP), lambda r: r.signal(signal.SIGCONT))

    def test_store_killed_fail_open(self):
        self.opened("store killed", lambda r: r.kill(), lambda r: r.start())

    def test_store_paused_fail_open(self):
        self.opened("store paused", lambda r: r.signal(signal.SIGSTOP), lambda r: r.signal(signal.SIGCONT))

    def test_rightful_client_in_fail_open(self):
        """One client that moves between two processes while the store comes and goes is never refused."""
        redis = self.redis()
        a, b = (self.proxy(redis, "--one-place", "refuse", "--presence-when-away", "fail-open") for _ in range(2))
        moves = 0
        for i in range(3):
            for what in (redis.kill, redis.start):
                for k in range(6):
                    t = self.comes_in(a if k % 2 else b, f"127.0.0.{2 + k % 2}", f"{i} {what.__name__} {k}")
                    t.leave()
                    moves += 1
                    time.sleep(0.05)
                what()
            for p in (a, b):
                self.store(p, "up", 2 + i)
        say("refuse, fail-open, one client moving while the store is killed three times", f"{moves} moves, none refused")

    def test_store_restarted_empty(self):
        """It has forgotten all leases and all scripts: who is here asks again before anybody else is let in for long."""
        redis = self.redis()
        a, b = self.proxy(redis), self.proxy(redis)
        old = self.comes_in(a, "127.0.0.2", "old")
        redis.kill()
        redis.start()
        self.store(a, "up", 2)
        self.store(b, "up", 2)
        time.sleep(0.2)
        self.assertIsNone(old.ended)
        self.assertIn("ACCESS_DENIED", self.refused(b, "127.0.0.3"))

    def test_clock_jumps_forward(self):
        """The store's clock jumps ahead and all leases end at once there: the holder learns it when it renews."""
        redis = self.redis()
        a, b = self.proxy(redis), self.proxy(redis)
        old = self.comes_in(a, "127.0.0.2", "old")
        self.assertIn(":1", redis.do("EVAL", "for _, k in ipairs(redis.call('KEYS', '*')) do for _, f in ipairs(redis.call('HKEYS', k)) do "
                                     "if f ~= 'gen' then redis.call('HDEL', k, f) end end end return 1", 0))
        self.comes_in(b, "127.0.0.3", "new")
        old.wait_end(TTL_S)
        overlap = self.recorder.overlap("old", "new")
        self.assertLess(overlap, TTL_S)
        self.because(a, "identity-superseded")
        say("refuse, store's clock ahead: overlap", f"{overlap:.2f} s (bound {TTL_S} s, a third of it expected)")

    def test_clock_jumps_back(self):
        """... back by an hour: a lease of a dead process, which would end in an hour, is cut to its life."""
        redis = self.redis()
        a, b = self.proxy(redis), self.proxy(redis)
        self.comes_in(a, "127.0.0.2", "old")
        self.kill(a)
        redis.do("EVAL", "for _, k in ipairs(redis.call('KEYS', '*')) do local all = redis.call('HGETALL', k) for i = 1, #all, 2 do "
                 "if all[i] ~= 'gen' then local ends, rest = string.match(all[i + 1], '^(%d+)( .*)$') "
                 "redis.call('HSET', k, all[i], string.format('%.0f', tonumber(ends) + 3600000) .. rest) end end "
                 "redis.call('PERSIST', k) end return 1", 0)
        _, took = self.comes_in_within(b, "127.0.0.3", "new", TTL_S)
        say("refuse, store's clock back by an hour, holder dead: newcomer in after", f"{took:.2f} s (bound {TTL_S} s)")

    def test_all_faults_at_random(self):
        """Clients come and go while processes are cut off and paused and the store is paused and killed: two places are never
        heard for longer than the bound, and all recover."""
        redis = self.redis()
        relays = [self.relay(redis) for _ in range(3)]
        proxies = [self.proxy(r, threads=2) for r in relays]
        dice = random.Random(7)
        names, lock, end = [], threading.Lock(), time.monotonic() + 9

        def hop(i):
            mine = random.Random(i)
            while time.monotonic() < end:
                name = f"{i}-{time.monotonic():.6f}"
                t = Talker(self.pki, mine.choice(proxies).port, f"127.0.0.{10 + i}", name, every=0.01)
                if t.settle():
                    with lock:
                        names.append(name)
                    t.stop.wait(mine.uniform(0, 0.8))
                t.leave()

        threads = [threading.Thread(target=hop, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        while time.monotonic() < end:
            what, who = dice.randrange(4), dice.randrange(3)
            lose, find = ((relays[who].cut, relays[who].mend),
                          (lambda: redis.signal(signal.SIGSTOP), lambda: redis.signal(signal.SIGCONT)),
                          (redis.kill, redis.start),
                          (lambda: proxies[who].proc.send_signal(signal.SIGSTOP), lambda: proxies[who].proc.send_signal(signal.SIGCONT)))[what]
            lose()
            time.sleep(dice.uniform(0.1, 1.6 * TTL_S if what != 2 else 0.3))
            find()
            time.sleep(dice.uniform(0.2, 0.8))
        for t in threads:
            t.join()
        spans = sorted((self.recorder.times(n)[0], self.recorder.times(n)[-1], n) for n in names if self.recorder.times(n))
        worst = 0.0
        for k, (_, last, a) in enumerate(spans):
            for first, end_b, b in spans[k + 1:]:
                if first < last and a.split("-")[0] != b.split("-")[0]:
                    worst = max(worst, min(last, end_b) - first)
        self.assertLess(worst, TTL_S)
        for p in proxies:
            t, _ = self.comes_in_within(p, "127.0.0.9", f"after {p.port}", 2 * TTL_S)
            t.leave()
        say("refuse, fail-closed, all faults at random", f"{len(spans)} came in, worst overlap {worst:.2f} s (bound {TTL_S} s)")

    # ---- secrets and options

    def test_password(self):
        redis = self.redis("--requirepass", "p@ss word", "--databases", "4")
        p = self.proxy(redis, url=f"redis://:p%40ss%20word@127.0.0.1:{redis.port}/3")
        self.assertEqual(self.store(p, None)["state"], "up")
        self.comes_in(p, "127.0.0.2", "one")
        p = self.proxy(redis, url=f"redis://:wrongword@127.0.0.1:{redis.port}")
        line = self.store(p, None)
        self.assertEqual(line["state"], "away")
        self.assertIn("WRONGPASS", line["why"])
        self.assertIn("INTERNAL_ERROR", self.refused(p, "127.0.0.2"))
        for p in self.programs:
            self.assertFalse([line for line in p.lines if "wrongword" in str(line) or "word" in str(line.get("store"))])
        os.environ["HF_TEST_STORE"] = f"redis://:p%40ss%20word@127.0.0.1:{redis.port}"
        p = self.proxy(redis, url="env:HF_TEST_STORE")
        self.assertEqual(self.store(p, None)["state"], "up")

    def test_wrong_options(self):
        for how, words in ((["--presence", "redis://127.0.0.1:1"], "give --one-place too"),
                           (["--one-place", "refuse", "--presence", "rediss://h:1"], "handfast client"),
                           (["--one-place", "refuse", "--presence", "redis://:secretword@h"], "host and port"),
                           (["--one-place", "refuse", "--presence", "redis://h:1/x"], "a number"),
                           (["--one-place", "refuse", "--presence-ttl", "1s"], "--presence URL"),
                           (["--one-place", "refuse", "--presence", "redis://h:1", "--presence-ttl", "1ms"], "500ms")):
            done = subprocess.run([HANDFAST, "server", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:1",
                                   *self.pki.pair("server"), "--cacert", self.pki.path("ca.pem"), "--allow-all", *how],
                                  capture_output=True, timeout=WAIT_S)
            self.assertEqual(done.returncode, 2, how)
            self.assertIn(words, done.stderr.decode())
            self.assertNotIn("secretword", done.stderr.decode())

    # ---- what it costs

    def test_latency(self):
        """From the first byte of TCP to the first echoed line, with and without the store, in turn."""
        redis = self.redis()
        shared = self.proxy(redis)
        alone = self.server(self.recorder.address, "--cacert", self.pki.path("ca.pem"), "--allow-all", "--one-place", "refuse")
        took = {shared: [], alone: []}
        context = self.pki.context("alice")
        for i in range(150):
            for p in took:
                began = time.monotonic()
                raw = socket.create_connection(("127.0.0.1", p.port), WAIT_S)
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with context.wrap_socket(raw, server_hostname="localhost") as s:
                    s.sendall(b"x\n")
                    s.recv(2)
                    took[p].append(time.monotonic() - began)
                    s.unwrap()
        ms = {p: [1000 * statistics.quantiles(t, n=100)[q] for q in (49, 98)] for p, t in took.items()}
        say("connection to first answer, p50/p99 of 150", f"{ms[alone][0]:.2f}/{ms[alone][1]:.2f} ms in memory, "
            f"{ms[shared][0]:.2f}/{ms[shared][1]:.2f} ms with the store: it adds {ms[shared][0] - ms[alone][0]:.2f} ms at p50")


if __name__ == "__main__":
    main()
