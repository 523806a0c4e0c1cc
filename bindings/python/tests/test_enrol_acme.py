"""Enrolment by ACME against Debian's pebble, on free ports of loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cmg
from pebble import IS_THERE, Pebble

pytestmark = pytest.mark.skipif(not IS_THERE, reason="the package with pebble is missing")


def show(pebble: Pebble, challenge: cmg.Challenge) -> None:
    pebble.show(challenge.action is cmg.ChallengeAction.PRESENT, challenge.name, challenge.value)


@pytest.fixture
def pebble(tmp_path: Path) -> Iterator[Pebble]:
    made = Pebble(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def enrolment(ctx: Any, pebble: Pebble, tmp_path: Path) -> Iterator[cmg.Enrolment]:
    ctx.add_ca_file(pebble.certificate)
    key = cmg.Key.generate(ctx, cmg.KeyKind.EC_P256)
    own = cmg.Key.generate(ctx, cmg.KeyKind.RSA_2048)
    csr = cmg.Csr.new(ctx, cmg.Template.builtin(ctx, "web_server"), own, "gateway.contoso.com")
    with cmg.Enrolment(ctx, csr, key=own, checkpoint=tmp_path / "enrol") as made:
        made.set_poll_interval(0.05)
        made.set_budget(60)
        made.use_acme(pebble.directory, key, terms_agreed=True, contact="admin@contoso.com")
        yield made


def test_certificate_is_issued(enrolment: cmg.Enrolment, pebble: Pebble) -> None:
    seen: list[cmg.Challenge] = []
    states: list[cmg.EnrolmentState] = []

    def on_challenge(challenge: cmg.Challenge) -> None:
        seen.append(challenge)
        show(pebble, challenge)
        if challenge.action is cmg.ChallengeAction.PRESENT:
            enrolment.challenge_done()

    enrolment.on_challenge = on_challenge
    enrolment.on_state = lambda state, why: states.append(state)
    certificate = enrolment.run()
    assert "gateway.contoso.com" in certificate.dns_names
    assert certificate.has_key
    assert [c.action for c in seen] == [cmg.ChallengeAction.PRESENT, cmg.ChallengeAction.REMOVE]
    assert seen[0].type == "dns-01"
    assert seen[0].name == "_acme-challenge.gateway.contoso.com"
    assert states[-1] is enrolment.state is cmg.EnrolmentState.ISSUED
    assert enrolment.request_id.startswith("https://127.0.0.1")
    assert enrolment.orphan_count == 0


def test_host_may_take_its_time_and_await(enrolment: cmg.Enrolment, pebble: Pebble) -> None:
    async def scenario() -> cmg.Certificate:
        loop = asyncio.get_running_loop()

        def on_challenge(challenge: cmg.Challenge) -> None:
            show(pebble, challenge)
            if challenge.action is cmg.ChallengeAction.PRESENT:
                loop.call_later(0.1, enrolment.challenge_done)

        enrolment.on_challenge = on_challenge
        return await enrolment

    assert asyncio.run(scenario()).common_name == "gateway.contoso.com"


def test_wrong_record_is_explained(enrolment: cmg.Enrolment) -> None:
    enrolment.on_challenge = lambda challenge: (
        enrolment.challenge_done() if challenge.action is cmg.ChallengeAction.PRESENT else None)
    with pytest.raises(cmg.AuthenticationFailed) as caught:
        enrolment.run()
    assert caught.value.subject == "gateway.contoso.com"
    assert caught.value.remedy
    assert enrolment.message


def test_what_a_callback_raises_comes_out(enrolment: cmg.Enrolment) -> None:
    def on_challenge(challenge: cmg.Challenge) -> None:
        raise KeyError("no zone for " + challenge.identifier)

    enrolment.on_challenge = on_challenge
    with pytest.raises(KeyError, match="gateway.contoso.com"):
        enrolment.run()


def test_arguments_are_checked(enrolment: cmg.Enrolment, ctx: Any) -> None:
    key = cmg.Key.generate(ctx, cmg.KeyKind.EC_P256)
    with pytest.raises(cmg.InvalidArgument, match="https"):
        enrolment.use_acme("http://ca.test/dir", key)
    with pytest.raises(cmg.InvalidArgument, match="challenge"):
        enrolment.use_acme("https://ca.test/dir", key, challenge="tls-alpn-01")
