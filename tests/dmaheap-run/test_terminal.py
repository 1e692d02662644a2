# SPDX-License-Identifier: MIT
"""On a terminal: keys reach the command and not us, and a shell sees its job stop and go on."""

import contextlib
import os
import pty
import select
import signal
import time

from support import NODE, PATIENCE, Case, await_true, become_ordinary, command_of, program


class Terminal:
    """A session whose controlling terminal is a new one, with one program in the foreground."""

    def __init__(self, test, line):
        self.seen = ""
        self.ended = False
        self.process, self.keys = pty.fork()
        if self.process == 0:
            try:
                become_ordinary()
                os.chdir("/tmp")
                os.execvp(line[0], line)
            finally:
                os._exit(99)
        test.addCleanup(self.kill)

    def kill(self):
        """After a failure; with the one that stands for it, the command goes, too."""
        if not self.ended:
            os.kill(self.process, signal.SIGKILL)
            self.end()

    def read_until(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            able, _, _ = select.select([self.keys], [], [], max(0, end - time.monotonic()))
            if not able:
                raise AssertionError(f"no {text!r} in {self.seen!r}")
            self.seen += self.read()

    def read(self):
        try:
            return os.read(self.keys, 4096).decode(errors="replace")
        except OSError:  # the last one has closed it
            raise AssertionError(f"the terminal was closed after {self.seen!r}") from None

    def type(self, text):
        os.write(self.keys, text.encode())

    def hang_up(self):
        """The exit status after that."""
        os.close(self.keys)
        self.ended = True
        seen = []

        def ended():
            process, status = os.waitpid(self.process, os.WNOHANG)
            seen.append(status)
            return process != 0

        try:
            await_true(ended, "the end after a hang-up")
        except AssertionError:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            raise
        return os.waitstatus_to_exitcode(seen[-1])

    def end(self):
        """The exit status."""
        end = time.monotonic() + PATIENCE
        with contextlib.suppress(OSError):  # which the last one that closes it leaves behind
            while select.select([self.keys], [], [], max(0, end - time.monotonic()))[0]:
                self.seen += os.read(self.keys, 4096).decode(errors="replace")
        self.ended = True
        if time.monotonic() > end:
            os.kill(self.process, signal.SIGKILL)
        _, status = os.waitpid(self.process, 0)
        os.close(self.keys)
        return os.waitstatus_to_exitcode(status)


class Keys(Case):
    def test_ctrl_c_ends_the_command(self):
        terminal = Terminal(self, command_of(["sh", "-c", "echo ready; exec sleep 1000"]))
        terminal.read_until("ready")
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 128 + signal.SIGINT)

    def test_ctrl_c_comes_once_and_may_be_handled(self):
        script = "trap 'echo caught' INT; echo ready; read line; echo $line; exit 4"
        terminal = Terminal(self, command_of(["bash", "-c", f"{script}"]))
        terminal.read_until("ready")
        terminal.type("\x03")
        terminal.read_until("caught")
        terminal.type("more\n")
        terminal.read_until("more\r\nmore")
        self.assertEqual(terminal.end(), 4)
        self.assertEqual(terminal.seen.count("caught"), 1)

    def test_a_command_that_handles_signals_keeps_its_heaps(self):
        self.need("client")
        allocates = f"printf 'open {NODE}\\nalloc 3 4096\\n' | {program('client')}"
        script = f"trap 'echo caught' INT HUP TERM USR1; echo ready; while read line; do {allocates}; done"
        terminal = Terminal(self, command_of(["bash", "-c", script]))
        terminal.read_until("ready")
        terminal.type("\x03")
        terminal.read_until("caught")
        for number in [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1]:
            terminal.seen = ""
            os.killpg(terminal.process, number)
            terminal.read_until("caught")
        for _ in range(3):
            terminal.seen = ""
            terminal.type("once more\n")
            terminal.read_until("ok 4")
        self.assertNotIn("dmaheap-run:", terminal.seen)
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_a_hang_up_reaches_the_command(self):
        script = "trap 'exit 9' HUP; echo ready; while :; do sleep 0.05; done"
        for command, status in [(["sh", "-c", script], 9),
                                (["sh", "-c", "echo ready; exec sleep 1000"], 128 + signal.SIGHUP)]:
            terminal = Terminal(self, command_of(command))
            terminal.read_until("ready")
            self.assertEqual(terminal.hang_up(), status)

    def test_the_command_has_the_terminal(self):
        terminal = Terminal(self, command_of(["sh", "-c", "tty; test -t 0 && echo yes; stty size"]))
        self.assertEqual(terminal.end(), 0)
        self.assertIn("/dev/pts/", terminal.seen)
        self.assertIn("yes", terminal.seen)

    def test_a_shell_stops_and_continues_it(self):
        terminal = Terminal(self, ["bash", "--norc", "-i"])
        line = " ".join([*command_of(["sh"])[:3], "--", "sh", "-c"])
        terminal.type(f"{line} 'echo rea''dy; read line; echo got $line; exit 6'\n")
        terminal.read_until("ready\r\n")
        terminal.type("\x1a")
        terminal.read_until("Stopped")
        terminal.type("echo sh''ell\n")
        terminal.read_until("shell")
        terminal.type("fg\n")
        terminal.type("word\n")
        terminal.read_until("got word")
        terminal.type("echo status=$?\n")
        terminal.read_until("status=6")
        terminal.type("exit\n")
        terminal.end()

    def test_an_interactive_shell_has_job_control(self):
        terminal = Terminal(self, command_of(["bash", "--norc", "-i"]))
        terminal.type("sh -c 'echo rea''dy; exec sleep 1000'\n")
        terminal.read_until("ready\r\n")
        terminal.type("\x1a")
        terminal.read_until("Stopped")
        terminal.type("kill -9 %1\nexit 7\nexit 7\n")
        self.assertEqual(terminal.end(), 7)

    def test_a_terminal_of_its_own(self):
        self.need_tool("script")
        terminal = Terminal(self, command_of(["script", "-qc", "tty; echo in''side", "/dev/null"]))
        terminal.read_until("inside")
        self.assertEqual(terminal.end(), 0)
        self.assertNotIn("not a tty", terminal.seen)
