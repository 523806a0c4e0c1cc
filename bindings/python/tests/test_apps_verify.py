"""What the applications of a gateway should be, and what differs, against the sandbox."""

from __future__ import annotations

import json
import ssl
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import cmg

SPECIFICATION = {"version": 1, "tenant": {"domain": "contoso.onmicrosoft.com"},
                 "server_app": {"name": "CMG-ServerApp"},
                 "client_app": {"name": "CMG-ClientApp"}}


@pytest.fixture
def sandbox(ctx: Any, tmp_path: Path) -> Any:
    with cmg.Sandbox(tmp_path / "sandbox") as made:
        made.attach(ctx)
        yield made


@pytest.fixture
def apps(ctx: Any, sandbox: Any) -> Any:
    with cmg.Gateway.from_json(ctx, json.dumps(SPECIFICATION)) as gateway:
        gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
        yield gateway


class Graph:
    """Somebody else with an account."""

    def __init__(self, sandbox: Any) -> None:
        self.base = f"https://127.0.0.1:{sandbox.port}"
        self.tls = ssl.create_default_context(cafile=sandbox.ca_file)
        self.tls.check_hostname = False
        answer = self.ask("POST", "login.microsoftonline.com",
                          f"/{sandbox.tenant_id}/oauth2/v2.0/token",
                          urllib.parse.urlencode({
                              "grant_type": "client_credentials",
                              "client_id": sandbox.client_id,
                              "client_secret": sandbox.client_secret,
                              "scope": "https://graph.microsoft.com/.default"}).encode(), {})
        self.head = {"Authorization": f"Bearer {answer['access_token']}",
                     "Content-Type": "application/json"}

    def ask(self, method: str, host: str, path: str, body: bytes, head: dict[str, str]) -> Any:
        request = urllib.request.Request(self.base + path, body, {"Host": host, **head},
                                         method=method)
        with urllib.request.urlopen(request, context=self.tls) as answer:
            return json.loads(answer.read() or b"null")

    def patch(self, client_id: str, body: Any) -> None:
        self.ask("PATCH", "graph.microsoft.com", f"/v1.0/applications(appId='{client_id}')",
                 json.dumps(body).encode(), self.head)


def run(gateway: Any, operation: cmg.Operation, journal: Any = None) -> None:
    with gateway.deploy(operation, journal=journal) as deploy:
        assert deploy.run() is cmg.DeployState.READY


def test_absent_applications_are_differences(apps: Any) -> None:
    assert apps.server_app.differences == []
    run(apps, cmg.Operation.VERIFY_APPS)
    for app, name in ((apps.server_app, "CMG-ServerApp"), (apps.client_app, "CMG-ClientApp")):
        one, = app.differences
        assert one.part is cmg.AppPart.APPLICATION and one.path == "/"
        assert one.severity is cmg.Severity.REFUSAL
        assert one.correctable is cmg.Correctable.NO
        assert str(one) == f'/: absent, should be an application "{name}"'
        assert "register" in one.fix


def test_what_somebody_changed_is_told_and_corrected(apps: Any, sandbox: Any,
                                                     tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    run(apps, cmg.Operation.REGISTER_APPS, journal)
    run(apps, cmg.Operation.VERIFY_APPS)
    assert apps.server_app.differences == [] == apps.client_app.differences
    Graph(sandbox).patch(apps.server_app.client_id, {
        "signInAudience": "AzureADMultipleOrgs", "publicClient": {"redirectUris": []},
        "requiredResourceAccess": [{
            "resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
                                "type": "Scope"}]}]})
    run(apps, cmg.Operation.VERIFY_APPS)
    assert [(one.path, one.severity) for one in apps.server_app.differences] == [
        ("/signInAudience", cmg.Severity.WARNING),
        ("/publicClient/redirectUris", cmg.Severity.WARNING),
        ("/requiredResourceAccess", cmg.Severity.WARNING),
        ("/requiredResourceAccess", cmg.Severity.NOTE)]
    run(apps, cmg.Operation.CORRECT_APPS, journal)
    assert apps.server_app.differences == [] == apps.client_app.differences


def test_a_legacy_permission_goes_only_when_asked_for(apps: Any, sandbox: Any,
                                                      tmp_path: Path, ctx: Any) -> None:
    journal = tmp_path / "journal"
    run(apps, cmg.Operation.REGISTER_APPS, journal)
    graph = Graph(sandbox)
    mine = graph.ask("GET", "graph.microsoft.com",
                     f"/v1.0/applications(appId='{apps.client_app.client_id}')", None,
                     graph.head)["requiredResourceAccess"]
    graph.patch(apps.client_app.client_id, {"requiredResourceAccess": mine + [{
        "resourceAppId": "00000002-0000-0000-c000-000000000000",
        "resourceAccess": [{"id": "5778995a-e1bf-45b8-affa-663a9f3f4d04",
                            "type": "Scope"}]}]})
    run(apps, cmg.Operation.CORRECT_APPS, journal)
    one, = apps.client_app.differences
    assert one.correctable is cmg.Correctable.ON_REQUEST
    assert "remove_legacy_permission" in one.fix
    wish = {**SPECIFICATION, "client_app": {"name": "CMG-ClientApp",
                                            "remove_legacy_permission": True}}
    with cmg.Gateway.from_json(ctx, json.dumps(wish)) as gateway:
        gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
        run(gateway, cmg.Operation.CORRECT_APPS, journal)
        assert gateway.client_app.differences == []
