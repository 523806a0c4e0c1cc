"""What every check shares: walking the tree, reporting, and proving it can fail.

A check is a function root -> list of complaints. It is run twice: first on a small tree
that breaks the rule, where silence is an error, then on the project.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

SKIPPED = 77  # meson's exit status for a skipped test

Check = Callable[[Path], list[str]]


def files(root: Path, folders: tuple[str, ...], suffixes: tuple[str, ...]) -> list[Path]:
    """Every file under the folders with one of the suffixes ("" for any), sorted."""
    found: list[Path] = []
    for folder in folders:
        for base, inner, names in os.walk(root / folder):
            inner[:] = [d for d in inner if not d.startswith((".", "build", "__pycache__"))]
            found += [Path(base) / n for n in names if n.endswith(suffixes)]
    return sorted(found)


def relative(root: Path, path: Path) -> str:
    """The path as a complaint prints it."""
    return path.relative_to(root).as_posix()


def lines_with(text: str) -> Iterator[tuple[int, str]]:
    """Line numbers from 1, with the line."""
    return enumerate(text.split("\n"), 1)


def write_tree(root: Path, tree: dict[str, str]) -> None:
    """Writes a small tree for a proof."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def proves(check: Check, bad: dict[str, dict[str, str]], good: dict[str, str]) -> list[str]:
    """Runs the check on trees that break the rule and on one that keeps it."""
    wrong: list[str] = []
    with contextlib.redirect_stdout(io.StringIO()):
        wrong += _proofs(check, bad, good)
    return wrong


def _proofs(check: Check, bad: dict[str, dict[str, str]], good: dict[str, str]) -> list[str]:
    wrong = []
    for name, tree in bad.items():
        with tempfile.TemporaryDirectory() as folder:
            write_tree(Path(folder), tree)
            if not check(Path(folder)):
                wrong.append(f"self-test: {name} was not noticed")
    with tempfile.TemporaryDirectory() as folder:
        write_tree(Path(folder), good)
        wrong += [f"self-test: false alarm: {c}" for c in check(Path(folder))]
    return wrong


def main(check: Check, bad: dict[str, dict[str, str]], good: dict[str, str]) -> None:
    """The command line of a check: script ROOT."""
    root = Path(sys.argv[1]).resolve()
    complaints = proves(check, bad, good) or check(root)
    for complaint in complaints:
        print(complaint)
    print(f"{Path(sys.argv[0]).stem}: {len(complaints)} complaint(s)")
    sys.exit(1 if complaints else 0)


def skip(reason: str) -> None:
    """Ends as a skipped test; the reason is shown by tests/run.sh."""
    print(f"SKIP: {reason}")
    sys.exit(SKIPPED)
