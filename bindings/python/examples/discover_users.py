#!/usr/bin/env python3
"""The users of the tenant, or what has changed among them since the last run, like
examples/discover_users.c: a line each. The link to go on with is kept in the directory.

    discover_users.py DIRECTORY SPECIFICATION CLIENT-ID SECRET-FILE
    discover_users.py --sandbox DIRECTORY USERS

In the sandbox, a run that finds a link renames the first user, so that there is something to
tell.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python"))
os.environ.setdefault("CMG_LIBRARY_PATH", str(ROOT / "build/libcmg"))

import cmg  # noqa: E402

FIRST = "00000000-0000-4000-8000-000000000001"
LAB = json.dumps({"version": 1, "tenant": {"domain": "contoso.onmicrosoft.com"},
                  "server_app": {"name": "CMG-ServerApp"},
                  "client_app": {"name": "CMG-ClientApp"}}).encode()


def keep(path: Path, text: str) -> None:
    """Written beside, for nobody else to read, and renamed."""
    beside = path.with_suffix(".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
              encoding="utf-8") as out:
        out.write(text)
    beside.replace(path)


def discover(gateway: cmg.Gateway, link_path: Path) -> None:
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

    with cmg.Discovery(gateway, cmg.DiscoveryKind.USERS, users_link=link) as run:
        run.on_user, run.on_removed = on_user, on_removed
        run.on_link = lambda _kind, now, _last: keep(link_path, now)
        run.on_resync = lambda _kind: print("the link was too old: everything again")
        run.run()
    print(f"{users} users, {gone} gone")


def main(arguments: list[str]) -> int:
    lab = len(arguments) == 3 and arguments[0] == "--sandbox"
    if not lab and len(arguments) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    directory = Path(arguments[lab])
    directory.mkdir(mode=0o700, exist_ok=True)
    link_path = directory / "users.link"
    with ExitStack() as stack:
        sandbox = stack.enter_context(cmg.Sandbox(directory / "cloud")) if lab else None
        ctx = stack.enter_context(cmg.Context())
        if sandbox is not None:
            sandbox.attach(ctx)
            sandbox.add_users(int(arguments[2]))
            if link_path.exists():
                sandbox.set_user(FIRST, displayName="New name")
            gateway = cmg.Gateway.from_json(ctx, LAB)
            client, secret = sandbox.client_id, sandbox.client_secret
        else:
            gateway = cmg.Gateway.from_file(ctx, arguments[1])
            client = arguments[2]
            secret = Path(arguments[3]).read_text(encoding="utf-8").splitlines()[0]
        stack.enter_context(gateway)
        gateway.tenant.set_client_secret(client, secret)
        discover(gateway, link_path)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except cmg.CmgError as exc:
        print(f"error: {exc.subject}: {exc}\nremedy: {exc.remedy}", file=sys.stderr)
        sys.exit(1)
