#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail when a file says what only one machine or one moment knows, or lacks its licence."""

import pathlib
import re
import sys

from tree import CODE, ROOT, files

# Each is what must not be there, and why.
FORBIDDEN = {
    r"/work/|/tmp/h/|\.library\b": "a path of one machine",
    r"(?i)\b(issue|ticket|session|pull request) ?#?\d": "a number that means nothing here",
    r"(?i)\bchat ?gpt\b|\bclaude\b|\bcopilot\b|\banthropic\b|\bopenai\b|\bLLM\b": "who helped",
    r"(?i)https?://[a-z0-9.-]*(registry|mirror|proxy)[a-z0-9.-]*": "somebody's package server",
    r"\b(TODO|FIXME|XXX|HACK)\b": "work that is left undone",
}
LICENCE = "SPDX-License-Identifier: MIT"
NEEDS_LICENCE = CODE | {".py", ".sh", ".S", ".go"}
NAMES_THEM = pathlib.Path(__file__)


def complaints(path):
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return
    name = path.relative_to(ROOT)
    head = "\n".join(text.splitlines()[:4])
    if (path.suffix in NEEDS_LICENCE or text.startswith("#!")) and LICENCE not in head:
        yield f"{name}:1: no line with {LICENCE}"
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, what in FORBIDDEN.items():
            if match := re.search(pattern, line):
                yield f"{name}:{number}: {what}: {match[0]}"


def main():
    found = [line for path in files() if path != NAMES_THEM for line in complaints(path)]
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
