"""What is read off a certificate, and what any bytes are said to be."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

import cmg


@pytest.fixture
def authority(ctx: Any) -> Any:
    with cmg.Authority(ctx, "Contoso Test CA") as made:
        yield made


def test_everything_is_read_off_a_certificate(authority: Any) -> None:
    leaf = authority.issue(cmg.Profile.WEB_SERVER, "gw.contoso.com",
                           dns_names=["gw.contoso.com", "gw2.contoso.com"],
                           ip_addresses=["10.0.0.1"])
    root = authority.certificate
    assert leaf.dns_names == ["gw.contoso.com", "gw2.contoso.com"]
    assert [str(name) for name in leaf.names][-1] == "IP:10.0.0.1"
    assert leaf.extended_key_usage == ["1.3.6.1.5.5.7.3.1"]
    assert leaf.key_usage == {cmg.KeyUsage.DIGITAL_SIGNATURE, cmg.KeyUsage.KEY_ENCIPHERMENT}
    assert (leaf.version, leaf.key_bits, leaf.is_authority) == (3, 2048, False)
    assert leaf.path_length is None and root.is_authority
    assert leaf.authority_key_id == root.key_id != ""
    assert leaf.signature_algorithm == "sha256WithRSAEncryption"
    assert len(leaf.sha1) == 40 and 0 < int(leaf.serial, 16) < 1 << 160
    assert leaf.policies == [] and leaf.template == ""
    assert leaf.urls(cmg.UrlKind.CRL) == []


def test_a_chain_is_taken_apart(authority: Any) -> None:
    leaf = authority.issue(cmg.Profile.CLIENT, "client1")
    chain = leaf.chain()
    assert [one.sha256 for one in chain] == [leaf.sha256, authority.certificate.sha256]
    assert not any(one.has_key for one in chain)
    assert leaf.describe().count("Certificate\n") == 2
    assert chain[0].describe().count("Certificate\n") == 1


def test_any_bytes_are_told(ctx: Any, authority: Any) -> None:
    leaf = authority.issue(cmg.Profile.CLIENT, "client1")
    for data in (leaf.export_der(), leaf.export_pem(), leaf.export_pfx("secret")):
        text = cmg.inspect(ctx, data, "secret")
        assert "CN=client1" in text and leaf.sha1 in text
    with pytest.raises(cmg.AuthenticationFailed):
        cmg.inspect(ctx, leaf.export_pfx("secret"), "wrong")
    with pytest.raises(cmg.ParseError, match="a web page"):
        cmg.inspect(ctx, b"<html></html>")


def test_of_a_key_only_kind_and_size_are_told(ctx: Any, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", str(path)],
                   check=True, capture_output=True)
    assert cmg.inspect(ctx, path.read_bytes()).split() == ["Private", "key", "kind", "EC",
                                                           "256"]
