# SPDX-License-Identifier: MIT
"""The clients of the integration tests, as the command of dmaheap-run."""

import os
import subprocess
import tempfile

from support import NODE, Case, Settings, finish, may_be_opened, program, run, short, start

POLICIES = """
[region.one]
size = "128KiB"
[region.two]
size = "128KiB"
[heap.lone]
policy = "contiguous"
region = "one"
contiguity = "emulated"
[heap.fixed]
policy = "carveout"
region = "two"
[heap.camera]
policy = "reserved"
buffers = 2
buffer-size = "64KiB"
"""

FLAVOURS = ["", "-static", "-32", "-32-static"]


def words(lines):
    return "".join(f"{line}\n" for line in lines)


class Scenarios(Case):
    def run_victims(self, name, *arguments, flavours=FLAVOURS):
        for flavour in flavours:
            with self.subTest(name + flavour):
                self.need(name + flavour)
                self.expect([program(name + flavour), NODE, *arguments])

    def ask(self, *lines, options=(), flavour=""):
        """Tells a client what to do, and gives back its answers, of each the first two words."""
        self.need("client" + flavour)
        told = self.expect([program("client" + flavour)], options, given=words(lines))
        return short(told)

    def test_no_signal_is_lost_and_no_allocation(self):
        # Where each of them interrupts, there must be time for an allocation between two.
        count, microseconds = ("300", "3000") if Settings.old_kernel else ("2000", "150")
        self.run_victims("signals", count, microseconds, flavours=["", "-static", "-32"])

    def test_masks_and_dispositions_are_left_alone(self):
        self.run_victims("dispositions")

    def test_registers_are_as_they_were(self):
        self.run_victims("registers", "100")

    def test_64_threads_at_once(self):
        self.run_victims("threads", "crowd", "20", "64", flavours=["", "-static", "-32"])

    def test_threads_allocate_at_once(self):
        self.run_victims("threads", "others", "30")

    def test_threads_whose_process_has_no_first_one(self):
        self.run_victims("threads", "orphaned", "30", flavours=["", "-32"])

    def test_threads_with_descriptors_of_their_own(self):
        self.run_victims("threads", "unshared", "20", flavours=["", "-32"])

    def test_children_of_vfork(self):
        self.run_victims("threads", "vfork", "20")

    def test_threads_during_execve(self):
        self.run_victims("threads", "replaced", "20", flavours=["", "-32"])

    def test_programs_without_a_c_library(self):
        self.run_victims("raw", flavours=["", "-32"])

    def test_random_ioctls(self):
        self.run_victims("fuzz", "7", "5000", flavours=[""])

    def test_goroutines(self):
        self.need("goroutines")
        self.expect([program("goroutines"), NODE, "8", "20"])

    def test_the_number_is_the_lowest_that_is_free(self):
        answers = self.ask(f"open {NODE}", "alloc 3 4096", "alloc 3 4096", "close 4", "alloc 3 1")
        self.assertEqual(answers, ["ok 3", "ok 4", "ok 5", "ok 0", "ok 4"])

    def test_all_flavours_of_a_client(self):
        for flavour in FLAVOURS:
            with self.subTest(flavour):
                answers = self.ask(f"open {NODE}", "cycle 3 4096 50", flavour=flavour)
                self.assertEqual(answers, ["ok 3", "ok 50"])

    def test_what_is_closed_or_killed_is_given_back(self):
        many = [f"open {NODE}", "cycle 3 1048576 100"]  # many times the limit
        self.assertEqual(self.ask(*many, options=["--heap", "system=system,limit=10MiB"])[1], "ok 100")

    def test_the_limit_is_held(self):
        answers = self.ask(f"open {NODE}", "alloc 3 4096", "alloc 3 4096", "close 4", "alloc 3 1",
                           options=["--heap", "system=system,limit=4KiB"])
        self.assertEqual(answers, ["ok 3", "ok 4", "error 12", "ok 0", "ok 4"])

    def test_a_mapping_keeps_its_buffer_charged(self):
        answers = self.ask(f"open {NODE}", "alloc 3 4096", "map 4 4096", "close 4", "alloc 3 1",
                           options=["--heap", "system=system,limit=4KiB"])
        self.assertEqual(answers[-1], "error 12", answers)

    def test_a_client_that_is_killed_leaves_nothing(self):
        script = f"for n in 1 2 3 4 5 6 7 8; do {program('fuzz')} {NODE} $n 1000000 & " \
                 "kill -9 $!; wait $!; done; true"
        self.expect(["sh", "-c", script])

    def test_a_hundred_children_allocate(self):
        self.need("client")
        lines = words([f"open {NODE}", "cycle 3 4096 5"]).replace("\n", "\\n")
        script = f"for n in $(seq 100); do printf '{lines}' | {program('client')} & done; wait"
        answers = short(self.expect(["sh", "-c", script]))
        self.assertEqual(answers.count("ok 5"), 100, answers)

    def test_two_heaps(self):
        found = self.expect(["ls", "/dev/dma_heap"], ["--heap", "linux,cma", "--heap", "camera"])
        self.assertEqual(sorted(found.split()), ["camera", "linux,cma"])

    def test_a_struct_out_of_reach_leaves_no_descriptor(self):
        places = [f"alloc-at 3 {place}" for place in ["null", "unmapped", "straddling", "read-only"]]
        for flavour in FLAVOURS:
            with self.subTest(flavour):
                answers = self.ask(f"open {NODE}", *places, "alloc 3 4096", flavour=flavour)
                self.assertEqual(answers, ["ok 3", *["error 14"] * 4, "ok 4"])

    def test_a_dma_buf_where_there_is_udmabuf(self):
        """Elsewhere a memfd, or a file that looks like a dma-buf."""
        self.need("client")
        script = f"echo $$; exec {program('client')}"
        running = start(["sh", "-c", script], stdin=subprocess.PIPE)
        client = running.stdout.readline().strip()
        running.stdin.write(f"open {NODE}\nalloc 3 4096\n")
        running.stdin.flush()
        self.assertEqual([running.stdout.readline() for _ in range(2)], ["ok 3\n", "ok 4\n"])
        name = os.readlink(f"/proc/{client}/fd/4")
        finish(running, "")
        real = os.access("/dev/udmabuf", os.R_OK | os.W_OK) and may_be_opened("/dev/udmabuf")
        wanted = "/dmabuf:" if real or Settings.delivery == "ptrace" else "/memfd:"
        self.assertTrue(name.startswith(wanted), name)

    def test_every_policy_again_and_again(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            os.chmod(file.name, 0o644)
            file.write(POLICIES)
            file.flush()
            for name in ["lone", "fixed", "camera"]:
                with self.subTest(name):
                    answers = self.ask(f"open /dev/dma_heap/{name}", "cycle 3 65536 10",
                                       "alloc 3 65536", "alloc 3 65536", "alloc 3 65536",
                                       options=["-c", file.name])
                    self.assertEqual(answers, ["ok 3", "ok 10", "ok 4", "ok 5", "error 12"])

    def test_sync_of_a_buffer(self):
        flags = {"1": "ok 0", "7": "ok 0", "0": "error 22", "8": "error 22"}
        syncs = [f"sync 4 {value}" for value in flags]
        answers = self.ask(f"open {NODE}", "alloc 3 4096", *syncs)
        self.assertEqual(answers[2:], list(flags.values()))

    def test_ion(self):
        answers = self.expect(["ls", "/dev"], ["--ion", "modern"]).split()
        self.assertIn("ion", answers)
        allocation = "0010000000000000" + "01000000" + "00000000" * 3  # 4 KiB of heap 0
        told = self.ask("open /dev/ion", f"ioctl 3 {0xC0184900} {allocation}", "describe 4",
                        options=["--ion", "modern"])
        self.assertEqual([word.split()[0] for word in told], ["ok", "ok", "ok"], told)

    def test_programs_of_legacy_ion(self):
        for order in ["handle", "fd", "mapping"]:
            for flavour in FLAVOURS:
                with self.subTest(order + flavour):
                    self.expect_done("legacy", flavour, "1", order)

    def test_programs_of_modern_ion(self):
        for flavour in FLAVOURS:
            with self.subTest(flavour):
                self.expect_done("modern", flavour, "0")

    def expect_done(self, abi, flavour, *arguments, within=()):
        self.need(f"ion-{abi}{flavour}")
        command = [*within, program(f"ion-{abi}{flavour}"), "/dev/ion", *arguments]
        told = self.expect(command, ["--ion", abi, "--heap", "system=system,limit=8KiB"])
        self.assertEqual(told.splitlines()[-1], "done")

    def test_programs_of_ion_under_strace(self):
        """Which has them to itself, so that nothing can be delivered but by seccomp."""
        if Settings.delivery == "ptrace":
            self.skipTest("ptrace cannot deliver to a program that is traced")
        self.need_tool("strace")
        for abi, arguments in {"legacy": ["1", "handle"], "modern": ["0"]}.items():
            self.expect_done(abi, "", *arguments, within=["strace", "-f", "-o", "/dev/null"])

    def test_what_legacy_ion_shares_is_given_back(self):
        self.need("ion-legacy")
        once = f"{program('ion-legacy')} /dev/ion 1 handle"
        self.expect(["sh", "-c", f"{once} && {once} && {once}"],
                    ["--ion", "legacy", "--heap", "system=system,limit=8KiB"])

    def test_sync_of_something_else_is_left_alone(self):
        ran = run([program("client")], given=words(["open /dev/null", "ioctl 3 1074291200 0"]))
        self.assertEqual(ran.stdout.splitlines()[1].split()[:2], ["error", "25"])
