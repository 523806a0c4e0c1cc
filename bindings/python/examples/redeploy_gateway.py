#!/usr/bin/env python3
"""Makes a gateway anew: instances and network are removed and deployed again, its name,
storage, vault, certificate and applications stay, like examples/redeploy_gateway.c. It is
closed meanwhile."""

from __future__ import annotations

from session import Session, cmg, main, parser


def redeploy() -> None:
    """Makes it anew, and says what runs."""
    with Session(parser(__doc__).parse_args(), has_authority=True) as session:
        session.run(cmg.Operation.REDEPLOY_GATEWAY)
        session.look(cmg.Operation.INSPECT_GATEWAY)
        status = session.gateway.status
        print(f"{session.gateway.name} has been made anew: {status.healthy} of "
              f"{status.instances} instances healthy")


if __name__ == "__main__":
    main(redeploy)
