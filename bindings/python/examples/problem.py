"""Shows what a deployment found wrong: what, why, and what to do about it."""

from __future__ import annotations

import sys
from typing import TextIO

import cmg

from display import wrapped

__all__ = ["show_problems"]

TEXT = 40  # the column where texts begin


def _show(one: cmg.Problem, out: TextIO) -> None:
    fixable = "yes" if one.fixable else "no"
    label = f"{one.severity.name.lower():8}  {fixable:8}  {one.subject:18}"
    if len(label) > TEXT - 2:
        print(label, file=out)
        label = ""
    print(wrapped(label, one.what, TEXT, out), file=out)
    remedy = "none needed: a deployment mends it" if one.fixable else one.remedy
    for label, text in (("cause", one.cause), ("remedy", remedy)):
        if text:
            print(wrapped(" " * 10 + label, text, 20, out), file=out)


def show_problems(problems: list[cmg.Problem], out: TextIO = sys.stdout) -> None:
    """All of them, as a table."""
    if problems:
        print(f"{'severity':8}  {'fixable':8}  {'subject':18}  what", file=out)
    for one in problems:
        _show(one, out)
