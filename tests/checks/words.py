"""Text that is not allowed to stand anywhere in the project, and untidy text.

Marks of unfinished work, paths of somebody's machine, carriage returns, blanks at line
ends, tabs in C, a missing last newline, text that is not UTF-8.
"""

from __future__ import annotations

import re
from pathlib import Path

import house

FOLDERS = ("include", "libcmg", "examples", "tests", "bindings", ".ci")
TOP = ("README.md", "NEWS.md", "CONTRIBUTING.md", "COPYING", "meson.build",
       "meson_options.txt", ".clang-format", ".gitignore")
RAW = ("/corpus/", "/data/", ".abi", "/sandbox-state/")  # bytes as they are
# Written in pieces so that this file does not complain about itself.
PATTERNS = (
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"), "mark of unfinished work"),
    (re.compile(r"(?<![\w.])/(wo" r"rk|ho" r"me|ro" r"ot|Us" r"ers)/"), "path of a machine"),
    (re.compile(r"\.\./sha" r"red\b"), "path outside the project"),
    (re.compile(r"[ \t]+$"), "blank at the end of the line"),
    (re.compile(r"\r"), "carriage return"),
)
_TAB = re.compile(r"\t")


def _file(name: str, data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return [f"{name}: not UTF-8"]
    complaints = [] if not text or text.endswith("\n") else [f"{name}: no newline at the end"]
    if text.endswith("\n\n"):
        complaints.append(f"{name}: empty lines at the end")
    patterns = PATTERNS + (((_TAB, "tab"),) if name.endswith((".c", ".h", ".py")) else ())
    for number, line in house.lines_with(text):
        complaints += [f"{name}:{number}: {what}" for pattern, what in patterns
                       if pattern.search(line)]
    return complaints


def check(root: Path) -> list[str]:
    """Everything untidy."""
    paths = house.files(root, FOLDERS, ("",)) + [root / n for n in TOP if (root / n).exists()]
    complaints = []
    for path in paths:
        name = house.relative(root, path)
        if not name.endswith(".pyc") and not any(raw in name for raw in RAW):
            complaints += _file(name, path.read_bytes())
    return complaints


BAD = {
    "unfinished work": {"libcmg/a.c": "/* TO" "DO: later */\n"},
    "a machine's path": {"tests/a.sh": "cd /ho" "me/somebody/x\n"},
    "trailing blanks": {"README.md": "hello \n"},
    "a carriage return": {"libcmg/a.c": "int a;\r\n"},
    "a tab in C": {"libcmg/a.c": "\tint a;\n"},
    "a missing newline": {"NEWS.md": "hello"},
}
GOOD = {"libcmg/a.c": 'int a; /* mkstemp("aXXXXXX") */\n', "tests/corpus/x/a": "a\r\n \t",
        "README.md": "see /etc/ssl, https://example.com/home/x\n"}

if __name__ == "__main__":
    house.main(check, BAD, GOOD)
