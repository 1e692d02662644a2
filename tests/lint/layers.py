#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail when a folder includes what it must not know: a layer above it or beside it, or a subject
that is not its own.

    layers.py [SOURCE_ROOT]
"""

import pathlib
import re
import sys

from tree import ROOT

MAY_INCLUDE = {
    "core": {"core"},
    "policies": {"policies", "core"},
    "cuse/uapi": {"cuse/uapi"},
    "cuse/delivery": {"cuse/delivery", "core"},
    "cuse": {"cuse", "cuse/uapi", "cuse/delivery", "core"},
    "tools": {"tools", "cuse", "cuse/delivery", "policies", "core"},
}
LAYERS = sorted(MAY_INCLUDE, key=len, reverse=True)

# What headers of others are about, and which layers may know that it exists.
SUBJECTS = {
    "FUSE": (r"fuse3?/|fuse\.h|linux/fuse\.h", {"cuse", "cuse/delivery"}),
    "ptrace": (r"sys/ptrace\.h|sys/user\.h|linux/ptrace\.h", {"cuse/delivery", "tools"}),
    "what clients ask": (r"linux/(dma-heap|ion)\.h", {"cuse/uapi", "tools"}),
    "dma-bufs": (r"linux/dma-buf\.h", {"core", "cuse/uapi", "tools"}),
    "ioctl numbers": (r"(linux|sys|asm)/ioctl\.h", {"core", "cuse", "cuse/uapi", "tools"}),
    "udmabuf": (r"linux/udmabuf\.h", {"core"}),
    "config and command line": (r"toml|CLI/", {"tools"}),
    "logging": (r"spdlog/|syslog\.h", {"tools"}),
    "systemd": (r"systemd/", {"tools"}),
    "JSON": (r"nlohmann/", {"tools"}),
}
# The one place of core that makes ioctls: the udmabuf exporter.
UDMABUF = "core/udmabuf.cpp"
ONE_PLACE = {"core": {"dma-bufs": UDMABUF, "ioctl numbers": UDMABUF, "udmabuf": UDMABUF}}

OURS = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
OTHERS = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.M)


def layer(path):
    return next((name for name in LAYERS if path.startswith(name + "/")), None)


def may_know(path, subject):
    here = layer(path)
    one_place = ONE_PLACE.get(here, {}).get(subject, path)
    return here in SUBJECTS[subject][1] and path == one_place


def complaints(path, text):
    """What a source of a layer includes that it must not."""
    here = layer(path)
    for header in OURS.findall(text):
        if layer(header) not in MAY_INCLUDE[here]:
            yield f"{path}: {here} must not include {header}"
    for header in OTHERS.findall(text):
        for subject, (pattern, _) in SUBJECTS.items():
            if re.match(pattern, header) and not may_know(path, subject):
                yield f"{path}: {here} must not know of {subject} ({header})"


def check(root):
    found = []
    for source in sorted(root.rglob("*.[hc]*")):
        path = str(source.relative_to(root))
        if layer(path) and source.suffix in {".c", ".cpp", ".h"}:
            found += complaints(path, source.read_text())
    return found


def main(arguments):
    found = check(pathlib.Path(arguments[0]) if arguments else ROOT)
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
