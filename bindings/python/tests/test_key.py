"""Private keys: made, written, read again; held by a function of the host."""

from __future__ import annotations

import gc
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cmg

HASHES = {cmg.HashAlgorithm.SHA256: "sha256", cmg.HashAlgorithm.SHA384: "sha384",
          cmg.HashAlgorithm.SHA512: "sha512"}


@pytest.fixture
def key(ctx: Any) -> Any:
    with cmg.Key.generate(ctx, cmg.KeyKind.EC_P256) as made:
        yield made


def test_a_key_is_written_and_read_again(ctx: Any, key: Any) -> None:
    assert key.description == "EC P-256" and not key.is_held
    for again in (cmg.Key.from_bytes(ctx, key.export_pem()),
                  cmg.Key.from_bytes(ctx, key.export_der()),
                  cmg.Key.from_bytes(ctx, key.export_pem("päßword"), "päßword")):
        assert again.export_public_pem() == key.export_public_pem()
        assert again.export_der() == key.export_der()


def test_three_failures_are_three_exceptions(ctx: Any, key: Any) -> None:
    secret = key.export_der("one")
    with pytest.raises(cmg.AuthenticationFailed):
        cmg.Key.from_bytes(ctx, secret, "two")
    with pytest.raises(cmg.AuthenticationFailed):
        cmg.Key.from_bytes(ctx, secret)
    with pytest.raises(cmg.ParseError):
        cmg.Key.from_bytes(ctx, secret[:-1], "one")
    with pytest.raises(cmg.Unsupported):
        cmg.Key.from_bytes(ctx, b"-----BEGIN RSA PRIVATE KEY-----\n"
                           b"Proc-Type: 4,ENCRYPTED\n\nAAAA\n"
                           b"-----END RSA PRIVATE KEY-----\n", "one")


def test_a_certificate_gets_its_key(ctx: Any, key: Any) -> None:
    with cmg.Authority(ctx, "CA") as authority:
        whole = authority.issue(cmg.Profile.CLIENT, "client1", days=9)
        bare = cmg.Certificate.from_pem(ctx, whole.export_pem())
        assert not bare.has_key and not bare.matches_key(key)
        with pytest.raises(cmg.CertificateError):
            bare.with_key(key)


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


@pytest.fixture
def module(tmp_path: Path) -> Any:
    """A file stands for the hardware module: openssl signs with it."""
    path = tmp_path / "module.pem"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path))
    return path


def test_the_host_holds_a_key(ctx: Any, module: Path, tmp_path: Path) -> None:
    public = openssl("pkey", "-in", str(module), "-pubout")
    certificate = openssl("req", "-new", "-x509", "-key", str(module), "-subj", "/CN=held")

    def sign(algorithm: cmg.HashAlgorithm, digest: bytes) -> bytes:
        return openssl("pkeyutl", "-sign", "-inkey", str(module), "-pkeyopt",
                       "digest:" + HASHES[algorithm], data=digest)

    for source in (public, certificate):
        with cmg.Key.held(ctx, source, sign) as key:
            assert key.is_held and key.description == "EC P-256"
            assert key.export_public_pem() == public
            with pytest.raises(cmg.Unsupported) as caught:
                key.export_pem()
            assert caught.value.remedy
            owner = cmg.Certificate.from_pem(ctx, certificate).with_key(key)
            assert owner.has_key and owner.matches_key(key)
            with pytest.raises(cmg.Unsupported):
                owner.export_pfx("secret")


def test_a_held_key_is_released_with_its_last_user(ctx: Any, module: Path) -> None:
    from cmg._key import _Holder

    def sign(_algorithm: cmg.HashAlgorithm, _digest: bytes) -> bytes:
        return b""

    certificate = openssl("req", "-new", "-x509", "-key", str(module), "-subj", "/CN=held")
    gc.collect()
    before = len(_Holder.alive)
    key = cmg.Key.held(ctx, certificate, sign)
    owner = cmg.Certificate.from_pem(ctx, certificate).with_key(key)
    key.close()
    gc.collect()
    assert len(_Holder.alive) == before + 1
    owner.close()
    assert len(_Holder.alive) == before
    with pytest.raises(cmg.ParseError):
        cmg.Key.held(ctx, b"nothing", sign)
    assert len(_Holder.alive) == before


def test_what_the_hosts_function_raises_comes_out(ctx: Any, module: Path) -> None:
    public = openssl("pkey", "-in", str(module), "-pubout")
    asked: list[cmg.HashAlgorithm] = []

    def sign(algorithm: cmg.HashAlgorithm, digest: bytes) -> bytes:
        asked.append(algorithm)
        if len(asked) == 1:
            raise PermissionError("the module is locked")
        if len(asked) == 2:
            return b"not a signature"
        if len(asked) == 3:
            return b"x" * 5000
        return openssl("pkeyutl", "-sign", "-inkey", str(module), "-pkeyopt",
                       "digest:" + HASHES[algorithm], data=digest)

    template = cmg.Template.builtin(ctx, "client_authentication")
    with cmg.Key.held(ctx, public, sign) as key:
        with pytest.raises(PermissionError, match="locked"):
            cmg.Csr.new(ctx, template, key, "held")
        with pytest.raises(cmg.CertificateError):
            cmg.Csr.new(ctx, template, key, "held")
        with pytest.raises(ValueError, match="5000"):
            cmg.Csr.new(ctx, template, key, "held")
        request = cmg.Csr.new(ctx, template, key, "held")
    openssl("req", "-noout", "-verify", data=request.export_pem())
    assert asked == [cmg.HashAlgorithm.SHA256] * 4
