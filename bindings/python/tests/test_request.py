"""Certificate templates and requests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cmg


def test_a_built_in_template_survives_its_json(ctx: Any) -> None:
    made = cmg.Template.builtin(ctx, "web_server")
    again = cmg.Template.from_json(ctx, made.to_json())
    assert again.to_json() == made.to_json()
    assert (made.name, made.hash, made.eku) == ("web_server", "sha256", ["serverAuth"])
    assert (made.days, made.days_max) == (365, 825)
    assert (made.rsa_bits_min, made.ec_bits_min) == (2048, 256)
    assert made.is_exportable and not made.is_authority and made.enrolment_name == ""
    with pytest.raises(cmg.NotFound):
        cmg.Template.builtin(ctx, "nothing")


def test_a_template_names_the_member_that_is_wrong(ctx: Any) -> None:
    document = json.loads(cmg.Template.builtin(ctx, "root").to_json())
    document["colour"] = "blue"
    with pytest.raises(cmg.InvalidArgument) as caught:
        cmg.Template.from_json(ctx, json.dumps(document), "mine.json")
    assert caught.value.subject == "mine.json: /colour"


def test_openssl_verifies_a_request_and_it_comes_back(ctx: Any, tmp_path: Path) -> None:
    key = cmg.Key.generate(ctx, cmg.KeyKind.EC_P256)
    made = cmg.Csr.new(ctx, cmg.Template.builtin(ctx, "client_authentication"), key, "pc1",
                       organization="Contoso", upns=["anna@contoso.com"],
                       ip_addresses=["::1"])
    (tmp_path / "pc1.csr").write_bytes(made.export_pem())
    said = subprocess.run(["openssl", "req", "-verify", "-noout", "-text", "-in",
                           str(tmp_path / "pc1.csr")], capture_output=True, text=True,
                          check=False)
    assert said.returncode == 0 and "UPN::anna@contoso.com" in said.stdout, said.stderr
    again = cmg.Csr.from_bytes(ctx, made.export_der())
    assert again.subject == "CN=pc1, O=Contoso" and again.common_name == "pc1"
    assert again.names == [(cmg.NameKind.IP, "::1"), (cmg.NameKind.UPN, "anna@contoso.com")]
    assert again.eku == ["clientAuth"] and again.template_name == ""
    assert again.key_description == "EC P-256" and "anna@contoso.com" in again.describe()


def test_a_name_that_the_template_does_not_allow_is_refused(ctx: Any) -> None:
    key = cmg.Key.generate(ctx, cmg.KeyKind.EC_P256)
    with pytest.raises(cmg.InvalidArgument) as caught:
        cmg.Csr.new(ctx, cmg.Template.builtin(ctx, "root"), key, "root",
                    dns_names=["a.contoso.com"])
    assert caught.value.subject == "dns_names"


def test_an_authority_signs_requests_and_revokes(ctx: Any, tmp_path: Path) -> None:
    key = cmg.Key.generate(ctx, cmg.KeyKind.EC_P256)
    template = cmg.Template.builtin(ctx, "web_server")
    root = cmg.Authority.create(ctx, "Root", key=cmg.Key.generate(ctx, cmg.KeyKind.EC_P384))
    sub = cmg.Authority.create(ctx, "Issuing", parent=root, directory=tmp_path / "sub",
                               key=cmg.Key.generate(ctx, cmg.KeyKind.EC_P256))
    sub.set_urls(["http://pki.contoso.com/sub.crl"])
    csr = cmg.Csr.new(ctx, template, key, "gw.contoso.com")
    leaf = sub.sign(csr, template, 30)
    assert leaf.issuer == "CN=Issuing" and not leaf.has_key
    held = sub.issue_by_template(template, "held.contoso.com", key=key,
                                 dns_names=["b.contoso.com"])
    serials = [one.serial for one in sub.issued]
    sub.revoke(leaf, cmg.RevocationReason.KEY_COMPROMISE)
    sub.hold(serials[1])
    assert [one.state for one in sub.issued] == [cmg.IssuedState.REVOKED,
                                                 cmg.IssuedState.ON_HOLD]
    assert sub.issued[1].sha256 == held.sha256 and sub.issued[0].template == "web_server"
    full = cmg.Crl(ctx, sub.publish_crl(tmp_path / "sub.crl"))
    assert {entry.serial for entry in full} == set(serials)
    sub.release(serials[1])
    delta = cmg.Crl(ctx, sub.publish_crl(delta=True))
    assert delta.is_delta
    said = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout", "-text", "-in",
                           str(tmp_path / "sub.crl")], capture_output=True, text=True,
                          check=False)
    assert said.returncode == 0 and "Key Compromise" in said.stdout
    with pytest.raises(cmg.WrongState):
        sub.revoke(serials[0])


def test_an_authority_whose_key_the_host_holds(ctx: Any, tmp_path: Path) -> None:
    store = tmp_path / "store.pem"
    store.write_bytes(cmg.Key.generate(ctx, cmg.KeyKind.EC_P256).export_pem())
    public = cmg.Key.from_bytes(ctx, store.read_bytes()).export_public_pem()
    asked = []

    def sign(algorithm: cmg.HashAlgorithm, digest: bytes) -> bytes:
        asked.append(algorithm)
        done = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", str(store)],
                              input=digest, capture_output=True, check=True)
        return done.stdout

    place = tmp_path / "ca"
    template = cmg.Template.builtin(ctx, "client_authentication")
    csr = cmg.Csr.new(ctx, template, cmg.Key.generate(ctx, cmg.KeyKind.EC_P256), "pc1")
    with cmg.Key.held(ctx, public, sign) as key:
        first = cmg.Authority.create(ctx, "Held", key=key, directory=place)
        again = cmg.Authority.create(ctx, "Other", key=key, directory=place)
        assert again.certificate.sha256 == first.certificate.sha256
        leaf = again.sign(csr, template)
        again.revoke(leaf, cmg.RevocationReason.SUPERSEDED)
        again.publish_crl(tmp_path / "ca.crl")
        assert len(asked) == 3 and not (place / "ca.key").exists()
    with pytest.raises(cmg.CertificateError):
        cmg.Authority(ctx, "Held", place)
    (tmp_path / "leaf.pem").write_bytes(leaf.export_pem())
    (tmp_path / "root.pem").write_bytes(first.certificate.export_pem())
    said = subprocess.run(["openssl", "verify", "-crl_check", "-CRLfile",
                           str(tmp_path / "ca.crl"), "-CAfile", str(tmp_path / "root.pem"),
                           str(tmp_path / "leaf.pem")], capture_output=True, text=True,
                          check=False)
    assert said.returncode != 0 and "certificate revoked" in said.stderr
