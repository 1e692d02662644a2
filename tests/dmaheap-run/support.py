# SPDX-License-Identifier: MIT
"""What the tests of dmaheap-run have in common: who runs it, with what, and how long they wait."""

import argparse
import contextlib
import errno
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import old_kernel

NODE = "/dev/dma_heap/system"
NOBODY = 65534
SLOW = float(os.environ.get("DMAHEAPD_TEST_SLOW", "1"))
PATIENCE = 120 * SLOW  # seconds; only what hangs takes that long


class Settings:
    """Set once, by main()."""

    delivery = "seccomp"
    folder = None  # where the programs are that everybody may execute
    as_root = False
    old_kernel = False


def parse(arguments):
    parser = argparse.ArgumentParser(description="Tests of dmaheap-run, over one delivery.")
    parser.add_argument("--run", required=True, metavar="PATH", help="dmaheap-run")
    parser.add_argument("--programs", required=True, nargs="+", metavar="PATH")
    parser.add_argument("--delivery", required=True, choices=["seccomp", "ptrace"])
    parser.add_argument("--as-root", action="store_true", help="not as an ordinary user")
    parser.add_argument("--old-kernel", action="store_true",
                        help="let dmaheap-run see one before 5.19, where signals interrupt")
    parser.add_argument("--only", action="append", metavar="PART", help="of a test's name")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def staged(options):
    """Copies the programs to where an ordinary user can execute them, wherever they were built."""
    with tempfile.TemporaryDirectory(prefix="dmaheap-run-test-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        for file in map(pathlib.Path, [options.run, *options.programs]):
            if not file.exists():
                continue  # there is no compiler for it here
            copy = folder / file.name
            shutil.copyfile(file, copy)
            copy.chmod(0o755)
        yield folder


def program(name):
    return str(Settings.folder / name)


def dmaheap_run():
    return program("dmaheap-run")


def become_ordinary():
    """In the child: gives up root, if we are that. A ruined memory limit of the test is not ours."""
    if os.geteuid() == 0 and not Settings.as_root:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.environ["HOME"] = "/tmp"


def command_of(command, options=()):
    return [dmaheap_run(), "--delivery", Settings.delivery, *options, "--", *command]


def start(command, options=(), prepare=None, whole=False, **keywords):
    """Starts dmaheap-run as an ordinary user; `whole`: `command` is all of the command line."""

    def before():
        become_ordinary()
        if Settings.old_kernel:
            old_kernel.pretend()
        if prepare:
            prepare()

    line = command if whole else command_of(command, options)
    keywords.setdefault("stdin", subprocess.DEVNULL)
    keywords.setdefault("stdout", subprocess.PIPE)
    keywords.setdefault("stderr", subprocess.PIPE)
    keywords.setdefault("start_new_session", True)
    keywords.setdefault("cwd", "/tmp")
    return subprocess.Popen(line, preexec_fn=before, text=True, errors="replace", **keywords)


def finish(process, given=None):
    """Its output, once it has ended by itself."""
    try:
        return process.communicate(given, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise AssertionError(f"{process.args} hangs") from None


def run(command, options=(), given=None, **keywords):
    if given is not None:
        keywords["stdin"] = subprocess.PIPE
    process = start(command, options, **keywords)
    output, errors = finish(process, given)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def short(output):
    """The first two words of each answer of a client."""
    return [" ".join(line.split()[:2]) for line in output.splitlines()]


def may_be_opened(path):
    """By the one who runs the tests' commands."""
    return run(["sh", "-c", f"exec 3<>{path}"], whole=True).returncode == 0


def await_true(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.01)


def processes():
    """Ids of the live processes that execute our copy of dmaheap-run."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.readlink(entry / "exe") == dmaheap_run():
                    found.append(int(entry.name))
    return found


@functools.cache
def executes_32_bit():
    """Many a kernel of a cloud machine does not."""
    try:
        subprocess.run([program("raw-32")], check=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        if error.errno in (errno.ENOEXEC, errno.ENOENT):
            return False
        raise
    return True


class Case(unittest.TestCase):
    """A test after which nothing of ours may be left."""

    def tearDown(self):
        await_true(lambda: not processes(), f"the end of all processes, not {processes()}")

    def need(self, *names):
        for name in names:
            if name.endswith(("-32", "-32-static")) and not executes_32_bit():
                self.skipTest("this kernel executes no 32-bit programs")
            if not pathlib.Path(program(name)).exists():
                self.skipTest(f"{name} was not built (no compiler for it on this machine)")

    def need_tool(self, name):
        if not shutil.which(name):
            self.skipTest(f"{name} is not installed")

    def expect(self, command, options=(), status=0, **keywords):
        """Runs it, and gives back what it wrote to stdout."""
        ran = run(command, options, **keywords)
        self.assertEqual(ran.returncode, status, f"{ran.args}: {ran.stdout}{ran.stderr}")
        return ran.stdout
