"""Compares every C file with what clang-format makes of it.

Versions format differently, so exactly one is asked: 14, Debian 12's.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import house

VERSION = "14"


def _formatter() -> str | None:
    """The clang-format of the pinned version, or None."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            said = subprocess.run([name, "--version"], capture_output=True, text=True,
                                  check=True).stdout
            if f"version {VERSION}." in said:
                return name
    return None


def _complaints(tool: str, style: Path, root: Path, paths: list[Path]) -> list[str]:
    if not paths:
        return []
    said = subprocess.run(
        [tool, "--dry-run", "--ferror-limit=1", f"--style=file:{style}", *map(str, paths)],
        capture_output=True, text=True, check=False).stderr
    return [line.removeprefix(f"{root}/") for line in said.splitlines()
            if "[-Wclang-format-violations]" in line or "error:" in line]


def main() -> None:
    """The command line: format.py ROOT."""
    import sys

    root = Path(sys.argv[1]).resolve()
    tool = _formatter()
    if tool is None:
        house.skip(f"clang-format {VERSION} is not installed")
        return
    style = root / ".clang-format"
    with tempfile.TemporaryDirectory() as folder:
        house.write_tree(Path(folder), {"a.c": "int main( void ){return 0;}\n"})
        wrong = [] if _complaints(tool, style, Path(folder), [Path(folder) / "a.c"]) else [
            "self-test: bad formatting was not noticed"]
    wrong += _complaints(tool, style, root, house.files(
        root, ("include", "libcmg", "examples", "tests"), (".c", ".h")))
    print("\n".join(wrong + [f"format: {len(wrong)} complaint(s)"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
