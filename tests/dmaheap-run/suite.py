#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the tests of dmaheap-run over one delivery, as an ordinary user or as root.

Exit status 77: this machine lacks what all of them take. What could not be tried is named by lines
"SKIPPED what: why".
"""

import signal
import sys
import unittest

import old_kernel
import support

SKIPPED = 77
MODULES = ["test_scenarios", "test_delivery", "test_life", "test_terminal", "test_tools", "test_means",
           "test_keep_dev", "test_attach"]


class Result(unittest.TextTestResult):
    """Names each test as it begins, so that one that hangs is known."""

    def printErrorList(self, flavour, errors):
        for test, text in errors:
            self.stream.writeln(f"{flavour}: {test.id()}\n{text}")


def lacks():
    """Why nothing can be tried on this machine; None when all is there."""
    tried = support.run(["true"])
    if tried.returncode == 2 and "to be had" in tried.stderr + "cannot be":
        return tried.stderr.strip()
    return None


def ignore_no_signals():
    """Children inherit it when we do, behind nohup or in the background of a script."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main(arguments):
    ignore_no_signals()
    options = support.parse(arguments)
    support.Settings.delivery = options.delivery
    support.Settings.as_root = options.as_root
    support.Settings.old_kernel = options.old_kernel
    if options.old_kernel and not old_kernel.is_possible():
        print("SKIPPED dmaheap-run: no older kernel can be pretended on this machine")
        return SKIPPED
    with support.staged(options) as folder:
        support.Settings.folder = folder
        if why := lacks():
            print(f"SKIPPED dmaheap-run: {why}")
            return SKIPPED
        loader = unittest.TestLoader()
        if options.only:
            loader.testNamePatterns = [f"*{part}*" for part in options.only]
        suite = loader.loadTestsFromNames(MODULES)
        done = unittest.TextTestRunner(
            stream=sys.stdout, resultclass=Result, verbosity=2
        ).run(suite)
    for why in sorted({why for _, why in done.skipped}):
        print(f"SKIPPED a part: {why}")
    return 0 if done.wasSuccessful() and done.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
