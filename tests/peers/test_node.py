"""Microsoft's clients for Node (msal-node, identity, Graph client) against the sandbox."""

from __future__ import annotations

import json
import re
from typing import Any

import node
import pytest
from cmg_sandbox import Sandbox

IDENTITY_NEEDS = 20  # it cannot resolve an authority with an older Node

_REASON = node.missing()
pytestmark = pytest.mark.skipif(bool(_REASON), reason=_REASON)
identity = pytest.mark.skipif(node.version() < IDENTITY_NEEDS,
                              reason=f"@azure/identity needs Node {IDENTITY_NEEDS}")


def value(sandbox: Sandbox, case: str) -> Any:
    return node.value("clients.js", case, sandbox.ready)


def error(sandbox: Sandbox, case: str) -> Any:
    return node.outcome("clients.js", case, sandbox.ready)["error"]


def test_the_pinned_versions_are_installed() -> None:
    for name, version in node.WANTED.items():
        found = json.loads((node.MODULES / name / "package.json").read_text(encoding="utf-8"))
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
