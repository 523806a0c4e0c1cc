"""Revocation lists, as openssl writes them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

import cmg

CONFIG = """
[ca]
default_ca = it
[it]
database = index.txt
crlnumber = number
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_crl_days = 7
crl_extensions = ext
[ext]
authorityKeyIdentifier = keyid
"""
LONG = "FF" + "0" * 35 + "1"
INDEX = ("R\t301231000000Z\t261101000000Z,keyCompromise\t0A1B\tunknown\t/CN=one\n"
         f"R\t301231000000Z\t261102000000Z\t{LONG}\tunknown\t/CN=two\n"
         "V\t301231000000Z\t\t0C\tunknown\t/CN=good\n")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crl")
    for name, text in (("conf", CONFIG), ("index.txt", INDEX), ("number", "2A\n")):
        (folder / name).write_text(text)
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=Contoso CA", "-days", "30")
    openssl(folder, "ca", "-config", "conf", "-gencrl", "-out", "list.pem")
    return folder


def test_a_list_of_openssl_is_read(ctx: Any, place: Path) -> None:
    with cmg.Crl(ctx, (place / "list.pem").read_bytes()) as crl:
        assert crl.issuer == "CN=Contoso CA"
        assert crl.number == 0x2A and crl.base_number is None
        assert crl.next_update is not None and crl.next_update - crl.this_update == 7 * 86400
        assert not crl.is_delta and not crl.is_indirect
        assert len(crl) == len(list(crl)) == 2
        assert crl[-1].serial == LONG.lower()
        assert "Contoso CA" in crl.describe() and "0a1b" in crl.describe()
        with pytest.raises(IndexError):
            crl[2]


def test_a_serial_is_found_as_text_and_as_number(ctx: Any, place: Path) -> None:
    with cmg.Crl(ctx, (place / "list.pem").read_bytes()) as crl:
        found = crl.find("0A1B")
        assert found is not None and found == crl.find(0xA1B)
        assert found.reason is cmg.RevocationReason.KEY_COMPROMISE
        assert found.date == 1793491200 and found.invalidity is None
        assert crl.find(12) is None
        with pytest.raises(cmg.InvalidArgument):
            crl.find("no number")


def test_the_signature_is_asked_of_an_authority(ctx: Any, place: Path) -> None:
    with cmg.Crl(ctx, (place / "list.pem").read_bytes()) as crl:
        crl.verify(cmg.Certificate.from_pem(ctx, (place / "ca.pem").read_bytes()))
        with cmg.Authority(ctx, "Contoso CA") as other:
            with pytest.raises(cmg.CertificateError) as caught:
                crl.verify(other.certificate)
        assert caught.value.subject == "CN=Contoso CA"


def test_what_is_no_list_is_refused(ctx: Any) -> None:
    with pytest.raises(cmg.ParseError):
        cmg.Crl(ctx, b"no list")
