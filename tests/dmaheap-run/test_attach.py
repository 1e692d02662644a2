# SPDX-License-Identifier: MIT
"""--attach: on nodes that somebody else serves, which here is another dmaheap-run around it."""

import pathlib
import tempfile

from support import NODE, Case, Settings, dmaheap_run, program, run, short


class Attach(Case):
    def setUp(self):
        if Settings.delivery == "seccomp":
            self.skipTest("--attach is not to be had within a filter with a listener")
        self.need("client")

    def attached(self, *command, options=(), given):
        inner = [dmaheap_run(), "--attach", "--", *command]
        outer = [dmaheap_run(), "--delivery", "ptrace", *options, "--", *inner]
        return run(outer, whole=True, given=given)

    def test_allocations(self):
        lines = f"open {NODE}\nalloc 3 4096\nmap 4 4096\ncycle 3 4096 20\nclose 4\nalloc 3 1\n"
        ran = self.attached(program("client"), given=lines)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(short(ran.stdout), ["ok 3", "ok 4", "ok 0", "ok 20", "ok 0", "ok 4"])

    def test_refusals_are_the_nodes(self):
        lines = f"open {NODE}\nalloc 3 0\nalloc 3 8192\nalloc-at 3 read-only\nalloc 3 1\n"
        ran = self.attached(program("client"), options=["--heap", "system=system,limit=4KiB"],
                            given=lines)
        self.assertEqual(short(ran.stdout), ["ok 3", "error 22", "error 12", "error 14", "ok 4"])

    def test_under_strace(self):
        self.need_tool("strace")
        ran = self.attached("strace", "-f", "-o", "/dev/null", program("client"),
                            given=f"open {NODE}\ncycle 3 4096 5\n")
        self.assertEqual(short(ran.stdout), ["ok 3", "ok 5"], ran.stderr)

    def test_a_node_that_cannot_be_opened_gives_nothing(self):
        if Settings.as_root:
            self.skipTest("root opens everything")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            pathlib.Path(file.name).chmod(0o644)
            file.write('[heap.system]\nmode = "0000"\n')
            file.flush()
            ran = self.attached(program("client"), options=["-c", file.name],
                                given=f"open {NODE}\n")
        self.assertEqual(short(ran.stdout), ["error 13"], ran.stderr)

    def test_ioctls_on_other_files_are_left_alone(self):
        ran = self.attached(program("client"), given="open /dev/null\nalloc 3 4096\n")
        self.assertEqual(short(ran.stdout), ["ok 3", "error 25"], ran.stderr)
