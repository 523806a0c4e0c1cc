"""Builds the reference of the public headers; any warning of doxygen fails.

Beyond what doxygen asks for, every documented block says since when it exists.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import house

_BLOCK = re.compile(r"/\*\*(?!<)(.*?)\*/\s*(\S[^\n]*)", re.S)
UNDOCUMENTED = {"include/cmg/a.h": "/**\n * @file a.h\n * @brief A page.\n */\n#ifdef __cplusplus\n"
                "#endif\n/** @brief It does. */\nint cmg_a(int b);\n"}


def build(root: Path, doxyfile: Path, output: Path) -> list[str]:
    """Doxygen's warnings."""
    output.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["doxygen", str(doxyfile)], cwd=root, capture_output=True, text=True,
                          env=os.environ | {"CMG_OUTPUT": str(output)}, check=False)
    said = [line.removeprefix(f"{root}/") for line in done.stderr.splitlines() if line.strip()]
    return said or ([f"doxygen ended with {done.returncode}"] if done.returncode else [])


def without_since(root: Path) -> list[str]:
    """Blocks before a declaration that do not say @since."""
    wrong = []
    for path in house.files(root, ("include",), (".h",)):
        text = path.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            block, after = match.groups()
            declares = re.match(r"(CMG_API|typedef|#define|#if)", after)
            if declares and "@file" not in block and "@since" not in block:
                line = text.count("\n", 0, match.start(2)) + 1
                wrong.append(f"{house.relative(root, path)}:{line}: no @since: {after}")
    return wrong


def main() -> None:
    """docs.py ROOT OUTPUT"""
    root, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    if shutil.which("doxygen") is None:
        house.skip("doxygen is not installed")
    doxyfile = root / "libcmg/doc/Doxyfile"
    with tempfile.TemporaryDirectory() as folder:
        house.write_tree(Path(folder), UNDOCUMENTED)
        silent = not build(Path(folder), doxyfile, Path(folder) / "out")
    wrong = ["self-test: a missing description was not noticed"] if silent else []
    wrong += build(root, doxyfile, output) + without_since(root)
    print("\n".join(wrong + [f"docs: {len(wrong)} complaint(s)"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
