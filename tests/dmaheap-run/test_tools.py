# SPDX-License-Identifier: MIT
"""Debuggers and tracers, which have the program to themselves in this delivery."""

import re

from support import NODE, Case, Settings, program, run, short


class Tools(Case):
    def setUp(self):
        if Settings.delivery == "ptrace":
            self.skipTest("ptrace cannot deliver to a program that is traced")
        self.need("client")

    def lines(self):
        return f"open {NODE}\nalloc 3 4096\ncycle 3 4096 3\n"

    def test_strace_sees_an_allocation(self):
        self.need_tool("strace")
        ran = run(["strace", "-f", "-e", "trace=ioctl", program("client")], given=self.lines())
        self.assertEqual(short(ran.stdout), ["ok 3", "ok 4", "ok 3"], ran.stderr)
        allocations = re.findall(r"^ioctl\(3, DMA_HEAP_IOCTL_ALLOC.* = 0$", ran.stderr, re.M)
        self.assertEqual(len(allocations), 4, ran.stderr)

    def test_gdb_runs_to_the_end(self):
        self.need_tool("gdb")
        ran = self.gdb("run")
        self.assertIn("ok 4\n", ran.stdout, ran.stderr)
        self.assertIn("exited normally", ran.stdout)

    def test_gdb_steps_over_an_allocation(self):
        self.need_tool("gdb")
        ran = self.gdb("break ioctl", "run", "finish", "info registers rip", "continue", "finish",
                       "delete", "continue")
        self.assertIn("ok 4\n", ran.stdout, ran.stderr)
        self.assertIn("exited normally", ran.stdout)

    def test_gdb_steps_through_an_allocation_instruction_by_instruction(self):
        self.need_tool("gdb")
        ran = self.gdb("catch syscall ioctl", "run", "stepi", "stepi", "stepi", "delete",
                       "continue")
        self.assertIn("ok 4\n", ran.stdout, ran.stderr)
        self.assertIn("exited normally", ran.stdout)

    def gdb(self, *commands):
        arguments = ["-ex", "set debuginfod enabled off", "-ex", "set confirm off"]
        for command in commands:
            arguments += ["-ex", command]
        return run(["gdb", "-nx", "-q", "-batch", *arguments, program("client")],
                   given=self.lines())
