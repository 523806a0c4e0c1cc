#!/usr/bin/env python3
"""Puts a second gateway, that of SPECIFICATION, beside the one of the directory, and removes
the old one when clients have had a day to learn the new one: run it again then. "wait" stays
until that time, "now" does not wait. The new one's journal is NAME.journal in the directory,
like examples/replace_gateway.c."""

from __future__ import annotations

from pathlib import Path

from host import read_file
from session import Package, Session, add_package, cmg, main, parser

MODES = {"wait": cmg.ReplaceMode.WAIT, "now": cmg.ReplaceMode.NOW}


def replace() -> None:
    """Replaces, and says whether the old one is still there."""
    options = parser(__doc__)
    options.add_argument("specification", metavar="SPECIFICATION", type=Path)
    options.add_argument("word", nargs="?", choices=MODES)
    add_package(options, Package.NEEDED)
    given = options.parse_args()
    with Session(given, has_authority=True) as session:
        session.await_machines()
        old = session.gateway
        session.load(read_file(given.specification))
        new = session.gateway
        with new.deploy(cmg.Operation.REPLACE_GATEWAY,
                        journal=session.directory / f"{new.name}.journal") as deploy:
            deploy.set_replacement(old, mode=MODES.get(given.word, cmg.ReplaceMode.WHEN_DUE))
            session.follow(deploy, cmg.Operation.REPLACE_GATEWAY)
            due = deploy.replacement_due
        if due is None:
            print(f"{new.name} has taken the place of {old.name}")
        else:
            print(f"{new.name} and {old.name} both serve, the second may go on {due:%Y-%m-%d}")


if __name__ == "__main__":
    main(replace)
