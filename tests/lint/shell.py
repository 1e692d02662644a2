#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail when shellcheck finds fault with a shell script, by its name or its first line."""

import re
import shutil
import subprocess
import sys

from tree import ROOT, files

SKIPPED = 77
FIRST_LINE = re.compile(rb"#!.*\b(ba|da)?sh\b")


def is_script(path):
    with open(path, "rb") as file:
        return FIRST_LINE.match(file.readline())


def main():
    if not shutil.which("shellcheck"):
        print("SKIPPED shell: shellcheck is missing")
        return SKIPPED
    scripts = [path.relative_to(ROOT) for path in files() if is_script(path)]
    print(f"{len(scripts)} scripts")
    return subprocess.run(["shellcheck", "-x", "-a", *scripts], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
