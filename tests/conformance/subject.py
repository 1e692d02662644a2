# SPDX-License-Identifier: MIT
"""What `check` asks: a dma-heap, or one of the two interfaces of ION."""

import pathlib
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent.parent / "docs"
HEAP = "conformance"
LIMIT = "512MiB"  # below what the rows about huge buffers ask for on any machine

# The heaps that the rows of ION are about: see ion_client.h.
ION_CONFIG = """
[heap.conformance]
limit = "512MiB"
mode = "0600"
[heap.conformance-small]
limit = "1MiB"
mode = "0600"
[heap.conformance-open]
limit = "512MiB"
mode = "0666"

[ion.ion-conformance]
abi = "{abi}"
mode = "0600"
{more}
heaps = [
    {{ id = 0, heap = "conformance", type = "system", name = "ion_system_heap" }},
    {{ id = 4, heap = "conformance-small", type = "dma", name = "small" }},
    {{ id = 31, heap = "conformance-open", name = "a name of thirty-one characters" }},
]
"""


class Subject(NamedTuple):
    """An interface, and where what is known of it is kept."""

    config: str  # "": a heap of the command line
    node: str  # below the daemon's /dev
    answers: str
    docs: pathlib.Path

    def stored(self, of_32_bits):
        """The files with what the kernel answered; the later ones amend the earlier ones."""
        names = [f"{self.answers}.txt"] + ([f"{self.answers}-32-bit.txt"] if of_32_bits else [])
        return [HERE / name for name in names if (HERE / name).exists()]

    def daemon_arguments(self, folder):
        if not self.config:
            return [f"--heap={HEAP}=system,limit={LIMIT}"]
        file = folder / "ion.toml"
        file.write_text(self.config, "utf-8")
        return [f"--config={file}"]


SUBJECTS = {
    "dma-heap": Subject("", f"dma_heap/{HEAP}", "kernel-6.12", DOCS / "abi.md"),
    "ion-modern": Subject(
        ION_CONFIG.format(abi="modern", more="abi-version = 2"),
        "ion-conformance",
        "ion-modern",
        DOCS / "ion.md",
    ),
    "ion-legacy": Subject(
        ION_CONFIG.format(abi="legacy", more=""),
        "ion-conformance",
        "ion-legacy",
        DOCS / "ion.md",
    ),
}
