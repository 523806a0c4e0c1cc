#!/usr/bin/env python3
"""Brings changed settings to the instances of a gateway that serves, and with a file the
service package that it holds, like examples/upgrade_gateway.c."""

from __future__ import annotations

from pathlib import Path

from session import Session, cmg, main, parser


def upgrade() -> None:
    """Synchronises or upgrades, and says what they have."""
    options = parser(__doc__)
    options.add_argument("package", metavar="PACKAGE", nargs="?", type=Path)
    given = options.parse_args()
    with Session(given, has_authority=True) as session:
        gateway = session.gateway
        if given.package is None:
            session.run(cmg.Operation.SYNCHRONISE_GATEWAY)
            print(f"{gateway.name} has its settings")
        else:
            gateway.set_package(given.package.read_bytes())
            session.run(cmg.Operation.UPGRADE_GATEWAY)
            print(f"{gateway.name} runs {gateway.package_sha256}")


if __name__ == "__main__":
    main(upgrade)
