"""Compares every public constant with the golden list, tests/abi/constants.txt.

The ABI comparison sees only types that a signature mentions; flags and macros it does not
see. A constant may be added (tests/abi/update.sh does it), never changed or removed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import public


def program(root: Path) -> str:
    """A C program that prints every constant."""
    lines = ["#include <cmg/cmg.h>", "#include <cmg/sandbox.h>", "#include <stdio.h>",
             "int main(void)", "{"]
    lines += [f'    printf("{where} {name} %lld\\n", (long long){name});'
              for where, name in public.constants(root)]
    return "\n".join(lines + ["    return 0;", "}", ""])


def actual(root: Path, compiler: list[str]) -> list[str]:
    """The constants as the compiler sees them."""
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder) / "constants.c", Path(folder) / "constants"
        source.write_text(program(root), encoding="utf-8")
        subprocess.run([*compiler, "-std=c99", f"-I{root}/include", "-o", str(binary),
                        str(source)], check=True)
        return subprocess.run([str(binary)], capture_output=True, text=True,
                              check=True).stdout.splitlines()


def compare(golden: list[str], now: list[str]) -> list[str]:
    """What differs from the golden list."""
    wrong = [f"changed or removed: {line}" for line in golden if line not in now]
    return wrong + [f"not in the list (tests/abi/update.sh adds it): {line}"
                    for line in now if line not in golden]


def main() -> None:
    """constants.py ROOT [--update] COMPILER..."""
    root = Path(sys.argv[1])
    update = "--update" in sys.argv
    now = actual(root, [a for a in sys.argv[2:] if a != "--update"])
    path = root / "tests/abi/constants.txt"
    if update:
        path.write_text("\n".join(now) + "\n", encoding="utf-8")
        return
    wrong = compare(path.read_text(encoding="utf-8").splitlines(), now)
    if not compare(["e A 1"], ["e A 2"]) or not compare(["e A 1"], []) or not now:
        wrong.append("self-test: a difference was not noticed")
    print("\n".join(wrong + [f"constants: {len(now)} compared, {len(wrong)} complaint(s)"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
