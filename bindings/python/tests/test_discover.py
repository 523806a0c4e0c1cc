"""Users and groups of the tenant, against the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cmg

TENANT_ONLY = json.dumps({"version": 1, "tenant": {"domain": "contoso.onmicrosoft.com"},
                          "server_app": {"name": "CMG-ServerApp"},
                          "client_app": {"name": "CMG-ClientApp"}}).encode()
SALES = "bbbbbbbb-0000-4000-8000-000000000001"
ANNA = "aaaaaaaa-0000-4000-8000-000000000001"
FIRST = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def sandbox(ctx: Any, tmp_path: Path) -> Any:
    with cmg.Sandbox(tmp_path / "sandbox") as made:
        made.attach(ctx)
        made.add_users(5)
        made.set_group(SALES, displayName="Sales", securityEnabled=True)
        made.set_member(SALES, FIRST)
        yield made


@pytest.fixture
def tenant(ctx: Any, sandbox: Any) -> Any:
    with cmg.Gateway.from_json(ctx, TENANT_ONLY) as made:
        made.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
        yield made


class Told:
    """What one run told."""

    def __init__(self, gateway: Any, **options: Any) -> None:
        self.users: list[cmg.DirectoryUser] = []
        self.groups: list[cmg.DirectoryGroup] = []
        self.members: list[cmg.DirectoryMember] = []
        self.removed: list[tuple[cmg.DiscoveryKind, str]] = []
        self.resyncs: list[cmg.DiscoveryKind] = []
        self.links: dict[cmg.DiscoveryKind, str] = {}
        with cmg.Discovery(gateway, **options) as run:
            run.on_user, run.on_group = self.users.append, self.groups.append
            run.on_member, run.on_resync = self.members.append, self.resyncs.append
            run.on_removed = lambda kind, gone: self.removed.append((kind, gone))
            run.on_link = self.keep
            assert run.run() is cmg.DeployState.READY

    def keep(self, kind: cmg.DiscoveryKind, link: str, is_last: bool) -> None:
        if is_last:
            self.links[kind] = link


def test_everything_comes_and_later_what_has_changed(tenant: Any, sandbox: Any) -> None:
    first = Told(tenant)
    assert len(first.users) == 5
    assert first.users[0] == cmg.DirectoryUser(
        FIRST, "user000001@contoso.onmicrosoft.com", "User 000001",
        "user000001@contoso.onmicrosoft.com",
        "S-1-5-21-1004336348-1177238915-682003330-1001", "user000001", "corp.contoso.com", True)
    assert first.groups == [cmg.DirectoryGroup(SALES, "Sales", None, True)]
    assert first.members == [cmg.DirectoryMember(SALES, FIRST, "user", True)]

    sandbox.set_user(ANNA, displayName="Anna", accountEnabled=False)
    sandbox.remove_user(FIRST)
    later = Told(tenant, users_link=first.links[cmg.DiscoveryKind.USERS],
                 groups_link=first.links[cmg.DiscoveryKind.GROUPS])
    assert [(u.id, u.display_name, u.mail, u.account_enabled) for u in later.users] == [
        (ANNA, "Anna", None, False)]
    assert later.removed == [(cmg.DiscoveryKind.USERS, FIRST)]
    assert later.members == [cmg.DirectoryMember(SALES, FIRST, "user", False)]


def test_an_old_link_brings_everything_again(tenant: Any, sandbox: Any) -> None:
    first = Told(tenant, kinds=cmg.DiscoveryKind.USERS)
    sandbox.expire_links()
    later = Told(tenant, kinds=cmg.DiscoveryKind.USERS,
                 users_link=first.links[cmg.DiscoveryKind.USERS])
    assert later.resyncs == [cmg.DiscoveryKind.USERS]
    assert len(later.users) == 5


def test_what_a_callback_raises_comes_out(tenant: Any) -> None:
    def on_user(_: Any) -> None:
        raise KeyError("mine")

    with cmg.Discovery(tenant, cmg.DiscoveryKind.USERS) as run:
        run.on_user = on_user
        with pytest.raises(KeyError, match="mine"):
            run.run()


def test_groups_are_chosen_by_id(tenant: Any, sandbox: Any) -> None:
    sandbox.set_group(ANNA, displayName="Another")
    told = Told(tenant, kinds=cmg.DiscoveryKind.GROUPS, group_ids=[ANNA])
    assert [group.display_name for group in told.groups] == ["Another"]
    sandbox.remove_group(ANNA)
    assert not Told(tenant, kinds=cmg.DiscoveryKind.GROUPS, group_ids=[ANNA]).groups
    with pytest.raises(cmg.InvalidArgument, match="no GUID"):
        cmg.Discovery(tenant, group_ids=["sales"])


def test_a_link_that_leads_elsewhere_is_refused(tenant: Any) -> None:
    with pytest.raises(cmg.InvalidArgument, match="does not lead to https://graph.microsoft.com"):
        cmg.Discovery(tenant, users_link="https://evil.example/v1.0/users/delta")


def test_a_late_and_a_busy_directory_are_settings(tenant: Any, sandbox: Any) -> None:
    sandbox.set_throttle(3, 125)
    sandbox.set_replication(200)
    assert len(Told(tenant, kinds=cmg.DiscoveryKind.USERS).users) == 5
    with pytest.raises(cmg.InvalidArgument):
        sandbox.set_throttle(1)
