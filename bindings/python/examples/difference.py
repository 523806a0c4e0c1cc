"""A table of what differs from what it should be."""

from __future__ import annotations

import cmg
from display import wrapped

MENDED = {cmg.Correctable.NO: "by hand", cmg.Correctable.YES: "--correct",
          cmg.Correctable.ON_REQUEST: "on request"}


def show_differences(found: list[tuple[str, cmg.Difference]]) -> None:
    """The table, each difference with whom it belongs to, and how many there are."""
    if found:
        print("owner    severity  object       mended      property")
    for owner, one in found:
        print(f"{owner:7}  {one.severity.name.lower():8}  {one.part.name.lower():11}  "
              f"{MENDED[one.correctable]:10}  {one.path}")
        for label, text in (("is", one.found), ("should be", one.should_be),
                            ("fix", one.fix)):
            print(wrapped(" " * 9 + label, text, 20))
    print(f"{len(found)} difference{'' if len(found) == 1 else 's'}")
