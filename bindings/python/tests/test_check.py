"""The judge of certificates: what is trusted, reports and their findings."""

from __future__ import annotations

import time
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
