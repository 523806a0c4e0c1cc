"""Header marks, symbol map and exported symbols are the same set, for both libraries.

Also: the soname is what the map's release promises, neither library links the other, and
nothing but functions is exported, and NEWS.md names every function.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import public

_MAP_NAME = re.compile(r"^\s*(cmg_\w+);", re.M)


def mapped(text: str) -> set[str]:
    """The functions a version script exports."""
    return set(_MAP_NAME.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.S)))


def exported(said: str) -> tuple[set[str], set[str]]:
    """From nm's output: exported functions, and everything else that is exported."""
    functions, others = set(), set()
    for line in said.splitlines():
        kind, name = line.split()[-2:]
        if kind != "A":  # a version node
            (functions if kind == "T" else others).add(name.split("@")[0])
    return functions, others


def differences(marks: set[str], names: set[str], symbols: set[str]) -> list[str]:
    """What is in one of the three and not in the others."""
    wrong = [f"{n}: marked in a header, not in the map" for n in marks - names]
    wrong += [f"{n}: in the map, not marked in a header" for n in names - marks]
    wrong += [f"{n}: in the map, not exported" for n in names - symbols]
    wrong += [f"{n}: exported, not in the map" for n in symbols - names]
    return sorted(wrong)


def prove() -> list[str]:
    """The comparison notices each kind of difference."""
    one, two = {"cmg_a"}, {"cmg_a", "cmg_b"}
    cases = [(two, one, one), (one, two, one), (one, two, two), (one, one, two)]
    wrong = ["self-test: a difference was not noticed" for case in cases
             if not differences(*case)]
    return wrong + differences(one, one, one)


def run(*command: str) -> str:
    """A tool's output."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def library(root: Path, path: str, stem: str) -> list[str]:
    """What is wrong with one library."""
    names = mapped((root / "libcmg" / f"{stem}.map").read_text(encoding="utf-8"))
    functions, others = exported(run("nm", "-D", "--defined-only", path))
    wrong = differences(public.marked(root, stem == "libcmg-sandbox"), names, functions)
    wrong += [f"{name}: exported, but not a function" for name in sorted(others)]
    dynamic = run("readelf", "-d", path)
    if f"[{stem}.so.0]" not in "".join(re.findall(r"SONAME.*", dynamic)):
        wrong.append(f"the soname of {stem} is not {stem}.so.0")
    wrong += [f"{stem} links {other}" for other in re.findall(r"NEEDED.*\[(libcmg\S*)\]", dynamic)]
    return wrong


def main() -> None:
    """marks.py ROOT LIBCMG LIBCMG-SANDBOX"""
    root = Path(sys.argv[1])
    news = (root / "NEWS.md").read_text(encoding="utf-8")
    wrong = [f"{name}: not named in NEWS.md" for both in (False, True)
             for name in sorted(public.marked(root, both)) if f"`{name}`" not in news]
    wrong += prove() + public.enums_without_value(root) + public.structs_without_size(root)
    wrong += library(root, sys.argv[2], "libcmg") + library(root, sys.argv[3], "libcmg-sandbox")
    print("\n".join(wrong + [f"marks: {len(wrong)} complaint(s)"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
