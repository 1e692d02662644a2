# SPDX-License-Identifier: MIT
"""What may happen to a client before its buffer is delivered, and meanwhile.

The clients of the delivery suite again, which the daemon delivers to by ptrace; here over both.
"""

import errno
import os
import random
import signal
import struct
import threading
import time

import freezer
from crowd import Crowd, alone, stat_of
from support import Case, Settings, await_true, executes_32_bit, program, run, short

PAGES = 16
LIMITED = ["--heap", f"system=system,limit={PAGES * 4}KiB"]
EVERYTHING = f"alloc 3 {PAGES * 4096}"

ALLOC = 0xC0184800  # DMA_HEAP_IOCTL_ALLOC

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x8000000, 0x10000000, 0x40000000


def flavours():
    return ["", "-static", "-32"] if executes_32_bit() else ["", "-static"]


class Killed(Case):
    def setUp(self):
        self.need("client")

    def expect_all_given_back(self, other):
        """As soon as it has been seen that nobody is there to take it."""
        await_true(lambda: other.ask(EVERYTHING) == "ok 4", "the rest of the limit")
        self.assertEqual(other.ask("close 4"), "ok 0")

    def test_before_it_is_answered(self):
        with Crowd(2, LIMITED) as crowd:
            victim, other = crowd.clients
            with crowd.unanswered():
                victim.tell(EVERYTHING)
                victim.await_in_ioctl()
                victim.kill(signal.SIGKILL)
            victim.await_end()
            self.expect_all_given_back(other)

    def test_at_random_moments(self):
        with Crowd(41, LIMITED) as crowd:
            *victims, other = crowd.clients
            for victim in victims:
                victim.tell("cycle-on 3 4096")
                time.sleep(random.uniform(0, 0.003))
                victim.kill(signal.SIGKILL)
            for victim in victims:
                victim.await_end()
            self.expect_all_given_back(other)


class Handled(Case):
    def setUp(self):
        self.need("client")

    def test_a_signal_before_it_is_answered(self):
        for flavour in flavours():
            with self.subTest(flavour), Crowd(1, LIMITED, flavour) as crowd:
                (client,) = crowd.clients
                self.assertEqual(client.ask(f"handle {signal.SIGUSR1:d}"), "ok 0")
                with crowd.unanswered():
                    client.tell(EVERYTHING)
                    client.await_in_ioctl()
                    client.kill(signal.SIGUSR1)
                self.assertEqual(client.hear(), "ok 4")
                self.assertEqual(client.ask("handled"), "ok 1")
                self.assertEqual(client.ask("close 4"), "ok 0")
                self.assertEqual(client.ask(EVERYTHING), "ok 4")


class Hanging(Case):
    """With memory that can be read and never be written to, for which the host gives up."""

    ONE_PAGE = struct.pack("QIIQ", 4096, 0, os.O_RDWR, 0).hex()

    def test_is_efault_and_delays_no_other(self):
        self.need("client")
        if Settings.delivery != "seccomp":
            self.skipTest("with ptrace a program waits itself for its memory")
        with Crowd(2, LIMITED) as crowd:
            client, other = crowd.clients
            touched = client.ask(f"ioctl-hanging 3 {ALLOC:#x} {self.ONE_PAGE}")
            if touched in (f"error {errno.EPERM}", f"error {errno.EACCES}"):
                self.skipTest("memory that hangs: userfaultfd takes root here")
            self.assertEqual(touched, "ok touched")
            self.assertEqual(other.ask("alloc 3 4096"), "ok 4")
            self.assertEqual(other.ask("close 4"), "ok 0")
            self.assertEqual(client.hear(), f"error {errno.EFAULT}")
            await_true(lambda: other.ask(EVERYTHING) == "ok 4", "the rest of the limit")
            self.assertEqual(client.ask("close 4"), f"error {errno.EBADF}")


class Stopped(Case):
    def setUp(self):
        self.need("client")

    def test_before_it_is_answered(self):
        for flavour in flavours():
            with self.subTest(flavour), Crowd(2, (), flavour) as crowd:
                stopped, other = crowd.clients
                with crowd.unanswered():
                    stopped.tell("alloc 3 4096")
                    stopped.await_in_ioctl()
                    stopped.kill(signal.SIGSTOP)
                stopped.await_state("T")
                self.assertEqual(other.ask("cycle 3 4096 20"), "ok 20")
                self.assertEqual(stat_of(stopped.pid)[0], "T")

                stopped.kill(signal.SIGCONT)
                self.assertEqual(stopped.hear(), "ok 4")

    def test_again_and_again_meanwhile(self):
        with Crowd(1, LIMITED) as crowd:
            (client,) = crowd.clients
            client.tell("cycle 3 4096 300")
            answers = []
            waiting = threading.Thread(target=lambda: answers.append(client.hear()))
            waiting.start()
            while waiting.is_alive():
                client.kill(signal.SIGSTOP)
                time.sleep(50e-6)
                client.kill(signal.SIGCONT)
                time.sleep(200e-6)
            waiting.join()
            self.assertEqual(answers, ["ok 300"])
            self.assertEqual(client.ask(EVERYTHING), "ok 4")

    def test_sixteen_delay_no_other(self):
        with Crowd(17) as crowd:
            *stopped, other = crowd.clients
            for client in stopped:
                client.tell("cycle 3 4096 200")
            for client in stopped:
                client.kill(signal.SIGSTOP)
            for client in stopped:
                client.await_state("T")
            self.assertEqual(other.ask("cycle 3 4096 100"), "ok 100")
            for client in stopped:
                client.kill(signal.SIGCONT)
            self.assertEqual([client.hear() for client in stopped], ["ok 200"] * 16)


class Frozen(Case):
    def setUp(self):
        self.need("client")
        if os.geteuid() != 0 or not freezer.available():
            self.skipTest("no control group can be made here")

    def test_before_it_is_answered(self):
        for version in freezer.available():
            with self.subTest(f"cgroup v{version}"), freezer.Freezer(version) as frost:
                with Crowd(2) as crowd:
                    frozen, other = crowd.clients
                    frost.add(frozen.pid)
                    with crowd.unanswered():
                        frozen.tell("alloc 3 4096")
                        frozen.await_in_ioctl()
                        frost.freeze()
                    frost.await_frozen()
                    self.assertEqual(other.ask("cycle 3 4096 20"), "ok 20")
                    frost.thaw()
                    self.assertEqual(frozen.hear(), "ok 4")

    def test_sixteen_delay_no_other(self):
        for version in freezer.available():
            with self.subTest(f"cgroup v{version}"), freezer.Freezer(version) as frost:
                with Crowd(17) as crowd:
                    *frozen, other = crowd.clients
                    for client in frozen:
                        frost.add(client.pid)
                        client.tell("cycle 3 4096 200")
                    frost.freeze()
                    frost.await_frozen()
                    self.assertEqual(other.ask("cycle 3 4096 100"), "ok 100")
                    frost.thaw()
                    self.assertEqual([client.hear() for client in frozen], ["ok 200"] * 16)

    def test_the_command_can_be_killed_meanwhile(self):
        for version in freezer.available():
            with self.subTest(f"cgroup v{version}"), freezer.Freezer(version) as frost:
                with Crowd(2) as crowd:
                    frozen, other = crowd.clients
                    frost.add(frozen.pid)
                    frozen.tell("cycle-on 3 4096")
                    frost.freeze()
                    frost.await_frozen()
                    frozen.kill(signal.SIGKILL)
                    frost.thaw()
                    frozen.await_end()
                    self.assertEqual(other.ask("cycle 3 4096 5"), "ok 5")


class Bounded(Case):
    """Limits and rules that the client has, or has given itself."""

    def setUp(self):
        self.need("client")

    def test_no_free_descriptor(self):
        for flavour in flavours():
            with self.subTest(flavour):
                answers = alone("leave-free 0", EVERYTHING, "lift-limit", EVERYTHING,
                                options=LIMITED, flavour=flavour)
                self.assertEqual(answers, ["ok 40", "error 24", "ok", "ok 40"])

    def test_few_free_descriptors_can_all_be_used(self):
        for free in [1, 2, 3]:
            wanted = [f"ok {40 - left}" for left in range(free, 0, -1)]
            answers = alone(f"leave-free {free}", *["alloc 3 4096"] * (free + 1))
            self.assertEqual(answers, [f"ok {40 - free}", *wanted, "error 24"])

    def test_no_address_space(self):
        answers = alone("cycle 3 4096 1", "starve", "alloc 3 4096", "feed", "close 4",
                        "cycle 3 4096 5")
        if Settings.delivery == "seccomp":  # which makes the client do nothing
            self.assertEqual(answers[2], "ok 4")
        self.assertEqual(answers[-1], "ok 5")

    def test_filters_that_deny_the_passing_of_descriptors(self):
        if Settings.delivery == "ptrace" and not Settings.as_root:
            self.skipTest("what the program forbids itself, ptrace makes it do (needs root)")
        for flavour in flavours():
            for how in ["errno", "kill"]:
                with self.subTest(flavour + " " + how):
                    answers = alone(f"filter {how}", "cycle 3 4096 10", "alloc 3 4096",
                                    flavour=flavour)
                    self.assertEqual(answers, ["ok 0", "ok 10", "ok 4"])

    def test_the_filter_is_in_force_afterwards(self):
        if Settings.delivery == "ptrace":
            self.skipTest("see above")
        self.assertEqual(alone("filter errno", "alloc 3 4096", "map 4 4096")[2], "error 1")


class Elsewhere(Case):
    """Clients in namespaces that they have made themselves."""

    def setUp(self):
        self.need("client")

    def test_other_namespaces(self):
        for flags in [CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNS,
                      CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC]:
            with self.subTest(hex(flags)):
                answers = alone(f"unshare {flags}", "cycle 3 4096 10", "alloc 3 4096",
                                "check 4 4096 66", "open /dev/dma_heap/system", "alloc 5 4096")
                self.assertEqual(answers, ["ok 0", "ok 10", "ok 4", "ok 0", "ok 5", "ok 6"])

    def test_processes_counted_anew(self):
        self.need_tool("unshare")
        given = "open /dev/dma_heap/system\ncycle 3 4096 10\n"
        ran = run(["unshare", "--user", "--map-root-user", "--pid", "--fork", program("client")],
                  given=given)
        self.assertEqual(short(ran.stdout), ["ok 3", "ok 10"], ran.stderr)

    def test_a_program_that_may_not_be_looked_at(self):
        self.assertEqual(alone("hide", "cycle 3 4096 10"), ["ok 0", "ok 10"])
