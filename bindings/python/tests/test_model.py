"""Certificates, the authority, the gateway's specification."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import cmg


@pytest.fixture
def authority(ctx: Any) -> Any:
    with cmg.Authority(ctx, "Contoso Test CA") as made:
        yield made


def test_an_issued_certificate_has_what_was_asked_for(authority: Any) -> None:
    leaf = authority.issue(cmg.Profile.WEB_SERVER, "gw.contoso.com", days=30,
                           dns_names=["gw.contoso.com", "gw2.contoso.com"])
    assert leaf.common_name == "gw.contoso.com"
    assert "Contoso Test CA" in leaf.issuer and "gw.contoso.com" in leaf.subject
    assert leaf.has_key and leaf.key_description == "RSA 2048"
    assert leaf.not_before <= time.time() < leaf.not_after
    assert abs(leaf.not_after - time.time() - 30 * 86400) < 2 * 86400
    assert len(leaf.sha256) == 64 and int(leaf.sha256, 16) >= 0
    assert not authority.certificate.has_key


def test_openssl_reads_what_was_issued(authority: Any, tmp_path: Path) -> None:
    leaf = authority.issue(cmg.Profile.CLIENT, "client1")
    (tmp_path / "leaf.pem").write_bytes(leaf.export_pem())
    (tmp_path / "ca.pem").write_bytes(authority.certificate.export_pem())
    said = subprocess.run(["openssl", "verify", "-purpose", "sslclient", "-CAfile",
                           str(tmp_path / "ca.pem"), str(tmp_path / "leaf.pem")],
                          capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_a_pfx_survives_the_way_out_and_in(ctx: Any, authority: Any) -> None:
    leaf = authority.issue(cmg.Profile.WEB_SERVER, "gw.contoso.com",
                           dns_names=["gw.contoso.com"])
    pfx = leaf.export_pfx("secret")
    again = cmg.Certificate.from_pfx(ctx, bytearray(pfx), "secret")
    assert again.sha256 == leaf.sha256 and again.has_key
    with pytest.raises(cmg.AuthenticationFailed):
        cmg.Certificate.from_pfx(ctx, pfx, "wrong")
    pem = cmg.Certificate.from_pem(ctx, leaf.export_pem())
    assert pem.sha256 == leaf.sha256 and not pem.has_key


def test_the_form_of_a_certificate_is_recognised(ctx: Any, authority: Any) -> None:
    leaf = authority.issue(cmg.Profile.CLIENT, "client.contoso.com")
    for data, has_key in ((leaf.export_pem(), False), (leaf.export_pfx("secret"), True)):
        again = cmg.Certificate.from_bytes(ctx, data, "secret")
        assert again.sha256 == leaf.sha256 and again.has_key == has_key
    with pytest.raises(cmg.ParseError, match="a web page"):
        cmg.Certificate.from_bytes(ctx, b"<html></html>")


def test_an_authority_in_a_directory_is_found_again(ctx: Any, tmp_path: Path) -> None:
    first = cmg.Authority(ctx, "Kept CA", tmp_path / "ca").certificate.sha256
    again = cmg.Authority(ctx, "Other name", tmp_path / "ca").certificate
    assert again.sha256 == first and again.common_name == "Kept CA"
    assert (tmp_path / "ca/ca.key").stat().st_mode & 0o777 == 0o600


def test_the_gateway_tells_what_is_wanted(gateway: Any) -> None:
    assert gateway.name == "granitefalls"
    assert gateway.service_name == "granitefalls.contoso.com"
    assert (gateway.region, gateway.instances) == ("westeurope", 2)
    assert gateway.resource_group == "cmg-granitefalls"
    assert gateway.site_code == "PS1"
    assert gateway.role_ids == ["72057594037937981"]
    assert gateway.role_urls == ["https://mp.corp.contoso.com"]
    assert gateway.endpoint == "" and gateway.certificate is None
    assert gateway.tenant.domain == "contoso.onmicrosoft.com"
    assert gateway.tenant.subscription_id == "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f"
    assert gateway.server_app.name == "CMG-ServerApp"
    assert gateway.server_app.secret_expires == 0
    with pytest.raises(cmg.WrongState):
        gateway.server_app.expiry()
    gateway.server_app.secret_expires = 2_000_000_000
    near = gateway.server_app.expiry(at=2_000_000_000 - 7 * 86400)
    assert near.level is cmg.ExpiryLevel.DAYS_7 and near.days_left == 7
    assert near.age_days == -1 and not near.must_replace
    assert gateway.client_app.name == "CMG-ClientApp" and gateway.client_app.client_id == ""


def test_the_specification_comes_back_complete(ctx: Any, gateway: Any) -> None:
    text = gateway.to_json()
    assert json.loads(text)["gateway"]["name"] == "granitefalls"
    assert cmg.Gateway.from_json(ctx, text).to_json() == text


def test_settings_have_defaults_and_are_told(ctx: Any, authority: Any,
                                             gateway: Any) -> None:
    spec = json.loads(gateway.to_json())
    with cmg.Gateway.from_json(ctx, gateway.to_json()) as plain:
        settings = plain.settings
        assert settings.verify_revocation and settings.enforce_tls12
        assert settings.serve_content and not settings.adopt_group
        assert settings.traffic_alert == cmg.AlertSettings(False, False, 10000, 50, 90)
        assert settings.storage_alert == cmg.AlertSettings(False, False, 2000, 50, 90)
        assert settings.tags == {} and settings.client_authorities == []
        plain.add_client_authority(authority.certificate)
        assert ([found.sha256 for found in plain.settings.client_authorities]
                == [authority.certificate.sha256])
        again = json.loads(plain.to_json())
    assert again["gateway"]["client_authorities"] == [
        authority.certificate.export_pem().decode()]
    spec["gateway"].update(tags={"cost": "4711"}, description="For the road",
                           traffic_alert={"gigabytes": 500, "stop_service": True})
    with cmg.Gateway.from_json(ctx, json.dumps(spec)) as told:
        assert told.settings.tags == {"cost": "4711"}
        assert told.settings.description == "For the road"
        assert told.settings.traffic_alert == cmg.AlertSettings(True, True, 500, 50, 90)


def test_a_borrowed_handle_outlives_its_owner(ctx: Any, gateway: Any) -> None:
    tenant = gateway.tenant
    gateway.close()
    assert tenant.domain == "contoso.onmicrosoft.com"


def test_a_secret_is_accepted_as_bytes_and_not_shown(gateway: Any) -> None:
    tenant = gateway.tenant
    tenant.set_client_secret("7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e60", bytearray(b"hunter2"))
    assert "hunter2" not in repr(tenant) + repr(vars(tenant))
    with pytest.raises(cmg.InvalidArgument) as caught:
        tenant.set_client_secret("no guid", b"hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_certificate_to_sign_in_with_is_checked(ctx: Any, gateway: Any) -> None:
    client_id = "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e60"
    with cmg.Authority(ctx, "CA") as authority, \
            authority.issue(cmg.Profile.CLIENT, "robot") as robot, \
            cmg.Key.generate(ctx, cmg.KeyKind.RSA_2048) as other:
        gateway.tenant.set_client_certificate(client_id, robot)
        gateway.tenant.set_client_certificate(client_id, robot,
                                              algorithm=cmg.AssertionAlgorithm.RS256)
        bare = cmg.Certificate.from_pem(ctx, robot.export_pem())
        with pytest.raises(cmg.CertificateError):
            gateway.tenant.set_client_certificate(client_id, bare)
        with pytest.raises(cmg.CertificateError):
            gateway.tenant.set_client_certificate(client_id, robot, other)
        with pytest.raises(cmg.InvalidArgument):
            gateway.tenant.set_client_certificate("no guid", robot)
