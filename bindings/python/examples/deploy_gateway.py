#!/usr/bin/env python3
"""Makes the gateway, or what is missing of it, and says where it is, like
examples/deploy_gateway.c. Kill it anywhere and run it again: it goes on where it was."""

from __future__ import annotations

from session import Session, cmg, main, parser


def deploy() -> None:
    """Deploys, and prints what is there."""
    with Session(parser(__doc__).parse_args(), has_authority=True) as session:
        session.run(cmg.Operation.CREATE)
        session.look(cmg.Operation.INSPECT_GATEWAY)
        gateway, status = session.gateway, session.gateway.status
        print(f"gateway    {gateway.service_name}\nendpoint   {gateway.endpoint}")
        print(f"state      {status.state.name}")
        print(f"instances  {status.instances} of {status.vm_size}, {status.healthy} healthy")


if __name__ == "__main__":
    main(deploy)
