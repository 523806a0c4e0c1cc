"""The gateway's names, the rules for its certificate, renewals, authorities to upload."""

from __future__ import annotations

from typing import Any

import pytest

import cmg


@pytest.fixture
def authority(ctx: Any) -> Any:
    with cmg.Authority(ctx, "Contoso Test CA") as made:
        yield made


@pytest.fixture
def server(authority: Any) -> Any:
    return authority.issue(cmg.Profile.WEB_SERVER, "gw1.contoso.com",
                           dns_names=["gw1.contoso.com"])


def test_names_are_derived_from_a_certificate(server: Any) -> None:
    with cmg.Names(server, "westeurope") as names:
        assert names.service_name == "gw1.contoso.com" and names.prefix == "gw1"
        assert names.deployment_name == "gw1.westeurope.cloudapp.azure.com"
        assert names.domain is cmg.NameDomain.OWN and names.offered == ["gw1.contoso.com"]
        assert names.dns_record == f"gw1.contoso.com. CNAME {names.deployment_name}."
        assert names.dns_record in names.describe()
    with pytest.raises(cmg.InvalidArgument) as caught:
        cmg.Names(server, "westeurope", service_name="gw2.contoso.com")
    assert caught.value.subject == "service_name"


def test_a_wildcard_needs_a_prefix(authority: Any) -> None:
    wildcard = authority.issue(cmg.Profile.WEB_SERVER, "*.contoso.com",
                               dns_names=["*.contoso.com"])
    with pytest.raises(cmg.InvalidArgument):
        cmg.Names(wildcard, "eastus")
    assert cmg.Names(wildcard, "eastus", prefix="gw9").service_name == "gw9.contoso.com"


def test_the_gateways_rules_are_asked(ctx: Any, authority: Any, server: Any) -> None:
    trust = cmg.Trust(ctx, authority.certificate)
    report = cmg.check_gateway(server, trust=trust)
    assert report.accepted
    assert not cmg.check_gateway(server, service_name="gw2.contoso.com")
    client = authority.issue(cmg.Profile.CLIENT, "client1")
    assert cmg.FindingCode.EXTENDED_KEY_USAGE in cmg.check_gateway(client).codes


def test_a_renewal_is_compared(authority: Any, server: Any) -> None:
    renewed = authority.issue(cmg.Profile.WEB_SERVER, "gw1.contoso.com", days=500,
                              dns_names=["gw1.contoso.com"])
    assert cmg.check_renewal(renewed, server).accepted
    other = authority.issue(cmg.Profile.WEB_SERVER, "GW1.contoso.com", days=500,
                            dns_names=["gw1.contoso.com"])
    report = cmg.check_renewal(other, server)
    assert not report and cmg.FindingCode.COMMON_NAME_CHANGED in report.codes


def test_the_end_is_watched(server: Any) -> None:
    now = cmg.expiry(server)
    assert now.level is cmg.ExpiryLevel.FAR and now.days_left > 300
    assert server.not_before < now.renew < now.next_change < server.not_after
    later = cmg.expiry(server, server.not_after + 1)
    assert later == cmg.Expiry(cmg.ExpiryLevel.EXPIRED, -1, 0, now.renew)


def test_the_authorities_of_a_client_are_listed(ctx: Any, authority: Any,
                                                server: Any) -> None:
    client = authority.issue(cmg.Profile.CLIENT, "client1")
    with cmg.Upload(client) as upload:
        (kind, root), = upload.authorities
        assert kind is cmg.UploadKind.ROOT and root.sha1 == authority.certificate.sha1
        assert upload.report.accepted and root.sha1 in upload.describe()
    leaf = client.chain()[0]
    assert not cmg.Upload(leaf).report
    assert cmg.Upload(leaf, cmg.Trust(ctx, authority.certificate)).report
    assert not cmg.Upload(server).report
