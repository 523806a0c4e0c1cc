"""Reads C text as far as the checks need it: without comments and literals, and cut into
functions by counting braces. It knows no types and expands no macros.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
_EXTERN_C = re.compile(r'extern\s+""\s*\{')
_NAME = re.compile(r"(\w+)\s*\($")


@dataclass(frozen=True)
class Include:
    """One #include line."""

    line: int
    system: bool
    path: str


@dataclass(frozen=True)
class Function:
    """One definition; lines from 1, the closing brace's line included."""

    name: str
    first: int
    last: int
    depth: int

    @property
    def lines(self) -> int:
        """Length from the line of the name to the closing brace."""
        return self.last - self.first + 1


def _blank(match: re.Match[str]) -> str:
    text = match.group(0)
    quote = text[0] if text[0] in "\"'" else ""
    return quote + re.sub(r"[^\n]", "" if quote else " ", text) + quote


def code_only(text: str) -> str:
    """The text without comments and the inside of literals; lines keep their numbers."""
    return _TOKEN.sub(_blank, text)


def without_directives(text: str) -> str:
    """Blanks preprocessor lines, so that their braces are not counted."""
    return _DIRECTIVE.sub(lambda m: "\n" * m.group(0).count("\n"), text)


def includes(text: str) -> list[Include]:
    """The #include lines, those in comments left out."""
    bare = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)
    return [
        Include(bare.count("\n", 0, m.start()) + 1, m.group(1) == "<", m.group(2))
        for m in _INCLUDE.finditer(bare)
    ]


def _head_of(text: str, brace: int) -> tuple[str, int] | None:
    """Name and offset of the function whose body opens at brace, or None."""
    before = text[:brace].rstrip()
    if not before.endswith(")"):
        return None
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(before[at], 0)
        if depth == 0:
            match = _NAME.search(before[: at + 1])
            if match is None:
                return None
            name = match.group(1)
            inner = before[at + 1 : -1].split(",")[0].strip()
            return (inner if name.startswith("START_") else name), match.start(1)
    return None


def functions(text: str) -> list[Function]:
    """The function definitions of a file, in order."""
    bare = _EXTERN_C.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                         without_directives(code_only(text)))
    found: list[Function] = []
    depth = deepest = 0
    head: tuple[str, int] | None = None
    for match in re.finditer(r"[{}]", bare):
        at = match.start()
        if match.group(0) == "{":
            if depth == 0:
                head, deepest = _head_of(bare, at), 0
            depth += 1
            deepest = max(deepest, depth)
        elif depth > 0:
            depth -= 1
            if depth == 0 and head is not None:
                found.append(Function(head[0], bare.count("\n", 0, head[1]) + 1,
                                      bare.count("\n", 0, at) + 1, deepest))
    return found
