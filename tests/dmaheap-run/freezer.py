# SPDX-License-Identifier: MIT
"""A control group of either version whose processes can be frozen. Takes root."""

import contextlib
import os
import pathlib

from support import await_true


def root_of(version):
    """Where the hierarchy with the freezer is mounted, if it is and we may make groups there."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ", 1)
        kind, _, options = right.split()[:3]
        if (kind == "cgroup2") if version == 2 else (kind == "cgroup" and "freezer" in options):
            root = pathlib.Path(left.split()[4])
            return root if os.access(root, os.W_OK) else None
    return None


def available():
    return [version for version in (1, 2) if root_of(version)]


class Freezer:
    def __init__(self, version):
        self.parent = root_of(version)
        self.group = self.parent / f"dmaheap-run-test-{os.getpid()}"
        self.switch = self.group / ("freezer.state" if version == 1 else "cgroup.freeze")
        self.words = ("FROZEN", "THAWED") if version == 1 else ("1", "0")
        self.state = ((self.switch, "FROZEN") if version == 1
                      else (self.group / "cgroup.events", "frozen 1"))

    def __enter__(self):
        self.group.mkdir()
        return self

    def __exit__(self, *_):
        self.thaw()
        for process in (self.group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):  # it may have ended
                (self.parent / "cgroup.procs").write_text(process)
        await_true(self.removed, "the end of the control group")

    def removed(self):
        with contextlib.suppress(OSError):  # one that is ending still belongs to it
            self.group.rmdir()
        return not self.group.exists()

    def add(self, process):
        (self.group / "cgroup.procs").write_text(str(process))

    def freeze(self):
        self.switch.write_text(self.words[0])

    def await_frozen(self):
        file, line = self.state
        await_true(lambda: line in file.read_text().splitlines(), "the frost")

    def thaw(self):
        self.switch.write_text(self.words[1])
