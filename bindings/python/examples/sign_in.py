#!/usr/bin/env python3
"""Signs in, by any of the ways, and says which tenant it is, like examples/sign_in.c."""

from __future__ import annotations

from session import Session, cmg, main, parser


def sign_in() -> None:
    """Signs in and prints the tenant."""
    with Session(parser(__doc__).parse_args()) as session:
        session.look(cmg.Operation.FIND_TENANT)
        tenant = session.gateway.tenant
        print(f"tenant  {tenant.display_name}\nID      {tenant.id}")
        for i, domain in enumerate(tenant.verified_domains):
            print(f"{'' if i else 'domains':7} {domain}")


if __name__ == "__main__":
    main(sign_in)
