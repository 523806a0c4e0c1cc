"""Reads the public headers: which functions they mark, which constants they define."""

from __future__ import annotations

import re
from pathlib import Path

SANDBOX = "sandbox.h"
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_MARK = re.compile(r"\bCMG_API\b[^;{]*?\b(cmg_\w+)\s*\(")
_ENUM = re.compile(r"typedef enum \w+ \{(.*?)\} (\w+);", re.S)
_MACRO = re.compile(r"^#define (CMG_[A-Z0-9_]+)[ \t]+(\S.*)$", re.M)
_STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\n\} \w+;", re.S)
NOT_VALUES = {"CMG_API", "CMG_VERSION", "CMG_VERSION_NUMBER"}


def header_text(root: Path, name: str) -> str:
    """A public header without comments."""
    return _COMMENT.sub("", (root / "include/cmg" / name).read_text(encoding="utf-8"))


def headers(root: Path) -> list[str]:
    """The names of all public headers."""
    return sorted(p.name for p in (root / "include/cmg").glob("*.h"))


def marked(root: Path, sandbox: bool) -> set[str]:
    """The functions marked CMG_API, those of the sandbox or those of libcmg."""
    found: set[str] = set()
    for name in headers(root):
        if (name == SANDBOX) == sandbox:
            found |= set(_MARK.findall(header_text(root, name)))
    return found


def constants(root: Path) -> list[tuple[str, str]]:
    """(where, name) of every enumerator and value macro, in the headers' order."""
    found: list[tuple[str, str]] = []
    for name in headers(root):
        text = header_text(root, name)
        for body, enum in _ENUM.findall(text):
            found += [(enum, item) for item in re.findall(r"\b(CMG_\w+)\s*=", body)]
        found += [("macro", macro) for macro, _ in _MACRO.findall(text)
                  if macro not in NOT_VALUES]
    return found


def enums_without_value(root: Path) -> list[str]:
    """Enumerators whose value is not written out."""
    wrong = []
    for name in headers(root):
        for body, enum in _ENUM.findall(header_text(root, name)):
            items = [i.strip() for i in body.split(",") if i.strip()]
            wrong += [f"{enum}: {i} has no explicit value" for i in items if "=" not in i]
            if not any(re.match(r"CMG_\w*WIDTH\s*=\s*0x7fffffff$", i) for i in items):
                wrong.append(f"{enum}: no 32-bit sentinel")
    return wrong


def structs_without_size(root: Path) -> list[str]:
    """Public structures that do not begin with their size."""
    return [f"{struct}: does not begin with size_t size" for name in headers(root)
            for struct, body in _STRUCT.findall(header_text(root, name))
            if not re.match(r"\s*size_t size;", body)]
