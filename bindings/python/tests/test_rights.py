"""What operations need to be allowed, known before anything is tried."""

from __future__ import annotations

import cmg


def test_rights_of_registering_name_permissions_and_roles() -> None:
    rights = {right.step: right for right in cmg.rights_of(cmg.Operation.REGISTER_APPS)}
    made = rights["server_app"]
    assert made.app_permission == "Application.ReadWrite.All"
    assert "Application Administrator" in made.directory_roles
    assert not made.action
    assert rights["server_consent"].directory_roles == (
        "Privileged Role Administrator", "Global Administrator")
    assert rights["tenant"].directory_roles == ()


def test_rights_of_a_create_are_in_the_subscription_too() -> None:
    actions = [right.action for right in cmg.rights_of(cmg.Operation.CREATE) if right.action]
    assert "Microsoft.KeyVault/vaults/write" in actions
    assert len(actions) == len(set(actions))


def test_every_operation_has_rights_and_nothing_else_has() -> None:
    for operation in cmg.Operation:
        assert cmg.rights_of(operation), operation
