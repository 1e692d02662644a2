# SPDX-License-Identifier: MIT
"""How a command begins, what it sees of the one who started it, and how it ends."""

import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time

from support import (
    NODE,
    PATIENCE,
    Case,
    Settings,
    await_true,
    command_of,
    dmaheap_run,
    finish,
    program,
    run,
    short,
    start,
)


class Ending(Case):
    def test_the_status_is_the_commands(self):
        for status in [0, 1, 2, 42, 255]:
            self.expect(["sh", "-c", f"exit {status}"], status=status)

    def test_a_signal_is_a_status_above_128(self):
        for number in [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGINT]:
            self.expect(["sh", "-c", f"kill -{number} $$"], status=128 + number)

    def test_a_command_that_is_not_found(self):
        for name in ["no-such-command-anywhere", "/no/such/command"]:
            ran = run([name])
            self.assertEqual((ran.returncode, ran.stdout), (127, ""))
            self.assertIn(name, ran.stderr)

    def test_a_command_that_cannot_be_executed(self):
        for name in ["/etc/passwd", "/tmp"]:
            ran = run([name])
            self.assertEqual((ran.returncode, ran.stdout), (126, ""))
            self.assertIn(name, ran.stderr)

    def test_text_goes_to_a_shell_and_other_files_do_not(self):
        kinds = {b"echo said $1": "said one\n", b"\n\0echo said $1": None, b"# \xe4\necho two": "two\n",
                 b"a\0b\necho two": 126, b"\x7fELF garbage": 126, b"\x7fELF\2\1\1\0": 126,
                 b"MZ\0": 126, b"#!/no/such/shell\n": 127}
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            pathlib.Path(folder).chmod(0o755)
            for text, expected in kinds.items():
                file = pathlib.Path(folder, "kind")
                file.write_bytes(text)
                file.chmod(0o755)
                for name in [str(file), "kind"]:
                    path = f"{folder}:{os.environ['PATH']}"
                    with self.subTest(f"{name}: {text}"):
                        ran = run([name, "one"], env={**os.environ, "PATH": path})
                        if isinstance(expected, int):
                            self.assertEqual((ran.returncode, ran.stdout), (expected, ""))
                            self.assertTrue(ran.stderr.startswith(f"dmaheap-run: {name}: "))
                        elif expected:
                            self.assertEqual((ran.returncode, ran.stdout), (0, expected))

    def test_an_empty_folder_of_the_path_is_the_current_one(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            pathlib.Path(folder).chmod(0o755)
            file = pathlib.Path(folder, "only-here")
            file.write_text("#!/bin/sh\necho found\n", encoding="ascii")
            file.chmod(0o755)
            for path in ["/bin:", ":/bin", "/sbin::/bin", ""]:
                with self.subTest(path):
                    ran = run([file.name], cwd=folder, env={**os.environ, "PATH": path})
                    self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "found\n", ""))

    def test_a_command_that_is_killed_before_it_is_one(self):
        for _ in range(10):
            running = start(["sleep", "1000"])
            os.kill(command_of_launcher(running.pid), signal.SIGKILL)
            _, errors = finish(running)
            self.assertEqual((running.returncode, errors), (128 + signal.SIGKILL, ""))

    def test_a_server_that_is_killed_before_there_is_a_command(self):
        early = 0
        for delay in range(12):
            running = start(["echo", "begun"])
            await_true(lambda ours=running: children_of(ours.pid) or ours.poll() is not None,
                       "the server")
            time.sleep(delay / 1000)
            for server in children_of(running.pid)[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server, signal.SIGKILL)
            output, errors = finish(running)
            if output:
                continue  # it was late
            early += 1
            self.assertEqual(running.returncode, 2, errors)
            self.assertIn("killed by signal 9", errors)
        self.assertGreater(early, 0)

    def test_buffers_that_end_with_the_command_are_no_news(self):
        self.need("client")
        lines = f"open {NODE}\n" + "alloc 3 4096\n" * 800
        for _ in range(5):
            ran = run([program("client")], given=lines)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))

    def test_descendants_are_served_to_their_end(self):
        self.need("client")
        reading, writing = os.pipe()
        late = f"printf 'open {NODE}\\ncycle 3 4096 5\\n' | {program('client')}"
        script = f"(read go <&$1; eval \"exec $1<&-\"; {late}) & exit 3"
        running = start(["sh", "-c", script, "sh", str(reading)], pass_fds=[reading])
        os.close(reading)
        self.assertEqual(running.wait(PATIENCE), 3)  # while a descendant is left
        os.write(writing, b"go\n")
        os.close(writing)
        self.assertEqual(short(finish(running)[0]), ["ok 3", "ok 5"])

    def test_signals_reach_the_command(self):
        for number in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1]:
            script = f"trap 'echo caught; exit 9' {number}; echo ready; while :; do sleep 0.05; done"
            running = start(["sh", "-c", script])
            self.assertEqual(running.stdout.readline(), "ready\n")
            running.send_signal(number)
            output, _ = finish(running)
            self.assertEqual((output, running.returncode), ("caught\n", 9))

    def test_it_is_killed_with_us(self):
        running = start(["sh", "-c", "echo $$; exec sleep 1000"])
        command = int(running.stdout.readline())
        running.kill()
        finish(running)
        await_true(lambda: not alive(command), "the end of the command")

    def test_the_command_outlives_its_server(self):
        running = start(["sh", "-c", "echo ready; read line; exit 5"], stdin=subprocess.PIPE)
        self.assertEqual(running.stdout.readline(), "ready\n")
        os.kill(server_of(running.pid), signal.SIGKILL)
        finish(running, "go\n")
        self.assertEqual(running.returncode, 5)

    def test_an_allocation_fails_when_the_server_is_killed(self):
        self.need("client")
        running = start([program("client")], stdin=subprocess.PIPE)
        running.stdin.write(f"open {NODE}\nalloc 3 4096\n")
        running.stdin.flush()
        self.assertEqual([running.stdout.readline() for _ in range(2)], ["ok 3\n", "ok 4\n"])
        server = server_of(running.pid)
        os.kill(server, signal.SIGKILL)
        await_true(lambda: not alive(server), "the end of the server")
        output, _ = finish(running, "alloc 3 4096\nmap 4 4096\n")
        self.assertRegex(output, r"^error \d+ 0\nok 0\n$")

    def test_a_server_that_is_killed_amid_allocations_ends(self):
        self.need("client")
        for _ in range(10):
            running = start([program("client")], stdin=subprocess.PIPE)
            running.stdin.write(f"open {NODE}\ncycle-on 3 4096\n")
            running.stdin.flush()
            self.assertEqual(running.stdout.readline(), "ok 3\n")
            server = server_of(running.pid)
            os.kill(server, signal.SIGKILL)
            await_true(lambda ended=server: not alive(ended), "the end of the server's threads")
            told, _ = finish(running)
            if Settings.delivery == "seccomp":  # ptrace kills whom it has borrowed with itself
                self.assertRegex(told, "^error")

    def test_a_server_that_is_killed_while_ion_shares_ends(self):
        self.need_tool("/usr/bin/python3")  # another one may not be for everybody
        for _ in range(20):
            running = start(["/usr/bin/python3", "-c", SHARES], ["--ion", "legacy"])
            self.assertEqual(running.stdout.readline(), "sharing\n")
            server = server_of(running.pid)
            os.kill(server, signal.SIGKILL)
            await_true(lambda ended=server: not alive(ended), "the end of the server's threads")
            finish(running)
            if Settings.delivery == "seccomp":  # ptrace kills whom it has borrowed with itself
                self.assertEqual(running.returncode, 1)


# A program that asks ION of the legacy kind for descriptors of its buffer until that fails.
SHARES = """
import fcntl, os, struct, sys
ALLOC, SHARE = 0xC0204900, 0xC0084904
ion = os.open("/dev/ion", os.O_RDWR)
asked = bytearray(struct.pack("=QQIIixxxx", 4096, 0, 1, 0, 0))
fcntl.ioctl(ion, ALLOC, asked)
handle = struct.unpack("=QQIIixxxx", asked)[4]
print("sharing", flush=True)
try:
    while True:
        shared = bytearray(struct.pack("=ii", handle, 0))
        fcntl.ioctl(ion, SHARE, shared)
        os.close(struct.unpack("=ii", shared)[1])
except OSError:
    sys.exit(1)
"""


def alive(process):
    """Whether a thread of it is. One that waits in the kernel outlives the others."""
    states = ""
    threads = []
    with contextlib.suppress(OSError):
        threads = list(pathlib.Path(f"/proc/{process}/task").glob("*/stat"))
    for thread in threads:
        with contextlib.suppress(OSError):
            states += thread.read_text().rsplit(")", 1)[1].split()[0]
    return bool(states.strip("ZX"))


def server_of(launcher):
    """The process that serves is the launcher's only child."""
    return children_of(launcher)[0]


def children_of(process):
    """Of its first thread."""
    with contextlib.suppress(OSError):
        listed = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text()
        return [int(child) for child in listed.split()]
    return []


def is_nanny(process):
    """The one of the server's children that a terminal's signals do not end."""
    with contextlib.suppress(OSError):
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        ignored = int(status.split("SigIgn:")[1].split()[0], 16)
        return bool(ignored & 1 << (signal.SIGTERM - 1))
    return False


def command_of_launcher(launcher):
    """As soon as there is one."""
    found = []

    def look():
        found[:] = [command for server in children_of(launcher)
                    for nanny in children_of(server) if is_nanny(nanny)
                    for command in children_of(nanny)]
        return found

    await_true(look, "the command")
    return found[0]


class Beginning(Case):
    def test_nothing_else_is_on_stdout(self):
        ran = run(["echo", "hello"])
        self.assertEqual((ran.stdout, ran.stderr), ("hello\n", ""))

    def test_user_group_folder_and_environment(self):
        user = 0 if Settings.as_root or os.geteuid() != 0 else 65534
        script = "id -u; id -g; pwd; echo $GREETING"
        output = self.expect(["sh", "-c", script], cwd="/usr", env={**os.environ, "GREETING": "hi"})
        self.assertEqual(output.splitlines()[2:], ["/usr", "hi"])
        if os.geteuid() == 0:
            self.assertEqual(output.splitlines()[:2], [str(user), str(user)])

    def test_a_folder_below_dev(self):
        self.assertEqual(self.expect(["pwd", "-P"], cwd="/dev/shm").strip(), "/dev/shm")
        self.assertIn("dma_heap", self.expect(["ls"], cwd="/dev"))

    def test_dev_has_what_it_had(self):
        before = set(os.listdir("/dev")) - {"dma_heap", "ion"}
        inside = set(self.expect(["ls", "/dev"]).split())
        after = set(os.listdir("/dev"))
        self.assertEqual((before & after) - inside, set())
        self.expect(["sh", "-c", "echo x >/dev/null; head -c 4 /dev/zero; head -c 4 /dev/urandom"])

    def test_the_nodes_are_nobody_elses(self):
        self.expect(["test", "-e", NODE])
        self.assertNotIn("dmaheap-run", pathlib.Path("/proc/self/mountinfo").read_text())

    def test_streams_that_are_closed_stay_closed(self):
        for closed in ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"]:
            inner = "for n in 0 1 2; do [ -e /proc/$$/fd/$n ] || exec 9>>$1; done; " \
                    "for n in 0 1 2; do [ -e /proc/$$/fd/$n ] || echo $n >>$1; done"
            with self.subTest(closed):
                name = f"/tmp/dmaheap-run-closed-{os.getpid()}"
                script = f"rm -f {name}; \"$@\" {closed}; cat {name}; rm -f {name}"
                line = ["sh", "-c", script, "sh", *command_of(["sh", "-c", inner, "sh", name])]
                ran = run(line, whole=True)
                self.assertEqual(ran.stdout.split(), [w[0] for w in closed.split()], ran.stderr)

    def test_descriptors_are_handed_on_and_no_others(self):
        listing = self.expect(["sh", "-c", "ls /proc/$$/fd"])
        self.assertEqual(set(listing.split()) - {"10"}, {"0", "1", "2"})

    def test_a_pipe_ends_with_the_command_that_wrote_to_it(self):
        line = command_of(["sh", "-c", "echo one; exec >&-; read line"])
        running = start(line, whole=True, stdin=subprocess.PIPE)
        self.assertEqual(running.stdout.read(), "one\n")  # to its end, while the command runs
        finish(running, "\n")

    def test_a_pipeline(self):
        run_it = f"{dmaheap_run()} --delivery {Settings.delivery} --"
        script = f"seq 1000 | {run_it} cat | {run_it} tail -n 1; yes | {run_it} head -n 1"
        self.assertEqual(run(["sh", "-c", script], whole=True).stdout, "1000\ny\n")

    def test_small_limits(self):
        self.need("client")

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (24, 256))

        told = self.expect([program("client")], given=f"open {NODE}\ncycle 3 4096 5\n", prepare=few)
        self.assertEqual(short(told), ["ok 3", "ok 5"])
        limit = self.expect(["sh", "-c", "ulimit -S -n; ulimit -H -n"], prepare=few)
        self.assertEqual(limit.split(), ["24", "256"])

    def test_a_limit_on_the_size_of_files_is_an_error_and_no_end(self):
        self.need("client")

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

        lines = f"open {NODE}\nalloc 3 1048576\nalloc 3 4096\n"
        told = self.expect([program("client")], given=lines, prepare=small)
        self.assertRegex(told, r"^ok 3\nerror \d+ 0\nok 4\n$")

    def test_too_little_of_something_is_told(self):
        """One line, and no command: or it works. Nothing hangs, and nothing crashes."""
        limits = {resource.RLIMIT_AS: [60 << 20, 100 << 20, 200 << 20, 300 << 20, 400 << 20],
                  resource.RLIMIT_NPROC: [1, 10, 20],
                  resource.RLIMIT_NOFILE: [5, 7, 9, 10, 11, 12, 13, 14],
                  resource.RLIMIT_SIGPENDING: [0, 1]}
        for limit, values in limits.items():
            for value in values:
                def little(which=limit, most=value):
                    resource.setrlimit(which, (most, most))

                with self.subTest(f"{limit}: {value}"):
                    ran = run(["echo", "begun"], prepare=little)
                    if "loading shared libraries" in ran.stderr:
                        continue  # we are not there yet
                    if ran.returncode == 0:
                        self.assertEqual((ran.stdout, ran.stderr), ("begun\n", ""))
                    else:
                        self.assertEqual((ran.returncode, ran.stdout), (2, ""), ran.stderr)
                        self.assertRegex(ran.stderr, r"^dmaheap-run: .*: .*\n$")
                        self.assertEqual(ran.stderr.count("\n"), 1, ran.stderr)

    def test_an_ignored_sigchld_stays_ignored(self):
        def ignore():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)

        output = self.expect(["grep", "SigIgn", "/proc/self/status"], prepare=ignore)
        self.assertTrue(int(output.split()[1], 16) & 1 << (signal.SIGCHLD - 1), output)
