#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run clang-tidy over the sources of a build folder, each of them once.

    tidy.py BUILD_FOLDER [PATTERN]

With PATTERN only over those whose path it matches.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from tree import ROOT

RUN, TOOL = "run-clang-tidy-19", "clang-tidy-19"
SKIPPED = 77
SOURCES = {".c", ".cpp"}
# What run-clang-tidy says besides the findings.
PROGRESS = re.compile(r"\[ *\d+/\d+\]|\d+ warnings? generated|Running |Suppressed |$")
# Options that g++ knows and clang does not.
ONLY_GCC = re.compile(r"\s-f(no-)?tree-[a-z-]+")


def commands(build):
    """How each source is compiled; one way, if there are several."""
    by_source = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(os.path.normpath(os.path.join(entry["directory"], entry["file"])))
        if source.suffix in SOURCES and source.is_relative_to(ROOT):
            command = ONLY_GCC.sub("", entry["command"])
            by_source.setdefault(source, {**entry, "file": str(source), "command": command})
    return list(by_source.values())


def main(arguments):
    if not shutil.which(RUN) or not shutil.which(TOOL):
        print(f"SKIPPED tidy: {TOOL} is missing")
        return SKIPPED
    build = pathlib.Path(arguments[0]).resolve()
    database = build / "tidy"
    database.mkdir(exist_ok=True)
    (database / "compile_commands.json").write_text(json.dumps(commands(build)))
    # Our headers are looked at with the sources that include them.
    ours = "^" + re.escape(str(ROOT)) + "/"
    done = subprocess.run(
        [RUN, "-p", database, "-quiet", "-j", str(len(os.sched_getaffinity(0)))]
        + ["-clang-tidy-binary", TOOL, f"-header-filter={ours}", *arguments[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print("\n".join(line for line in done.stdout.splitlines() if not PROGRESS.match(line)))
    return 1 if done.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
