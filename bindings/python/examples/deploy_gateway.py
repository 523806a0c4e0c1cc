#!/usr/bin/env python3
"""Makes the gateway, or what is missing of it, and says where it is, like
examples/deploy_gateway.c. Kill it anywhere and run it again: it goes on where it was. Its
machines install the service package of the build, or another one; its certificate comes from
the authority of the directory, or is given."""

from __future__ import annotations

import sys

from session import Package, Session, add_package, add_pfx, cmg, main, parser

from problem import show_problems  # needs what session has found


def deploy() -> None:
    """Deploys, and prints what is there."""
    options = parser(__doc__)
    add_package(options, Package.NEEDED)
    add_pfx(options)
    with Session(options.parse_args(), has_authority=True) as session:
        found = session.run(cmg.Operation.CREATE)
        # What did not stop it, but should be known.
        show_problems([one for one in found if one.severity >= cmg.Severity.WARNING],
                      out=sys.stderr)
        session.look(cmg.Operation.INSPECT_GATEWAY)
        gateway, status = session.gateway, session.gateway.status
        print(f"gateway    {gateway.service_name}\nendpoint   {gateway.endpoint}")
        print(f"state      {status.state.name}")
        print(f"instances  {status.instances} of {status.vm_size}, {status.healthy} healthy")


if __name__ == "__main__":
    main(deploy)
