#!/usr/bin/env python3
"""Stops a gateway, which releases its machines and cuts its clients off, or starts it again
and waits until its instances serve, like examples/stop_start.c."""

from __future__ import annotations

from session import Session, cmg, main, parser

OPERATIONS = {"stop": cmg.Operation.STOP_GATEWAY, "start": cmg.Operation.START_GATEWAY}


def stop_or_start() -> None:
    """Stops or starts, and says what runs."""
    options = parser(__doc__)
    options.add_argument("word", choices=OPERATIONS)
    given = options.parse_args()
    with Session(given) as session:
        session.run(OPERATIONS[given.word])
        session.look(cmg.Operation.INSPECT_GATEWAY)
        status = session.gateway.status
        print(f"{session.gateway.name} is {status.state.name}: {status.running} of "
              f"{status.instances} instances run")


if __name__ == "__main__":
    main(stop_or_start)
