# SPDX-License-Identifier: MIT
"""What is said when something is wrong: on the command line, in the config, with the machine."""

import errno
import functools
import pathlib
import tempfile

import old_kernel
from support import NODE, Case, dmaheap_run, program, run


class Refusals(Case):
    def refused(self, *arguments, whole=True):
        ran = run([dmaheap_run(), *arguments], whole=whole)
        self.assertEqual((ran.returncode, ran.stdout), (2, ""), ran.stderr)
        self.assertTrue(ran.stderr.startswith("dmaheap-run: "), ran.stderr)
        return ran.stderr

    def test_wrong_usage(self):
        self.assertIn("no command", self.refused())
        self.assertIn("no command", self.refused("--"))
        self.assertIn("--no-such-option", self.refused("--no-such-option", "--", "true"))
        self.assertIn("--delivery", self.refused("--delivery", "post", "--", "true"))
        self.assertIn("--delivery", self.refused("--delivery"))
        self.assertIn("--heap: needs", self.refused("--heap", "--attach", "--", "true"))
        self.assertIn("--heap: needs", self.refused("--heap=", "--attach", "--", "true"))
        for words in [["true"], ["ls", "-l"], ["true", "--", "true"]]:
            self.assertIn(f'"{words[0]}" is no option; the command comes after --',
                          self.refused(*words))

    def test_wrong_heaps(self):
        self.assertIn("--heap", self.refused("--heap", "system=nowhere", "--", "true"))
        self.assertIn("--heap", self.refused("--heap", "a/b", "--", "true"))
        self.assertIn("--heap", self.refused("--heap", "", "--", "true"))
        self.assertIn("twice", self.refused("--heap", "a", "--heap", "a", "--", "true"))
        self.assertIn('"system=system,mode=0660"',
                      self.refused("--heap", "system,mode=0660", "--", "true"))

    def test_wrong_config(self):
        self.assertIn("/no/such", self.refused("-c", "/no/such", "--", "true"))
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            pathlib.Path(file.name).chmod(0o644)
            file.write("[heap.system]\nlimmit = 5\n")
            file.flush()
            self.assertIn("limmit", self.refused("-c", file.name, "--", "true"))

    def test_attach_uses_what_is_there(self):
        for other in [["--heap", "a"], ["--keep-dev"], ["--delivery", "ptrace"]]:
            self.assertIn("--attach", self.refused("--attach", *other, "--", "true"))

    def test_attach_needs_a_folder(self):
        if pathlib.Path("/dev/dma_heap").exists():
            self.skipTest("/dev/dma_heap exists")
        self.assertIn("nobody serves", self.refused("--attach", "--", "true"))

    def test_keep_dev_needs_a_folder(self):
        if pathlib.Path("/dev/dma_heap").exists():
            self.skipTest("/dev/dma_heap exists")
        self.assertIn("dma_heap", self.refused("--keep-dev", "--", "true"))


class Config(Case):
    def test_heaps_of_a_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            pathlib.Path(file.name).chmod(0o644)
            file.write('[heap.camera]\nmode = "0400"\ngroup = "root"\nowner = "root"\n'
                       '[heap.display]\n')
            file.flush()
            output = self.expect(["ls", "-ln", "/dev/dma_heap"], ["-c", file.name])
        self.assertRegex(output, r"-r--------.* camera\n")
        self.assertRegex(output, r"-rw-------.* display\n")

    def test_help_and_version(self):
        for option in ["--help", "--version"]:
            ran = run([dmaheap_run(), option], whole=True)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))
            self.assertIn("dmaheap-run", ran.stdout)
            with pathlib.Path("/dev/full").open("w") as full:
                ran = run([dmaheap_run(), option], whole=True, stdout=full)
            self.assertEqual(ran.returncode, 1)
            self.assertIn("write error", ran.stderr)


class Machines(Case):
    """Machines that lack something, as far as one can be made to."""

    def without(self, prepare, *arguments):
        """Runs a shell as root of a user namespace, which spoils something for what it starts."""
        ran = run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                   prepare + '; exec "$@"', "sh", dmaheap_run(), *arguments], whole=True)
        if "unshare" in ran.stderr and ran.returncode == 1:
            self.skipTest("unshare(1) makes no user namespace here")
        return ran

    def test_no_fuse(self):
        ran = self.without("mount -t tmpfs none /dev", "--", "true")
        self.assertEqual((ran.returncode, ran.stdout), (2, ""), ran.stderr)
        for word in ["/dev/fuse", "ls -l", "modprobe fuse"]:
            self.assertIn(word, ran.stderr)

    def test_no_user_namespaces(self):
        self.need("client")
        ran = self.without("echo 0 >/proc/sys/user/max_user_namespaces; "
                           "echo 0 >/proc/sys/user/max_mnt_namespaces", "--", "true")
        self.assertEqual((ran.returncode, ran.stdout), (2, ""), ran.stderr)
        for word in ["user namespaces", "unshare --user", "max_user_namespaces"]:
            self.assertIn(word, ran.stderr)

    def test_calls_that_are_forbidden(self):
        """By a filter around us: it is told before there is a command."""
        if not old_kernel.is_possible():
            self.skipTest("the filters of the tests are for x86-64")
        without = {"pidfd_open", "pidfd_getfd", "process_vm_readv", "process_vm_writev"}
        for call in [*without, "ptrace"]:
            for answer in [old_kernel.ERRNO | errno.EPERM, old_kernel.ERRNO | errno.ENOSYS,
                           old_kernel.KILL]:
                for delivery in ["auto", "ptrace", *({"seccomp"} if call in without else ())]:
                    if delivery == "auto" and call == "ptrace":
                        continue  # nobody needs it
                    with self.subTest(f"{call} {answer:x} {delivery}"):
                        ran = run([dmaheap_run(), "--delivery", delivery, "--", "echo", "begun"],
                                  whole=True, prepare=functools.partial(old_kernel.forbid, call, answer))
                        self.assertEqual((ran.returncode, ran.stdout), (2, ""), ran.stderr)
                        self.assertEqual(ran.stderr.count("\n"), 1, ran.stderr)
                        for word in [call, "grep Seccomp /proc/self/status", "docker run"]:
                            self.assertIn(word, ran.stderr)

    def test_within_another_filter_with_a_listener(self):
        """One filter with a listener is all that a process may have: auto falls back, once."""
        inner = [dmaheap_run(), "--", "sh", "-c",
                 f"printf 'open {NODE}\\ncycle 3 4096 3\\n' | {program('client')}"]
        ran = run([dmaheap_run(), "--delivery", "seccomp", "--", *inner], whole=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout.split()[:4], ["ok", "3", "ok", "3"], ran.stderr)
        self.assertEqual(ran.stderr.count("seccomp notification is not to be had"), 1, ran.stderr)
        self.assertIn("ptrace instead", ran.stderr)

        inner[1:1] = ["--delivery", "seccomp"]
        ran = run([dmaheap_run(), "--delivery", "seccomp", "--", *inner], whole=True)
        self.assertEqual(ran.returncode, 2, ran.stderr)
