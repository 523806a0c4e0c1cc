"""Operations on the tenant's two applications, against the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

import pytest

import cmg

TENANT_ONLY = json.dumps({"version": 1, "tenant": {"domain": "contoso.onmicrosoft.com"},
                          "server_app": {"name": "CMG-ServerApp"},
                          "client_app": {"name": "CMG-ClientApp"}}).encode()


@pytest.fixture
def sandbox(ctx: Any, tmp_path: Path) -> Any:
    with cmg.Sandbox(tmp_path / "sandbox") as made:
        made.attach(ctx)
        yield made


@pytest.fixture
def apps(ctx: Any, sandbox: Any) -> Any:
    """A tenant and its applications, signed in."""
    with cmg.Gateway.from_json(ctx, TENANT_ONLY) as made:
        made.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
        yield made


@pytest.mark.parametrize("mode", list(cmg.ConsentMode))
def test_an_administrator_is_asked_for_consent(apps: Any, sandbox: Any, tmp_path: Path,
                                               mode: cmg.ConsentMode) -> None:
    asked: list[cmg.ConsentRequest] = []

    def on_consent(request: cmg.ConsentRequest) -> None:
        asked.append(request)
        led_to = sandbox.consent(request.url)
        assert "admin_consent=True" in led_to and request.state in led_to

    for path in ("/appRoleAssignedTo", "/oauth2PermissionGrants"):
        sandbox.inject(cmg.SandboxFault.STATUS, method="POST", path=path, status=403)
    with apps.deploy(cmg.Operation.REGISTER_APPS, journal=tmp_path / "journal") as deploy:
        deploy.set_consent(mode)
        deploy.on_consent = on_consent
        assert deploy.run() is cmg.DeployState.READY
    assert {request.application for request in asked} == {"CMG-ServerApp", "CMG-ClientApp"}
    assert sandbox.count(cmg.SandboxKind.GRANTS) == 2


def test_without_a_callback_the_refusal_names_the_page(apps: Any, sandbox: Any,
                                                       tmp_path: Path) -> None:
    sandbox.inject(cmg.SandboxFault.STATUS, method="POST", path="/appRoleAssignedTo",
                   status=403)
    with apps.deploy(cmg.Operation.REGISTER_APPS, journal=tmp_path / "journal") as deploy:
        with pytest.raises(cmg.Denied) as caught:
            deploy.run()
    assert "/v2.0/adminconsent?client_id=" in caught.value.remedy


def test_applications_are_deleted_restored_and_purged(apps: Any, sandbox: Any,
                                                      tmp_path: Path) -> None:
    def run(operation: cmg.Operation) -> None:
        with apps.deploy(operation, journal=tmp_path / "journal") as deploy:
            assert deploy.run() is cmg.DeployState.READY

    run(cmg.Operation.REGISTER_APPS)
    before = apps.server_app.client_id
    run(cmg.Operation.DELETE_APPS)
    assert sandbox.count(cmg.SandboxKind.APPLICATIONS) == 0
    run(cmg.Operation.RESTORE_APPS)
    assert apps.server_app.client_id == before
    assert sandbox.count(cmg.SandboxKind.GRANTS) == 2
    with apps.deploy(cmg.Operation.DELETE_APPS, journal=tmp_path / "journal") as deploy:
        deploy.set_include_imported()
        deploy.run()
    run(cmg.Operation.PURGE_APPS)
    assert sandbox.count(cmg.SandboxKind.DELETED) == 0
    with apps.deploy(cmg.Operation.REGISTER_APPS, journal=tmp_path / "journal") as deploy:
        with pytest.raises(cmg.InvalidArgument):
            deploy.set_include_imported()


def test_a_record_carries_the_applications_to_another_gateway(ctx: Any, apps: Any, sandbox: Any,
                                                              tmp_path: Path) -> None:
    with pytest.raises(cmg.WrongState):
        cmg.Import.from_gateway(apps)
    with apps.deploy(cmg.Operation.REGISTER_APPS, journal=tmp_path / "journal") as deploy:
        deploy.run()
    with cmg.Import.from_gateway(apps) as record:
        text = record.to_json()
        assert record.tenant_id == sandbox.tenant_id
        assert record.secret_expires is not None
    assert json.loads(text)["server_app"]["client_id"] == apps.server_app.client_id
    with (cmg.Import.from_json(ctx, text) as again,
          cmg.Gateway.from_json(ctx, TENANT_ONLY) as other):
        again.apply(other)
        assert other.client_app.client_id == again.client_app_client_id
        assert other.server_app.id_uri == again.server_app_id_uri
    with pytest.raises(cmg.InvalidArgument, match="secret_key"):
        cmg.Import.from_json(ctx, text.replace(b'"app_id_uri"', b'"secret_key":"x","app_id_uri"'))


class Secrets:
    """A store with one secret."""

    def __init__(self, value: Optional[bytes]) -> None:
        self.value = value

    def put(self, name: str, data: bytes) -> None:
        raise AssertionError(name)

    def get(self, name: str) -> Optional[bytes]:
        return self.value if name == "server-app-secret" else None

    def remove(self, name: str) -> None:
        raise AssertionError(name)


@pytest.mark.parametrize("change, wrong", [
    (None, None),
    ("secret", cmg.AuthenticationFailed),
    ("missing", cmg.NotFound),
    ("server", cmg.AuthenticationFailed),
    ("client", cmg.NotFound),
    ("uri", cmg.Conflict),
])
def test_imported_applications_are_verified_by_signing_in(
        ctx: Any, apps: Any, sandbox: Any, tmp_path: Path, change: Optional[str],
        wrong: Any) -> None:
    with apps.deploy(cmg.Operation.REGISTER_APPS, journal=tmp_path / "journal") as deploy:
        deploy.run()
    with cmg.Import.from_gateway(apps) as record:
        data = json.loads(record.to_json())
    value = (tmp_path / "journal.secrets/server-app-secret").read_bytes()
    nobody = "00000000-1111-4222-8333-444444444444"
    if change in ("server", "client"):
        data[change + "_app"]["client_id"] = nobody
    if change == "uri":
        data["server_app"]["app_id_uri"] = "api://somebody/else"
    if change == "secret":
        value = b"canary-4711"
    with (cmg.Gateway.from_json(ctx, TENANT_ONLY) as other,
          cmg.Import.from_json(ctx, json.dumps(data).encode()) as record):
        record.apply(other)
        with other.deploy(cmg.Operation.IMPORT_APPS) as deploy:
            deploy.set_secret_store(Secrets(None if change == "missing" else value))
            if wrong is None:
                assert deploy.run() is cmg.DeployState.READY
                assert other.tenant.display_name
                return
            with pytest.raises(wrong) as caught:
                deploy.run()
            assert caught.value.remedy
            assert value.decode() not in str(caught.value)
