#!/usr/bin/env python3
"""Brings a gateway to another number of instances, and then its specification, which goes on
saying what is wanted, like examples/scale_gateway.c."""

from __future__ import annotations

import argparse
import json

from host import write_file
from session import Session, cmg, main, parser


MOST = 16


def instances(text: str) -> int:
    """The number wanted."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(
            f"{text} is no number of instances: pass one of 1 to {MOST}")
    return int(text)


def scale() -> None:
    """Scales, and says how many there are."""
    options = parser(__doc__)
    options.add_argument("number", metavar="NUMBER", type=instances)
    given = options.parse_args()
    with Session(given) as session:
        specification = json.loads(session.gateway.to_json())
        specification["gateway"]["instances"] = given.number
        text = json.dumps(specification, indent=2)
        session.load(text)
        session.run(cmg.Operation.SCALE_GATEWAY)
        # Kept when the gateway has it: what was refused is not wanted.
        write_file(session.directory / "specification.json", text.encode())
        session.look(cmg.Operation.INSPECT_GATEWAY)
        status = session.gateway.status
        print(f"{session.gateway.name} has {status.instances} instances, "
              f"{status.healthy} healthy")


if __name__ == "__main__":
    main(scale)
