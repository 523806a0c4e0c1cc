"""Shows what a deployment found wrong: what, why, and what to do about it."""

from __future__ import annotations

import cmg

from display import wrapped

__all__ = ["show_problem"]


def show_problem(one: cmg.Problem) -> None:
    """One of them."""
    label = f"{one.severity.name.lower():8}  {one.subject:18}"
    if len(one.subject) > 18:
        print(label)
        label = ""
    print(wrapped(label, one.what, 30))
    remedy = "none needed: a deployment mends it" if one.fixable else one.remedy
    for label, text in (("cause", one.cause), ("remedy", remedy)):
        if text:
            print(wrapped(" " * 10 + label, text, 18))
