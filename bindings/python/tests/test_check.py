"""The judge of certificates: what is trusted, reports and their findings."""

from __future__ import annotations

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


@pytest.fixture
def leaf(authority: Any) -> Any:
    return authority.issue(cmg.Profile.CLIENT, "client1", days=90)


def test_a_certificate_of_a_trusted_root_is_accepted(ctx: Any, authority: Any,
                                                     leaf: Any) -> None:
    with cmg.Trust(ctx, authority.certificate) as trust:
        assert len(trust) == trust.roots == 1
        report = leaf.check(trust, cmg.Purpose.CLIENT)
        assert report and report.accepted
        assert report.describe().startswith("Accepted")


def test_everything_that_is_wrong_is_listed(ctx: Any, authority: Any, leaf: Any) -> None:
    trust = cmg.Trust(ctx)
    trust.add(authority.certificate.export_pem())
    report = leaf.check(trust, cmg.Purpose.SERVER, at=int(time.time()) + 200 * 86400)
    assert not report and len(report) == len(list(report)) > 0
    assert report[-1] == report[len(report) - 1]
    with pytest.raises(IndexError):
        report[len(report)]
    first = report[0]
    assert first.severity is cmg.Severity.REFUSAL
    assert first.code in report.codes
    assert "client1" in first.subject and first.cause and first.remedy
    assert first.cause in str(first) and first.cause in report.describe()


def test_what_is_out_of_range_is_named(ctx: Any, authority: Any, leaf: Any) -> None:
    trust = cmg.Trust(ctx, authority.certificate)
    with pytest.raises(cmg.InvalidArgument) as caught:
        leaf.check(trust, cmg.Purpose.CLIENT, max_depth=99)
    assert caught.value.subject == "max_depth"
    with pytest.raises(cmg.ParseError):
        trust.add(b"no certificate")
    with pytest.raises(cmg.ParseError):
        trust.add(b"\x30\x03abc")


def openssl(folder: Path, *arguments: str) -> None:
    """Runs openssl in a folder."""
    said = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True,
                          check=False)
    assert said.returncode == 0, said.stderr


CONFIG = """[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[leaf]
keyUsage=digitalSignature
extendedKeyUsage=clientAuth
authorityKeyIdentifier=keyid
[d]
database=db
crlnumber=number
default_md=sha256
default_crl_days=30
crl_extensions=list
[list]
authorityKeyIdentifier=keyid
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An authority of openssl's with a leaf that is revoked by its list."""
    (tmp_path / "c").write_text(CONFIG)
    (tmp_path / "db").write_text("")
    (tmp_path / "number").write_text("05")
    for name in ("root", "leaf"):
        openssl(tmp_path, "req", "-new", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-subj",
                "/CN=" + name, "-out", name + ".csr")
    openssl(tmp_path, "x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-days", "90",
            "-extfile", "c", "-extensions", "ca", "-out", "root.pem")
    openssl(tmp_path, "x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey",
            "root.key", "-set_serial", "49", "-days", "90", "-extfile", "c", "-extensions",
            "leaf", "-out", "leaf.pem")
    for number in ("before", "after"):
        openssl(tmp_path, "ca", "-config", "c", "-name", "d", "-gencrl", "-keyfile",
                "root.key", "-cert", "root.pem", "-out", number + ".crl")
        if number == "before":
            openssl(tmp_path, "ca", "-config", "c", "-name", "d", "-revoke", "leaf.pem",
                    "-keyfile", "root.key", "-cert", "root.pem")
    return tmp_path


def test_a_revocation_list_decides(ctx: Any, office: Path) -> None:
    leaf = cmg.Certificate.from_pem(ctx, (office / "leaf.pem").read_bytes())
    trust = cmg.Trust(ctx, (office / "root.pem").read_bytes())
    missing = leaf.check(trust, cmg.Purpose.CLIENT)
    assert missing and cmg.FindingCode.REVOCATION_UNKNOWN in missing.codes
    assert not leaf.check(trust, cmg.Purpose.CLIENT, revocation=cmg.Revocation.HARD)
    trust.add_crl(cmg.Crl(ctx, (office / "before.crl").read_bytes()))
    assert leaf.check(trust, cmg.Purpose.CLIENT, revocation=cmg.Revocation.HARD)
    trust.add_crl(cmg.Crl(ctx, (office / "after.crl").read_bytes()))
    report = leaf.check(trust, cmg.Purpose.CLIENT)
    assert not report and report[0].code is cmg.FindingCode.REVOKED
    off = leaf.check(trust, cmg.Purpose.CLIENT, revocation=cmg.Revocation.OFF)
    assert off and cmg.FindingCode.REVOCATION_UNASKED in off.codes


def test_an_anchor_is_trusted_as_it_is(ctx: Any, office: Path) -> None:
    leaf = cmg.Certificate.from_pem(ctx, (office / "leaf.pem").read_bytes())
    trust = cmg.Trust(ctx)
    trust.add(leaf)
    assert (len(trust), trust.roots) == (1, 0)
    assert not leaf.check(trust, cmg.Purpose.CLIENT)
    trust.add_anchor(leaf)
    assert (len(trust), trust.roots) == (1, 1)
    assert leaf.check(trust, cmg.Purpose.CLIENT)
