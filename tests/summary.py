#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Add up what meson noted of the tests of some build folders.

    summary.py BUILD_FOLDER...

Lists what failed and what was skipped, and why; the last line is "N passed, N failed, N skipped".
A test that passed may have skipped a part of itself, which it says in lines "SKIPPED what: why":
each of them counts as skipped, too. Exit status 1 if anything failed.
"""

import json
import pathlib
import re
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
REASON = re.compile(r"^(?:\S*: )?skipped:? (.+)$", re.I | re.M)


def results(build):
    """What each test came to; a folder without a log is a failure of its own."""
    log = build / "meson-logs" / "testlog.json"
    if not log.exists():
        return [{"name": "all tests", "result": "not run", "stdout": ""}]
    return [json.loads(line) for line in log.read_text().splitlines()]


def reasons(test):
    return REASON.findall((test.get("stdout") or "") + "\n" + (test.get("stderr") or ""))


def short(name):
    """Without the project and the suites, which meson puts before it."""
    return name.rsplit(" / ", 1)[-1].strip()


class Sum:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add(self, test, place):
        name = f"{short(test['name'])}{place}"
        if test["result"] == "SKIP":
            why = "; ".join(reasons(test)) or "it does not say why"
            self.skipped.append(f"{name}: {why}")
        elif test["result"] in PASSED:
            self.passed += 1
            self.skipped += [f"{name}: {reason}" for reason in reasons(test)]
        else:
            self.failed.append(f"{name}: {test['result'].lower()}")


def main(arguments):
    total = Sum()
    for number, folder in enumerate(map(pathlib.Path, arguments)):
        for test in results(folder):
            total.add(test, f" (in {folder.name})" if number else "")
    for title, lines in {"skipped": total.skipped, "failed": total.failed}.items():
        for line in lines:
            print(f"{title}: {line}")
    print(f"{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
