"""The Azure CLI reads a gateway that the library has made, and leads a deployment of its own
through its life beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import cmg
import pytest
from az import Az, configured, missing
from led import assert_as_described, leads_to
from recorder import make_certificate
from stage import CONTOSO, PACKAGE, Stage
from tunnel import STORAGE, Tunnel

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

GROUP = CONTOSO["gateway"]["resource_group"]
NAME = CONTOSO["gateway"]["name"]
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"label": {"type": "string"}},
    "resources": [{
        "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2024-01-01",
        "name": "[parameters('label')]", "location": "[resourceGroup().location]",
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static",
                       "dnsSettings": {"domainNameLabel": "[parameters('label')]"}}}],
    "outputs": {"fqdn": {"type": "string", "value":
                         "[reference(parameters('label')).dnsSettings.fqdn]"}}}


@pytest.fixture(scope="module", name="stage")
def _stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The cloud of a gateway that is there, with its service package."""
    folder = tmp_path_factory.mktemp("gateway")
    stage = Stage(folder, make_certificate(folder / "recorder"))
    stage.done(cmg.Operation.CREATE, {})
    stage.done(cmg.Operation.UPGRADE_GATEWAY, {})
    yield stage
    stage.close()


def _facts(stage: Stage) -> dict[str, str]:
    return {"base": stage.recorder.base, "tenant_id": stage.sandbox.tenant_id,
            "subscription_id": stage.sandbox.subscription_id,
            "client_id": stage.sandbox.client_id,
            "client_secret": stage.sandbox.client_secret}


@pytest.fixture(scope="module", name="az")
def _az(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """Signed in to it."""
    with leads_to(stage.recorder):
        az = configured(_facts(stage), tmp_path_factory.mktemp("az"))
        yield az
        az.close()
    assert_as_described(stage.recorder)


def test_the_librarys_deployment_is_seen(az: Az) -> None:
    assert az("group", "exists", "--name", GROUP) is True
    (deployment,) = az("deployment", "group", "list", "-g", GROUP)
    assert deployment["properties"]["provisioningState"] == "Succeeded"
    operations = az("deployment", "operation", "group", "list", "-g", GROUP, "-n",
                    deployment["name"])
    assert {o["properties"]["provisioningState"] for o in operations} == {"Succeeded"}
    kinds = {r["type"] for r in az("resource", "list", "-g", GROUP)}
    assert {"Microsoft.Compute/virtualMachineScaleSets", "Microsoft.Network/loadBalancers",
            "Microsoft.KeyVault/vaults"} <= kinds
    shown = az("resource", "show", "-g", GROUP, "-n", NAME, "--resource-type",
               "Microsoft.Compute/virtualMachineScaleSets", "--api-version", "2024-03-01")
    assert shown["sku"]["capacity"] == 2


def test_what_happened_and_what_it_carries_is_told(az: Az) -> None:
    base, scope = az.facts["base"], "/subscriptions/" + az.facts["subscription_id"]
    since = (datetime.now(timezone.utc) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    log = az("rest", "--method", "get", "--url",
             f"{base}{scope}/providers/Microsoft.Insights/eventtypes/management/values"
             f"?api-version=2015-04-01&$filter=eventTimestamp ge '{since}' and "
             f"resourceGroupName eq '{GROUP}'")
    assert "Microsoft.Resources/deployments/write" in [
        e["operationName"]["value"] for e in log["value"]]
    told = az("rest", "--method", "get", "--url",
              f"{base}{scope}/resourceGroups/{GROUP}/providers/Microsoft.Compute/"
              f"virtualMachineScaleSets/{NAME}/providers/Microsoft.Insights/metrics"
              "?api-version=2024-02-01&metricnames=Network Out Total&interval=PT1H")
    assert told["value"][0]["unit"] == "Bytes"


@pytest.fixture(name="by_name")
def _by_name(stage: Stage, tmp_path: Path) -> Iterator[Az]:
    """Signed in by Azure's own names, those of storage accounts too."""
    tunnel = Tunnel(stage.sandbox.port)
    az = Az(_facts(stage), tmp_path / "az")
    az.environment |= {"HTTPS_PROXY": tunnel.url, "https_proxy": tunnel.url,
                       "REQUESTS_CA_BUNDLE": stage.sandbox.ca_file}
    az.sign_in()
    yield az
    az.close()
    tunnel.close()
    assert NAME + STORAGE in tunnel.asked


def test_the_service_package_is_where_the_instances_get_it(by_name: Az, tmp_path: Path) -> None:
    way = ("--account-name", NAME, "--auth-mode", "login")
    digest = hashlib.sha256(PACKAGE.read_bytes()).hexdigest()
    (blob,) = by_name("storage", "blob", "list", "-c", "packages", *way)
    assert blob["name"] == digest + ".tar.gz"
    assert blob["properties"]["contentLength"] == PACKAGE.stat().st_size
    by_name("storage", "blob", "download", "-c", "packages", "-n", blob["name"], "-f",
            str(tmp_path / "package"), *way)
    assert (tmp_path / "package").read_bytes() == PACKAGE.read_bytes()
    own = tmp_path / "own.txt"
    own.write_text("by az\n", encoding="ascii")
    by_name("storage", "container", "create", "-n", "by-az", *way)
    by_name("storage", "blob", "upload", "-c", "by-az", "-n", "own.txt", "-f", str(own), *way)
    assert by_name("storage", "blob", "show", "-c", "by-az", "-n", "own.txt", *way)[
        "properties"]["contentLength"] == 6
    by_name("storage", "blob", "delete", "-c", "by-az", "-n", "own.txt", *way)
    by_name("storage", "container", "delete", "-n", "by-az", *way)
    assert "KeyBasedAuthenticationNotPermitted" in by_name.fails(
        "storage", "blob", "list", "-c", "packages", "--account-name", NAME, "--account-key",
        "a2V5")


def test_a_deployment_of_its_own_lives(az: Az, tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text(json.dumps(TEMPLATE), encoding="utf-8")
    what = ("-g", "by-az", "-n", "one", "--template-file", str(template), "--parameters",
            "label=byaz")
    made = az("group", "create", "-n", "by-az", "-l", "westeurope", "--tags", "by=az")
    assert (made["location"], made["tags"]) == ("westeurope", {"by": "az"})
    valid = az("deployment", "group", "validate", *what)
    assert valid["properties"]["provisioningState"] == "Succeeded"
    planned = az("deployment", "group", "what-if", *what, "--no-pretty-print")
    assert [c["changeType"] for c in planned["changes"]] == ["Create"]
    done = az("deployment", "group", "create", *what)
    assert done["properties"]["outputs"]["fqdn"]["value"] == (
        "byaz.westeurope.cloudapp.azure.com")
    assert az("deployment", "group", "show", "-g", "by-az", "-n", "one")["name"] == "one"
    (operation,) = [o for o in az("deployment", "operation", "group", "list", "-g", "by-az",
                                  "-n", "one") if o["properties"]["targetResource"]]
    assert operation["properties"]["targetResource"]["resourceName"] == "byaz"
    assert "DnsRecordInUse" in az.fails("deployment", "group", "create", "-g", "by-az", "-n",
                                        "two", "--template-file", str(template),
                                        "--parameters", "label=" + NAME)
    az("deployment", "group", "delete", "-g", "by-az", "-n", "one")
    address = ("-g", "by-az", "-n", "byaz", "--resource-type",
               "Microsoft.Network/publicIPAddresses", "--api-version", "2024-01-01")
    assert az("resource", "tag", *address, "--tags", "is=tagged")["tags"] == {"is": "tagged"}
    az("resource", "delete", *address)
    assert az("resource", "list", "-g", "by-az") == []
    az("group", "delete", "-n", "by-az", "--yes")
    assert az("group", "exists", "-n", "by-az") is False
