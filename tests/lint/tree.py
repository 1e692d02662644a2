# SPDX-License-Identifier: MIT
"""What the lint tests look at: the files of the source tree."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = {".c", ".cpp", ".h"}


def from_git(root):
    """Those that are tracked, or would be; nothing where there is no repository."""
    listed = subprocess.run(
        # The tree may belong to somebody else than the one who tests it.
        ["git", "-c", f"safe.directory={root}", "-C", root, "ls-files", "-z"]
        + ["--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
    )
    names = listed.stdout.decode().split("\0")[:-1] if listed.returncode == 0 else []
    return [root / name for name in names]


def from_folders(root):
    """All of them, but for build folders."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(("build", ".git", "__"))]
        yield from (pathlib.Path(folder) / name for name in names)


def files(root=ROOT, kinds=None):
    """The files of the tree, sorted; only those with these suffixes if any are given."""
    found = from_git(root) if (root / ".git").exists() else []
    return sorted(
        path
        for path in found or from_folders(root)
        if path.is_file() and not path.is_symlink() and (kinds is None or path.suffix in kinds)
    )
