"""Microsoft's clients for Node (msal-node, identity, Graph client) against the sandbox."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cmg_sandbox import Sandbox

CLIENTS = Path(__file__).with_name("clients.js")
MODULES = CLIENTS.parents[2] / "build-peers/node_modules"
IDENTITY_NEEDS = 20  # it cannot resolve an authority with an older Node


def _node_version() -> int:
    """The major version; 0 without Node."""
    if shutil.which("node") is None:
        return 0
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").partition(".")[0])


def _missing() -> str:
    """Why these cannot run; empty when they can."""
    if not _node_version():
        return "nodejs is not installed"
    wanted = json.loads(CLIENTS.with_name("package.json").read_text(encoding="utf-8"))
    missing = [name for name in wanted["dependencies"] if not (MODULES / name).exists()]
    return f"not installed from npm: {', '.join(missing)}" if missing else ""


_REASON = _missing()
pytestmark = pytest.mark.skipif(bool(_REASON), reason=_REASON)
identity = pytest.mark.skipif(_node_version() < IDENTITY_NEEDS,
                              reason=f"@azure/identity needs Node {IDENTITY_NEEDS}")


def outcome(sandbox: Sandbox, case: str) -> dict[str, Any]:
    """What came of a case of clients.js."""
    done = subprocess.run(["node", str(CLIENTS), case, str(sandbox.ready)], capture_output=True,
                          text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
                          env=os.environ | {"NODE_PATH": str(MODULES)})
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def value(sandbox: Sandbox, case: str) -> Any:
    found = outcome(sandbox, case)
    assert "error" not in found, found
    return found["value"]


def error(sandbox: Sandbox, case: str) -> Any:
    return outcome(sandbox, case)["error"]


def test_the_pinned_versions_are_installed() -> None:
    wanted = json.loads(CLIENTS.with_name("package.json").read_text(encoding="utf-8"))
    for name, version in wanted["dependencies"].items():
        found = json.loads((MODULES / name / "package.json").read_text(encoding="utf-8"))
        assert re.fullmatch(r"\d+\.\d+\.\d+", version) and found["version"] == version


def test_msal_gets_a_token_that_is_kept(sandbox: Sandbox) -> None:
    told = value(sandbox, "msalSecret")
    assert (told["type"], told["same"], told["fromCache"]) == ("Bearer", True, [False, True])
    assert 3000 < told["seconds"] < 3700
    assert value(sandbox, "msalOidc") == {"type": "Bearer"}


def test_msal_proves_itself_by_certificate(sandbox: Sandbox) -> None:
    assert value(sandbox, "msalCertificate") == {"types": ["Bearer", "Bearer"]}


def test_msal_tells_a_refusal_in_entras_words(sandbox: Sandbox) -> None:
    told = error(sandbox, "msalWrongSecret")
    assert (told["errorCode"], told["errorNo"]) == ("invalid_client", 7000215)
    assert "AADSTS7000215: " in told["message"] and told["correlationId"]
    assert error(sandbox, "msalUnknownTenant")["errorCode"] == "endpoints_resolution_error"


def test_msal_signs_a_user_in_by_device_code(sandbox: Sandbox) -> None:
    told = value(sandbox, "msalDevice")
    assert told["prompt"] and told["other"]
    assert told["user"].startswith("admin@") and told["tenant"] == sandbox.facts["tenant_id"]
    assert told["scopes"] == ["https://management.azure.com/user_impersonation"]


@identity
def test_identity_gets_a_token_for_each_resource(sandbox: Sandbox) -> None:
    told = value(sandbox, "identitySecret")
    assert told["different"] and all(3000 < s < 3700 for s in told["seconds"])


@identity
def test_identity_proves_itself_by_certificate(sandbox: Sandbox) -> None:
    for claims in value(sandbox, "identityCertificate")["claims"]:
        assert (claims["appid"], claims["appidacr"]) == (sandbox.facts["client_id"], "2")


@identity
def test_identity_signs_a_user_in_by_device_code(sandbox: Sandbox) -> None:
    assert value(sandbox, "identityDevice") == {"token": True}


@identity
def test_identity_tells_a_refusal_in_entras_words(sandbox: Sandbox) -> None:
    assert "AADSTS7000215: " in error(sandbox, "identityWrongSecret")["message"]
    assert "endpoints_resolution_error" in error(sandbox, "identityUnknownTenant")["message"]


def test_a_user_reads_his_own_entry(sandbox: Sandbox) -> None:
    told = value(sandbox, "graphUser")
    assert told["userPrincipalName"].startswith("admin@") and told["id"]


def test_an_application_lives_its_life(sandbox: Sandbox) -> None:
    told = value(sandbox, "graphLife")
    app = told["app"]
    assert (app["displayName"], app["passwordCredentials"]) == ("By node", [])
    assert (told["read"]["displayName"], told["read"]["tags"]) == ("Renamed", ["one"])
    assert told["principal"]["appId"] == app["appId"] and told["signedIn"]
    assert (told["gone"], told["deleted"], told["back"]) == (404, [app["id"]], app["id"])


def test_an_upsert_makes_no_twin(sandbox: Sandbox) -> None:
    told = value(sandbox, "graphUpsert")
    assert told["found"] == [told["made"]]


def test_pages_are_walked_by_their_links(sandbox: Sandbox) -> None:
    told = value(sandbox, "graphPages")
    assert told["first"] == 2
    assert sorted(told["names"]) == [f"Page {i}" for i in range(5)]


def test_users_are_walked_by_delta_links(sandbox: Sandbox) -> None:
    assert value(sandbox, "graphDelta") == {"users": 250, "later": 0, "listed": 250}


def test_a_batch_answers_each_request(sandbox: Sandbox) -> None:
    assert value(sandbox, "graphBatch") == {"tenant": sandbox.facts["tenant_id"], "missing": 404}


def test_an_error_is_told_with_its_request(sandbox: Sandbox) -> None:
    told = error(sandbox, "graphMissing")
    assert (told["statusCode"], told["code"]) == (404, "Request_ResourceNotFound")
    assert told["requestId"]
