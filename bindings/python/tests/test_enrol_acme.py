"""Enrolment by ACME against Debian's pebble, on free ports of loopback."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cmg

PEBBLE, NAMES = shutil.which("pebble"), shutil.which("pebble-challtestsrv")
pytestmark = pytest.mark.skipif(PEBBLE is None or NAMES is None,
                                reason="the package with pebble is missing")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _is_open(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Pebble:
    """The server and its names, as two processes."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "pebble.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=pebble", "-days", "2",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        str(folder / "pebble.key"), "-out", str(self.certificate)],
                       check=True, capture_output=True)
        acme, manage, web, dns, self._names_port = _free_ports(5)
        self.directory = f"https://127.0.0.1:{acme}/dir"
        setup = folder / "pebble.json"
        setup.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{acme}", "managementListenAddress": f"127.0.0.1:{manage}",
            "certificate": str(self.certificate), "privateKey": str(folder / "pebble.key"),
            "httpPort": web, "tlsPort": 1, "externalAccountBindingRequired": False}}))
        env = dict(os.environ, PEBBLE_VA_NOSLEEP="1", PEBBLE_AUTHZREUSE="0")
        self._children = [subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL) for words in (
            [str(NAMES), "-dns01", f"127.0.0.1:{dns}", "-http01", f"127.0.0.1:{web}",
             "-management", f"127.0.0.1:{self._names_port}", "-https01", "", "-tlsalpn01", "",
             "-defaultIPv6", ""],
            [str(PEBBLE), "-config", str(setup), "-dnsserver", f"127.0.0.1:{dns}"])]
        end = time.monotonic() + 30
        while not all(map(_is_open, (acme, self._names_port))):
            assert time.monotonic() < end and all(c.poll() is None for c in self._children)
            time.sleep(0.02)

    def show(self, challenge: cmg.Challenge) -> None:
        """Puts it into DNS or takes it away."""
        present = challenge.action is cmg.ChallengeAction.PRESENT
        body = {"host": challenge.name + ".", "value": challenge.value}
        urllib.request.urlopen(
            f"http://127.0.0.1:{self._names_port}/{'set' if present else 'clear'}-txt",
            json.dumps(body).encode()).close()

    def stop(self) -> None:
        """Ends both."""
        for child in self._children:
            child.kill()
            child.wait()


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
        pebble.show(challenge)
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
            pebble.show(challenge)
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
