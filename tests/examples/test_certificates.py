"""The examples that issue, inspect and renew a certificate, in C and in Python, judged by
openssl."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(os.environ["CMG_BUILD_ROOT"])
SCRIPTS = Path(__file__).resolve().parents[2] / "bindings/python/examples"
SANITIZED = os.environ.get("CMG_SANITIZED") == "1"


def commands(name: str) -> list[list[str]]:
    """The program and its twin; a sanitized library cannot be loaded by Python."""
    twin = [] if SANITIZED else [[sys.executable, str(SCRIPTS / f"{name}.py")]]
    return [[str(BUILD / "examples" / name)], *twin]


def run(command: list[str], *arguments: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "CMG_PASSWORD": "secret",
                   "CMG_LIBRARY_PATH": str(BUILD / "libcmg"),
                   "PYTHONPATH": str(SCRIPTS.parent)}
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True,
                          check=False, env=environment)


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A PFX of a certificate that ends in ten days."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key",
            "-out", tmp_path / "old.pem", "-days", "10", "-subj", "/CN=GW1.contoso.com",
            "-addext", "subjectAltName=DNS:gw1.contoso.com,DNS:gw2.contoso.com")
    openssl("pkcs12", "-export", "-in", tmp_path / "old.pem", "-inkey", tmp_path / "key",
            "-passout", "pass:secret", "-out", tmp_path / "old.pfx")
    return tmp_path / "old.pfx"


@pytest.mark.parametrize("command", commands("inspect_certificate"))
def test_files_are_told(command: list[str], old: Path) -> None:
    done = run(command, old, old.with_name("old.pem"), old.with_name("key"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("CN=GW1.contoso.com") >= 4
    assert "Private key" in done.stdout and "gw2.contoso.com" in done.stdout
    old.with_name("page").write_text("<html></html>")
    done = run(command, old.with_name("page"))
    assert done.returncode == 1 and "a web page" in done.stderr
    assert run(command, old.with_name("none")).returncode == 1
    assert run(command).returncode == 2


@pytest.mark.parametrize("command", commands("renew_certificate"))
def test_a_certificate_is_renewed(command: list[str], old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.pfx"
    done = run(command, old, tmp_path / "ca", new)
    assert done.returncode == 0, done.stderr
    assert new.stat().st_mode & 0o777 == 0o600
    openssl("pkcs12", "-in", new, "-passin", "pass:secret", "-nokeys", "-clcerts", "-out",
            tmp_path / "new.pem")
    said = openssl("x509", "-in", tmp_path / "new.pem", "-noout", "-subject", "-ext",
                   "subjectAltName")
    assert "CN = GW1.contoso.com" in said
    assert "DNS:gw1.contoso.com, DNS:gw2.contoso.com" in said
    assert run(command, tmp_path / "key", tmp_path / "ca", new).returncode != 0
    assert run(command).returncode == 2


@pytest.mark.parametrize("command", commands("issue_certificate"))
def test_a_certificate_is_issued(command: list[str], tmp_path: Path) -> None:
    for _ in range(2):  # the authority of the first run issues the second one
        done = run(command, tmp_path, Path("gw.contoso.com"))
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("CN=gw.contoso.com, issued by CN=Contoso Test Authority")
    openssl("verify", "-x509_strict", "-purpose", "sslserver", "-crl_check", "-CRLfile",
            tmp_path / "authority.crl", "-CAfile", tmp_path / "root.pem",
            tmp_path / "certificate.pem")
    openssl("req", "-verify", "-noout", "-in", tmp_path / "request.pem")
    assert (tmp_path / "certificate.pfx").stat().st_mode & 0o777 == 0o600
    said = openssl("pkcs12", "-legacy", "-in", tmp_path / "certificate.pfx", "-passin",
                   "pass:secret", "-nodes")
    assert said.count("BEGIN PRIVATE KEY") == 1 and "CN = gw.contoso.com" in said
    lines = (tmp_path / "authority/issued.jsonl").read_text().splitlines()
    assert sum('"op":"issue"' in line for line in lines) == 2


@pytest.mark.parametrize("command", commands("issue_certificate"))
def test_a_wrong_name_is_told_with_its_remedy(command: list[str], tmp_path: Path) -> None:
    done = run(command, tmp_path, Path("*.com"))
    assert done.returncode != 0 and "two labels behind it" in done.stderr
    assert not (tmp_path / "certificate.pfx").exists()
    assert run(command).returncode == 2
