"""Nothing is forgotten: every source stands in the meson.build of its folder.

Sources are listed, not globbed, so a file that nobody builds would go unnoticed; a test
that nobody runs even more so. Fuzz targets need a corpus too.
"""

from __future__ import annotations

import re
from pathlib import Path

import house

_PREFIX = re.compile(r"^(?:test|fuzz|bench)_")


def _is_listed(build: str, path: Path) -> bool:
    names = {path.name, path.stem, _PREFIX.sub("", path.stem)}
    return any(re.search(rf"'{re.escape(name)}'", build) for name in names)


def check(root: Path) -> list[str]:
    """Every C file that no meson.build names, every fuzz target without inputs."""
    complaints = []
    for path in house.files(root, ("libcmg", "tests", "examples"), (".c",)):
        name = house.relative(root, path)
        build = path.parent / "meson.build"
        text = build.read_text(encoding="utf-8") if build.exists() else ""
        if not _is_listed(text, path):
            complaints.append(f"{name}: not in {house.relative(root, build)}")
    for path in house.files(root, ("tests/fuzz",), (".c",)):
        corpus = path.parent / "corpus" / _PREFIX.sub("", path.stem)
        if path.name.startswith("fuzz_") and not any(corpus.glob("*")):
            complaints.append(f"{house.relative(root, path)}: no input in tests/fuzz/corpus/")
    return complaints


BAD = {
    "a forgotten source": {"libcmg/base/meson.build": "files('b.c')\n", "libcmg/base/a.c": "\n"},
    "a forgotten test": {"tests/base/meson.build": "['b']\n", "tests/base/test_a.c": "\n"},
    "a forgotten fuzz target": {"tests/fuzz/meson.build": "['b']\n", "tests/fuzz/fuzz_a.c": "\n",
                                "tests/fuzz/corpus/a/x": "x"},
    "a target without corpus": {"tests/fuzz/meson.build": "['a']\n", "tests/fuzz/fuzz_a.c": "\n"},
}
GOOD = {
    "libcmg/base/meson.build": "files('a.c')\n", "libcmg/base/a.c": "\n",
    "tests/base/meson.build": "['a']\n", "tests/base/test_a.c": "\n",
    "tests/fuzz/meson.build": "['a']\n", "tests/fuzz/fuzz_a.c": "\n",
    "tests/fuzz/corpus/a/x": "x",
}

if __name__ == "__main__":
    house.main(check, BAD, GOOD)
