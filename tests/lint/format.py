#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail when a source is not formatted as .clang-format says; with --fix, format it.

Versions of clang-format differ in what they make of the same rules, so this is a matter of one.
"""

import shutil
import subprocess
import sys

from tree import CODE, ROOT, files

TOOL = "clang-format-19"
SKIPPED = 77


def main(arguments):
    if not shutil.which(TOOL):
        print(f"SKIPPED format: {TOOL} is missing")
        return SKIPPED
    mode = ["-i"] if arguments == ["--fix"] else ["--dry-run", "--Werror"]
    done = subprocess.run([TOOL, "--style=file", *mode, *files(kinds=CODE)], cwd=ROOT, check=False)
    if done.returncode != 0:
        print("format: run tests/lint/format.py --fix")
    return 1 if done.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
