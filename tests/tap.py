# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest cases of the calling module and prints TAP, which tools/check counts case by case."""

import sys
import traceback
import unittest


class Tap(unittest.TestResult):
    def __init__(self, out):
        super().__init__()
        self.out, self.n = out, 0

    def line(self, test, ok, more="", told=""):
        self.n += 1
        for text in told.splitlines():
            print(f"  {text}", file=self.out)
        print(f"{'' if ok else 'not '}ok {self.n} - {test.id().split('.', 1)[-1]}{more}", file=self.out, flush=True)

    def addSuccess(self, test):
        self.line(test, True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line(test, False, told=self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.line(test, False, told=self.errors[-1][1])

    def addSkip(self, test, reason):
        self.line(test, True, f" # SKIP {reason}")

    def addSubTest(self, test, subtest, err):
        if err:
            super().addSubTest(test, subtest, err)
            self.line(subtest, False, told="".join(self._exc_info_to_string(err, test)))


class Skip(Exception):
    """Raised by a case that finds out only while it runs that it cannot: says why."""


def report(cases, left=lambda: ()):
    """Runs cases, each (name, why it cannot run here or None, function), and prints them as TAP. left: asked at the end for
    what our programs left behind, a failure each. Returns whether any failed."""
    n = bad = 0
    for n, (name, missing, run) in enumerate(cases, 1):
        try:
            if not missing:
                run()
        except Skip as e:
            missing = e
        except Exception:
            bad += 1
            print(f"not ok {n} - {name}\n" + "".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), flush=True)
            continue
        print(f"ok {n} - {name}" + (f" # SKIP {missing}" if missing else ""), flush=True)
    for failure in left():
        n, bad = n + 1, bad + 1
        print(f"not ok {n} - our programs end in order\n# {failure}")
    print(f"1..{n}")
    return bad > 0


def main():
    """Arguments name cases to run, as Class.test_name or Class; none: all."""
    module, loader = sys.modules["__main__"], unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else loader.loadTestsFromModule(module)
    print(f"1..{suite.countTestCases()}", flush=True)
    result = Tap(sys.stdout)
    suite.run(result)
    sys.exit(not result.wasSuccessful())
