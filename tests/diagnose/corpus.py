# SPDX-License-Identifier: Apache-2.0
"""Tables of cases: one a line, columns by |, # before a remark. Run side by side, told as TAP."""

import concurrent.futures
import traceback
import types

WORKERS = 3


class Skip(Exception):
    pass


def same(what, got, wanted, told=""):
    if got != wanted:
        raise AssertionError(f"{what}: wanted {wanted!r}, got {got!r}\n{told}")


def one_of(what, got, wanted, told=""):
    if got not in wanted:
        raise AssertionError(f"{what}: wanted {' or '.join(wanted)}, got {got}\n{told}")


def has(what, text, words, told=""):
    if words.lower() not in text.lower():
        raise AssertionError(f"{what}: {words!r} is not in {text!r}\n{told}")


def read(path, columns, patterns=()):
    """The cases whose names contain one of the patterns; none: all."""
    names, cases = columns.split(), []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("#") or not line.strip():
            continue
        if len(cells) > len(names) or "#" in cells[0]:  # TAP takes # for the start of a directive
            raise ValueError(f"{path.name}:{number}: {len(cells)} columns, at most {len(names)}; no # in a name")
        cells += [""] * (len(names) - len(cells))
        case = types.SimpleNamespace(**dict(zip(names, cells)))
        if not patterns or any(p in case.name for p in patterns):
            cases.append(case)
    return cases


def attempt(check, case):
    """(passed, what to print behind the name, the whole story of a failure)."""
    try:
        check(case)
        return True, "", ""
    except Skip as e:
        return True, f" # SKIP {e}", ""
    except Exception as e:  # a case that breaks is a case that fails
        story = str(e) if isinstance(e, AssertionError) else traceback.format_exc()
        return False, "", story


def run(cases, check, workers=WORKERS, key=None):
    """Prints a line for each; the names of those that failed. key: cases with the same key never run at the same time."""
    groups = {}
    for i, c in enumerate(cases):
        groups.setdefault(key(c) if key else i, []).append(c)
    bad, n = [], 0
    print(f"1..{len(cases)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in concurrent.futures.as_completed(pool.submit(lambda g: [(c, attempt(check, c)) for c in g], g) for g in groups.values()):
            for c, (ok, more, story) in done.result():
                n += 1
                for text in story.splitlines():
                    print(f"  {text}")
                print(f"{'' if ok else 'not '}ok {n} - {c.name}{more}", flush=True)
                if not ok:
                    bad.append(c.name)
    return bad


def share(cases, bad):
    wrong = [c for c in cases if c.reason != "-"]
    right = sum(c.name not in bad for c in wrong)
    silent = sum(c.name not in bad for c in cases if c.reason == "-")
    print(f"# wrong set-ups: the right cause and its cure for {right} of {len(wrong)} ({100 * right / max(1, len(wrong)):.1f} %); "
          f"healthy ones: no cause for {silent} of {len(cases) - len(wrong)}", flush=True)
