# SPDX-License-Identifier: MIT
"""--keep-dev: the nodes are mounted in a /dev that others use, too, and nobody else notices."""

import pathlib
import tempfile

from support import NODE, Case, command_of, program, run, short

# A small /dev that everybody shares who is started in there. $1: an empty folder.
SHARED_DEV = """set -e
trap 'kill $! 2>&- || true' EXIT
mount --rbind /dev "$1"
mount -t tmpfs -o mode=755 none /dev
for node in fuse null zero; do touch /dev/$node; mount --bind "$1/$node" /dev/$node; done
mkdir /dev/dma_heap
"""
KEPT = ["--keep-dev"]


class KeepDev(Case):
    def within(self, script, *words, **keywords):
        """What a script prints in a mount namespace with that /dev, and with "$@"."""
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            pathlib.Path(folder).chmod(0o755)
            line = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                    SHARED_DEV + "shift\n" + script, "sh", folder, *words]
            ran = run(line, whole=True, **keywords)
        if "unshare" in ran.stderr and ran.returncode == 1:
            self.skipTest("unshare(1) makes no user namespace here")
        return ran

    def allocating(self, *options):
        """A command line that says "ok 3", "ok 4", and ends with its input."""
        return command_of([program("client")], [*KEPT, *options])

    def test_two_at_once(self):
        self.need("client")
        ran = self.within(
            'mkfifo /dev/one /dev/two; "$@" </dev/one >/dev/said & exec 8>/dev/one; '
            f'echo "open {NODE}" >&8; until grep -q ok /dev/said; do kill -0 $!; sleep 0.01; done; '
            f'printf "open {NODE}\\nalloc 3 4096\\n" | "$@"; '
            'echo "alloc 3 4096" >&8; exec 8>&-; wait; cat /dev/said',
            *self.allocating())
        self.assertEqual(short(ran.stdout), ["ok 3", "ok 4", "ok 3", "ok 4"], ran.stderr)
        self.assertEqual(ran.stderr, "")

    def test_beside_a_daemon(self):
        self.need("client", "dmaheapd")
        ran = self.within(
            f'{program("dmaheapd")} --frontend fuse --control none --heap theirs 2>/dev/log & '
            'until [ -e /dev/dma_heap/theirs ]; do kill -0 $!; sleep 0.01; done; '
            f'printf "open {NODE}\\nalloc 3 4096\\nopen /dev/dma_heap/theirs\\n" | "$@"; '
            'ls /dev/dma_heap; kill $!; wait $! || cat /dev/log',
            *self.allocating())
        self.assertEqual(short(ran.stdout)[:2], ["ok 3", "ok 4"], ran.stdout + ran.stderr)
        self.assertEqual(short(ran.stdout)[2:], ["error 2", "theirs"], ran.stdout + ran.stderr)

    def test_nothing_is_made_in_dev(self):
        for kind in ["modern", "legacy"]:
            with self.subTest(kind):
                ran = self.within('ls /dev; "$@"', *command_of(["true"], [*KEPT, "--ion", kind]))
                self.assertEqual(ran.returncode, 2, ran.stderr)
                self.assertEqual(ran.stdout.split(), ["dma_heap", "fuse", "null", "zero"])
                self.assertIn("touch /dev/ion", ran.stderr)

    def test_ion_over_a_file_that_is_there(self):
        self.need("ion-modern")
        ran = self.within('echo theirs >/dev/ion; "$@"; cat /dev/ion; ls /dev/dma_heap',
                          *command_of([program("ion-modern"), "/dev/ion", "0"], [*KEPT, "--ion", "modern"]))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout.splitlines()[-1:], ["theirs"], ran.stdout)

    def test_a_folder_is_needed(self):
        ran = self.within('rmdir /dev/dma_heap; "$@"', *command_of(["true"], KEPT))
        self.assertEqual((ran.returncode, ran.stdout), (2, ""), ran.stderr)
        self.assertIn("mkdir /dev/dma_heap", ran.stderr)
