#!/usr/bin/env python3
"""Brings changed settings to the instances of a gateway that serves, and with a file the
service package that it holds, like examples/upgrade_gateway.c. What is no setting of the
instances, as their size and number, stays: it is listed, for modify_gateway."""

from __future__ import annotations

from pathlib import Path

from session import Session, cmg, main, parser


def show_rest(session: Session) -> None:
    """What a synchronisation does not bring."""
    session.run(cmg.Operation.VERIFY_GATEWAY)
    for one in session.gateway.differences:
        print(f"left for modify_gateway: {one.path} is {one.found}, should be {one.should_be}")


def upgrade() -> None:
    """Synchronises or upgrades with the package of the options, and says what they have."""
    options = parser(__doc__)
    options.add_argument("package", metavar="PACKAGE", nargs="?", type=Path)
    given = options.parse_args()
    with Session(given, has_authority=True) as session:
        gateway = session.gateway
        if given.package is None:
            session.run(cmg.Operation.SYNCHRONISE_GATEWAY)
            print(f"the instances of {gateway.name} have their settings")
            show_rest(session)
        else:
            session.run(cmg.Operation.UPGRADE_GATEWAY)
            print(f"{gateway.name} runs {gateway.package_sha256}")


if __name__ == "__main__":
    main(upgrade)
