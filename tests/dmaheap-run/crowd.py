# SPDX-License-Identifier: MIT
"""Several clients in one dmaheap-run, each of which is told what to do while the others wait."""

import contextlib
import os
import pathlib
import signal

from support import NODE, await_true, finish, processes, program, start

IOCTL, IOCTL_32 = "16", "54"

STARTS_CLIENTS = """
all=("$@")
client() {
    exec <&$1 >&$2
    for n in "${all[@]}"; do exec {n}<&-; done
    exec "$CLIENT"
}
while [ $# -gt 0 ]; do
    client $1 $2 &
    echo $!
    shift 2
done
wait
"""


def stat_of(process):
    """What follows the name in /proc/PID/stat."""
    return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()


class Client:
    """One line to it, one line from it."""

    def __init__(self, pid, given, answers):
        self.pid = pid
        self.given = given
        self.answers = answers

    def tell(self, line):
        self.given.write(line + "\n")
        self.given.flush()

    def hear(self):
        """The first two words of its answer; empty when it has ended."""
        return " ".join(self.answers.readline().split()[:2])

    def ask(self, line):
        self.tell(line)
        return self.hear()

    def kill(self, number):
        os.kill(self.pid, number)

    def await_in_ioctl(self):
        def in_ioctl():
            with contextlib.suppress(OSError):  # says "running" until it sleeps there
                call = pathlib.Path(f"/proc/{self.pid}/syscall").read_text().split()[0]
                return call in (IOCTL, IOCTL_32)
            return False

        await_true(in_ioctl, "its ioctl")

    def await_state(self, state):
        await_true(lambda: stat_of(self.pid)[0] == state, f"the state {state} of a client")

    def await_end(self):
        def ended():
            try:
                return stat_of(self.pid)[0] in "ZX"
            except OSError:
                return True

        await_true(ended, "the end of a client")


class Crowd:
    """The clients have opened the node, as their descriptor 3, when it begins."""

    def __init__(self, count, options=(), flavour=""):
        self.clients = []
        inner, outer = [], []
        for _ in range(count):
            given, answers = os.pipe(), os.pipe()
            inner += [given[0], answers[1]]
            outer.append((os.fdopen(given[1], "w"), os.fdopen(answers[0])))
        self.running = start(["bash", "-c", STARTS_CLIENTS, "bash", *map(str, inner)],
                             options, pass_fds=inner,
                             env={**os.environ, "CLIENT": program("client" + flavour)})
        for fd in inner:
            os.close(fd)
        for ends in outer:
            pid = int(self.running.stdout.readline())
            self.clients.append(Client(pid, *ends))
        self.host = next(process for process in processes()
                         if stat_of(process)[1] == str(self.running.pid))
        for client in self.clients:
            assert client.ask(f"open {NODE}") == "ok 3"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        os.kill(self.host, signal.SIGCONT)
        for client in self.clients:
            if kind:
                with contextlib.suppress(ProcessLookupError):
                    client.kill(signal.SIGKILL)
            with contextlib.suppress(BrokenPipeError):
                client.given.close()
        finish(self.running)
        for client in self.clients:
            client.answers.close()

    @contextlib.contextmanager
    def unanswered(self):
        """Nobody is answered until this ends."""
        os.kill(self.host, signal.SIGSTOP)
        await_true(lambda: stat_of(self.host)[0] == "T", "the stop of the host")
        yield
        os.kill(self.host, signal.SIGCONT)


def alone(*lines, options=(), flavour=""):
    """What one client answers, which has the node open."""
    with Crowd(1, options, flavour) as crowd:
        return [crowd.clients[0].ask(line) for line in lines]

