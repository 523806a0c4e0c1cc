#!/usr/bin/env python3
"""Brings a gateway to another number of instances, and its specification, which goes on
saying what is wanted, like examples/scale_gateway.c."""

from __future__ import annotations

import json

from host import write_file
from session import Session, cmg, main, parser


def scale() -> None:
    """Scales, and says how many there are."""
    options = parser(__doc__)
    options.add_argument("number", metavar="NUMBER", type=int)
    given = options.parse_args()
    with Session(given) as session:
        specification = json.loads(session.gateway.to_json())
        specification["gateway"]["instances"] = given.number
        text = json.dumps(specification, indent=2)
        session.load(text)
        write_file(session.directory / "specification.json", text.encode())
        session.run(cmg.Operation.SCALE_GATEWAY)
        session.look(cmg.Operation.INSPECT_GATEWAY)
        status = session.gateway.status
        print(f"{session.gateway.name} has {status.instances} instances, "
              f"{status.healthy} healthy")


if __name__ == "__main__":
    main(scale)
