#!/usr/bin/env python3
"""Gives a gateway that serves a new certificate, its authority's or the one of a PFX file,
whose password stands in the environment's CMG_PASSWORD, like examples/rotate_certificate.c."""

from __future__ import annotations

from pathlib import Path

from session import Session, cmg, main, parser


def rotate() -> None:
    """Rotates, and says what is in use."""
    options = parser(__doc__)
    options.add_argument("pfx", metavar="PFX", nargs="?", type=Path)
    given = options.parse_args()
    with Session(given, has_authority=True) as session:
        gateway = session.gateway
        session.await_machines()
        session.run(cmg.Operation.ROTATE_CERTIFICATE)
        if gateway.certificate is not None:
            print(f"{gateway.name} has {gateway.certificate.sha256}")


if __name__ == "__main__":
    main(rotate)
