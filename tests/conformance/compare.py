#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare what the kernel's heap and ours answered to the conformance program.

    compare.py KERNEL.txt OURS.txt DOCS_ABI_MD FRONTEND+EXPORTER

KERNEL.txt and OURS.txt are outputs of the conformance program, lines of the form `row: value`.
DOCS_ABI_MD is a markdown file that documents where the two differ, in sections like this one:

    ### Differences: buffer-file, buffer-file-cached

    | row | kernel | here | why |
    | --- | --- | --- | --- |
    | `buffer.fdinfo.exp_name` | `"system"` | `none` | FUSE files have no show_fdinfo() |
    | `buffer.lseek.*` | `EINVAL, *` | `*, then at *` | fuse_file_llseek() does not ask |

- A section holds for the frontends and exporters that its heading names. For OURS.txt all sections
  count that name the frontend or the exporter that it comes from.
- Row, kernel and here stand in backticks. "Why" is free text, and may not be empty.
- The section ends at the next heading. It may hold text beside the table, and a section without a
  table documents that there is no difference.
- A row that ends in `*` stands for all rows that begin like that. In the values, `*` stands for any
  text; the conformance program itself never prints a `*` or a `|`.
- A line of the table explains a difference if row, kernel and here all fit.
- A line whose "why" begins with "Not always:" need not explain any: what it is about depends on the
  moment, or on the version of the kernel under our daemon.
- Rows that begin with `node.huge.` are only there if the program ran with --huge. If neither output
  has any, lines of the table about them are passed over.

Exit status 0: the outputs differ as documented. 1: a difference that no line explains, a line that
explains none (any more), or a row that one output lacks; each is printed. 2: wrong usage, or
something that cannot be read.
"""

import pathlib
import re
import sys
from typing import NamedTuple

HEADING = re.compile(r"#{1,6} ")
OUTPUT_LINE = re.compile(r"([a-z]+\.\S+): (.+)")
QUOTED = re.compile(r"`([^`]+)`")
HEADER = ["row", "kernel", "here", "why"]
ONLY_ON_DEMAND = "node.huge."
NOT_ALWAYS = "Not always:"
SECTION = "### Differences: "


class Malformed(Exception):
    """An input that is not what it should be."""


class Difference(NamedTuple):
    """A line of the table."""

    row: str
    kernel: str
    here: str
    why: str

    def explains(self, row, kernel, here):
        family = self.row.endswith("*") and row.startswith(self.row[:-1])
        return (family or row == self.row) and fits(self.kernel, kernel) and fits(self.here, here)


def fits(pattern, value):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value) is not None


def read_output(text, name):
    """The rows of an output, by their ids."""
    rows = {}
    for line in text.splitlines():
        match = OUTPUT_LINE.fullmatch(line)
        if not match:
            raise Malformed(f"{name}: not a row: {line}")
        if match[1] in rows:
            raise Malformed(f"{name}: twice: {match[1]}")
        rows[match[1]] = match[2]
    if not rows:
        raise Malformed(f"{name}: no rows")
    return rows


def parts_of(heading):
    """The frontends and exporters that a section is about; none for other headings."""
    if not heading.startswith(SECTION):
        return set()
    return {part.strip() for part in heading.removeprefix(SECTION).split(",")}


def lines_about(text, combination):
    """The lines of the sections that hold for FRONTEND+EXPORTER, each after its heading."""
    wanted, found, reading = set(combination.split("+")), set(), False
    for line in text.splitlines():
        if HEADING.match(line):
            about = wanted & parts_of(line)
            found |= about
            reading = bool(about)
        if reading:
            yield line.strip()
    if found != wanted:
        raise Malformed(f"no section is about {' or '.join(sorted(wanted - found))}")


def read_difference(cells, line):
    quoted = [QUOTED.fullmatch(cell) for cell in cells[:3]]
    if len(cells) != 4 or not all(quoted) or not cells[3]:
        raise Malformed(f"not `row`, `kernel`, `here` and why: {line}")
    difference = Difference(*(cell[1] for cell in quoted), cells[3])
    if "*" in difference.row[:-1]:
        raise Malformed(f"a row may only end in *: {line}")
    return difference


def read_table(text, combination):
    """The documented differences of FRONTEND+EXPORTER."""
    differences, in_table = [], False
    for line in lines_about(text, combination):
        if not line.startswith("|"):
            in_table = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if all(re.fullmatch(":?-+:?", cell) for cell in cells):
            continue
        if in_table:
            differences.append(read_difference(cells, line))
        elif cells != HEADER:
            raise Malformed(f"the table's head is not {' | '.join(HEADER)}: {line}")
        in_table = True
    return differences


def lacking(rows, others, whose):
    return [f"{whose} lacks the row {row}" for row in others if row not in rows]


def complaint(row, what, kernel, here):
    return f"{row}: {what}\n  kernel: {kernel}\n  here:   {here}"


def unexplained(kernel, ours, differences):
    for row in kernel:
        pair = kernel[row], ours.get(row, kernel[row])
        if pair[0] == pair[1] or any(line.explains(row, *pair) for line in differences):
            continue
        yield complaint(row, "not documented", *pair)


def stale(kernel, ours, differences):
    both = [row for row in kernel if row in ours]
    on_demand = any(row.startswith(ONLY_ON_DEMAND) for row in [*kernel, *ours])
    for line in differences:
        if line.why.startswith(NOT_ALWAYS):
            continue
        if line.row.startswith(ONLY_ON_DEMAND) and not on_demand:
            continue
        if not any(
            kernel[row] != ours[row] and line.explains(row, kernel[row], ours[row]) for row in both
        ):
            yield complaint(line.row, "documented, but not so", line.kernel, line.here)


def complaints(kernel, ours, differences):
    """Everything in which the two outputs do not differ just as documented."""
    return [
        *lacking(kernel, ours, "the kernel's output"),
        *lacking(ours, kernel, "our output"),
        *unexplained(kernel, ours, differences),
        *stale(kernel, ours, differences),
    ]


def main(arguments):
    if len(arguments) != 4:
        print("usage: compare.py KERNEL.txt OURS.txt ABI.md FRONTEND+EXPORTER", file=sys.stderr)
        return 2
    try:
        kernel, ours, docs = (pathlib.Path(name).read_text("utf-8") for name in arguments[:3])
        found = complaints(
            read_output(kernel, arguments[0]),
            read_output(ours, arguments[1]),
            read_table(docs, arguments[3]),
        )
    except (OSError, UnicodeDecodeError, Malformed) as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 2
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
