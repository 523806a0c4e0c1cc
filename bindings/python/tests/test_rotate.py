"""A new certificate while clients go on asking: the real service behind the sandbox's
balancer, two instances."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import cmg

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CMG_BUILD_ROOT", ROOT / "build"))
pytestmark = pytest.mark.skipif(not (BUILD / "examples/service_host").exists(),
                                reason="the example programs are not built")
REQUEST = (b"GET /CCM_Proxy_MutualAuth/ServiceMetadata HTTP/1.1\r\n"
           b"Host: gateway\r\nConnection: close\r\n\r\n")


class Client(threading.Thread):
    """Asks over and over, each time on a new connection; one that breaks is made again once."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__()
        self.address = address
        self.over = threading.Event()
        self.seen: list[str] = []
        self.broken = 0
        self.unanswered: list[str] = []
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE

    def ask(self) -> str:
        """The SHA-256 of the certificate that answered."""
        with socket.create_connection(self.address, timeout=20) as plain, \
                self.tls.wrap_socket(plain, server_hostname="gateway") as tls:
            shown = hashlib.sha256(tls.getpeercert(True) or b"").hexdigest()
            tls.sendall(REQUEST)
            if not tls.recv(64).startswith(b"HTTP/1.1 "):
                raise OSError("no answer")
            return shown

    def settles(self, wanted: cmg.Certificate) -> bool:
        """Whether nothing else answers in the end: an instance's service looks for its
        certificate now and then (200 ms here), after the rotation has brought it there."""
        for _ in range(200):
            shown = {self.ask() for _ in range(8)}
            if shown == {wanted.sha256.lower()}:
                return True
            time.sleep(0.05)
        return False

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.seen.append(self.ask())
            except OSError:
                self.broken += 1
                try:
                    self.seen.append(self.ask())
                except OSError as exc:
                    self.unanswered.append(str(exc))


@pytest.fixture
def running(ctx: cmg.Context, gateway: cmg.Gateway, tmp_path: Path) -> Iterator[cmg.Sandbox]:
    with cmg.Sandbox(tmp_path / "sandbox", service_program=BUILD / "examples/service_host",
                     subscription_id=gateway.tenant.subscription_id) as sandbox:
        sandbox.attach(ctx)
        gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
        gateway.set_authority(cmg.Authority(ctx, "Flow CA"))
        with gateway.deploy(journal=tmp_path / "journal") as deploy:
            deploy.run()
        yield sandbox


def rotate(gateway: cmg.Gateway, tmp_path: Path) -> None:
    with gateway.deploy(cmg.Operation.ROTATE_CERTIFICATE,
                        journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.READY


def test_clients_are_answered_all_the_time(running: cmg.Sandbox, gateway: cmg.Gateway,
                                           tmp_path: Path) -> None:
    old = gateway.certificate
    assert old is not None and gateway.instances == 2
    client = Client(running.resolve(gateway.endpoint, 443))
    client.start()
    try:
        rotate(gateway, tmp_path)
    finally:
        client.over.set()
        client.join()
    new = gateway.certificate
    assert new is not None
    assert not client.unanswered, client.unanswered
    assert len(client.seen) > 20 and client.broken < len(client.seen) / 10
    assert client.seen[0] == old.sha256.lower()
    assert set(client.seen) <= {old.sha256.lower(), new.sha256.lower()}
    assert client.settles(new)


def test_a_certificate_of_the_host_is_judged_and_used(running: cmg.Sandbox,
                                                      gateway: cmg.Gateway,
                                                      tmp_path: Path) -> None:
    other = cmg.Authority(gateway.context, "Other CA")
    name = gateway.service_name
    with pytest.raises(cmg.CmgError, match="is not for") as refused:
        gateway.set_certificate(other.issue(cmg.Profile.WEB_SERVER, "other.contoso.com",
                                            dns_names=["other.contoso.com"]))
    assert refused.value.code is cmg.Status.E_CERT
    own = other.issue(cmg.Profile.WEB_SERVER, name, dns_names=[name])
    gateway.set_certificate(own)
    rotate(gateway, tmp_path)
    client = Client(running.resolve(gateway.endpoint, 443))
    assert client.settles(own)
    gateway.set_certificate(None)
    rotate(gateway, tmp_path)
    assert gateway.certificate is not None
    assert client.settles(gateway.certificate)
