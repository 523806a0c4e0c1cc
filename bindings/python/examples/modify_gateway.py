#!/usr/bin/env python3
"""Brings a gateway to its specification after that was changed, like examples/modify_gateway.c:
its settings, its size, its instances. Shows what that means, and asks before it does it.
Instances keep their service package unless another one is named."""

from __future__ import annotations

from session import Package, Session, add_package, cmg, main, parser


def modify() -> None:
    """Modifies, and says what is there."""
    options = parser(__doc__)
    add_package(options, Package.KEPT)
    with Session(options.parse_args(), has_authority=True) as session:
        session.run(cmg.Operation.MODIFY_GATEWAY)
        session.look(cmg.Operation.INSPECT_GATEWAY)
        status = session.gateway.status
        print(f"{session.gateway.name} has {status.instances} instances of {status.vm_size}, "
              f"{status.healthy} healthy")


if __name__ == "__main__":
    main(modify)
