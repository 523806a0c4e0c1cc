#!/usr/bin/env python3
"""Removes everything that belongs to the gateway, applications included, and lists what is
left of it, like examples/delete_gateway.c."""

from __future__ import annotations

from session import Session, cmg, main, parser


def delete() -> None:
    """Deletes, and looks what is left."""
    with Session(parser(__doc__).parse_args()) as session:
        session.run(cmg.Operation.DELETE)
        session.look(cmg.Operation.INVENTORY_GATEWAY)
        left = [item for item in session.gateway.inventory
                if item.kind is not cmg.InventoryKind.MISSING]
        for item in left:
            print(f"{item.kind.name.lower():8} {item.type:42} {item.name}")
        print(f"{len(left)} resources are left of {session.gateway.name}")


if __name__ == "__main__":
    main(delete)
