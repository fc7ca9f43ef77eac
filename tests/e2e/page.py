# SPDX-License-Identifier: Apache-2.0
"""`handfast explain --html`: the page in a real browser: it opens, unfolds, complains about nothing, can be read in light and dark
and on a phone, loads nothing, runs nothing, and believes no stranger's words."""

import os
import subprocess

import browser
import pcap
from capture import Capture as CaptureCase
from harness import HANDFAST, Service, main, run

TAB, ENTER = "\ue004", "\ue007"


class Page(CaptureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.missing = browser.missing()
        cls.browser = None if cls.missing else browser.Browser()

    @classmethod
    def tearDownClass(cls):
        if cls.browser:
            cls.browser.close()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        if self.missing:
            self.skipTest(f"no {self.missing}")

    def page(self, talk, *more, name="page.html"):
        """The page of one recorded connection, opened."""
        file = pcap.write(self.path("page.pcap"), [pcap.packets(talk)])
        subprocess.run([HANDFAST, "explain", "--pcap", file, "--keylog", self.path("keys"), "--cacert", self.path("ca.pem"),
                        "--html", self.path(name), *more], capture_output=True, timeout=60)
        self.browser.open(self.path(name))
        return self.path(name)

    def unfold(self):
        self.browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")

    def good(self):
        """What must be true of every page: no errors, nothing loaded, nothing run, readable everywhere."""
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').length"), 0)
        self.assertEqual(self.browser.run("return document.querySelectorAll('script, img, iframe, object, form, a[href]').length"), 0)
        self.unfold()
        for scheme in ("light", "dark"):
            for width in (1100, 390, 320):
                self.browser.look(width, scheme=scheme)
                self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width, (scheme, width))
                worst, where = self.browser.run(browser.CONTRAST)
                self.assertGreaterEqual(worst, 4.5, (scheme, width, where))
        self.browser.look(1100)
        self.assertEqual(self.browser.errors(), [])

    def test_healthy_in_both_versions(self):
        for version in ("-tls1_3", "-tls1_2"):
            self.page(self.talk(self.mutual(version), lambda port: self.s_client(port, "alice"))[0])
            first = self.browser.run("return document.querySelector('article > section').innerText")
            self.assertIn("\u2713 ok", first)
            names = self.browser.run("return [...document.querySelectorAll('ol.seq .name b')].slice(0, 3).map(e => e.innerText)")
            self.assertEqual(names[:2], ["ClientHello", "ServerHello"])
            self.assertEqual(self.browser.run("return document.querySelectorAll('ul.tree').length") % 2, 0)
            self.good()
            text = self.browser.run("return document.body.innerText")
            for words in ("What is signed", "The client's chain", "The server's chain", "CN=alice", "host_name localhost",
                          "notAfter", "accepted"):
                self.assertIn(words, text)

    def test_the_keyboard_is_enough(self):
        self.page(self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0])
        self.browser.run("document.activeElement.blur()")
        self.browser.keys(TAB)
        self.assertEqual(self.browser.run("return document.activeElement.tagName"), "SUMMARY")
        self.assertNotEqual(self.browser.run("return getComputedStyle(document.activeElement).outlineStyle"), "none")
        self.assertFalse(self.browser.run("return document.activeElement.parentElement.open"))
        self.browser.keys(ENTER)
        self.assertTrue(self.browser.run("return document.activeElement.parentElement.open"))
        self.assertIn("msg_type", self.browser.run("return document.activeElement.parentElement.innerText"))
        heard = self.browser.run("return document.activeElement.textContent")
        self.assertIn("ClientHello from the client", heard)

    def test_a_refusal_is_told_by_sign_and_word(self):
        self.page(self.talk(self.mutual(), lambda port: self.s_client(port, "expired"))[0])
        first = self.browser.run("return document.querySelector('article > section').innerText")
        for words in ("\u2717 expired", "proven", "client", "To do:"):
            self.assertIn(words, first)
        self.assertIn("alert certificate_expired", self.browser.run("return document.querySelector('li.alert').innerText"))
        self.assertIn("\u2717 refused", self.browser.run("return document.querySelector('.cert.bad').innerText"))
        self.assertIn("\u2717 expired", self.browser.run("return document.querySelector('.checks li.bad').innerText"))
        self.good()

    def test_words_of_strangers_are_only_words(self):
        """Names in certificates, host names, pages of servers: markup in them is shown, never obeyed."""
        evil = '/O=<script>window.hit=1<\\/script>/OU=<img src=x onerror="window.hit=2">/CN=&amp;\'"'
        self.pki._key("evil")
        conf = self.pki._write("evil.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[ext]\nsubjectAltName=URI:urn:x'><svg/onload=hit=3>\n")
        run("openssl", "req", "-x509", "-new", "-key", self.path("evil.key"), "-subj", evil, "-days", "3",
            "-config", conf, "-extensions", "ext", "-out", self.path("evil.pem"))
        self.page(self.talk(self.mutual(), lambda port: self.s_client(port, "evil", "-alpn", "<b>h2</b>"))[0], name="<evil>&.html")
        self.assertIsNone(self.browser.run("return window.hit === undefined ? null : window.hit"))
        self.assertIn("<img src=x onerror", self.browser.run("return document.body.innerText"))
        self.good()
        self.assertIn("<b>h2</b>", self.browser.run("return document.body.innerText"))
        self.assertEqual(self.browser.run("return document.querySelectorAll('b b, svg').length"), 0)
        service = Service(lambda s: (s.recv(1), s.sendall(b"HTTP/1.1 400 <script>window.hit=4</script>\r\n\r\n")))
        self.addCleanup(service.close)
        self.page(self.talk(service.port, lambda port: self.s_client(port, None))[0])
        self.good()

    def test_live_and_several(self):
        """From a live explain too; and one page for all handshakes of a capture."""
        port = self.mutual()
        file = self.path("live.html")
        done = subprocess.run([HANDFAST, "explain", f"localhost:{port}", "--cacert", self.path("ca.pem"), *self.pki.pair("alice"),
                               "--html", file], capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.browser.open(file)
        self.assertIn("Other attempts", self.browser.run("return document.body.innerText"))
        self.good()
        talks = [self.talk(port, lambda port, name=name: self.s_client(port, name))[0] for name in ("alice", "mallory")]
        one = pcap.write(self.path("two.pcap"), [pcap.packets(t) for t in talks])
        done = subprocess.run([HANDFAST, "explain", "--pcap", one, "--keylog", self.path("keys"), "--html", "-"], capture_output=True,
                              timeout=60)
        self.assertTrue(done.stdout.startswith(b"<!doctype html>") and done.stdout.endswith(b"</html>\n"))
        self.assertEqual(done.stdout.count(b"<article>"), 2)

    def test_a_page_that_cannot_be_written(self):
        talk = self.talk(self.mutual(), lambda port: self.s_client(port, "alice"))[0]
        file = pcap.write(self.path("page.pcap"), [pcap.packets(talk)])
        done = subprocess.run([HANDFAST, "explain", "--pcap", file, "--html", "/nowhere/page.html"], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"PAGE_UNWRITABLE", done.stderr)


for name in dir(CaptureCase):  # its own tests run in their own program
    if name.startswith("test_"):
        setattr(Page, name, None)
del CaptureCase

if __name__ == "__main__":
    os.environ.setdefault("HOME", "/tmp")
    main()
