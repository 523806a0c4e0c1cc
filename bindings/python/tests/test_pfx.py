"""The inspection of PFX files, and the options of an export."""

from __future__ import annotations

from typing import Any

import cmg
import pytest


@pytest.fixture
def authority(ctx: Any) -> Any:
    return cmg.Authority(ctx, "Test CA")


def test_an_export_is_made_as_its_options_say(ctx: Any, authority: Any) -> None:
    leaf = authority.issue(cmg.Profile.WEB_SERVER, "gw.contoso.com")
    data = leaf.export_pfx("secret", cmg.Pfx.MODERN, friendly_name="Gateway é",
                           iterations=1000, include_root=True)
    file = cmg.PfxFile(ctx, data, "secret")
    assert file.is_open and file.mac == "sha256" and file.mac_iterations == 1000
    leaf_entry, root_entry, key_entry = file
    assert (leaf_entry.kind, key_entry.kind) == (cmg.PfxKind.CERTIFICATE,
                                                 cmg.PfxKind.ENCRYPTED_KEY)
    assert leaf_entry.content == "CN=gw.contoso.com"
    assert leaf_entry.friendly_name == key_entry.friendly_name == "Gateway é"
    assert leaf_entry.key_id == key_entry.key_id != ""
    assert root_entry.friendly_name == root_entry.key_id == ""
    assert key_entry.content == "RSA 2048"
    assert key_entry.cipher == "AES-256-CBC, PBKDF2, hmacWithSHA256"
    assert not file.suits(cmg.PfxReader.WINDOWS_2016)
    assert file.suits(cmg.PfxReader.WINDOWS_2019)
    assert "Gateway é" in file.describe()


def test_without_a_password_the_outside_is_seen(ctx: Any, authority: Any) -> None:
    data = authority.issue(cmg.Profile.CLIENT, "c").export_pfx("secret", iterations=1000)
    file = cmg.PfxFile(ctx, data)
    assert not file.is_open and file.mac == "sha1"
    assert [e.kind for e in file] == [cmg.PfxKind.SEALED, cmg.PfxKind.ENCRYPTED_KEY]
    assert file.suits(cmg.PfxReader.KEY_VAULT)
    with pytest.raises(cmg.AuthenticationFailed):
        cmg.PfxFile(ctx, data, "wrong")
