"""Azure's clients for Node read and operate a gateway that the library has made, and keep
blobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cmg
import node
import pytest
from cmg_sandbox import Sandbox
from led import assert_as_described, leads_to
from recorder import make_certificate
from stage import CONTOSO, Stage

NEEDS = 20

_REASON = node.missing() or ("" if node.version() >= NEEDS else f"they need Node {NEEDS}")
pytestmark = pytest.mark.skipif(bool(_REASON), reason=_REASON)


@pytest.fixture(scope="module", name="gateway")
def _gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The facts of one that is there, in a file."""
    folder = tmp_path_factory.mktemp("gateway")
    stage = Stage(folder, make_certificate(folder / "recorder"))
    stage.done(cmg.Operation.CREATE, {})
    ready = folder / "ready.json"
    ready.write_text(json.dumps({
        "base": stage.recorder.base, "tenant_id": stage.sandbox.tenant_id,
        "subscription_id": stage.sandbox.subscription_id,
        "client_id": stage.sandbox.client_id, "client_secret": stage.sandbox.client_secret,
        "group": CONTOSO["gateway"]["resource_group"]}), encoding="utf-8")
    with leads_to(stage.recorder):
        yield ready
    stage.close()
    assert_as_described(stage.recorder)


def value(ready: Path, case: str) -> Any:
    return node.value("gateway.js", case, ready)


def test_the_group_its_resources_and_its_deployment_are_listed(gateway: Path) -> None:
    told = value(gateway, "resources")
    assert told["groups"] == [CONTOSO["gateway"]["resource_group"]] and told["exists"]
    assert {"Microsoft.Compute/virtualMachineScaleSets", "Microsoft.Network/loadBalancers",
            "Microsoft.Network/publicIPAddresses"} <= set(told["types"])
    assert told["deployments"] == ["Succeeded"]
    assert {(o["state"], o["code"]) for o in told["operations"]} == {("Succeeded", "OK")}
    assert "Microsoft.Compute/virtualMachineScaleSets" in [o["type"] for o in told["operations"]]
    assert all(o["duration"].startswith("PT") and o["time"] for o in told["operations"])


def test_the_scale_set_and_its_instances_are_seen(gateway: Path) -> None:
    told = value(gateway, "machines")
    assert (told["capacity"], told["size"], told["state"]) == (2, "Standard_A2_v2", "Succeeded")
    assert told["secrets"] is None
    assert ["PowerState/running", 2] in told["summary"]
    assert len(told["ids"]) == 2
    assert all("PowerState/running" in codes for codes in told["power"])


def test_the_scale_set_is_scaled_stopped_started_and_restarted(gateway: Path) -> None:
    told = value(gateway, "operations")
    assert (told["capacity"], told["state"], told["more"]) == (3, "Succeeded", 3)
    assert told["released"] == ["PowerState/deallocated"] * 3
    # An instance that has begun to run answers a little later.
    for powers in (told["started"], told["restarted"]):
        assert len(powers) == 3
        assert set(powers) <= {"PowerState/running", "PowerState/starting"}
    assert told["left"] == 2


def test_the_address_and_the_balancer_are_seen(gateway: Path) -> None:
    told = value(gateway, "network")
    assert told["names"] == ["granitefalls.westeurope.cloudapp.azure.com"]
    assert (told["sku"], told["state"]) == ("Standard", "Succeeded")
    assert 443 in [front for front, _ in told["rules"]] and told["probes"]


def test_an_address_is_made_and_deleted(gateway: Path) -> None:
    told = value(gateway, "life")
    assert told["state"] == "Succeeded" and told["address"].startswith("203.0.113.")
    assert told["gone"] == [404, "ResourceNotFound"]


def test_a_deployment_lives(gateway: Path) -> None:
    told = value(gateway, "deployment")
    assert (told["valid"], told["plan"], told["made"]) == ("Succeeded", ["Create"], "Succeeded")
    assert told["targets"] == ["made"]
    assert told["late"] == [409, "DeploymentCannotBeCancelled"]
    # Its record goes, what it made stays until the group goes.
    assert (told["record"], told["left"], told["exists"]) == (False, ["made"], False)


def test_blobs_are_kept(sandbox: Sandbox) -> None:
    told = value(sandbox.ready, "blobs")
    assert (told["metadata"], told["same"], told["part"]) == ({"kind": "test"}, True, "hello")
    assert told["again"] == [409, "BlobAlreadyExists"]
    assert told["names"] == [["blocks", 300000], ["folder/naïve name.txt", 6000]]
    assert told["folders"] == [["prefix", "folder/"], ["blob", "blocks"]]
    assert told["gone"] == [404, "BlobNotFound"]
