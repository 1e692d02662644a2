#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of compare.py."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import compare

DOCS = """
## Buffers
### Differences: one
Some words before the table.

| row | kernel | here | why |
| --- | :---: | --- | --- |
| `node.epoll` | `EPERM` | `ok` | a FUSE file can be polled |
| `buffer.flags.O_RDONLY*` | `O_RDONLY*` | `O_RDWR*` | no access modes |

### Differences: none, nothing
Nothing.

### Else
| row | here |

### Differences: two, three
| row | kernel | here | why |
| --- | --- | --- | --- |
| `node.poll` | `1` | `2` | Not always: it depends |

### Differences: huge
| row | kernel | here | why |
| --- | --- | --- | --- |
| `node.huge.*` | `killed by SIGKILL` | `ENOMEM` | a limit |
"""

KERNEL = {"node.epoll": "EPERM", "node.poll": "1", "buffer.flags.O_RDONLY": "O_RDONLY, 0"}
OURS = {"node.epoll": "ok", "node.poll": "1", "buffer.flags.O_RDONLY": "O_RDWR, 0"}


def complaints(kernel, ours, section="one"):
    return compare.complaints(kernel, ours, compare.read_table(DOCS, section))


class Outputs(unittest.TestCase):
    def test_rows_by_id(self):
        self.assertEqual(
            compare.read_output("node.a: ok: 1\nnode.b-1: EINVAL\n", "x"),
            {"node.a": "ok: 1", "node.b-1": "EINVAL"},
        )

    def test_noise_is_refused(self):
        for text in ("", "node.a: ok\nSegmentation fault\n", "node.a: \n"):
            with self.subTest(text), self.assertRaises(compare.Malformed):
                compare.read_output(text, "x")

    def test_a_row_printed_twice_is_refused(self):
        with self.assertRaises(compare.Malformed):
            compare.read_output("node.a: ok\nnode.a: ok\n", "x")


class Tables(unittest.TestCase):
    def rows(self, combination):
        return [line.row for line in compare.read_table(DOCS, combination)]

    def test_only_the_sections_about_frontend_and_exporter_are_read(self):
        self.assertEqual(self.rows("one"), ["node.epoll", "buffer.flags.O_RDONLY*"])
        self.assertEqual(self.rows("one+three"), self.rows("one") + ["node.poll"])
        self.assertEqual(self.rows("two+nothing"), ["node.poll"])

    def test_a_section_without_a_table_documents_no_difference(self):
        self.assertEqual(compare.read_table(DOCS, "none"), [])

    def test_what_no_section_is_about_is_refused(self):
        for combination in ("on", "one+thre", "four+one", ""):
            with self.subTest(combination), self.assertRaises(compare.Malformed):
                compare.read_table(DOCS, combination)

    def test_malformed_lines_are_refused(self):
        head = "### Differences: x\n| row | kernel | here | why |\n|---|---|---|---|\n"
        for line in (
            "| node.a | `1` | `2` | not in backticks |",
            "| `node.a` | `1` | `2` | |",
            "| `node.a` | `1` | `2` |",
            "| `node.*.a` | `1` | `2` | a star inside |",
        ):
            with self.subTest(line), self.assertRaises(compare.Malformed):
                compare.read_table(head + line, "x")

    def test_another_head_is_refused(self):
        with self.assertRaises(compare.Malformed):
            compare.read_table("### Differences: x\n| row | here | kernel | why |\n", "x")


class Comparison(unittest.TestCase):
    def test_documented_differences_pass(self):
        self.assertEqual(complaints(KERNEL, OURS), [])

    def test_equal_outputs_without_documented_differences_pass(self):
        self.assertEqual(complaints(KERNEL, KERNEL, "none"), [])

    def test_an_undocumented_difference_fails(self):
        found = complaints(KERNEL, OURS | {"node.poll": "0"})
        self.assertEqual(found, ["node.poll: not documented\n  kernel: 1\n  here:   0"])

    def test_a_documented_row_with_another_value_fails_twice(self):
        found = complaints(KERNEL, OURS | {"node.epoll": "EINVAL"})
        self.assertEqual(len(found), 2)
        self.assertIn("not documented", found[0])
        self.assertIn("not so", found[1])

    def test_a_stale_line_fails(self):
        found = complaints(KERNEL, OURS | {"node.epoll": "EPERM"})
        self.assertEqual(
            found, ["node.epoll: documented, but not so\n  kernel: EPERM\n  here:   ok"]
        )

    def test_what_is_not_always_so_may_be_so_or_not(self):
        kernel = {"node.poll": "1"}
        self.assertEqual(complaints(kernel, {"node.poll": "2"}, "two"), [])
        self.assertEqual(complaints(kernel, kernel, "two"), [])
        self.assertEqual(len(complaints(kernel, {"node.poll": "3"}, "two")), 1)

    def test_a_family_covers_all_that_begin_like_it(self):
        more = {"buffer.flags.O_RDONLY+O_CLOEXEC": "O_RDONLY, FD_CLOEXEC"}
        ours = {"buffer.flags.O_RDONLY+O_CLOEXEC": "O_RDWR, FD_CLOEXEC"}
        self.assertEqual(complaints(KERNEL | more, OURS | ours), [])

    def test_a_family_does_not_cover_other_values(self):
        more = {"buffer.flags.O_RDONLY+O_CLOEXEC": "O_RDONLY, FD_CLOEXEC"}
        ours = {"buffer.flags.O_RDONLY+O_CLOEXEC": "EINVAL"}
        self.assertEqual(len(complaints(KERNEL | more, OURS | ours)), 1)

    def test_a_family_without_members_is_stale(self):
        kernel = {"node.epoll": "EPERM"}
        self.assertEqual(len(complaints(kernel, {"node.epoll": "ok"})), 1)

    def test_a_missing_row_fails_on_either_side(self):
        extra = {"node.extra": "ok"}
        self.assertEqual(
            complaints(KERNEL | extra, OURS), ["our output lacks the row node.extra"]
        )
        self.assertEqual(
            complaints(KERNEL, OURS | extra), ["the kernel's output lacks the row node.extra"]
        )

    def test_rows_on_demand_are_passed_over_where_nobody_ran_them(self):
        self.assertEqual(complaints({"node.a": "1"}, {"node.a": "1"}, "huge"), [])

    def test_rows_on_demand_are_compared_where_they_ran(self):
        kernel = {"node.huge.1TiB": "killed by SIGKILL"}
        self.assertEqual(complaints(kernel, {"node.huge.1TiB": "ENOMEM"}, "huge"), [])
        self.assertEqual(len(complaints(kernel, kernel, "huge")), 1)

    def test_values_are_not_regular_expressions(self):
        self.assertTrue(compare.fits("ok (returned *)", "ok (returned 3)"))
        self.assertFalse(compare.fits("a.c", "abc"))


class Program(unittest.TestCase):
    def run_on(self, kernel, ours, section):
        with tempfile.TemporaryDirectory() as folder:
            names = [pathlib.Path(folder) / name for name in ("kernel", "ours", "docs")]
            for name, text in zip(names, (kernel, ours, DOCS)):
                name.write_text(text, "utf-8")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                with contextlib.redirect_stderr(io.StringIO()):
                    status = compare.main([*map(str, names), section])
        return status, out.getvalue()

    def test_exit_statuses(self):
        self.assertEqual(self.run_on("node.a: 1\n", "node.a: 1\n", "none"), (0, ""))
        status, text = self.run_on("node.a: 1\n", "node.a: 2\n", "none")
        self.assertEqual(status, 1)
        self.assertIn("node.a", text)
        self.assertEqual(self.run_on("node.a: 1\n", "node.a: 1\n", "other")[0], 2)
        self.assertEqual(self.run_on("", "node.a: 1\n", "none")[0], 2)

    def test_wrong_usage(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(compare.main(["one"]), 2)


if __name__ == "__main__":
    unittest.main()
