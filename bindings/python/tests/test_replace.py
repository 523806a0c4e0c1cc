"""A second gateway in the place of the first: what may be said about it."""

from __future__ import annotations

import json

import pytest

import cmg


def another(ctx: cmg.Context, gateway: cmg.Gateway, name: str, group: str) -> cmg.Gateway:
    wanted = json.loads(gateway.to_json())
    wanted["gateway"] |= {"name": name, "service_name": f"{name}.contoso.com",
                          "resource_group": group}
    return cmg.Gateway.from_json(ctx, json.dumps(wanted))


def test_a_replacement_names_another_gateway(ctx: cmg.Context, gateway: cmg.Gateway) -> None:
    with another(ctx, gateway, "heronlake", "cmg-heronlake") as new, \
            new.deploy(cmg.Operation.REPLACE_GATEWAY) as deploy:
        assert deploy.replacement_due is None
        deploy.set_replacement(gateway, wait_ms=3_600_000, mode=cmg.ReplaceMode.WAIT)
        deploy.set_replacement(gateway)
        with pytest.raises(cmg.InvalidArgument, match="same name"):
            deploy.set_replacement(new)
        with pytest.raises(cmg.InvalidArgument):
            deploy.set_replacement(gateway, wait_ms=1)


def test_no_other_operation_replaces(gateway: cmg.Gateway, ctx: cmg.Context) -> None:
    with another(ctx, gateway, "heronlake", "cmg-heronlake") as new, new.deploy() as deploy:
        with pytest.raises(cmg.InvalidArgument, match="replaces no gateway"):
            deploy.set_replacement(gateway)
