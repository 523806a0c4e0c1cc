"""Enrolment at the sandbox's authority: web enrolment, EST, files handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cmg

CERTSRV = "https://pki.contoso.com/certsrv"
NAME = "granitefalls.contoso.com"


@pytest.fixture
def sandbox(tmp_path: Path, ctx: cmg.Context) -> Iterator[cmg.Sandbox]:
    with cmg.Sandbox(tmp_path / "cloud") as made:
        made.attach(ctx)
        yield made


@pytest.fixture
def key(ctx: cmg.Context) -> cmg.Key:
    return cmg.Key.generate(ctx, cmg.KeyKind.RSA_2048)


@pytest.fixture
def csr(ctx: cmg.Context, key: cmg.Key) -> cmg.Csr:
    web = cmg.Template.builtin(ctx, "web_server")
    return cmg.Csr.new(ctx, web, key, NAME, dns_names=[NAME])


@pytest.fixture
def enrolment(ctx: cmg.Context, sandbox: cmg.Sandbox, key: cmg.Key, csr: cmg.Csr,
              tmp_path: Path) -> Iterator[cmg.Enrolment]:
    with cmg.Enrolment(ctx, csr, key=key, checkpoint=tmp_path / "enrol.json") as made:
        made.set_sign_in(cmg.SignIn.BASIC, sandbox.client_id, sandbox.client_secret.encode())
        made.set_poll_interval(0.02)
        yield made


def test_web_enrolment_issues(enrolment: cmg.Enrolment) -> None:
    states: list[cmg.EnrolmentState] = []
    enrolment.on_state = lambda now, _why: states.append(now)
    enrolment.use_certsrv(CERTSRV, "WebServer")
    certificate = enrolment.run()
    assert certificate.common_name == NAME and certificate.has_key
    assert states == [cmg.EnrolmentState.SUBMITTING, cmg.EnrolmentState.ISSUED]
    assert enrolment.request_id == "1" and enrolment.orphan_count == 0
    assert "was issued to you" in enrolment.message


def test_pending_request_is_awaited(sandbox: cmg.Sandbox, enrolment: cmg.Enrolment) -> None:
    def decide(now: cmg.EnrolmentState, _why: Any) -> None:
        if now is cmg.EnrolmentState.PENDING:
            sandbox.decide_request(enrolment.request_id, True)

    async def wait() -> cmg.Certificate:
        return await enrolment

    enrolment.on_state = decide
    enrolment.use_certsrv(CERTSRV, "ApprovedWebServer")
    assert asyncio.run(wait()).common_name == NAME


def test_denial_is_an_exception(enrolment: cmg.Enrolment) -> None:
    enrolment.use_certsrv(CERTSRV, "DeniedWebServer")
    with pytest.raises(cmg.Denied) as caught:
        enrolment.run()
    assert caught.value.service_code == "0x80094012"
    assert enrolment.state is cmg.EnrolmentState.DENIED


def test_budget_leaves_it_pending(enrolment: cmg.Enrolment) -> None:
    enrolment.use_certsrv(CERTSRV, "ApprovedWebServer")
    enrolment.set_budget(0.3)
    with pytest.raises(cmg.TimedOut):
        enrolment.run()
    assert enrolment.state is cmg.EnrolmentState.PENDING


def test_est_issues(enrolment: cmg.Enrolment) -> None:
    enrolment.use_est("https://pki.contoso.com")
    assert enrolment.run().has_key


def test_what_a_callback_raises_comes_out(enrolment: cmg.Enrolment) -> None:
    def fail(_now: cmg.EnrolmentState, _why: Any) -> None:
        raise KeyError("mine")

    enrolment.on_state = fail
    enrolment.use_certsrv(CERTSRV, "WebServer")
    with pytest.raises(KeyError, match="mine"):
        enrolment.run()


def test_key_of_another_request_is_refused(ctx: cmg.Context, csr: cmg.Csr) -> None:
    other = cmg.Key.generate(ctx, cmg.KeyKind.EC_P256)
    with pytest.raises(cmg.CertificateError):
        cmg.Enrolment(ctx, csr, key=other)


def test_answer_is_accepted_from_a_file(ctx: cmg.Context, csr: cmg.Csr, key: cmg.Key,
                                        enrolment: cmg.Enrolment) -> None:
    enrolment.use_est("https://pki.contoso.com")
    answer = enrolment.run().export_pem()
    with cmg.Enrolment(ctx, csr, key=key) as made:
        made.accept(answer)
        assert made.state is cmg.EnrolmentState.ISSUED
        assert made.certificate is not None and made.certificate.has_key


def test_hand_over_texts(ctx: cmg.Context) -> None:
    inf = cmg.certreq_inf(ctx, f"CN={NAME}", template="Web", dns_names=[NAME], key_bits=4096,
                          exportable=False)
    assert "KeyLength=4096\r\n" in inf and "Exportable=FALSE\r\n" in inf
    assert f'_continue_="dns={NAME}&"\r\n' in inf
    assert cmg.certreq_submit_command(ctx, "CA01\\CA", "Web", "r.csr", "c.cer") == (
        'certreq -submit -config "CA01\\CA" -attrib "CertificateTemplate:Web" "r.csr" "c.cer"')
    assert cmg.certreq_retrieve_command(ctx, "CA01\\CA", "7", "c.cer") == (
        'certreq -retrieve -config "CA01\\CA" 7 "c.cer"')
    with pytest.raises(cmg.InvalidArgument):
        cmg.certreq_inf(ctx, 'CN="')


def test_file_is_published(sandbox: cmg.Sandbox) -> None:
    sandbox.publish("/pki/ca.crl", b"crl")
    with pytest.raises(cmg.InvalidArgument):
        sandbox.publish("/elsewhere", b"crl")
    with pytest.raises(cmg.NotFound):
        sandbox.decide_request("1", True)
