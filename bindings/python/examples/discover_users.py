#!/usr/bin/env python3
"""The users of the tenant, or what has changed among them since the last run, like
examples/discover_users.c: a line each. The link to go on with is kept in the directory.

In the sandbox, a run that finds a link renames the first user, so that there is something to
tell.
"""

from __future__ import annotations

from pathlib import Path

from host import write_file
from session import Session, cmg, main, parser

FIRST = "00000000-0000-4000-8000-000000000001"


def discover(session: Session, link_path: Path) -> None:
    """One run; the link is kept when the table is complete up to it."""
    link = link_path.read_text(encoding="utf-8") if link_path.exists() else None
    users = gone = 0

    def on_user(user: cmg.DirectoryUser) -> None:
        nonlocal users
        users += 1
        print(f"{user.id:36} {user.user_principal_name or '-':40} {user.display_name or '-'}")

    def on_removed(_kind: cmg.DiscoveryKind, removed: str) -> None:
        nonlocal gone
        gone += 1
        print(f"{removed:36} gone")

    with cmg.Discovery(session.gateway, cmg.DiscoveryKind.USERS, users_link=link) as run:
        run.on_user, run.on_removed = on_user, on_removed
        run.on_link = lambda _kind, now, _last: write_file(link_path, now.encode())
        run.on_resync = lambda _kind: print("the link was too old: everything again")
        session.follow(run, cmg.Operation.DISCOVER)
    print(f"{users} users, {gone} gone")


def discover_users() -> None:
    """Discovers, in the sandbox among so many users."""
    options = parser(__doc__)
    options.add_argument("users", metavar="USERS", nargs="?", type=int, default=100)
    given = options.parse_args()
    with Session(given) as session:
        link_path = session.directory / "users.link"
        if session.sandbox is not None:
            session.sandbox.add_users(given.users)
            if link_path.exists():
                session.sandbox.set_user(FIRST, displayName="New name")
        discover(session, link_path)


if __name__ == "__main__":
    main(discover_users)
